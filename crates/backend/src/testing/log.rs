//! A log that a test reads.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};
use tracing::{Dispatch, subscriber::DefaultGuard};

/// What is logged on this thread, which is all that a test's backend logs: its runtime has one.
pub(crate) struct Log {
    lines: Lines,
    _listening: DefaultGuard,
    _second: Dispatch,
}

impl Log {
    /// Hears everything from now on.
    pub(crate) fn listen() -> Self {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        Self {
            lines,
            // With a single subscriber, a place that logs for the first time on another test's thread stays silent for ever.
            _second: Dispatch::new(tracing_subscriber::registry()),
            _listening: tracing::subscriber::set_default(subscriber),
        }
    }

    /// What was heard.
    pub(crate) fn text(&self) -> String {
        let bytes = self.lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
