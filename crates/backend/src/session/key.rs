//! One key of a pool: how it is made, what it signs or opens, and its public half.

use crate::Error;
use aws_lc_rs::{
    encoding::AsDer,
    error::Unspecified,
    rand::SystemRandom,
    rsa::{self, KeySize, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaPublicKeyComponents,
    },
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};
use yaopai_domain::TokenAlgorithm;
use zeroize::Zeroizing;

/// What a key is for; named as JWA (RFC 7518) names the algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// Signs with ECDSA on P-256: short tokens, the default.
    Es256,
    /// Signs with RSA, for resource servers that know nothing else.
    Rs256,
    /// Opens what SDKs encrypt for us (RSA, PKCS#1 v1.5): their passwords.
    Rsa15,
}

impl Purpose {
    /// That of keys which sign by this algorithm.
    pub(crate) const fn signing(algorithm: TokenAlgorithm) -> Self {
        match algorithm {
            TokenAlgorithm::Es256 => Self::Es256,
            TokenAlgorithm::Rs256 => Self::Rs256,
        }
    }

    /// The algorithm's name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Rsa15 => "RSA1_5",
        }
    }
}

/// A key's private half, ready for use.
pub(super) enum Private {
    /// Signs with ECDSA.
    Ec(EcdsaKeyPair),
    /// Signs with RSA.
    Rsa(rsa::KeyPair),
    /// Opens what was encrypted.
    Opens(Pkcs1PrivateDecryptingKey, PrivateDecryptingKey),
}

const fn broken(_: Unspecified) -> Error {
    Error::Internal("a key could not be made or used")
}

fn rejected(_: aws_lc_rs::error::KeyRejected) -> Error {
    Error::Internal("a stored key is none")
}

/// Makes a private key (PKCS#8). RSA keys take a part of a second.
pub(super) fn generate(purpose: Purpose) -> Result<Zeroizing<Vec<u8>>, Error> {
    // The library draws from the operating system itself; nothing else could make these keys.
    let pkcs8 = match purpose {
        Purpose::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .and_then(|key| key.to_pkcs8v1())
            .map_err(broken)?
            .as_ref()
            .to_vec(),
        Purpose::Rs256 | Purpose::Rsa15 => rsa::KeyPair::generate(KeySize::Rsa2048)
            .and_then(|key| key.as_der())
            .map_err(broken)?
            .as_ref()
            .to_vec(),
    };
    Ok(Zeroizing::new(pkcs8))
}

impl Private {
    /// Reads a private key (PKCS#8).
    pub(super) fn read(purpose: Purpose, pkcs8: &[u8]) -> Result<Self, Error> {
        Ok(match purpose {
            Purpose::Es256 => {
                Self::Ec(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(rejected)?)
            }
            Purpose::Rs256 => Self::Rsa(rsa::KeyPair::from_pkcs8(pkcs8).map_err(rejected)?),
            Purpose::Rsa15 => {
                let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(rejected)?;
                Self::Opens(Pkcs1PrivateDecryptingKey::new(key.clone()).map_err(broken)?, key)
            }
        })
    }

    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        match self {
            Self::Ec(key) => Ok(key.sign(&random, message).map_err(broken)?.as_ref().to_vec()),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(broken)?;
                Ok(signature)
            }
            Self::Opens(..) => Err(Error::Internal("this key does not sign")),
        }
    }

    /// What checks its signatures, and by which algorithm alone.
    pub(super) fn checks(&self) -> Option<(Algorithm, DecodingKey)> {
        match self {
            Self::Ec(key) => Some((
                Algorithm::ES256,
                DecodingKey::from_ec_der(key.public_key().as_ref()),
            )),
            Self::Rsa(key) => Some((
                Algorithm::RS256,
                DecodingKey::from_rsa_der(key.public_key().as_ref()),
            )),
            Self::Opens(..) => None,
        }
    }

    /// The public half as RFC 7517 writes it, without its id.
    pub(super) fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ec(key) => {
                // 0x04, then both coordinates of 32 bytes each.
                let point = key.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                json!({"kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "x": text(x), "y": text(y)})
            }
            Self::Rsa(key) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
                json!({"kty": "RSA", "use": "sig", "alg": "RS256", "n": text(&public.n), "e": text(&public.e)})
            }
            Self::Opens(..) => Value::Null,
        }
    }

    /// The public half as SDKs take it: PEM of a SubjectPublicKeyInfo. Only of a key that opens.
    pub(super) fn public_pem(&self) -> Result<String, Error> {
        let Self::Opens(_, key) = self else {
            return Err(Error::Internal("this key does not open"));
        };
        let der = key.public_key().as_der().map_err(broken)?;
        let text = BASE64_STANDARD.encode(der.as_ref());
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for (index, letter) in text.chars().enumerate() {
            if index > 0 && index % 64 == 0 {
                pem.push('\n');
            }
            pem.push(letter);
        }
        pem.push_str("\n-----END PUBLIC KEY-----\n");
        Ok(pem)
    }

    /// Length of a block that it opens.
    pub(super) fn block_bytes(&self) -> usize {
        match self {
            Self::Opens(key, _) => key.key_size_bytes(),
            Self::Ec(_) | Self::Rsa(_) => 1,
        }
    }

    /// Opens one block; `None` if it is none of ours. JSEncrypt leaves out zeros in front: one block in 256 is shorter.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let Self::Opens(key, _) = self else { return None };
        let missing = key.key_size_bytes().saturating_sub(sealed.len());
        let sealed = [vec![0; missing].as_slice(), sealed].concat();
        let mut clear = Zeroizing::new(vec![0; key.min_output_size()]);
        let length = key.decrypt(&sealed, &mut clear).ok()?.len();
        clear.truncate(length);
        Some(clear)
    }
}
