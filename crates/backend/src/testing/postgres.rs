//! A PostgreSQL server for the tests of this program, and a database of its own for each of them.

use crate::{
    PostgresServer,
    store::{News, Store},
    testing::{Hands, Seeded, feed_watch},
};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, OnceLock},
};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::{Client, NoTls};

/// Names the server to use, if there is one already.
const GIVEN: &str = "YAOPAI_TEST_POSTGRES_URL";
/// Starts a server, and stops it when nobody holds the other end of its input any more.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/with-postgres");
const SAY_AND_STAY: [&str; 3] = [
    "sh",
    "-c",
    "echo \"$YAOPAI_TEST_POSTGRES_URL\"; exec cat >/dev/null",
];

/// A database without people in it, removed when dropped.
pub(crate) struct TestDatabase {
    server: PostgresServer,
}

impl TestDatabase {
    /// One with the newest schema.
    pub(crate) async fn new() -> Self {
        Self::made(Schema::Newest).await
    }

    /// One without any table.
    pub(crate) async fn empty() -> Self {
        Self::made(Schema::None).await
    }

    async fn made(schema: Schema) -> Self {
        let (made, answer) = oneshot::channel();
        keeper().send(Order::Make(schema, made)).unwrap();
        let server = answer
            .await
            .expect("PostgreSQL is there; what is missing is above");
        Self { server }
    }

    /// Where it is.
    pub(crate) fn server(&self) -> PostgresServer {
        self.server.clone()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // At the end of the program nobody listens, and the server goes as a whole.
        let _ = keeper().send(Order::Remove(Box::new(self.server.clone())));
    }
}

enum Schema {
    Newest,
    None,
}

enum Order {
    Make(Schema, oneshot::Sender<PostgresServer>),
    Remove(Box<PostgresServer>),
}

/// Databases are made and removed on a thread of its own: tests come and go with their runtimes.
fn keeper() -> &'static mpsc::UnboundedSender<Order> {
    static KEEPER: OnceLock<mpsc::UnboundedSender<Order>> = OnceLock::new();
    KEEPER.get_or_init(|| {
        let (orders, taken) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(keep(taken));
        });
        orders
    })
}

async fn keep(mut orders: mpsc::UnboundedReceiver<Order>) {
    let (server, _started) = server();
    let admin = connect(&server).await;
    // Nobody waits for these, least of all whoever wants a new one.
    let (gone, mut to_remove) = mpsc::unbounded_channel::<PostgresServer>();
    let remover = connect(&server).await;
    tokio::spawn(async move {
        while let Some(database) = to_remove.recv().await {
            let name = database.config().get_dbname().unwrap();
            let sql = format!("DROP DATABASE {name} WITH (FORCE)");
            remover.batch_execute(&sql).await.unwrap();
        }
    });
    let name = |number: u32| format!("yaopai_{}_{number}", std::process::id());
    let template = name(0);
    admin
        .batch_execute(&format!("CREATE DATABASE {template}"))
        .await
        .unwrap();
    let prepared = Store::postgres(
        server.clone().with_database(&template),
        Arc::new(Hands::new()),
        Arc::new(Seeded::new(1)),
        News::new(),
    );
    prepared.await.unwrap().close().await;
    let watch = connect(&server.clone().with_database(&template)).await;
    watch.batch_execute(&feed_watch::postgres()).await.unwrap();
    drop(watch);
    // A template must have no guests, and those who have just left may still be seen for a moment.
    let guests = format!("SELECT 1 FROM pg_stat_activity WHERE datname = '{template}'");
    while !admin.query(&guests, &[]).await.unwrap().is_empty() {}
    let mut made = 0;
    while let Some(order) = orders.recv().await {
        match order {
            Order::Make(schema, answer) => {
                made += 1;
                let name = name(made);
                let template = match schema {
                    Schema::Newest => &template,
                    Schema::None => "template1",
                };
                // Through the log, which is the default, a copy takes twice as long.
                let sql = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
                admin.batch_execute(&sql).await.unwrap();
                let _ = answer.send(server.clone().with_database(&name));
            }
            Order::Remove(database) => gone.send(*database).unwrap(),
        }
    }
}

async fn connect(server: &PostgresServer) -> Client {
    let (client, connection) = server.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The server that was given, or one that lives as long as this program.
fn server() -> (PostgresServer, Option<Child>) {
    if let Ok(url) = std::env::var(GIVEN) {
        return (url.parse().unwrap(), None);
    }
    let mut script = Command::new(SCRIPT)
        .args(SAY_AND_STAY)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(script.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    (url.trim().parse().unwrap(), Some(script))
}
