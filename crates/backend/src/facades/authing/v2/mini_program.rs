//! `POST /connections/social/wechat-miniprogram/…`: what authing-wxapp-sdk 4 sends.

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
    login::Door,
};
use axum::extract::State;
use serde_json::{Map, Value};
use std::sync::Arc;

/// `…/auth`: in by a code.
pub(super) async fn auth(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(try_auth(app, &call, false).await)
}

/// `…/auth-by-phone`: in by a code, and by the phone number that was sealed for its session.
pub(super) async fn auth_by_phone(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(try_auth(app, &call, true).await)
}

async fn try_auth(app: Arc<App>, call: &Call, by_phone: bool) -> Result<Value, Fault> {
    let (caller, body, door) = arrive(app, call).await?;
    let body = Fields(&body);
    let code = match body.need("code") {
        Ok(code) => code,
        Err(fault) => return Err(caller.malformed(fault).await),
    };
    let sealed = sealed(body);
    if by_phone && sealed.is_none() {
        return Err(caller.malformed(Fault::missing("encryptedData")).await);
    }
    let entry = Entry {
        code,
        phone: sealed.filter(|_| by_phone).map(PhoneProof::Sealed),
        profile: sealed.filter(|_| !by_phone),
        override_profile: false,
    };
    Ok(mini_program::enter(&caller, &door, entry).await?.v2())
}

/// `…/getphone`: the phone number that was sealed for a code's session.
pub(super) async fn get_phone(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(try_get_phone(app, &call).await)
}

async fn try_get_phone(app: Arc<App>, call: &Call) -> Result<Value, Fault> {
    let (caller, body, door) = arrive(app, call).await?;
    let body = Fields(&body);
    let sealed = sealed(body).ok_or_else(|| Fault::missing("encryptedData"))?;
    let identified = mini_program::identify(&caller, &door, body.need("code")?).await?;
    let phone = mini_program::sealed_phone(&caller, &door, &identified.person.open_id, sealed).await?;
    Ok(mini_program::phone_json(&phone))
}

/// Whose mini program it is, and what it sent. `extIdpConnidentifier` or `identifier` may name the connection.
async fn arrive(app: Arc<App>, call: &Call) -> Result<(Caller, Map<String, Value>, Door), Fault> {
    let caller = Caller::of(app, call, None);
    let body = caller.fields(call).await?;
    let identifier = Fields(&body).text("extIdpConnidentifier");
    let door = caller.mini_program(identifier).await?;
    Ok((caller, body, door))
}

fn sealed(body: Fields<'_>) -> Option<SealedData<'_>> {
    Some(SealedData {
        iv: body.text("iv")?,
        data: body.text("encryptedData")?,
    })
}

/// `…/bind`: binds the person of a code to the user whose token was shown, if they have logged in lately.
pub(super) async fn bind(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(try_bind(app, &call).await)
}

async fn try_bind(app: Arc<App>, call: &Call) -> Result<Value, Fault> {
    let (caller, body, door) = arrive(app, call).await?;
    let bearer = caller.fresh_person().await?;
    if bearer.pool != door.pool {
        return Err(Fault::signed_out());
    }
    let identified = mini_program::identify(&caller, &door, Fields(&body).need("code")?).await?;
    mini_program::bind(&caller, &door, bearer.user, &identified).await?;
    Ok(caller.portrait_of(&bearer).await?.v2())
}
