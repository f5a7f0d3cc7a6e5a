//! What a person allowed an app: code → token, nickname and avatar (`sns/*`, "网页授权").

use crate::{
    Call, Credentials, Error, LoginCode, UserToken, WeChat,
    answer::Answer,
    call::{Outgoing, Read, Repeat, dotted},
    hosts::host_and_port,
};

/// What a person allowed an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Lets the app ask about the person.
    pub token: UserToken,
    /// Unique for the AppID.
    pub open_id: String,
    /// Unique for the Open Platform account; absent if the app is not bound to one, and with `snsapi_base`.
    pub union_id: Option<String>,
    /// Whether this is a virtual visitor of a snapshot page (`is_snapshotuser`).
    pub snapshot_user: bool,
}

/// Nickname and avatar of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// Unique for the AppID.
    pub open_id: String,
    /// Unique for the Open Platform account; absent if the app is not bound to one.
    pub union_id: Option<String>,
    /// Nickname, not unique, may be the anonymous one.
    pub nickname: Option<String>,
    /// Avatar; the address dies when the person changes the picture.
    pub avatar_url: Option<String>,
}

impl WeChat {
    /// `GET /sns/oauth2/access_token`. Never repeated: WeChat takes a code once.
    pub async fn exchange_code(&self, app: &Credentials, code: &LoginCode) -> Call<Grant> {
        let outgoing = Outgoing::get(&self.hosts.api, "sns/oauth2/access_token")
            .plain("appid", &app.app_id)
            .secret("secret", app.app_secret.expose())
            .secret("code", code.expose())
            .plain("grant_type", "authorization_code");
        self.ask(outgoing, Repeat::Never, read_grant).await
    }

    /// `GET /sns/userinfo`: nickname and avatar; errcode 48001 if the scope does not permit it.
    pub async fn user_info(&self, token: &UserToken, open_id: &str) -> Call<UserInfo> {
        let outgoing = Outgoing::get(&self.hosts.api, "sns/userinfo")
            .secret("access_token", token.expose())
            .plain("openid", open_id)
            .plain("lang", "zh_CN");
        let host = host_and_port(&self.hosts.api);
        self.ask(outgoing, Repeat::WhenBusy, |answer| {
            let info = UserInfo {
                open_id: answer.required("openid")?,
                union_id: answer.text("unionid"),
                nickname: answer.text("nickname"),
                avatar_url: answer.text("headimgurl"),
            };
            if info.open_id != open_id {
                let what = "another openid than was asked for".to_owned();
                return Err(Error::Unexpected {
                    host: host.clone(),
                    what,
                });
            }
            let lines = ["openid", "nickname", "headimgurl", "unionid"].map(|name| answer.line(name));
            Ok((info, lines.into_iter().flatten().collect()))
        })
        .await
    }
}

fn read_grant(answer: &Answer) -> Read<Grant> {
    let grant = Grant {
        token: UserToken::new(answer.required("access_token")?),
        open_id: answer.required("openid")?,
        union_id: answer.text("unionid"),
        snapshot_user: answer.number("is_snapshotuser") == Some(1),
    };
    let secrets = [
        Some(dotted("access_token")),
        // WeChat always sends one, lenient stand-ins may not; nobody needs it here.
        answer.text("refresh_token").map(|_| dotted("refresh_token")),
    ];
    let lines = ["expires_in", "openid", "scope", "is_snapshotuser", "unionid"].map(|name| answer.line(name));
    Ok((grant, secrets.into_iter().chain(lines).flatten().collect()))
}
