//! What mutations make of users, decided in memory: values decide, revisions do not.

use super::{
    Alone, StoreError,
    engine::values,
    fields,
    login_names::{self, Holder},
    users,
};
use futures_util::future::{try_join_all, try_join4};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use yaopai_domain::{
    Act, Bug, FieldGroup, LoginName, LoginNameKind, Metadata, MetadataKey, MetadataValue, NewUser, Patch,
    PersonName, Profile, ProfileField, PushRejection, Source, Sourced, Timestamp, User, UserId, UserStatus,
    planted,
};

/// What becomes of a mutation, before the feed has given it a revision.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ruling {
    /// It is written.
    Applied,
    /// The field has the value already.
    Noop,
    /// Somebody else has changed the field.
    Conflict {
        /// What it is now.
        theirs: Option<MetadataValue>,
        /// Whether an earlier mutation of the same push made it so.
        own: bool,
    },
    /// It can never be written.
    Rejected(PushRejection),
}

/// Those whom a push is about, as they are and as its mutations make them.
#[derive(Default)]
pub(super) struct Edits {
    /// Who is there; metadata is not loaded.
    people: BTreeMap<UserId, Person>,
    values: BTreeMap<(UserId, MetadataKey), Option<MetadataValue>>,
    /// Ids of users who are there, or were.
    used: HashSet<UserId>,
    /// Login names that are somebody's.
    taken: HashSet<(LoginNameKind, String)>,
    changed: BTreeSet<(UserId, FieldGroup)>,
}

struct Person {
    user: User,
    keys: usize,
    touched: bool,
    /// Whether the user's own row is another one.
    rewritten: bool,
    created: bool,
}

impl Edits {
    /// Reads everything that these mutations are about.
    pub(super) async fn look<'a>(
        &mut self,
        alone: &Alone<'_>,
        acts: impl Iterator<Item = &'a Act> + Clone,
    ) -> Result<(), StoreError> {
        let ids: BTreeSet<UserId> = acts.clone().map(Act::user_id).collect();
        let keys: BTreeSet<(UserId, &MetadataKey)> = acts
            .clone()
            .filter_map(|act| match act {
                Act::Patch(Patch {
                    user_id,
                    field: FieldGroup::Metadata(key),
                    ..
                }) => Some((*user_id, key)),
                Act::Patch(_) | Act::Create(_) => None,
            })
            .collect();
        let news: Vec<&NewUser> = acts
            .filter_map(|act| match act {
                Act::Create(new) => Some(new.as_ref()),
                Act::Patch(_) => None,
            })
            .collect();
        let names: Vec<LoginName> = news.iter().flat_map(|new| login_names_of(new)).collect();
        let pool = alone.pool();
        let (people, values, used, holders) = try_join4(
            try_join_all(ids.iter().map(|id| person(alone, *id))),
            try_join_all(
                keys.iter()
                    .map(|(user, key)| fields::metadata_value(alone, *user, key)),
            ),
            try_join_all(news.iter().map(|new| is_used(alone, new.user_id))),
            try_join_all(names.iter().map(|name| login_names::holder(alone, pool, name))),
        )
        .await?;
        self.people = ids
            .into_iter()
            .zip(people)
            .filter_map(|(id, person)| Some((id, person?)))
            .collect();
        self.values = keys
            .into_iter()
            .map(|(user, key)| (user, key.clone()))
            .zip(values)
            .collect();
        let used = news.iter().zip(used).filter(|(_, used)| *used);
        self.used = used.map(|(new, _)| new.user_id).collect();
        // Of those who are there already, whether they are what is to be created.
        let again: Vec<(UserId, &MetadataKey)> = news
            .iter()
            .filter(|new| self.people.contains_key(&new.user_id))
            .flat_map(|new| new.metadata.keys().map(|key| (new.user_id, key)))
            .collect();
        let found = again
            .iter()
            .map(|(user, key)| fields::metadata_value(alone, *user, key));
        let found = try_join_all(found).await?;
        for ((user, key), value) in again.into_iter().zip(found) {
            self.values.insert((user, key.clone()), value);
        }
        let taken = names
            .iter()
            .zip(holders)
            .filter(|(_, holder)| *holder != Holder::Nobody);
        self.taken = taken.map(|(name, _)| (name.kind(), name.key())).collect();
        Ok(())
    }

    /// Decides one mutation on top of those before it.
    pub(super) fn decide(&mut self, act: &Act, now: Timestamp) -> Ruling {
        match act {
            Act::Create(new) => self.create(new, now),
            Act::Patch(patch) => match &patch.field {
                FieldGroup::Metadata(key) => self.set_key(patch, key, now),
                FieldGroup::Nickname => self.rename(patch, ProfileField::Nickname, now),
                FieldGroup::Name => self.rename(patch, ProfileField::Name, now),
            },
        }
    }

    fn set_key(&mut self, patch: &Patch, key: &MetadataKey, now: Timestamp) -> Ruling {
        let Some(person) = self.people.get_mut(&patch.user_id) else {
            return Ruling::Rejected(PushRejection::UserGone);
        };
        let current = self.values.entry((patch.user_id, key.clone())).or_default();
        if *current == patch.new {
            return Ruling::Noop;
        }
        let change = (patch.user_id, patch.field.clone());
        if *current != patch.base && !planted(Bug::Overwriting) {
            return Ruling::Conflict {
                theirs: current.clone(),
                own: self.changed.contains(&change),
            };
        }
        match (&current, &patch.new) {
            (None, Some(_)) if person.keys >= MetadataKey::MAX_PER_USER => {
                return Ruling::Rejected(PushRejection::TooManyKeys);
            }
            (None, Some(_)) => person.keys += 1,
            (Some(_), None) => person.keys -= 1,
            _ => {}
        }
        current.clone_from(&patch.new);
        person.touch(now);
        self.changed.insert(change);
        Ruling::Applied
    }

    fn rename(&mut self, patch: &Patch, field: ProfileField, now: Timestamp) -> Ruling {
        let Some(person) = self.people.get_mut(&patch.user_id) else {
            return Ruling::Rejected(PushRejection::UserGone);
        };
        let parsed = |value: &MetadataValue| value.json().as_str()?.parse::<PersonName>().ok();
        let new = match patch.new.as_ref().map(parsed) {
            Some(None) => return Ruling::Rejected(PushRejection::Invalid),
            Some(Some(name)) => Some(name.to_string()),
            None => None,
        };
        let shown = field.of_mut(&mut person.user.profile);
        let current = shown.as_ref().map(|known| known.value.clone());
        if current == new {
            return Ruling::Noop;
        }
        let change = (patch.user_id, patch.field.clone());
        let base = patch.base.as_ref().map(MetadataValue::json);
        if current.as_deref() != base.map(|base| base.as_str().unwrap_or_default()) {
            return Ruling::Conflict {
                theirs: current.and_then(|text| MetadataValue::new(text.into()).ok()),
                own: self.changed.contains(&change),
            };
        }
        *shown = new.map(|value| Sourced {
            value,
            source: Source::Operator,
        });
        person.rewritten = true;
        person.touch(now);
        self.changed.insert(change);
        Ruling::Applied
    }

    fn create(&mut self, new: &NewUser, now: Timestamp) -> Ruling {
        if self.is_same(new) {
            // Another console took the same row of the same file.
            return Ruling::Noop;
        }
        if self.used.contains(&new.user_id) {
            return Ruling::Rejected(PushRejection::UserExists);
        }
        let names = login_names_of(new);
        for name in &names {
            if self.taken.contains(&(name.kind(), name.key())) {
                return Ruling::Rejected(match name.kind() {
                    LoginNameKind::Phone => PushRejection::PhoneTaken,
                    LoginNameKind::Email => PushRejection::EmailTaken,
                    LoginNameKind::Username => PushRejection::UsernameTaken,
                });
            }
        }
        if new.metadata.len() > MetadataKey::MAX_PER_USER {
            return Ruling::Rejected(PushRejection::TooManyKeys);
        }
        self.used.insert(new.user_id);
        self.taken
            .extend(names.iter().map(|name| (name.kind(), name.key())));
        for (key, value) in &new.metadata {
            self.values
                .insert((new.user_id, key.clone()), Some(value.clone()));
            self.changed
                .insert((new.user_id, FieldGroup::Metadata(key.clone())));
        }
        let imported = |value: Option<&str>| {
            value.map(|value| Sourced {
                value: value.to_owned(),
                source: Source::Import,
            })
        };
        let user = User {
            id: new.user_id,
            status: UserStatus::Active,
            profile: Profile {
                nickname: imported(new.nickname.as_ref().map(PersonName::as_str)),
                avatar_url: None,
                name: imported(new.name.as_ref().map(PersonName::as_str)),
                phone: imported(new.phone.as_ref().map(yaopai_domain::Phone::as_str)),
                email: imported(new.email.as_ref().map(yaopai_domain::Email::as_str)),
                username: imported(new.username.as_ref().map(yaopai_domain::Username::as_str)),
            },
            metadata: Metadata::new(),
            created_at: now,
            updated_at: now,
        };
        let person = Person {
            user,
            keys: new.metadata.len(),
            touched: true,
            rewritten: true,
            created: true,
        };
        self.people.insert(new.user_id, person);
        Ruling::Applied
    }

    /// Whether a user is there who has exactly these fields.
    fn is_same(&self, new: &NewUser) -> bool {
        let Some(person) = self.people.get(&new.user_id) else {
            return false;
        };
        let profile = &person.user.profile;
        let texts = [
            (&profile.nickname, new.nickname.as_ref().map(PersonName::as_str)),
            (&profile.name, new.name.as_ref().map(PersonName::as_str)),
            (
                &profile.phone,
                new.phone.as_ref().map(yaopai_domain::Phone::as_str),
            ),
            (
                &profile.email,
                new.email.as_ref().map(yaopai_domain::Email::as_str),
            ),
            (
                &profile.username,
                new.username.as_ref().map(yaopai_domain::Username::as_str),
            ),
        ];
        let is_set = |(key, value): (&MetadataKey, &MetadataValue)| {
            let found = self.values.get(&(new.user_id, key.clone()));
            found.is_some_and(|found| found.as_ref() == Some(value))
        };
        texts
            .into_iter()
            .all(|(known, new)| known.as_ref().map(|known| known.value.as_str()) == new)
            && person.keys == new.metadata.len()
            && new.metadata.iter().all(is_set)
    }

    /// The users that were changed, and whether their own rows have to be saved.
    pub(super) fn touched(&self) -> impl Iterator<Item = (&User, bool)> {
        let touched = self.people.values().filter(|person| person.touched);
        touched.map(|person| (&person.user, person.rewritten))
    }

    /// The users that were created.
    pub(super) fn created(&self) -> impl Iterator<Item = &User> {
        let created = self.people.values().filter(|person| person.created);
        created.map(|person| &person.user)
    }

    /// The metadata that was changed, as it is now.
    pub(super) fn values(&self) -> impl Iterator<Item = (UserId, &MetadataKey, Option<&MetadataValue>)> {
        self.values
            .iter()
            .filter(|((user, key), _)| self.changed.contains(&(*user, FieldGroup::Metadata(key.clone()))))
            .map(|((user, key), value)| (*user, key, value.as_ref()))
    }

    /// The field groups that were changed.
    pub(super) fn fields(&self) -> impl Iterator<Item = (UserId, &FieldGroup)> {
        self.changed.iter().map(|(user, field)| (*user, field))
    }

    /// Whether it is written down who made a field what it is: of the profile only what operators gave.
    pub(super) fn is_noted(&self, patch: &Patch) -> bool {
        let field = match &patch.field {
            FieldGroup::Metadata(_) => return true,
            FieldGroup::Nickname => ProfileField::Nickname,
            FieldGroup::Name => ProfileField::Name,
        };
        self.people.get(&patch.user_id).is_some_and(|person| {
            let known = field.of(&person.user.profile).as_ref();
            known.is_none_or(|known| known.source == Source::Operator)
        })
    }
}

impl Person {
    fn touch(&mut self, now: Timestamp) {
        self.touched = true;
        self.user.updated_at = now;
    }
}

async fn person(alone: &Alone<'_>, id: UserId) -> Result<Option<Person>, StoreError> {
    let Some(user) = users::load_without_metadata(alone, alone.pool(), id).await? else {
        return Ok(None);
    };
    Ok(Some(Person {
        user,
        keys: fields::count_metadata(alone, id).await?,
        touched: false,
        rewritten: false,
        created: false,
    }))
}

/// Whether a user has this id, in any pool, or had it in this one.
async fn is_used(alone: &Alone<'_>, id: UserId) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM users WHERE id = $1
        UNION ALL SELECT eid FROM feed WHERE pool = $2 AND etype = 'user' AND eid = $3";
    alone.any(sql, values![id, alone.pool(), id]).await
}

fn login_names_of(new: &NewUser) -> Vec<LoginName> {
    let phone = new.phone.clone().map(LoginName::from);
    let email = new.email.clone().map(LoginName::from);
    let username = new.username.clone().map(LoginName::from);
    [phone, email, username].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn user_id(number: u32) -> UserId {
        format!("00000000-0000-7000-8000-{number:012x}").parse().unwrap()
    }

    fn somebody() -> (Edits, UserId) {
        let id = user_id(1);
        let mut edits = Edits::default();
        let new = NewUser {
            user_id: id,
            nickname: Some("张伟".parse().unwrap()),
            name: None,
            phone: Some("+8613800138000".parse().unwrap()),
            email: None,
            username: None,
            metadata: BTreeMap::new(),
        };
        assert_eq!(edits.create(&new, Timestamp(1)), Ruling::Applied);
        (edits, id)
    }

    fn json(text: &str) -> MetadataValue {
        MetadataValue::parse(text).unwrap()
    }

    fn patch(user_id: UserId, field: &str, base: Option<&str>, new: Option<&str>) -> Act {
        Act::Patch(Patch {
            user_id,
            field: field.parse().unwrap(),
            base: base.map(json),
            new: new.map(json),
        })
    }

    #[rstest]
    #[case::renamed("profile.nickname", Some("\"张伟\""), Some("\"小张\""), Ruling::Applied)]
    #[case::blanks_are_dropped("profile.nickname", Some("\"x\""), Some("\" 张伟 \""), Ruling::Noop)]
    #[case::removed("profile.nickname", Some("\"张伟\""), None, Ruling::Applied)]
    #[case::given("profile.name", None, Some("\"张伟\""), Ruling::Applied)]
    #[case::somebody_else_was_there(
        "profile.nickname", Some("\"李娜\""), Some("\"小李\""),
        Ruling::Conflict { theirs: Some(json("\"张伟\"")), own: false }
    )]
    #[case::not_a_text("profile.name", None, Some("7"), Ruling::Rejected(PushRejection::Invalid))]
    #[case::empty("profile.name", None, Some("\" \""), Ruling::Rejected(PushRejection::Invalid))]
    fn names_are_decided_by_their_values(
        #[case] field: &str,
        #[case] base: Option<&str>,
        #[case] new: Option<&str>,
        #[case] ruling: Ruling,
    ) {
        let (mut edits, id) = somebody();
        assert_eq!(edits.decide(&patch(id, field, base, new), Timestamp(2)), ruling);
    }

    #[test]
    fn what_an_operator_gives_knows_its_source() {
        let (mut edits, id) = somebody();
        let given = patch(id, "profile.name", None, Some("\"张伟\""));
        edits.decide(&given, Timestamp(2));
        let (user, rewritten) = edits.touched().next().unwrap();
        assert!(rewritten);
        assert_eq!(user.profile.name.as_ref().unwrap().source, Source::Operator);
        assert_eq!(user.profile.nickname.as_ref().unwrap().source, Source::Import);
    }

    #[test]
    fn the_loser_against_an_edit_of_the_same_push_knows_that() {
        let (mut edits, id) = somebody();
        let first = patch(id, "metadata.tier", None, Some("1"));
        let second = patch(id, "metadata.tier", None, Some("2"));
        assert_eq!(edits.decide(&first, Timestamp(2)), Ruling::Applied);
        let lost = Ruling::Conflict {
            theirs: Some(json("1")),
            own: true,
        };
        assert_eq!(edits.decide(&second, Timestamp(2)), lost);
    }

    #[rstest]
    #[case::the_same(None, None, Ruling::Noop)]
    #[case::another_name(Some("小张"), None, Ruling::Rejected(PushRejection::UserExists))]
    #[case::another_key(None, Some("1"), Ruling::Rejected(PushRejection::UserExists))]
    fn whom_another_console_has_created_with_the_same_fields_is_there_already(
        #[case] nickname: Option<&str>,
        #[case] more: Option<&str>,
        #[case] ruling: Ruling,
    ) {
        let mut edits = Edits::default();
        let mut new = NewUser {
            user_id: user_id(1),
            nickname: Some("张伟".parse().unwrap()),
            name: None,
            phone: Some("+8613800138000".parse().unwrap()),
            email: None,
            username: Some("wei".parse().unwrap()),
            metadata: BTreeMap::from([("tier".parse().unwrap(), json("\"gold\""))]),
        };
        assert_eq!(edits.create(&new, Timestamp(1)), Ruling::Applied);
        if let Some(nickname) = nickname {
            new.nickname = Some(nickname.parse().unwrap());
        }
        new.metadata
            .extend(more.map(|value| ("more".parse().unwrap(), json(value))));
        assert_eq!(edits.create(&new, Timestamp(2)), ruling);
    }

    #[test]
    fn an_id_and_a_phone_are_one_persons_within_a_push_too() {
        let (mut edits, id) = somebody();
        let again = NewUser {
            user_id: id,
            nickname: None,
            name: None,
            phone: None,
            email: None,
            username: None,
            metadata: BTreeMap::new(),
        };
        let exists = Ruling::Rejected(PushRejection::UserExists);
        assert_eq!(edits.create(&again, Timestamp(2)), exists);
        let other = NewUser {
            user_id: user_id(2),
            phone: Some("138 0013 8000".parse().unwrap()),
            ..again
        };
        let taken = Ruling::Rejected(PushRejection::PhoneTaken);
        assert_eq!(edits.create(&other, Timestamp(2)), taken);
    }
}
