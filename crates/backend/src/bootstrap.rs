//! `--bootstrap FILE.toml`: what a backend starts with.
//!
//! Applying a file again changes nothing. Connections and users are created and then left alone, because operators change
//! them in the console; pools, platform accounts, applications, operators and keys follow the file. An access key that the
//! file no longer names is removed, if it names any of the pool; so is a key of Authing's SDKs, if the file names any key of
//! the pool. A refused file is told by line and column, and nothing of it is applied.

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
use yaopai_domain::{
    AppSecret, ApplicationId, ConnectionKind, ConnectionSettings, EncodingAesKey, PoolId, PushToken, Role,
    TokenAlgorithm, UserId,
};

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
    #[serde(default)]
    pub(crate) authing_key: Vec<AuthingKeyEntry>,
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

/// `[[application]]`; connections by their identifiers. Its id is what SDKs are configured with; one is made if none is
/// given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationEntry {
    pub(crate) id: Option<ApplicationId>,
    #[serde(default)]
    pub(crate) pool: PoolId,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) redirect_urls: Vec<url::Url>,
    #[serde(default)]
    pub(crate) connections: Vec<String>,
    #[serde(default)]
    pub(crate) token_algorithm: TokenAlgorithm,
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
    pub(crate) settings: Option<ConnectionSettings>,
    pub(crate) push_token: Option<PushToken>,
    pub(crate) encoding_aes_key: Option<EncodingAesKey>,
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

/// `[[authing_key]]`: a key of Authing's management SDKs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthingKeyEntry {
    #[serde(default)]
    pub(crate) pool: PoolId,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// `accessKeyId`
    pub(crate) id: String,
    /// `accessKeySecret`
    pub(crate) secret: AppSecret,
}

/// Reads the file and applies it, all or nothing.
pub(crate) async fn apply(file: &Path, store: &Store, vault: &Arc<Vault>) -> Result<(), Error> {
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

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, SECRET};
    use axum::http::{Method, StatusCode};
    use rstest::rstest;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// Everything a file can say.
    const WHOLE: &str = r#"
        [[pool]]
        id = "shop"
        name = "商店"

        [[platform_account]]
        pool = "shop"
        name = "Shop Ltd"

        [[connection]]
        pool = "shop"
        kind = "wechat:pc"
        identifier = "pc"
        display_name = "微信登录"
        app_id = "wx0123456789abcdef"
        app_secret = "5ec1e75ec1e75ec1e75ec1e75ec1e75e"
        callback_url = "https://shop.example.com/cb"
        verification_file = { name = "6ynZPDvfTF.txt", content = "abc" }
        login_only = true
        enabled = false
        platform_account = "Shop Ltd"

        [[application]]
        pool = "shop"
        name = "web"
        redirect_urls = ["https://shop.example.com/cb"]
        connections = ["pc"]

        [[user]]
        pool = "shop"
        id = "00000000-0000-7000-8000-0000000000aa"
        nickname = "张伟"
        metadata = { tier = "gold", "会员" = { since = 2020 } }

        [[operator]]
        pool = "shop"
        name = "李娜"
        email = "li@example.com"
        role = "support"

        [[access_key]]
        pool = "shop"
        name = "console"
        role = "admin"
        key = "a key long enough to be one"
    "#;

    #[tokio::test]
    async fn a_file_is_applied_whole_and_a_second_time_changes_no_row() {
        let bench = Bench::new().await;
        bench.bootstrap(WHOLE).await.unwrap();
        let key = Some("a key long enough to be one");
        let get = async |path: &str| {
            let path = format!("/manage/v1/pools/shop{path}");
            bench.send(key, Method::GET, &path, "").await.json()
        };
        assert_eq!(get("").await["pool_name"], "商店");
        let connections = get("/connections").await;
        let connection = &connections["connections"][0];
        assert_eq!(connection["enabled"], false);
        assert_eq!(connection["login_only"], true);
        let user = get("/users/00000000-0000-7000-8000-0000000000aa").await;
        assert_eq!(user["user"]["metadata"]["会员"]["value"]["since"], 2020);
        assert_eq!(user["user"]["profile"]["nickname"]["source"], "import");

        let once = bench.dump().await;
        assert!(once.len() > 20);
        bench.clock.turn(60_000);
        bench.bootstrap(WHOLE).await.unwrap();
        assert_eq!(bench.dump().await, once);
    }

    #[tokio::test]
    async fn a_changed_access_key_replaces_the_old_one() {
        let bench = Bench::new().await;
        bench.bootstrap(WHOLE).await.unwrap();
        let new_key = "another key, also long enough";
        bench
            .bootstrap(&WHOLE.replace("a key long enough to be one", new_key))
            .await
            .unwrap();
        let ask = async |key| {
            let path = "/manage/v1/pools/shop";
            bench.send(Some(key), Method::GET, path, "").await.status
        };
        assert_eq!(ask("a key long enough to be one").await, StatusCode::UNAUTHORIZED);
        assert_eq!(ask(new_key).await, StatusCode::OK);
    }

    #[tokio::test]
    async fn an_access_key_that_was_taken_out_of_the_file_opens_nothing() {
        let bench = Bench::new().await;
        bench.bootstrap(WHOLE).await.unwrap();
        let open = async |key| {
            let path = "/manage/v1/pools/shop";
            bench.send(Some(key), Method::GET, path, "").await.status == StatusCode::OK
        };
        let old = "a key long enough to be one";
        bench
            .bootstrap(
                "[[operator]]\npool = \"shop\"\nname = \"x\"\nemail = \"x@example.com\"\nrole = \"viewer\"",
            )
            .await
            .unwrap();
        assert!(open(old).await, "a file that names no key takes none away");
        let new = "the only key, also long enough";
        let renamed = WHOLE
            .replace("name = \"console\"", "name = \"desk\"")
            .replace(old, new);
        bench.bootstrap(&renamed).await.unwrap();
        assert!(!open(old).await);
        assert!(open(new).await);
        let admin = bench.manage(Method::GET, "connections", Value::Null).await;
        assert_eq!(admin.status, StatusCode::OK, "other pools keep their keys");
    }

    #[tokio::test]
    async fn a_key_that_was_made_over_the_api_is_not_the_files_to_take() {
        let bench = Bench::new().await;
        bench.bootstrap(WHOLE).await.unwrap();
        let first = Some("a key long enough to be one");
        let path = "/manage/v1/pools/shop/access-keys";
        let draft = r#"{"name": "reports", "role": "viewer"}"#;
        let made = bench.send(first, Method::POST, path, draft).await.json();
        bench.bootstrap(WHOLE).await.unwrap();
        let key = made["key"].as_str();
        let answer = bench.send(key, Method::GET, "/manage/v1/pools/shop", "").await;
        assert_eq!(answer.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn every_change_is_audited_with_old_and_new_values() {
        let bench = Bench::new().await;
        bench.bootstrap(WHOLE).await.unwrap();
        let changed = WHOLE
            .replace("name = \"商店\"", "name = \"店\"")
            .replace(
                "redirect_urls = [\"https://shop.example.com/cb\"]",
                "redirect_urls = []\ntoken_algorithm = \"RS256\"",
            )
            .replace("李娜", "王芳")
            .replace("role = \"admin\"", "role = \"viewer\"");
        bench.bootstrap(&changed).await.unwrap();
        bench
            .bootstrap(
                &changed
                    .replace("name = \"console\"", "name = \"desk\"")
                    .replace("a key", "another key"),
            )
            .await
            .unwrap();
        let rows =
            "SELECT action || ' ' || coalesce(old, '-') || ' ' || coalesce(new, '-') AS entry FROM audit
            WHERE pool = 'shop' AND old IS NOT NULL";
        let rows = bench.look(rows, vec![]).await;
        let audited: BTreeSet<String> = rows.iter().map(|row| row.text("entry").unwrap()).collect();
        let key = |key: &str| crate::access::key_hash(key)[..12].to_owned();
        let old_key = key("a key long enough to be one");
        assert_eq!(
            audited,
            BTreeSet::from([
                r#"pool.put {"name":"商店"} {"name":"店"}"#.to_owned(),
                r#"application.put {"redirect_urls":["https://shop.example.com/cb"],"connections":["pc"],"token_algorithm":"ES256"} {"redirect_urls":[],"connections":["pc"],"token_algorithm":"RS256"}"#.to_owned(),
                r#"operator.put {"name":"李娜","role":"support"} {"name":"王芳","role":"support"}"#.to_owned(),
                format!(r#"access_key.put {{"role":"admin","fingerprint":"{old_key}"}} {{"role":"viewer","fingerprint":"{old_key}"}}"#),
                format!(r#"access_key.delete {{"role":"viewer","fingerprint":"{old_key}"}} -"#),
            ])
        );
    }

    #[tokio::test]
    async fn what_operators_changed_stays() {
        let bench = Bench::new().await;
        bench.bootstrap(WHOLE).await.unwrap();
        let key = Some("a key long enough to be one");
        let connections = bench
            .send(key, Method::GET, "/manage/v1/pools/shop/connections", "")
            .await
            .json();
        let id = connections["connections"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/manage/v1/pools/shop/connections/{id}");
        let enable = format!("{path}/enabled");
        bench
            .send(key, Method::PUT, &enable, r#"{"enabled": true}"#)
            .await;
        bench.bootstrap(WHOLE).await.unwrap();
        let now: Value = bench.send(key, Method::GET, &path, "").await.json();
        assert_eq!(now["enabled"], true);
    }

    const AUTHING_KEYS: &str = r#"
        [[authing_key]]
        name = "scripts"
        id = "one"
        secret = "a secret long enough to be one"
        role = "admin"
        [[authing_key]]
        name = "reports"
        id = "two"
        secret = "another secret long enough to be one"
        role = "viewer"
    "#;

    #[tokio::test]
    async fn a_key_of_authings_sdks_that_the_file_no_longer_names_opens_nothing() {
        let bench = Bench::new().await;
        let ids = async || {
            let rows = bench.look("SELECT id FROM authing_key ORDER BY id", vec![]).await;
            let ids = rows.iter().map(|row| row.text("id").unwrap());
            ids.collect::<Vec<_>>()
        };
        bench.bootstrap(AUTHING_KEYS).await.unwrap();
        bench.bootstrap("[[user]]\nusername = \"li\"").await.unwrap();
        assert_eq!(ids().await, ["one", "two"], "a file without keys takes none");
        let (first, _) = AUTHING_KEYS.rsplit_once("[[authing_key]]").unwrap();
        bench.bootstrap(first).await.unwrap();
        assert_eq!(ids().await, ["one"]);
        let other = "[[access_key]]\nname = \"x\"\nrole = \"admin\"\nkey = \"a key long enough to be one\"";
        bench.bootstrap(other).await.unwrap();
        assert!(ids().await.is_empty());
        let removed = "SELECT target FROM audit WHERE action = 'authing_key.delete' AND actor = 'bootstrap'";
        assert_eq!(bench.look(removed, vec![]).await.len(), 2);
    }

    const GOOD: &str = "[[pool]]\nid = \"shop\"\nname = \"Shop\"\n";

    #[rstest]
    #[case::syntax("[[user]]\nnickname = ", 5, 12)]
    #[case::unknown_section("[[users]]\nnickname = \"x\"", 4, 3)]
    #[case::unknown_key("[[user]]\nnickname = \"x\"\nvip = true", 6, 1)]
    #[case::missing_key("[[operator]]\nname = \"x\"", 4, 1)]
    #[case::wrong_type("[[user]]\nnickname = 5", 5, 12)]
    #[case::unknown_role(
        "[[access_key]]\nname = \"x\"\nrole = \"boss\"\nkey = \"12345678901234567890\"",
        6,
        8
    )]
    #[case::pool_name("[[pool]]\nid = \"a/b\"\nname = \"x\"", 5, 6)]
    #[case::unknown_pool("[[user]]\npool = \"nowhere\"\nnickname = \"x\"", 5, 8)]
    #[case::field_rule(
        "[[connection]]\nkind = \"wechat:pc\"\nidentifier = \"PC\"\ndisplay_name = \"x\"\napp_id = \"wx0123456789abcdef\"\napp_secret = \"5ec1e75ec1e75ec1e75ec1e75ec1e75e\"",
        6,
        14
    )]
    #[case::secret_rule(
        "[[connection]]\nkind = \"wechat:pc\"\nidentifier = \"pc\"\ndisplay_name = \"x\"\napp_id = \"wx0123456789abcdef\"\napp_secret = \"5ec1e75ec1e75ec1e75ec1e75ec1e75e0\"",
        9,
        14
    )]
    #[case::second_entry("[[user]]\nnickname = \"x\"\n[[user]]\nmetadata = {}", 6, 1)]
    #[case::metadata("[[user]]\nnickname = \"x\"\nmetadata = { ok = 1, \" bad\" = 2 }", 6, 31)]
    #[case::unknown_connection("[[application]]\nname = \"x\"\nconnections = [\"nope\"]", 6, 15)]
    #[case::application_id("[[application]]\nid = \"a b\"\nname = \"x\"", 5, 6)]
    #[case::application_id_of_another(
        "[[application]]\nid = \"shop\"\nname = \"x\"\n[[application]]\nid = \"shop\"\nname = \"y\"",
        8,
        6
    )]
    #[case::second_application_id(
        "[[application]]\nid = \"shop\"\nname = \"x\"\n[[application]]\nid = \"mall\"\nname = \"x\"",
        8,
        6
    )]
    #[case::short_key("[[access_key]]\nname = \"x\"\nrole = \"admin\"\nkey = \"short\"", 7, 7)]
    #[tokio::test]
    async fn a_malformed_file_is_told_by_line_and_column_and_nothing_is_applied(
        #[case] bad: &str,
        #[case] line: usize,
        #[case] column: usize,
    ) {
        let bench = Bench::new().await;
        let before = bench.dump().await;
        let error = bench.bootstrap(&format!("{GOOD}{bad}")).await.unwrap_err();
        let told = error.to_string();
        assert!(
            told.contains(&format!("bootstrap.toml:{line}:{column}: ")),
            "{line}:{column} expected: {told}"
        );
        assert!(!told.contains(&SECRET[..16]), "{told}");
        assert_eq!(bench.dump().await, before);
    }

    #[rstest]
    #[case::number("app_secret = 12345678901234")]
    #[case::list("app_secret = [\"12345678901234\"]")]
    #[tokio::test]
    async fn a_secret_of_another_type_is_not_repeated(#[case] line: &str) {
        let bench = Bench::new().await;
        let error = bench
            .bootstrap(&format!("[[connection]]\n{line}"))
            .await
            .unwrap_err();
        assert!(!error.to_string().contains("12345678901234"), "{error}");
    }
}
