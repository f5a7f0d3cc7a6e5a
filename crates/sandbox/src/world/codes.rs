//! Codes: each belongs to one app, one person and one purpose, and is exchanged once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::apps::AppKind;
use super::people::Person;
use crate::ambient::Entropy;
use crate::shapes;

/// How long an old code is remembered, so that a late second exchange still hears "used" and not "unknown".
const REMEMBERED_SECONDS: u64 = 24 * 3600;
/// Seconds that a phone code lives.
const PHONE_SECONDS: u64 = 300;

/// What a code is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Logging in at an app of this kind.
    Login(AppKind),
    /// Asking a mini program's user for the phone number.
    Phone,
}

impl Purpose {
    fn seconds(self) -> u64 {
        match self {
            Self::Login(kind) => kind.code_seconds(),
            Self::Phone => PHONE_SECONDS,
        }
    }
}

struct Code {
    purpose: Purpose,
    app_id: String,
    grant: Grant,
    issued_at: u64,
    used: bool,
}

/// What a code stands for.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) person: Arc<Person>,
    /// The scopes agreed to; empty for a mini program.
    pub(crate) scope: String,
    /// Whether the page was only a snapshot: WeChat then names a virtual user instead of the person.
    pub(crate) snapshot: bool,
}

impl Grant {
    /// The person agrees to these scopes.
    pub(crate) fn new(person: Arc<Person>, scope: &str) -> Self {
        Self {
            person,
            scope: scope.to_owned(),
            snapshot: false,
        }
    }

    /// The OpenID that an app is told.
    pub(crate) fn openid(&self, app_id: &str) -> String {
        shapes::openid(&self.subject(), app_id)
    }

    /// Whom identifiers are made from: the person, or the virtual user of a snapshot.
    pub(crate) fn subject(&self) -> Cow<'_, str> {
        if self.snapshot {
            Cow::Owned(format!("snapshot of {}", self.person.id))
        } else {
            Cow::Borrowed(&self.person.id)
        }
    }
}

/// Why a code is not exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeFault {
    /// Invented, or of another app, or for another purpose.
    Unknown,
    /// Somebody was faster.
    Used,
    /// Older than its 5 (website and mobile app: 10) minutes.
    Expired,
}

/// All codes of the platform.
#[derive(Default)]
pub(crate) struct Codes {
    by_text: HashMap<String, Code>,
    swept_at: u64,
}

impl Codes {
    /// Makes a code for a person at an app.
    pub(crate) fn issue(
        &mut self,
        purpose: Purpose,
        app_id: &str,
        grant: Grant,
        now: u64,
        entropy: &Entropy,
    ) -> String {
        self.sweep(now);
        let text = match purpose {
            Purpose::Login(_) => shapes::login_code(entropy),
            Purpose::Phone => shapes::phone_code(entropy),
        };
        let code = Code {
            purpose,
            app_id: app_id.to_owned(),
            grant,
            issued_at: now,
            used: false,
        };
        self.by_text.insert(text.clone(), code);
        text
    }

    /// Forgets what is too old to matter, now and then: looking at every code for every new one would make a load
    /// test slower with every login.
    fn sweep(&mut self, now: u64) {
        if now >= self.swept_at + 60 {
            self.swept_at = now;
            self.by_text
                .retain(|_, code| code.issued_at + REMEMBERED_SECONDS > now);
        }
    }

    /// Whom a code would stand for if it were exchanged now. Consumes nothing.
    pub(crate) fn look(
        &self,
        text: &str,
        purpose: Purpose,
        app_id: &str,
        now: u64,
    ) -> Result<&Grant, CodeFault> {
        let code = self.by_text.get(text).ok_or(CodeFault::Unknown)?;
        if code.purpose != purpose || code.app_id != app_id {
            return Err(CodeFault::Unknown);
        }
        if code.used {
            return Err(CodeFault::Used);
        }
        if now >= code.issued_at + purpose.seconds() {
            return Err(CodeFault::Expired);
        }
        Ok(&code.grant)
    }

    /// Exchanges a code. The first exchange wins.
    pub(crate) fn exchange(
        &mut self,
        text: &str,
        purpose: Purpose,
        app_id: &str,
        now: u64,
    ) -> Result<Grant, CodeFault> {
        let grant = self.look(text, purpose, app_id, now)?.clone();
        if let Some(code) = self.by_text.get_mut(text) {
            code.used = true;
        }
        Ok(grant)
    }
}
