//! One line of a list.

use crate::{
    BindingChip, Error, SyncMark, UserRow,
    replica::{
        columns::Uuid16,
        rows::{kind_of, status_of},
    },
};
use rusqlite::{Connection, OptionalExtension};
use yaopai_domain::{Timestamp, UserId};

/// A row as lists show it, if it is there.
pub(super) fn user_row(c: &Connection, row: u32) -> Result<Option<UserRow>, Error> {
    let found = c
        .prepare_cached(
            "SELECT id, name, avatar_url, status, phone, wechat_id, bindings, created_at,
                    updated_at, last_seen
             FROM people WHERE row = ?1",
        )?
        .query_row([row], |row| {
            let bindings: Option<Vec<u8>> = row.get("bindings")?;
            Ok(UserRow {
                id: row.get::<_, Uuid16>("id")?.id(),
                name: row.get("name")?,
                avatar_url: row.get("avatar_url")?,
                status: status_of(row.get("status")?),
                phone: row.get("phone")?,
                wechat_id: row.get("wechat_id")?,
                bindings: bindings.iter().flatten().filter_map(|byte| chip(*byte)).collect(),
                created_at: Timestamp(row.get("created_at")?),
                updated_at: Timestamp(row.get("updated_at")?),
                last_seen: row.get::<_, Option<i64>>("last_seen")?.map(Timestamp),
                sync: SyncMark::Synced,
            })
        })
        .optional()?;
    let Some(mut user) = found else { return Ok(None) };
    user.sync = mark(c, user.id)?;
    Ok(Some(user))
}

fn chip(byte: u8) -> Option<BindingChip> {
    Some(BindingChip {
        kind: kind_of(byte >> 1)?,
        has_union_id: byte & 1 == 1,
    })
}

/// The worst sync mark of a user's fields.
fn mark(c: &Connection, user_id: UserId) -> Result<SyncMark, Error> {
    let user_id = user_id.to_string();
    for (sql, mark) in [
        (
            "SELECT EXISTS (SELECT 1 FROM conflicts WHERE user_id = ?1)",
            SyncMark::Conflict,
        ),
        (
            "SELECT EXISTS (SELECT 1 FROM rejected WHERE user_id = ?1)",
            SyncMark::Rejected,
        ),
        (
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE user_id = ?1 AND state <> 'decided')",
            SyncMark::Pending,
        ),
    ] {
        if c.prepare_cached(sql)?.query_row([&user_id], |row| row.get(0))? {
            return Ok(mark);
        }
    }
    Ok(SyncMark::Synced)
}
