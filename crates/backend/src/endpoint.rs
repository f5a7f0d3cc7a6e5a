//! An endpoint and what it needs, kept together: no route exists without an answer to "who may call it?".

use crate::{App, Error, access, browser_guard, facades::Browsers, limit, openapi::Doc};
use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    http::Method,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use std::{convert::Infallible, sync::Arc, time::Duration};
use yaopai_domain::Action;

/// A handler takes at most this long, unless its endpoint is [`Endpoint::long`]. Calls to WeChat take up to 10 s each.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// How an error is told in the words of an API.
type Fail = fn(Error) -> Response;

/// One method at one path.
pub(crate) struct Endpoint {
    /// The method.
    pub(crate) method: Method,
    /// The path, with `{name}` for its parameters.
    pub(crate) path: &'static str,
    /// Who may call it.
    pub(crate) needs: Needs,
    /// Which web pages may call it.
    pub(crate) browsers: Browsers,
    fail: Fail,
    /// What people read about it; absent for what an SDK defines.
    pub(crate) doc: Option<Doc>,
    long: bool,
    handler: MethodRouter<Arc<App>>,
}

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Anybody.
    Nothing,
    /// Holders of an access key of any pool.
    AnyKey,
    /// Callers whose role may do this in the pool of the path (`{pool}`).
    Right(Action),
}

impl Endpoint {
    /// A `GET` endpoint.
    pub(crate) fn get<H: Handler<T, Arc<App>>, T: 'static>(
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self {
        Self::new(Method::GET, MethodFilter::GET, path, needs, handler)
    }

    /// A `POST` endpoint.
    pub(crate) fn post<H: Handler<T, Arc<App>>, T: 'static>(
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self {
        Self::new(Method::POST, MethodFilter::POST, path, needs, handler)
    }

    /// A `PUT` endpoint.
    pub(crate) fn put<H: Handler<T, Arc<App>>, T: 'static>(
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self {
        Self::new(Method::PUT, MethodFilter::PUT, path, needs, handler)
    }

    /// A `PATCH` endpoint.
    pub(crate) fn patch<H: Handler<T, Arc<App>>, T: 'static>(
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self {
        Self::new(Method::PATCH, MethodFilter::PATCH, path, needs, handler)
    }

    /// A `DELETE` endpoint.
    pub(crate) fn delete<H: Handler<T, Arc<App>>, T: 'static>(
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self {
        Self::new(Method::DELETE, MethodFilter::DELETE, path, needs, handler)
    }

    fn new<H: Handler<T, Arc<App>>, T: 'static>(
        method: Method,
        filter: MethodFilter,
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self {
        Self {
            method,
            path,
            needs,
            browsers: Browsers::Nobody,
            fail: Error::into_response,
            doc: None,
            long: false,
            handler: on(filter, handler),
        }
    }

    /// Frees the endpoint from the time limit: it streams until the caller or the backend leaves.
    pub(crate) fn long(self) -> Self {
        Self { long: true, ..self }
    }

    /// Says what it is for.
    pub(crate) fn doc(self, doc: Doc) -> Self {
        Self {
            doc: Some(doc),
            ..self
        }
    }

    /// Lets web pages call the endpoint; it counts for every method at its path.
    pub(crate) fn from(self, browsers: Browsers) -> Self {
        Self { browsers, ..self }
    }

    /// Tells errors that come before the handler in other words than problems.
    pub(crate) fn failing(self, fail: Fail) -> Self {
        Self { fail, ..self }
    }

    /// Adds the endpoint to a router.
    pub(crate) fn mount(self, router: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
        let mut handler: MethodRouter<Arc<App>, Infallible> = self.handler;
        if !self.long {
            handler = handler.layer(middleware::from_fn_with_state(self.fail, in_time));
        }
        let app = Arc::clone(app);
        handler = match self.needs {
            Needs::Nothing => handler.layer(middleware::from_fn_with_state((app, self.fail), hold_back)),
            Needs::AnyKey => handler.layer(middleware::from_fn_with_state(app, access::check_any)),
            Needs::Right(action) => handler
                .layer(middleware::from_fn_with_state(
                    (Arc::clone(&app), action),
                    access::check,
                ))
                .layer(middleware::from_fn_with_state(app, browser_guard::refuse_pages)),
        };
        router.route(self.path, handler)
    }
}

async fn in_time(State(fail): State<Fail>, request: Request, next: Next) -> Response {
    tokio::time::timeout(TIME_LIMIT, next.run(request))
        .await
        .unwrap_or_else(|_| fail(Error::Busy))
}

async fn hold_back(State((app, fail)): State<(Arc<App>, Fail)>, request: Request, next: Next) -> Response {
    limit::hold_back(State(app), request, next)
        .await
        .unwrap_or_else(fail)
}
