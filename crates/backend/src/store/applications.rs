//! Applications, and which pool a call belongs to.

use super::{
    Alone, Reading, Store, StoreError, Unique, Writing, application_secrets,
    audit::{self, Entry},
    engine::{Row, to_json, values},
};
use serde_json::{Value, json};
use url::Url;
use yaopai_domain::{ApplicationId, ApplicationRecord, PoolId, ValidApplication};

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
        self.glance(id.clone(), |reading, id| Box::pin(application(reading, id)))
            .await
    }

    /// The applications of a pool as operators see them, oldest first.
    pub(crate) async fn application_records(
        &self,
        pool: &PoolId,
    ) -> Result<Vec<ApplicationRecord>, StoreError> {
        self.read(pool.clone(), |reading, pool| Box::pin(records(reading, pool)))
            .await
    }

    /// One application as operators see it.
    pub(crate) async fn application_record(
        &self,
        pool: &PoolId,
        id: &ApplicationId,
    ) -> Result<Option<ApplicationRecord>, StoreError> {
        self.read((pool.clone(), id.clone()), |reading, (pool, id)| {
            Box::pin(record(reading, pool, id))
        })
        .await
    }

    /// Adds an application.
    pub(crate) async fn create_application(
        &self,
        pool: &PoolId,
        actor: &str,
        fields: ValidApplication,
    ) -> Result<ApplicationRecord, StoreError> {
        let data = (pool.clone(), actor.to_owned(), fields);
        self.write(data, |writing, (pool, actor, fields)| {
            Box::pin(create(writing, pool, actor, fields))
        })
        .await
    }

    /// Changes an application: all fields at once.
    pub(crate) async fn change_application(
        &self,
        pool: &PoolId,
        actor: &str,
        id: &ApplicationId,
        fields: ValidApplication,
    ) -> Result<ApplicationRecord, StoreError> {
        let data = (pool.clone(), actor.to_owned(), id.clone(), fields);
        self.write(data, |writing, (pool, actor, id, fields)| {
            Box::pin(change(writing, pool, actor, id, fields))
        })
        .await
    }

    /// Deletes an application with its secrets.
    pub(crate) async fn delete_application(
        &self,
        pool: &PoolId,
        actor: &str,
        id: &ApplicationId,
    ) -> Result<(), StoreError> {
        let data = (pool.clone(), actor.to_owned(), id.clone());
        self.write(data, |writing, (pool, actor, id)| {
            Box::pin(delete(writing, pool, actor, id))
        })
        .await
    }

    /// The redirect URLs of all applications.
    pub(crate) async fn redirect_urls(&self) -> Result<Vec<Url>, StoreError> {
        self.glance((), |reading, ()| Box::pin(redirect_urls(reading)))
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
        self.glance((), |reading, ()| Box::pin(only_pool(reading))).await
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

const RECORD: &str = "id, name, redirect_urls, connections, token_algorithm, created_at";

async fn records(reading: &Reading<'_>, pool: &PoolId) -> Result<Vec<ApplicationRecord>, StoreError> {
    let sql = format!("SELECT {RECORD} FROM application WHERE pool = $1 ORDER BY created_at, id");
    let mut records = Vec::new();
    for row in reading.rows(&sql, values![pool]).await? {
        records.push(of_row(reading, &row).await?);
    }
    Ok(records)
}

/// One application as operators see it.
pub(super) async fn record(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: &ApplicationId,
) -> Result<Option<ApplicationRecord>, StoreError> {
    let sql = format!("SELECT {RECORD} FROM application WHERE pool = $1 AND id = $2");
    match reading.row(&sql, values![pool, id]).await? {
        Some(row) => of_row(reading, &row).await.map(Some),
        None => Ok(None),
    }
}

async fn of_row(reading: &Reading<'_>, row: &Row) -> Result<ApplicationRecord, StoreError> {
    let id: ApplicationId = row.parsed("id")?;
    Ok(ApplicationRecord {
        name: row.text("name")?,
        redirect_urls: row.json("redirect_urls")?,
        connections: row.json("connections")?,
        token_algorithm: row.named("token_algorithm")?,
        secrets: application_secrets::all(reading, &id).await?,
        created_at: row.moment("created_at")?,
        id,
    })
}

/// An application that is there.
pub(super) async fn existing(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: &ApplicationId,
) -> Result<ApplicationRecord, StoreError> {
    record(reading, pool, id)
        .await?
        .ok_or(StoreError::NotFound("application"))
}

/// An application as the audit log shows it.
fn shown(record: &ApplicationRecord) -> Value {
    json!({
        "name": record.name,
        "redirect_urls": record.redirect_urls,
        "connections": record.connections,
        "token_algorithm": record.token_algorithm,
    })
}

/// Checks the rules that only a database knows.
async fn check(
    alone: &Alone<'_>,
    fields: &ValidApplication,
    whose: Option<&ApplicationId>,
) -> Result<(), StoreError> {
    let pool = alone.pool();
    let sql = "SELECT id FROM application WHERE pool = $1 AND name = $2";
    if let Some(row) = alone.row(sql, values![pool, &fields.name]).await?
        && Some(&row.parsed::<ApplicationId>("id")?) != whose
    {
        return Err(StoreError::Taken(Unique::Name));
    }
    for identifier in &fields.connections {
        let sql = "SELECT id FROM connection WHERE pool = $1 AND identifier = $2";
        if !alone.any(sql, values![pool, identifier]).await? {
            return Err(StoreError::Unknown("connection"));
        }
    }
    Ok(())
}

async fn create(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    fields: &ValidApplication,
) -> Result<ApplicationRecord, StoreError> {
    let alone = writing.alone(pool).await?;
    check(&alone, fields, None).await?;
    let id = match &fields.id {
        Some(id) if application(&alone, id).await?.is_some() => {
            return Err(StoreError::Taken(Unique::ApplicationId));
        }
        Some(id) => id.clone(),
        None => ApplicationId::new(alone.clock(), alone.entropy()),
    };
    let sql =
        "INSERT INTO application (id, pool, name, redirect_urls, connections, token_algorithm, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = values![
        &id,
        pool,
        &fields.name,
        to_json(&fields.redirect_urls)?,
        to_json(&fields.connections)?,
        fields.token_algorithm.as_str(),
        alone.now(),
    ];
    alone.execute(sql, values).await?;
    let created = existing(&alone, pool, &id).await?;
    let entry = Entry {
        actor,
        action: "application.create",
        target: format!("application:{id}"),
        old: None,
        new: Some(shown(&created)),
    };
    audit::write(&alone, pool, entry).await?;
    Ok(created)
}

async fn change(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    id: &ApplicationId,
    fields: &ValidApplication,
) -> Result<ApplicationRecord, StoreError> {
    let alone = writing.alone(pool).await?;
    let old = existing(&alone, pool, id).await?;
    check(&alone, fields, Some(id)).await?;
    let sql = "UPDATE application SET name = $1, redirect_urls = $2, connections = $3, token_algorithm = $4
        WHERE pool = $5 AND id = $6";
    let values = values![
        &fields.name,
        to_json(&fields.redirect_urls)?,
        to_json(&fields.connections)?,
        fields.token_algorithm.as_str(),
        pool,
        id,
    ];
    alone.execute(sql, values).await?;
    let new = existing(&alone, pool, id).await?;
    let entry = Entry {
        actor,
        action: "application.change",
        target: format!("application:{id}"),
        old: Some(shown(&old)),
        new: Some(shown(&new)),
    };
    audit::write(&alone, pool, entry).await?;
    Ok(new)
}

async fn delete(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    id: &ApplicationId,
) -> Result<(), StoreError> {
    let alone = writing.alone(pool).await?;
    let old = existing(&alone, pool, id).await?;
    // Nobody acts for an application that is gone.
    let sql = "UPDATE session SET ended_at = $1 WHERE pool = $2 AND application = $3 AND ended_at IS NULL";
    alone.execute(sql, values![alone.now(), pool, id]).await?;
    for sql in [
        "DELETE FROM authorization_code WHERE pool = $1 AND application = $2",
        "DELETE FROM provider_token WHERE pool = $1 AND application = $2",
        "DELETE FROM qr_login WHERE pool = $1 AND application = $2",
        "DELETE FROM application WHERE pool = $1 AND id = $2",
    ] {
        alone.execute(sql, values![pool, id]).await?;
    }
    let entry = Entry {
        actor,
        action: "application.delete",
        target: format!("application:{id}"),
        old: Some(shown(&old)),
        new: None,
    };
    audit::write(&alone, pool, entry).await
}
