//! A console for the simulator: a real file in memory and the real rules, driven step by step on one thread. What the
//! loop would send is handed out, what it would hear is handed in.

use super::{
    Failure,
    back_off::BackOff,
    core::Core,
    event::{Effect, Event, Wake},
};
use crate::{
    Conflict, Error, Keep, Link, RejectedEdit, UserDetail, UserPage, UserQuery,
    options::Ambient,
    replica::{self, Orders, transact},
};
use rusqlite::Connection;
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};
use yaopai_domain::{
    ClientId, Clock, EntityKey, EntityType, Entropy, FieldGroup, LoadPlan, LoadRequest, MetadataValue,
    MutationId, NewUser, PoolId, Problem, PullPage, PullRequest, PushAnswer, PushRequest, PushResults,
    ServerInfo, UserId,
};

pub use crate::replica::simulate::{Edit, Mirrored, Overlay, kept_of};

const HOST: &str = "backend.example:443";

/// One console: its file and its rules.
pub struct Machine {
    file: Connection,
    core: Core,
    ambient: Ambient,
    key: String,
    orders: Orders,
}

/// What a console asks of its backend.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Who are you, and what may I do?
    Inform,
    /// Decide these edits.
    Push(PushRequest),
    /// What became of these edits?
    Recall(Vec<MutationId>),
    /// How do I load everything?
    Plan(LoadRequest),
    /// What has changed? Answered page by page.
    Pull(PullRequest),
}

/// Why there is no good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// None came.
    Unreachable,
    /// It broke off.
    Incomplete,
    /// The backend refused.
    Refused(Box<Problem>),
}

/// Work on the console's own machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The next piece of what is long.
    Piece,
    /// To rewrite the file without what was deleted.
    Scrub,
}

/// What happens to a console. Numbers name the request that is answered.
#[derive(Debug, Clone)]
pub enum Input {
    /// The waiting time is over, or the program was started.
    TimeUp,
    /// An edit was stored.
    Edited,
    /// The backend hinted at a change.
    Hinted,
    /// The operator wants it now.
    Asked,
    /// The operator wants the load to stop for now.
    Paused,
    /// It is time for this work.
    Work(u64, Work),
    /// The backend said who it is, or did not.
    Informed(u64, Result<ServerInfo, NoAnswer>),
    /// The answer to a push.
    Pushed(u64, Result<PushAnswer, NoAnswer>),
    /// What became of edits.
    Recalled(u64, Result<PushResults, NoAnswer>),
    /// How to load everything.
    Planned(u64, Result<LoadPlan, NoAnswer>),
    /// One page of a pull.
    Page(u64, Box<PullPage>),
    /// The answer to a pull is over.
    Ended(u64, Result<(), NoAnswer>),
}

/// What a console wants done after a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send this, and answer under this number.
    Ask(u64, Request),
    /// Come back with [`Input::Work`].
    Work(u64, Work),
    /// Give up every request under way, and the wait.
    Forget,
    /// Say [`Input::TimeUp`] after this time; replaces an earlier wait.
    Wait(Duration),
}

/// When the process dies in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Before the commit: the step has not happened.
    BeforeCommit,
    /// After the commit, before any effect.
    AfterCommit,
}

/// Everything a file held at a moment.
pub struct Image(Connection);

/// Where a replica stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Who the console is to the backend.
    pub client_id: ClientId,
    /// Where it goes on, in each part of a load, and behind them.
    pub places: BTreeMap<Option<i64>, String>,
    /// Grows with every reset.
    pub generation: i64,
    /// Whether the list is whole.
    pub loaded: bool,
    /// What this replica holds, if anything.
    pub scope: Option<Vec<EntityType>>,
    /// Edits the backend has not answered.
    pub waiting: u32,
    /// When access was lost, and everything with it.
    pub access_lost: Option<i64>,
    /// Edits that left with it.
    pub unsent: Option<u32>,
    /// How often the mirror turned out to be another than the backend's.
    pub mismatches: u32,
}

impl Machine {
    /// A console with an empty file, and the operator whom `key` names.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, key: &str) -> Result<Self, Error> {
        let ambient = Ambient { clock, entropy };
        let file = replica::simulate::open_in_memory(PoolId::default(), ambient.clone())?;
        Ok(Self::of(file, ambient, key))
    }

    /// Another console with a copy of this one's file: a profile that somebody copied to a second computer.
    pub fn copied(&self, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, Error> {
        let file = replica::simulate::copy(&self.file)?;
        Ok(Self::of(file, Ambient { clock, entropy }, &self.key))
    }

    fn of(file: Connection, ambient: Ambient, key: &str) -> Self {
        Self {
            core: core(&ambient, key),
            file,
            ambient,
            key: key.to_owned(),
            orders: Orders::default(),
        }
    }

    /// Takes a step. With a death, the console has to be [`Machine::restart`]ed.
    pub fn take(&mut self, input: Input, death: Option<Death>) -> Result<Vec<Output>, Error> {
        let event = match input {
            Input::Work(id, Work::Scrub) => {
                replica::scrub(&self.file, Path::new(replica::simulate::NOWHERE))?;
                Event::Scrubbed(id)
            }
            other => event(other),
        };
        let mut core = self.core.clone();
        let effects = self.commit(death, |file| core.step(event, file))?;
        let Some(effects) = effects else {
            return Ok(Vec::new());
        };
        self.core = core;
        Ok(effects.into_iter().filter_map(output).collect())
    }

    /// One step whole or, if the process dies before the commit, not at all; `None` if it died.
    fn commit<T>(
        &mut self,
        death: Option<Death>,
        step: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        if death == Some(Death::BeforeCommit) {
            // Undone when it goes out of scope.
            step(&*self.file.transaction()?)?;
            return Ok(None);
        }
        let done = transact(&mut self.file, |transaction| step(transaction))?;
        Ok(death.is_none().then_some(done))
    }

    /// The process died, and is started again on the file as it is.
    pub fn restart(&mut self) -> Result<(), Error> {
        replica::simulate::reopen(&mut self.file, PoolId::default(), self.ambient.clone())?;
        self.core = core(&self.ambient, &self.key);
        self.orders = Orders::default();
        Ok(())
    }

    /// The level of `PRAGMA synchronous`: 2 (FULL) and more make a commit outlive a power cut.
    pub fn durability(&self) -> Result<i64, Error> {
        Ok(self.file.query_row("PRAGMA synchronous", [], |row| row.get(0))?)
    }

    /// A copy of everything.
    pub fn image(&self) -> Result<Image, Error> {
        replica::simulate::copy(&self.file).map(Image)
    }

    /// The power was cut, and the disk has only this.
    pub fn lose_to(&mut self, image: &Image) -> Result<(), Error> {
        replica::simulate::fill(&image.0, &mut self.file)
    }

    /// The operator edits a field; `true` once it counts as saved.
    pub fn edit(
        &mut self,
        user: UserId,
        field: &FieldGroup,
        new: Option<&MetadataValue>,
        death: Option<Death>,
    ) -> Result<bool, Error> {
        let ambient = self.ambient.clone();
        let saved = self.commit(death, |file| {
            replica::edit_field(file, user, field.clone(), new, &ambient)
        })?;
        Ok(saved.is_some())
    }

    /// The operator imports a user; `true` once it counts as saved.
    pub fn create(&mut self, new: &NewUser, death: Option<Death>) -> Result<bool, Error> {
        let ambient = self.ambient.clone();
        let saved = self.commit(death, |file| replica::create_user(file, new, &ambient))?;
        Ok(saved.is_some())
    }

    /// The operator decides a conflict; `true` once it counts.
    pub fn resolve(&mut self, id: &str, keep: &Keep, death: Option<Death>) -> Result<bool, Error> {
        let ambient = self.ambient.clone();
        let done = self.commit(death, |file| replica::resolve_conflict(file, id, keep, &ambient))?;
        Ok(done.is_some())
    }

    /// The operator has read of a refused edit.
    pub fn dismiss(&mut self, id: &str) -> Result<(), Error> {
        self.commit(None, |file| replica::dismiss_rejected(file, id))?;
        Ok(())
    }

    /// Whether the backend answers.
    pub const fn link(&self) -> &Link {
        self.core.link()
    }

    /// Where the replica stands.
    pub fn standing(&self) -> Result<Standing, Error> {
        replica::simulate::standing(&self.file)
    }

    /// What the window shows of a user.
    pub fn user(&self, id: UserId) -> Result<UserDetail, Error> {
        replica::user(&self.file, id)
    }

    /// What the window lists.
    pub fn users(&self, query: &UserQuery) -> Result<UserPage, Error> {
        replica::users(&self.file, &self.orders, query)
    }

    /// Open conflicts.
    pub fn conflicts(&self) -> Result<Vec<Conflict>, Error> {
        replica::conflicts(&self.file, None)
    }

    /// Refused edits.
    pub fn rejected(&self) -> Result<Vec<RejectedEdit>, Error> {
        Ok(replica::rejected_edits(&self.file, None, u32::MAX)?.edits)
    }

    /// What the backend said of every entity, row by row.
    pub fn mirror(&self) -> Result<BTreeMap<EntityKey, Mirrored>, Error> {
        replica::simulate::mirror(&self.file)
    }

    /// Generation and revision of every mirrored entity.
    pub fn revisions(&self) -> Result<BTreeMap<EntityKey, (i64, i64)>, Error> {
        replica::simulate::revisions(&self.file)
    }

    /// What edited fields look like here, row by row.
    pub fn overlay(&self) -> Result<Vec<Overlay>, Error> {
        replica::simulate::overlay(&self.file)
    }

    /// Every edit that is still known, in order.
    pub fn edits(&self) -> Result<Vec<Edit>, Error> {
        replica::simulate::edits(&self.file)
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        replica::simulate::bytes(&self.file)
    }
}

fn core(ambient: &Ambient, key: &str) -> Core {
    // Resets are many in a life, and long waits after them would leave few steps to what matters.
    Core::new(
        ambient.clone(),
        HOST.to_owned(),
        key.to_owned(),
        BackOff::new(false),
        BackOff::of_resets(true),
    )
}

fn event(input: Input) -> Event {
    match input {
        Input::TimeUp => Event::TimeUp,
        Input::Edited => Event::Wake(Wake::Edit),
        Input::Hinted => Event::Wake(Wake::Hint),
        Input::Asked => Event::Wake(Wake::Operator),
        Input::Paused => Event::Pause,
        Input::Work(id, Work::Piece) => Event::GoOn(id),
        Input::Work(id, Work::Scrub) => Event::Scrubbed(id),
        Input::Informed(id, result) => Event::Informed(id, result.map_err(failure)),
        Input::Pushed(id, result) => Event::Pushed(id, result.map_err(failure)),
        Input::Recalled(id, result) => Event::Recalled(id, result.map_err(failure)),
        Input::Planned(id, result) => Event::Planned(id, result.map_err(failure)),
        Input::Page(id, page) => Event::Page(id, page),
        Input::Ended(id, result) => Event::Ended(id, result.map_err(failure)),
    }
}

fn failure(no: NoAnswer) -> Failure {
    let host = HOST.to_owned();
    match no {
        NoAnswer::Unreachable => Failure::Unreachable { host },
        NoAnswer::Incomplete => Failure::Incomplete { host },
        NoAnswer::Refused(problem) => Failure::told(*problem),
    }
}

fn output(effect: Effect) -> Option<Output> {
    match effect {
        Effect::Inform(id) => Some(Output::Ask(id, Request::Inform)),
        Effect::Push(id, request) => Some(Output::Ask(id, Request::Push(request))),
        Effect::Recall(id, ids) => Some(Output::Ask(id, Request::Recall(ids))),
        Effect::Plan(id, request) => Some(Output::Ask(id, Request::Plan(request))),
        Effect::Pull(id, request) => Some(Output::Ask(id, Request::Pull(request))),
        Effect::GoOn(id) => Some(Output::Work(id, Work::Piece)),
        Effect::Scrub(id) => Some(Output::Work(id, Work::Scrub)),
        Effect::Forget => Some(Output::Forget),
        Effect::Wait(time) => Some(Output::Wait(time)),
        Effect::Tell(_) => None,
    }
}
