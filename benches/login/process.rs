//! Programs under measurement: started, asked for their memory, stopped.

use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How the names of our databases begin.
const DATABASE: &str = "bench_";

/// Which database is measured.
pub(crate) enum Engine {
    /// A file.
    Sqlite,
    /// A server, by the URL of a database in which others can be made.
    Postgres(String),
}

impl Engine {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// The processor time that the database has taken outside of the program that uses it: that of the processes of
    /// PostgreSQL that serve our connections, which show the name of the database.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut sum = Duration::ZERO;
        if let Self::Postgres(_) = self {
            for process in std::fs::read_dir("/proc")? {
                let process = process?.path().display().to_string();
                // Processes come and go meanwhile.
                let shown = std::fs::read_to_string(format!("{process}/cmdline")).unwrap_or_default();
                if shown.starts_with("postgres: ") && shown.contains(DATABASE) {
                    sum += cpu_of(&process).unwrap_or_default();
                }
            }
        }
        Ok(sum)
    }

    /// URL of a database of its own.
    pub(crate) async fn database(&self, dir: &Path, name: &str) -> Result<String> {
        match self {
            Self::Sqlite => Ok(format!("sqlite:{}", dir.join(format!("{name}.db")).display())),
            Self::Postgres(url) => {
                let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
                let connection = tokio::spawn(connection);
                let database = format!("{DATABASE}{name}_{}", std::process::id());
                client
                    .batch_execute(&format!("DROP DATABASE IF EXISTS {database}; "))
                    .await?;
                client
                    .batch_execute(&format!("CREATE DATABASE {database}"))
                    .await?;
                drop(client);
                connection.await??;
                let mut url: url::Url = url.parse()?;
                url.set_path(&database);
                Ok(url.into())
            }
        }
    }
}

/// A moment to measure from.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A running program; it ends when this is dropped.
pub(crate) struct Program {
    child: Child,
}

impl Program {
    /// Starts a program and reads the rest of the line that begins with `announces`.
    pub(crate) async fn start(mut command: Command, announces: &'static str) -> Result<(Self, String)> {
        tokio::task::spawn_blocking(move || {
            let mut child = command
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .with_context(|| command.get_program().display().to_string())?;
            let output = child.stdout.take().context("no output")?;
            let program = Self { child };
            let mut lines = BufReader::new(output).lines();
            while let Some(line) = lines.next() {
                if let Some(rest) = line?.strip_prefix(announces) {
                    let rest = rest.trim().to_owned();
                    // Whatever it still says goes nowhere, but a full pipe would stop it.
                    std::thread::spawn(move || lines.for_each(drop));
                    return Ok((program, rest));
                }
            }
            bail!(
                "{} ended without saying {announces:?}",
                command.get_program().display()
            )
        })
        .await?
    }

    /// The processor time it has taken.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu_of(&format!("/proc/{}", self.child.id()))
    }

    /// A line of `/proc/PID/status`, in MiB.
    pub(crate) fn memory(&self, field: &str) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .context("no such line")?;
        let kib: f64 = line
            .trim_matches([':', ' ', '\t'])
            .trim_end_matches("kB")
            .trim()
            .parse()?;
        Ok(kib / 1024.0)
    }
}

/// The processor time of a process (`/proc/PID/stat`, fields 14 and 15 of proc(5), in hundredths of a second).
fn cpu_of(process: &str) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("{process}/stat"))?;
    // The name in parentheses may hold spaces.
    let (_, fields) = stat.rsplit_once(')').context("no name")?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let mut ticks = || -> Result<u64> { Ok(fields.next().context("no such field")?.parse()?) };
    Ok(Duration::from_millis(10 * (ticks()? + ticks()?)))
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended already is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until an address answers; how long it took since `since`.
pub(crate) async fn first_answer(url: &str, since: Instant) -> Result<Duration> {
    let http = client()?;
    loop {
        if http
            .get(url)
            .send()
            .await
            .is_ok_and(|answer| answer.status().is_success())
        {
            return Ok(since.elapsed());
        }
        if since.elapsed() > Duration::from_secs(30) {
            bail!("{url} does not answer");
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A client that keeps as many connections as it needs.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where a benchmark's HTTP begins"
)]
pub(crate) fn client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(128)
        .build()?)
}
