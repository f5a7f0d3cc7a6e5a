//! Random lives of a console: edits, other people's edits, lost requests and answers, crashes, failovers. Whatever
//! happens, every edit ends applied exactly once or visible as conflict or refusal, and nothing saved flickers.

use super::{
    back_off::BackOff,
    core::{Core, Effect, Event, Failure, Wake},
};
use crate::{
    Error, Keep, Link, MetadataEdit, SyncMark,
    options::Ambient,
    replica::{self, transact},
    tests::{BackendModel, ambient, json, key, user_id},
};
use proptest::prelude::*;
use rusqlite::Connection;
use std::collections::{HashMap, HashSet};
use yaopai_domain::{
    Code, EntityKey, MutationId, Outcome, PoolId, Problem, Role, ServerInfo, Timestamp, UserId,
    WeChatEnvironment,
};

const HOST: &str = "backend.example:443";
const KEYS: [&str; 2] = ["tier", "会员"];

/// One console: its file, its rules, and the request under way.
struct Machine {
    file: Connection,
    core: Core,
    ambient: Ambient,
    request: Option<Effect>,
    role: Role,
}

impl Machine {
    fn new(seed: u64) -> Self {
        let ambient = ambient(seed);
        let file = replica::open_in_memory(PoolId::default(), ambient.clone()).unwrap();
        let core = core(&ambient);
        Self {
            file,
            core,
            ambient,
            request: None,
            role: Role::Admin,
        }
    }

    fn step(&mut self, event: Event) {
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
    fn go_on(&mut self, backend: &mut BackendModel, fault: Fault) {
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
                    Fault::None => backend.pull(&pull).map_err(refusal),
                    Fault::RequestLost | Fault::AnswerLost => Err(lost),
                },
                from: pull.cursor,
            },
            Effect::Wait(_) | Effect::Tell(_) => unreachable!("not requests"),
        };
        self.step(event);
    }

    /// The process dies; what was committed stays.
    fn crash(&mut self) {
        self.core = core(&self.ambient);
        self.request = None;
    }

    fn edit(&mut self, user: UserId, key: &str, json: Option<&str>) -> Result<(), Error> {
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

    fn resolve_first(&mut self, keep: Keep) -> Option<(UserId, String)> {
        let conflict = replica::conflicts(&self.file, None).unwrap().into_iter().next()?;
        let ambient = self.ambient.clone();
        transact(&mut self.file, |transaction| {
            replica::resolve_conflict(transaction, &conflict.id, keep, &ambient)
        })
        .unwrap();
        self.step(Event::Wake(Wake::Edit));
        Some((conflict.user_id, conflict.key))
    }

    /// What the window shows of a key, and its mark.
    fn shown(&self, user: UserId, key: &str) -> Option<(Option<String>, SyncMark)> {
        let detail = replica::user(&self.file, user).ok()?;
        let item = detail.metadata.into_iter().find(|item| item.key == key);
        Some(item.map_or((None, SyncMark::Synced), |item| (item.json, item.sync)))
    }

    fn waiting(&self) -> u32 {
        replica::standing(&self.file).unwrap().waiting
    }

    /// Goes on without faults until nothing is left to do.
    fn settle(&mut self, backend: &mut BackendModel) {
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

    fn count(&self, sql: &str) -> i64 {
        self.file.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn decided(&self) -> Vec<(MutationId, UserId, String, Outcome)> {
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
    fn assert_equals(&self, backend: &BackendModel) {
        let users = backend.users();
        assert_eq!(self.count("SELECT count(*) FROM users"), users.len() as i64);
        for (id, user) in users {
            let detail = replica::user(&self.file, id).unwrap();
            assert_eq!(detail.profile, user.profile);
            let mirrored: HashMap<String, String> = {
                let mut statement = self
                    .file
                    .prepare("SELECT key, value FROM metadata WHERE user_id = ?1")
                    .unwrap();
                let rows = statement.query_map([id.to_string()], |row| Ok((row.get(0)?, row.get(1)?)));
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

fn refusal(code: Code) -> Failure {
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
enum Fault {
    None,
    RequestLost,
    AnswerLost,
}

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
    Crash,
    Resolve(Keep),
    Remember,
    FailOver,
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
        2 => Just(Action::Crash),
        2 => prop_oneof![Just(Keep::Mine), Just(Keep::Theirs)].prop_map(Action::Resolve),
        1 => Just(Action::Remember),
        1 => Just(Action::FailOver),
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
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut backend = BackendModel::new();
        for number in 0..3 {
            backend.add_user(user_id(number), "张伟", i64::from(number));
        }
        let mut life = Self {
            machine: Machine::new(seed),
            remembered: backend.clone(),
            backend,
            saved: HashMap::new(),
            contested: HashSet::new(),
            given_up: HashSet::new(),
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
        let lost = decided.filter(|(_, user, key, _)| (user, key) == (&field.0, &field.1));
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
            Action::Crash => self.machine.crash(),
            Action::Resolve(keep) => {
                if let Some(field) = self.machine.resolve_first(keep) {
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
        }
        self.assert_no_flicker();
    }

    fn assert_no_flicker(&self) {
        for ((user, key), saved) in &self.saved {
            let (json, _) = self.machine.shown(*user, key).unwrap();
            assert_eq!(&json, saved, "a saved edit of {key} left the screen");
        }
    }

    /// Every edit has one outcome, and the outcome is true.
    fn assert_settled(&self) {
        assert_eq!(self.machine.waiting(), 0);
        assert_eq!(self.machine.count("SELECT count(*) FROM overlay"), 0);
        self.machine.assert_equals(&self.backend);
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
        let rejected = replica::rejected_edits(&self.machine.file).unwrap();
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
        life.machine.settle(&mut life.backend);
        life.assert_settled();
    }
}

fn loaded() -> (Machine, BackendModel) {
    let mut backend = BackendModel::new();
    for number in 0..5 {
        backend.add_user(user_id(number), "张伟", i64::from(number));
    }
    let mut machine = Machine::new(1);
    machine.settle(&mut backend);
    (machine, backend)
}

#[test]
fn an_edit_is_pending_until_answered_and_stays_visible_until_its_page() {
    let (mut machine, mut backend) = loaded();
    machine.edit(user_id(1), "tier", Some("\"gold\"")).unwrap();
    let gold = Some("\"gold\"".to_owned());
    let shown = |machine: &Machine| machine.shown(user_id(1), "tier").unwrap();
    assert_eq!(shown(&machine), (gold.clone(), SyncMark::Pending));
    machine.go_on(&mut backend, Fault::None);
    assert_eq!(
        shown(&machine),
        (gold.clone(), SyncMark::Synced),
        "answered, page not yet here"
    );
    machine.settle(&mut backend);
    assert_eq!(shown(&machine), (gold, SyncMark::Synced));
    assert_eq!(backend.value(user_id(1), &key("tier")), Some(json("\"gold\"")));
}

#[test]
fn a_second_edit_of_a_key_builds_on_the_first() {
    let (mut machine, mut backend) = loaded();
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.edit(user_id(1), "tier", Some("2")).unwrap();
    machine.settle(&mut backend);
    let applied = machine.decided();
    assert!(
        applied
            .iter()
            .all(|(.., outcome)| matches!(outcome, Outcome::Applied { .. }))
    );
    assert_eq!(applied.len(), 2);
    assert_eq!(backend.value(user_id(1), &key("tier")), Some(json("2")));
}

#[test]
fn two_losing_edits_of_a_key_are_one_conflict() {
    let (mut machine, mut backend) = loaded();
    backend.set(user_id(1), &key("tier"), Some(json("9")), "李娜");
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.edit(user_id(1), "tier", Some("2")).unwrap();
    machine.settle(&mut backend);
    let conflicts = replica::conflicts(&machine.file, None).unwrap();
    let [conflict] = &conflicts[..] else {
        panic!("one conflict: {conflicts:?}")
    };
    assert_eq!(conflict.base, None);
    assert_eq!(conflict.mine.as_deref(), Some("2"));
    assert_eq!(conflict.theirs.as_deref(), Some("9"));
    assert_eq!(conflict.actor.as_deref(), Some("李娜"));
    assert_eq!(conflict.user_name.as_deref(), Some("张伟"));
    assert_eq!(machine.shown(user_id(1), "tier").unwrap().1, SyncMark::Conflict);
}

#[test]
fn a_later_edit_stays_on_the_screen_while_an_earlier_one_loses() {
    let (mut machine, mut backend) = loaded();
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    assert!(matches!(machine.request, Some(Effect::Push(_))));
    machine.edit(user_id(1), "tier", Some("2")).unwrap();
    backend.set(user_id(1), &key("tier"), Some(json("9")), "李娜");
    machine.go_on(&mut backend, Fault::None);
    let shown = machine.shown(user_id(1), "tier");
    assert_eq!(shown, Some((Some("2".to_owned()), SyncMark::Conflict)));
}

#[test]
fn keeping_mine_writes_it_on_top_of_theirs() {
    let (mut machine, mut backend) = loaded();
    backend.set(user_id(1), &key("tier"), Some(json("9")), "李娜");
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.settle(&mut backend);
    machine.resolve_first(Keep::Mine).unwrap();
    machine.settle(&mut backend);
    assert_eq!(backend.value(user_id(1), &key("tier")), Some(json("1")));
    assert!(replica::conflicts(&machine.file, None).unwrap().is_empty());
}

#[test]
fn keeping_mine_loses_again_to_a_third_value_and_says_so() {
    let (mut machine, mut backend) = loaded();
    backend.set(user_id(1), &key("tier"), Some(json("9")), "李娜");
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.settle(&mut backend);
    backend.set(user_id(1), &key("tier"), Some(json("10")), "李娜");
    machine.resolve_first(Keep::Mine).unwrap();
    machine.settle(&mut backend);
    assert_eq!(backend.value(user_id(1), &key("tier")), Some(json("10")));
    let conflicts = replica::conflicts(&machine.file, None).unwrap();
    assert_eq!(conflicts[0].base.as_deref(), Some("9"));
    assert_eq!(conflicts[0].theirs.as_deref(), Some("10"));
}

#[test]
fn a_refused_edit_stays_readable_and_holds_nothing_up() {
    let (mut machine, mut backend) = loaded();
    backend.delete(EntityKey::User(user_id(1)));
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.edit(user_id(2), "tier", Some("2")).unwrap();
    machine.settle(&mut backend);
    assert_eq!(backend.value(user_id(2), &key("tier")), Some(json("2")));
    let rejected = replica::rejected_edits(&machine.file).unwrap();
    let [edit] = &rejected[..] else {
        panic!("one refused edit: {rejected:?}")
    };
    assert_eq!((edit.user_id, edit.mine.as_deref()), (user_id(1), Some("1")));
    assert_eq!(edit.rejection, yaopai_domain::PushRejection::UserGone);
    replica::dismiss_rejected(&machine.file, &edit.id).unwrap();
    assert!(replica::rejected_edits(&machine.file).unwrap().is_empty());
}

#[test]
fn a_reset_never_blanks_the_list() {
    let (mut machine, mut backend) = loaded();
    let old = backend.clone();
    backend.add_user(user_id(7), "李娜", 7);
    machine.settle(&mut backend);
    backend.fail_over_to(&old);
    machine.step(Event::TimeUp);
    let mut requests = 0;
    while machine.request.is_some() {
        machine.go_on(&mut backend, Fault::None);
        assert!(machine.count("SELECT count(*) FROM users") >= 5);
        requests += 1;
    }
    assert!(requests > 3, "it was loaded in pages");
    machine.assert_equals(&backend);
}

#[test]
fn a_copied_file_goes_on_as_another_console() {
    let (mut machine, mut backend) = loaded();
    let mut copy = Machine::new(2);
    rusqlite::backup::Backup::new(&machine.file, &mut copy.file)
        .unwrap()
        .run_to_completion(1000, std::time::Duration::ZERO, None)
        .unwrap();
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.settle(&mut backend);
    copy.edit(user_id(2), "tier", Some("2")).unwrap();
    copy.edit(user_id(3), "tier", Some("3")).unwrap();
    copy.settle(&mut backend);
    machine.settle(&mut backend);
    let ids = [&machine, &copy].map(|one| replica::progress(&one.file).unwrap().client_id);
    assert_ne!(ids[0], ids[1]);
    for (user, value) in [(1, "1"), (2, "2"), (3, "3")] {
        assert_eq!(backend.value(user_id(user), &key("tier")), Some(json(value)));
    }
    copy.assert_equals(&backend);
    machine.assert_equals(&backend);
}

#[test]
fn edits_of_a_viewer_wait_for_a_better_role() {
    let (mut machine, mut backend) = loaded();
    machine.role = Role::Viewer;
    machine.step(Event::Wake(Wake::Operator));
    while machine.request.is_some() {
        machine.go_on(&mut backend, Fault::None);
    }
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    while machine.request.is_some() {
        assert!(!matches!(machine.request, Some(Effect::Push(_))));
        machine.go_on(&mut backend, Fault::None);
    }
    assert_eq!((machine.waiting(), machine.core.link()), (1, &Link::Connected));
    machine.role = Role::Support;
    machine.settle(&mut backend);
    assert_eq!(backend.value(user_id(1), &key("tier")), Some(json("1")));
}

#[test]
fn offline_is_since_the_first_failure() {
    let (mut machine, mut backend) = loaded();
    machine.step(Event::TimeUp);
    machine.go_on(&mut backend, Fault::RequestLost);
    let Link::Offline { host, since } = machine.core.link().clone() else {
        panic!("offline: {:?}", machine.core.link());
    };
    assert_eq!(host, HOST);
    assert!(since > Timestamp(0));
    machine.step(Event::TimeUp);
    machine.go_on(&mut backend, Fault::RequestLost);
    assert_eq!(*machine.core.link(), Link::Offline { host, since });
    machine.settle(&mut backend);
    assert_eq!(*machine.core.link(), Link::Connected);
}

#[test]
fn a_refused_key_is_denied_and_not_offline() {
    let (mut machine, _) = loaded();
    machine.step(Event::TimeUp);
    machine.request = None;
    machine.step(Event::Informed(Err(refusal(Code::Unauthenticated))));
    assert_eq!(*machine.core.link(), Link::Denied);
}

#[test]
fn a_lost_number_beyond_the_archive_does_not_stop_the_queue() {
    let (mut machine, mut backend) = loaded();
    let old = backend.clone();
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.settle(&mut backend);
    machine.file.execute("DELETE FROM outbox", []).unwrap();
    backend.fail_over_to(&old);
    machine.edit(user_id(2), "tier", Some("2")).unwrap();
    machine.settle(&mut backend);
    assert_eq!(backend.value(user_id(2), &key("tier")), Some(json("2")));
    machine.assert_equals(&backend);
}
