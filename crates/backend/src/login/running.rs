//! An attempt that runs: its flow writes every leg down, and everybody who watches is told.

use super::{
    Door,
    nonce::Nonce,
    step::{LegReport, Step},
};
use crate::{App, Error};
use std::{sync::Arc, time::Duration};
use yaopai_domain::{
    AttemptId, AttemptState, Connection, Failure, LegName, LegOutcome, LoginAttempt, PoolId, Purpose,
    Timestamp, Verdict,
};
use yaopai_wechat::Call;

/// A wall clock can be set, so a wait for a moment looks at it again at least this often.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(1);
/// How long a second caller waits for the outcome that the first one is getting.
const OUTCOME_PATIENCE: Duration = Duration::from_secs(15);
/// Another node's changes are not announced here, so a wait for them looks at the database this often.
const LOOK_AT_STORE: Duration = Duration::from_millis(500);

/// An attempt that runs.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) app: Arc<App>,
    pub(super) pool: PoolId,
    pub(super) connection: Connection,
    pub(super) id: AttemptId,
    pub(super) dry_run: bool,
    expires_at: Timestamp,
}

/// Why a flow stops before its verdict.
#[derive(Debug)]
pub(super) enum Stop {
    /// WeChat refused at this leg, which says so already.
    Leg(LegName, yaopai_wechat::Error),
    /// The backend itself failed.
    Ours(Error),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

impl Running {
    /// Writes a new test attempt.
    pub(super) async fn begin_test(
        app: Arc<App>,
        pool: PoolId,
        connection: Connection,
        dry_run: bool,
        nonce: &Nonce,
    ) -> Result<Self, Error> {
        Self::begin(app, pool, connection, Purpose::Test, dry_run, Some(nonce)).await
    }

    /// Writes the attempt of somebody at the door.
    pub(super) async fn begin_login(app: Arc<App>, door: &Door) -> Result<Self, Error> {
        let (pool, connection) = (door.pool.clone(), door.connection.clone());
        Self::begin(app, pool, connection, Purpose::Login, false, None).await
    }

    async fn begin(
        app: Arc<App>,
        pool: PoolId,
        connection: Connection,
        purpose: Purpose,
        dry_run: bool,
        nonce: Option<&Nonce>,
    ) -> Result<Self, Error> {
        let now = app.clock.now();
        let attempt = LoginAttempt {
            id: AttemptId::new(app.clock.as_ref(), app.entropy.as_ref()),
            connection_id: connection.id,
            kind: connection.kind,
            purpose,
            dry_run,
            state: AttemptState::Waiting,
            created_at: now,
            expires_at: now.plus_millis(connection.kind.scan_lifetime_millis()),
            finished_at: None,
            legs: Vec::new(),
            verdict: None,
        };
        let running = Self {
            app,
            pool,
            connection,
            id: attempt.id,
            dry_run,
            expires_at: attempt.expires_at,
        };
        let store = &running.app.store;
        store
            .begin_attempt(&running.pool, attempt, nonce.map(Nonce::hash))
            .await?;
        Ok(running)
    }

    /// Takes up the attempt of somebody at the door.
    pub(super) fn take_up(app: Arc<App>, door: &Door, id: AttemptId) -> Self {
        let expires_at = app.clock.now();
        Self {
            app,
            pool: door.pool.clone(),
            connection: door.connection.clone(),
            id,
            dry_run: false,
            expires_at,
        }
    }

    /// Takes up an attempt that WeChat's answer has found.
    pub(super) async fn resume(app: Arc<App>, pool: PoolId, attempt: &LoginAttempt) -> Result<Self, Error> {
        let connection = app
            .store
            .connection(&pool, attempt.connection_id)
            .await?
            .ok_or(Error::NotFound("connection"))?;
        Ok(Self {
            app,
            pool,
            connection,
            id: attempt.id,
            dry_run: attempt.dry_run,
            expires_at: attempt.expires_at,
        })
    }

    /// Takes all the steps, or none if the attempt has gone another way meanwhile; whether they were taken.
    pub(super) async fn take(&self, steps: Vec<Step>) -> Result<bool, Error> {
        let advanced = self.app.store.advance_attempt(&self.pool, self.id, steps).await?;
        Ok(advanced.is_some())
    }

    /// Makes a call to WeChat as a leg of the attempt.
    pub(super) async fn call<T>(&self, leg: LegName, call: impl Future<Output = Call<T>>) -> Result<T, Stop> {
        self.take(vec![Step::Begin { leg, request: None }]).await?;
        let call = call.await;
        let report = LegReport {
            outcome: match (&call.result, &call.request) {
                (Err(_), _) => LegOutcome::Failed,
                (Ok(_), None) => LegOutcome::Skipped,
                (Ok(_), Some(_)) => LegOutcome::Done,
            },
            request: call.request,
            answer: call.answer,
            failure: call.result.as_ref().err().cloned().map(Failure::from),
        };
        self.take(vec![Step::End { leg, report }]).await?;
        call.result.map_err(|error| Stop::Leg(leg, error))
    }

    /// Ends the attempt with its verdict.
    pub(super) async fn decide(&self, verdict: Verdict) {
        self.finish(AttemptState::Decided, Some(verdict)).await;
    }

    /// Ends the attempt as broken.
    pub(super) async fn stop(&self, stop: Stop) {
        let verdict = match stop {
            Stop::Leg(leg, error) => Some(Verdict::Fail {
                leg,
                failure: error.into(),
            }),
            Stop::Ours(error) => {
                tracing::error!(attempt = %self.id, %error, "a login attempt broke");
                None
            }
        };
        self.finish(AttemptState::Failed, verdict).await;
    }

    /// Ends the attempt, unless it may not end like that any more; whether it did.
    async fn finish(&self, state: AttemptState, verdict: Option<Verdict>) -> bool {
        let finished = self.take(vec![Step::Finish { state, verdict }]).await;
        finished.unwrap_or_else(|error| {
            tracing::error!(attempt = %self.id, %error, "the end of a login attempt could not be written");
            false
        })
    }

    /// Watches the attempt in the background while `follow` drives it: until it ends, expires, or the backend stops.
    pub(super) fn watch(&self, follow: impl Future<Output = ()> + Send + 'static) {
        let running = self.clone();
        // Listening begins before the task does: no change is missed.
        let over = ended(Arc::clone(&self.app), self.pool.clone(), self.id);
        self.app.tasks.spawn(async move {
            tokio::select! {
                () = running.app.stopping.cancelled() => {}
                _ = over => {}
                () = follow => {}
                () = running.expire() => {}
            }
        });
    }

    /// Waits until the attempt has expired. One that was confirmed meanwhile never does: it is decided.
    async fn expire(&self) {
        loop {
            let left = self.expires_at.millis_since(self.app.clock.now());
            let Ok(left @ 1..) = u64::try_from(left) else {
                break;
            };
            tokio::time::sleep(LOOK_AT_CLOCK.min(Duration::from_millis(left))).await;
        }
        if !self.finish(AttemptState::Expired, None).await {
            std::future::pending::<()>().await;
        }
    }
}

/// The attempt once it has ended; how it stands if it does not end for a while, or the backend stops.
pub(super) async fn outcome(app: Arc<App>, pool: PoolId, id: AttemptId) -> Result<LoginAttempt, Error> {
    let ended = ended(Arc::clone(&app), pool.clone(), id);
    let patient = tokio::time::timeout(OUTCOME_PATIENCE, ended);
    match app.stopping.run_until_cancelled(patient).await {
        Some(Ok(outcome)) => outcome,
        Some(Err(_)) | None => app
            .store
            .attempt(&pool, id)
            .await?
            .ok_or(Error::NotFound("attempt")),
    }
}

/// Waits for the end of an attempt. Listens from the moment it is called, not only once it is polled.
fn ended(
    app: Arc<App>,
    pool: PoolId,
    id: AttemptId,
) -> impl Future<Output = Result<LoginAttempt, Error>> + Send {
    let mut changes = app.news.attempts.subscribe();
    async move {
        loop {
            let attempt = app
                .store
                .attempt(&pool, id)
                .await?
                .ok_or(Error::NotFound("attempt"))?;
            if attempt.state.is_final() {
                return Ok(attempt);
            }
            let news = async {
                // Missed changes are changes, too: the database says which.
                while matches!(changes.recv().await, Ok(changed) if changed != id) {}
            };
            // A limit that is reached is no error: it is time to look.
            let _ = tokio::time::timeout(LOOK_AT_STORE, news).await;
        }
    }
}
