//! Links that open a mini program from outside WeChat ("generateScheme", "generateUrlLink").

use crate::{
    Call, Credentials, Link, MiniProgramVersion, WeChat,
    answer::Answer,
    call::{Outgoing, Read, Repeat, dotted, json},
};
use serde_json::{Value, json};
use yaopai_domain::Timestamp;

/// What a link opens, and how long. Only verified mini programs of organisations may make links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkTarget<'a> {
    /// The page, without a query; empty for the home page.
    pub path: &'a str,
    /// The query, up to 1024 characters.
    pub query: &'a str,
    /// The version that is opened.
    pub version: MiniProgramVersion,
    /// When the link ends: at most 30 days ahead.
    pub until: Timestamp,
}

impl LinkTarget<'_> {
    /// The end in WeChat's terms: `expire_type` 0 is a moment in seconds.
    fn with_end(&self, mut body: Value) -> Value {
        body["expire_type"] = json!(0);
        body["expire_time"] = json!(self.until.0 / 1000);
        body
    }
}

impl WeChat {
    /// `POST /wxa/generatescheme`: a `weixin://` address.
    pub async fn scheme(&self, app: &Credentials, target: &LinkTarget<'_>, now: Timestamp) -> Call<Link> {
        let jump =
            json!({ "path": target.path, "query": target.query, "env_version": target.version.as_str() });
        let body = target.with_end(json!({ "jump_wxa": jump, "is_expire": true }));
        let confidential = ["/jump_wxa/query"];
        let outgoing = Outgoing::post(&self.hosts.api, "wxa/generatescheme", body, &confidential);
        self.with_api_token(app, now, outgoing, Repeat::WhenBusy, json(link("openlink")))
            .await
    }

    /// `POST /wxa/generate_urllink`: an `https://` address.
    pub async fn url_link(&self, app: &Credentials, target: &LinkTarget<'_>, now: Timestamp) -> Call<Link> {
        let body = target.with_end(json!({
            "path": target.path,
            "query": target.query,
            "env_version": target.version.as_str(),
        }));
        let outgoing = Outgoing::post(&self.hosts.api, "wxa/generate_urllink", body, &["/query"]);
        self.with_api_token(app, now, outgoing, Repeat::WhenBusy, json(link("url_link")))
            .await
    }
}

/// Reads a link.
fn link(name: &'static str) -> impl Fn(&Answer) -> Read<Link> {
    move |answer| Ok((Link::new(answer.required(name)?), vec![dotted(name)]))
}
