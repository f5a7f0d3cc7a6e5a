//! Accounts against a whole backend, with the sandbox as SMS gateway and mail server.

mod codes;
mod delivery;
mod passwords;
mod registration;
mod self_service;

use super::{Asker, Proven, Purpose, Registration, Target, Use, codes::CodeSent, prove, register, send_code};
use crate::{
    Delivery, Error, MailServer, SmsGateway,
    account::Refused,
    serve::gateway_client,
    session::{self, Bearer, Grant},
    store::{SessionKey, engine::values},
    testing::Bench,
};
use serde_json::Value;
use std::{ops::Deref, sync::Arc};
use yaopai_domain::{LoginName, PoolId, UserId};
use yaopai_sandbox::{Config, Sandbox};
use zeroize::Zeroizing;

const MINUTE: i64 = 60_000;
const PHONE: &str = "+8613800138000";
const EMAIL: &str = "li@example.com";
const PASSWORD: &str = "correct horse";

/// A backend whose codes arrive in the sandbox.
struct Desk {
    bench: Bench,
    sandbox: Sandbox,
    pool: PoolId,
}

impl Deref for Desk {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.bench
    }
}

impl Desk {
    async fn new() -> Self {
        let sandbox = Sandbox::start(Config::default()).await.unwrap();
        let delivery = Delivery {
            sms: Some(SmsGateway {
                url: sandbox.url().join("sms").unwrap(),
                secret: Some(text("gateway")),
            }),
            mail: Some(
                MailServer::new(
                    &format!("smtp://{}", sandbox.smtp_address()),
                    "Codes <codes@example.com>",
                )
                .unwrap(),
            ),
        };
        Self {
            bench: Bench::delivering(delivery).await,
            sandbox,
            pool: PoolId::default(),
        }
    }

    async fn send(&self, target: &Target, purpose: Purpose) -> Result<CodeSent, Error> {
        send_code(&self.app, &self.pool, target, purpose, Asker::default()).await
    }

    /// The newest code that arrived at a target, if one did.
    async fn arrived(&self, target: &Target) -> Option<String> {
        let url = self
            .sandbox
            .url()
            .join(&format!("otp/{}", target.as_str()))
            .unwrap();
        let answer = gateway_client(&url).unwrap().get(url).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        body["code"].as_str().map(str::to_owned)
    }

    /// Proves a target, as its owner would.
    async fn prove(&self, target: &Target) -> Proven {
        self.clock.turn(MINUTE);
        self.send(target, Purpose::Unsaid).await.unwrap();
        let code = self.arrived(target).await.unwrap();
        prove(&self.app, &self.pool, target, &code, Use::Confirm)
            .await
            .unwrap()
    }

    async fn register(&self, registration: Registration) -> Result<UserId, Error> {
        register(&self.app, &self.pool, registration).await
    }

    /// A user with a name and [`PASSWORD`].
    async fn user(&self, name: &str) -> UserId {
        self.register(named(name)).await.unwrap()
    }

    /// Logs a user in; what their SDK shows from now on.
    async fn log_in(&self, user: UserId) -> Bearer {
        let issued = session::begin(&self.app, Grant::to(&self.pool, user)).await;
        let token = issued.unwrap().access_token;
        session::bearer(&self.app, &token).await.unwrap()
    }

    /// Whether a session goes on.
    async fn goes_on(&self, bearer: &Bearer) -> bool {
        let session = self.app.store.session(SessionKey::Id(bearer.session)).await;
        !session.unwrap().unwrap().ended
    }

    async fn block(&self, user: UserId) {
        let sql = "UPDATE users SET status = 'blocked' WHERE id = $1";
        assert_eq!(self.change(sql, values![user]).await, 1);
    }

    /// Actor and action of the audit rows about a user; those of one moment in any order.
    async fn audit(&self, user: UserId) -> Vec<(String, String)> {
        let sql = "SELECT actor, action FROM audit WHERE target = $1 ORDER BY at, id";
        let rows = self.look(sql, values![format!("user:{user}")]).await;
        rows.iter()
            .map(|row| (row.text("actor").unwrap(), row.text("action").unwrap()))
            .collect()
    }

    async fn count(&self, table: &str) -> i64 {
        let rows = self
            .look(&format!("SELECT count(*) AS count FROM {table}"), values![])
            .await;
        rows[0].integer("count").unwrap()
    }
}

fn text(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

fn phone() -> Target {
    Target::Phone(PHONE.parse().unwrap())
}

fn email() -> Target {
    Target::Email(EMAIL.parse().unwrap())
}

fn name(text: &str) -> LoginName {
    text.parse().unwrap()
}

fn named(name: &str) -> Registration {
    Registration {
        username: Some(name.parse().unwrap()),
        password: Some(text(PASSWORD)),
        ..Registration::default()
    }
}

fn by(proven: Proven) -> Registration {
    Registration {
        proofs: vec![proven.into()],
        ..Registration::default()
    }
}

/// The refusal of something that was refused.
fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refused {
    match outcome {
        Err(Error::Account(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

/// How long somebody has to wait, in seconds.
fn wait<T: std::fmt::Debug>(outcome: Result<T, Error>) -> u64 {
    match outcome {
        Err(Error::TooOften { retry_after }) => retry_after,
        other => panic!("{other:?}"),
    }
}

/// Does something 64 times at once.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    desk: &Desk,
    act: impl Fn(Arc<crate::App>, PoolId) -> F,
) -> Vec<T> {
    let all: Vec<_> = (0..64)
        .map(|_| tokio::spawn(act(Arc::clone(&desk.app), desk.pool.clone())))
        .collect();
    let mut done = Vec::new();
    for one in all {
        done.push(one.await.unwrap());
    }
    done
}
