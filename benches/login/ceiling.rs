//! The ceiling: the same web framework and database, one indexed read and one durable write a request, and nothing else.

use crate::{
    load::{Requests, queue},
    process::{Engine, Program},
};
use anyhow::Result;
use axum::{
    Router,
    extract::{Path as Place, State},
    http::StatusCode,
    routing::get,
};
use std::{
    path::Path,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

const ROWS: i64 = 1_000;
const TABLES: &str = "CREATE TABLE person (id BIGINT PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE visit (id TEXT PRIMARY KEY, person BIGINT NOT NULL, note TEXT NOT NULL);";

/// A running ceiling.
pub(crate) struct Ceiling {
    pub(crate) program: Program,
    url: String,
}

impl Ceiling {
    /// Starts this very program as the ceiling, in a process of its own.
    pub(crate) async fn start(engine: &Engine, dir: &Path) -> Result<Self> {
        let database = engine.database(dir, "ceiling").await?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["ceiling", &database]);
        let (program, url) = Program::start(command, "ceiling on ").await?;
        Ok(Self { program, url })
    }

    /// So many visits.
    pub(crate) fn requests(&self, count: usize) -> Requests {
        let url = self.url.clone();
        queue(0..count, move |http, visit| {
            http.get(format!("{url}/visit/{}", visit as i64 % ROWS))
        })
    }
}

/// Serves the ceiling.
pub(crate) async fn serve(database: &str) -> Result<()> {
    let router = if let Some(file) = database.strip_prefix("sqlite:") {
        let file = Arc::new(Sqlite::open(Path::new(file))?);
        Router::new()
            .route("/visit/{person}", get(sqlite))
            .with_state(file)
    } else {
        let pool = postgres_pool(database).await?;
        Router::new()
            .route("/visit/{person}", get(postgres))
            .with_state(pool)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("ceiling on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

/// A writer and a reader, as simple as they can be.
struct Sqlite {
    writer: Mutex<rusqlite::Connection>,
    reader: Mutex<rusqlite::Connection>,
}

impl Sqlite {
    fn open(file: &Path) -> Result<Self> {
        let writer = rusqlite::Connection::open(file)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        writer.pragma_update(None, "synchronous", "FULL")?;
        writer.execute_batch(TABLES)?;
        for id in 0..ROWS {
            writer.execute(
                "INSERT INTO person (id, name) VALUES (?1, ?2)",
                (id, format!("person {id}")),
            )?;
        }
        Ok(Self {
            reader: Mutex::new(rusqlite::Connection::open(file)?),
            writer: Mutex::new(writer),
        })
    }

    fn visit(&self, person: i64) -> rusqlite::Result<String> {
        let name: String = {
            let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
            let mut query = reader.prepare_cached("SELECT name FROM person WHERE id = ?1")?;
            query.query_row([person], |row| row.get(0))?
        };
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut insert = writer.prepare_cached(
            "INSERT INTO visit (id, person, note) VALUES (lower(hex(randomblob(16))), ?1, ?2)",
        )?;
        insert.execute((person, &name))?;
        Ok(name)
    }
}

async fn sqlite(State(file): State<Arc<Sqlite>>, Place(person): Place<i64>) -> Result<String, StatusCode> {
    let visit = tokio::task::spawn_blocking(move || file.visit(person)).await;
    visit
        .ok()
        .and_then(Result::ok)
        .ok_or(StatusCode::INTERNAL_SERVER_ERROR)
}

async fn postgres_pool(url: &str) -> Result<deadpool_postgres::Pool> {
    let manager = deadpool_postgres::Manager::new(url.parse()?, tokio_postgres::NoTls);
    let pool = deadpool_postgres::Pool::builder(manager).max_size(16).build()?;
    let client = pool.get().await?;
    client.batch_execute(TABLES).await?;
    client
        .batch_execute(&format!(
            "INSERT INTO person SELECT id, 'person ' || id FROM generate_series(0, {}) AS id",
            ROWS - 1
        ))
        .await?;
    Ok(pool)
}

async fn postgres(
    State(pool): State<deadpool_postgres::Pool>,
    Place(person): Place<i64>,
) -> Result<String, StatusCode> {
    visit(&pool, person)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn visit(pool: &deadpool_postgres::Pool, person: i64) -> Result<String> {
    let client = pool.get().await?;
    let query = client
        .prepare_cached("SELECT name FROM person WHERE id = $1")
        .await?;
    let name: String = client.query_one(&query, &[&person]).await?.get(0);
    let insert = client
        .prepare_cached("INSERT INTO visit (id, person, note) VALUES (gen_random_uuid()::text, $1, $2)")
        .await?;
    client.execute(&insert, &[&person, &name]).await?;
    Ok(name)
}
