//! Programs started by a test, and never left behind by it.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::wait::until;

/// A running program with everything it started in turn. Dropping it kills them all.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; what it prints goes to `<logs>/<name>.log`.
    pub(crate) fn start(name: &'static str, command: &mut Command, logs: &Path) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {name} ({})", command.get_program().display()))?;
        Ok(Self { name, child, log })
    }

    /// What it has printed so far.
    pub(crate) fn log(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(&self.log)?).into_owned())
    }

    /// Fails, with what the program printed, when it has ended although it should run.
    pub(crate) fn expect_running(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            anyhow::bail!("{} ended early ({status}):\n{}", self.name, self.log()?);
        }
        Ok(())
    }

    /// Waits for it to end by itself.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus> {
        until(&format!("{} ends", self.name), async || {
            Ok(self.child.try_wait()?)
        })
        .await
    }

    /// Asks it to end, as a service manager or Ctrl-C does, and sees to it that it does so in good order.
    pub(crate) async fn stop(mut self) -> Result<()> {
        kill_process(pid(&self.child)?, Signal::TERM)?;
        let status = self.ended().await?;
        ensure!(
            status.success(),
            "{} ended with {status}:\n{}",
            self.name,
            self.log()?
        );
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The group outlives its first member as long as any other lives. Nothing to do about a failure here.
        if let Ok(pid) = pid(&self.child) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

fn pid(child: &Child) -> Result<Pid> {
    Pid::from_raw(i32::try_from(child.id())?).context("a process has a number")
}

/// A port nobody listens on at this moment, for programs that must be found again on the same one.
pub(crate) fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Whether the process is still there (one that waits to be collected by its parent has ended).
pub(crate) fn is_alive(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok()
}

/// The TCP ports on which this very process listens.
pub(crate) fn listening_ports(pid: u32) -> Result<Vec<u16>> {
    const LISTENING: &str = "0A";
    let mut sockets = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        // A file may be closed between being listed and being looked at.
        if let Ok(link) = fs::read_link(entry?.path()) {
            sockets.push(link.to_string_lossy().into_owned());
        }
    }
    let mut ports = Vec::new();
    for table in ["tcp", "tcp6"] {
        for row in fs::read_to_string(format!("/proc/{pid}/net/{table}"))?
            .lines()
            .skip(1)
        {
            let columns: Vec<&str> = row.split_whitespace().collect();
            let [_, local, _, state, _, _, _, _, _, inode, ..] = columns[..] else {
                continue;
            };
            if state == LISTENING && sockets.contains(&format!("socket:[{inode}]")) {
                let (_, port) = local.rsplit_once(':').context("an address has a port")?;
                ports.push(u16::from_str_radix(port, 16)?);
            }
        }
    }
    Ok(ports)
}
