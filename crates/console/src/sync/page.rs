//! Where a console stands in the feed, and a page of it, as the core takes them.

use yaopai_domain::{Change, ClientId, LoadPlan, PageEnd, Revision, Seen};

/// Asks for the changes behind a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PullRequest {
    /// Who asks.
    pub(crate) client_id: ClientId,
    /// Where the last page ended; absent for a first load.
    pub(crate) cursor: Option<String>,
    /// At most this many changes.
    pub(crate) limit: u32,
}

/// Changes, and where they end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PullPage {
    /// Changes in the order of their revisions.
    pub(crate) changes: Vec<Change>,
    /// Where this page ends.
    pub(crate) cursor: String,
    /// Whether there is nothing more for now.
    pub(crate) caught_up: bool,
    /// The sequence number of the client's last mutation that these changes include.
    pub(crate) last_seq: u64,
}

/// A place in the feed, kept as one text of lines: the backend's cursor, the head seen, its mark, and where to go on after
/// a first load.
pub(crate) struct Place {
    pub(crate) cursor: String,
    pub(crate) seen: Seen,
    tail: Option<String>,
}

impl Place {
    /// Where a first load begins.
    pub(crate) fn first(plan: LoadPlan) -> Self {
        let LoadPlan {
            mut parts,
            tail,
            seen,
            ..
        } = plan;
        match parts.pop() {
            Some(cursor) => Self {
                cursor,
                seen,
                tail: Some(tail),
            },
            None => Self {
                cursor: tail,
                seen,
                tail: None,
            },
        }
    }

    /// The place that was kept as this text.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        Some(Self {
            cursor: lines.next()?.to_owned(),
            seen: Seen {
                head: Revision(lines.next()?.parse().ok()?),
                mark: lines.next()?.parse().ok()?,
            },
            tail: lines.next().map(str::to_owned),
        })
    }

    /// The place behind a page, as text, and whether there is nothing more for now.
    pub(crate) fn behind(self, page: yaopai_domain::PullPage) -> PullPage {
        let seen = self.seen.max(page.seen);
        let (cursor, tail) = match (page.end, self.tail) {
            (PageEnd::PartDone, Some(tail)) => (tail, None),
            (PageEnd::More, tail) => (page.cursor, tail),
            (PageEnd::PartDone, None) | (PageEnd::CaughtUp, _) => (page.cursor, None),
        };
        let mut text = format!("{cursor}\n{}\n{}", seen.head.0, seen.mark);
        if let Some(tail) = tail {
            text.push('\n');
            text.push_str(&tail);
        }
        PullPage {
            changes: page.changes,
            cursor: text,
            caught_up: page.end == PageEnd::CaughtUp,
            last_seq: page.last_seq,
        }
    }
}
