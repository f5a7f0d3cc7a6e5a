//! Members of a JSON object, read one by one: the SDKs leave out what they do not know, or send it empty.

use super::wire::Fault;
use serde_json::{Map, Value};

/// Members of a JSON object.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// A text that is not empty.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A text that has to be there.
    pub(super) fn need(self, name: &str) -> Result<&'a str, Fault> {
        self.text(name).ok_or_else(|| Fault::missing(name))
    }

    /// A text, or a number as one: the oldest SDK sends codes as numbers.
    pub(super) fn spelled(self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A whole number, also if it came as text (queries).
    pub(super) fn number(self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Whether a flag is set, also if it came as text (queries).
    pub(super) fn flag(self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }

    /// The members of an object; none if there is no such object.
    pub(super) fn object(self, name: &str) -> Option<&'a Map<String, Value>> {
        self.0.get(name)?.as_object()
    }

    /// The items of a list; none if there is no such list.
    pub(super) fn list(self, name: &str) -> &'a [Value] {
        self.0
            .get(name)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// The texts of a list, or of a text with commas between (queries).
    pub(super) fn texts(self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            Some(Value::String(text)) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        }
    }
}
