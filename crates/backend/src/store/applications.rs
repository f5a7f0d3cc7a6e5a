//! Applications, and which pool a call belongs to.

use super::{Reading, Store, StoreError, engine::Row, engine::values};
use url::Url;
use yaopai_domain::{ApplicationId, PoolId};

/// A client of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Application {
    /// What SDKs are configured with.
    pub(crate) id: ApplicationId,
    /// Whose people it logs in.
    pub(crate) pool: PoolId,
    /// Its name for people.
    pub(crate) name: String,
    /// Where browsers may be sent after a login; a `*` stands for one host label.
    pub(crate) redirect_urls: Vec<Url>,
    /// Identifiers of the connections it offers; none named means all of the pool.
    pub(crate) connections: Vec<String>,
}

impl Store {
    /// The application of this id.
    pub(crate) async fn application(&self, id: &ApplicationId) -> Result<Option<Application>, StoreError> {
        self.read(id.clone(), |reading, id| Box::pin(application(reading, id)))
            .await
    }

    /// The redirect URLs of all applications.
    pub(crate) async fn redirect_urls(&self) -> Result<Vec<Url>, StoreError> {
        self.read((), |reading, ()| Box::pin(redirect_urls(reading)))
            .await
    }

    /// The redirect URLs of the pool's applications.
    pub(crate) async fn redirect_urls_of(&self, pool: &PoolId) -> Result<Vec<Url>, StoreError> {
        self.read(pool.clone(), |reading, pool| {
            Box::pin(redirect_urls_of(reading, pool))
        })
        .await
    }

    /// The pool, if there is one only.
    pub(crate) async fn only_pool(&self) -> Result<Option<PoolId>, StoreError> {
        self.read((), |reading, ()| Box::pin(only_pool(reading))).await
    }
}

async fn application(reading: &Reading<'_>, id: &ApplicationId) -> Result<Option<Application>, StoreError> {
    let sql = "SELECT id, pool, name, redirect_urls, connections FROM application WHERE id = $1";
    let row = reading.row(sql, values![id]).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Application, StoreError> {
    Ok(Application {
        id: row.parsed("id")?,
        pool: row.parsed("pool")?,
        name: row.text("name")?,
        redirect_urls: row.json("redirect_urls")?,
        connections: row.json("connections")?,
    })
}

async fn redirect_urls(reading: &Reading<'_>) -> Result<Vec<Url>, StoreError> {
    let sql = "SELECT redirect_urls FROM application ORDER BY created_at, id";
    all_urls(reading.rows(sql, values![]).await?)
}

async fn redirect_urls_of(reading: &Reading<'_>, pool: &PoolId) -> Result<Vec<Url>, StoreError> {
    let sql = "SELECT redirect_urls FROM application WHERE pool = $1 ORDER BY created_at, id";
    all_urls(reading.rows(sql, values![pool]).await?)
}

fn all_urls(rows: Vec<Row>) -> Result<Vec<Url>, StoreError> {
    let mut urls = Vec::new();
    for row in rows {
        urls.extend(row.json::<Vec<Url>>("redirect_urls")?);
    }
    Ok(urls)
}

async fn only_pool(reading: &Reading<'_>) -> Result<Option<PoolId>, StoreError> {
    let rows = reading.rows("SELECT id FROM pool LIMIT 2", values![]).await?;
    match rows.as_slice() {
        [row] => row.parsed("id").map(Some),
        _ => Ok(None),
    }
}
