//! The change feed, and the mutations of consoles.

use super::Reply;
use yaopai_domain::{Change, ClientId, PoolId, PushAnswer, PushRequest, ResetReason, Revision};

/// Where a console stands in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    /// Which history.
    pub(crate) feed_id: String,
    /// Everything up to here was seen.
    pub(crate) revision: Revision,
    /// The highest head any page was read at.
    pub(crate) seen: Revision,
    /// The mark of that head.
    pub(crate) mark: i64,
}

/// What a pull finds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PullAnswer {
    /// A page.
    Page {
        /// Changes in the order of their revisions.
        changes: Vec<Change>,
        /// Where the page ends.
        position: Position,
        /// Whether there is nothing more for now.
        caught_up: bool,
        /// The client's last mutation that these changes include.
        last_seq: u64,
    },
    /// The console's history is not the pool's.
    Reset(ResetReason),
}

/// Who pushes.
#[derive(Debug, Clone)]
pub(crate) struct PushAs {
    /// The name that goes into the audit log.
    pub(crate) actor: String,
    /// Whether the role may edit users.
    pub(crate) may_edit: bool,
}

/// What becomes of a push as a whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PushDecision {
    /// Every mutation has an outcome.
    Answered(PushAnswer),
    /// A sequence number was skipped; nothing was written.
    Gap {
        /// The last one decided.
        last_seq: u64,
    },
    /// Another mutation was decided under this sequence number; nothing was written.
    Fork {
        /// The number.
        seq: u64,
    },
}

/// The change feed, and the mutations of consoles.
pub(crate) trait SyncStore {
    /// The pool's head.
    fn head(&self, pool: &PoolId) -> Reply<'_, Revision>;

    /// A page of at most `limit` changes and little more than 2 MiB behind `from` (absent: from the beginning), and what it needs, all of one
    /// snapshot.
    fn pull(
        &self,
        pool: &PoolId,
        client: ClientId,
        from: Option<Position>,
        limit: u32,
    ) -> Reply<'_, PullAnswer>;

    /// Decides mutations in order; each is applied at most once, however often it is pushed.
    fn push(&self, pool: &PoolId, by: PushAs, request: PushRequest) -> Reply<'_, PushDecision>;
}
