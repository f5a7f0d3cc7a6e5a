//! The rules of the sync, without I/O: [`Core::step`] takes what happened and answers what to do next.
//!
//! A step runs inside one transaction of the replica and its effects are performed after the commit, so a crash at any
//! point leaves a state from which the same rules go on. There is one request at a time: ask who the backend is, push
//! until the outbox is empty, pull until caught up, rest.

use super::back_off::BackOff;
use crate::sync::{PullPage, PullRequest};
use crate::{Ambient, Changed, Error, Link, replica, replica::Applied};
use rusqlite::Connection;
use std::time::Duration;
use yaopai_domain::{Action, Code, Problem, PushAnswer, PushRequest, ServerInfo, Timestamp};

/// Hints may be lost; this often the backend is asked anyway.
const POLL: Duration = Duration::from_secs(30);
/// Changes asked for at once, as long as they get through.
const PAGE: u32 = 1000;

/// Something happened.
#[derive(Debug)]
pub(super) enum Event {
    /// There may be something to do.
    Wake(Wake),
    /// The waiting time is over.
    TimeUp,
    /// The backend said who it is, or did not.
    Informed(Result<ServerInfo, Failure>),
    /// The answer to a push.
    Pushed(Result<PushAnswer, Failure>),
    /// The answer to a pull.
    Pulled {
        /// The cursor it was asked with.
        from: Option<String>,
        /// The page.
        result: Result<PullPage, Failure>,
    },
}

/// Why there may be something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// An edit was stored.
    Edit,
    /// The backend hinted at a change, or its stream of hints broke.
    Hint,
    /// An operator wants it now.
    Operator,
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// No answer, or none that can be read; `host` was called.
    Unreachable {
        /// Host and port.
        host: String,
    },
    /// The backend was reached, but its answer did not arrive whole: asking for less may help.
    Incomplete {
        /// Host and port.
        host: String,
    },
    /// The backend refused.
    Problem(Problem),
}

impl Failure {
    /// The failure of a call; `host` was called.
    pub(super) fn of(error: Error, host: String) -> Self {
        match error {
            Error::Backend(problem) => Self::Problem(*problem),
            Error::IncompleteAnswer { .. } => Self::Incomplete { host },
            _ => Self::Unreachable { host },
        }
    }
}

/// Something to do, after the step is committed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Ask who the backend is; answer with [`Event::Informed`].
    Inform,
    /// Push; answer with [`Event::Pushed`].
    Push(PushRequest),
    /// Pull; answer with [`Event::Pulled`].
    Pull(PullRequest),
    /// Answer with [`Event::TimeUp`] after this time; replaces an earlier wait.
    Wait(Duration),
    /// Tell listeners.
    Tell(Changed),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    /// Nothing to do until something wakes it; the poll timer runs.
    Resting,
    /// Something failed; the back-off timer runs.
    BackingOff,
    Informing,
    Pushing,
    Pulling,
}

/// The state that a restart may forget.
#[derive(Clone)]
pub(super) struct Core {
    ambient: Ambient,
    host: String,
    activity: Activity,
    link: Link,
    back_off: BackOff,
    /// Who the backend is was asked since it last came back.
    informed: bool,
    /// The operator's role lets edits through. Otherwise they wait: roles change.
    may_push: bool,
    /// Something woke it during a request.
    woken: bool,
    /// The backend missed a number although everything it lost was queued again.
    gaps: u32,
    /// Changes asked for at once: half after an answer that did not arrive whole, an eighth more after each that did.
    page: u32,
}

impl Core {
    pub(super) fn new(ambient: Ambient, host: String, back_off: BackOff) -> Self {
        Self {
            ambient,
            host,
            activity: Activity::BackingOff,
            link: Link::Connecting,
            back_off,
            informed: false,
            may_push: true,
            woken: false,
            gaps: 0,
            page: PAGE,
        }
    }

    /// Whether the backend answers.
    pub(super) const fn link(&self) -> &Link {
        &self.link
    }

    /// The local file failed in a step that was undone: whatever was under way is forgotten, and begun again after a
    /// while.
    pub(super) fn recover(&mut self) -> Vec<Effect> {
        self.retry_later()
    }

    /// What to do now that this happened.
    pub(super) fn step(&mut self, event: Event, store: &Connection) -> Result<Vec<Effect>, Error> {
        match (self.activity, event) {
            (Activity::Resting | Activity::BackingOff, Event::Wake(wake)) => {
                if wake == Wake::Operator {
                    self.back_off.reset();
                    self.informed = false;
                }
                self.begin(store)
            }
            (Activity::Resting, Event::TimeUp) => {
                // Role and address may have changed without a word.
                self.informed = false;
                self.begin(store)
            }
            (Activity::BackingOff, Event::TimeUp) => self.begin(store),
            (Activity::Informing | Activity::Pushing | Activity::Pulling, Event::Wake(_)) => {
                self.woken = true;
                Ok(Vec::new())
            }
            (Activity::Informing, Event::Informed(Ok(server))) => self.informed(&server, store),
            (Activity::Pushing, Event::Pushed(Ok(answer))) => self.pushed(&answer, store),
            (Activity::Pushing, Event::Pushed(Err(Failure::Problem(problem)))) => {
                self.push_refused(problem, store)
            }
            (
                Activity::Pulling,
                Event::Pulled {
                    from,
                    result: Ok(page),
                },
            ) => self.pulled(from.as_deref(), &page, store),
            (
                Activity::Pulling,
                Event::Pulled {
                    from,
                    result: Err(Failure::Problem(problem)),
                },
            ) if problem.code == Code::SyncReset && from.is_some() => {
                tracing::info!(reason = %problem.detail, "loading everything again");
                replica::begin_generation(store)?;
                self.pull(store)
            }
            (
                Activity::Pulling,
                Event::Pulled {
                    result: Err(Failure::Incomplete { host }),
                    ..
                },
            ) => {
                self.page = (self.page / 2).max(1);
                Ok(self.failed(Failure::Incomplete { host }))
            }
            (Activity::Informing, Event::Informed(Err(failure)))
            | (Activity::Pushing, Event::Pushed(Err(failure)))
            | (
                Activity::Pulling,
                Event::Pulled {
                    result: Err(failure), ..
                },
            ) => Ok(self.failed(failure)),
            // A timer that was replaced too late, or the answer to a request that a recovery forgot.
            (Activity::Informing | Activity::Pushing | Activity::Pulling, Event::TimeUp)
            | (
                Activity::Resting | Activity::BackingOff,
                Event::Informed(_) | Event::Pushed(_) | Event::Pulled { .. },
            )
            | (Activity::Informing, Event::Pushed(_) | Event::Pulled { .. })
            | (Activity::Pushing, Event::Informed(_) | Event::Pulled { .. })
            | (Activity::Pulling, Event::Informed(_) | Event::Pushed(_)) => Ok(Vec::new()),
        }
    }

    fn begin(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        self.woken = false;
        if self.informed {
            return self.push_or_pull(store);
        }
        self.activity = Activity::Informing;
        Ok(vec![Effect::Inform])
    }

    fn informed(&mut self, server: &ServerInfo, store: &Connection) -> Result<Vec<Effect>, Error> {
        self.informed = true;
        self.may_push = server.role.may(Action::EditUsers);
        self.link = Link::Connected;
        replica::remember_server(store, server)?;
        self.push_or_pull(store)
    }

    fn push_or_pull(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        let mutations = if self.may_push {
            replica::freeze(store)?
        } else {
            Vec::new()
        };
        if mutations.is_empty() {
            return self.pull(store);
        }
        self.activity = Activity::Pushing;
        Ok(vec![Effect::Push(PushRequest {
            client_id: replica::progress(store)?.client_id,
            mutations,
        })])
    }

    fn pull(&mut self, store: &Connection) -> Result<Vec<Effect>, Error> {
        self.activity = Activity::Pulling;
        let progress = replica::progress(store)?;
        Ok(vec![Effect::Pull(PullRequest {
            client_id: progress.client_id,
            cursor: progress.cursor,
            limit: self.page,
        })])
    }

    fn pushed(&mut self, answer: &PushAnswer, store: &Connection) -> Result<Vec<Effect>, Error> {
        if replica::take_outcomes(store, answer, self.now())? == 0 {
            tracing::warn!("the backend answered a push without deciding anything");
            return Ok(self.retry_later());
        }
        self.gaps = 0;
        let mut effects = vec![Effect::Tell(Changed::Users)];
        effects.extend(self.push_or_pull(store)?);
        Ok(effects)
    }

    fn push_refused(&mut self, problem: Problem, store: &Connection) -> Result<Vec<Effect>, Error> {
        match problem.code {
            // Reading may still be allowed; the edits wait for a better role.
            Code::Forbidden => {
                self.may_push = false;
                self.pull(store)
            }
            // A pull tells how much the backend lost, and settling queues it again.
            Code::SyncGap if self.gaps == 0 => {
                self.gaps += 1;
                self.pull(store)
            }
            Code::SyncGap | Code::SyncFork => {
                tracing::warn!(code = ?problem.code, "going on under a new client id");
                self.gaps = 0;
                replica::change_client(store, &self.ambient)?;
                Ok(self.retry_later())
            }
            Code::MalformedRequest
            | Code::InvalidFields
            | Code::Unauthenticated
            | Code::NotFound
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
            | Code::TooLarge
            | Code::TooOften
            | Code::Busy
            | Code::Internal => Ok(self.failed(Failure::Problem(problem))),
        }
    }

    fn pulled(
        &mut self,
        from: Option<&str>,
        page: &PullPage,
        store: &Connection,
    ) -> Result<Vec<Effect>, Error> {
        self.page = (self.page + self.page.div_ceil(8)).min(PAGE);
        let Applied::Done { users, connections } = replica::apply_page(store, from, page, self.now())? else {
            return self.pull(store);
        };
        let mut effects = Vec::new();
        if users {
            effects.push(Effect::Tell(Changed::Users));
        }
        if connections {
            effects.push(Effect::Tell(Changed::Connections));
        }
        if !page.caught_up {
            // It got on: whatever fails next has not failed before.
            self.back_off.reset();
            effects.extend(self.pull(store)?);
            return Ok(effects);
        }
        let settled = replica::settle(store, page.last_seq, self.now())?;
        if settled.changed && !users {
            effects.push(Effect::Tell(Changed::Users));
        }
        if settled.lost > 0 {
            tracing::warn!(
                edits = settled.lost,
                "the backend lost edits it had; sending them again"
            );
            effects.extend(self.retry_later());
            return Ok(effects);
        }
        self.back_off.reset();
        if self.woken || self.gaps > 0 {
            effects.extend(self.begin(store)?);
        } else {
            self.activity = Activity::Resting;
            effects.push(Effect::Wait(POLL));
        }
        Ok(effects)
    }

    fn failed(&mut self, failure: Failure) -> Vec<Effect> {
        let link = match failure {
            Failure::Unreachable { host } | Failure::Incomplete { host } => self.offline(host),
            Failure::Problem(problem) => match problem.code {
                Code::Unauthenticated | Code::Forbidden | Code::NotFound => Link::Denied,
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
                    self.offline(self.host.clone())
                }
            },
        };
        self.link = link;
        self.informed = false;
        self.retry_later()
    }

    /// Offline, since the first failure in a row.
    fn offline(&self, host: String) -> Link {
        let since = match &self.link {
            Link::Offline { since, .. } => *since,
            Link::Connecting | Link::Connected | Link::Denied => self.now(),
        };
        Link::Offline { host, since }
    }

    fn retry_later(&mut self) -> Vec<Effect> {
        self.activity = Activity::BackingOff;
        vec![Effect::Wait(self.back_off.next(&*self.ambient.entropy))]
    }

    fn now(&self) -> Timestamp {
        self.ambient.clock.now()
    }
}
