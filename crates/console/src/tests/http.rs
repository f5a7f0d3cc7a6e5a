//! The console against a backend on a real port: stops, restarts, hints, refusals, broken streams.

use super::{
    BackendModel,
    backend::{ACCESS_KEY, HttpBackend, QR_TEXT, Shared},
    json, key, user_id,
};
use crate::{
    AccessKey, Console, Error, ErrorView, Link, MetadataEdit, Notice, Options, PictureFormat, Status,
    SyncMark, UserQuery, sync::Failure,
};
use std::{net::SocketAddr, path::Path, sync::Arc, sync::atomic::Ordering, time::Duration};
use yaopai_domain::{
    AppSecret, AttemptState, Code, ConnectionDraft, ConnectionKind, FieldError, PoolId, Rule, SetupPlace,
    System,
};

/// No condition takes longer; the poll timer (30 s) cannot be what fulfils it.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
pub(super) const ANY_PORT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

pub(super) fn shared() -> Arc<Shared> {
    Shared::new(BackendModel::of(1..6))
}

async fn open_with(address: SocketAddr, folder: &Path, access_key: &str) -> Console {
    let options = Options {
        server: format!("http://{address}").parse().unwrap(),
        access_key: AccessKey::new(access_key),
        pool: PoolId::default(),
        replica: folder.join("replica.db"),
    };
    assert!(!format!("{options:?}").contains(access_key), "a key never prints");
    Console::open(options, Arc::new(System), Arc::new(System))
        .await
        .unwrap()
}

pub(super) async fn open(address: SocketAddr, folder: &Path) -> Console {
    open_with(address, folder, ACCESS_KEY).await
}

/// Waits for the status line.
pub(super) async fn until(console: &Console, what: &str, condition: impl Fn(&Status) -> bool) {
    let mut status = console.parts.board.watch();
    let reached = tokio::time::timeout(PATIENCE, status.wait_for(|status| condition(status))).await;
    assert!(reached.is_ok(), "{what}: {:?}", console.status());
}

pub(super) async fn until_synced(console: &Console) {
    until(console, "synced", |status| {
        status.link == Link::Connected && status.loaded && status.waiting == 0
    })
    .await;
}

fn edit(user: u32, key: &str, json: &str) -> MetadataEdit {
    MetadataEdit {
        user_id: user_id(user),
        key: key.to_owned(),
        json: Some(json.to_owned()),
    }
}

fn draft() -> ConnectionDraft {
    ConnectionDraft {
        kind: ConnectionKind::WebpageAuthorization,
        identifier: "oa".to_owned(),
        display_name: "公众号".to_owned(),
        app_id: "wx0123456789abcdef".to_owned(),
        app_secret: Some(AppSecret::new("0123456789abcdef".repeat(2))),
        settings: None,
        push_token: None,
        encoding_aes_key: None,
        callback_url: None,
        verification_file: None,
        login_only: false,
        platform_account: None,
        based_on: None,
    }
}

#[tokio::test]
async fn an_edit_made_offline_survives_a_restart_and_goes_out_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared();
    let backend = HttpBackend::start(shared.clone(), ANY_PORT).await;
    let address = backend.address;
    let console = open(address, folder.path()).await;
    until_synced(&console).await;
    assert_eq!(console.status().users, 5);

    backend.stop().await;
    let host = address.to_string();
    let offline =
        |status: &Status| matches!(&status.link, Link::Offline { host: named, .. } if *named == host);
    until(&console, "offline", offline).await;
    let detail = console.edit_metadata(edit(1, "tier", "\"gold\"")).await.unwrap();
    assert_eq!(detail.metadata[0].sync, SyncMark::Pending);
    assert_eq!(console.status().waiting, 1);
    console.close().await;

    let console = open(address, folder.path()).await;
    until(&console, "offline again", offline).await;
    let status = console.status();
    assert_eq!((status.waiting, status.users, status.loaded), (1, 5, true));
    assert!(status.server.is_some(), "kept from the last time");

    let backend = HttpBackend::start(shared.clone(), address).await;
    until_synced(&console).await;
    assert_eq!(
        shared.model().value(user_id(1), &key("tier")),
        Some(json("\"gold\""))
    );
    let detail = console.user(user_id(1)).await.unwrap();
    assert_eq!(detail.metadata[0].sync, SyncMark::Synced);
    console.close().await;
    backend.stop().await;
}

#[tokio::test]
async fn a_change_made_elsewhere_arrives_by_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared();
    let backend = HttpBackend::start(shared.clone(), ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    until_synced(&console).await;
    shared.change(|model| model.add_user(user_id(9), "李娜", 9));
    until(&console, "the sixth user", |status| status.users == 6).await;
    console.close().await;
    backend.stop().await;
}

#[tokio::test]
async fn a_page_that_breaks_off_is_asked_for_in_smaller_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = BackendModel::of(0..600);
    model.page = 1000;
    let shared = Shared::new(model);
    shared.line.store(100, Ordering::Relaxed);
    let backend = HttpBackend::start(shared, ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    until(&console, "everybody", |status| {
        status.loaded && status.users == 600
    })
    .await;
    console.close().await;
    backend.stop().await;
}

#[tokio::test]
async fn what_one_console_saves_another_shows_without_being_asked() {
    let (first_folder, second_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let backend = HttpBackend::start(shared(), ANY_PORT).await;
    let first = open(backend.address, first_folder.path()).await;
    let second = open(backend.address, second_folder.path()).await;
    until_synced(&first).await;
    until_synced(&second).await;
    let mut news = second.changes();
    first.edit_metadata(edit(1, "tier", "\"gold\"")).await.unwrap();
    let seen = async {
        while second.user(user_id(1)).await.unwrap().metadata.is_empty() {
            news.recv().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap();
    first.close().await;
    second.close().await;
    backend.stop().await;
}

#[tokio::test]
async fn when_to_come_back_is_read_off_the_answer_and_the_operator_may_come_earlier() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared();
    let backend = HttpBackend::start(shared.clone(), ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    until_synced(&console).await;
    *shared.refusal.lock().unwrap() = Some((Code::Busy, Some(3600)));
    let failure = console.parts.api.inform().await.unwrap_err();
    let hour = Some(Duration::from_hours(1));
    assert!(matches!(failure, Failure::Refused { told: true, retry_after, .. } if retry_after == hour));
    console.sync_now();
    until(&console, "offline", |status| {
        matches!(status.link, Link::Offline { .. })
    })
    .await;
    *shared.refusal.lock().unwrap() = None;
    console.sync_now();
    until_synced(&console).await;
    console.close().await;
    backend.stop().await;
}

/// No byte of anybody is in any file of the folder.
fn assert_no_trace(folder: &Path, canaries: &[&str]) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for canary in canaries {
            let found = bytes
                .windows(canary.len())
                .any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} is still in {}", path.display());
        }
    }
}

#[tokio::test]
async fn after_lost_access_no_byte_of_anybody_is_left_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let canaries = ["canary-name", "canary-key", "canary-value", "canary-kept"];
    let mut model = BackendModel::new();
    for number in 1..300 {
        model.add_user(
            user_id(number),
            &format!("canary-name {number}"),
            i64::from(number),
        );
    }
    let shared = Shared::new(model);
    let backend = HttpBackend::start(shared.clone(), ANY_PORT).await;
    std::fs::write(
        folder.path().join("replica.db.corrupt-19700101-001640"),
        "canary-kept",
    )
    .unwrap();
    let console = open(backend.address, folder.path()).await;
    until_synced(&console).await;
    let search = UserQuery {
        search: "canary-name 7".to_owned(),
        limit: 10,
        ..UserQuery::default()
    };
    assert!(!console.users(search).await.unwrap().rows.is_empty());
    *shared.refusal.lock().unwrap() = Some((Code::Busy, Some(3600)));
    console.sync_now();
    until(&console, "offline", |status| {
        matches!(status.link, Link::Offline { .. })
    })
    .await;
    console
        .edit_metadata(edit(1, "canary-key", "\"canary-value\""))
        .await
        .unwrap();

    *shared.refusal.lock().unwrap() = Some((Code::Unauthenticated, None));
    console.sync_now();
    until(&console, "emptied", |status| {
        status.access_lost.is_some_and(|lost| lost.unsent == 1) && status.users == 0
    })
    .await;
    let is_scrubbed = || async {
        let sql = "SELECT scrub = 0 FROM replica";
        let scrubbed = console
            .parts
            .replica
            .read(|file| Ok(file.query_row(sql, [], |row| row.get::<_, bool>(0))?));
        scrubbed.await.unwrap()
    };
    let scrubbed = async {
        while !is_scrubbed().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, scrubbed).await.unwrap();
    assert_no_trace(folder.path(), &canaries);
    assert_eq!(console.status().waiting, 0);
    console.close().await;
    assert_no_trace(folder.path(), &canaries);
    backend.stop().await;
}

#[tokio::test]
async fn a_gateway_that_refuses_is_nobodys_word_on_access() {
    let folder = tempfile::tempdir().unwrap();
    let backend = HttpBackend::start(shared(), ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    until_synced(&console).await;
    let address = backend.address;
    backend.stop().await;
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let sign = (axum::http::StatusCode::FORBIDDEN, "<html>403</html>");
    let gateway = axum::Router::new().fallback(async move || sign);
    let serve = tokio::spawn(async move { axum::serve(listener, gateway).await.unwrap() });
    console.sync_now();
    until(&console, "denied", |status| status.link == Link::Denied).await;
    assert_eq!((console.status().users, console.status().access_lost), (5, None));
    console.close().await;
    serve.abort();
}

#[tokio::test]
async fn a_full_disk_is_shown_and_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared();
    let backend = HttpBackend::start(shared.clone(), ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    until_synced(&console).await;
    let limit = |pages: i64| {
        console.parts.replica.write(move |file| {
            let now: i64 = file.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            file.pragma_update(None, "max_page_count", now + pages)?;
            Ok(())
        })
    };
    limit(0).await.unwrap();
    shared.change(|model| {
        for number in 1000..2000 {
            model.add_user(user_id(number), "王芳", i64::from(number));
        }
    });
    until(&console, "the disk is full", |status| status.trouble.is_some()).await;
    let whole_pages = console.status().users;
    assert!(whole_pages < 1005);
    limit(100_000).await.unwrap();
    console.sync_now();
    until(&console, "it works again", |status| {
        status.users == 1005 && status.trouble.is_none()
    })
    .await;
    console.close().await;
    backend.stop().await;
}

#[tokio::test]
async fn a_wrong_key_is_denied() {
    let folder = tempfile::tempdir().unwrap();
    let backend = HttpBackend::start(shared(), ANY_PORT).await;
    let console = open_with(backend.address, folder.path(), "another-key").await;
    until(&console, "denied", |status| status.link == Link::Denied).await;
    let error = console.connections().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("another-key"));
    console.close().await;
    backend.stop().await;
}

#[tokio::test]
async fn another_server_is_no_backend() {
    let folder = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind(ANY_PORT).await.unwrap();
    let address = listener.local_addr().unwrap();
    let sign = (axum::http::StatusCode::NOT_FOUND, "<html>404</html>");
    let website = axum::Router::new().fallback(async move || sign);
    let serve = tokio::spawn(async move { axum::serve(listener, website).await.unwrap() });
    let console = open(address, folder.path()).await;
    let host = address.to_string();
    let offline =
        |status: &Status| matches!(&status.link, Link::Offline { host: called, .. } if *called == host);
    until(&console, "offline", offline).await;
    let error = console.connections().await.unwrap_err().view();
    assert!(
        matches!(&error, ErrorView::NotABackend { host: called, .. } if *called == host),
        "{error:?}"
    );
    console.close().await;
    serve.abort();
}

#[tokio::test]
async fn errors_read_as_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let backend = HttpBackend::start(shared(), ANY_PORT).await;
    let host = backend.address.to_string();
    let console = open(backend.address, folder.path()).await;
    let taken = console.create_connection(&draft()).await.unwrap_err();
    assert_eq!(
        taken.view(),
        ErrorView::InvalidFields {
            fields: vec![FieldError::new("identifier", Rule::IdentifierTaken)]
        }
    );
    let Err(Error::Backend(problem)) = console.connections().await else {
        panic!("a proxy's page is a refusal");
    };
    assert_eq!((problem.status, problem.code), (502, Code::Busy));
    backend.stop().await;
    let gone = console.connections().await.unwrap_err();
    assert_eq!(gone.view(), ErrorView::BackendUnreachable { host });
    console.close().await;
}

#[tokio::test]
async fn the_setup_sheet_speaks_of_the_backends_public_address() {
    let folder = tempfile::tempdir().unwrap();
    let backend = HttpBackend::start(shared(), ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    until_synced(&console).await;
    let sheet = console.setup_sheet(&draft()).unwrap();
    assert_eq!(sheet.values[1].place, SetupPlace::RedirectUri);
    assert_eq!(
        sheet.values[1].value,
        "http://127.0.0.1:8060/connections/social/oa/callback"
    );
    let broken = ConnectionDraft {
        identifier: "OA".to_owned(),
        ..draft()
    };
    assert_eq!(
        console.check_connection(&broken, None),
        [FieldError::new("identifier", Rule::IdentifierCharacters)]
    );
    console.close().await;
    backend.stop().await;
}

#[tokio::test]
async fn a_test_login_is_drawn_and_followed_across_a_broken_stream() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared();
    let backend = HttpBackend::start(shared.clone(), ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    let id = shared.attempt.borrow().id;
    let login = console.start_test_login(id.uuid().into(), true).await.unwrap();
    assert_eq!(login.qr.text.as_deref(), Some(QR_TEXT));
    assert!(login.reachable_from_phone && login.callback_host.is_none());
    assert!(
        console
            .picture(id, PictureFormat::Png)
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    assert!(
        console
            .picture(id, PictureFormat::Svg)
            .unwrap()
            .starts_with(b"<?xml")
    );
    let (width, height, pixels) = console.pixels(id).unwrap();
    assert_eq!(pixels.len(), (width * height * 4) as usize);
    let unknown = user_id(1).uuid().into();
    assert!(matches!(console.pixels(unknown), Err(Error::NotFound)));

    let mut states = Vec::new();
    let follow = console.follow_attempt(id, |attempt| {
        states.push(attempt.state);
        // The phone acts as soon as the last state was shown, whatever carried it.
        let next = match attempt.state {
            AttemptState::Waiting => AttemptState::Scanned,
            AttemptState::Scanned => AttemptState::Confirmed,
            _ => AttemptState::Decided,
        };
        shared.attempt.send_modify(|attempt| attempt.state = next);
    });
    tokio::time::timeout(PATIENCE, follow).await.unwrap().unwrap();
    assert_eq!(
        states,
        [
            AttemptState::Waiting,
            AttemptState::Scanned,
            AttemptState::Confirmed,
            AttemptState::Decided
        ]
    );
    assert!(
        shared.streams.load(Ordering::Relaxed) > 1,
        "the first stream broke"
    );
    console.close().await;
    backend.stop().await;
}

#[tokio::test]
async fn tells_that_a_corrupt_file_was_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("replica.db"),
        "not a database, but longer than its header is",
    )
    .unwrap();
    let backend = HttpBackend::start(shared(), ANY_PORT).await;
    let console = open(backend.address, folder.path()).await;
    let [Notice::ReplicaKeptAside { path }] = &console.notices()[..] else {
        panic!("one notice");
    };
    assert!(
        std::fs::read_to_string(path)
            .unwrap()
            .starts_with("not a database")
    );
    until(&console, "loaded anew", |status| {
        status.loaded && status.users == 5
    })
    .await;
    console.close().await;
    backend.stop().await;
}
