//! Connections: read and written at the backend, because they are worth nothing before it has them.

use crate::{Changed, Console, Error, KnownConnection, replica};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::Url;
use yaopai_domain::{
    Connection, ConnectionDraft, ConnectionId, ConnectionUsage, FieldError, SetupSheet, validate_draft,
};

impl Console {
    /// The pool's connections, by display name, from the backend.
    pub async fn connections(&self) -> Result<Vec<Connection>, Error> {
        let mut connections = self.parts.api.connections().await?;
        connections.sort_by(|a, b| (&a.display_name, &a.identifier).cmp(&(&b.display_name, &b.identifier)));
        Ok(connections)
    }

    /// The pool's connections, by display name, from the replica.
    pub async fn known_connections(&self) -> Result<Vec<KnownConnection>, Error> {
        self.parts.replica.read(replica::known_connections).await
    }

    /// Checks a draft against every rule that needs no backend; `existing` is what it replaces.
    pub fn check_connection(
        &self,
        draft: &ConnectionDraft,
        existing: Option<&Connection>,
    ) -> Vec<FieldError> {
        validate_draft(draft, existing, |text| STANDARD.decode(text).ok())
            .err()
            .unwrap_or_default()
    }

    /// Creates a connection.
    pub async fn create_connection(&self, draft: &ConnectionDraft) -> Result<Connection, Error> {
        let connection = self.parts.api.create_connection(draft).await?;
        Ok(self.connections_changed(connection))
    }

    /// Replaces a connection's settings; an empty secret keeps the stored one.
    pub async fn replace_connection(
        &self,
        id: ConnectionId,
        draft: &ConnectionDraft,
    ) -> Result<Connection, Error> {
        let connection = self.parts.api.replace_connection(id, draft).await?;
        Ok(self.connections_changed(connection))
    }

    /// Enables or disables a connection.
    pub async fn set_connection_enabled(&self, id: ConnectionId, enabled: bool) -> Result<Connection, Error> {
        let connection = self.parts.api.set_connection_enabled(id, enabled).await?;
        Ok(self.connections_changed(connection))
    }

    /// What deleting a connection would mean.
    pub async fn connection_usage(&self, id: ConnectionId) -> Result<ConnectionUsage, Error> {
        self.parts.api.connection_usage(id).await
    }

    /// Deletes a connection; people and their bindings stay.
    pub async fn delete_connection(&self, id: ConnectionId) -> Result<(), Error> {
        self.parts.api.delete_connection(id).await?;
        self.connections_changed(());
        Ok(())
    }

    /// What to paste into WeChat's console for a draft as far as it is typed; `None` until the backend was reached once.
    pub fn setup_sheet(&self, draft: &ConnectionDraft) -> Option<SetupSheet> {
        let server = self.status().server?;
        let public_url: Url = server.public_url.parse().ok()?;
        let file = draft.verification_file.as_ref();
        Some(SetupSheet::new(
            draft.kind,
            &public_url,
            self.parts.api.pool(),
            &draft.identifier,
            draft.callback_url.as_deref(),
            file.map(|file| file.name.as_str()),
        ))
    }

    /// The bindings of the replica name their connection: the window reads anew, and the replica follows.
    fn connections_changed<T>(&self, answer: T) -> T {
        self.parts.board.tell(Changed::Connections);
        self.parts.wakes.hint();
        answer
    }
}
