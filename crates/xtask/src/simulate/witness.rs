//! Listens to what the programs log while they are simulated: no secret may be in it.

use super::violation::{Violation, hold};
use std::{cell::RefCell, io};

/// The AppSecret of every simulated connection. It may be in the backend's store, sealed, and nowhere else.
pub(super) const SECRET: &str = "c4a4a41e5ec4e70123456789abcdef01";

thread_local! {
    static TOLD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Pen;

impl io::Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TOLD.with_borrow_mut(|told| told.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs something and writes down what it logs.
pub(super) fn listen<T>(work: impl FnOnce() -> T) -> (T, Vec<u8>) {
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .without_time()
        .with_ansi(false)
        .with_writer(|| Pen)
        .finish();
    let done = tracing::subscriber::with_default(log, work);
    (done, TOLD.take())
}

/// I11: the secret is in nothing that leaves the store.
pub(super) fn i11_no_secret_was_told(bytes: &[u8]) -> Result<(), Violation> {
    let told = String::from_utf8_lossy(bytes).contains(SECRET);
    hold(!told, "I11", || "an AppSecret has left the store".to_owned())
}
