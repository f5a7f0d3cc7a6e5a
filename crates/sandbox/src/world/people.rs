//! The people who own simulated phones.

use std::sync::{Arc, LazyLock};

use serde::Serialize;

/// The avatar WeChat gives to those who keep theirs to themselves.
pub(crate) const GREY_AVATAR: &str = "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132";

/// The nickname WeChat gives to those who keep theirs to themselves.
pub(crate) const ANONYMOUS: &str = "微信用户";

/// What sets a test person apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonTrait {
    /// Their UnionID never appears, as if no app were bound to an open platform account.
    WithoutUnionId,
    /// WeChat tells nothing about them: nickname 微信用户 and the grey avatar.
    AnonymousProfile,
    /// Their nickname holds emoji, also ones of several code points.
    EmojiNickname,
}

impl PersonTrait {
    /// The trait in Chinese and in English.
    pub(crate) fn label(self) -> (&'static str, &'static str) {
        match self {
            Self::WithoutUnionId => ("无 UnionID", "no UnionID"),
            Self::AnonymousProfile => ("匿名资料", "anonymous profile"),
            Self::EmojiNickname => ("表情昵称", "emoji nickname"),
        }
    }
}

/// The picture drawn for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Motif {
    Hill,
    Moon,
    Wave,
    Sun,
    Leaf,
    Nobody,
}

/// A test person.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: String,
    /// What the phone calls them, so that they can be told apart whatever their nickname is.
    pub(crate) name: String,
    pub(crate) nickname: String,
    pub(crate) traits: Vec<PersonTrait>,
    pub(crate) motif: Motif,
    /// Country code without `+`.
    pub(crate) country_code: &'static str,
    /// Their number without the country code.
    pub(crate) phone_number: String,
}

impl Person {
    /// Whether they have this trait.
    pub(crate) fn is(&self, which: PersonTrait) -> bool {
        self.traits.contains(&which)
    }
}

/// Everyone with a name, in the order the phone offers them.
pub(crate) static EVERYONE: LazyLock<Vec<Arc<Person>>> = LazyLock::new(|| {
    let person = |id: &str, name: &str, nickname: &str, traits: &[PersonTrait], motif, phone: (_, &str)| {
        Arc::new(Person {
            id: id.to_owned(),
            name: name.to_owned(),
            nickname: nickname.to_owned(),
            traits: traits.to_vec(),
            motif,
            country_code: phone.0,
            phone_number: phone.1.to_owned(),
        })
    };
    vec![
        person(
            "lin-xiaoman",
            "林小满",
            "小满",
            &[],
            Motif::Hill,
            ("86", "13800138001"),
        ),
        person("chen-mo", "陈默", "陈默", &[], Motif::Moon, ("86", "13800138002")),
        person(
            "zhao-yuan",
            "赵远",
            "远山如黛",
            &[],
            Motif::Wave,
            ("852", "51234567"),
        ),
        person(
            "su-he",
            "苏禾",
            "苏禾",
            &[PersonTrait::WithoutUnionId],
            Motif::Sun,
            ("86", "13800138004"),
        ),
        person(
            "zhou-ning",
            "周宁",
            ANONYMOUS,
            &[PersonTrait::AnonymousProfile],
            Motif::Nobody,
            ("86", "13800138005"),
        ),
        person(
            "ye-zi",
            "叶子",
            "叶子🍃👩‍🌾",
            &[PersonTrait::EmojiNickname],
            Motif::Leaf,
            ("86", "13800138006"),
        ),
    ]
});

/// The person with this id: one of [`EVERYONE`], or one of the crowd, `visitor-0` to `visitor-99999999`.
pub(crate) fn find(id: &str) -> Option<Arc<Person>> {
    EVERYONE
        .iter()
        .find(|person| person.id == id)
        .cloned()
        .or_else(|| visitor(id))
}

/// One of the crowd: people who come into being by being named, for tests that need many.
fn visitor(id: &str) -> Option<Arc<Person>> {
    let number = id.strip_prefix("visitor-")?;
    let canonical = number == "0" || !number.starts_with('0');
    if !canonical || number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let motifs = [Motif::Hill, Motif::Moon, Motif::Wave, Motif::Sun, Motif::Leaf];
    let value: usize = number.parse().ok()?;
    Some(Arc::new(Person {
        id: id.to_owned(),
        name: format!("访客 {number}"),
        nickname: format!("访客{number}"),
        traits: Vec::new(),
        motif: motifs[value % motifs.len()],
        country_code: "86",
        phone_number: format!("199{value:08}"),
    }))
}

/// A test person as scripts see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonSheet {
    /// What a script calls them, e.g. `lin-xiaoman`.
    pub id: String,
    /// Their name on the phone.
    pub name: String,
    /// Their nickname, as `sns/userinfo` tells it.
    pub nickname: String,
    /// What sets them apart; empty for ordinary people.
    pub traits: Vec<PersonTrait>,
    /// Their phone number with `+` and country code.
    pub phone: String,
}

impl From<&Person> for PersonSheet {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id.clone(),
            name: person.name.clone(),
            nickname: person.nickname.clone(),
            traits: person.traits.clone(),
            phone: format!("+{}{}", person.country_code, person.phone_number),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("visitor-0", Some("19900000000"))]
    #[case("visitor-42", Some("19900000042"))]
    #[case("visitor-99999999", Some("19999999999"))]
    #[case("visitor-042", None)]
    #[case("visitor-100000000", None)]
    #[case("visitor-", None)]
    #[case("visitor-x", None)]
    fn a_visitor_has_one_name_and_a_number_of_their_own(#[case] id: &str, #[case] phone: Option<&str>) {
        assert_eq!(
            find(id).map(|person| person.phone_number.clone()).as_deref(),
            phone
        );
    }
}
