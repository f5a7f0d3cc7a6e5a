//! What a person is found by, and how well a search fits: the rules of search, in one place.

use super::{
    columns::{Uuid16, decode, optional_json, text_at},
    fold::{fold, hex_digits, phone_digits},
    rows::{profile_of, with_own_edits},
    tokens::Part,
};
use crate::Error;
use rusqlite::Connection;
use serde::{Deserialize, de::IgnoredAny};
use std::{borrow::Cow, collections::BTreeMap};
use yaopai_domain::{ConnectionId, UserId};

/// How well a search fits, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is a whole name, phone number, e-mail address, user name or identifier.
    Whole,
    /// A name begins with it.
    Beginning,
    /// It is inside a name.
    Name,
    /// It is inside a phone number, an e-mail address, a user name or an identifier.
    Identifier,
    /// It is inside a metadata key, or a whole `key=value`.
    Metadata,
}

impl Fit {
    /// Every fit, best first.
    pub(super) const ALL: [Self; 5] = [
        Self::Whole,
        Self::Beginning,
        Self::Name,
        Self::Identifier,
        Self::Metadata,
    ];
}

/// OpenIDs and UnionIDs are looked for from so many characters on: fewer are in everybody's.
pub(super) const IDENTIFIER_CHARS: usize = 5;

/// A phone number has at least so many digits.
pub(super) const WHOLE_PHONE_DIGITS: usize = 7;

/// A search, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The text, folded, without blanks around it; never empty.
    pub(super) text: String,
    /// Its length in characters.
    pub(super) chars: usize,
    /// The digits, if it can be a phone number.
    pub(super) phone: Option<String>,
    /// The digits, if it can be a user id.
    pub(super) hex: Option<String>,
    /// Every way to read it as `key=value`.
    pub(super) entries: Vec<(String, String)>,
}

impl Wanted {
    /// Reads what somebody typed or pasted; `None` if it is nothing.
    pub(super) fn parse(search: &str) -> Option<Self> {
        let folded = fold(search);
        let text = folded.trim().to_owned();
        if text.is_empty() {
            return None;
        }
        let entries = text
            .match_indices('=')
            .map(|(at, _)| {
                let value = text[at + 1..].trim();
                // A text may be typed as JSON, too.
                let bare = value
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'))
                    .unwrap_or(value);
                (text[..at].trim().to_owned(), bare.to_owned())
            })
            .filter(|(key, _)| !key.is_empty())
            .collect();
        Some(Self {
            chars: text.chars().count(),
            phone: phone_digits(&text),
            hex: hex_digits(&text),
            entries,
            text,
        })
    }

    /// Whether it is looked for in names only: a letter or two, a digit or two.
    pub(super) fn is_short(&self) -> bool {
        self.chars <= 2 && self.text.is_ascii()
    }
}

/// Everything a person is found by, folded, and what lists are filtered by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Person {
    /// Nickname and name.
    pub(super) names: Vec<String>,
    /// User name.
    pub(super) username: Option<String>,
    /// The digits of the phone number, with the country's.
    pub(super) phone: Option<String>,
    /// The e-mail address.
    pub(super) email: Option<String>,
    /// OpenIDs and UnionIDs, each once.
    pub(super) ids: Vec<String>,
    /// The 32 hexadecimal digits of the user id.
    pub(super) hex: String,
    /// Metadata: key and value.
    pub(super) metadata: Vec<(String, String)>,
    /// Whether the person may not log in.
    pub(super) blocked: bool,
    /// Whether a UnionID is known.
    pub(super) united: bool,
    /// Connections of the bindings.
    pub(super) connections: Vec<String>,
}

impl Person {
    /// Reads a person as they look here, own edits included.
    pub(super) fn load(c: &Connection, row: i64) -> Result<Self, Error> {
        let (id, blocked) = c
            .prepare_cached("SELECT id, status FROM people WHERE row = ?1")?
            .query_row([row], |row| Ok((row.get::<_, Uuid16>(0)?, row.get(1)?)))?;
        let mut person = Self {
            blocked,
            ..Self::default()
        };
        let (profile, metadata): (String, String) = c
            .prepare_cached("SELECT profile, metadata FROM user_state WHERE row = ?1")?
            .query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))?;
        person.know(&profile, &metadata)?;
        person.know_own_edits(c, id)?;
        person.know_id(id);
        person.know_bindings(c, id)?;
        Ok(person)
    }

    /// Reads a part of a person; `edited` says whether anybody has own edits.
    pub(super) fn load_part(c: &Connection, row: i64, part: Part, edited: bool) -> Result<Self, Error> {
        let mut person = Self::default();
        let id = |c: &Connection| {
            c.prepare_cached("SELECT id FROM people WHERE row = ?1")?
                .query_row([row], |row| row.get::<_, Uuid16>(0))
        };
        match part {
            Part::Id => person.know_id(id(c)?),
            Part::Identifiers => {
                let mut statement = c.prepare_cached(
                    "SELECT i.open_id, i.union_id FROM people p CROSS JOIN identities i ON i.user_id = p.id
                     WHERE p.row = ?1",
                )?;
                let mut rows = statement.query([row])?;
                while let Some(row) = rows.next()? {
                    person.know_binding(text_at(row, 0)?, text_at(row, 1)?, None);
                }
            }
            Part::Profile => {
                c.prepare_cached("SELECT profile FROM user_state WHERE row = ?1")?
                    .query_row([row], |row| {
                        Ok(person.know(text_at(row, 0)?.unwrap_or("{}"), "{}"))
                    })??;
                if edited {
                    person.know_own_edits(c, id(c)?)?;
                }
            }
        }
        Ok(person)
    }

    /// Takes in what is stored of a user.
    pub(super) fn know(&mut self, profile: &str, metadata: &str) -> rusqlite::Result<()> {
        let profile: Known<'_> = decode(0, profile)?;
        let metadata: BTreeMap<Cow<'_, str>, Value> = decode(0, metadata)?;
        for name in [&profile.nickname, &profile.name] {
            self.add_name(name.as_ref().map(|name| name.value.as_ref()));
        }
        self.username = profile.username.map(|name| fold(&name.value).trim().to_owned());
        self.phone = profile
            .phone
            .map(|phone| phone.value.chars().filter(char::is_ascii_digit).collect());
        self.email = profile.email.map(|email| fold(&email.value));
        for (key, Value(value, ..)) in &metadata {
            self.metadata.push((key_text(key), value_text(value)));
        }
        Ok(())
    }

    /// Puts the own edits on top of what is stored.
    pub(super) fn know_own_edits(&mut self, c: &Connection, id: Uuid16) -> Result<(), Error> {
        if !any_own_edits(c)? {
            return Ok(());
        }
        let user_id: UserId = id.id();
        let mut statement = c.prepare_cached("SELECT field, value FROM overlay WHERE user_id = ?1")?;
        let mut rows = statement.query([user_id.to_string()])?;
        let mut names_edited = false;
        while let Some(row) = rows.next()? {
            let field = text_at(row, 0)?.unwrap_or_default();
            if let Some(key) = field.strip_prefix("metadata.") {
                let key = key_text(key);
                // Keys that fold to the same stand for each other here.
                self.metadata.retain(|(other, _)| *other != key);
                if let Some(value) = optional_json::<serde_json::Value>(row, "value")? {
                    self.metadata.push((key, value_text(&value)));
                }
            } else if field.starts_with("profile.") {
                names_edited = true;
            }
        }
        if names_edited {
            let mut profile = profile_of(c, user_id)?.unwrap_or_default();
            with_own_edits(c, user_id, &mut profile)?;
            self.names.clear();
            for name in [&profile.nickname, &profile.name] {
                self.add_name(name.as_ref().map(|name| name.value.as_str()));
            }
        }
        Ok(())
    }

    fn add_name(&mut self, name: Option<&str>) {
        let name = name.map(|name| fold(name).trim().to_owned());
        self.names
            .extend(name.filter(|name| !name.is_empty() && !self.names.contains(name)));
    }

    /// Takes in the user id.
    pub(super) fn know_id(&mut self, id: Uuid16) {
        self.hex = uuid::Uuid::from_bytes(id.0).simple().to_string();
    }

    fn know_bindings(&mut self, c: &Connection, id: Uuid16) -> Result<(), Error> {
        let mut statement = c.prepare_cached(
            "SELECT i.open_id, i.union_id, o.connection_id
             FROM identities i JOIN origins o ON o.row = i.origin WHERE i.user_id = ?1",
        )?;
        let mut rows = statement.query([id.0])?;
        while let Some(row) = rows.next()? {
            self.know_binding(text_at(row, 0)?, text_at(row, 1)?, row.get(2)?);
        }
        Ok(())
    }

    /// Takes in a binding.
    pub(super) fn know_binding(
        &mut self,
        open_id: Option<&str>,
        union_id: Option<&str>,
        connection: Option<Uuid16>,
    ) {
        self.united |= union_id.is_some();
        for id in [open_id, union_id].into_iter().flatten() {
            let id = fold(id);
            if !self.ids.contains(&id) {
                self.ids.push(id);
            }
        }
        let connection = connection.map(|id| id.id::<ConnectionId>().to_string());
        self.connections
            .extend(connection.filter(|id| !self.connections.contains(id)));
    }

    /// How well a search fits this person, if it does at all.
    pub(super) fn fit(&self, wanted: &Wanted) -> Option<Fit> {
        let text = wanted.text.as_str();
        let in_names = self.names.iter().filter_map(|name| {
            if name == text {
                Some(Fit::Whole)
            } else if name.starts_with(text) {
                Some(Fit::Beginning)
            } else {
                name.contains(text).then_some(Fit::Name)
            }
        });
        let in_names = in_names.min();
        if self.username.as_deref() == Some(text) {
            return Some(Fit::Whole);
        }
        if wanted.is_short() {
            return in_names;
        }
        let identifier = |whole: bool| if whole { Fit::Whole } else { Fit::Identifier };
        let mut best = in_names;
        let mut take = |fit: Fit| best = Some(best.map_or(fit, |best| best.min(fit)));
        if let (Some(phone), Some(digits)) = (&self.phone, &wanted.phone)
            && phone.contains(digits.as_str())
        {
            let whole = phone == digits || phone.strip_prefix("86") == Some(digits);
            take(identifier(whole && digits.len() >= WHOLE_PHONE_DIGITS));
        }
        if wanted.chars >= 3 {
            if self
                .username
                .as_ref()
                .is_some_and(|username| username.contains(text))
            {
                take(Fit::Identifier);
            }
            if let Some(email) = self.email.as_ref().filter(|email| email.contains(text)) {
                take(identifier(email == text));
            }
        }
        if wanted.chars >= IDENTIFIER_CHARS {
            for id in self.ids.iter().filter(|id| id.contains(text)) {
                take(identifier(id == text));
            }
        }
        if let Some(digits) = &wanted.hex
            && self.hex.contains(digits.as_str())
        {
            take(identifier(&self.hex == digits));
        }
        let has_entry = self.metadata.iter().any(|(key, value)| {
            key.contains(text)
                || wanted
                    .entries
                    .iter()
                    .any(|(wanted_key, wanted_value)| wanted_key == key && wanted_value == value)
        });
        if has_entry {
            take(Fit::Metadata);
        }
        best
    }
}

/// Whether anybody has own edits.
pub(super) fn any_own_edits(c: &Connection) -> Result<bool, Error> {
    Ok(c.prepare_cached("SELECT EXISTS (SELECT 1 FROM overlay)")?
        .query_row([], |row| row.get(0))?)
}

/// The part of a stored profile that people are found by.
#[derive(Deserialize)]
struct Known<'a> {
    #[serde(borrow, default)]
    nickname: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    phone: Option<Text<'a>>,
    #[serde(borrow, default)]
    email: Option<Text<'a>>,
    #[serde(borrow, default)]
    username: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    value: Cow<'a, str>,
}

/// A stored metadata value, without who set it and when.
#[derive(Deserialize)]
struct Value(serde_json::Value, IgnoredAny, IgnoredAny, IgnoredAny);

/// A metadata key as it is looked for.
fn key_text(key: &str) -> String {
    fold(key).trim().to_owned()
}

/// A metadata value as it is looked for: a text as it is, everything else as JSON.
fn value_text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => fold(text).trim().to_owned(),
        other => fold(&other.to_string()),
    }
}
