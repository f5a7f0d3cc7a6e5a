//! The programs that are measured: `yaopai-server` and `yaopai-headless`.

use super::timed;
use anyhow::{Context, bail};
use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Between two looks at a program's memory.
const LOOK: Duration = Duration::from_millis(20);

/// Where the programs and their data are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Programs {
    /// Folder of `yaopai-server` and `yaopai-headless`.
    #[arg(id = "programs", long = "programs")]
    folder: PathBuf,
    /// Data directory of the backend.
    #[arg(long)]
    data_dir: PathBuf,
    /// File with an access key of the backend that may edit users.
    #[arg(long)]
    access_key_file: PathBuf,
}

/// A backend that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killed, it loses nothing; a failure here leaves a process that the end of the terminal ends.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How a run of the console went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// From the start of the process to its end.
    pub(crate) took: Duration,
    /// The most memory it held, in bytes.
    pub(crate) peak: u64,
}

impl Programs {
    /// Starts the backend and waits until it listens.
    pub(crate) fn server(&self) -> anyhow::Result<Server> {
        let mut child = Command::new(self.folder.join("yaopai-server"))
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&self.data_dir)
            .stdout(Stdio::piped())
            .spawn()
            .context("starting yaopai-server")?;
        let output = child.stdout.take().context("its output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let Some((_, url)) = line.trim().split_once("listens on ") else {
            bail!("yaopai-server said {line:?}");
        };
        let url = url.to_owned();
        Ok(Server { child, url })
    }

    fn console(&self, server: &str, replica: &Path) -> Command {
        let mut command = Command::new(self.folder.join("yaopai-headless"));
        command
            .args(["--server", server, "--access-key-file"])
            .arg(&self.access_key_file)
            .arg("--replica")
            .arg(replica);
        command
    }

    /// Lets a console run until replica and backend are equal.
    pub(crate) fn catch_up(&self, server: &Server, replica: &Path) -> anyhow::Result<Run> {
        let mut child = self
            .console(server.url(), replica)
            .args(["sync", "--until-caught-up"])
            .spawn()
            .context("starting yaopai-headless")?;
        let mut peak = 0;
        let (status, took) = timed(|| -> anyhow::Result<_> {
            loop {
                if let Some(status) = child.try_wait()? {
                    return Ok(status);
                }
                peak = peak.max(memory(child.id()).unwrap_or(0));
                #[expect(
                    clippy::disallowed_methods,
                    reason = "there is no event for another process's memory"
                )]
                std::thread::sleep(LOOK);
            }
        });
        let status = status?;
        if !status.success() {
            bail!("yaopai-headless ended with {status}");
        }
        Ok(Run { took, peak })
    }

    /// Stores edits, `USER KEY JSON` each, while no backend answers.
    pub(crate) fn edit_offline(&self, replica: &Path, edits: &[String]) -> anyhow::Result<()> {
        let mut child = self
            .console("http://127.0.0.1:9", replica)
            .arg("edits")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting yaopai-headless")?;
        let mut input = child.stdin.take().context("its input")?;
        let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        for edit in edits {
            writeln!(input, "{edit}")?;
            lines.next().context("yaopai-headless ended")??;
        }
        drop(input);
        child.wait()?;
        Ok(())
    }
}

/// The most memory a process has held so far, in bytes (Linux: proc_pid_status(5), `VmHWM`).
fn memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}
