//! Users and the WeChat identities bound to them.

use crate::{ConnectionId, ConnectionKind, IdentityId, Metadata, PlatformAccountId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// A person in the pool, with metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct User {
    /// The id.
    pub id: UserId,
    /// Whether the person may log in.
    pub status: UserStatus,
    /// Name, avatar and ways to reach the person.
    pub profile: Profile,
    /// Custom keys.
    pub metadata: Metadata,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When anything of the user last changed (logins do not count).
    pub updated_at: Timestamp,
}

/// Whether a user may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// May log in.
    #[default]
    Active,
    /// May not.
    Blocked,
}

/// What is known of a person. Every field is absent until somebody gave it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Profile {
    /// Nickname, mostly WeChat's.
    pub nickname: Option<Sourced>,
    /// URL of the avatar, mostly WeChat's.
    pub avatar_url: Option<Sourced>,
    /// Real name.
    pub name: Option<Sourced>,
    /// Phone number, E.164.
    pub phone: Option<Sourced>,
    /// E-mail address.
    pub email: Option<Sourced>,
    /// User name for logins with a password.
    pub username: Option<Sourced>,
}

/// A field of a [`Profile`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProfileField {
    /// [`Profile::nickname`].
    Nickname,
    /// [`Profile::avatar_url`].
    AvatarUrl,
    /// [`Profile::name`].
    Name,
    /// [`Profile::phone`].
    Phone,
    /// [`Profile::email`].
    Email,
    /// [`Profile::username`].
    Username,
}

impl ProfileField {
    /// Every field.
    pub const ALL: [Self; 6] = [
        Self::Nickname,
        Self::AvatarUrl,
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::Username,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nickname => "nickname",
            Self::AvatarUrl => "avatar_url",
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Username => "username",
        }
    }

    /// The field in a profile.
    pub const fn of(self, profile: &Profile) -> &Option<Sourced> {
        match self {
            Self::Nickname => &profile.nickname,
            Self::AvatarUrl => &profile.avatar_url,
            Self::Name => &profile.name,
            Self::Phone => &profile.phone,
            Self::Email => &profile.email,
            Self::Username => &profile.username,
        }
    }

    /// The field in a profile, to be changed.
    pub const fn of_mut(self, profile: &mut Profile) -> &mut Option<Sourced> {
        match self {
            Self::Nickname => &mut profile.nickname,
            Self::AvatarUrl => &mut profile.avatar_url,
            Self::Name => &mut profile.name,
            Self::Phone => &mut profile.phone,
            Self::Email => &mut profile.email,
            Self::Username => &mut profile.username,
        }
    }
}

/// A value and who gave it (design rule 8: each profile field knows its source).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sourced {
    /// The value.
    pub value: String,
    /// Who gave it.
    pub source: Source,
}

/// Who gave a profile field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// WeChat's server API.
    WeChat,
    /// The person, through the app.
    Person,
    /// An operator.
    Operator,
    /// A bootstrap file or an import.
    Import,
}

/// A binding: a WeChat identifier that belongs to a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Identity {
    /// The id.
    pub id: IdentityId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the identifier is unique within.
    pub scope: IdentityScope,
    /// When WeChat first named it.
    pub first_seen: Timestamp,
    /// When WeChat last named it, to the day the feed was written: a login alone does not move it on the console.
    pub last_seen: Timestamp,
}

/// What a WeChat identifier is, and what it is unique within.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum IdentityScope {
    /// An OpenID: unique for one AppID.
    OpenId {
        /// The connection it was first seen with; absent once that connection is deleted.
        connection_id: Option<ConnectionId>,
        /// The kind of that connection.
        kind: ConnectionKind,
        /// The AppID it belongs to.
        app_id: String,
        /// The OpenID.
        open_id: String,
        /// The UnionID WeChat named together with it, once it did.
        union_id: Option<String>,
    },
    /// A UnionID: unique for one Open Platform account.
    UnionId {
        /// The platform account it belongs to.
        platform_account: PlatformAccountId,
        /// The UnionID.
        union_id: String,
    },
}

impl Profile {
    /// The name people read: nickname, name, user name, e-mail, phone, in this order; `None` if none is known.
    pub fn best_name(&self) -> Option<&str> {
        [
            &self.nickname,
            &self.name,
            &self.username,
            &self.email,
            &self.phone,
        ]
        .into_iter()
        .flatten()
        .map(|field| field.value.as_str())
        .find(|value| !value.is_empty())
    }

    /// Takes nickname and avatar from WeChat, but never an anonymous profile over a real one, and never over what the
    /// person or an operator gave (design rule 8). Answers whether anything changed.
    pub fn absorb_wechat(&mut self, nickname: Option<&str>, avatar_url: Option<&str>) -> bool {
        let nickname = nickname.filter(|text| !is_anonymous_nickname(text));
        let avatar_url = avatar_url.filter(|text| !is_anonymous_avatar(text));
        let nickname = absorb(&mut self.nickname, nickname);
        let avatar = absorb(&mut self.avatar_url, avatar_url);
        nickname || avatar
    }

    /// Takes nickname and avatar from WeChat where there is none yet: of somebody whose profile WeChat told earlier, or
    /// for another of its apps, what is known is the newer or the own one.
    pub fn fill_from_wechat(&mut self, nickname: Option<&str>, avatar_url: Option<&str>) -> bool {
        let nickname = nickname.filter(|_| self.nickname.is_none());
        let avatar_url = avatar_url.filter(|_| self.avatar_url.is_none());
        self.absorb_wechat(nickname, avatar_url)
    }
}

fn absorb(field: &mut Option<Sourced>, value: Option<&str>) -> bool {
    let Some(value) = value else { return false };
    match field {
        Some(known) if known.source != Source::WeChat || known.value == value => false,
        _ => {
            *field = Some(Sourced {
                value: value.to_owned(),
                source: Source::WeChat,
            });
            true
        }
    }
}

/// Whether WeChat's nickname says nothing ("小程序用户头像昵称获取规则调整公告").
pub fn is_anonymous_nickname(nickname: &str) -> bool {
    let nickname = nickname.trim();
    nickname.is_empty() || nickname == "微信用户"
}

/// Whether WeChat's avatar is the grey one it gives to everybody (same notice).
pub fn is_anonymous_avatar(url: &str) -> bool {
    url.is_empty()
        || url.contains(
            "/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/",
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const GREY: &str = "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132";

    #[expect(
        clippy::unnecessary_wraps,
        reason = "the cases below read as the profile's fields do"
    )]
    fn from(value: &str, source: Source) -> Option<Sourced> {
        Some(Sourced {
            value: value.to_owned(),
            source,
        })
    }

    #[rstest]
    #[case::first_name(None, Some("张伟"), from("张伟", Source::WeChat))]
    #[case::anonymous_never_fills(None, Some("微信用户"), None)]
    #[case::anonymous_never_overwrites(
        from("张伟", Source::WeChat),
        Some("微信用户"),
        from("张伟", Source::WeChat)
    )]
    #[case::empty_never_overwrites(from("张伟", Source::WeChat), Some(" "), from("张伟", Source::WeChat))]
    #[case::absent_keeps(from("张伟", Source::WeChat), None, from("张伟", Source::WeChat))]
    #[case::newer_wechat_name(from("张伟", Source::WeChat), Some("大伟"), from("大伟", Source::WeChat))]
    #[case::operators_name_stays(
        from("张总", Source::Operator),
        Some("大伟"),
        from("张总", Source::Operator)
    )]
    fn an_anonymous_profile_never_overwrites_a_real_one(
        #[case] known: Option<Sourced>,
        #[case] said: Option<&str>,
        #[case] expected: Option<Sourced>,
    ) {
        let mut profile = Profile {
            nickname: known.clone(),
            ..Profile::default()
        };
        let changed = profile.absorb_wechat(said, Some(GREY));
        assert_eq!(profile.nickname, expected);
        assert_eq!(profile.avatar_url, None, "the grey avatar says nothing");
        assert_eq!(changed, known != expected);
    }

    #[test]
    fn the_best_name_is_the_most_human_one() {
        let mut profile = Profile {
            phone: from("+8613800138000", Source::WeChat),
            ..Profile::default()
        };
        assert_eq!(profile.best_name(), Some("+8613800138000"));
        profile.name = from("张伟", Source::Operator);
        assert_eq!(profile.best_name(), Some("张伟"));
    }
}
