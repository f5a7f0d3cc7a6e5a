//! `/manage/v1/pools/{pool}/refused`: the people whom a connection refused, latest first, and what to do with them.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Body, Parameters, Place},
    openapi::Doc,
    store::{Admission, Admitted, Bind, By, RefusedAfter},
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use yaopai_domain::{Action, FieldError, RefusedPerson, Rule, Timestamp, UserId};

const USUAL_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
const ONE: &str = "/manage/v1/pools/{pool}/refused/{app_id}/{open_id}";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/manage/v1/pools/{pool}/refused",
            Needs::Right(Action::ReadRefused),
            list,
        )
        .doc(
            Doc::new(
                "list_refused",
                "The people whom a connection refused, latest first",
            )
            .query::<Page>()
            .answers::<Refused>(StatusCode::OK, "A page of the queue"),
        ),
        Endpoint::put(ONE, Needs::Right(Action::EditUsers), admit).doc(
            Doc::new(
                "admit_refused",
                "Let a refused person in, as this user or as a new one",
            )
            .takes::<Wish>()
            .answers::<Welcome>(StatusCode::OK, "Who they are now"),
        ),
        Endpoint::delete(ONE, Needs::Right(Action::EditUsers), dismiss).doc(
            Doc::new("dismiss_refused", "Forget a refused person until they come again")
                .answers_nothing(StatusCode::NO_CONTENT, "Forgotten"),
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Page {
    /// What the last page answered as `after`.
    after: Option<String>,
    /// At most this many, 50 unless told, 200 at most.
    limit: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Refused {
    /// Latest first.
    refused: Vec<RefusedPerson>,
    /// Send it back to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Parameters(page): Parameters<Page>,
) -> Result<Json<Refused>, Error> {
    let limit = page.limit.unwrap_or(USUAL_LIMIT).clamp(1, MAX_LIMIT);
    let after = page.after.as_deref().map(read_cursor).transpose()?;
    // One more than asked for tells whether there is another page.
    let mut refused = app.store.refused_people(&caller.pool, after, limit + 1).await?;
    let more = refused.len() > limit as usize;
    refused.truncate(limit as usize);
    let after = refused.last().filter(|_| more).map(write_cursor);
    Ok(Json(Refused { refused, after }))
}

fn write_cursor(last: &RefusedPerson) -> String {
    format!("{}.{}.{}", last.last_seen.0, last.app_id, last.open_id)
}

fn read_cursor(text: &str) -> Result<RefusedAfter, Error> {
    let mut parts = text.splitn(3, '.');
    let moment = parts.next().and_then(|millis| millis.parse().ok());
    match (moment, parts.next(), parts.next()) {
        (Some(millis), Some(app_id), Some(open_id)) => Ok(RefusedAfter {
            last_seen: Timestamp(millis),
            app_id: app_id.to_owned(),
            open_id: open_id.to_owned(),
        }),
        _ => Err(Error::Malformed(
            "`after` is not one this list has given".to_owned(),
        )),
    }
}

#[derive(Deserialize)]
struct Person {
    app_id: String,
    open_id: String,
}

/// `{"user_id": "…"}`: they are this user; `{"user_id": null}`: they are new and get in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// The user they are; null for a new one.
    user_id: Option<UserId>,
}

/// Who they are now.
#[derive(Serialize, JsonSchema)]
struct Welcome {
    /// The user.
    user_id: UserId,
}

async fn admit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(Person { app_id, open_id }): Place<Person>,
    Body(Wish { user_id }): Body<Wish>,
) -> Result<Json<Welcome>, Error> {
    let admission = user_id.map_or(Admission::New, Admission::Is);
    let by = By { actor: caller.name };
    match app
        .store
        .admit(&caller.pool, app_id, open_id, admission, by)
        .await?
    {
        Admitted::As(user_id) => Ok(Json(Welcome { user_id })),
        Admitted::Not(Bind::Elsewhere(_)) => Err(Error::BoundElsewhere),
        Admitted::Not(Bind::NoUser) => Err(Error::InvalidFields(vec![FieldError::new(
            "user_id",
            Rule::UserUnknown,
        )])),
        Admitted::NotFound | Admitted::Dismissed | Admitted::Not(_) => Err(Error::NotFound("refused person")),
    }
}

async fn dismiss(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(Person { app_id, open_id }): Place<Person>,
) -> Result<StatusCode, Error> {
    let by = By { actor: caller.name };
    let done = app
        .store
        .admit(&caller.pool, app_id, open_id, Admission::Dismiss, by)
        .await?;
    match done {
        Admitted::Dismissed => Ok(StatusCode::NO_CONTENT),
        _ => Err(Error::NotFound("refused person")),
    }
}
