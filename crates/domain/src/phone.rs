//! Phone numbers, in the one form in which they are compared: E.164.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// E.164: at most 15 digits, country code included. Below seven nobody has a number of their own.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Country codes of one digit (ITU-T E.164, annex "List of assigned country codes").
const ONE_DIGIT: [&str; 2] = ["1", "7"];
/// Country codes of two digits (same list). All others have three.
const TWO_DIGITS: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
    "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
    "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];
/// The country of a number that names none.
const CHINA: &str = "86";

/// A phone number in E.164: `+8613800138000`.
///
/// Parses what people, SDKs and WeChat write: `138 0013 8000`, `+86 138-0013-8000`, `008613800138000`. A number without a
/// country is taken for a Chinese mobile number, and is none if it has not eleven digits of which the first is 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// A text that is no phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number")]
pub struct InvalidPhone;

impl Phone {
    /// A number and its country code apart, as WeChat's `purePhoneNumber` and `countryCode` are.
    pub fn of_country(country_code: &str, number: &str) -> Result<Self, InvalidPhone> {
        format!("+{}{number}", country_code.trim().trim_start_matches('+')).parse()
    }

    /// The number in E.164, with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Country code (`86`) and the number within that country (`13800138000`).
    pub fn parts(&self) -> (&str, &str) {
        let digits = &self.0[1..];
        let length = if ONE_DIGIT.contains(&&digits[..1]) {
            1
        } else if TWO_DIGITS.contains(&&digits[..2]) {
            2
        } else {
            3
        };
        digits.split_at(length)
    }
}

impl FromStr for Phone {
    type Err = InvalidPhone;

    fn from_str(text: &str) -> Result<Self, InvalidPhone> {
        let text = text.trim();
        let mut digits = String::with_capacity(text.len());
        for character in text.strip_prefix('+').unwrap_or(text).chars() {
            match character {
                '0'..='9' => digits.push(character),
                ' ' | '-' | '(' | ')' | '.' | '\u{a0}' => {}
                _ => return Err(InvalidPhone),
            }
        }
        let international = match digits.strip_prefix("00") {
            Some(rest) => rest.to_owned(),
            None if text.starts_with('+') => digits,
            None if is_chinese_mobile(&digits) => format!("{CHINA}{digits}"),
            None if digits.strip_prefix(CHINA).is_some_and(is_chinese_mobile) => digits,
            None => return Err(InvalidPhone),
        };
        let shaped = DIGITS.contains(&international.len()) && !international.starts_with('0');
        let plausible = international.strip_prefix(CHINA).is_none_or(is_chinese_mobile);
        if shaped && plausible {
            Ok(Self(format!("+{international}")))
        } else {
            Err(InvalidPhone)
        }
    }
}

impl TryFrom<String> for Phone {
    type Error = InvalidPhone;

    fn try_from(text: String) -> Result<Self, InvalidPhone> {
        text.parse()
    }
}

impl From<Phone> for String {
    fn from(value: Phone) -> Self {
        value.0
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Eleven digits, the first of them 1. Landlines take no message.
fn is_chinese_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::bare("13800138000", Some("+8613800138000"))]
    #[case::cloudbase("+86 13800138000", Some("+8613800138000"))]
    #[case::written("+86 138-0013-8000", Some("+8613800138000"))]
    #[case::dialled("0086 138 0013 8000", Some("+8613800138000"))]
    #[case::plus_forgotten("8613800138000", Some("+8613800138000"))]
    #[case::american("+1 (415) 555-2671", Some("+14155552671"))]
    #[case::american_as_chinese("14155552671", Some("+8614155552671"))]
    #[case::hong_kong("+852 6123 4567", Some("+85261234567"))]
    #[case::short("+86138", None)]
    #[case::landline("+86 10 6552 9988", None)]
    #[case::too_long("+1234567890123456", None)]
    #[case::no_country("61234567", None)]
    #[case::country_zero("+0123456789", None)]
    #[case::letters("+86 138 OO13 8000", None)]
    #[case::other_digits("١٣٨٠٠١٣٨٠٠٠", None)]
    #[case::two_plus("++8613800138000", None)]
    #[case::empty("", None)]
    fn knows_phone_numbers(#[case] text: &str, #[case] expected: Option<&str>) {
        let phone: Option<Phone> = text.parse().ok();
        assert_eq!(phone.as_ref().map(Phone::as_str), expected);
    }

    #[rstest]
    #[case("+8613800138000", "86", "13800138000")]
    #[case("+14155552671", "1", "4155552671")]
    #[case("+85261234567", "852", "61234567")]
    #[case("+442071838750", "44", "2071838750")]
    fn knows_the_country(#[case] text: &str, #[case] country: &str, #[case] number: &str) {
        let phone: Phone = text.parse().unwrap();
        assert_eq!(phone.parts(), (country, number));
        assert_eq!(Phone::of_country(country, number), Ok(phone));
    }

    proptest! {
        #[test]
        fn never_panics_on_what_people_type(text in ".*") {
            let _ = text.parse::<Phone>();
        }

        #[test]
        fn its_own_form_is_read_back(text in r"\+[1-9][0-9 ()-]{5,18}") {
            if let Ok(phone) = text.parse::<Phone>() {
                prop_assert_eq!(phone.as_str().parse::<Phone>(), Ok(phone.clone()));
                let (country, number) = phone.parts();
                prop_assert_eq!(format!("+{country}{number}"), phone.to_string());
            }
        }
    }
}
