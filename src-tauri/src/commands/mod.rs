//! What the window may ask. A command parses nothing and decides nothing: it hands over to the console.

pub(crate) mod belonging;
pub(crate) mod connections;
pub(crate) mod desktop;
pub(crate) mod exchange;
pub(crate) mod test_login;
pub(crate) mod users;

use yaopai_console::ErrorView;

/// What every command answers.
pub(crate) type Answer<T> = Result<T, ErrorView>;
