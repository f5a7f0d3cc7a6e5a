//! Sessions on a real database: what is issued, how long it lasts, and what ends it.
