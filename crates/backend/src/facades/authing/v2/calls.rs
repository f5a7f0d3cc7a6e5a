//! The calls of `POST /graphql/v2` that people make for themselves.

use super::management;
use crate::{
    account::{self, ProfilePatch, Purpose, Use},
    facades::authing::{
        caller::Caller,
        custom_data,
        entry::{self, NewUser},
        fields::Fields,
        graphql::{Answers, Asked},
        upload,
        user::Portrait,
        wire::Fault,
    },
    session::Bearer,
};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use yaopai_domain::{LoginName, LoginNameKind};

impl Answers for Caller {
    fn caller(&self) -> &Caller {
        self
    }

    fn answer<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Result<Value, Fault>> {
        Box::pin(answer(self, asked))
    }
}

async fn answer(caller: &Caller, asked: &Asked) -> Result<Value, Fault> {
    let name = asked.operation.name;
    let fields = Fields(&asked.arguments);
    let nothing = Map::new();
    let input = Fields(fields.object("input").unwrap_or(&nothing));
    if let Some(operator) = management::operator(caller).await? {
        return management::answer(&operator, caller, name, fields).await;
    }
    let portrait = match name {
        "user" => {
            let bearer = own(caller, fields.text("id")).await?;
            caller.portrait_of(&bearer).await?
        }
        "updateUser" => {
            let bearer = own(caller, fields.text("id")).await?;
            let sent = fields.object("input").ok_or_else(|| Fault::missing("input"))?;
            update(caller, &bearer, sent).await?
        }
        "checkLoginStatus" => return check_login_status(caller, fields.text("token")).await,
        "checkPasswordStrength" => return Ok(strength(fields.need("password")?)),
        "udv" | "setUdv" | "setUdvBatch" | "removeUdv" => return values(caller, name, fields).await,
        "accessToken" => return management::access_token(caller, fields).await,
        "bindPhone" | "updatePhone" => {
            let phone = entry::phone(fields.need("phone")?, fields.text("phoneCountryCode"))?;
            bind(caller, phone.into(), fields.need("phoneCode")?, fields).await?
        }
        "bindEmail" | "updateEmail" => {
            let email = entry::email(fields.need("email")?)?;
            bind(caller, email, fields.need("emailCode")?, fields).await?
        }
        "unbindPhone" => unbind(caller, LoginNameKind::Phone).await?,
        "unbindEmail" => unbind(caller, LoginNameKind::Email).await?,
        "updatePassword" => change_password(caller, fields).await?,
        "resetPassword" => return reset_password(caller, fields).await,
        "loginByEmail" => {
            let name = entry::email(input.need("email")?).map(LoginName::from);
            entry::by_password(caller, name, input.need("password")?).await?
        }
        "loginByPhonePassword" => {
            let phone = entry::phone(input.need("phone")?, input.text("phoneCountryCode"));
            entry::by_password(caller, phone.map(LoginName::Phone), input.need("password")?).await?
        }
        "loginByUsername" => {
            let name = input.need("username")?.parse();
            let name = name.map_err(|_| Fault::new(2333, "账号或密码不正确"));
            entry::by_password(caller, name, input.need("password")?).await?
        }
        "loginByPhoneCode" => {
            let phone = entry::phone(input.need("phone")?, input.text("phoneCountryCode"))?;
            entry::by_code(caller, phone.into(), input.need("code")?, &nothing).await?
        }
        "loginByEmailCode" => {
            entry::by_code(
                caller,
                entry::email(input.need("email")?)?,
                input.need("code")?,
                &nothing,
            )
            .await?
        }
        "registerByPhoneCode" | "registerByEmailCode" | "registerByUsername" => {
            register(caller, name, input).await?
        }
        "registerByEmail" => {
            return Err(Fault::malformed(
                "邮箱需要验证：请先 sendEmail，再使用 registerByEmailCode",
            ));
        }
        "sendEmail" => {
            let purpose = entry::purpose(fields.text("scene").unwrap_or_default());
            entry::send_code(caller, &entry::email(fields.need("email")?)?, purpose).await?;
            return Ok(json!({ "code": 200, "message": "发送成功" }));
        }
        "refreshToken" => return refresh(caller).await,
        // What is left is for operators.
        _ => return Err(Fault::signed_out()),
    };
    Ok(portrait.v2())
}

/// The person whose token was shown; `id`, if the request names one, has to be theirs.
async fn own(caller: &Caller, id: Option<&str>) -> Result<Bearer, Fault> {
    let bearer = caller.person().await?;
    match id {
        Some(id) if id != bearer.user.to_string() => Err(Fault::forbidden()),
        _ => Ok(bearer),
    }
}

/// Changes what people may change of themselves; everything else that was sent is left as it is.
pub(in crate::facades::authing) async fn update(
    caller: &Caller,
    bearer: &Bearer,
    sent: &Map<String, Value>,
) -> Result<Portrait, Fault> {
    let patch = ProfilePatch::from_sent(sent).map_err(crate::Error::from)?;
    account::update_profile(&caller.app, &bearer.pool, bearer.user, patch).await?;
    if let Some(photo) = Fields(sent).text("photo") {
        upload::keep(&caller.app, photo).await?;
    }
    caller.portrait_of(bearer).await
}

pub(in crate::facades::authing) async fn check_login_status(
    caller: &Caller,
    token: Option<&str>,
) -> Result<Value, Fault> {
    let token = token.or(caller.token.as_deref());
    let found = match token {
        Some(token) => caller.person_of(token).await,
        None => Err(Fault::signed_out()),
    };
    Ok(match found {
        Ok(bearer) => json!({
            "code": 200,
            "message": "已登录",
            "status": true,
            "exp": bearer.expires_at.0 / 1000,
            "iat": bearer.issued_at.0 / 1000,
            "data": {
                "id": bearer.user,
                "userPoolId": bearer.pool,
                "arn": format!("arn:cn:authing:{}:user:{}", bearer.pool, bearer.user),
            },
        }),
        Err(fault) => json!({ "code": fault.code, "message": fault.message, "status": false, "data": null }),
    })
}

fn strength(password: &str) -> Value {
    let valid = (8..=128).contains(&password.chars().count());
    let message = if valid {
        "密码强度符合要求"
    } else {
        "密码需为 8 到 128 个字符"
    };
    json!({ "valid": valid, "message": message })
}

async fn values(caller: &Caller, name: &str, fields: Fields<'_>) -> Result<Value, Fault> {
    let bearer = own(caller, fields.text("targetId")).await?;
    let entries = custom_data::asked(name, fields)?;
    if !entries.is_empty() {
        custom_data::change(&caller.app, &bearer.pool, bearer.user, entries).await?;
    }
    Ok(caller.portrait_of(&bearer).await?.custom_data())
}

/// Gives the person a phone or address. Who has a proven one proves it again, everybody else has logged in lately: a token
/// alone does not move an account.
async fn bind(
    caller: &Caller,
    target: account::Target,
    code: &str,
    fields: Fields<'_>,
) -> Result<Portrait, Fault> {
    let bearer = caller.person().await?;
    if let Some((old, code)) = old_proof(caller, &bearer, &target, fields).await? {
        account::prove(&caller.app, &bearer.pool, &old, code, Use::Confirm).await?;
    } else if !account::recently_shown(&caller.app, &bearer) {
        return Err(Fault::stale());
    }
    let proven = account::prove(&caller.app, &bearer.pool, &target, code, Use::Bind).await?;
    account::bind(&caller.app, &bearer.pool, bearer.user, &proven).await?;
    caller.portrait_of(&bearer).await
}

/// The proven phone or address that another one is to replace, and the code that was sent to it.
async fn old_proof<'f>(
    caller: &Caller,
    bearer: &Bearer,
    new: &account::Target,
    fields: Fields<'f>,
) -> Result<Option<(account::Target, &'f str)>, Fault> {
    let person = account::person(&caller.app, &bearer.pool, bearer.user).await?;
    let profile = &person.user.profile;
    let (old, known, code) = match new {
        account::Target::Phone(_) if person.phone_proven => {
            let old = entry::phone(fields.need("oldPhone")?, fields.text("oldPhoneCountryCode"))?;
            (old.into(), &profile.phone, fields.need("oldPhoneCode")?)
        }
        account::Target::Email(_) if person.email_proven => {
            let old = entry::email(fields.need("oldEmail")?)?;
            (old, &profile.email, fields.need("oldEmailCode")?)
        }
        account::Target::Phone(_) | account::Target::Email(_) => return Ok(None),
    };
    if known.as_ref().is_some_and(|known| known.value == old.as_str()) {
        Ok(Some((old, code)))
    } else {
        Err(Fault::new(2001, "原手机号或原邮箱不正确"))
    }
}

async fn unbind(caller: &Caller, kind: LoginNameKind) -> Result<Portrait, Fault> {
    let bearer = caller.fresh_person().await?;
    account::unbind(&caller.app, &bearer.pool, bearer.user, kind).await?;
    caller.portrait_of(&bearer).await
}

async fn change_password(caller: &Caller, fields: Fields<'_>) -> Result<Portrait, Fault> {
    let bearer = caller.person().await?;
    let new = account::decrypt(&caller.app, &bearer.pool, fields.need("newPassword")?).await?;
    let person = account::person(&caller.app, &bearer.pool, bearer.user).await?;
    if person.has_password {
        let old = account::decrypt(&caller.app, &bearer.pool, fields.need("oldPassword")?).await?;
        account::change_password(&caller.app, &bearer, &old, &new).await?;
    } else if account::recently_shown(&caller.app, &bearer) {
        account::set_password(&caller.app, &bearer, &new).await?;
    } else {
        return Err(Fault::stale());
    }
    caller.portrait_of(&bearer).await
}

async fn reset_password(caller: &Caller, fields: Fields<'_>) -> Result<Value, Fault> {
    let target = match (fields.text("phone"), fields.text("email")) {
        (Some(phone), _) => entry::phone(phone, fields.text("phoneCountryCode"))?.into(),
        (None, Some(email)) => entry::email(email)?,
        (None, None) => return Err(Fault::missing("phone")),
    };
    entry::reset_password(caller, target, fields.need("code")?, fields.need("newPassword")?).await?;
    Ok(json!({ "code": 200, "message": "重置密码成功" }))
}

async fn register(caller: &Caller, name: &str, input: Fields<'_>) -> Result<Portrait, Fault> {
    let proof = match name {
        "registerByPhoneCode" => {
            let phone = entry::phone(input.need("phone")?, input.text("phoneCountryCode"))?;
            Some((phone.into(), input.need("code")?))
        }
        "registerByEmailCode" => Some((entry::email(input.need("email")?)?, input.need("code")?)),
        _ => None,
    };
    let password = match proof {
        Some(_) => input.text("password"),
        None => Some(input.need("password")?),
    };
    let new = NewUser {
        proof,
        username: input.text("username"),
        password,
        profile: input.object("profile").cloned().unwrap_or_default(),
    };
    entry::register(caller, new).await
}

/// A fresh token in place of the one that was shown.
async fn refresh(caller: &Caller) -> Result<Value, Fault> {
    let bearer = caller.person().await?;
    let portrait = caller.renewed(&bearer).await?;
    let token = portrait.token.ok_or_else(Fault::signed_out)?;
    Ok(json!({
        "token": token.text,
        "iat": caller.app.clock.now().0 / 1000,
        "exp": token.expires_at.0 / 1000,
    }))
}

/// `POST /api/v2/sms/send` asks for a code to a phone.
pub(super) async fn send_sms(caller: &Caller, fields: Fields<'_>) -> Result<Value, Fault> {
    let phone = entry::phone(fields.need("phone")?, fields.text("phoneCountryCode"))?;
    let purpose = fields.text("scene").map_or(Purpose::Unsaid, entry::purpose);
    entry::send_code(caller, &phone.into(), purpose).await?;
    Ok(Value::Null)
}
