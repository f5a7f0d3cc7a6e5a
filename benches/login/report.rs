//! The table that a run prints.

use crate::{load::Figures, process::Engine};
use std::time::Duration;

/// What a run showed, and the processor time that a request of it took from each of those who took part.
pub(crate) struct Costs {
    pub(crate) figures: Figures,
    /// The program under measurement.
    pub(crate) program: Duration,
    /// The database, where it is a program of its own.
    pub(crate) database: Duration,
    /// The sandbox.
    pub(crate) sandbox: Duration,
}

/// The figures so far, as lines.
#[derive(Default)]
pub(crate) struct Report {
    logins: Vec<String>,
    programs: Vec<String>,
}

impl Report {
    /// How a server started.
    pub(crate) fn started(&mut self, engine: &Engine, first_answer: Duration, idle: f64) {
        self.programs.push(format!(
            "{:<11} first answer {:>5.0} ms (goal 300)   idle {idle:>5.1} MiB (goal 60)",
            engine.name(),
            first_answer.as_secs_f64() * 1000.0,
        ));
    }

    /// The most memory a server had.
    pub(crate) fn peaked(&mut self, engine: &Engine, peak: f64) {
        self.programs
            .push(format!("{:<11} peak {peak:.1} MiB", engine.name()));
    }

    /// One row of the table.
    pub(crate) fn measured(
        &mut self,
        engine: &Engine,
        clients: usize,
        ceiling: &Costs,
        existing: &Costs,
        new: &Costs,
    ) {
        let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
        for (who, costs) in [("ceiling", ceiling), ("existing", existing), ("new", new)] {
            let figures = &costs.figures;
            let line = format!(
                "{:<11} {clients:>7} {who:<9} {:>9.0} {:>9.2} {:>9.2} {:>7.2} {:>9.3} {:>9.3} {:>9.3}",
                engine.name(),
                figures.per_second,
                millis(figures.p50),
                millis(figures.p99),
                figures.per_second / ceiling.figures.per_second,
                millis(costs.program),
                millis(costs.database),
                millis(costs.sandbox),
            );
            println!("{line}");
            self.logins.push(line);
        }
    }

    /// Everything.
    pub(crate) fn print(&self) {
        println!();
        println!(
            "{:<11} {:>7} {:<9} {:>9} {:>9} {:>9} {:>7} {:>9} {:>9} {:>9}",
            "database", "clients", "who", "per s", "p50 ms", "p99 ms", "ratio", "cpu ms", "db cpu", "sandbox"
        );
        for line in self.logins.iter().chain(&self.programs) {
            println!("{line}");
        }
        println!("ratio: to the ceiling with as many clients; the goal for existing users is 0.5");
        println!(
            "cpu ms, db cpu, sandbox: processor time of a request in the program, the database server and the sandbox"
        );
    }
}
