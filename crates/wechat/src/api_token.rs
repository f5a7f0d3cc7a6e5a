//! API tokens: fetched from stable_token, kept until shortly before they die, replaced once if WeChat refuses one.

use crate::{
    ApiToken, Call, Class, Credentials, Error, WeChat,
    call::{Outgoing, Read, Repeat, Reply, dotted},
    kept::Kept,
};
use serde_json::json;
use yaopai_domain::Timestamp;

impl WeChat {
    /// A token for the server API: the kept one, or a new one by `POST /cgi-bin/stable_token` ("getStableAccessToken").
    ///
    /// WeChat gives every instance of a backend the same one, so that none ends another's.
    pub async fn api_token(&self, app: &Credentials, now: Timestamp) -> Call<ApiToken> {
        self.api_token_other_than(app, None, now).await
    }

    /// Makes a call that needs a token. If WeChat refuses the token (40001, 40014, 42001), the call is made once more
    /// with another one; never twice, and not at all if WeChat has no other.
    ///
    /// `outgoing` comes without the token. If no token is to be had, that call is the answer.
    pub(crate) async fn with_api_token<T>(
        &self,
        app: &Credentials,
        now: Timestamp,
        outgoing: Outgoing,
        repeat: Repeat,
        read: impl Fn(&Reply) -> Read<T>,
    ) -> Call<T> {
        let ask = |token: &ApiToken| {
            let outgoing = outgoing.clone().secret("access_token", token.expose());
            self.ask_reply(outgoing, repeat, &read)
        };
        let Call {
            request,
            answer,
            result,
        } = self.api_token(app, now).await;
        let token = match result {
            Ok(token) => token,
            Err(error) => {
                return Call {
                    request,
                    answer,
                    result: Err(error),
                };
            }
        };
        let first = ask(&token).await;
        let refused = |error: &Error| error.class() == Some(Class::FreshToken);
        if !first.result.as_ref().is_err_and(refused) {
            return first;
        }
        let fresh = self.api_token_other_than(app, Some(&token), now).await;
        match fresh.result {
            Ok(other) if other != token => ask(&other).await,
            Ok(_) => first,
            // Says more than the refusal: the secret was reset, for example.
            Err(error) => Call {
                request: fresh.request,
                answer: fresh.answer,
                result: Err(error),
            },
        }
    }

    /// As [`WeChat::api_token`], but without using the kept token if it is `dead`, which WeChat has just refused.
    ///
    /// stable_token may answer the same one again; it is not kept then.
    async fn api_token_other_than(
        &self,
        app: &Credentials,
        dead: Option<&ApiToken>,
        now: Timestamp,
    ) -> Call<ApiToken> {
        let place = self.api_tokens.of(&app.app_id);
        let mut place = place.lock().await;
        if let Some(token) = place.as_ref().and_then(|kept| kept.usable(app, dead, now)) {
            return Call {
                request: None,
                answer: vec![dotted("access_token")],
                result: Ok(token),
            };
        }
        *place = None;
        let body = json!({
            "grant_type": "client_credential",
            "appid": app.app_id,
            "secret": app.app_secret.expose(),
            "force_refresh": false,
        });
        let outgoing = Outgoing::post(&self.hosts.api, "cgi-bin/stable_token", body, &["/secret"]);
        let call = self
            .ask(outgoing, Repeat::WhenBusy, |answer| {
                let token = ApiToken::new(answer.required("access_token")?);
                let seconds = answer.number("expires_in").unwrap_or_default();
                let lines = [Some(dotted("access_token")), answer.line("expires_in")];
                Ok(((token, seconds), lines.into_iter().flatten().collect()))
            })
            .await;
        call.map(|(token, seconds)| {
            *place = (dead != Some(&token)).then(|| Kept::new(app, token.clone(), seconds, now));
            token
        })
    }
}
