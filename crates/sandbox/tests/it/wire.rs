//! What failures look like on the wire, at every endpoint and for every errcode whose words are published.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use rstest::rstest;
use serde_json::json;

use crate::harness::{START, start};

const SNS: (&str, &str) = ("text/plain", ", ");
const API: (&str, &str) = ("application/json; encoding=utf-8", " ");

#[rstest]
#[case("/sns/jscode2session", SNS)]
#[case("/sns/oauth2/access_token", SNS)]
#[case("/sns/oauth2/refresh_token", SNS)]
#[case("/sns/auth", SNS)]
#[case("/sns/userinfo", SNS)]
#[case("/connect/sdk/qrconnect", SNS)]
#[case("/cgi-bin/token", API)]
#[case("/cgi-bin/stable_token", API)]
#[case("/cgi-bin/ticket/getticket", API)]
#[case("/cgi-bin/qrcode/create", API)]
#[case("/cgi-bin/user/info", API)]
#[case("/cgi-bin/clear_quota", API)]
#[case("/cgi-bin/clear_quota/v2", API)]
#[case("/cgi-bin/openapi/rid/get", API)]
#[case("/cgi-bin/wxaapp/createwxaqrcode", API)]
#[case("/wxa/getwxacode", API)]
#[case("/wxa/getwxacodeunlimit", API)]
#[case("/wxa/generatescheme", API)]
#[case("/wxa/generate_urllink", API)]
#[case("/wxa/checksession", API)]
#[case("/wxa/resetusersessionkey", API)]
#[case("/wxa/business/getuserphonenumber", API)]
#[tokio::test]
async fn every_endpoint_fails_in_the_manner_of_its_family(
    #[case] path: &str,
    #[case] (content_type, separator): (&str, &str),
    #[values(true, false)] ordered: bool,
) {
    let world = start().await;
    if ordered {
        let order = json!({ "errcode": { "path": path, "errcode": -1, "times": 1 } });
        world.script(Method::POST, "switches", order).await;
    }
    // Nothing that any of them would take: no parameters, no body, a method that none has.
    let answer = world
        .http
        .request(Method::PUT, world.at(path, &[]))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()[CONTENT_TYPE], content_type);
    let body = answer.text().await.unwrap();
    let (start, rid) = body.split_once(&format!("{separator}rid: ")).unwrap();
    assert!(start.starts_with(r#"{"errcode":"#), "{body}");
    assert_eq!(
        start.starts_with(r#"{"errcode":-1,"errmsg":"system error"#),
        ordered
    );
    // A comma belongs to sns alone.
    assert!(!start.ends_with(','), "{body}");
    assert!(
        rid.starts_with(&format!("{START:08x}-")) && rid.ends_with("\"}") && rid.len() == 28,
        "{body}"
    );
}

#[rstest]
#[case("/sns/jscode2session", 40226, "code blocked")]
#[case(
    "/sns/jscode2session",
    45011,
    "api minute-quota reach limit  mustslower  retry next minute"
)]
#[case(
    "/sns/userinfo",
    40001,
    "invalid credential, access_token is invalid or not latest"
)]
#[case("/sns/oauth2/access_token", 42003, "code expired")]
#[case("/sns/oauth2/refresh_token", 42002, "refresh_token expired")]
#[case("/cgi-bin/token", 45009, "reach max api daily quota limit")]
#[case("/cgi-bin/token", 40243, "appsecret is frozen")]
#[case(
    "/cgi-bin/token",
    61024,
    "must use api(api_component_token) to get token for component acct"
)]
#[case(
    "/cgi-bin/token",
    40164,
    "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist"
)]
#[case("/cgi-bin/qrcode/create", 40053, "invalid action info, please check document")]
#[case("/wxa/getwxacode", 45029, "qrcode count out of limit")]
#[case("/wxa/generatescheme", 85079, "miniprogram has no online release")]
#[case("/wxa/generatescheme", 40165, "invalid weapp pagepath")]
#[case("/wxa/checksession", 87009, "invalid signature")]
#[case(
    "/wxa/business/getuserphonenumber",
    40001,
    "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"
)]
#[case("/wxa/business/getuserphonenumber", 42001, "access_token expired")]
#[tokio::test]
async fn says_what_wechat_says(#[case] path: &str, #[case] errcode: i32, #[case] stem: &str) {
    let world = start().await;
    let order = json!({ "errcode": { "path": path, "errcode": errcode, "times": 1 } });
    world.script(Method::POST, "switches", order).await;
    let body = world.get(path, &[]).await.text().await.unwrap();
    let separator = if path.starts_with("/sns/") { ", " } else { " " };
    let expected = format!(r#"{{"errcode":{errcode},"errmsg":"{stem}{separator}rid: {START:08x}-"#);
    assert!(body.starts_with(&expected), "{body}");
}
