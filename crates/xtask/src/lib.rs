//! Programs for developers, and the people they make up.

pub mod dice;
pub mod people;
