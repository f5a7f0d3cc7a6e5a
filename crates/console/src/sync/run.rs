//! The loop that performs what [`Core`] decides.

use super::{
    back_off::BackOff,
    core::{Core, Effect, Event, Failure, Wake},
};
use crate::{Ambient, Error, api::Api, board::Board, replica::Replica};
use futures_util::future::BoxFuture;
use std::{pin::Pin, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Sleep, sleep},
};
use tokio_util::sync::CancellationToken;

/// Wakes the loop.
#[derive(Clone)]
pub(crate) struct Wakes(mpsc::UnboundedSender<Wake>);

impl Wakes {
    /// An edit was stored.
    pub(crate) fn edit(&self) {
        self.send(Wake::Edit);
    }

    /// The backend hinted at a change, or its stream of hints broke.
    pub(crate) fn hint(&self) {
        self.send(Wake::Hint);
    }

    /// An operator wants it now.
    pub(crate) fn operator(&self) {
        self.send(Wake::Operator);
    }

    fn send(&self, wake: Wake) {
        // A closed loop needs no waking.
        let _ = self.0.send(wake);
    }
}

/// Syncs until it is cancelled.
pub(crate) struct SyncLoop {
    core: Core,
    api: Api,
    replica: Replica,
    board: Board,
    wakes: mpsc::UnboundedReceiver<Wake>,
    in_flight: Option<BoxFuture<'static, Event>>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl SyncLoop {
    pub(crate) fn new(api: Api, replica: Replica, board: Board, ambient: Ambient) -> (Self, Wakes) {
        let (sender, wakes) = mpsc::unbounded_channel();
        let core = Core::new(ambient, api.host(), BackOff::new(api.is_local()));
        let sync = Self {
            core,
            api,
            replica,
            board,
            wakes,
            in_flight: None,
            timer: None,
        };
        (sync, Wakes(sender))
    }

    pub(crate) async fn run(mut self, cancelled: CancellationToken) {
        let mut event = Event::TimeUp;
        loop {
            self.take(event).await;
            event = tokio::select! {
                () = cancelled.cancelled() => return,
                event = answered(&mut self.in_flight) => event,
                () = elapsed(&mut self.timer) => Event::TimeUp,
                Some(wake) = self.wakes.recv() => Event::Wake(wake),
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
                effects
            }
            // The console is being closed.
            Err(Error::Closed) => Vec::new(),
            Err(error) => {
                tracing::error!(%error, "a step of the sync was undone");
                self.core.recover()
            }
        };
        self.board.set_link(self.core.link());
        for effect in effects {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        let api = self.api.clone();
        match effect {
            Effect::Inform => {
                self.in_flight = Some(Box::pin(async move {
                    Event::Informed(api.server_info().await.map_err(|error| failure(error, &api)))
                }));
            }
            Effect::Push(request) => {
                self.in_flight = Some(Box::pin(async move {
                    Event::Pushed(api.push(&request).await.map_err(|error| failure(error, &api)))
                }));
            }
            Effect::Pull(request) => {
                self.in_flight = Some(Box::pin(async move {
                    let result = api.pull(&request).await.map_err(|error| failure(error, &api));
                    Event::Pulled {
                        from: request.cursor,
                        result,
                    }
                }));
            }
            Effect::Wait(time) => self.wait(time),
            Effect::Tell(changed) => self.board.tell(changed),
        }
    }

    fn wait(&mut self, time: Duration) {
        self.timer = Some(Box::pin(sleep(time)));
    }
}

fn failure(error: Error, api: &Api) -> Failure {
    if let Error::UnexpectedAnswer { host, what } = &error {
        tracing::warn!(%host, %what, "not the sync protocol");
    }
    Failure::of(error, api.host())
}

/// The answer to the request under way; never, if there is none.
async fn answered(in_flight: &mut Option<BoxFuture<'static, Event>>) -> Event {
    match in_flight {
        Some(request) => {
            let event = request.await;
            *in_flight = None;
            event
        }
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
