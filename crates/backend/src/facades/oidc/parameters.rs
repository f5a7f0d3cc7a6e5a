//! The parameters of a request: a query or a form, each name once (RFC 6749, 3.1 and 3.2).

use super::fault::Fault;
use crate::facades::Call;
use axum::http::{Method, header};
use std::collections::BTreeMap;
use url::form_urlencoded;

/// The parameters of a request. One that is empty is absent.
#[derive(Clone)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads the query of a `GET` and the form of a `POST`.
    pub(super) fn of(call: &Call) -> Result<Self, Fault> {
        if call.method != Method::POST {
            return Self::from_pairs(call.queries().iter().cloned());
        }
        let form = call
            .header(header::CONTENT_TYPE.as_str())
            .and_then(|kind| kind.split(';').next())
            .is_some_and(|kind| {
                kind.trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        if !form {
            return Err(Fault::request(
                "the body has to be application/x-www-form-urlencoded",
            ));
        }
        Self::from_pairs(form_urlencoded::parse(call.body()?).into_owned())
    }

    fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, Fault> {
        let mut all = BTreeMap::new();
        for (name, value) in pairs {
            if all.insert(name, value).is_some() {
                return Err(Fault::request("a parameter is there more than once"));
            }
        }
        Ok(Self(all))
    }

    /// A parameter that may be absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?;
        (!value.is_empty()).then_some(value)
    }

    /// Gives a parameter that is absent a value.
    pub(super) fn complete(&mut self, name: &str, value: &str) {
        if self.get(name).is_none() {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    /// A parameter that has to be there.
    pub(super) fn need(&self, name: &str) -> Result<&str, Fault> {
        self.get(name)
            .ok_or_else(|| Fault::request(format!("the parameter {name} is missing")))
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
