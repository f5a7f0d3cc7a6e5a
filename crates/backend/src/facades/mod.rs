//! The wires of the SDKs: each facade is a folder, thin over what logs people in, and speaks its own envelope.
//!
//! What they share is how a request is read ([`Call`]), whose people it is about ([`pool_of`]) and which browsers may send
//! it ([`Browsers`]). Answers are each facade's own.

mod authing;
mod browsers;
mod call;
#[cfg(test)]
mod canary;
mod cloudbase;
#[cfg(test)]
pub(crate) mod desk;
mod oidc;
mod plain;
mod redirect;

pub(crate) use authing::secret_place;
pub(crate) use browsers::{Browsers, let_browsers_in};
pub(crate) use call::Call;

use crate::{
    App, Error,
    endpoint::Endpoint,
    login::{self, Arrived, Rejected, Via},
    store::Application,
};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use yaopai_domain::{ApplicationId, Connection, PoolId};

/// Every facade's endpoints.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = authing::endpoints();
    endpoints.extend(cloudbase::endpoints());
    endpoints.extend(plain::endpoints());
    endpoints.extend(oidc::endpoints());
    endpoints
}

/// Answers a browser that WeChat sent back for one of the facades.
pub(crate) async fn came_back(app: Arc<App>, arrived: Arrived) -> Response {
    match arrived.then.facade.as_str() {
        oidc::NAME => oidc::came_back(app, arrived).await,
        authing::FACADE => authing::came_back(app, arrived).await,
        unknown => {
            tracing::error!(facade = unknown, "a browser came back for nobody");
            Error::NotFound("facade").into_response()
        }
    }
}

/// What a request says about whose people it is about. An empty text says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PoolHints<'a> {
    /// A pool (Authing: `x-authing-userpool-id`).
    pub(crate) pool: Option<&'a str>,
    /// An application (Authing: `x-authing-app-id`).
    pub(crate) application: Option<&'a str>,
    /// A pool or else an application (CloudBase: `client_id`).
    pub(crate) either: Option<&'a str>,
}

/// The pool that a request is about, and the application that sent it if it said so: the pool of the application, the pool
/// that is named, else the only one there is.
///
/// Fails with [`Error::NotFound`] of `pool` or `application`, also if an application is not of the pool that is named.
pub(crate) async fn pool_of(app: &App, hints: PoolHints<'_>) -> Result<(PoolId, Option<Application>), Error> {
    let said = |hint: Option<&str>| {
        hint.map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let mut pool = match said(hints.pool) {
        Some(text) => Some(pool(app, &text).await?.ok_or(Error::NotFound("pool"))?),
        None => None,
    };
    let mut sender = match said(hints.application) {
        Some(text) => Some(
            application(app, &text)
                .await?
                .ok_or(Error::NotFound("application"))?,
        ),
        None => None,
    };
    if let Some(text) = said(hints.either) {
        if let Some(named) = self::pool(app, &text).await? {
            pool.get_or_insert(named);
        } else {
            let named = application(app, &text).await?.ok_or(Error::NotFound("pool"))?;
            sender.get_or_insert(named);
        }
    }
    match (pool, sender) {
        (Some(pool), Some(sender)) if sender.pool != pool => Err(Error::NotFound("application")),
        (_, Some(sender)) => Ok((sender.pool.clone(), Some(sender))),
        (Some(pool), None) => Ok((pool, None)),
        (None, None) => {
            let only = app.store.only_pool().await?;
            Ok((only.ok_or(Error::NotFound("pool"))?, None))
        }
    }
}

/// Keeps for operators what never became a login. A call that names nobody's pool is told to the only one there is.
async fn record(
    app: &App,
    pool: Option<&PoolId>,
    connection: Option<&Connection>,
    via: &Via,
    what: Rejected,
) {
    let pool = match pool {
        Some(pool) => Some(pool.clone()),
        None => app.store.only_pool().await.unwrap_or_default(),
    };
    if let Some(pool) = pool {
        login::reject(app, &pool, connection, via, what).await;
    }
}

async fn pool(app: &App, text: &str) -> Result<Option<PoolId>, Error> {
    let Ok(id) = text.parse() else { return Ok(None) };
    Ok(app.store.pool(&id).await?.map(|pool| pool.id))
}

async fn application(app: &App, text: &str) -> Result<Option<Application>, Error> {
    let Ok(id) = text.parse::<ApplicationId>() else {
        return Ok(None);
    };
    Ok(app.store.application(&id).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;
    use rstest::rstest;

    const APPLICATIONS: &str = r#"
        [[application]]
        id = "65f0c0ffee0ddba11"
        name = "shop"
        redirect_urls = ["https://shop.example.com/login", "https://*.shop.example.com/login"]

        [[application]]
        id = "foreign"
        pool = "other"
        name = "foreign"
    "#;

    const fn hints<'a>(
        pool: Option<&'a str>,
        application: Option<&'a str>,
        either: Option<&'a str>,
    ) -> PoolHints<'a> {
        PoolHints {
            pool,
            application,
            either,
        }
    }

    #[rstest]
    #[case::pool(hints(Some("other"), None, None), Ok(("other", None)))]
    #[case::application(hints(None, Some("foreign"), None), Ok(("other", Some("foreign"))))]
    #[case::both(hints(Some("other"), Some("foreign"), None), Ok(("other", Some("foreign"))))]
    #[case::not_of_the_pool(hints(Some("default"), Some("foreign"), None), Err("application"))]
    #[case::either_is_a_pool(hints(None, None, Some("default")), Ok(("default", None)))]
    #[case::either_is_an_application(
        hints(None, None, Some("65f0c0ffee0ddba11")),
        Ok(("default", Some("65f0c0ffee0ddba11")))
    )]
    #[case::unknown_pool(hints(Some("nowhere"), None, None), Err("pool"))]
    #[case::no_name(hints(Some("../etc"), None, None), Err("pool"))]
    #[case::unknown_application(hints(None, Some("nobody"), None), Err("application"))]
    #[case::unknown_either(hints(None, None, Some("nobody")), Err("pool"))]
    #[case::empty_says_nothing(hints(Some("other"), Some(""), Some(" ")), Ok(("other", None)))]
    #[case::nothing_said_and_two_pools(PoolHints::default(), Err("pool"))]
    #[tokio::test]
    async fn a_request_is_about_the_pool_it_names(
        #[case] hints: PoolHints<'_>,
        #[case] expected: Result<(&str, Option<&str>), &str>,
    ) {
        let bench = Bench::new().await;
        bench.bootstrap(APPLICATIONS).await.unwrap();
        let found = pool_of(&bench.app, hints).await;
        let found = match &found {
            Ok((pool, sender)) => Ok((
                pool.as_str(),
                sender.as_ref().map(|application| application.id.as_str()),
            )),
            Err(Error::NotFound(what)) => Err(*what),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found, expected);
    }
}
