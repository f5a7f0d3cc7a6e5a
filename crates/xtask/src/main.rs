//! Programs for developers: `cargo run -p yaopai-xtask -- --help`.

mod bench;
mod million;
mod seed;
mod simulate;

use clap::{Parser, Subcommand};
use std::{io::Write, path::PathBuf};

#[derive(Debug, Parser)]
#[command(about = "Programs for developers")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Writes a bootstrap file with believable people to standard output; the same seed writes the same file.
    Seed {
        /// How many people.
        #[arg(long, default_value_t = 300)]
        users: u32,
        /// Chooses the people.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Measures search and lists on a replica of made-up people, beside a scan with LIKE of the same rows.
    BenchLists {
        /// The replica; made and loaded if it is not there.
        #[arg(long)]
        replica: PathBuf,
        /// How many people.
        #[arg(long, default_value_t = 1_000_000)]
        users: u64,
        /// Chooses the people and the queries.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Measures a first load and pushes between the programs, then search and lists on a replica of the same people.
    BenchSync {
        #[command(flatten)]
        programs: bench::programs::Programs,
        /// A folder for what is made meanwhile; several gigabytes.
        #[arg(long)]
        folder: PathBuf,
        /// Chose the people.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Puts people with bindings and metadata straight into the database file of a stopped `yaopai-server`.
    Million {
        /// The file; `yaopai-server` has made it, and its pool `default` has a connection.
        #[arg(long)]
        database: PathBuf,
        /// How many people.
        #[arg(long, default_value_t = 1_000_000)]
        users: u64,
        /// Chooses the people.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Lets consoles and a backend live through faults, and checks that nothing is lost, doubled or overwritten.
    Simulate {
        /// How many lives.
        #[arg(long, default_value_t = 2000)]
        seeds: u64,
        /// The first one.
        #[arg(long, default_value_t = 0)]
        start: u64,
        /// Only this one.
        #[arg(long, conflicts_with_all = ["seeds", "start"])]
        seed: Option<u64>,
        /// Tell every step of it.
        #[arg(long, requires = "seed")]
        trace: bool,
    },
    /// Plants one bug after the other, and tells which of so many lives finds it first.
    #[cfg(feature = "planted")]
    Mutants {
        /// How many lives a bug.
        #[arg(long, default_value_t = 400)]
        seeds: u64,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::BenchLists { replica, users, seed } => {
            if !replica.exists() {
                bench::load(&replica, users, seed)?;
            }
            bench::search::run(&replica, users, seed)?;
            bench::lists::run(&replica)?;
        }
        Task::BenchSync {
            programs,
            folder,
            seed,
        } => {
            let server = programs.server()?;
            let users = bench::first_load::run(&programs, &server, &folder, seed)?;
            drop(server);
            bench::push::run(&programs, &folder, seed)?;
            let alone = folder.join("alone.db");
            bench::search::run(&alone, users, seed)?;
            bench::lists::run(&alone)?;
        }
        Task::Million {
            database,
            users,
            seed,
        } => million::put(&database, users, seed)?,
        Task::Simulate {
            seed: Some(seed),
            trace,
            ..
        } => simulate::replay(seed, trace)?,
        Task::Simulate {
            seeds,
            start,
            seed: None,
            ..
        } => simulate::run(start, seeds)?,
        #[cfg(feature = "planted")]
        Task::Mutants { seeds } => simulate::hunt(seeds)?,
        Task::Seed { users, seed } => {
            let file = toml::to_string(&seed::bootstrap(users, seed))?;
            std::io::stdout().write_all(file.as_bytes())?;
        }
    }
    Ok(())
}
