//! `POST /oauth/wechatapp/…/{pool}`.

use crate::{
    App,
    facades::{
        Call,
        authing::{
            caller::Caller,
            fields::Fields,
            mini_program::{self, Entry, PhoneProof, SealedData},
            wire::{Fault, Rest},
        },
    },
    login::{Door, Identified},
};
use axum::extract::State;
use serde_json::{Map, Value};
use std::sync::Arc;

/// `auth`: in by a code. `phone` is a claim, and counts only if WeChat gave that number for this very person.
pub(super) async fn auth(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let (caller, body, door) = arrive(app, &call).await?;
            let body = Fields(&body);
            let phone = body.spelled("phone");
            let code = match body.need("code") {
                Ok(code) => code,
                Err(fault) => return Err(caller.malformed(fault).await),
            };
            let entry = Entry {
                code,
                phone: phone.as_deref().map(PhoneProof::Claimed),
                profile: sealed(body).ok(),
                override_profile: body.flag("overideProfile"),
            };
            Ok(mini_program::enter(&caller, &door, entry).await?.v1())
        }
        .await,
    )
}

/// `getphone`: the number that was sealed for a code's session.
pub(super) async fn get_phone(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let (caller, body, door) = arrive(app, &call).await?;
            let (identified, sealed) = opened_by(&caller, &door, Fields(&body)).await?;
            let phone =
                mini_program::sealed_phone(&caller, &door, &identified.person.open_id, sealed).await?;
            Ok(mini_program::phone_json(&phone))
        }
        .await,
    )
}

/// `phone`: binds the number that was sealed for a code's session to the user whose token was shown.
pub(super) async fn bind_phone(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let (caller, body, door) = arrive(app, &call).await?;
            let bearer = caller.person().await?;
            let (identified, sealed) = opened_by(&caller, &door, Fields(&body)).await?;
            let phone =
                mini_program::sealed_phone(&caller, &door, &identified.person.open_id, sealed).await?;
            mini_program::bind_phone(&caller, &door, &bearer, &identified, &phone).await?;
            Ok(caller.portrait_of(&bearer).await?.v1())
        }
        .await,
    )
}

/// `decrypt`: opens what was sealed for a code's session; the identity in it is left out.
pub(super) async fn decrypt(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let (caller, body, door) = arrive(app, &call).await?;
            let (identified, sealed) = opened_by(&caller, &door, Fields(&body)).await?;
            let opened = mini_program::open(&caller, &door, &identified.person.open_id, sealed).await?;
            Ok(Value::Object(opened))
        }
        .await,
    )
}

async fn arrive(app: Arc<App>, call: &Call) -> Result<(Caller, Map<String, Value>, Door), Fault> {
    let pool = call.uri.path().rsplit('/').next().map(str::to_owned);
    let caller = Caller::of(app, call, pool.as_deref());
    let body = caller.fields(call).await?;
    let door = caller.mini_program(None).await?;
    Ok((caller, body, door))
}

async fn opened_by<'a>(
    caller: &Caller,
    door: &Door,
    body: Fields<'a>,
) -> Result<(Identified, SealedData<'a>), Fault> {
    let asked = sealed(body).and_then(|sealed| Ok((sealed, body.need("code")?)));
    let (sealed, code) = match asked {
        Ok(asked) => asked,
        Err(fault) => return Err(caller.malformed(fault).await),
    };
    Ok((mini_program::identify(caller, door, code).await?, sealed))
}

fn sealed(body: Fields<'_>) -> Result<SealedData<'_>, Fault> {
    Ok(SealedData {
        iv: body.need("iv")?,
        data: body.need("encryptedData")?,
    })
}
