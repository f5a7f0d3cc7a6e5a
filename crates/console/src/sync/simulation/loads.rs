//! Scenes of loading: parts, pauses, crashes, digests, what a first load leaves to make.

use super::machine::{Fault, Machine};
use crate::{
    Link, replica,
    replica::{Next, Phase},
    sync::core::{Event, Wake},
    tests::{BackendModel, json, key, user_id},
};
use yaopai_domain::EntityKey;

fn backend(users: u32) -> BackendModel {
    let mut backend = BackendModel::new();
    for number in 0..users {
        backend.add_user(user_id(number), "张伟", i64::from(number));
    }
    backend
}

fn phase(machine: &Machine) -> Phase {
    replica::progress(&machine.file).unwrap().phase
}

#[test]
fn a_first_load_fetches_parts_beside_each_other_then_makes_indexes_then_is_ready() {
    let mut backend = backend(40);
    let mut machine = Machine::new(1);
    machine.step(Event::TimeUp);
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
fn what_changes_while_parts_arrive_comes_with_the_tail() {
    let mut backend = backend(40);
    let mut machine = Machine::new(1);
    machine.step(Event::TimeUp);
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
        let mut backend = backend(20);
        let mut machine = Machine::new(1);
        machine.step(Event::TimeUp);
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
    let mut backend = backend(40);
    let mut machine = Machine::new(1);
    machine.step(Event::TimeUp);
    while machine.pulls().len() < 2 {
        machine.go_on(&mut backend, Fault::None);
    }
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
    let mut backend = backend(40);
    let mut machine = Machine::new(1);
    machine.step(Event::TimeUp);
    for _ in 0..6 {
        machine.go_on(&mut backend, Fault::None);
    }
    machine.step(Event::Pause);
    assert!(machine.core.is_paused() && !machine.is_busy());
    let before = replica::progress(&machine.file).unwrap();
    assert!(matches!(before.next, Next::Parts(_)));
    for event in [Event::TimeUp, Event::Wake(Wake::Hint), Event::Wake(Wake::Edit)] {
        machine.step(event);
        assert!(!machine.is_busy());
    }
    assert_eq!(replica::progress(&machine.file).unwrap(), before);
    machine.settle(&mut backend);
    assert!(!machine.core.is_paused());
    machine.assert_equals(&backend);
}

#[test]
fn a_replica_that_does_not_equal_the_backend_is_loaded_again() {
    let mut backend = backend(10);
    let mut machine = Machine::new(1);
    machine.settle(&mut backend);
    // Nobody told this console.
    backend.forget_a_change(&EntityKey::User(user_id(3)));
    backend.add_user(user_id(20), "李娜", 20);
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
    assert_eq!(machine.count("SELECT mismatches FROM replica"), 1);
}

#[test]
fn a_backend_whose_digests_never_agree_is_not_loaded_without_end() {
    let mut backend = backend(5);
    backend.wrong_digests = true;
    let mut machine = Machine::new(1);
    machine.step(Event::TimeUp);
    machine.drain(&mut backend);
    assert_eq!(
        machine.count("SELECT mismatches FROM replica"),
        2,
        "at once, then after a pause"
    );
    assert!(!machine.is_loaded());
    backend.wrong_digests = false;
    machine.settle(&mut backend);
    machine.assert_equals(&backend);
}

#[test]
fn an_empty_pool_is_loaded_too() {
    let mut backend = BackendModel::new();
    let mut machine = Machine::new(1);
    machine.settle(&mut backend);
    assert!(machine.is_loaded());
}
