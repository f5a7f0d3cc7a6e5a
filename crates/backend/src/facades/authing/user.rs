//! A user as each generation of the SDKs knows them: `_id` in the first, `id` in the second, `userId` in the third.

use crate::{account::Person, store::Bound};
use serde_json::{Map, Value, json};
use yaopai_domain::{IdentityScope, PoolId, Profile, Sourced, Timestamp, UserId, UserStatus};

/// The scalar fields of a user in the second generation (`types/graphql.v2.ts` of authing-js-sdk 4.23.55).
pub(super) const SCALARS: [&str; 55] = [
    "id",
    "arn",
    "userPoolId",
    "status",
    "username",
    "email",
    "emailVerified",
    "phone",
    "phoneVerified",
    "phoneCountryCode",
    "unionid",
    "openid",
    "nickname",
    "registerSource",
    "photo",
    "password",
    "oauth",
    "token",
    "tokenExpiredAt",
    "loginsCount",
    "lastLogin",
    "lastIP",
    "signedUp",
    "blocked",
    "isDeleted",
    "device",
    "browser",
    "company",
    "name",
    "givenName",
    "familyName",
    "middleName",
    "profile",
    "preferredUsername",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "address",
    "formatted",
    "streetAddress",
    "locality",
    "region",
    "postalCode",
    "city",
    "province",
    "country",
    "createdAt",
    "updatedAt",
    "externalId",
    "expiredAt",
    "directManagement",
    "description",
    "newlyCreated",
];

/// What people say about themselves: the wire's name and the account's.
const DETAILS: [(&str, &str); 20] = [
    ("gender", "gender"),
    ("birthdate", "birthdate"),
    ("company", "company"),
    ("givenName", "given_name"),
    ("familyName", "family_name"),
    ("middleName", "middle_name"),
    ("preferredUsername", "preferred_username"),
    ("profile", "profile"),
    ("website", "website"),
    ("zoneinfo", "zoneinfo"),
    ("locale", "locale"),
    ("address", "address"),
    ("formatted", "formatted"),
    ("streetAddress", "street_address"),
    ("locality", "locality"),
    ("region", "region"),
    ("postalCode", "postal_code"),
    ("city", "city"),
    ("province", "province"),
    ("country", "country"),
];

/// The token that goes out with a user.
#[derive(Clone)]
pub(super) struct Token {
    /// The access token.
    pub(super) text: String,
    pub(super) expires_at: Timestamp,
    /// What the third generation gets besides; none of a token that was shown.
    pub(super) id: Option<String>,
    pub(super) refresh: Option<String>,
    /// Seconds.
    pub(super) expires_in: u32,
}

/// A user on their way out.
pub(super) struct Portrait {
    pub(super) pool: PoolId,
    pub(super) person: Person,
    pub(super) bindings: Vec<Bound>,
    pub(super) token: Option<Token>,
}

impl Portrait {
    /// In the second generation.
    pub(super) fn v2(&self) -> Value {
        let mut user: Map<String, Value> = SCALARS
            .into_iter()
            .map(|name| (name.to_owned(), Value::Null))
            .collect();
        user.extend(self.common());
        let id = self.person.user.id;
        user.insert("id".to_owned(), json!(id));
        user.insert(
            "status".to_owned(),
            json!(match self.person.user.status {
                UserStatus::Active => "Activated",
                UserStatus::Blocked => "Suspended",
            }),
        );
        user.insert(
            "arn".to_owned(),
            json!(format!("arn:cn:authing:{}:user:{id}", self.pool)),
        );
        user.insert(
            "identities".to_owned(),
            self.bindings.iter().map(|bound| self.binding(bound)).collect(),
        );
        user.insert("customData".to_owned(), self.custom_data());
        Value::Object(user)
    }

    /// In the first generation.
    pub(super) fn v1(&self) -> Value {
        let mut user = self.common();
        user.insert("_id".to_owned(), json!(self.person.user.id));
        user.insert("registerMethod".to_owned(), json!("default"));
        user.insert("registerInClient".to_owned(), json!(self.pool));
        Value::Object(user)
    }

    /// In the third generation; identities and custom data on request only.
    pub(super) fn v3(&self, with_identities: bool, with_custom_data: bool) -> Value {
        let user = &self.person.user;
        let profile = &user.profile;
        let (country_code, phone) = self.phone();
        let gender = match self.detail("gender") {
            Some("M" | "MALE" | "male" | "1") => "M",
            Some("F" | "FEMALE" | "female" | "2") => "F",
            _ => "U",
        };
        let mut out = json!({
            "userId": user.id,
            "createdAt": iso(user.created_at),
            "updatedAt": iso(user.updated_at),
            "status": match user.status {
                UserStatus::Active => "Activated",
                UserStatus::Blocked => "Suspended",
            },
            "workStatus": "Active",
            "externalId": null,
            "email": text(profile.email.as_ref()),
            "emailVerified": self.person.email_proven,
            "phone": phone,
            "phoneCountryCode": country_code,
            "phoneVerified": self.person.phone_proven,
            "username": text(profile.username.as_ref()),
            "name": text(profile.name.as_ref()),
            "nickname": text(profile.nickname.as_ref()),
            "photo": text(profile.avatar_url.as_ref()),
            "loginsCount": null,
            "lastLogin": null,
            "lastIp": null,
            "registerSource": [],
            "userSourceType": "register",
            "passwordLastSetAt": null,
            "resetPasswordOnFirstLogin": false,
        });
        if let Some(out) = out.as_object_mut() {
            for (name, detail) in DETAILS {
                out.insert(name.to_owned(), json!(self.detail(detail)));
            }
            out.insert("gender".to_owned(), json!(gender));
            if with_identities {
                out.insert("identities".to_owned(), self.v3_identities());
            }
            if with_custom_data {
                let data = user.metadata.iter();
                let data: Map<_, _> = data
                    .map(|(key, entry)| (key.as_str().to_owned(), entry.value.json().clone()))
                    .collect();
                out.insert("customData".to_owned(), Value::Object(data));
            }
        }
        out
    }

    /// The bindings in the third generation.
    pub(super) fn v3_identities(&self) -> Value {
        let one = |Bound {
                       identity,
                       platform_account,
                   }: &Bound| {
            let (kind, subject, connection) = match &identity.scope {
                IdentityScope::OpenId {
                    connection_id,
                    open_id,
                    ..
                } => ("openid", open_id, *connection_id),
                IdentityScope::UnionId { union_id, .. } => ("unionid", union_id, None),
            };
            json!({
                "identityId": identity.id,
                "extIdpId": platform_account,
                "provider": "wechat",
                "type": kind,
                "userIdInIdp": subject,
                "userInfoInIdp": {},
                "originConnIds": connection.into_iter().collect::<Vec<_>>(),
            })
        };
        self.bindings.iter().map(one).collect()
    }

    /// The metadata as the second generation's user-defined values.
    pub(super) fn custom_data(&self) -> Value {
        let metadata = self.person.user.metadata.iter();
        metadata
            .map(|(key, entry)| custom_value(key.as_str(), entry.value.json()))
            .collect()
    }

    fn common(&self) -> Map<String, Value> {
        let user = &self.person.user;
        let Profile {
            nickname,
            avatar_url,
            name,
            email,
            username,
            ..
        } = &user.profile;
        let (country_code, phone) = self.phone();
        let open_id = self
            .bindings
            .iter()
            .rev()
            .find_map(|bound| match &bound.identity.scope {
                IdentityScope::OpenId { open_id, .. } => Some(open_id),
                IdentityScope::UnionId { .. } => None,
            });
        let union_id = self
            .bindings
            .iter()
            .rev()
            .find_map(|bound| match &bound.identity.scope {
                IdentityScope::UnionId { union_id, .. } => Some(union_id),
                IdentityScope::OpenId { union_id, .. } => union_id.as_ref(),
            });
        let members = json!({
            "userPoolId": self.pool,
            "username": text(username.as_ref()),
            "email": text(email.as_ref()),
            "emailVerified": self.person.email_proven,
            "phone": phone,
            "phoneVerified": self.person.phone_proven,
            "phoneCountryCode": country_code,
            "unionid": union_id,
            "openid": open_id,
            "nickname": text(nickname.as_ref()),
            "registerSource": [],
            "photo": text(avatar_url.as_ref()),
            "name": text(name.as_ref()),
            "token": self.token.as_ref().map(|token| &token.text),
            "tokenExpiredAt": self.token.as_ref().map(|token| iso(token.expires_at)),
            "signedUp": iso(user.created_at),
            "blocked": user.status == UserStatus::Blocked,
            "isDeleted": false,
            "createdAt": iso(user.created_at),
            "updatedAt": iso(user.updated_at),
        });
        let Value::Object(mut members) = members else {
            return Map::new();
        };
        for (name, detail) in DETAILS {
            members.insert(name.to_owned(), json!(self.detail(detail)));
        }
        members
    }

    fn binding(
        &self,
        Bound {
            identity,
            platform_account,
        }: &Bound,
    ) -> Value {
        let (kind, subject, open_id, connection) = match &identity.scope {
            IdentityScope::OpenId {
                connection_id,
                open_id,
                ..
            } => ("openid", open_id, Some(open_id), *connection_id),
            IdentityScope::UnionId { union_id, .. } => ("unionid", union_id, None, None),
        };
        json!({
            "openid": open_id,
            "userIdInIdp": subject,
            "userId": identity.user_id,
            "connectionId": connection,
            "isSocial": true,
            "provider": "wechat",
            "type": kind,
            "userPoolId": self.pool,
            "extIdpId": platform_account,
        })
    }

    fn detail(&self, name: &str) -> Option<&str> {
        self.person.details.get(name).map(String::as_str)
    }

    /// Country code and number; a Chinese number without its country, as the SDKs have always shown it.
    fn phone(&self) -> (Option<&str>, Option<&str>) {
        let phone = self
            .person
            .user
            .profile
            .phone
            .as_ref()
            .map(|phone| phone.value.as_str());
        match phone.map(|phone| (phone, phone.strip_prefix("+86"))) {
            None => (None, None),
            Some((_, Some(national))) => (Some("+86"), Some(national)),
            Some((whole, None)) => (None, Some(whole)),
        }
    }
}

/// Whom a user is told to be before anything else is known of them.
pub(super) fn brief(id: UserId, person: &Person) -> Value {
    json!({
        "userId": id,
        "nickname": text(person.user.profile.nickname.as_ref()),
        "photo": text(person.user.profile.avatar_url.as_ref()),
    })
}

/// A metadata entry as a user-defined value. The SDKs decode all types but text, so text goes out decoded.
pub(super) fn custom_value(key: &str, value: &Value) -> Value {
    let (kind, written) = match value {
        Value::String(text) => ("STRING", text.clone()),
        Value::Number(number) => ("NUMBER", number.to_string()),
        Value::Bool(flag) => ("BOOLEAN", flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => ("OBJECT", value.to_string()),
    };
    json!({ "key": key, "dataType": kind, "value": written, "label": key })
}

fn text(field: Option<&Sourced>) -> Option<&str> {
    field.map(|field| field.value.as_str())
}

/// A moment as JavaScript's `toISOString` writes it.
pub(super) fn iso(moment: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(moment.0).map_or_else(
        |_| String::new(),
        |moment| moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::text(json!("pku"), json!(["STRING", "pku"]))]
    #[case::number(json!(20), json!(["NUMBER", "20"]))]
    #[case::flag(json!(true), json!(["BOOLEAN", "true"]))]
    #[case::list(json!([1, "x"]), json!(["OBJECT", "[1,\"x\"]"]))]
    #[case::nothing(Value::Null, json!(["OBJECT", "null"]))]
    fn a_value_goes_out_as_the_sdks_decode_it(#[case] value: Value, #[case] expected: Value) {
        let out = custom_value("school", &value);
        assert_eq!(json!([out["dataType"], out["value"]]), expected);
    }

    #[test]
    fn a_moment_is_written_with_milliseconds() {
        assert_eq!(iso(Timestamp(1_735_689_600_007)), "2025-01-01T00:00:00.007Z");
    }
}
