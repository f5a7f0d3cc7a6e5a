//! Login codes: each belongs to one app, one person and one scope, and is exchanged once.

use std::collections::HashMap;

use super::apps::AppKind;
use super::people::Person;
use crate::ambient::Entropy;
use crate::shapes;

/// How long an old code is remembered, so that a late second exchange still hears "used" and not "unknown".
const REMEMBERED_SECONDS: u64 = 24 * 3600;

struct Code {
    kind: AppKind,
    app_id: String,
    grant: Grant,
    issued_at: u64,
    used: bool,
}

/// What a code stands for.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) person: &'static Person,
    /// The scopes agreed to; empty for a mini program.
    pub(crate) scope: String,
}

/// Why a code is not exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeFault {
    /// Invented, or of another app or another kind of app.
    Unknown,
    /// Somebody was faster.
    Used,
    /// Older than its 5 (website: 10) minutes.
    Expired,
}

/// All codes of the platform.
#[derive(Default)]
pub(crate) struct Codes(HashMap<String, Code>);

impl Codes {
    /// Makes a code for a person at an app.
    pub(crate) fn issue(
        &mut self,
        kind: AppKind,
        app_id: &str,
        grant: Grant,
        now: u64,
        entropy: &Entropy,
    ) -> String {
        self.0.retain(|_, code| code.issued_at + REMEMBERED_SECONDS > now);
        let text = shapes::login_code(entropy);
        let code = Code {
            kind,
            app_id: app_id.to_owned(),
            grant,
            issued_at: now,
            used: false,
        };
        self.0.insert(text.clone(), code);
        text
    }

    /// Exchanges a code. The first exchange wins.
    pub(crate) fn exchange(
        &mut self,
        text: &str,
        kind: AppKind,
        app_id: &str,
        now: u64,
    ) -> Result<Grant, CodeFault> {
        let code = self.0.get_mut(text).ok_or(CodeFault::Unknown)?;
        if code.kind != kind || code.app_id != app_id {
            return Err(CodeFault::Unknown);
        }
        if code.used {
            return Err(CodeFault::Used);
        }
        if now >= code.issued_at + kind.code_seconds() {
            return Err(CodeFault::Expired);
        }
        code.used = true;
        Ok(code.grant.clone())
    }
}
