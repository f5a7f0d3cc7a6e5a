//! The rules of the sync, without I/O: [`Core::step`] takes what happened and answers what to do next.
//!
//! A step runs inside one transaction of the replica and its effects are performed after the commit, so a crash at any
//! point leaves a state from which the same rules go on. The order is always the same: ask who the backend is, push until
//! the outbox is empty, load what is missing (parts beside each other), pull until caught up, make what a first load left
//! to make, rest. An edit that is stored while something takes long is pushed between two pieces of it.

use super::{back_off::BackOff, failure::Failure};
use crate::{
    Ambient, Changed, Error, Link,
    replica::{self, Applied, Lost, News, Next, Place, Progress, Settled},
};
use rusqlite::Connection;
use std::time::Duration;
use yaopai_domain::{
    Action, Code, LoadPlan, LoadRequest, MutationId, PageEnd, PullPage, PullRequest, PushAnswer, PushRequest,
    PushResults, Role, ServerInfo, Timestamp,
};

/// Hints may be lost; this often the backend is asked anyway.
const POLL: Duration = Duration::from_secs(30);
/// Changes a page, as long as pages get through.
const PAGE: u32 = PullRequest::MAX_LIMIT;
/// Pages an answer: whoever waits with an edit does not wait for more.
const PAGES: u32 = 64;
/// Parts of a load that are fetched beside each other: more than two only wait for the one that writes.
const PARTS: u32 = 2;
/// While everybody arrives, listeners read anew at most this often.
const NEWS_MILLIS: i64 = 1000;
/// Edits a push, as long as pushes get through.
const PUSH: usize = PushRequest::MAX_MUTATIONS;
/// A backend whose digests never agree is not loaded again more often than that.
const UNEQUAL_PAUSE_MAX: Duration = Duration::from_hours(1);

/// Names a request, or a piece of work: what is answered to an older one is not listened to.
pub(crate) type RequestId = u64;

/// Something happened.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// There may be something to do.
    Wake(Wake),
    /// The operator wants the load under way to stop for now.
    Pause,
    /// The waiting time is over.
    TimeUp,
    /// What [`Effect::GoOn`] asked for.
    GoOn(RequestId),
    /// Deleted bytes have left the file.
    Scrubbed(RequestId),
    /// The backend said who it is, or did not.
    Informed(RequestId, Result<ServerInfo, Failure>),
    /// The answer to a push.
    Pushed(RequestId, Result<PushAnswer, Failure>),
    /// What the backend knows of edits that somebody else may have pushed.
    Recalled(RequestId, Result<PushResults, Failure>),
    /// How to load everything.
    Planned(RequestId, Result<LoadPlan, Failure>),
    /// One page of a pull, while the next one is still on its way.
    Page(RequestId, Box<PullPage>),
    /// The answer to a pull is over.
    Ended(RequestId, Result<(), Failure>),
}

/// Why there may be something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// An edit was stored.
    Edit,
    /// The backend hinted at a change, or its stream of hints broke.
    Hint,
    /// An operator wants it now; a paused load goes on.
    Operator,
}

/// Something to do, after the step is committed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Ask who the backend is; answer with [`Event::Informed`].
    Inform(RequestId),
    /// Push; answer with [`Event::Pushed`].
    Push(RequestId, PushRequest),
    /// Ask what became of edits; answer with [`Event::Recalled`].
    Recall(RequestId, Vec<MutationId>),
    /// Ask how to load everything; answer with [`Event::Planned`].
    Plan(RequestId, LoadRequest),
    /// Pull; answer with [`Event::Page`] for each page as it arrives, then [`Event::Ended`].
    Pull(RequestId, PullRequest),
    /// Give up every request under way, and the wait.
    Forget,
    /// Let others write, then come back with [`Event::GoOn`].
    GoOn(RequestId),
    /// Rewrite the file without what was deleted; answer with [`Event::Scrubbed`].
    Scrub(RequestId),
    /// Answer with [`Event::TimeUp`] after this time; replaces an earlier wait.
    Wait(Duration),
    /// Tell listeners.
    Tell(Changed),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Activity {
    /// Something failed, or nothing was tried yet; the back-off timer runs.
    Waiting,
    /// Nothing to do until something wakes it; the poll timer runs.
    Resting,
    /// The operator stopped the load.
    Paused,
    Informing(RequestId),
    /// So many edits are on their way.
    Pushing(RequestId, usize),
    /// Somebody else pushes under this client id; asking which of the edits here were theirs to tell.
    Recalling(RequestId),
    Planning(RequestId),
    /// Parts of a load arrive. A part whose stream broke waits for the back-off timer.
    Loading(Vec<Stream>),
    Pulling(Stream),
    /// Indexes are being made.
    Building(RequestId),
    /// Deleted bytes are leaving the file.
    Scrubbing(RequestId),
}

/// An answer that arrives page by page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) id: RequestId,
    /// Where its next page begins.
    pub(super) place: Place,
    /// Pages that have arrived.
    pub(super) pages: u32,
}

/// Whether the backend misses numbers of this console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// Not that it said so.
    None,
    /// It said so; what it lost is queued again by the next caught-up page, and not before.
    Told,
    /// Everything it lost is queued again. If it still misses a number, it lost more than the archive holds.
    Settled,
}

/// The state that a restart may forget.
#[derive(Clone)]
pub(crate) struct Core {
    ambient: Ambient,
    host: String,
    /// Names backend and access key.
    key: String,
    pub(super) activity: Activity,
    link: Link,
    back_off: BackOff,
    /// How far apart the loads are that the backend makes necessary before the last one has ended.
    resets: BackOff,
    requests: RequestId,
    /// Who the backend is was asked since it last came back.
    pub(super) informed: bool,
    /// The operator's role, as the backend last told it.
    role: Option<Role>,
    /// The role lets edits through. Otherwise they wait: roles change.
    may_push: bool,
    /// Something woke it during a request.
    woken: bool,
    /// The backend said when to come back: only the operator may come earlier.
    told_to_wait: bool,
    /// The operator stopped the load.
    paused: bool,
    /// Whether the backend misses numbers.
    gap: Gap,
    /// When listeners were last told of users.
    told: Timestamp,
    /// Users have changed since.
    untold: bool,
    /// Loads in a row after which the digests did not agree.
    unequal: u32,
    /// Nothing is loaded from the beginning before waits of this length have ended; edits are pushed meanwhile.
    load_pause: Duration,
    /// The wait whose end will be told; zero if there is none.
    wait: Duration,
    /// Changes a page: half after an answer that did not arrive at all, an eighth more after each that did.
    page: u32,
    /// Edits a push: half of those that did not get through, an eighth more after each push that did.
    push: usize,
}

impl Core {
    /// The rules, at the start of a console. `key` names backend and access key: see [`crate::AccessKey::fingerprint`].
    pub(crate) fn new(ambient: Ambient, host: String, key: String, back_off: BackOff) -> Self {
        Self {
            ambient,
            host,
            key,
            activity: Activity::Waiting,
            link: Link::Connecting,
            back_off,
            resets: back_off.of_resets(),
            requests: 0,
            informed: false,
            role: None,
            may_push: true,
            woken: false,
            told_to_wait: false,
            paused: false,
            gap: Gap::None,
            told: Timestamp(i64::MIN),
            untold: false,
            unequal: 0,
            load_pause: Duration::ZERO,
            wait: Duration::ZERO,
            page: PAGE,
            push: PUSH,
        }
    }

    /// Whether the backend answers.
    pub(crate) const fn link(&self) -> &Link {
        &self.link
    }

    /// Whether the operator stopped the load.
    pub(crate) const fn is_paused(&self) -> bool {
        self.paused
    }

    /// The local file failed in a step that was undone: whatever was under way is forgotten, and begun again after a
    /// while.
    pub(crate) fn recover(&mut self) -> Vec<Effect> {
        let mut effects = vec![self.forget()];
        effects.extend(self.tell_untold());
        effects.extend(self.retry_later(None));
        effects
    }

    /// What to do now that this happened.
    pub(crate) fn step(&mut self, event: Event, store: &Connection) -> Result<Vec<Effect>, Error> {
        if !self.awaits(&event) {
            return Ok(Vec::new());
        }
        match event {
            Event::TimeUp => {
                let waited = std::mem::take(&mut self.wait);
                self.load_pause = self.load_pause.saturating_sub(waited);
            }
            Event::Wake(Wake::Operator) => {
                self.paused = false;
                self.load_pause = Duration::ZERO;
            }
            _ => {}
        }
        match (&mut self.activity, event) {
            (Activity::Waiting | Activity::Resting | Activity::Paused, Event::Wake(Wake::Operator)) => {
                self.back_off.reset();
                self.resets.reset();
                self.informed = false;
                self.begin(store)
            }
            (Activity::Waiting, Event::Wake(Wake::Edit | Wake::Hint)) if self.told_to_wait => Ok(Vec::new()),
            (
                Activity::Informing(_)
                | Activity::Pushing(..)
                | Activity::Recalling(_)
                | Activity::Planning(_)
                | Activity::Loading(_)
                | Activity::Pulling(_)
                | Activity::Building(_)
                | Activity::Scrubbing(_),
                Event::Wake(_),
            ) => {
                self.woken = true;
                Ok(Vec::new())
            }
            (
                Activity::Waiting
                | Activity::Informing(_)
                | Activity::Planning(_)
                | Activity::Loading(_)
                | Activity::Building(_),
                Event::Pause,
            ) => self.pause(store),
            (Activity::Waiting | Activity::Resting | Activity::Paused, Event::TimeUp) => {
                // Role and address may have changed without a word.
                self.informed = false;
                self.begin(store)
            }
            (Activity::Loading(_), Event::TimeUp) => self.load(store),
            (Activity::Building(_), Event::GoOn(_)) => self.build(store),
            (
                Activity::Waiting | Activity::Resting | Activity::Paused,
                Event::Wake(Wake::Edit | Wake::Hint),
            )
            | (Activity::Scrubbing(_), Event::Scrubbed(_)) => self.begin(store),
            (Activity::Informing(_), Event::Informed(_, Ok(server))) => self.informed(&server, store),
            (Activity::Pushing(..), Event::Pushed(_, Ok(answer))) => self.pushed(&answer, store),
            (Activity::Pushing(_, edits), Event::Pushed(_, Err(failure))) => {
                let edits = *edits;
                self.push_failed(failure, edits, store)
            }
            (Activity::Recalling(_), Event::Recalled(_, Ok(results))) => self.recalled(&results, store),
            (Activity::Planning(_), Event::Planned(_, Ok(plan))) => self.planned(&plan, store),
            (Activity::Loading(_) | Activity::Pulling(_), Event::Page(id, page)) => {
                self.page(id, &page, store)
            }
            (Activity::Loading(_), Event::Ended(id, Ok(()))) => self.part_ended(id, store),
            (Activity::Loading(_), Event::Ended(id, Err(failure))) => self.part_broke(id, failure, store),
            (Activity::Pulling(stream), Event::Ended(_, Ok(()))) => {
                if stream.pages == 0 {
                    let host = self.host.clone();
                    return self.failed(Failure::Incomplete { host }, store);
                }
                if self.woken {
                    self.begin(store)
                } else {
                    self.pull(store)
                }
            }
            (Activity::Pulling(stream), Event::Ended(_, Err(failure))) => {
                let arrived = stream.pages > 0;
                self.pull_failed(failure, arrived, store)
            }
            (Activity::Informing(_), Event::Informed(_, Err(failure)))
            | (Activity::Recalling(_), Event::Recalled(_, Err(failure)))
            | (Activity::Planning(_), Event::Planned(_, Err(failure))) => self.failed(failure, store),
            // There is no load to stop; a timer was replaced too late; nobody waits for the answer any more.
            (
                Activity::Resting
                | Activity::Paused
                | Activity::Pushing(..)
                | Activity::Recalling(_)
                | Activity::Pulling(_)
                | Activity::Scrubbing(_),
                Event::Pause,
            )
            | (
                Activity::Informing(_)
                | Activity::Pushing(..)
                | Activity::Recalling(_)
                | Activity::Planning(_)
                | Activity::Pulling(_)
                | Activity::Building(_)
                | Activity::Scrubbing(_),
                Event::TimeUp,
            )
            | (
                Activity::Waiting | Activity::Resting | Activity::Paused,
                Event::GoOn(_)
                | Event::Scrubbed(_)
                | Event::Informed(..)
                | Event::Pushed(..)
                | Event::Recalled(..)
                | Event::Planned(..)
                | Event::Page(..)
                | Event::Ended(..),
            )
            | (
                Activity::Informing(_),
                Event::GoOn(_)
                | Event::Scrubbed(_)
                | Event::Pushed(..)
                | Event::Recalled(..)
                | Event::Planned(..)
                | Event::Page(..)
                | Event::Ended(..),
            )
            | (
                Activity::Pushing(..),
                Event::GoOn(_)
                | Event::Scrubbed(_)
                | Event::Informed(..)
                | Event::Recalled(..)
                | Event::Planned(..)
                | Event::Page(..)
                | Event::Ended(..),
            )
            | (
                Activity::Recalling(_),
                Event::GoOn(_)
                | Event::Scrubbed(_)
                | Event::Informed(..)
                | Event::Pushed(..)
                | Event::Planned(..)
                | Event::Page(..)
                | Event::Ended(..),
            )
            | (
                Activity::Planning(_),
                Event::GoOn(_)
                | Event::Scrubbed(_)
                | Event::Informed(..)
                | Event::Pushed(..)
                | Event::Recalled(..)
                | Event::Page(..)
                | Event::Ended(..),
            )
            | (
                Activity::Loading(_) | Activity::Pulling(_),
                Event::GoOn(_)
                | Event::Scrubbed(_)
                | Event::Informed(..)
                | Event::Pushed(..)
                | Event::Recalled(..)
                | Event::Planned(..),
            )
            | (
                Activity::Building(_),
                Event::Scrubbed(_)
                | Event::Informed(..)
                | Event::Pushed(..)
                | Event::Recalled(..)
                | Event::Planned(..)
                | Event::Page(..)
                | Event::Ended(..),
            )
            | (
                Activity::Scrubbing(_),
                Event::GoOn(_)
                | Event::Informed(..)
                | Event::Pushed(..)
                | Event::Recalled(..)
                | Event::Planned(..)
                | Event::Page(..)
                | Event::Ended(..),
            ) => Ok(Vec::new()),
        }
    }

    /// Whether an answer is to what is under way now.
    fn awaits(&self, event: &Event) -> bool {
        match event {
            Event::Wake(_) | Event::Pause | Event::TimeUp => true,
            Event::GoOn(id)
            | Event::Scrubbed(id)
            | Event::Informed(id, _)
            | Event::Pushed(id, _)
            | Event::Recalled(id, _)
            | Event::Planned(id, _)
            | Event::Page(id, _)
            | Event::Ended(id, _) => match &self.activity {
                Activity::Waiting | Activity::Resting | Activity::Paused => false,
                Activity::Informing(awaited)
                | Activity::Pushing(awaited, _)
                | Activity::Recalling(awaited)
                | Activity::Planning(awaited)
                | Activity::Building(awaited)
                | Activity::Scrubbing(awaited) => awaited == id,
                Activity::Loading(streams) => streams.iter().any(|stream| stream.id == *id),
                Activity::Pulling(stream) => stream.id == *id,
            },
        }
    }

    /// From the top: what the file needs, then who the backend is, then edits, then changes.
    fn begin(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        self.woken = false;
        self.told_to_wait = false;
        let id = self.next_id();
        match replica::progress(store)?.next {
            Next::Scrub => {
                self.activity = Activity::Scrubbing(id);
                return Ok(vec![Effect::Scrub(id)]);
            }
            Next::Build if !self.paused => {
                self.activity = Activity::Building(id);
                return Ok(vec![Effect::GoOn(id)]);
            }
            Next::Build | Next::Plan | Next::Parts(_) | Next::Tail(_) => {}
        }
        if self.informed {
            return self.push_or_pull(store);
        }
        self.activity = Activity::Informing(id);
        Ok(vec![Effect::Inform(id)])
    }

    fn informed(&mut self, server: &ServerInfo, store: &Connection) -> Result<Vec<Effect>, Error> {
        self.informed = true;
        self.may_push = server.role.may(Action::EditUsers);
        if self.role.replace(server.role) != Some(server.role) {
            // What the operator may no longer see leaves the machine with the load, and does not wait (design rule 11).
            self.load_pause = Duration::ZERO;
        }
        self.link = Link::Connected;
        replica::remember_server(store, server, &self.key)?;
        self.push_or_pull(store)
    }

    /// Whether edits were stored since the last push, and the backend would take them now: they go before whatever takes
    /// long.
    fn edits_wait(&self, store: &Connection) -> Result<bool, Error> {
        Ok(self.woken && self.informed && self.may_push && replica::has_undecided(store)?)
    }

    fn push_or_pull(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        self.woken = false;
        let mutations = if self.may_push {
            replica::freeze(store, self.push)?
        } else {
            Vec::new()
        };
        if mutations.is_empty() {
            return self.pull(store);
        }
        let id = self.next_id();
        self.activity = Activity::Pushing(id, mutations.len());
        let client_id = replica::progress(store)?.client_id;
        Ok(vec![Effect::Push(id, PushRequest { client_id, mutations })])
    }

    fn pull(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
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

    fn planned(&mut self, plan: &LoadPlan, store: &Connection) -> Result<Vec<Effect>, Error> {
        let begun = replica::begin_load(store, plan, &self.key)?;
        let mut effects = Vec::new();
        if begun.forgotten {
            effects.extend([Effect::Tell(Changed::Users), Effect::Tell(Changed::Connections)]);
        }
        effects.extend(self.pull(store)?);
        Ok(effects)
    }

    /// Fetches every part that is not whole and not on its way; goes on behind them when there is none.
    fn load(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
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

    fn page(&mut self, id: RequestId, page: &PullPage, store: &Connection) -> Result<Vec<Effect>, Error> {
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

    fn caught_up(&mut self, page: &PullPage, news: News, store: &Connection) -> Result<Vec<Effect>, Error> {
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

    fn part_ended(&mut self, id: RequestId, store: &Connection) -> Result<Vec<Effect>, Error> {
        match self.take_stream(id) {
            Some(stream) if stream.pages == 0 => {
                let host = self.host.clone();
                self.part_lost(Failure::Incomplete { host }, &stream, store)
            }
            _ => self.load(store),
        }
    }

    fn part_broke(
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

    fn pull_failed(
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

    fn pushed(&mut self, answer: &PushAnswer, store: &Connection) -> Result<Vec<Effect>, Error> {
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

    fn push_failed(
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

    fn recalled(&mut self, results: &PushResults, store: &Connection) -> Result<Vec<Effect>, Error> {
        replica::take_results(store, results, self.now())?;
        replica::change_client(store, &self.ambient)?;
        let mut effects = vec![Effect::Tell(Changed::Users)];
        effects.extend(self.retry_later(None));
        Ok(effects)
    }

    /// Makes the next piece of the indexes of a first load.
    fn build(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
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

    fn pause(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        if matches!(replica::progress(store)?.next, Next::Tail(_) | Next::Scrub) {
            return Ok(Vec::new());
        }
        self.paused = true;
        self.activity = Activity::Paused;
        let mut effects = vec![self.forget(), self.wait(POLL)];
        effects.extend(self.tell_untold());
        Ok(effects)
    }

    fn failed(&mut self, failure: Failure, store: &Connection) -> Result<Vec<Effect>, Error> {
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

    fn retry_later(&mut self, told: Option<Duration>) -> Vec<Effect> {
        self.activity = Activity::Waiting;
        self.told_to_wait = told.is_some();
        let pause = self.back_off.next(&*self.ambient.entropy);
        vec![self.wait(told.map_or(pause, |told| pause.max(told)))]
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

    fn tell_untold(&mut self) -> Option<Effect> {
        std::mem::take(&mut self.untold).then(|| {
            self.told = self.now();
            Effect::Tell(Changed::Users)
        })
    }

    const fn wait(&mut self, time: Duration) -> Effect {
        self.wait = time;
        Effect::Wait(time)
    }

    const fn forget(&mut self) -> Effect {
        self.wait = Duration::ZERO;
        Effect::Forget
    }

    const fn next_id(&mut self) -> RequestId {
        self.requests += 1;
        self.requests
    }

    fn now(&self) -> Timestamp {
        self.ambient.clock.now()
    }
}
