//! Pushes: edits go out in order until none is left, and what became of them is asked for where that is not certain.

use super::{Core, Gap, PUSH};
use crate::{
    Changed, Error, replica,
    sync::{
        event::{Activity, Effect},
        failure::Failure,
    },
};
use rusqlite::Connection;
use yaopai_domain::{Code, PushAnswer, PushRequest, PushResults};

impl Core {
    /// Whether edits were stored since the last push, and the backend would take them now: they go before whatever takes
    /// long.
    pub(super) fn edits_wait(&self, store: &Connection) -> Result<bool, Error> {
        Ok(self.woken && self.informed && self.may_push && replica::has_undecided(store)?)
    }

    pub(super) fn push_or_pull(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        self.woken = false;
        let mutations = if self.may_push {
            replica::freeze(store, self.push)?
        } else {
            Vec::new()
        };
        if mutations.is_empty() {
            if self.may_push {
                // Whoever has nothing to send misses no number: what was missed has left with lost access, say.
                self.gap = Gap::None;
            }
            return self.pull(store);
        }
        let id = self.next_id();
        self.activity = Activity::Pushing(id, mutations.len());
        let client_id = replica::progress(store)?.client_id;
        Ok(vec![Effect::Push(id, PushRequest { client_id, mutations })])
    }

    pub(super) fn pushed(&mut self, answer: &PushAnswer, store: &Connection) -> Result<Vec<Effect>, Error> {
        let taken = replica::take_outcomes(store, answer, self.now())?;
        if taken.decided == 0 {
            tracing::warn!("the backend answered a push without deciding anything");
            return Ok(self.retry_later(None));
        }
        self.gap = Gap::None;
        self.back_off.reset();
        self.push = (self.push + self.push.div_ceil(8)).min(PUSH);
        let mut effects = vec![Effect::Tell(Changed::Users)];
        effects.extend(self.push_or_pull(store)?);
        Ok(effects)
    }

    pub(super) fn push_failed(
        &mut self,
        failure: Failure,
        edits: usize,
        store: &Connection,
    ) -> Result<Vec<Effect>, Error> {
        let too_much = match &failure {
            Failure::Incomplete { .. } => true,
            Failure::Unreachable { .. } => false,
            // The backend's time or a gateway's patience was up; a gateway takes less at once than the backend does.
            Failure::Refused { problem, .. } => matches!(problem.code, Code::Busy | Code::TooLarge),
        };
        if too_much {
            self.push = (edits / 2).max(1);
        }
        match failure.code() {
            // Reading may still be allowed; the edits wait for a better role.
            Some(Code::Forbidden) => {
                self.may_push = false;
                self.pull(store)
            }
            // A pull tells how much the backend lost, and settling queues it again.
            Some(Code::SyncGap) if self.gap != Gap::Settled => {
                self.gap = Gap::Told;
                self.pull(store)
            }
            Some(code @ (Code::SyncGap | Code::SyncFork)) => {
                tracing::warn!(?code, "going on under a new client id");
                self.gap = Gap::None;
                self.recall(store)
            }
            Some(_) | None => self.failed(failure, store),
        }
    }

    /// Somebody else pushes under this client id, and may have pushed the edits that are here too (a copied file): first
    /// asks what became of them, so that none is pushed twice.
    fn recall(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        let ids = replica::undecided(store, PushResults::MAX_IDS)?;
        if ids.is_empty() {
            replica::change_client(store, &self.ambient)?;
            return Ok(self.retry_later(None));
        }
        let id = self.next_id();
        self.activity = Activity::Recalling(id);
        Ok(vec![Effect::Recall(id, ids)])
    }

    pub(super) fn recalled(
        &mut self,
        results: &PushResults,
        store: &Connection,
    ) -> Result<Vec<Effect>, Error> {
        replica::take_results(store, results, self.now())?;
        replica::change_client(store, &self.ambient)?;
        let mut effects = vec![Effect::Tell(Changed::Users)];
        effects.extend(self.retry_later(None));
        Ok(effects)
    }
}
