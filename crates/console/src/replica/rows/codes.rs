//! The numbers by which the file knows a status and a kind; they never change.

use yaopai_domain::{ConnectionKind, UserStatus};

/// How a status is stored.
pub(super) const fn status_code(status: UserStatus) -> u8 {
    match status {
        UserStatus::Active => 0,
        UserStatus::Blocked => 1,
    }
}

/// The status of a stored code.
pub(in crate::replica) const fn status_of(code: u8) -> UserStatus {
    match code {
        0 => UserStatus::Active,
        _ => UserStatus::Blocked,
    }
}

/// How a kind is stored.
pub(super) const fn kind_code(kind: ConnectionKind) -> u8 {
    match kind {
        ConnectionKind::Pc => 1,
        ConnectionKind::WebpageAuthorization => 2,
        ConnectionKind::MiniProgram => 3,
        ConnectionKind::MiniProgramQr => 4,
        ConnectionKind::AppLaunch => 5,
        ConnectionKind::Mobile => 6,
        ConnectionKind::FollowCode => 7,
    }
}

/// The kind of a stored code.
pub(in crate::replica) fn kind_of(code: u8) -> Option<ConnectionKind> {
    ConnectionKind::ALL
        .into_iter()
        .find(|kind| kind_code(*kind) == code)
}
