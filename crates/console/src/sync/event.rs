//! What happens to the sync, what it wants done, and what is under way.

use super::failure::Failure;
use crate::{Changed, replica::Place};
use std::time::Duration;
use yaopai_domain::{
    LoadPlan, LoadRequest, MutationId, PullPage, PullRequest, PushAnswer, PushRequest, PushResults,
    ServerInfo,
};

/// Names a request, or a piece of work: what is answered to an older one is not listened to.
pub(crate) type RequestId = u64;

/// Something happened.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// There may be something to do.
    Wake(Wake),
    /// The operator wants the load under way to stop for now.
    Pause,
    /// The waiting time is over.
    TimeUp,
    /// What [`Effect::GoOn`] asked for.
    GoOn(RequestId),
    /// Deleted bytes have left the file.
    Scrubbed(RequestId),
    /// The backend said who it is, or did not.
    Informed(RequestId, Result<ServerInfo, Failure>),
    /// The answer to a push.
    Pushed(RequestId, Result<PushAnswer, Failure>),
    /// What the backend knows of edits that somebody else may have pushed.
    Recalled(RequestId, Result<PushResults, Failure>),
    /// How to load everything.
    Planned(RequestId, Result<LoadPlan, Failure>),
    /// One page of a pull, while the next one is still on its way.
    Page(RequestId, Box<PullPage>),
    /// The answer to a pull is over.
    Ended(RequestId, Result<(), Failure>),
}

/// Why there may be something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// An edit was stored.
    Edit,
    /// The backend hinted at a change, or its stream of hints broke.
    Hint,
    /// An operator wants it now; a paused load goes on.
    Operator,
}

/// Something to do, after the step is committed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Ask who the backend is; answer with [`Event::Informed`].
    Inform(RequestId),
    /// Push; answer with [`Event::Pushed`].
    Push(RequestId, PushRequest),
    /// Ask what became of edits; answer with [`Event::Recalled`].
    Recall(RequestId, Vec<MutationId>),
    /// Ask how to load everything; answer with [`Event::Planned`].
    Plan(RequestId, LoadRequest),
    /// Pull; answer with [`Event::Page`] for each page as it arrives, then [`Event::Ended`].
    Pull(RequestId, PullRequest),
    /// Give up every request under way, and the wait.
    Forget,
    /// Let others write, then come back with [`Event::GoOn`].
    GoOn(RequestId),
    /// Rewrite the file without what was deleted; answer with [`Event::Scrubbed`].
    Scrub(RequestId),
    /// Answer with [`Event::TimeUp`] after this time; replaces an earlier wait.
    Wait(Duration),
    /// Tell listeners.
    Tell(Changed),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Activity {
    /// Something failed, or nothing was tried yet; the back-off timer runs.
    Waiting,
    /// Nothing to do until something wakes it; the poll timer runs.
    Resting,
    /// The operator stopped the load.
    Paused,
    Informing(RequestId),
    /// So many edits are on their way.
    Pushing(RequestId, usize),
    /// Somebody else pushes under this client id; asking which of the edits here were theirs to tell.
    Recalling(RequestId),
    Planning(RequestId),
    /// Parts of a load arrive. A part whose stream broke waits for the back-off timer.
    Loading(Vec<Stream>),
    Pulling(Stream),
    /// Indexes are being made.
    Building(RequestId),
    /// Deleted bytes are leaving the file.
    Scrubbing(RequestId),
}

/// An answer that arrives page by page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) id: RequestId,
    /// Where its next page begins.
    pub(super) place: Place,
    /// Pages that have arrived.
    pub(super) pages: u32,
}
