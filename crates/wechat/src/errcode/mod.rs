//! WeChat's error numbers that logins meet: why each happens and what to do ("全局返回码说明", "返回码说明").

mod table;

pub use table::Errcode;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// WeChat is busy: try again, two or three times, a little later each time.
    Retry,
    /// The API token died: fetch a fresh one and repeat the call once.
    FreshToken,
    /// The login code or session is spent or wrong: the person has to log in again.
    NewCode,
    /// The person's grant ended or never was: the person has to authorise, or to follow the account.
    Reauthorise,
    /// WeChat refuses this person; nothing to configure.
    Refuse,
    /// Too many calls: wait, never repeat at once.
    SlowDown,
    /// An operator has to change something in WeChat's console or in the connection.
    Configuration,
    /// The request itself is wrong.
    Request,
}

/// Where an error number is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// In the JSON of a server API.
    Api,
    /// On the authorise page (`/connect/oauth2/authorize`), for a person to read.
    Page,
    /// In WeChat's own sample code, before anything is sent.
    Local,
}

/// A language operators read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    English,
    /// Simplified Chinese (zh-CN).
    Chinese,
}

/// Everything known about a number.
#[derive(Debug, Clone, Copy)]
struct Entry {
    number: i32,
    origin: Origin,
    class: Class,
    english: [&'static str; 2],
    chinese: [&'static str; 2],
}

impl Entry {
    const fn words(&self, language: Language) -> [&'static str; 2] {
        match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        }
    }
}

impl Errcode {
    /// The number as WeChat sends it.
    pub const fn number(self) -> i32 {
        self.entry().number
    }

    /// Where it is met.
    pub const fn origin(self) -> Origin {
        self.entry().origin
    }

    /// What to do about it.
    pub const fn class(self) -> Class {
        self.entry().class
    }

    /// Why it happens: one or two sentences for an operator.
    pub const fn cause(self, language: Language) -> &'static str {
        self.entry().words(language)[0]
    }

    /// What an operator does about it: one or two sentences.
    pub const fn fix(self, language: Language) -> &'static str {
        self.entry().words(language)[1]
    }

    /// Whether the same thing may go well a little later although nobody changed anything.
    ///
    /// Not so for quotas of a day or a month: who repeats then only digs deeper.
    pub const fn passes(self) -> bool {
        matches!(self.class(), Class::Retry | Class::FreshToken)
            || matches!(self, Self::MinuteQuota | Self::AuthorizesTooOften)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::Value;

    #[test]
    fn every_number_finds_its_meaning_again() {
        for code in Errcode::ALL {
            assert_eq!(Errcode::from_number(code.number()), Some(*code));
        }
        assert_eq!(Errcode::from_number(0), None, "0 is no error");
    }

    #[test]
    fn every_number_of_the_vectors_is_known() {
        let vectors: Value = serde_json::from_str(include_str!("../../tests/vectors.json")).unwrap();
        let numbers = vectors["errcodes"].as_array().unwrap();
        assert_eq!(numbers.len(), 73);
        for vector in numbers {
            let number = i32::try_from(vector["errcode"].as_i64().unwrap()).unwrap();
            let code =
                Errcode::from_number(number).unwrap_or_else(|| panic!("{number} is missing in the table"));
            let origin = match vector["origin"].as_str().unwrap() {
                "api" => Origin::Api,
                "page" => Origin::Page,
                _ => Origin::Local,
            };
            assert_eq!(code.origin(), origin, "{number}");
            assert_eq!(code.passes(), vector["passes"].as_bool().unwrap(), "{number}");
        }
    }

    #[test]
    fn every_number_has_words_in_both_languages() {
        let has_chinese = |text: &str| text.chars().any(|character| ('一'..='龥').contains(&character));
        for code in Errcode::ALL {
            for words in [Errcode::cause, Errcode::fix] {
                let english = words(*code, Language::English);
                let chinese = words(*code, Language::Chinese);
                assert!(
                    english.ends_with('.') && !has_chinese(english),
                    "{code:?}: {english}"
                );
                assert!(
                    chinese.ends_with('。') && has_chinese(chinese),
                    "{code:?}: {chinese}"
                );
            }
        }
    }

    #[rstest]
    #[case(-1, Class::Retry)]
    #[case(40001, Class::FreshToken)]
    #[case(40014, Class::FreshToken)]
    #[case(42001, Class::FreshToken)]
    #[case(40029, Class::NewCode)]
    #[case(40163, Class::NewCode)]
    #[case(42003, Class::NewCode)]
    #[case(41008, Class::NewCode)]
    #[case(87009, Class::NewCode)]
    #[case(-41003, Class::NewCode)]
    #[case(40030, Class::Reauthorise)]
    #[case(42002, Class::Reauthorise)]
    #[case(42007, Class::Reauthorise)]
    #[case(50001, Class::Reauthorise)]
    #[case(40226, Class::Refuse)]
    #[case(45009, Class::SlowDown)]
    #[case(45011, Class::SlowDown)]
    #[case(40013, Class::Configuration)]
    #[case(40125, Class::Configuration)]
    #[case(40164, Class::Configuration)]
    #[case(48001, Class::Configuration)]
    #[case(89503, Class::Configuration)]
    #[case(10003, Class::Configuration)]
    #[case(47001, Class::Request)]
    fn knows_what_to_do(#[case] number: i32, #[case] class: Class) {
        assert_eq!(Errcode::from_number(number).map(Errcode::class), Some(class));
    }
}
