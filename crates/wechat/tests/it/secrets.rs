//! Whatever secrets there are, and whatever WeChat says about them, nobody sees them.

use crate::canned::{Answer, Canned, Fixed};
use proptest::{prelude::*, test_runner::Config};
use serde_json::json;
use std::fmt::Debug;
use yaopai_domain::{AppSecret, Timestamp};
use yaopai_wechat::{
    Call, Credentials, LinkTarget, LoginCode, MiniProgramVersion, PhoneCode, RefreshToken, SessionKey,
    UserToken,
};

const NOW: Timestamp = Timestamp(1_735_689_600_000);

/// All that people may see of a call: the request, the answer, and the error in both its forms.
fn seen<T: Debug>(call: &Call<T>) -> String {
    let error = call.result.as_ref().err().map(ToString::to_string);
    format!("{call:?} {:?} {:?} {error:?}", call.request, call.answer)
}

/// Makes every call with the secrets, against a WeChat that repeats all of them in an error or a broken answer.
async fn see_everything(secrets: &[String; 4], repeats: Answer) -> Vec<String> {
    let [secret, token, code, key] = secrets;
    let token_answer = json!({ "access_token": token, "expires_in": 7200 });
    let canned = Canned::start(vec![Answer::json(&token_answer.to_string()), repeats]).await;
    let wechat = &canned.wechat;
    let app = Credentials {
        app_id: "wx00112233445566aa".to_owned(),
        app_secret: AppSecret::new(secret),
    };
    let mut seen_all = vec![seen(&wechat.api_token(&app, NOW).await)];
    let login = LoginCode::new(code);
    let user = UserToken::new(token);
    let session = SessionKey::new(key);
    let target = LinkTarget {
        path: "",
        query: code,
        version: MiniProgramVersion::Release,
        until: NOW,
    };
    seen_all.push(seen(&wechat.code_to_session(&app, &login).await));
    seen_all.push(seen(&wechat.exchange_code(&app, &login).await));
    seen_all.push(seen(
        &wechat.refresh_grant(&app.app_id, &RefreshToken::new(token)).await,
    ));
    seen_all.push(seen(&wechat.check_user_token(&user, "o1").await));
    seen_all.push(seen(&wechat.user_info(&user, "o1").await));
    seen_all.push(seen(
        &wechat.phone_number(&app, &PhoneCode::new(code), None, NOW).await,
    ));
    seen_all.push(seen(&wechat.check_session(&app, "o1", &session, NOW).await));
    seen_all.push(seen(&wechat.reset_session_key(&app, "o1", &session, NOW).await));
    seen_all.push(seen(
        &wechat
            .mini_program_code(&app, &yaopai_wechat::ScenePage::HOME, code, NOW)
            .await,
    ));
    seen_all.push(seen(
        &wechat
            .path_code(&app, code, MiniProgramVersion::Develop, NOW)
            .await,
    ));
    seen_all.push(seen(&wechat.path_qr_code(&app, code, NOW).await));
    seen_all.push(seen(&wechat.scheme(&app, &target, NOW).await));
    seen_all.push(seen(&wechat.url_link(&app, &target, NOW).await));
    seen_all.push(seen(&wechat.follow_code(&app, code, 300, NOW).await));
    seen_all.push(seen(&wechat.follower(&app, "o1", NOW).await));
    seen_all.push(seen(&wechat.sign_sdk_qr(&app, &Fixed, NOW).await));
    seen_all.push(seen(&wechat.open_sdk_qr(&app, &Fixed, NOW).await));
    seen_all
}

proptest! {
    #![proptest_config(Config::with_cases(16))]

    #[test]
    fn no_secret_is_seen(
        secret in "[0-9a-f]{32}",
        token in "[0-9]{2}_[0-9A-Za-z_-]{60,90}",
        code in "[0-9A-Za-z+/=]{24,40}",
        key in "[A-Za-z0-9+/]{22}==",
        shape in 0..3,
    ) {
        let secrets = [secret, token, code, key];
        let words = secrets.join(" and ");
        let repeats = match shape {
            0 => Answer::json(&json!({ "errcode": 40097, "errmsg": words }).to_string()),
            1 => Answer { status: "500 Internal Server Error", ..Answer::json(&words) },
            _ => Answer::json(&json!({ "errcode": 0, "errmsg": words }).to_string()),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let seen = runtime.block_on(see_everything(&secrets, repeats));
        prop_assert_eq!(seen.len(), 18);
        for (call, shown) in seen.iter().enumerate() {
            // What was sent with this call; nothing else can be known to be a secret.
            let sent: &[usize] = match call {
                0 => &[0],
                1 | 2 => &[0, 2],
                6 | 9..=14 => &[1, 2],
                _ => &[1],
            };
            for secret in sent.iter().map(|index| &secrets[*index]) {
                prop_assert!(!shown.contains(secret.as_str()), "call {call} shows {secret}: {shown}");
            }
        }
    }
}
