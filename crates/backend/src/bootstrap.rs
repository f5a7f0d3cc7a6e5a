//! `--bootstrap FILE.toml`: what a backend starts with.
//!
//! Applying a file again changes nothing. Connections and users are created and then left alone, because operators change
//! them in the console; pools, platform accounts, applications, operators and access keys follow the file. A refused file
//! is told by line and column, and nothing of it is applied.

use crate::{
    Error,
    store::{Store, StoreError},
    vault::Vault,
};
use serde::Deserialize;
use std::{collections::BTreeMap, ops::Range, path::Path, sync::Arc};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use yaopai_domain::{AppSecret, ConnectionKind, PoolId, Role, UserId};

/// A file and what is needed to apply it.
#[derive(Clone)]
pub(crate) struct Plan {
    /// The file.
    pub(crate) entries: Arc<Entries>,
    /// Where its AppSecrets are sealed.
    pub(crate) vault: Arc<Vault>,
}

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Entries {
    pub(crate) pool: Vec<PoolEntry>,
    pub(crate) platform_account: Vec<PlatformAccountEntry>,
    pub(crate) application: Vec<ApplicationEntry>,
    pub(crate) connection: Vec<ConnectionEntry>,
    pub(crate) user: Vec<UserEntry>,
    pub(crate) operator: Vec<OperatorEntry>,
    pub(crate) access_key: Vec<AccessKeyEntry>,
}

/// `[[pool]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PoolEntry {
    pub(crate) id: PoolId,
    pub(crate) name: String,
}

/// `[[platform_account]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlatformAccountEntry {
    #[serde(default)]
    pub(crate) pool: PoolId,
    pub(crate) name: String,
}

/// `[[application]]`; connections by their identifiers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationEntry {
    #[serde(default)]
    pub(crate) pool: PoolId,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) redirect_urls: Vec<url::Url>,
    #[serde(default)]
    pub(crate) connections: Vec<String>,
}

/// `[[connection]]`; the platform account by its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionEntry {
    #[serde(default)]
    pub(crate) pool: PoolId,
    pub(crate) kind: ConnectionKind,
    pub(crate) identifier: String,
    pub(crate) display_name: String,
    pub(crate) app_id: String,
    pub(crate) app_secret: AppSecret,
    pub(crate) callback_url: Option<String>,
    pub(crate) verification_file: Option<FileEntry>,
    #[serde(default)]
    pub(crate) login_only: bool,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    pub(crate) platform_account: Option<String>,
}

const fn yes() -> bool {
    true
}

/// A domain verification file; its content as text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileEntry {
    pub(crate) name: String,
    pub(crate) content: String,
}

/// `[[user]]`. Found again by its id or else by user name, e-mail, phone or nickname, whichever is given first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserEntry {
    #[serde(default)]
    pub(crate) pool: PoolId,
    pub(crate) id: Option<UserId>,
    pub(crate) nickname: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) username: Option<String>,
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, serde_json::Value>,
}

/// `[[operator]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorEntry {
    #[serde(default)]
    pub(crate) pool: PoolId,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: Role,
}

/// `[[access_key]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessKeyEntry {
    #[serde(default)]
    pub(crate) pool: PoolId,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) key: String,
}

/// Reads the file and applies it, all or nothing.
pub(crate) async fn apply(file: &Path, store: &dyn Store, vault: &Arc<Vault>) -> Result<(), Error> {
    let text = tokio::fs::read_to_string(file)
        .await
        .map_err(|source| Error::DataDir {
            path: file.to_owned(),
            source,
        })?;
    let refused = |span: Option<Range<usize>>, message: String| {
        let (line, column) = position(&text, span.map_or(0, |span| span.start));
        Error::Bootstrap {
            file: file.to_owned(),
            line,
            column,
            message,
        }
    };
    let entries: Entries =
        toml::from_str(&text).map_err(|error| refused(error.span(), without_value(error.message())))?;
    let plan = Plan {
        entries: Arc::new(entries),
        vault: Arc::clone(vault),
    };
    store.apply(plan).await.map_err(|error| match error {
        StoreError::Refused {
            section,
            index,
            field,
            what,
        } => refused(find(&text, section, index, field.as_deref()), what),
        error => error.into(),
    })
}

/// The parser names the value it did not expect, and that value can be a secret: only what it expected remains.
fn without_value(message: &str) -> String {
    match (message.starts_with("invalid "), message.split_once(", expected ")) {
        (true, Some((_, expected))) => format!("expected {expected}"),
        _ => message.to_owned(),
    }
}

/// Where an entry or its field is written.
fn find(text: &str, section: &str, index: usize, field: Option<&str>) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    let entry = root.get_ref().get(section)?.get_ref().as_array()?.get(index)?;
    let named = field.and_then(|field| {
        field
            .split('.')
            .try_fold(entry, |value, name| member(value, name))
    });
    Some(named.unwrap_or(entry).span())
}

fn member<'a, 'i>(value: &'a Spanned<DeValue<'i>>, name: &str) -> Option<&'a Spanned<DeValue<'i>>> {
    value.get_ref().as_table()?.get(name)
}

/// Line and column, both from 1, columns in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}
