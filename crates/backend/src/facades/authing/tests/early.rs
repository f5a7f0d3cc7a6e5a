//! What is refused before a handler sees it, in each SDK's own words.

use super::super::endpoints;
use crate::facades::desk::Desk;
use axum::{body::Body, extract::ConnectInfo, http::Request};
use std::net::SocketAddr;

#[tokio::test]
async fn whoever_knocks_too_often_is_told_as_their_sdk_reads_it() {
    let desk = Desk::open().await;
    let peer: SocketAddr = "192.0.2.1:50000".parse().unwrap();
    while desk.app.gates.client(peer.ip().into()).is_ok() {}
    for endpoint in endpoints() {
        let (method, path) = (endpoint.method, endpoint.path);
        let mut request = Request::builder()
            .method(method)
            .uri(path.replace(['{', '}'], ""))
            .body(Body::empty())
            .unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = desk.take(request).await;
        let member = match path {
            // Pictures, which no SDK reads.
            "/uploads/{name}" | "/api/v2/qrcode/{name}" => {
                assert_eq!(answer.status, 429, "{path}");
                continue;
            }
            "/graphql" | "/graphql/v2" => "/errors/0/message/code",
            path if path.starts_with("/api/v3/") => "/statusCode",
            _ => "/code",
        };
        let told = answer.json();
        assert_eq!(told.pointer(member), Some(&429.into()), "{path}: {told}");
    }
}
