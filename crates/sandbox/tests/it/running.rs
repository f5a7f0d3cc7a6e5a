//! Starting and stopping, as a library and as a program.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use yaopai_sandbox::{AppKind, Config, Error, Sandbox};

use crate::harness::{http, start, start_with};

/// Far more than stopping takes, far less than a poll is held.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn stops_at_once_while_polls_are_held() {
    // An address of its own: on the usual one another test's server may take the port as soon as it is free.
    let alone = SocketAddr::from(([127, 9, 8, 7], 0));
    let world = start_with(Config {
        listen: alone,
        smtp_listen: alone,
        hold: Duration::from_hours(1),
        ..Config::default()
    })
    .await;
    let app = world.app(AppKind::Website);
    let query = [
        ("appid", app.app_id.as_str()),
        ("redirect_uri", "http://localhost/"),
        ("response_type", "code"),
        ("scope", "snsapi_login"),
    ];
    let page = world
        .get("/connect/qrconnect", &query)
        .await
        .text()
        .await
        .unwrap();
    let uuid = page
        .split("/connect/qrcode/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let poll = world
        .http
        .get(world.at("/connect/l/qrconnect", &[("uuid", uuid)]))
        .send();
    let address = world.sandbox.url().socket_addrs(|| None).unwrap()[0];
    let mail = world.sandbox.smtp_address();
    let stop = world.sandbox.stop();
    let (answer, ()) = tokio::time::timeout(SOON, async { tokio::join!(poll, stop) })
        .await
        .unwrap();
    // The poll was either let go or never reached the server; held it was not.
    if let Ok(answer) = answer {
        assert!(answer.text().await.unwrap().starts_with("window.wx_errcode=408;"));
    }
    for address in [address, mail] {
        assert!(TcpStream::connect(address).await.is_err(), "the port is free");
    }
}

#[tokio::test]
async fn says_which_address_is_taken() {
    let world = start().await;
    let taken = world.sandbox.url().socket_addrs(|| None).unwrap()[0];
    let refused = Sandbox::start(Config {
        listen: taken,
        ..Config::default()
    })
    .await;
    let Err(Error::Listen { address, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(address, taken);
}

/// The program, which does not outlive its test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_program_tells_its_url_and_stops_on_sigterm() {
    let mut program = Program(
        Command::new(env!("CARGO_BIN_EXE_yaopai-sandbox"))
            .args(["--listen", "127.0.0.1:0", "--hold-seconds", "3600"])
            .env("YAOPAI_SANDBOX_MINIPROGRAM_SERVER", "http://127.0.0.1:9/")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut told = BufReader::new(program.0.stdout.take().unwrap());
    let line = spawn_blocking(move || {
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        line
    });
    let line = line.await.unwrap();
    let url = line.trim_end().strip_prefix("WeChat sandbox on ").unwrap();
    let apps = http()
        .get(format!("{url}sandbox/apps"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(apps.contains("\"miniprogram_server\":\"http://127.0.0.1:9/\""));

    let pid = program.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let status = tokio::time::timeout(SOON, spawn_blocking(move || program.0.wait().unwrap())).await;
    assert!(status.unwrap().unwrap().success());
}
