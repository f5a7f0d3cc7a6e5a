//! Digests: whether a replica holds what the backend holds, at the price of a few bytes a page.

use crate::{EntityKey, Revision};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The number of live entities of a type, and the wrapping sums of the two halves of a hash of each.
///
/// The hash is the first 16 bytes of SHA-256 over the name of the type, a zero byte, the id, a zero byte and the revision
/// as 8 bytes, little-endian; each half is read little-endian too. Sums do not depend on the order of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Digest {
    /// How many there are.
    pub count: u64,
    /// Sum of the first halves.
    pub lo: u64,
    /// Sum of the second halves.
    pub hi: u64,
}

impl Digest {
    /// Takes an entity in at this revision.
    pub fn add(&mut self, key: &EntityKey, revision: Revision) {
        let (lo, hi) = halves(key, revision);
        self.count = self.count.wrapping_add(1);
        self.lo = self.lo.wrapping_add(lo);
        self.hi = self.hi.wrapping_add(hi);
    }

    /// Takes an entity out that was there at this revision.
    pub fn remove(&mut self, key: &EntityKey, revision: Revision) {
        let (lo, hi) = halves(key, revision);
        self.count = self.count.wrapping_sub(1);
        self.lo = self.lo.wrapping_sub(lo);
        self.hi = self.hi.wrapping_sub(hi);
    }
}

fn halves(key: &EntityKey, revision: Revision) -> (u64, u64) {
    use sha2::Digest as _;
    let hash = Sha256::new()
        .chain_update(key.entity_type().as_str())
        .chain_update([0])
        .chain_update(key.id())
        .chain_update([0])
        .chain_update(revision.0.to_le_bytes())
        .finalize();
    let half = |from: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash[from..from + 8]);
        u64::from_le_bytes(bytes)
    };
    (half(0), half(8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(name: &str) -> EntityKey {
        EntityKey::VerificationFile(name.to_owned())
    }

    /// printf 'user\0%s\0\7\0\0\0\0\0\0\0' 00000000-0000-0000-0000-000000000001 | sha256sum
    const HASH: [u8; 16] = [
        0x03, 0xa4, 0x00, 0xe5, 0xcf, 0xde, 0x7e, 0x84, 0x21, 0x0d, 0x62, 0xc0, 0xfd, 0xf6, 0x96, 0xc6,
    ];

    #[test]
    fn the_hash_is_the_one_that_is_described() {
        let mut digest = Digest::default();
        digest.add(&EntityKey::User(uuid::Uuid::from_u128(1).into()), Revision(7));
        let expected = Digest {
            count: 1,
            lo: u64::from_le_bytes(HASH[..8].try_into().unwrap()),
            hi: u64::from_le_bytes(HASH[8..].try_into().unwrap()),
        };
        assert_eq!(digest, expected);
    }

    proptest! {
        #[test]
        fn what_is_taken_out_again_leaves_no_trace(
            entities in prop::collection::vec(("[a-z]{1,8}", 0..i64::MAX), 1..20),
            more in ("[a-z]{9}", 0..i64::MAX),
        ) {
            let mut forth = Digest::default();
            for (name, rev) in &entities {
                forth.add(&file(name), Revision(*rev));
            }
            let mut back = Digest::default();
            back.add(&file(&more.0), Revision(more.1));
            for (name, rev) in entities.iter().rev() {
                back.add(&file(name), Revision(*rev));
            }
            prop_assert_ne!(forth, back);
            back.remove(&file(&more.0), Revision(more.1));
            prop_assert_eq!(forth, back);
        }

        #[test]
        fn another_revision_is_another_digest(name in "[a-z]{1,8}", rev in 0..i64::MAX) {
            let (mut one, mut other) = (Digest::default(), Digest::default());
            one.add(&file(&name), Revision(rev));
            other.add(&file(&name), Revision(rev + 1));
            prop_assert_ne!(one, other);
        }
    }
}
