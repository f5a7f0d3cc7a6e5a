//! Connections: one whose identifier is taken stays as it is.

use super::{
    ACTOR, Touched,
    fault::{Fault, at, rule},
    platform_account, pool,
};
use crate::{
    bootstrap::ConnectionEntry,
    store::{NewConnection, StoreError, connections},
    vault::Vault,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use yaopai_domain::{ConnectionDraft, ConnectionId, VerificationFile, validate_draft};

/// Makes a connection, unless the pool has one of that identifier.
pub(super) async fn put(
    touched: &mut Touched<'_>,
    entry: &ConnectionEntry,
    vault: &Vault,
) -> Result<(), Fault> {
    let alone = &touched.alone;
    pool::known(alone, &entry.pool).await?;
    let platform_account = match &entry.platform_account {
        Some(name) => Some(
            platform_account::named(alone, &entry.pool, name)
                .await?
                .ok_or_else(|| {
                    at(
                        "platform_account",
                        "the pool has no platform account of this name",
                    )
                })?,
        ),
        None => None,
    };
    let draft = ConnectionDraft {
        based_on: None,
        kind: entry.kind,
        identifier: entry.identifier.clone(),
        display_name: entry.display_name.clone(),
        app_id: entry.app_id.clone(),
        app_secret: Some(entry.app_secret.clone()),
        settings: entry.settings.clone(),
        push_token: entry.push_token.clone(),
        encoding_aes_key: entry.encoding_aes_key.clone(),
        callback_url: entry.callback_url.clone(),
        verification_file: entry.verification_file.as_ref().map(|file| VerificationFile {
            name: file.name.clone(),
            content_base64: BASE64_STANDARD.encode(&file.content),
        }),
        login_only: entry.login_only,
        platform_account,
    };
    let mut fields = validate_draft(&draft, None, |text| BASE64_STANDARD.decode(text).ok())
        .map_err(|errors| errors.first().map_or_else(|| at("identifier", "refused"), rule))?;
    if connections::has_identifier(alone, &entry.pool, &entry.identifier).await? {
        return Ok(());
    }
    let id = ConnectionId::new(alone.clock(), alone.entropy());
    let secrets = vault
        .seal_all(&entry.pool, id, &mut fields, alone.entropy())
        .map_err(|error| StoreError::Engine(Box::new(error)))?;
    let new = NewConnection {
        id,
        secret: secrets
            .app_secret
            .ok_or_else(|| at("app_secret", "an AppSecret is needed"))?,
        other_secrets: secrets.others,
        fields,
        enabled: entry.enabled,
    };
    let created = connections::create(alone, ACTOR, &new).await?;
    touched
        .keys
        .extend(connections::touched(id, None, Some(&created)));
    Ok(())
}
