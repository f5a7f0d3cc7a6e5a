//! The people who own simulated phones.

use serde::Serialize;

/// The avatar WeChat gives to those who keep theirs to themselves.
pub(crate) const GREY_AVATAR: &str = "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132";

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
    pub(crate) id: &'static str,
    /// What the phone calls them, so that they can be told apart whatever their nickname is.
    pub(crate) name: &'static str,
    pub(crate) nickname: &'static str,
    pub(crate) traits: &'static [PersonTrait],
    pub(crate) motif: Motif,
}

impl Person {
    /// Whether they have this trait.
    pub(crate) fn is(&self, which: PersonTrait) -> bool {
        self.traits.contains(&which)
    }
}

/// Everyone there is, in the order the phone offers them.
pub(crate) const EVERYONE: &[Person] = &[
    Person {
        id: "lin-xiaoman",
        name: "林小满",
        nickname: "小满",
        traits: &[],
        motif: Motif::Hill,
    },
    Person {
        id: "chen-mo",
        name: "陈默",
        nickname: "陈默",
        traits: &[],
        motif: Motif::Moon,
    },
    Person {
        id: "zhao-yuan",
        name: "赵远",
        nickname: "远山如黛",
        traits: &[],
        motif: Motif::Wave,
    },
    Person {
        id: "su-he",
        name: "苏禾",
        nickname: "苏禾",
        traits: &[PersonTrait::WithoutUnionId],
        motif: Motif::Sun,
    },
    Person {
        id: "zhou-ning",
        name: "周宁",
        nickname: "微信用户",
        traits: &[PersonTrait::AnonymousProfile],
        motif: Motif::Nobody,
    },
    Person {
        id: "ye-zi",
        name: "叶子",
        nickname: "叶子🍃👩‍🌾",
        traits: &[PersonTrait::EmojiNickname],
        motif: Motif::Leaf,
    },
];

/// The person with this id.
pub(crate) fn find(id: &str) -> Option<&'static Person> {
    EVERYONE.iter().find(|person| person.id == id)
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
}

impl From<&Person> for PersonSheet {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id.to_owned(),
            name: person.name.to_owned(),
            nickname: person.nickname.to_owned(),
            traits: person.traits.to_vec(),
        }
    }
}
