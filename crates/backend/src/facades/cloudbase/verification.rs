//! One-time codes, as CloudBase calls them: verifications.

use super::{fault::Fault, visit::Visit};
use crate::account::{self, Asker, Locale, Purpose, Target};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Send {
    phone_number: Option<String>,
    email: Option<String>,
    #[serde(default)]
    target: String,
    #[serde(default)]
    usage: String,
}

/// `POST /auth/v1/verification`: sends a code to a phone or mailbox. Somebody who is signed in sends their token along, and
/// means a phone or address to bind unless they say otherwise.
pub(super) async fn send(visit: &mut Visit) -> Result<Value, Fault> {
    let asked: Send = visit.body()?;
    let signed_in = visit.call.header("authorization").is_some();
    let (pool, own) = if signed_in {
        let bearer = visit.bearer().await?;
        let own = match asked.target.as_str() {
            "CUR_USER" => own_target(visit, &bearer, &asked).await?,
            _ => None,
        };
        (bearer.pool, own)
    } else {
        (visit.client().await?.0, None)
    };
    let target = match own {
        Some(target) => target,
        None => target(&asked)?,
    };
    let purpose = match (asked.usage.as_str(), asked.target.as_str()) {
        ("PASSWORD_RESET", _) => Purpose::ResetPassword,
        ("REGISTER", _) | (_, "NOT_USER") => Purpose::Register,
        ("SIGN_IN", _) | (_, "USER") => Purpose::SignIn,
        _ if signed_in => Purpose::Bind,
        _ => Purpose::Enter,
    };
    let asker = Asker {
        client: visit.call.client,
        locale: Locale::asked(visit.call.header("accept-language").unwrap_or_default()),
    };
    let sent = account::send_code(&visit.app, &pool, &target, purpose, asker).await?;
    Ok(json!({
        "verification_id": sent.verification_id,
        "expires_in": sent.expires_in,
        "is_user": sent.is_user,
    }))
}

fn target(asked: &Send) -> Result<Target, Fault> {
    match (&asked.phone_number, &asked.email) {
        (Some(phone), None) => {
            let phone = phone
                .parse()
                .map_err(|_| Fault::argument("phone_number is none"))?;
            Ok(Target::Phone(phone))
        }
        (None, Some(email)) => {
            let email = email.parse().map_err(|_| Fault::argument("email is none"))?;
            Ok(Target::Email(email))
        }
        _ => Err(Fault::argument("either phone_number or email is needed")),
    }
}

/// The phone or address that the user has proven, if the call names none.
async fn own_target(
    visit: &Visit,
    bearer: &crate::session::Bearer,
    asked: &Send,
) -> Result<Option<Target>, Fault> {
    if asked.phone_number.is_some() || asked.email.is_some() {
        return Ok(None);
    }
    let person = account::person(&visit.app, &bearer.pool, bearer.user).await?;
    let profile = &person.user.profile;
    let phone = profile.phone.as_ref().filter(|_| person.phone_proven);
    let phone = phone.and_then(|phone| phone.value.parse().ok().map(Target::Phone));
    let email = profile.email.as_ref().filter(|_| person.email_proven);
    let email = email.and_then(|email| email.value.parse().ok().map(Target::Email));
    Ok(phone.or(email))
}

#[derive(Deserialize)]
struct Verify {
    #[serde(default)]
    verification_id: String,
    #[serde(default)]
    verification_code: String,
}

/// `POST /auth/v1/verification/verify`: exchanges a code for a verification token.
pub(super) async fn verify(visit: &mut Visit) -> Result<Value, Fault> {
    // Somebody who is signed in still sends no token here.
    let (pool, _) = visit.client().await?;
    let asked: Verify = visit.body()?;
    let (id, code) = (asked.verification_id, asked.verification_code);
    let token = account::check_code(&visit.app, &pool, &id, &code).await?;
    Ok(json!({ "verification_token": token.token, "expires_in": token.expires_in }))
}
