//! Registration, and who is found by a proven phone or address.

use super::{
    super::{
        Proven, Purpose, Refused, Registration, Use, check_code, register, show_token, sign_in_with_code,
    },
    Desk, PASSWORD, PHONE, at_once, by, email, named, phone, refused, text,
};
use crate::{
    account::{Person, ProfilePatch, WeakPassword, person},
    store::engine::values,
};
use rstest::rstest;
use serde_json::json;
use yaopai_domain::{LoginNameKind, Source, UserId};

async fn me(desk: &Desk, user: UserId) -> Person {
    person(&desk.app, &desk.pool, user).await.unwrap()
}

#[tokio::test]
async fn a_proven_phone_becomes_a_user_whom_consoles_see() {
    let desk = Desk::new().await;
    let head = desk.head().await;
    let sent = json!({"nickname": "小李", "gender": "F", "blocked": true});
    let registration = Registration {
        profile: ProfilePatch::from_sent(sent.as_object().unwrap()).unwrap(),
        ..by(desk.prove(&phone()).await)
    };
    let user = desk.register(registration).await.unwrap();
    let me = me(&desk, user).await;
    let profile = me.user.profile;
    assert_eq!(profile.phone.unwrap().value, PHONE);
    assert_eq!(profile.nickname.unwrap().source, Source::Person);
    assert_eq!(me.details["gender"], "F");
    assert!(me.phone_proven && !me.email_proven && !me.has_password);
    assert_eq!(desk.head().await, head + 1);
    let registered = (format!("person:{user}"), "account.register".to_owned());
    assert_eq!(desk.audit(user).await, [registered]);
}

#[tokio::test]
async fn rule_1_one_phone_is_one_user_however_many_register_at_once() {
    let desk = Desk::new().await;
    let users = desk.count("users").await;
    let proven = Proven::by_wechat(PHONE.parse().unwrap());
    let done = at_once(&desk, move |app, pool| {
        let registration = by(proven.clone());
        async move { register(&app, &pool, registration).await }
    })
    .await;
    let (made, taken): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for outcome in taken {
        assert_eq!(refused(outcome), Refused::Taken(LoginNameKind::Phone));
    }
    assert_eq!(desk.count("users").await, users + 1);
}

#[tokio::test]
async fn a_name_is_taken_in_any_case_and_nothing_is_half_done() {
    let desk = Desk::new().await;
    desk.user("Li").await;
    let users = desk.count("users").await;
    let mut second = named("lI");
    second.proofs = vec![desk.prove(&phone()).await.into()];
    assert_eq!(
        refused(desk.register(second).await),
        Refused::Taken(LoginNameKind::Username)
    );
    assert_eq!(desk.count("users").await, users);
    let proven = desk.prove(&phone()).await;
    desk.register(by(proven)).await.expect("the phone stayed free");
}

#[rstest]
#[case::nothing(Registration::default(), Refused::NothingToLogInBy)]
#[case::no_password(Registration { password: None, ..named("li") }, Refused::NothingToLogInBy)]
#[case::password_alone(
    Registration { password: Some(text("correct horse")), ..Registration::default() },
    Refused::NothingToLogInBy
)]
#[case::two_phones(
    Registration { proofs: vec![proven("13800138000").into(), proven("13800138001").into()], ..Registration::default() },
    Refused::NothingToLogInBy
)]
#[case::weak(
    Registration { password: Some(text("liweiliwei")), ..named("LiWeiLiWei") },
    Refused::WeakPassword(WeakPassword::IsTheName)
)]
#[tokio::test]
async fn who_registers_can_log_in_afterwards(#[case] registration: Registration, #[case] why: Refused) {
    let desk = Desk::new().await;
    assert_eq!(refused(desk.register(registration).await), why);
}

#[tokio::test]
async fn a_registration_that_is_refused_leaves_its_code_as_it_was() {
    let desk = Desk::new().await;
    desk.user("li").await;
    let sent = desk.send(&phone(), Purpose::Register).await.unwrap();
    let code = desk.arrived(&phone()).await.unwrap();
    let token = check_code(&desk.app, &desk.pool, &sent.verification_id, &code).await;
    let token = token.unwrap().token;
    let show = || show_token(&desk.app, &desk.pool, &token, Use::Register);
    let register = async |name: &str, password: &str| {
        let registration = Registration {
            proofs: vec![show().await?],
            password: Some(text(password)),
            ..named(name)
        };
        desk.register(registration).await
    };
    let weak = refused(register("wu", "short").await);
    assert_eq!(weak, Refused::WeakPassword(WeakPassword::Length));
    let taken = refused(register("li", PASSWORD).await);
    assert_eq!(taken, Refused::Taken(LoginNameKind::Username));
    register("wu", PASSWORD).await.unwrap();
    assert_eq!(refused(register("zhao", PASSWORD).await), Refused::CodeSpent);
}

fn proven(number: &str) -> Proven {
    Proven::by_wechat(number.parse().unwrap())
}

#[tokio::test]
async fn a_proven_phone_finds_its_user_and_nobody_elses() {
    let desk = Desk::new().await;
    let owner = desk.prove(&phone()).await;
    let user = desk.register(by(owner.clone())).await.unwrap();
    let sign_in = async |proven: &Proven| sign_in_with_code(&desk.app, &desk.pool, proven).await;
    assert_eq!(sign_in(&owner).await.unwrap(), Some(user));
    assert_eq!(sign_in(&desk.prove(&email()).await).await.unwrap(), None);
    desk.block(user).await;
    assert_eq!(refused(sign_in(&owner).await), Refused::Blocked);
}

#[tokio::test]
async fn somebody_imported_is_found_by_the_phone_they_prove() {
    let desk = Desk::new().await;
    desk.bootstrap("[[user]]\nnickname = \"imported\"\nphone = \"+8613800138000\"")
        .await
        .unwrap();
    let proven = desk.prove(&phone()).await;
    assert_eq!(
        refused(desk.register(by(proven.clone())).await),
        Refused::Taken(LoginNameKind::Phone)
    );
    let user = sign_in_with_code(&desk.app, &desk.pool, &proven)
        .await
        .unwrap()
        .unwrap();
    let me = me(&desk, user).await;
    assert_eq!(me.user.profile.nickname.unwrap().value, "imported");
    assert!(me.phone_proven);
}

#[tokio::test]
async fn a_phone_that_an_import_gave_to_two_people_is_nobodys_way_in() {
    let desk = Desk::new().await;
    let two = "[[user]]\nnickname = \"one\"\nphone = \"+8613800138000\"\n[[user]]\nnickname = \"two\"\n";
    desk.bootstrap(two).await.unwrap();
    let sql = "UPDATE users SET phone = $1, phone_source = 'import' WHERE nickname = 'two'";
    assert_eq!(desk.change(sql, values![PHONE]).await, 1);
    let proven = desk.prove(&phone()).await;
    let found = sign_in_with_code(&desk.app, &desk.pool, &proven).await.unwrap();
    assert_eq!(found, None);
    assert_eq!(
        refused(desk.register(by(proven)).await),
        Refused::Taken(LoginNameKind::Phone)
    );
}
