//! The loop that performs what [`Core`] decides.

use super::{
    Failure,
    back_off::BackOff,
    core::Core,
    event::{Effect, Event, RequestId, Wake},
};
use crate::{Ambient, Error, api::Api, board::Board, replica::Replica};
use std::{collections::VecDeque, future::Future, pin::Pin, time::Duration};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Sleep, sleep},
};
use tokio_util::sync::CancellationToken;
use yaopai_domain::PullRequest;

/// Answers that wait for the one who writes. Each may be a page of some megabytes, and each stream holds one more.
const QUEUE: usize = 1;

/// Wakes the loop.
#[derive(Clone)]
pub(crate) struct Wakes(mpsc::UnboundedSender<Event>);

impl Wakes {
    /// An edit was stored.
    pub(crate) fn edit(&self) {
        self.send(Event::Wake(Wake::Edit));
    }

    /// The backend hinted at a change, or its stream of hints broke.
    pub(crate) fn hint(&self) {
        self.send(Event::Wake(Wake::Hint));
    }

    /// An operator wants it now.
    pub(crate) fn operator(&self) {
        self.send(Event::Wake(Wake::Operator));
    }

    /// An operator wants the load under way to stop for now.
    pub(crate) fn pause(&self) {
        self.send(Event::Pause);
    }

    fn send(&self, event: Event) {
        // A closed loop needs no waking.
        let _ = self.0.send(event);
    }
}

/// Syncs until it is cancelled.
pub(crate) struct SyncLoop {
    core: Core,
    api: Api,
    replica: Replica,
    board: Board,
    wakes: mpsc::UnboundedReceiver<Event>,
    /// What goes on at once.
    next: VecDeque<Event>,
    answers: mpsc::Receiver<Event>,
    answer: mpsc::Sender<Event>,
    under_way: JoinSet<()>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl SyncLoop {
    pub(crate) fn new(api: Api, replica: Replica, board: Board, ambient: Ambient) -> (Self, Wakes) {
        let (sender, wakes) = mpsc::unbounded_channel();
        let (answer, answers) = mpsc::channel(QUEUE);
        let local = api.is_local();
        let (back_off, resets) = (BackOff::new(local), BackOff::of_resets(local));
        let core = Core::new(ambient, api.host(), api.key_mark(), back_off, resets);
        let sync = Self {
            core,
            api,
            replica,
            board,
            wakes,
            next: VecDeque::new(),
            answers,
            answer,
            under_way: JoinSet::new(),
            timer: None,
        };
        (sync, Wakes(sender))
    }

    pub(crate) async fn run(mut self, cancelled: CancellationToken) {
        let mut event = Event::TimeUp;
        loop {
            self.take(event).await;
            while self.under_way.try_join_next().is_some() {}
            event = tokio::select! {
                biased;
                () = cancelled.cancelled() => return,
                Some(wake) = self.wakes.recv() => wake,
                event = first(&mut self.next) => event,
                Some(event) = self.answers.recv() => event,
                () = elapsed(&mut self.timer) => Event::TimeUp,
            };
        }
    }

    async fn take(&mut self, event: Event) {
        let mut core = self.core.clone();
        let step = move |transaction: &rusqlite::Transaction<'_>| {
            let effects = core.step(event, transaction)?;
            Ok((core, effects))
        };
        let effects = match self.replica.write(step).await {
            Ok((core, effects)) => {
                self.core = core;
                self.board.set_trouble(None);
                effects
            }
            // The console is being closed.
            Err(Error::Closed) => Vec::new(),
            Err(error) => self.recover(&error),
        };
        self.board.set_link(self.core.link(), self.core.is_paused());
        for effect in effects {
            self.perform(effect);
        }
    }

    /// The local file failed (a full disk, say): that step left nothing, and everything under way is given up.
    fn recover(&mut self, error: &Error) -> Vec<Effect> {
        tracing::error!(%error, "a step of the sync was undone");
        self.board.set_trouble(Some(error.view()));
        self.core.recover()
    }

    fn perform(&mut self, effect: Effect) {
        let api = self.api.clone();
        match effect {
            Effect::Inform(id) => self.ask(async move { Event::Informed(id, api.inform().await) }),
            Effect::Push(id, request) => {
                self.ask(async move { Event::Pushed(id, api.push(&request).await) });
            }
            Effect::Recall(id, ids) => {
                self.ask(async move { Event::Recalled(id, api.results(&ids).await) });
            }
            Effect::Plan(id, request) => {
                self.ask(async move { Event::Planned(id, api.plan(&request).await) });
            }
            Effect::Pull(id, request) => {
                let answer = self.answer.clone();
                self.under_way.spawn(async move {
                    let ended = stream(&api, id, &request, &answer).await;
                    drop(answer.send(Event::Ended(id, ended)).await);
                });
            }
            Effect::Scrub(id) => {
                let (replica, board) = (self.replica.clone(), self.board.clone());
                self.ask(async move {
                    if let Err(error) = replica.scrub().await {
                        // It is due at the next start, and at the next try.
                        tracing::error!(%error, "deleted data is still in the local file");
                        board.set_trouble(Some(error.view()));
                        sleep(Duration::from_secs(1)).await;
                    }
                    Event::Scrubbed(id)
                });
            }
            Effect::Forget => {
                self.under_way.abort_all();
                self.timer = None;
            }
            Effect::GoOn(id) => self.next.push_back(Event::GoOn(id)),
            Effect::Wait(time) => self.timer = Some(Box::pin(sleep(time))),
            Effect::Tell(changed) => self.board.tell(changed),
        }
    }

    fn ask(&mut self, request: impl Future<Output = Event> + Send + 'static) {
        let answer = self.answer.clone();
        self.under_way.spawn(async move {
            // A closed loop waits for no answer.
            drop(answer.send(request.await).await);
        });
    }
}

/// Hands on page after page. Whoever writes them is slower than most lines: the queue is what keeps memory bounded.
async fn stream(
    api: &Api,
    id: RequestId,
    request: &PullRequest,
    answer: &mpsc::Sender<Event>,
) -> Result<(), Failure> {
    let mut pages = api.pull(request).await?;
    while let Some(page) = pages.next().await? {
        if answer.send(Event::Page(id, Box::new(page))).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// What goes on at once; never, if there is nothing.
async fn first(next: &mut VecDeque<Event>) -> Event {
    match next.pop_front() {
        Some(event) => event,
        None => std::future::pending().await,
    }
}

/// The end of the wait; never, if there is none.
async fn elapsed(timer: &mut Option<Pin<Box<Sleep>>>) {
    match timer {
        Some(sleep) => {
            sleep.await;
            *timer = None;
        }
        None => std::future::pending().await,
    }
}
