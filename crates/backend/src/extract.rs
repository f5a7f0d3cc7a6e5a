//! What handlers take from a request; whatever does not fit is told as a problem, without repeating values.

use crate::Error;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, request::Parts},
    response::IntoResponse,
};
use serde::de::DeserializeOwned;

/// The JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
                _ => Error::Malformed("the body did not arrive".to_owned()),
            }
        })?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            // The parser's own words can repeat values, and a value can be a secret.
            Error::Malformed(format!(
                "the body is not the JSON this endpoint takes (line {}, column {})",
                error.line(),
                error.column()
            ))
        })
    }
}

/// Parameters of the path, as the fields of `T`.
pub(crate) struct Place<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Place<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(place)| Self(place))
            .map_err(|_| Error::NotFound("resource"))
    }
}

/// Parameters of the query, as the fields of `T`.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        Query::from_request_parts(parts, state)
            .await
            .map(|Query(parameters)| Self(parameters))
            .map_err(|_| Error::Malformed("the query is not what this endpoint takes".to_owned()))
    }
}
