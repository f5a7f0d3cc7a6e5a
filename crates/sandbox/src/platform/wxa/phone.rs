//! `wxa/business/getuserphonenumber`: the phone number behind a phone code.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::mini_program;
use crate::platform::answer::{Family, Fine, Refusal};
use crate::platform::bearer::{json, post};
use crate::platform::{Errcode, Params, Platform, Shared};
use crate::shapes;
use crate::world::codes::Purpose;
use crate::world::people::Person;

/// The limit on what the platform gives for free before it wants to be paid.
pub(crate) const PAID: &str = "/wxa/business/getuserphonenumber#paid";

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    code: String,
    #[serde(default)]
    openid: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    phone_info: PhoneInfo,
}

/// A phone number as WeChat tells it, here and inside `encryptedData`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhoneInfo {
    phone_number: String,
    pure_phone_number: String,
    country_code: &'static str,
    watermark: Watermark,
}

/// Whom and when the data was made for.
#[derive(Serialize)]
struct Watermark {
    timestamp: u64,
    appid: String,
}

impl PhoneInfo {
    /// The number of a person for an app; numbers abroad carry their country code in the first field.
    pub(crate) fn of(person: &Person, app_id: &str, now: u64) -> Self {
        Self {
            phone_number: if person.country_code == "86" {
                person.phone_number.clone()
            } else {
                format!("+{}{}", person.country_code, person.phone_number)
            },
            pure_phone_number: person.phone_number.clone(),
            country_code: person.country_code,
            watermark: Watermark {
                timestamp: now,
                appid: app_id.to_owned(),
            },
        }
    }
}

/// `POST /wxa/business/getuserphonenumber`.
pub(crate) async fn number(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
    body: Bytes,
) -> Response {
    let outcome = post(&method)
        .map_err(Refusal::from)
        .and_then(|()| answer(&platform, &params, &body));
    Family::Api.answer(&platform, outcome)
}

fn answer(platform: &Platform, params: &Params, body: &[u8]) -> Result<Fine<Answer>, Refusal> {
    let now = platform.now();
    let mut world = platform.world();
    let app = mini_program(&world, params, now)?;
    let request: Request = json(body, Errcode::DataFormat)?;
    // Used, old, foreign and invented codes all hear the same, with a hint for WeChat's support.
    let invalid = || {
        let hint = shapes::qr_uuid(&platform.entropy);
        let stem = format!("{} hint: [{hint}]", Errcode::InvalidCode.stem());
        Refusal::worded(Errcode::InvalidCode.number(), stem)
    };
    let openid = world
        .codes
        .look(&request.code, Purpose::Phone, &app.app_id, now)
        .map_err(|_| invalid())?
        .openid(&app.app_id);
    if request.openid.is_some_and(|claimed| claimed != openid) {
        return Err(invalid());
    }
    world.quotas.take(PAID, &app.app_id, "", now)?;
    let grant = world
        .codes
        .exchange(&request.code, Purpose::Phone, &app.app_id, now)
        .map_err(|_| invalid())?;
    Ok(Fine::with(Answer {
        phone_info: PhoneInfo::of(&grant.person, &app.app_id, now),
    }))
}
