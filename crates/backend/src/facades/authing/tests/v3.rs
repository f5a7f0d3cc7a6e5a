//! Scripts of administrators, and the newest client SDKs.

use super::{POOL, desk_on_time, enter, post};
use crate::{
    facades::desk::Desk,
    testing::{Answer, SECRET},
};
use aws_lc_rs::hmac;
use axum::http::Method;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::fmt::rfc2822;
use serde_json::{Value, json};
use yaopai_sandbox::AppKind;

pub(in crate::facades) const KEYS: &str = r#"
    [[authing_key]]
    name = "scripts"
    id = "key-admin"
    secret = "a secret long enough to sign with"
    role = "admin"
    [[authing_key]]
    name = "helpers"
    id = "key-support"
    secret = "another secret long enough to sign"
    role = "support"
"#;

pub(super) async fn desk() -> Desk {
    let desk = Desk::open().await;
    desk.bootstrap(KEYS).await.unwrap();
    desk
}

pub(in crate::facades) struct Key(&'static str, pub(in crate::facades) &'static str);

pub(in crate::facades) const ADMIN: Key = Key("key-admin", "a secret long enough to sign with");
pub(super) const SUPPORT: Key = Key("key-support", "another secret long enough to sign");

/// Sends a request as authing-node-sdk 4.0.1 does.
async fn send(desk: &Desk, key: &Key, method: Method, path: &str, parameters: &Value, nonce: &str) -> Answer {
    let now = jiff::Timestamp::from_millisecond(desk.app.clock.now().0).unwrap();
    let date = rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&now)
        .unwrap();
    let members = parameters.as_object().unwrap();
    let mut pairs: Vec<String> = members
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        })
        .collect();
    pairs.sort();
    let text = format!(
        "{method}\ndate:{date}\nx-authing-lang:zh-CN\nx-authing-signature-method:HMAC-SHA1\n\
         x-authing-signature-nonce:{nonce}\nx-authing-signature-version:1.0\n{path}?{}",
        pairs.join("&")
    );
    let own = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.1.as_bytes());
    let tag = STANDARD.encode(hmac::sign(&own, text.as_bytes()));
    let authorization = format!("authing {}:{tag}", key.0);
    let headers = [
        ("authorization", authorization.as_str()),
        ("date", date.as_str()),
        ("x-authing-lang", "zh-CN"),
        ("x-authing-signature-method", "HMAC-SHA1"),
        ("x-authing-signature-nonce", nonce),
        ("x-authing-signature-version", "1.0"),
    ];
    let (path, body) = if method == Method::GET {
        let pairs = members
            .iter()
            .map(|(name, value)| (name, value.as_str().unwrap()));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        (format!("{path}?{query}"), String::new())
    } else {
        (path.to_owned(), parameters.to_string())
    };
    desk.call(method, &path, &headers, body).await
}

pub(in crate::facades) async fn ask(
    desk: &Desk,
    key: &Key,
    method: Method,
    name: &str,
    parameters: Value,
) -> Value {
    let mut nonce = [0; 16];
    desk.app.entropy.fill(&mut nonce);
    let path = format!("/api/v3/{name}");
    let answer = send(desk, key, method, &path, &parameters, &hex::encode(nonce)).await;
    assert_eq!(answer.status, 200);
    answer.json()
}

pub(super) async fn done(desk: &Desk, name: &str, parameters: Value) -> Value {
    let answer = ask(desk, &ADMIN, Method::POST, name, parameters).await;
    assert_eq!(answer["statusCode"], 200, "{name}: {answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn a_script_makes_finds_changes_and_deletes_users() {
    let desk = desk().await;
    let made = done(
        &desk,
        "create-user",
        json!({
            "username": "bob",
            "nickname": "Bob_100%",
            "phone": "13900000003",
            "password": "correct horse",
            "customData": { "school": "pku", "age": 20 },
        }),
    )
    .await;
    assert_eq!(made["customData"], json!({ "age": 20, "school": "pku" }));
    let id = made["userId"].clone();
    let filter = json!([{ "field": "username", "operator": "EQUAL", "value": "bob" }]);
    for parameters in [
        json!({ "keywords": "_100%" }),
        json!({ "advancedFilter": filter, "options": { "pagination": { "page": 1, "limit": 10 } } }),
        json!({ "advancedFilter": [{ "field": "phone", "operator": "IN", "value": ["13900000003"] }] }),
    ] {
        let found = done(&desk, "list-users", parameters).await;
        assert_eq!(
            (&found["totalCount"], &found["list"][0]["userId"]),
            (&json!(1), &id),
            "{found}"
        );
    }
    let none = done(&desk, "list-users", json!({ "keywords": "x100%" })).await;
    assert_eq!(none["totalCount"], 0, "a % stands for itself");
    let changed = done(
        &desk,
        "update-user",
        json!({ "userId": id, "nickname": "Rob", "status": "Suspended" }),
    )
    .await;
    assert_eq!(
        (&changed["nickname"], &changed["status"]),
        (&json!("Rob"), &json!("Suspended"))
    );
    let list = json!([{ "key": "school", "value": "thu" }]);
    done(
        &desk,
        "set-custom-data",
        json!({ "targetType": "USER", "targetIdentifier": id, "list": list }),
    )
    .await;
    let get = json!({ "targetType": "USER", "targetIdentifier": id });
    let data = ask(&desk, &ADMIN, Method::GET, "get-custom-data", get).await;
    assert_eq!(data["data"], json!({ "age": 20, "school": "thu" }));
    let refused = ask(
        &desk,
        &SUPPORT,
        Method::POST,
        "delete-users-batch",
        json!({ "userIds": [id] }),
    )
    .await;
    assert_eq!(refused["statusCode"], 403);
    done(&desk, "delete-users-batch", json!({ "userIds": [id] })).await;
    let gone = ask(&desk, &ADMIN, Method::GET, "get-user", json!({ "userId": id })).await;
    assert_eq!(gone["apiCode"], 2004);
}

#[tokio::test]
async fn a_script_manages_connections_but_never_reads_a_secret() {
    let desk = desk().await;
    let sources = ask(&desk, &ADMIN, Method::GET, "list-ext-idp", json!({})).await;
    let source = sources["data"]["list"][0]["id"].clone();
    let secret = "0123456789abcdef0123456789abcdef";
    let connection = json!({
        "extIdpId": source,
        "type": "wechat:pc",
        "identifier": "by-script",
        "displayName": "脚本",
        "loginOnly": true,
        "fields": { "clientId": "wx0123456789abcdee", "clientSecret": secret, "callbackURL": "https://shop.example.com/cb" },
    });
    let refused = ask(
        &desk,
        &SUPPORT,
        Method::POST,
        "create-ext-idp-conn",
        connection.clone(),
    )
    .await;
    assert_eq!(refused["statusCode"], 403);
    let made = done(&desk, "create-ext-idp-conn", connection).await;
    assert!(!made.to_string().contains(secret));
    let changed = done(
        &desk,
        "update-ext-idp-conn",
        json!({
            "id": made["id"],
            "displayName": "新名字",
            "fields": { "callbackURL": "https://shop.example.com/new" },
        }),
    )
    .await;
    assert_eq!(changed["fields"]["clientID"], "wx0123456789abcdee");
    assert_eq!(changed["fields"]["callbackURL"], "https://shop.example.com/new");
    assert_eq!(changed["loginOnly"], true);
    done(
        &desk,
        "change-ext-idp-conn-state",
        json!({ "id": made["id"], "enabled": false, "appId": "shop" }),
    )
    .await;
    let shown = ask(&desk, &ADMIN, Method::GET, "get-ext-idp", json!({ "id": source })).await;
    let connections = shown["data"]["connections"].as_array().unwrap();
    let own = connections.iter().find(|one| one["id"] == made["id"]).unwrap();
    assert_eq!(own["enabled"], false);
    done(&desk, "delete-ext-idp-conn", json!({ "id": made["id"] })).await;
}

#[tokio::test]
async fn a_signature_is_good_once_for_a_while_and_for_its_request_only() {
    let desk = desk().await;
    let path = "/api/v3/list-users";
    let nothing = json!({});
    let code = |answer: Answer| answer.json()["statusCode"].as_i64().unwrap();
    let nonce = "0123456789abcdef";
    assert_eq!(
        code(send(&desk, &ADMIN, Method::POST, path, &nothing, nonce).await),
        200
    );
    assert_eq!(
        code(send(&desk, &ADMIN, Method::POST, path, &nothing, nonce).await),
        401,
        "used"
    );
    let stranger = Key("key-admin", "a secret that is not the key's one");
    assert_eq!(
        code(send(&desk, &stranger, Method::POST, path, &nothing, "another nonce").await),
        401
    );
    let unknown = Key("key-nobody", "a secret long enough to sign with");
    assert_eq!(
        code(send(&desk, &unknown, Method::POST, path, &nothing, "a third nonce").await),
        401
    );
    let unsigned = post(&desk, path, &[], json!({})).await;
    assert_eq!(unsigned["statusCode"], 401);
}

#[tokio::test]
async fn identities_are_linked_and_taken_but_never_the_last_way_in() {
    let desk = desk().await;
    let user = enter(&desk, "lin-xiaoman").await;
    let id = user["id"].clone();
    let identities = ask(
        &desk,
        &ADMIN,
        Method::GET,
        "get-user-identities",
        json!({ "userId": id }),
    )
    .await;
    assert_eq!(identities["data"][0]["provider"], "wechat");
    for (source, code) in [
        (&identities["data"][0]["extIdpId"], 1_320_004),
        (&json!("x"), 404),
    ] {
        let refused = ask(
            &desk,
            &ADMIN,
            Method::POST,
            "unlink-identity",
            json!({ "userId": id, "extIdpId": source }),
        )
        .await;
        assert_eq!(refused["apiCode"], code, "{refused}");
    }
    let made = done(
        &desk,
        "create-user",
        json!({ "username": "bob", "password": "correct horse" }),
    )
    .await;
    let sources = ask(&desk, &ADMIN, Method::GET, "list-ext-idp", json!({})).await;
    let source = sources["data"]["list"][0]["id"].clone();
    let shown = ask(&desk, &ADMIN, Method::GET, "get-ext-idp", json!({ "id": source })).await;
    let connections = shown["data"]["connections"].as_array().unwrap();
    let wxapp = connections
        .iter()
        .find(|one| one["identifier"] == "wxapp")
        .unwrap();
    let link = |open_id: &Value, user: &Value| json!({ "extIdpId": source, "connId": wxapp["id"], "userId": user, "userIdInIdp": open_id, "type": "openid" });
    let taken = ask(
        &desk,
        &ADMIN,
        Method::POST,
        "link-identity",
        link(&user["openid"], &made["userId"]),
    )
    .await;
    assert_eq!(taken["apiCode"], 1_320_002);
    done(&desk, "link-identity", link(&json!("o-of-bob"), &made["userId"])).await;
    done(
        &desk,
        "unlink-identity",
        json!({ "userId": made["userId"], "extIdpId": source }),
    )
    .await;
}

#[tokio::test]
async fn a_user_whose_password_is_refused_is_neither_made_nor_changed() {
    let desk = desk().await;
    let made = json!({ "username": "bob-the-first", "nickname": "Bob", "password": "correct horse" });
    let bob = done(&desk, "create-user", made).await["userId"].clone();
    let lasting = async || {
        let mut rows = desk.dump().await;
        rows.retain(|(table, _)| table != "authing_nonce");
        rows
    };
    let before = lasting().await;
    for (name, parameters) in [
        ("create-user", json!({ "username": "eve", "password": "short" })),
        (
            "create-user",
            json!({ "username": "eve-the-second", "password": "Eve-The-Second" }),
        ),
        (
            "update-user",
            json!({ "userId": bob, "nickname": "Robert", "password": "short" }),
        ),
        (
            "update-user",
            json!({ "userId": bob, "nickname": "Robert", "password": "bob-the-first" }),
        ),
        (
            "update-user",
            json!({ "userId": bob, "username": "robert-two", "password": "robert-two" }),
        ),
    ] {
        let refused = ask(&desk, &ADMIN, Method::POST, name, parameters).await;
        assert_eq!(refused["apiCode"], 2200, "{refused}");
    }
    assert!(lasting().await == before, "something is left of what was refused");
}

#[tokio::test]
async fn a_source_is_taken_as_a_whole_or_not_at_all_and_no_other_source_with_it() {
    let desk = desk().await;
    let made = done(&desk, "create-user", json!({ "nickname": "Bob" })).await;
    let id = made["userId"].clone();
    let first =
        ask(&desk, &ADMIN, Method::GET, "list-ext-idp", json!({})).await["data"]["list"][0]["id"].clone();
    let second = done(
        &desk,
        "create-ext-idp",
        json!({ "name": "分店", "type": "wechat" }),
    )
    .await["id"]
        .clone();
    let app_id = "wx0123456789abcdee";
    let connection = json!({
        "extIdpId": second, "type": "wechat:pc", "identifier": "branch", "displayName": "分店",
        "fields": { "clientID": app_id, "clientSecret": SECRET },
    });
    done(&desk, "create-ext-idp-conn", connection).await;
    let of_first = [AppKind::MiniProgram, AppKind::Website].map(|kind| desk.app(kind).app_id);
    for (index, app) in of_first.iter().map(String::as_str).chain([app_id]).enumerate() {
        let sql = format!(
            "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, kind, first_seen, last_seen)
             VALUES ('00000000-0000-7000-8000-0000000000d{index}', 'default', '{}', 'app', '{app}', 'o-of-bob',
                'wechat:pc', {index}, 0)",
            id.as_str().unwrap(),
        );
        desk.change(&sql, vec![]).await;
    }
    let sources = async || {
        let asked = json!({ "userId": id });
        let answer = ask(&desk, &ADMIN, Method::GET, "get-user-identities", asked).await;
        let identities = answer["data"].as_array().unwrap().clone();
        identities
            .iter()
            .map(|identity| identity["extIdpId"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(sources().await, [first.clone(), first.clone(), second.clone()]);
    done(
        &desk,
        "unlink-identity",
        json!({ "userId": id, "extIdpId": second }),
    )
    .await;
    assert_eq!(sources().await, [first.clone(), first.clone()]);
    let last = ask(
        &desk,
        &ADMIN,
        Method::POST,
        "unlink-identity",
        json!({ "userId": id, "extIdpId": first, "type": "openid" }),
    )
    .await;
    assert_eq!(last["apiCode"], 1_320_004, "{last}");
    assert_eq!(sources().await, [first.clone(), first], "nothing is half-done");
}

#[tokio::test]
async fn the_newest_client_sdks_log_in() {
    let desk = desk_on_time().await;
    let login = desk.wx_login("lin-xiaoman").await;
    let body = json!({
        "connection": "wechat_mini_program_code",
        "extIdpConnidentifier": "wxapp",
        "wechatMiniProgramCodePayload": { "code": login["code"] },
    });
    let answer = post(&desk, "/api/v3/signin-by-mobile", &[POOL], body).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let tokens = &answer["data"];
    assert_eq!(tokens["expires_in"], tokens["expire_in"]);
    let headers = [("authorization", tokens["access_token"].as_str().unwrap())];
    let profile = desk
        .call(Method::GET, "/api/v3/get-profile", &headers, "")
        .await
        .json();
    assert!(profile["data"]["userId"].is_string(), "{profile}");
    let phone = desk.phone_code("chen-mo").await;
    let login = desk.wx_login("chen-mo").await;
    let body = json!({
        "connection": "wechat_mini_program_code_and_phone",
        "wechatMiniProgramCodeAndPhonePayload": {
            "wxLoginInfo": { "code": login["code"] },
            "wxPhoneInfo": { "code": phone["code"] },
        },
    });
    let answer = post(&desk, "/api/v3/signin-by-mobile", &[POOL], body).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
}

#[tokio::test]
async fn a_native_app_logs_in_with_the_code_of_wechats_sdk() {
    let desk = Desk::open().await;
    let app = desk.app(AppKind::MobileApp);
    let file = format!(
        "[[connection]]\nkind = 'wechat:mobile'\nidentifier = 'app'\ndisplay_name = 'app'\napp_id = '{}'\n\
         app_secret = '{}'",
        app.app_id, app.app_secret
    );
    desk.bootstrap(&file).await.unwrap();
    let wish = json!({ "app_id": app.app_id, "state": "s" });
    let path = "sandbox/people/lin-xiaoman/send-auth";
    let code = desk.sandbox(Method::POST, path, wish).await["code"].clone();
    let body =
        json!({ "connection": "wechat", "extIdpConnidentifier": "app", "wechatPayload": { "code": code } });
    let answer = post(&desk, "/api/v3/signin-by-mobile", &[POOL], body).await;
    let headers = [("authorization", answer["data"]["access_token"].as_str().unwrap())];
    let profile = desk
        .call(Method::GET, "/api/v3/get-profile", &headers, "")
        .await
        .json();
    assert!(profile["data"]["userId"].is_string(), "{profile}");
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn the_newest_client_sdks_refresh_and_revoke_where_authing_has_it() {
    const SHOP: (&str, &str) = ("x-authing-app-id", "shop");
    let desk = Desk::open().await;
    let login = desk.wx_login("lin-xiaoman").await;
    let body = json!({
        "connection": "wechat_mini_program_code",
        "wechatMiniProgramCodePayload": { "code": login["code"] },
    });
    let tokens = post(&desk, "/api/v3/signin-by-mobile", &[SHOP], body).await["data"].clone();
    let form = ("content-type", "application/x-www-form-urlencoded");
    let refresh = |token: &Value| {
        format!(
            "grant_type=refresh_token&refresh_token={}",
            token.as_str().unwrap()
        )
    };
    let nobody = desk
        .call(
            Method::POST,
            "/oidc/token",
            &[form],
            refresh(&tokens["refresh_token"]),
        )
        .await;
    assert_eq!(nobody.json()["error"], "invalid_client");
    let fresh = desk
        .call(
            Method::POST,
            "/oidc/token",
            &[form, SHOP],
            refresh(&tokens["refresh_token"]),
        )
        .await
        .json();
    let token = fresh["access_token"].as_str().unwrap();
    let headers = [("authorization", token)];
    let profile = async || {
        let answer = desk.call(Method::GET, "/api/v3/get-profile", &headers, "").await;
        answer.json()["statusCode"].clone()
    };
    assert_eq!(profile().await, 200);
    let revocation = format!("client_id=shop&token={token}");
    let revoked = desk
        .call(Method::POST, "/oidc/token/revocation", &[form], revocation)
        .await;
    assert_eq!(revoked.status, 200);
    assert_ne!(profile().await, 200);
}

#[tokio::test]
async fn a_script_of_the_second_generation_gets_a_token_for_its_secret() {
    let desk = desk().await;
    let query = "query a($u: String!, $s: String!) { accessToken(userPoolId: $u, secret: $s) { accessToken exp iat } }";
    let get = async |secret: &str| {
        super::graphql(
            &desk,
            "/graphql/v2",
            None,
            query,
            json!({ "u": "default", "s": secret }),
        )
        .await
    };
    assert_eq!(get("wrong").await.unwrap_err()["code"], 1003);
    let token = get(ADMIN.1).await.unwrap()["accessToken"]["accessToken"].clone();
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let create = "mutation c($i: CreateUserInput!) { createUser(userInfo: $i) { id nickname } }";
    let input = json!({ "i": { "username": "bob", "nickname": "Bob" } });
    let made = super::graphql(&desk, "/graphql/v2", Some(&bearer), create, input)
        .await
        .unwrap();
    assert_eq!(made["createUser"]["nickname"], "Bob");
    let users = super::graphql(
        &desk,
        "/graphql/v2",
        Some(&bearer),
        "{ users { totalCount list { id } } }",
        json!({}),
    );
    assert_eq!(users.await.unwrap()["users"]["totalCount"], 1);
    let mut forged = bearer.clone();
    forged.pop();
    forged.push(if bearer.ends_with('A') { 'B' } else { 'A' });
    let refused = super::graphql(
        &desk,
        "/graphql/v2",
        Some(&forged),
        "{ users { totalCount } }",
        json!({}),
    );
    assert_eq!(refused.await.unwrap_err()["code"], 2020);
}
