//! API tokens are fetched rarely, and what WeChat says about a call decides whether it is made again.

use crate::canned::{Answer, Canned, SCENE, app};
use rstest::rstest;
use yaopai_domain::{AppSecret, Timestamp};
use yaopai_wechat::{ApiToken, Credentials, Error, LoginCode, UserToken};

const NOW: Timestamp = Timestamp(1_735_689_600_000);
const FRESH: &str = r#"{"access_token":"98_fresh","expires_in":7200}"#;

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

#[rstest]
#[case(40001)]
#[case(40014)]
#[case(42001)]
#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_repeated_once(#[case] errcode: i32) {
    let refused = Answer::json(&format!(r#"{{"errcode":{errcode},"errmsg":"access_token"}}"#));
    let picture = Answer {
        content_type: "image/jpeg".to_owned(),
        body: vec![0xff, 0xd8, 0xff, 0xe0],
        ..Answer::json("")
    };
    let canned = Canned::start(vec![
        Answer::json(FRESH),
        refused.clone(),
        Answer::json(FRESH),
        picture,
    ])
    .await;
    let token = canned.wechat.api_token(&app(), NOW).await.result.unwrap();
    let call = canned.wechat.mini_program_code(&app(), &token, SCENE, NOW).await;
    assert_eq!(call.result.unwrap().media_type, "image/jpeg");
    assert_eq!(canned.asked().len(), 4);

    let canned = Canned::start(vec![refused.clone(), Answer::json(FRESH), refused]).await;
    let call = canned.wechat.mini_program_code(&app(), &token, SCENE, NOW).await;
    assert!(
        matches!(call.result, Err(Error::WeChat(_))),
        "no endless repetition"
    );
    assert_eq!(canned.asked().len(), 3);
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
}
