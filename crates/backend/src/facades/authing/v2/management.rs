//! The calls of `POST /graphql/v2` that operators make (`ManagementClient` of authing-js-sdk 4.23.55).
//!
//! A script shows the secret of a key once and gets a token for some hours: a JWT, as the SDK looks for `exp` in it, signed
//! with the secret itself. It is over with the key.

use crate::facades::authing::{
    caller::Caller,
    custom_data, entry,
    fields::Fields,
    operator::{Operator, page, secret},
    wire::Fault,
};
use crate::{
    account,
    store::{UserColumn, UserSearch},
};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;
use yaopai_domain::{LoginName, PoolId, UserId};

/// The SDK asks for another one an hour before this one is over.
const TOKEN_SECONDS: i64 = 6 * 60 * 60;
/// Users of one page.
const PAGE_MAX: i64 = 100;

/// The operator whose token was shown; `None` if it is none of an operator's.
pub(super) async fn operator(caller: &Caller) -> Result<Option<Operator>, Fault> {
    let Some(token) = caller.token.as_deref() else {
        return Ok(None);
    };
    let Some((signed, tag)) = token.rsplit_once('.') else {
        return Ok(None);
    };
    let part = |part: Option<&str>| {
        let bytes = URL_SAFE_NO_PAD.decode(part?).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    let mut parts = signed.split('.');
    let (header, claims) = (part(parts.next()), part(parts.next()));
    let (Some(header), Some(claims)) = (header, claims) else {
        return Ok(None);
    };
    if header["alg"] != "HS256" || claims["type"] != "management" {
        return Ok(None);
    }
    let Some(key) = caller
        .app
        .store
        .authing_key(header["kid"].as_str().unwrap_or_default())
        .await?
    else {
        return Err(Fault::signed_out());
    };
    let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| Fault::signed_out())?;
    let secret = secret(&caller.app, &key)?;
    let own = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let valid = hmac::verify(&own, signed.as_bytes(), &tag).is_ok();
    let over = claims["exp"]
        .as_i64()
        .is_none_or(|exp| exp * 1000 <= caller.app.clock.now().0);
    if !valid || over {
        return Err(Fault::signed_out());
    }
    Ok(Some(Operator::of_key(caller.app.clone(), key)))
}

/// `accessToken(userPoolId, secret)`: a token for whoever shows the secret of a key of the pool.
pub(super) async fn access_token(caller: &Caller, fields: Fields<'_>) -> Result<Value, Fault> {
    let refused = || Fault::new(1003, "用户池 ID 或密钥不正确");
    let pool: PoolId = fields.need("userPoolId")?.parse().map_err(|_| refused())?;
    let shown = fields.need("secret")?;
    let mut found = None;
    for key in caller.app.store.authing_keys(&pool).await? {
        let secret = secret(&caller.app, &key)?;
        if bool::from(secret.as_bytes().ct_eq(shown.as_bytes())) {
            found = Some(key);
        }
    }
    let key = found.ok_or_else(refused)?;
    let iat = caller.app.clock.now().0 / 1000;
    let exp = iat + TOKEN_SECONDS;
    let encoded = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encoded(json!({ "alg": "HS256", "typ": "JWT", "kid": key.id }));
    let claims = encoded(json!({ "type": "management", "userPoolId": pool, "iat": iat, "exp": exp }));
    let signed = format!("{header}.{claims}");
    let own = hmac::Key::new(hmac::HMAC_SHA256, shown.as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&own, signed.as_bytes()));
    Ok(json!({ "accessToken": format!("{signed}.{tag}"), "iat": iat, "exp": exp }))
}

/// Answers a call.
pub(super) async fn answer(
    operator: &Operator,
    caller: &Caller,
    name: &str,
    fields: Fields<'_>,
) -> Result<Value, Fault> {
    match name {
        "accessToken" => access_token(caller, fields).await,
        "users" => users(operator, UserSearch::default(), fields).await,
        "searchUser" => {
            let search = UserSearch {
                text: Some((fields.need("query")?.to_owned(), columns(&fields.texts("fields")))),
                ..UserSearch::default()
            };
            users(operator, search, fields).await
        }
        "user" => one(operator, user_id(fields.need("id")?)?).await,
        "userBatch" => {
            let mut users = Vec::new();
            for id in fields.texts("ids") {
                users.push(one(operator, user_id(&id)?).await?);
            }
            Ok(Value::Array(users))
        }
        "findUser" => match find(operator, fields).await? {
            Some(user) => one(operator, user).await,
            None => Ok(Value::Null),
        },
        "isUserExists" => Ok(json!(find(operator, fields).await?.is_some())),
        "createUser" => {
            let sent = fields
                .object("userInfo")
                .ok_or_else(|| Fault::missing("userInfo"))?;
            let password = password(operator, sent).await?;
            one(operator, operator.create(sent, password).await?).await
        }
        "updateUser" => {
            let user = user_id(fields.need("id")?)?;
            let sent = fields.object("input").ok_or_else(|| Fault::missing("input"))?;
            let password = password(operator, sent).await?;
            operator.change(user, sent, password).await?;
            one(operator, user).await
        }
        "deleteUser" => deleted(operator, &[fields.need("id")?.to_owned()]).await,
        "deleteUsers" => deleted(operator, &fields.texts("ids")).await,
        "udv" | "setUdv" | "setUdvBatch" | "removeUdv" => {
            let user = user_id(fields.need("targetId")?)?;
            let entries = custom_data::asked(name, fields)?;
            if !entries.is_empty() {
                operator.change_data(user, entries).await?;
            }
            Ok(operator.portrait(user).await?.custom_data())
        }
        "udfValueBatch" => {
            let mut values = Vec::new();
            for id in fields.texts("targetIds") {
                let data = operator.portrait(user_id(&id)?).await?.custom_data();
                values.push(json!({ "targetId": id, "data": data }));
            }
            Ok(Value::Array(values))
        }
        "setUdfValueBatch" => {
            for item in fields.list("input") {
                let item = Fields(item.as_object().ok_or_else(|| Fault::malformed("列表项不合法"))?);
                let entry = custom_data::entry(item.need("key")?, item.0.get("value"), true)?;
                operator
                    .change_data(user_id(item.need("targetId")?)?, vec![entry])
                    .await?;
            }
            Ok(json!({ "code": 200, "message": "设置成功" }))
        }
        _ => Err(Fault::forbidden()),
    }
}

/// A page of users, newest first.
pub(super) async fn users(
    operator: &Operator,
    mut search: UserSearch,
    fields: Fields<'_>,
) -> Result<Value, Fault> {
    (search.skip, search.take) = page(fields, PAGE_MAX);
    search.order = vec![(UserColumn::CreatedAt, true)];
    let found = operator.search(search).await?;
    let mut list = Vec::new();
    for user in found.users {
        list.push(one(operator, user).await?);
    }
    Ok(json!({ "totalCount": found.total, "list": list }))
}

/// The columns that a search may look into, by the names of the SDK.
fn columns(names: &[String]) -> Vec<UserColumn> {
    let all = [
        ("username", UserColumn::Username),
        ("nickname", UserColumn::Nickname),
        ("email", UserColumn::Email),
        ("phone", UserColumn::Phone),
        ("name", UserColumn::Name),
        ("id", UserColumn::Id),
    ];
    let chosen: Vec<UserColumn> = all
        .iter()
        .filter(|(name, _)| names.iter().any(|asked| asked == name))
        .map(|(_, column)| *column)
        .collect();
    if chosen.is_empty() {
        all.iter().map(|(_, column)| *column).collect()
    } else {
        chosen
    }
}

async fn find(operator: &Operator, fields: Fields<'_>) -> Result<Option<UserId>, Fault> {
    if let Some(phone) = fields.text("phone") {
        let phone = entry::phone(phone, None)?;
        return operator.who(UserColumn::Phone, phone.to_string()).await;
    }
    if let Some(email) = fields.text("email") {
        let email = LoginName::from(entry::email(email)?);
        return operator.who(UserColumn::Email, email.as_str().to_owned()).await;
    }
    match fields.text("username") {
        Some(username) => operator.who(UserColumn::Username, username.to_owned()).await,
        None => Err(Fault::missing("username")),
    }
}

async fn one(operator: &Operator, user: UserId) -> Result<Value, Fault> {
    operator.may(yaopai_domain::Action::ReadUsers)?;
    Ok(operator.portrait(user).await?.v2())
}

async fn deleted(operator: &Operator, ids: &[String]) -> Result<Value, Fault> {
    let users: Vec<UserId> = ids.iter().map(|id| user_id(id)).collect::<Result<_, _>>()?;
    operator.delete(&users).await?;
    Ok(json!({ "code": 200, "message": "删除成功" }))
}

/// The SDK encrypts passwords with the pool's public key.
async fn password(
    operator: &Operator,
    sent: &Map<String, Value>,
) -> Result<Option<zeroize::Zeroizing<String>>, Fault> {
    match Fields(sent).text("password") {
        Some(sealed) => Ok(Some(
            account::decrypt(&operator.app, &operator.pool, sealed).await?,
        )),
        None => Ok(None),
    }
}

fn user_id(text: &str) -> Result<UserId, Fault> {
    text.parse().map_err(|_| Fault::no_user())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_without_known_columns_looks_into_all() {
        assert_eq!(columns(&["department".to_owned()]).len(), 6);
        assert_eq!(columns(&["phone".to_owned()]), [UserColumn::Phone]);
    }
}
