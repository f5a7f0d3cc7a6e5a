//! Following an official account: scene codes, the events its server hears, and what it may ask about followers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use url::Url;
use yaopai_sandbox::{AppKind, Config};

use crate::harness::{START, World, errcode, keys, start, start_with, text};
use crate::miniprogram::serve;
use crate::qrconnect::read_qr;

const AES_KEY: &str = "9mAkn1IegZnH5qDUzwqk3RJxetkp/8daFYMgyIaveTQ";

/// What the account's server answers.
#[derive(Clone)]
enum Manner {
    /// Exactly this; the names in it are filled in.
    Says(&'static str),
    Fails,
    Hangs,
}

/// The query and the XML of a push.
type Heard = (HashMap<String, String>, String);

/// The server of an official account.
#[derive(Clone)]
struct Account {
    manner: Manner,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Account {
    /// Serves, and turns message pushing on.
    async fn start(world: &World, manner: Manner, mode: &str) -> Self {
        let account = Self {
            manner,
            heard: Arc::default(),
        };
        let router = Router::new()
            .route("/wechat", get(echo).post(hear))
            .with_state(account.clone());
        let url = serve(router).await.join("wechat?pool=1").unwrap();
        world
            .script(Method::PUT, &messages(world), order(&url, mode))
            .await;
        account
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

fn messages(world: &World) -> String {
    format!("apps/{}/messages", world.app(AppKind::OfficialAccount).app_id)
}

fn order(url: &Url, mode: &str) -> Value {
    json!({ "server_url": url, "token": "simToken2025", "encoding_aes_key": AES_KEY, "mode": mode })
}

/// Whether a query is signed with the account's token.
fn is_signed(query: &HashMap<String, String>) -> bool {
    let mut parts = ["simToken2025", &query["timestamp"], &query["nonce"]];
    parts.sort_unstable();
    query["signature"] == hex::encode(Sha1::digest(parts.concat()))
}

async fn echo(Query(query): Query<HashMap<String, String>>) -> String {
    assert!(is_signed(&query) && query["pool"] == "1");
    query["echostr"].clone()
}

async fn hear(
    State(account): State<Account>,
    Query(query): Query<HashMap<String, String>>,
    body: String,
) -> (StatusCode, String) {
    let openid = query["openid"].clone();
    let name = field(&body, "ToUserName");
    account.heard.lock().unwrap().push((query, body));
    match account.manner {
        Manner::Says(text) => (
            StatusCode::OK,
            text.replace("OPENID", &openid).replace("ACCOUNT", &name),
        ),
        Manner::Fails => (StatusCode::BAD_GATEWAY, String::new()),
        Manner::Hangs => std::future::pending().await,
    }
}

fn field(xml: &str, name: &str) -> String {
    let (_, rest) = xml.split_once(&format!("<{name}><![CDATA[")).unwrap();
    rest.split_once("]]>").unwrap().0.to_owned()
}

async fn scene(world: &World, order: Value) -> Value {
    let token = world.api_token(AppKind::OfficialAccount).await;
    world.post("/cgi-bin/qrcode/create", &token, order).await
}

fn login_scene() -> Value {
    json!({
        "expire_seconds": 300, "action_name": "QR_STR_SCENE",
        "action_info": { "scene": { "scene_str": "login_7f3a" } },
    })
}

async fn approve(world: &World, person: &str, url: &Value) -> Value {
    let answer = world.phone(url.as_str().unwrap(), person, "approve").await;
    assert_eq!(answer.status(), 200);
    answer.json::<Value>().await.unwrap()["push"].clone()
}

async fn info(world: &World, openid: &str) -> Value {
    let token = world.api_token(AppKind::OfficialAccount).await;
    let query = [
        ("access_token", token.as_str()),
        ("openid", openid),
        ("lang", "zh_CN"),
    ];
    world.json("/cgi-bin/user/info", &query).await
}

#[tokio::test]
async fn the_picture_of_a_scene_code_holds_its_url() {
    let world = start().await;
    let created = scene(&world, login_scene()).await;
    assert_eq!(keys(&created), ["ticket", "expire_seconds", "url"]);
    let ticket = text(&created["ticket"]);
    let picture = world.get("/cgi-bin/showqrcode", &[("ticket", &ticket)]).await;
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
    assert_eq!(read_qr(&picture.bytes().await.unwrap()), text(&created["url"]));
    let wrong = world
        .get("/cgi-bin/showqrcode", &[("ticket", "gQinvented")])
        .await;
    assert_eq!(wrong.status(), 404);
}

#[rstest]
#[case(json!({ "action_name": "QR" }), 40052)]
#[case(json!({ "action_name": "QR_STR_SCENE", "action_info": { "scene": { "scene_str": "s".repeat(65) } } }), 40053)]
#[case(json!({ "action_name": "QR_SCENE", "action_info": { "scene": { "scene_id": 0 } } }), 40053)]
#[case(json!({ "action_name": "QR_LIMIT_SCENE", "action_info": { "scene": { "scene_id": 100_001 } } }), 40053)]
#[case(json!({ "action_name": "QR_LIMIT_SCENE", "action_info": { "scene": { "scene_id": 100_000 } } }), 0)]
#[case(json!({ "action_name": "QR_SCENE", "expire_seconds": 2_592_001, "action_info": { "scene": { "scene_id": 1 } } }), 40053)]
#[tokio::test]
async fn makes_scene_codes_of_the_right_shape(#[case] order: Value, #[case] expected: i64) {
    let world = start().await;
    let answer = scene(&world, order).await;
    assert_eq!(errcode(&answer), expected);
    assert!(answer.get("expire_seconds").is_none());
}

#[tokio::test]
async fn a_scan_makes_a_stranger_follow_and_brings_a_follower_back() {
    let world = start().await;
    let account = Account::start(&world, Manner::Says("success"), "plain").await;
    let created = scene(&world, login_scene()).await;
    let push = approve(&world, "chen-mo", &created["url"]).await;
    let openid = text(&push["openid"]);
    assert_eq!(
        push,
        json!({
            "app_id": world.app(AppKind::OfficialAccount).app_id, "openid": openid, "event": "subscribe",
            "event_key": "qrscene_login_7f3a", "create_time": START, "tries": ["answered"], "reply": "",
        })
    );
    approve(&world, "chen-mo", &created["url"]).await;
    world.act("chen-mo", "unfollow", AppKind::OfficialAccount).await;
    world.act("chen-mo", "follow", AppKind::OfficialAccount).await;

    let heard = account.heard();
    let events: Vec<_> = heard
        .iter()
        .map(|(_, xml)| {
            (
                field(xml, "Event"),
                field(xml, "EventKey"),
                xml.contains("<Ticket>"),
            )
        })
        .collect();
    let event = |name: &str, key: &str, ticket| (name.to_owned(), key.to_owned(), ticket);
    assert_eq!(
        events,
        [
            event("subscribe", "qrscene_login_7f3a", true),
            event("SCAN", "login_7f3a", true),
            event("unsubscribe", "", false),
            event("subscribe", "", false),
        ]
    );
    for (query, xml) in &heard {
        assert!(is_signed(query) && query["openid"] == openid && !query.contains_key("encrypt_type"));
        assert_eq!(field(xml, "FromUserName"), openid);
        assert_eq!(
            field(xml, "ToUserName"),
            world.app(AppKind::OfficialAccount).original_id
        );
    }
    let path = format!("apps/{}/pushes", world.app(AppKind::OfficialAccount).app_id);
    let pushes = world.script(Method::GET, &path, json!({})).await;
    assert_eq!(pushes.as_array().unwrap().len(), 4);
}

#[rstest]
#[case("compatible", true)]
#[case("aes", false)]
#[tokio::test]
async fn signs_what_it_encrypts(#[case] mode: &str, #[case] readable: bool) {
    let world = start().await;
    let account = Account::start(&world, Manner::Says("success"), mode).await;
    world.act("chen-mo", "follow", AppKind::OfficialAccount).await;
    let (query, xml) = account.heard().remove(0);
    assert_eq!(query["encrypt_type"], "aes");
    assert_eq!(xml.contains("<Event>"), readable);
    let encrypted = field(&xml, "Encrypt");
    let mut parts = ["simToken2025", &query["timestamp"], &query["nonce"], &encrypted];
    parts.sort_unstable();
    assert_eq!(query["msg_signature"], hex::encode(Sha1::digest(parts.concat())));
}

#[rstest]
#[case(Manner::Says(""), "plain", Some(""), "answered")]
#[case(
    Manner::Says(
        "<xml><ToUserName>OPENID</ToUserName><FromUserName><![CDATA[ACCOUNT]]></FromUserName><MsgType>text</MsgType><Content><![CDATA[欢迎]]></Content></xml>"
    ),
    "plain",
    Some("欢迎"),
    "answered"
)]
#[case(
    Manner::Says(
        "<xml><ToUserName>ACCOUNT</ToUserName><FromUserName>OPENID</FromUserName><MsgType>text</MsgType></xml>"
    ),
    "plain",
    None,
    "the reply does not go from the account to the person"
)]
#[case(
    Manner::Says("hello"),
    "plain",
    None,
    "the reply is neither empty, nor success, nor XML"
)]
#[case(Manner::Says("<xml></xml>"), "aes", None, "the reply is not encrypted")]
#[tokio::test]
async fn shows_the_person_what_the_account_replies(
    #[case] manner: Manner,
    #[case] mode: &str,
    #[case] reply: Option<&str>,
    #[case] told: &str,
) {
    let world = start().await;
    Account::start(&world, manner, mode).await;
    let push = world.act("chen-mo", "follow", AppKind::OfficialAccount).await["push"].clone();
    assert_eq!(push["reply"], json!(reply));
    assert_eq!(push["tries"], json!([told]));
}

#[rstest]
#[case(Manner::Fails, "the server answered 502")]
#[case(Manner::Hangs, "the server does not answer")]
#[tokio::test]
async fn tries_again_with_the_same_time(#[case] manner: Manner, #[case] told: &str) {
    let world = start_with(Config {
        push_deadline: Duration::from_millis(50),
        ..Config::default()
    })
    .await;
    let account = Account::start(&world, manner, "plain").await;
    world
        .script(Method::POST, "switches", json!({ "push_retries": 2 }))
        .await;
    let push = world.act("chen-mo", "follow", AppKind::OfficialAccount).await["push"].clone();
    assert_eq!(push["tries"], json!([told, told, told]));
    assert_eq!(push["reply"], Value::Null);
    let heard = account.heard();
    assert!(heard.len() == 3 && heard.iter().all(|(_, xml)| *xml == heard[0].1));
}

#[tokio::test]
async fn the_server_has_to_repeat_a_text_first() {
    let world = start().await;
    let url = serve(Router::new().route("/", get(|| async { "hello" }))).await;
    let (status, refused) = world
        .try_script(Method::PUT, &messages(&world), order(&url, "plain"))
        .await;
    assert_eq!(status, 422, "{refused}");
    let mut short = order(&url, "plain");
    short["token"] = "x".into();
    assert_eq!(
        world.try_script(Method::PUT, &messages(&world), short).await.0,
        400
    );
    assert!(world.app(AppKind::OfficialAccount).messages.is_none());
}

#[tokio::test]
async fn tells_little_of_followers_and_less_of_others() {
    let world = start().await;
    let created = scene(&world, login_scene()).await;
    approve(&world, "visitor-7", &created["url"]).await;
    let app_id = world.app(AppKind::OfficialAccount).app_id;
    let names = world
        .script(
            Method::GET,
            &format!("people/visitor-7/openids/{app_id}"),
            json!({}),
        )
        .await;
    let openid = text(&names["openid"]);
    let follower = info(&world, &openid).await;
    assert_eq!(
        keys(&follower),
        [
            "subscribe",
            "openid",
            "nickname",
            "sex",
            "language",
            "city",
            "province",
            "country",
            "headimgurl",
            "subscribe_time",
            "unionid",
            "remark",
            "groupid",
            "tagid_list",
            "subscribe_scene",
            "qr_scene",
            "qr_scene_str"
        ]
    );
    assert_eq!(follower["qr_scene_str"], "login_7f3a");
    assert_eq!(follower["unionid"], names["unionid"]);

    world.act("visitor-7", "unfollow", AppKind::OfficialAccount).await;
    let stranger = info(&world, &openid).await;
    assert_eq!(
        stranger,
        json!({ "subscribe": 0, "openid": openid, "tagid_list": [] })
    );
    assert_eq!(
        errcode(&info(&world, "oInvented0000000000000000000").await),
        40003
    );
}

#[tokio::test]
async fn an_expired_scene_code_makes_nobody_follow() {
    let world = start().await;
    let url = text(&scene(&world, login_scene()).await["url"]);
    let page = world.http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("腰牌服务号") && page.contains("关注"));
    world.advance(300);
    assert_eq!(world.phone(&url, "chen-mo", "approve").await.status(), 422);
    let page = world.http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("二维码已过期"));
}

#[tokio::test]
async fn the_phone_shows_the_reply() {
    let world = start().await;
    Account::start(&world, Manner::Says("nonsense"), "plain").await;
    let url = text(&scene(&world, login_scene()).await["url"]);
    let form = "person=chen-mo&decision=approve";
    let page = world.http.post(&url).body(form).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("该公众号提供的服务出现故障"));
}
