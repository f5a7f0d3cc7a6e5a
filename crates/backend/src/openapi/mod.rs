//! `GET /openapi.json`: what this backend speaks, in OpenAPI 3.1.

mod doc;
mod document;
#[cfg(test)]
mod malformed;

pub(crate) use doc::Doc;

use crate::{
    endpoint::{Endpoint, Needs},
    router,
};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use std::sync::LazyLock;

/// The document never changes while the program runs.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| document::document(&router::endpoints()).to_string());

/// The endpoint.
pub(crate) fn endpoint() -> Endpoint {
    Endpoint::get("/openapi.json", Needs::Nothing, show).doc(
        Doc::new("read_openapi", "This document").answers_text(
            "application/json",
            "The OpenAPI document; it says nothing about any pool",
        ),
    )
}

async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;
    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};
    use std::collections::BTreeSet;
    use yaopai_domain::{Code, Problem};

    /// Addresses that are ours to define, and not some SDK's.
    const OURS: [&str; 8] = [
        "/manage/",
        "/sync/",
        "/login/",
        "/api/wx/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
    ];

    fn written() -> Value {
        document::document(&router::endpoints())
    }

    #[test]
    fn every_endpoint_of_ours_is_in_the_document() {
        let document = written();
        for endpoint in router::endpoints() {
            let ours = OURS.iter().any(|prefix| endpoint.path.starts_with(prefix));
            let method = endpoint.method.as_str().to_ascii_lowercase();
            let written = !document["paths"][endpoint.path][method].is_null();
            assert_eq!(written, ours, "{} {}", endpoint.method, endpoint.path);
        }
    }

    /// Every value in a JSON tree, with the way to it.
    fn walk<'a>(value: &'a Value, way: &str, seen: &mut Vec<(String, &'a Value)>) {
        seen.push((way.to_owned(), value));
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    walk(member, &format!("{way}/{name}"), seen);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &format!("{way}/{index}"), seen);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_nothing_is_left_over() {
        let document = written();
        let mut seen = Vec::new();
        walk(&document, "#", &mut seen);
        let mut used = BTreeSet::new();
        for (way, value) in &seen {
            if let (true, Some(target)) = (way.ends_with("/$ref"), value.as_str()) {
                let pointer = target.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{way}: {target}");
                used.insert(target.to_owned());
            }
        }
        for (name, _) in document["components"]["schemas"].as_object().unwrap() {
            let way = format!("#/components/schemas/{name}");
            assert!(used.contains(&way), "nobody uses {way}");
        }
    }

    #[test]
    fn operations_have_names_of_their_own_and_declare_their_path() {
        let document = written();
        let mut names = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(
                    names.insert(name.to_owned()),
                    "{name} is the name of two operations"
                );
                let declared: Vec<_> = operation["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|parameter| parameter["in"] == "path")
                    .map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()))
                    .collect();
                let needed: Vec<_> = path
                    .split('/')
                    .filter(|part| part.starts_with('{'))
                    .map(str::to_owned)
                    .collect();
                assert_eq!(declared, needed, "{method} {path}");
                let good = operation["responses"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .any(|status| status.starts_with('2') || status.starts_with('3'));
                assert!(good, "{method} {path} says what it answers");
            }
        }
    }

    #[test]
    fn every_code_of_a_problem_is_written_down() {
        let document = written();
        let codes = document["components"]["schemas"]["Code"].to_string();
        for code in [Code::LastAdminKey, Code::Outdated, Code::TooOften, Code::Internal] {
            assert!(codes.contains(&json!(code).to_string()), "{code:?}");
        }
        let problem = &document["components"]["responses"]["Problem"]["content"][Problem::MEDIA_TYPE];
        assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem");
    }

    #[test]
    fn the_document_changes_only_on_purpose() {
        insta::assert_snapshot!("openapi", format!("{:#}\n", written()));
    }

    #[tokio::test]
    async fn the_document_is_for_everybody() {
        let bench = Bench::new().await;
        let answer = bench.send(None, Method::GET, "/openapi.json", "").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(answer.json()["openapi"], "3.1.0");
    }
}
