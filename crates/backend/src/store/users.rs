//! Users, read. They are written by logins (`identity`), by pushes (`sync`) and by the bootstrap.

use super::Reply;
use yaopai_domain::{PoolId, User, UserId, UserRecord};

/// Users.
pub(crate) trait UserStore {
    /// One user with all bindings.
    fn user_record(&self, pool: &PoolId, id: UserId) -> Reply<'_, Option<UserRecord>>;

    /// At most `limit` users in the order of their ids, the first behind `after`.
    fn users(&self, pool: &PoolId, after: Option<UserId>, limit: u32) -> Reply<'_, Vec<User>>;
}
