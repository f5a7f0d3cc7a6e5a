//! Follow to log in: a QR code of an official account, and whether a person follows it ("生成带参数的二维码", "获取用户基本信息").

use crate::{
    Call, Credentials, FollowTicket, WeChat,
    answer::Answer,
    call::{Outgoing, Repeat, dotted, json},
    hosts,
};
use serde_json::json;
use std::fmt;
use url::Url;
use yaopai_domain::Timestamp;

/// The longest time a follow code may live, in seconds: 30 days.
pub const FOLLOW_CODE_MAX_SECONDS: u32 = 30 * 24 * 60 * 60;

/// A QR code of an official account: whoever scans it follows the account, or is asked to, and WeChat pushes the scene.
///
/// It prints without ticket and address: who knows them could have somebody else scan.
#[derive(Clone, PartialEq, Eq)]
pub struct FollowCode {
    /// Stands for WeChat's own picture ([`WeChat::follow_code_picture`]).
    pub ticket: FollowTicket,
    /// What the QR code says, to draw it oneself.
    pub text: String,
    /// How long it lives, in seconds.
    pub expires_in: i64,
}

impl fmt::Debug for FollowCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowCode")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// What an official account knows about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    /// Whether the person follows the account.
    pub follows: bool,
    /// Unique for the AppID.
    pub open_id: String,
    /// Unique for the Open Platform account; absent if the account is not bound to one, or the person does not follow.
    pub union_id: Option<String>,
    /// Since when the person follows.
    pub since: Option<Timestamp>,
}

impl WeChat {
    /// `POST /cgi-bin/qrcode/create` (`QR_STR_SCENE`): a code with `scene` (1 to 64 characters) that lives `seconds`.
    ///
    /// Every login needs a scene of its own with 128 random bits: who knows it could log in in somebody's place.
    pub async fn follow_code(
        &self,
        app: &Credentials,
        scene: &str,
        seconds: u32,
        now: Timestamp,
    ) -> Call<FollowCode> {
        let body = json!({
            "expire_seconds": seconds.min(FOLLOW_CODE_MAX_SECONDS),
            "action_name": "QR_STR_SCENE",
            "action_info": { "scene": { "scene_str": scene } },
        });
        let confidential = ["/action_info/scene/scene_str"];
        let outgoing = Outgoing::post(&self.hosts.api, "cgi-bin/qrcode/create", body, &confidential);
        let read = json(|answer: &Answer| {
            let code = FollowCode {
                ticket: FollowTicket::new(answer.required("ticket")?),
                text: answer.required("url")?,
                expires_in: answer.number("expire_seconds").unwrap_or_default(),
            };
            let lines = [
                Some(dotted("ticket")),
                answer.line("expire_seconds"),
                Some(dotted("url")),
            ];
            Ok((code, lines.into_iter().flatten().collect()))
        });
        self.with_api_token(app, now, outgoing, Repeat::WhenBusy, read)
            .await
    }

    /// The address of WeChat's picture of a follow code (`/cgi-bin/showqrcode`, a JPEG).
    pub fn follow_code_picture(&self, ticket: &FollowTicket) -> Url {
        let mut url = hosts::below(&self.hosts.pictures(), "cgi-bin/showqrcode");
        url.query_pairs_mut().append_pair("ticket", ticket.expose());
        url
    }

    /// `GET /cgi-bin/user/info`: whether the person follows, and the UnionID. Nickname and avatar are gone since 2021.
    pub async fn follower(&self, app: &Credentials, open_id: &str, now: Timestamp) -> Call<Follower> {
        let outgoing = Outgoing::get(&self.hosts.api, "cgi-bin/user/info")
            .plain("openid", open_id)
            .plain("lang", "zh_CN");
        let read = json(|answer: &Answer| {
            let follows = answer
                .number("subscribe")
                .ok_or_else(|| answer.unexpected("no subscribe"))?;
            let follower = Follower {
                follows: follows == 1,
                open_id: answer.required("openid")?,
                union_id: answer.text("unionid"),
                since: answer
                    .number("subscribe_time")
                    .map(|seconds| Timestamp(seconds.saturating_mul(1000))),
            };
            if follower.open_id != open_id {
                return Err(answer.unexpected("another openid than was asked for"));
            }
            let names = ["subscribe", "openid", "unionid", "subscribe_time"];
            let lines = names.map(|name| answer.line(name));
            Ok((follower, lines.into_iter().flatten().collect()))
        });
        self.with_api_token(app, now, outgoing, Repeat::WhenBusy, read)
            .await
    }
}
