//! Login attempts: one try to log in, leg by leg, so that nobody has to guess why it failed.

use crate::{AttemptId, ConnectionId, ConnectionKind, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// One try to log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoginAttempt {
    /// Its id.
    pub id: AttemptId,
    /// The connection that was tried; absent if nobody knows which one was meant.
    pub connection_id: Option<ConnectionId>,
    /// The kind of that connection.
    pub kind: Option<ConnectionKind>,
    /// Why somebody tried.
    pub purpose: Purpose,
    /// How somebody came; absent for test logins.
    pub via: Option<Via>,
    /// Whether it decides only, and writes no user.
    pub dry_run: bool,
    /// Where it stands.
    pub state: AttemptState,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself if nobody scans.
    pub expires_at: Timestamp,
    /// When it ended; absent while it runs.
    pub finished_at: Option<Timestamp>,
    /// What happened, in order. Each leg is added when it begins and completed when it ends.
    pub legs: Vec<Leg>,
    /// The decision; absent while it runs, and when nobody scanned or the person refused.
    pub verdict: Option<Verdict>,
}

/// How somebody came who tries to log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Via {
    /// The wire that was spoken: `cloudbase`, `authing`, `plain`, `oidc`.
    pub facade: String,
    /// The client's address, if it is known.
    pub client: Option<String>,
    /// By what the backend's log knows the request.
    pub request_id: Option<String>,
}

/// Why somebody tried to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// An operator tests a connection.
    Test,
    /// A person uses an application.
    Login,
}

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// The QR code is shown, nobody scanned it.
    Waiting,
    /// Somebody scanned it and has not decided. Kinds that cannot know skip this state.
    Scanned,
    /// The person agreed; the backend asks WeChat who it is.
    Confirmed,
    /// Done: there is a verdict, which may be a refusal by our rules.
    Decided,
    /// The person refused.
    Refused,
    /// Nobody decided in time.
    Expired,
    /// An operator closed it.
    Cancelled,
    /// It broke before a decision; the verdict says where.
    Failed,
}

impl AttemptState {
    /// Whether nothing more will happen.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Waiting | Self::Scanned | Self::Confirmed => false,
            Self::Decided | Self::Refused | Self::Expired | Self::Cancelled | Self::Failed => true,
        }
    }
}

/// One step of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Leg {
    /// Which step.
    pub name: LegName,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds; absent while it runs.
    pub took_ms: Option<u32>,
    /// How it ended.
    pub outcome: LegOutcome,
    /// What was asked, without secrets: `GET https://api.weixin.qq.com/sns/oauth2/access_token?appid=wx…&secret=••••&code=••••`.
    pub request: Option<String>,
    /// What was answered, without secrets, as short `name: value` lines.
    pub answer: Vec<String>,
    /// What went wrong.
    pub failure: Option<Failure>,
}

/// The steps an attempt can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LegName {
    /// A request arrives.
    Request,
    /// The backend opens WeChat's qrconnect page and takes its uuid.
    QrPage,
    /// The backend follows WeChat's long poll.
    LongPoll,
    /// The backend gets a token to call the WeChat API with.
    ApiToken,
    /// The backend has WeChat draw the mini-program code.
    MiniProgramCode,
    /// The person's WeChat opens the authorise page; the backend only learns of the callback.
    Authorize,
    /// WeChat's callback arrives.
    Callback,
    /// The mini program hands over its code.
    MiniProgramScan,
    /// The backend has WeChat make a QR code for a mobile app.
    SdkQr,
    /// The backend has WeChat make a QR code of an official account.
    FollowCode,
    /// Somebody scans that code and follows: WeChat pushes an event.
    FollowScan,
    /// The backend asks who follows.
    Follower,
    /// A mobile app opens the mini program, which hands over its code.
    AppLaunch,
    /// The code is exchanged for OpenID and session.
    CodeExchange,
    /// Nickname and avatar are fetched.
    UserInfo,
    /// The backend decides who this is.
    Resolve,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LegOutcome {
    /// It runs.
    Running,
    /// It went well.
    Done,
    /// It failed.
    Failed,
    /// It was not needed.
    Skipped,
}

/// What broke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Failure {
    /// WeChat answered with an error.
    WeChat(WeChatError),
    /// A host did not answer.
    Unreachable {
        /// Host and port that was called.
        host: String,
    },
    /// A host answered something that is not WeChat's protocol.
    UnexpectedAnswer {
        /// Host and port that was called.
        host: String,
        /// What was missing or wrong, without the body.
        what: String,
    },
    /// WeChat's page refused the request, for example "redirect_uri 参数错误".
    PageRefused {
        /// WeChat's own words.
        message: String,
    },
    /// The backend refused the request itself, and changed nothing.
    Rejected {
        /// Why.
        why: Rejected,
    },
}

/// Why the backend refused a request that was meant to be a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rejected {
    /// It is not what the endpoint takes.
    BadRequest,
    /// Nobody knows the application or connection.
    UnknownConnection,
    /// The connection is disabled.
    Disabled,
    /// The redirect target is none that was entered.
    ForeignRedirect,
    /// No attempt belongs to the state or scene.
    UnknownState,
    /// WeChat's answer came with another browser than the one that was sent to WeChat.
    OtherBrowser,
    /// The code or callback was used before.
    Replay,
    /// Encrypted data or a signature does not fit.
    TamperedData,
    /// A token or credential was refused.
    TokenRefused,
    /// Too many requests.
    TooMany,
}

/// WeChat's error answer. `errcode` is the only thing to branch on ("全局返回码说明").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WeChatError {
    /// The number.
    pub errcode: i32,
    /// WeChat's text, as sent.
    pub errmsg: String,
    /// WeChat's request id, with which its support finds the call (kept 7 days).
    pub rid: Option<String>,
}

/// The decision about an attempt. With a dry run it says what would happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Verdict {
    /// The person is this user.
    LogIn {
        /// The user.
        user_id: UserId,
        /// The user's best name, if one is known.
        name: Option<String>,
        /// Whether a UnionID became known that the user did not have before.
        union_id_added: bool,
        /// Whom WeChat named.
        person: WeChatPerson,
    },
    /// The person is new; the user was created (a dry run: would be).
    Create {
        /// The new user; absent in a dry run.
        user_id: Option<UserId>,
        /// Whom WeChat named.
        person: WeChatPerson,
    },
    /// Our rules refuse the person.
    Refuse {
        /// The rule.
        refusal: Refusal,
        /// Whom WeChat named.
        person: WeChatPerson,
    },
    /// It broke before a decision.
    Fail {
        /// Where.
        leg: LegName,
        /// Why.
        failure: Failure,
    },
}

impl Verdict {
    /// The user who is let in.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::LogIn { user_id, .. } => Some(*user_id),
            Self::Create { user_id, .. } => *user_id,
            Self::Refuse { .. } | Self::Fail { .. } => None,
        }
    }
}

/// Why a person may not log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The connection is login-only and nobody has this identity (design rule 3).
    LoginOnly,
    /// A visitor of a snapshot page is not a real person (design rule 6).
    SnapshotUser,
    /// The user is blocked.
    UserBlocked,
    /// OpenID and UnionID belong to two different users, who must be merged first.
    TwoUsers,
}

/// Whom WeChat named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WeChatPerson {
    /// Unique for the AppID.
    pub open_id: String,
    /// Unique for the Open Platform account; absent if the app is not bound to one.
    pub union_id: Option<String>,
    /// Nickname; absent if WeChat did not say.
    pub nickname: Option<String>,
    /// Avatar; absent if WeChat did not say.
    pub avatar_url: Option<String>,
    /// Whether nickname and avatar are the ones WeChat gives to everybody.
    pub anonymous: bool,
}
