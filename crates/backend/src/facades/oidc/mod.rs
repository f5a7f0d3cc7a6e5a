//! OpenID Connect: any application and any resource server, without an SDK of ours.
//!
//! A pool is an issuer, `{public_url}/oidc/{pool}`; its applications are the clients. An application with a secret proves
//! itself with it, one without must use PKCE. People log in with WeChat: the authorization endpoint sends the browser
//! there and on to the application with a code. OpenID Connect Core and Discovery 1.0, RFC 6749, 7009, 7636, 7662, 9207.

mod authorize;
mod client;
mod discovery;
mod fault;
mod inspect;
mod leave;
mod page;
mod parameters;
#[cfg(test)]
pub(super) mod tests;
mod token;
mod user_info;

pub(super) use authorize::came_back;

use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    facades::{Browsers, Call},
    login::{Via, reject},
};
use yaopai_domain::{PoolId, Rejected};

/// The facade's name, in attempts and where a browser comes back.
pub(super) const NAME: &str = "oidc";

/// The endpoints of every pool's issuer.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let open = |endpoint: Endpoint| endpoint.from(Browsers::Anybody).failing(fault::early);
    let closed = |endpoint: Endpoint| endpoint.failing(fault::early);
    let shown = |endpoint: Endpoint| endpoint.failing(page::early);
    let none = Needs::Nothing;
    vec![
        open(Endpoint::get(
            "/oidc/{pool}/.well-known/openid-configuration",
            none,
            discovery::document,
        )),
        open(Endpoint::get("/oidc/{pool}/jwks", none, discovery::keys)),
        shown(Endpoint::get("/oidc/{pool}/authorize", none, authorize::handle)),
        shown(Endpoint::post("/oidc/{pool}/authorize", none, authorize::handle)),
        open(Endpoint::post("/oidc/{pool}/token", none, token::handle)),
        // Where Authing's SDKs look for them.
        open(Endpoint::post("/oidc/token", none, token::of_client)),
        open(Endpoint::post(
            "/oidc/token/revocation",
            none,
            inspect::revoke_of_client,
        )),
        open(Endpoint::get("/oidc/{pool}/userinfo", none, user_info::handle)),
        open(Endpoint::post("/oidc/{pool}/userinfo", none, user_info::handle)),
        closed(Endpoint::post(
            "/oidc/{pool}/introspect",
            none,
            inspect::introspect,
        )),
        open(Endpoint::post("/oidc/{pool}/revoke", none, inspect::revoke)),
        shown(Endpoint::get("/oidc/{pool}/logout", none, leave::handle)),
        shown(Endpoint::post("/oidc/{pool}/logout", none, leave::handle)),
    ]
}

/// The pool of a path.
async fn pool(app: &App, text: &str) -> Result<PoolId, Error> {
    let id: PoolId = text.parse().map_err(|_| Error::NotFound("pool"))?;
    let pool = app.store.pool(&id).await?.ok_or(Error::NotFound("pool"))?;
    Ok(pool.id)
}

/// Who is knocking.
fn via(call: &Call) -> Via {
    Via {
        facade: NAME,
        client: call.client,
        request_id: call.request_id.clone(),
    }
}

/// Writes down for operators what never became a login.
async fn rejected(app: &App, pool: &PoolId, call: &Call, what: Rejected) {
    reject(app, pool, None, &via(call), what).await;
}
