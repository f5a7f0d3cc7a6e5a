//! A backend for the simulator: the real store on a database in memory, driven step by step on one thread, without
//! network, threads or time of its own.
//!
//! What a request would find behind the router is here: the rules of the handlers, the feed, the cursors. What operators
//! and people do to the backend meanwhile is here too, by the same methods of the store.

use crate::{
    Error,
    identity::{Arrival, person},
    store::{
        Admission, By, ConnectionChange, NewConnection, News, Position, Pull, PullAnswer, Push, PushAs,
        PushDecision, Pushed, Store, StoreError, UserChange,
        engine::{self, Inline, values},
    },
    sync::{check, cursor, page_line},
    vault::{SecretKey, Vault},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::FutureExt;
use std::{collections::BTreeMap, sync::Arc};
use yaopai_domain::{
    Action, Clock, Connection, ConnectionDraft, ConnectionId, Entity, EntityType, Entropy, LoadPlan,
    LoadRequest, MetadataKey, MetadataValue, Mutation, MutationId, Outcome, PoolId, Problem, ProfileField,
    PullPage, PullRequest, PushAnswer, PushRequest, PushResults, ResetReason, Revision, Role, Source, User,
    UserId, UserStatus, ValidConnection, Verdict, VerificationFile, validate_draft,
};

/// Seals the secrets of simulated connections.
const KEY: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// One backend with one pool.
pub struct Simulated {
    database: Inline,
    store: Store,
    vault: Vault,
    pool: PoolId,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// Everything that a backend held at a moment: what a standby had when it took over, or a backup.
pub struct Image(engine::Image);

/// Who comes to the door of a connection.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The OpenID.
    pub open_id: String,
    /// The UnionID, if WeChat names it.
    pub union_id: Option<String>,
    /// The nickname, if the person tells it.
    pub nickname: Option<String>,
}

/// What an operator elsewhere changes of a user.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// Whether the user may log in.
    pub status: Option<UserStatus>,
    /// Fields of the profile; `None` removes one.
    pub profile: Vec<(ProfileField, Option<String>)>,
    /// Keys of the metadata; `None` removes one.
    pub metadata: Vec<(MetadataKey, Option<MetadataValue>)>,
}

impl From<Edit> for UserChange {
    fn from(edit: Edit) -> Self {
        Self {
            based_on: None,
            status: edit.status,
            profile: edit.profile,
            metadata: edit.metadata,
            password_hash: None,
        }
    }
}

/// How the feed stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedState {
    /// Which history.
    pub feed_id: String,
    /// The newest revision.
    pub head: Revision,
    /// Every row's revision, in order.
    pub revisions: Vec<Revision>,
}

impl Simulated {
    /// An empty backend with the pool `default`.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, Error> {
        let database = Inline::new()?;
        let store = Store::inline(
            database.clone(),
            Arc::clone(&clock),
            Arc::clone(&entropy),
            News::new(),
        );
        let key = KEY
            .parse::<SecretKey>()
            .map_err(|_| Error::SecretKey(KEY.to_owned()))?;
        let simulated = Self {
            database,
            store,
            vault: Vault::new(&key),
            pool: PoolId::default(),
            clock,
            entropy,
        };
        at_once(simulated.store.ensure_a_pool())?;
        Ok(simulated)
    }

    /// A copy of everything, as a standby or a backup has it.
    pub fn image(&self) -> Result<Image, StoreError> {
        self.database.image().map(Image)
    }

    /// A standby takes over: what was committed after the image is lost.
    pub fn fail_over(&self, to: &Image) -> Result<(), StoreError> {
        self.database.restore(&to.0)
    }

    /// A backup is put back by the book: the pool gets a new feed id, so that every console notices.
    pub fn restore(&self, backup: &Image) -> Result<(), StoreError> {
        self.database.restore(&backup.0)?;
        let mut feed_id = [0; 16];
        self.entropy.fill(&mut feed_id);
        let sql = "UPDATE pool_head SET feed_id = $2 WHERE pool = $1";
        self.change(sql, values![&self.pool, hex::encode(feed_id)])
    }

    /// Forgets tombstones up to a revision, as the passing of time does.
    pub fn compact(&self, horizon: Revision) -> Result<(), StoreError> {
        at_once(self.store.forget_changes_up_to(&self.pool, horizon))
    }

    /// How a console of this role loads everything.
    pub fn load(&self, role: Role, request: &LoadRequest) -> Result<LoadPlan, Box<Problem>> {
        refuse_unless(role.may(Action::Pull))?;
        let scope = EntityType::scope(role);
        let load = at_once(self.store.load(&self.pool, scope.clone(), request.parts))
            .map_err(|error| told(&Error::Store(error)))?;
        Ok(LoadPlan {
            parts: load.parts.iter().map(cursor::write).collect(),
            tail: cursor::write(&load.tail),
            seen: load.seen,
            counts: load.counts,
            scope,
        })
    }

    /// The next page for a console of this role.
    pub fn pull(&self, role: Role, request: &PullRequest) -> Result<PullPage, Box<Problem>> {
        refuse_unless(role.may(Action::Pull))?;
        self.page(role, request).map_err(|error| told(&error))
    }

    fn page(&self, role: Role, request: &PullRequest) -> Result<PullPage, Error> {
        let from = cursor::read(&request.cursor).ok_or(Error::SyncReset(ResetReason::Malformed))?;
        let pull = Pull {
            client: request.client_id,
            from,
            seen: request.seen,
            scope: EntityType::scope(role),
            limit: request.limit.clamp(1, PullRequest::MAX_LIMIT),
        };
        match at_once(self.store.pull(&self.pool, pull))? {
            PullAnswer::Reset(reason) => Err(Error::SyncReset(reason)),
            PullAnswer::Page(page) => serde_json::from_slice(&page_line(page))
                .map_err(|_| Error::Internal("a page is not what consoles read")),
        }
    }

    /// What became of mutations, whoever pushed them.
    pub fn results(&self, role: Role, ids: &[MutationId]) -> Result<PushResults, Box<Problem>> {
        refuse_unless(role.may(Action::Pull))?;
        let results = at_once(self.store.push_results(&self.pool, ids.to_vec()))
            .map_err(|error| told(&Error::Store(error)))?;
        Ok(PushResults { results })
    }

    /// What a console of this role that pushes is answered.
    pub fn push(&self, role: Role, actor: &str, request: PushRequest) -> Result<PushAnswer, Box<Problem>> {
        refuse_unless(role.may(Action::Pull))?;
        let by = PushAs {
            actor: actor.to_owned(),
            may_edit: role.may(Action::EditUsers),
        };
        let push = Push {
            client: request.client_id,
            mutations: request.mutations.into_iter().map(pushed).collect(),
        };
        check(&push.mutations).map_err(|error| told(&error))?;
        let decided = at_once(self.store.push(&self.pool, by, push));
        let answer = match decided {
            Ok(PushDecision::Answered(answer)) => Ok(answer),
            Ok(PushDecision::Gap { last_seq }) => Err(Error::SyncGap { last_seq }),
            Ok(PushDecision::Fork { seq }) => Err(Error::SyncFork { seq }),
            Err(error) => Err(Error::Store(error)),
        };
        answer.map_err(|error| told(&error))
    }

    /// How the feed stands.
    pub fn feed(&self) -> Result<FeedState, StoreError> {
        let head = self.look("SELECT feed_id, rev FROM pool_head WHERE pool = $1")?;
        let head = head.first().ok_or(StoreError::NotFound("pool"))?;
        let revisions = self.look("SELECT rev FROM feed WHERE pool = $1 ORDER BY rev")?;
        Ok(FeedState {
            feed_id: head.text("feed_id")?,
            head: Revision(head.integer("rev")?),
            revisions: revisions
                .iter()
                .map(|row| row.integer("rev").map(Revision))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The revision at which a cursor stands, and its history; `None` if no backend wrote it.
    pub fn stands_at(cursor: &str) -> Option<(String, Revision)> {
        let Position {
            feed_id, revision, ..
        } = cursor::read(cursor)?;
        Some((feed_id, revision))
    }

    /// Every entity there is, from the tables themselves and not from the feed.
    pub fn truth(&self) -> Result<Vec<Entity>, StoreError> {
        let users = at_once(self.store.users(&self.pool, None, u32::MAX))?;
        let mut truth = Vec::new();
        for user in users {
            let record = at_once(self.store.user_record(&self.pool, user.id))?;
            let identities = record.map(|record| record.identities).unwrap_or_default();
            truth.extend(
                identities
                    .into_iter()
                    .map(|identity| Entity::Identity(Box::new(identity))),
            );
            truth.push(Entity::User(Box::new(user)));
        }
        let connections = at_once(self.store.connections(&self.pool))?;
        truth.extend(
            connections
                .into_iter()
                .map(|one| Entity::Connection(Box::new(one))),
        );
        for row in self.look("SELECT name, content FROM verification_file WHERE $1 <> ''")? {
            truth.push(Entity::VerificationFile(Box::new(VerificationFile {
                name: row.text("name")?,
                content_base64: BASE64_STANDARD.encode(row.bytes("content")?),
            })));
        }
        for person in at_once(self.store.refused_people(&self.pool, None, u32::MAX))? {
            truth.push(Entity::RefusedPerson(Box::new(person.into())));
        }
        Ok(truth)
    }

    /// What a user is now, if there is one.
    pub fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let record = at_once(self.store.user_record(&self.pool, id))?;
        Ok(record.map(|record| record.user))
    }

    /// Every outcome that was decided and is still known.
    pub fn outcomes(&self) -> Result<BTreeMap<MutationId, Outcome>, StoreError> {
        let rows = self.look("SELECT mutation_id, outcome FROM mut_result WHERE pool = $1")?;
        rows.iter()
            .map(|row| Ok((row.parsed("mutation_id")?, row.json("outcome")?)))
            .collect()
    }

    /// An operator elsewhere makes a user.
    pub fn create_user(&self, actor: &str, edit: Edit) -> Result<User, StoreError> {
        let new = UserChange::from(edit);
        at_once(
            self.store
                .create_user(&self.pool, by(actor), Source::Operator, new),
        )
    }

    /// An operator elsewhere changes a user.
    pub fn change_user(&self, actor: &str, id: UserId, edit: Edit) -> Result<User, StoreError> {
        let change = UserChange::from(edit);
        at_once(
            self.store
                .change_user(&self.pool, by(actor), Source::Operator, id, change),
        )
    }

    /// An operator elsewhere deletes a user.
    pub fn delete_user(&self, actor: &str, id: UserId) -> Result<(), StoreError> {
        at_once(self.store.delete_user(&self.pool, by(actor), id))
    }

    /// An administrator makes a connection.
    pub fn connect(&self, actor: &str, draft: &ConnectionDraft) -> Result<Connection, Error> {
        let id = ConnectionId::new(self.clock.as_ref(), self.entropy.as_ref());
        let mut fields = checked(draft, None)?;
        let secrets = self
            .vault
            .seal_all(&self.pool, id, &mut fields, self.entropy.as_ref())?;
        let new = NewConnection {
            id,
            fields,
            secret: secrets
                .app_secret
                .ok_or(Error::Internal("a draft without a secret"))?,
            other_secrets: secrets.others,
            enabled: true,
        };
        Ok(at_once(self.store.create_connection(&self.pool, actor, new))?)
    }

    /// An administrator replaces a connection.
    pub fn reconnect(&self, actor: &str, id: ConnectionId, draft: &ConnectionDraft) -> Result<(), Error> {
        let existing = at_once(self.store.connection(&self.pool, id))?;
        let mut fields = checked(draft, existing.as_ref())?;
        let secrets = self
            .vault
            .seal_all(&self.pool, id, &mut fields, self.entropy.as_ref())?;
        let change = ConnectionChange::Replace {
            based_on: None,
            fields: Box::new(fields),
            secrets,
        };
        at_once(self.store.change_connection(&self.pool, actor, id, change))?;
        Ok(())
    }

    /// An administrator deletes a connection.
    pub fn disconnect(&self, actor: &str, id: ConnectionId) -> Result<(), StoreError> {
        at_once(self.store.delete_connection(&self.pool, actor, id))
    }

    /// Somebody scans the code of a connection.
    pub fn visit(&self, connection: &Connection, visitor: Visitor) -> Result<Verdict, StoreError> {
        let arrival = Arrival {
            pool: self.pool.clone(),
            connection_id: connection.id,
            kind: connection.kind,
            app_id: connection.app_id.clone(),
            platform_account: connection.platform_account,
            login_only: connection.login_only,
            person: person(visitor.open_id, visitor.union_id, visitor.nickname, None),
            snapshot_user: false,
            dry_run: false,
        };
        at_once(self.store.resolve(arrival))
    }

    /// An operator lets the refused person in who came last, or forgets them.
    pub fn admit(&self, actor: &str, let_in: bool) -> Result<(), StoreError> {
        let refused = at_once(self.store.refused_people(&self.pool, None, 1))?;
        let Some(person) = refused.into_iter().next() else {
            return Ok(());
        };
        let admission = if let_in {
            Admission::New
        } else {
            Admission::Dismiss
        };
        at_once(
            self.store
                .admit(&self.pool, person.app_id, person.open_id, admission, by(actor)),
        )?;
        Ok(())
    }

    fn change(&self, sql: &'static str, values: Vec<engine::Value>) -> Result<(), StoreError> {
        at_once(self.store.write(values, move |writing, values| {
            Box::pin(async move { writing.execute(sql, values.clone()).await.map(drop) })
        }))
    }

    fn look(&self, sql: &'static str) -> Result<Vec<engine::Row>, StoreError> {
        at_once(self.store.read(self.pool.clone(), move |reading, pool| {
            Box::pin(reading.rows(sql, values![pool]))
        }))
    }
}

fn pushed(mutation: Mutation) -> Pushed {
    Pushed {
        seq: mutation.seq,
        id: mutation.id,
        act: Some(mutation.act),
    }
}

/// A store in memory answers without waiting.
fn at_once<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    answer.now_or_never().unwrap_or(Err(StoreError::Closed))
}

fn refuse_unless(allowed: bool) -> Result<(), Box<Problem>> {
    if allowed {
        Ok(())
    } else {
        Err(told(&Error::Forbidden))
    }
}

/// An error as a console is told of it.
fn told(error: &Error) -> Box<Problem> {
    Box::new(error.problem())
}

fn by(actor: &str) -> By {
    By {
        actor: actor.to_owned(),
    }
}

fn checked(draft: &ConnectionDraft, existing: Option<&Connection>) -> Result<ValidConnection, Error> {
    validate_draft(draft, existing, |text| BASE64_STANDARD.decode(text).ok()).map_err(Error::InvalidFields)
}
