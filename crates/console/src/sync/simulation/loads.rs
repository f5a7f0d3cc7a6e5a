//! Scenes of loading: parts, pauses, crashes, digests, what a first load leaves to make.

use super::machine::{Fault, Machine};
use crate::{
    Link, replica,
    replica::{Next, Phase},
    sync::event::{Event, Wake},
    tests::{BackendModel, json, key, user_id},
};
use std::time::Duration;
use yaopai_domain::EntityKey;

/// A console that begins its first load.
fn beginning(users: u32) -> (Machine, BackendModel) {
    let mut machine = Machine::new(1);
    machine.step(Event::TimeUp);
    (machine, BackendModel::of(0..users))
}

/// A console in its first load of 40 users, as soon as it is `there`.
fn loading(there: impl Fn(&Machine) -> bool) -> (Machine, BackendModel) {
    let (mut machine, mut backend) = beginning(40);
    while !there(&machine) {
        machine.go_on(&mut backend, Fault::None);
    }
    (machine, backend)
}

/// Whether some users have arrived; in a load of 40, not nearly all.
fn has_some(machine: &Machine) -> bool {
    machine.count("SELECT count(*) FROM people") >= 10
}

/// A console whose first load somebody paused when some users had arrived.
fn paused() -> (Machine, BackendModel) {
    let (mut machine, backend) = loading(has_some);
    machine.step(Event::Pause);
    (machine, backend)
}

fn phase(machine: &Machine) -> Phase {
    replica::progress(&machine.file).unwrap().phase
}

#[test]
fn a_first_load_fetches_parts_beside_each_other_then_makes_indexes_then_is_ready() {
    let (mut machine, mut backend) = beginning(40);
    let mut phases = vec![phase(&machine)];
    let mut streams = 0;
    while machine.is_busy() {
        assert_eq!(machine.is_loaded(), phase(&machine) == Phase::Ready);
        machine.go_on(&mut backend, Fault::None);
        streams = streams.max(machine.pulls().len());
        if phases.last() != Some(&phase(&machine)) {
            phases.push(phase(&machine));
        }
    }
    assert_eq!(phases, [Phase::Rows, Phase::Indexes, Phase::Search, Phase::Ready]);
    assert_eq!(streams, 2);
    machine.assert_equals(&backend);
}

#[test]
fn listeners_are_not_told_of_every_page_while_everybody_arrives_but_of_the_last() {
    let (mut machine, mut backend) = beginning(400);
    machine.line = 20;
    let mut pages = 0;
    let began = machine.now();
    while phase(&machine) == Phase::Rows {
        let before = machine.count("SELECT count(*) FROM people");
        machine.go_on(&mut backend, Fault::None);
        pages += usize::from(machine.count("SELECT count(*) FROM people") > before);
    }
    assert!(pages >= 20, "{pages}");
    // Of the first page and of the last, and once a second between them.
    let at_most = 2 + usize::try_from((machine.now() - began) / 1000).unwrap();
    assert!(
        (1..=at_most).contains(&machine.told),
        "{} of {pages}",
        machine.told
    );
}

#[test]
fn what_changes_while_parts_arrive_comes_with_the_tail() {
    let (mut machine, mut backend) = beginning(40);
    let mut number = 0;
    while machine.is_busy() {
        machine.go_on(&mut backend, Fault::None);
        if number < 30 {
            // Behind, between and before what has arrived.
            backend.set(user_id(number), &key("tier"), Some(json("1")), "李娜");
            backend.delete(EntityKey::User(user_id(39 - number / 2)));
            backend.add_user(user_id(100 + number), "李娜", 100);
        }
        number += 1;
    }
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
}

#[test]
fn a_crash_at_any_point_of_a_first_load_loses_at_most_the_page_under_way() {
    let mut steps = 0;
    loop {
        let (mut machine, mut backend) = beginning(20);
        for _ in 0..steps {
            machine.go_on(&mut backend, Fault::None);
        }
        let before = machine.count("SELECT count(*) FROM people");
        let finished = !machine.is_busy();
        machine.crash();
        machine.settle(&mut backend);
        assert!(machine.count("SELECT count(*) FROM people") >= before);
        machine.assert_equals(&backend);
        assert_eq!(
            machine.count("SELECT generation FROM replica"),
            2,
            "loaded once, and never from the beginning"
        );
        if finished {
            break;
        }
        steps += 1;
    }
    assert!(steps > 10, "{steps}");
}

#[test]
fn a_broken_part_waits_while_the_other_one_gets_on() {
    let (mut machine, mut backend) = loading(|machine| machine.pulls().len() == 2);
    machine.go_on(&mut backend, Fault::AnswerLost);
    assert_eq!(machine.pulls().len(), 1);
    assert_eq!(*machine.core.link(), Link::Connected);
    machine.step(Event::TimeUp);
    assert_eq!(machine.pulls().len(), 2, "it is fetched again");
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
}

#[test]
fn a_paused_load_rests_until_it_is_resumed_and_goes_on_where_it_was() {
    let (mut machine, mut backend) = paused();
    assert!(machine.core.is_paused() && !machine.is_busy());
    let before = replica::progress(&machine.file).unwrap();
    assert!(matches!(before.next, Next::Parts(_)));
    for event in [Event::TimeUp, Event::Wake(Wake::Hint), Event::Wake(Wake::Edit)] {
        machine.step(event);
        while machine.is_busy() {
            assert!(machine.pulls().is_empty());
            machine.go_on(&mut backend, Fault::None);
        }
    }
    assert_eq!(replica::progress(&machine.file).unwrap(), before);
    machine.settle(&mut backend);
    assert!(!machine.core.is_paused());
    machine.assert_equals(&backend);
}

#[test]
fn a_replica_that_does_not_equal_the_backend_is_loaded_again() {
    let mut backend = BackendModel::of(0..10);
    let mut machine = Machine::loaded(1, &mut backend);
    // Nobody told this console.
    backend.forget_a_change(&EntityKey::User(user_id(3)));
    backend.add_user(user_id(20), "李娜", 20);
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
    assert_eq!(machine.count("SELECT mismatches FROM replica"), 1);
}

#[test]
fn a_backend_whose_digests_never_agree_is_not_loaded_without_end() {
    let (mut machine, mut backend) = beginning(5);
    backend.wrong_digests = true;
    machine.drain(&mut backend);
    let loads = |machine: &Machine| machine.count("SELECT mismatches FROM replica");
    assert_eq!(loads(&machine), 2, "at once, then after a pause");
    assert!(!machine.is_loaded());
    for _ in 0..3 {
        machine.step(Event::Wake(Wake::Hint));
        machine.drain(&mut backend);
    }
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    machine.drain(&mut backend);
    assert_eq!(backend.value(user_id(1), &key("tier")), Some(json("1")));
    assert_eq!(loads(&machine), 2, "no hint and no edit ends the pause");
    for _ in 0..2 {
        machine.step(Event::TimeUp);
        machine.drain(&mut backend);
    }
    assert_eq!(loads(&machine), 3, "its end does");
    backend.wrong_digests = false;
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
}

/// A console whose file is whole meets a backend that says its cursors are of another history.
fn reset(seed: u64, backend: &mut BackendModel) -> Machine {
    let mut machine = Machine::loaded(seed, backend);
    let refuses = std::mem::replace(&mut backend.refuses_cursors, true);
    machine.step(Event::TimeUp);
    machine.drain(backend);
    backend.refuses_cursors = refuses;
    machine
}

#[test]
fn a_backend_that_refuses_its_own_plan_is_asked_ever_less_often() {
    let mut backend = BackendModel::of(0..5);
    let mut machine = reset(1, &mut backend);
    backend.refuses_cursors = true;
    let mut pauses = Vec::new();
    for number in 0..8 {
        let mut plans = 0;
        let begun = machine.waits.len();
        // Until the next load is refused, too; nobody else makes it come earlier.
        while plans == 0 {
            machine.step(Event::Wake(Wake::Hint));
            machine
                .edit(user_id(1), "tier", Some(&number.to_string()))
                .unwrap();
            machine.drain(&mut backend);
            assert_eq!(
                backend.value(user_id(1), &key("tier")),
                Some(json(&number.to_string()))
            );
            machine.step(Event::TimeUp);
            while machine.is_busy() {
                plans += u32::from(machine.is_planning());
                machine.go_on(&mut backend, Fault::None);
            }
        }
        pauses.push(machine.waits[begun..].iter().sum::<Duration>());
    }
    assert!(pauses.iter().all(|pause| *pause >= Duration::from_millis(400)));
    assert!(
        pauses.iter().sum::<Duration>() > Duration::from_secs(100),
        "{pauses:?}"
    );
    backend.refuses_cursors = false;
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
}

#[test]
fn consoles_that_a_restored_backend_resets_do_not_load_in_step() {
    let mut backend = BackendModel::of(0..5);
    let mut pauses: Vec<_> = (0..10)
        .map(|seed| *reset(seed, &mut backend).waits.last().unwrap())
        .collect();
    pauses.sort_unstable();
    assert!(pauses[9] > pauses[0] + Duration::from_secs(2), "{pauses:?}");
}

#[test]
fn an_edit_is_pushed_between_two_pages_of_a_load() {
    let (mut machine, mut backend) = loading(has_some);
    machine.create(user_id(100), "王芳", None);
    for _ in 0..2 {
        machine.go_on(&mut backend, Fault::None);
    }
    assert!(backend.users().contains_key(&user_id(100)));
    assert!(!machine.is_loaded());
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
    assert_eq!(
        machine.count("SELECT generation FROM replica"),
        2,
        "the load went on where it was"
    );
}

#[test]
fn an_edit_is_pushed_between_two_pieces_of_the_indexes() {
    let (mut machine, mut backend) = loading(|machine| phase(machine) == Phase::Indexes);
    machine.edit(user_id(1), "tier", Some("1")).unwrap();
    for _ in 0..3 {
        machine.go_on(&mut backend, Fault::None);
    }
    assert_eq!(backend.value(user_id(1), &key("tier")), Some(json("1")));
    assert!(!machine.is_loaded());
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
}

#[test]
fn edits_are_pushed_while_a_load_is_paused() {
    let (mut machine, mut backend) = paused();
    machine.create(user_id(100), "王芳", None);
    machine.drain(&mut backend);
    assert!(backend.users().contains_key(&user_id(100)));
    assert!(machine.core.is_paused() && !machine.is_loaded());
}

#[test]
fn lost_access_is_noticed_while_a_load_is_paused() {
    let (mut machine, mut backend) = paused();
    assert!(machine.waits.last().is_some(), "it will ask again by itself");
    machine.shut_out = true;
    machine.step(Event::TimeUp);
    machine.drain(&mut backend);
    assert_eq!(*machine.core.link(), Link::Denied);
    assert_eq!(machine.count("SELECT count(*) FROM people"), 0);
}

#[test]
fn a_load_that_is_resumed_during_a_request_goes_on_after_it() {
    let (mut machine, mut backend) = paused();
    machine.step(Event::TimeUp);
    assert!(machine.is_busy());
    machine.step(Event::Wake(Wake::Operator));
    machine.drain(&mut backend);
    assert!(!machine.core.is_paused());
    machine.assert_equals(&backend);
}

#[test]
fn an_empty_pool_is_loaded_too() {
    let mut backend = BackendModel::new();
    let machine = Machine::loaded(1, &mut backend);
    assert!(machine.is_loaded());
}
