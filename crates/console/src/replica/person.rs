//! What a person is found by, and how well a search fits: the rules of search, in one place.

use super::{
    fold::{fold, hex_digits, phone_digits},
    row::{Uuid16, json_of, optional_json, text_at},
    rows::{Entry, with_own_edits},
};
use crate::Error;
use rusqlite::Connection;
use std::collections::BTreeMap;
use yaopai_domain::{Profile, UserId};

/// How well a search fits, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is a whole name, phone number, e-mail address or identifier.
    Whole,
    /// A name begins with it.
    Beginning,
    /// It is inside a name.
    Name,
    /// It is inside a phone number, an e-mail address or an identifier.
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

/// OpenIDs, UnionIDs and user ids are looked for from so many characters on: fewer are in everybody's.
pub(super) const IDENTIFIER_CHARS: usize = 5;

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

/// Everything a person is found by, folded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Person {
    /// Nickname, name, user name.
    pub(super) names: Vec<String>,
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
}

impl Person {
    /// Reads a person as they look here, own edits included.
    pub(super) fn load(c: &Connection, row: i64) -> Result<Self, Error> {
        let id = c
            .prepare_cached("SELECT id FROM people WHERE row = ?1")?
            .query_row([row], |row| row.get::<_, Uuid16>(0))?;
        let mut person = Self::of_state(c, row, id)?;
        let mut statement =
            c.prepare_cached("SELECT open_id, union_id FROM identities WHERE user_id = ?1")?;
        let mut rows = statement.query([id.0])?;
        while let Some(row) = rows.next()? {
            for column in 0..2 {
                if let Some(id) = text_at(row, column)? {
                    person.add_id(id);
                }
            }
        }
        Ok(person)
    }

    /// All but the OpenIDs and UnionIDs.
    fn of_state(c: &Connection, row: i64, id: Uuid16) -> Result<Self, Error> {
        let user_id: UserId = id.id();
        let mut profile: Profile = json_of(c, "SELECT profile FROM user_state WHERE row = ?1", row)?;
        let mut metadata: BTreeMap<String, Entry> =
            json_of(c, "SELECT metadata FROM user_state WHERE row = ?1", row)?;
        with_own_edits(c, user_id, &mut profile)?;
        let mut person = Self::of_profile(&profile, id);
        let mut statement = c.prepare_cached("SELECT field, value FROM overlay WHERE user_id = ?1")?;
        let mut rows = statement.query([user_id.to_string()])?;
        while let Some(row) = rows.next()? {
            let Some(key) = text_at(row, 0)?.and_then(|field| field.strip_prefix("metadata.")) else {
                continue;
            };
            metadata.remove(key);
            if let Some(value) = optional_json::<serde_json::Value>(row, "value")? {
                person.metadata.push((key_text(key), value_text(&value)));
            }
        }
        for (key, Entry(value, ..)) in &metadata {
            person.metadata.push((key_text(key), value_text(value.json())));
        }
        Ok(person)
    }

    /// What is known from the profile and the id.
    pub(super) fn of_profile(profile: &Profile, id: Uuid16) -> Self {
        let mut person = Self::default();
        for name in [&profile.nickname, &profile.name, &profile.username] {
            let name = name.as_ref().map(|name| fold(&name.value).trim().to_owned());
            if let Some(name) = name.filter(|name| !person.names.contains(name)) {
                person.names.push(name);
            }
        }
        person.phone = profile
            .phone
            .as_ref()
            .map(|phone| phone.value.chars().filter(char::is_ascii_digit).collect());
        person.email = profile.email.as_ref().map(|email| fold(&email.value));
        person.hex = uuid::Uuid::from_bytes(id.0).simple().to_string();
        person
    }

    /// Adds an OpenID or a UnionID.
    pub(super) fn add_id(&mut self, id: &str) {
        let id = fold(id);
        if !self.ids.contains(&id) {
            self.ids.push(id);
        }
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
        if wanted.is_short() {
            return in_names;
        }
        let identifier = |whole: bool| if whole { Fit::Whole } else { Fit::Identifier };
        let mut best = in_names;
        let mut take = |fit: Fit| best = Some(best.map_or(fit, |best| best.min(fit)));
        if let (Some(phone), Some(digits)) = (&self.phone, &wanted.phone)
            && phone.contains(digits.as_str())
        {
            take(identifier(
                phone == digits || phone.strip_prefix("86") == Some(digits),
            ));
        }
        if let Some(email) = &self.email
            && wanted.chars >= 3
            && email.contains(text)
        {
            take(identifier(email == text));
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
