//! code2Session: a mini program's login code becomes a person and a session.

use crate::{
    Call, Credentials, LoginCode, SessionKey, WeChat,
    call::{Outgoing, Repeat, dotted},
};

/// Whom a mini program's login code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Unique for the AppID.
    pub open_id: String,
    /// Unique for the Open Platform account; absent if the mini program is not bound to one.
    pub union_id: Option<String>,
    /// The key of the session. Never leaves the backend.
    pub session_key: SessionKey,
}

impl WeChat {
    /// `GET /sns/jscode2session` ("code2Session"). Never repeated: WeChat takes a code once.
    pub async fn code_to_session(&self, app: &Credentials, code: &LoginCode) -> Call<Session> {
        let outgoing = Outgoing::get(&self.hosts.api, "sns/jscode2session")
            .plain("appid", &app.app_id)
            .secret("secret", app.app_secret.expose())
            .secret("js_code", code.expose())
            .plain("grant_type", "authorization_code");
        self.ask(outgoing, Repeat::Never, |answer| {
            let session = Session {
                open_id: answer.required("openid")?,
                union_id: answer.text("unionid"),
                session_key: SessionKey::new(answer.required("session_key")?),
            };
            let lines = [
                answer.line("openid"),
                answer.line("unionid"),
                Some(dotted("session_key")),
            ];
            Ok((session, lines.into_iter().flatten().collect()))
        })
        .await
    }
}
