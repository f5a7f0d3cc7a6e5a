//! The files by which WeChat verifies that a domain is ours. They belong to all pools: a host serves them all.

use super::{Reading, Store, StoreError, Unique, Writing, engine::values};
use yaopai_domain::{Connection, ConnectionId};

impl Store {
    /// The bytes of a verification file.
    pub(crate) async fn verification_file(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.glance(name.to_owned(), |reading, name| {
            Box::pin(content_of(reading, name))
        })
        .await
    }
}

/// Stores a file under its name. Another content under the same name is refused while another connection uses it.
pub(super) async fn put(
    writing: &Writing<'_>,
    file: Option<&(String, Vec<u8>)>,
    connection: ConnectionId,
) -> Result<(), StoreError> {
    let Some((name, content)) = file else {
        return Ok(());
    };
    // Files belong to all pools, so being alone in one does not help: the row itself is held, and only then looked at.
    let sql = "INSERT INTO verification_file (name, content) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET content = verification_file.content RETURNING content";
    let stored = writing.row(sql, values![name, content.as_slice()]).await?;
    if stored.map(|row| row.bytes("content")).transpose()?.as_ref() == Some(content) {
        return Ok(());
    }
    let sql = "SELECT id FROM connection WHERE verification_file = $1 AND id <> $2 LIMIT 1";
    if writing.any(sql, values![name, connection]).await? {
        return Err(StoreError::Taken(Unique::VerificationFile));
    }
    let sql = "UPDATE verification_file SET content = $2 WHERE name = $1";
    writing.execute(sql, values![name, content.as_slice()]).await?;
    Ok(())
}

/// Drops the file that a connection had, if nobody has it any more.
pub(super) async fn drop_if_unused(writing: &Writing<'_>, connection: &Connection) -> Result<(), StoreError> {
    let Some(file) = &connection.verification_file else {
        return Ok(());
    };
    let sql = "DELETE FROM verification_file WHERE name = $1
        AND NOT EXISTS (SELECT 1 FROM connection c WHERE c.verification_file = verification_file.name)";
    writing.execute(sql, values![&file.name]).await?;
    Ok(())
}

/// The bytes of a verification file.
pub(super) async fn content_of(reading: &Reading<'_>, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT content FROM verification_file WHERE name = $1";
    let found = reading.row(sql, values![name]).await?;
    found.map(|row| row.bytes("content")).transpose()
}
