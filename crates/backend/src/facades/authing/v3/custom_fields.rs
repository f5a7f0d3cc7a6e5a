//! Definitions of custom fields: what scripts tell each other about a pool's custom data. They describe; any custom data is
//! taken, defined or not.

use crate::{
    facades::authing::{fields::Fields, operator::Operator, user::iso, wire::Fault},
    store::CustomField,
};
use serde_json::{Map, Value, json};
use yaopai_domain::{Action, MetadataKey};

/// Fields of one pool.
const FIELDS_MAX: usize = 200;
/// Characters of a text.
const TEXT_MAX: usize = 512;
/// Bytes of the choices of a field.
const OPTIONS_MAX: usize = 16 * 1024;
const TYPES: [&str; 5] = ["STRING", "NUMBER", "DATETIME", "BOOLEAN", "ENUM"];
const FLAGS: [(&str, bool); 5] = [
    ("encrypted", false),
    ("isUnique", false),
    ("userEditable", true),
    ("visibleInAdminConsole", true),
    ("visibleInUserCenter", true),
];

/// Answers a call about custom fields; `None` if it is about something else.
pub(super) async fn answer(
    operator: &Operator,
    name: &str,
    fields: Fields<'_>,
) -> Result<Option<Value>, Fault> {
    Ok(Some(match name {
        "get-custom-fields" => Value::Array(of_users(operator, fields).await?),
        "list-custom-fields" => {
            let list = of_users(operator, fields).await?;
            json!({ "totalCount": list.len(), "list": list })
        }
        "set-custom-fields" => {
            let changes = items(fields, |item| definition(item).map(Some))?;
            let known = operator.app.store.custom_fields(&operator.pool).await?;
            let known = known.iter().map(|field| field.key.as_str());
            let mut keys: Vec<&str> = known.chain(changes.iter().map(|(key, _)| key.as_str())).collect();
            keys.sort_unstable();
            keys.dedup();
            if keys.len() > FIELDS_MAX {
                return Err(Fault::malformed(format!("自定义字段最多 {FIELDS_MAX} 个")));
            }
            define(operator, changes).await?;
            Value::Array(of_users(operator, fields).await?)
        }
        "delete-custom-fields" => {
            define(operator, items(fields, |_| Ok(None))?).await?;
            json!({ "success": true })
        }
        _ => return Ok(None),
    }))
}

async fn define(operator: &Operator, changes: Vec<(MetadataKey, Option<Value>)>) -> Result<(), Fault> {
    operator.may(Action::EditApplications)?;
    let store = &operator.app.store;
    Ok(store
        .define_custom_fields(&operator.pool, &operator.name, changes)
        .await?)
}

async fn of_users(operator: &Operator, fields: Fields<'_>) -> Result<Vec<Value>, Fault> {
    operator.may(Action::ReadUsers)?;
    if fields.text("targetType").is_some_and(|kind| kind != "USER") {
        return Ok(Vec::new());
    }
    let all = operator.app.store.custom_fields(&operator.pool).await?;
    Ok(all.iter().map(shown).collect())
}

fn shown(field: &CustomField) -> Value {
    let mut shown = field.definition.clone();
    shown["targetType"] = json!("USER");
    shown["key"] = json!(field.key.as_str());
    shown["createdAt"] = json!(iso(field.created_at));
    shown
}

/// The keys that `list` names, each with what `read` makes of its item.
fn items(
    fields: Fields<'_>,
    read: impl Fn(Fields<'_>) -> Result<Option<Value>, Fault>,
) -> Result<Vec<(MetadataKey, Option<Value>)>, Fault> {
    let list = fields.list("list");
    if list.is_empty() || list.len() > FIELDS_MAX {
        return Err(Fault::missing("list"));
    }
    list.iter()
        .map(|item| {
            let item = Fields(item.as_object().ok_or_else(|| Fault::malformed("列表项不合法"))?);
            if item.need("targetType")? != "USER" {
                return Err(Fault::malformed("targetType 只支持 USER"));
            }
            let key = item.need("key")?.parse();
            let key = key.map_err(|_| Fault::malformed("自定义数据的 key 不合法"))?;
            Ok((key, read(item)?))
        })
        .collect()
}

/// What an item says of its field; members that are not known are left out.
fn definition(item: Fields<'_>) -> Result<Value, Fault> {
    let unfit = |name: &str| Fault::malformed(format!("参数不合法: {name}"));
    let kind = item.text("dataType").unwrap_or("STRING");
    if !TYPES.contains(&kind) {
        return Err(unfit("dataType"));
    }
    let mut made = Map::new();
    made.insert("dataType".to_owned(), json!(kind));
    let label = item.text("label").or(item.text("key"));
    for (name, text) in [("label", label), ("description", item.text("description"))] {
        let text = text.unwrap_or_default();
        if text.chars().count() > TEXT_MAX || text.chars().any(char::is_control) {
            return Err(unfit(name));
        }
        made.insert(name.to_owned(), json!(text));
    }
    for (name, usual) in FLAGS {
        let flag = match item.0.get(name) {
            None | Some(Value::Null) => usual,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => return Err(unfit(name)),
        };
        made.insert(name.to_owned(), json!(flag));
    }
    let options: Vec<Value> = item
        .list("options")
        .iter()
        .map(|option| {
            let option = Fields(option.as_object()?);
            Some(json!({ "value": option.text("value")?, "label": option.text("label") }))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| unfit("options"))?;
    let options = Value::Array(options);
    if options.to_string().len() > OPTIONS_MAX {
        return Err(unfit("options"));
    }
    made.insert("options".to_owned(), options);
    Ok(Value::Object(made))
}
