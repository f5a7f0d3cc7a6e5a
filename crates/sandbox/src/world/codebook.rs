//! One-time codes that arrived by text message or mail, by the number or address they were sent to.

use std::collections::HashMap;

/// The newest code of every target.
#[derive(Default)]
pub(crate) struct Codebook(HashMap<String, String>);

impl Codebook {
    /// Keeps a code; an earlier one of the same target is forgotten.
    pub(crate) fn keep(&mut self, target: &str, code: &str) {
        self.0.insert(normal(target), code.to_owned());
    }

    /// The newest code that was sent to a target. Reading it changes nothing.
    pub(crate) fn newest(&self, target: &str) -> Option<&str> {
        self.0.get(&normal(target)).map(String::as_str)
    }
}

/// A mail address in lower case; a number without spaces and hyphens, and with `+86` before a bare Chinese one.
fn normal(target: &str) -> String {
    if target.contains('@') {
        return target.trim().to_lowercase();
    }
    let number: String = target
        .chars()
        .filter(|character| !matches!(character, ' ' | '-'))
        .collect();
    if number.len() == 11 && number.starts_with('1') && number.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("+86{number}")
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("+8613800138000", "138 0013 8000", true)]
    #[case("Someone@Example.com", "someone@example.com", true)]
    #[case("+85251234567", "51234567", false)]
    fn finds_a_code_however_the_target_is_written(
        #[case] sent: &str,
        #[case] asked: &str,
        #[case] found: bool,
    ) {
        let mut codes = Codebook::default();
        codes.keep(sent, "1111");
        codes.keep(sent, "2222");
        assert_eq!(codes.newest(asked), found.then_some("2222"));
    }
}
