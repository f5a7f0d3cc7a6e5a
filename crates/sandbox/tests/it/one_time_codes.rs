//! One-time codes that arrive by text message and by mail.

use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::harness::{World, start};

async fn otp(world: &World, target: &str) -> (u16, Value) {
    let path = format!("/otp/{target}");
    let answer = world.get(&path, &[]).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Says the lines one after the other; answers the first three characters of each reply.
async fn say(world: &World, lines: &[&str]) -> Vec<String> {
    let mut stream = TcpStream::connect(world.sandbox.smtp_address()).await.unwrap();
    let (reading, mut writing) = stream.split();
    let mut reading = BufReader::new(reading);
    let mut replies = Vec::new();
    let mut said = lines.iter();
    loop {
        let mut reply = String::new();
        reading.read_line(&mut reply).await.unwrap();
        // A hyphen after the number promises more lines.
        if reply.as_bytes().get(3) == Some(&b'-') {
            continue;
        }
        replies.push(reply.chars().take(3).collect());
        let Some(line) = said.next() else { return replies };
        writing.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn the_newest_text_message_counts_and_stays_readable() {
    let world = start().await;
    let target = "+8613800138000";
    for code in ["111111", "222222"] {
        let message = json!({ "target": target, "code": code, "purpose": "login" });
        let answer = world
            .http
            .post(world.at("/sms", &[]))
            .bearer_auth("any")
            .json(&message)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.text().await.unwrap(), "{}");
    }
    for _ in 0..2 {
        assert_eq!(
            otp(&world, "%2B8613800138000").await,
            (200, json!({ "code": "222222" }))
        );
    }
    assert_eq!(otp(&world, "%2B8613800138001").await.0, 404);
}

#[rstest]
#[case(None, json!({ "target": "+8613800138000", "code": "1234" }), 401)]
#[case(Some("any"), json!({ "target": "", "code": "1234" }), 400)]
#[case(Some("any"), json!({ "target": "+8613800138000" }), 422)]
#[tokio::test]
async fn refuses_a_text_message_that_no_gateway_takes(
    #[case] secret: Option<&str>,
    #[case] message: Value,
    #[case] expected: u16,
) {
    let world = start().await;
    let request = world.http.post(world.at("/sms", &[])).json(&message);
    let request = match secret {
        Some(secret) => request.bearer_auth(secret),
        None => request,
    };
    assert_eq!(request.send().await.unwrap().status(), expected);
}

#[tokio::test]
async fn takes_a_mail_with_and_without_authentication() {
    let world = start().await;
    let replies = say(
        &world,
        &[
            "EHLO client",
            "AUTH PLAIN AHVzZXIAcGFzcw==",
            "MAIL FROM:<a@example.com>",
            "RCPT TO:<one@example.com>",
            "RCPT TO:<Two@Example.com>",
            "DATA",
            "Subject: code\r\n\r\n..Your code is 4321\r\n.",
            "QUIT",
        ],
    )
    .await;
    assert_eq!(
        replies,
        ["220", "250", "235", "250", "250", "250", "354", "250", "221"]
    );
    for target in ["one%40example.com", "two@example.com"] {
        assert_eq!(otp(&world, target).await, (200, json!({ "code": "4321" })));
    }
    let replies = say(
        &world,
        &[
            "HELO client",
            "AUTH PLAIN",
            "AHVzZXIAcGFzcw==",
            "NOOP",
            "RSET",
            "VRFY x",
        ],
    )
    .await;
    assert_eq!(replies, ["220", "250", "334", "235", "250", "250", "502"]);
}

#[tokio::test]
async fn wants_the_commands_in_their_order() {
    let world = start().await;
    let replies = say(
        &world,
        &[
            "DATA",
            "RCPT TO:<one@example.com>",
            "MAIL FROM:<a@b>",
            "RCPT TO:one",
            "DATA",
        ],
    )
    .await;
    assert_eq!(replies, ["220", "503", "503", "250", "501", "503"]);
}
