//! What a mini program's server asks beside the login: session keys, phone numbers, codes and links.

use aes::Aes128;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use yaopai_sandbox::AppKind;

use crate::harness::{START, World, errcode, keys, start, text};
use crate::miniprogram::Backend;
use crate::qrconnect::read_qr;

/// What `encryptedData` says under a session key; none if the key is another one.
fn open(session_key: &str, sealed: &Value) -> Option<Value> {
    let block = |text: &str| -> [u8; 16] { STANDARD.decode(text).unwrap().try_into().unwrap() };
    let iv = block(sealed["iv"].as_str().unwrap());
    let data = STANDARD
        .decode(sealed["encryptedData"].as_str().unwrap())
        .unwrap();
    let plain = cbc::Decryptor::<Aes128>::new(&block(session_key).into(), &iv.into())
        .decrypt_padded_vec::<Pkcs7>(&data)
        .ok()?;
    serde_json::from_slice(&plain).ok()
}

fn signature(session_key: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(session_key.as_bytes()).unwrap();
    hex::encode(mac.finalize().into_bytes())
}

async fn check(world: &World, path: &str, openid: &str, signature: &str, method: &str) -> Value {
    let token = world.api_token(AppKind::MiniProgram).await;
    let query = [
        ("access_token", token.as_str()),
        ("openid", openid),
        ("signature", signature),
        ("sig_method", method),
    ];
    world.json(path, &query).await
}

#[tokio::test]
async fn a_login_gives_a_profile_that_the_session_key_opens() {
    let world = start().await;
    let login = world.act("ye-zi", "wx-login", AppKind::MiniProgram).await;
    let session = world.session(&text(&login["code"])).await;
    let key = text(&session["session_key"]);
    let profile = open(&key, &login).unwrap();
    assert_eq!(
        keys(&profile),
        [
            "openId",
            "nickName",
            "gender",
            "language",
            "city",
            "province",
            "country",
            "avatarUrl",
            "unionId",
            "watermark"
        ]
    );
    assert_eq!(profile["openId"], session["openid"]);
    assert_eq!(profile["unionId"], session["unionid"]);
    assert_eq!(profile["nickName"], "叶子🍃👩‍🌾");
    let app_id = world.app(AppKind::MiniProgram).app_id;
    assert_eq!(
        profile["watermark"],
        json!({ "timestamp": START, "appid": app_id })
    );
    let signed = Sha1::digest(format!("{}{key}", text(&login["rawData"])));
    assert_eq!(login["signature"], hex::encode(signed));
    assert_eq!(
        serde_json::from_str::<Value>(login["rawData"].as_str().unwrap()).unwrap(),
        login["userInfo"]
    );
}

#[tokio::test]
async fn a_profile_can_be_anonymous_and_without_openid() {
    let world = start().await;
    let order = json!({
        "app_id": world.app(AppKind::MiniProgram).app_id, "anonymous": true, "without_openid": true
    });
    let login = world.script(Method::POST, "people/chen-mo/wx-login", order).await;
    let key = text(&world.session(&text(&login["code"])).await["session_key"]);
    let profile = open(&key, &login).unwrap();
    assert_eq!(profile["nickName"], "微信用户");
    assert!(profile.get("openId").is_none() && profile.get("unionId").is_none());
}

#[tokio::test]
async fn checks_and_resets_the_session_key() {
    let world = start().await;
    let login = world.act("chen-mo", "wx-login", AppKind::MiniProgram).await;
    let session = world.session(&text(&login["code"])).await;
    let (openid, key) = (text(&session["openid"]), text(&session["session_key"]));
    let good = signature(&key);
    let checked = check(&world, "/wxa/checksession", &openid, &good, "hmac_sha256").await;
    assert_eq!(checked, json!({ "errcode": 0, "errmsg": "ok" }));

    let reset = check(&world, "/wxa/resetusersessionkey", &openid, &good, "hmac_sha256").await;
    assert_eq!(keys(&reset), ["errcode", "errmsg", "openid", "session_key"]);
    assert_eq!(reset["openid"], session["openid"]);
    let new = signature(&text(&reset["session_key"]));
    for (signature, method, expected) in [
        (&good, "hmac_sha256", 87009),
        (&new, "hmac_sha1", 87008),
        (&new, "hmac_sha256", 0),
    ] {
        let answer = check(&world, "/wxa/checksession", &openid, signature, method).await;
        assert_eq!(errcode(&answer), expected);
    }
}

#[rstest]
#[case("oInvented0000000000000000000", 40003)]
#[case("", 41009)]
#[case("LIN", 87007)]
#[tokio::test]
async fn has_no_session_key_for_strangers(#[case] openid: &str, #[case] expected: i64) {
    let world = start().await;
    let app_id = world.app(AppKind::MiniProgram).app_id;
    let names = world
        .script(
            Method::GET,
            &format!("people/lin-xiaoman/openids/{app_id}"),
            json!({}),
        )
        .await;
    let openid = openid.replace("LIN", names["openid"].as_str().unwrap());
    let answer = check(&world, "/wxa/checksession", &openid, "x", "hmac_sha256").await;
    assert_eq!(errcode(&answer), expected);
}

#[rstest]
#[case(0, 0, false)]
#[case(600, 599, true)]
#[case(600, 600, false)]
#[tokio::test]
async fn keeps_the_session_key_as_long_as_the_app_wants(
    #[case] kept_seconds: u64,
    #[case] later: u64,
    #[case] same: bool,
) {
    let world = start().await;
    world
        .change(
            AppKind::MiniProgram,
            json!({ "session_key_kept_seconds": kept_seconds }),
        )
        .await;
    let backend = Backend::start(&world).await;
    let first = crate::miniprogram::code_from_phone(&world, &backend, "chen-mo").await;
    let first = world.session(&first).await;
    world.advance(later);
    let second = crate::miniprogram::code_from_phone(&world, &backend, "chen-mo").await;
    let second = world.session(&second).await;
    assert_eq!(first["session_key"] == second["session_key"], same);
}

#[tokio::test]
async fn an_old_session_key_opens_nothing_after_a_rotation() {
    let world = start().await;
    let login = world.act("chen-mo", "wx-login", AppKind::MiniProgram).await;
    let key = text(&world.session(&text(&login["code"])).await["session_key"]);
    world
        .act("chen-mo", "rotate-session-key", AppKind::MiniProgram)
        .await;
    let phone = world.act("chen-mo", "phone-code", AppKind::MiniProgram).await;
    assert!(open(&key, &phone).is_none());
}

#[rstest]
#[case("chen-mo", "13800138002", "13800138002", "86")]
#[case("zhao-yuan", "+85251234567", "51234567", "852")]
#[tokio::test]
async fn tells_a_phone_number_once(
    #[case] person: &str,
    #[case] number: &str,
    #[case] pure: &str,
    #[case] country: &str,
) {
    let world = start().await;
    let token = world.api_token(AppKind::MiniProgram).await;
    let phone = world.act(person, "phone-code", AppKind::MiniProgram).await;
    let call = "/wxa/business/getuserphonenumber";
    let order = json!({ "code": phone["code"] });
    let answer = world.post(call, &token, order.clone()).await;
    let app_id = world.app(AppKind::MiniProgram).app_id;
    let expected = json!({
        "errcode": 0, "errmsg": "ok", "phone_info": {
            "phoneNumber": number, "purePhoneNumber": pure, "countryCode": country,
            "watermark": { "timestamp": START, "appid": app_id },
        },
    });
    assert_eq!(answer.to_string(), expected.to_string());
    let again = world.post(call, &token, order).await;
    assert_eq!(errcode(&again), 40029);
    let errmsg = text(&again["errmsg"]);
    assert!(
        errmsg.starts_with("invalid code hint: [") && errmsg.contains("] rid: "),
        "{errmsg}"
    );
}

#[tokio::test]
async fn a_login_code_buys_no_phone_number_and_a_phone_code_no_login() {
    let world = start().await;
    let token = world.api_token(AppKind::MiniProgram).await;
    let login = world.act("chen-mo", "wx-login", AppKind::MiniProgram).await;
    let phone = world.act("chen-mo", "phone-code", AppKind::MiniProgram).await;
    let call = "/wxa/business/getuserphonenumber";
    assert_eq!(
        errcode(&world.post(call, &token, json!({ "code": login["code"] })).await),
        40029
    );
    assert_eq!(errcode(&world.session(&text(&phone["code"])).await), 40029);
    let claimed = json!({ "code": phone["code"], "openid": "oSomebodyElse000000000000000" });
    assert_eq!(errcode(&world.post(call, &token, claimed).await), 40029);
    assert_eq!(
        errcode(&world.post(call, &token, json!({ "code": phone["code"] })).await),
        0
    );
}

#[tokio::test]
async fn gives_no_phone_code_when_nothing_is_left_of_what_was_paid() {
    let world = start().await;
    let token = world.api_token(AppKind::MiniProgram).await;
    let quota = json!({ "quota": { "name": "/wxa/business/getuserphonenumber#paid", "limit": 1 } });
    world.script(Method::POST, "switches", quota).await;
    let phone = world.act("chen-mo", "phone-code", AppKind::MiniProgram).await;
    let call = "/wxa/business/getuserphonenumber";
    assert_eq!(
        errcode(&world.post(call, &token, json!({ "code": phone["code"] })).await),
        0
    );
    let order = json!({ "app_id": world.app(AppKind::MiniProgram).app_id });
    let (status, refused) = world
        .try_script(Method::POST, "people/chen-mo/phone-code", order)
        .await;
    assert_eq!((status, refused["errno"].as_u64()), (422, Some(1_400_001)));
}

#[rstest]
#[case("/wxa/getwxacode", json!({ "path": "pages/login?scene=7f3a" }), 0)]
#[case("/wxa/getwxacode", json!({ "path": "" }), 40159)]
#[case("/wxa/getwxacode", json!({ "path": "/pages/login" }), 41030)]
#[case("/wxa/getwxacode", json!({ "path": "pages/login?scancode_time=1" }), 85096)]
#[case("/cgi-bin/wxaapp/createwxaqrcode", json!({ "path": "pages/login?scene=7f3a" }), 0)]
#[case("/cgi-bin/wxaapp/createwxaqrcode", json!({ "path": "p".repeat(129) }), 40159)]
#[case("/wxa/getwxacode", json!({ "path": "p", "width": 100 }), 40097)]
#[tokio::test]
async fn draws_a_code_for_a_path(#[case] call: &str, #[case] order: Value, #[case] expected: i64) {
    let world = start().await;
    let token = world.api_token(AppKind::MiniProgram).await;
    let url = world.at(call, &[("access_token", &token)]);
    let answer = world.http.post(url).body(order.to_string()).send().await.unwrap();
    if expected == 0 {
        assert_eq!(answer.headers()["content-type"], "image/jpeg");
        assert_eq!(answer.headers()["num-used"], "1");
        let app_id = world.app(AppKind::MiniProgram).app_id;
        let page = world.at("/phone/miniprogram", &[("appid", &app_id), ("scene", "7f3a")]);
        assert_eq!(read_qr(&answer.bytes().await.unwrap()), page.as_str());
    } else {
        assert_eq!(errcode(&answer.json().await.unwrap()), expected);
    }
}

#[rstest]
#[case("/wxa/generatescheme", json!({ "jump_wxa": { "path": "pages/login", "query": "scene=7f3a" } }), "openlink")]
#[case("/wxa/generate_urllink", json!({ "path": "/pages/login", "query": "scene=7f3a" }), "url_link")]
#[tokio::test]
async fn a_link_opens_the_mini_program(#[case] call: &str, #[case] order: Value, #[case] name: &str) {
    let world = start().await;
    let backend = Backend::start(&world).await;
    let token = world.api_token(AppKind::MiniProgram).await;
    let answer = world.post(call, &token, order).await;
    assert_eq!(keys(&answer), ["errcode", "errmsg", name]);
    let link = text(&answer[name]);
    assert_eq!(world.phone(&link, "chen-mo", "approve").await.status(), 200);
    assert_eq!(
        backend.next().await,
        json!({ "scene": "7f3a", "event": "scanned" })
    );
    let code = text(&backend.next().await["code"]);
    assert_eq!(errcode(&world.session(&code).await), 0);

    world.advance(30 * 86_400);
    assert_eq!(world.phone(&link, "chen-mo", "approve").await.status(), 502);
}

#[rstest]
#[case(json!({ "path": "pages/login?x=1" }), 40165)]
#[case(json!({ "query": "q".repeat(1025) }), 40212)]
#[case(json!({ "env_version": "beta" }), 85402)]
#[case(json!({ "expire_type": 1, "expire_interval": 31 }), 85401)]
#[case(json!({ "expire_time": START - 1 }), 85401)]
#[case(json!({ "expire_type": 1, "expire_interval": 30 }), 0)]
#[case(json!(3), 47001)]
#[tokio::test]
async fn refuses_a_link_that_leads_nowhere(#[case] order: Value, #[case] expected: i64) {
    let world = start().await;
    let token = world.api_token(AppKind::MiniProgram).await;
    let answer = world.post("/wxa/generate_urllink", &token, order).await;
    assert_eq!(errcode(&answer), expected);
}
