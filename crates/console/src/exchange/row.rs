//! A user as a row of a file: which column means what, and how a value is written in it.

use crate::{Binding, ImportMeaning, RowProblem, UserDetail};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use yaopai_domain::{Email, MetadataKey, MetadataValue, Phone, Rule, Timestamp, UserId, Username};

/// Columns of metadata are called `metadata.<key>`.
const METADATA: &str = "metadata.";
/// The columns of an export that are not metadata. Only those that an import knows are read back.
pub(super) const COLUMNS: [&str; 10] = [
    "id",
    "nickname",
    "name",
    "phone",
    "email",
    "username",
    "status",
    "open_ids",
    "union_id",
    "created_at",
];
/// Of [`COLUMNS`] those in whose place JSON lines have `bindings`.
const OF_BINDINGS: [&str; 2] = ["open_ids", "union_id"];

/// What a column of this name is taken for.
pub(super) fn meaning(name: &str) -> ImportMeaning {
    match name.trim().to_lowercase().as_str() {
        "id" | "user_id" | "用户id" => ImportMeaning::Id,
        "nickname" | "昵称" => ImportMeaning::Nickname,
        "name" | "姓名" => ImportMeaning::Name,
        "phone" | "手机" | "手机号" => ImportMeaning::Phone,
        "email" | "邮箱" => ImportMeaning::Email,
        "username" | "用户名" => ImportMeaning::Username,
        _ => match name.trim().strip_prefix(METADATA) {
            Some(key) => ImportMeaning::Metadata { key: key.to_owned() },
            None => ImportMeaning::Ignored,
        },
    }
}

/// What a row of a file says, checked. Empty cells and `null` say nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Row {
    pub(super) id: Option<UserId>,
    /// As written: the name that somebody has may be one that nobody could type.
    pub(super) nickname: Option<String>,
    /// As written.
    pub(super) name: Option<String>,
    pub(super) phone: Option<Phone>,
    pub(super) email: Option<Email>,
    pub(super) username: Option<Username>,
    pub(super) metadata: BTreeMap<MetadataKey, MetadataValue>,
}

impl Row {
    /// Takes the value of a column in; refuses one that breaks a rule.
    pub(super) fn set(&mut self, meaning: &ImportMeaning, value: &Value) -> Result<(), RowProblem> {
        let broken = |rule| RowProblem::Rule { rule };
        let text = match value {
            Value::Null => return Ok(()),
            Value::String(text) => text.trim(),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => "",
        };
        let is_plain =
            value.is_string() || matches!(meaning, ImportMeaning::Metadata { .. } | ImportMeaning::Ignored);
        if !is_plain {
            return Err(RowProblem::Unreadable);
        }
        if text.is_empty() && value.is_string() {
            return Ok(());
        }
        match meaning {
            ImportMeaning::Id => self.id = Some(text.parse().map_err(|_| RowProblem::UnknownUser)?),
            ImportMeaning::Nickname => self.nickname = value.as_str().map(str::to_owned),
            ImportMeaning::Name => self.name = value.as_str().map(str::to_owned),
            ImportMeaning::Phone => self.phone = Some(text.parse().map_err(|_| broken(Rule::PhoneShape))?),
            ImportMeaning::Email => self.email = Some(text.parse().map_err(|_| broken(Rule::EmailShape))?),
            ImportMeaning::Username => {
                self.username = Some(text.parse().map_err(|_| broken(Rule::UsernameShape))?);
            }
            ImportMeaning::Metadata { key } => {
                let key = key.parse().map_err(broken)?;
                let value = MetadataValue::new(value.clone()).map_err(broken)?;
                self.metadata.insert(key, value);
            }
            ImportMeaning::Ignored => {}
        }
        Ok(())
    }

    /// Whether it says nothing of anybody.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A cell of a table as a value: of metadata, JSON is taken for JSON and everything else for text.
pub(super) fn of_cell(meaning: &ImportMeaning, cell: &str) -> Value {
    let text = unguarded(cell);
    if text.trim().is_empty() {
        return Value::Null;
    }
    match meaning {
        ImportMeaning::Metadata { .. } => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
        }
        _ => Value::String(text.to_owned()),
    }
}

/// A user's metadata as a cell: text as it is, unless it could be taken for JSON.
pub(super) fn metadata_cell(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(Value::String(text))
            if serde_json::from_str::<Value>(&text).is_err() && text.trim() == text && !text.is_empty() =>
        {
            text
        }
        _ => json.to_owned(),
    }
}

/// Spreadsheets run cells that begin like a formula, and take a phone number for a number that they round: such a cell gets
/// an apostrophe in front. A plain negative number can stay one.
pub(super) fn guarded(cell: String) -> String {
    let is_number = cell.strip_prefix('-').is_some_and(|rest| {
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        rest.split_once('.').map_or_else(
            || is_digits(rest),
            |(whole, part)| is_digits(whole) && is_digits(part),
        )
    });
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) && !is_number {
        format!("'{cell}")
    } else {
        cell
    }
}

fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) => rest,
        _ => cell,
    }
}

/// The metadata of a user as it looks here, by key.
pub(super) fn metadata(user: &UserDetail) -> impl Iterator<Item = (&str, &str)> {
    user.metadata
        .iter()
        .filter_map(|item| Some((item.key.as_str(), item.json.as_deref()?)))
}

/// The cells of [`COLUMNS`].
pub(super) fn cells(user: &UserDetail) -> [String; COLUMNS.len()] {
    let profile = &user.profile;
    let text = |field: &Option<yaopai_domain::Sourced>| {
        field.as_ref().map_or(String::new(), |field| field.value.clone())
    };
    let open_ids: Vec<&str> = user
        .bindings
        .iter()
        .map(|binding| binding.open_id.as_str())
        .collect();
    let union_id = user.bindings.iter().find_map(|binding| binding.union_id.clone());
    let status = serde_json::to_value(user.status).unwrap_or_default();
    [
        user.id.to_string(),
        text(&profile.nickname),
        text(&profile.name),
        text(&profile.phone),
        text(&profile.email),
        text(&profile.username),
        status.as_str().unwrap_or_default().to_owned(),
        open_ids.join(" "),
        union_id.unwrap_or_default(),
        time(user.created_at),
    ]
}

/// A time in RFC 3339.
fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .unwrap_or_default()
        .to_string()
}

/// A binding as an object.
fn binding(binding: &Binding) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, text: Option<&str>| {
        if let Some(text) = text {
            object.insert(name.to_owned(), Value::String(text.to_owned()));
        }
    };
    put("kind", Some(binding.kind.as_str()));
    put("app_id", Some(&binding.app_id));
    put("connection", binding.connection.as_deref());
    put("open_id", Some(&binding.open_id));
    put("union_id", binding.union_id.as_deref());
    put("first_seen", Some(&time(binding.first_seen)));
    put("last_seen", Some(&time(binding.last_seen)));
    Value::Object(object)
}

/// A user as an object of a file of JSON lines, with every binding in full.
pub(super) fn object(user: &UserDetail) -> Value {
    let mut object = Map::new();
    for (name, cell) in COLUMNS.into_iter().zip(cells(user)) {
        if !cell.is_empty() && !OF_BINDINGS.contains(&name) {
            object.insert(name.to_owned(), Value::String(cell));
        }
    }
    let bindings: Vec<Value> = user.bindings.iter().map(binding).collect();
    if !bindings.is_empty() {
        object.insert("bindings".to_owned(), Value::Array(bindings));
    }
    let metadata: Map<String, Value> = metadata(user)
        .map(|(key, json)| (key.to_owned(), serde_json::from_str(json).unwrap_or_default()))
        .collect();
    object.insert("metadata".to_owned(), Value::Object(metadata));
    Value::Object(object)
}

/// The name of the column of a metadata key.
pub(super) fn metadata_column(key: &str) -> String {
    format!("{METADATA}{key}")
}
