//! `GET /<name>`: the domain verification files, byte for byte, for WeChat to read.

use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    extract::Place,
};
use axum::{extract::State, http::header, response::IntoResponse};
use serde::Deserialize;
use std::sync::Arc;
use yaopai_domain::is_verification_file_name;

/// The endpoint.
pub(crate) fn endpoint() -> Endpoint {
    Endpoint::get("/{name}", Needs::Nothing, serve)
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

async fn serve(
    State(app): State<Arc<App>>,
    Place(Named { name }): Place<Named>,
) -> Result<impl IntoResponse, Error> {
    if !is_verification_file_name(&name) {
        return Err(Error::NotFound("address"));
    }
    let content = app
        .store
        .verification_file(&name)
        .await?
        .ok_or(Error::NotFound("verification file"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, content))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, draft};
    use axum::http::{Method, StatusCode};
    use base64::{Engine, prelude::BASE64_STANDARD};
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::plain(b"0a1B2c3D4e5F6g7H".as_slice())]
    #[case::byte_order_mark(b"\xef\xbb\xbfabc".as_slice())]
    #[case::no_text_at_all(b"\x00\xff\r\n\x1a".as_slice())]
    #[tokio::test]
    async fn serves_a_verification_file_byte_for_byte(#[case] content: &[u8]) {
        let bench = Bench::new().await;
        let mut draft = draft("pc");
        draft["verification_file"] = json!({
            "name": "MP_verify_0a1B2c3D4e5F6g7H.txt",
            "content_base64": BASE64_STANDARD.encode(content),
        });
        bench.manage(Method::POST, "connections", draft).await;
        let answer = bench
            .send(None, Method::GET, "/MP_verify_0a1B2c3D4e5F6g7H.txt", "")
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["content-type"], "text/plain");
        assert_eq!(answer.bytes, content);
    }

    #[tokio::test]
    async fn a_file_that_no_connection_uses_any_more_is_gone() {
        let bench = Bench::new().await;
        let mut with_file = draft("pc");
        with_file["verification_file"] = json!({"name": "6ynZPDvfTF.txt", "content_base64": "eA=="});
        let created = bench.manage(Method::POST, "connections", with_file).await.json();
        let path = format!("connections/{}", created["id"].as_str().unwrap());
        bench.manage(Method::PUT, &path, draft("pc")).await;
        let answer = bench.send(None, Method::GET, "/6ynZPDvfTF.txt", "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }

    #[rstest]
    #[case("/secret.key")]
    #[case("/backend.db")]
    #[case("/..%2fsecret.key")]
    #[case("/6ynZPDvfTF.txt")]
    #[tokio::test]
    async fn serves_nothing_else(#[case] path: &str) {
        let answer = Bench::new().await.send(None, Method::GET, path, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}
