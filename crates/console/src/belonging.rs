//! To whom a WeChat identity belongs: refused people let in, bindings taken away, users merged. The backend decides all of
//! it at once, because only it knows who else has the identity; the replica follows.

use crate::{Binding, Changed, Console, Error, MergeDifference, MergeUser, MergeView};
use serde_json::Value;
use yaopai_domain::{
    Connection, Difference, Identity, IdentityId, IdentityScope, Merge, MergeId, MergeRequest, Unmerged,
    User, UserId,
};

/// How the backend names a key of metadata among the fields of a user.
const METADATA: &str = "metadata.";

impl Console {
    /// Lets a refused person in as this user, or as a new one. Answers who they are now.
    pub async fn admit_refused(
        &self,
        app_id: &str,
        open_id: &str,
        user: Option<UserId>,
    ) -> Result<UserId, Error> {
        let user = self.parts.api.admit(app_id, open_id, user).await?;
        Ok(self.belongs_anew(user))
    }

    /// Forgets a refused person until they come again.
    pub async fn dismiss_refused(&self, app_id: &str, open_id: &str) -> Result<(), Error> {
        self.parts.api.dismiss_refused(app_id, open_id).await
    }

    /// Takes a binding from a user. The last way in only goes if `force` says so, which needs the right to delete users.
    pub async fn unbind(&self, user: UserId, identity: IdentityId, force: bool) -> Result<(), Error> {
        self.parts.api.unbind(user, identity, force).await?;
        self.belongs_anew(());
        Ok(())
    }

    /// What a merge would do.
    pub async fn preview_merge(&self, request: &MergeRequest) -> Result<MergeView, Error> {
        let api = &self.parts.api;
        let (preview, connections) = tokio::try_join!(api.preview_merge(request), api.connections())?;
        let (kept, removed) = (&preview.kept, &preview.removed);
        let both = || kept.identities.iter().chain(&removed.identities);
        Ok(MergeView {
            result: merge_user(&preview.result, both(), &connections),
            kept: merge_user(&kept.user, &kept.identities, &connections),
            removed: merge_user(&removed.user, &removed.identities, &connections),
            differences: preview.differences.into_iter().map(difference).collect(),
        })
    }

    /// Makes two users one.
    pub async fn merge(&self, request: &MergeRequest) -> Result<Merge, Error> {
        let merge = self.parts.api.merge(request).await?;
        Ok(self.belongs_anew(merge))
    }

    /// The 200 latest merges of the last 30 days, newest first: those that can be undone, and those that were.
    pub async fn merges(&self) -> Result<Vec<Merge>, Error> {
        self.parts.api.merges().await
    }

    /// Makes them two again, as far as nobody has changed things since.
    pub async fn undo_merge(&self, id: MergeId) -> Result<Unmerged, Error> {
        let unmerged = self.parts.api.undo_merge(id).await?;
        Ok(self.belongs_anew(unmerged))
    }

    /// The replica fetches what was just decided, without waiting for the backend's hint.
    fn belongs_anew<T>(&self, answer: T) -> T {
        self.parts.board.tell(Changed::Users);
        self.parts.wakes.hint();
        answer
    }
}

fn merge_user<'a>(
    user: &User,
    identities: impl IntoIterator<Item = &'a Identity>,
    connections: &[Connection],
) -> MergeUser {
    let avatar = user.profile.avatar_url.as_ref();
    MergeUser {
        id: user.id,
        name: user.profile.best_name().map(str::to_owned),
        avatar_url: avatar.map(|field| field.value.clone()),
        status: user.status,
        created_at: user.created_at,
        bindings: identities
            .into_iter()
            .filter_map(|identity| binding(identity, connections))
            .collect(),
    }
}

/// An OpenID as a binding; a UnionID is shown beside its OpenIDs and not by itself.
fn binding(identity: &Identity, connections: &[Connection]) -> Option<Binding> {
    let IdentityScope::OpenId {
        connection_id,
        kind,
        app_id,
        open_id,
        union_id,
    } = &identity.scope
    else {
        return None;
    };
    let connection = connections.iter().find(|one| Some(one.id) == *connection_id);
    Some(Binding {
        id: identity.id,
        kind: *kind,
        connection: connection.map(|one| one.display_name.clone()),
        app_id: app_id.clone(),
        open_id: open_id.clone(),
        union_id: union_id.clone(),
        first_seen: identity.first_seen,
        last_seen: identity.last_seen,
    })
}

fn difference(found: Difference) -> MergeDifference {
    let is_json = found.field.starts_with(METADATA);
    let text = |value: Value| match value {
        Value::String(text) if !is_json => text,
        other => other.to_string(),
    };
    MergeDifference {
        kept: found.kept.map(text),
        removed: found.removed.map(text),
        field: found.field,
        taken: found.taken,
    }
}
