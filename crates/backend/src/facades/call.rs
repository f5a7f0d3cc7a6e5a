//! A request of an SDK, read without judging: each facade refuses in words of its own.

use crate::{App, Error, limit::address_of};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::IntoResponse,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::{convert::Infallible, net::IpAddr, sync::Arc};

/// A request of an SDK.
#[derive(Debug)]
pub(crate) struct Call {
    /// Its method.
    pub(crate) method: Method,
    /// Its address.
    pub(crate) uri: Uri,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Where it came from.
    pub(crate) client: Option<IpAddr>,
    /// By what the log knows it.
    pub(crate) request_id: Option<String>,
    query: Vec<(String, String)>,
    body: Result<Bytes, Refused>,
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy)]
enum Refused {
    TooLarge,
    BrokeOff,
}

impl FromRequest<Arc<App>> for Call {
    type Rejection = Infallible;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let client = address_of(app, &parts.headers, &parts.extensions);
        let headers = std::mem::take(&mut parts.headers);
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let query = query.into_owned().collect();
        let body = Bytes::from_request(Request::from_parts(parts, body), app).await;
        let body = body.map_err(|refusal| match refusal.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refused::TooLarge,
            _ => Refused::BrokeOff,
        });
        Ok(Self {
            client,
            request_id: header(&headers, "x-request-id").map(str::to_owned),
            method,
            uri,
            headers,
            query,
            body,
        })
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl Call {
    /// The text of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The first value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let mut all = self.query.iter();
        all.find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All query parameters, in their order.
    pub(crate) fn queries(&self) -> &[(String, String)] {
        &self.query
    }

    /// The bytes of the body.
    pub(crate) fn body(&self) -> Result<&Bytes, Error> {
        self.body.as_ref().map_err(|refused| match refused {
            Refused::TooLarge => Error::TooLarge,
            Refused::BrokeOff => Error::Malformed("the body did not arrive".to_owned()),
        })
    }

    /// The JSON of the body, whatever its content type says (browsers send JSON as `text/plain` to spare a preflight). No
    /// body is an empty object.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let bytes = self.body()?.trim_ascii();
        let bytes = if bytes.is_empty() { b"{}" } else { bytes };
        serde_json::from_slice(bytes).map_err(|error| {
            // The parser's own words can repeat values, and a value can be a secret.
            Error::Malformed(format!(
                "the body is not the JSON this call takes (line {}, column {})",
                error.line(),
                error.column()
            ))
        })
    }

    /// What the query and the body say together; the body, a JSON object or a form, has the last word.
    pub(crate) fn fields(&self) -> Result<Map<String, Value>, Error> {
        let text = |(name, value): &(String, String)| (name.clone(), Value::String(value.clone()));
        let mut fields: Map<_, _> = self.query.iter().map(text).collect();
        let form = self
            .header(header::CONTENT_TYPE.as_str())
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let body = self.body()?.trim_ascii();
        if form && !body.starts_with(b"{") {
            let pairs = url::form_urlencoded::parse(body).into_owned();
            fields.extend(pairs.map(|(name, value)| (name, Value::String(value))));
        } else {
            fields.extend(self.json::<Map<String, Value>>()?);
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;
    use axum::body::Body;
    use rstest::rstest;
    use serde_json::json;

    async fn call(uri: &str, kind: &str, body: &str) -> Call {
        let request = Request::post(uri).header(header::CONTENT_TYPE, kind);
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let bench = Bench::new().await;
        let Ok(call) = Call::from_request(request, &bench.app).await;
        call
    }

    #[rstest]
    #[case::json("application/json", r#"{"code":"1"}"#, Some("1"))]
    #[case::json_as_text("text/plain;charset=UTF-8", " {\"code\":\"1\"}\n", Some("1"))]
    #[case::json_as_form("application/x-www-form-urlencoded", r#"{"code":"1"}"#, Some("1"))]
    #[case::form("application/x-www-form-urlencoded; charset=utf-8", "code=%31&x=y", Some("1"))]
    #[case::nothing("application/json", "", Some("query"))]
    #[case::half("application/json", r#"{"code":"#, None)]
    #[case::list("application/json", "[]", None)]
    #[case::form_as_json("application/json", "code=1", None)]
    #[tokio::test]
    async fn a_body_is_read_by_what_it_holds(
        #[case] kind: &str,
        #[case] body: &str,
        #[case] code: Option<&str>,
    ) {
        let fields = call("/x?code=query", kind, body).await.fields().ok();
        assert_eq!(
            fields.and_then(|fields| fields.get("code").cloned()),
            code.map(|code| json!(code))
        );
    }

    #[tokio::test]
    async fn a_refused_body_is_not_repeated() {
        let call = call("/x", "application/json", r#"{"code": "the secret code""#).await;
        let error = call.json::<Value>().unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
