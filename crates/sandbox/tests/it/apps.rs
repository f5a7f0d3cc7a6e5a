//! The registered apps and the people, as scripts and visitors see them.

use rstest::rstest;
use serde_json::{Value, json};
use yaopai_sandbox::{AppKind, PersonTrait, Sandbox};

use crate::harness::{errcode, start};

#[tokio::test]
async fn every_sandbox_starts_with_the_same_apps() {
    let one = Sandbox::start(yaopai_sandbox::Config::default()).await.unwrap();
    let other = start().await;
    assert_eq!(one.apps(), other.sandbox.apps());
    let kinds: Vec<_> = one.apps().iter().map(|app| app.kind).collect();
    assert_eq!(
        kinds,
        [
            AppKind::MiniProgram,
            AppKind::OfficialAccount,
            AppKind::Website,
            AppKind::MobileApp
        ]
    );
    one.stop().await;
}

#[tokio::test]
async fn there_are_people_of_every_trait() {
    let world = start().await;
    let people = world.sandbox.people();
    assert!(people.len() >= 5);
    for which in [
        PersonTrait::WithoutUnionId,
        PersonTrait::AnonymousProfile,
        PersonTrait::EmojiNickname,
    ] {
        assert_eq!(
            people
                .iter()
                .filter(|person| person.traits.contains(&which))
                .count(),
            1,
            "{which:?}"
        );
    }
    let told: Value = world.get("/sandbox/people", &[]).await.json().await.unwrap();
    insta::assert_json_snapshot!(told);
}

#[tokio::test]
async fn a_reset_kills_the_old_secret_at_once() {
    let world = start().await;
    let old = world.app(AppKind::OfficialAccount);
    let path = format!("/sandbox/apps/{}/reset-secret", old.app_id);
    let reset: Value = world
        .http
        .post(world.at(&path, &[]))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let new = world.app(AppKind::OfficialAccount);
    assert_eq!(reset["app_secret"], new.app_secret.as_str());
    assert_eq!(errcode(&world.exchange(&old, "x").await), 40125);
    assert_eq!(errcode(&world.exchange(&new, "x").await), 40029);
}

#[rstest]
#[case(json!({ "kind": "website", "app_id": "wx123" }), 400)]
#[case(json!({ "kind": "website", "app_secret": "short" }), 400)]
#[case(json!({ "kind": "spaceship" }), 422)]
#[case(json!({ "kind": "website", "app_id": "wx00112233445566aa", "app_secret": "00112233445566778899aabbccddeeff" }), 201)]
#[tokio::test]
async fn registers_an_app_of_the_right_shape_once(#[case] app: Value, #[case] expected: u16) {
    let world = start().await;
    let register = || world.http.post(world.at("/sandbox/apps", &[])).json(&app).send();
    assert_eq!(register().await.unwrap().status(), expected);
    if expected == 201 {
        assert_eq!(register().await.unwrap().status(), 409);
        let told: Value = world.get("/sandbox/apps", &[]).await.json().await.unwrap();
        assert_eq!(told[4]["app_id"], app["app_id"]);
    }
}

#[tokio::test]
async fn the_front_page_shows_apps_and_people() {
    let world = start().await;
    let page = world.get("/", &[]).await.text().await.unwrap();
    for app in world.sandbox.apps() {
        assert!(
            page.contains(&app.app_id) && page.contains(&app.app_secret),
            "{}",
            app.name
        );
    }
    for person in world.sandbox.people() {
        assert!(page.contains(&person.name), "{}", person.name);
    }
}

#[tokio::test]
async fn a_pasted_link_opens_on_this_sandbox() {
    let world = start().await;
    let link = "https://open.weixin.qq.com/connect/confirm?uuid=0123456789abcdef";
    let response = world.get("/phone/open", &[("url", link)]).await;
    assert_eq!(
        response.headers()["location"],
        "/connect/confirm?uuid=0123456789abcdef"
    );
    let other = world
        .get("/phone/open", &[("url", "https://example.com/elsewhere")])
        .await;
    assert_eq!(other.status(), 200);
}

#[rstest]
#[case("{", 400)]
#[case("{\"kind\":\"website\",\"colour\":\"red\"}", 422)]
#[tokio::test]
async fn says_what_is_wrong_with_a_body_in_the_shape_of_every_refusal(
    #[case] body: &'static str,
    #[case] expected: u16,
) {
    let world = start().await;
    let refused = world
        .http
        .post(world.at("/sandbox/apps", &[]))
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), expected);
    assert!(refused.json::<Value>().await.unwrap()["error"].is_string());
}
