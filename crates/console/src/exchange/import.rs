//! Taking users from a file: each row whole or not at all, here first, then on its way to the backend like any edit.

use super::{
    decide::{Action, Decider},
    file::{ReadRow, hash, rows},
    preview::Plan,
    row::Row,
};
use crate::{
    Ambient, Error,
    jobs::Progress,
    replica::{self, Replica},
    sync::Wakes,
};
use rusqlite::Connection;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Rows that are taken together: a step of some milliseconds, so that edits get in between.
const BATCH: u64 = 200;

/// Rows of a file that are taken together.
#[derive(Default)]
pub(super) struct Batch {
    /// Those that can be read, by their lines.
    pub(super) rows: Vec<(u64, Row)>,
    /// Rows of the file up to here, with those that cannot be read.
    pub(super) read: u64,
}

/// Imports what a preview showed. Rows that are refused are left out, as the preview said.
pub(super) async fn import(
    replica: &Replica,
    plan: Plan,
    ambient: Ambient,
    progress: &Progress,
    wakes: &Wakes,
) -> Result<(), Error> {
    let plan = Arc::new(plan);
    let (batches, mut read) = mpsc::channel(2);
    let reader = tokio::task::spawn_blocking({
        let plan = plan.clone();
        move || read_batches(&plan, &batches)
    });
    let mut decider = replica
        .read({
            let plan = plan.clone();
            move |connection| Decider::begin(connection, &plan.about)
        })
        .await?;
    while let Some(batch) = read.recv().await {
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let (plan, ambient) = (plan.clone(), ambient.clone());
        let (rows, done) = (plan.rows, batch.read);
        let changed;
        (decider, changed) = replica
            .write(move |connection| {
                let changed = write_batch(connection, &plan, &mut decider, batch.rows, &ambient)?;
                Ok((decider, changed))
            })
            .await?;
        wakes.edit();
        progress.changed(changed);
        progress.tell(done, rows);
    }
    reader.await.map_err(|_| Error::Defect)??;
    progress.tell(plan.rows, plan.rows);
    Ok(())
}

/// Reads the file in batches, if it is still the one that was looked at.
fn read_batches(plan: &Plan, batches: &mpsc::Sender<Batch>) -> Result<(), Error> {
    let path = &plan.path;
    if hash(path)? != plan.about.hash {
        return Err(Error::FileChanged(path.clone()));
    }
    let mut batch = Batch::default();
    rows(path, &plan.about, |ReadRow { line, row, .. }| {
        batch.rows.extend(row.ok().map(|row| (line, row)));
        batch.read += 1;
        if batch.read.is_multiple_of(BATCH) {
            let rows = std::mem::take(&mut batch.rows);
            let read = batch.read;
            let sent = batches.blocking_send(Batch { rows, read });
            // Whoever writes has given up, and says why.
            return sent.map_err(|_| Error::Cancelled);
        }
        Ok(())
    })?;
    batches.blocking_send(batch).map_err(|_| Error::Cancelled)
}

/// Takes rows, as a part of one transaction; answers how many users were created or changed. A row that was imported before
/// changes nothing, so an import that was interrupted is simply begun anew.
pub(super) fn write_batch(
    connection: &Connection,
    plan: &Plan,
    decider: &mut Decider,
    rows: Vec<(u64, Row)>,
    ambient: &Ambient,
) -> Result<u32, Error> {
    if replica::owner(connection)?.1 != plan.client_id {
        // The access was lost, and everything here with it.
        return Err(Error::Cancelled);
    }
    let mut changed = 0;
    for (line, row) in rows {
        // A refusal that the preview did not know: somebody deleted the user since, say.
        let Ok(action) = decider.decide(connection, &plan.about, line, row)? else {
            continue;
        };
        match replica::part(connection, || act(connection, action, ambient)) {
            Ok(is_changed) => changed += u32::from(is_changed),
            // This row cannot be taken; the others can.
            Err(Error::InvalidFields(_) | Error::TooLarge | Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(changed)
}

/// Does what was decided of a row; answers whether that changed anything.
fn act(connection: &Connection, action: Action, ambient: &Ambient) -> Result<bool, Error> {
    match action {
        Action::Create(new) => replica::create_user(connection, &new, ambient)?,
        Action::Update(user, changes) => {
            for (group, value) in changes {
                replica::edit_field(connection, user, group, Some(&value), ambient)?;
            }
        }
        Action::Unchanged => return Ok(false),
    }
    Ok(true)
}
