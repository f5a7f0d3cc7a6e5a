//! The rules of the sync, without I/O: [`Core::step`] takes what happened and answers what to do next.
//!
//! A step runs inside one transaction of the replica and its effects are performed after the commit, so a crash at any
//! point leaves a state from which the same rules go on. The order is always the same: ask who the backend is, push until
//! the outbox is empty, load what is missing (parts beside each other), pull until caught up, make what a first load left
//! to make, rest. An edit that is stored while something takes long is pushed between two pieces of it.

mod failing;
mod loading;
mod pushing;

use super::{
    back_off::BackOff,
    event::{Activity, Effect, Event, RequestId, Wake},
    failure::Failure,
};
use crate::{
    Ambient, Error, Link,
    replica::{self, Next},
};
use rusqlite::Connection;
use std::time::Duration;
use yaopai_domain::{Action, PullRequest, PushRequest, Role, ServerInfo, Timestamp};

/// Hints may be lost; this often the backend is asked anyway.
const POLL: Duration = Duration::from_secs(30);
/// Changes a page, as long as pages get through.
const PAGE: u32 = PullRequest::MAX_LIMIT;
/// Edits a push, as long as pushes get through.
const PUSH: usize = PushRequest::MAX_MUTATIONS;

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
    pub(crate) fn new(
        ambient: Ambient,
        host: String,
        key: String,
        back_off: BackOff,
        resets: BackOff,
    ) -> Self {
        Self {
            ambient,
            host,
            key,
            activity: Activity::Waiting,
            link: Link::Connecting,
            back_off,
            resets,
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
            // There is no load to stop; a timer was replaced too late; `awaits` lets no other answers through.
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
                _,
                Event::GoOn(_)
                | Event::Scrubbed(_)
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
