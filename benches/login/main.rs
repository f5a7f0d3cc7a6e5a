//! Logins per second, beside the ceiling that the machine and the database set.
//!
//! Everything is measured in one run, in processes of its own: `yaopai-server` with the sandbox behind it, and the
//! ceiling: a handler of the same web framework that does one indexed read and one durable write in the same database. The
//! ratio of the two is what the login adds; the absolute figures are the machine's.

mod ceiling;
mod load;
mod process;
mod report;
mod sandbox;
mod server;

use anyhow::{Context, Result};
use load::Figures;
use process::{Engine, Program};
use report::{Costs, Report};
use std::{path::PathBuf, time::Duration};

/// Clients that log in at the same time.
const CONCURRENCY: [usize; 3] = [1, 16, 64];
/// How long each figure is measured.
const MEASURED_FOR: Duration = Duration::from_secs(4);
/// Logins prepared for each second and client count; a run that uses them up ends early and says so.
const PREPARED_PER_SECOND: usize = 3_000;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    if arguments.next().as_deref() == Some("ceiling") {
        let database = arguments.next().context("ceiling DATABASE_URL")?;
        return runtime.block_on(ceiling::serve(&database));
    }
    runtime.block_on(run())
}

async fn run() -> Result<()> {
    let programs = PathBuf::from(
        std::env::var("YAOPAI_PROGRAMS").context("YAOPAI_PROGRAMS: folder of the release programs")?,
    );
    let postgres = std::env::var("YAOPAI_TEST_POSTGRES_URL").ok();
    let engines: Vec<Engine> = std::iter::once(Engine::Sqlite)
        .chain(postgres.map(Engine::Postgres))
        .collect();
    let mut report = Report::default();
    for engine in &engines {
        measure(&programs, engine, &mut report).await?;
    }
    report.print();
    Ok(())
}

impl Costs {
    /// What a run costs each of those who take part.
    async fn of(
        engine: &Engine,
        program: &Program,
        sandbox: Option<&Program>,
        run: impl Future<Output = Result<Figures>>,
    ) -> Result<Self> {
        let taken = || -> Result<[Duration; 3]> {
            let sandbox = sandbox.map(Program::cpu).transpose()?.unwrap_or_default();
            Ok([program.cpu()?, engine.cpu()?, sandbox])
        };
        let before = taken()?;
        let figures = run.await?;
        let after = taken()?;
        let each = |index: usize| {
            after[index]
                .saturating_sub(before[index])
                .div_f64(figures.count.max(1) as f64)
        };
        Ok(Self {
            program: each(0),
            database: each(1),
            sandbox: each(2),
            figures,
        })
    }
}

async fn measure(programs: &std::path::Path, engine: &Engine, report: &mut Report) -> Result<()> {
    let sandbox = sandbox::Sandbox::start(programs).await?;
    let dir = tempfile::tempdir()?;
    let server = server::Server::start(programs, engine, &sandbox, dir.path()).await?;
    report.started(engine, server.first_answer, server.memory_idle().await?);
    let ceiling = ceiling::Ceiling::start(engine, dir.path()).await?;
    let prepared = PREPARED_PER_SECOND * MEASURED_FOR.as_secs() as usize;
    let mut stranger = 100_000;
    for clients in CONCURRENCY {
        let floor = Costs::of(engine, &ceiling.program, None, async {
            load::run(clients, MEASURED_FOR, ceiling.requests(prepared)).await
        });
        let floor = floor.await?;
        // People who have logged in before: a thousand of them, over and over.
        let known: Vec<u32> = (0..1_000).collect();
        let once = sandbox.codes(known.iter().copied()).await?;
        load::run(16, Duration::from_mins(10), server.logins(once)).await?;
        let again = sandbox
            .codes(known.iter().copied().cycle().take(prepared))
            .await?;
        let existing = Costs::of(engine, &server.program, Some(&sandbox.program), async {
            load::run(clients, MEASURED_FOR, server.logins(again)).await
        });
        let existing = existing.await?;
        let new = sandbox.codes(stranger..stranger + prepared as u32).await?;
        stranger += prepared as u32;
        let new = Costs::of(engine, &server.program, Some(&sandbox.program), async {
            load::run(clients, MEASURED_FOR, server.logins(new)).await
        });
        let new = new.await?;
        report.measured(engine, clients, &floor, &existing, &new);
    }
    report.peaked(engine, server.memory_peak()?);
    Ok(())
}
