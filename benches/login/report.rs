//! The table that a run prints.

use crate::{load::Figures, process::Engine};
use std::time::Duration;

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
        ceiling: &Figures,
        existing: &Figures,
        new: &Figures,
    ) {
        for (who, figures) in [("ceiling", ceiling), ("existing", existing), ("new", new)] {
            let line = format!(
                "{:<11} {clients:>7} {who:<9} {:>9.0} {:>9.2} {:>9.2} {:>7.2}",
                engine.name(),
                figures.per_second,
                figures.p50.as_secs_f64() * 1000.0,
                figures.p99.as_secs_f64() * 1000.0,
                figures.per_second / ceiling.per_second,
            );
            println!("{line}");
            self.logins.push(line);
        }
    }

    /// Everything.
    pub(crate) fn print(&self) {
        println!();
        println!(
            "{:<11} {:>7} {:<9} {:>9} {:>9} {:>9} {:>7}",
            "database", "clients", "who", "per s", "p50 ms", "p99 ms", "ratio"
        );
        for line in self.logins.iter().chain(&self.programs) {
            println!("{line}");
        }
        println!("ratio: to the ceiling with as many clients; the goal for existing users is 0.5");
    }
}
