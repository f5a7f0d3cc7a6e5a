//! getwxacodeunlimit: WeChat draws a code that opens a mini program with a scene ("getUnlimitedQRCode").

use crate::{
    ApiToken, Call, Class, Credentials, Error, WeChat,
    answer::Answer,
    call::{Outgoing, Repeat},
};
use serde_json::json;
use yaopai_domain::Timestamp;

/// A picture that WeChat drew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeImage {
    /// `image/jpeg` or `image/png`, told from the bytes.
    pub media_type: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl WeChat {
    /// `POST /wxa/getwxacodeunlimit`: a code that opens the home page of the published version with `scene` (1 to 32 characters).
    ///
    /// Works before the mini program is published (`check_path: false`). If WeChat refuses the token, a fresh one is
    /// fetched and the call repeated once.
    pub async fn mini_program_code(
        &self,
        app: &Credentials,
        token: &ApiToken,
        scene: &str,
        now: Timestamp,
    ) -> Call<CodeImage> {
        let first = self.draw(token, scene).await;
        match &first.result {
            Err(error) if error.class() == Some(Class::FreshToken) => {
                match self.api_token_other_than(app, Some(token), now).await.result {
                    Ok(fresh) => self.draw(&fresh, scene).await,
                    Err(_) => first,
                }
            }
            _ => first,
        }
    }

    async fn draw(&self, token: &ApiToken, scene: &str) -> Call<CodeImage> {
        let body = json!({ "scene": scene, "check_path": false, "env_version": "release" });
        let outgoing = Outgoing::post(&self.hosts.api, "wxa/getwxacodeunlimit", body)
            .secret("access_token", token.expose());
        self.ask_reply(outgoing, Repeat::WhenBusy, |reply| {
            let Some(media_type) = media_type(&reply.body) else {
                // Not a picture: an error in JSON, or nothing we know.
                Answer::read(&reply.host, reply.status, &reply.body)?;
                return Err(Error::Unexpected {
                    host: reply.host.clone(),
                    what: "no picture".to_owned(),
                });
            };
            let image = CodeImage {
                media_type,
                bytes: reply.body.clone(),
            };
            let line = format!("{media_type}: {} bytes", image.bytes.len());
            Ok((image, vec![line]))
        })
        .await
    }
}

fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some("image/jpeg")
    } else if bytes.starts_with(b"\x89PNG") {
        Some("image/png")
    } else {
        None
    }
}
