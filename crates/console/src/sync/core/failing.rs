//! Failures: who is offline waits, who is not let in any more loses what was loaded.

use super::Core;
use crate::{
    Changed, Error, Link,
    replica::{self, Lost},
    sync::{
        event::{Activity, Effect},
        failure::Failure,
    },
};
use rusqlite::Connection;
use std::time::Duration;
use yaopai_domain::Code;

impl Core {
    /// The local file failed in a step that was undone: whatever was under way is forgotten, and begun again after a
    /// while.
    pub(crate) fn recover(&mut self) -> Vec<Effect> {
        let mut effects = vec![self.forget()];
        effects.extend(self.tell_untold());
        effects.extend(self.retry_later(None));
        effects
    }

    pub(super) fn failed(&mut self, failure: Failure, store: &Connection) -> Result<Vec<Effect>, Error> {
        self.informed = false;
        match failure {
            Failure::Unreachable { host } | Failure::Incomplete { host } => {
                self.link = self.offline(host);
                Ok(self.recover())
            }
            Failure::Refused {
                problem,
                told,
                retry_after,
            } => match problem.code {
                Code::Unauthenticated | Code::Forbidden if told => self.access_lost(store),
                Code::Unauthenticated | Code::Forbidden | Code::NotFound => {
                    self.link = Link::Denied;
                    Ok(self.recover())
                }
                Code::MalformedRequest
                | Code::InvalidFields
                | Code::BoundElsewhere
                | Code::LastWayIn
                | Code::MergeStands
                | Code::ConnectionDisabled
                | Code::Outdated
                | Code::LastAdminKey
                | Code::WechatRefused
                | Code::WechatPageRefused
                | Code::WechatUnreachable
                | Code::WechatUnexpected
                | Code::SyncReset
                | Code::SyncGap
                | Code::SyncFork
                | Code::TooLarge
                | Code::TooOften
                | Code::Busy
                | Code::Internal => {
                    tracing::warn!(code = ?problem.code, detail = %problem.detail, "the backend failed");
                    self.link = self.offline(self.host.clone());
                    let mut effects = vec![self.forget()];
                    effects.extend(self.retry_later(retry_after));
                    Ok(effects)
                }
            },
        }
    }

    /// The backend does not let this key in (design rule 11). What it had loaded leaves the machine.
    fn access_lost(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        self.link = Link::Denied;
        let mut effects = self.recover();
        match replica::access_lost(store, &self.key, &self.ambient)? {
            Lost::Nothing => {}
            Lost::Everything { unsent } => {
                tracing::warn!(unsent, "access was lost; everything has left this machine");
                effects = vec![
                    self.forget(),
                    Effect::Tell(Changed::Users),
                    Effect::Tell(Changed::Connections),
                ];
                let id = self.next_id();
                self.activity = Activity::Scrubbing(id);
                effects.push(Effect::Scrub(id));
            }
        }
        Ok(effects)
    }

    /// Offline, since the first failure in a row.
    fn offline(&self, host: String) -> Link {
        let since = match &self.link {
            Link::Offline { since, .. } => *since,
            Link::Connecting | Link::Connected | Link::Denied => self.now(),
        };
        Link::Offline { host, since }
    }

    pub(super) fn retry_later(&mut self, told: Option<Duration>) -> Vec<Effect> {
        self.activity = Activity::Waiting;
        self.told_to_wait = told.is_some();
        let pause = self.back_off.next(&*self.ambient.entropy);
        vec![self.wait(told.map_or(pause, |told| pause.max(told)))]
    }
}
