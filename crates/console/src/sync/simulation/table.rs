//! Every state against every event: the table of the rules as they are, written down by running them.

use super::machine::{KEY, Machine, refusal};
use crate::{
    Changed,
    replica::{Next, Place, progress, transact},
    sync::{
        event::{Activity, Effect, Event, Stream, Wake},
        failure::Failure,
    },
    tests::{BackendModel, pull, user_id},
};
use rusqlite::{Connection, backup::Backup};
use std::{fmt::Write, time::Duration};
use yaopai_domain::{
    Code, LoadRequest, PageEnd, Problem, PullPage, PullRequest, PushAnswer, PushResults, Role, ServerInfo,
    WeChatEnvironment,
};

/// The request that every state waits for.
const AWAITED: u64 = 7;

/// A file in which a load is under way, or which is whole.
fn machine(backend: &BackendModel, loading: bool) -> Machine {
    let machine = Machine::new(1);
    if loading {
        let client_id = progress(&machine.file).unwrap().client_id;
        let plan = backend.load(&LoadRequest { client_id, parts: 2 });
        crate::replica::begin_load(&machine.file, &plan, KEY).unwrap();
    } else {
        pull(&machine.file, backend);
    }
    machine
}

/// The states, each with a file it can be in.
fn states(backend: &BackendModel) -> Vec<(&'static str, Machine, Activity)> {
    let whole = || machine(backend, false);
    let loading = || machine(backend, true);
    let stream = |place: Place| Stream {
        id: AWAITED,
        place,
        pages: 1,
    };
    let parts = {
        let machine = loading();
        let Next::Parts(mut places) = progress(&machine.file).unwrap().next else {
            panic!("parts")
        };
        let second = places.remove(1);
        vec![
            stream(places.remove(0)),
            Stream {
                id: AWAITED + 1,
                ..stream(second)
            },
        ]
    };
    let tail = {
        let machine = whole();
        let Next::Tail(place) = progress(&machine.file).unwrap().next else {
            panic!("the tail")
        };
        stream(place)
    };
    let building = loading();
    let sql = "UPDATE replica SET phase = 'indexes'";
    building.file.execute(sql, []).unwrap();
    vec![
        ("Waiting", whole(), Activity::Waiting),
        ("Waiting, loading", loading(), Activity::Waiting),
        ("Resting", whole(), Activity::Resting),
        ("Paused", loading(), Activity::Paused),
        ("Informing", whole(), Activity::Informing(AWAITED)),
        ("Pushing", whole(), Activity::Pushing(AWAITED, 1)),
        ("Recalling", whole(), Activity::Recalling(AWAITED)),
        ("Planning", Machine::new(1), Activity::Planning(AWAITED)),
        ("Loading", loading(), Activity::Loading(parts)),
        ("Pulling", whole(), Activity::Pulling(tail)),
        ("Building", building, Activity::Building(AWAITED)),
        ("Scrubbing", whole(), Activity::Scrubbing(AWAITED)),
    ]
}

fn page(end: PageEnd, backend: &BackendModel) -> Event {
    let file = machine(backend, false);
    let progress = progress(&file.file).unwrap();
    let Next::Tail(place) = progress.next else {
        panic!("the tail")
    };
    let request = PullRequest {
        client_id: progress.client_id,
        cursor: place.cursor,
        seen: progress.seen,
        limit: 1,
        pages: 1,
    };
    let tail = backend.pull(&request).unwrap().remove(0);
    Event::Page(AWAITED, Box::new(PullPage { end, ..tail }))
}

fn events(backend: &BackendModel) -> Vec<(&'static str, Event)> {
    let server = |role| ServerInfo {
        version: "1".to_owned(),
        pool_name: "Default".to_owned(),
        public_url: "https://backend.example/".to_owned(),
        wechat: WeChatEnvironment::Real,
        role,
    };
    let unreachable = || Failure::Unreachable {
        host: "host".to_owned(),
    };
    let incomplete = || Failure::Incomplete {
        host: "host".to_owned(),
    };
    let busy = || Failure::Refused {
        problem: Problem::new(Code::Busy, "later"),
        told: true,
        retry_after: Some(Duration::from_mins(1)),
    };
    let answer = PushAnswer {
        last_seq: 0,
        outcomes: Vec::new(),
        chain: String::new(),
    };
    let results = PushResults { results: Vec::new() };
    let plan = backend.load(&LoadRequest {
        client_id: user_id(1).uuid().into(),
        parts: 2,
    });
    vec![
        ("an edit", Event::Wake(Wake::Edit)),
        ("a hint", Event::Wake(Wake::Hint)),
        ("the operator: now", Event::Wake(Wake::Operator)),
        ("the operator: pause", Event::Pause),
        ("time is up", Event::TimeUp),
        ("go on", Event::GoOn(AWAITED)),
        ("scrubbed", Event::Scrubbed(AWAITED)),
        ("informed", Event::Informed(AWAITED, Ok(server(Role::Support)))),
        (
            "informed: unreachable",
            Event::Informed(AWAITED, Err(unreachable())),
        ),
        (
            "informed: key refused",
            Event::Informed(AWAITED, Err(refusal(Code::Unauthenticated))),
        ),
        ("informed: busy", Event::Informed(AWAITED, Err(busy()))),
        ("pushed", Event::Pushed(AWAITED, Ok(answer))),
        ("pushed: gap", Event::Pushed(AWAITED, Err(refusal(Code::SyncGap)))),
        (
            "pushed: fork",
            Event::Pushed(AWAITED, Err(refusal(Code::SyncFork))),
        ),
        (
            "pushed: role",
            Event::Pushed(AWAITED, Err(refusal(Code::Forbidden))),
        ),
        ("pushed: unreachable", Event::Pushed(AWAITED, Err(unreachable()))),
        ("recalled", Event::Recalled(AWAITED, Ok(results))),
        (
            "recalled: unreachable",
            Event::Recalled(AWAITED, Err(unreachable())),
        ),
        ("planned", Event::Planned(AWAITED, Ok(plan))),
        (
            "planned: unreachable",
            Event::Planned(AWAITED, Err(unreachable())),
        ),
        ("page: more", page(PageEnd::More, backend)),
        ("page: part done", page(PageEnd::PartDone, backend)),
        ("page: caught up", page(PageEnd::CaughtUp, backend)),
        ("ended", Event::Ended(AWAITED, Ok(()))),
        ("ended: incomplete", Event::Ended(AWAITED, Err(incomplete()))),
        (
            "ended: reset",
            Event::Ended(AWAITED, Err(refusal(Code::SyncReset))),
        ),
        (
            "ended: key refused",
            Event::Ended(AWAITED, Err(refusal(Code::Unauthenticated))),
        ),
    ]
}

fn copy(file: &Connection) -> Connection {
    let mut copy = Connection::open_in_memory().unwrap();
    Backup::new(file, &mut copy)
        .unwrap()
        .run_to_completion(i32::MAX, Duration::ZERO, None)
        .unwrap();
    copy
}

fn state(activity: &Activity) -> String {
    match activity {
        Activity::Waiting => "Waiting".to_owned(),
        Activity::Resting => "Resting".to_owned(),
        Activity::Paused => "Paused".to_owned(),
        Activity::Informing(_) => "Informing".to_owned(),
        Activity::Pushing(..) => "Pushing".to_owned(),
        Activity::Recalling(_) => "Recalling".to_owned(),
        Activity::Planning(_) => "Planning".to_owned(),
        Activity::Loading(streams) => format!("Loading {}", streams.len()),
        Activity::Pulling(_) => "Pulling".to_owned(),
        Activity::Building(_) => "Building".to_owned(),
        Activity::Scrubbing(_) => "Scrubbing".to_owned(),
    }
}

fn effect(effect: &Effect) -> &'static str {
    match effect {
        Effect::Inform(_) => "inform",
        Effect::Push(..) => "push",
        Effect::Recall(..) => "recall",
        Effect::Plan(..) => "plan",
        Effect::Pull(..) => "pull",
        Effect::Forget => "forget",
        Effect::GoOn(_) => "go on",
        Effect::Scrub(_) => "scrub",
        Effect::Wait(_) => "wait",
        Effect::Tell(Changed::Status) => "tell status",
        Effect::Tell(Changed::Users) => "tell users",
        Effect::Tell(Changed::Connections) => "tell connections",
        Effect::Tell(Changed::Jobs) => "tell jobs",
    }
}

#[test]
fn every_state_knows_what_to_do_with_every_event() {
    let mut backend = BackendModel::of(0..4);
    backend.page = 1;
    let mut table = String::new();
    for (name, machine, activity) in states(&backend) {
        writeln!(table, "{name}").unwrap();
        let mut ignored = Vec::new();
        for (event_name, event) in events(&backend) {
            let mut file = copy(&machine.file);
            let mut core = machine.core.clone();
            core.activity = activity.clone();
            let effects = transact(&mut file, |transaction| core.step(event, transaction)).unwrap();
            if effects.is_empty() && core.activity == activity {
                ignored.push(event_name);
                continue;
            }
            let effects: Vec<_> = effects.iter().map(effect).collect();
            let next = state(&core.activity);
            writeln!(table, "  {event_name:<22} -> {next:<10} [{}]", effects.join(", ")).unwrap();
        }
        writeln!(table, "  stays: {}\n", ignored.join(", ")).unwrap();
    }
    insta::assert_snapshot!(table);
}
