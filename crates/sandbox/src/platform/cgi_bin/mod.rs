//! `cgi-bin/*`: API tokens, tickets, scene codes and followers of official accounts, quotas.

pub(crate) mod followers;
pub(crate) mod quota;
pub(crate) mod scenes;
pub(crate) mod tickets;
pub(crate) mod tokens;
