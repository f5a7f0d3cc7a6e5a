//! What people may read and change of themselves: a table of fields, and everything else is ignored (an SDK's types allow
//! `blocked`, `unionid`, an unproven `phone`; those change nothing here).

use super::{Proven, Refused};
use crate::{
    App, Error,
    session::Bearer,
    store::{Claimed, Dropped},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use url::Url;
use yaopai_domain::{
    LoginName, LoginNameKind, PoolId, User, UserId, Username, is_anonymous_avatar, is_anonymous_nickname,
};

const CHARACTERS_MAX: usize = 512;
const URL_MAX: usize = 2048;
/// So long a login counts as lately.
const RECENT_MILLIS: i64 = 10 * 60 * 1000;

/// A user and what only their account knows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Person {
    /// The user.
    pub(crate) user: User,
    /// What they say about themselves beyond the profile, by the names of OpenID Connect's claims: `gender`, `birthdate`, …
    pub(crate) details: BTreeMap<String, String>,
    /// Whether the phone is proven, and one can log in by it.
    pub(crate) phone_proven: bool,
    /// Whether the address is proven, and one can log in by it.
    pub(crate) email_proven: bool,
    /// Whether there is a password.
    pub(crate) has_password: bool,
}

/// A field that people may change of themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    /// Nickname.
    Nickname,
    /// Avatar: an `http` or `https` URL.
    AvatarUrl,
    /// Real name.
    Name,
    /// Beyond the profile, by this name.
    Detail(&'static str),
}

/// Every name under which an SDK sends a field that people may change. There is no other way in.
const ALLOWED: [(&str, Field); 36] = [
    ("nickname", Field::Nickname),
    ("nickName", Field::Nickname),
    ("photo", Field::AvatarUrl),
    ("picture", Field::AvatarUrl),
    ("avatar", Field::AvatarUrl),
    ("avatarUrl", Field::AvatarUrl),
    ("avatar_url", Field::AvatarUrl),
    ("name", Field::Name),
    ("gender", Field::Detail("gender")),
    ("birthdate", Field::Detail("birthdate")),
    ("company", Field::Detail("company")),
    ("givenName", Field::Detail("given_name")),
    ("given_name", Field::Detail("given_name")),
    ("familyName", Field::Detail("family_name")),
    ("family_name", Field::Detail("family_name")),
    ("middleName", Field::Detail("middle_name")),
    ("middle_name", Field::Detail("middle_name")),
    ("preferredUsername", Field::Detail("preferred_username")),
    ("preferred_username", Field::Detail("preferred_username")),
    ("profile", Field::Detail("profile")),
    ("website", Field::Detail("website")),
    ("zoneinfo", Field::Detail("zoneinfo")),
    ("locale", Field::Detail("locale")),
    ("language", Field::Detail("locale")),
    ("address", Field::Detail("address")),
    ("formatted", Field::Detail("formatted")),
    ("streetAddress", Field::Detail("street_address")),
    ("street_address", Field::Detail("street_address")),
    ("locality", Field::Detail("locality")),
    ("region", Field::Detail("region")),
    ("postalCode", Field::Detail("postal_code")),
    ("postal_code", Field::Detail("postal_code")),
    ("city", Field::Detail("city")),
    ("province", Field::Detail("province")),
    ("country", Field::Detail("country")),
    ("description", Field::Detail("description")),
];

/// Changes that a person asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProfilePatch(BTreeMap<Field, Option<String>>);

impl ProfilePatch {
    /// Takes what is allowed out of what a client sent, by the names of any SDK. `null` and the empty text remove a field;
    /// an anonymous profile (design rule 8) is not taken.
    pub(crate) fn from_sent(sent: &Map<String, Value>) -> Result<Self, Refused> {
        let mut patch = Self::default();
        for (name, field) in ALLOWED {
            let text = match sent.get(name) {
                None | Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => continue,
                Some(Value::Null) => String::new(),
                Some(Value::Number(number)) => number.to_string(),
                Some(Value::String(text)) => text.trim().to_owned(),
            };
            patch.set(name, field, text)?;
        }
        Ok(patch)
    }

    fn set(&mut self, name: &'static str, field: Field, text: String) -> Result<(), Refused> {
        if text.is_empty() {
            self.0.insert(field, None);
            return Ok(());
        }
        let anonymous = match field {
            Field::Nickname => is_anonymous_nickname(&text),
            Field::AvatarUrl => is_anonymous_avatar(&text),
            Field::Name | Field::Detail(_) => false,
        };
        if anonymous {
            return Ok(());
        }
        let fits = match field {
            Field::AvatarUrl => text.len() <= URL_MAX && is_web_url(&text),
            _ => text.chars().count() <= CHARACTERS_MAX && !text.chars().any(char::is_control),
        };
        if !fits {
            return Err(Refused::Value(name));
        }
        self.0.insert(field, Some(text));
        Ok(())
    }

    /// The fields and what they shall be; `None` removes one.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (Field, Option<&str>)> {
        self.0.iter().map(|(field, value)| (*field, value.as_deref()))
    }

    /// Whether nothing is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// A user and what only their account knows.
pub(crate) async fn person(app: &App, pool: &PoolId, user: UserId) -> Result<Person, Error> {
    app.store.person(pool, user).await?.ok_or(Error::NotFound("user"))
}

/// Changes what people may change of themselves; the user as they are then.
pub(crate) async fn update_profile(
    app: &App,
    pool: &PoolId,
    user: UserId,
    patch: ProfilePatch,
) -> Result<Person, Error> {
    if patch.is_empty() {
        return person(app, pool, user).await;
    }
    Ok(app.store.change_self(pool, user, patch).await?)
}

/// Whether the bearer has logged in lately. A token can have been found or stolen, so it alone neither gives an account a
/// way in nor takes one: whoever cannot show who they are by other means logs in again.
pub(crate) fn recently_shown(app: &App, bearer: &Bearer) -> bool {
    app.clock.now().millis_since(bearer.shown_at) <= RECENT_MILLIS
}

/// Gives a proven phone or address to a user, in place of the one they had; [`Refused::Taken`] if it is another's.
pub(crate) async fn bind(app: &App, pool: &PoolId, user: UserId, proven: &Proven) -> Result<(), Error> {
    claim(app, pool, user, proven.login_name()).await
}

/// Gives a user name to a user, in place of the one they had; [`Refused::Taken`] if it is another's.
pub(crate) async fn rename(app: &App, pool: &PoolId, user: UserId, username: Username) -> Result<(), Error> {
    claim(app, pool, user, username.into()).await
}

/// Takes a phone, address or user name from a user; [`Error::LastWayIn`] if they could not log in without it.
pub(crate) async fn unbind(app: &App, pool: &PoolId, user: UserId, kind: LoginNameKind) -> Result<(), Error> {
    match app.store.drop_name(pool, user, kind).await? {
        Dropped::Yes => Ok(()),
        Dropped::LastWayIn => Err(Error::LastWayIn),
    }
}

async fn claim(app: &App, pool: &PoolId, user: UserId, name: LoginName) -> Result<(), Error> {
    let kind = name.kind();
    match app.store.claim_name(pool, user, name).await? {
        Claimed::Yes => Ok(()),
        Claimed::Taken => Err(Refused::Taken(kind).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn patch(sent: Value) -> Result<Vec<(Field, Option<String>)>, Refused> {
        let patch = ProfilePatch::from_sent(sent.as_object().unwrap())?;
        Ok(patch
            .fields()
            .map(|(field, value)| (field, value.map(str::to_owned)))
            .collect())
    }

    #[rstest]
    #[case::nickname(json!({"nickname": " Bob "}), vec![(Field::Nickname, Some("Bob"))])]
    #[case::wechat_spelling(json!({"nickName": "小明", "gender": 1}),
        vec![(Field::Nickname, Some("小明")), (Field::Detail("gender"), Some("1"))])]
    #[case::removed(json!({"name": null, "company": ""}),
        vec![(Field::Name, None), (Field::Detail("company"), None)])]
    #[case::avatar(json!({"photo": "https://cdn.example.com/a.png"}),
        vec![(Field::AvatarUrl, Some("https://cdn.example.com/a.png"))])]
    #[case::rule_8_anonymous_nickname(json!({"nickName": "微信用户"}), vec![])]
    #[case::not_a_text(json!({"nickname": {"a": 1}, "name": true}), vec![])]
    #[case::an_operators_business(
        json!({
            "blocked": false, "status": "active", "emailVerified": true, "phone": "+8613800138000",
            "phone_number": "+86 13800138000", "email": "li@example.com", "unionid": "u", "openid": "o",
            "loginsCount": 9, "tokenExpiredAt": "0", "password": "new password", "username": "admin",
            "roles": "admin", "customData": {}, "id": "1", "createdAt": "2020-01-01",
        }),
        vec![]
    )]
    fn rule_7_people_change_what_the_table_names(
        #[case] sent: Value,
        #[case] taken: Vec<(Field, Option<&str>)>,
    ) {
        let taken: Vec<_> = taken
            .into_iter()
            .map(|(field, value)| (field, value.map(str::to_owned)))
            .collect();
        assert_eq!(patch(sent), Ok(taken));
    }

    #[rstest]
    #[case::script("photo", "javascript:alert(1)")]
    #[case::no_url("picture", "avatar.png")]
    #[case::control("nickname", "a\u{0}b")]
    #[case::long("company", &"x".repeat(513))]
    fn refuses_values_that_break_rules(#[case] name: &str, #[case] value: &str) {
        assert!(matches!(patch(json!({name: value})), Err(Refused::Value(said)) if said == name));
    }
}
