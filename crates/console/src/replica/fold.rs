//! Folding: what is compared when people look for something, so that the same text is found however it was typed.

/// Text without case, width and what cannot be seen: full-width letters and digits become narrow, every kind of blank
/// becomes a space, control, zero-width and direction characters go. `%`, `_` and quotes stand for themselves.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            'A'..='Z' => folded.push(character.to_ascii_lowercase()),
            ' '..='~' => folded.push(character),
            '\u{ff01}'..='\u{ff5e}' => {
                let narrow = char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character);
                folded.push(narrow.to_ascii_lowercase());
            }
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => {}
            _ if character.is_whitespace() => folded.push(' '),
            _ if character.is_control() => {}
            _ => folded.extend(character.to_lowercase()),
        }
    }
    folded
}

/// The digits of a phone number as somebody may type it: blanks, dashes, dots and brackets go, `+` or `00` before the
/// country go; `None` if it is no phone number or has fewer than three digits.
pub(super) fn phone_digits(folded: &str) -> Option<String> {
    let text = folded.trim();
    let text = text
        .strip_prefix('+')
        .or_else(|| text.strip_prefix("00"))
        .unwrap_or(text);
    let mut digits = String::new();
    for character in text.chars() {
        match character {
            '0'..='9' => digits.push(character),
            ' ' | '-' | '.' | '(' | ')' | '\u{2010}'..='\u{2015}' => {}
            _ => return None,
        }
    }
    (digits.len() >= 3).then_some(digits)
}

/// User ids are looked for from so many digits on, the first group of one: a number of fewer is meant otherwise.
const USER_ID_DIGITS: usize = 8;

/// The hexadecimal digits of a user id or a part of one, without its dashes; `None` if it is something else or too short.
pub(super) fn hex_digits(folded: &str) -> Option<String> {
    let digits: String = folded.chars().filter(|character| *character != '-').collect();
    let is_hex = digits
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_hex && (USER_ID_DIGITS..=32).contains(&digits.len())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::case("ZhAng", "zhang")]
    #[case::full_width("１３８ＡＢ", "138ab")]
    #[case::unseen("\u{feff}张\u{200b}伟\u{202c}", "张伟")]
    #[case::blanks("a\u{3000}b\u{a0}c\td", "a b c d")]
    #[case::signs("100%_'\"", "100%_'\"")]
    #[case::accents("ÉTÉ", "été")]
    fn folds_what_people_do_not_mean(#[case] text: &str, #[case] folded: &str) {
        assert_eq!(fold(text), folded);
    }

    #[rstest]
    #[case::plain("13812345678", Some("13812345678"))]
    #[case::country("+86 138-1234-5678", Some("8613812345678"))]
    #[case::double_zero("0086 (138) 1234.5678", Some("8613812345678"))]
    #[case::part("138", Some("138"))]
    #[case::too_short("13", None)]
    #[case::letters("138a", None)]
    #[case::plus_inside("138+", None)]
    fn reads_a_phone_number_as_typed(#[case] text: &str, #[case] digits: Option<&str>) {
        assert_eq!(phone_digits(text).as_deref(), digits);
    }
}
