//! One-time codes.

use super::{
    super::{Asker, Locale, Purpose, Refused, Target, Use, check_code, prove, redeem, send_code},
    Desk, MINUTE, at_once, by, email, phone, refused, wait,
};
use crate::Error;
use rstest::rstest;
use yaopai_domain::PoolId;

#[rstest]
#[case::phone(phone())]
#[case::mailbox(email())]
#[tokio::test]
async fn a_code_proves_its_target_once(#[case] target: Target) {
    let desk = Desk::new().await;
    let sent = desk.send(&target, Purpose::Enter).await.unwrap();
    assert_eq!((sent.expires_in, sent.is_user), (300, false));
    let code = desk.arrived(&target).await.unwrap();
    assert!(
        code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()),
        "{code}"
    );

    let check = || check_code(&desk.app, &desk.pool, &sent.verification_id, &code);
    let token = check().await.unwrap();
    assert_eq!(refused(check().await), Refused::CodeSpent);
    let redeem = || redeem(&desk.app, &desk.pool, &token.token, Use::Enter);
    assert_eq!(redeem().await.unwrap().login_name(), target.clone().into());
    assert_eq!(refused(redeem().await), Refused::CodeSpent);
}

#[tokio::test]
async fn english_mail_holds_the_code_too() {
    let desk = Desk::new().await;
    let asker = Asker {
        locale: Locale::asked("en-US,en;q=0.9"),
        ..Asker::default()
    };
    send_code(&desk.app, &desk.pool, &email(), Purpose::Bind, asker)
        .await
        .unwrap();
    let code = desk.arrived(&email()).await.unwrap();
    prove(&desk.app, &desk.pool, &email(), &code, Use::Bind)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_newest_code_is_the_only_one() {
    let desk = Desk::new().await;
    let first = desk.send(&phone(), Purpose::Enter).await.unwrap();
    let old = desk.arrived(&phone()).await.unwrap();
    desk.clock.turn(MINUTE);
    let second = desk.send(&phone(), Purpose::Enter).await.unwrap();
    let new = desk.arrived(&phone()).await.unwrap();
    let check = async |id: &str, code: &str| check_code(&desk.app, &desk.pool, id, code).await;
    assert_eq!(
        refused(check(&first.verification_id, &old).await),
        Refused::CodeSpent
    );
    assert_eq!(
        refused(check(&second.verification_id, &old).await),
        Refused::WrongCode { left: 4 }
    );
    check(&second.verification_id, &new).await.unwrap();
}

#[tokio::test]
async fn a_code_lives_five_minutes_and_its_token_ten() {
    let desk = Desk::new().await;
    let sent = desk.send(&phone(), Purpose::Enter).await.unwrap();
    let code = desk.arrived(&phone()).await.unwrap();
    desk.clock.turn(5 * MINUTE);
    let late = check_code(&desk.app, &desk.pool, &sent.verification_id, &code).await;
    assert_eq!(refused(late), Refused::CodeSpent);

    let sent = desk.send(&phone(), Purpose::Enter).await.unwrap();
    let code = desk.arrived(&phone()).await.unwrap();
    let token = check_code(&desk.app, &desk.pool, &sent.verification_id, &code)
        .await
        .unwrap();
    assert_eq!(token.expires_in, 600);
    desk.clock.turn(10 * MINUTE);
    assert_eq!(
        refused(redeem(&desk.app, &desk.pool, &token.token, Use::Enter).await),
        Refused::CodeSpent
    );
}

#[tokio::test]
async fn a_code_is_tried_five_times_however_many_try_at_once() {
    let desk = Desk::new().await;
    desk.send(&phone(), Purpose::Enter).await.unwrap();
    let code = desk.arrived(&phone()).await.unwrap();
    let tried = at_once(&desk, |app, pool| async move {
        refused(prove(&app, &pool, &phone(), "none", Use::Enter).await)
    })
    .await;
    let wrong = tried
        .iter()
        .filter(|refused| **refused != Refused::CodeSpent)
        .count();
    assert_eq!(wrong, 5);
    let right = prove(&desk.app, &desk.pool, &phone(), &code, Use::Enter).await;
    assert_eq!(refused(right), Refused::CodeSpent);
}

#[tokio::test]
async fn a_code_is_used_once_however_many_use_it_at_once() {
    let desk = Desk::new().await;
    desk.send(&phone(), Purpose::Enter).await.unwrap();
    let code = desk.arrived(&phone()).await.unwrap();
    let proven = at_once(&desk, move |app, pool| {
        let code = code.clone();
        async move { prove(&app, &pool, &phone(), &code, Use::Enter).await.is_ok() }
    })
    .await;
    assert_eq!(proven.into_iter().filter(|proven| *proven).count(), 1);
}

#[tokio::test]
async fn a_code_is_worth_nothing_elsewhere() {
    let desk = Desk::new().await;
    let other: PoolId = "other".parse().unwrap();
    let sent = desk.send(&phone(), Purpose::Enter).await.unwrap();
    let code = desk.arrived(&phone()).await.unwrap();
    let elsewhere = check_code(&desk.app, &other, &sent.verification_id, &code).await;
    assert_eq!(refused(elsewhere), Refused::CodeSpent);
    let token = check_code(&desk.app, &desk.pool, &sent.verification_id, &code)
        .await
        .unwrap();
    assert_eq!(
        refused(redeem(&desk.app, &other, &token.token, Use::Enter).await),
        Refused::CodeSpent
    );
    redeem(&desk.app, &desk.pool, &token.token, Use::Enter)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_code_to_register_sets_no_password_and_still_registers() {
    let desk = Desk::new().await;
    let (app, pool) = (&desk.app, &desk.pool);
    desk.send(&phone(), Purpose::Register).await.unwrap();
    let code = desk.arrived(&phone()).await.unwrap();
    let talked_out = prove(app, pool, &phone(), &code, Use::ResetPassword).await;
    assert_eq!(refused(talked_out), Refused::CodeSpent);
    prove(app, pool, &phone(), &code, Use::Register).await.unwrap();

    let sent = desk.send(&email(), Purpose::Bind).await.unwrap();
    let code = desk.arrived(&email()).await.unwrap();
    let token = check_code(app, pool, &sent.verification_id, &code).await.unwrap();
    for wanted in [Use::SignIn, Use::Register, Use::ResetPassword] {
        let talked_out = redeem(app, pool, &token.token, wanted).await;
        assert_eq!(refused(talked_out), Refused::CodeSpent);
    }
    redeem(app, pool, &token.token, Use::Bind).await.unwrap();
}

#[tokio::test]
async fn a_target_gets_one_code_a_minute_however_many_ask_at_once() {
    let desk = Desk::new().await;
    let sent = at_once(&desk, |app, pool| async move {
        send_code(&app, &pool, &phone(), Purpose::Enter, Asker::default())
            .await
            .is_ok()
    })
    .await;
    assert_eq!(sent.into_iter().filter(|sent| *sent).count(), 1);
    desk.clock.turn(MINUTE - 1500);
    assert_eq!(wait(desk.send(&phone(), Purpose::Enter).await), 2);
    desk.send(&email(), Purpose::Enter).await.unwrap();
    desk.clock.turn(1500);
    desk.send(&phone(), Purpose::Enter).await.unwrap();
}

#[tokio::test]
async fn a_client_asks_for_sixty_codes_an_hour() {
    let desk = Desk::new().await;
    let send = async |target: String, client: &str| {
        let target = Target::Phone(target.parse().unwrap());
        let asker = Asker {
            client: Some(client.parse().unwrap()),
            ..Asker::default()
        };
        send_code(&desk.app, &desk.pool, &target, Purpose::Enter, asker).await
    };
    for number in 0..60 {
        send(format!("139000000{number:02}"), "203.0.113.7")
            .await
            .unwrap();
    }
    assert_eq!(wait(send("13900000060".to_owned(), "203.0.113.7").await), 3600);
    send("13900000060".to_owned(), "203.0.113.8").await.unwrap();
}

#[rstest]
#[case::sign_in(Purpose::SignIn)]
#[case::reset(Purpose::ResetPassword)]
#[case::user(Purpose::User)]
#[tokio::test]
async fn nobody_learns_by_a_code_who_has_an_account(#[case] purpose: Purpose) {
    let desk = Desk::new().await;
    let proven = desk.prove(&phone()).await;
    desk.register(by(proven)).await.unwrap();
    desk.clock.turn(MINUTE);
    let known = desk.send(&phone(), purpose).await.unwrap();
    let unknown = desk.send(&email(), purpose).await.unwrap();
    assert_eq!(
        (known.is_user, known.expires_in),
        (unknown.is_user, unknown.expires_in)
    );
    assert_eq!(known.verification_id.len(), unknown.verification_id.len());
    assert_eq!(desk.arrived(&email()).await, None);
    let check = check_code(&desk.app, &desk.pool, &unknown.verification_id, "000000").await;
    assert!(matches!(
        check,
        Err(Error::Account(Refused::WrongCode { left: 4 }))
    ));
}

#[tokio::test]
async fn who_has_an_account_gets_a_code_to_log_in() {
    let desk = Desk::new().await;
    let proven = desk.prove(&phone()).await;
    desk.register(by(proven)).await.unwrap();
    let before = desk.arrived(&phone()).await;
    desk.clock.turn(MINUTE);
    let sent = desk.send(&phone(), Purpose::SignIn).await.unwrap();
    desk.app.tasks.close();
    desk.app.tasks.wait().await;
    let code = desk.arrived(&phone()).await;
    assert_ne!(code, before);
    check_code(&desk.app, &desk.pool, &sent.verification_id, &code.unwrap())
        .await
        .unwrap();
    desk.app.tasks.reopen();
    desk.clock.turn(MINUTE);
    assert!(desk.send(&phone(), Purpose::Enter).await.unwrap().is_user);
}

#[tokio::test]
async fn the_database_does_not_say_what_a_code_or_token_is() {
    let desk = Desk::new().await;
    let sent = desk.send(&phone(), Purpose::Enter).await.unwrap();
    let code = desk.arrived(&phone()).await.unwrap();
    let token = check_code(&desk.app, &desk.pool, &sent.verification_id, &code)
        .await
        .unwrap();
    let rows = desk
        .look("SELECT code_hash, token_hash FROM verification", vec![])
        .await;
    let (code_hash, token_hash) = (
        rows[0].text("code_hash").unwrap(),
        rows[0].text("token_hash").unwrap(),
    );
    assert_eq!((code_hash.len(), token_hash.len()), (64, 64));
    assert_ne!(token_hash, token.token);
    assert!(!format!("{token:?}").contains(&token.token));
}
