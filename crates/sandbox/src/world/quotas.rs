//! How often an app may call: WeChat's published limits, each of which a script can narrow.

use std::collections::HashMap;

use serde::Serialize;

use crate::platform::Errcode;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 3600;
const MONTH: u64 = 30 * DAY;
/// A window for what is never given back.
const FOR_EVER: u64 = u64::MAX;

/// A limit that WeChat sets.
struct Rule {
    name: &'static str,
    limit: u64,
    window_seconds: u64,
    errcode: Errcode,
}

const fn rule(name: &'static str, limit: u64, window_seconds: u64, errcode: Errcode) -> Rule {
    Rule {
        name,
        limit,
        window_seconds,
        errcode,
    }
}

/// Every limit. A name is the path of the call, with a word behind `#` where a path has several.
const RULES: &[Rule] = &[
    rule("/cgi-bin/token", 2000, DAY, Errcode::DailyQuota),
    rule("/cgi-bin/stable_token", 10_000, MINUTE, Errcode::DailyQuota),
    rule("/cgi-bin/stable_token#day", 500_000, DAY, Errcode::DailyQuota),
    rule("/cgi-bin/stable_token#force", 20, DAY, Errcode::DailyQuota),
    rule("/cgi-bin/stable_token#force-gap", 1, 30, Errcode::DailyQuota),
    rule("/sns/jscode2session", 100, MINUTE, Errcode::MinuteQuota),
    rule("/sns/oauth2/access_token", 10_000, MINUTE, Errcode::MinuteQuota),
    rule("/sns/oauth2/refresh_token", 50_000, MINUTE, Errcode::MinuteQuota),
    rule("/sns/userinfo", 50_000, MINUTE, Errcode::MinuteQuota),
    rule("/wxa/resetusersessionkey", 60_000, MINUTE, Errcode::MinuteQuota),
    rule("/wxa/getwxacodeunlimit", 5000, MINUTE, Errcode::DailyQuota),
    rule("/wxa/getwxacode", 100_000, FOR_EVER, Errcode::CodeCount),
    rule("/wxa/generatescheme", 500_000, DAY, Errcode::DailyQuota),
    rule(
        "/wxa/business/getuserphonenumber#paid",
        1000,
        FOR_EVER,
        Errcode::DailyQuota,
    ),
    rule("/cgi-bin/ticket/getticket", 2000, DAY, Errcode::DailyQuota),
    rule("/cgi-bin/qrcode/create", 100_000, DAY, Errcode::DailyQuota),
    rule(
        "/cgi-bin/qrcode/create#permanent",
        100_000,
        FOR_EVER,
        Errcode::CodeCount,
    ),
    rule("/cgi-bin/clear_quota", 10, MONTH, Errcode::ClearedTooOften),
];

/// A limit as scripts see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct QuotaSheet {
    name: &'static str,
    limit: u64,
    /// Seconds after which calls are counted anew; none if never.
    window_seconds: Option<u64>,
    errcode: i32,
}

struct Count {
    since: u64,
    calls: u64,
}

/// The limits and what was used of them.
#[derive(Default)]
pub(crate) struct Quotas {
    limits: HashMap<&'static str, u64>,
    /// By limit, app and whom else the limit counts for.
    counts: HashMap<(&'static str, String, String), Count>,
}

impl Quotas {
    /// Every limit as it is now.
    pub(crate) fn sheets(&self) -> Vec<QuotaSheet> {
        RULES
            .iter()
            .map(|rule| QuotaSheet {
                name: rule.name,
                limit: self.limit(rule),
                window_seconds: (rule.window_seconds != FOR_EVER).then_some(rule.window_seconds),
                errcode: rule.errcode.number(),
            })
            .collect()
    }

    /// Sets a limit, or gives it back its own value. False if there is no such limit.
    pub(crate) fn set(&mut self, name: &str, limit: Option<u64>) -> bool {
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            return false;
        };
        match limit {
            Some(limit) => self.limits.insert(rule.name, limit),
            None => self.limits.remove(rule.name),
        };
        true
    }

    /// Gives every limit its own value again.
    pub(crate) fn restore(&mut self) {
        self.limits.clear();
    }

    /// Counts a call of an app; refuses it if the limit is reached. `whom` tells apart what the limit counts apart,
    /// e.g. the person; empty if it counts for the app.
    pub(crate) fn take(&mut self, name: &str, app_id: &str, whom: &str, now: u64) -> Result<(), Errcode> {
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            return Ok(());
        };
        let limit = self.limit(rule);
        let count = self
            .counts
            .entry((rule.name, app_id.to_owned(), whom.to_owned()))
            .or_insert(Count { since: now, calls: 0 });
        if now.saturating_sub(count.since) >= rule.window_seconds {
            *count = Count { since: now, calls: 0 };
        }
        if count.calls >= limit {
            return Err(rule.errcode);
        }
        count.calls += 1;
        Ok(())
    }

    /// How much an app used.
    pub(crate) fn used(&self, name: &str, app_id: &str) -> u64 {
        self.counts
            .iter()
            .find(|((of, app, whom), _)| *of == name && app == app_id && whom.is_empty())
            .map_or(0, |(_, count)| count.calls)
    }

    /// Whether an app has nothing left.
    pub(crate) fn exhausted(&self, name: &str, app_id: &str) -> bool {
        RULES
            .iter()
            .find(|rule| rule.name == name)
            .is_some_and(|rule| self.used(name, app_id) >= self.limit(rule))
    }

    /// Forgets what an app used of every limit that is given back in time, except of clearing itself.
    pub(crate) fn clear(&mut self, app_id: &str) {
        self.counts.retain(|(name, of, _), _| {
            of != app_id
                || *name == "/cgi-bin/clear_quota"
                || RULES
                    .iter()
                    .any(|rule| rule.name == *name && rule.window_seconds == FOR_EVER)
        });
    }

    fn limit(&self, rule: &Rule) -> u64 {
        self.limits.get(rule.name).copied().unwrap_or(rule.limit)
    }
}
