//! What is on its way: requests, answers, hints and the ends of waiting times, in the order in which they are due.

use std::collections::BTreeMap;
use yaopai_console::simulate::{Input, Request, Work};

/// Something that will happen.
#[derive(Debug, Clone)]
pub(super) enum Due {
    /// A request reaches the backend.
    Request {
        /// Who asks.
        from: usize,
        /// Under which of its numbers.
        id: u64,
        /// What it asks.
        request: Box<Request>,
        /// In which life of its process.
        life: u64,
    },
    /// An answer reaches a console.
    Answer {
        /// Which console.
        to: usize,
        /// To which of its requests.
        id: u64,
        /// What it hears.
        input: Box<Input>,
        /// In which life of its process it asked.
        life: u64,
        /// Whether somebody repeats what was answered already.
        echo: bool,
    },
    /// Work on a console's own machine begins.
    Work {
        /// Whose.
        of: usize,
        /// Under which of its numbers.
        id: u64,
        /// What.
        work: Work,
        /// In which life of its process.
        life: u64,
    },
    /// A hint reaches a console.
    Hint(usize),
    /// A waiting time is over.
    TimeUp {
        /// Whose.
        of: usize,
        /// Which of its waits.
        wait: u64,
    },
    /// A console that died is started again.
    Start(usize),
}

/// Everything on its way.
#[derive(Debug, Default)]
pub(super) struct Post {
    due: BTreeMap<(i64, u64), Due>,
    posted: u64,
}

impl Post {
    /// It will happen at this moment; of two at the same moment, the one posted first.
    pub(super) fn post(&mut self, at: i64, due: Due) {
        self.posted += 1;
        self.due.insert((at, self.posted), due);
    }

    /// What happens next, and when.
    pub(super) fn next(&mut self) -> Option<(i64, Due)> {
        let ((at, _), due) = self.due.pop_first()?;
        Some((at, due))
    }
}
