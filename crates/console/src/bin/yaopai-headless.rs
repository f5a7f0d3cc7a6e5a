//! `yaopai-headless`: the console without a window, for servers, scripts and tests.
//!
//! What it prints as saved is on the disk. Ending it at any moment, even with `kill -9`, loses nothing that was printed; the
//! next start goes on where it was.

use anyhow::{Context, Result, bail};
use clap::{ArgGroup, Parser, Subcommand};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::{MissedTickBehavior, interval},
};
use tracing_subscriber::EnvFilter;
use url::Url;
use yaopai_console::{
    AccessKey, Console, Error, ErrorView, FileFormat, FileProblem, ImportMeaning, ImportPreview, Job,
    JobPhase, JobState, Link, MetadataEdit, Options, RowProblem, Status, UserQuery,
};
use yaopai_domain::{PoolId, System, UserId};

/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_millis(500);
/// Users that a search prints.
const PRINTED: u32 = 20;

/// The console of Yaopai without a window.
#[derive(Parser)]
#[command(version)]
#[command(group(ArgGroup::new("key").args(["access_key_file", "access_key"]).required(true).multiple(true)))]
struct Flags {
    /// The backend.
    #[arg(long, env = "YAOPAI_SERVER_URL", default_value = "http://127.0.0.1:8060")]
    server: Url,
    /// A file with the access key on its first line; counts before the key itself.
    #[arg(long)]
    access_key_file: Option<PathBuf>,
    /// The access key. Everybody on this machine can read the arguments of a program: better its variable, or a file.
    #[arg(long, env = "YAOPAI_ACCESS_KEY", hide_env_values = true)]
    access_key: Option<String>,
    /// The pool.
    #[arg(long, env = "YAOPAI_POOL", default_value = "default")]
    pool: PoolId,
    /// The replica's file; made if it does not exist.
    #[arg(long, env = "YAOPAI_REPLICA", default_value = "replica.db")]
    replica: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Load what is missing, push what was edited, and follow the backend until Ctrl-C.
    Sync {
        /// End as soon as replica and backend are equal.
        #[arg(long)]
        until_caught_up: bool,
    },
    /// Set a metadata key of a user; prints `saved` once it cannot be lost any more.
    Edit {
        /// The user's id.
        user: UserId,
        /// The key.
        key: String,
        /// The value, JSON.
        json: String,
    },
    /// Set metadata keys, one a line of standard input: `USER KEY JSON`. Prints `saved KEY` for each once it cannot be lost
    /// any more; pushes them meanwhile, and what is left of them with the next start.
    Edits,
    /// List users, all or those who are found.
    Users {
        /// What to look for.
        #[arg(default_value = "")]
        search: String,
    },
    /// Create and change users as a file says, a table or JSON lines. Whatever is done of it is stored; the same file again
    /// goes on where this one ended.
    Import {
        /// The file.
        file: PathBuf,
        /// Say only what it would do.
        #[arg(long)]
        preview: bool,
    },
    /// Write users to a file, all or those who are found: a table if its name ends in `.csv`, or else JSON lines.
    Export {
        /// The file.
        file: PathBuf,
        /// What to look for.
        #[arg(long, default_value = "")]
        search: String,
    },
    /// How replica and backend stand.
    Status,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("YAOPAI_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    match run(Flags::parse()).await {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell if standard error is closed.
            drop(writeln!(io::stderr(), "yaopai-headless: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<ExitCode> {
    let access_key = match &flags.access_key_file {
        Some(path) => {
            let file = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            file.lines().next().unwrap_or_default().trim().to_owned()
        }
        None => flags.access_key.unwrap_or_default(),
    };
    let options = Options {
        server: flags.server,
        access_key: AccessKey::new(access_key),
        pool: flags.pool,
        replica: flags.replica,
    };
    let console = Console::open(options, Arc::new(System), Arc::new(System)).await?;
    for notice in console.notices() {
        tracing::warn!(?notice, "at the start");
    }
    let done = perform(&console, flags.what).await;
    console.close().await;
    done
}

async fn perform(console: &Console, what: What) -> Result<ExitCode> {
    match what {
        What::Sync { until_caught_up } => sync(console, until_caught_up).await,
        What::Edit { user, key, json } => {
            edit(console, user, key, json).await?;
            say(format_args!("saved"))?;
            Ok(ExitCode::SUCCESS)
        }
        What::Edits => edits(console).await,
        What::Users { search } => {
            let query = UserQuery {
                search,
                limit: PRINTED,
                ..UserQuery::default()
            };
            let page = console.users(query).await?;
            for user in &page.rows {
                let name = user.name.as_deref().unwrap_or("-");
                let phone = user.phone.as_deref().unwrap_or("-");
                say(format_args!("{} {name} {phone}", user.id))?;
            }
            say(format_args!("{} of {}", page.rows.len(), page.total))?;
            Ok(ExitCode::SUCCESS)
        }
        What::Import { file, preview } => import(console, file, preview).await,
        What::Export { file, search } => {
            let is_table = file
                .extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("csv"));
            let format = if is_table {
                FileFormat::Csv
            } else {
                FileFormat::JsonLines
            };
            let query = UserQuery {
                search,
                ..UserQuery::default()
            };
            let job = console.export_users(query, format, file);
            follow(console, &job).await
        }
        What::Status => {
            let status = console.status();
            say(format_args!(
                "users {} waiting {} conflicts {} loaded {}",
                status.users, status.waiting, status.conflicts, status.loaded
            ))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Stores an edit; it is committed and on the disk when this returns.
async fn edit(console: &Console, user: UserId, key: String, json: String) -> Result<()> {
    let edit = MetadataEdit {
        user_id: user,
        key,
        json: Some(json),
    };
    match console.edit_metadata(edit).await {
        Ok(_) => Ok(()),
        Err(Error::NotFound) => bail!("there is no such user here"),
        Err(error) => Err(error.into()),
    }
}

/// Stores edits as they come.
async fn edits(console: &Console) -> Result<ExitCode> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let mut words = line.splitn(3, ' ');
        let (Some(user), Some(key), Some(json)) = (words.next(), words.next(), words.next()) else {
            bail!("an edit is a user's id, a key and a JSON value: {line}");
        };
        let user = user.parse().with_context(|| format!("a user's id: {user}"))?;
        edit(console, user, key.to_owned(), json.to_owned()).await?;
        say(format_args!("saved {key}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Follows the backend; prints how a load gets on.
async fn sync(console: &Console, until_caught_up: bool) -> Result<ExitCode> {
    let since = console.status().last_sync;
    let mut ticks = interval(PROGRESS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut last = String::new();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            result = tokio::signal::ctrl_c() => {
                result?;
                say(format_args!("paused; the next start goes on here"))?;
                return Ok(ExitCode::from(130));
            }
        }
        let status = console.status();
        let line = line(&status);
        if line != last {
            say(format_args!("{line}"))?;
            last = line;
        }
        if until_caught_up && is_caught_up(&status) && status.last_sync != since {
            say(format_args!("caught up: {} users", status.users))?;
            return Ok(ExitCode::SUCCESS);
        }
        if until_caught_up && status.link == Link::Denied {
            bail!("the backend does not accept the access key");
        }
    }
}

/// Says what a file would do, and does it.
async fn import(console: &Console, file: PathBuf, only_preview: bool) -> Result<ExitCode> {
    if !console.status().loaded {
        bail!("the users of the pool are not here yet; `sync --until-caught-up` loads them");
    }
    let preview = console.preview_import(file).await?;
    show(&preview)?;
    if only_preview {
        return Ok(ExitCode::SUCCESS);
    }
    let job = console.run_import(&preview.id)?;
    follow(console, &job).await
}

fn show(preview: &ImportPreview) -> io::Result<()> {
    let ImportPreview {
        file,
        encoding,
        rows,
        creates,
        updates,
        unchanged,
        errors,
        ..
    } = preview;
    say(format_args!("{file}: {rows} rows, {encoding}"))?;
    for column in &preview.columns {
        say(format_args!(
            "column {}: {}",
            column.name,
            meaning(&column.meaning)
        ))?;
    }
    say(format_args!(
        "{creates} to create, {updates} to change, {unchanged} that change nothing, {errors} left out"
    ))?;
    for error in &preview.first_errors {
        let column = error.column.as_deref().unwrap_or("the row");
        say(format_args!(
            "line {}, {column}: {}",
            error.line,
            problem(error.problem)
        ))?;
    }
    let more = errors - preview.first_errors.len() as u64;
    if more > 0 {
        say(format_args!("and {more} more left out"))?;
    }
    Ok(())
}

fn meaning(meaning: &ImportMeaning) -> String {
    match meaning {
        ImportMeaning::Id => "user id".to_owned(),
        ImportMeaning::Nickname => "nickname".to_owned(),
        ImportMeaning::Name => "name".to_owned(),
        ImportMeaning::Phone => "phone".to_owned(),
        ImportMeaning::Email => "e-mail".to_owned(),
        ImportMeaning::Username => "user name".to_owned(),
        ImportMeaning::Metadata { key } => format!("metadata {key}"),
        ImportMeaning::Ignored => "not read".to_owned(),
    }
}

fn problem(problem: RowProblem) -> String {
    match problem {
        RowProblem::Rule { rule } => format!("breaks the rule {rule:?}"),
        RowProblem::Unreadable => "not written as the format asks".to_owned(),
        RowProblem::UnknownUser => "nobody has this id".to_owned(),
        RowProblem::Repeated => "an earlier row has the same user".to_owned(),
        RowProblem::OnlyForNewUsers => "only for new users".to_owned(),
        RowProblem::Taken => "somebody else has it".to_owned(),
        RowProblem::TooLarge => "too large".to_owned(),
    }
}

/// Prints how a job gets on until it ends; Ctrl-C ends it.
async fn follow(console: &Console, id: &str) -> Result<ExitCode> {
    let mut ticks = interval(PROGRESS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut news = console.changes();
    let mut last = String::new();
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    let mut is_interrupted = false;
    loop {
        let job = console.jobs().into_iter().find(|job| job.id == id);
        let job = job.context("the job is not known any more")?;
        if job.state != JobState::Running {
            let changed = job
                .changed
                .map(|changed| format!(", {changed} users created or changed"));
            let changed = changed.unwrap_or_default();
            return match job.state {
                JobState::Failed { error } => bail!("ended early: {}", reason(&error)),
                JobState::Cancelled => {
                    say(format_args!("ended after {} rows{changed}", job.done))?;
                    Ok(ExitCode::from(130))
                }
                JobState::Running | JobState::Paused | JobState::Done => {
                    say(format_args!("done: {} rows{changed}", job.done))?;
                    Ok(ExitCode::SUCCESS)
                }
            };
        }
        tokio::select! {
            _ = ticks.tick() => {
                let line = progress(&job);
                if job.total.is_some() && line != last {
                    say(format_args!("{line}"))?;
                    last = line;
                }
            }
            // The end is not waited for.
            _ = news.recv() => {}
            result = &mut interrupted, if !is_interrupted => {
                result?;
                is_interrupted = true;
                console.cancel_job(id)?;
            }
        }
    }
}

/// Why a job failed.
fn reason(error: &ErrorView) -> String {
    match error {
        ErrorView::Exchange { file, problem } => match problem {
            FileProblem::Unusable { detail } => format!("{file}: {detail}"),
            FileProblem::Changed => format!("{file} has changed since it was looked at"),
            FileProblem::Encoding => format!("{file} is no text in a known encoding"),
        },
        other => format!("{other:?}"),
    }
}

fn is_caught_up(status: &Status) -> bool {
    status.link == Link::Connected && status.loaded && status.loading.is_none() && status.waiting == 0
}

fn line(status: &Status) -> String {
    if let Some(trouble) = &status.trouble {
        return format!("the local file cannot be written: {trouble:?}");
    }
    match (&status.loading, &status.link) {
        (Some(job), _) => progress(job),
        (None, Link::Connecting) => "connecting".to_owned(),
        (None, Link::Connected) => format!("connected, {} edits waiting", status.waiting),
        (None, Link::Offline { host, .. }) => {
            format!("{host} does not answer, {} edits waiting", status.waiting)
        }
        (None, Link::Denied) => "the backend does not accept the access key".to_owned(),
    }
}

fn progress(job: &Job) -> String {
    let what = match job.phase {
        JobPhase::Rows => "rows",
        JobPhase::Indexes => "indexes",
        JobPhase::Search => "search index",
    };
    let total = job.total.map_or(String::from("?"), |total| total.to_string());
    let left = job
        .seconds_left
        .map_or(String::from("?"), |left| left.to_string());
    format!("{what} {}/{total}, {}/s, {left} s left", job.done, job.per_second)
}

/// One line, at once: whoever reads it may act on it before the next.
fn say(line: std::fmt::Arguments<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
