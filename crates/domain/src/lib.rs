//! Words and rules of Yaopai, with no I/O, no async and no clock of its own.
//!
//! Both ends of the wire (the backend and the console) speak in these types, so a rule is written once and answers the
//! same way in a form field, at an HTTP endpoint and in a bootstrap file. Time and randomness come in as arguments
//! ([`Clock`], [`Entropy`]); the feature `system` adds the real ones for programs.

mod access;
mod access_key;
mod ambient;
mod application;
mod attempt;
mod audit;
mod connection;
mod digest;
mod email;
mod id;
mod kind;
mod login_name;
mod manage;
mod merge;
mod metadata;
mod mutation;
mod operator;
mod person_name;
mod phone;
mod planted;
mod platform_account;
mod problem;
mod rule;
mod secret;
mod settings;
mod setup;
mod shown_once;
mod sync;
mod user;
mod verification_file;
mod web_url;

pub use access::{Action, Role};
pub use access_key::{AccessKey, AccessKeyDraft, NewAccessKey};
#[cfg(feature = "system")]
pub use ambient::System;
pub use ambient::{Clock, Entropy, Timestamp};
pub use application::{
    ApplicationDraft, ApplicationRecord, ApplicationSecret, NewApplicationSecret, TokenAlgorithm,
    ValidApplication,
};
pub use attempt::{
    AttemptState, Failure, Leg, LegName, LegOutcome, LoginAttempt, Purpose, Refusal, Rejected, Verdict, Via,
    WeChatError, WeChatPerson,
};
pub use audit::{AuditEntry, AuditPage};
pub use connection::{
    APP_ID_LENGTH, Connection, ConnectionDraft, IDENTIFIER_MAX, SecretState, ValidConnection, validate_draft,
};
pub use digest::Digest;
pub use email::{Email, InvalidEmail};
pub use id::{
    AccessKeyId, ApplicationId, AttemptId, ClientId, ConnectionId, IdentityId, InvalidName, MergeId,
    MutationId, OperatorId, PlatformAccountId, PoolId, SessionId, UserId,
};
pub use kind::{ConnectionKind, UnknownKind};
pub use login_name::{InvalidLoginName, InvalidUsername, LoginName, LoginNameKind, Username};
pub use manage::{
    AppLaunchCode, ConnectionUsage, Drawing, MiniProgramScan, RefusedPerson, ServerInfo, TestLogin,
    TestLoginRequest, UserRecord, WeChatEnvironment,
};
pub use merge::{Difference, Merge, MergePreview, MergeRequest, Merged, Side, Unmerged, merge, unmerge};
pub use metadata::{Metadata, MetadataEntry, MetadataKey, MetadataValue, parse_entry};
pub use mutation::{
    Act, FieldGroup, Mutation, MutationOutcome, NewUser, Outcome, Patch, PushAnswer, PushRejection,
    PushRequest, PushResult, PushResults, UnknownFieldGroup, next_chain,
};
pub use operator::{Operator, OperatorDraft};
pub use person_name::{InvalidPersonName, PersonName};
pub use phone::{InvalidPhone, Phone};
#[cfg(feature = "planted")]
pub use planted::plant;
pub use planted::{Bug, planted};
pub use platform_account::{PlatformAccount, PlatformAccountDraft};
pub use problem::{Code, Problem};
pub use rule::{FieldError, Rule};
pub use secret::{AppSecret, EncodingAesKey, Fingerprint, PushToken};
pub use settings::{ConnectionSettings, MiniProgramVersion, PushMode, WebScope};
pub use setup::{SetupPlace, SetupSheet, SetupValue};
pub use shown_once::ShownOnce;
pub use sync::{
    Change, Entity, EntityKey, EntityType, Hint, LoadPlan, LoadRequest, PageEnd, PullPage, PullRequest,
    PullReset, Refused, ResetReason, Revision, Seen,
};
pub use user::{
    Identity, IdentityScope, Profile, ProfileField, Source, Sourced, User, UserStatus, is_anonymous_avatar,
    is_anonymous_nickname,
};
pub use verification_file::{VERIFICATION_FILE_MAX_BYTES, VerificationFile, is_verification_file_name};
pub use web_url::{Reach, reach};
