//! Administrators' scripts: whose key they show, and what they may do with it.

use super::{
    caller::{FACADE, via},
    custom_data, entry,
    fields::Fields,
    signature::{Signature, WINDOW_MILLIS},
    user::Portrait,
    wire::Fault,
};
use crate::{
    App, Error,
    account::{self, OwnEntry},
    facades::Call,
    login::{self, Rejected},
    store::{AuthingKey, By, StoreError, UserChange, UserColumn, UserPage, UserSearch, UserTest},
    vault::{Place, Sealed},
};
use serde_json::{Map, Value};
use std::sync::Arc;
use yaopai_domain::{Action, PoolId, Profile, ProfileField, Role, Source, UserId, UserStatus, Username};
use zeroize::Zeroizing;

/// A nonce is remembered until its date is refused, whichever way the clocks differ.
const NONCE_KEPT: i64 = 2 * WINDOW_MILLIS;

/// Characters of a text of the profile.
const TEXT_MAX: usize = 512;

/// Whose key was shown.
pub(super) struct Operator {
    pub(super) app: Arc<App>,
    pub(super) pool: PoolId,
    /// The name of the key, as the audit log has it.
    pub(super) name: String,
    pub(super) role: Role,
}

/// Where the secret of a key is sealed.
pub(crate) const fn secret_place<'a>(pool: &'a PoolId, id: &'a str) -> Place<'a> {
    Place {
        table: "authing_key",
        pool,
        row: id,
        field: "secret",
    }
}

/// The secret of a key.
pub(super) fn secret(app: &App, key: &AuthingKey) -> Result<Zeroizing<String>, Fault> {
    let place = secret_place(&key.pool, &key.id);
    let Sealed { key_id, bytes } = &key.secret;
    let clear = app.vault.open_bytes(place, key_id, bytes)?;
    let text = std::str::from_utf8(&clear).map_err(|_| Error::Internal("a key's secret is no text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

impl Operator {
    /// Whose key signed a request: each signature once, and within ten minutes.
    pub(super) async fn of_signature(
        app: Arc<App>,
        call: &Call,
        parameters: &Map<String, Value>,
    ) -> Result<Self, Fault> {
        let now = app.clock.now();
        let signature = Signature::of(&call.headers, now)?;
        let refused = Fault::new(401, "accessKeyId 或签名不正确");
        let Some(key) = app.store.authing_key(&signature.key_id).await? else {
            return Err(refused);
        };
        let path = call.uri.path();
        let secret = secret(&app, &key)?;
        if !signature.is_of(&secret, &call.method, path, &call.headers, parameters) {
            login::reject(&app, &key.pool, None, &via(call), Rejected::TokenRefused).await;
            return Err(refused);
        }
        let oldest = now.plus_millis(-NONCE_KEPT);
        if !app
            .store
            .note_authing_nonce(&key.id, &signature.nonce, oldest)
            .await?
        {
            login::reject(&app, &key.pool, None, &via(call), Rejected::Replay).await;
            return Err(Fault::new(401, "签名已被使用"));
        }
        Ok(Self::of_key(app, key))
    }

    /// Whose key this is.
    pub(super) fn of_key(app: Arc<App>, key: AuthingKey) -> Self {
        Self {
            app,
            name: format!("{FACADE}:{}", key.name),
            role: key.role,
            pool: key.pool,
        }
    }

    /// Refuses what the key's role may not do.
    pub(super) fn may(&self, action: Action) -> Result<(), Fault> {
        if self.role.may(action) {
            Ok(())
        } else {
            Err(Fault::forbidden())
        }
    }

    /// A user.
    pub(super) async fn portrait(&self, user: UserId) -> Result<Portrait, Fault> {
        super::caller::portrait(&self.app, &self.pool, user).await
    }

    /// Users, found.
    pub(super) async fn search(&self, search: UserSearch) -> Result<UserPage, Fault> {
        self.may(Action::ReadUsers)?;
        Ok(self.app.store.search_users(&self.pool, search).await?)
    }

    /// A user by a value of one column; nobody, if several have it.
    pub(super) async fn who(&self, column: UserColumn, value: String) -> Result<Option<UserId>, Fault> {
        let search = UserSearch {
            tests: vec![(column, UserTest::Among(vec![value.into()]))],
            take: 2,
            ..UserSearch::default()
        };
        match self.search(search).await?.users.as_slice() {
            [user] => Ok(Some(*user)),
            _ => Ok(None),
        }
    }

    /// Makes a user.
    pub(super) async fn create(
        &self,
        sent: &Map<String, Value>,
        password: Option<Zeroizing<String>>,
    ) -> Result<UserId, Fault> {
        self.may(Action::EditUsers)?;
        let mut change = change_of(sent)?;
        if let Some(password) = password {
            change.password_hash = Some(self.hash(&password, &change, &Profile::default()).await?);
        }
        let store = &self.app.store;
        let user = store
            .create_user(&self.pool, self.by(), Source::Operator, change)
            .await?;
        Ok(user.id)
    }

    /// Changes a user.
    pub(super) async fn change(
        &self,
        user: UserId,
        sent: &Map<String, Value>,
        password: Option<Zeroizing<String>>,
    ) -> Result<(), Fault> {
        self.may(Action::EditUsers)?;
        let mut change = change_of(sent)?;
        if let Some(password) = password {
            let known = self.portrait(user).await?.person.user.profile;
            change.password_hash = Some(self.hash(&password, &change, &known).await?);
        }
        self.apply(user, change).await
    }

    /// The hash of a new password, if it keeps the rules for whom the user will be after the change.
    async fn hash(
        &self,
        password: &Zeroizing<String>,
        change: &UserChange,
        known: &Profile,
    ) -> Result<String, Fault> {
        let will_be = |field: ProfileField| match change.profile.iter().find(|(changed, _)| *changed == field)
        {
            Some((_, value)) => value.as_deref(),
            None => field.of(known).as_ref().map(|known| known.value.as_str()),
        };
        let names = [ProfileField::Phone, ProfileField::Email, ProfileField::Username];
        let names: Vec<&str> = names.into_iter().filter_map(will_be).collect();
        Ok(account::new_hash(&self.app, password, &names).await?)
    }

    async fn apply(&self, user: UserId, change: UserChange) -> Result<(), Fault> {
        let store = &self.app.store;
        store
            .change_user(&self.pool, self.by(), Source::Operator, user, change)
            .await
            .map_err(missing_user)?;
        Ok(())
    }

    /// Deletes users; all of them have to be there.
    pub(super) async fn delete(&self, users: &[UserId]) -> Result<(), Fault> {
        self.may(Action::DeleteUsers)?;
        for user in users {
            self.portrait(*user).await?;
        }
        for user in users {
            let gone = self.app.store.delete_user(&self.pool, self.by(), *user).await;
            gone.map_err(missing_user)?;
        }
        Ok(())
    }

    /// Ends every session of these users; all of them have to be there.
    pub(super) async fn kick(&self, users: &[UserId]) -> Result<(), Fault> {
        self.may(Action::EditUsers)?;
        let store = &self.app.store;
        let kicked = store.kick(&self.pool, users, self.by()).await;
        kicked.map_err(missing_user)
    }

    /// Changes a user's custom data.
    pub(super) async fn change_data(&self, user: UserId, entries: Vec<OwnEntry>) -> Result<(), Fault> {
        self.may(Action::EditUsers)?;
        let metadata = entries
            .into_iter()
            .map(|entry| (entry.key, entry.value))
            .collect();
        let change = UserChange {
            metadata,
            ..UserChange::default()
        };
        self.apply(user, change).await
    }

    /// Who it is, for the audit log.
    pub(super) fn by(&self) -> By {
        By {
            actor: self.name.clone(),
        }
    }
}

fn missing_user(error: StoreError) -> Fault {
    match error {
        StoreError::NotFound(_) => Fault::no_user(),
        error => error.into(),
    }
}

/// A page as the SDKs ask for it: from 1, at most `most` users.
pub(super) fn page(fields: Fields<'_>, most: i64) -> (u32, u32) {
    let limit = fields.number("limit").unwrap_or(10).clamp(1, most);
    let page = fields.number("page").unwrap_or(1).clamp(1, 100_000);
    ((page - 1) as u32 * limit as u32, limit as u32)
}

/// What an operator sends of a user: profile, names, status and custom data. Nothing else is an operator's to say.
fn change_of(sent: &Map<String, Value>) -> Result<UserChange, Fault> {
    let fields = Fields(sent);
    let mut profile = Vec::new();
    for (member, field) in [
        ("nickname", ProfileField::Nickname),
        ("photo", ProfileField::AvatarUrl),
        ("name", ProfileField::Name),
        ("username", ProfileField::Username),
        ("email", ProfileField::Email),
        ("phone", ProfileField::Phone),
    ] {
        let text = match sent.get(member) {
            None => continue,
            Some(Value::Null) => "",
            Some(Value::String(text)) => text.trim(),
            Some(_) => return Err(Fault::malformed(format!("参数不合法: {member}"))),
        };
        if text.chars().count() > TEXT_MAX || text.chars().any(char::is_control) {
            return Err(Fault::malformed(format!("参数不合法: {member}")));
        }
        let value = match field {
            _ if text.is_empty() => None,
            ProfileField::Phone => Some(entry::phone(text, fields.text("phoneCountryCode"))?.to_string()),
            ProfileField::Email => Some(entry::email(text)?.as_str().to_owned()),
            ProfileField::Username => {
                let name: Username = text.parse().map_err(|_| Fault::malformed("用户名格式不正确"))?;
                Some(name.to_string())
            }
            ProfileField::Nickname | ProfileField::AvatarUrl | ProfileField::Name => Some(text.to_owned()),
        };
        profile.push((field, value));
    }
    let status = match (fields.text("status"), sent.get("blocked")) {
        (Some("Suspended" | "Deactivated" | "Resigned" | "Archived"), _)
        | (None, Some(Value::Bool(true))) => Some(UserStatus::Blocked),
        (Some("Activated"), _) | (None, Some(Value::Bool(false))) => Some(UserStatus::Active),
        (Some(_), _) => return Err(Fault::malformed("参数不合法: status")),
        (None, _) => None,
    };
    let data = fields.object("customData").into_iter().flatten();
    let metadata = data
        .map(|(key, value)| {
            let entry = custom_data::entry(key, Some(value), false)?;
            Ok((entry.key, entry.value))
        })
        .collect::<Result<_, Fault>>()?;
    Ok(UserChange {
        based_on: None,
        status,
        profile,
        metadata,
        password_hash: None,
    })
}
