//! The authorize page of official accounts.

use reqwest::header::LOCATION;
use rstest::rstest;
use serde_json::Value;
use url::Url;
use yaopai_sandbox::AppKind;

use crate::harness::{World, start, text};

fn with(world: &World, name: &str, value: &str) -> String {
    let mut url = Url::parse(&world.authorize_url("snsapi_userinfo")).unwrap();
    let rest: Vec<_> = url
        .query_pairs()
        .into_owned()
        .filter(|(known, _)| known != name)
        .collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(rest)
        .append_pair(name, value);
    url.into()
}

#[rstest]
#[case("appid", "", "appid不能为空", Some(10012))]
#[case("appid", "wx0000000000000000", "AppID 参数错误", None)]
#[case("redirect_uri", "", "redirect_uri不能为空", Some(10011))]
#[case(
    "redirect_uri",
    "http://www.localhost/back",
    "redirect_uri域名与后台配置不一致",
    Some(10003)
)]
#[case("scope", "", "scope不能为空", Some(10010))]
#[case("scope", "snsapi_login", "此公众号并没有这些scope的权限", Some(10005))]
#[case("state", "", "state不能为空", Some(10013))]
#[case("response_type", "token", "该链接无法访问", None)]
#[tokio::test]
async fn shows_its_error_and_never_redirects(
    #[case] name: &str,
    #[case] value: &str,
    #[case] expected: &str,
    #[case] number: Option<u32>,
) {
    let world = start().await;
    let url = with(&world, name, value);
    let response = world.http.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers().get(LOCATION).is_none());
    let page = response.text().await.unwrap();
    assert!(page.contains(expected), "{page}");

    let form = Url::parse(&url).unwrap().query().unwrap().to_owned() + "&person=chen-mo&decision=approve";
    let posted = world
        .http
        .post(world.at("/connect/oauth2/authorize", &[]))
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(posted.status(), 200);

    let scripted = world.phone(&url, "chen-mo", "approve").await;
    assert_eq!(scripted.status(), 422);
    let scripted: Value = scripted.json().await.unwrap();
    assert_eq!(
        scripted.get("errcode").and_then(Value::as_u64),
        number.map(u64::from)
    );
}

#[tokio::test]
async fn sends_the_appid_of_a_website_away() {
    let world = start().await;
    let url = with(&world, "appid", &world.app(AppKind::Website).app_id);
    let page = world.http.get(url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("不支持微信开放平台的Appid，请使用公众号Appid") && page.contains("10016"));
}

#[rstest]
#[case("approve", "http://localhost:4000/back?code=")]
#[case("refuse", "http://localhost:4000/back?state=S1")]
#[tokio::test]
async fn goes_back_with_a_code_or_without(#[case] decision: &str, #[case] expected: &str) {
    let world = start().await;
    let page = world
        .http
        .get(world.authorize_url("snsapi_userinfo"))
        .send()
        .await
        .unwrap();
    assert!(page.text().await.unwrap().contains("腰牌服务号"));
    let query = Url::parse(&world.authorize_url("snsapi_userinfo"))
        .unwrap()
        .query()
        .unwrap()
        .to_owned();
    let form = format!("{query}&person=chen-mo&decision={decision}");
    let response = world
        .http
        .post(world.at("/connect/oauth2/authorize", &[]))
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 302);
    let location = response.headers()[LOCATION].to_str().unwrap();
    assert!(
        location.starts_with(expected) && location.ends_with("state=S1"),
        "{location}"
    );
}

#[tokio::test]
async fn a_script_is_told_where_the_phone_goes() {
    let world = start().await;
    let url = world.authorize_url("snsapi_base");
    let seen: Value = world.phone(&url, "", "scan").await.json().await.unwrap();
    assert_eq!(
        seen,
        serde_json::json!({ "page": "authorize", "done": "scanned" })
    );
    let done: Value = world
        .phone(&url, "chen-mo", "approve")
        .await
        .json()
        .await
        .unwrap();
    assert!(text(&done["location"]).starts_with("http://localhost:4000/back?code="));
}

#[rstest]
#[case("https://example.com/", "chen-mo")]
#[case("no url", "chen-mo")]
#[case("AUTHORIZE", "nobody")]
#[tokio::test]
async fn a_script_hears_what_is_wrong(#[case] url: &str, #[case] person: &str) {
    let world = start().await;
    let url = url.replace("AUTHORIZE", &world.authorize_url("snsapi_base"));
    let refused = world.phone(&url, person, "approve").await;
    assert_eq!(refused.status(), 400);
    assert!(refused.json::<Value>().await.unwrap()["error"].is_string());
}

#[rstest]
#[case(false, "code=")]
#[case(true, "WeChat refuses this link")]
#[tokio::test]
async fn wants_the_documented_order_only_when_strict(#[case] strict: bool, #[case] expected: &str) {
    let world = start().await;
    world
        .script(
            reqwest::Method::POST,
            "switches",
            serde_json::json!({ "strict_authorize": strict }),
        )
        .await;
    let right = world.authorize_url("snsapi_base");
    assert_eq!(world.phone(&right, "chen-mo", "approve").await.status(), 200);
    let state_first = right
        .replace("&state=S1", "")
        .replace("?appid", "?state=S1&appid");
    let answer = world.phone(&state_first, "chen-mo", "approve").await;
    assert!(answer.text().await.unwrap().contains(expected));
}

#[tokio::test]
async fn somebody_can_choose_the_snapshot_page() {
    let world = start().await;
    let page = world
        .http
        .get(world.authorize_url("snsapi_userinfo"))
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    assert!(
        page.contains(r#"name="forceSnapShot" value="true"> 只看快照页"#),
        "{page}"
    );
    let query = Url::parse(&world.authorize_url("snsapi_userinfo")).unwrap();
    let form = format!(
        "{}&person=chen-mo&decision=approve&forceSnapShot=true",
        query.query().unwrap()
    );
    let gone = world
        .http
        .post(world.at("/connect/oauth2/authorize", &[]))
        .body(form)
        .send()
        .await
        .unwrap();
    let code = text(&Value::from(gone.headers()[LOCATION].to_str().unwrap()));
    let code = code.split(['=', '&']).nth(1).unwrap();
    let pair = world.exchange(&world.app(AppKind::OfficialAccount), code).await;
    assert_eq!(pair["is_snapshotuser"], 1);
}
