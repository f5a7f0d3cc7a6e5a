//! The cursor: where a console stands in the feed, opaque to it.

use crate::store::Position;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use yaopai_domain::{EntityType, Revision};

const VERSION: u8 = 2;

#[derive(Serialize, Deserialize)]
struct Written {
    v: u8,
    feed: String,
    rev: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    scope: Vec<EntityType>,
}

/// Writes a position as a cursor.
pub(crate) fn write(position: &Position) -> String {
    let written = Written {
        v: VERSION,
        feed: position.feed_id.clone(),
        rev: position.revision.0,
        until: position.until.map(|until| until.0),
        scope: position.scope.clone(),
    };
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&written).unwrap_or_default())
}

/// Reads a cursor; `None` if this backend never wrote it.
pub(crate) fn read(cursor: &str) -> Option<Position> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let written: Written = serde_json::from_slice(&bytes).ok()?;
    let ordered = 0 <= written.rev && written.until.is_none_or(|until| written.rev <= until);
    (written.v == VERSION && ordered).then_some(Position {
        feed_id: written.feed,
        revision: Revision(written.rev),
        until: written.until.map(Revision),
        scope: written.scope,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_position_survives_the_wire(
            feed_id in "[0-9a-f]{32}",
            rev in 0..i64::MAX,
            more in proptest::option::of(0..1000_i64),
            types in 0..=EntityType::ALL.len(),
        ) {
            let position = Position {
                feed_id,
                revision: Revision(rev),
                until: more.map(|more| Revision(rev.saturating_add(more))),
                scope: EntityType::ALL[..types].to_vec(),
            };
            prop_assert_eq!(read(&write(&position)), Some(position));
        }

        #[test]
        fn never_panics_on_what_a_console_sends(cursor in ".*") {
            let _ = read(&cursor);
        }
    }
}
