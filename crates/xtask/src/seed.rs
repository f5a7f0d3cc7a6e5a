//! Believable people for a bootstrap file, from a seed.

use serde::Serialize;
use std::collections::BTreeMap;
use yaopai_xtask::dice::Dice;

const FAMILY: [&str; 24] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "林", "高", "罗", "郑", "欧阳", "司马", "诸葛",
];
const GIVEN: [&str; 28] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "洋", "艳", "勇", "军", "杰", "娟", "涛", "明", "超",
    "秀英", "桂英", "建华", "志强", "晓明", "雨桐", "子涵", "浩然", "思远", "梓萱", "若曦",
];
const NICKNAMES: [&str; 12] = [
    "山有木兮",
    "一只小鹿",
    "Coffee☕",
    "北方的南瓜",
    "安静的猫",
    "Leo",
    "晚风",
    "阿May",
    "大橙子🍊",
    "等风来",
    "Summer",
    "老K",
];
const TIERS: [&str; 4] = ["普通", "银卡", "金卡", "黑金"];

/// The part of a bootstrap file that describes people.
#[derive(Debug, Serialize)]
pub(crate) struct Bootstrap {
    user: Vec<User>,
}

#[derive(Debug, Serialize)]
struct User {
    pool: &'static str,
    nickname: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    username: String,
    metadata: BTreeMap<&'static str, toml::Value>,
}

/// `count` people; the same `seed` gives the same ones.
pub(crate) fn bootstrap(count: u32, seed: u64) -> Bootstrap {
    let mut dice = Dice::new(seed);
    Bootstrap {
        user: (0..count).map(|number| user(&mut dice, number)).collect(),
    }
}

fn user(dice: &mut Dice, number: u32) -> User {
    let name = format!("{}{}", dice.pick(&FAMILY), dice.pick(&GIVEN));
    let nickname = if dice.below(3) == 0 {
        name.clone()
    } else {
        dice.pick(&NICKNAMES).to_owned()
    };
    // 199 is a range no operator has given out, so no number belongs to anybody.
    let phone = (dice.below(10) < 7).then(|| format!("+86199{:08}", dice.below(100_000_000)));
    let email = (dice.below(10) < 3).then(|| format!("user{number}@example.com"));
    let mut metadata = BTreeMap::new();
    metadata.insert("会员等级", toml::Value::from(dice.pick(&TIERS)));
    if dice.below(2) == 0 {
        metadata.insert(
            "points",
            toml::Value::from(i64::try_from(dice.below(5000)).unwrap_or_default()),
        );
    }
    User {
        pool: "default",
        nickname,
        name,
        phone,
        email,
        username: format!("u{number:07}"),
        metadata,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_writes_the_same_people() {
        let text = |seed| toml::to_string(&bootstrap(50, seed)).unwrap();
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }
}
