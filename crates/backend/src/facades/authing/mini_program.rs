//! Logins of mini programs, as every generation has them.

use super::{
    caller::{Caller, user_of},
    user::Portrait,
    wire::Fault,
};
use crate::{
    Error,
    account::{self, ProfilePatch, Proven, Refused},
    identity::Arrival,
    login::{self, Door, Identified, ProvenPhone},
    session::Bearer,
    store::{Bind, By},
};
use serde_json::{Map, Value, json};
use yaopai_domain::{IdentityScope, Phone, UserId};
use yaopai_wechat::{LoginCode, PhoneCode};

/// What WeChat sealed for the mini program with the session key of this login.
#[derive(Clone, Copy)]
pub(super) struct SealedData<'a> {
    pub(super) iv: &'a str,
    pub(super) data: &'a str,
}

/// How a login proves a phone number.
#[derive(Clone, Copy)]
pub(super) enum PhoneProof<'a> {
    /// By data of the phone-number button.
    Sealed(SealedData<'a>),
    /// By a code of the phone-number button.
    Code(&'a str),
    /// By what WeChat said of this very person before. Anything else that a client claims is ignored (design rule 7).
    Claimed(&'a str),
}

/// A login.
pub(super) struct Entry<'a> {
    pub(super) code: &'a str,
    pub(super) phone: Option<PhoneProof<'a>>,
    /// The profile that `wx.getUserInfo` gave.
    pub(super) profile: Option<SealedData<'a>>,
    /// Whether that profile replaces the one the user has.
    pub(super) override_profile: bool,
}

/// Logs a person in by the code of `wx.login`.
pub(super) async fn enter(caller: &Caller, door: &Door, entry: Entry<'_>) -> Result<Portrait, Fault> {
    let app = &caller.app;
    let code = LoginCode::new(entry.code);
    if entry.phone.is_none() && entry.profile.is_none() {
        let verdict = login::log_in(app, door, code).await?;
        return caller.let_in(&door.pool, user_of(&verdict)?, None).await;
    }
    let identified = login::identify(app, door, code).await?;
    // Both are opened before anything is written: a login with tampered data changes nothing.
    let phone = match entry.phone {
        Some(proof) => phone(caller, door, &identified, proof).await?,
        None => None,
    };
    let profile = match entry.profile {
        Some(sealed) => profile(caller, door, &identified, sealed).await?,
        None => None,
    };
    let verdict = login::resolve(app, door, &identified).await?;
    let user = user_of(&verdict)?;
    if let Some(phone) = phone {
        give_phone(caller, door, user, phone).await?;
    }
    if let Some(profile) = profile {
        take_profile(caller, door, user, profile, entry.override_profile).await?;
    }
    caller.let_in(&door.pool, user, Some(identified.attempt)).await
}

/// Who sends a code, without logging them in.
pub(super) async fn identify(caller: &Caller, door: &Door, code: &str) -> Result<Identified, Fault> {
    Ok(login::identify(&caller.app, door, LoginCode::new(code)).await?)
}

/// Gives the phone number that WeChat gave to the person whose token was shown.
pub(super) async fn give_phone(
    caller: &Caller,
    door: &Door,
    user: UserId,
    phone: Phone,
) -> Result<(), Fault> {
    let proven = Proven::by_wechat(phone);
    match account::bind(&caller.app, &door.pool, user, &proven).await {
        // Somebody else logs in by that number; this person is logged in all the same.
        Ok(()) | Err(Error::Account(Refused::Taken(_))) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The number in sealed data of the phone-number button, as WeChat writes it.
pub(super) async fn sealed_phone(
    caller: &Caller,
    door: &Door,
    open_id: &str,
    sealed: SealedData<'_>,
) -> Result<ProvenPhone, Fault> {
    Ok(login::phone_by_data(&caller.app, door, open_id, sealed.iv, sealed.data).await?)
}

/// Sealed data, opened, without its watermark and without the identity in it (design rule 7).
pub(super) async fn open(
    caller: &Caller,
    door: &Door,
    open_id: &str,
    sealed: SealedData<'_>,
) -> Result<Map<String, Value>, Fault> {
    let opened = login::open_data(&caller.app, door, open_id, sealed.iv, sealed.data).await?;
    let mut json = opened.json().clone();
    for name in ["openId", "unionId", "watermark"] {
        json.shift_remove(name);
    }
    Ok(json)
}

/// A phone number as WeChat writes it: with its country code only if it is a foreign one.
pub(super) fn phone_json(phone: &ProvenPhone) -> Value {
    let (country_code, national) = (phone.number.country_code(), phone.number.national());
    let number = if country_code == "86" {
        national.to_owned()
    } else {
        format!("+{country_code}{national}")
    };
    json!({ "phoneNumber": number, "purePhoneNumber": national, "countryCode": country_code })
}

/// A phone number as accounts know it.
pub(super) fn phone_of(phone: &ProvenPhone) -> Result<Phone, Fault> {
    let parsed = phone.number.e164().parse();
    parsed.map_err(|_| Fault::new(500, "微信返回的手机号无法识别"))
}

async fn phone(
    caller: &Caller,
    door: &Door,
    identified: &Identified,
    proof: PhoneProof<'_>,
) -> Result<Option<Phone>, Fault> {
    let open_id = &identified.person.open_id;
    match proof {
        PhoneProof::Sealed(sealed) => {
            let phone = sealed_phone(caller, door, open_id, sealed).await?;
            phone_of(&phone).map(Some)
        }
        PhoneProof::Code(code) => {
            let code = PhoneCode::new(code);
            let phone = login::phone_by_code(&caller.app, door, Some(open_id), code).await?;
            phone_of(&phone).map(Some)
        }
        PhoneProof::Claimed(number) => {
            let Ok(phone) = number.parse::<Phone>() else {
                return Ok(None);
            };
            let known = login::take_phone(&caller.app, door, open_id, phone.as_str()).await?;
            Ok(known.then_some(phone))
        }
    }
}

async fn profile(
    caller: &Caller,
    door: &Door,
    identified: &Identified,
    sealed: SealedData<'_>,
) -> Result<Option<Map<String, Value>>, Fault> {
    let opened = login::open_data(
        &caller.app,
        door,
        &identified.person.open_id,
        sealed.iv,
        sealed.data,
    )
    .await?;
    Ok(opened.profile().map(|profile| {
        let fields = [("nickname", profile.nickname), ("photo", profile.avatar_url)];
        fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
            .collect()
    }))
}

/// Takes what the person has no value for yet, or all of it.
async fn take_profile(
    caller: &Caller,
    door: &Door,
    user: UserId,
    mut profile: Map<String, Value>,
    override_profile: bool,
) -> Result<(), Fault> {
    if !override_profile {
        let known = account::person(&caller.app, &door.pool, user).await?.user.profile;
        if known.nickname.is_some() {
            profile.shift_remove("nickname");
        }
        if known.avatar_url.is_some() {
            profile.shift_remove("photo");
        }
    }
    let patch = ProfilePatch::from_sent(&profile).map_err(Error::from)?;
    account::update_profile(&caller.app, &door.pool, user, patch).await?;
    Ok(())
}

/// Binds a number that WeChat gave for the person of a code to the user whose token was shown: only if they are the same.
pub(super) async fn bind_phone(
    caller: &Caller,
    door: &Door,
    bearer: &Bearer,
    identified: &Identified,
    phone: &ProvenPhone,
) -> Result<(), Fault> {
    let bindings = caller.app.store.bindings(&bearer.pool, bearer.user).await?;
    let (asked_app, asked) = (&door.connection.app_id, &identified.person.open_id);
    // An OpenID is somebody within its app only.
    let is_theirs = |scope: &IdentityScope| matches!(scope, IdentityScope::OpenId { app_id, open_id, .. } if (app_id, open_id) == (asked_app, asked));
    if !bindings.iter().any(|bound| is_theirs(&bound.identity.scope)) {
        return Err(Fault::forbidden());
    }
    let proven = Proven::by_wechat(phone_of(phone)?);
    Ok(account::bind(&caller.app, &bearer.pool, bearer.user, &proven).await?)
}

/// Binds the person of a code to a user.
pub(super) async fn bind(
    caller: &Caller,
    door: &Door,
    user: UserId,
    identified: &Identified,
) -> Result<(), Fault> {
    let person = Arrival {
        snapshot_user: identified.snapshot_user,
        ..Arrival::at(&door.pool, &door.connection, identified.person.clone())
    };
    let by = By {
        actor: format!("person:{user}"),
    };
    match caller.app.store.bind(person, user, by).await? {
        Bind::Bound | Bind::Already => Ok(()),
        Bind::Elsewhere(_) => Err(Fault::new(1_320_002, "该微信身份已绑定其他账号")),
        Bind::NoUser => Err(Fault::no_user()),
        Bind::Snapshot => Err(Fault::new(1102, "请点击“使用完整服务”后再试")),
    }
}

/// The user of a code, logged in without a token.
pub(super) async fn user(caller: &Caller, door: &Door, code: &str) -> Result<UserId, Fault> {
    user_of(&login::log_in(&caller.app, door, LoginCode::new(code)).await?)
}
