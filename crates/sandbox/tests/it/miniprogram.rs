//! The simulated mini program, against a server that listens to it.

use axum::Router;
use axum::extract::{Json, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc;
use url::Url;
use yaopai_sandbox::AppKind;

use crate::harness::{World, start, text};

/// The server of the mini program: tells the test what it hears.
pub(crate) struct Backend {
    heard: Mutex<mpsc::UnboundedReceiver<Value>>,
}

async fn hear(State(heard): State<mpsc::UnboundedSender<Value>>, Json(report): Json<Value>) -> StatusCode {
    heard.send(report).unwrap();
    StatusCode::NO_CONTENT
}

/// Serves a router on a port of its own.
pub(crate) async fn serve(router: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

impl Backend {
    pub(crate) async fn start(world: &World) -> Self {
        let (sender, heard) = mpsc::unbounded_channel();
        let router = Router::new()
            .route("/login/v1/miniprogram/scan", post(hear))
            .with_state(sender);
        world.sandbox.set_miniprogram_server(serve(router).await);
        Self {
            heard: Mutex::new(heard),
        }
    }

    pub(crate) async fn next(&self) -> Value {
        self.heard.lock().await.recv().await.unwrap()
    }
}

/// The address inside the mini-program code.
fn code_url(world: &World) -> String {
    let app_id = world.app(AppKind::MiniProgram).app_id;
    world
        .at(
            "/phone/miniprogram",
            &[("appid", &app_id), ("scene", "login/7f3a")],
        )
        .into()
}

/// A code of `wx.login`.
pub(crate) async fn code_from_phone(world: &World, backend: &Backend, person: &str) -> String {
    assert_eq!(
        world.phone(&code_url(world), person, "approve").await.status(),
        200
    );
    assert_eq!(backend.next().await["event"], "scanned");
    text(&backend.next().await["code"])
}

#[tokio::test]
async fn tells_its_server_what_happens_on_the_phone() {
    let world = start().await;
    let backend = Backend::start(&world).await;
    let page = world
        .http
        .get(code_url(&world))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("腰牌小程序") && page.contains("name=\"scene\" value=\"login/7f3a\""));
    assert_eq!(
        backend.next().await,
        json!({ "scene": "login/7f3a", "event": "scanned" })
    );

    let app_id = world.app(AppKind::MiniProgram).app_id;
    let form = format!("appid={app_id}&scene=login%2F7f3a&person=chen-mo&decision=");
    let decide = |decision: &str| {
        world
            .http
            .post(world.at("/phone/miniprogram", &[]))
            .body(form.clone() + decision)
            .send()
    };
    assert!(
        decide("approve")
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("已同意")
    );
    let confirmed = backend.next().await;
    assert_eq!(confirmed["event"], "confirmed");
    assert_eq!(text(&confirmed["code"]).len(), 32);

    assert!(
        decide("refuse")
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("已拒绝")
    );
    assert_eq!(
        backend.next().await,
        json!({ "scene": "login/7f3a", "event": "refused" })
    );
}

#[tokio::test]
async fn says_that_it_has_no_server() {
    let world = start().await;
    let page = world
        .http
        .get(code_url(&world))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("小程序还没有配置服务器地址"));
    assert_eq!(
        world
            .phone(&code_url(&world), "chen-mo", "approve")
            .await
            .status(),
        502
    );
}

#[tokio::test]
async fn names_the_server_that_refuses_and_the_status() {
    let world = start().await;
    let url = serve(Router::new()).await;
    world.sandbox.set_miniprogram_server(url.clone());
    let page = world
        .http
        .get(code_url(&world))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let host = format!("127.0.0.1:{}", url.port().unwrap());
    assert!(
        page.contains(&format!("小程序的服务器 {host} 返回了 404")),
        "{page}"
    );
}

#[tokio::test]
async fn names_the_server_that_does_not_answer() {
    let world = start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    world
        .sandbox
        .set_miniprogram_server(Url::parse(&format!("http://{host}")).unwrap());
    let page = world
        .http
        .get(code_url(&world))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains(&format!("无法连接小程序的服务器 {host}")), "{page}");
}
