//! When a user logged in with WeChat: what the attempts remember.

use super::PAGE_MAX;
use crate::{
    facades::authing::{
        fields::Fields,
        operator::{Operator, page},
        user::iso,
        wire::Fault,
    },
    store::AttemptFilter,
};
use serde_json::{Value, json};
use yaopai_domain::{Action, ApplicationId, AttemptState, LoginAttempt, Timestamp, UserId};

/// Logins of one user that are looked for.
const LOOKED_FOR: u32 = 1_000;
/// Searches for one answer: each looks at a few thousand attempts of the pool.
const SEARCHES_MAX: usize = 8;

/// The logins of a user, newest first. `start` and `end` are milliseconds.
pub(super) async fn of_user(operator: &Operator, user: UserId, fields: Fields<'_>) -> Result<Value, Fault> {
    operator.may(Action::ReadAttempts)?;
    let mut filter = AttemptFilter {
        state: Some(AttemptState::Decided),
        user: Some(user),
        since: fields.number("start").map(Timestamp),
        until: fields.number("end").map(Timestamp),
        ..AttemptFilter::default()
    };
    let mut all: Vec<LoginAttempt> = Vec::new();
    for _ in 0..SEARCHES_MAX {
        let store = &operator.app.store;
        let found = store
            .find_attempts(&operator.pool, filter.clone(), LOOKED_FOR)
            .await?;
        all.extend(found.attempts);
        filter.after = found.after;
        if filter.after.is_none() || all.len() >= LOOKED_FOR as usize {
            break;
        }
    }
    all.retain(|attempt| !attempt.dry_run);
    if let Some(client) = fields.text("clientIp") {
        all.retain(|attempt| client_of(attempt) == client);
    }
    let (skip, take) = page(fields, PAGE_MAX);
    let some: Vec<&LoginAttempt> = all.iter().skip(skip as usize).take(take as usize).collect();
    let ids = some.iter().map(|attempt| attempt.id).collect();
    let store = &operator.app.store;
    let applications = store.applications_of_attempts(&operator.pool, ids).await?;
    let some = some.into_iter().zip(applications);
    let list: Vec<Value> = some
        .map(|(attempt, application)| shown(attempt, application))
        .collect();
    Ok(json!({ "totalCount": all.len(), "list": list }))
}

fn client_of(attempt: &LoginAttempt) -> &str {
    let via = attempt.via.as_ref();
    via.and_then(|via| via.client.as_deref()).unwrap_or_default()
}

/// As `UserLoginHistoryDto` of authing-node-sdk 4.0.1 has it; empty texts for a login for no application.
fn shown(attempt: &LoginAttempt, application: Option<(ApplicationId, String)>) -> Value {
    let (id, name) = application.map_or_else(Default::default, |(id, name)| (id.to_string(), name));
    json!({
        "appId": id,
        "appName": name,
        "appLogo": "",
        "appLoginUrl": "",
        "clientIp": client_of(attempt),
        "userAgent": "",
        "time": iso(attempt.created_at),
    })
}
