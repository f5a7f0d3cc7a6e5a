//! What administrators' scripts read and change beside users.

use super::{
    POOL, enter,
    v3::{self, ADMIN, SUPPORT, done},
};
use crate::{facades::desk::Desk, testing::SECRET};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

/// A script of the second generation, with its token.
struct Script {
    desk: Desk,
    token: String,
}

impl Script {
    async fn new() -> Self {
        let desk = v3::desk().await;
        let query =
            "query a($s: String!) { accessToken(userPoolId: \"default\", secret: $s) { accessToken } }";
        let body = json!({ "query": query, "variables": { "s": ADMIN.1 } });
        let made = super::post(&desk, "/graphql/v2", &[POOL], body).await;
        let token = made["data"]["accessToken"]["accessToken"].as_str().unwrap();
        Self {
            token: format!("Bearer {token}"),
            desk,
        }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let headers = [POOL, ("authorization", self.token.as_str())];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let path = format!("/api/v2/{path}");
        let answer = self.desk.call(method, &path, &headers, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.json()
    }

    async fn done(&self, method: Method, path: &str, body: Value) -> Value {
        let answer = self.call(method, path, body).await;
        assert_eq!(answer["code"], 200, "{path}: {answer}");
        answer["data"].clone()
    }
}

#[tokio::test]
async fn a_script_of_the_second_generation_finds_kicks_and_links_people() {
    let script = Script::new().await;
    let user = enter(&script.desk, "lin-xiaoman").await;
    let bob = done(
        &script.desk,
        "create-user",
        json!({ "username": "bob", "nickname": "Bob" }),
    )
    .await;
    let (id, bob) = (user["id"].clone(), bob["userId"].clone());
    let both = script
        .done(Method::POST, "users/batch", json!({ "ids": [id, bob] }))
        .await;
    assert_eq!((&both[0]["id"], &both[1]["nickname"]), (&id, &json!("Bob")));

    let filter = json!([{ "field": "username", "operator": "EQUAL", "value": "bob" }]);
    let found = script
        .done(
            Method::POST,
            "users/filter",
            json!({ "filter": filter, "page": 1, "limit": 10 }),
        )
        .await;
    assert_eq!((&found["totalCount"], &found["list"][0]["id"]), (&json!(1), &bob));
    let all = script.done(Method::POST, "users/filter", Value::Null).await;
    assert_eq!(all["totalCount"], 2);

    let sources = script.done(Method::GET, "extIdp", Value::Null).await;
    let source = sources["list"][0]["id"].clone();
    let link = |user: &Value, open_id: &str| {
        json!({
            "userId": user, "userIdInIdp": open_id, "isSocial": true,
            "identifier": "wxapp", "extIdpId": source,
        })
    };
    let taken = link(&bob, user["openid"].as_str().unwrap());
    let refused = script.call(Method::POST, "users/identity/link", taken).await;
    assert_eq!(refused["code"], 1_320_002, "{refused}");
    script
        .done(Method::POST, "users/identity/link", link(&bob, "o-of-bob"))
        .await;
    let shown = script
        .done(
            Method::GET,
            &format!("users/{}", bob.as_str().unwrap()),
            Value::Null,
        )
        .await;
    assert_eq!(shown["openid"], "o-of-bob");
    let refused = script
        .call(Method::POST, "users/identity/unlink", link(&bob, "o-of-bob"))
        .await;
    assert_eq!(refused["code"], 1_320_004, "the last way in stays: {refused}");

    let headers = [("authorization", user["token"].as_str().unwrap())];
    let profile = async || {
        let answer = script
            .desk
            .call(Method::GET, "/api/v3/get-profile", &headers, "")
            .await;
        answer.json()["statusCode"].clone()
    };
    assert_eq!(profile().await, 200);
    script
        .done(Method::POST, "users/kick", json!({ "userIds": [id] }))
        .await;
    assert_ne!(profile().await, 200);
}

#[tokio::test]
async fn a_script_of_the_second_generation_manages_sources_and_connections() {
    let script = Script::new().await;
    let connection = json!({
        "type": "wechat:pc", "identifier": "pc-two", "displayName": "二",
        "fields": { "clientID": "wx0123456789abcdee", "clientSecret": SECRET,
            "callbackURL": "https://shop.example.com/cb" },
    });
    let made = script
        .done(
            Method::POST,
            "extIdp",
            json!({ "name": "第二家", "type": "wechat", "connections": [connection] }),
        )
        .await;
    assert!(!made.to_string().contains("5ec1e7"), "{made}");
    let source = format!("extIdp/{}", made["id"].as_str().unwrap());
    let own = made["connections"][0]["id"].as_str().unwrap().to_owned();
    script
        .done(Method::PUT, &source, json!({ "name": "新名字" }))
        .await;
    assert_eq!(
        script.done(Method::GET, &source, Value::Null).await["name"],
        "新名字"
    );
    let wish = json!({ "displayName": "三", "fields": { "callbackURL": "https://shop.example.com/new" } });
    script.done(Method::PUT, &format!("extIdpConn/{own}"), wish).await;
    let state = json!({ "enabled": false, "appId": "shop" });
    script
        .done(Method::PUT, &format!("extIdpConn/{own}/state"), state)
        .await;
    let now = script.done(Method::GET, &source, Value::Null).await["connections"][0].clone();
    assert_eq!(
        (&now["displayName"], &now["enabled"]),
        (&json!("三"), &json!(false))
    );
    script
        .done(Method::DELETE, &format!("extIdpConn/{own}"), Value::Null)
        .await;
    assert_eq!(
        script.done(Method::GET, &source, Value::Null).await["connections"],
        json!([])
    );
    let refused = script.call(Method::DELETE, &source, Value::Null).await;
    assert_eq!(refused["code"], 400, "a platform account stays: {refused}");
    for path in ["users/batch", "users/kick", "extIdp"] {
        let stranger = super::post(&script.desk, &format!("/api/v2/{path}"), &[POOL], json!({})).await;
        assert_eq!(stranger["code"], 2020, "{path}: {stranger}");
    }
}

#[tokio::test]
async fn custom_fields_are_defined_shown_changed_and_removed() {
    let desk = v3::desk().await;
    let read = async || {
        let answer = v3::ask(
            &desk,
            &SUPPORT,
            Method::GET,
            "get-custom-fields",
            json!({ "targetType": "USER" }),
        )
        .await;
        answer["data"].clone()
    };
    let school = |label: &str| json!({ "targetType": "USER", "key": "school", "dataType": "STRING", "label": label, "evil": 1 });
    done(&desk, "set-custom-fields", json!({ "list": [school("学校")] })).await;
    done(&desk, "set-custom-fields", json!({ "list": [school("母校")] })).await;
    let fields = read().await;
    assert_eq!(fields.as_array().unwrap().len(), 1);
    assert_eq!(
        (&fields[0]["key"], &fields[0]["label"], &fields[0]["evil"]),
        (&json!("school"), &json!("母校"), &Value::Null)
    );
    let list = json!({ "list": [school("x")] });
    let refused = v3::ask(&desk, &SUPPORT, Method::POST, "set-custom-fields", list).await;
    assert_eq!(refused["statusCode"], 403);
    for wrong in [
        json!({ "targetType": "ROLE", "key": "k" }),
        json!({ "targetType": "USER", "key": "k", "dataType": "BLOB" }),
        json!({ "targetType": "USER", "key": "k", "isUnique": "yes" }),
    ] {
        let both = json!({ "list": [{ "targetType": "USER", "key": "first" }, wrong] });
        let refused = v3::ask(&desk, &ADMIN, Method::POST, "set-custom-fields", both).await;
        assert_eq!(refused["statusCode"], 400, "{refused}");
    }
    let gone = json!({ "tenantId": "", "list": [{ "targetType": "USER", "key": "school" }] });
    done(&desk, "delete-custom-fields", gone).await;
    assert_eq!(read().await, json!([]), "nothing of a refused list was taken");
    let audit = desk
        .manage(Method::GET, "audit?action=custom_field.", Value::Null)
        .await;
    assert_eq!(
        audit.json()["entries"].as_array().unwrap().len(),
        3,
        "{}",
        audit.text()
    );
}

#[tokio::test]
async fn applications_are_listed_and_shown() {
    let desk = v3::desk().await;
    let read =
        async |name: &str, parameters: Value| v3::ask(&desk, &ADMIN, Method::GET, name, parameters).await;
    let all = read("list-applications", json!({})).await;
    assert_eq!(all["data"]["totalCount"], 2, "{all}");
    let page = read("list-applications", json!({ "page": "2", "limit": "1" })).await;
    assert_eq!(page["data"]["list"].as_array().unwrap().len(), 1);
    let shop = read("get-application", json!({ "appId": "shop" })).await;
    assert_eq!(shop["data"]["appName"], "shop");
    assert_eq!(
        shop["data"]["oidcConfig"]["id_token_signed_response_alg"],
        "ES256"
    );
    assert_eq!(
        read("get-application", json!({ "appId": "nobody" })).await["apiCode"],
        1001
    );
}

#[tokio::test]
async fn the_login_history_of_a_user_is_theirs() {
    let desk = v3::desk().await;
    let user = enter(&desk, "lin-xiaoman").await;
    enter(&desk, "chen-mo").await;
    desk.clock.turn(1000);
    let login = desk.wx_login("lin-xiaoman").await;
    let headers = [("x-authing-app-id", "shop")];
    let entered = super::post(&desk, super::AUTH, &headers, json!({ "code": login["code"] })).await;
    assert_eq!(entered["data"]["id"], user["id"], "{entered}");
    let history = async |more: Value| {
        let mut parameters = json!({ "userId": user["id"] });
        for (name, value) in more.as_object().unwrap() {
            parameters[name] = value.clone();
        }
        let answer = v3::ask(&desk, &ADMIN, Method::GET, "get-user-login-history", parameters).await;
        answer["data"].clone()
    };
    let all = history(json!({})).await;
    assert_eq!(all["totalCount"], 2, "{all}");
    assert!(all["list"][0]["time"].as_str() > all["list"][1]["time"].as_str());
    let applications = [0, 1].map(|index| (&all["list"][index]["appId"], &all["list"][index]["appName"]));
    assert_eq!(
        applications,
        [(&json!("shop"), &json!("shop")), (&json!(""), &json!(""))]
    );
    let since = desk.app.clock.now().0.to_string();
    assert_eq!(history(json!({ "start": since })).await["totalCount"], 1);
    let second = history(json!({ "page": "2", "limit": "1" })).await;
    assert_eq!(second["list"].as_array().unwrap().len(), 1);
}
