//! The thinnest real path without a window: sandbox, backend and console, each on its own port or file.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use yaopai_backend::{Backend, Config, Database, EmbeddedKey, WeChatHosts};
use yaopai_console::{
    AccessKey, Console, Error, Keep, Link, MetadataEdit, Options, RefusedQuery, Status, SyncMark, UserQuery,
};
use yaopai_domain::{
    AppSecret, AttemptState, Code, Connection, ConnectionDraft, ConnectionKind, LoginAttempt, MergeRequest,
    PoolId, Refusal, RefusedPerson, Role, Side, System, UserId, Verdict, WeChatEnvironment,
};
use yaopai_sandbox::{AppKind, Sandbox};

/// Far longer than anything here takes; a test that gets here hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// A person whom the bootstrap file brings.
const PERSON: &str = "00000000-0000-7000-8000-0000000000aa";
/// The key whose role the bootstrap file says.
const OPERATOR_KEY: &str = "a key that is long enough to be one";

struct World {
    folder: TempDir,
    sandbox: Sandbox,
    key: EmbeddedKey,
    /// Applied with the next start of the backend.
    bootstrap: Option<PathBuf>,
    backend: Option<Backend>,
    address: SocketAddr,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(yaopai_sandbox::Config::default()).await.unwrap();
        let key = EmbeddedKey::generate(&System);
        let mut world = Self {
            folder,
            sandbox,
            key,
            bootstrap: None,
            backend: None,
            address: ([127, 0, 0, 1], 0).into(),
        };
        world.start_backend().await;
        world
    }

    async fn start_backend(&mut self) {
        let url = self.sandbox.url();
        let config = Config {
            listen: self.address,
            database: Database::Sqlite(self.folder.path().join("backend.db")),
            data_dir: self.folder.path().to_path_buf(),
            public_url: None,
            wechat: WeChatHosts {
                api: url.clone(),
                open: url.clone(),
                poll: url.clone(),
            },
            wechat_environment: WeChatEnvironment::Sandbox { url: url.to_string() },
            bootstrap: self.bootstrap.clone(),
            embedded_key: Some(self.key.clone()),
            limits: yaopai_backend::Limits::default(),
            trusted_proxies: Vec::new(),
            allowed_hosts: Vec::new(),
            drain: std::time::Duration::ZERO,
            secret_key: None,
            delivery: yaopai_backend::Delivery::default(),
        };
        let backend = Backend::start(config, Arc::new(System), Arc::new(System))
            .await
            .unwrap();
        let url = backend.url();
        self.sandbox.set_miniprogram_server(url.clone());
        self.address = ([127, 0, 0, 1], url.port().unwrap()).into();
        self.backend = Some(backend);
    }

    async fn stop_backend(&mut self) {
        self.backend.take().unwrap().stop().await;
    }

    async fn console(&self, replica: &str) -> Console {
        self.console_with(self.key.expose(), replica).await
    }

    async fn console_with(&self, access_key: &str, replica: &str) -> Console {
        let options = Options {
            server: format!("http://{}/", self.address).parse().unwrap(),
            access_key: AccessKey::new(access_key),
            pool: PoolId::default(),
            replica: Path::join(self.folder.path(), replica),
        };
        Console::open(options, Arc::new(System), Arc::new(System))
            .await
            .unwrap()
    }

    /// Lets `OPERATOR_KEY` in with this role, from the next start of the backend on.
    fn give_role(&mut self, role: &str) {
        let file = self.folder.path().join("bootstrap.toml");
        let text = format!(
            "[[user]]\npool = \"default\"\nid = \"{PERSON}\"\nnickname = \"张伟\"\n\n\
             [[access_key]]\npool = \"default\"\nname = \"desk\"\nrole = \"{role}\"\nkey = \"{OPERATOR_KEY}\"\n"
        );
        std::fs::write(&file, text).unwrap();
        self.bootstrap = Some(file);
    }

    fn draft(&self, kind: AppKind) -> ConnectionDraft {
        let app = self
            .sandbox
            .apps()
            .into_iter()
            .find(|app| app.kind == kind)
            .unwrap();
        let (kind, identifier) = match kind {
            AppKind::Website => (ConnectionKind::Pc, "shop-pc"),
            AppKind::OfficialAccount => (ConnectionKind::WebpageAuthorization, "shop-web"),
            AppKind::MiniProgram => (ConnectionKind::MiniProgram, "shop-mini"),
            AppKind::MobileApp => (ConnectionKind::Mobile, "shop-app"),
        };
        ConnectionDraft {
            kind,
            identifier: identifier.to_owned(),
            display_name: "微信登录".to_owned(),
            app_id: app.app_id,
            app_secret: Some(AppSecret::new(app.app_secret)),
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

    /// Does what a phone does with the text of a code.
    async fn scan(&self, text: &str, person: &str, decision: &str) {
        let url = self.sandbox.url().join("sandbox/scan").unwrap();
        let body = serde_json::json!({ "url": text, "person": person, "decision": decision });
        #[expect(
            clippy::disallowed_methods,
            reason = "a test is a program: it brings its own client"
        )]
        let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{status}: {}", answer.text().await.unwrap());
        let happened: serde_json::Value = answer.json().await.unwrap();
        // A page inside WeChat is sent back: the phone's browser follows.
        if let Some(location) = happened["location"].as_str() {
            #[expect(clippy::disallowed_methods, reason = "as above")]
            let page = reqwest::get(location).await.unwrap();
            assert!(
                page.status().is_success(),
                "the callback page answers {}",
                page.status()
            );
        }
    }

    fn person(&self, index: usize) -> String {
        self.sandbox.people()[index].id.clone()
    }
}

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .unwrap_or_else(|_| panic!("waited in vain: {what}"))
}

async fn status_is(console: &Console, what: &str, wanted: impl Fn(&Status) -> bool) {
    until(what, async || wanted(&console.status()).then_some(())).await;
}

async fn log_in(world: &World, console: &Console, connection: &Connection, person: &str) -> LoginAttempt {
    let started = console.start_test_login(connection.id, false).await.unwrap();
    let text = match &started.qr.text {
        Some(text) => text.clone(),
        None => decode(
            &console
                .picture(started.attempt.id, yaopai_console::PictureFormat::Png)
                .unwrap(),
        ),
    };
    let id = started.attempt.id;
    let follow = tokio::spawn({
        let console = console.clone();
        async move {
            let mut states = vec![];
            console
                .follow_attempt(id, |attempt| states.push(attempt))
                .await
                .unwrap();
            states
        }
    });
    world.scan(&text, person, "approve").await;
    let states = tokio::time::timeout(PATIENCE, follow).await.unwrap().unwrap();
    states.last().unwrap().clone()
}

fn decode(picture: &[u8]) -> String {
    let grey = image::load_from_memory(picture).unwrap().to_luma8();
    let mut prepared = rqrr::PreparedImage::prepare(grey);
    prepared.detect_grids()[0].decode().unwrap().1
}

async fn only_user(console: &Console) -> UserId {
    until("the person is in the list", async || {
        let page = console
            .users(UserQuery {
                limit: 10,
                ..UserQuery::default()
            })
            .await
            .unwrap();
        page.rows.first().map(|row| row.id)
    })
    .await
}

async fn edit(console: &Console, user_id: UserId, key: &str, json: &str) {
    let edit = MetadataEdit {
        user_id,
        key: key.to_owned(),
        json: Some(json.to_owned()),
    };
    console.edit_metadata(edit).await.unwrap();
}

async fn metadata(console: &Console, user_id: UserId, key: &str) -> (Option<String>, SyncMark) {
    let detail = console.user(user_id).await.unwrap();
    let item = detail.metadata.into_iter().find(|item| item.key == key).unwrap();
    (item.json, item.sync)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_scans_appears_is_edited_and_the_edit_reaches_the_backend_even_after_an_outage() {
    let mut world = World::new().await;
    let console = world.console("replica.db").await;
    status_is(&console, "connected and loaded", |status| {
        status.link == Link::Connected && status.loaded
    })
    .await;

    let connection = console
        .create_connection(&world.draft(AppKind::Website))
        .await
        .unwrap();
    let attempt = log_in(&world, &console, &connection, &world.person(0)).await;
    assert_eq!(attempt.state, AttemptState::Decided);
    assert!(
        matches!(attempt.verdict, Some(Verdict::Create { user_id: Some(_), .. })),
        "{:?}",
        attempt.verdict
    );

    let user = only_user(&console).await;
    edit(&console, user, "vip", "true").await;
    status_is(&console, "the edit is synced", |status| {
        status.waiting == 0 && status.last_sync.is_some()
    })
    .await;
    until("the mark is gone", async || {
        (metadata(&console, user, "vip").await == (Some("true".to_owned()), SyncMark::Synced)).then_some(())
    })
    .await;

    world.stop_backend().await;
    edit(&console, user, "vip", "\"gold\"").await;
    assert_eq!(
        metadata(&console, user, "vip").await,
        (Some("\"gold\"".to_owned()), SyncMark::Pending)
    );
    status_is(&console, "offline", |status| {
        matches!(status.link, Link::Offline { .. }) && status.waiting == 1
    })
    .await;
    console.close().await;
    drop(console);

    let console = world.console("replica.db").await;
    assert_eq!(
        metadata(&console, user, "vip").await,
        (Some("\"gold\"".to_owned()), SyncMark::Pending)
    );
    world.start_backend().await;
    until("the queued edit went out", async || {
        (metadata(&console, user, "vip").await.1 == SyncMark::Synced).then_some(())
    })
    .await;
    let other = world.console("other.db").await;
    until("another console sees it", async || {
        let detail = other.user(user).await.ok()?;
        let item = detail.metadata.into_iter().find(|item| item.key == "vip")?;
        (item.json.as_deref() == Some("\"gold\"")).then_some(())
    })
    .await;
    console.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_one_user_through_all_three_kinds() {
    let world = World::new().await;
    let console = world.console("replica.db").await;
    status_is(&console, "loaded", |status| status.loaded).await;
    let mut users = Vec::new();
    for kind in [AppKind::MiniProgram, AppKind::Website, AppKind::OfficialAccount] {
        let connection = console.create_connection(&world.draft(kind)).await.unwrap();
        let attempt = log_in(&world, &console, &connection, &world.person(0)).await;
        users.push(match attempt.verdict {
            Some(
                Verdict::Create {
                    user_id: Some(id), ..
                }
                | Verdict::LogIn { user_id: id, .. },
            ) => id,
            other => panic!("{kind:?}: {other:?}"),
        });
    }
    assert!(users.iter().all(|user| *user == users[0]), "{users:?}");
    until("three bindings", async || {
        (console.user(users[0]).await.ok()?.bindings.len() == 3).then_some(())
    })
    .await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_consoles_that_change_the_same_key_are_shown_a_conflict_and_nothing_is_lost() {
    let mut world = World::new().await;
    let (first, second) = (world.console("first.db").await, world.console("second.db").await);
    status_is(&first, "loaded", |status| status.loaded).await;
    let connection = first
        .create_connection(&world.draft(AppKind::Website))
        .await
        .unwrap();
    log_in(&world, &first, &connection, &world.person(0)).await;
    let user = only_user(&first).await;
    assert_eq!(only_user(&second).await, user);

    world.stop_backend().await;
    edit(&first, user, "tier", "\"silver\"").await;
    edit(&second, user, "tier", "\"gold\"").await;
    world.start_backend().await;
    let (loser, conflict) = until("one of them has a conflict", async || {
        for console in [&first, &second] {
            if let Some(conflict) = console.conflicts().await.unwrap().into_iter().next() {
                return Some((console, conflict));
            }
        }
        None
    })
    .await;
    let mine = conflict.mine.clone().unwrap();
    assert_ne!(conflict.theirs, conflict.mine);
    loser.resolve_conflict(conflict.id, Keep::Mine).await.unwrap();
    for console in [&first, &second] {
        until("both show the decision", async || {
            (metadata(console, user, "tier").await == (Some(mine.clone()), SyncMark::Synced)).then_some(())
        })
        .await;
        console.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_of_an_operator_who_may_no_longer_edit_stay_visible_and_wait() {
    let mut world = World::new().await;
    let restart = async |world: &mut World, role: &str| {
        world.give_role(role);
        world.start_backend().await;
    };
    world.stop_backend().await;
    restart(&mut world, "support").await;
    let console = world.console_with(OPERATOR_KEY, "desk.db").await;
    let user = only_user(&console).await;

    world.stop_backend().await;
    status_is(&console, "offline", |status| {
        matches!(status.link, Link::Offline { .. })
    })
    .await;
    edit(&console, user, "tier", "\"gold\"").await;
    restart(&mut world, "viewer").await;
    let role = |role| {
        move |status: &Status| {
            status.link == Link::Connected && status.server.as_ref().is_some_and(|server| server.role == role)
        }
    };
    status_is(&console, "a viewer now", role(Role::Viewer)).await;
    // A whole round as a viewer: what it did not send, it keeps.
    let before = console.status().last_sync;
    console.sync_now();
    status_is(&console, "synced as a viewer", |status| status.last_sync > before).await;
    let kept = (Some("\"gold\"".to_owned()), SyncMark::Pending);
    assert_eq!(metadata(&console, user, "tier").await, kept);
    assert_eq!(console.status().waiting, 1);
    assert_eq!(console.status().rejected, 0);

    world.stop_backend().await;
    status_is(&console, "offline again", |status| {
        matches!(status.link, Link::Offline { .. })
    })
    .await;
    restart(&mut world, "support").await;
    status_is(&console, "support again", role(Role::Support)).await;
    until("the edit went out", async || {
        let synced = (Some("\"gold\"".to_owned()), SyncMark::Synced);
        (console.status().waiting == 0 && metadata(&console, user, "tier").await == synced).then_some(())
    })
    .await;
    console.close().await;
}

/// Tries to log in somebody whom a login-only connection does not know, and finds them among the refused.
async fn refused(world: &World, console: &Console, connection: &Connection, person: &str) -> RefusedPerson {
    let attempt = log_in(world, console, connection, person).await;
    assert!(
        matches!(
            attempt.verdict,
            Some(Verdict::Refuse {
                refusal: Refusal::LoginOnly,
                ..
            })
        ),
        "{:?}",
        attempt.verdict
    );
    until("refused", async || {
        let page = console.refused_people(everybody_refused()).await.ok()?;
        assert!(page.total <= 1 && page.after.is_none());
        page.refused.into_iter().next()
    })
    .await
}

fn everybody_refused() -> RefusedQuery {
    RefusedQuery {
        limit: 10,
        ..RefusedQuery::default()
    }
}

async fn nobody_is_refused(console: &Console) {
    until("nobody refused", async || {
        let page = console.refused_people(everybody_refused()).await.ok()?;
        (page.total == 0).then_some(())
    })
    .await;
}

async fn bindings(console: &Console, user: UserId, what: &str, count: usize) {
    until(what, async || {
        (console.user(user).await.ok()?.bindings.len() == count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_person_is_bound_unbound_let_in_anew_merged_and_parted_again() {
    let world = World::new().await;
    let console = world.console("replica.db").await;
    status_is(&console, "loaded", |status| status.loaded).await;
    let open = console
        .create_connection(&world.draft(AppKind::Website))
        .await
        .unwrap();
    log_in(&world, &console, &open, &world.person(0)).await;
    let known = only_user(&console).await;
    let login_only = ConnectionDraft {
        login_only: true,
        ..world.draft(AppKind::MiniProgram)
    };
    let closed = console.create_connection(&login_only).await.unwrap();

    let person = refused(&world, &console, &closed, &world.person(1)).await;
    assert_eq!(
        (person.connection_id, person.times, person.holders.as_slice()),
        (Some(closed.id), 1, [].as_slice())
    );
    let admitted = console
        .admit_refused(&person.app_id, &person.open_id, Some(known))
        .await;
    assert_eq!(admitted.unwrap(), known);
    nobody_is_refused(&console).await;
    bindings(&console, known, "bound", 2).await;
    let attempt = log_in(&world, &console, &closed, &world.person(1)).await;
    assert!(
        matches!(attempt.verdict, Some(Verdict::LogIn { user_id, .. }) if user_id == known),
        "{:?}",
        attempt.verdict
    );

    let detail = console.user(known).await.unwrap();
    let (first, second) = (&detail.bindings[0], &detail.bindings[1]);
    assert_eq!(second.open_id, person.open_id);
    console.unbind(known, second.id, false).await.unwrap();
    bindings(&console, known, "unbound", 1).await;
    match console.unbind(known, first.id, false).await {
        Err(Error::Backend(problem)) => assert_eq!(problem.code, Code::LastWayIn),
        other => panic!("the last way in is gone: {other:?}"),
    }

    let person = refused(&world, &console, &closed, &world.person(1)).await;
    let newcomer = console
        .admit_refused(&person.app_id, &person.open_id, None)
        .await
        .unwrap();
    bindings(&console, newcomer, "let in as a new user", 1).await;
    edit(&console, newcomer, "vip", "\"gold\"").await;
    edit(&console, known, "vip", "true").await;
    status_is(&console, "both edits are synced", |status| status.waiting == 0).await;

    let mut request = MergeRequest {
        kept: known,
        removed: newcomer,
        choices: [("metadata.vip".to_owned(), Side::Removed)].into(),
    };
    let preview = console.preview_merge(&request).await.unwrap();
    assert_eq!((preview.kept.id, preview.removed.id), (known, newcomer));
    assert_eq!(preview.result.bindings.len(), 2);
    assert_eq!(
        preview.removed.bindings[0].connection,
        Some(closed.display_name.clone())
    );
    let vip = preview
        .differences
        .iter()
        .find(|one| one.field == "metadata.vip")
        .unwrap();
    assert_eq!(
        (vip.kept.as_deref(), vip.removed.as_deref(), vip.taken),
        (Some("true"), Some("\"gold\""), Side::Removed)
    );
    request.choices.clear();
    let merge = console.merge(&request).await.unwrap();
    bindings(&console, known, "merged", 2).await;
    until("the other user is gone", async || {
        matches!(console.user(newcomer).await, Err(Error::NotFound)).then_some(())
    })
    .await;
    assert_eq!(console.merges().await.unwrap(), std::slice::from_ref(&merge));

    let undone = console.undo_merge(merge.id).await.unwrap();
    assert_eq!((undone.left.as_slice(), undone.bindings_left), ([].as_slice(), 0));
    bindings(&console, known, "parted again", 1).await;
    bindings(&console, newcomer, "back again", 1).await;

    let person = refused(&world, &console, &closed, &world.person(2)).await;
    console
        .dismiss_refused(&person.app_id, &person.open_id)
        .await
        .unwrap();
    nobody_is_refused(&console).await;
    console.close().await;
}
