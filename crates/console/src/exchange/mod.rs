//! Users go to files and come from files: exports of exactly what is listed, imports that change what is here first.

mod decide;
mod export;
mod file;
mod import;
mod preview;
mod row;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use preview::Previews;

use crate::{
    Changed, Console, Error, FileFormat, ImportPreview, JobKind, UserQuery, jobs::Progress, replica,
};
use rusqlite::Connection;
use std::path::PathBuf;

impl Console {
    /// Writes the users that a query finds to a file, all of one moment, in the order of the list; answers the job. The
    /// file is there once it is whole.
    pub fn export_users(&self, query: UserQuery, format: FileFormat, path: PathBuf) -> String {
        let replica = self.parts.replica.clone();
        let file = path.display().to_string();
        self.run_job(JobKind::Export, file, move |progress: Progress| async move {
            replica
                .read(move |connection| {
                    ask_for_everybody(connection)?;
                    export::export(connection, query, format, &path, &progress)
                })
                .await
        })
    }

    /// Says what importing a file would do. Nothing is written.
    pub async fn preview_import(&self, path: PathBuf) -> Result<ImportPreview, Error> {
        let (plan, preview) = self
            .parts
            .replica
            .read(move |connection| {
                ask_for_everybody(connection)?;
                preview::preview(connection, path)
            })
            .await?;
        self.parts.previews.keep(preview.id.clone(), plan);
        Ok(preview)
    }

    /// Imports what a preview showed, if the file is still the same; answers the job. Rows that were refused are left out.
    ///
    /// Each row is here whole or not at all, and durable before it counts. The same file imported again changes nothing.
    pub fn run_import(&self, preview: &str) -> Result<String, Error> {
        self.may_edit()?;
        let plan = self.parts.previews.take(preview).ok_or(Error::NotFound)?;
        let file = plan.path.display().to_string();
        let (replica, ambient) = (self.parts.replica.clone(), self.parts.ambient.clone());
        let (board, wakes) = (self.parts.board.clone(), self.parts.wakes.clone());
        Ok(
            self.run_job(JobKind::Import, file, move |progress: Progress| async move {
                let done = import::import(&replica, plan, ambient, &progress, &wakes).await;
                board.tell(Changed::Users);
                done
            }),
        )
    }
}

/// During a first load a file would lack people, and a row be taken for a new user's who only has not arrived yet.
fn ask_for_everybody(connection: &Connection) -> Result<(), Error> {
    if replica::standing(connection)?.loaded {
        Ok(())
    } else {
        Err(Error::StillLoading)
    }
}
