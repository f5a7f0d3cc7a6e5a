//! The QR page of a website app (`/connect/qrconnect`): opened by us, so that a QR code can be drawn anywhere.

use crate::{
    Call, Error, WeChat,
    call::{Outgoing, Repeat, dotted},
    hosts,
};
use url::Url;

/// WeChat's own words for a refused page ("网站应用微信登录开发指南", reports of users).
const REFUSALS: [&str; 5] = [
    "redirect_uri 参数错误",
    "Scope 参数错误或没有 Scope 权限",
    "AppID 参数错误",
    "state 参数错误",
    "该链接无法访问",
];

/// A QR code that WeChat waits for.
#[derive(Clone, PartialEq, Eq)]
pub struct QrUuid(String);

impl QrUuid {
    /// 16 characters of `[0-9A-Za-z_-]`. Whoever knows it can follow the long poll.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The uuid at the start of a text; `None` if there is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let end = text
            .find(|character: char| !character.is_ascii_alphanumeric() && !matches!(character, '_' | '-'))
            .unwrap_or(text.len());
        (end > 0).then(|| Self(text[..end].to_owned()))
    }
}

impl std::fmt::Debug for QrUuid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("QrUuid(••••)")
    }
}

impl WeChat {
    /// `GET /connect/qrconnect`: opens the page and takes the uuid of its QR code.
    pub async fn open_qr_page(&self, app_id: &str, redirect_uri: &Url, state: &str) -> Call<QrUuid> {
        let outgoing = Outgoing::get(&self.hosts.open, "connect/qrconnect")
            .plain("appid", app_id)
            .plain("redirect_uri", redirect_uri.as_str())
            .plain("response_type", "code")
            .plain("scope", "snsapi_login")
            .secret("state", state);
        self.ask_reply(outgoing, Repeat::Never, |reply| {
            let page = String::from_utf8_lossy(&reply.body);
            if let Some(uuid) = uuid_of_page(&page) {
                return Ok((uuid, vec![dotted("uuid")]));
            }
            let refusal = REFUSALS.into_iter().find(|words| page.contains(words));
            Err(match refusal {
                Some(words) => Error::PageRefused {
                    message: words.to_owned(),
                },
                None => Error::Unexpected {
                    host: reply.host.clone(),
                    what: format!("no QR code on the page (HTTP {})", reply.status),
                },
            })
        })
        .await
    }

    /// What the QR code of a page says: the address that the phone opens.
    pub fn confirm_url(&self, uuid: &QrUuid) -> Url {
        let mut url = hosts::below(&self.hosts.open, "connect/confirm");
        url.query_pairs_mut().append_pair("uuid", uuid.as_str());
        url
    }
}

/// Finds `src="/connect/qrcode/UUID"` in an `img` tag; WeChat changes everything else about the page.
fn uuid_of_page(page: &str) -> Option<QrUuid> {
    page.split("<img")
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .find_map(|tag| {
            let (_, after) = tag.split_once("/connect/qrcode/")?;
            QrUuid::read(after)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain(
        r#"<img class="qrcode lightBorder" src="/connect/qrcode/0a1B-c_d2E3f4G5h">"#,
        Some("0a1B-c_d2E3f4G5h")
    )]
    #[case::today(
        r#"<div><img src='x.png'><img class="js_qrcode_img web_qrcode_img" src="/connect/qrcode/061abcDEF0123456"/></div>"#,
        Some("061abcDEF0123456")
    )]
    #[case::absolute(
        r#"<img src="https://open.weixin.qq.com/connect/qrcode/061abcDEF0123456?x=1">"#,
        Some("061abcDEF0123456")
    )]
    #[case::not_an_image(r#"<a href="/connect/qrcode/061abcDEF0123456">"#, None)]
    #[case::empty(r#"<img src="/connect/qrcode/">"#, None)]
    #[case::refusal("<h4>redirect_uri 参数错误</h4>", None)]
    fn finds_the_uuid_of_the_page(#[case] page: &str, #[case] expected: Option<&str>) {
        assert_eq!(uuid_of_page(page).as_ref().map(QrUuid::as_str), expected);
    }

    proptest! {
        #[test]
        fn reads_any_page_without_panic(page in "(<img|/connect/qrcode/|[a-z码>\"]){0,20}") {
            let _ = uuid_of_page(&page);
        }
    }
}
