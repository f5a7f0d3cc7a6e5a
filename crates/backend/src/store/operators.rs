//! Operators.

use super::{
    Alone, Reading, Store, StoreError, Unique, Writing,
    access::{self, AnAdmin},
    audit::{self, Entry},
    engine::{Row, values},
};
use serde_json::{Value, json};
use yaopai_domain::{Operator, OperatorDraft, OperatorId, PoolId};

impl Store {
    /// The operators of a pool, oldest first.
    pub(crate) async fn operators(&self, pool: &PoolId) -> Result<Vec<Operator>, StoreError> {
        self.read(pool.clone(), |reading, pool| Box::pin(all(reading, pool)))
            .await
    }

    /// Adds an operator.
    pub(crate) async fn create_operator(
        &self,
        pool: &PoolId,
        actor: &str,
        draft: OperatorDraft,
    ) -> Result<Operator, StoreError> {
        let data = (pool.clone(), actor.to_owned(), draft);
        self.write(data, |writing, (pool, actor, draft)| {
            Box::pin(create(writing, pool, actor, draft))
        })
        .await
    }

    /// Changes an operator; the keys of the operator follow with the next request. With `keep_an_admin` the last one who can
    /// administer the pool stays one.
    pub(crate) async fn change_operator(
        &self,
        pool: &PoolId,
        actor: &str,
        id: OperatorId,
        draft: OperatorDraft,
        keep_an_admin: bool,
    ) -> Result<Operator, StoreError> {
        let data = (pool.clone(), actor.to_owned(), id, draft, keep_an_admin);
        self.write(data, |writing, (pool, actor, id, draft, keep_an_admin)| {
            Box::pin(change(writing, pool, actor, *id, draft, *keep_an_admin))
        })
        .await
    }

    /// Deletes an operator with all keys.
    pub(crate) async fn delete_operator(
        &self,
        pool: &PoolId,
        actor: &str,
        id: OperatorId,
        keep_an_admin: bool,
    ) -> Result<(), StoreError> {
        let data = (pool.clone(), actor.to_owned(), id, keep_an_admin);
        self.write(data, |writing, (pool, actor, id, keep_an_admin)| {
            Box::pin(delete(writing, pool, actor, *id, *keep_an_admin))
        })
        .await
    }
}

const COLUMNS: &str = "id, name, email, role, created_at";

async fn all(reading: &Reading<'_>, pool: &PoolId) -> Result<Vec<Operator>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM operator WHERE pool = $1 ORDER BY created_at, id");
    let rows = reading.rows(&sql, values![pool]).await?;
    rows.iter().map(of_row).collect()
}

/// One operator.
pub(super) async fn one(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: OperatorId,
) -> Result<Option<Operator>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM operator WHERE pool = $1 AND id = $2");
    let row = reading.row(&sql, values![pool, id]).await?;
    row.as_ref().map(of_row).transpose()
}

fn of_row(row: &Row) -> Result<Operator, StoreError> {
    Ok(Operator {
        id: row.parsed("id")?,
        name: row.text("name")?,
        email: row.text("email")?,
        role: row.named("role")?,
        created_at: row.moment("created_at")?,
    })
}

/// An operator as the audit log shows it.
fn shown(operator: &Operator) -> Value {
    json!({ "name": operator.name, "email": operator.email, "role": operator.role })
}

async fn existing(reading: &Reading<'_>, pool: &PoolId, id: OperatorId) -> Result<Operator, StoreError> {
    one(reading, pool, id)
        .await?
        .ok_or(StoreError::NotFound("operator"))
}

async fn create(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    draft: &OperatorDraft,
) -> Result<Operator, StoreError> {
    let alone = writing.alone(pool).await?;
    check_email_is_free(&alone, &draft.email, None).await?;
    let operator = Operator {
        id: OperatorId::new(alone.clock(), alone.entropy()),
        name: draft.name.clone(),
        email: draft.email.clone(),
        role: draft.role,
        created_at: alone.now(),
    };
    let sql =
        "INSERT INTO operator (id, pool, name, email, role, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = values![
        operator.id,
        pool,
        &operator.name,
        &operator.email,
        operator.role.as_str(),
        operator.created_at,
    ];
    alone.execute(sql, values).await?;
    let entry = Entry {
        actor,
        action: "operator.create",
        target: format!("operator:{}", operator.id),
        old: None,
        new: Some(shown(&operator)),
    };
    audit::write(&alone, pool, entry).await?;
    Ok(operator)
}

async fn check_email_is_free(
    alone: &Alone<'_>,
    email: &str,
    whose: Option<OperatorId>,
) -> Result<(), StoreError> {
    let sql = "SELECT id FROM operator WHERE pool = $1 AND email = $2";
    match alone.row(sql, values![alone.pool(), email]).await? {
        Some(row) if Some(row.parsed("id")?) != whose => Err(StoreError::Taken(Unique::Email)),
        _ => Ok(()),
    }
}

async fn change(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    id: OperatorId,
    draft: &OperatorDraft,
    keep_an_admin: bool,
) -> Result<Operator, StoreError> {
    let alone = writing.alone(pool).await?;
    let old = existing(&alone, pool, id).await?;
    check_email_is_free(&alone, &draft.email, Some(id)).await?;
    let admin = AnAdmin::before(&alone, keep_an_admin).await?;
    let sql = "UPDATE operator SET name = $1, email = $2, role = $3 WHERE pool = $4 AND id = $5";
    let values = values![&draft.name, &draft.email, draft.role.as_str(), pool, id];
    alone.execute(sql, values).await?;
    admin.after(&alone).await?;
    let new = existing(&alone, pool, id).await?;
    let entry = Entry {
        actor,
        action: "operator.change",
        target: format!("operator:{id}"),
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
    id: OperatorId,
    keep_an_admin: bool,
) -> Result<(), StoreError> {
    let alone = writing.alone(pool).await?;
    let old = existing(&alone, pool, id).await?;
    let admin = AnAdmin::before(&alone, keep_an_admin).await?;
    access::delete_of(&alone, actor, id).await?;
    let sql = "DELETE FROM operator WHERE pool = $1 AND id = $2";
    alone.execute(sql, values![pool, id]).await?;
    admin.after(&alone).await?;
    let entry = Entry {
        actor,
        action: "operator.delete",
        target: format!("operator:{id}"),
        old: Some(shown(&old)),
        new: None,
    };
    audit::write(&alone, pool, entry).await
}
