//! Everything the desktop does that is not a window: replica, outbox, sync, management calls, QR codes.
//!
//! It speaks HTTP to the backend and never links it; it knows nothing of Tauri.

mod api;
mod belonging;
mod board;
mod error;
mod exchange;
mod jobs;
mod manage;
#[cfg(feature = "measure")]
pub mod measure;
mod options;
mod people;
mod qr;
mod replica;
mod sse;
mod sync;
mod test_login;
#[cfg(test)]
mod tests;
mod view;

use api::Api;
use board::Board;
use replica::{Opening, Replica};
use std::sync::Arc;
use sync::{SyncLoop, Wakes, follow_hints};
use test_login::Pictures;
use tokio::{runtime::Handle, sync::broadcast};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use yaopai_domain::{Clock, Entropy};

pub use error::Error;
#[cfg(feature = "simulate")]
pub use sync::simulate;

pub use options::{AccessKey, Options};
pub use view::{
    AccessLost, Binding, BindingChip, Changed, Conflict, DaySpan, ErrorView, FileFormat, FileProblem,
    ImportAction, ImportColumn, ImportMeaning, ImportPreview, ImportRow, Job, JobKind, JobPhase, JobState,
    Keep, KnownConnection, Link, MergeDifference, MergeUser, MergeView, MetadataEdit, MetadataItem, Notice,
    PictureFormat, QrPicture, RefusedPage, RefusedQuery, RejectedEdit, RejectedPage, RowError, RowProblem,
    SavedView, SavedViewDraft, SortBy, Status, SyncFilter, SyncMark, TestLoginView, TimeRange, UserDetail,
    UserFilter, UserPage, UserQuery, UserRow, UserSort,
};

use options::Ambient;

/// An open console. Clones share it.
#[derive(Clone)]
pub struct Console {
    parts: Arc<Parts>,
}

struct Parts {
    api: Api,
    replica: Replica,
    orders: Arc<replica::Orders>,
    board: Board,
    wakes: Wakes,
    ambient: Ambient,
    pictures: Pictures,
    jobs: jobs::Jobs,
    previews: exchange::Previews,
    notices: Vec<Notice>,
    cancelled: CancellationToken,
    tasks: TaskTracker,
    runtime: Handle,
}

impl Console {
    /// Opens the replica and starts to sync in the background. The backend need not answer.
    ///
    /// A replica that is damaged or of a newer version is kept aside and told of by [`Console::notices`]; one of another
    /// pool is refused and not touched.
    pub async fn open(
        options: Options,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Error> {
        let ambient = Ambient { clock, entropy };
        let api = Api::new(options.server, options.access_key, options.pool.clone())?;
        let board = Board::new();
        let opening = Opening {
            path: options.replica,
            pool: options.pool,
            ambient: ambient.clone(),
        };
        let jobs = jobs::Jobs::default();
        let standing = keep_standing(board.clone(), jobs.clone(), ambient.clone());
        let (replica, kept_aside) = Replica::open(opening, standing).await?;
        let notices = kept_aside
            .map(|path| Notice::ReplicaKeptAside {
                path: path.display().to_string(),
            })
            .into_iter()
            .collect();

        let cancelled = CancellationToken::new();
        let tasks = TaskTracker::new();
        let (sync, wakes) = SyncLoop::new(api.clone(), replica.clone(), board.clone(), ambient.clone());
        tasks.spawn(sync.run(cancelled.clone()));
        tasks.spawn(follow_hints(
            api.clone(),
            board.clone(),
            wakes.clone(),
            ambient.clone(),
            cancelled.clone(),
        ));
        Ok(Self {
            parts: Arc::new(Parts {
                api,
                replica,
                orders: Arc::default(),
                board,
                wakes,
                ambient,
                pictures: Pictures::default(),
                jobs,
                previews: exchange::Previews::default(),
                notices,
                cancelled,
                tasks,
                runtime: Handle::current(),
            }),
        })
    }

    /// How the console stands.
    pub fn status(&self) -> Status {
        self.parts.board.status()
    }

    /// What the operator has to be told after this start.
    pub fn notices(&self) -> Vec<Notice> {
        self.parts.notices.clone()
    }

    /// Tells when something changed that a window shows.
    pub fn changes(&self) -> broadcast::Receiver<Changed> {
        self.parts.board.listen()
    }

    /// Syncs at once instead of at the next hint or back-off, and goes on with a paused load.
    pub fn sync_now(&self) {
        self.parts.wakes.operator();
    }

    /// Stops syncing and closes the replica. Waits for what is being written.
    pub async fn close(&self) {
        self.parts.cancelled.cancel();
        self.parts.tasks.close();
        self.parts.tasks.wait().await;
        self.parts.replica.close().await;
    }
}

impl Drop for Parts {
    /// A console that nobody holds any more stops, closed or not.
    fn drop(&mut self) {
        self.cancelled.cancel();
    }
}

/// The status line follows the file, commit by commit. With the access goes whatever works on what it let this machine hold.
fn keep_standing(board: Board, jobs: jobs::Jobs, ambient: Ambient) -> replica::AfterCommit {
    Box::new(move |connection| match replica::standing(connection) {
        Ok(standing) => {
            if standing.access_lost.is_some() {
                jobs.cancel();
            }
            board.set_standing(standing, ambient.clock.now());
        }
        Err(error) => tracing::error!(%error, "the status line is out of date"),
    })
}
