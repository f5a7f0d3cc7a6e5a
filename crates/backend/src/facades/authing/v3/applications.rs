//! Applications, as scripts read them.

use super::PAGE_MAX;
use crate::facades::authing::{
    fields::Fields,
    operator::{Operator, page},
    wire::Fault,
};
use serde_json::{Value, json};
use yaopai_domain::{Action, ApplicationId, ApplicationRecord};

/// Answers a call about applications; `None` if it is about something else.
pub(super) async fn answer(
    operator: &Operator,
    name: &str,
    fields: Fields<'_>,
) -> Result<Option<Value>, Fault> {
    Ok(Some(match name {
        "list-applications" => {
            operator.may(Action::ReadApplications)?;
            let mut all = operator.app.store.application_records(&operator.pool).await?;
            if let Some(keywords) = fields.text("keywords") {
                all.retain(|one| one.name.contains(keywords) || one.id.as_str().contains(keywords));
            }
            let (skip, take) = if fields.flag("all") {
                (0, u32::MAX)
            } else {
                page(fields, PAGE_MAX)
            };
            let some = all.iter().skip(skip as usize).take(take as usize);
            let list: Vec<Value> = some.map(|one| shown(operator, one)).collect();
            json!({ "totalCount": all.len(), "list": list })
        }
        "get-application" => {
            operator.may(Action::ReadApplications)?;
            let missing = || Fault::new(1001, "应用不存在");
            let id: ApplicationId = fields.need("appId")?.parse().map_err(|_| missing())?;
            let store = &operator.app.store;
            let found = store.application_record(&operator.pool, &id).await?;
            shown(operator, &found.ok_or_else(missing)?)
        }
        _ => return Ok(None),
    }))
}

/// As `ApplicationDto` of authing-node-sdk 4.0.1 has it.
fn shown(operator: &Operator, one: &ApplicationRecord) -> Value {
    json!({
        "appId": one.id,
        "appIdentifier": one.id,
        "appName": one.name,
        "appLogo": "",
        "appDescription": "",
        "appType": "web",
        "userPoolId": operator.pool,
        "isIntegrateApp": false,
        "defaultProtocol": "oidc",
        "redirectUris": one.redirect_urls,
        "logoutRedirectUris": [],
        "initLoginUri": "",
        "ssoEnabled": false,
        "oidcConfig": {
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "id_token_signed_response_alg": one.token_algorithm,
        },
        "samlProviderEnabled": false,
        "oauthProviderEnabled": false,
        "casProviderEnabled": false,
        "customBrandingEnabled": false,
        "customSecurityEnabled": false,
    })
}
