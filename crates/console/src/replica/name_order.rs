//! The order of names: Chinese by its sound, among the Latin ones, as an address book has it.

use super::fold::fold;
use pinyin::ToPinyin;

/// Characters that sound otherwise at the beginning of a name than elsewhere.
const SURNAMES: [(char, &str); 18] = [
    ('曾', "zeng"),
    ('单', "shan"),
    ('仇', "qiu"),
    ('解', "xie"),
    ('区', "ou"),
    ('查', "zha"),
    ('任', "ren"),
    ('朴', "piao"),
    ('盖', "ge"),
    ('翟', "zhai"),
    ('覃', "qin"),
    ('乐', "yue"),
    ('秘', "bi"),
    ('尹', "yin"),
    ('冼', "xian"),
    ('繁', "po"),
    ('员', "yun"),
    ('折', "she"),
];

/// Names longer than this are told apart by nothing that a list needs (bytes of the sounds).
const LONG: usize = 48;

/// What a name is sorted by: its sound, then itself, so that the same characters stand together. Names that begin with
/// neither letter nor Chinese character come after those that do.
pub(super) fn name_order(name: &str) -> String {
    let folded = fold(name.trim());
    let mut order = String::with_capacity(folded.len() * 2);
    for (position, character) in folded.chars().enumerate() {
        let surname = SURNAMES
            .iter()
            .find(|(surname, _)| position == 0 && *surname == character);
        if let Some((_, sound)) = surname {
            order.push_str(sound);
        } else if let Some(sound) = character.to_pinyin() {
            order.push_str(sound.plain());
        } else {
            if position == 0 && !character.is_alphabetic() {
                order.push('~');
            }
            order.push(character);
            continue;
        }
        // Between syllables, below every letter: 西安 (xi an) stands before 先 (xian), as in a dictionary.
        order.push(' ');
    }
    if order.len() > LONG {
        let end = (0..=LONG)
            .rev()
            .find(|end| order.is_char_boundary(*end))
            .unwrap_or(0);
        order.truncate(end);
    }
    order.push('\u{1}');
    order.extend(folded.chars().take(8));
    order
}

#[cfg(test)]
mod tests {
    use super::name_order;

    #[test]
    fn chinese_names_stand_by_their_sound_among_latin_ones() {
        let mut names = [
            "周杰",
            "Zoe",
            "张伟",
            "曾强",
            "阿明",
            "Bob",
            "李娜",
            "alice",
            "单雄",
            "王芳",
            "李雷",
            "🐶小狗",
            "123",
        ];
        names.sort_by_key(|name| name_order(name));
        assert_eq!(
            names,
            [
                "阿明",
                "alice",
                "Bob",
                "李雷",
                "李娜",
                "单雄",
                "王芳",
                "曾强",
                "张伟",
                "周杰",
                "Zoe",
                "123",
                "🐶小狗",
            ]
        );
    }

    #[test]
    fn same_sounds_keep_same_characters_together() {
        let mut names = ["张伟", "章伟", "张伟", "章伟", "张薇"];
        names.sort_by_key(|name| name_order(name));
        assert_eq!(names[0], names[1]);
        assert_eq!(names[4], names[3]);
    }
}
