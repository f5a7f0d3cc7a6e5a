//! Users, their custom data and their identities.

use super::{PAGE_MAX, connections, login_history};
use crate::{
    account,
    facades::authing::{
        custom_data, entry,
        fields::Fields,
        operator::{Operator, page},
        wire::Fault,
    },
    identity::{self, Arrival},
    store::{Bind, Bound, Unbind, UserColumn, UserSearch, UserTest, UserValue},
};
use serde_json::{Map, Value, json};
use yaopai_domain::{Action, IdentityId, IdentityScope, Timestamp, UserId};
use zeroize::Zeroizing;

/// Users of one batch.
const BATCH_MAX: usize = 50;

/// Answers a call about users; `None` if it is about something else.
pub(super) async fn answer(
    operator: &Operator,
    name: &str,
    fields: Fields<'_>,
) -> Result<Option<Value>, Fault> {
    Ok(Some(match name {
        "list-users" => list(operator, fields).await?,
        "get-user" => {
            let user = named(operator, fields.need("userId")?, fields.text("userIdType")).await?;
            one(
                operator,
                user,
                fields.flag("withIdentities"),
                fields.flag("withCustomData"),
            )
            .await?
        }
        "get-user-batch" => {
            let mut found = Vec::new();
            for id in batch(fields.texts("userIds"))? {
                let user = named(operator, &id, fields.text("userIdType")).await?;
                found.push(
                    one(
                        operator,
                        user,
                        fields.flag("withIdentities"),
                        fields.flag("withCustomData"),
                    )
                    .await?,
                );
            }
            Value::Array(found)
        }
        "create-user" => {
            let user = create(operator, fields.0, options(fields)).await?;
            one(operator, user, false, true).await?
        }
        "create-users-batch" => {
            let mut made = Vec::new();
            for item in batch(fields.list("list").to_vec())? {
                let item = item.as_object().ok_or_else(|| Fault::malformed("列表项不合法"))?;
                let user = create(operator, item, options(fields)).await?;
                made.push(one(operator, user, false, true).await?);
            }
            Value::Array(made)
        }
        "update-user" => {
            let options = Fields(options(fields));
            let user = named(operator, fields.need("userId")?, options.text("userIdType")).await?;
            let password = password(operator, fields, options).await?;
            operator.change(user, fields.0, password).await?;
            one(operator, user, false, true).await?
        }
        "delete-users-batch" => {
            let kind = Fields(options(fields)).text("userIdType");
            let mut users = Vec::new();
            for id in batch(fields.texts("userIds"))? {
                users.push(named(operator, &id, kind).await?);
            }
            operator.delete(&users).await?;
            json!({ "success": true })
        }
        "is-user-exists" => json!({ "exists": exists(operator, fields).await? }),
        "kick-users" => {
            let kind = Fields(options(fields)).text("userIdType");
            let user = named(operator, fields.need("userId")?, kind).await?;
            operator.kick(&[user]).await?;
            json!({ "success": true })
        }
        "set-custom-data" => {
            let user = target(fields)?;
            let entries = custom_data::entries(fields.list("list"), false)?;
            operator.change_data(user, entries).await?;
            json!({ "success": true })
        }
        "get-custom-data" => {
            let user = target(fields)?;
            one(operator, user, false, true).await?["customData"].take()
        }
        "get-user-identities" => {
            let user = named(operator, fields.need("userId")?, fields.text("userIdType")).await?;
            operator.may(Action::ReadUsers)?;
            operator.portrait(user).await?.v3_identities()
        }
        "link-identity" => link(operator, fields).await?,
        "unlink-identity" => unlink(operator, fields).await?,
        "get-user-login-history" => {
            let user = named(operator, fields.need("userId")?, fields.text("userIdType")).await?;
            operator.portrait(user).await?;
            login_history::of_user(operator, user, fields).await?
        }
        _ => return Ok(None),
    }))
}

fn options(fields: Fields<'_>) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    fields.object("options").unwrap_or(&NONE)
}

fn batch<T>(items: Vec<T>) -> Result<Vec<T>, Fault> {
    if items.len() > BATCH_MAX {
        return Err(Fault::malformed(format!("一次最多 {BATCH_MAX} 个")));
    }
    Ok(items)
}

async fn one(
    operator: &Operator,
    user: UserId,
    with_identities: bool,
    with_custom_data: bool,
) -> Result<Value, Fault> {
    operator.may(Action::ReadUsers)?;
    Ok(operator
        .portrait(user)
        .await?
        .v3(with_identities, with_custom_data))
}

/// The user whom an id names, by the kind of id.
async fn named(operator: &Operator, id: &str, kind: Option<&str>) -> Result<UserId, Fault> {
    let found = match kind.unwrap_or("user_id") {
        "user_id" => id.parse().ok(),
        "phone" => {
            operator
                .who(UserColumn::Phone, entry::phone(id, None)?.to_string())
                .await?
        }
        "email" => {
            operator
                .who(UserColumn::Email, entry::email(id)?.as_str().to_owned())
                .await?
        }
        "username" => operator.who(UserColumn::Username, id.to_owned()).await?,
        _ => return Err(Fault::malformed("不支持的 userIdType")),
    };
    found.ok_or_else(Fault::no_user)
}

async fn create(
    operator: &Operator,
    sent: &Map<String, Value>,
    options: &Map<String, Value>,
) -> Result<UserId, Fault> {
    if !Fields(sent).list("identities").is_empty() {
        return Err(Fault::malformed("identities 请用 link-identity 绑定"));
    }
    let password = password(operator, Fields(sent), Fields(options)).await?;
    operator.create(sent, password).await
}

async fn password(
    operator: &Operator,
    fields: Fields<'_>,
    options: Fields<'_>,
) -> Result<Option<Zeroizing<String>>, Fault> {
    let Some(text) = fields.text("password") else {
        return Ok(None);
    };
    match options.text("passwordEncryptType").unwrap_or("none") {
        "none" => Ok(Some(Zeroizing::new(text.to_owned()))),
        "rsa" => Ok(Some(account::decrypt(&operator.app, &operator.pool, text).await?)),
        _ => Err(Fault::malformed("不支持的 passwordEncryptType")),
    }
}

async fn exists(operator: &Operator, fields: Fields<'_>) -> Result<bool, Fault> {
    for kind in ["username", "email", "phone"] {
        if let Some(value) = fields.text(kind) {
            return match named(operator, value, Some(kind)).await {
                Ok(_) => Ok(true),
                Err(fault) if fault == Fault::no_user() => Ok(false),
                Err(fault) => Err(fault),
            };
        }
    }
    Err(Fault::missing("username"))
}

fn target(fields: Fields<'_>) -> Result<UserId, Fault> {
    if fields.need("targetType")? != "USER" {
        return Err(Fault::malformed("targetType 只支持 USER"));
    }
    fields
        .need("targetIdentifier")?
        .parse()
        .map_err(|_| Fault::no_user())
}

async fn list(operator: &Operator, fields: Fields<'_>) -> Result<Value, Fault> {
    let found = operator.search(search(fields)?).await?;
    let options = Fields(options(fields));
    let mut list = Vec::new();
    for user in found.users {
        list.push(
            one(
                operator,
                user,
                options.flag("withIdentities"),
                options.flag("withCustomData"),
            )
            .await?,
        );
    }
    Ok(json!({ "totalCount": found.total, "list": list }))
}

/// `keywords`, `advancedFilter` and the options `pagination`, `sort` and `fuzzySearchOn`; the `GET` variant has `page` and
/// `limit` beside them.
pub(in crate::facades::authing) fn search(fields: Fields<'_>) -> Result<UserSearch, Fault> {
    let options = Fields(options(fields));
    let paging = options.object("pagination").map_or(fields, Fields);
    let (skip, take) = page(paging, PAGE_MAX);
    let mut search = UserSearch {
        skip,
        take,
        ..UserSearch::default()
    };
    if let Some(keywords) = fields.text("keywords") {
        let on: Vec<UserColumn> = options
            .texts("fuzzySearchOn")
            .iter()
            .filter_map(|name| column(name))
            .collect();
        let all = [
            UserColumn::Username,
            UserColumn::Nickname,
            UserColumn::Name,
            UserColumn::Email,
            UserColumn::Phone,
        ];
        search.text = Some((keywords.to_owned(), if on.is_empty() { all.to_vec() } else { on }));
    }
    for item in fields.list("advancedFilter") {
        let item = Fields(
            item.as_object()
                .ok_or_else(|| Fault::malformed("advancedFilter 不合法"))?,
        );
        search.tests.extend(tests(item)?);
    }
    if let Some(status) = fields.text("status") {
        search.tests.push((
            UserColumn::Status,
            UserTest::Among(vec![stored_status(status).into()]),
        ));
    }
    for item in options.list("sort") {
        let item = Fields(item.as_object().ok_or_else(|| Fault::malformed("sort 不合法"))?);
        let column = column(item.need("field")?).ok_or_else(|| Fault::malformed("sort 的字段不支持"))?;
        search.order.push((
            column,
            item.text("order")
                .is_some_and(|order| order.eq_ignore_ascii_case("desc")),
        ));
    }
    if search.order.is_empty() {
        search.order.push((UserColumn::CreatedAt, true));
    }
    Ok(search)
}

fn column(name: &str) -> Option<UserColumn> {
    Some(match name {
        "id" | "userId" => UserColumn::Id,
        "status" => UserColumn::Status,
        "username" => UserColumn::Username,
        "email" => UserColumn::Email,
        "phone" => UserColumn::Phone,
        "name" => UserColumn::Name,
        "nickname" => UserColumn::Nickname,
        "photo" => UserColumn::AvatarUrl,
        "createdAt" => UserColumn::CreatedAt,
        "updatedAt" => UserColumn::UpdatedAt,
        _ => return None,
    })
}

fn stored_status(status: &str) -> &'static str {
    if status == "Activated" {
        "active"
    } else {
        "blocked"
    }
}

/// One condition: `{field, operator, value}`.
fn tests(item: Fields<'_>) -> Result<Vec<(UserColumn, UserTest)>, Fault> {
    let unfit = || Fault::malformed("advancedFilter 的字段、运算符或值不支持");
    let column = column(item.need("field")?).ok_or_else(unfit)?;
    let value = item.0.get("value").unwrap_or(&Value::Null);
    let one = || stored(column, value).ok_or_else(unfit);
    let text = || value.as_str().map(str::to_owned).ok_or_else(unfit);
    let items = || value.as_array().map(Vec::as_slice).unwrap_or_default();
    let test = match item.need("operator")? {
        "EQUAL" => UserTest::Among(vec![one()?]),
        "NOT_EQUAL" => UserTest::NotAmong(vec![one()?]),
        "CONTAINS" => UserTest::Contains(text()?),
        "NOT_CONTAINS" => UserTest::NotContains(text()?),
        "IS_NULL" => UserTest::Unknown,
        "NOT_NULL" => UserTest::Known,
        "IN" => {
            let values = items()
                .iter()
                .map(|value| stored(column, value).ok_or_else(unfit));
            UserTest::Among(values.collect::<Result<_, _>>()?)
        }
        "GREATER" => UserTest::Above(one()?),
        "LESSER" => UserTest::Below(one()?),
        "BETWEEN" => {
            let [low, high] = items() else { return Err(unfit()) };
            let (low, high) = (
                stored(column, low).ok_or_else(unfit)?,
                stored(column, high).ok_or_else(unfit)?,
            );
            return Ok(vec![
                (column, UserTest::Above(low)),
                (column, UserTest::Below(high)),
            ]);
        }
        _ => return Err(unfit()),
    };
    let moment = matches!(column, UserColumn::CreatedAt | UserColumn::UpdatedAt);
    if moment && matches!(test, UserTest::Contains(_) | UserTest::NotContains(_)) {
        return Err(unfit());
    }
    Ok(vec![(column, test)])
}

/// A value of a condition as the column holds it: a moment as milliseconds, a status by our name, a phone in full.
fn stored(column: UserColumn, value: &Value) -> Option<UserValue> {
    match (column, value) {
        (UserColumn::CreatedAt | UserColumn::UpdatedAt, Value::String(text)) => {
            let moment: jiff::Timestamp = text.parse().ok()?;
            Some(Timestamp(moment.as_millisecond()).into())
        }
        (UserColumn::CreatedAt | UserColumn::UpdatedAt, Value::Number(number)) => {
            number.as_i64().map(|millis| Timestamp(millis).into())
        }
        (UserColumn::Status, Value::String(status)) => Some(stored_status(status).into()),
        (UserColumn::Phone, Value::String(number)) => {
            let phone = entry::phone(number, None).map_or_else(|_| number.clone(), |phone| phone.to_string());
            Some(phone.into())
        }
        (_, Value::String(text)) => Some(text.into()),
        _ => None,
    }
}

/// Binds an OpenID or UnionID that the script vouches for. `extIdpId` is the platform account; for an OpenID, `connId` or
/// the only connection of the platform account says which app it is of; `identifier` does too.
pub(in crate::facades::authing) async fn link(
    operator: &Operator,
    fields: Fields<'_>,
) -> Result<Value, Fault> {
    operator.may(Action::EditUsers)?;
    let user: UserId = fields.need("userId")?.parse().map_err(|_| Fault::no_user())?;
    let subject = fields.need("userIdInIdp")?;
    let source = fields.need("extIdpId")?;
    let connections = operator.app.store.connections(&operator.pool).await?;
    let mut of_source = connections.into_iter().filter(|connection| {
        connection.platform_account.to_string() == source
            && fields
                .text("connId")
                .is_none_or(|id| connection.id.to_string() == id)
            && fields
                .text("identifier")
                .is_none_or(|identifier| connection.identifier == identifier)
    });
    let connection = of_source
        .next()
        .ok_or_else(|| Fault::new(1100, "身份源没有对应的连接"))?;
    if fields.text("type").unwrap_or("openid") != "openid" {
        return Err(Fault::malformed(
            "UnionID 在用户下次登录时由微信给出，不能直接绑定",
        ));
    }
    if of_source.next().is_some() {
        return Err(Fault::malformed("身份源有多个连接，请用 connId 指明"));
    }
    let person = identity::person(subject.to_owned(), None, None, None);
    let person = Arrival::at(&operator.pool, &connection, person);
    match operator.app.store.bind(person, user, operator.by()).await? {
        Bind::Bound | Bind::Already => Ok(json!({ "success": true })),
        Bind::Elsewhere(_) => Err(Fault::new(1_320_002, "该身份已绑定其他账号")),
        Bind::NoUser | Bind::Snapshot => Err(Fault::no_user()),
    }
}

/// Takes the identities of a source from a user, all or those of one type, at once; never the last way in.
pub(in crate::facades::authing) async fn unlink(
    operator: &Operator,
    fields: Fields<'_>,
) -> Result<Value, Fault> {
    operator.may(Action::EditUsers)?;
    let user: UserId = fields.need("userId")?.parse().map_err(|_| Fault::no_user())?;
    let source = connections::source(operator, fields.need("extIdpId")?).await?;
    let wanted = fields.text("type");
    let of_source = |bound: &Bound| {
        let kind = match bound.identity.scope {
            IdentityScope::OpenId { .. } => "openid",
            IdentityScope::UnionId { .. } => "unionid",
        };
        bound.platform_account == Some(source.id) && wanted.is_none_or(|wanted| wanted == kind)
    };
    let bindings = operator.portrait(user).await?.bindings;
    let identities: Vec<IdentityId> = bindings
        .iter()
        .filter(|bound| of_source(bound))
        .map(|bound| bound.identity.id)
        .collect();
    if identities.is_empty() {
        return Ok(json!({ "success": true }));
    }
    let store = &operator.app.store;
    match store
        .unbind(&operator.pool, user, &identities, operator.by(), false)
        .await?
    {
        Unbind::Unbound(_) => Ok(json!({ "success": true })),
        Unbind::NotFound => Err(Fault::new(404, "身份已变更，请重试")),
        Unbind::LastWayIn => Err(Fault::new(1_320_004, "不能解绑最后一种登录方式")),
    }
}
