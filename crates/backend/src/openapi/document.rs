//! The OpenAPI document, built from the table that mounts the endpoints.

use super::doc::{Answer, Doc, named};
use crate::endpoint::{Endpoint, Needs};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use yaopai_domain::{Problem, Role};

const ABOUT: &str = "What consoles and scripts speak with a Yaopai backend, and the login calls that are its own. \
    Errors are application/problem+json (RFC 9457); `code` is the only thing to branch on. Times are milliseconds since \
    the UNIX epoch. Bodies are at most 1 MiB; an answer takes at most 30 seconds, streams last until either side leaves. \
    Requests of web pages (with an Origin header) are refused below /manage and /sync.";

/// The OpenAPI 3.1 document of all endpoints that have a [`Doc`].
pub(super) fn document(endpoints: &[Endpoint]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let problem = json!({
        "description": "What went wrong",
        "content": { Problem::MEDIA_TYPE: { "schema": named::<Problem>(&mut generator) } },
    });
    // In the order of their names: a new one changes one place.
    let mut paths = BTreeMap::new();
    for endpoint in endpoints {
        let Some(doc) = &endpoint.doc else { continue };
        let methods = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        methods[endpoint.method.as_str().to_ascii_lowercase()] = operation(endpoint, doc, &mut generator);
    }
    let schemas: BTreeMap<_, _> = generator.take_definitions(true).into_iter().collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Yaopai",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": { "Problem": problem },
            "securitySchemes": {
                "accessKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access key of the pool; its role decides what it may do.",
                },
            },
        },
    })
}

fn operation(endpoint: &Endpoint, doc: &Doc, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": doc.id,
        "summary": doc.summary,
        "tags": [tag(endpoint.path)],
        "security": security(endpoint.needs),
    });
    if let Some(role) = role(endpoint.needs) {
        operation["description"] = json!(format!("Needs the role `{}` or more.", role.as_str()));
    }
    let parameters = parameters(endpoint.path, doc, generator);
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(body) = doc.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": body(generator) } },
        });
    }
    let mut responses: Map<String, Value> = doc
        .answers
        .iter()
        .map(|answer| (answer.status.as_u16().to_string(), response(answer, generator)))
        .collect();
    let fault = match doc.fault {
        Some(fault) => json!({
            "description": "What went wrong",
            "content": { "application/json": { "schema": fault(generator) } },
        }),
        None => json!({ "$ref": "#/components/responses/Problem" }),
    };
    responses.insert("default".to_owned(), fault);
    operation["responses"] = Value::Object(responses);
    operation
}

/// The part of the address that says what it is about.
fn tag(path: &str) -> &str {
    match path.split('/').nth(1) {
        Some(first @ ("manage" | "sync" | "login" | "api")) => first,
        _ => "server",
    }
}

fn security(needs: Needs) -> Value {
    match needs {
        Needs::Nothing => json!([]),
        Needs::AnyKey | Needs::Right(_) => json!([{ "accessKey": [] }]),
    }
}

/// The lowest role that is let in.
fn role(needs: Needs) -> Option<Role> {
    let Needs::Right(action) = needs else { return None };
    [Role::Viewer, Role::Support, Role::Admin]
        .into_iter()
        .find(|role| role.may(action))
}

fn parameters(path: &str, doc: &Doc, generator: &mut SchemaGenerator) -> Vec<Value> {
    let in_path = path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(json!({
            "name": name,
            "in": "path",
            "required": true,
            "schema": { "type": "string" },
        }))
    });
    let mut parameters: Vec<Value> = in_path.collect();
    let Some(query) = doc.query else { return parameters };
    let query = query(generator).to_value();
    let required = query["required"].as_array().cloned().unwrap_or_default();
    for (name, schema) in query["properties"].as_object().into_iter().flatten() {
        let mut schema = schema.clone();
        let mut parameter = json!({
            "name": name,
            "in": "query",
            "required": required.contains(&json!(name)),
        });
        if let Some(description) = schema
            .as_object_mut()
            .and_then(|schema| schema.remove("description"))
        {
            parameter["description"] = description;
        }
        parameter["schema"] = schema;
        parameters.push(parameter);
    }
    parameters
}

fn response(answer: &Answer, generator: &mut SchemaGenerator) -> Value {
    let mut response = json!({ "description": answer.what });
    if let Some((media_type, write)) = answer.content {
        response["content"] = json!({ media_type: { "schema": write(generator) } });
    }
    response
}
