//! Loads and pulls: what is missing, page by page, and what a first load leaves to make.

use super::{Core, Gap, PAGE, POLL};
use crate::{
    Changed, Error,
    replica::{self, Applied, News, Next, Place, Progress, Settled},
    sync::{
        event::{Activity, Effect, RequestId, Stream},
        failure::Failure,
    },
};
use rusqlite::Connection;
use std::time::Duration;
use yaopai_domain::{Code, LoadPlan, LoadRequest, PageEnd, PullPage, PullRequest};

/// Pages an answer: whoever waits with an edit does not wait for more.
const PAGES: u32 = 64;
/// Parts of a load that are fetched beside each other: more than two only wait for the one that writes.
const PARTS: u32 = 2;
/// While everybody arrives, listeners read anew at most this often.
const NEWS_MILLIS: i64 = 1000;
/// A backend whose digests never agree is not loaded again more often than that.
const UNEQUAL_PAUSE_MAX: Duration = Duration::from_hours(1);

impl Core {
    pub(super) fn pull(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        let progress = replica::progress(store)?;
        match &progress.next {
            Next::Build | Next::Plan | Next::Parts(_) if self.paused => {
                self.activity = Activity::Paused;
                Ok(vec![self.wait(POLL)])
            }
            // They are needed before anything else; from the top.
            Next::Scrub | Next::Build => self.begin(store),
            Next::Plan if !self.load_pause.is_zero() => {
                self.activity = Activity::Waiting;
                let pause = self.load_pause.min(POLL);
                Ok(if self.wait.is_zero() {
                    vec![self.wait(pause)]
                } else {
                    Vec::new()
                })
            }
            Next::Plan => {
                let id = self.next_id();
                self.activity = Activity::Planning(id);
                let client_id = progress.client_id;
                Ok(vec![Effect::Plan(
                    id,
                    LoadRequest {
                        client_id,
                        parts: PARTS,
                    },
                )])
            }
            Next::Parts(_) => {
                self.activity = Activity::Loading(Vec::new());
                self.load(store)
            }
            Next::Tail(place) => {
                let (stream, effect) = self.stream(&progress, place);
                self.activity = Activity::Pulling(stream);
                Ok(vec![effect])
            }
        }
    }

    fn stream(&mut self, progress: &Progress, place: &Place) -> (Stream, Effect) {
        let id = self.next_id();
        let stream = Stream {
            id,
            place: place.clone(),
            pages: 0,
        };
        let request = PullRequest {
            client_id: progress.client_id,
            cursor: place.cursor.clone(),
            seen: progress.seen,
            limit: self.page,
            pages: PAGES,
        };
        (stream, Effect::Pull(id, request))
    }

    pub(super) fn planned(&mut self, plan: &LoadPlan, store: &Connection) -> Result<Vec<Effect>, Error> {
        let begun = replica::begin_load(store, plan, &self.key)?;
        let mut effects = Vec::new();
        if begun.forgotten {
            effects.extend([Effect::Tell(Changed::Users), Effect::Tell(Changed::Connections)]);
        }
        effects.extend(self.pull(store)?);
        Ok(effects)
    }

    /// Fetches every part that is not whole and not on its way; goes on behind them when there is none.
    pub(super) fn load(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        let Activity::Loading(streams) = &self.activity else {
            return self.pull(store);
        };
        let mut streams = streams.clone();
        let progress = replica::progress(store)?;
        let Next::Parts(places) = &progress.next else {
            // The last page of a part is here; its stream is about to end.
            return if streams.is_empty() {
                self.pull(store)
            } else {
                Ok(Vec::new())
            };
        };
        let mut effects = Vec::new();
        for place in places {
            if streams.iter().all(|stream| stream.place.part != place.part) {
                let (stream, effect) = self.stream(&progress, place);
                streams.push(stream);
                effects.push(effect);
            }
        }
        self.activity = Activity::Loading(streams);
        Ok(effects)
    }

    pub(super) fn page(
        &mut self,
        id: RequestId,
        page: &PullPage,
        store: &Connection,
    ) -> Result<Vec<Effect>, Error> {
        let now = self.now();
        let stream = match &mut self.activity {
            Activity::Loading(streams) => streams.iter_mut().find(|stream| stream.id == id),
            Activity::Pulling(stream) => Some(stream),
            _ => None,
        };
        let Some(stream) = stream else {
            return Ok(Vec::new());
        };
        let from = stream.place.clone();
        stream.place.cursor.clone_from(&page.cursor);
        if stream.pages == 0 {
            self.page = (self.page + self.page.div_ceil(8)).min(PAGE);
        }
        stream.pages += 1;
        // It got on: whatever fails next has not failed before.
        self.back_off.reset();
        match replica::apply_page(store, &from, page, now)? {
            Applied::Stale => {
                let mut effects = vec![self.forget()];
                effects.extend(self.pull(store)?);
                Ok(effects)
            }
            Applied::Unequal => self.unequal(store),
            Applied::Done(news) => {
                let mut effects = self.tell(news, from.part.is_some());
                if from.part.is_none() && page.end == PageEnd::CaughtUp {
                    effects.extend(self.caught_up(page, news, store)?);
                } else if self.edits_wait(store)? {
                    effects.push(self.forget());
                    effects.extend(self.push_or_pull(store)?);
                }
                Ok(effects)
            }
        }
    }

    pub(super) fn caught_up(
        &mut self,
        page: &PullPage,
        news: News,
        store: &Connection,
    ) -> Result<Vec<Effect>, Error> {
        let Settled {
            lost,
            verify,
            changed,
        } = replica::settle(store, page.last_seq, &page.chain, self.now())?;
        let mut effects = Vec::new();
        if changed && !news.users {
            effects.push(Effect::Tell(Changed::Users));
        }
        if page.digests.is_some() {
            self.unequal = 0;
        }
        self.resets.reset();
        self.gap = match self.gap {
            Gap::Told | Gap::Settled if lost == 0 => Gap::Settled,
            Gap::None | Gap::Told | Gap::Settled => Gap::None,
        };
        // Without the right to push they wait for a better role, and the rest goes on.
        if (lost > 0 || verify) && self.may_push {
            tracing::warn!(lost, verify, "the backend lost edits it had; sending them again");
            effects.extend(self.retry_later(None));
            return Ok(effects);
        }
        let building = replica::progress(store)?.next == Next::Build;
        let gap = self.gap != Gap::None && self.may_push;
        if self.woken || gap || building {
            effects.extend(self.begin(store)?);
        } else {
            self.activity = Activity::Resting;
            effects.push(self.wait(POLL));
        }
        Ok(effects)
    }

    /// The mirror should equal the backend and does not: everything is loaded again, at once the first time.
    fn unequal(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        let pause = match self.unequal {
            0 => Duration::ZERO,
            before => POLL
                .saturating_mul(2_u32.saturating_pow(before))
                .min(UNEQUAL_PAUSE_MAX),
        };
        self.unequal = self.unequal.saturating_add(1);
        self.load_again(pause, store)
    }

    /// Loads everything again, after a pause that no hint and no edit shortens; another role does.
    fn load_again(&mut self, pause: Duration, store: &Connection) -> Result<Vec<Effect>, Error> {
        replica::begin_generation(store)?;
        self.load_pause = pause;
        self.informed = false;
        let mut effects = vec![self.forget()];
        effects.extend(self.begin(store)?);
        Ok(effects)
    }

    pub(super) fn part_ended(&mut self, id: RequestId, store: &Connection) -> Result<Vec<Effect>, Error> {
        match self.take_stream(id) {
            Some(stream) if stream.pages == 0 => {
                let host = self.host.clone();
                self.part_lost(Failure::Incomplete { host }, &stream, store)
            }
            _ => self.load(store),
        }
    }

    pub(super) fn part_broke(
        &mut self,
        id: RequestId,
        failure: Failure,
        store: &Connection,
    ) -> Result<Vec<Effect>, Error> {
        match self.take_stream(id) {
            Some(stream) => self.part_lost(failure, &stream, store),
            None => Ok(Vec::new()),
        }
    }

    fn take_stream(&mut self, id: RequestId) -> Option<Stream> {
        let Activity::Loading(streams) = &mut self.activity else {
            return None;
        };
        let place = streams.iter().position(|stream| stream.id == id)?;
        Some(streams.remove(place))
    }

    /// A part's stream broke. As long as another one gets on, this one waits; a refusal ends them all.
    fn part_lost(
        &mut self,
        failure: Failure,
        lost: &Stream,
        store: &Connection,
    ) -> Result<Vec<Effect>, Error> {
        let others = matches!(&self.activity, Activity::Loading(streams) if !streams.is_empty());
        let broken = matches!(failure, Failure::Unreachable { .. } | Failure::Incomplete { .. });
        if others && broken {
            self.ask_for_less(&failure, lost.pages > 0);
            let pause = self.back_off.next(&*self.ambient.entropy);
            return Ok(vec![self.wait(pause)]);
        }
        self.pull_failed(failure, lost.pages > 0, store)
    }

    pub(super) fn pull_failed(
        &mut self,
        failure: Failure,
        arrived: bool,
        store: &Connection,
    ) -> Result<Vec<Effect>, Error> {
        if failure.code() == Some(Code::SyncReset) {
            tracing::info!(reason = failure.detail(), "loading everything again");
            // A restored backend resets every console at once: they come back one by one.
            let pause = self.resets.next(&*self.ambient.entropy);
            return self.load_again(pause, store);
        }
        self.ask_for_less(&failure, arrived);
        self.failed(failure, store)
    }

    /// A line that lets nothing through may let less through.
    fn ask_for_less(&mut self, failure: &Failure, arrived: bool) {
        if matches!(failure, Failure::Incomplete { .. }) && !arrived {
            self.page = (self.page / 2).max(1);
        }
    }

    /// Makes the next piece of the indexes of a first load.
    pub(super) fn build(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        if self.edits_wait(store)? {
            return self.push_or_pull(store);
        }
        if !replica::build_some(store)? {
            let id = self.next_id();
            self.activity = Activity::Building(id);
            return Ok(vec![Effect::GoOn(id)]);
        }
        let mut effects = vec![Effect::Tell(Changed::Users), Effect::Tell(Changed::Connections)];
        effects.extend(self.begin(store)?);
        Ok(effects)
    }

    pub(super) fn pause(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        if matches!(replica::progress(store)?.next, Next::Tail(_) | Next::Scrub) {
            return Ok(Vec::new());
        }
        self.paused = true;
        self.activity = Activity::Paused;
        let mut effects = vec![self.forget(), self.wait(POLL)];
        effects.extend(self.tell_untold());
        Ok(effects)
    }

    /// Tells of a page. While everybody `arrives`, the list would be read anew for hundreds of pages.
    fn tell(&mut self, news: News, arrives: bool) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.untold |= news.users;
        let since_told = self.now().0.saturating_sub(self.told.0);
        // A clock that went back does not keep anything from anybody.
        if !arrives || !(0..NEWS_MILLIS).contains(&since_told) {
            effects.extend(self.tell_untold());
        }
        if news.connections {
            effects.push(Effect::Tell(Changed::Connections));
        }
        effects
    }

    pub(super) fn tell_untold(&mut self) -> Option<Effect> {
        std::mem::take(&mut self.untold).then(|| {
            self.told = self.now();
            Effect::Tell(Changed::Users)
        })
    }
}
