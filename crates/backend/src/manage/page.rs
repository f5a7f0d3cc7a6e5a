//! Where the next page of a list by age begins: `<milliseconds>.<id>`, opaque to callers.

use crate::Error;
use yaopai_domain::Timestamp;

/// Names the last entry of a page.
pub(super) fn write_after(at: Timestamp, id: &str) -> String {
    format!("{}.{id}", at.0)
}

/// Reads what [`write_after`] wrote.
pub(super) fn read_after(text: &str) -> Result<(Timestamp, String), Error> {
    let read = || {
        let (at, id) = text.split_once('.')?;
        Some((Timestamp(at.parse().ok()?), id.to_owned()))
    };
    read().ok_or_else(|| Error::Malformed("not an `after` of this list".to_owned()))
}
