//! `/manage/v1/pools/{pool}/users`: created, changed and deleted by operators; bindings taken away.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Body, Parameters, Place},
    openapi::Doc,
    store::{By, Unbind, UserChange},
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};
use yaopai_domain::{
    Action, Email, FieldError, IdentityId, MetadataKey, MetadataValue, Phone, ProfileField, Rule, Source,
    Timestamp, User, UserId, UserStatus, Username,
};

const ONE: &str = "/manage/v1/pools/{pool}/users/{id}";
/// Characters of a profile field.
const LONGEST: usize = 512;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/manage/v1/pools/{pool}/users",
            Needs::Right(Action::EditUsers),
            create,
        )
        .doc(
            Doc::new("create_user", "Create a user")
                .takes::<Wish>()
                .answers::<User>(StatusCode::CREATED, "The user, who has no binding yet"),
        ),
        Endpoint::patch(ONE, Needs::Right(Action::EditUsers), change).doc(
            Doc::new("change_user", "Change status, profile and metadata of a user")
                .takes::<Wish>()
                .answers::<User>(
                    StatusCode::OK,
                    "The user as it is now; sessions of a blocked one are over",
                ),
        ),
        Endpoint::delete(ONE, Needs::Right(Action::DeleteUsers), delete).doc(
            Doc::new("delete_user", "Delete a user with everything that belongs to it")
                .answers_nothing(StatusCode::NO_CONTENT, "Gone"),
        ),
        Endpoint::delete(
            "/manage/v1/pools/{pool}/users/{id}/identities/{identity}",
            Needs::Right(Action::EditUsers),
            unbind,
        )
        .doc(
            Doc::new(
                "unbind_identity",
                "Take a binding from a user, never the last way in unless forced",
            )
            .query::<Force>()
            .answers_nothing(StatusCode::NO_CONTENT, "Gone"),
        ),
    ]
}

/// A member that is absent stays as it is; null removes it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// `updated_at` of the state the change began with; refused if another one is stored.
    based_on: Option<Timestamp>,
    /// Whether the user may log in.
    status: Option<UserStatus>,
    /// Fields to change; null removes one.
    #[serde(default)]
    profile: BTreeMap<ProfileField, Option<String>>,
    /// Keys to change; null removes one.
    #[serde(default)]
    metadata: BTreeMap<MetadataKey, Option<serde_json::Value>>,
}

impl Wish {
    fn checked(self) -> Result<UserChange, Error> {
        let mut refused = Vec::new();
        let mut profile = Vec::new();
        for (field, value) in self.profile {
            let value = value
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty());
            let name = format!("profile.{}", field.as_str());
            match &value {
                Some(text) if text.chars().any(char::is_control) => {
                    refused.push(FieldError::new(name, Rule::ControlCharacters));
                }
                Some(text) if text.chars().count() > LONGEST => {
                    refused.push(FieldError::new(name, Rule::ProfileLength));
                }
                _ => match value.map(|text| canonical(field, text)).transpose() {
                    Ok(value) => profile.push((field, value)),
                    Err(rule) => refused.push(FieldError::new(name, rule)),
                },
            }
        }
        let mut metadata = Vec::new();
        for (key, value) in self.metadata {
            match value.map(MetadataValue::new).transpose() {
                Ok(value) => metadata.push((key, value)),
                Err(rule) => refused.push(FieldError::new(format!("metadata.{key}"), rule)),
            }
        }
        if refused.is_empty() {
            Ok(UserChange {
                based_on: self.based_on,
                status: self.status,
                profile,
                metadata,
                password_hash: None,
            })
        } else {
            Err(Error::InvalidFields(refused))
        }
    }
}

/// Phones, addresses and user names in the form in which they are compared.
fn canonical(field: ProfileField, text: String) -> Result<String, Rule> {
    Ok(match field {
        ProfileField::Nickname | ProfileField::AvatarUrl | ProfileField::Name => text,
        ProfileField::Phone => text.parse::<Phone>().map_err(|_| Rule::PhoneShape)?.to_string(),
        ProfileField::Email => text.parse::<Email>().map_err(|_| Rule::EmailShape)?.to_string(),
        ProfileField::Username => text
            .parse::<Username>()
            .map_err(|_| Rule::UsernameShape)?
            .to_string(),
    })
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(wish): Body<Wish>,
) -> Result<(StatusCode, Json<User>), Error> {
    let by = By { actor: caller.name };
    let user = app
        .store
        .create_user(&caller.pool, by, Source::Operator, wish.checked()?)
        .await?;
    Ok((StatusCode::CREATED, Json(user)))
}

#[derive(Deserialize)]
struct OfUser {
    id: UserId,
}

/// A blocked user's sessions end with it.
async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfUser { id }): Place<OfUser>,
    Body(wish): Body<Wish>,
) -> Result<Json<User>, Error> {
    let by = By { actor: caller.name };
    let user = app
        .store
        .change_user(&caller.pool, by, Source::Operator, id, wish.checked()?)
        .await?;
    Ok(Json(user))
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfUser { id }): Place<OfUser>,
) -> Result<StatusCode, Error> {
    let by = By { actor: caller.name };
    app.store.delete_user(&caller.pool, by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct OfIdentity {
    id: UserId,
    identity: IdentityId,
}

#[derive(Deserialize, JsonSchema)]
struct Force {
    /// Takes the user's last way in, too; for those who may delete users.
    #[serde(default)]
    force: bool,
}

async fn unbind(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfIdentity { id, identity }): Place<OfIdentity>,
    Parameters(Force { force }): Parameters<Force>,
) -> Result<StatusCode, Error> {
    if force && !caller.may(Action::DeleteUsers) {
        return Err(Error::Forbidden);
    }
    let by = By { actor: caller.name };
    match app.store.unbind(&caller.pool, id, &[identity], by, force).await? {
        Unbind::Unbound(_) => Ok(StatusCode::NO_CONTENT),
        Unbind::NotFound => Err(Error::NotFound("binding")),
        Unbind::LastWayIn => Err(Error::LastWayIn),
    }
}
