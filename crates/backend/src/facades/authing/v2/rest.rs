//! The calls of the second generation that are not GraphQL.

use super::calls;
use crate::{
    App,
    endpoint::{Endpoint, Needs},
    facades::{
        Call,
        authing::{
            caller::Caller,
            entry::{self, NewUser},
            fields::Fields,
            wire::{Fault, Rest},
        },
    },
    session,
};
use axum::extract::State;
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let anybody = Needs::Nothing;
    vec![
        Endpoint::get("/api/v2/.well-known", anybody, well_known),
        Endpoint::get("/api/v2/logout", anybody, logout),
        Endpoint::post("/api/v2/sms/send", anybody, send_sms),
        Endpoint::post("/api/v2/login/email-code", anybody, login_by_email_code),
        Endpoint::post("/api/v2/register/email-code", anybody, register_by_email_code),
    ]
}

/// The public key with which the SDKs encrypt passwords.
async fn well_known(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let caller = Caller::of(app, &call, None);
            let (pool, _) = caller.place().await?;
            let key = session::keys::encryption(&caller.app, &pool).await?;
            Ok(json!({ "publicKey": key.public_pem()? }))
        }
        .await,
    )
}

/// Ends the session whose token was shown; without one there is nothing to end.
async fn logout(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let caller = Caller::of(app, &call, None);
            if caller.token.is_some()
                && let Ok(bearer) = caller.person().await
            {
                session::end(&caller.app, bearer.session).await?;
            }
            Ok(Value::Null)
        }
        .await,
    )
}

async fn send_sms(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let (caller, body) = read(app, &call).await?;
            calls::send_sms(&caller, Fields(&body)).await
        }
        .await,
    )
}

async fn login_by_email_code(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let (caller, body) = read(app, &call).await?;
            let body = Fields(&body);
            let target = entry::email(body.need("email")?)?;
            let portrait = entry::by_code(&caller, target, body.need("code")?, &Map::new()).await?;
            Ok(portrait.v2())
        }
        .await,
    )
}

async fn register_by_email_code(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let (caller, body) = read(app, &call).await?;
            let body = Fields(&body);
            let new = NewUser {
                proof: Some((entry::email(body.need("email")?)?, body.need("code")?)),
                username: None,
                password: body.text("password"),
                profile: body.object("profile").cloned().unwrap_or_default(),
            };
            Ok(entry::register(&caller, new).await?.v2())
        }
        .await,
    )
}

async fn read(app: Arc<App>, call: &Call) -> Result<(Caller, Map<String, Value>), Fault> {
    let caller = Caller::of(app, call, None);
    let body = caller.fields(call).await?;
    Ok((caller, body))
}
