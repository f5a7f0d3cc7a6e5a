//! Bugs that are planted on purpose, so that the simulator can show that it would find them. Without the feature `planted`
//! there are none, and nothing of this is in the program.

/// A safety net of the sync that can be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The backend does not look whether it still has the head that a console has seen.
    NoMark,
    /// A console remembers the head at which its load began, and no higher one.
    FirstHeadOnly,
    /// The backend takes cursors from below the horizon.
    NoHorizon,
    /// The backend takes cursors of another history.
    AnyFeed,
    /// The backend tells nobody of deletions.
    NoTombstones,
    /// The backend takes cursors of another role.
    AnyScope,
    /// The backend decides anew what it decided before.
    DecidedTwice,
    /// The backend writes an edit over whatever is there.
    Overwriting,
    /// A change that takes more than one entity along is told of the first alone.
    ForgottenFeed,
    /// A console keeps the row with the higher revision, whatever load it is from.
    RevisionGuard,
    /// An answered edit leaves the screen before its page is here.
    EarlySettle,
    /// Edits do not wait for the disk.
    NotDurable,
    /// What a reset did not bring again stays.
    NoSweep,
    /// A console never compares digests.
    NoDigests,
    /// A console does not send again what the backend has lost.
    NothingRequeued,
    /// With access, the mirror goes and the edits stay.
    EditsStay,
    /// Under a new client id nothing of the old one goes on.
    ForkForgets,
}

/// Whether this bug is planted.
#[cfg(not(feature = "planted"))]
pub const fn planted(_: Bug) -> bool {
    false
}

#[cfg(feature = "planted")]
thread_local! {
    static PLANTED: std::cell::Cell<&'static [Bug]> = const { std::cell::Cell::new(&[]) };
}

/// Whether this bug is planted on this thread.
#[cfg(feature = "planted")]
pub fn planted(bug: Bug) -> bool {
    PLANTED.get().contains(&bug)
}

/// Plants bugs on this thread, in place of all others.
#[cfg(feature = "planted")]
pub fn plant(bugs: &'static [Bug]) {
    PLANTED.set(bugs);
}
