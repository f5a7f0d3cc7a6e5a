//! `POST /sync/v1/pools/{pool}/push`: edits in order, each applied at most once, and `GET …/results`: what became of them.
//!
//! Everyone with a replica may push: an edit that the role does not allow gets an outcome like any other, so that it
//! never blocks the edits behind it. So does one that cannot be read.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Body, Parameters},
    openapi::Doc,
    store::{Push, PushAs, PushDecision, Pushed},
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeSet, sync::Arc};
use yaopai_domain::{Action, ClientId, Mutation, MutationId, PushAnswer, PushRequest, PushResults};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/sync/v1/pools/{pool}/push", Needs::Right(Action::Pull), push).doc(
            Doc::new("push", "Edits in order, each applied at most once")
                .takes::<PushRequest>()
                .answers::<PushAnswer>(
                    StatusCode::OK,
                    "An outcome for each edit, the same however often asked",
                ),
        ),
        Endpoint::get(
            "/sync/v1/pools/{pool}/results",
            Needs::Right(Action::Pull),
            results,
        )
        .doc(
            Doc::new("push_results", "What became of edits, whoever pushed them")
                .query::<Asked>()
                .answers::<PushResults>(StatusCode::OK, "Those that were decided"),
        ),
    ]
}

/// A push whose mutations are read one by one: one that is broken is not in the way of the others.
#[derive(Deserialize)]
struct Raw {
    client_id: ClientId,
    mutations: Vec<serde_json::Value>,
}

/// What every mutation has, whatever it does.
#[derive(Deserialize)]
struct Numbered {
    seq: u64,
    id: MutationId,
}

async fn push(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(request): Body<Raw>,
) -> Result<Json<PushAnswer>, Error> {
    if request.mutations.len() > PushRequest::MAX_MUTATIONS {
        return Err(Error::TooLarge);
    }
    let mutations = request
        .mutations
        .into_iter()
        .map(read)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::Malformed("every mutation has a number and an id".to_owned()))?;
    check(&mutations)?;
    let by = PushAs {
        may_edit: caller.may(Action::EditUsers),
        actor: caller.name,
    };
    let push = Push {
        client: request.client_id,
        mutations,
    };
    match app.store.push(&caller.pool, by, push).await? {
        PushDecision::Answered(answer) => Ok(Json(answer)),
        PushDecision::Gap { last_seq } => Err(Error::SyncGap { last_seq }),
        PushDecision::Fork { seq } => Err(Error::SyncFork { seq }),
    }
}

/// Refuses mutations that have no order.
pub(crate) fn check(mutations: &[Pushed]) -> Result<(), Error> {
    let in_order = mutations
        .windows(2)
        .all(|pair| pair[0].seq.checked_add(1) == Some(pair[1].seq));
    let ids: BTreeSet<MutationId> = mutations.iter().map(|one| one.id).collect();
    let countable = |seq: u64| 0 < seq && i64::try_from(seq).is_ok();
    if !in_order || ids.len() != mutations.len() || !mutations.iter().all(|one| countable(one.seq)) {
        return Err(Error::Malformed(
            "mutations are numbered 1, 2, 3, … without gaps, and each has an id of its own".to_owned(),
        ));
    }
    Ok(())
}

/// Reads a mutation; `None` if it has no place in any order.
fn read(json: serde_json::Value) -> Option<Pushed> {
    let Numbered { seq, id } = Numbered::deserialize(&json).ok()?;
    let fits = json.to_string().len() <= Mutation::MAX_BYTES;
    let act = fits
        .then(|| serde_json::from_value::<Mutation>(json).ok())
        .flatten()
        .map(|mutation| mutation.act);
    Some(Pushed { seq, id, act })
}

/// Which mutations somebody asks about.
#[derive(Deserialize, JsonSchema)]
struct Asked {
    /// Ids of mutations, 200 at most, with commas between them.
    ids: String,
}

async fn results(
    State(app): State<Arc<App>>,
    caller: Caller,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<PushResults>, Error> {
    let ids = asked
        .ids
        .split(',')
        .filter(|id| !id.is_empty())
        .map(str::parse)
        .collect::<Result<Vec<MutationId>, _>>()
        .map_err(|_| Error::Malformed("ids are UUIDs with commas between them".to_owned()))?;
    if ids.len() > PushResults::MAX_IDS {
        return Err(Error::TooLarge);
    }
    let results = app.store.push_results(&caller.pool, ids).await?;
    Ok(Json(PushResults { results }))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;
    use axum::http::Method;
    use rstest::rstest;
    use serde_json::{Value, json};
    use yaopai_domain::{Code, Role};

    const PUSH: &str = "/sync/v1/pools/default/push";

    fn edits(numbers: impl IntoIterator<Item = u64>) -> Value {
        let mutations: Vec<_> = numbers
            .into_iter()
            .map(|seq| {
                json!({
                    "seq": seq,
                    "id": format!("00000000-0000-7000-8000-{seq:012x}"),
                    "patch": {
                        "user_id": "00000000-0000-7000-8000-000000000003",
                        "field": "metadata.tier",
                        "new": "gold",
                    },
                })
            })
            .collect();
        json!({"client_id": "00000000-0000-7000-8000-000000000001", "mutations": mutations})
    }

    #[rstest]
    #[case::from_zero(edits([0, 1]), Code::MalformedRequest)]
    #[case::out_of_order(edits([2, 1]), Code::MalformedRequest)]
    #[case::hole(edits([1, 3]), Code::MalformedRequest)]
    #[case::begins_too_late(edits([2]), Code::SyncGap)]
    #[case::too_many(edits(1..=501), Code::TooLarge)]
    #[tokio::test]
    async fn refuses_a_push_it_cannot_put_in_order(#[case] push: Value, #[case] code: Code) {
        let answer = Bench::new()
            .await
            .ask(Role::Support, Method::POST, PUSH, push)
            .await;
        assert_eq!(answer.code(), code);
    }

    #[tokio::test]
    async fn another_edit_under_a_decided_number_is_a_fork() {
        let bench = Bench::new().await;
        let first = bench
            .ask(Role::Support, Method::POST, PUSH, edits([1]))
            .await
            .json();
        assert_eq!(first["outcomes"][0]["outcome"]["rejection"], "user_gone");
        let mut other = edits([1]);
        other["mutations"][0]["id"] = json!("00000000-0000-7000-8000-00000000000f");
        let answer = bench.ask(Role::Support, Method::POST, PUSH, other).await;
        assert_eq!(answer.code(), Code::SyncFork);
    }

    #[tokio::test]
    async fn a_viewers_edit_is_rejected_and_not_in_the_way() {
        let bench = Bench::new().await;
        let answer = bench
            .ask(Role::Viewer, Method::POST, PUSH, edits([1]))
            .await
            .json();
        assert_eq!(answer["outcomes"][0]["outcome"]["rejection"], "forbidden");
        assert_eq!(answer["last_seq"], 1);
    }

    #[tokio::test]
    async fn an_edit_that_cannot_be_read_is_rejected_and_not_in_the_way() {
        let bench = Bench::new().await;
        bench
            .bootstrap("[[user]]\nid = \"00000000-0000-7000-8000-000000000003\"\nusername = \"u\"")
            .await
            .unwrap();
        let mut push = edits(1..=4);
        push["mutations"][0]["patch"]["field"] = json!("profile.shoe_size");
        push["mutations"][1]["patch"]["new"] = json!("x".repeat(70_000));
        push["mutations"][2] = json!({
            "seq": 3,
            "id": "00000000-0000-7000-8000-00000000000c",
            "invent": {},
        });
        let answer = bench.ask(Role::Support, Method::POST, PUSH, push).await.json();
        let kinds: Vec<_> = answer["outcomes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["outcome"])
            .collect();
        let invalid = json!({"type": "rejected", "rejection": "invalid"});
        assert_eq!(kinds[..3], [&invalid, &invalid, &invalid]);
        assert_eq!(kinds[3]["type"], "applied");
        assert_eq!(answer["last_seq"], 4);
    }

    #[tokio::test]
    async fn what_was_decided_under_one_client_is_not_decided_again_under_another() {
        let bench = Bench::new().await;
        bench
            .bootstrap("[[user]]\nid = \"00000000-0000-7000-8000-000000000003\"\nusername = \"u\"")
            .await
            .unwrap();
        let first = bench
            .ask(Role::Support, Method::POST, PUSH, edits([1]))
            .await
            .json();
        let head = bench.head().await;
        let mut copied = edits([1, 2]);
        copied["client_id"] = json!("00000000-0000-7000-8000-0000000000ff");
        copied["mutations"][1]["patch"]["base"] = json!("gold");
        copied["mutations"][1]["patch"]["new"] = json!("silver");
        let second = bench
            .ask(Role::Support, Method::POST, PUSH, copied.clone())
            .await
            .json();
        assert_eq!(second["outcomes"][0], first["outcomes"][0]);
        assert_eq!(second["outcomes"][1]["outcome"]["type"], "applied");
        assert_eq!(bench.head().await, head + 1);
        let again = bench.ask(Role::Support, Method::POST, PUSH, copied).await.json();
        assert_eq!(again, second);

        let path = "/sync/v1/pools/default/results?ids=00000000-0000-7000-8000-000000000001,\
                    00000000-0000-7000-8000-0000000000ee";
        let known = bench
            .ask(Role::Viewer, Method::GET, path, Value::Null)
            .await
            .json();
        assert_eq!(
            known["results"],
            json!([{"id": "00000000-0000-7000-8000-000000000001", "outcome": first["outcomes"][0]["outcome"]}])
        );
    }

    #[tokio::test]
    async fn an_import_creates_a_user_once_and_never_takes_a_phone_from_somebody() {
        let bench = Bench::new().await;
        let create = |seq: u64, user: u64, phone: &str| {
            json!({
                "seq": seq,
                "id": format!("00000000-0000-7000-8000-{seq:012x}"),
                "create": {
                    "user_id": format!("00000000-0000-7000-8000-{user:012x}"),
                    "name": "张伟",
                    "phone": phone,
                    "username": format!("zhang{user}"),
                    "metadata": {"tier": "gold"},
                },
            })
        };
        let push = json!({
            "client_id": "00000000-0000-7000-8000-000000000001",
            "mutations": [
                create(1, 0xa, "+8613800138000"),
                create(2, 0xa, "+8613800138001"),
                create(3, 0xb, "138 0013 8000"),
                create(4, 0xc, "no phone"),
            ],
        });
        let answer = bench
            .ask(Role::Support, Method::POST, PUSH, push.clone())
            .await
            .json();
        let told = |number: usize| answer["outcomes"][number]["outcome"].clone();
        assert_eq!(told(0)["type"], "applied", "{answer}");
        assert_eq!(told(1)["rejection"], "user_exists");
        assert_eq!(told(2)["rejection"], "phone_taken");
        assert_eq!(told(3)["rejection"], "invalid");
        let path = "users/00000000-0000-7000-8000-00000000000a";
        let user = bench.manage(Method::GET, path, Value::Null).await.json()["user"].clone();
        assert_eq!(
            user["profile"]["phone"],
            json!({"value": "+8613800138000", "source": "import"})
        );
        assert_eq!(user["metadata"]["tier"]["value"], "gold");
        assert_eq!(user["metadata"]["tier"]["actor"], "support");
        assert_eq!(
            bench.ask(Role::Support, Method::POST, PUSH, push).await.json(),
            answer
        );
    }
}
