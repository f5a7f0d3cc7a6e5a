//! `POST /manage/v1/pools/{pool}/keys/rotate`: another signing key at once, when somebody may have the old one.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Body,
    openapi::Doc,
    session::{Purpose, keys},
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use yaopai_domain::{Action, TokenAlgorithm};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/manage/v1/pools/{pool}/keys/rotate",
            Needs::Right(Action::EditAccess),
            rotate,
        )
        .doc(
            Doc::new(
                "rotate_signing_key",
                "Make a new signing key and retire the old ones at once: for emergencies, the usual change needs nobody",
            )
            .takes::<Rotation>()
            .answers::<Rotated>(
                StatusCode::OK,
                "Access tokens of the old keys are refused, by other instances within a minute; refresh tokens stay good",
            ),
        ),
    ]
}

/// Which keys are to go.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// What they sign by.
    algorithm: TokenAlgorithm,
}

/// What signs now, and what no longer does.
#[derive(Serialize, JsonSchema)]
struct Rotated {
    /// The id of the new key (`kid`).
    key_id: String,
    /// The ids of the old keys.
    retired: Vec<String>,
}

async fn rotate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(Rotation { algorithm }): Body<Rotation>,
) -> Result<Json<Rotated>, Error> {
    let (key_id, retired) =
        keys::rotate(&app, &caller.pool, Purpose::signing(algorithm), &caller.name).await?;
    Ok(Json(Rotated { key_id, retired }))
}
