//! What operators do with accounts.

use super::{
    super::{
        NameChange, OperatorPatch, ProfilePatch, Refused, change_user, create_user, delete_user, person,
        sign_in_with_code, sign_in_with_password,
    },
    Desk, PASSWORD, PHONE, by, name, phone, refused, text,
};
use crate::{Error, store::StoreError};
use serde_json::json;
use yaopai_domain::{LoginNameKind, Source, UserStatus};

const ACTOR: &str = "console of the support desk";

fn patch() -> OperatorPatch {
    let sent = json!({"nickname": "小李", "company": "Acme"});
    OperatorPatch {
        profile: ProfilePatch::from_sent(sent.as_object().unwrap()).unwrap(),
        names: vec![NameChange::Set(name("li")), NameChange::Set(name(PHONE))],
        password: Some(text(PASSWORD)),
        ..OperatorPatch::default()
    }
}

#[tokio::test]
async fn an_operator_makes_a_user_who_can_log_in() {
    let desk = Desk::new().await;
    let head = desk.head().await;
    let made = create_user(&desk.app, &desk.pool, ACTOR, patch()).await.unwrap();
    assert_eq!(
        made.user.profile.nickname.clone().unwrap().source,
        Source::Operator
    );
    assert!(made.has_password && !made.phone_proven);
    assert_eq!(desk.head().await, head + 1);
    assert_eq!(
        desk.audit(made.user.id),
        [(ACTOR.to_owned(), "user.create".to_owned())]
    );
    for who in ["LI", PHONE] {
        let user = sign_in_with_password(&desk.app, &desk.pool, &name(who), &text(PASSWORD)).await;
        assert_eq!(user.unwrap(), made.user.id, "{who}");
    }
    let again = create_user(&desk.app, &desk.pool, ACTOR, patch()).await;
    assert_eq!(refused(again), Refused::Taken(LoginNameKind::Username));
}

#[tokio::test]
async fn a_phone_that_an_operator_replaces_is_no_way_in_any_more() {
    let desk = Desk::new().await;
    let proven = desk.prove(&phone()).await;
    let user = desk.register(by(proven.clone())).await.unwrap();
    let change = async |names: Vec<NameChange>| {
        let patch = OperatorPatch {
            names,
            ..OperatorPatch::default()
        };
        change_user(&desk.app, &desk.pool, ACTOR, user, patch)
            .await
            .unwrap()
    };
    let same = change(vec![NameChange::Set(name(PHONE))]).await;
    assert!(same.phone_proven, "the same phone stays proven");
    let other = change(vec![NameChange::Set(name("13900139000"))]).await;
    assert!(!other.phone_proven);
    let found = sign_in_with_code(&desk.app, &desk.pool, &proven).await.unwrap();
    assert_eq!(found, None);
    let none = change(vec![NameChange::Remove(LoginNameKind::Phone)]).await;
    assert_eq!(none.user.profile.phone, None);
}

#[tokio::test]
async fn a_user_whom_an_operator_blocks_stays_out() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    let patch = OperatorPatch {
        status: Some(UserStatus::Blocked),
        ..OperatorPatch::default()
    };
    change_user(&desk.app, &desk.pool, ACTOR, user, patch)
        .await
        .unwrap();
    let out = sign_in_with_password(&desk.app, &desk.pool, &name("li"), &text(PASSWORD)).await;
    assert_eq!(refused(out), Refused::Blocked);
    let (old, new): (String, String) = desk
        .sql()
        .query_row(
            "SELECT old, new FROM audit WHERE action = 'user.change'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert!(
        old.contains("\"active\"") && new.contains("\"blocked\""),
        "{old} {new}"
    );
}

#[tokio::test]
async fn a_deleted_user_leaves_nothing_but_a_tombstone_and_an_audit_row() {
    let desk = Desk::new().await;
    let users = desk.count("users");
    let proven = desk.prove(&phone()).await;
    let user = desk.register(by(proven.clone())).await.unwrap();
    delete_user(&desk.app, &desk.pool, ACTOR, user).await.unwrap();
    assert_eq!(desk.count("users"), users);
    for table in ["login_name", "user_password", "user_detail", "identity"] {
        assert_eq!(desk.count(table), 0, "{table}");
    }
    assert_eq!(desk.count("feed WHERE deleted = 1"), 1);
    let gone = person(&desk.app, &desk.pool, user).await;
    assert!(matches!(gone, Err(Error::NotFound("user"))), "{gone:?}");
    let again = delete_user(&desk.app, &desk.pool, ACTOR, user).await;
    assert!(
        matches!(again, Err(Error::Store(StoreError::NotFound("user")))),
        "{again:?}"
    );
    desk.register(by(proven)).await.expect("the phone is free again");
}
