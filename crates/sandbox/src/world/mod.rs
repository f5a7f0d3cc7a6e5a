//! Everything the platform remembers. Plain state: no time, no network; both come in as arguments.

pub(crate) mod api_tokens;
pub(crate) mod apps;
pub(crate) mod codebook;
pub(crate) mod codes;
pub(crate) mod confirmations;
pub(crate) mod faults;
pub(crate) mod followers;
pub(crate) mod links;
pub(crate) mod people;
pub(crate) mod pushes;
pub(crate) mod qr_sessions;
pub(crate) mod quotas;
pub(crate) mod rids;
pub(crate) mod scenes;
pub(crate) mod session_keys;
pub(crate) mod tickets;
pub(crate) mod user_tokens;

use std::collections::HashMap;
use std::sync::Arc;

use api_tokens::ApiTokens;
use apps::{AppKind, AppSheet};
use codebook::Codebook;
use codes::{Codes, Grant};
use confirmations::Confirmations;
use faults::Faults;
use followers::Followers;
use links::Links;
use people::{EVERYONE, Person, PersonTrait};
use pushes::Pushes;
use qr_sessions::QrSessions;
use quotas::Quotas;
use rids::Rids;
use scenes::Scenes;
use session_keys::SessionKeys;
use tickets::Tickets;
use user_tokens::UserTokens;

use crate::shapes;

/// The platform's memory.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) apps: Vec<AppSheet>,
    pub(crate) codes: Codes,
    pub(crate) session_keys: SessionKeys,
    pub(crate) api_tokens: ApiTokens,
    pub(crate) user_tokens: UserTokens,
    pub(crate) qr_sessions: QrSessions,
    pub(crate) tickets: Tickets,
    pub(crate) scenes: Scenes,
    pub(crate) followers: Followers,
    pub(crate) links: Links,
    pub(crate) faults: Faults,
    pub(crate) quotas: Quotas,
    pub(crate) confirmations: Confirmations,
    pub(crate) rids: Rids,
    pub(crate) pushes: Pushes,
    pub(crate) codebook: Codebook,
    /// Whether the authorize page opens only with its parameters in the documented order.
    pub(crate) strict_authorize: bool,
    /// Whom an OpenID of an app belongs to, for those of the crowd who showed up there.
    met: HashMap<String, Arc<Person>>,
}

impl World {
    /// A platform that knows these apps and nothing else.
    pub(crate) fn with_apps(apps: Vec<AppSheet>) -> Self {
        Self {
            apps,
            ..Self::default()
        }
    }

    /// The app with this AppID.
    pub(crate) fn app(&self, app_id: &str) -> Option<&AppSheet> {
        self.apps.iter().find(|app| app.app_id == app_id)
    }

    /// The app with this AppID, to change it.
    pub(crate) fn app_mut(&mut self, app_id: &str) -> Option<&mut AppSheet> {
        self.apps.iter_mut().find(|app| app.app_id == app_id)
    }

    /// The app with this AppID, if it is of this kind.
    pub(crate) fn app_of_kind(&self, app_id: &str, kind: AppKind) -> Option<&AppSheet> {
        self.app(app_id).filter(|app| app.kind == kind)
    }

    /// The UnionID of a person as this app sees it: none if the app is not bound, or if the person has none.
    pub(crate) fn unionid(app: &AppSheet, grant: &Grant) -> Option<String> {
        let account = app.platform_account.as_deref()?;
        (!grant.person.is(PersonTrait::WithoutUnionId)).then(|| shapes::unionid(&grant.subject(), account))
    }

    /// Remembers that a person showed up at an app, and answers their OpenID there.
    pub(crate) fn meet(&mut self, person: &Arc<Person>, app_id: &str) -> String {
        let openid = shapes::openid(&person.id, app_id);
        if !self.met.contains_key(&openid) {
            self.met.insert(openid.clone(), Arc::clone(person));
        }
        openid
    }

    /// Whom an OpenID belongs to at an app.
    pub(crate) fn person_of(&self, openid: &str, app_id: &str) -> Option<Arc<Person>> {
        let is = |person: &&Arc<Person>| shapes::openid(&person.id, app_id) == openid;
        EVERYONE
            .iter()
            .find(is)
            .or_else(|| self.met.get(openid).filter(is))
            .cloned()
    }
}
