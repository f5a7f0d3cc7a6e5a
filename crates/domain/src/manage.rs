//! Bodies of the management API `/manage/v1`.

use crate::{ConnectionId, Identity, LoginAttempt, Refusal, Role, Timestamp, User, UserId};
use serde::{Deserialize, Serialize};

/// `GET /manage/v1/pools/{pool}`: whom the console is talking to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerInfo {
    /// Version of the backend.
    pub version: String,
    /// Name of the pool for people.
    pub pool_name: String,
    /// Where the backend is reached from outside.
    pub public_url: String,
    /// Which WeChat it talks to.
    pub wechat: WeChatEnvironment,
    /// What the caller may do in the pool.
    pub role: Role,
}

/// Which WeChat a backend talks to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WeChatEnvironment {
    /// WeChat itself.
    Real,
    /// A stand-in, at this address.
    Sandbox {
        /// Its address.
        url: String,
    },
}

/// `GET /manage/v1/pools/{pool}/connections/{id}/usage`: what deleting it would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConnectionUsage {
    /// People who have logged in with it.
    pub users: u32,
    /// Of those, people who have no other binding and could not log in any more.
    pub only_way_in: u32,
}

/// Body of `POST /manage/v1/pools/{pool}/connections/{id}/test-logins`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TestLoginRequest {
    /// Whether to decide only, and write no user. A disabled connection can only be tested so.
    pub dry_run: bool,
}

/// Answer of a test login: what to draw, and the attempt to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TestLogin {
    /// The attempt as it stands.
    pub attempt: LoginAttempt,
    /// What to draw.
    pub drawing: Drawing,
}

/// What to draw for a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Drawing {
    /// A QR code of this text.
    Text {
        /// The text.
        text: String,
    },
    /// WeChat's own picture.
    Image {
        /// Its media type.
        media_type: String,
        /// Its bytes in base64.
        base64: String,
    },
}

/// `POST /login/v1/miniprogram/scan`: what a mini program tells after its code was scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum MiniProgramScan {
    /// The mini program opened with this scene.
    Scanned {
        /// The scene of the code.
        scene: String,
    },
    /// The person agreed.
    Confirmed {
        /// The scene of the code.
        scene: String,
        /// The code of `wx.login`.
        code: String,
    },
    /// The person refused.
    Refused {
        /// The scene of the code.
        scene: String,
    },
}

/// `POST /login/v1/app-launch/code`: what a mini program brings that a mobile app has opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AppLaunchCode {
    /// The launch token that the app put into the path.
    pub launch: String,
    /// The code of `wx.login`.
    pub code: String,
}

/// `GET /manage/v1/pools/{pool}/users/{id}`: one user with all bindings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserRecord {
    /// The user.
    pub user: User,
    /// The bindings, oldest first.
    pub identities: Vec<Identity>,
}

/// A person whom a connection refused and whom an operator can let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RefusedPerson {
    /// The AppID that they came with.
    pub app_id: String,
    /// Their OpenID.
    pub open_id: String,
    /// The connection that refused them; absent once it is deleted.
    pub connection_id: Option<ConnectionId>,
    /// Their UnionID, if WeChat named it.
    pub union_id: Option<String>,
    /// Their nickname, if WeChat told it.
    pub nickname: Option<String>,
    /// Their avatar, if WeChat told it.
    pub avatar_url: Option<String>,
    /// Why they were refused: login-only, or their identifiers belong to two users.
    pub refusal: Refusal,
    /// The users who have an identifier of theirs: two who want to be merged, if there are two.
    pub holders: Vec<UserId>,
    /// When they came first.
    pub first_seen: Timestamp,
    /// When they came last.
    pub last_seen: Timestamp,
    /// How often they came.
    pub times: u32,
}
