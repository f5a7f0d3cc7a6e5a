//! API tokens are fetched rarely, and what WeChat says about a call decides whether it is made again.

use crate::canned::{Answer, Canned, Fixed, SCENE, app};
use rstest::rstest;
use yaopai_domain::{AppSecret, Timestamp};
use yaopai_wechat::{ApiToken, Credentials, Errcode, Error, LoginCode, PhoneCode, UserToken};

const NOW: Timestamp = Timestamp(1_735_689_600_000);
const FRESH: &str = r#"{"access_token":"98_fresh","expires_in":7200}"#;
const FRESHER: &str = r#"{"access_token":"98_fresher","expires_in":7200}"#;

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let canned = Canned::start(vec![Answer::json(FRESH)]).await;
    let app = app();
    let fetched = |now| canned.wechat.api_token(&app, now);
    assert!(fetched(NOW).await.request.is_some());
    let kept = fetched(NOW.plus_millis((7200 - 300) * 1000 - 1)).await;
    assert_eq!(kept.request, None, "nothing was asked");
    assert_eq!(kept.result, Ok(ApiToken::new("98_fresh")));
    let renewed = fetched(NOW.plus_millis((7200 - 300) * 1000)).await;
    assert!(renewed.request.is_some());
    assert_eq!(canned.asked().len(), 2);
}

#[tokio::test]
async fn many_callers_cause_one_fetch() {
    let canned = Canned::start(vec![Answer::json(FRESH)]).await;
    let app = app();
    let (a, b, c) = tokio::join!(
        canned.wechat.api_token(&app, NOW),
        canned.wechat.api_token(&app, NOW),
        canned.wechat.api_token(&app, NOW)
    );
    for call in [a, b, c] {
        assert_eq!(call.result, Ok(ApiToken::new("98_fresh")));
    }
    assert_eq!(canned.asked().len(), 1);
}

#[tokio::test]
async fn a_token_of_the_old_secret_is_not_used_for_a_new_one() {
    let canned = Canned::start(vec![Answer::json(FRESH)]).await;
    canned.wechat.api_token(&app(), NOW).await.result.unwrap();
    let changed = Credentials {
        app_secret: AppSecret::new("f".repeat(32)),
        ..app()
    };
    assert!(canned.wechat.api_token(&changed, NOW).await.request.is_some());
}

/// How often each path was asked for.
fn count(canned: &Canned, path: &str) -> usize {
    canned
        .asked()
        .iter()
        .filter(|request| request.contains(path))
        .count()
}

fn refused(errcode: i32) -> Answer {
    Answer::json(&format!(r#"{{"errcode":{errcode},"errmsg":"access_token"}}"#))
}

#[rstest]
#[case(40001)]
#[case(40014)]
#[case(42001)]
#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_repeated_once(#[case] errcode: i32) {
    let canned = Canned::start(vec![
        Answer::json(FRESH),
        refused(errcode),
        Answer::json(FRESHER),
        Answer::picture(),
    ])
    .await;
    let call = canned
        .wechat
        .mini_program_code(&app(), &yaopai_wechat::ScenePage::HOME, SCENE, NOW)
        .await;
    assert_eq!(call.result.unwrap().media_type, "image/jpeg");
    let asked = canned.asked();
    assert!(asked[1].contains("access_token=98_fresh "), "{asked:?}");
    assert!(asked[3].contains("access_token=98_fresher "), "{asked:?}");
    assert_eq!(
        canned.wechat.api_token(&app(), NOW).await.result,
        Ok(ApiToken::new("98_fresher")),
        "the new token is kept"
    );
    assert_eq!(canned.asked().len(), 4);

    let canned = Canned::start(vec![
        Answer::json(FRESH),
        refused(errcode),
        Answer::json(FRESHER),
        refused(errcode),
    ])
    .await;
    let call = canned
        .wechat
        .mini_program_code(&app(), &yaopai_wechat::ScenePage::HOME, SCENE, NOW)
        .await;
    assert!(matches!(call.result, Err(Error::WeChat(_))));
    assert_eq!(canned.asked().len(), 4, "no endless repetition");
}

#[tokio::test]
async fn a_call_is_not_repeated_with_the_token_that_was_just_refused() {
    let canned = Canned::start(vec![
        Answer::json(FRESH),
        refused(40001),
        Answer::json(FRESH),
        Answer::picture(),
    ])
    .await;
    let call = canned
        .wechat
        .mini_program_code(&app(), &yaopai_wechat::ScenePage::HOME, SCENE, NOW)
        .await;
    assert_eq!(
        call.result.unwrap_err().errcode(),
        Some(Errcode::InvalidCredential)
    );
    assert_eq!(canned.asked().len(), 3);
}

#[tokio::test]
async fn what_ends_the_search_for_a_token_is_what_people_read() {
    let reset = Answer::json(r#"{"errcode":40125,"errmsg":"invalid appsecret"}"#);
    let canned = Canned::start(vec![Answer::json(FRESH), refused(40001), reset]).await;
    let call = canned
        .wechat
        .mini_program_code(&app(), &yaopai_wechat::ScenePage::HOME, SCENE, NOW)
        .await;
    assert_eq!(
        call.result.unwrap_err().errcode(),
        Some(Errcode::InvalidAppSecret)
    );
    assert!(call.request.unwrap().contains("cgi-bin/stable_token"));
    assert_eq!(call.answer[0], "errcode: 40125");
}

#[tokio::test]
async fn callers_with_one_dead_token_fetch_one_new_one() {
    let canned = Canned::answering(|number, request| {
        if request.contains("stable_token") {
            Answer::json(if number == 0 { FRESH } else { FRESHER })
        } else if request.contains("access_token=98_fresh ") {
            refused(40001)
        } else {
            Answer::json(r#"{"subscribe":0,"openid":"o1"}"#)
        }
    })
    .await;
    canned.wechat.api_token(&app(), NOW).await.result.unwrap();
    let app = app();
    let follower = || canned.wechat.follower(&app, "o1", NOW);
    let (one, other) = tokio::join!(follower(), follower());
    assert!(one.result.is_ok() && other.result.is_ok(), "{one:?} {other:?}");
    assert_eq!(count(&canned, "stable_token"), 2);
    assert_eq!(count(&canned, "user/info"), 4);
}

#[tokio::test]
async fn a_ticket_is_kept_and_replaced_once_if_its_signature_is_refused() {
    let ticket =
        |name: &str| Answer::json(&format!(r#"{{"errcode":0,"ticket":"{name}","expires_in":7200}}"#));
    let qr = r#"{"errcode":0,"uuid":"u1","appname":"a","qrcode":{"qrcodebase64":"/9j/4A=="}}"#;
    let canned = Canned::start(vec![
        Answer::json(FRESH),
        ticket("t1"),
        refused(40001),
        ticket("t2"),
        Answer::json(qr),
    ])
    .await;
    let wechat = &canned.wechat;
    wechat.open_sdk_qr(&app(), &Fixed, NOW).await.result.unwrap();
    wechat.open_sdk_qr(&app(), &Fixed, NOW).await.result.unwrap();
    wechat.sign_sdk_qr(&app(), &Fixed, NOW).await.result.unwrap();
    assert_eq!(count(&canned, "getticket"), 2);
    assert_eq!(count(&canned, "sdk/qrconnect"), 3);
    assert_eq!(count(&canned, "stable_token"), 1);

    let canned = Canned::start(vec![
        Answer::json(FRESH),
        ticket("t1"),
        refused(40001),
        ticket("t2"),
        refused(40001),
    ])
    .await;
    let call = canned.wechat.open_sdk_qr(&app(), &Fixed, NOW).await;
    assert!(call.result.is_err());
    assert_eq!(count(&canned, "sdk/qrconnect"), 2, "no endless repetition");
}

#[tokio::test]
async fn a_phone_code_is_sent_once_but_again_with_a_fresh_token() {
    let busy = Answer::json(r#"{"errcode":-1,"errmsg":"system error"}"#);
    let canned = Canned::start(vec![Answer::json(FRESH), busy.clone()]).await;
    let code = PhoneCode::new("p1");
    let call = canned.wechat.phone_number(&app(), &code, None, NOW).await;
    assert_eq!(call.result.unwrap_err().errcode(), Some(Errcode::SystemError));
    assert_eq!(count(&canned, "getuserphonenumber"), 1);

    // A refused token took no code.
    let canned = Canned::start(vec![
        Answer::json(FRESH),
        refused(42001),
        Answer::json(FRESHER),
        busy,
    ])
    .await;
    let call = canned.wechat.phone_number(&app(), &code, None, NOW).await;
    assert_eq!(call.result.unwrap_err().errcode(), Some(Errcode::SystemError));
    assert_eq!(count(&canned, "getuserphonenumber"), 2);
}

#[tokio::test]
async fn a_busy_wechat_is_asked_three_times_but_a_code_is_sent_once() {
    let busy = Answer::json(r#"{"errcode":-1,"errmsg":"system error"}"#);
    let canned = Canned::start(vec![busy.clone()]).await;
    let call = canned.wechat.user_info(&UserToken::new("98_t"), "o1").await;
    assert!(call.result.is_err());
    assert_eq!(canned.asked().len(), 3);

    let canned = Canned::start(vec![busy]).await;
    assert!(
        canned
            .wechat
            .exchange_code(&app(), &LoginCode::new("c"))
            .await
            .result
            .is_err()
    );
    assert!(
        canned
            .wechat
            .code_to_session(&app(), &LoginCode::new("c"))
            .await
            .result
            .is_err()
    );
    assert_eq!(canned.asked().len(), 2);
}

#[tokio::test]
async fn a_used_up_quota_is_never_asked_again() {
    let used_up = Answer::json(r#"{"errcode":45009,"errmsg":"reach max api daily quota limit"}"#);
    let canned = Canned::start(vec![used_up]).await;
    assert!(canned.wechat.api_token(&app(), NOW).await.result.is_err());
    assert_eq!(canned.asked().len(), 1);

    // Neither are the calls that need a token, whichever of the two quotas it is.
    for errcode in [45009, 45011] {
        let canned = Canned::start(vec![Answer::json(FRESH), refused(errcode)]).await;
        assert!(canned.wechat.follower(&app(), "o1", NOW).await.result.is_err());
        assert_eq!(canned.asked().len(), 2);
    }
}
