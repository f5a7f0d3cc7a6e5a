//! Passwords.

use super::{
    super::{
        Proof, Purpose, Refused, Use, change_password, reset_password, set_password, show_code,
        sign_in_with_password,
    },
    Desk, MINUTE, PASSWORD, by, email, name, phone, refused, text, wait,
};
use crate::{Error, account::WeakPassword, store::engine::values};
use rstest::rstest;
use yaopai_domain::UserId;

async fn sign_in(desk: &Desk, who: &str, password: &str) -> Result<UserId, Error> {
    sign_in_with_password(&desk.app, &desk.pool, &name(who), &text(password)).await
}

#[tokio::test]
async fn a_person_comes_in_by_any_of_their_names() {
    let desk = Desk::new().await;
    let mut registration = by(desk.prove(&phone()).await);
    registration.proofs.push(desk.prove(&email()).await.into());
    registration.username = Some("Li.Wei".parse().unwrap());
    registration.password = Some(text(PASSWORD));
    let user = desk.register(registration).await.unwrap();
    for who in [
        "138 0013 8000",
        "+86 13800138000",
        "LI@example.com",
        "li.wei",
        "Li.Wei",
    ] {
        assert_eq!(sign_in(&desk, who, PASSWORD).await.unwrap(), user, "{who}");
    }
    let signed_in = (format!("person:{user}"), "account.sign_in".to_owned());
    assert!(desk.audit(user).await.contains(&signed_in));
}

#[rstest]
#[case::nobody("nobody")]
#[case::wrong_password("li")]
#[case::without_password("13800138000")]
#[tokio::test]
async fn nobody_learns_by_a_password_who_has_an_account(#[case] who: &str) {
    let desk = Desk::new().await;
    desk.user("li").await;
    let proven = desk.prove(&phone()).await;
    desk.register(by(proven)).await.unwrap();
    for _ in 0..5 {
        assert_eq!(
            refused(sign_in(&desk, who, "wrong horse").await),
            Refused::WrongPassword
        );
    }
    assert_eq!(wait(sign_in(&desk, who, "wrong horse").await), 30);
}

#[tokio::test]
async fn wrong_passwords_make_an_account_wait_longer_and_longer() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    for _ in 0..5 {
        refused(sign_in(&desk, "li", "wrong horse").await);
    }
    for seconds in [30, 60, 120] {
        assert_eq!(
            wait(sign_in(&desk, "LI", PASSWORD).await),
            seconds,
            "the right one has to wait too"
        );
        desk.clock.turn(seconds.cast_signed() * 1000);
        assert_eq!(
            refused(sign_in(&desk, "li", "wrong horse").await),
            Refused::WrongPassword
        );
    }
    desk.user("wu").await;
    sign_in(&desk, "wu", PASSWORD).await.expect("others do not wait");
    desk.clock.turn(4 * MINUTE);
    assert_eq!(sign_in(&desk, "li", PASSWORD).await.unwrap(), user);
    assert_eq!(
        refused(sign_in(&desk, "li", "wrong horse").await),
        Refused::WrongPassword,
        "the right one has made the wrong ones forgotten"
    );
    let noted = desk
        .audit(user)
        .await
        .into_iter()
        .filter(|(_, action)| action == "account.wrong_password");
    assert_eq!(noted.count(), 9);
}

#[tokio::test]
async fn a_blocked_user_is_told_so_only_with_the_right_password() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    desk.block(user).await;
    assert_eq!(
        refused(sign_in(&desk, "li", "wrong horse").await),
        Refused::WrongPassword
    );
    assert_eq!(refused(sign_in(&desk, "li", PASSWORD).await), Refused::Blocked);
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_the_old_one() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    let (own, other) = (desk.log_in(user).await, desk.log_in(user).await);
    let strangers = desk.log_in(desk.user("wu").await).await;
    let change = async |old: &str, new: &str| change_password(&desk.app, &own, &text(old), &text(new)).await;
    assert_eq!(
        refused(change("wrong horse", "battery staple").await),
        Refused::WrongPassword
    );
    assert_eq!(
        refused(change(PASSWORD, "short").await),
        Refused::WeakPassword(WeakPassword::Length)
    );
    assert!(desk.goes_on(&other).await);
    change(PASSWORD, "battery staple").await.unwrap();
    assert!(!desk.goes_on(&other).await, "somebody else may have known it");
    assert!(desk.goes_on(&own).await && desk.goes_on(&strangers).await);
    assert_eq!(
        refused(sign_in(&desk, "li", PASSWORD).await),
        Refused::WrongPassword
    );
    assert_eq!(sign_in(&desk, "li", "battery staple").await.unwrap(), user);
}

#[tokio::test]
async fn who_has_proven_their_phone_sets_a_password() {
    let desk = Desk::new().await;
    let proven = desk.prove(&phone()).await;
    let user = desk.register(by(proven)).await.unwrap();
    let (own, other) = (desk.log_in(user).await, desk.log_in(user).await);
    let set = async |new: &str| set_password(&desk.app, &own, &text(new)).await;
    assert_eq!(
        refused(set("13800138000").await),
        Refused::WeakPassword(WeakPassword::IsTheName)
    );
    set(PASSWORD).await.unwrap();
    assert!(desk.goes_on(&own).await && !desk.goes_on(&other).await);
    assert_eq!(sign_in(&desk, "13800138000", PASSWORD).await.unwrap(), user);
}

#[tokio::test]
async fn a_new_password_that_is_refused_leaves_its_code_as_it_was() {
    let desk = Desk::new().await;
    let proven = desk.prove(&phone()).await;
    let user = desk.register(by(proven)).await.unwrap();
    let session = desk.log_in(user).await;
    desk.clock.turn(MINUTE);
    desk.send(&phone(), Purpose::Unsaid).await.unwrap();
    let code = desk.arrived(&phone()).await.unwrap();
    let show = async || show_code(&desk.app, &desk.pool, &phone(), &code, Use::ResetPassword).await;
    let reset =
        async |proof: &Proof, new: &str| reset_password(&desk.app, &desk.pool, proof, &text(new)).await;
    for _ in 0..6 {
        let weak = reset(&show().await.unwrap(), "short").await;
        assert_eq!(refused(weak), Refused::WeakPassword(WeakPassword::Length));
    }
    assert!(desk.goes_on(&session).await);

    let (first, second) = (show().await.unwrap(), show().await.unwrap());
    assert_eq!(reset(&first, PASSWORD).await.unwrap(), Some(user));
    assert!(!desk.goes_on(&session).await, "a device may be lost too");
    assert_eq!(
        refused(reset(&second, "battery staple").await),
        Refused::CodeSpent
    );
    assert_eq!(refused(show().await), Refused::CodeSpent);
    assert_eq!(sign_in(&desk, "13800138000", PASSWORD).await.unwrap(), user);
}

#[tokio::test]
async fn a_code_that_is_shown_and_not_used_is_still_guessed_five_times_at_most() {
    let desk = Desk::new().await;
    desk.send(&phone(), Purpose::Unsaid).await.unwrap();
    let code = desk.arrived(&phone()).await.unwrap();
    let show = async |code: &str| show_code(&desk.app, &desk.pool, &phone(), code, Use::ResetPassword).await;
    for left in (0..5).rev() {
        show(&code).await.unwrap();
        assert_eq!(refused(show("none").await), Refused::WrongCode { left });
    }
    assert_eq!(refused(show(&code).await), Refused::CodeSpent);
}

#[tokio::test]
async fn a_password_stays_as_it_was_if_other_sessions_cannot_be_ended() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    let (own, other) = (desk.log_in(user).await, desk.log_in(user).await);
    desk.change("ALTER TABLE session RENAME TO hidden", values![])
        .await;
    let set = set_password(&desk.app, &own, &text("battery staple")).await;
    desk.change("ALTER TABLE hidden RENAME TO session", values![])
        .await;
    assert!(matches!(set, Err(Error::Store(_))), "{set:?}");
    assert_eq!(sign_in(&desk, "li", PASSWORD).await.unwrap(), user);
    assert!(desk.goes_on(&other).await);
}

#[tokio::test]
async fn the_database_holds_no_password() {
    let desk = Desk::new().await;
    desk.user("li").await;
    let rows = desk.look("SELECT hash FROM user_password", vec![]).await;
    let hash = rows[0].text("hash").unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");
}
