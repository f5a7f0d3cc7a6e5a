//! What people read and change of themselves.

use super::{
    bind::{of_app, provider_id},
    fault::{Fault, Word},
    visit::Visit,
};
use crate::{
    account::{self, Person, ProfilePatch, Refused, Use},
    login::Rejected,
    session::Bearer,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;
use yaopai_domain::{IdentityScope, Phone, Sourced, Timestamp, UserRecord};
use zeroize::Zeroizing;

/// `GET /auth/v1/user/me`. The SDK asks right after every sign-in.
pub(super) async fn me(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    shown(visit, &bearer).await
}

/// The user as SDKs read it: `UserProfile` of @cloudbase/oauth.
async fn shown(visit: &Visit, bearer: &Bearer) -> Result<Value, Fault> {
    let record = visit.record_of(bearer).await?;
    let person = account::person(&visit.app, &bearer.pool, bearer.user).await?;
    let connections = visit.offered_to(bearer).await?;
    let providers: Vec<Value> = record
        .identities
        .iter()
        .filter_map(|identity| match &identity.scope {
            IdentityScope::OpenId { app_id, open_id, .. } => {
                let connection = of_app(&connections, app_id)?;
                Some(json!({
                    "id": provider_id(connection, &connections),
                    "provider_user_id": open_id,
                    "name": connection.display_name,
                }))
            }
            IdentityScope::UnionId { .. } => None,
        })
        .collect();
    let mut user = profile(&record, &person);
    user.insert("providers".to_owned(), json!(providers));
    Ok(Value::Object(user))
}

/// Everything but the providers; what is not known is left out.
fn profile(record: &UserRecord, person: &Person) -> Map<String, Value> {
    let user = &record.user;
    let known = &user.profile;
    let text = |field: &Option<Sourced>| field.as_ref().map(|field| field.value.clone());
    let detail = |name: &str| person.details.get(name).cloned();
    let fields = [
        ("sub", json!(user.id)),
        ("uid", json!(user.id)),
        ("name", json!(text(&known.nickname).or_else(|| text(&known.name)))),
        ("picture", json!(text(&known.avatar_url))),
        ("username", json!(text(&known.username))),
        ("email", json!(text(&known.email))),
        ("email_verified", json!(person.email_proven)),
        (
            "phone_number",
            json!(text(&known.phone).map(|phone| spaced(&phone))),
        ),
        (
            "gender",
            json!(detail("gender").map(|gender| word_of_gender(&gender))),
        ),
        ("birthdate", json!(detail("birthdate"))),
        ("zoneinfo", json!(detail("zoneinfo"))),
        ("locale", json!(detail("locale"))),
        ("groups", json!([])),
        ("created_from", json!("yaopai")),
        ("created_at", json!(iso(user.created_at))),
        ("updated_at", json!(iso(user.updated_at))),
        ("hasPassword", json!(person.has_password)),
    ];
    let known = fields.into_iter().filter(|(_, value)| !value.is_null());
    known.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// WeChat's and Authing's letters and numbers for a gender as CloudBase spells it.
fn word_of_gender(gender: &str) -> String {
    match gender {
        "1" | "M" | "m" | "male" => "MALE".to_owned(),
        "2" | "F" | "f" | "female" => "FEMALE".to_owned(),
        "0" | "U" | "u" => "UNKNOWN".to_owned(),
        other => other.to_owned(),
    }
}

/// `+86 13800138000`: a phone number with a space behind the country code.
pub(super) fn spaced(phone: &str) -> String {
    match phone.parse::<Phone>() {
        Ok(phone) => {
            let (country, number) = phone.parts();
            format!("+{country} {number}")
        }
        Err(_) => phone.to_owned(),
    }
}

fn iso(moment: Timestamp) -> Option<String> {
    let moment = jiff::Timestamp::from_millisecond(moment.0).ok()?;
    Some(moment.to_string())
}

/// `PATCH /auth/v1/user/profile`: what people may change of themselves; anything else is ignored. Who changes their name
/// shows again who they are as for `user/password`.
pub(super) async fn change_profile(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    let sent: Map<String, Value> = visit.body()?;
    if sent.contains_key("username") {
        let sudo_token = sent.get("sudo_token").and_then(Value::as_str);
        shown_again(visit, &bearer, sudo_token).await?;
    }
    change(visit, &bearer, &sent).await?;
    shown(visit, &bearer).await
}

async fn change(visit: &Visit, bearer: &Bearer, sent: &Map<String, Value>) -> Result<(), Fault> {
    let patch = patch(sent)?;
    if let Some(username) = sent.get("username").and_then(Value::as_str) {
        let username = username
            .parse()
            .map_err(|_| Fault::from(Refused::Value("username")))?;
        account::rename(&visit.app, &bearer.pool, bearer.user, username).await?;
    }
    account::update_profile(&visit.app, &bearer.pool, bearer.user, patch).await?;
    Ok(())
}

/// What people may change of themselves, out of what an SDK sent. CloudBase's `name` is the name that people show, which is
/// our nickname.
pub(super) fn patch(sent: &Map<String, Value>) -> Result<ProfilePatch, Fault> {
    let mut sent = sent.clone();
    if let Some(name) = sent.remove("name") {
        sent.entry("nickname").or_insert(name);
    }
    Ok(ProfilePatch::from_sent(&sent)?)
}

/// `POST /auth/v1/user/basic/edit`: the same, and a new password. Who changes their name or password gives the old password,
/// or shows again who they are as for `user/password`. `user_id`, `phone` and `email` are ignored: they prove nothing.
pub(super) async fn edit(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    let mut sent: Map<String, Value> = visit.body()?;
    let mut password = |name: &str| match sent.remove(name) {
        Some(Value::String(text)) => Some(Zeroizing::new(text)),
        _ => None,
    };
    let (old, new) = (password("password"), password("new_password"));
    if new.is_some() || sent.contains_key("username") {
        if let Some(old) = old.filter(|old| !old.is_empty()) {
            account::confirm_password(&visit.app, &bearer.pool, bearer.user, &old).await?;
        } else {
            let sudo_token = sent.get("sudo_token").and_then(Value::as_str);
            shown_again(visit, &bearer, sudo_token).await?;
        }
    }
    if let Some(new) = new {
        account::set_password(&visit.app, &bearer, &new).await?;
    }
    change(visit, &bearer, &sent).await?;
    Ok(json!({}))
}

/// Minutes for which somebody who has shown again who they are may change how they log in.
const SUDO_MINUTES: i64 = 10;

#[derive(Deserialize)]
struct Sudo {
    password: Option<Zeroizing<String>>,
    verification_token: Option<String>,
}

/// `POST /auth/v1/user/sudo`: a password, or the token of a code that was sent to a phone or address of the user, for a
/// token that lets them change how they log in.
pub(super) async fn sudo(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    let asked: Sudo = visit.body()?;
    match (asked.password, asked.verification_token) {
        (Some(password), _) => {
            account::confirm_password(&visit.app, &bearer.pool, bearer.user, &password).await?;
        }
        (None, Some(token)) => {
            let proven = account::redeem(&visit.app, &bearer.pool, &token, Use::Confirm).await?;
            let owner = account::sign_in_with_code(&visit.app, &bearer.pool, &proven).await?;
            if owner != Some(bearer.user) {
                return Err(Fault::grant(
                    "the verification token is of another phone or address",
                ));
            }
        }
        (None, None) => return Err(Fault::argument("password or verification_token is missing")),
    }
    let until = visit.app.clock.now().plus_millis(SUDO_MINUTES * 60 * 1000);
    let token = format!("{}.{}", until.0, sudo_proof(visit, &bearer, until));
    Ok(json!({ "sudo_token": token, "expires_in": SUDO_MINUTES * 60 }))
}

/// What nobody else can make: bound to the session and to the moment until which it counts.
fn sudo_proof(visit: &Visit, bearer: &Bearer, until: Timestamp) -> String {
    let text = format!("{}|{}|{}|{}", bearer.pool, bearer.user, bearer.session, until.0);
    visit.app.vault.keyed_hash("cloudbase sudo", &text)
}

/// Makes sure that the caller has shown again who they are. Who has neither a password nor a proven phone or address has
/// nothing to show, and has logged in lately.
async fn shown_again(visit: &Visit, bearer: &Bearer, sudo_token: Option<&str>) -> Result<(), Fault> {
    if sudo_is_good(visit, bearer, sudo_token) {
        return Ok(());
    }
    let person = account::person(&visit.app, &bearer.pool, bearer.user).await?;
    let nothing_to_show = !(person.has_password || person.phone_proven || person.email_proven);
    if nothing_to_show && account::recently_shown(&visit.app, bearer) {
        Ok(())
    } else {
        Err(show_again())
    }
}

/// Makes sure that the caller has logged in lately, or has shown again who they are.
pub(super) fn shown_lately(visit: &Visit, bearer: &Bearer, sudo_token: Option<&str>) -> Result<(), Fault> {
    if account::recently_shown(&visit.app, bearer) || sudo_is_good(visit, bearer, sudo_token) {
        Ok(())
    } else {
        Err(show_again())
    }
}

fn show_again() -> Fault {
    let description = "show again who you are (user/sudo), or sign in again";
    Fault::new(Word::PermissionDenied, description).rejected(Rejected::TokenRefused)
}

fn sudo_is_good(visit: &Visit, bearer: &Bearer, sudo_token: Option<&str>) -> bool {
    sudo_token
        .and_then(|token| token.split_once('.'))
        .is_some_and(|(until, proof)| {
            let Ok(until) = until.parse().map(Timestamp) else {
                return false;
            };
            let wanted = sudo_proof(visit, bearer, until);
            let same: bool = wanted.as_bytes().ct_eq(proof.as_bytes()).into();
            same && visit.app.clock.now() < until
        })
}

#[derive(Deserialize)]
struct SetPassword {
    new_password: Zeroizing<String>,
    sudo_token: Option<String>,
}

/// `PATCH /auth/v1/user/password`
pub(super) async fn set_password(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    let asked: SetPassword = visit.body()?;
    shown_again(visit, &bearer, asked.sudo_token.as_deref()).await?;
    account::set_password(&visit.app, &bearer, &asked.new_password).await?;
    Ok(json!({}))
}

#[derive(Deserialize)]
struct Contact {
    verification_token: String,
    sudo_token: Option<String>,
}

/// `PATCH /auth/v1/user/contact`: gives the user the phone or address that the token proves.
pub(super) async fn set_contact(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    let asked: Contact = visit.body()?;
    shown_again(visit, &bearer, asked.sudo_token.as_deref()).await?;
    let proven = account::redeem(&visit.app, &bearer.pool, &asked.verification_token, Use::Bind).await?;
    account::bind(&visit.app, &bearer.pool, bearer.user, &proven).await?;
    Ok(json!({}))
}

#[derive(Deserialize)]
struct Reset {
    new_password: Zeroizing<String>,
    verification_token: String,
}

/// `POST /auth/v1/reset`: a new password for whoever has the phone or address that the token proves. Their sessions end.
pub(super) async fn reset_password(visit: &mut Visit) -> Result<Value, Fault> {
    let (pool, _) = visit.client().await?;
    let asked: Reset = visit.body()?;
    let token = &asked.verification_token;
    let proof = account::show_token(&visit.app, &pool, token, Use::ResetPassword).await?;
    match account::reset_password(&visit.app, &pool, &proof, &asked.new_password).await? {
        Some(_) => Ok(json!({})),
        None => Err(Fault::new(Word::NotFound, "nobody has this phone or address")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("+8613800138000", "+86 13800138000")]
    #[case("+14155550100", "+1 4155550100")]
    #[case("+85291234567", "+852 91234567")]
    #[case("110", "110")]
    fn a_phone_number_is_told_with_a_space(#[case] phone: &str, #[case] told: &str) {
        assert_eq!(spaced(phone), told);
    }
}
