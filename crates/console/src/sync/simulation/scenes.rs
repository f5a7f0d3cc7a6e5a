//! The scenes worth telling: what an operator sees when edits meet other people's edits, refusals and restored backends.

use super::machine::{Fault, HOST, Machine, UnderWay, loaded};
use crate::{
    Keep, Link, SyncMark, replica,
    sync::{
        event::{Effect, Event, Wake},
        failure::Failure,
    },
    tests::{BackendModel, json, key, user_id},
};
use rstest::rstest;
use std::time::Duration;
use yaopai_domain::{Code, EntityKey, Outcome, Problem, PullRequest, Role, Timestamp};

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
    assert!(machine.is_pushing());
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
    machine.resolve_first(&Keep::Mine).unwrap();
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
    machine.resolve_first(&Keep::Mine).unwrap();
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
    let rejected = replica::rejected_edits(&machine.file, None, 200).unwrap().edits;
    let [edit] = &rejected[..] else {
        panic!("one refused edit: {rejected:?}")
    };
    assert_eq!((edit.user_id, edit.mine.as_deref()), (user_id(1), Some("1")));
    assert_eq!(edit.rejection, yaopai_domain::PushRejection::UserGone);
    replica::dismiss_rejected(&machine.file, &edit.id).unwrap();
    assert!(
        replica::rejected_edits(&machine.file, None, 200)
            .unwrap()
            .edits
            .is_empty()
    );
}

#[test]
fn a_reset_never_blanks_the_list() {
    let (mut machine, mut backend) = loaded();
    let old = backend.clone();
    backend.add_user(user_id(7), "李娜", 7);
    machine.settle(&mut backend);
    backend.fail_over_to(&old);
    let mut requests = 0;
    // Once to be reset, once more after a pause.
    for _ in 0..2 {
        machine.step(Event::TimeUp);
        while machine.is_busy() {
            machine.go_on(&mut backend, Fault::None);
            assert!(machine.count("SELECT count(*) FROM people") >= 5);
            requests += 1;
        }
    }
    assert!(requests > 6, "it was loaded in pages");
    machine.assert_equals(&backend);
}

#[test]
fn a_copied_file_goes_on_as_another_console() {
    let (mut machine, mut backend) = loaded();
    let mut copy = machine.copied();
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
    backend.role = Role::Viewer;
    machine.step(Event::Wake(Wake::Operator));
    machine.drain(&mut backend);
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    while machine.is_busy() {
        assert!(!machine.is_pushing());
        machine.go_on(&mut backend, Fault::None);
    }
    assert_eq!((machine.waiting(), machine.core.link()), (1, &Link::Connected));
    backend.role = Role::Support;
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
    let (machine, mut backend) = loaded();
    let mut machine = machine.with_key("another key");
    machine.shut_out = true;
    machine.step(Event::TimeUp);
    machine.go_on(&mut backend, Fault::None);
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

#[rstest]
#[case::some(3)]
#[case::one(1)]
fn what_does_not_get_through_whole_is_asked_for_in_smaller_pieces(#[case] line: usize) {
    let mut backend = BackendModel::of(0..40);
    backend.page = 1000;
    let mut machine = Machine::new(1);
    machine.line = line;
    machine.settle(&mut backend);
    machine.assert_equals(&backend);

    machine.line = usize::MAX;
    let mut limits = Vec::new();
    for number in 100..200 {
        backend.add_user(user_id(number), "李娜", i64::from(number));
        machine.step(Event::Wake(Wake::Hint));
        if let [pull] = machine.pulls()[..] {
            limits.push(pull.limit);
        }
        machine.drain(&mut backend);
    }
    assert!(limits[0] <= 10, "it has learnt: {limits:?}");
    assert!(limits.is_sorted());
    assert_eq!(
        limits.last(),
        Some(&PullRequest::MAX_LIMIT),
        "and takes more again: {limits:?}"
    );
    machine.assert_equals(&backend);
}

#[rstest]
#[case::some(3)]
#[case::one(1)]
fn edits_that_do_not_get_through_together_are_pushed_in_smaller_pieces(#[case] line: usize) {
    let (mut machine, mut backend) = loaded();
    machine.line = line;
    for number in 0..40 {
        machine
            .edit(user_id(number % 5), &format!("key{number}"), Some("1"))
            .unwrap();
    }
    machine.settle(&mut backend);
    assert_eq!(backend.effects.len(), 40);
    machine.line = usize::MAX;
    let mut together = 0;
    for round in 2..12 {
        for number in 0..40 {
            machine
                .edit(
                    user_id(number % 5),
                    &format!("key{number}"),
                    Some(&round.to_string()),
                )
                .unwrap();
        }
        while machine.is_busy() {
            together = together.max(machine.push_under_way().map_or(0, |push| push.mutations.len()));
            machine.go_on(&mut backend, Fault::None);
        }
    }
    assert!(together >= 39, "and more again: {together}");
}

/// What a person gave up stays given up, even when the backend forgets that it had lost.
#[rstest]
#[case::their_value_survives(true)]
#[case::their_value_is_lost_as_well(false)]
fn keeping_theirs_outlives_a_failover(#[case] theirs_survive: bool) {
    let (mut machine, mut backend) = loaded();
    let mut old = backend.clone();
    backend.set(user_id(1), &key("tier"), Some(json("9")), "李娜");
    if theirs_survive {
        old = backend.clone();
    }
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.edit(user_id(1), "tier", Some("2")).unwrap();
    machine.settle(&mut backend);
    machine.resolve_first(&Keep::Theirs).unwrap();
    machine.settle(&mut backend);
    for _ in 0..2 {
        backend.fail_over_to(&old);
        machine.settle(&mut backend);
        let truth = theirs_survive.then(|| json("9"));
        assert_eq!(backend.value(user_id(1), &key("tier")), truth);
        assert!(replica::conflicts(&machine.file, None).unwrap().is_empty());
        machine.assert_equals(&backend);
    }
}

#[rstest]
#[case::one(false)]
#[case::all(true)]
fn a_dismissed_refusal_outlives_a_failover(#[case] all: bool) {
    let (mut machine, mut backend) = loaded();
    let old = backend.clone();
    backend.delete(EntityKey::User(user_id(1)));
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.settle(&mut backend);
    let id = replica::rejected_edits(&machine.file, None, 200).unwrap().edits[0]
        .id
        .clone();
    if all {
        replica::dismiss_all_rejected(&machine.file).unwrap();
    } else {
        replica::dismiss_rejected(&machine.file, &id).unwrap();
    }
    // The user is back, and the edit must not come with them.
    backend.fail_over_to(&old);
    machine.settle(&mut backend);
    assert_eq!(backend.value(user_id(1), &key("tier")), None);
    assert!(
        replica::rejected_edits(&machine.file, None, 200)
            .unwrap()
            .edits
            .is_empty()
    );
    machine.assert_equals(&backend);
}

#[test]
fn who_is_told_when_to_come_back_comes_then_unless_the_operator_cannot_wait() {
    let (mut machine, mut backend) = loaded();
    machine.step(Event::TimeUp);
    let busy = Failure::Refused {
        problem: Problem::new(Code::Busy, "later"),
        told: true,
        retry_after: Some(Duration::from_mins(10)),
    };
    let mut core = machine.core.clone();
    let Some(&UnderWay::Effect(Effect::Inform(id))) = machine.under_way.first() else {
        panic!("asks who the backend is");
    };
    let effects = core.step(Event::Informed(id, Err(busy)), &machine.file).unwrap();
    let waits = |effect: &Effect| matches!(effect, Effect::Wait(time) if *time >= Duration::from_mins(10));
    assert!(effects.iter().any(waits), "{effects:?}");
    machine.core = core;
    machine.perform(effects);
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.step(Event::Wake(Wake::Hint));
    assert!(!machine.is_busy());
    machine.settle(&mut backend);
    assert_eq!(backend.value(user_id(1), &key("tier")), Some(json("1")));
}
