//! Whose a phone number is that WeChat gives for one person and somebody else logs in by. It stays with who has it: carriers
//! give numbers away again, so a number alone moves no account. The person is let in as themselves, without it.

use super::{POOL, desk_on_time, enter, enter_by_phone, post, with_phone};
use crate::facades::desk::Desk;
use serde_json::{Value, json};

/// The number of a person's WeChat, of which somebody else logs in by a one-time code; that user.
async fn owner_of_the_number_of(desk: &Desk, person: &str) -> (String, Value) {
    let body = with_phone(desk, person).await;
    let path = "/connections/social/wechat-miniprogram/getphone";
    let answer = post(desk, path, &[POOL], body).await;
    let number = answer["data"]["purePhoneNumber"].as_str().unwrap().to_owned();
    let owner = enter_by_phone(desk, &number).await;
    assert_eq!(owner["phoneVerified"], true, "{owner}");
    (number, owner)
}

#[tokio::test]
async fn a_login_by_phone_takes_no_number_from_somebody_else() {
    let desk = desk_on_time().await;
    let (number, owner) = owner_of_the_number_of(&desk, "lin-xiaoman").await;
    let path = "/connections/social/wechat-miniprogram/auth-by-phone";
    let entered = post(&desk, path, &[POOL], with_phone(&desk, "lin-xiaoman").await).await;
    assert_eq!(entered["code"], 200, "{entered}");
    assert_ne!(entered["data"]["id"], owner["id"]);
    assert_eq!(entered["data"]["phone"], Value::Null);
    desk.clock.turn(60_000);
    let again = enter_by_phone(&desk, &number).await;
    assert_eq!((&again["id"], &again["phone"]), (&owner["id"], &json!(number)));
}

#[tokio::test]
async fn a_claimed_number_of_somebody_else_counts_for_nothing() {
    let desk = desk_on_time().await;
    let (number, owner) = owner_of_the_number_of(&desk, "lin-xiaoman").await;
    let login = desk.wx_login("lin-xiaoman").await;
    let body = json!({ "code": login["code"], "phone": number });
    let entered = post(&desk, "/oauth/wechatapp/auth/default", &[], body).await;
    assert_eq!(entered["code"], 200, "{entered}");
    assert_ne!(entered["data"]["_id"], owner["id"]);
    assert_eq!(entered["data"]["phone"], Value::Null);
}

#[tokio::test]
async fn binding_a_number_of_somebody_else_is_refused() {
    let desk = desk_on_time().await;
    let (number, owner) = owner_of_the_number_of(&desk, "lin-xiaoman").await;
    let login = desk.wx_login("lin-xiaoman").await;
    let body = json!({ "code": login["code"] });
    let entered = post(&desk, "/oauth/wechatapp/auth/default", &[], body).await;
    let token = entered["data"]["token"].as_str().unwrap();
    let body = with_phone(&desk, "lin-xiaoman").await;
    let headers = [("authorization", token)];
    let refused = post(&desk, "/oauth/wechatapp/phone/default", &headers, body).await;
    assert_eq!(refused["code"], 2026, "{refused}");
    desk.clock.turn(60_000);
    let again = enter_by_phone(&desk, &number).await;
    assert_eq!((&again["id"], &again["phone"]), (&owner["id"], &json!(number)));
}

#[tokio::test]
async fn an_openid_of_another_app_binds_no_number() {
    let desk = desk_on_time().await;
    let open_id = enter(&desk, "lin-xiaoman").await["openid"].clone();
    let other = enter_by_phone(&desk, "13900000031").await;
    // Two apps may give two people the same OpenID.
    let sql = format!(
        "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, kind, first_seen, last_seen)
         VALUES ('00000000-0000-7000-8000-0000000000dd', 'default', '{}', 'app', 'wx0123456789abcdee', '{}', 'wechat:pc', 0, 0)",
        other["id"].as_str().unwrap(),
        open_id.as_str().unwrap(),
    );
    desk.change(&sql, vec![]).await;
    let body = with_phone(&desk, "lin-xiaoman").await;
    let headers = [("authorization", other["token"].as_str().unwrap())];
    let refused = post(&desk, "/oauth/wechatapp/phone/default", &headers, body).await;
    assert_eq!(refused["code"], 403, "{refused}");
}
