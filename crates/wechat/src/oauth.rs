//! What a person allowed an app: code → token, nickname and avatar (`sns/*`, "网页授权"). The same for website, official
//! account and mobile app.

use crate::{
    Call, Credentials, LoginCode, RefreshToken, UserToken, WeChat,
    answer::Answer,
    call::{Outgoing, Read, Repeat, dotted, ok},
};

/// What a person allowed an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Lets the app ask about the person.
    pub token: UserToken,
    /// How long the token lives, in seconds.
    pub expires_in: i64,
    /// Renews the token for 30 days after the person agreed; renewing does not prolong it.
    pub refresh_token: Option<RefreshToken>,
    /// What the person agreed to: `snsapi_base`, `snsapi_userinfo`, `snsapi_login`.
    pub scopes: Vec<String>,
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

    /// `GET /sns/oauth2/refresh_token`: a living token gets a new end, a dead one is replaced. No secret is needed.
    pub async fn refresh_grant(&self, app_id: &str, refresh_token: &RefreshToken) -> Call<Grant> {
        let outgoing = Outgoing::get(&self.hosts.api, "sns/oauth2/refresh_token")
            .plain("appid", app_id)
            .plain("grant_type", "refresh_token")
            .secret("refresh_token", refresh_token.expose());
        self.ask(outgoing, Repeat::WhenBusy, read_grant).await
    }

    /// `GET /sns/auth`: goes well if the token lives and is this person's; 40003 if it is somebody else's.
    pub async fn check_user_token(&self, token: &UserToken, open_id: &str) -> Call<()> {
        let outgoing = Outgoing::get(&self.hosts.api, "sns/auth")
            .secret("access_token", token.expose())
            .plain("openid", open_id);
        self.ask(outgoing, Repeat::WhenBusy, ok).await
    }

    /// `GET /sns/userinfo`: nickname and avatar; errcode 48001 if the scope does not permit it.
    pub async fn user_info(&self, token: &UserToken, open_id: &str) -> Call<UserInfo> {
        let outgoing = Outgoing::get(&self.hosts.api, "sns/userinfo")
            .secret("access_token", token.expose())
            .plain("openid", open_id)
            .plain("lang", "zh_CN");
        self.ask(outgoing, Repeat::WhenBusy, |answer| {
            let info = UserInfo {
                open_id: answer.required("openid")?,
                union_id: answer.text("unionid"),
                nickname: answer.text("nickname"),
                avatar_url: answer.text("headimgurl"),
            };
            if info.open_id != open_id {
                return Err(answer.unexpected("another openid than was asked for"));
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
        expires_in: answer.number("expires_in").unwrap_or_default(),
        // WeChat always sends one; lenient stand-ins may not.
        refresh_token: answer.text("refresh_token").map(RefreshToken::new),
        scopes: scopes(&answer.text("scope").unwrap_or_default()),
        open_id: answer.required("openid")?,
        union_id: answer.text("unionid"),
        snapshot_user: answer.number("is_snapshotuser") == Some(1),
    };
    let secrets = [
        Some(dotted("access_token")),
        grant.refresh_token.as_ref().map(|_| dotted("refresh_token")),
    ];
    let lines = ["expires_in", "openid", "scope", "is_snapshotuser", "unionid"].map(|name| answer.line(name));
    Ok((grant, secrets.into_iter().chain(lines).flatten().collect()))
}

/// A list with commas between, and sometimes one at the end.
fn scopes(text: &str) -> Vec<String> {
    let scopes = text.split(',').map(str::trim);
    scopes
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("snsapi_login", &["snsapi_login"])]
    #[case("snsapi_base,snsapi_userinfo,", &["snsapi_base", "snsapi_userinfo"])]
    #[case("", &[])]
    fn reads_scopes(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(scopes(text), expected);
    }
}
