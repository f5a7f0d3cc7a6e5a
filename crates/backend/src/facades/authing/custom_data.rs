//! Custom data: the metadata of a user under Authing's names.

use super::{fields::Fields, wire::Fault};
use crate::{
    App,
    account::{self, OwnEntry},
};
use serde_json::Value;
use yaopai_domain::{MetadataValue, PoolId, UserId};

/// An entry as a request sends it. `json`: the value is JSON in a text, as the second generation sends it; what is no JSON
/// is a plain text.
pub(super) fn entry(key: &str, value: Option<&Value>, json: bool) -> Result<OwnEntry, Fault> {
    let key = key
        .parse()
        .map_err(|_| Fault::malformed("自定义数据的 key 不合法"))?;
    let value = match value {
        None => None,
        Some(Value::String(text)) if json => {
            Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())))
        }
        Some(value) => Some(value.clone()),
    };
    let value = value
        .map(|value| MetadataValue::new(value).map_err(|_| Fault::malformed("自定义数据的值不合法")))
        .transpose()?;
    Ok(OwnEntry { key, value })
}

/// The entries of a list of `{key, value}`.
pub(super) fn entries(list: &[Value], json: bool) -> Result<Vec<OwnEntry>, Fault> {
    list.iter()
        .map(|item| {
            let item = Fields(item.as_object().ok_or_else(|| Fault::malformed("列表项不合法"))?);
            entry(item.need("key")?, item.0.get("value"), json)
        })
        .collect()
}

/// What `setUdv`, `setUdvBatch` and `removeUdv` change of a user; `udv` changes nothing.
pub(super) fn asked(call: &str, fields: Fields<'_>) -> Result<Vec<OwnEntry>, Fault> {
    if fields.need("targetType")? != "USER" {
        return Err(Fault::malformed("targetType 只支持 USER"));
    }
    match call {
        "setUdv" => Ok(vec![entry(fields.need("key")?, fields.0.get("value"), true)?]),
        "setUdvBatch" => entries(fields.list("udvList"), true),
        "removeUdv" => Ok(vec![entry(fields.need("key")?, None, true)?]),
        _ => Ok(Vec::new()),
    }
}

/// Changes a person's own data, all or nothing.
pub(super) async fn change(
    app: &App,
    pool: &PoolId,
    user: UserId,
    entries: Vec<OwnEntry>,
) -> Result<(), Fault> {
    Ok(account::change_metadata(app, pool, user, entries).await?)
}
