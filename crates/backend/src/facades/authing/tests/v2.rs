//! authing-wxapp-sdk 4 and authing-js-sdk 4.

use super::{AUTH, POOL, desk_on_time, enter, enter_by_phone, graphql, post, qr, sms_code, with_phone};
use crate::{
    facades::desk::Desk,
    session::{self, Grant},
    store::SessionKey,
};
use axum::http::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use yaopai_domain::PoolId;

const GRAPHQL: &str = "/graphql/v2";
const UPDATE: &str = "mutation updateUser($id: String, $input: UpdateUserInput!) {
    updateUser(id: $id, input: $input) { id nickname photo blocked unionid phone phoneVerified token } }";

fn bearer(user: &Value) -> String {
    format!("Bearer {}", user["token"].as_str().unwrap())
}

#[tokio::test]
async fn a_code_logs_in_and_the_second_time_it_is_the_same_user() {
    let desk = Desk::open().await;
    let first = enter(&desk, "lin-xiaoman").await;
    let second = enter(&desk, "lin-xiaoman").await;
    assert_eq!(first["id"], second["id"]);
    assert_eq!(desk.users().await, 1);
    assert_eq!(
        first["token"].as_str().unwrap().split('.').count(),
        3,
        "the SDK decodes a JWT"
    );
    assert_eq!(first["userPoolId"], "default");
    assert!(first["openid"].is_string());
}

#[tokio::test]
async fn a_stale_token_does_not_hinder_a_login() {
    let desk = Desk::open().await;
    let login = desk.wx_login("lin-xiaoman").await;
    let stale = [
        POOL,
        ("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.x"),
        ("x-authing-app-id", ""),
    ];
    let answer = post(&desk, AUTH, &stale, json!({ "code": login["code"] })).await;
    assert_eq!(answer["code"], 200, "{answer}");
}

#[tokio::test]
async fn an_update_returns_the_callers_token_and_ignores_what_people_may_not_say_of_themselves() {
    let desk = Desk::open().await;
    let user = enter(&desk, "lin-xiaoman").await;
    let input = json!({
        "nickname": "Bob",
        "blocked": true,
        "unionid": "o-stolen",
        "phone": "13800138000",
        "phoneVerified": true,
        "loginsCount": 9,
    });
    let variables = json!({ "id": user["id"], "input": input });
    let token = bearer(&user);
    let data = graphql(&desk, GRAPHQL, Some(&token), UPDATE, variables)
        .await
        .unwrap();
    let updated = &data["updateUser"];
    assert_eq!(updated["nickname"], "Bob");
    assert_eq!(updated["token"], user["token"]);
    assert_eq!(updated["blocked"], false);
    assert_eq!(updated["unionid"], user["unionid"]);
    assert_eq!(updated["phone"], Value::Null);
    assert_eq!(
        updated.as_object().unwrap().len(),
        8,
        "what was selected, and nothing else"
    );
}

#[tokio::test]
async fn somebody_elses_user_is_out_of_reach() {
    let desk = Desk::open().await;
    let (one, other) = (enter(&desk, "lin-xiaoman").await, enter(&desk, "chen-mo").await);
    let token = bearer(&one);
    let variables = json!({ "id": other["id"], "input": { "nickname": "Eve" } });
    let refused = graphql(&desk, GRAPHQL, Some(&token), UPDATE, variables)
        .await
        .unwrap_err();
    assert_eq!(refused["code"], 403);
    let query = "query q($t: String!) { udv(targetType: \"USER\", targetId: $t) { key } }";
    let refused = graphql(&desk, GRAPHQL, Some(&token), query, json!({ "t": other["id"] })).await;
    assert_eq!(refused.unwrap_err()["code"], 403);
    for operators in [
        "{ users { totalCount } }",
        "mutation { deleteUser(id: \"x\") { code } }",
    ] {
        let refused = graphql(&desk, GRAPHQL, Some(&token), operators, json!({}))
            .await
            .unwrap_err();
        assert_eq!(refused["code"], 2020, "{operators}");
    }
}

#[tokio::test]
async fn custom_data_goes_in_encoded_and_comes_out_as_the_sdk_decodes_it() {
    let desk = Desk::open().await;
    let user = enter(&desk, "lin-xiaoman").await;
    let (token, id) = (bearer(&user), &user["id"]);
    let set = "mutation m($t: String!, $l: [UserDefinedDataInput!]) {
        setUdvBatch(targetType: \"USER\", targetId: $t, udvList: $l) { key dataType value } }";
    let list = json!([{ "key": "school", "value": "\"pku\"" }, { "key": "age", "value": "20" }]);
    let variables = json!({ "t": id, "l": list });
    let data = graphql(&desk, GRAPHQL, Some(&token), set, variables)
        .await
        .unwrap();
    assert_eq!(
        data["setUdvBatch"],
        json!([
            { "key": "age", "dataType": "NUMBER", "value": "20" },
            { "key": "school", "dataType": "STRING", "value": "pku" },
        ])
    );
    let remove =
        "mutation m($t: String!) { removeUdv(targetType: \"USER\", targetId: $t, key: \"age\") { key } }";
    let data = graphql(&desk, GRAPHQL, Some(&token), remove, json!({ "t": id }))
        .await
        .unwrap();
    assert_eq!(data["removeUdv"], json!([{ "key": "school" }]));
}

#[tokio::test]
async fn a_logout_ends_the_token() {
    let desk = Desk::open().await;
    let user = enter(&desk, "lin-xiaoman").await;
    let token = bearer(&user);
    let query = "{ user { id token } }";
    let data = graphql(&desk, GRAPHQL, Some(&token), query, json!({}))
        .await
        .unwrap();
    assert_eq!(data["user"], json!({ "id": user["id"], "token": user["token"] }));
    let headers = [("authorization", token.as_str())];
    let out = desk
        .call(Method::GET, "/api/v2/logout?app_id=", &headers, "")
        .await
        .json();
    assert_eq!(out["code"], 200);
    let gone = graphql(&desk, GRAPHQL, Some(&token), query, json!({}))
        .await
        .unwrap_err();
    assert_eq!(gone["code"], 2020);
    let status = "{ checkLoginStatus { code status data { id } } }";
    let data = graphql(&desk, GRAPHQL, Some(&token), status, json!({}))
        .await
        .unwrap();
    assert_eq!(
        data["checkLoginStatus"],
        json!({ "code": 2020, "status": false, "data": null })
    );
}

#[tokio::test]
async fn a_token_that_somebody_got_by_open_id_connect_opens_nothing_here() {
    let desk = Desk::open().await;
    let user = enter(&desk, "lin-xiaoman").await;
    let pool = PoolId::default();
    let grant = Grant {
        scope: "openid profile email phone",
        ..Grant::to(&pool, user["id"].as_str().unwrap().parse().unwrap())
    };
    let theirs = session::begin(&desk.app, grant).await.unwrap().access_token;
    let refused = graphql(&desk, GRAPHQL, Some(&theirs), "{ user { id } }", json!({})).await;
    assert_eq!(refused.unwrap_err()["code"], 2020);
}

#[rstest]
#[case::first("/graphql", "mutation { refreshToken { token } }", "{ user { _id } }")]
#[case::second(GRAPHQL, "mutation { refreshToken { token } }", "{ user { id } }")]
#[tokio::test]
async fn refreshing_never_makes_a_session_longer_than_the_longest(
    #[case] path: &str,
    #[case] refresh: &str,
    #[case] user: &str,
) {
    const HOUR: i64 = 60 * 60 * 1000;
    let desk = Desk::open().await;
    let entered = enter(&desk, "lin-xiaoman").await;
    let token = entered["token"].as_str().unwrap();
    let id = session::bearer(&desk.app, token).await.unwrap().session;
    let began = desk.app.clock.now();
    desk.clock.turn(session::LONGEST_MILLIS - HOUR);
    // As if it had been refreshed all the time.
    let store = &desk.app.store;
    let end = began.plus_millis(session::LONGEST_MILLIS);
    store.touch_session(id, began, end).await.unwrap();
    let stored = store.session(SessionKey::Id(id)).await.unwrap().unwrap();
    let issued = session::issue(&desk.app, &stored, String::new()).await.unwrap();
    let data = graphql(&desk, path, Some(&issued.access_token), refresh, json!({})).await;
    let fresh = data.unwrap()["refreshToken"]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(graphql(&desk, path, Some(&fresh), user, json!({})).await.is_ok());
    desk.clock.turn(HOUR);
    let over = graphql(&desk, path, Some(&fresh), user, json!({})).await;
    assert_eq!(over.unwrap_err()["code"], 2020);
}

#[tokio::test]
async fn a_proven_phone_is_proven_again_before_another_replaces_it() {
    let desk = Desk::open().await;
    let code = sms_code(&desk, "13900000001").await;
    let query = "mutation l($input: LoginByPhoneCodeInput!) { loginByPhoneCode(input: $input) { id token } }";
    let input = json!({ "input": { "phone": "13900000001", "code": code } });
    let body = json!({ "query": query, "variables": input });
    let user = post(&desk, GRAPHQL, &[POOL], body).await["data"]["loginByPhoneCode"].clone();
    let token = user["token"].as_str().unwrap().to_owned();
    desk.clock.turn(2 * 60 * 1000);
    let (old, new) = (
        sms_code(&desk, "13900000001").await,
        sms_code(&desk, "13900000002").await,
    );
    let update = "mutation u($phone: String!, $code: String!, $old: String, $oldCode: String) {
        CALL(phone: $phone, phoneCode: $code, oldPhone: $old, oldPhoneCode: $oldCode) { phone } }";
    for (call, old, old_code, refusal) in [
        ("bindPhone", None, None, Some(400)),
        ("updatePhone", None, None, Some(400)),
        ("updatePhone", Some("13900000002"), Some(&new), Some(2001)),
        ("updatePhone", Some("13900000001"), Some(&old), None),
    ] {
        let variables = json!({ "phone": "13900000002", "code": new, "old": old, "oldCode": old_code });
        let query = update.replace("CALL", call);
        let answer = graphql(&desk, GRAPHQL, Some(&token), &query, variables).await;
        match refusal {
            Some(code) => assert_eq!(answer.unwrap_err()["code"], code, "{call}"),
            None => assert_eq!(answer.unwrap()["updatePhone"]["phone"], "13900000002"),
        }
    }
    let unbind = "mutation { unbindPhone { phone } }";
    let refused = graphql(&desk, GRAPHQL, Some(&token), unbind, json!({})).await;
    assert_eq!(refused.unwrap_err()["code"], 1_320_004, "it is the last way in");
}

#[tokio::test]
async fn a_token_that_is_not_of_a_recent_login_moves_no_account() {
    let desk = Desk::open().await;
    let owner = enter_by_phone(&desk, "13900000022").await;
    let bind = async |token: &str, person: &str| {
        let login = desk.wx_login(person).await;
        let path = "/connections/social/wechat-miniprogram/bind";
        let headers = [POOL, ("authorization", token)];
        post(&desk, path, &headers, json!({ "code": login["code"] })).await
    };
    let bound = bind(&bearer(&owner), "lin-xiaoman").await;
    assert_eq!(bound["code"], 200, "{bound}");
    desk.clock.turn(10 * 60 * 1000 + 1);
    let stolen = bearer(&owner);

    // A login that the stolen token vouches for is no better.
    let drawn = post(
        &desk,
        "/api/v2/qrcode/gene",
        &[POOL],
        json!({ "scene": "APP_AUTH" }),
    )
    .await;
    let random = drawn["data"]["random"].as_str().unwrap();
    let said = qr::in_picture(&desk, &drawn["data"]).await;
    let headers = [("authorization", stolen.as_str())];
    post(
        &desk,
        "/api/v2/qrcode/confirm",
        &headers,
        json!({ "random": said }),
    )
    .await;
    let path = format!("/api/v2/qrcode/check?random={random}");
    let seen = desk.call(Method::GET, &path, &[POOL], "").await.json();
    let body = json!({ "ticket": seen["data"]["ticket"] });
    let entered = post(&desk, "/api/v2/qrcode/userinfo", &[POOL], body).await;
    assert_eq!(entered["data"]["id"], owner["id"], "{entered}");

    for token in [stolen, bearer(&entered["data"])] {
        let refused = bind(&token, "chen-mo").await;
        assert_eq!(refused["code"], 403, "{refused}");
        for query in [
            "mutation { unbindPhone { id } }",
            "mutation { bindEmail(email: \"thief@example.com\", emailCode: \"000000\") { id } }",
        ] {
            let refused = graphql(&desk, GRAPHQL, Some(&token), query, json!({})).await;
            assert_eq!(refused.unwrap_err()["code"], 403, "{query}");
        }
    }
    let token = bearer(&enter(&desk, "lin-xiaoman").await);
    let unbind = "mutation { unbindPhone { id phone } }";
    let unbound = graphql(&desk, GRAPHQL, Some(&token), unbind, json!({})).await;
    assert_eq!(
        unbound.unwrap()["unbindPhone"],
        json!({ "id": owner["id"], "phone": null })
    );
}

#[tokio::test]
async fn the_phone_that_wechat_gave_is_bound() {
    let desk = desk_on_time().await;
    let body = with_phone(&desk, "lin-xiaoman").await;
    let path = "/connections/social/wechat-miniprogram/auth-by-phone";
    let user = post(&desk, path, &[POOL], body).await;
    assert_eq!(user["code"], 200, "{user}");
    assert_eq!(user["data"]["phoneVerified"], true);
    let known = user["data"]["phone"].clone();
    let body = with_phone(&desk, "lin-xiaoman").await;
    let answer = post(
        &desk,
        "/connections/social/wechat-miniprogram/getphone",
        &[POOL],
        body,
    )
    .await;
    assert_eq!(answer["data"]["purePhoneNumber"], known);
}

#[tokio::test]
async fn a_person_registers_and_logs_in_without_wechat() {
    let desk = Desk::open().await;
    let sms = post(
        &desk,
        "/api/v2/sms/send",
        &[POOL],
        json!({ "phone": "13900000001" }),
    )
    .await;
    assert_eq!(sms["code"], 200, "{sms}");
    let code = desk.one_time_code("+8613900000001").await;
    let query =
        "mutation l($input: LoginByPhoneCodeInput!) { loginByPhoneCode(input: $input) { id phone token } }";
    let app = [("x-authing-app-id", "shop")];
    let body = json!({ "query": query, "variables": { "input": { "phone": "13900000001", "code": code } } });
    let answer = post(&desk, GRAPHQL, &app, body.clone()).await;
    assert_eq!(
        answer["data"]["loginByPhoneCode"]["phone"], "13900000001",
        "{answer}"
    );
    let again = post(&desk, GRAPHQL, &app, body).await;
    assert_eq!(
        again["errors"][0]["message"]["code"], 2001,
        "a used code is refused"
    );
    let wrong = "mutation { loginByUsername(input: { username: \"nobody\", password: \"x\" }) { id } }";
    let body = json!({ "query": wrong });
    let answer = post(&desk, GRAPHQL, &app, body).await;
    assert_eq!(answer["errors"][0]["message"]["code"], 2333);
}

#[tokio::test]
async fn who_is_refused_for_their_password_tries_again_with_the_same_code() {
    let desk = Desk::open().await;
    let app = [("x-authing-app-id", "shop")];
    let send = async || {
        desk.clock.turn(60_000);
        let body = json!({ "phone": "13900000001" });
        let sent = post(&desk, "/api/v2/sms/send", &[POOL], body).await;
        assert_eq!(sent["code"], 200, "{sent}");
        desk.one_time_code("+8613900000001").await
    };
    let ask = async |query: &str, variables: Value| {
        post(
            &desk,
            GRAPHQL,
            &app,
            json!({ "query": query, "variables": variables }),
        )
        .await
    };
    let code = send().await;
    let register = async |password: &str| {
        let query =
            "mutation r($input: RegisterByPhoneCodeInput!) { registerByPhoneCode(input: $input) { phone } }";
        let input =
            json!({ "phone": "13900000001", "code": code, "password": desk.encrypted(password).await });
        ask(query, json!({ "input": input })).await
    };
    let weak = register("short").await;
    assert!(weak["errors"].is_array(), "{weak}");
    let registered = register("correct horse").await;
    assert_eq!(
        registered["data"]["registerByPhoneCode"]["phone"], "13900000001",
        "{registered}"
    );

    let code = send().await;
    let reset = async |password: &str| {
        let query = "mutation r($phone: String, $code: String!, $newPassword: String!) {
            resetPassword(phone: $phone, code: $code, newPassword: $newPassword) { code } }";
        let new = desk.encrypted(password).await;
        let variables = json!({ "phone": "13900000001", "code": code, "newPassword": new });
        ask(query, variables).await
    };
    let weak = reset("short").await;
    assert!(weak["errors"].is_array(), "{weak}");
    let again = reset("battery staple").await;
    assert_eq!(again["data"]["resetPassword"]["code"], 200, "{again}");
    let used = reset("third password").await;
    assert_eq!(used["errors"][0]["message"]["code"], 2001, "{used}");
}

#[rstest]
#[case::malformed_json("{\"code\":", 400, "bad_request")]
#[case::no_code("{}", 400, "bad_request")]
#[case::invented_code("{\"code\":\"invented\"}", 40029, "")]
#[tokio::test]
async fn bad_input_is_told_in_the_sdks_words_and_kept_for_operators(
    #[case] body: &str,
    #[case] code: i32,
    #[case] why: &str,
) {
    let desk = Desk::open().await;
    let answer = desk.call(Method::POST, AUTH, &[POOL], body.to_owned()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["code"], code, "{}", answer.text());
    assert_eq!(answer.json().get("data"), None);
    assert_eq!(desk.users().await, 0);
    let attempts = desk.attempts().await;
    assert_eq!(attempts.len(), 1);
    assert!(attempts[0].to_string().contains(why), "{}", attempts[0]);
}

#[rstest]
#[case::no_json("{")]
#[case::no_query("{}")]
#[case::no_graphql("{\"query\":\"query {\"}")]
#[case::unknown_call("{\"query\":\"{ dropEverything }\"}")]
#[tokio::test]
async fn a_graphql_request_that_nobody_can_read_is_kept_for_operators(
    #[case] body: &str,
    #[values("/graphql", GRAPHQL)] path: &str,
) {
    let desk = Desk::open().await;
    let answer = desk
        .call(Method::POST, path, &[POOL], body.to_owned())
        .await
        .json();
    assert_eq!(answer["errors"][0]["message"]["code"], 400, "{answer}");
    let attempts = desk.attempts().await;
    assert_eq!(attempts.len(), 1);
    assert!(attempts[0].to_string().contains("bad_request"), "{}", attempts[0]);
}

#[tokio::test]
async fn a_person_binds_their_wechat_and_nobody_elses() {
    let desk = Desk::open().await;
    enter(&desk, "lin-xiaoman").await;
    let user = enter_by_phone(&desk, "13900000021").await;
    let token = bearer(&user);
    let bind = async |person: &str, headers: &[(&str, &str)]| {
        let login = desk.wx_login(person).await;
        let path = "/connections/social/wechat-miniprogram/bind";
        post(&desk, path, headers, json!({ "code": login["code"] })).await
    };
    let own = [POOL, ("authorization", token.as_str())];
    assert_eq!(bind("chen-mo", &[POOL]).await["code"], 2020, "without a token");
    assert_eq!(bind("lin-xiaoman", &own).await["code"], 1_320_002);
    let bound = bind("chen-mo", &own).await;
    assert_eq!(bound["data"]["id"], user["id"], "{bound}");
    assert_eq!(enter(&desk, "chen-mo").await["id"], user["id"]);
}

#[tokio::test]
async fn tampered_data_changes_nothing() {
    let desk = Desk::open().await;
    let login = desk.wx_login("lin-xiaoman").await;
    let body =
        json!({ "code": login["code"], "iv": login["iv"], "encryptedData": "AAAAAAAAAAAAAAAAAAAAAA==" });
    let answer = post(&desk, AUTH, &[POOL], body).await;
    assert_ne!(answer["code"], 200, "{answer}");
    assert_eq!(desk.users().await, 0);
    let attempts = Value::Array(desk.attempts().await).to_string();
    assert!(attempts.contains("tampered_data"), "{attempts}");
}

#[tokio::test]
async fn unknown_pools_and_applications_are_told() {
    let desk = Desk::open().await;
    for (header, value, code) in [
        ("x-authing-userpool-id", "nowhere", 1000),
        ("x-authing-app-id", "nobody", 1001),
        ("x-authing-app-id", "members", 1100),
    ] {
        let answer = post(&desk, AUTH, &[(header, value)], json!({ "code": "c" })).await;
        assert_eq!(answer["code"], code, "{value}: {answer}");
    }
}
