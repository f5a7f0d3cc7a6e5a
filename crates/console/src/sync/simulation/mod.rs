//! The rules of the sync, driven without a network: random lives, and the scenes worth telling.

mod machine;
mod random;
mod scenes;
