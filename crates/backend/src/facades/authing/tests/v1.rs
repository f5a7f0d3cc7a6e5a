//! The oldest SDK.

use super::{desk_on_time, graphql, post, with_phone};
use crate::facades::desk::Desk;
use serde_json::{Value, json};

const GRAPHQL: &str = "/graphql";

async fn enter(desk: &Desk, person: &str, more: Value) -> Value {
    let login = desk.wx_login(person).await;
    let mut body = json!({
        "iv": login["iv"],
        "encryptedData": login["encryptedData"],
        "code": login["code"],
        "overideProfile": false,
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let answer = post(desk, "/oauth/wechatapp/auth/default", &[], body).await;
    assert_eq!(answer["code"], 200, "{answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn a_mini_program_logs_in_with_its_profile_and_a_bare_token_is_taken() {
    let desk = Desk::open().await;
    let user = enter(&desk, "lin-xiaoman", json!({})).await;
    let token = user["token"].as_str().unwrap();
    assert!(user["_id"].is_string());
    assert_eq!(user.get("id"), None);
    let set = "mutation m($input: SetUserMetadataInput!) { setUserMetadata(input: $input) { totalCount list { key value } } }";
    let input = json!({ "input": { "_id": user["_id"], "key": "KEY", "value": "VALUE" } });
    let data = graphql(&desk, GRAPHQL, Some(token), set, input).await.unwrap();
    assert_eq!(
        data["setUserMetadata"],
        json!({ "totalCount": 1, "list": [{ "key": "KEY", "value": "VALUE" }] })
    );
    let remove =
        "mutation m($input: RemoveUserMetadataInput!) { removeUserMetadata(input: $input) { totalCount } }";
    let input = json!({ "input": { "_id": user["_id"], "key": "KEY" } });
    let data = graphql(&desk, GRAPHQL, Some(token), remove, input).await.unwrap();
    assert_eq!(data["removeUserMetadata"]["totalCount"], 0);
}

#[tokio::test]
async fn a_claimed_phone_counts_only_after_wechat_has_given_it() {
    let desk = desk_on_time().await;
    let stranger = enter(&desk, "chen-mo", json!({ "phone": "13900000002" })).await;
    assert_eq!(
        stranger["phone"],
        Value::Null,
        "a number that somebody claims proves nothing"
    );
    let body = with_phone(&desk, "lin-xiaoman").await;
    let answer = post(&desk, "/oauth/wechatapp/getphone/default", &[], body).await;
    let number = answer["data"]["purePhoneNumber"].clone();
    assert!(number.is_string(), "{answer}");
    let user = enter(&desk, "lin-xiaoman", json!({ "phone": number })).await;
    assert_eq!((&user["phone"], &user["phoneVerified"]), (&number, &json!(true)));
}

#[tokio::test]
async fn a_phone_is_bound_to_whose_token_is_shown_and_to_nobody_else() {
    let desk = desk_on_time().await;
    let user = enter(&desk, "lin-xiaoman", json!({})).await;
    let other = enter(&desk, "chen-mo", json!({})).await;
    for (token, code) in [(&other["token"], 403), (&user["token"], 200)] {
        let body = with_phone(&desk, "lin-xiaoman").await;
        let headers = [("authorization", token.as_str().unwrap())];
        let answer = post(&desk, "/oauth/wechatapp/phone/default", &headers, body).await;
        assert_eq!(answer["code"], code, "{answer}");
    }
}

#[tokio::test]
async fn errors_are_objects_and_a_logout_is_an_update() {
    let desk = Desk::open().await;
    let refused = graphql(&desk, GRAPHQL, None, "{ qiNiuUploadToken }", json!({}))
        .await
        .unwrap_err();
    assert_eq!(refused["code"], 2020);
    let user = enter(&desk, "lin-xiaoman", json!({})).await;
    let token = user["token"].as_str();
    let out = "mutation UpdateUser($_id: String!, $tokenExpiredAt: String) {
        updateUser(options: { _id: $_id, tokenExpiredAt: $tokenExpiredAt }) { _id tokenExpiredAt } }";
    let variables = json!({ "_id": user["_id"], "tokenExpiredAt": "0" });
    graphql(&desk, GRAPHQL, token, out, variables).await.unwrap();
    let status = "query checkLoginStatus { checkLoginStatus { status code message } }";
    let data = graphql(&desk, GRAPHQL, token, status, json!({})).await.unwrap();
    assert_eq!(data["checkLoginStatus"]["status"], false);
}
