//! A directory of believable people as the backend would hold it, from a seed: 1.4 bindings and 5 metadata keys each.

use crate::dice::Dice;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;
use yaopai_domain::{
    ConnectionId, ConnectionKind, Identity, IdentityScope, MetadataEntry, MetadataKey, MetadataValue,
    PlatformAccountId, Profile, Revision, Source, Sourced, Timestamp, User, UserStatus,
};

const FAMILY: [&str; 100] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "林", "高", "罗", "郑", "梁", "谢", "宋", "唐", "许", "韩", "邓", "冯", "曹", "彭", "曾", "肖", "田",
    "董", "袁", "潘", "于", "蒋", "蔡", "余", "杜", "叶", "程", "苏", "魏", "吕", "丁", "任", "沈", "姚",
    "卢", "姜", "崔", "钟", "谭", "陆", "汪", "范", "金", "石", "廖", "贾", "夏", "韦", "付", "方", "白",
    "邹", "孟", "熊", "秦", "邱", "江", "尹", "薛", "闫", "段", "雷", "侯", "龙", "史", "陶", "黎", "贺",
    "顾", "毛", "郝", "龚", "邵", "万", "钱", "严", "覃", "武", "欧阳", "司马", "诸葛", "上官", "慕容",
];
const GIVEN: [&str; 120] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超",
    "兰", "霞", "平", "刚", "英", "华", "玉", "萍", "红", "娥", "玲", "芬", "燕", "彩", "春", "菊", "凤",
    "洁", "梅", "琳", "素", "云", "莲", "真", "环", "雪", "荣", "爱", "妹", "香", "月", "莺", "媛", "瑞",
    "凡", "佳", "嘉", "琼", "勤", "珍", "贞", "莉", "桂", "叶", "璧", "璐", "娅", "琦", "晶", "妍", "茜",
    "秋", "珊", "莎", "锦", "黛", "青", "倩", "婷", "姣", "婉", "娴", "瑾", "颖", "露", "瑶", "怡", "婵",
    "雁", "蓓", "纨", "仪", "荷", "丹", "蓉", "眉", "君", "琴", "蕊", "薇", "菁", "梦", "岚", "苑", "婕",
    "馨", "瑗", "琰", "韵", "融", "园", "艺", "咏", "卿", "聪", "澜", "纯", "毓", "悦", "昭", "冰", "爽",
    "浩",
];
const WORDS: [&str; 40] = [
    "山", "木", "鹿", "南瓜", "猫", "晚风", "橙子", "等风", "海盐", "月亮", "北方", "小站", "夏天", "雨",
    "星河", "柠檬", "青柠", "老街", "麦田", "云朵", "纸船", "灯塔", "汽水", "野草", "萤火", "茶", "石榴",
    "旧书", "长风", "白鹭", "Leo", "Summer", "Coffee", "May", "Sky", "Luna", "Kiki", "Momo", "Echo", "Neo",
];
const TIERS: [&str; 4] = ["普通", "银卡", "金卡", "黑金"];
const CITIES: [&str; 60] = [
    "北京",
    "上海",
    "广州",
    "深圳",
    "成都",
    "杭州",
    "重庆",
    "武汉",
    "苏州",
    "西安",
    "南京",
    "长沙",
    "天津",
    "郑州",
    "东莞",
    "无锡",
    "宁波",
    "青岛",
    "合肥",
    "昆明",
    "佛山",
    "福州",
    "厦门",
    "济南",
    "沈阳",
    "大连",
    "南昌",
    "泉州",
    "长春",
    "哈尔滨",
    "温州",
    "石家庄",
    "贵阳",
    "南宁",
    "金华",
    "常州",
    "惠州",
    "嘉兴",
    "南通",
    "徐州",
    "太原",
    "珠海",
    "中山",
    "保定",
    "兰州",
    "台州",
    "绍兴",
    "烟台",
    "廊坊",
    "洛阳",
    "海口",
    "呼和浩特",
    "银川",
    "西宁",
    "拉萨",
    "乌鲁木齐",
    "三亚",
    "桂林",
    "丽江",
    "大理",
];
/// The digits after +86 199: a range no operator has given out, so that no number belongs to anybody.
const PHONES: u64 = 100_000_000;
/// 2024-01-01.
const FIRST_DAY: i64 = 1_704_067_200_000;
const DAY: i64 = 24 * 3600 * 1000;

/// A connection that people are bound to.
#[derive(Debug, Clone)]
pub struct Door {
    /// The connection, if there is one.
    pub connection: Option<ConnectionId>,
    /// Its kind.
    pub kind: ConnectionKind,
    /// Its AppID.
    pub app_id: String,
}

/// A directory of people. The same seed gives the same ones, each by number and in any order.
#[derive(Debug, Clone)]
pub struct Directory {
    seed: u64,
    doors: Vec<Door>,
    platform_account: PlatformAccountId,
}

/// A person and the bindings.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The person, without revisions: whoever stores it gives them.
    pub user: User,
    /// One or two.
    pub identities: Vec<Identity>,
}

impl Directory {
    /// A directory whose people are bound through these doors; at least one.
    pub fn new(seed: u64, doors: Vec<Door>, platform_account: PlatformAccountId) -> Self {
        assert!(!doors.is_empty(), "people come in through some door");
        Self {
            seed,
            doors,
            platform_account,
        }
    }

    /// Without a backend: two AppIDs that no connection belongs to.
    pub fn standalone(seed: u64) -> Self {
        let door = |number: u8, kind| Door {
            connection: Some(
                Uuid::from_u128(0xc000_0000_0000_7000_8000_0000_0000_0000 + u128::from(number)).into(),
            ),
            kind,
            app_id: format!("wx{number:016x}"),
        };
        let doors = vec![door(1, ConnectionKind::MiniProgram), door(2, ConnectionKind::Pc)];
        Self::new(
            seed,
            doors,
            Uuid::from_u128(0xa000_0000_0000_7000_8000_0000_0000_0001).into(),
        )
    }

    /// The person with this number.
    pub fn person(&self, number: u64) -> Person {
        let mut dice = Dice::new(self.seed ^ number.wrapping_mul(0xa076_1d64_78bd_642f));
        let created_at = Timestamp(FIRST_DAY + (number as i64) * 43 + (dice.below(40) as i64));
        let last_seen = Timestamp(created_at.0 + (dice.below(300) as i64) * DAY);
        let user_id = id(created_at, &mut dice);
        let union_id = dice.chance(70).then(|| token(&mut dice, "oU"));
        let first = self.doors[(number % self.doors.len() as u64) as usize].clone();
        let mut identities = vec![Identity {
            id: id(created_at, &mut dice).into(),
            user_id: user_id.into(),
            scope: open_id(&first, &mut dice, union_id.clone()),
            first_seen: created_at,
            last_seen,
        }];
        if dice.chance(40) {
            let scope = if let Some(union_id) = &union_id {
                IdentityScope::UnionId {
                    platform_account: self.platform_account,
                    union_id: union_id.clone(),
                }
            } else {
                let other = &self.doors[((number + 1) % self.doors.len() as u64) as usize];
                open_id(other, &mut dice, None)
            };
            identities.push(Identity {
                id: id(created_at, &mut dice).into(),
                user_id: user_id.into(),
                scope,
                first_seen: created_at,
                last_seen,
            });
        }
        let user = User {
            id: user_id.into(),
            status: if dice.chance(2) {
                UserStatus::Blocked
            } else {
                UserStatus::Active
            },
            profile: profile(number, &mut dice),
            metadata: metadata(number, created_at, &mut dice),
            created_at,
            updated_at: created_at,
        };
        Person { user, identities }
    }
}

fn profile(number: u64, dice: &mut Dice) -> Profile {
    let name = format!(
        "{}{}{}",
        dice.pick_common(&FAMILY),
        dice.pick_common(&GIVEN),
        if dice.chance(60) {
            dice.pick_common(&GIVEN)
        } else {
            ""
        }
    );
    let nickname = match dice.below(4) {
        0 => name.clone(),
        1 => format!("{}{}", dice.pick(&WORDS), dice.below(1000)),
        _ => format!("{}的{}", dice.pick(&WORDS), dice.pick(&WORDS)),
    };
    let given = |value: String, source| Some(Sourced { value, source });
    Profile {
        nickname: given(nickname, Source::WeChat),
        avatar_url: given(
            format!(
                "https://thirdwx.qlogo.cn/mmopen/vi_32/{}/132",
                token(dice, "A").repeat(2)
            ),
            Source::WeChat,
        ),
        name: given(name, Source::Operator),
        phone: dice.chance(70).then(|| Sourced {
            value: format!("+86199{:08}", phone(number)),
            source: Source::WeChat,
        }),
        email: dice.chance(30).then(|| Sourced {
            value: format!("user{number}@example.com"),
            source: Source::Person,
        }),
        username: given(format!("u{number:07}"), Source::Import),
    }
}

/// Scattered, and nobody's twice: the factor and the range have no common divisor.
const fn phone(number: u64) -> u64 {
    number.wrapping_mul(61_803_399) % PHONES
}

fn metadata(number: u64, at: Timestamp, dice: &mut Dice) -> BTreeMap<MetadataKey, MetadataEntry> {
    let values: [(&str, Value); 5] = [
        ("会员等级", json!(dice.pick_common(&TIERS))),
        ("city", json!(dice.pick_common(&CITIES))),
        ("points", json!(dice.below(5000))),
        ("crm_id", json!(format!("C{:08}", number * 7 + 3))),
        ("tags", json!([dice.pick(&WORDS), dice.pick(&WORDS)])),
    ];
    values
        .into_iter()
        .filter_map(|(key, value)| {
            let entry = MetadataEntry {
                value: MetadataValue::new(value).ok()?,
                revision: Revision(0),
                actor: Some("import".to_owned()),
                at,
            };
            Some((key.parse().ok()?, entry))
        })
        .collect()
}

fn open_id(door: &Door, dice: &mut Dice, union_id: Option<String>) -> IdentityScope {
    IdentityScope::OpenId {
        connection_id: door.connection,
        kind: door.kind,
        app_id: door.app_id.clone(),
        open_id: token(dice, "o"),
        union_id,
    }
}

fn id(at: Timestamp, dice: &mut Dice) -> Uuid {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&dice.roll().to_le_bytes());
    random[8..].copy_from_slice(&dice.roll().to_le_bytes()[..2]);
    uuid::Builder::from_unix_timestamp_millis(at.0.cast_unsigned(), &random).into_uuid()
}

/// 28 characters, as WeChat's OpenIDs and UnionIDs are.
fn token(dice: &mut Dice, begin: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(28);
    text.push_str(begin);
    let mut bits = 0;
    let mut left = 0;
    while text.len() < 28 {
        if left == 0 {
            bits = dice.roll();
            left = 10;
        }
        text.push(char::from(ALPHABET[(bits & 63) as usize]));
        bits >>= 6;
        left -= 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_same_seed_makes_the_same_people_in_any_order() {
        let [one, other] = [7, 7].map(Directory::standalone);
        let forwards: Vec<Person> = (0..50).map(|number| one.person(number)).collect();
        let mut backwards: Vec<Person> = (0..50).rev().map(|number| other.person(number)).collect();
        backwards.reverse();
        assert_eq!(forwards, backwards);
        assert_ne!(one.person(0), Directory::standalone(8).person(0));
    }

    #[test]
    fn nobody_has_what_must_be_unique_of_another() {
        let directory = Directory::standalone(1);
        let mut seen = HashSet::new();
        let mut bindings = 0;
        for number in 0..20_000 {
            let Person { user, identities } = directory.person(number);
            let mut unique = vec![user.id.to_string()];
            for field in [user.profile.phone, user.profile.email, user.profile.username] {
                unique.extend(field.map(|field| field.value));
            }
            for identity in &identities {
                unique.push(identity.id.to_string());
                unique.push(serde_json::to_string(&identity.scope).unwrap());
            }
            for value in unique {
                assert!(seen.insert(value.clone()), "{value} twice");
            }
            assert_eq!(user.metadata.len(), 5);
            bindings += identities.len();
        }
        let each = bindings as f64 / 20_000.0;
        assert!((1.35..1.45).contains(&each), "{each} bindings each");
    }
}
