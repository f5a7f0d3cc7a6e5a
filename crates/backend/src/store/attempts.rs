//! Login attempts.

use super::Reply;
use crate::login::Step;
use yaopai_domain::{AttemptId, LoginAttempt, PoolId};

/// Who may exchange a code.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Claim {
    /// The caller; the attempt is confirmed now.
    First(LoginAttempt),
    /// Nobody any more: this attempt has the outcome, or will have it soon (design rule 2).
    Again(LoginAttempt),
}

/// A code that wants to be exchanged.
#[derive(Debug, Clone)]
pub(crate) struct CodeClaim {
    /// The AppID it belongs to.
    pub(crate) app_id: String,
    /// SHA-256 of the code (hex); the code itself is not stored.
    pub(crate) code_hash: String,
}

/// Login attempts. An attempt that has ended never changes again.
pub(crate) trait AttemptStore {
    /// Writes a new attempt. WeChat's answer will find it by `nonce_hash`.
    fn begin_attempt(
        &self,
        pool: &PoolId,
        attempt: LoginAttempt,
        nonce_hash: Option<String>,
    ) -> Reply<'_, ()>;

    /// One attempt.
    fn attempt(&self, pool: &PoolId, id: AttemptId) -> Reply<'_, Option<LoginAttempt>>;

    /// At most `limit` attempts, newest first.
    fn attempts(&self, pool: &PoolId, limit: u32) -> Reply<'_, Vec<LoginAttempt>>;

    /// The attempt that a state or scene belongs to.
    fn attempt_of_nonce(&self, nonce_hash: String) -> Reply<'_, Option<(PoolId, LoginAttempt)>>;

    /// Takes all the steps, or none if one is not possible from where the attempt stands. Answers how it stands after
    /// them; `None` if it did not change.
    fn advance_attempt(
        &self,
        pool: &PoolId,
        id: AttemptId,
        steps: Vec<Step>,
    ) -> Reply<'_, Option<LoginAttempt>>;

    /// Claims a code for an attempt and takes the steps (the last of them confirms it). Of all who claim one code or
    /// confirm one attempt, one is the first.
    fn confirm_attempt(
        &self,
        pool: &PoolId,
        id: AttemptId,
        claim: CodeClaim,
        steps: Vec<Step>,
    ) -> Reply<'_, Claim>;

    /// Ends the attempts that a stopped backend left behind.
    fn end_interrupted_attempts(&self) -> Reply<'_, ()>;

    /// Forgets attempts after 90 days, and claims of codes after a day: WeChat itself forgets a code within minutes.
    fn forget_old_attempts(&self) -> Reply<'_, ()>;
}
