//! Which application asks, and whether it proves it (RFC 6749, 2.3).

use super::{
    fault::{Fault, Kind},
    parameters::Parameters,
};
use crate::{App, facades::Call, session::token, store::Application};
use axum::http::header;
use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::percent_decode_str;
use yaopai_domain::{ApplicationId, PoolId};

/// An application that has said who it is.
pub(super) struct Client {
    /// The application.
    pub(super) application: Application,
    /// Whether it has proven it by its secret; one without a secret cannot.
    pub(super) proven: bool,
}

/// An application of the pool.
pub(super) async fn application(app: &App, pool: &PoolId, id: &str) -> Result<Option<Application>, Fault> {
    let Ok(id) = id.parse::<ApplicationId>() else {
        return Ok(None);
    };
    let known = app.store.application(&id).await.map_err(crate::Error::from)?;
    Ok(known.filter(|application| application.pool == *pool))
}

/// Whether an application has a secret to prove itself with.
pub(super) async fn has_secret(app: &App, id: &ApplicationId) -> Result<bool, Fault> {
    let secrets = app.store.application_secret_hashes(id).await;
    Ok(!secrets.map_err(crate::Error::from)?.is_empty())
}

/// Whose people a request to the token endpoint or one like it is about, its form, and the application that sends it. Without
/// `place`, the pool of its path, it is about the pool of the application.
pub(super) async fn asking(
    app: &App,
    place: Option<&str>,
    call: &Call,
) -> Result<(PoolId, Parameters, Client), Fault> {
    let (pool, form) = match place {
        Some(pool) => (super::pool(app, pool).await?, Parameters::of(call)?),
        None => of_pool(app, call).await?,
    };
    let client = authenticate(app, &pool, call, &form).await?;
    Ok((pool, form, client))
}

/// The application, by HTTP Basic or in the form, with its secret if it has one.
async fn authenticate(app: &App, pool: &PoolId, call: &Call, form: &Parameters) -> Result<Client, Fault> {
    // One answer for all of it: nobody learns here which applications there are.
    let refused = || {
        Fault::new(
            Kind::InvalidClient,
            "the client is unknown or its secret is wrong",
        )
    };
    let basic = match call.header(header::AUTHORIZATION.as_str()) {
        Some(value) => Some(basic(value).ok_or_else(refused)?),
        None => None,
    };
    let (id, secret) = match (basic, form.get("client_secret")) {
        (Some(_), Some(_)) => {
            return Err(Fault::request("the client authenticates in two ways at once"));
        }
        (Some((id, secret)), None) => {
            if form.get("client_id").is_some_and(|named| named != id) {
                return Err(Fault::request("client_id is not the client that authenticates"));
            }
            (id, secret)
        }
        (None, secret) => {
            let id = form.get("client_id").ok_or_else(refused)?;
            (id.to_owned(), secret.unwrap_or_default().to_owned())
        }
    };
    let application = application(app, pool, &id).await?.ok_or_else(refused)?;
    let hashes = app.store.application_secret_hashes(&application.id).await;
    let hashes = hashes.map_err(crate::Error::from)?;
    let proven = token::is_of(&secret, &hashes);
    if proven || hashes.is_empty() && secret.is_empty() {
        Ok(Client { application, proven })
    } else {
        Err(refused())
    }
}

/// The pool of the application that sends a request to an address without a pool, and its form. Authing's SDKs name the
/// application in a header.
async fn of_pool(app: &App, call: &Call) -> Result<(PoolId, Parameters), Fault> {
    let mut form = Parameters::of(call)?;
    let by_basic = call.header(header::AUTHORIZATION.as_str()).and_then(basic);
    if let (None, Some(named)) = (&by_basic, call.header("x-authing-app-id")) {
        form.complete("client_id", named);
    }
    let named = match &by_basic {
        Some((id, _)) => Some(id.as_str()),
        None => form.get("client_id"),
    };
    let application = match named.and_then(|id| id.parse::<ApplicationId>().ok()) {
        Some(id) => app.store.application(&id).await.map_err(crate::Error::from)?,
        None => None,
    };
    match application {
        Some(application) => Ok((application.pool, form)),
        None => Err(Fault::new(
            Kind::InvalidClient,
            "the client is unknown or its secret is wrong",
        )),
    }
}

/// Id and secret of a Basic header; both are form-encoded inside (RFC 6749, 2.3.1).
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let clear = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = clear.split_once(':')?;
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text)
            .decode_utf8()
            .ok()
            .map(std::borrow::Cow::into_owned)
    };
    Some((decoded(id)?, decoded(secret)?))
}
