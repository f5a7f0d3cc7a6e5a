//! `/sandbox/switches`, `/sandbox/quotas` and `/sandbox/clock`: what goes wrong, and when it is.

use std::time::Duration;

use axum::extract::{Json, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::fault::{Order, ScriptFault};
use crate::platform::{AUTHORIZE_PATH, Errcode, PageFault, Refusal, Shared, is_call};
use crate::world::faults::OrderedFailure;
use crate::world::quotas::QuotaSheet;

/// What to switch; whatever is left out stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Switches {
    errcode: Option<OrderedErrcode>,
    delay: Option<OrderedDelay>,
    quota: Option<OrderedQuota>,
    push_retries: Option<u32>,
    strict_authorize: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderedErrcode {
    path: String,
    errcode: i32,
    /// Only for an errcode that this sandbox does not know, or to say something else.
    errmsg: Option<String>,
    /// Zero takes an earlier order back; left out, it stays until then.
    times: Option<u32>,
    /// Only calls of this app fail.
    app_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderedDelay {
    path: String,
    milliseconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderedQuota {
    name: String,
    /// Left out, the limit is WeChat's own again.
    limit: Option<u64>,
}

fn refusal(ordered: &OrderedErrcode) -> Result<Refusal, ScriptFault> {
    if let Some(errmsg) = &ordered.errmsg {
        return Ok(Refusal::worded(ordered.errcode, errmsg.clone()));
    }
    if let Some(fault) = PageFault::from_number(ordered.errcode) {
        return Ok(Refusal::worded(ordered.errcode, fault.text().to_owned()));
    }
    Errcode::from_number(ordered.errcode)
        .map(Refusal::from)
        .ok_or(ScriptFault::Errcode(ordered.errcode))
}

/// `POST /sandbox/switches`: failures, delays, quotas and retries to order.
pub(super) async fn set(
    State(platform): State<Shared>,
    Order(switches): Order<Switches>,
) -> Result<StatusCode, ScriptFault> {
    // Nothing is switched unless everything can be.
    let errcode = switches
        .errcode
        .map(|ordered| {
            if !is_call(&ordered.path) && ordered.path != AUTHORIZE_PATH {
                return Err(ScriptFault::Path);
            }
            let order = OrderedFailure {
                refusal: refusal(&ordered)?,
                times: ordered.times,
                app_id: ordered.app_id,
            };
            Ok::<_, ScriptFault>((ordered.path, order))
        })
        .transpose()?;
    if switches.delay.as_ref().is_some_and(|delay| !is_call(&delay.path)) {
        return Err(ScriptFault::Path);
    }
    let mut world = platform.world();
    if let Some(quota) = &switches.quota
        && !world.quotas.set(&quota.name, quota.limit)
    {
        return Err(ScriptFault::Quota);
    }
    if let Some((path, order)) = errcode {
        world.faults.order(&path, order);
    }
    if let Some(OrderedDelay { path, milliseconds }) = switches.delay {
        world.faults.delay(&path, Duration::from_millis(milliseconds));
    }
    if let Some(retries) = switches.push_retries {
        world.pushes.retries = retries;
    }
    if let Some(strict) = switches.strict_authorize {
        world.strict_authorize = strict;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /sandbox/switches`: no failures, no delays, no strictness, and WeChat's own quotas again.
pub(super) async fn take_back(State(platform): State<Shared>) -> StatusCode {
    let mut world = platform.world();
    world.faults.clear();
    world.quotas.restore();
    world.strict_authorize = false;
    StatusCode::NO_CONTENT
}

/// `GET /sandbox/quotas`: every limit as it is now.
pub(super) async fn quotas(State(platform): State<Shared>) -> Json<Vec<QuotaSheet>> {
    Json(platform.world().quotas.sheets())
}

/// How far to move the clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    advance_seconds: u32,
}

/// `POST /sandbox/clock`: everything that ages in the sandbox gets older at once.
pub(super) async fn clock(State(platform): State<Shared>, Order(advance): Order<Advance>) -> StatusCode {
    platform.advance(u64::from(advance.advance_seconds));
    StatusCode::NO_CONTENT
}
