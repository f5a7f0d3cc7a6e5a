//! One console in a simulation: a real file, the real rules, and a network that does what it is told.

use crate::{
    Error, Keep, Link, MetadataEdit, SyncMark,
    options::Ambient,
    replica::{self, transact},
    sync::{
        back_off::BackOff,
        core::{Core, Effect, Event, Failure, Wake},
    },
    tests::{BackendModel, ambient},
};
use rusqlite::Connection;
use std::collections::HashMap;
use yaopai_domain::{
    Code, MutationId, Outcome, PoolId, Problem, Role, ServerInfo, UserId, WeChatEnvironment,
};

pub(super) const HOST: &str = "backend.example:443";

/// One console: its file, its rules, and the request under way.
pub(super) struct Machine {
    pub(super) file: Connection,
    pub(super) core: Core,
    ambient: Ambient,
    pub(super) request: Option<Effect>,
    pub(super) role: Role,
    /// Pages of more changes than this do not get through.
    pub(super) line: usize,
}

impl Machine {
    pub(super) fn new(seed: u64) -> Self {
        let ambient = ambient(seed);
        let file = replica::open_in_memory(PoolId::default(), ambient.clone()).unwrap();
        let core = core(&ambient);
        Self {
            file,
            core,
            ambient,
            request: None,
            role: Role::Admin,
            line: usize::MAX,
        }
    }

    pub(super) fn step(&mut self, event: Event) {
        let mut core = self.core.clone();
        let effects = transact(&mut self.file, |transaction| core.step(event, transaction)).unwrap();
        self.core = core;
        for effect in effects {
            match effect {
                Effect::Wait(_) | Effect::Tell(_) => {}
                Effect::Inform | Effect::Push(_) | Effect::Pull(_) => {
                    assert!(self.request.replace(effect).is_none(), "one request at a time");
                }
            }
        }
    }

    /// Lets the request under way reach the backend and its answer come back, or not; without one, time passes.
    pub(super) fn go_on(&mut self, backend: &mut BackendModel, fault: Fault) {
        let Some(request) = self.request.take() else {
            return self.step(Event::TimeUp);
        };
        let lost = Failure::Unreachable {
            host: HOST.to_owned(),
        };
        let event = match request {
            Effect::Inform => Event::Informed(match fault {
                Fault::None => Ok(server(self.role)),
                Fault::RequestLost | Fault::AnswerLost => Err(lost),
            }),
            Effect::Push(push) => Event::Pushed(match fault {
                Fault::RequestLost => Err(lost),
                Fault::AnswerLost => {
                    let _ = backend.push(&push);
                    Err(lost)
                }
                Fault::None => backend.push(&push).map_err(refusal),
            }),
            Effect::Pull(pull) => Event::Pulled {
                result: match fault {
                    Fault::None => match backend.pull(&pull) {
                        Ok(page) if page.changes.len() > self.line => Err(Failure::Incomplete {
                            host: HOST.to_owned(),
                        }),
                        answer => answer.map_err(refusal),
                    },
                    Fault::RequestLost | Fault::AnswerLost => Err(lost),
                },
                from: pull.cursor,
            },
            Effect::Wait(_) | Effect::Tell(_) => unreachable!("not requests"),
        };
        self.step(event);
    }

    /// The process dies; what was committed stays.
    pub(super) fn crash(&mut self) {
        self.core = core(&self.ambient);
        self.request = None;
    }

    pub(super) fn edit(&mut self, user: UserId, key: &str, json: Option<&str>) -> Result<(), Error> {
        let edit = MetadataEdit {
            user_id: user,
            key: key.to_owned(),
            json: json.map(str::to_owned),
        };
        let ambient = self.ambient.clone();
        transact(&mut self.file, |transaction| {
            replica::edit_metadata(transaction, &edit, &ambient)
        })?;
        self.step(Event::Wake(Wake::Edit));
        Ok(())
    }

    pub(super) fn resolve_first(&mut self, keep: Keep) -> Option<(UserId, String)> {
        let conflict = replica::conflicts(&self.file, None).unwrap().into_iter().next()?;
        let ambient = self.ambient.clone();
        transact(&mut self.file, |transaction| {
            replica::resolve_conflict(transaction, &conflict.id, &keep, &ambient)
        })
        .unwrap();
        self.step(Event::Wake(Wake::Edit));
        Some((conflict.user_id, conflict.key))
    }

    /// What the window shows of a key, and its mark.
    pub(super) fn shown(&self, user: UserId, key: &str) -> Option<(Option<String>, SyncMark)> {
        let detail = replica::user(&self.file, user).ok()?;
        let item = detail.metadata.into_iter().find(|item| item.key == key);
        Some(item.map_or((None, SyncMark::Synced), |item| (item.json, item.sync)))
    }

    pub(super) fn waiting(&self) -> u32 {
        replica::standing(&self.file).unwrap().waiting
    }

    /// Goes on without faults until nothing is left to do.
    pub(super) fn settle(&mut self, backend: &mut BackendModel) {
        self.step(Event::Wake(Wake::Operator));
        for _ in 0..400 {
            self.go_on(backend, Fault::None);
            let head = self.count("SELECT count(*) FROM overlay");
            if self.request.is_none()
                && self.waiting() == 0
                && head == 0
                && *self.core.link() == Link::Connected
            {
                // Once more from rest, for what the backend did meanwhile.
                let before = replica::progress(&self.file).unwrap();
                self.step(Event::TimeUp);
                while self.request.is_some() {
                    self.go_on(backend, Fault::None);
                }
                if before == replica::progress(&self.file).unwrap() {
                    return;
                }
            }
        }
        panic!(
            "not settled: {} waiting, link {:?}",
            self.waiting(),
            self.core.link()
        );
    }

    pub(super) fn count(&self, sql: &str) -> i64 {
        self.file.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub(super) fn decided(&self) -> Vec<(MutationId, UserId, String, Outcome)> {
        let mut statement = self
            .file
            .prepare("SELECT mutation_id, user_id, field, outcome FROM outbox WHERE state = 'decided' ORDER BY seq")
            .unwrap();
        let rows = statement.query_map([], |row| {
            let text = |index| row.get::<_, String>(index);
            Ok((text(0)?, text(1)?, text(2)?, text(3)?))
        });
        rows.unwrap()
            .map(Result::unwrap)
            .map(|(id, user, field, outcome)| {
                let key = field.strip_prefix("metadata.").unwrap().to_owned();
                let outcome = serde_json::from_str(&outcome).unwrap();
                (id.parse().unwrap(), user.parse().unwrap(), key, outcome)
            })
            .collect()
    }

    /// The replica shows exactly what the backend has.
    pub(super) fn assert_equals(&self, backend: &BackendModel) {
        let users = backend.users();
        assert_eq!(self.count("SELECT count(*) FROM people"), users.len() as i64);
        for (id, user) in users {
            let detail = replica::user(&self.file, id).unwrap();
            assert_eq!(detail.profile, user.profile);
            let mirrored: HashMap<String, String> = {
                let mut statement = self
                    .file
                    .prepare("SELECT j.key, j.value -> 0 FROM people p JOIN user_state s ON s.row = p.row, json_each(s.metadata) j WHERE p.id = ?1")
                    .unwrap();
                let rows =
                    statement.query_map([id.uuid().into_bytes()], |row| Ok((row.get(0)?, row.get(1)?)));
                rows.unwrap().map(Result::unwrap).collect()
            };
            let truth: HashMap<String, String> = user
                .metadata
                .iter()
                .map(|(key, entry)| (key.to_string(), entry.value.to_string()))
                .collect();
            assert_eq!(mirrored, truth);
        }
    }
}

pub(super) fn refusal(code: Code) -> Failure {
    Failure::Problem(Problem::new(code, "refused"))
}

fn core(ambient: &Ambient) -> Core {
    Core::new(ambient.clone(), HOST.to_owned(), BackOff::new(false))
}

fn server(role: Role) -> ServerInfo {
    ServerInfo {
        version: "1".to_owned(),
        pool_name: "Default".to_owned(),
        public_url: "https://backend.example/".to_owned(),
        wechat: WeChatEnvironment::Real,
        role,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    RequestLost,
    AnswerLost,
}
