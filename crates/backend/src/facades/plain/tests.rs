//! The plain facade against a whole backend and the sandbox.

use crate::{
    facades::desk::Desk,
    session::{self, Grant},
    testing::Answer,
};
use axum::http::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use yaopai_domain::PoolId;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;

async fn get(desk: &Desk, call: &str, query: &[(&str, &str)]) -> Answer {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    desk.call(Method::GET, &format!("/api/wx/{call}?{query}"), &[], "")
        .await
}

fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// The number of a failure, whose whole shape is checked on the way.
fn errcode(answer: &Answer) -> i64 {
    assert!(answer.status.as_u16() >= 400, "{}", answer.text());
    let body = answer.json();
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["errcode", "errmsg"], "{body}");
    body["errcode"].as_i64().unwrap()
}

async fn code(desk: &Desk, person: &str) -> String {
    desk.wx_login(person).await["code"].as_str().unwrap().to_owned()
}

async fn third_session(desk: &Desk, person: &str) -> String {
    let code = code(desk, person).await;
    let answer = ok(&get(desk, "login", &[("pool", "default"), ("code", &code)]).await);
    answer["third_Session"].as_str().unwrap().to_owned()
}

async fn user(desk: &Desk) -> Value {
    let answer = desk.manage(Method::GET, "users", Value::Null).await;
    answer.json()["users"][0].clone()
}

#[tokio::test]
async fn a_code_gives_a_third_session_and_nothing_of_wechat() {
    let desk = Desk::open().await;
    let login = desk.wx_login("lin-xiaoman").await;
    let query = [("pool", "default"), ("code", login["code"].as_str().unwrap())];
    let answer = ok(&get(&desk, "login", &query).await);
    let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(names, ["third_Session", "expires_in"]);
    assert_eq!(answer["expires_in"], WEEK / 1000);
    assert_eq!(desk.users().await, 1);
}

#[rstest]
#[case::query(Method::GET, "?pool=default&CODE={}", None, "")]
#[case::query_of_a_post(Method::POST, "?pool=default&Code={}", None, "")]
#[case::form(Method::POST, "", Some(FORM), "pool=default&cOdE={}")]
#[case::json(Method::POST, "", Some(JSON), r#"{"pool":"default","code":"{}"}"#)]
#[case::json_as_text(Method::POST, "?pool=default", Some(("content-type", "text/plain")), r#"{"CODE":"{}"}"#)]
#[tokio::test]
async fn a_code_is_taken_in_any_case_and_any_way(
    #[case] method: Method,
    #[case] query: &str,
    #[case] kind: Option<(&str, &str)>,
    #[case] body: &str,
) {
    let desk = Desk::open().await;
    let code = code(&desk, "lin-xiaoman").await;
    let path = format!("/api/wx/login{}", query.replace("{}", &code));
    let answer = desk
        .call(method, &path, kind.as_slice(), body.replace("{}", &code))
        .await;
    assert!(ok(&answer)["third_Session"].is_string());
}

#[tokio::test]
async fn rule_2_a_code_that_comes_again_is_the_same_person() {
    let desk = Desk::open().await;
    let code = code(&desk, "lin-xiaoman").await;
    for _ in 0..2 {
        ok(&get(&desk, "login", &[("pool", "default"), ("code", &code)]).await);
    }
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn rule_8_an_anonymous_profile_overwrites_nothing() {
    let desk = Desk::open().await;
    let word = third_session(&desk, "lin-xiaoman").await;
    let real = [
        ("third_Session", word.as_str()),
        ("nickName", "小满"),
        ("avatarUrl", "https://thirdwx.qlogo.cn/mmopen/vi_32/real/132"),
        ("gender", "2"),
    ];
    assert_eq!(
        ok(&get(&desk, "userinfo", &real).await),
        json!({ "errcode": 0, "errmsg": "ok" })
    );
    let before = user(&desk).await;
    assert_eq!(before["profile"]["nickname"]["value"], "小满");
    let grey = "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132";
    for avatar in ["", grey] {
        let sent = json!({
            "third_Session": word,
            "userInfo": { "nickName": "微信用户", "avatarUrl": avatar, "gender": null, "city": "" },
        });
        let answer = desk
            .call(Method::POST, "/api/wx/userinfo", &[JSON], sent.to_string())
            .await;
        ok(&answer);
        assert_eq!(user(&desk).await["profile"], before["profile"]);
    }
}

#[tokio::test]
async fn rule_7_only_a_profile_is_taken() {
    let desk = Desk::open().await;
    let word = third_session(&desk, "lin-xiaoman").await;
    let before = user(&desk).await;
    let sent = json!({
        "third_Session": word, "phone": "13800138000", "email": "li@example.com", "username": "admin",
        "status": "blocked", "openid": "o", "unionid": "u",
    });
    ok(&desk
        .call(Method::POST, "/api/wx/userinfo", &[JSON], sent.to_string())
        .await);
    assert_eq!(user(&desk).await, before);
}

#[tokio::test]
async fn a_third_session_is_over_when_it_is_revoked_or_unused_for_a_week() {
    let desk = Desk::open().await;
    let revoked = third_session(&desk, "lin-xiaoman").await;
    let unused = third_session(&desk, "lin-xiaoman").await;
    let check = async |word: &str| {
        let headers = [("third-session", word)];
        desk.call(Method::GET, "/api/wx/check", &headers, "").await
    };
    ok(&check(&revoked).await);
    ok(&get(&desk, "logout", &[("THIRD_SESSION", &revoked)]).await);
    assert_eq!(errcode(&check(&revoked).await), 60002);
    assert_eq!(
        errcode(&get(&desk, "logout", &[("third_Session", &revoked)]).await),
        60002
    );
    desk.clock.turn(WEEK - 1000);
    assert_eq!(ok(&check(&unused).await)["errcode"], 0);
    desk.clock.turn(WEEK + 1000);
    assert_eq!(errcode(&check(&unused).await), 60002);
}

#[tokio::test]
async fn a_token_of_open_id_connect_is_no_third_session() {
    let desk = Desk::open().await;
    third_session(&desk, "lin-xiaoman").await;
    let before = user(&desk).await;
    let pool = PoolId::default();
    let id = before["id"].as_str().unwrap().parse().unwrap();
    let grant = Grant {
        scope: "openid profile",
        ..Grant::to(&pool, id)
    };
    let token = session::begin(&desk.app, grant).await.unwrap().access_token;
    for call in ["check", "userinfo", "logout"] {
        let query = [("third_Session", token.as_str()), ("nickName", "满满")];
        assert_eq!(errcode(&get(&desk, call, &query).await), 60002, "{call}");
    }
    assert_eq!(user(&desk).await, before);
    assert!(
        session::bearer(&desk.app, &token).await.is_ok(),
        "nor was it ended"
    );
}

#[tokio::test]
async fn rule_11_a_blocked_user_is_out_at_once() {
    let desk = Desk::open().await;
    let word = third_session(&desk, "lin-xiaoman").await;
    desk.change("UPDATE users SET status = 'blocked'", vec![]).await;
    let out = get(&desk, "check", &[("third_Session", &word)]).await;
    assert_eq!(errcode(&out), 60002);
    let code = code(&desk, "lin-xiaoman").await;
    let refused = get(&desk, "login", &[("pool", "default"), ("code", &code)]).await;
    assert_eq!(errcode(&refused), 60011);
}

#[rstest]
#[case::no_code("pool=default", "", 60001)]
#[case::made_up_code("pool=default&code=made-up", "", 40029)]
#[case::half_json("pool=default", "{\"code\":", 60001)]
#[case::unknown_pool("pool=nowhere&code=1", "", 60003)]
#[case::unknown_application("app_id=nowhere&code=1", "", 60003)]
#[case::unknown_connection("pool=default&connection=nowhere&code=1", "", 60003)]
#[case::unknown_app("pool=default&appid=wx00112233445566ff&code=1", "", 60003)]
#[case::disabled("pool=default&connection=pc-disabled&code=1", "", 60004)]
#[tokio::test]
async fn bad_input_is_told_in_its_own_shape_and_changes_nothing(
    #[case] query: &str,
    #[case] body: &'static str,
    #[case] expected: i64,
) {
    let desk = Desk::open().await;
    let path = format!("/api/wx/login?{query}");
    let answer = desk.call(Method::POST, &path, &[JSON], body).await;
    assert_eq!(errcode(&answer), expected);
    assert_eq!(desk.users().await, 0);
    let nobodys = query.contains("=nowhere&code") && !query.contains("connection");
    // Until the body is read, nobody knows whose operators it is for.
    let nobodys = nobodys || body.starts_with('{');
    assert_eq!(
        desk.attempts().await.len(),
        usize::from(!nobodys),
        "an operator reads it once"
    );
}
