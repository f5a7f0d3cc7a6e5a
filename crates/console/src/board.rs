//! The status line, and who is told when something on the screen is out of date.

use crate::{Changed, Link, Status, replica::Standing};
use tokio::sync::{broadcast, watch};

/// More news than a listener reads in time are merged: it then reads everything anew anyway.
const NEWS: usize = 64;

/// What every part of the console writes its news on. Clones share it.
#[derive(Clone)]
pub(crate) struct Board {
    status: watch::Sender<Status>,
    changed: broadcast::Sender<Changed>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self {
            status: watch::Sender::new(Status {
                link: Link::Connecting,
                server: None,
                waiting: 0,
                conflicts: 0,
                last_sync: None,
                loaded: false,
                users: 0,
                loading: None,
            }),
            changed: broadcast::Sender::new(NEWS),
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Follows the status line.
    pub(crate) fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Changed> {
        self.changed.subscribe()
    }

    pub(crate) fn tell(&self, changed: Changed) {
        // Nobody listens: nobody shows anything.
        drop(self.changed.send(changed));
    }

    pub(crate) fn set_link(&self, link: &Link) {
        self.update(|status| status.link = link.clone());
    }

    pub(crate) fn set_standing(&self, standing: Standing) {
        self.update(|status| {
            *status = Status {
                link: status.link.clone(),
                server: standing.server,
                waiting: standing.waiting,
                conflicts: standing.conflicts,
                last_sync: standing.last_sync,
                loaded: standing.loaded,
                users: standing.users,
                loading: status.loading.clone(),
            };
        });
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        let differs = self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            *status != before
        });
        if differs {
            self.tell(Changed::Status);
        }
    }
}
