//! Two users who are one person: what a merge would make of them, decided without a database.

use crate::{
    FieldError, MergeId, MetadataKey, ProfileField, Rule, Timestamp, User, UserId, UserRecord, UserStatus,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which of the two users a value is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The user who stays.
    Kept,
    /// The user who goes.
    Removed,
}

/// `POST /manage/v1/pools/{pool}/merges` and `…/merges/preview`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// The user who stays.
    pub kept: UserId,
    /// The user who goes; bindings and whatever the other one lacks move over.
    pub removed: UserId,
    /// Fields whose value is chosen by a person: `nickname`, `status`, `metadata.vip`, …
    #[serde(default)]
    pub choices: BTreeMap<String, Side>,
}

/// What a merge would do. Nothing is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MergePreview {
    /// The user who stays, as it is.
    pub kept: UserRecord,
    /// The user who goes, as it is.
    pub removed: UserRecord,
    /// The user who stays, as it would be.
    pub result: User,
    /// The fields in which the two differ.
    pub differences: Vec<Difference>,
}

/// A field in which two users differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Difference {
    /// The field: `nickname`, `metadata.vip`, …
    pub field: String,
    /// What the user who stays has.
    pub kept: Option<Value>,
    /// What the user who goes has.
    pub removed: Option<Value>,
    /// Which of them the merge takes.
    pub taken: Side,
}

/// A merge that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Merge {
    /// Its id.
    pub id: MergeId,
    /// The user who stayed.
    pub kept: UserId,
    /// The user who went.
    pub removed: UserId,
    /// Who merged them.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// When it was undone; absent while it stands.
    pub undone_at: Option<Timestamp>,
}

/// What undoing a merge brought back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Unmerged {
    /// The merge, now undone.
    pub merge: Merge,
    /// Fields of the user who stayed that somebody has changed since, and that were therefore left alone.
    pub left: Vec<String>,
    /// Bindings that have gone elsewhere since and were left there.
    pub bindings_left: u32,
}

/// What two users become.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The user who stays, as it is then. Its entries of metadata keep who set them and when.
    pub result: User,
    /// The fields in which the two differ.
    pub differences: Vec<Difference>,
}

/// Merges `removed` into `kept`: what the kept user lacks is taken from the other one, and where both say something
/// the kept user's word stands unless a choice says otherwise. Of two users one of whom is blocked, the result is
/// blocked: a merge alone must let nobody in.
///
/// Refuses a choice about something that is no field, and a result with too many keys.
pub fn merge(
    kept: &User,
    removed: &User,
    choices: &BTreeMap<String, Side>,
    now: Timestamp,
) -> Result<Merged, Vec<FieldError>> {
    let mut result = kept.clone();
    let mut differences = Vec::new();
    let mut unknown: BTreeSet<&str> = choices.keys().map(String::as_str).collect();
    let mut choose = |field: &str, usual: Side| {
        unknown.remove(field);
        choices.get(field).copied().unwrap_or(usual)
    };

    for field in ProfileField::ALL {
        let (mine, theirs) = (field.of_mut(&mut result.profile), field.of(&removed.profile));
        let taken = choose(field.as_str(), usual(mine.is_some(), theirs.is_some()));
        if mine != theirs {
            differences.push(Difference {
                field: field.as_str().to_owned(),
                kept: mine.as_ref().map(|field| Value::from(field.value.clone())),
                removed: theirs.as_ref().map(|field| Value::from(field.value.clone())),
                taken,
            });
        }
        if taken == Side::Removed {
            mine.clone_from(theirs);
        }
    }

    let blocked = if removed.status == UserStatus::Blocked {
        Side::Removed
    } else {
        Side::Kept
    };
    let taken = choose(
        "status",
        if kept.status == UserStatus::Blocked {
            Side::Kept
        } else {
            blocked
        },
    );
    if kept.status != removed.status {
        let word = |status| match status {
            UserStatus::Active => Value::from("active"),
            UserStatus::Blocked => Value::from("blocked"),
        };
        differences.push(Difference {
            field: "status".to_owned(),
            kept: Some(word(kept.status)),
            removed: Some(word(removed.status)),
            taken,
        });
        if taken == Side::Removed {
            result.status = removed.status;
        }
    }

    let keys: BTreeSet<MetadataKey> = kept
        .metadata
        .keys()
        .chain(removed.metadata.keys())
        .cloned()
        .collect();
    for key in keys {
        let field = format!("metadata.{key}");
        let (mine, theirs) = (kept.metadata.get(&key), removed.metadata.get(&key));
        let taken = choose(&field, usual(mine.is_some(), theirs.is_some()));
        if mine.map(|entry| &entry.value) != theirs.map(|entry| &entry.value) {
            differences.push(Difference {
                field,
                kept: mine.map(|entry| entry.value.json().clone()),
                removed: theirs.map(|entry| entry.value.json().clone()),
                taken,
            });
        }
        if taken == Side::Removed {
            match theirs {
                Some(entry) => result.metadata.insert(key, entry.clone()),
                None => result.metadata.remove(&key),
            };
        }
    }

    let mut refused: Vec<FieldError> = unknown
        .into_iter()
        .map(|field| FieldError::new(format!("choices.{field}"), Rule::FieldUnknown))
        .collect();
    if result.metadata.len() > MetadataKey::MAX_PER_USER {
        refused.push(FieldError::new("metadata", Rule::MetadataCount));
    }
    if kept.id == removed.id {
        refused.push(FieldError::new("removed", Rule::SameUser));
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    result.created_at = Timestamp(kept.created_at.0.min(removed.created_at.0));
    result.updated_at = now;
    Ok(Merged { result, differences })
}

const fn usual(kept_has: bool, removed_has: bool) -> Side {
    if !kept_has && removed_has {
        Side::Removed
    } else {
        Side::Kept
    }
}

/// Undoes a merge on the user who stayed: every field that still is what the merge made of it becomes what it was
/// before. Answers the names of the fields that somebody has changed since.
pub fn unmerge(before: &User, after: &User, now_is: &mut User) -> Vec<String> {
    let mut left = Vec::new();
    for field in ProfileField::ALL {
        let (was, became) = (field.of(&before.profile), field.of(&after.profile));
        let is = field.of_mut(&mut now_is.profile);
        if was == became {
            continue;
        }
        if is == became {
            is.clone_from(was);
        } else {
            left.push(field.as_str().to_owned());
        }
    }
    if before.status != after.status {
        if now_is.status == after.status {
            now_is.status = before.status;
        } else {
            left.push("status".to_owned());
        }
    }
    let keys: BTreeSet<&MetadataKey> = before.metadata.keys().chain(after.metadata.keys()).collect();
    for key in keys {
        let value = |user: &User| user.metadata.get(key).map(|entry| entry.value.clone());
        if value(before) == value(after) {
            continue;
        }
        if value(now_is) == value(after) {
            match before.metadata.get(key) {
                Some(entry) => now_is.metadata.insert(key.clone(), entry.clone()),
                None => now_is.metadata.remove(key),
            };
        } else {
            left.push(format!("metadata.{key}"));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Metadata, MetadataEntry, MetadataValue, Profile, Revision, Source, Sourced};
    use rstest::rstest;
    use serde_json::json;

    fn user(number: u128, nickname: Option<&str>, metadata: &[(&str, Value)]) -> User {
        User {
            id: format!("{number:032x}").parse().unwrap(),
            status: UserStatus::Active,
            profile: Profile {
                nickname: nickname.map(|value| Sourced {
                    value: value.to_owned(),
                    source: Source::WeChat,
                }),
                ..Profile::default()
            },
            metadata: metadata
                .iter()
                .map(|(key, value)| {
                    let entry = MetadataEntry {
                        value: MetadataValue::new(value.clone()).unwrap(),
                        revision: Revision(1),
                        actor: None,
                        at: Timestamp(1),
                    };
                    (key.parse().unwrap(), entry)
                })
                .collect::<Metadata>(),
            created_at: Timestamp(i64::try_from(number).unwrap()),
            updated_at: Timestamp(1),
        }
    }

    fn nickname(user: &User) -> Option<&str> {
        user.profile.nickname.as_ref().map(|field| field.value.as_str())
    }

    #[rstest]
    #[case::only_kept(Some("张伟"), None, None, Some("张伟"))]
    #[case::only_removed(None, Some("阿伟"), None, Some("阿伟"))]
    #[case::both(Some("张伟"), Some("阿伟"), None, Some("张伟"))]
    #[case::chosen(Some("张伟"), Some("阿伟"), Some(Side::Removed), Some("阿伟"))]
    #[case::chosen_away(Some("张伟"), None, Some(Side::Removed), None)]
    fn a_field_is_kept_filled_or_chosen(
        #[case] kept: Option<&str>,
        #[case] removed: Option<&str>,
        #[case] choice: Option<Side>,
        #[case] expected: Option<&str>,
    ) {
        let choices = choice
            .map(|side| ("nickname".to_owned(), side))
            .into_iter()
            .collect();
        let merged = merge(
            &user(2, kept, &[]),
            &user(1, removed, &[]),
            &choices,
            Timestamp(9),
        )
        .unwrap();
        assert_eq!(nickname(&merged.result), expected);
        assert_eq!(
            merged.result.created_at,
            Timestamp(1),
            "the person is known since the earlier one"
        );
        assert_eq!(merged.result.updated_at, Timestamp(9));
    }

    #[rstest]
    #[case(UserStatus::Active, UserStatus::Blocked)]
    #[case(UserStatus::Blocked, UserStatus::Active)]
    fn a_merge_alone_lets_no_blocked_person_in(#[case] kept: UserStatus, #[case] removed: UserStatus) {
        let one = User {
            status: kept,
            ..user(1, None, &[])
        };
        let other = User {
            status: removed,
            ..user(2, None, &[])
        };
        let merged = merge(&one, &other, &BTreeMap::new(), Timestamp(9)).unwrap();
        assert_eq!(merged.result.status, UserStatus::Blocked);
        let side = if kept == UserStatus::Active {
            Side::Kept
        } else {
            Side::Removed
        };
        let choices = BTreeMap::from([("status".to_owned(), side)]);
        let chosen = merge(&one, &other, &choices, Timestamp(9)).unwrap();
        assert_eq!(
            chosen.result.status,
            UserStatus::Active,
            "unless an operator says so"
        );
    }

    #[test]
    fn metadata_is_merged_key_by_key_and_differences_are_named() {
        let kept = user(1, None, &[("vip", json!(true)), ("city", json!("北京"))]);
        let removed = user(
            2,
            None,
            &[("vip", json!(false)), ("size", json!(3)), ("city", json!("北京"))],
        );
        let merged = merge(&kept, &removed, &BTreeMap::new(), Timestamp(9)).unwrap();
        let values: Vec<_> = merged
            .result
            .metadata
            .iter()
            .map(|(key, entry)| (key.as_str(), entry.value.json().clone()))
            .collect();
        assert_eq!(
            values,
            [("city", json!("北京")), ("size", json!(3)), ("vip", json!(true))]
        );
        let fields: Vec<_> = merged
            .differences
            .iter()
            .map(|one| (one.field.as_str(), one.taken))
            .collect();
        assert_eq!(
            fields,
            [("metadata.size", Side::Removed), ("metadata.vip", Side::Kept)]
        );
    }

    #[test]
    fn what_cannot_be_merged_is_named() {
        let one = user(1, None, &[]);
        let choices = BTreeMap::from([("shoe_size".to_owned(), Side::Kept)]);
        let refused = merge(&one, &one, &choices, Timestamp(9)).unwrap_err();
        let rules: Vec<_> = refused
            .iter()
            .map(|error| (error.field.as_str(), error.rule))
            .collect();
        assert_eq!(
            rules,
            [
                ("choices.shoe_size", Rule::FieldUnknown),
                ("removed", Rule::SameUser)
            ]
        );
    }

    #[test]
    fn undoing_restores_what_nobody_has_touched_since() {
        let kept = user(1, None, &[("vip", json!(true))]);
        let removed = user(2, Some("阿伟"), &[("size", json!(3)), ("city", json!("上海"))]);
        let after = merge(&kept, &removed, &BTreeMap::new(), Timestamp(9))
            .unwrap()
            .result;
        let mut untouched = after.clone();
        assert_eq!(unmerge(&kept, &after, &mut untouched), Vec::<String>::new());
        assert_eq!(
            (untouched.profile, untouched.metadata),
            (kept.profile.clone(), kept.metadata.clone())
        );

        let mut edited = user(
            1,
            Some("伟哥"),
            &[("vip", json!(false)), ("size", json!(4)), ("city", json!("上海"))],
        );
        assert_eq!(unmerge(&kept, &after, &mut edited), ["nickname", "metadata.size"]);
        assert_eq!(nickname(&edited), Some("伟哥"));
        let keys: Vec<_> = edited.metadata.keys().map(MetadataKey::as_str).collect();
        assert_eq!(
            keys,
            ["size", "vip"],
            "the city came with the merge and goes with it"
        );
    }
}
