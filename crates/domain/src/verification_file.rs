//! Domain verification files: the text files by which WeChat checks that a host is yours.

use crate::{FieldError, Rule};
use serde::{Deserialize, Serialize};

/// A verification file is at most this long (bytes). WeChat's own are 16 to 40.
pub const VERIFICATION_FILE_MAX_BYTES: usize = 16 * 1024;

/// A file the backend serves, byte for byte, at `/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VerificationFile {
    /// Bare file name, of one of the shapes of [`is_verification_file_name`].
    pub name: String,
    /// The bytes, in standard base64 with padding: a dropped file is kept exact, whatever its encoding.
    pub content_base64: String,
}

impl VerificationFile {
    /// Checks name and size; `content` are the decoded bytes, `None` if they could not be decoded.
    pub(crate) fn check(&self, content: Option<&[u8]>, errors: &mut Vec<FieldError>) {
        if self.name.is_empty() {
            errors.push(FieldError::new("verification_file.name", Rule::Required));
        } else if !is_verification_file_name(&self.name) {
            errors.push(FieldError::new(
                "verification_file.name",
                Rule::VerificationFileName,
            ));
        }
        let broken = match content {
            None => Some(Rule::VerificationFileEncoding),
            Some([]) => Some(Rule::VerificationFileEmpty),
            Some(bytes) if bytes.len() > VERIFICATION_FILE_MAX_BYTES => Some(Rule::VerificationFileSize),
            Some(_) => None,
        };
        errors.extend(broken.map(|rule| FieldError::new("verification_file.content", rule)));
    }
}

/// Whether WeChat uses file names of this shape, and nothing that could be a path.
///
/// `MP_verify_` + 16 alphanumerics (official account), `WW_verify_` + 16 (WeChat Work), or 10 alphanumerics (mini
/// program business domain), each with `.txt` ("网页授权域名" and "业务域名" help pages).
pub fn is_verification_file_name(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".txt") else {
        return false;
    };
    let (code, length) = match stem
        .strip_prefix("MP_verify_")
        .or_else(|| stem.strip_prefix("WW_verify_"))
    {
        Some(code) => (code, 16),
        None => (stem, 10),
    };
    code.len() == length && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::official_account("MP_verify_0a1B2c3D4e5F6g7H.txt", true)]
    #[case::wechat_work("WW_verify_0a1B2c3D4e5F6g7H.txt", true)]
    #[case::mini_program("6ynZPDvfTF.txt", true)]
    #[case::too_short("MP_verify_0a1B2c3D4e5F6g7.txt", false)]
    #[case::eleven("6ynZPDvfTFx.txt", false)]
    #[case::no_suffix("6ynZPDvfTF", false)]
    #[case::upper_suffix("6ynZPDvfTF.TXT", false)]
    #[case::parent("../6ynZPDvfTF.txt", false)]
    #[case::folder("a/6ynZPDvf.txt", false)]
    #[case::backslash("..\\ynZPDvfT.txt", false)]
    #[case::encoded("%2e%2e%2fabc.txt", false)]
    #[case::nul("6ynZPDvfT\0.txt", false)]
    #[case::unicode("６ynZPDvfTF.txt", false)]
    #[case::empty("", false)]
    fn knows_the_names_wechat_uses(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_verification_file_name(name), expected);
    }
}
