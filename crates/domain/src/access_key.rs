//! Access keys: what an operator's console or a program shows to be let in.

use crate::{
    AccessKeyId, FieldError, Fingerprint, OperatorId, Role, Rule, ShownOnce, Timestamp, rule::check_name,
};
use serde::{Deserialize, Serialize};

/// An access key, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccessKey {
    /// The id.
    pub id: AccessKeyId,
    /// Name for people, unique in the pool.
    pub name: String,
    /// What it may do; never more than the operator it belongs to.
    pub role: Role,
    /// Whose it is; absent for a program's.
    pub operator: Option<OperatorId>,
    /// Whether the bootstrap file names it: only the file takes it away for good.
    pub from_file: bool,
    /// The first digits of its hash, by which people recognise it.
    pub fingerprint: Fingerprint,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last shown, to the hour; absent if it never was.
    pub last_used: Option<Timestamp>,
    /// When it stops to open anything; absent if it does not.
    pub expires_at: Option<Timestamp>,
}

/// `POST /manage/v1/pools/{pool}/access-keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AccessKeyDraft {
    /// Name for people, 1 to 64 characters, unique in the pool.
    pub name: String,
    /// What it may do; no more than who makes it.
    pub role: Role,
    /// Whose it is; absent for a program's.
    #[serde(default)]
    pub operator: Option<OperatorId>,
    /// When it stops to open anything; absent if it does not.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// A new access key, with the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewAccessKey {
    /// What is kept of it.
    pub access_key: AccessKey,
    /// The key: `yp_` and 64 hexadecimal digits. Nobody learns it again.
    pub key: ShownOnce,
}

impl AccessKeyDraft {
    /// Checks every rule that needs no database, and puts the name into the form in which it is kept.
    pub fn check(self, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        let mut refused = Vec::new();
        let name = check_name("name", &self.name, &mut refused);
        if self.expires_at.is_some_and(|moment| moment <= now) {
            refused.push(FieldError::new("expires_at", Rule::ExpiryPast));
        }
        if refused.is_empty() {
            Ok(Self { name, ..self })
        } else {
            Err(refused)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::never("desk", None, &[])]
    #[case::later("desk", Some(1001), &[])]
    #[case::now("desk", Some(1000), &[("expires_at", Rule::ExpiryPast)])]
    #[case::both("", Some(0), &[("name", Rule::Required), ("expires_at", Rule::ExpiryPast)])]
    fn a_key_is_named_and_expires_later(
        #[case] name: &str,
        #[case] expires_at: Option<i64>,
        #[case] refused: &[(&str, Rule)],
    ) {
        let draft = AccessKeyDraft {
            name: name.to_owned(),
            role: Role::Viewer,
            operator: None,
            expires_at: expires_at.map(Timestamp),
        };
        let told = draft.check(Timestamp(1000)).err().unwrap_or_default();
        let expected: Vec<_> = refused
            .iter()
            .map(|(field, rule)| FieldError::new(*field, *rule))
            .collect();
        assert_eq!(told, expected);
    }
}
