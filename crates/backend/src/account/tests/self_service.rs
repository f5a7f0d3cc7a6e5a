//! What people change of themselves.

use super::{
    super::{
        OwnEntry, ProfilePatch, Refused, Target, bind, change_metadata, person, rename, sign_in_with_code,
        sign_in_with_password, unbind, update_profile,
    },
    Desk, PASSWORD, PHONE, by, email, name, phone, refused, text,
};
use crate::Error;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use yaopai_domain::{LoginNameKind, MetadataKey, MetadataValue, Source};

fn patch(sent: &Value) -> ProfilePatch {
    ProfilePatch::from_sent(sent.as_object().unwrap()).unwrap()
}

fn entry(key: &str, value: Option<Value>) -> OwnEntry {
    OwnEntry {
        key: key.parse().unwrap(),
        value: value.map(|value| MetadataValue::new(value).unwrap()),
    }
}

#[tokio::test]
async fn people_change_their_profile_and_consoles_see_it() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    let update = async |sent: Value| update_profile(&desk.app, &desk.pool, user, patch(&sent)).await;
    let head = desk.head().await;
    let me = update(json!({"nickname": "Bob", "company": "Acme"}))
        .await
        .unwrap();
    let nickname = me.user.profile.nickname.unwrap();
    assert_eq!(
        (nickname.value.as_str(), nickname.source),
        ("Bob", Source::Person)
    );
    assert_eq!(me.details["company"], "Acme");
    assert_eq!(desk.head().await, head + 1);

    let me = update(json!({"nickname": "Bob", "phone": PHONE, "company": null}))
        .await
        .unwrap();
    assert_eq!(
        me.user.profile.phone, None,
        "a phone that a client sends proves nothing"
    );
    assert!(me.details.is_empty());
    assert_eq!(
        desk.head().await,
        head + 1,
        "nothing that consoles see has changed"
    );
    let me = update(json!({"nickname": ""})).await.unwrap();
    assert_eq!(me.user.profile.nickname, None);
}

#[tokio::test]
async fn a_proven_phone_takes_the_place_of_the_old_one() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    let old = desk.prove(&phone()).await;
    let new = desk
        .prove(&super::Target::Phone("13900139000".parse().unwrap()))
        .await;
    let bind = async |proven| bind(&desk.app, &desk.pool, user, proven).await;
    bind(&old).await.unwrap();
    bind(&new).await.unwrap();
    bind(&new).await.expect("binding again changes nothing");
    let sign_in = async |proven| sign_in_with_code(&desk.app, &desk.pool, proven).await.unwrap();
    assert_eq!(sign_in(&new).await, Some(user));
    assert_eq!(sign_in(&old).await, None);
    let me = person(&desk.app, &desk.pool, user).await.unwrap();
    assert_eq!(me.user.profile.phone.unwrap().value, "+8613900139000");
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_bound() {
    let desk = Desk::new().await;
    let proven = desk.prove(&phone()).await;
    let owner = desk.register(by(proven.clone())).await.unwrap();
    let user = desk.user("li").await;
    desk.user("wu").await;
    let taken = bind(&desk.app, &desk.pool, user, &proven).await;
    assert_eq!(refused(taken), Refused::Taken(LoginNameKind::Phone));
    let taken = rename(&desk.app, &desk.pool, user, "WU".parse().unwrap()).await;
    assert_eq!(refused(taken), Refused::Taken(LoginNameKind::Username));

    let stuck = unbind(&desk.app, &desk.pool, owner, LoginNameKind::Phone).await;
    assert!(matches!(stuck, Err(Error::LastWayIn)), "{stuck:?}");
    let other = desk
        .prove(&Target::Phone("+8613900139000".parse().unwrap()))
        .await;
    bind(&desk.app, &desk.pool, owner, &other).await.unwrap();
    bind(&desk.app, &desk.pool, user, &proven)
        .await
        .expect("it is free again");
}

#[tokio::test]
async fn a_new_user_name_is_the_one_to_log_in_by() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    rename(&desk.app, &desk.pool, user, "Li.Wei".parse().unwrap())
        .await
        .unwrap();
    let sign_in =
        async |who: &str| sign_in_with_password(&desk.app, &desk.pool, &name(who), &text(PASSWORD)).await;
    assert_eq!(sign_in("li.wei").await.unwrap(), user);
    assert_eq!(refused(sign_in("li").await), Refused::WrongPassword);
    rename(&desk.app, &desk.pool, user, "LI.WEI".parse().unwrap())
        .await
        .unwrap();
    let me = person(&desk.app, &desk.pool, user).await.unwrap();
    assert_eq!(me.user.profile.username.unwrap().value, "LI.WEI");
}

#[tokio::test]
async fn an_address_is_bound_as_a_phone_is() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    let proven = desk.prove(&email()).await;
    bind(&desk.app, &desk.pool, user, &proven).await.unwrap();
    let me = person(&desk.app, &desk.pool, user).await.unwrap();
    assert!(me.email_proven && me.has_password && !me.phone_proven);
    let audited = desk.audit(user).await;
    let actions: BTreeSet<&str> = audited.iter().map(|(_, action)| action.as_str()).collect();
    assert_eq!(actions, BTreeSet::from(["account.bind", "account.register"]));
}

#[tokio::test]
async fn an_app_keeps_what_it_knows_of_its_user() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    let change = async |entries: Vec<OwnEntry>| change_metadata(&desk.app, &desk.pool, user, entries).await;
    let head = desk.head().await;
    change(vec![
        entry("tier", Some(json!("gold"))),
        entry("visits", Some(json!(3))),
    ])
    .await
    .unwrap();
    assert_eq!(desk.head().await, head + 1);
    change(vec![entry("tier", Some(json!("gold")))]).await.unwrap();
    assert_eq!(desk.head().await, head + 1, "what is so already changes nothing");
    change(vec![entry("visits", None), entry("unknown", None)])
        .await
        .unwrap();

    let metadata = person(&desk.app, &desk.pool, user).await.unwrap().user.metadata;
    let [(key, tier)] = metadata.into_iter().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((key.as_str(), tier.value.json()), ("tier", &json!("gold")));
    assert_eq!(tier.actor, None, "the user's own app");
    assert_eq!(tier.revision.0, head + 1);
}

#[tokio::test]
async fn an_app_keeps_256_keys_at_most() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    let change = async |entries: Vec<OwnEntry>| change_metadata(&desk.app, &desk.pool, user, entries).await;
    let all =
        (0..MetadataKey::MAX_PER_USER).map(|number| entry(&format!("key {number}"), Some(json!(number))));
    change(all.collect()).await.unwrap();
    let one_more = change(vec![entry("one more", Some(json!(1)))]).await;
    assert_eq!(refused(one_more), Refused::TooManyKeys);
    change(vec![entry("key 0", Some(json!("changed")))])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_key_that_an_operator_set_is_not_the_persons_to_change() {
    let desk = Desk::new().await;
    let user = desk.user("li").await;
    let change = crate::store::UserChange {
        metadata: vec![(
            "vip".parse().unwrap(),
            Some(MetadataValue::new(json!(false)).unwrap()),
        )],
        ..crate::store::UserChange::default()
    };
    let by = crate::store::By {
        actor: "admin".to_owned(),
    };
    let store = &desk.app.store;
    store
        .change_user(&desk.pool, by, Source::Operator, user, change)
        .await
        .unwrap();
    let own = vec![
        entry("vip", Some(json!(true))),
        entry("city", Some(json!("北京"))),
    ];
    let refused = change_metadata(&desk.app, &desk.pool, user, own).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    let person = person(&desk.app, &desk.pool, user).await.unwrap();
    assert_eq!(person.user.metadata.len(), 1, "all or nothing");
}
