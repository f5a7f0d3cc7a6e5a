//! Pools.

use super::Reply;
use yaopai_domain::PoolId;

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pool {
    /// Its id.
    pub(crate) id: PoolId,
    /// Its name for people.
    pub(crate) name: String,
}

/// Pools.
pub(crate) trait PoolStore {
    /// The pool of this id.
    fn pool(&self, id: &PoolId) -> Reply<'_, Option<Pool>>;

    /// Makes the pool `default` with its feed and a platform account `default`, unless there is any pool already.
    fn ensure_a_pool(&self) -> Reply<'_, ()>;
}
