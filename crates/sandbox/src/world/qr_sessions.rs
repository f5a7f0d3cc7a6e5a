//! QR codes of the qrconnect page and of mobile apps: made, scanned, then agreed to or refused; over after five minutes.

use std::collections::HashMap;

use tokio::sync::watch;

use crate::ambient::Entropy;
use crate::shapes;

/// Seconds a QR code lives.
pub(crate) const QR_SECONDS: u64 = 300;
/// How long an expired QR code still answers "expired" and not "unknown".
const REMEMBERED_SECONDS: u64 = 3600;

/// Where a QR code stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum QrState {
    /// Nobody scanned it yet.
    Created,
    /// A phone shows the question.
    Scanned,
    /// The person said no; scanning again asks again.
    Refused,
    /// The person agreed.
    Confirmed {
        /// The code for the website or the app.
        code: String,
        /// Who agreed, as the app's window may greet them.
        nickname: String,
    },
}

impl QrState {
    /// The `wx_errcode` of the long poll; `last` of the next poll repeats it.
    pub(crate) fn number(&self) -> u16 {
        match self {
            Self::Created => 408,
            Self::Scanned => 404,
            Self::Refused => 403,
            Self::Confirmed { .. } => 405,
        }
    }
}

/// One QR code.
pub(crate) struct QrSession {
    pub(crate) app_id: String,
    /// What the person is asked to agree to.
    pub(crate) scope: String,
    pub(crate) expires_at: u64,
    /// Watched by every poll that is held open, so that one change wakes them all.
    pub(crate) progress: watch::Sender<QrState>,
}

/// All QR codes of the platform.
#[derive(Default)]
pub(crate) struct QrSessions(HashMap<String, QrSession>);

impl QrSessions {
    /// Makes a QR code for a login and answers its uuid.
    pub(crate) fn create(&mut self, app_id: &str, scope: &str, now: u64, entropy: &Entropy) -> String {
        self.0
            .retain(|_, session| session.expires_at + REMEMBERED_SECONDS > now);
        let uuid = shapes::qr_uuid(entropy);
        let session = QrSession {
            app_id: app_id.to_owned(),
            scope: scope.to_owned(),
            expires_at: now + QR_SECONDS,
            progress: watch::Sender::new(QrState::Created),
        };
        self.0.insert(uuid.clone(), session);
        uuid
    }

    /// The QR code with this uuid, expired or not.
    pub(crate) fn find(&self, uuid: &str) -> Option<&QrSession> {
        self.0.get(uuid)
    }
}
