//! Taking users from a file: each row whole or not at all, here first, then on its way to the backend like any edit.

use super::{
    file::{ReadRow, failed, hash, rows},
    preview::{Action, Decider, Plan},
    row::Row,
};
use crate::{
    Ambient, Error,
    jobs::Progress,
    replica::{self, Replica},
    sync::Wakes,
};
use std::{io, sync::Arc};
use tokio::sync::mpsc;

/// Rows that are written together: a step of some milliseconds, so that edits get in between.
const BATCH: usize = 200;

/// Imports what a preview showed. Rows that are refused are left out, as the preview said.
pub(super) async fn import(
    replica: &Replica,
    plan: Plan,
    ambient: Ambient,
    progress: &Progress,
    wakes: &Wakes,
) -> Result<(), Error> {
    let plan = Arc::new(plan);
    let (batches, mut read) = mpsc::channel::<Vec<(u64, Row)>>(2);
    let reader = tokio::task::spawn_blocking({
        let plan = plan.clone();
        move || read_batches(&plan, &batches)
    });
    let rows = plan.rows;
    while let Some(batch) = read.recv().await {
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let last = batch.last().map_or(0, |(number, _)| *number);
        let (plan, ambient) = (plan.clone(), ambient.clone());
        replica
            .write(move |connection| write_batch(connection, &plan, batch, &ambient))
            .await?;
        wakes.edit();
        progress.tell(last, rows);
    }
    reader.await.map_err(|_| Error::Defect)??;
    progress.tell(rows, rows);
    Ok(())
}

/// Reads the good rows of the file, if it is still the one that was looked at.
fn read_batches(plan: &Plan, batches: &mpsc::Sender<Vec<(u64, Row)>>) -> Result<(), Error> {
    let path = &plan.path;
    if hash(path)? != plan.about.hash {
        let changed = io::Error::other("the file has changed since it was looked at");
        return Err(failed(path)(changed));
    }
    let mut batch = Vec::with_capacity(BATCH);
    rows(path, &plan.about, |ReadRow { number, row, .. }| {
        if let Ok(row) = row {
            batch.push((number, row));
        }
        if batch.len() == BATCH {
            // Whoever wrote has given up; then it does not matter what is sent.
            drop(batches.blocking_send(std::mem::take(&mut batch)));
        }
        Ok(())
    })?;
    if !batch.is_empty() {
        drop(batches.blocking_send(batch));
    }
    Ok(())
}

/// One transaction. A row that was imported before changes nothing, so an import that was interrupted is simply begun anew.
pub(super) fn write_batch(
    connection: &rusqlite::Connection,
    plan: &Plan,
    batch: Vec<(u64, Row)>,
    ambient: &Ambient,
) -> Result<(), Error> {
    let mut decider = Decider::new(connection, &plan.about);
    for (number, row) in batch {
        match decider.decide(number, row)? {
            Ok(Action::Create(new)) => replica::create_user(connection, &new, ambient)?,
            Ok(Action::Update(user, changes)) => {
                for (group, value) in changes {
                    replica::edit_field(connection, user, group, Some(&value), ambient)?;
                }
            }
            // Refused here and now: somebody deleted the user since.
            Ok(Action::Unchanged) | Err(_) => {}
        }
    }
    Ok(())
}
