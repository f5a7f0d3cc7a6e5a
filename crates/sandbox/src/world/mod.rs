//! Everything the platform remembers. Plain state: no time, no network; both come in as arguments.

pub(crate) mod api_tokens;
pub(crate) mod apps;
pub(crate) mod codes;
pub(crate) mod faults;
pub(crate) mod people;
pub(crate) mod qr_sessions;
pub(crate) mod session_keys;
pub(crate) mod user_tokens;

use api_tokens::ApiTokens;
use apps::{AppKind, AppSheet};
use codes::Codes;
use faults::Faults;
use qr_sessions::QrSessions;
use session_keys::SessionKeys;
use user_tokens::UserTokens;

use people::{Person, PersonTrait};

/// The platform's memory.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) apps: Vec<AppSheet>,
    pub(crate) codes: Codes,
    pub(crate) session_keys: SessionKeys,
    pub(crate) api_tokens: ApiTokens,
    pub(crate) user_tokens: UserTokens,
    pub(crate) qr_sessions: QrSessions,
    pub(crate) faults: Faults,
}

impl World {
    /// The app with this AppID.
    pub(crate) fn app(&self, app_id: &str) -> Option<&AppSheet> {
        self.apps.iter().find(|app| app.app_id == app_id)
    }

    /// The app with this AppID, if it is of this kind.
    pub(crate) fn app_of_kind(&self, app_id: &str, kind: AppKind) -> Option<&AppSheet> {
        self.app(app_id).filter(|app| app.kind == kind)
    }

    /// The UnionID of a person as this app sees it: none if the app is not bound, or if the person has none.
    pub(crate) fn unionid(app: &AppSheet, person: &Person) -> Option<String> {
        let account = app.platform_account.as_deref()?;
        (!person.is(PersonTrait::WithoutUnionId)).then(|| crate::shapes::unionid(person.id, account))
    }
}
