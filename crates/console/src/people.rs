//! Users and their metadata: read from the replica, edited here first.

use crate::{
    Changed, Conflict, Console, Error, Keep, MetadataEdit, RefusedPage, RefusedQuery, RejectedPage,
    SavedView, SavedViewDraft, UserDetail, UserPage, UserQuery, replica,
};
use yaopai_domain::{Action, Code, Problem, UserId};

impl Console {
    /// A page of users from the replica.
    pub async fn users(&self, query: UserQuery) -> Result<UserPage, Error> {
        let orders = self.parts.orders.clone();
        self.parts
            .replica
            .read(move |connection| replica::users(connection, &orders, &query))
            .await
    }

    /// The page of a list that begins at a position, counted from 0: a leap deep into the list.
    pub async fn users_at(&self, query: UserQuery, position: u32) -> Result<UserPage, Error> {
        let orders = self.parts.orders.clone();
        self.parts
            .replica
            .read(move |connection| replica::users_at(connection, &orders, &query, position))
            .await
    }

    /// A page of refused people from the replica, latest first.
    pub async fn refused_people(&self, query: RefusedQuery) -> Result<RefusedPage, Error> {
        self.parts
            .replica
            .read(move |connection| replica::refused_people(connection, &query))
            .await
    }

    /// Saved views by name.
    pub async fn saved_views(&self) -> Result<Vec<SavedView>, Error> {
        self.parts.replica.read(replica::saved_views).await
    }

    /// Saves a view, or replaces the one the draft names.
    pub async fn save_view(&self, draft: SavedViewDraft) -> Result<SavedView, Error> {
        let ambient = self.parts.ambient.clone();
        self.parts
            .replica
            .write(move |transaction| replica::save_view(transaction, &draft, &ambient))
            .await
    }

    /// Forgets a view.
    pub async fn delete_view(&self, id: String) -> Result<(), Error> {
        self.parts
            .replica
            .write(move |transaction| replica::delete_view(transaction, &id))
            .await
    }

    /// One user from the replica.
    pub async fn user(&self, id: UserId) -> Result<UserDetail, Error> {
        self.parts
            .replica
            .read(move |connection| replica::user(connection, id))
            .await
    }

    /// Stores an edit here, durable before this returns, and queues it for the backend.
    pub async fn edit_metadata(&self, edit: MetadataEdit) -> Result<UserDetail, Error> {
        self.may_edit()?;
        let ambient = self.parts.ambient.clone();
        let detail = self
            .parts
            .replica
            .write(move |transaction| {
                replica::edit_metadata(transaction, &edit, &ambient)?;
                replica::user(transaction, edit.user_id)
            })
            .await?;
        self.edited();
        Ok(detail)
    }

    /// Conflicts nobody has decided yet, oldest first.
    pub async fn conflicts(&self) -> Result<Vec<Conflict>, Error> {
        self.parts
            .replica
            .read(|connection| replica::conflicts(connection, None))
            .await
    }

    /// Decides a conflict.
    pub async fn resolve_conflict(&self, id: String, keep: Keep) -> Result<(), Error> {
        self.may_edit()?;
        let ambient = self.parts.ambient.clone();
        self.parts
            .replica
            .write(move |transaction| replica::resolve_conflict(transaction, &id, &keep, &ambient))
            .await?;
        self.edited();
        Ok(())
    }

    /// A page of the edits that the backend refused for good, newest first, also of those of users who are gone: at most
    /// 200, from where the last page ended.
    pub async fn rejected_edits(&self, after: Option<String>, limit: u32) -> Result<RejectedPage, Error> {
        self.parts
            .replica
            .read(move |connection| replica::rejected_edits(connection, after.as_deref(), limit))
            .await
    }

    /// Forgets a refused edit that somebody has read.
    pub async fn dismiss_rejected(&self, id: String) -> Result<(), Error> {
        self.parts
            .replica
            .write(move |transaction| replica::dismiss_rejected(transaction, &id))
            .await?;
        self.parts.board.tell(Changed::Users);
        Ok(())
    }

    /// Forgets all refused edits.
    pub async fn dismiss_all_rejected(&self) -> Result<(), Error> {
        self.parts
            .replica
            .write(|transaction| replica::dismiss_all_rejected(transaction))
            .await?;
        self.parts.board.tell(Changed::Users);
        Ok(())
    }

    /// Refuses what the backend would refuse, as far as its last word is known: an edit that can never leave is no edit.
    pub(crate) fn may_edit(&self) -> Result<(), Error> {
        match self.status().server {
            Some(server) if !server.role.may(Action::EditUsers) => {
                let problem = Problem::new(Code::Forbidden, "your role may not edit users");
                Err(Error::Backend(Box::new(problem)))
            }
            _ => Ok(()),
        }
    }

    fn edited(&self) {
        self.parts.board.tell(Changed::Users);
        self.parts.wakes.edit();
    }
}
