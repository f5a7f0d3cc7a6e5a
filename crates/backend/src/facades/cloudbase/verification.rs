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
    let purpose = purpose(&asked.usage, &asked.target, signed_in);
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

/// What a code is asked for: `usage` says it; without, `target` says at least whether an account is meant. Who is signed in
/// wants to bind, or to show again who they are; otherwise a code that is asked for without a word may be for anything.
fn purpose(usage: &str, target: &str, signed_in: bool) -> Purpose {
    match (usage, target) {
        ("PASSWORD_RESET", _) => Purpose::ResetPassword,
        ("REGISTER", _) => Purpose::Register,
        ("SIGN_IN", _) => Purpose::SignIn,
        ("EMAIL_ADDRESS_CHANGE" | "PHONE_NUMBER_CHANGE", _) => Purpose::Bind,
        (_, "USER") => Purpose::User,
        _ if signed_in => Purpose::Bind,
        (_, "NOT_USER") => Purpose::Register,
        _ => Purpose::Unsaid,
    }
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

#[cfg(test)]
mod tests {
    use super::{Purpose, purpose};
    use rstest::rstest;

    #[rstest]
    #[case("", "", false, Purpose::Unsaid)]
    #[case("", "ANY", false, Purpose::Unsaid)]
    #[case("", "USER", false, Purpose::User)]
    #[case("", "NOT_USER", false, Purpose::Register)]
    #[case("", "ANY", true, Purpose::Bind)]
    #[case("", "CUR_USER", true, Purpose::Bind)]
    #[case("", "NOT_USER", true, Purpose::Bind)]
    #[case("", "USER", true, Purpose::User)]
    #[case("SIGN_IN", "ANY", false, Purpose::SignIn)]
    #[case("REGISTER", "ANY", false, Purpose::Register)]
    #[case("PASSWORD_RESET", "USER", false, Purpose::ResetPassword)]
    #[case("PHONE_NUMBER_CHANGE", "ANY", true, Purpose::Bind)]
    #[case("EMAIL_ADDRESS_CHANGE", "ANY", true, Purpose::Bind)]
    fn what_a_code_is_for_is_read_from_usage_target_and_token(
        #[case] usage: &str,
        #[case] target: &str,
        #[case] signed_in: bool,
        #[case] expected: Purpose,
    ) {
        assert_eq!(purpose(usage, target, signed_in), expected);
    }
}
