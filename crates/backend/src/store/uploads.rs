//! Pictures that people uploaded.

use super::{Store, StoreError, Writing, engine::values};
use yaopai_domain::Timestamp;

/// For how long a picture nobody uses is kept.
const ORPHAN_LIVES: i64 = 24 * 60 * 60 * 1000;
/// Pictures that one client may leave unused: whoever uploads has shown no token.
const ORPHANS_OF_A_CLIENT: i64 = 60;
/// Pictures that all clients together may leave unused.
const ORPHANS: i64 = 2_000;

/// A picture to keep.
#[derive(Debug, Clone)]
pub(crate) struct NewUpload {
    /// Hash of its bytes, and its ending.
    pub(crate) name: String,
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// Who uploaded it: an address, or empty.
    pub(crate) client: String,
}

/// A picture as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    /// Its media type.
    pub(crate) media_type: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

impl Store {
    /// Keeps a picture; `false` if there are too many that nobody uses. Forgets those that are too old.
    pub(crate) async fn keep_upload(&self, upload: NewUpload) -> Result<bool, StoreError> {
        self.write(upload, |writing, upload| Box::pin(keep(writing, upload)))
            .await
    }

    /// A picture by its name.
    pub(crate) async fn upload(&self, name: &str) -> Result<Option<Upload>, StoreError> {
        self.read(name.to_owned(), |reading, name| {
            Box::pin(async move {
                let sql = "SELECT media_type, bytes FROM upload WHERE name = $1";
                let row = reading.row(sql, values![name]).await?;
                row.map(|row| {
                    Ok(Upload {
                        media_type: row.text("media_type")?,
                        bytes: row.bytes("bytes")?,
                    })
                })
                .transpose()
            })
        })
        .await
    }

    /// Keeps a picture for good; `false` if there is none of this name.
    pub(crate) async fn use_upload(&self, name: &str) -> Result<bool, StoreError> {
        self.write(name.to_owned(), |writing, name| {
            Box::pin(async move {
                let sql = "UPDATE upload SET used = 1 WHERE name = $1";
                Ok(writing.execute(sql, values![name]).await? > 0)
            })
        })
        .await
    }
}

async fn keep(writing: &Writing<'_>, upload: &NewUpload) -> Result<bool, StoreError> {
    let now: Timestamp = writing.now();
    let sql = "DELETE FROM upload WHERE used = 0 AND created_at < $1";
    writing
        .execute(sql, values![now.plus_millis(-ORPHAN_LIVES)])
        .await?;
    let sql = "SELECT count(*) AS orphans FROM upload WHERE used = 0";
    let orphans = writing.row(sql, values![]).await?;
    let sql = "SELECT count(*) AS orphans FROM upload WHERE used = 0 AND client = $1";
    let of_client = writing.row(sql, values![&upload.client]).await?;
    for (row, most) in [(orphans, ORPHANS), (of_client, ORPHANS_OF_A_CLIENT)] {
        if row.map_or(Ok(0), |row| row.integer("orphans"))? >= most {
            return Ok(false);
        }
    }
    let sql = "INSERT INTO upload (name, media_type, bytes, used, client, created_at) VALUES ($1, $2, $3, 0, $4, $5) \
               ON CONFLICT (name) DO NOTHING";
    let values = values![
        &upload.name,
        upload.media_type,
        upload.bytes.as_slice(),
        &upload.client,
        now
    ];
    writing.execute(sql, values).await?;
    Ok(true)
}
