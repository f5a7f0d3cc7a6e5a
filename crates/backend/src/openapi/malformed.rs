//! What every documented endpoint says to nonsense: walked over the table that mounts them. Whatever arrives in a body, a
//! query or a path, the answer is one that the document names, and the backend never breaks.

use super::document;
use crate::{
    router,
    testing::{Answer, Bench},
};
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use yaopai_domain::Problem;

/// What stands in a path where a real name would.
const NAMES: [&str; 5] = [
    "00000000-0000-7000-8000-000000000000",
    "a%00b",
    "%ff%fe",
    "..%2f..%2fetc",
    "%F0%9F%90%89",
];
/// Everything the plain login asks for in a query, too.
const QUERY_VALUES: [&str; 5] = ["", "%00", "-1", "99999999999999999999", "%ff"];

/// Bodies that are no JSON, or JSON of another shape than any endpoint takes.
fn shapeless() -> Vec<String> {
    vec![
        String::new(),
        "not JSON".to_owned(),
        "\u{0}".to_owned(),
        "null".to_owned(),
        "7".to_owned(),
        "\"text\"".to_owned(),
        "[[]]".to_owned(),
        "{".to_owned(),
        "{\"a\": 1e999}".to_owned(),
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        " ".repeat(1024 * 1024 + 1),
    ]
}

/// Values that fit nowhere, or only by chance.
fn misfits() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!(""),
        json!("a\u{0}b"),
        json!("\u{202e}🐉"),
        json!("x".repeat(70_000)),
        json!([]),
        json!(["\u{0}"]),
        json!({}),
        json!({ "a": { "\u{0}": "\u{0}" } }),
        deep,
    ]
}

/// The names of an object's members, by its schema.
fn members(document: &Value, schema: &Value) -> Vec<String> {
    let schema = match schema["$ref"].as_str() {
        Some(target) => document.pointer(&target[1..]).unwrap(),
        None => schema,
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(|(name, _)| name.clone()).collect()
}

/// The bodies for an operation: those without a shape, and those of the right shape with wrong values.
fn bodies(document: &Value, operation: &Value) -> Vec<String> {
    let mut bodies = shapeless();
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let members = members(document, schema);
    for misfit in misfits() {
        let all = members.iter().map(|name| (name.clone(), misfit.clone()));
        bodies.push(Value::Object(all.collect()).to_string());
        // With the others absent, each has its turn of being looked at.
        bodies.extend(members.iter().map(|name| json!({ name: misfit }).to_string()));
    }
    bodies
}

/// The addresses for an operation: the path with these names in it, and with these values in its query.
fn addresses(path: &str, operation: &Value) -> Vec<String> {
    let below = |name: &str| {
        let parts = path.replace("{pool}", "default");
        let parts = parts
            .split('/')
            .map(|part| if part.starts_with('{') { name } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let mut addresses: Vec<String> = NAMES.iter().map(|name| below(name)).collect();
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let query: Vec<&str> = parameters
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    for value in QUERY_VALUES {
        addresses.extend(
            query
                .iter()
                .map(|name| format!("{}?{name}={value}", below(NAMES[0]))),
        );
    }
    addresses.dedup();
    addresses
}

/// Why the document does not name this answer, if it does not.
fn undocumented(answer: &Answer, operation: &Value) -> Option<String> {
    let status = answer.status;
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Some(answer.text());
    }
    let responses = &operation["responses"];
    let response = match &responses[status.as_str()] {
        Value::Null if status.is_client_error() => &responses["default"],
        response => response,
    };
    let named = match response["$ref"].as_str() {
        Some(_) => Some(Problem::MEDIA_TYPE),
        None if response.is_null() => return Some(format!("no answer of status {status} is documented")),
        None => response["content"]
            .as_object()
            .and_then(|content| content.keys().next().map(String::as_str)),
    };
    let told = answer.headers.get(header::CONTENT_TYPE);
    let told = told.and_then(|told| told.to_str().unwrap().split(';').next());
    (told != named).then(|| format!("{status} as {told:?}, not {named:?}: {}", answer.text()))
}

#[tokio::test]
async fn nonsense_gets_a_documented_answer_everywhere() {
    let document = document::document(&router::endpoints());
    let bench = Bench::new().await;
    let mut asked = 0;
    let mut wrong = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (name, operation) in methods.as_object().unwrap() {
            let method: Method = name.to_ascii_uppercase().parse().unwrap();
            let mut requests: Vec<(String, String)> = addresses(path, operation)
                .into_iter()
                .map(|address| (address, String::new()))
                .collect();
            let first = requests[0].0.clone();
            if !operation["requestBody"].is_null() {
                let bodies = bodies(&document, operation);
                requests.extend(bodies.into_iter().map(|body| (first.clone(), body)));
            }
            for (address, body) in requests {
                let start: String = body.chars().take(80).collect();
                let key = Some("the key of the admin");
                let answer = bench.send(key, method.clone(), &address, body).await;
                asked += 1;
                if let Some(why) = undocumented(&answer, operation) {
                    wrong.push(format!("{method} {address} with {start}: {why}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {asked}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(asked > 1000, "{asked}");
}

#[test]
fn an_answer_that_the_document_does_not_name_is_noticed() {
    let operation =
        json!({ "responses": { "200": {}, "default": { "$ref": "#/components/responses/Problem" } } });
    let answer = |status| Answer {
        status,
        headers: axum::http::HeaderMap::new(),
        bytes: axum::body::Bytes::new(),
    };
    assert_eq!(undocumented(&answer(StatusCode::OK), &operation), None);
    for status in [
        StatusCode::CREATED,
        StatusCode::NOT_FOUND,
        StatusCode::INTERNAL_SERVER_ERROR,
    ] {
        assert!(undocumented(&answer(status), &operation).is_some(), "{status}");
    }
}
