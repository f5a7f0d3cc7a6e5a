//! The QR page of websites: its errors, its picture, and the states of the long poll.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, LOCATION};
use rstest::rstest;
use serde_json::{Value, json};
use yaopai_sandbox::{AppKind, Config};

use crate::harness::{World, errcode, start, start_with, text};

const REDIRECT: &str = "http://127.0.0.1:4000/back?x=1";

async fn page_with(world: &World, changes: &[(&str, &str)]) -> reqwest::Response {
    let app = world.app(AppKind::Website);
    let mut query = vec![
        ("appid", app.app_id.as_str()),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "snsapi_login"),
        ("state", "S 1"),
    ];
    for (name, value) in changes {
        query.retain(|(known, _)| known != name);
        query.push((name, value));
    }
    world.get("/connect/qrconnect", &query).await
}

async fn uuid(world: &World) -> String {
    let page = page_with(world, &[]).await.text().await.unwrap();
    page.split("/connect/qrcode/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

async fn poll(world: &World, uuid: &str, last: &str) -> Value {
    world
        .json(
            "/connect/l/qrconnect",
            &[("uuid", uuid), ("last", last), ("f", "json"), ("_", "1")],
        )
        .await
}

pub(crate) fn read_qr(jpeg: &[u8]) -> String {
    let picture = image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg)
        .unwrap()
        .to_luma8();
    let mut prepared = rqrr::PreparedImage::prepare(picture);
    prepared.detect_grids()[0].decode().unwrap().1
}

/// The text of the QR code with this uuid, read from its picture.
async fn scan_picture(world: &World, uuid: &str) -> String {
    let image = world.get(&format!("/connect/qrcode/{uuid}"), &[]).await;
    assert_eq!(image.headers()[CONTENT_TYPE], "image/jpeg");
    read_qr(&image.bytes().await.unwrap())
}

/// A code of the built-in website.
pub(crate) async fn code_from_phone(world: &World, person: &str) -> String {
    let uuid = uuid(world).await;
    let url = scan_picture(world, &uuid).await;
    assert_eq!(world.phone(&url, person, "approve").await.status(), 200);
    text(&poll(world, &uuid, "").await["wx_code"])
}

#[rstest]
#[case(&[("appid", "wx0000000000000000")], "AppID 参数错误")]
#[case(&[("redirect_uri", "http://www.localhost/")], "redirect_uri 参数错误")]
#[case(&[("redirect_uri", "")], "redirect_uri 参数错误")]
#[case(&[("scope", "snsapi_userinfo")], "Scope 参数错误或没有 Scope 权限")]
#[case(&[("response_type", "token")], "该链接无法访问")]
#[tokio::test]
async fn shows_its_error_and_never_redirects(#[case] changes: &[(&str, &str)], #[case] expected: &str) {
    let world = start().await;
    let response = page_with(&world, changes).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers().get(LOCATION).is_none());
    let page = response.text().await.unwrap();
    assert!(page.contains(expected), "{page}");
    assert!(!page.contains("/connect/qrcode/"));
}

#[tokio::test]
async fn the_page_holds_what_clients_look_for() {
    let world = start().await;
    let page = page_with(&world, &[("self_redirect", "true"), ("lang", "en")])
        .await
        .text()
        .await
        .unwrap();
    let image = page.lines().find(|line| line.contains("<img")).unwrap();
    assert!(
        image.contains("class=\"web_qrcode_img qrcode lightBorder\" src=\"/connect/qrcode/"),
        "{image}"
    );
    assert!(
        page.contains(
            r#"callback = "http://127.0.0.1:4000/back?x=1&", state = "S%201", selfRedirect = true;"#
        )
    );
    assert!(page.contains("Scan with WeChat"));
}

#[tokio::test]
async fn the_picture_holds_the_confirm_url() {
    let world = start().await;
    let uuid = uuid(&world).await;
    let expected = world.at("/connect/confirm", &[("uuid", &uuid)]);
    assert_eq!(scan_picture(&world, &uuid).await, expected.as_str());
}

#[tokio::test]
async fn goes_from_waiting_to_scanned_to_confirmed() {
    let world = start().await;
    let uuid = uuid(&world).await;
    let url = scan_picture(&world, &uuid).await;

    // Every waiter is woken by the scan, which is a plain GET.
    let (one, other, page) = tokio::join!(poll(&world, &uuid, ""), poll(&world, &uuid, "408"), async {
        world.http.get(&url).send().await.unwrap().text().await.unwrap()
    },);
    assert_eq!(one, json!({ "wx_errcode": 404, "wx_code": "" }));
    assert_eq!(other, one);
    assert!(page.contains("腰牌网站") && page.contains("name=\"person\" value=\"lin-xiaoman\""));
    assert_eq!(
        poll(&world, &uuid, "").await["wx_errcode"],
        404,
        "without last it is told again and again"
    );

    let form = "uuid=UUID&person=lin-xiaoman&decision=approve".replace("UUID", &uuid);
    let (confirmed, result) = tokio::join!(poll(&world, &uuid, "404"), async {
        world
            .http
            .post(world.at("/connect/confirm", &[]))
            .body(form)
            .send()
            .await
            .unwrap()
    },);
    assert_eq!(confirmed["wx_errcode"], 405);
    assert!(result.text().await.unwrap().contains("已同意"));

    let pair = world
        .exchange(&world.app(AppKind::Website), &text(&confirmed["wx_code"]))
        .await;
    assert_eq!(pair["scope"], "snsapi_login");
    let scanned_late = world.http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(scanned_late.contains("二维码已使用"));
}

#[tokio::test]
async fn can_be_scanned_again_after_a_refusal() {
    let world = start().await;
    let uuid = uuid(&world).await;
    let url = scan_picture(&world, &uuid).await;
    world.phone(&url, "", "refuse").await;
    assert_eq!(poll(&world, &uuid, "404").await["wx_errcode"], 403);
    let (news, _) = tokio::join!(poll(&world, &uuid, "403"), world.phone(&url, "", "scan"));
    assert_eq!(news["wx_errcode"], 404);
    world.phone(&url, "chen-mo", "approve").await;
    assert_eq!(poll(&world, &uuid, "404").await["wx_errcode"], 405);
}

#[tokio::test]
async fn expires_after_five_minutes() {
    let world = start().await;
    let uuid = uuid(&world).await;
    let url = scan_picture(&world, &uuid).await;
    world.advance(300);
    assert_eq!(poll(&world, &uuid, "").await["wx_errcode"], 402);
    let late = world.phone(&url, "chen-mo", "approve").await;
    assert_eq!(late.status(), 422);
    assert_eq!(poll(&world, &uuid, "404").await["wx_errcode"], 402);
}

#[tokio::test]
async fn answers_408_when_the_hold_time_is_over_and_500_to_strangers() {
    let world = start_with(Config {
        hold: Duration::from_millis(20),
        ..Config::default()
    })
    .await;
    let uuid = uuid(&world).await;
    assert_eq!(poll(&world, &uuid, "").await["wx_errcode"], 408);
    world.phone(&scan_picture(&world, &uuid).await, "", "scan").await;
    assert_eq!(
        poll(&world, &uuid, "404").await["wx_errcode"],
        408,
        "nothing new since 404"
    );
    assert_eq!(poll(&world, "0000000000000000", "").await["wx_errcode"], 500);
}

#[tokio::test]
async fn answers_a_script_unless_asked_for_json() {
    let world = start().await;
    let response = world.get("/connect/l/qrconnect", &[("uuid", "unknown")]).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "text/javascript");
    assert_eq!(
        response.text().await.unwrap(),
        "window.wx_errcode=500;window.wx_code='';"
    );
}

#[rstest]
#[case(599, 0)]
#[case(600, 42003)]
#[tokio::test]
async fn the_code_of_a_website_lives_ten_minutes(#[case] age: u64, #[case] expected: i64) {
    let world = start().await;
    let code = code_from_phone(&world, "lin-xiaoman").await;
    world.advance(age);
    assert_eq!(
        errcode(&world.exchange(&world.app(AppKind::Website), &code).await),
        expected
    );
}
