//! The calls of `POST /graphql`.

use crate::{
    App,
    account::{self, Purpose},
    facades::{
        Call,
        authing::{
            caller::Caller,
            custom_data,
            entry::{self, NewUser},
            fields::Fields,
            graphql::{Answers, Asked},
            upload,
            user::Portrait,
            v2,
            wire::Fault,
        },
    },
    session::{self, Bearer},
};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use yaopai_domain::{LoginName, LoginNameKind};

/// A caller of this generation.
pub(super) struct Old(pub(super) Caller);

impl Answers for Old {
    fn caller(&self) -> &Caller {
        &self.0
    }

    fn answer<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Result<Value, Fault>> {
        Box::pin(answer(&self.0, asked))
    }
}

async fn answer(caller: &Caller, asked: &Asked) -> Result<Value, Fault> {
    let fields = Fields(&asked.arguments);
    let nothing = Map::new();
    let member = |name: &str| Fields(fields.object(name).unwrap_or(&nothing));
    let portrait = match asked.operation.name {
        "login" => login(caller, fields).await?,
        "loginByPhoneCode" => {
            let phone = entry::phone(
                &fields.spelled("phone").ok_or_else(|| Fault::missing("phone"))?,
                None,
            )?;
            entry::by_code(caller, phone.into(), &code(fields, "phoneCode")?, &nothing).await?
        }
        "register" => register(caller, member("userInfo")).await?,
        "user" => caller.portrait_of(&own(caller, fields.text("id")).await?).await?,
        "updateUser" => {
            let Some(portrait) = update(caller, member("options")).await? else {
                return Ok(json!({ "_id": member("options").text("_id"), "tokenExpiredAt": "0" }));
            };
            portrait
        }
        "unbindEmail" => {
            let bearer = own(caller, None).await?;
            account::unbind(&caller.app, &bearer.pool, bearer.user, LoginNameKind::Email).await?;
            caller.portrait_of(&bearer).await?
        }
        "refreshToken" => caller.renewed(&own(caller, None).await?).await?,
        "changePassword" => {
            reset_password(caller, fields).await?;
            return Ok(json!({}));
        }
        "checkLoginStatus" => return v2::check_login_status(caller, fields.text("token")).await,
        "qiNiuUploadToken" => {
            caller.person().await?;
            return Ok(upload::qiniu_token());
        }
        "userMetadata" => {
            let bearer = own(caller, fields.text("_id")).await?;
            return metadata(caller, &bearer).await;
        }
        "setUserMetadata" | "removeUserMetadata" => {
            let input = member("input");
            let bearer = own(caller, input.text("_id")).await?;
            let value = if asked.operation.name == "setUserMetadata" {
                Some(input.0.get("value").ok_or_else(|| Fault::missing("value"))?)
            } else {
                None
            };
            let entry = custom_data::entry(input.need("key")?, value, false)?;
            custom_data::change(&caller.app, &bearer.pool, bearer.user, vec![entry]).await?;
            return metadata(caller, &bearer).await;
        }
        "sendResetPasswordEmail" => {
            let target = entry::email(fields.need("email")?)?;
            entry::send_code(caller, &target, Purpose::ResetPassword).await?;
            return Ok(sent());
        }
        "sendVerifyEmail" => {
            let target = entry::email(fields.need("email")?)?;
            entry::send_code(caller, &target, Purpose::Bind).await?;
            return Ok(sent());
        }
        // The code is checked, and used up, together with the new password.
        "verifyResetPasswordVerifyCode" => return Ok(sent()),
        _ => return Err(Fault::signed_out()),
    };
    Ok(portrait.v1())
}

fn sent() -> Value {
    json!({ "code": 200, "message": "success", "status": true })
}

fn code(fields: Fields<'_>, name: &str) -> Result<String, Fault> {
    let code = fields.spelled(name).ok_or_else(|| Fault::missing(name))?;
    // As a number it has lost its leading zeros.
    Ok(format!("{code:0>6}"))
}

/// The person whose token was shown; `id`, if the request names one, has to be theirs.
async fn own(caller: &Caller, id: Option<&str>) -> Result<Bearer, Fault> {
    let bearer = caller.person().await?;
    match id {
        Some(id) if id != bearer.user.to_string() => Err(Fault::forbidden()),
        _ => Ok(bearer),
    }
}

async fn login(caller: &Caller, fields: Fields<'_>) -> Result<Portrait, Fault> {
    let name = match (fields.text("email"), fields.text("username")) {
        (Some(email), _) => entry::email(email).map(LoginName::from),
        (None, Some(username)) => username.parse().map_err(|_| Fault::new(2333, "账号或密码不正确")),
        // A UnionID proves nothing: whoever has read one could log in by it.
        (None, None) => return Err(Fault::missing("email")),
    };
    entry::by_password(caller, name, fields.need("password")?).await
}

async fn register(caller: &Caller, info: Fields<'_>) -> Result<Portrait, Fault> {
    let phone = info.spelled("phone");
    let phone_code = info.spelled("phoneCode");
    let proof = match (&phone, &phone_code) {
        (Some(phone), Some(code)) => Some((entry::phone(phone, None)?.into(), code.as_str())),
        _ => None,
    };
    let new = NewUser {
        proof,
        username: info.text("username"),
        password: info.text("password"),
        profile: info.0.clone(),
    };
    entry::register(caller, new).await
}

/// The user after the change; `None` after a logout, which is a change too: `tokenExpiredAt: "0"`.
async fn update(caller: &Caller, options: Fields<'_>) -> Result<Option<Portrait>, Fault> {
    let bearer = own(caller, options.text("_id")).await?;
    if options.spelled("tokenExpiredAt").as_deref() == Some("0") {
        session::end(&caller.app, bearer.session).await?;
        return Ok(None);
    }
    let mut sent = options.0.clone();
    if let Some(photo) = options.text("photo") {
        sent.insert("photo".to_owned(), json!(upload::whereabouts(&caller.app, photo)));
    }
    v2::update(caller, &bearer, &sent).await.map(Some)
}

async fn metadata(caller: &Caller, bearer: &Bearer) -> Result<Value, Fault> {
    let portrait = caller.portrait_of(bearer).await?;
    let list: Vec<Value> = portrait
        .person
        .user
        .metadata
        .iter()
        .map(|(key, entry)| {
            let value = match entry.value.json() {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            json!({ "key": key.as_str(), "value": value })
        })
        .collect();
    Ok(json!({ "totalCount": list.len(), "list": list }))
}

async fn reset_password(caller: &Caller, fields: Fields<'_>) -> Result<(), Fault> {
    let target = match (fields.spelled("phone"), fields.text("email")) {
        (Some(phone), _) => entry::phone(&phone, None)?.into(),
        (None, Some(email)) => entry::email(email)?,
        (None, None) => return Err(Fault::missing("email")),
    };
    let code = match fields.spelled("verifyCode") {
        Some(code) => code,
        None => code(fields, "phoneCode")?,
    };
    entry::reset_password(caller, target, &code, fields.need("password")?).await
}

/// `GET /send_smscode/{phone}/{pool}`
pub(super) async fn send_sms(app: Arc<App>, call: &Call) -> Result<Value, Fault> {
    let (phone, pool) = path(call).ok_or_else(|| Fault::missing("phone"))?;
    let caller = Caller::of(app, call, Some(&pool));
    entry::send_code(&caller, &entry::phone(&phone, None)?.into(), Purpose::Unsaid).await?;
    Ok(Value::Null)
}

fn path(call: &Call) -> Option<(String, String)> {
    let mut parts = call.uri.path().rsplit('/');
    let decoded = |part: &str| {
        percent_encoding::percent_decode_str(part)
            .decode_utf8_lossy()
            .into_owned()
    };
    let pool = decoded(parts.next()?);
    Some((decoded(parts.next()?), pool))
}
