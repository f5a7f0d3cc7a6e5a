//! Accounts against a whole backend.
