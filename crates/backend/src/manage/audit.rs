//! `GET /manage/v1/pools/{pool}/audit`: who changed what, newest first.

use super::page::{read_after, write_after};
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Parameters,
    openapi::Doc,
    store::AuditFilter,
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use yaopai_domain::{Action, AuditPage, Timestamp};

const USUAL_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/manage/v1/pools/{pool}/audit",
            Needs::Right(Action::ReadAudit),
            list,
        )
        .doc(
            Doc::new("list_audit_entries", "Who changed what, newest first")
                .query::<Wanted>()
                .answers::<AuditPage>(StatusCode::OK, "A page of the audit log"),
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only by this actor.
    actor: Option<String>,
    /// Only actions that begin so: `connection.`, `access_key.create`.
    action: Option<String>,
    /// Only to this target: `user:<id>`.
    target: Option<String>,
    /// Not before this moment.
    since: Option<i64>,
    /// Before this moment.
    until: Option<i64>,
    /// What the last page answered as `after`.
    after: Option<String>,
    /// At most this many, 50 unless told, 200 at most.
    limit: Option<u32>,
}

async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<AuditPage>, Error> {
    let limit = wanted.limit.unwrap_or(USUAL_LIMIT).clamp(1, MAX_LIMIT);
    let after = wanted.after.as_deref().map(read_after).transpose()?;
    let filter = AuditFilter {
        actor: wanted.actor,
        action: wanted.action,
        target: wanted.target,
        since: wanted.since.map(Timestamp),
        until: wanted.until.map(Timestamp),
        after,
    };
    // One more than asked for tells whether there is another page.
    let mut entries = app.store.audit_entries(&caller.pool, filter, limit + 1).await?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let after = entries
        .last()
        .filter(|_| more)
        .map(|last| write_after(last.at, &last.id));
    Ok(Json(AuditPage { entries, after }))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;
    use axum::http::{Method, StatusCode};
    use rstest::rstest;
    use serde_json::{Value, json};
    use yaopai_domain::Code;

    /// A pool with ten changes: six platform accounts, four of them renamed, one change a second.
    async fn bench() -> Bench {
        let bench = Bench::new().await;
        for number in 0..6 {
            bench.clock.turn(1000);
            let name = json!({ "name": format!("account {number}") });
            let made = bench.manage(Method::POST, "platform-accounts", name).await;
            if number < 4 {
                let id = made.json()["id"].as_str().unwrap().to_owned();
                let name = json!({ "name": format!("renamed {number}") });
                bench
                    .manage(Method::PUT, &format!("platform-accounts/{id}"), name)
                    .await;
            }
        }
        bench
    }

    async fn names(bench: &Bench, query: &str) -> (Vec<String>, Option<String>) {
        let page = bench
            .manage(Method::GET, &format!("audit?{query}"), Value::Null)
            .await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        let page = page.json();
        let names = page["entries"].as_array().unwrap().iter();
        let names = names
            .map(|entry| entry["new"]["name"].as_str().unwrap_or_default().to_owned())
            .collect();
        (names, page["after"].as_str().map(str::to_owned))
    }

    #[tokio::test]
    async fn pages_follow_each_other_without_gap_or_repeat() {
        let bench = bench().await;
        let (all, after) = names(&bench, "actor=admin").await;
        assert_eq!(all.len(), 10);
        assert_eq!(after, None);
        let mut paged = Vec::new();
        let mut query = "actor=admin&limit=3".to_owned();
        loop {
            let (page, after) = names(&bench, &query).await;
            paged.extend(page);
            let Some(after) = after else { break };
            query = format!("actor=admin&limit=3&after={after}");
        }
        assert_eq!(paged, all);
        assert_eq!(all.first().map(String::as_str), Some("account 5"), "newest first");
    }

    #[rstest]
    #[case::action("action=platform_account.rename", 4)]
    #[case::prefix("action=platform_account.&actor=admin", 10)]
    #[case::not_a_pattern("action=platform%25", 0)]
    #[case::actor("actor=nobody", 0)]
    #[case::time("actor=admin&since=1005000&until=1006000", 1)]
    #[tokio::test]
    async fn is_narrowed(#[case] query: &str, #[case] expected: usize) {
        let bench = bench().await;
        assert_eq!(names(&bench, query).await.0.len(), expected);
    }

    #[tokio::test]
    async fn shows_all_that_happened_to_one_thing() {
        let bench = bench().await;
        let entries = bench
            .manage(
                Method::GET,
                "audit?action=platform_account.rename&limit=1",
                Value::Null,
            )
            .await
            .json();
        let target = entries["entries"][0]["target"].as_str().unwrap().to_owned();
        assert_eq!(entries["entries"][0]["old"]["name"], "account 3");
        let (names, _) = names(&bench, &format!("target={target}")).await;
        assert_eq!(names, ["renamed 3", "account 3"]);
    }

    #[rstest]
    #[case("after=nonsense")]
    #[case("limit=many")]
    #[case("colour=red")]
    #[tokio::test]
    async fn refuses_a_question_it_does_not_understand(#[case] query: &str) {
        let bench = Bench::new().await;
        let answer = bench
            .manage(Method::GET, &format!("audit?{query}"), Value::Null)
            .await;
        assert_eq!(answer.code(), Code::MalformedRequest);
    }
}
