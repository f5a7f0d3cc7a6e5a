//! What the window shows: shapes made for reading, with nothing left to compute.

mod connections;
mod edits;
mod error;
mod exchange;
mod jobs;
mod merge;
mod refused;
mod saved_views;
mod status;
mod test_login;
mod times;
mod user;
mod users;

pub use connections::KnownConnection;
pub use edits::{Conflict, Keep, MetadataEdit, RejectedEdit, RejectedPage, SyncMark};
pub use error::ErrorView;
pub use exchange::{
    FileFormat, FileProblem, ImportAction, ImportColumn, ImportMeaning, ImportPreview, ImportRow, RowError,
    RowProblem,
};
pub use jobs::{Job, JobKind, JobPhase, JobState};
pub use merge::{MergeDifference, MergeUser, MergeView};
pub use refused::{RefusedPage, RefusedQuery};
pub use saved_views::{SavedView, SavedViewDraft};
pub use status::{AccessLost, Changed, Link, Notice, Status};
pub use test_login::{PictureFormat, QrPicture, TestLoginView};
pub use times::{DaySpan, TimeRange};
pub use user::{Binding, MetadataItem, UserDetail};
pub use users::{BindingChip, SortBy, SyncFilter, UserFilter, UserPage, UserQuery, UserRow, UserSort};
