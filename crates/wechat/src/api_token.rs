//! API tokens: fetched from stable_token, kept until shortly before they die, one fetch at a time for each app.

use crate::{
    ApiToken, Call, Credentials, WeChat,
    call::{Outgoing, Repeat, dotted},
};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use yaopai_domain::{AppSecret, Timestamp};

/// A kept token is not used any more this long before its end (ms): WeChat renews by itself 5 minutes before.
const MARGIN_MILLIS: i64 = 5 * 60 * 1000;

/// The tokens that are kept, by AppID. The inner lock makes one refresher of many callers.
#[derive(Default)]
pub(crate) struct ApiTokens(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<Kept>>>>>);

struct Kept {
    // A token that was fetched with another secret says nothing about the one that is asked for now.
    secret: AppSecret,
    token: ApiToken,
    usable_until: Timestamp,
}

impl ApiTokens {
    fn of(&self, app_id: &str) -> Arc<tokio::sync::Mutex<Option<Kept>>> {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tokens.entry(app_id.to_owned()).or_default())
    }
}

impl WeChat {
    /// A token for the server API: the kept one, or a new one by `POST /cgi-bin/stable_token` ("getStableAccessToken").
    pub async fn api_token(&self, app: &Credentials, now: Timestamp) -> Call<ApiToken> {
        self.api_token_other_than(app, None, now).await
    }

    /// As [`WeChat::api_token`], but never the token `dead`, which WeChat has just refused.
    pub(crate) async fn api_token_other_than(
        &self,
        app: &Credentials,
        dead: Option<&ApiToken>,
        now: Timestamp,
    ) -> Call<ApiToken> {
        let kept = self.api_tokens.of(&app.app_id);
        let mut kept = kept.lock().await;
        if let Some(kept) = kept.as_ref()
            && kept.secret == app.app_secret
            && kept.usable_until > now
            && dead != Some(&kept.token)
        {
            return Call {
                request: None,
                answer: vec![dotted("access_token")],
                result: Ok(kept.token.clone()),
            };
        }
        *kept = None;
        let body = json!({
            "grant_type": "client_credential",
            "appid": app.app_id,
            "secret": app.app_secret.expose(),
            "force_refresh": false,
        });
        let outgoing = Outgoing::post(&self.hosts.api, "cgi-bin/stable_token", body);
        let call = self
            .ask(outgoing, Repeat::WhenBusy, |answer| {
                let token = ApiToken::new(answer.required("access_token")?);
                let seconds = answer.number("expires_in").unwrap_or_default();
                let lines = [Some(dotted("access_token")), answer.line("expires_in")];
                Ok(((token, seconds), lines.into_iter().flatten().collect()))
            })
            .await;
        let result = call.result.map(|(token, seconds)| {
            *kept = Some(Kept {
                secret: app.app_secret.clone(),
                token: token.clone(),
                // Counted from before the call: the token is a little younger than that.
                usable_until: now.plus_millis(seconds.saturating_mul(1000) - MARGIN_MILLIS),
            });
            token
        });
        Call {
            request: call.request,
            answer: call.answer,
            result,
        }
    }
}
