//! What an import would do, before anything is done.

use super::{
    file::{About, ReadRow, about, rows},
    row::Row,
};
use crate::{
    Error, ImportAction, ImportMeaning, ImportPreview, ImportRow, RowError, RowProblem, UserDetail, replica,
};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashSet, VecDeque},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};
use yaopai_domain::{FieldGroup, MetadataValue, NewUser, PersonName, Sourced, UserId};

/// Refusals that are shown one by one.
const FIRST_ERRORS: usize = 50;
/// Rows that are shown as they would be taken.
const SAMPLE: usize = 20;
/// Previews that are remembered.
const KEPT: usize = 5;

/// A file that was looked at, to be imported as it was.
pub(crate) struct Plan {
    pub(super) path: PathBuf,
    pub(super) about: About,
    pub(super) rows: u64,
}

/// The last previews.
#[derive(Default)]
pub(crate) struct Previews(Mutex<VecDeque<(String, Plan)>>);

impl Previews {
    pub(super) fn keep(&self, id: String, plan: Plan) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, _)| *other != id);
        kept.push_back((id, plan));
        while kept.len() > KEPT {
            kept.pop_front();
        }
    }

    pub(super) fn take(&self, id: &str) -> Option<Plan> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(other, _)| other == id)?;
        kept.remove(place).map(|(_, plan)| plan)
    }
}

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

/// Decides the rows of a file in their order, against what is here.
pub(super) struct Decider<'a> {
    connection: &'a Connection,
    about: &'a About,
    seen: HashSet<UserId>,
}

/// Why a row is refused: in which column, and what is wrong.
type Refusal = (ImportMeaning, RowProblem);

impl<'a> Decider<'a> {
    pub(super) fn new(connection: &'a Connection, about: &'a About) -> Self {
        Self {
            connection,
            about,
            seen: HashSet::new(),
        }
    }

    /// What is done for a row, or why it is refused.
    pub(super) fn decide(&mut self, number: u64, row: Row) -> Result<Result<Action, RowError>, Error> {
        let decided = self.decide_row(number, row)?;
        Ok(decided.map_err(|(meaning, problem)| {
            let column = self.about.columns.iter().find(|column| column.meaning == meaning);
            RowError {
                row: number,
                column: column.map(|column| column.name.clone()),
                problem,
            }
        }))
    }

    fn decide_row(&mut self, number: u64, row: Row) -> Result<Result<Action, Refusal>, Error> {
        let id = row.id.unwrap_or_else(|| made_id(&self.about.hash, number));
        if !self.seen.insert(id) {
            return Ok(Err((ImportMeaning::Id, RowProblem::Repeated)));
        }
        match replica::user(self.connection, id) {
            // Without an id of its own, the row is one that was imported before.
            Ok(user) => Ok(other_login_name(&user, &row).and_then(|()| changes(&user, row))),
            Err(Error::NotFound) if row.id.is_some() => Ok(Err((ImportMeaning::Id, RowProblem::UnknownUser))),
            Err(Error::NotFound) => Ok(new_user(id, row).map(|new| Action::Create(Box::new(new)))),
            Err(error) => Err(error),
        }
    }
}

/// The id of a row without one: the same whenever the same file is imported, so that a second time changes nothing.
fn made_id(hash: &[u8; 32], number: u64) -> UserId {
    let made = Sha256::new()
        .chain_update(hash)
        .chain_update(number.to_le_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&made[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().into()
}

fn new_user(user_id: UserId, row: Row) -> Result<NewUser, Refusal> {
    let name = |meaning, text: Option<String>| text.map(|text| parsed(meaning, &text)).transpose();
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
    text.parse().map_err(|rule| (meaning, RowProblem::Rule { rule }))
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
            return Err((meaning, RowProblem::OnlyForNewUsers));
        }
    }
    Ok(())
}

fn text(field: Option<&Sourced>) -> Option<&str> {
    field.map(|field| field.value.as_str())
}

fn changes(user: &UserDetail, row: Row) -> Result<Action, Refusal> {
    let mut changes = Vec::new();
    for (group, meaning, field, wanted) in [
        (
            FieldGroup::Nickname,
            ImportMeaning::Nickname,
            &user.profile.nickname,
            row.nickname,
        ),
        (
            FieldGroup::Name,
            ImportMeaning::Name,
            &user.profile.name,
            row.name,
        ),
    ] {
        let Some(wanted) = wanted.filter(|wanted| Some(wanted.as_str()) != text(field.as_ref())) else {
            continue;
        };
        let name = parsed(meaning.clone(), &wanted)?;
        let value = MetadataValue::new(name.to_string().into());
        changes.push((group, value.map_err(|rule| (meaning, RowProblem::Rule { rule }))?));
    }
    for (key, value) in row.metadata {
        let item = user.metadata.iter().find(|item| item.key == key.as_str());
        let known = item.and_then(|item| MetadataValue::parse(item.json.as_deref()?).ok());
        if known.as_ref() != Some(&value) {
            changes.push((FieldGroup::Metadata(key), value));
        }
    }
    Ok(if changes.is_empty() {
        Action::Unchanged
    } else {
        Action::Update(user.id, changes)
    })
}

/// Reads the whole file against what is here now.
pub(super) fn preview(connection: &Connection, path: PathBuf) -> Result<(Plan, ImportPreview), Error> {
    let about = about(&path)?;
    let mut preview = ImportPreview {
        id: hex::encode(&about.hash[..16]),
        file: path.display().to_string(),
        format: about.format,
        columns: about.columns.clone(),
        rows: 0,
        creates: 0,
        updates: 0,
        unchanged: 0,
        errors: 0,
        first_errors: Vec::new(),
        sample: Vec::new(),
    };
    let mut decider = Decider::new(connection, &about);
    rows(&path, &about, |read| {
        let ReadRow { number, row, values } = read;
        let decided = match row {
            Ok(row) => decider.decide(number, row)?,
            Err(error) => Err(error),
        };
        preview.rows += 1;
        let action = match decided {
            Ok(Action::Create(_)) => {
                preview.creates += 1;
                ImportAction::Create
            }
            Ok(Action::Update(..)) => {
                preview.updates += 1;
                ImportAction::Update
            }
            Ok(Action::Unchanged) => {
                preview.unchanged += 1;
                ImportAction::Unchanged
            }
            Err(error) => {
                preview.errors += 1;
                if preview.first_errors.len() < FIRST_ERRORS {
                    preview.first_errors.push(error);
                }
                ImportAction::Refused
            }
        };
        if preview.sample.len() < SAMPLE {
            let row = number;
            preview.sample.push(ImportRow { row, action, values });
        }
        Ok(())
    })?;
    let plan = Plan {
        path,
        rows: preview.rows,
        about,
    };
    Ok((plan, preview))
}
