//! Codes that do not arrive.

use super::{
    super::{Asker, Purpose, codes::CodeSent, send_code},
    email, phone, refused, text, wait,
};
use crate::{
    Delivery, Error, InvalidMailServer, MailServer, SmsGateway,
    account::{Refused, Target, Use, prove},
    testing::Bench,
};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use rstest::rstest;
use serde_json::Value;
use std::{
    collections::VecDeque,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;
use yaopai_domain::PoolId;

/// A gateway that answers what it is told to, then 200, and remembers what it was sent.
#[derive(Clone, Default)]
struct Gateway {
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

/// What `Authorization` said, and the body.
type Heard = (Option<String>, Value);

impl Gateway {
    async fn start(answers: impl IntoIterator<Item = u16>) -> (Self, Bench) {
        let gateway = Self::default();
        let answers = answers
            .into_iter()
            .map(|status| StatusCode::from_u16(status).unwrap());
        gateway.answers.lock().unwrap().extend(answers);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/send", post(take))
            .with_state(gateway.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let sms = SmsGateway {
            url: url.parse().unwrap(),
            secret: Some(text("the gateway's secret")),
        };
        let delivery = Delivery {
            sms: Some(sms),
            mail: None,
        };
        (gateway, Bench::delivering(delivery).await)
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

async fn take(State(gateway): State<Gateway>, headers: HeaderMap, Json(body): Json<Value>) -> StatusCode {
    let secret = headers
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap().to_owned());
    gateway.heard.lock().unwrap().push((secret, body));
    let answer = gateway.answers.lock().unwrap().pop_front();
    answer.unwrap_or(StatusCode::OK)
}

async fn send(bench: &Bench, target: &Target) -> Result<CodeSent, Error> {
    send_code(
        &bench.app,
        &PoolId::default(),
        target,
        Purpose::Enter,
        Asker::default(),
    )
    .await
}

#[tokio::test]
async fn a_gateway_is_told_what_to_send_and_by_whom() {
    let (gateway, bench) = Gateway::start([]).await;
    let sent = send(&bench, &phone()).await.unwrap();
    let [(secret, body)] = gateway.heard().try_into().unwrap();
    assert_eq!(secret.as_deref(), Some("Bearer the gateway's secret"));
    assert_eq!(body["target"], "+8613800138000");
    assert_eq!(body["purpose"], "enter");
    assert_eq!(body["locale"], "zh-CN");
    assert_eq!(body["request_id"], sent.verification_id);
    prove(
        &bench.app,
        &PoolId::default(),
        &phone(),
        body["code"].as_str().unwrap(),
        Use::Enter,
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn a_gateway_that_stumbles_is_asked_again_for_the_same_message() {
    let (gateway, bench) = Gateway::start([503]).await;
    send(&bench, &phone()).await.unwrap();
    let heard = gateway.heard();
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0], heard[1]);
}

#[rstest]
#[case::refuses([400].as_slice(), 1)]
#[case::stays_broken(&[500, 500, 500], 3)]
#[tokio::test]
async fn a_code_that_is_not_delivered_is_told_and_leaves_nothing(
    #[case] answers: &[u16],
    #[case] asked: usize,
) {
    let (gateway, bench) = Gateway::start(answers.iter().copied()).await;
    let failed = send(&bench, &phone()).await;
    assert!(matches!(failed, Err(Error::NotDelivered("sms"))), "{failed:?}");
    assert_eq!(gateway.heard().len(), asked);
    let code = gateway.heard()[0].1["code"].as_str().unwrap().to_owned();
    let tried = prove(&bench.app, &PoolId::default(), &phone(), &code, Use::Enter).await;
    assert_eq!(refused(tried), Refused::CodeSpent);
    send(&bench, &phone())
        .await
        .expect("the next may be asked for at once");
    assert_eq!(wait(send(&bench, &phone()).await), 60);
}

#[tokio::test]
async fn without_a_way_to_a_target_nobody_waits_for_a_code() {
    let bench = Bench::new().await;
    for (target, way) in [(phone(), "sms"), (email(), "mail")] {
        let told = send(&bench, &target).await;
        assert!(
            matches!(told, Err(Error::NotConfigured(named)) if named == way),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn a_mail_server_that_does_not_answer_is_told() {
    let nobody = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        listener.local_addr().unwrap()
    };
    let delivery = Delivery {
        sms: None,
        mail: Some(MailServer::new(&format!("smtp://{nobody}"), "codes@example.com").unwrap()),
    };
    let bench = Bench::delivering(delivery).await;
    let failed = send(&bench, &email()).await;
    assert!(matches!(failed, Err(Error::NotDelivered("mail"))), "{failed:?}");
}

#[rstest]
#[case::plain("smtp://127.0.0.1:2525", "codes@example.com", None)]
#[case::starttls(
    "smtp://li:pass@mail.example.com?tls=required",
    "Codes <codes@example.com>",
    None
)]
#[case::tls("smtps://li:pass@mail.example.com", "codes@example.com", None)]
#[case::http("http://mail.example.com", "codes@example.com", Some(InvalidMailServer::Url))]
#[case::no_address("smtps://mail.example.com", "codes", Some(InvalidMailServer::From))]
fn knows_mail_servers(#[case] url: &str, #[case] from: &str, #[case] wrong: Option<InvalidMailServer>) {
    let server = MailServer::new(url, from);
    assert_eq!(server.as_ref().err(), wrong.as_ref());
    assert!(!format!("{server:?}").contains("pass@"));
}
