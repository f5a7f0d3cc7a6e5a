//! The identity rules with a real database.

use super::{Arrival, person};
use crate::{
    store::{
        NewConnection, SealedSecret, StoreError,
        engine::{Row, Value, values},
    },
    testing::{Bench, On},
};
use rstest::rstest;
use std::{collections::HashSet, sync::Arc};
use yaopai_domain::{
    Clock, Connection, ConnectionId, ConnectionKind, ConnectionSettings, Fingerprint, IdentityScope, PoolId,
    Refusal, UserId, UserRecord, ValidConnection, Verdict,
};

const GREY: &str = "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132";
const DAY: i64 = 24 * 60 * 60 * 1000;

/// A database with one pool, and what the tests do with it.
struct Desk {
    bench: Bench,
    store: Arc<crate::store::Store>,
}

impl Desk {
    async fn on(engine: On) -> Self {
        let bench = Bench::on(engine).await;
        let store = Arc::clone(&bench.app.store);
        Self { bench, store }
    }

    async fn connection(&self, kind: ConnectionKind, app_id: &str, login_only: bool) -> Connection {
        let new = NewConnection {
            id: ConnectionId::new(self.bench.clock.as_ref(), self.bench.app.entropy.as_ref()),
            fields: ValidConnection {
                kind,
                identifier: format!("c-{app_id}"),
                display_name: "微信".to_owned(),
                app_id: app_id.to_owned(),
                app_secret: None,
                settings: ConnectionSettings::of(kind),
                push_token: None,
                encoding_aes_key: None,
                callback_url: None,
                verification_file: None,
                login_only,
                platform_account: None,
            },
            secret: SealedSecret {
                key_id: "k".to_owned(),
                bytes: vec![0],
                fingerprint: Fingerprint("000000000000".to_owned()),
            },
            other_secrets: Vec::new(),
            enabled: true,
        };
        self.store
            .create_connection(&PoolId::default(), "test", new)
            .await
            .unwrap()
    }

    async fn resolve(&self, arrival: &Arrival) -> Verdict {
        self.store.resolve(arrival.clone()).await.unwrap()
    }

    async fn users(&self) -> usize {
        self.store
            .users(&PoolId::default(), None, 1000)
            .await
            .unwrap()
            .len()
    }

    async fn record(&self, id: UserId) -> UserRecord {
        self.store
            .user_record(&PoolId::default(), id)
            .await
            .unwrap()
            .unwrap()
    }

    async fn ask(&self, sql: &str) -> Vec<Vec<Value>> {
        let asked = self.store.read(sql.to_owned(), |reading, sql| {
            Box::pin(reading.rows(sql, values![]))
        });
        asked.await.unwrap().into_iter().map(Row::into_values).collect()
    }

    async fn change(&self, sql: &str) -> Result<u64, StoreError> {
        let changed = self.store.write(sql.to_owned(), |writing, sql| {
            Box::pin(async move {
                let changed = writing.execute(sql, values![]).await?;
                // Nobody promises a feed row for this.
                writing.execute("DELETE FROM unfed", values![]).await?;
                Ok(changed)
            })
        });
        changed.await
    }

    /// Everything that a login may write.
    async fn everything(&self) -> Vec<Vec<Vec<Value>>> {
        let mut all = Vec::new();
        for table in ["users", "identity", "refused_person", "feed", "pool_head"] {
            let sql = format!("SELECT * FROM {table} WHERE pool = 'default' ORDER BY 1, 2, 3");
            all.push(self.ask(&sql).await);
        }
        all
    }
}

fn arrival(connection: &Connection, open_id: &str, union_id: Option<&str>) -> Arrival {
    Arrival {
        pool: PoolId::default(),
        connection_id: connection.id,
        kind: connection.kind,
        app_id: connection.app_id.clone(),
        platform_account: connection.platform_account,
        login_only: connection.login_only,
        person: person(
            open_id.to_owned(),
            union_id.map(str::to_owned),
            Some("小满".to_owned()),
            Some("https://example.com/a.png".to_owned()),
        ),
        snapshot_user: false,
        dry_run: false,
    }
}

fn created(verdict: Verdict) -> UserId {
    match verdict {
        Verdict::Create {
            user_id: Some(user), ..
        } => user,
        other => panic!("not created: {other:?}"),
    }
}

fn logged_in(verdict: Verdict) -> (UserId, bool) {
    match verdict {
        Verdict::LogIn {
            user_id,
            union_id_added,
            ..
        } => (user_id, union_id_added),
        other => panic!("not logged in: {other:?}"),
    }
}

fn refused(verdict: Verdict) -> Refusal {
    match verdict {
        Verdict::Refuse { refusal, .. } => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

const PC: &str = "wx0000000000000001";
const MP: &str = "wx0000000000000002";

#[rstest]
#[tokio::test]
async fn rule_1_one_person_is_one_user_however_they_arrive(#[values(On::Sqlite, On::Postgres)] on: On) {
    let desk = Desk::on(on).await;
    let pc = desk.connection(ConnectionKind::Pc, PC, false).await;
    let mp = desk.connection(ConnectionKind::MiniProgram, MP, false).await;
    let user = created(desk.resolve(&arrival(&pc, "o-pc", Some("u"))).await);
    let again = logged_in(desk.resolve(&arrival(&mp, "o-mp", Some("u"))).await);
    assert_eq!(again, (user, false));
    assert_eq!(desk.users().await, 1);
    let apps: HashSet<String> = desk
        .record(user)
        .await
        .identities
        .into_iter()
        .map(|identity| match identity.scope {
            IdentityScope::OpenId { app_id, union_id, .. } => format!("{app_id} {}", union_id.unwrap()),
            IdentityScope::UnionId { union_id, .. } => union_id,
        })
        .collect();
    let expected = [format!("{PC} u"), format!("{MP} u"), "u".to_owned()];
    assert_eq!(apps, expected.into());
}

#[rstest]
#[tokio::test]
async fn rule_1_a_union_id_that_becomes_known_later_is_back_filled(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let desk = Desk::on(on).await;
    let pc = desk.connection(ConnectionKind::Pc, PC, false).await;
    let mp = desk.connection(ConnectionKind::MiniProgram, MP, false).await;
    let user = created(desk.resolve(&arrival(&pc, "o-pc", None)).await);
    let later = logged_in(desk.resolve(&arrival(&pc, "o-pc", Some("u"))).await);
    assert_eq!(later, (user, true));
    let elsewhere = logged_in(desk.resolve(&arrival(&mp, "o-mp", Some("u"))).await);
    assert_eq!(elsewhere, (user, false));
    assert_eq!(desk.users().await, 1);
    let without = logged_in(desk.resolve(&arrival(&pc, "o-pc", None)).await);
    assert_eq!(
        without,
        (user, false),
        "a UnionID that is left out is not forgotten"
    );
    let known = desk
        .ask(&format!("SELECT union_id FROM identity WHERE scope = '{PC}'"))
        .await;
    assert_eq!(known, [[Value::Text("u".to_owned())]]);
}

#[rstest]
#[tokio::test]
async fn rule_1_two_users_are_told_and_nobody_changes(#[values(On::Sqlite, On::Postgres)] on: On) {
    let desk = Desk::on(on).await;
    let pc = desk.connection(ConnectionKind::Pc, PC, false).await;
    let mp = desk.connection(ConnectionKind::MiniProgram, MP, false).await;
    created(desk.resolve(&arrival(&pc, "o-pc", None)).await);
    created(desk.resolve(&arrival(&mp, "o-mp", Some("u"))).await);
    let before = desk.everything().await;
    let verdict = desk.resolve(&arrival(&pc, "o-pc", Some("u"))).await;
    assert_eq!(refused(verdict), Refusal::TwoUsers);
    let after = desk.everything().await;
    assert_eq!(after[..2], before[..2], "users and bindings");
    assert_eq!(after[2].len(), 1, "an operator is to merge them");
    assert_eq!(
        after[3].len(),
        before[3].len() + 1,
        "and their consoles hear of it"
    );
}

#[rstest]
#[case::in_one_file(On::Sqlite, false)]
#[case::on_one_server(On::Postgres, false)]
#[case::at_two_backends(On::Postgres, true)]
#[tokio::test]
async fn rule_1_many_first_logins_at_once_make_one_user(#[case] on: On, #[case] two_backends: bool) {
    let desk = Desk::on(on).await;
    let pc = desk.connection(ConnectionKind::Pc, PC, false).await;
    let mp = desk.connection(ConnectionKind::MiniProgram, MP, false).await;
    let mut stores = vec![Arc::clone(&desk.store)];
    if two_backends {
        let nowhere = "http://127.0.0.1:9".parse().unwrap();
        stores.push(Arc::clone(&desk.bench.another(&nowhere).await.store));
    }
    let logins: Vec<_> = (0..64)
        .map(|number| {
            let store = Arc::clone(&stores[number / 2 % stores.len()]);
            let (connection, open_id) = if number % 2 == 0 {
                (&pc, "o-pc")
            } else {
                (&mp, "o-mp")
            };
            let arrival = arrival(connection, open_id, Some("u"));
            tokio::spawn(async move { store.resolve(arrival).await.unwrap() })
        })
        .collect();
    let mut users = HashSet::new();
    let mut creations = 0;
    for login in logins {
        match login.await.unwrap() {
            Verdict::Create { user_id, .. } => {
                creations += 1;
                users.insert(user_id.unwrap());
            }
            Verdict::LogIn { user_id, .. } => {
                users.insert(user_id);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((creations, users.len(), desk.users().await), (1, 1, 1));
    assert_eq!(desk.ask("SELECT id FROM identity").await.len(), 3);
}

#[rstest]
#[tokio::test]
async fn rule_1_is_enforced_by_the_database(#[values(On::Sqlite, On::Postgres)] on: On) {
    let desk = Desk::on(on).await;
    let pc = desk.connection(ConnectionKind::Pc, PC, false).await;
    created(desk.resolve(&arrival(&pc, "o-pc", Some("u"))).await);
    let second = desk.change(
        "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, connection_id, kind, union_id,
             first_seen, last_seen)
         SELECT 'other ' || id, pool, user_id, scope_kind, scope, subject, connection_id, kind, union_id, first_seen,
             last_seen FROM identity",
    );
    let refusal = second.await.unwrap_err().to_string().to_lowercase();
    for word in ["unique constraint", "identity", "scope_kind", "subject"] {
        assert!(refusal.contains(word), "{refusal}");
    }
}

#[rstest]
#[tokio::test]
async fn rule_3_login_only_refuses_and_records_the_person_once(#[values(On::Sqlite, On::Postgres)] on: On) {
    let desk = Desk::on(on).await;
    let pc = desk.connection(ConnectionKind::Pc, PC, true).await;
    for _ in 0..2 {
        let verdict = desk.resolve(&arrival(&pc, "o-pc", Some("u"))).await;
        assert_eq!(refused(verdict), Refusal::LoginOnly);
    }
    assert_eq!(desk.users().await, 0);
    let text = |text: &str| Value::Text(text.to_owned());
    assert_eq!(
        desk.ask("SELECT app_id, open_id, union_id, nickname, times FROM refused_person")
            .await,
        [[text(PC), text("o-pc"), text("u"), text("小满"), Value::Integer(2)]]
    );

    let open = desk.connection(ConnectionKind::MiniProgram, MP, false).await;
    let user = created(desk.resolve(&arrival(&open, "o-mp", Some("u"))).await);
    let now_known = logged_in(desk.resolve(&arrival(&pc, "o-pc", Some("u"))).await);
    assert_eq!(now_known, (user, false));
    assert!(
        desk.ask("SELECT * FROM refused_person").await.is_empty(),
        "nobody waits to be bound any more"
    );
}

#[rstest]
#[tokio::test]
async fn rule_6_a_snapshot_visitor_changes_nothing(#[values(On::Sqlite, On::Postgres)] on: On) {
    let desk = Desk::on(on).await;
    let pc = desk
        .connection(ConnectionKind::WebpageAuthorization, PC, true)
        .await;
    let before = desk.everything().await;
    let visitor = Arrival {
        snapshot_user: true,
        ..arrival(&pc, "o-virtual", Some("u-virtual"))
    };
    assert_eq!(refused(desk.resolve(&visitor).await), Refusal::SnapshotUser);
    assert_eq!(desk.everything().await, before);
}

#[rstest]
#[tokio::test]
async fn rule_8_an_anonymous_profile_never_overwrites_a_real_one(#[values(On::Sqlite, On::Postgres)] on: On) {
    let desk = Desk::on(on).await;
    let pc = desk.connection(ConnectionKind::Pc, PC, false).await;
    let user = created(desk.resolve(&arrival(&pc, "o-pc", Some("u"))).await);
    let mut anonymous = arrival(&pc, "o-pc", Some("u"));
    anonymous.person.nickname = Some("微信用户".to_owned());
    anonymous.person.avatar_url = Some(GREY.to_owned());
    logged_in(desk.resolve(&anonymous).await);
    let profile = desk.record(user).await.user.profile;
    assert_eq!(profile.nickname.unwrap().value, "小满");
    assert_eq!(profile.avatar_url.unwrap().value, "https://example.com/a.png");
}

#[rstest]
#[tokio::test]
async fn a_blocked_user_is_refused_and_not_bound(#[values(On::Sqlite, On::Postgres)] on: On) {
    let desk = Desk::on(on).await;
    let pc = desk.connection(ConnectionKind::Pc, PC, false).await;
    let mp = desk.connection(ConnectionKind::MiniProgram, MP, false).await;
    created(desk.resolve(&arrival(&pc, "o-pc", Some("u"))).await);
    desk.change("UPDATE users SET status = 'blocked'").await.unwrap();
    let before = desk.everything().await;
    for arrival in [arrival(&pc, "o-pc", Some("u")), arrival(&mp, "o-mp", Some("u"))] {
        assert_eq!(refused(desk.resolve(&arrival).await), Refusal::UserBlocked);
    }
    assert_eq!(desk.everything().await, before);
}

#[rstest]
#[tokio::test]
async fn a_dry_run_decides_the_same_and_writes_nothing(#[values(On::Sqlite, On::Postgres)] on: On) {
    let desk = Desk::on(on).await;
    let pc = desk.connection(ConnectionKind::Pc, PC, false).await;
    let closed = desk.connection(ConnectionKind::MiniProgram, MP, true).await;
    let dry = |arrival: Arrival| Arrival {
        dry_run: true,
        ..arrival
    };
    let before = desk.everything().await;
    let would_create = desk.resolve(&dry(arrival(&pc, "o-pc", None))).await;
    assert!(matches!(would_create, Verdict::Create { user_id: None, .. }));
    let would_refuse = desk.resolve(&dry(arrival(&closed, "o-mp", None))).await;
    assert_eq!(refused(would_refuse), Refusal::LoginOnly);
    assert_eq!(desk.everything().await, before);

    let user = created(desk.resolve(&arrival(&pc, "o-pc", None)).await);
    let before = desk.everything().await;
    let would_add = logged_in(desk.resolve(&dry(arrival(&pc, "o-pc", Some("u")))).await);
    assert_eq!(would_add, (user, true));
    assert_eq!(desk.everything().await, before);
}

#[rstest]
#[tokio::test]
async fn a_login_without_news_moves_the_feed_once_a_day(#[values(On::Sqlite, On::Postgres)] on: On) {
    let desk = Desk::on(on).await;
    let pc = desk.connection(ConnectionKind::Pc, PC, false).await;
    let login = arrival(&pc, "o-pc", Some("u"));
    created(desk.resolve(&login).await);
    let head = async || desk.ask("SELECT rev FROM pool_head WHERE pool = 'default'").await;
    let before = head().await;
    let left_of_the_day = DAY - desk.bench.clock.now().0 % DAY;
    desk.bench.clock.turn(left_of_the_day - 1);
    desk.resolve(&login).await;
    assert_eq!(head().await, before, "the same day");
    desk.bench.clock.turn(1);
    desk.resolve(&login).await;
    let moved = head().await;
    assert_ne!(moved, before, "another day");
    desk.resolve(&login).await;
    assert_eq!(head().await, moved);
}
