//! Writing HTML by hand, safely.

/// Text as it stands in HTML content and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Text as a string literal inside a script element, which it cannot close.
pub(crate) fn script_string(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('<', "\\u003c")
}

/// Text between the single quotes of a string literal inside a script, which it cannot leave.
pub(crate) fn script_text(text: &str) -> String {
    let quoted = script_string(text);
    quoted[1..quoted.len() - 1].replace('\'', "\\u0027")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cannot_leave_an_attribute_or_a_script() {
        assert_eq!(escape("\"'><b>&"), "&quot;&#39;&gt;&lt;b&gt;&amp;");
        assert_eq!(script_text("a'b\"\\"), "a\\u0027b\\\"\\\\");
        assert_eq!(script_string("</script>\""), "\"\\u003c/script>\\\"\"");
    }
}
