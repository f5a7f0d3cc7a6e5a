//! What operators do about people: bindings, the queue of refused people, merges, users.

use crate::{
    identity::{Arrival, person},
    session::{self, Grant},
    store::engine::values,
    testing::{Answer, Bench, draft},
};
use axum::http::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use yaopai_domain::{Code, Connection, PoolId, Refusal, Role, Rule, UserId, Verdict};

/// A backend with connections through which people have come.
struct Desk {
    bench: Bench,
}

impl Desk {
    async fn new() -> Self {
        Self {
            bench: Bench::new().await,
        }
    }

    /// A connection of an app of its own; all are of one platform account.
    async fn connection(&self, app: u8, login_only: bool) -> Connection {
        let mut draft = draft(&format!("app-{app}"));
        draft["app_id"] = json!(format!("wx00000000000000{app:02x}"));
        draft["login_only"] = json!(login_only);
        let answer = self.bench.manage(Method::POST, "connections", draft).await;
        serde_json::from_slice(&answer.bytes).unwrap()
    }

    async fn arrive(&self, connection: &Connection, open_id: &str, union_id: Option<&str>) -> Verdict {
        let arrival = Arrival {
            pool: PoolId::default(),
            connection_id: connection.id,
            kind: connection.kind,
            app_id: connection.app_id.clone(),
            platform_account: connection.platform_account,
            login_only: connection.login_only,
            person: person(
                open_id.to_owned(),
                union_id.map(str::to_owned),
                Some(format!("{open_id} 的昵称")),
                None,
            ),
            snapshot_user: false,
            dry_run: false,
        };
        self.bench.app.store.resolve(arrival).await.unwrap()
    }

    /// Somebody new.
    async fn newcomer(&self, connection: &Connection, open_id: &str, union_id: Option<&str>) -> UserId {
        match self.arrive(connection, open_id, union_id).await {
            Verdict::Create {
                user_id: Some(id), ..
            } => id,
            other => panic!("{other:?}"),
        }
    }

    async fn manage(&self, method: Method, path: &str, body: Value) -> Answer {
        self.bench.manage(method, path, body).await
    }

    async fn record(&self, user: UserId) -> Value {
        let answer = self
            .manage(Method::GET, &format!("users/{user}"), Value::Null)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }

    async fn subjects(&self, user: UserId) -> Vec<String> {
        let record = self.record(user).await;
        let name = |identity: &Value| {
            let scope = &identity["scope"];
            let subject = scope["open_id"].as_str();
            if scope["type"] == "open_id" {
                subject
            } else {
                scope["union_id"].as_str()
            }
            .unwrap()
            .to_owned()
        };
        let mut subjects: Vec<_> = record["identities"]
            .as_array()
            .unwrap()
            .iter()
            .map(name)
            .collect();
        subjects.sort();
        subjects
    }

    /// The id of a binding, by its OpenID or UnionID.
    async fn binding(&self, user: UserId, subject: &str) -> String {
        let record = self.record(user).await;
        let is = |identity: &&Value| {
            let scope = &identity["scope"];
            match scope["type"].as_str() {
                Some("open_id") => scope["open_id"] == subject,
                _ => scope["union_id"] == subject,
            }
        };
        let found = record["identities"]
            .as_array()
            .unwrap()
            .iter()
            .find(is)
            .unwrap()
            .clone();
        found["id"].as_str().unwrap().to_owned()
    }

    async fn audited(&self) -> Vec<String> {
        let rows = self
            .bench
            .look("SELECT action FROM audit ORDER BY at", vec![])
            .await;
        rows.iter().map(|row| row.text("action").unwrap()).collect()
    }

    async fn refused(&self) -> Vec<Value> {
        let answer = self.manage(Method::GET, "refused", Value::Null).await;
        answer.json()["refused"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn a_refused_person_is_bound_by_support_in_one_step_and_then_gets_in() {
    let desk = Desk::new().await;
    let open = desk.connection(1, false).await;
    let strict = desk.connection(2, true).await;
    let user = desk.newcomer(&open, "o-web", None).await;
    for _ in 0..2 {
        let verdict = desk.arrive(&strict, "o-mini", Some("u-1")).await;
        assert!(matches!(
            verdict,
            Verdict::Refuse {
                refusal: Refusal::LoginOnly,
                ..
            }
        ));
    }
    let queue = desk.refused().await;
    assert_eq!(queue.len(), 1);
    assert_eq!(
        (&queue[0]["open_id"], &queue[0]["times"]),
        (&json!("o-mini"), &json!(2))
    );

    let path = format!("/manage/v1/pools/default/refused/{}/o-mini", strict.app_id);
    let wish = json!({ "user_id": user });
    let answer = desk.bench.ask(Role::Support, Method::PUT, &path, wish).await;
    assert_eq!(answer.json(), json!({ "user_id": user }), "{}", answer.text());
    assert_eq!(desk.refused().await, Vec::<Value>::new());
    assert_eq!(desk.subjects(user).await, ["o-mini", "o-web", "u-1"]);
    let nickname = desk.record(user).await["user"]["profile"]["nickname"]["value"].clone();
    assert_eq!(nickname, "o-web 的昵称", "their own name stays (rule 8)");
    let again = desk.arrive(&strict, "o-mini", Some("u-1")).await;
    assert!(
        matches!(again, Verdict::LogIn { user_id, .. } if user_id == user),
        "{again:?}"
    );
    let audited = desk.audited().await;
    assert!(
        audited.ends_with(&["identity.bind".to_owned(), "refused.bind".to_owned()]),
        "{audited:?}"
    );
}

#[tokio::test]
async fn a_refused_person_can_be_let_in_as_a_new_user_or_forgotten() {
    let desk = Desk::new().await;
    let strict = desk.connection(1, true).await;
    desk.arrive(&strict, "o-1", None).await;
    desk.arrive(&strict, "o-2", None).await;
    let one = format!("refused/{}/o-1", strict.app_id);
    let let_in = desk.manage(Method::PUT, &one, json!({ "user_id": null })).await;
    let user: UserId = serde_json::from_value(let_in.json()["user_id"].clone()).unwrap();
    assert!(
        matches!(desk.arrive(&strict, "o-1", None).await, Verdict::LogIn { user_id, .. } if user_id == user)
    );
    let other = format!("refused/{}/o-2", strict.app_id);
    let forgotten = desk.manage(Method::DELETE, &other, Value::Null).await;
    assert_eq!(forgotten.status, StatusCode::NO_CONTENT);
    assert_eq!(desk.refused().await, Vec::<Value>::new());
    let gone = desk.manage(Method::DELETE, &other, Value::Null).await;
    assert_eq!(gone.code(), Code::NotFound);
}

#[tokio::test]
async fn the_queue_is_read_page_by_page_latest_first() {
    let desk = Desk::new().await;
    let strict = desk.connection(1, true).await;
    for number in 0..5 {
        desk.arrive(&strict, &format!("o-{number}"), None).await;
        desk.bench.clock.turn(i64::from(number % 2));
    }
    let mut seen = Vec::new();
    let mut path = "refused?limit=2".to_owned();
    loop {
        let page = desk.manage(Method::GET, &path, Value::Null).await.json();
        for person in page["refused"].as_array().unwrap() {
            seen.push((
                person["last_seen"].as_i64().unwrap(),
                person["open_id"].as_str().unwrap().to_owned(),
            ));
        }
        match page["after"].as_str() {
            Some(after) => path = format!("refused?limit=2&after={after}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    assert_eq!(seen, sorted);
    assert_eq!(seen.len(), 5);
    let nonsense = desk.manage(Method::GET, "refused?after=me", Value::Null).await;
    assert_eq!(nonsense.code(), Code::MalformedRequest);
}

#[tokio::test]
async fn a_person_of_two_users_is_in_the_queue_with_both_and_leaves_it_by_a_merge() {
    let desk = Desk::new().await;
    let web = desk.connection(1, false).await;
    let mini = desk.connection(2, false).await;
    // Both came before their apps were bound to the platform account of one another.
    let one = desk.newcomer(&web, "o-web", Some("u-1")).await;
    let other = desk.newcomer(&mini, "o-mini", None).await;
    let verdict = desk.arrive(&mini, "o-mini", Some("u-1")).await;
    assert!(matches!(
        verdict,
        Verdict::Refuse {
            refusal: Refusal::TwoUsers,
            ..
        }
    ));
    let queue = desk.refused().await;
    assert_eq!(queue[0]["refusal"], "two_users");
    let mut holders: Vec<UserId> = serde_json::from_value(queue[0]["holders"].clone()).unwrap();
    holders.sort();
    assert_eq!(holders, [one, other]);
    let bind = desk
        .manage(
            Method::PUT,
            &format!("refused/{}/o-mini", mini.app_id),
            json!({ "user_id": one }),
        )
        .await;
    assert_eq!(bind.code(), Code::BoundElsewhere);

    let merged = desk
        .manage(Method::POST, "merges", json!({ "kept": one, "removed": other }))
        .await;
    assert_eq!(merged.status, StatusCode::CREATED, "{}", merged.text());
    assert_eq!(desk.refused().await, Vec::<Value>::new());
    let verdict = desk.arrive(&mini, "o-mini", Some("u-1")).await;
    assert!(
        matches!(verdict, Verdict::LogIn { user_id, .. } if user_id == one),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn a_merge_is_previewed_done_and_undone() {
    let desk = Desk::new().await;
    let web = desk.connection(1, false).await;
    let kept = desk.newcomer(&web, "o-1", Some("u-1")).await;
    let removed = desk.newcomer(&web, "o-2", Some("u-2")).await;
    for (user, metadata) in [
        (kept, json!({ "vip": true })),
        (removed, json!({ "vip": false, "size": 3 })),
    ] {
        let wish = json!({ "metadata": metadata });
        let answer = desk.manage(Method::PATCH, &format!("users/{user}"), wish).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    let before = [desk.record(kept).await, desk.record(removed).await];
    let request = json!({ "kept": kept, "removed": removed, "choices": { "nickname": "removed" } });

    let preview = desk
        .manage(Method::POST, "merges/preview", request.clone())
        .await
        .json();
    let fields: Vec<_> = preview["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].clone())
        .collect();
    assert_eq!(fields, ["nickname", "metadata.size", "metadata.vip"]);
    assert_eq!(
        [desk.record(kept).await, desk.record(removed).await],
        before,
        "a preview writes nothing"
    );

    let merge = desk.manage(Method::POST, "merges", request).await.json();
    let record = desk.record(kept).await;
    assert_eq!(record["user"]["profile"]["nickname"]["value"], "o-2 的昵称");
    assert_eq!(record["user"]["metadata"]["vip"]["value"], true);
    assert_eq!(record["user"]["metadata"]["size"]["value"], 3);
    assert_eq!(desk.subjects(kept).await, ["o-1", "o-2", "u-1", "u-2"]);
    let gone = desk
        .manage(Method::GET, &format!("users/{removed}"), Value::Null)
        .await;
    assert_eq!(gone.code(), Code::NotFound);
    assert!(
        matches!(desk.arrive(&web, "o-2", Some("u-2")).await, Verdict::LogIn { user_id, .. } if user_id == kept)
    );

    // Somebody goes on working: that stays.
    let edit = json!({ "metadata": { "size": 4 } });
    desk.manage(Method::PATCH, &format!("users/{kept}"), edit).await;
    let path = format!("merges/{}/undo", merge["id"].as_str().unwrap());
    let undone = desk.manage(Method::POST, &path, Value::Null).await;
    assert_eq!(
        undone.json()["left"],
        json!(["metadata.size"]),
        "{}",
        undone.text()
    );
    assert_eq!(desk.subjects(kept).await, ["o-1", "u-1"]);
    assert_eq!(desk.subjects(removed).await, ["o-2", "u-2"]);
    let back = desk.record(removed).await;
    assert_eq!(back["user"]["metadata"]["vip"]["value"], false);
    assert_eq!(back["user"]["profile"], before[1]["user"]["profile"]);
    assert_eq!(
        desk.record(kept).await["user"]["profile"],
        before[0]["user"]["profile"]
    );
    assert!(
        matches!(desk.arrive(&web, "o-2", Some("u-2")).await, Verdict::LogIn { user_id, .. } if user_id == removed)
    );
    let twice = desk.manage(Method::POST, &path, Value::Null).await;
    assert_eq!(twice.code(), Code::MergeStands);
    assert!(desk.audited().await.iter().any(|action| action == "user.unmerge"));
}

#[tokio::test]
async fn what_cannot_be_merged_is_said_and_left_alone() {
    let desk = Desk::new().await;
    let web = desk.connection(1, false).await;
    let user = desk.newcomer(&web, "o-1", None).await;
    let nobody = "00000000-0000-7000-8000-000000000000";
    let unknown = desk
        .manage(Method::POST, "merges", json!({ "kept": user, "removed": nobody }))
        .await;
    assert_eq!(unknown.code(), Code::NotFound);
    let same = json!({ "kept": user, "removed": user, "choices": { "hat": "kept" } });
    let refused = desk.manage(Method::POST, "merges", same).await.refused();
    assert_eq!(
        refused,
        [
            ("choices.hat".to_owned(), json!(Rule::FieldUnknown)),
            ("removed".to_owned(), json!(Rule::SameUser))
        ]
    );
    assert_eq!(desk.subjects(user).await, ["o-1"]);
}

#[rstest]
#[case::an_open_id_with_the_union_id_it_is_the_last_to_carry(&[("o-1", Some("u-1"))], "o-1", &[])]
#[case::an_open_id_whose_union_id_another_carries(
    &[("o-1", Some("u-1")), ("o-2", Some("u-1"))], "o-1", &["o-2", "u-1"]
)]
#[case::a_union_id_with_every_open_id(&[("o-1", Some("u-1")), ("o-2", Some("u-1"))], "u-1", &[])]
#[case::an_open_id_alone(&[("o-1", None)], "o-1", &[])]
#[tokio::test]
async fn what_goes_with_a_binding(
    #[case] bindings: &[(&str, Option<&str>)],
    #[case] unbound: &str,
    #[case] left: &[&str],
) {
    let desk = Desk::new().await;
    let mut user = None;
    for (number, (open_id, union_id)) in bindings.iter().enumerate() {
        let connection = desk.connection(number as u8, false).await;
        match desk.arrive(&connection, open_id, *union_id).await {
            Verdict::Create { user_id, .. } => user = user_id,
            Verdict::LogIn { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    let user = user.unwrap();
    let path = format!("users/{user}/identities/{}", desk.binding(user, unbound).await);
    if left.is_empty() {
        let refused = desk.manage(Method::DELETE, &path, Value::Null).await;
        assert_eq!(refused.code(), Code::LastWayIn);
    }
    let forced = format!("{path}?force={}", left.is_empty());
    let answer = desk.manage(Method::DELETE, &forced, Value::Null).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    assert_eq!(desk.subjects(user).await, left);
    let again = desk.manage(Method::DELETE, &forced, Value::Null).await;
    assert_eq!(again.code(), Code::NotFound);
}

#[tokio::test]
async fn only_those_who_may_delete_take_the_last_way_in() {
    let desk = Desk::new().await;
    let web = desk.connection(1, false).await;
    let user = desk.newcomer(&web, "o-1", None).await;
    let binding = desk.binding(user, "o-1").await;
    let path = format!("/manage/v1/pools/default/users/{user}/identities/{binding}?force=true");
    let support = desk
        .bench
        .ask(Role::Support, Method::DELETE, &path, Value::Null)
        .await;
    assert_eq!(support.code(), Code::Forbidden);
    assert_eq!(desk.subjects(user).await, ["o-1"]);
}

#[tokio::test]
async fn a_phone_that_was_proven_is_a_way_in_too() {
    let desk = Desk::new().await;
    let web = desk.connection(1, false).await;
    let user = desk.newcomer(&web, "o-1", None).await;
    desk.name(user, "+8613800138000").await;
    let path = format!("users/{user}/identities/{}", desk.binding(user, "o-1").await);
    let answer = desk.manage(Method::DELETE, &path, Value::Null).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
}

#[tokio::test]
async fn users_are_created_changed_and_deleted() {
    let desk = Desk::new().await;
    let wish = json!({ "profile": { "name": " 张伟 ", "phone": null }, "metadata": { "vip": true } });
    let created = desk.manage(Method::POST, "users", wish).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text());
    let user = created.json();
    assert_eq!(
        user["profile"]["name"],
        json!({ "value": "张伟", "source": "operator" })
    );
    assert_eq!(user["metadata"]["vip"]["actor"], "admin");
    let path = format!("users/{}", user["id"].as_str().unwrap());

    desk.bench.clock.turn(1);
    let change = json!({ "based_on": user["updated_at"], "status": "blocked", "metadata": { "vip": null } });
    let changed = desk.manage(Method::PATCH, &path, change.clone()).await.json();
    assert_eq!(changed["status"], "blocked");
    assert_eq!(changed["metadata"], json!({}));
    let outdated = desk.manage(Method::PATCH, &path, change).await;
    assert_eq!(outdated.code(), Code::Outdated);

    let bad = json!({ "profile": { "name": "a\u{7}", "nickname": "x".repeat(513) } });
    let refused = desk.manage(Method::PATCH, &path, bad).await.refused();
    assert_eq!(
        refused,
        [
            ("profile.nickname".to_owned(), json!(Rule::ProfileLength)),
            ("profile.name".to_owned(), json!(Rule::ControlCharacters)),
        ]
    );

    desk.bench.clock.turn(1);
    let head = desk.bench.head().await;
    let deleted = desk.manage(Method::DELETE, &path, Value::Null).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    assert_eq!(
        desk.manage(Method::GET, &path, Value::Null).await.code(),
        Code::NotFound
    );
    assert_eq!(desk.bench.head().await, head + 1, "consoles hear of it");
    let audited = desk.audited().await;
    assert!(
        audited.ends_with(&["user.create", "user.change", "user.delete"].map(str::to_owned)),
        "{audited:?}"
    );
}

impl Desk {
    /// A session of a user, as a login leaves one.
    async fn session(&self, user: UserId) {
        session::begin(&self.bench.app, Grant::to(&PoolId::default(), user))
            .await
            .unwrap();
    }

    async fn open_sessions(&self, user: UserId) -> usize {
        let sql = "SELECT id FROM session WHERE user_id = $1 AND ended_at IS NULL";
        self.bench.look(sql, values![user]).await.len()
    }

    async fn name(&self, user: UserId, phone: &str) {
        let sql = "INSERT INTO login_name (pool, kind, value, user_id, since) VALUES ('default', 'phone', $1, $2, 0)";
        self.bench.change(sql, values![phone, user]).await;
    }

    async fn phone_of(&self, user: UserId) -> Option<String> {
        let sql = "SELECT value FROM login_name WHERE user_id = $1 AND kind = 'phone'";
        let rows = self.bench.look(sql, values![user]).await;
        rows.first().map(|row| row.text("value").unwrap())
    }
}

#[tokio::test]
async fn sessions_end_when_an_operator_unbinds_or_undoes_a_merge() {
    let desk = Desk::new().await;
    let web = desk.connection(1, false).await;
    let kept = desk.newcomer(&web, "o-1", None).await;
    let removed = desk.newcomer(&web, "o-2", None).await;
    let merge = desk
        .manage(
            Method::POST,
            "merges",
            json!({ "kept": kept, "removed": removed }),
        )
        .await
        .json();
    desk.session(kept).await;
    let path = format!("merges/{}/undo", merge["id"].as_str().unwrap());
    desk.manage(Method::POST, &path, Value::Null).await;
    assert_eq!(desk.open_sessions(kept).await, 0, "it may be the other person's");

    desk.name(kept, "+8613800138000").await;
    desk.session(kept).await;
    let binding = desk.binding(kept, "o-1").await;
    assert_eq!(desk.open_sessions(kept).await, 1);
    let unbound = desk
        .manage(
            Method::DELETE,
            &format!("users/{kept}/identities/{binding}"),
            Value::Null,
        )
        .await;
    assert_eq!(unbound.status, StatusCode::NO_CONTENT, "{}", unbound.text());
    assert_eq!(desk.open_sessions(kept).await, 0);
}

#[tokio::test]
async fn undoing_a_merge_brings_no_phone_back_that_was_given_up_since() {
    let desk = Desk::new().await;
    let web = desk.connection(1, false).await;
    let kept = desk.newcomer(&web, "o-1", None).await;
    let removed = desk.newcomer(&web, "o-2", None).await;
    desk.name(kept, "+8613800138000").await;
    desk.name(removed, "+8613800138001").await;
    let merge = desk
        .manage(
            Method::POST,
            "merges",
            json!({ "kept": kept, "removed": removed }),
        )
        .await
        .json();
    assert_eq!(desk.phone_of(kept).await.as_deref(), Some("+8613800138000"));
    let given_up = "DELETE FROM login_name WHERE user_id = $1";
    desk.bench.change(given_up, values![kept]).await;
    let path = format!("merges/{}/undo", merge["id"].as_str().unwrap());
    desk.manage(Method::POST, &path, Value::Null).await;
    assert_eq!(desk.phone_of(kept).await, None);
    assert_eq!(desk.phone_of(removed).await.as_deref(), Some("+8613800138001"));
}
