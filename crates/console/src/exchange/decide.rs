//! What is done for each row of a file, against what is here and what earlier rows say.

use super::{file::About, row::Row};
use crate::{Error, ImportColumn, ImportMeaning, RowError, RowProblem, UserDetail, replica};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use yaopai_domain::{
    Act, FieldGroup, LoginName, LoginNameKind, MetadataKey, MetadataValue, NewUser, PersonName, PoolId, Rule,
    Sourced, UserId,
};

/// What is done for a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    /// A new user.
    Create(Box<NewUser>),
    /// Fields of a user that get other values.
    Update(UserId, Vec<(FieldGroup, MetadataValue)>),
    /// Nothing.
    Unchanged,
}

/// Why a row is refused: in which column, and what is wrong. Of the row as a whole no column is to blame.
type Refusal = (Option<ImportMeaning>, RowProblem);

/// Decides the rows of a file in their order. It remembers what earlier rows said, so one of it goes through the whole file,
/// whether that is looked at or imported.
pub(super) struct Decider {
    pool: PoolId,
    /// Users whom rows have named by their ids.
    named: HashSet<UserId>,
    /// Users of rows without an id, by the first of the rows that say the same, and how many of those there were.
    nameless: HashMap<UserId, u64>,
    /// Login names that are somebody's, here or by an earlier row. The phone numbers of those who are here are looked up
    /// one by one.
    taken: HashSet<(LoginNameKind, String)>,
}

impl Decider {
    /// Before the first row of a file.
    pub(super) fn begin(connection: &Connection, about: &About) -> Result<Self, Error> {
        let names_logins =
            |column: &ImportColumn| matches!(column.meaning, ImportMeaning::Email | ImportMeaning::Username);
        Ok(Self {
            pool: replica::owner(connection)?.0,
            named: HashSet::new(),
            nameless: HashMap::new(),
            taken: if about.columns.iter().any(names_logins) {
                replica::emails_and_usernames(connection)?
            } else {
                HashSet::new()
            },
        })
    }

    /// What is done for the row on a line, or why it is refused.
    pub(super) fn decide(
        &mut self,
        connection: &Connection,
        about: &About,
        line: u64,
        row: Row,
    ) -> Result<Result<Action, RowError>, Error> {
        let decided = self.decide_row(connection, row)?;
        Ok(decided.map_err(|(meaning, problem)| {
            let column = meaning.and_then(|meaning| {
                let mut columns = about.columns.iter();
                columns.find(|column| column.meaning == meaning)
            });
            RowError {
                line,
                column: column.map(|column| column.name.clone()),
                problem,
            }
        }))
    }

    fn decide_row(&mut self, connection: &Connection, row: Row) -> Result<Result<Action, Refusal>, Error> {
        let is_named = row.id.is_some();
        let Some(id) = self.whose(&row) else {
            return Ok(Err((Some(ImportMeaning::Id), RowProblem::Repeated)));
        };
        match replica::user(connection, id) {
            // Without an id of its own, the row is one that was imported before.
            Ok(user) => match other_login_name(&user, &row) {
                Ok(()) => changes(connection, &user, row),
                Err(refusal) => Ok(Err(refusal)),
            },
            Err(Error::NotFound) if is_named => Ok(Err((Some(ImportMeaning::Id), RowProblem::UnknownUser))),
            Err(Error::NotFound) => match new_user(id, row) {
                Ok(new) => self.create(connection, new),
                Err(refusal) => Ok(Err(refusal)),
            },
            Err(error) => Err(error),
        }
    }

    /// Whom a row is about; nobody if an earlier row was about them.
    fn whose(&mut self, row: &Row) -> Option<UserId> {
        if let Some(id) = row.id {
            let is_new = self.named.insert(id) && !self.nameless.contains_key(&id);
            return is_new.then_some(id);
        }
        let first = made_id(&self.pool, row, 0);
        let times = self.nameless.entry(first).or_default();
        let id = made_id(&self.pool, row, *times);
        *times += 1;
        (!self.named.contains(&id)).then_some(id)
    }

    fn create(&mut self, connection: &Connection, new: NewUser) -> Result<Result<Action, Refusal>, Error> {
        let phone = new.phone.clone().map(LoginName::from);
        let email = new.email.clone().map(LoginName::from);
        let username = new.username.clone().map(LoginName::from);
        let names = [
            (ImportMeaning::Phone, phone),
            (ImportMeaning::Email, email),
            (ImportMeaning::Username, username),
        ];
        for (meaning, name) in &names {
            let Some(name) = name else { continue };
            let is_taken = self.taken.contains(&(name.kind(), name.key()))
                || match name {
                    LoginName::Phone(phone) => replica::is_phone_taken(connection, phone)?,
                    LoginName::Email(_) | LoginName::Username(_) => false,
                };
            if is_taken {
                return Ok(Err((Some(meaning.clone()), RowProblem::Taken)));
            }
        }
        let new = Box::new(new);
        if !Act::Create(new.clone()).fits() {
            return Ok(Err((None, RowProblem::TooLarge)));
        }
        let names = names.into_iter().filter_map(|(_, name)| name);
        self.taken.extend(names.map(|name| (name.kind(), name.key())));
        Ok(Ok(Action::Create(new)))
    }
}

/// The id of a row without one, the `times`-th that says the same. It is made of what the row says: a file that was
/// corrected, sorted or saved again, and another machine's copy of it, name the same people by the same ids.
fn made_id(pool: &PoolId, row: &Row, times: u64) -> UserId {
    let said = (
        pool,
        row.nickname.as_deref().map(str::trim),
        row.name.as_deref().map(str::trim),
        &row.phone,
        &row.email,
        &row.username,
        &row.metadata,
        times,
    );
    let mut hash = Sha256::new();
    // Texts, numbers and maps with texts for keys: there is nothing in it that JSON cannot say.
    hash.update(serde_json::to_vec(&said).unwrap_or_default());
    let made = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&made[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().into()
}

fn new_user(user_id: UserId, row: Row) -> Result<NewUser, Refusal> {
    let name = |meaning, text: Option<String>| text.map(|text| parsed(meaning, &text)).transpose();
    if let Some(key) = row.metadata.keys().nth(MetadataKey::MAX_PER_USER) {
        return Err(too_many(key));
    }
    Ok(NewUser {
        user_id,
        nickname: name(ImportMeaning::Nickname, row.nickname)?,
        name: name(ImportMeaning::Name, row.name)?,
        phone: row.phone,
        email: row.email,
        username: row.username,
        metadata: row.metadata,
    })
}

fn parsed(meaning: ImportMeaning, text: &str) -> Result<PersonName, Refusal> {
    text.parse()
        .map_err(|rule| (Some(meaning), RowProblem::Rule { rule }))
}

/// Refuses the first metadata key for which there is no room.
fn too_many(key: &MetadataKey) -> Refusal {
    let key = key.to_string();
    let rule = Rule::MetadataCount;
    (Some(ImportMeaning::Metadata { key }), RowProblem::Rule { rule })
}

/// Refuses a phone number, address or user name that is not the user's already.
fn other_login_name(user: &UserDetail, row: &Row) -> Result<(), Refusal> {
    let profile = &user.profile;
    let phone = row.phone.as_ref().map(ToString::to_string);
    let email = row.email.as_ref().map(ToString::to_string);
    let username = row.username.as_ref().map(ToString::to_string);
    for (meaning, field, wanted) in [
        (ImportMeaning::Phone, &profile.phone, phone),
        (ImportMeaning::Email, &profile.email, email),
        (ImportMeaning::Username, &profile.username, username),
    ] {
        if wanted.is_some() && wanted.as_deref() != text(field.as_ref()) {
            return Err((Some(meaning), RowProblem::OnlyForNewUsers));
        }
    }
    Ok(())
}

fn text(field: Option<&Sourced>) -> Option<&str> {
    field.map(|field| field.value.as_str())
}

fn changes(connection: &Connection, user: &UserDetail, row: Row) -> Result<Result<Action, Refusal>, Error> {
    let mut changes = match renamed(user, row.nickname, row.name) {
        Ok(changes) => changes,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut metadata = row.metadata;
    metadata.retain(|key, value| {
        let item = user.metadata.iter().find(|item| item.key == key.as_str());
        let known = item.and_then(|item| MetadataValue::parse(item.json.as_deref()?).ok());
        known.as_ref() != Some(value)
    });
    // Mostly there is room for them all, whichever are new.
    if user.metadata.len() + metadata.len() > MetadataKey::MAX_PER_USER {
        let known = replica::keys(connection, user.id)?;
        let mut new = metadata.keys().filter(|key| !known.contains(key.as_str()));
        if let Some(key) = new.nth(MetadataKey::MAX_PER_USER.saturating_sub(known.len())) {
            return Ok(Err(too_many(key)));
        }
    }
    let metadata = metadata.into_iter();
    changes.extend(metadata.map(|(key, value)| (FieldGroup::Metadata(key), value)));
    Ok(Ok(if changes.is_empty() {
        Action::Unchanged
    } else {
        Action::Update(user.id, changes)
    }))
}

/// The names that a user gets.
fn renamed(
    user: &UserDetail,
    nickname: Option<String>,
    name: Option<String>,
) -> Result<Vec<(FieldGroup, MetadataValue)>, Refusal> {
    let mut changes = Vec::new();
    let profile = &user.profile;
    for (group, meaning, field, wanted) in [
        (
            FieldGroup::Nickname,
            ImportMeaning::Nickname,
            &profile.nickname,
            nickname,
        ),
        (FieldGroup::Name, ImportMeaning::Name, &profile.name, name),
    ] {
        let Some(wanted) = wanted.filter(|wanted| Some(wanted.as_str()) != text(field.as_ref())) else {
            continue;
        };
        let name = parsed(meaning.clone(), &wanted)?;
        let value = MetadataValue::new(name.to_string().into());
        changes.push((
            group,
            value.map_err(|rule| (Some(meaning), RowProblem::Rule { rule }))?,
        ));
    }
    Ok(changes)
}
