//! What the document says about the plain calls. Their fields are taken in any case, so they are read by hand; these types
//! only describe them.

use crate::openapi::Doc;
use axum::http::StatusCode;
use schemars::JsonSchema;

/// What a login names.
#[derive(JsonSchema)]
#[schemars(rename = "PlainLogin")]
#[expect(dead_code, reason = "only described")]
struct Login {
    /// The code of `wx.login`.
    code: String,
    /// The pool; without it the only one there is.
    pool: Option<String>,
    /// The application that logs its user in.
    app_id: Option<String>,
    /// Identifier of the connection; without it the one of `appid`, else the pool's oldest mini program.
    connection: Option<String>,
    /// AppID of the mini program.
    appid: Option<String>,
}

/// A session has begun.
#[derive(JsonSchema)]
#[schemars(rename = "PlainSession")]
#[expect(dead_code, reason = "only described")]
struct Begun {
    /// The opaque word that stands for the session.
    #[schemars(rename = "third_Session")]
    third_session: String,
    /// Seconds it lives.
    expires_in: i64,
}

/// Whose session it is; the header `third-session` or a bearer token say it, too.
#[derive(JsonSchema)]
#[schemars(rename = "PlainSessionOf")]
#[expect(dead_code, reason = "only described")]
struct Of {
    /// The word that the login answered.
    #[schemars(rename = "third_Session")]
    third_session: Option<String>,
}

/// Done.
#[derive(JsonSchema)]
#[schemars(rename = "PlainDone")]
#[expect(dead_code, reason = "only described")]
struct Done {
    /// 0.
    errcode: i32,
    /// `ok`.
    errmsg: String,
    /// Seconds the session still lives; only a check says it.
    expires_in: Option<i64>,
}

/// A failure.
#[derive(JsonSchema)]
#[schemars(rename = "PlainFault")]
#[expect(dead_code, reason = "only described")]
struct Failed {
    /// WeChat's number if WeChat refused, ours from 60000 on otherwise, -1 for a defect.
    errcode: i32,
    /// Why.
    errmsg: String,
}

/// What `wx.getUserProfile` told, and whose session it is.
#[derive(JsonSchema)]
#[schemars(rename = "PlainProfile", rename_all = "camelCase")]
#[expect(dead_code, reason = "only described")]
struct Profile {
    /// The word that the login answered.
    #[schemars(rename = "third_Session")]
    third_session: Option<String>,
    /// Nickname. WeChat's 微信用户 and its grey avatar never overwrite what is known.
    nick_name: Option<String>,
    /// Avatar.
    avatar_url: Option<String>,
    /// 0 unknown, 1 male, 2 female.
    gender: Option<i32>,
    /// Province.
    province: Option<String>,
    /// City.
    city: Option<String>,
    /// Country.
    country: Option<String>,
    /// Language.
    language: Option<String>,
}

/// A call by GET takes its fields behind the `?`, one by POST as JSON, too.
fn taking<T: JsonSchema>(doc: Doc, posted: bool) -> Doc {
    if posted {
        doc.takes::<T>()
    } else {
        doc.query::<T>()
    }
}

/// What the document says about the call at a path.
pub(super) fn of(path: &str, posted: bool) -> Doc {
    let doc = |get, post, summary| Doc::new(if posted { post } else { get }, summary).fails::<Failed>();
    match path {
        "/api/wx/login" => taking::<Login>(
            doc(
                "plain_login",
                "post_plain_login",
                "Log in with the code of wx.login",
            ),
            posted,
        )
        .answers::<Begun>(StatusCode::OK, "A session"),
        "/api/wx/check" => taking::<Of>(
            doc(
                "plain_check",
                "post_plain_check",
                "Whether a session still counts",
            ),
            posted,
        )
        .answers::<Done>(StatusCode::OK, "It does"),
        "/api/wx/userinfo" => taking::<Profile>(
            doc(
                "plain_profile",
                "post_plain_profile",
                "Store what wx.getUserProfile told",
            ),
            posted,
        )
        .answers::<Done>(StatusCode::OK, "Stored"),
        _ => taking::<Of>(doc("plain_logout", "post_plain_logout", "End a session"), posted)
            .answers::<Done>(StatusCode::OK, "It is over"),
    }
}
