//! Random lives of a console: edits, other people's edits, lost requests and answers, crashes, failovers. Whatever
//! happens, every edit ends applied exactly once or visible as conflict or refusal, and nothing saved flickers.

use super::machine::{Fault, Machine};
use crate::{
    Error, Keep, replica,
    sync::event::{Event, Wake},
    tests::{BackendModel, json, key, user_id},
};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use yaopai_domain::{EntityKey, MutationId, Outcome, Role, UserId};

const KEYS: [&str; 2] = ["tier", "会员"];

#[derive(Debug, Clone)]
enum Action {
    Edit {
        user: u32,
        key: usize,
        value: Option<u8>,
    },
    TheirEdit {
        user: u32,
        key: usize,
        value: Option<u8>,
    },
    AddUser(u32),
    DeleteUser(u32),
    GoOn(Fault),
    /// From now on, pages of more changes do not get through.
    Line(usize),
    Crash,
    Resolve(Keep),
    Remember,
    FailOver,
    /// A user is created here.
    Create(u32),
    /// The operator's role changes.
    Role(Role),
    /// The load under way is stopped.
    Pause,
    /// The operator wants to sync now.
    SyncNow,
}

fn action() -> impl Strategy<Value = Action> {
    let user = 0..4_u32;
    let value = prop_oneof![3 => (0..4_u8).prop_map(Some), 1 => Just(None)];
    let field = (user.clone(), 0..KEYS.len(), value);
    prop_oneof![
        8 => field.clone().prop_map(|(user, key, value)| Action::Edit { user, key, value }),
        3 => field.prop_map(|(user, key, value)| Action::TheirEdit { user, key, value }),
        1 => user.clone().prop_map(Action::AddUser),
        1 => user.prop_map(Action::DeleteUser),
        20 => Just(Action::GoOn(Fault::None)),
        3 => Just(Action::GoOn(Fault::RequestLost)),
        3 => Just(Action::GoOn(Fault::AnswerLost)),
        2 => prop_oneof![Just(1), Just(2), Just(usize::MAX)].prop_map(Action::Line),
        2 => Just(Action::Crash),
        2 => keep().prop_map(Action::Resolve),
        1 => Just(Action::Remember),
        1 => Just(Action::FailOver),
        1 => (10..13_u32).prop_map(Action::Create),
        1 => prop_oneof![Just(Role::Viewer), Just(Role::Admin)].prop_map(Action::Role),
        1 => Just(Action::Pause),
        1 => Just(Action::SyncNow),
    ]
}

fn keep() -> impl Strategy<Value = Keep> {
    prop_oneof![
        Just(Keep::Mine),
        Just(Keep::Theirs),
        (0..4_u8).prop_map(|value| Keep::Edited {
            json: Some(value.to_string())
        }),
    ]
}

/// Everything that happens in one life, and what has to be true all the time.
struct Life {
    machine: Machine,
    backend: BackendModel,
    remembered: BackendModel,
    /// What was last saved here, of fields nobody else has touched.
    saved: HashMap<(UserId, String), Option<String>>,
    /// Fields somebody else wrote, or that a failover may have changed.
    contested: HashSet<(UserId, String)>,
    /// Losing edits that a person has seen and given up.
    given_up: HashSet<MutationId>,
    /// Users who were created here.
    created: HashSet<UserId>,
}

impl Life {
    fn new(seed: u64) -> Self {
        let backend = BackendModel::of(0..3);
        let mut life = Self {
            machine: Machine::new(seed),
            remembered: backend.clone(),
            backend,
            saved: HashMap::new(),
            contested: HashSet::new(),
            given_up: HashSet::new(),
            created: HashSet::new(),
        };
        life.machine.settle(&mut life.backend);
        life
    }

    fn contest(&mut self, field: (UserId, String)) {
        self.saved.remove(&field);
        self.contested.insert(field);
    }

    /// A person has decided anew what the field shall be: what lost before is given up.
    fn supersede(&mut self, field: &(UserId, String)) {
        let decided = self.machine.decided().into_iter();
        let lost = decided.filter(|(_, user, key, outcome)| {
            (user, key) == (&field.0, &field.1)
                && matches!(outcome, Outcome::Conflict { .. } | Outcome::Rejected { .. })
        });
        self.given_up.extend(lost.map(|(id, ..)| id));
    }

    fn contest_all(&mut self) {
        self.saved.clear();
        let all = (0..4).flat_map(|user| KEYS.map(|key| (user_id(user), key.to_owned())));
        self.contested.extend(all);
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Edit { user, key, value } => {
                let json = value.map(|value| value.to_string());
                let field = (user_id(user), KEYS[key].to_owned());
                match self.machine.edit(field.0, &field.1, json.as_deref()) {
                    Ok(()) => {
                        self.supersede(&field);
                        if !self.contested.contains(&field) {
                            self.saved.insert(field, json);
                        }
                    }
                    Err(Error::NotFound) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            Action::TheirEdit {
                user,
                key: number,
                value,
            } => {
                let value = value.map(|value| json(&value.to_string()));
                self.backend
                    .set(user_id(user), &key(KEYS[number]), value, "somebody");
                self.contest((user_id(user), KEYS[number].to_owned()));
            }
            Action::AddUser(user) => {
                if !self.backend.users().contains_key(&user_id(user)) {
                    self.backend.add_user(user_id(user), "李娜", 10);
                    for key in KEYS {
                        self.contest((user_id(user), key.to_owned()));
                    }
                }
            }
            Action::DeleteUser(user) => {
                self.backend.delete(EntityKey::User(user_id(user)));
                for key in KEYS {
                    self.contest((user_id(user), key.to_owned()));
                }
            }
            Action::GoOn(fault) => self.machine.go_on(&mut self.backend, fault),
            Action::Line(changes) => self.machine.line = changes,
            Action::Crash => self.machine.crash(),
            Action::Resolve(keep) => {
                if let Some(field) = self.machine.resolve_first(&keep) {
                    self.supersede(&field);
                    self.contest(field);
                }
            }
            Action::Remember => self.remembered = self.backend.clone(),
            Action::FailOver => {
                let old = self.remembered.clone();
                self.backend.fail_over_to(&old);
                self.contest_all();
            }
            Action::Create(user) => {
                let known = self.created.contains(&user_id(user));
                if !known {
                    self.machine.create(user_id(user), "王芳", None);
                    self.created.insert(user_id(user));
                }
            }
            Action::Role(role) => self.backend.role = role,
            Action::Pause => self.machine.step(Event::Pause),
            Action::SyncNow => self.machine.step(Event::Wake(Wake::Operator)),
        }
        self.assert_no_flicker();
    }

    fn assert_no_flicker(&self) {
        for ((user, key), saved) in &self.saved {
            let (json, _) = self.machine.shown(*user, key).unwrap();
            assert_eq!(&json, saved, "a saved edit of {key} left the screen");
        }
        for user in &self.created {
            assert!(
                self.machine.shown(*user, "").is_some(),
                "a created user left the screen"
            );
        }
    }

    /// Every edit has one outcome, and the outcome is true.
    fn assert_settled(&self) {
        assert_eq!(self.machine.waiting(), 0);
        assert_eq!(self.machine.count("SELECT count(*) FROM overlay"), 0);
        self.machine.assert_equals(&self.backend);
        for id in &self.given_up {
            assert_eq!(self.backend.effects.get(id), None, "given up, and applied");
        }
        let decided = self.machine.decided();
        for (place, (id, user, key, outcome)) in decided.iter().enumerate() {
            let effects = self.backend.effects.get(id).copied().unwrap_or(0);
            let superseded = decided[place + 1..]
                .iter()
                .any(|(_, later_user, later_key, _)| (later_user, later_key) == (user, key));
            match outcome {
                Outcome::Applied { .. } => assert_eq!(effects, 1, "applied exactly once"),
                Outcome::Noop => assert_eq!(effects, 0),
                Outcome::Conflict { .. } | Outcome::Rejected { .. } => {
                    assert_eq!(effects, 0);
                    let visible = self.is_visible(&(*user, key.clone()));
                    assert!(
                        superseded || visible || self.given_up.contains(id),
                        "an edit of {key} vanished"
                    );
                }
            }
        }
    }

    fn is_visible(&self, (user, key): &(UserId, String)) -> bool {
        let conflicts = replica::conflicts(&self.machine.file, Some(*user)).unwrap();
        let rejected = replica::rejected_edits(&self.machine.file, None, 200)
            .unwrap()
            .edits;
        conflicts.iter().any(|conflict| &conflict.key == key)
            || rejected
                .iter()
                .any(|edit| (&edit.user_id, &edit.key) == (user, key))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn every_edit_ends_applied_once_or_visible_and_nothing_flickers(
        seed: u64,
        actions in proptest::collection::vec(action(), 1..120),
    ) {
        let mut life = Life::new(seed);
        for action in actions {
            life.act(action);
        }
        life.backend.role = Role::Admin;
        life.machine.settle(&mut life.backend);
        life.assert_settled();
    }
}
