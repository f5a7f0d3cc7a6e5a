//! Sessions on a real database: what is issued, how long it lasts, and what ends it.

use super::{
    ACCESS_SECONDS, Bearer, Grant, Issued, LONGEST_MILLIS, OPAQUE_MILLIS, Opaque, REFRESH_MILLIS, bearer,
    bearer_text, begin, end, end_all, jwt, keys, prepare_opaque, refresh, token,
};
use crate::{App, Error, TokenRefusal, store::engine::values, testing::Bench};
use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::JwkSet};
use rstest::rstest;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};
use yaopai_domain::{PoolId, UserId};

const USER: &str = "01900000-0000-7000-8000-000000000001";
const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;

async fn begin_opaque(app: &App, grant: Grant<'_>) -> Result<Opaque, Error> {
    let (new, opaque) = prepare_opaque(app, grant.terms());
    if app.store.begin_session(grant.user, new).await? {
        Ok(opaque)
    } else {
        Err(Error::TokenRefused(TokenRefusal::UserInactive))
    }
}

struct Room {
    bench: Bench,
    pool: PoolId,
    user: UserId,
}

impl Room {
    async fn open() -> Self {
        let bench = Bench::new().await;
        let people = format!(
            "[[user]]\nid = '{USER}'\nusername = 'wei'\n\
             [[application]]\nid = 'shop'\nname = 'shop'\n[[application]]\nid = 'old'\nname = 'old'\ntoken_algorithm = 'RS256'"
        );
        bench.bootstrap(&people).await.unwrap();
        Self {
            bench,
            pool: PoolId::default(),
            user: USER.parse().unwrap(),
        }
    }

    async fn begin(&self) -> Issued {
        begin(&self.bench.app, Grant::to(&self.pool, self.user))
            .await
            .unwrap()
    }

    async fn begin_for(&self, application: &str) -> Issued {
        let grant = Grant {
            application: Some(&application.parse().unwrap()),
            scope: "openid profile",
            nonce: Some("n0nce"),
            ..Grant::to(&self.pool, self.user)
        };
        begin(&self.bench.app, grant).await.unwrap()
    }

    async fn bearer(&self, token: &str) -> Result<Bearer, TokenRefusal> {
        refusal(bearer(&self.bench.app, token).await)
    }

    async fn refresh(&self, token: &str) -> Result<Issued, TokenRefusal> {
        refusal(refresh(&self.bench.app, None, token).await)
    }

    async fn jwks(&self) -> JwkSet {
        let keys = keys::jwks(&self.bench.app, &self.pool).await.unwrap();
        serde_json::from_value(keys).unwrap()
    }

    /// The ids of the pool's ES256 keys that others see.
    async fn shown(&self) -> BTreeSet<String> {
        let jwks = self.jwks().await;
        let ids = jwks.keys.into_iter().filter_map(|key| {
            let es256 = Some(jsonwebtoken::jwk::KeyAlgorithm::ES256);
            (key.common.key_algorithm == es256)
                .then_some(key.common.key_id)
                .flatten()
        });
        ids.collect()
    }
}

fn refusal<T>(outcome: Result<T, Error>) -> Result<T, TokenRefusal> {
    outcome.map_err(|error| match error {
        Error::TokenRefused(refusal) => refusal,
        error => panic!("{error}"),
    })
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

/// What a resource server does that knows nothing but the pool's public keys.
fn checked_elsewhere(keys: &JwkSet, token: &str, audience: &str) -> jsonwebtoken::errors::Result<Value> {
    let header = jsonwebtoken::decode_header(token)?;
    let key = keys.find(&header.kid.unwrap()).expect("the key is shown");
    let mut rules = Validation::new(header.alg);
    rules.set_audience(&[audience]);
    rules.set_issuer(&["http://127.0.0.1:9/oidc/default"]);
    // The clock of these tests stands still near the epoch.
    rules.validate_exp = false;
    jsonwebtoken::decode(token, &DecodingKey::from_jwk(key)?, &rules).map(|data| data.claims)
}

#[rstest]
#[case::default("shop", Algorithm::ES256)]
#[case::rsa("old", Algorithm::RS256)]
#[tokio::test]
async fn tokens_are_checked_with_the_public_keys_alone(
    #[case] application: &str,
    #[case] algorithm: Algorithm,
) {
    let room = Room::open().await;
    let issued = room.begin_for(application).await;
    let keys = room.jwks().await;
    for token in [&issued.access_token, issued.id_token.as_ref().unwrap()] {
        assert_eq!(jsonwebtoken::decode_header(token).unwrap().alg, algorithm);
        let claims = checked_elsewhere(&keys, token, application).unwrap();
        assert_eq!(claims["sub"], USER);
        assert_eq!(claims["sid"], issued.session.to_string());
        assert_eq!(
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
            i64::from(ACCESS_SECONDS)
        );
        assert!(
            checked_elsewhere(&keys, token, "another").is_err(),
            "wrong audience"
        );
    }
    let id = checked_elsewhere(&keys, issued.id_token.as_ref().unwrap(), application).unwrap();
    assert_eq!(id["nonce"], "n0nce");
    let bearer = room.bearer(&issued.access_token).await.unwrap();
    assert_eq!((bearer.user, bearer.session), (room.user, issued.session));
    assert_eq!(bearer.application.unwrap().as_str(), application);
    assert_eq!(bearer.scope, "openid profile");
    assert_eq!(
        bearer.expires_at.millis_since(bearer.issued_at),
        i64::from(ACCESS_SECONDS) * 1000
    );
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let room = Room::open().await;
    let issued = room.begin_for("shop").await;
    let token = &issued.access_token;
    let [head, claims, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let write = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let mut other: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    other["sub"] = json!("01900000-0000-7000-8000-000000000002");
    let key = kid(token);
    let none = write(json!({"typ": "at+jwt", "alg": "none", "kid": key}));
    let hmac = Header {
        kid: Some(key.clone()),
        typ: Some("at+jwt".to_owned()),
        ..Header::new(Algorithm::HS256)
    };
    let public = serde_json::to_vec(&room.jwks().await).unwrap();
    let by_hmac = jsonwebtoken::encode(&hmac, &other, &EncodingKey::from_secret(&public)).unwrap();
    let mut elsewhere = other.clone();
    elsewhere["pool"] = json!("nowhere");
    let forgeries = [
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{head}.{}.{signature}", write(other.clone())),
        format!("{head}.{}.{signature}", write(elsewhere)),
        format!("{head}.{claims}."),
        format!("{head}.{claims}"),
        format!("{token}.{signature}"),
        by_hmac,
        issued.id_token.unwrap(),
        issued.refresh_token.clone(),
        "a.b.c".to_owned(),
        "...".to_owned(),
        String::new(),
        "x".repeat(10_000),
    ];
    for forgery in forgeries {
        assert_eq!(
            room.bearer(&forgery).await,
            Err(TokenRefusal::Forged),
            "{forgery}"
        );
    }
    // A key of another pool signs for that pool alone.
    let stranger = keys::signing(&room.bench.app, &"other".parse().unwrap(), super::Purpose::Es256)
        .await
        .unwrap();
    let ours: jwt::AccessClaims =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    for pool in ["default", "other"] {
        let claims = jwt::AccessClaims {
            pool: pool.parse().unwrap(),
            iss: jwt::issuer(&room.bench.app, &pool.parse().unwrap()),
            ..ours.clone()
        };
        let token = jwt::access(&stranger, super::Purpose::Es256, &claims).unwrap();
        assert_eq!(room.bearer(&token).await, Err(TokenRefusal::Forged), "{pool}");
    }
    assert!(room.bearer(token).await.is_ok());
}

#[tokio::test]
async fn an_access_token_is_over_after_two_hours() {
    let room = Room::open().await;
    let issued = room.begin().await;
    room.bench.clock.turn(2 * HOUR - 1);
    assert!(room.bearer(&issued.access_token).await.is_ok());
    room.bench.clock.turn(1);
    assert_eq!(
        room.bearer(&issued.access_token).await,
        Err(TokenRefusal::Expired)
    );
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_session() {
    let room = Room::open().await;
    let first = room.begin().await;
    let second = room.refresh(&first.refresh_token).await.unwrap();
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_eq!(second.session, first.session);
    room.bench.clock.turn(10_001);
    let stolen = room.refresh(&first.refresh_token).await;
    assert_eq!(stolen.unwrap_err(), TokenRefusal::Reused);
    assert_eq!(
        room.refresh(&second.refresh_token).await.unwrap_err(),
        TokenRefusal::Ended
    );
    assert_eq!(room.bearer(&second.access_token).await, Err(TokenRefusal::Ended));
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again() {
    let room = Room::open().await;
    let first = room.begin().await;
    let lost = room.refresh(&first.refresh_token).await.unwrap();
    room.bench.clock.turn(10_000);
    let again = room.refresh(&first.refresh_token).await.unwrap();
    assert_eq!(again.refresh_token, lost.refresh_token, "one chain, not two");
    let third = room.refresh(&again.refresh_token).await.unwrap();
    // Somebody goes on with the successor: the first token has no business any more.
    assert_eq!(
        room.refresh(&first.refresh_token).await.unwrap_err(),
        TokenRefusal::Reused
    );
    assert_eq!(
        room.refresh(&third.refresh_token).await.unwrap_err(),
        TokenRefusal::Ended
    );
}

#[tokio::test]
async fn of_many_who_refresh_at_once_all_get_the_same_chain() {
    let room = Room::open().await;
    let first = room.begin().await;
    let all: Vec<_> = (0..16)
        .map(|_| {
            let (app, token) = (Arc::clone(&room.bench.app), first.refresh_token.clone());
            tokio::spawn(async move { refresh(&app, None, &token).await.unwrap().refresh_token })
        })
        .collect();
    let mut successors = BTreeSet::new();
    for one in all {
        successors.insert(one.await.unwrap());
    }
    assert_eq!(successors.len(), 1);
}

#[tokio::test]
async fn a_chain_lasts_while_it_is_used_but_not_for_ever() {
    let room = Room::open().await;
    let mut last = room.begin().await;
    room.bench.clock.turn(REFRESH_MILLIS);
    assert_eq!(
        room.refresh(&last.refresh_token).await.unwrap_err(),
        TokenRefusal::Expired
    );
    last = room.begin().await;
    let mut lasted = 0;
    while let Ok(next) = room.refresh(&last.refresh_token).await {
        last = next;
        room.bench.clock.turn(20 * DAY);
        lasted += 20 * DAY;
    }
    assert_eq!(lasted, LONGEST_MILLIS);
}

#[tokio::test]
async fn a_refresh_token_is_of_its_pool_and_no_access_token() {
    let room = Room::open().await;
    let issued = room.begin().await;
    let other = "other".parse().unwrap();
    let elsewhere = refresh(&room.bench.app, Some(&other), &issued.refresh_token).await;
    assert_eq!(refusal(elsewhere).unwrap_err(), TokenRefusal::Forged);
    for wrong in [
        &issued.access_token,
        "",
        &token::random(room.bench.app.entropy.as_ref()),
    ] {
        assert_eq!(room.refresh(wrong).await.unwrap_err(), TokenRefusal::Forged);
    }
    assert!(room.refresh(&issued.refresh_token).await.is_ok());
}

#[tokio::test]
async fn a_blocked_user_is_out_at_once_and_a_deleted_one_too() {
    let room = Room::open().await;
    let app = &room.bench.app;
    let grant = Grant::to(&room.pool, room.user);
    let signed = room.begin().await;
    let opaque = begin_opaque(app, grant).await.unwrap();
    let status = async |status: &str| {
        let sql = "UPDATE users SET status = $1";
        assert_eq!(room.bench.change(sql, values![status]).await, 1);
    };
    status("blocked").await;
    let inactive = Err(TokenRefusal::UserInactive);
    assert_eq!(room.bearer(&signed.access_token).await, inactive);
    assert_eq!(room.bearer(&opaque.token).await, inactive);
    assert_eq!(
        room.refresh(&signed.refresh_token).await.unwrap_err(),
        TokenRefusal::UserInactive
    );
    let begun = refusal(begin(app, grant).await);
    assert_eq!(begun.unwrap_err(), TokenRefusal::UserInactive);
    let begun = refusal(begin_opaque(app, grant).await);
    assert_eq!(begun.unwrap_err(), TokenRefusal::UserInactive);
    status("active").await;
    assert!(room.bearer(&signed.access_token).await.is_ok());

    room.bench.change("DELETE FROM users", values![]).await;
    assert_eq!(room.bearer(&signed.access_token).await, Err(TokenRefusal::Forged));
    assert_eq!(room.bearer(&opaque.token).await, Err(TokenRefusal::Forged));
}

#[tokio::test]
async fn ended_sessions_are_over_and_others_are_not() {
    let room = Room::open().await;
    let app = &room.bench.app;
    let (one, two) = (room.begin().await, room.begin().await);
    let opaque = begin_opaque(app, Grant::to(&room.pool, room.user)).await.unwrap();
    end(app, one.session).await.unwrap();
    assert_eq!(room.bearer(&one.access_token).await, Err(TokenRefusal::Ended));
    assert_eq!(
        room.refresh(&one.refresh_token).await.unwrap_err(),
        TokenRefusal::Ended
    );
    assert!(room.bearer(&two.access_token).await.is_ok());
    assert_eq!(end_all(app, &room.pool, room.user).await.unwrap(), 2);
    assert_eq!(room.bearer(&two.access_token).await, Err(TokenRefusal::Ended));
    assert_eq!(room.bearer(&opaque.token).await, Err(TokenRefusal::Ended));
}

#[tokio::test]
async fn an_opaque_session_lasts_while_it_is_used() {
    let room = Room::open().await;
    let opaque = begin_opaque(&room.bench.app, Grant::to(&room.pool, room.user))
        .await
        .unwrap();
    assert_eq!(opaque.token.len(), 43);
    for _ in 0..3 {
        room.bench.clock.turn(OPAQUE_MILLIS - 1);
        assert_eq!(room.bearer(&opaque.token).await.unwrap().user, room.user);
    }
    room.bench.clock.turn(OPAQUE_MILLIS);
    assert_eq!(room.bearer(&opaque.token).await, Err(TokenRefusal::Expired));
}

#[tokio::test]
async fn a_new_key_is_shown_before_it_signs_and_the_old_one_after() {
    let room = Room::open().await;
    let before = room.begin().await;
    let first = kid(&before.access_token);
    assert_eq!(room.shown().await, BTreeSet::from([first.clone()]));

    room.bench.clock.turn(89 * DAY);
    let early = room.begin().await;
    assert_eq!(kid(&early.access_token), first);
    let both = room.shown().await;
    assert_eq!(both.len(), 2, "the next key is known a day before it signs");

    room.bench.clock.turn(DAY - HOUR);
    let last_of_first = room.begin().await;
    assert_eq!(kid(&last_of_first.access_token), first);
    room.bench.clock.turn(HOUR);
    let of_second = room.begin().await;
    let second = kid(&of_second.access_token);
    assert_eq!(both, BTreeSet::from([first, second.clone()]));
    for token in [&last_of_first.access_token, &of_second.access_token] {
        assert!(room.bearer(token).await.is_ok());
        assert!(checked_elsewhere(&room.jwks().await, token, "default").is_ok());
    }
    room.bench.clock.turn(DAY);
    assert_eq!(room.shown().await, BTreeSet::from([second]));
}

#[tokio::test]
async fn of_many_who_need_a_key_at_once_all_get_the_same() {
    let room = Room::open().await;
    let all: Vec<_> = (0..8)
        .map(|_| {
            let (app, pool) = (Arc::clone(&room.bench.app), room.pool.clone());
            tokio::spawn(async move {
                let key = keys::signing(&app, &pool, super::Purpose::Es256).await;
                key.unwrap().id.clone()
            })
        })
        .collect();
    let mut ids = BTreeSet::new();
    for one in all {
        ids.insert(one.await.unwrap());
    }
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn what_an_sdk_encrypted_opens_and_nothing_else() {
    let room = Room::open().await;
    let key = keys::encryption(&room.bench.app, &room.pool).await.unwrap();
    let pem = key.public_pem().unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let public = PublicEncryptingKey::from_der(&BASE64_STANDARD.decode(body).unwrap()).unwrap();
    let public = Pkcs1PublicEncryptingKey::new(public).unwrap();
    let mut sealed = vec![0; public.ciphertext_size()];
    let sealed = public.encrypt(b"correct horse", &mut sealed).unwrap();
    assert_eq!(key.open(sealed).unwrap().as_slice(), b"correct horse");
    // Cut off at the end: a block without its first byte is the same number, if that byte is a zero, and opens.
    let cut = &sealed[..sealed.len() - 1];
    for foreign in [&[][..], cut, &[7; 256], &[0; 256], &[255; 256]] {
        assert_ne!(
            key.open(foreign).as_ref().map(|clear| clear.as_slice()),
            Some(&b"correct horse"[..])
        );
    }
    let again = keys::encryption(&room.bench.app, &room.pool).await.unwrap();
    assert_eq!(again.thumbprint().unwrap(), key.thumbprint().unwrap());
}

#[tokio::test]
async fn no_token_is_in_the_database_or_in_a_log() {
    let room = Room::open().await;
    let issued = room.begin_for("shop").await;
    let opaque = begin_opaque(&room.bench.app, Grant::to(&room.pool, room.user))
        .await
        .unwrap();
    let printed = format!("{issued:?} {opaque:?}");
    let secrets = [issued.access_token, issued.refresh_token, opaque.token];
    for secret in &secrets {
        assert!(!printed.contains(secret.as_str()));
    }
    for entry in std::fs::read_dir(room.bench.dir()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()));
        }
    }
}

#[rstest]
#[case::usual("Bearer t0k", Some("t0k"))]
#[case::lower("bearer t0k", Some("t0k"))]
#[case::bare("t0k", Some("t0k"))]
#[case::spaces("  Bearer   t0k ", Some("t0k"))]
#[case::other_scheme("Basic t0k", None)]
#[case::scheme_only("Bearer", None)]
#[case::empty("", None)]
fn finds_the_token_of_a_request(#[case] value: &'static str, #[case] expected: Option<&str>) {
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
    assert_eq!(bearer_text(&headers), expected);
}

#[tokio::test]
async fn after_an_emergency_nothing_that_the_old_keys_signed_is_good() {
    let room = Room::open().await;
    let nowhere = "http://127.0.0.1:9".parse().unwrap();
    let neighbour = room.bench.another(&nowhere).await;
    let (old, other) = (room.begin().await, room.begin_for("old").await);
    assert!(bearer(&neighbour, &old.access_token).await.is_ok());
    let wish = json!({ "algorithm": "ES256" });
    let rotated = room.bench.manage(Method::POST, "keys/rotate", wish).await.json();
    assert_eq!(rotated["retired"], json!([kid(&old.access_token)]));
    assert_eq!(
        room.bearer(&old.access_token).await.unwrap_err(),
        TokenRefusal::Forged
    );
    assert!(
        room.bearer(&other.access_token).await.is_ok(),
        "signed by another algorithm"
    );
    let fresh = room.refresh(&old.refresh_token).await.unwrap();
    assert_eq!(rotated["key_id"], kid(&fresh.access_token));
    assert_eq!(room.shown().await, BTreeSet::from([kid(&fresh.access_token)]));
    room.bench.clock.turn(60 * 1000);
    let elsewhere = refusal(bearer(&neighbour, &old.access_token).await);
    assert_eq!(elsewhere.unwrap_err(), TokenRefusal::Forged);
    assert!(bearer(&neighbour, &fresh.access_token).await.is_ok());
}
