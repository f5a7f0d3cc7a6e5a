//! One console in a simulation: a real file, the real rules, and a network that does what it is told.

use crate::{
    Changed, Error, Keep, Link, MetadataEdit, SyncMark,
    options::Ambient,
    replica::{self, transact},
    sync::{
        back_off::BackOff,
        core::Core,
        event::{Effect, Event, RequestId, Wake},
        failure::Failure,
    },
    tests::{BackendModel, ambient},
};
use rusqlite::{Connection, backup::Backup};
use std::{collections::BTreeMap, time::Duration};
use yaopai_domain::{
    Code, FieldGroup, MetadataValue, MutationId, NewUser, Outcome, PageEnd, PoolId, Problem, PullRequest,
    PushRequest, ServerInfo, UserId, WeChatEnvironment,
};

pub(super) const HOST: &str = "backend.example:443";
pub(super) const KEY: &str = "the key's fingerprint";

/// One console: its file, its rules, and what is under way.
pub(super) struct Machine {
    pub(super) file: Connection,
    pub(super) core: Core,
    ambient: Ambient,
    /// Which backend and key the console speaks with.
    key: String,
    pub(super) under_way: Vec<UnderWay>,
    /// Waits begun, the last one last.
    pub(super) waits: Vec<Duration>,
    /// How often listeners were told of users.
    pub(super) told: usize,
    /// Pages of more changes than this do not get through, nor do pushes of more edits.
    pub(super) line: usize,
    /// The backend lets nobody in.
    pub(super) shut_out: bool,
    turns: usize,
}

/// Something that was begun.
#[derive(Debug)]
pub(super) enum UnderWay {
    /// A request with one answer, or work on this machine.
    Effect(Effect),
    /// An answer page by page.
    Pull(RequestId, PullRequest),
}

impl Machine {
    pub(super) fn new(seed: u64) -> Self {
        let ambient = ambient(seed);
        let file = replica::open_in_memory(PoolId::default(), ambient.clone()).unwrap();
        Self {
            file,
            core: core(&ambient, KEY),
            ambient,
            key: KEY.to_owned(),
            under_way: Vec::new(),
            waits: Vec::new(),
            told: 0,
            line: usize::MAX,
            shut_out: false,
            turns: 0,
        }
    }

    /// A console whose file equals the backend.
    pub(super) fn loaded(seed: u64, backend: &mut BackendModel) -> Self {
        let mut machine = Self::new(seed);
        machine.settle(backend);
        machine
    }

    /// Another console that begins with a copy of this one's file.
    pub(super) fn copied(&self) -> Self {
        let mut copy = Self::new(2);
        Backup::new(&self.file, &mut copy.file)
            .unwrap()
            .run_to_completion(i32::MAX, Duration::ZERO, None)
            .unwrap();
        copy
    }

    /// The next start is with another key.
    pub(super) fn with_key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self.crash();
        self
    }

    pub(super) fn step(&mut self, event: Event) {
        let mut core = self.core.clone();
        let effects = transact(&mut self.file, |transaction| core.step(event, transaction)).unwrap();
        self.core = core;
        self.perform(effects);
    }

    pub(super) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Tell(changed) => self.told += usize::from(changed == Changed::Users),
                Effect::Wait(time) => self.waits.push(time),
                Effect::Forget => self.under_way.clear(),
                Effect::Pull(id, request) => self.under_way.push(UnderWay::Pull(id, request)),
                effect @ (Effect::Inform(_)
                | Effect::Push(..)
                | Effect::Recall(..)
                | Effect::Plan(..)
                | Effect::GoOn(_)
                | Effect::Scrub(_)) => self.under_way.push(UnderWay::Effect(effect)),
            }
        }
    }

    /// What time it is, in milliseconds; looking at the clock moves it.
    pub(super) fn now(&self) -> i64 {
        self.ambient.clock.now().0
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.under_way.is_empty()
    }

    pub(super) fn is_pushing(&self) -> bool {
        let push = |one: &UnderWay| matches!(one, UnderWay::Effect(Effect::Push(..)));
        self.under_way.iter().any(push)
    }

    pub(super) fn is_planning(&self) -> bool {
        let plan = |one: &UnderWay| matches!(one, UnderWay::Effect(Effect::Plan(..)));
        self.under_way.iter().any(plan)
    }

    /// The push under way, if there is one.
    pub(super) fn push_under_way(&self) -> Option<PushRequest> {
        self.under_way.iter().find_map(|one| match one {
            UnderWay::Effect(Effect::Push(_, push)) => Some(push.clone()),
            _ => None,
        })
    }

    /// The pulls under way.
    pub(super) fn pulls(&self) -> Vec<&PullRequest> {
        let mut pulls = Vec::new();
        for one in &self.under_way {
            if let UnderWay::Pull(_, request) = one {
                pulls.push(request);
            }
        }
        pulls
    }

    /// Lets one thing under way get a step on: its request reaches the backend and its answer (or the next page of it)
    /// comes back, or not. With nothing under way, time passes.
    pub(super) fn go_on(&mut self, backend: &mut BackendModel, fault: Fault) {
        if self.under_way.is_empty() {
            return self.step(Event::TimeUp);
        }
        self.turns += 1;
        let chosen = self.turns % self.under_way.len();
        let lost = Failure::Unreachable {
            host: HOST.to_owned(),
        };
        let incomplete = Failure::Incomplete {
            host: HOST.to_owned(),
        };
        let shut_out = self.shut_out;
        let event = match self.under_way.remove(chosen) {
            UnderWay::Effect(Effect::Inform(id)) => Event::Informed(
                id,
                match fault {
                    Fault::None if shut_out => Err(refusal(Code::Unauthenticated)),
                    Fault::None => Ok(server(backend)),
                    Fault::RequestLost | Fault::AnswerLost => Err(lost),
                },
            ),
            UnderWay::Effect(Effect::Push(id, push)) => Event::Pushed(
                id,
                match fault {
                    Fault::RequestLost => Err(lost),
                    Fault::None if push.mutations.len() > self.line => Err(incomplete),
                    Fault::None | Fault::AnswerLost if shut_out => Err(refusal(Code::Unauthenticated)),
                    Fault::AnswerLost => {
                        let _ = backend.push(&push);
                        Err(lost)
                    }
                    Fault::None => backend.push(&push).map_err(refusal),
                },
            ),
            UnderWay::Effect(Effect::Recall(id, ids)) => Event::Recalled(
                id,
                match fault {
                    Fault::None if shut_out => Err(refusal(Code::Unauthenticated)),
                    Fault::None => Ok(backend.results(&ids)),
                    Fault::RequestLost | Fault::AnswerLost => Err(lost),
                },
            ),
            UnderWay::Effect(Effect::Plan(id, load)) => Event::Planned(
                id,
                match fault {
                    Fault::None if shut_out => Err(refusal(Code::Unauthenticated)),
                    Fault::None => Ok(backend.load(&load)),
                    Fault::RequestLost | Fault::AnswerLost => Err(lost),
                },
            ),
            UnderWay::Effect(Effect::GoOn(id)) => Event::GoOn(id),
            UnderWay::Effect(Effect::Scrub(id)) => {
                replica::scrub(&self.file, std::path::Path::new(":memory:")).unwrap();
                Event::Scrubbed(id)
            }
            UnderWay::Pull(id, request) => match fault {
                Fault::RequestLost | Fault::AnswerLost => Event::Ended(id, Err(lost)),
                Fault::None if shut_out => Event::Ended(id, Err(refusal(Code::Unauthenticated))),
                Fault::None => return self.pull_on(id, request, backend),
            },
            UnderWay::Effect(Effect::Pull(..) | Effect::Forget | Effect::Wait(_) | Effect::Tell(_)) => {
                unreachable!("not under way")
            }
        };
        self.step(event);
    }

    fn pull_on(&mut self, id: RequestId, mut request: PullRequest, backend: &BackendModel) {
        if request.pages == 0 {
            return self.step(Event::Ended(id, Ok(())));
        }
        let one = PullRequest {
            pages: 1,
            ..request.clone()
        };
        let event = match backend.pull(&one).map(|mut pages| pages.remove(0)) {
            Err(code) => Event::Ended(id, Err(refusal(code))),
            Ok(page) if page.changes.len() > self.line => {
                let host = HOST.to_owned();
                Event::Ended(id, Err(Failure::Incomplete { host }))
            }
            Ok(page) => {
                request.cursor.clone_from(&page.cursor);
                // The backend sees to it that one answer is of one history.
                request.seen = Some(page.seen);
                request.pages = if page.end == PageEnd::More {
                    request.pages - 1
                } else {
                    0
                };
                self.under_way.push(UnderWay::Pull(id, request));
                Event::Page(id, Box::new(page))
            }
        };
        self.step(event);
    }

    /// The process dies; what was committed stays.
    pub(super) fn crash(&mut self) {
        self.core = core(&self.ambient, &self.key);
        self.under_way.clear();
    }

    pub(super) fn edit(&mut self, user: UserId, key: &str, json: Option<&str>) -> Result<(), Error> {
        let edit = MetadataEdit {
            user_id: user,
            key: key.to_owned(),
            json: json.map(str::to_owned),
        };
        let ambient = self.ambient.clone();
        transact(&mut self.file, |transaction| {
            replica::edit_metadata(transaction, &edit, &ambient)
        })?;
        self.step(Event::Wake(Wake::Edit));
        Ok(())
    }

    pub(super) fn edit_nickname(&mut self, user: UserId, name: &str) -> Result<(), Error> {
        let ambient = self.ambient.clone();
        let name = MetadataValue::new(name.into()).unwrap();
        transact(&mut self.file, |transaction| {
            replica::edit_field(transaction, user, FieldGroup::Nickname, Some(&name), &ambient)
        })?;
        self.step(Event::Wake(Wake::Edit));
        Ok(())
    }

    pub(super) fn create(&mut self, user: UserId, name: &str, phone: Option<&str>) {
        let new = NewUser {
            user_id: user,
            nickname: Some(name.parse().unwrap()),
            name: None,
            phone: phone.map(|phone| phone.parse().unwrap()),
            email: None,
            username: None,
            metadata: BTreeMap::new(),
        };
        let ambient = self.ambient.clone();
        transact(&mut self.file, |transaction| {
            replica::create_user(transaction, &new, &ambient)
        })
        .unwrap();
        self.step(Event::Wake(Wake::Edit));
    }

    pub(super) fn resolve_first(&mut self, keep: &Keep) -> Option<(UserId, String)> {
        let conflict = replica::conflicts(&self.file, None).unwrap().into_iter().next()?;
        let ambient = self.ambient.clone();
        transact(&mut self.file, |transaction| {
            replica::resolve_conflict(transaction, &conflict.id, keep, &ambient)
        })
        .unwrap();
        self.step(Event::Wake(Wake::Edit));
        Some((conflict.user_id, conflict.key))
    }

    /// What the window shows of a key, and its mark.
    pub(super) fn shown(&self, user: UserId, key: &str) -> Option<(Option<String>, SyncMark)> {
        let detail = replica::user(&self.file, user).ok()?;
        let item = detail.metadata.into_iter().find(|item| item.key == key);
        Some(item.map_or((None, SyncMark::Synced), |item| (item.json, item.sync)))
    }

    pub(super) fn waiting(&self) -> u32 {
        replica::standing(&self.file).unwrap().waiting
    }

    pub(super) fn is_loaded(&self) -> bool {
        replica::standing(&self.file).unwrap().loaded
    }

    /// Goes on without faults until nothing is left to do.
    pub(super) fn settle(&mut self, backend: &mut BackendModel) {
        self.step(Event::Wake(Wake::Operator));
        for _ in 0..2000 {
            self.go_on(backend, Fault::None);
            let rest = self.count(
                "SELECT (SELECT count(*) FROM overlay) + (SELECT count(*) FROM load_part)
                + (SELECT sweep + scrub + (phase <> 'ready') FROM replica)
                + (SELECT count(*) FROM outbox WHERE verify)",
            );
            if !self.is_busy() && self.waiting() == 0 && rest == 0 && *self.core.link() == Link::Connected {
                // Once more from rest, for what the backend did meanwhile.
                let before = replica::progress(&self.file).unwrap();
                self.step(Event::TimeUp);
                self.drain(backend);
                if before == replica::progress(&self.file).unwrap() {
                    return;
                }
            }
        }
        panic!(
            "not settled: {} waiting, link {:?}, {:?}, {:?}",
            self.waiting(),
            self.core.link(),
            self.under_way,
            replica::progress(&self.file).unwrap(),
        );
    }

    /// Goes on until nothing is under way.
    pub(super) fn drain(&mut self, backend: &mut BackendModel) {
        while self.is_busy() {
            self.go_on(backend, Fault::None);
        }
    }

    pub(super) fn count(&self, sql: &str) -> i64 {
        self.file.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub(super) fn decided(&self) -> Vec<(MutationId, UserId, String, Outcome)> {
        let mut statement = self
            .file
            .prepare("SELECT mutation_id, user_id, field, outcome FROM outbox WHERE state = 'decided' ORDER BY seq")
            .unwrap();
        let rows = statement.query_map([], |row| {
            let text = |index| row.get::<_, String>(index);
            Ok((text(0)?, text(1)?, text(2)?, text(3)?))
        });
        rows.unwrap()
            .map(Result::unwrap)
            .map(|(id, user, field, outcome)| {
                let key = field.strip_prefix("metadata.").unwrap_or_default().to_owned();
                let outcome = serde_json::from_str(&outcome).unwrap();
                (id.parse().unwrap(), user.parse().unwrap(), key, outcome)
            })
            .collect()
    }

    /// The replica shows exactly what the backend has.
    pub(super) fn assert_equals(&self, backend: &BackendModel) {
        let users = backend.users();
        assert_eq!(self.count("SELECT count(*) FROM people"), users.len() as i64);
        for (id, user) in users {
            let detail = replica::user(&self.file, id).unwrap();
            assert_eq!(detail.profile, user.profile);
            let mirrored: BTreeMap<String, String> = {
                let sql = "SELECT e.key, e.value -> '$[0]'
                    FROM people p JOIN user_state s ON s.row = p.row, json_each(s.metadata) e WHERE p.id = ?1";
                let mut statement = self.file.prepare(sql).unwrap();
                let id = id.uuid();
                let rows = statement.query_map([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)));
                rows.unwrap().map(Result::unwrap).collect()
            };
            let truth: BTreeMap<String, String> = user
                .metadata
                .iter()
                .map(|(key, entry)| (key.to_string(), entry.value.to_string()))
                .collect();
            assert_eq!(mirrored, truth);
        }
    }
}

/// A console whose file is whole, and its backend of five users.
pub(super) fn loaded() -> (Machine, BackendModel) {
    let mut backend = BackendModel::of(0..5);
    (Machine::loaded(1, &mut backend), backend)
}

pub(super) fn refusal(code: Code) -> Failure {
    Failure::told(Problem::new(code, "refused"))
}

fn core(ambient: &Ambient, key: &str) -> Core {
    Core::new(
        ambient.clone(),
        HOST.to_owned(),
        key.to_owned(),
        BackOff::new(false),
        BackOff::of_resets(false),
    )
}

fn server(backend: &BackendModel) -> ServerInfo {
    ServerInfo {
        version: "1".to_owned(),
        pool_name: "Default".to_owned(),
        public_url: "https://backend.example/".to_owned(),
        wechat: WeChatEnvironment::Real,
        role: backend.role,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    RequestLost,
    AnswerLost,
}
