//! A mini program's session with a person: begun by a login code, checked, and ended by a reset of its key.

use crate::{
    Call, Credentials, LoginCode, SessionKey, WeChat,
    answer::Answer,
    call::{Outgoing, Repeat, dotted, json, ok},
    crypto::{hmac_sha256_hex, same, sha1_hex},
};
use yaopai_domain::Timestamp;

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

    /// `GET /wxa/checksession` ("checkSessionKey"): goes well if `session_key` is the present one; 87009 if it is not,
    /// 87007 if the person has no session.
    pub async fn check_session(
        &self,
        app: &Credentials,
        open_id: &str,
        session_key: &SessionKey,
        now: Timestamp,
    ) -> Call<()> {
        let outgoing = self.signed("wxa/checksession", open_id, session_key);
        self.with_api_token(app, now, outgoing, Repeat::WhenBusy, json(ok))
            .await
    }

    /// `GET /wxa/resetusersessionkey` ("ResetUserSessionKey"): ends `session_key` at once and brings its successor,
    /// which keeps the old end. Never repeated: a second call would be signed with a key that is dead.
    pub async fn reset_session_key(
        &self,
        app: &Credentials,
        open_id: &str,
        session_key: &SessionKey,
        now: Timestamp,
    ) -> Call<SessionKey> {
        let outgoing = self.signed("wxa/resetusersessionkey", open_id, session_key);
        let read = json(|answer: &Answer| {
            if answer.required("openid")? != open_id {
                return Err(answer.unexpected("another openid than was asked for"));
            }
            let fresh = SessionKey::new(answer.required("session_key")?);
            Ok((fresh, vec![format!("openid: {open_id}"), dotted("session_key")]))
        });
        self.with_api_token(app, now, outgoing, Repeat::Never, read).await
    }

    fn signed(&self, path: &str, open_id: &str, session_key: &SessionKey) -> Outgoing {
        Outgoing::get(&self.hosts.api, path)
            .plain("openid", open_id)
            .secret("signature", &session_key.sign(""))
            .plain("sig_method", "hmac_sha256")
    }
}

impl SessionKey {
    /// The login-state signature of a call ("用户登录态签名"): of its body, or of nothing with GET. The key is its
    /// base64 text, not what that stands for.
    pub fn sign(&self, message: &str) -> String {
        hmac_sha256_hex(self.expose(), message)
    }

    /// Whether `signature` was made over `raw_data` (exactly as the client sent it) with this key ("开放数据校验与解密").
    ///
    /// It proves that the client knows the key. It says nothing about whether the data are true, or fresh.
    pub fn signed_raw_data(&self, raw_data: &str, signature: &str) -> bool {
        same(&sha1_hex(&[raw_data, self.expose()]), signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn vectors(name: &str, length: usize) -> Vec<Value> {
        let vectors: Value = serde_json::from_str(include_str!("../tests/vectors.json")).unwrap();
        let vectors = vectors[name].as_array().unwrap().clone();
        assert_eq!(vectors.len(), length);
        vectors
    }

    fn key(vector: &Value) -> SessionKey {
        SessionKey::new(vector["session_key"].as_str().unwrap())
    }

    #[test]
    fn signs_with_the_text_of_the_key() {
        for vector in vectors("login_state", 3) {
            let signature = key(&vector).sign(vector["message"].as_str().unwrap());
            assert_eq!(signature, vector["signature"].as_str().unwrap(), "{vector}");
        }
    }

    #[test]
    fn raw_data_is_checked_to_the_letter() {
        for vector in vectors("raw_data", 4) {
            let raw_data = vector["raw_data"].as_str().unwrap();
            let signature = vector["signature"].as_str().unwrap();
            assert!(key(&vector).signed_raw_data(raw_data, signature), "{vector}");
            let altered = raw_data.replace("gender", "Gender");
            assert!(!key(&vector).signed_raw_data(&altered, signature), "{vector}");
            let other = SessionKey::new("AAAAAAAAAAAAAAAAAAAAAA==");
            assert!(!other.signed_raw_data(raw_data, signature), "{vector}");
            for wrong in ["", &signature[1..], &signature.to_uppercase()] {
                assert!(!key(&vector).signed_raw_data(raw_data, wrong), "{wrong}");
            }
        }
    }
}
