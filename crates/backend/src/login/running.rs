//! An attempt that runs: its flow writes every leg down, and everybody who watches is told.

use super::{
    Door,
    nonce::Nonce,
    step::{LegReport, Step},
};
use crate::{
    App, Error,
    store::{Exchange, Exchanged, SealedSecret, Ties},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use yaopai_domain::{
    AttemptId, AttemptState, Connection, Failure, LegName, LegOutcome, LoginAttempt, PoolId, Purpose,
    Timestamp, Verdict,
};
use yaopai_wechat::{Call, Credentials};

/// A wall clock can be set, so a wait for a moment looks at it again at least this often.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(1);
/// How long a second caller waits for the outcome that the first one is getting.
pub(super) const OUTCOME_PATIENCE: Duration = Duration::from_secs(15);
/// Another node's changes are not announced here, so a wait for them looks at the database this often.
pub(super) const LOOK_AT_STORE: Duration = Duration::from_millis(500);

/// An attempt that runs.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) app: Arc<App>,
    pub(super) pool: PoolId,
    pub(super) connection: Connection,
    secret: Option<SealedSecret>,
    pub(super) id: AttemptId,
    pub(super) dry_run: bool,
    pub(super) purpose: Purpose,
    facade: Option<String>,
    expires_at: Timestamp,
    ledger: Ledger,
}

/// Where its steps go.
#[derive(Clone)]
enum Ledger {
    /// Into the database at once: somebody watches.
    Stored,
    /// Into memory, until its end is written.
    Kept(Arc<Mutex<LoginAttempt>>, Ties),
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

impl Stop {
    /// What the caller is told.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Leg(_, error) => Error::WeChat(error),
            Self::Ours(error) => error,
        }
    }
}

/// An attempt that begins now.
fn new_attempt(app: &App, connection: &Connection, purpose: Purpose) -> LoginAttempt {
    let now = app.clock.now();
    LoginAttempt {
        id: AttemptId::new(app.clock.as_ref(), app.entropy.as_ref()),
        connection_id: Some(connection.id),
        kind: Some(connection.kind),
        purpose,
        via: None,
        dry_run: false,
        state: AttemptState::Waiting,
        created_at: now,
        expires_at: now.plus_millis(connection.kind.scan_lifetime_millis()),
        finished_at: None,
        legs: Vec::new(),
        verdict: None,
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
        let attempt = LoginAttempt {
            dry_run,
            ..new_attempt(&app, &connection, Purpose::Test)
        };
        let ties = Ties {
            nonce_hash: Some(nonce.hash()),
            ..Ties::default()
        };
        Self::begin(app, pool, connection, attempt, ties).await
    }

    /// Writes the attempt of somebody at the door who will be back.
    pub(super) async fn begin_login(
        app: Arc<App>,
        door: &Door,
        ties: Ties,
        dry_run: bool,
    ) -> Result<Self, Error> {
        let attempt = LoginAttempt {
            dry_run,
            via: Some(door.via.shown()),
            ..new_attempt(&app, &door.connection, Purpose::Login)
        };
        Self::begin(app, door.pool.clone(), door.connection.clone(), attempt, ties).await
    }

    async fn begin(
        app: Arc<App>,
        pool: PoolId,
        connection: Connection,
        attempt: LoginAttempt,
        ties: Ties,
    ) -> Result<Self, Error> {
        let running = Self::of(app, pool, connection, &attempt, Ledger::Stored);
        let store = &running.app.store;
        store.put_attempt(&running.pool, attempt, ties).await?;
        Ok(running)
    }

    /// An attempt of somebody at the door that is confirmed from the start, and not written before its end.
    pub(super) fn kept(app: Arc<App>, door: &Door) -> Self {
        let attempt = LoginAttempt {
            via: Some(door.via.shown()),
            state: AttemptState::Confirmed,
            ..new_attempt(&app, &door.connection, Purpose::Login)
        };
        Self::keep(app, door, attempt)
    }

    /// An attempt of somebody at the door that was written before; what follows is written with its end.
    pub(super) fn keep(app: Arc<App>, door: &Door, attempt: LoginAttempt) -> Self {
        let ties = Ties {
            application: door.application.clone(),
            ..Ties::default()
        };
        let mut running = Self::of(
            app,
            door.pool.clone(),
            door.connection.clone(),
            &attempt,
            Ledger::Stored,
        );
        running.secret.clone_from(&door.secret);
        running.ledger = Ledger::Kept(Arc::new(Mutex::new(attempt)), ties);
        running
    }

    /// Takes up an attempt that WeChat's answer has found.
    pub(super) async fn resume(app: Arc<App>, pool: PoolId, attempt: &LoginAttempt) -> Result<Self, Error> {
        let id = attempt.connection_id.ok_or(Error::NotFound("connection"))?;
        let connection = app
            .store
            .connection(&pool, id)
            .await?
            .ok_or(Error::NotFound("connection"))?;
        Ok(Self::of(app, pool, connection, attempt, Ledger::Stored))
    }

    fn of(
        app: Arc<App>,
        pool: PoolId,
        connection: Connection,
        attempt: &LoginAttempt,
        ledger: Ledger,
    ) -> Self {
        Self {
            app,
            pool,
            connection,
            secret: None,
            id: attempt.id,
            dry_run: attempt.dry_run,
            purpose: attempt.purpose,
            facade: attempt.via.as_ref().map(|via| via.facade.clone()),
            expires_at: attempt.expires_at,
            ledger,
        }
    }

    /// What WeChat knows the connection by.
    pub(super) async fn credentials(&self) -> Result<Credentials, Error> {
        let (id, app_id) = (self.connection.id, &self.connection.app_id);
        match &self.secret {
            Some(sealed) => self.app.credentials_by(&self.pool, id, app_id, sealed),
            None => self.app.credentials(&self.pool, id, app_id).await,
        }
    }

    /// As it stands, and what it has to be written with.
    pub(super) async fn as_it_stands(&self) -> Result<(LoginAttempt, Ties), Error> {
        match &self.ledger {
            Ledger::Kept(attempt, ties) => {
                let attempt = attempt.lock().unwrap_or_else(PoisonError::into_inner);
                Ok((attempt.clone(), ties.clone()))
            }
            Ledger::Stored => {
                let attempt = self.app.store.attempt(&self.pool, self.id).await?;
                Ok((attempt.ok_or(Error::NotFound("attempt"))?, Ties::default()))
            }
        }
    }

    /// When it ends by itself.
    pub(super) const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Takes all the steps, or none if the attempt has gone another way meanwhile; whether they were taken.
    pub(super) async fn take(&self, steps: Vec<Step>) -> Result<bool, Error> {
        match &self.ledger {
            Ledger::Stored => {
                let advanced = self.app.store.advance_attempt(&self.pool, self.id, steps).await?;
                Ok(advanced.is_some())
            }
            Ledger::Kept(attempt, _) => {
                let mut attempt = attempt.lock().unwrap_or_else(PoisonError::into_inner);
                let advanced = super::advance(&attempt, steps, self.app.clock.now());
                let taken = advanced.is_some();
                if let Some(advanced) = advanced {
                    *attempt = advanced;
                }
                Ok(taken)
            }
        }
    }

    /// Counts how it ended. Test logins are not logins.
    pub(super) fn count(&self, outcome: &'static str) {
        if self.purpose == Purpose::Login {
            let facade = self.facade.as_deref().unwrap_or_default();
            self.app
                .metrics
                .login(Some(self.connection.kind), facade, outcome);
        }
    }

    /// Makes a call to WeChat as a leg of the attempt.
    pub(super) async fn call<T>(&self, leg: LegName, call: impl Future<Output = Call<T>>) -> Result<T, Stop> {
        self.take(vec![Step::Begin { leg, request: None }]).await?;
        let began = self.app.clock.now();
        let call = call.await;
        measure(&self.app, &call, began);
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

    /// Ends the attempt as broken.
    pub(super) async fn stop(&self, stop: &Stop) {
        let finish = self.broken(stop);
        let written = async {
            if self.take(vec![finish]).await?
                && let Ledger::Kept(..) = self.ledger
            {
                let (attempt, ties) = self.as_it_stands().await?;
                self.app.store.put_attempt(&self.pool, attempt, ties).await?;
            }
            Ok::<(), Error>(())
        };
        self.complain(written.await);
    }

    /// Ends the attempt as broken, together with the code that brought nothing.
    pub(super) async fn stop_exchange(&self, stop: &Stop, claim: crate::store::CodeClaim) {
        let Stop::Leg(_, error) = stop else {
            return self.stop(stop).await;
        };
        let outcome = Exchanged::Failed {
            failure: error.clone().into(),
        };
        let written = async {
            let (attempt, ties) = self.as_it_stands().await?;
            let finish = vec![self.broken(stop)];
            if let Some(ended) = super::advance(&attempt, finish, self.app.clock.now()) {
                let exchange = Exchange {
                    claim,
                    outcome,
                    session: None,
                };
                self.app
                    .store
                    .exchanged(&self.pool, ended, ties, exchange)
                    .await?;
            }
            Ok::<(), Error>(())
        };
        self.complain(written.await);
    }

    fn broken(&self, stop: &Stop) -> Step {
        self.count("fail");
        let verdict = match stop {
            Stop::Leg(leg, error) => Some(Verdict::Fail {
                leg: *leg,
                failure: error.clone().into(),
            }),
            Stop::Ours(error) => {
                tracing::error!(attempt = %self.id, %error, "a login attempt broke");
                None
            }
        };
        Step::Finish {
            state: AttemptState::Failed,
            verdict,
        }
    }

    fn complain(&self, written: Result<(), Error>) {
        if let Err(error) = written {
            tracing::error!(attempt = %self.id, %error, "the end of a login attempt could not be written");
        }
    }

    /// Ends the attempt without a verdict, unless it may not end like that any more; whether it did.
    async fn finish(&self, state: AttemptState) -> bool {
        let finish = Step::Finish { state, verdict: None };
        let finished = self.take(vec![finish]).await;
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
        if !self.finish(AttemptState::Expired).await {
            std::future::pending::<()>().await;
        }
    }
}

/// Measures a call that was made; the path of its address names it.
pub(super) fn measure<T>(app: &App, call: &Call<T>, began: Timestamp) {
    let Some(address) = call.request.as_deref().and_then(|line| line.split(' ').nth(1)) else {
        return;
    };
    let path = url::Url::parse(address).map_or_else(|_| "unknown".to_owned(), |url| url.path().to_owned());
    let refused = call.result.as_ref().err().map(|error| match error {
        yaopai_wechat::Error::WeChat(error) => error.errcode.to_string(),
        yaopai_wechat::Error::Unreachable { .. } => "unreachable".to_owned(),
        yaopai_wechat::Error::Unexpected { .. } => "unexpected".to_owned(),
        yaopai_wechat::Error::PageRefused { .. } => "page".to_owned(),
    });
    let millis = u64::try_from(app.clock.now().millis_since(began)).unwrap_or_default();
    app.metrics.wechat(&path, refused, Duration::from_millis(millis));
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

/// Waits for the end of an attempt, also of one that is written with its end only. Listens from the moment it is called,
/// not only once it is polled.
fn ended(
    app: Arc<App>,
    pool: PoolId,
    id: AttemptId,
) -> impl Future<Output = Result<LoginAttempt, Error>> + Send {
    let mut changes = app.news.attempts.subscribe();
    async move {
        loop {
            let attempt = app.store.attempt(&pool, id).await?;
            if let Some(attempt) = attempt.filter(|attempt| attempt.state.is_final()) {
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
