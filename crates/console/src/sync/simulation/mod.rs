//! The rules of the sync, driven without a network: random lives, and the scenes worth telling.

mod access;
mod edits;
mod loads;
mod machine;
mod random;
mod scenes;
mod table;
