//! Finding the code in a mail: headers, parts and transfer encodings (RFC 5322 and 2045), as far as senders use them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 of mails is cut into lines, which are joined before; its padding is sometimes missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// How deep parts may lie in parts.
const DEEPEST: u8 = 8;

/// The first group of 4 to 8 digits in the text of a mail.
pub(super) fn code_in(message: &[u8]) -> Option<String> {
    text_of(&String::from_utf8_lossy(message), DEEPEST)
        .split(|character: char| !character.is_ascii_digit())
        .find(|group| (4..=8).contains(&group.len()))
        .map(str::to_owned)
}

/// The decoded text of a mail or of one part; of several parts, one after the other.
fn text_of(message: &str, deepest: u8) -> String {
    let (headers, body) = message
        .split_once("\r\n\r\n")
        .or_else(|| message.split_once("\n\n"))
        .unwrap_or((message, ""));
    let kind = header(headers, "content-type").unwrap_or_default();
    if let Some(boundary) = parameter(&kind, "boundary")
        && deepest > 0
    {
        let parts: Vec<_> = body
            .split(&format!("--{boundary}"))
            .skip(1)
            .take_while(|part| !part.starts_with("--"))
            .map(|part| text_of(part.trim_start_matches(['\r', '\n']), deepest - 1))
            .collect();
        return parts.join("\n");
    }
    let encoding = header(headers, "content-transfer-encoding").unwrap_or_default();
    let bytes = match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => {
            let joined: String = body.split_ascii_whitespace().collect();
            BASE64.decode(joined).unwrap_or_default()
        }
        "quoted-printable" => unquoted(body),
        _ => body.as_bytes().to_vec(),
    };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The value of a header, with its folded lines.
fn header(headers: &str, name: &str) -> Option<String> {
    let mut lines = headers.lines().skip_while(|line| {
        line.split_once(':')
            .is_none_or(|(known, _)| !known.trim().eq_ignore_ascii_case(name))
    });
    let (_, first) = lines.next()?.split_once(':')?;
    let folded = lines.take_while(|line| line.starts_with([' ', '\t']));
    Some(std::iter::once(first).chain(folded).collect())
}

/// A parameter of a header, with or without quotes.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|pair| {
        let (known, value) = pair.split_once('=')?;
        known
            .trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Undoes quoted-printable: `=41` is a byte, `=` at the end of a line joins it with the next.
fn unquoted(text: &str) -> Vec<u8> {
    let joined = text.replace("=\r\n", "").replace("=\n", "");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'=')
            .then(|| hex::decode(after.get(..2)?).ok())
            .flatten();
        if let Some(decoded) = escaped {
            bytes.extend(decoded);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Subject: 2026\r\n\r\nYour code is 123456.\r\n", Some("123456"))]
    #[case("Subject: x\r\n\r\n12 or 123456789 are none\r\n", None)]
    #[case(
        "Content-Transfer-Encoding: base64\r\n\r\n5oKo55qE6aqM6K+B56CB5piv\r\nIDY1NDMyMQ==\r\n",
        Some("654321")
    )]
    #[case(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n=E9=AA=8C=E8=AF=81=E7=A0=81 12=\r\n3=34=35\r\n",
        Some("12345")
    )]
    #[case(
        "Content-Type: multipart/alternative;\r\n boundary=\"b1\"\r\n\r\npreamble 9999\r\n--b1\r\nContent-Type: text/plain\r\n\r\ncode 1234\r\n--b1\r\nContent-Type: text/html\r\n\r\n<b>1234</b>\r\n--b1--\r\n",
        Some("1234")
    )]
    #[case("", None)]
    fn finds_the_code_however_it_is_wrapped(#[case] message: &str, #[case] expected: Option<&str>) {
        assert_eq!(code_in(message.as_bytes()).as_deref(), expected);
    }
}
