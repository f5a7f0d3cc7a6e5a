//! Lists somebody wants to see again.

use super::users::UserQuery;
use serde::{Deserialize, Serialize};

/// A list somebody wants to see again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SavedView {
    /// Names the view.
    pub id: String,
    /// What the operator calls it.
    pub name: String,
    /// Search, filter and sort; no page.
    pub query: UserQuery,
}

/// A view to be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SavedViewDraft {
    /// The view to replace; absent makes a new one.
    pub id: Option<String>,
    /// What the operator calls it, 1 to 64 characters.
    pub name: String,
    /// Search, filter and sort; page and limit are not kept.
    pub query: UserQuery,
}
