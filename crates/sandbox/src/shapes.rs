//! The shapes of WeChat's identifiers: how each is made, and how it is recognised.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::ambient::Entropy;

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A hash over labelled parts; the length prefix keeps `("ab", "c")` and `("a", "bc")` apart.
fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The AppID of a built-in app: `wx` and 16 hex digits, the same in every sandbox.
pub(crate) fn built_in_app_id(name: &str) -> String {
    format!("wx{}", hex::encode(&digest(&["yaopai sandbox appid", name])[..8]))
}

/// The AppSecret of a built-in app: 32 hex digits, the same in every sandbox. No source file holds it.
pub(crate) fn built_in_app_secret(name: &str) -> String {
    hex::encode(&digest(&["yaopai sandbox appsecret", name])[..16])
}

/// A fresh AppID.
pub(crate) fn fresh_app_id(entropy: &Entropy) -> String {
    format!("wx{}", hex::encode(entropy.bytes::<8>()))
}

/// A fresh AppSecret.
pub(crate) fn fresh_app_secret(entropy: &Entropy) -> String {
    hex::encode(entropy.bytes::<16>())
}

/// The original id of an account: `gh_` and 12 hex digits, a stable function of its AppID.
pub(crate) fn original_id(app_id: &str) -> String {
    format!("gh_{}", hex::encode(&digest(&["original id", app_id])[..6]))
}

/// The OpenID of a person at an app: `o` and 27 characters, a stable function of the two.
pub(crate) fn openid(person: &str, app_id: &str) -> String {
    format!(
        "o{}",
        &URL_SAFE_NO_PAD.encode(digest(&["openid", person, app_id]))[..27]
    )
}

/// The UnionID of a person within an open platform account: `o` and 27 characters, a stable function of the two.
pub(crate) fn unionid(person: &str, account: &str) -> String {
    format!(
        "o{}",
        &URL_SAFE_NO_PAD.encode(digest(&["unionid", person, account]))[..27]
    )
}

/// A login code: 32 letters and digits.
pub(crate) fn login_code(entropy: &Entropy) -> String {
    entropy
        .bytes::<32>()
        .iter()
        .map(|byte| char::from(ALPHANUMERIC[usize::from(*byte) % 62]))
        .collect()
}

/// A phone code of `getPhoneNumber`: 64 hex digits.
pub(crate) fn phone_code(entropy: &Entropy) -> String {
    hex::encode(entropy.bytes::<32>())
}

/// The ticket of a scene code: what `showqrcode` is asked with.
pub(crate) fn scene_ticket(entropy: &Entropy) -> String {
    format!("gQ{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<69>()))
}

/// What stands behind `/q/` in the text of a scene code.
pub(crate) fn scene_path(entropy: &Entropy) -> String {
    format!("02{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<15>()))
}

/// A ticket for signatures of the SDKs: 86 characters, of which one is always a `-`.
pub(crate) fn sdk_ticket(entropy: &Entropy) -> String {
    format!("-{}", &URL_SAFE_NO_PAD.encode(entropy.bytes::<64>())[..85])
}

/// What names a link into a mini program: 11 letters and digits.
pub(crate) fn link(entropy: &Entropy) -> String {
    login_code(entropy)[..11].to_owned()
}

/// A nonce as pushed messages carry it: digits only.
pub(crate) fn nonce(entropy: &Entropy) -> String {
    u32::from_be_bytes(entropy.bytes()).to_string()
}

/// An initialisation vector, or any other 16 random bytes.
pub(crate) fn block(entropy: &Entropy) -> [u8; 16] {
    entropy.bytes()
}

/// A session key: base64 of 16 bytes.
pub(crate) fn session_key(entropy: &Entropy) -> String {
    STANDARD.encode(entropy.bytes::<16>())
}

/// An access token or refresh token of any kind: a version number, `_` and 128 characters.
pub(crate) fn token(entropy: &Entropy) -> String {
    format!("98_{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<96>()))
}

/// The uuid of a QR code at qrconnect: 16 characters.
pub(crate) fn qr_uuid(entropy: &Entropy) -> String {
    URL_SAFE_NO_PAD.encode(entropy.bytes::<12>())
}

/// A request id: three groups of 8 hex digits, the first of them the time of the call.
pub(crate) fn rid(unix_seconds: u64, entropy: &Entropy) -> String {
    let tail = hex::encode(entropy.bytes::<8>());
    format!("{:08x}-{}-{}", unix_seconds & 0xffff_ffff, &tail[..8], &tail[8..])
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Whether this has the shape of an AppID.
pub(crate) fn is_app_id(text: &str) -> bool {
    text.len() == 18 && text.strip_prefix("wx").is_some_and(is_lower_hex)
}

/// Whether this has the shape of an AppSecret.
pub(crate) fn is_app_secret(text: &str) -> bool {
    text.len() == 32 && is_lower_hex(text)
}

/// Whether this has the shape of a token; one that was cut off or badly decoded has not.
pub(crate) fn is_token(text: &str) -> bool {
    text.split_once('_').is_some_and(|(version, rest)| {
        (1..=3).contains(&version.len())
            && version.bytes().all(|byte| byte.is_ascii_digit())
            && (60..=500).contains(&rest.len())
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

/// Whether WeChat takes this as the `scene` of a mini-program code: 1 to 32 characters of its own set, no `%`.
pub(crate) fn is_scene(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&'()*+,/:;=?@-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn entropy() -> Entropy {
        Entropy::from_seed([7; 32])
    }

    #[test]
    fn makes_identifiers_in_the_shapes_it_recognises() {
        let entropy = entropy();
        assert!(is_app_id(&built_in_app_id("website")));
        assert!(is_app_secret(&built_in_app_secret("website")));
        assert!(is_app_id(&fresh_app_id(&entropy)));
        assert!(is_app_secret(&fresh_app_secret(&entropy)));
        assert!(is_token(&token(&entropy)));
        assert_eq!(openid("a", "b").len(), 28);
        assert_eq!(login_code(&entropy).len(), 32);
        assert_eq!(session_key(&entropy).len(), 24);
        assert_eq!(qr_uuid(&entropy).len(), 16);
        assert_eq!(phone_code(&entropy).len(), 64);
        assert_eq!(sdk_ticket(&entropy).len(), 86);
        assert_eq!(original_id("wx00112233445566aa").len(), 15);
        assert!(rid(0x6774_8580, &entropy).starts_with("67748580-"));
    }

    #[test]
    fn gives_each_app_its_own_openid_and_each_account_its_own_unionid() {
        assert_eq!(openid("a", "app"), openid("a", "app"));
        assert_ne!(openid("a", "app"), openid("a", "other"));
        assert_ne!(openid("a", "app"), openid("b", "app"));
        assert_ne!(unionid("a", "account"), openid("a", "account"));
    }

    #[rstest]
    #[case("", false)]
    #[case("7f3a", true)]
    #[case("login/7f3a?x=1", true)]
    #[case("a%20b", false)]
    #[case("中文", false)]
    #[case("12345678901234567890123456789012", true)]
    #[case("123456789012345678901234567890123", false)]
    fn knows_a_scene(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_scene(text), expected);
    }
}
