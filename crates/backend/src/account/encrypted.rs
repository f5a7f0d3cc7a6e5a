//! Passwords that an SDK encrypted with the pool's public key (RSA, PKCS#1 v1.5, base64).

use crate::{App, Error, session};
use base64::{Engine, prelude::BASE64_STANDARD};
use yaopai_domain::{Entropy, PoolId};
use zeroize::Zeroizing;

/// Nobody encrypts a password into more blocks.
const BLOCKS_MAX: usize = 16;

/// Opens what an SDK encrypted: one block, or several one after the other (`encryptLong`).
///
/// Whatever is none of ours opens as a random text, which is then a wrong password like any other: a stranger who sends
/// broken blocks learns neither by words nor by time that they are broken, and so cannot decrypt with our help
/// (Bleichenbacher's attack).
pub(crate) async fn decrypt(app: &App, pool: &PoolId, sealed: &str) -> Result<Zeroizing<String>, Error> {
    let key = session::keys::encryption(app, pool).await?;
    let random = random_text(app.entropy.as_ref());
    let sealed = BASE64_STANDARD.decode(sealed.trim()).unwrap_or_default();
    if sealed.len() > BLOCKS_MAX * key.block_bytes() {
        return Ok(random);
    }
    let mut clear = Zeroizing::new(Vec::new());
    let mut whole = !sealed.is_empty();
    for block in sealed.chunks(key.block_bytes()) {
        match key.open(block) {
            Some(piece) => clear.extend_from_slice(&piece),
            None => whole = false,
        }
    }
    match str::from_utf8(&clear) {
        Ok(text) if whole => Ok(Zeroizing::new(text.to_owned())),
        _ => Ok(random),
    }
}

fn random_text(entropy: &dyn Entropy) -> Zeroizing<String> {
    let mut bytes = [0; 24];
    entropy.fill(&mut bytes);
    Zeroizing::new(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;
    use aws_lc_rs::{
        encoding::AsDer,
        rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey},
    };
    use rstest::rstest;

    /// Encrypts as JSEncrypt does, with nothing but the public key.
    async fn encrypt(bench: &Bench, pieces: &[&[u8]]) -> Vec<u8> {
        let key = session::keys::encryption(&bench.app, &PoolId::default())
            .await
            .unwrap();
        let pem = key.public_pem().unwrap();
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = BASE64_STANDARD.decode(base64).unwrap();
        let key = PublicEncryptingKey::from_der(&der).unwrap();
        assert_eq!(key.as_der().unwrap().as_ref(), der);
        let key = Pkcs1PublicEncryptingKey::new(key).unwrap();
        let mut sealed = Vec::new();
        for piece in pieces {
            let mut block = vec![0; key.ciphertext_size()];
            sealed.extend_from_slice(key.encrypt(piece, &mut block).unwrap());
        }
        sealed
    }

    async fn decrypted(bench: &Bench, sealed: &str) -> String {
        decrypt(&bench.app, &PoolId::default(), sealed)
            .await
            .unwrap()
            .to_string()
    }

    #[rstest]
    #[case::a_password(&[b"correct horse".as_slice()], "correct horse")]
    #[case::chinese(&["正确的马".as_bytes()], "正确的马")]
    #[case::long(&[b"{\"username\":\"li\",".as_slice(), b"\"password\":\"x\"}"], "{\"username\":\"li\",\"password\":\"x\"}")]
    #[tokio::test]
    async fn what_an_sdk_encrypts_is_opened(#[case] pieces: &[&[u8]], #[case] clear: &str) {
        let bench = Bench::new().await;
        let sealed = encrypt(&bench, pieces).await;
        assert_eq!(decrypted(&bench, &BASE64_STANDARD.encode(sealed)).await, clear);
    }

    #[tokio::test]
    async fn a_block_without_its_zero_in_front_is_opened() {
        let bench = Bench::new().await;
        let mut sealed = encrypt(&bench, &[b"correct horse"]).await;
        while sealed[0] != 0 {
            sealed = encrypt(&bench, &[b"correct horse"]).await;
        }
        let short = BASE64_STANDARD.encode(&sealed[1..]);
        assert_eq!(decrypted(&bench, &short).await, "correct horse");
    }

    #[tokio::test]
    async fn what_is_none_of_ours_opens_as_some_other_password() {
        let bench = Bench::new().await;
        let sealed = encrypt(&bench, &[b"correct horse"]).await;
        let mut bent = sealed.clone();
        bent[17] ^= 1;
        let not_a_text = encrypt(&bench, &[&[0xff, 0xfe]]).await;
        let cases = [
            bent,
            sealed[..sealed.len() - 1].to_vec(),
            [sealed.as_slice(), &[0]].concat(),
            sealed.repeat(BLOCKS_MAX + 1),
            not_a_text,
        ];
        let mut opened: Vec<String> = Vec::new();
        for case in cases {
            opened.push(decrypted(&bench, &BASE64_STANDARD.encode(case)).await);
        }
        for text in ["", "correct horse", "====", "\u{0}"] {
            opened.push(decrypted(&bench, text).await);
        }
        assert!(opened.iter().all(|text| text.len() == 48), "{opened:?}");
        let told: std::collections::BTreeSet<&String> = opened.iter().collect();
        assert_eq!(told.len(), opened.len(), "never the same twice");
    }
}
