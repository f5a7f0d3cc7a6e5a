//! Pictures that WeChat draws and a phone scans to open a mini program ("getUnlimitedQRCode", "getQRCode", "createQRCode").

use crate::{
    Call, Credentials, WeChat,
    answer::Answer,
    call::{Outgoing, Read, Repeat, Reply},
};
use serde_json::{Value, json};
use yaopai_domain::Timestamp;

/// A picture that WeChat drew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeImage {
    /// `image/jpeg` or `image/png`, told from the bytes.
    pub media_type: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl CodeImage {
    /// A picture of a kind that WeChat draws; `None` for anything else.
    pub(crate) fn of(bytes: Vec<u8>) -> Option<Self> {
        let media_type = if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            "image/jpeg"
        } else if bytes.starts_with(b"\x89PNG") {
            "image/png"
        } else {
            return None;
        };
        Some(Self { media_type, bytes })
    }

    /// What people see of it.
    pub(crate) fn line(&self) -> String {
        format!("{}: {} bytes", self.media_type, self.bytes.len())
    }
}

/// Which version of a mini program is opened. Only its testers can open one that is not released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MiniProgramVersion {
    /// The published one.
    Release,
    /// The one under review (体验版).
    Trial,
    /// The one of the developer tools.
    Develop,
}

impl MiniProgramVersion {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Trial => "trial",
            Self::Develop => "develop",
        }
    }
}

/// What a code with a scene opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScenePage<'a> {
    /// The page, without `/` before it and without a query; `None` is the home page.
    pub page: Option<&'a str>,
    /// Which version.
    pub version: MiniProgramVersion,
}

impl ScenePage<'_> {
    /// The home page of the published version.
    pub const HOME: Self = Self {
        page: None,
        version: MiniProgramVersion::Release,
    };
}

impl WeChat {
    /// `POST /wxa/getwxacodeunlimit`: a code that opens a page with `scene` (1 to 32 characters). Any number of them can
    /// be made.
    ///
    /// Works before the mini program is published (`check_path: false`).
    pub async fn mini_program_code(
        &self,
        app: &Credentials,
        page: &ScenePage<'_>,
        scene: &str,
        now: Timestamp,
    ) -> Call<CodeImage> {
        let mut body = json!({ "scene": scene, "check_path": false, "env_version": page.version.as_str() });
        if let Some(page) = page.page {
            body["page"] = json!(page);
        }
        // With a scene, a stranger could hand over a code in somebody's place.
        self.draw(app, "wxa/getwxacodeunlimit", body, "/scene", now).await
    }

    /// `POST /wxa/getwxacode`: a round code that opens `path` (up to 1024 characters, with its query).
    ///
    /// An account can make 100,000 of these and of [`WeChat::path_qr_code`] together, ever (then 45029).
    pub async fn path_code(
        &self,
        app: &Credentials,
        path: &str,
        version: MiniProgramVersion,
        now: Timestamp,
    ) -> Call<CodeImage> {
        let body = json!({ "path": path, "env_version": version.as_str() });
        self.draw(app, "wxa/getwxacode", body, "/path", now).await
    }

    /// `POST /cgi-bin/wxaapp/createwxaqrcode`: a square QR code that opens `path` (up to 128 characters).
    pub async fn path_qr_code(&self, app: &Credentials, path: &str, now: Timestamp) -> Call<CodeImage> {
        let body = json!({ "path": path });
        self.draw(app, "cgi-bin/wxaapp/createwxaqrcode", body, "/path", now)
            .await
    }

    async fn draw(
        &self,
        app: &Credentials,
        path: &str,
        body: Value,
        confidential: &str,
        now: Timestamp,
    ) -> Call<CodeImage> {
        let outgoing = Outgoing::post(&self.hosts.api, path, body, &[confidential]);
        self.with_api_token(app, now, outgoing, Repeat::WhenBusy, picture)
            .await
    }
}

fn picture(reply: &Reply) -> Read<CodeImage> {
    let Some(image) = CodeImage::of(reply.body.clone()) else {
        // Not a picture: an error in JSON, or nothing we know.
        let answer = Answer::read(&reply.host, reply.status, &reply.body)?;
        return Err(answer.unexpected("no picture"));
    };
    let line = image.line();
    Ok((image, vec![line]))
}
