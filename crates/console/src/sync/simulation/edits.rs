//! Scenes of edits beyond metadata: names, users created here, outcomes that a failover changes.

use super::machine::{Fault, Machine, loaded};
use crate::{
    Keep, replica,
    sync::event::{Event, Wake},
    tests::{BackendModel, json, key, user_id},
};
use yaopai_domain::{EntityKey, Outcome, ProfileField, PushRejection};

fn nickname(backend: &BackendModel, user: u32) -> Option<String> {
    let nickname = backend.users().remove(&user_id(user))?.profile.nickname;
    nickname.map(|nickname| nickname.value)
}

fn shown_name(machine: &Machine, user: u32) -> Option<String> {
    replica::user(&machine.file, user_id(user)).unwrap().name
}

#[test]
fn a_name_is_edited_like_any_other_field() {
    let (mut machine, mut backend) = loaded();
    machine.edit_nickname(user_id(1), "王芳").unwrap();
    assert_eq!(shown_name(&machine, 1).as_deref(), Some("王芳"), "at once");
    machine.settle(&mut backend);
    assert_eq!(nickname(&backend, 1).as_deref(), Some("王芳"));
    assert_eq!(shown_name(&machine, 1).as_deref(), Some("王芳"));
}

#[test]
fn two_names_are_a_conflict_and_a_third_can_be_typed() {
    let (mut machine, mut backend) = loaded();
    backend.rename(user_id(1), ProfileField::Nickname, Some("李娜"));
    machine.edit_nickname(user_id(1), "王芳").unwrap();
    machine.settle(&mut backend);
    let conflicts = replica::conflicts(&machine.file, None).unwrap();
    let [conflict] = &conflicts[..] else {
        panic!("one conflict: {conflicts:?}")
    };
    assert_eq!(
        (conflict.field, conflict.key.as_str()),
        (Some(ProfileField::Nickname), "")
    );
    assert_eq!(conflict.mine.as_deref(), Some("\"王芳\""));
    assert_eq!(conflict.theirs.as_deref(), Some("\"李娜\""));
    assert!(conflict.mine_at.is_some());
    assert_eq!(
        shown_name(&machine, 1).as_deref(),
        Some("李娜"),
        "theirs, until somebody decides"
    );
    let keep = Keep::Edited {
        json: Some("\"李娜娜\"".to_owned()),
    };
    machine.resolve_first(&keep).unwrap();
    machine.settle(&mut backend);
    assert_eq!(nickname(&backend, 1).as_deref(), Some("李娜娜"));
    assert!(replica::conflicts(&machine.file, None).unwrap().is_empty());
}

#[test]
fn a_created_user_is_listed_at_once_and_all_the_way() {
    let (mut machine, mut backend) = loaded();
    let listed = |machine: &Machine| machine.count("SELECT count(*) FROM people") == 6;
    machine.create(user_id(9), "王芳", Some("13800138000"));
    assert!(listed(&machine));
    // A reset between creation and answer.
    let old = backend.clone();
    backend.add_user(user_id(7), "李娜", 7);
    backend.delete(EntityKey::User(user_id(7)));
    machine.step(Event::Wake(Wake::Operator));
    while machine.is_busy() {
        machine.go_on(&mut backend, Fault::AnswerLost);
        assert!(listed(&machine));
    }
    backend.fail_over_to(&old);
    machine.step(Event::TimeUp);
    while machine.is_busy() {
        machine.go_on(&mut backend, Fault::None);
        assert!(listed(&machine));
    }
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
    assert_eq!(nickname(&backend, 9).as_deref(), Some("王芳"));
    // And an edit of a user whom the backend did not have yet.
    machine.edit(user_id(9), "tier", Some("1")).unwrap();
    machine.settle(&mut backend);
    assert_eq!(backend.value(user_id(9), &key("tier")), Some(json("1")));
}

#[test]
fn a_user_who_may_not_be_created_leaves_the_list_and_stays_readable() {
    let (mut machine, mut backend) = loaded();
    machine.create(user_id(8), "王芳", Some("13800138000"));
    machine.create(user_id(9), "王芳芳", Some("13800138000"));
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
    let rejected = replica::rejected_edits(&machine.file, None, 200).unwrap().edits;
    let [edit] = &rejected[..] else {
        panic!("one refusal: {rejected:?}")
    };
    assert_eq!(
        (edit.user_id, edit.rejection),
        (user_id(9), PushRejection::PhoneTaken)
    );
    assert!(edit.mine.as_ref().unwrap().contains("王芳芳"));
    // Dismissed, a backend that forgets the refusal does not create them after all.
    replica::dismiss_rejected(&machine.file, &edit.id).unwrap();
    backend.forget_outcomes_behind(1);
    backend.delete(EntityKey::User(user_id(8)));
    machine.settle(&mut backend);
    assert!(!backend.users().contains_key(&user_id(9)));
    machine.assert_equals(&backend);
}

/// The backend decided an edit, lost that in a failover, and decided it differently: what it says now counts.
#[test]
fn an_outcome_that_a_failover_changes_is_corrected_here() {
    let (mut machine, mut backend) = loaded();
    let old = backend.clone();
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    // A stray copy of the push reaches the backend after the failover, when somebody else was faster.
    let stray = machine.push_under_way().unwrap();
    machine.settle(&mut backend);
    assert!(matches!(machine.decided()[0].3, Outcome::Applied { .. }));
    backend.fail_over_to(&old);
    backend.set(user_id(1), &key("tier"), Some(json("9")), "李娜");
    backend.push(&stray).unwrap();
    machine.settle(&mut backend);
    assert!(matches!(machine.decided()[0].3, Outcome::Conflict { .. }));
    let conflicts = replica::conflicts(&machine.file, None).unwrap();
    assert_eq!(conflicts[0].theirs.as_deref(), Some("9"));
    machine.assert_equals(&backend);
}
