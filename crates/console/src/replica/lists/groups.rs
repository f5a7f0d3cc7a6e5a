//! Lists that are sorted in groups: by how well the search fits, and by sync marks.

use super::{After, Key, Place};
use roaring::RoaringBitmap;
use std::cmp::Ordering;

/// Group by group, in a group in the order of the rows; descending, the other way round.
pub(super) fn by_group(
    groups: &[RoaringBitmap],
    descending: bool,
    after: &After,
    wanted: usize,
) -> Vec<Place> {
    let mut ordered: Vec<(i64, &RoaringBitmap)> = (0..).zip(groups).collect();
    if descending {
        ordered.reverse();
    }
    let mut passed_over = match after {
        After::Rows(before) => u64::from(*before),
        After::Place(_) => 0,
    };
    let mut places = Vec::new();
    for (group, rows) in ordered {
        let mut skip = passed_over.min(rows.len());
        passed_over -= skip;
        if let After::Place(Some(Place {
            key: Key::Number(at),
            row,
        })) = after
        {
            skip = match group.cmp(at) {
                Ordering::Equal if descending => rows.len() - rows.rank(row.saturating_sub(1)),
                Ordering::Equal => rows.rank(*row),
                Ordering::Less if !descending => rows.len(),
                Ordering::Greater if descending => rows.len(),
                Ordering::Less | Ordering::Greater => 0,
            };
        }
        let left = rows.len() - skip;
        let Some(last) = left.checked_sub(1) else { continue };
        let nth = if descending { last } else { skip };
        let Some(first) = u32::try_from(nth).ok().and_then(|nth| rows.select(nth)) else {
            continue;
        };
        let place = |row| Place {
            key: Key::Number(group),
            row,
        };
        let room = wanted - places.len();
        if descending {
            places.extend(rows.range(..=first).rev().take(room).map(place));
        } else {
            places.extend(rows.range(first..).take(room).map(place));
        }
        if places.len() == wanted {
            break;
        }
    }
    places
}
