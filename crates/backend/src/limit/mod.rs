//! Rate limits: how often one client may knock.
//!
//! Kept in memory: each instance of the server limits what it sees. Limits that must hold across instances (tries of a
//! code, wrong passwords) are rows in the database.

mod client;

pub(crate) use client::{Client, Proxies};

use crate::{App, Error};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderMap},
    middleware::Next,
    response::Response,
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as GovernorClock, Reference},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::keyed::DefaultKeyedStateStore,
};
use std::{
    hash::Hash,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};
use yaopai_domain::Clock;

/// A limiter of requests by key.
type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, Ticks, NoOpMiddleware<Moment>>;

/// Keys after which those that have recovered are forgotten.
const KEYS_KEPT: usize = 10_000;

/// The address that a request came from, through trusted proxies; absent in tests that open no socket.
pub(crate) fn address_of(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    let forwarded_for = headers
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok());
    Some(app.proxies.client(peer.ip(), forwarded_for))
}

/// Holds back a client that knocks too often.
pub(crate) async fn hold_back(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    if let Some(address) = address_of(&app, request.headers(), request.extensions()) {
        app.gates.client(address.into()).map_err(|limited| {
            app.metrics.limited(limited.limit);
            Error::TooOften {
                retry_after: limited.retry_after,
            }
        })?;
    }
    Ok(next.run(request).await)
}

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How often in a row.
    pub burst: NonZeroU32,
    /// How long until one more is allowed.
    pub every: Duration,
}

/// The limits of a server; absent means none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one client to endpoints that ask for no access key.
    pub per_client: Option<Rate>,
}

impl Default for Limits {
    fn default() -> Self {
        let rate = |burst: u32, every| NonZeroU32::new(burst).map(|burst| Rate { burst, every });
        Self {
            per_client: rate(200, Duration::from_millis(20)),
        }
    }
}

/// Which limit was reached, and when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited {
    /// Name of the limit.
    pub(crate) limit: &'static str,
    /// Whole seconds, at least one.
    pub(crate) retry_after: u64,
}

/// What keeps count.
pub(crate) struct Gates {
    clients: Option<Limiter<Client>>,
    clock: Ticks,
}

impl Gates {
    /// Nobody has knocked yet.
    pub(crate) fn new(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        let clock = Ticks(clock);
        Self {
            clients: limits.per_client.and_then(|rate| limiter(rate, &clock)),
            clock,
        }
    }

    /// Counts a request of a client.
    pub(crate) fn client(&self, client: Client) -> Result<(), Limited> {
        check(self.clients.as_ref(), &client, "client", &self.clock)
    }
}

fn limiter<K: Hash + Eq + Clone>(rate: Rate, clock: &Ticks) -> Option<Limiter<K>> {
    let quota = Quota::with_period(rate.every)?.allow_burst(rate.burst);
    Some(RateLimiter::new(
        quota,
        DefaultKeyedStateStore::default(),
        clock.clone(),
    ))
}

fn check<K: Hash + Eq + Clone>(
    limiter: Option<&Limiter<K>>,
    key: &K,
    limit: &'static str,
    clock: &Ticks,
) -> Result<(), Limited> {
    let Some(limiter) = limiter else { return Ok(()) };
    if limiter.len() > KEYS_KEPT {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|until| Limited {
        limit,
        retry_after: until.wait_time_from(clock.now()).as_secs().max(1),
    })
}

/// The program's clock, as the limiter wants it.
#[derive(Clone)]
struct Ticks(Arc<dyn Clock>);

/// A moment of [`Ticks`]: milliseconds since the UNIX epoch, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(Nanos);

impl std::ops::Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, nanos: Nanos) -> Self {
        Self(Nanos::new(self.0.as_u64().saturating_add(nanos.as_u64())))
    }
}

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        Nanos::new(self.0.as_u64().saturating_sub(earlier.0.as_u64()))
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(Nanos::new(self.0.as_u64().saturating_sub(duration.as_u64())))
    }
}

impl GovernorClock for Ticks {
    type Instant = Moment;

    fn now(&self) -> Moment {
        let millis = u64::try_from(self.0.now().0).unwrap_or(0);
        Moment(Nanos::new(millis.saturating_mul(1_000_000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Hands;

    fn gates(hands: &Arc<Hands>) -> Gates {
        let rate = |burst: u32| {
            NonZeroU32::new(burst).map(|burst| Rate {
                burst,
                every: Duration::from_secs(2),
            })
        };
        let limits = Limits { per_client: rate(3) };
        Gates::new(limits, Arc::clone(hands) as Arc<dyn Clock>)
    }

    #[test]
    fn a_client_that_knocks_too_often_is_told_when_to_come_back() {
        let hands = Arc::new(Hands::new());
        let gates = gates(&hands);
        let one = Client::from("203.0.113.7".parse::<std::net::IpAddr>().unwrap());
        let other = Client::from("203.0.113.8".parse::<std::net::IpAddr>().unwrap());
        for _ in 0..3 {
            assert_eq!(gates.client(one), Ok(()));
        }
        assert_eq!(
            gates.client(one),
            Err(Limited {
                limit: "client",
                retry_after: 2
            })
        );
        assert_eq!(gates.client(other), Ok(()), "others are not held up");
        hands.turn(2_000);
        assert_eq!(gates.client(one), Ok(()));
        assert!(gates.client(one).is_err());
    }

    #[test]
    fn without_limits_nobody_waits() {
        let none = Limits { per_client: None };
        let gates = Gates::new(none, Arc::new(Hands::new()));
        let client = Client::from("203.0.113.7".parse::<std::net::IpAddr>().unwrap());
        assert!((0..1000).all(|_| gates.client(client).is_ok()));
    }
}
