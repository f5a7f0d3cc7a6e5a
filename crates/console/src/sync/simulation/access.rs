//! Scenes of access: lost, narrowed, never had; and the file that is copied.

use super::machine::{Fault, Machine};
use crate::{
    Link, replica,
    sync::event::{Event, Wake},
    tests::{BackendModel, json, key, user_id},
};
use yaopai_domain::{Entity, Role, VerificationFile};

/// A console whose file is whole, and a backend that does not show every role everything.
fn loaded() -> (Machine, BackendModel) {
    let mut backend = BackendModel::of(0..5);
    backend.put(Entity::VerificationFile(Box::new(VerificationFile {
        name: "WW_verify_a.txt".to_owned(),
        content_base64: "YQ==".to_owned(),
    })));
    (Machine::loaded(1, &mut backend), backend)
}

/// Everything of users, bindings and edits that the file holds.
fn rows(machine: &Machine) -> i64 {
    machine.count(
        "SELECT (SELECT count(*) FROM people) + (SELECT count(*) FROM user_state)
            + (SELECT count(*) FROM identities) + (SELECT count(*) FROM verification_files)
            + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM overlay) + (SELECT count(*) FROM conflicts)
            + (SELECT count(*) FROM rejected)",
    )
}

fn unsent(machine: &Machine) -> Option<u32> {
    let lost = replica::standing(&machine.file).unwrap().access_lost;
    lost.map(|lost| lost.unsent)
}

#[test]
fn lost_access_empties_the_file_and_tells_how_many_edits_went() {
    let (mut machine, mut backend) = loaded();
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.edit(user_id(2), "tier", Some("2")).unwrap();
    machine.shut_out = true;
    machine.drain(&mut backend);
    assert_eq!(rows(&machine), 0);
    assert_eq!(*machine.core.link(), Link::Denied);
    let standing = replica::standing(&machine.file).unwrap();
    assert_eq!(unsent(&machine), Some(2));
    assert_eq!((standing.waiting, standing.users), (0, 0));
    assert!(!standing.loaded);
    // Refused again, it changes nothing; let in again, it loads anew.
    machine.step(Event::TimeUp);
    machine.drain(&mut backend);
    assert_eq!(unsent(&machine), Some(2));
    machine.shut_out = false;
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
    assert_eq!(unsent(&machine), None);
}

#[test]
fn a_crash_before_the_bytes_are_gone_is_made_up_for_at_the_next_start() {
    let (mut machine, mut backend) = loaded();
    machine.shut_out = true;
    machine.step(Event::TimeUp);
    machine.go_on(&mut backend, Fault::None);
    assert_eq!(machine.count("SELECT scrub FROM replica"), 1);
    machine.crash();
    machine.step(Event::TimeUp);
    machine.drain(&mut backend);
    assert_eq!(machine.count("SELECT scrub FROM replica"), 0);
}

#[test]
fn a_key_that_never_loaded_this_replica_is_refused_and_touches_nothing() {
    let (machine, mut backend) = loaded();
    let before = rows(&machine);
    let mut machine = machine.with_key("a key with a typing error");
    machine.shut_out = true;
    machine.step(Event::TimeUp);
    machine.drain(&mut backend);
    assert_eq!((machine.core.link(), rows(&machine)), (&Link::Denied, before));
    machine.shut_out = false;
    machine.settle(&mut backend);
    // Let in, it is as much theirs; now a refusal counts.
    machine.shut_out = true;
    machine.step(Event::TimeUp);
    machine.drain(&mut backend);
    assert_eq!(rows(&machine), 0);
}

#[test]
fn what_a_narrower_role_may_not_see_leaves_the_machine_and_the_list_stays() {
    let (mut machine, mut backend) = loaded();
    backend.role = Role::Viewer;
    machine.step(Event::Wake(Wake::Hint));
    while machine.is_busy() {
        machine.go_on(&mut backend, Fault::None);
        assert_eq!(
            machine.count("SELECT count(*) FROM people"),
            5,
            "the list never blanks"
        );
    }
    assert_eq!(machine.count("SELECT count(*) FROM verification_files"), 0);
    assert_eq!(
        machine.count("SELECT scrub FROM replica"),
        0,
        "and its bytes are gone"
    );
    backend.role = Role::Support;
    machine.settle(&mut backend);
    assert_eq!(machine.count("SELECT count(*) FROM verification_files"), 1);
}

#[test]
fn edits_that_a_copy_has_pushed_are_taken_as_decided() {
    let (mut machine, mut backend) = loaded();
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.edit(user_id(2), "tier", Some("2")).unwrap();
    let mut copy = machine.copied();
    // The copy pushes both and one of its own, and somebody undoes one of them.
    copy.edit(user_id(3), "tier", Some("3")).unwrap();
    copy.settle(&mut backend);
    backend.set(user_id(1), &key("tier"), None, "李娜");
    // The original edits on, under the number that the copy has used.
    machine.edit(user_id(4), "tier", Some("4")).unwrap();
    machine.settle(&mut backend);
    assert_eq!(backend.value(user_id(1), &key("tier")), None, "not applied again");
    assert_eq!(backend.value(user_id(4), &key("tier")), Some(json("4")));
    assert!(backend.effects.values().all(|times| *times == 1));
    let ids = [&machine, &copy].map(|one| replica::progress(&one.file).unwrap().client_id);
    assert_ne!(ids[0], ids[1]);
    copy.settle(&mut backend);
    machine.assert_equals(&backend);
    copy.assert_equals(&backend);
}
