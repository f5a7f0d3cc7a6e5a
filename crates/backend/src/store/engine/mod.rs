//! Databases: what a store needs of one, and the engines that give it.
//!
//! SQL is written once, in the part of the language that SQLite, PostgreSQL and the engines that speak its protocol
//! share: parameters `$1`, `$2`, … in the order of the values; the column types BIGINT, TEXT and bytes; times in
//! milliseconds since the UNIX epoch; flags as 0 and 1; JSON as text. Ids are made by the application. `FOR UPDATE` at the
//! end of a query keeps its rows from others until the transaction ends.

mod migrations;
mod postgres;
mod row;
mod sqlite;
mod value;

pub(crate) use postgres::Postgres;
pub use postgres::{InvalidPostgresUrl, PostgresServer};
pub(crate) use row::{Row, to_json, wire_name};
pub(crate) use sqlite::Sqlite;
#[cfg(feature = "simulate")]
pub(crate) use sqlite::{Image, Inline};
pub(crate) use value::{Value, values};

use super::StoreError;
use futures_util::future::BoxFuture;

/// A database.
pub(crate) trait Engine: Send + Sync {
    /// Runs work in a read transaction: everything it reads is of one snapshot.
    fn read(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Runs work of one statement that reads, with no transaction around it. Each further statement would see what is
    /// committed by then.
    fn glance(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>>;

    /// As [`write`](Self::write), for work of one statement: it needs no transaction around it.
    fn put(&self, work: Work, committed: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Runs work of one statement that writes. Everybody sees its effect at once, but nobody waits for the disk: if the
    /// machine of the database fails, the last moments of it may be lost, and nothing else. Happens also when the caller
    /// has left meanwhile, and may run more than once.
    fn note(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Runs work in a write transaction, which is undone if the work fails, and calls `committed` once it is durable.
    /// Both happen also when the caller has left meanwhile.
    ///
    /// Work may run more than once: an engine repeats a transaction that lost a race with another one.
    fn write(&self, work: Work, committed: Box<dyn FnOnce() + Send>)
    -> BoxFuture<'_, Result<(), StoreError>>;

    /// Whether other processes may be using the same database.
    fn is_shared(&self) -> bool;

    /// Finishes what was begun and closes the database.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// What shall happen in a transaction. It keeps its own answer.
pub(crate) type Work =
    Box<dyn for<'t> FnMut(&'t dyn Statements) -> BoxFuture<'t, Result<(), StoreError>> + Send>;

/// A transaction that takes statements.
pub(crate) trait Statements: Send + Sync {
    /// The rows that a statement answers.
    fn rows<'t>(&'t self, sql: &'t str, values: Vec<Value>) -> BoxFuture<'t, Result<Vec<Row>, StoreError>>;

    /// Runs a statement; how many rows it changed.
    fn execute<'t>(&'t self, sql: &'t str, values: Vec<Value>) -> BoxFuture<'t, Result<u64, StoreError>>;

    /// Makes changes that see nothing of each other, all or none, as one statement; how many rows each changed.
    fn change(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<Vec<u64>, StoreError>>;
}

/// A statement that inserts, updates or deletes, without `RETURNING`.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The statement.
    pub(crate) sql: &'static str,
    /// The values of its parameters, in order.
    pub(crate) values: Vec<Value>,
}
