//! The page a person sees on the phone after WeChat sent the browser back: one sentence, Chinese first.

use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use yaopai_domain::{AttemptState, LoginAttempt, Refusal, Verdict};

/// What the person is told.
#[derive(Debug)]
pub(super) enum Page {
    /// How the attempt ended.
    Outcome(Box<LoginAttempt>),
    /// No attempt belongs to this address.
    Unknown,
    /// The backend failed.
    Broken,
}

/// Status, headline and hint, in both languages.
struct Words {
    status: StatusCode,
    mark: &'static str,
    chinese: &'static str,
    english: &'static str,
}

const fn words(
    status: StatusCode,
    mark: &'static str,
    chinese: &'static str,
    english: &'static str,
) -> Words {
    Words {
        status,
        mark,
        chinese,
        english,
    }
}

fn words_of(page: &Page) -> Words {
    const GOOD: &str = "✓";
    const BAD: &str = "✕";
    const WAIT: &str = "…";
    let attempt = match page {
        Page::Outcome(attempt) => attempt,
        Page::Unknown => {
            return words(
                StatusCode::NOT_FOUND,
                BAD,
                "这个链接已失效，请重新扫码。",
                "This link is no longer valid. Please scan again.",
            );
        }
        Page::Broken => {
            return words(
                StatusCode::INTERNAL_SERVER_ERROR,
                BAD,
                "系统出错了，请稍后再试。",
                "Something went wrong on our side. Please try again later.",
            );
        }
    };
    match (attempt.state, &attempt.verdict) {
        (AttemptState::Decided, Some(Verdict::LogIn { .. } | Verdict::Create { .. })) if attempt.dry_run => {
            words(
                StatusCode::OK,
                GOOD,
                "测试成功，可以关闭此页面。",
                "The test worked. You can close this page.",
            )
        }
        (AttemptState::Decided, Some(Verdict::LogIn { .. } | Verdict::Create { .. })) => words(
            StatusCode::OK,
            GOOD,
            "登录成功，可以关闭此页面。",
            "You are signed in. You can close this page.",
        ),
        (
            _,
            Some(Verdict::Refuse {
                refusal: Refusal::SnapshotUser,
                ..
            }),
        ) => words(
            StatusCode::FORBIDDEN,
            BAD,
            "当前为快照页，请点击“使用完整服务”后重试。",
            "This is a snapshot page. Choose “Use full service” and try again.",
        ),
        (
            _,
            Some(Verdict::Refuse {
                refusal: Refusal::UserBlocked,
                ..
            }),
        ) => words(
            StatusCode::FORBIDDEN,
            BAD,
            "该账号已被停用，请联系客服。",
            "This account is blocked. Please contact support.",
        ),
        (
            _,
            Some(Verdict::Refuse {
                refusal: Refusal::LoginOnly,
                ..
            }),
        ) => words(
            StatusCode::FORBIDDEN,
            BAD,
            "该微信尚未绑定账号，请联系客服。",
            "No account is bound to this WeChat yet. Please contact support.",
        ),
        (
            _,
            Some(Verdict::Refuse {
                refusal: Refusal::TwoUsers,
                ..
            }),
        ) => words(
            StatusCode::FORBIDDEN,
            BAD,
            "该微信对应两个账号，请联系客服合并。",
            "This WeChat belongs to two accounts. Please ask support to merge them.",
        ),
        (AttemptState::Refused, _) => {
            words(StatusCode::OK, BAD, "已取消登录。", "You cancelled the sign-in.")
        }
        (AttemptState::Expired | AttemptState::Cancelled, _) => words(
            StatusCode::GONE,
            BAD,
            "二维码已失效，请重新扫码。",
            "The code is no longer valid. Please scan again.",
        ),
        (AttemptState::Failed | AttemptState::Decided, _) => words(
            StatusCode::BAD_GATEWAY,
            BAD,
            "登录失败，请重新扫码。",
            "The sign-in failed. Please scan again.",
        ),
        (AttemptState::Waiting | AttemptState::Scanned | AttemptState::Confirmed, _) => words(
            StatusCode::ACCEPTED,
            WAIT,
            "正在登录，请稍后刷新此页面。",
            "Signing in. Please reload this page in a moment.",
        ),
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let Words {
            status,
            mark,
            chinese,
            english,
        } = words_of(&self);
        let tone = if mark == "✓" { "#07c160" } else { "#888" };
        let html = format!(
            "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>腰牌</title>\
             <style>body{{margin:0;min-height:100vh;display:grid;place-content:center;text-align:center;\
             font:17px/1.6 system-ui,sans-serif;color:#222;background:#f7f7f7}}main{{padding:2rem}}\
             b{{display:block;font-size:56px;line-height:1.2;color:{tone}}}small{{color:#777}}\
             @media(prefers-color-scheme:dark){{body{{color:#ddd;background:#191919}}}}</style>\
             <main><b aria-hidden=\"true\">{mark}</b><p>{chinese}<br><small lang=\"en\">{english}</small></main></html>"
        );
        // The address holds the code: nobody may keep it or pass it on.
        let headers = [
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            ),
        ];
        (status, headers, Html(html)).into_response()
    }
}
