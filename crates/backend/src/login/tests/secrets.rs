//! Design rule 5: secrets, codes and tokens stay where they belong.

use super::Ends;
use crate::testing::Log;
use serde_json::json;
use yaopai_domain::ConnectionKind;

#[tokio::test]
async fn rule_5_no_secret_code_or_token_in_attempts_log_or_database() {
    let log = Log::listen();
    let ends = Ends::open_on_file().await;
    let mut canaries = Vec::new();
    let mut shown = String::new();
    for (kind, identifier) in [
        (ConnectionKind::Pc, "pc"),
        (ConnectionKind::WebpageAuthorization, "webpage"),
        (ConnectionKind::MiniProgram, "mini-program"),
    ] {
        let connection = ends.connect_with(kind, json!({ "identifier": identifier })).await;
        let (id, text) = ends.draw(connection, false).await;
        canaries.push(ends.app(kind).app_secret);
        // uuid, state or scene: whoever has it can take part in the login.
        for name in ["uuid", "state", "scene", "code"] {
            canaries.extend(parameter(&text, name));
        }
        if let Some(callback) = ends.phone(&text, "lin-xiaoman", "approve").await {
            canaries.extend(parameter(&callback, "code"));
            let (_, page) = ends.browse(&callback).await;
            shown.push_str(&page);
        }
        let ended = ends.ended(id).await;
        shown.push_str(&serde_json::to_string(&ended).unwrap());
    }
    assert_eq!(
        canaries.len(),
        7,
        "three secrets, three words of three QR codes, one code in a callback"
    );

    let Ends { backend, dir, .. } = ends;
    backend.stop().await;
    let logged = log.text();
    assert!(logged.contains("callback"), "the log was heard");
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("backend.db")
        {
            stored.extend(std::fs::read(path).unwrap());
        }
    }
    let stored = String::from_utf8_lossy(&stored).into_owned();
    assert!(stored.contains("code_exchange"), "the database was read");
    let backends = |line: &&str| line.contains("yaopai_backend") || line.contains("yaopai_wechat");
    let logged: String = logged.lines().filter(backends).collect();
    for (place, text) in [("attempts", &shown), ("log", &logged), ("database", &stored)] {
        for canary in &canaries {
            assert!(!text.contains(canary.as_str()), "{canary} in {place}");
        }
        // Tokens of every kind begin so.
        assert!(!text.contains("98_"), "a token in {place}");
    }
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
