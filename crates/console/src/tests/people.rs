//! Users and bindings by number.

use super::user_id;
use yaopai_domain::{
    ConnectionKind, Identity, IdentityScope, Metadata, Profile, Timestamp, User, UserStatus,
};

/// The user of this number, of whom nothing is known.
pub(crate) fn user(number: u32) -> User {
    User {
        id: user_id(number),
        status: UserStatus::Active,
        profile: Profile::default(),
        metadata: Metadata::new(),
        created_at: Timestamp(1),
        updated_at: Timestamp(1),
    }
}

/// The binding of this number, of a user's, last seen then.
pub(crate) fn binding(number: u32, of: u32, last_seen: i64) -> Identity {
    Identity {
        id: user_id(1000 + number).uuid().into(),
        user_id: user_id(of),
        scope: IdentityScope::OpenId {
            connection_id: None,
            kind: ConnectionKind::Pc,
            app_id: "wx1".to_owned(),
            open_id: format!("open-id-{number}"),
            union_id: None,
        },
        first_seen: Timestamp(i64::from(number)),
        last_seen: Timestamp(last_seen),
    }
}
