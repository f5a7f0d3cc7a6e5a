//! What an import would do, before anything is done.

use super::{
    decide::{Action, Decider},
    file::{About, ReadRow, about, rows},
};
use crate::{Error, ImportAction, ImportPreview, ImportRow, replica};
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};
use yaopai_domain::ClientId;

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
    /// Who this console was to the backend: what was shown to somebody who has lost their access is not imported.
    pub(super) client_id: ClientId,
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

/// Reads the whole file against what is here now.
pub(super) fn preview(connection: &Connection, path: PathBuf) -> Result<(Plan, ImportPreview), Error> {
    let about = about(&path)?;
    let mut preview = ImportPreview {
        id: hex::encode(&about.hash[..16]),
        file: path.display().to_string(),
        format: about.format,
        encoding: about.encoding.name().to_owned(),
        columns: about.columns.clone(),
        rows: 0,
        creates: 0,
        updates: 0,
        unchanged: 0,
        errors: 0,
        first_errors: Vec::new(),
        sample: Vec::new(),
    };
    let mut decider = Decider::begin(connection, &about)?;
    rows(&path, &about, |read| {
        let ReadRow { line, row, values } = read;
        let decided = match row {
            Ok(row) => decider.decide(connection, &about, line, row)?,
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
            preview.sample.push(ImportRow { line, action, values });
        }
        Ok(())
    })?;
    let plan = Plan {
        path,
        rows: preview.rows,
        about,
        client_id: replica::owner(connection)?.1,
    };
    Ok((plan, preview))
}
