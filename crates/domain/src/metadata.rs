//! A user's metadata: custom key → JSON value, each key with its own revision.

use crate::{FieldError, Revision, Rule, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, str::FromStr};

const KEY_MAX_CHARS: usize = 64;
const VALUE_MAX_BYTES: usize = 8 * 1024;
const VALUE_MAX_DEPTH: usize = 16;

/// All metadata of one user.
pub type Metadata = BTreeMap<MetadataKey, MetadataEntry>;

/// A metadata key: 1 to 64 characters, no control characters, no blanks at the ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct MetadataKey(String);

impl MetadataKey {
    /// A user has at most this many keys.
    pub const MAX_PER_USER: usize = 256;

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MetadataKey {
    type Err = Rule;

    fn from_str(text: &str) -> Result<Self, Rule> {
        if text.is_empty() {
            Err(Rule::Required)
        } else if text.chars().count() > KEY_MAX_CHARS {
            Err(Rule::MetadataKeyLength)
        } else if text.trim() != text || text.chars().any(char::is_control) {
            Err(Rule::MetadataKeyCharacters)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl fmt::Display for MetadataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for MetadataKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|rule| serde::de::Error::custom(format_args!("metadata key: {rule:?}")))
    }
}

/// A metadata value: JSON of at most 8 KiB and 16 levels.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct MetadataValue(Value);

impl MetadataValue {
    /// Checks size and depth.
    pub fn new(value: Value) -> Result<Self, Rule> {
        if depth(&value) > VALUE_MAX_DEPTH {
            return Err(Rule::MetadataValueDepth);
        }
        if has_rounded_number(&value) {
            return Err(Rule::MetadataValueNumber);
        }
        if value.to_string().len() > VALUE_MAX_BYTES {
            return Err(Rule::MetadataValueSize);
        }
        Ok(Self(value))
    }

    /// Reads what someone typed as JSON.
    pub fn parse(json: &str) -> Result<Self, Rule> {
        Self::new(serde_json::from_str(json).map_err(|_| Rule::MetadataValueJson)?)
    }

    /// The JSON value.
    pub const fn json(&self) -> &Value {
        &self.0
    }
}

impl fmt::Display for MetadataValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for MetadataValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::new(value).map_err(|rule| serde::de::Error::custom(format_args!("metadata value: {rule:?}")))
    }
}

/// One key's value, and the revision that last changed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetadataEntry {
    /// The value.
    pub value: MetadataValue,
    /// The pool's revision at which the value was set.
    pub revision: Revision,
    /// Who set it: the name of an operator or key, or `None` if the user's own app did.
    pub actor: Option<String>,
    /// When it was set.
    pub at: Timestamp,
}

/// Checks a key and a value as typed, together, so that a form can show both errors at once.
///
/// Fields are named `key` and `value`.
pub fn parse_entry(key: &str, json: &str) -> Result<(MetadataKey, MetadataValue), Vec<FieldError>> {
    match (key.parse::<MetadataKey>(), MetadataValue::parse(json)) {
        (Ok(key), Ok(value)) => Ok((key, value)),
        (key, value) => {
            let key = key.err().map(|rule| FieldError::new("key", rule));
            let value = value.err().map(|rule| FieldError::new("value", rule));
            Err(key.into_iter().chain(value).collect())
        }
    }
}

/// An integer beyond 64 bits has become a float, and another number, when it was read. Long card numbers are typed like
/// that; as text they stay what they are.
fn has_rounded_number(value: &Value) -> bool {
    const BEYOND_64_BITS: f64 = 18_446_744_073_709_551_616.0;
    match value {
        Value::Number(number) => {
            number.is_f64() && number.as_f64().is_some_and(|float| float.abs() >= BEYOND_64_BITS)
        }
        Value::Array(items) => items.iter().any(has_rounded_number),
        Value::Object(members) => members.values().any(has_rounded_number),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::empty("", Some(Rule::Required))]
    #[case::blank_end("vip ", Some(Rule::MetadataKeyCharacters))]
    #[case::newline("v\nip", Some(Rule::MetadataKeyCharacters))]
    #[case::long("字".repeat(65), Some(Rule::MetadataKeyLength))]
    #[case::chinese("会员等级", None)]
    #[case::dotted("crm.tier", None)]
    fn knows_which_keys_are_allowed(#[case] key: impl Into<String>, #[case] broken: Option<Rule>) {
        assert_eq!(key.into().parse::<MetadataKey>().err(), broken);
    }

    #[rstest]
    #[case::not_json("gold", Some(Rule::MetadataValueJson))]
    #[case::text("\"gold\"", None)]
    #[case::null("null", None)]
    #[case::sixty_four_bits("18446744073709551615", None)]
    #[case::long_card_number("12345678901234567890123", Some(Rule::MetadataValueNumber))]
    #[case::long_number_inside(r#"{"card":[12345678901234567890123]}"#, Some(Rule::MetadataValueNumber))]
    #[case::fraction("0.1234567890123456", None)]
    #[case::big(format!("\"{}\"", "x".repeat(8 * 1024)), Some(Rule::MetadataValueSize))]
    #[case::deep(format!("{}1{}", "[".repeat(17), "]".repeat(17)), Some(Rule::MetadataValueDepth))]
    #[case::just_deep_enough(format!("{}1{}", "[".repeat(16), "]".repeat(16)), None)]
    fn knows_which_values_are_allowed(#[case] json: impl Into<String>, #[case] broken: Option<Rule>) {
        assert_eq!(MetadataValue::parse(&json.into()).err(), broken);
    }

    proptest! {
        #[test]
        fn a_fraction_comes_back_as_it_went(float in -1e15..1e15) {
            let json = serde_json::to_string(&float).unwrap();
            let value = MetadataValue::parse(&json).unwrap();
            prop_assert_eq!(value.json().as_f64(), Some(float));
            prop_assert_eq!(value.to_string(), json);
        }

        #[test]
        fn never_panics_on_what_people_type(key in ".*", json in ".*") {
            let _ = parse_entry(&key, &json);
        }
    }
}
