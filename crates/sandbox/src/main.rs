//! `yaopai-sandbox`: the WeChat sandbox alone.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use tokio::signal;
use tracing_subscriber::EnvFilter;
use url::Url;
use yaopai_sandbox::{Config, Sandbox};

/// A stand-in for the WeChat platform, with a simulated phone. Open its URL in a browser to see apps and people.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where to listen; port 0 lets the system choose
    #[arg(long, env = "YAOPAI_SANDBOX_LISTEN", default_value = "127.0.0.1:8070")]
    listen: SocketAddr,

    /// Where the mail server listens that takes one-time codes; port 0 lets the system choose
    #[arg(long, env = "YAOPAI_SANDBOX_SMTP_LISTEN", default_value = "127.0.0.1:0")]
    smtp_listen: SocketAddr,

    /// Seconds that a poll of the QR page is held without news
    #[arg(
        long,
        env = "YAOPAI_SANDBOX_HOLD_SECONDS",
        default_value_t = 25,
        value_name = "SECONDS"
    )]
    hold_seconds: u64,

    /// Server of the built-in mini program, which it tells about scans
    #[arg(long, env = "YAOPAI_SANDBOX_MINIPROGRAM_SERVER", value_name = "URL")]
    miniprogram_server: Option<Url>,

    /// Hosts that a redirect_uri may have
    #[arg(
        long = "callback-domain",
        env = "YAOPAI_SANDBOX_CALLBACK_DOMAINS",
        value_delimiter = ',',
        default_values = ["127.0.0.1", "localhost"],
        value_name = "HOST"
    )]
    callback_domains: Vec<String>,

    /// Where phones reach this sandbox, if not at the address it listens on
    #[arg(long, env = "YAOPAI_SANDBOX_PUBLIC_URL", value_name = "URL")]
    public_url: Option<Url>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .init();
    let sandbox = Sandbox::start(Config {
        listen: options.listen,
        hold: Duration::from_secs(options.hold_seconds),
        miniprogram_server: options.miniprogram_server,
        callback_domains: options.callback_domains,
        public_url: options.public_url,
        smtp_listen: options.smtp_listen,
        ..Config::default()
    })
    .await?;
    // Whoever started this may have closed the pipe; that is no reason to stop.
    let _ = writeln!(std::io::stdout(), "WeChat sandbox on {}", sandbox.url());
    let _ = writeln!(std::io::stdout(), "Mail server on {}", sandbox.smtp_address());
    asked_to_stop().await?;
    sandbox.stop().await;
    Ok(())
}

/// Returns on SIGINT or SIGTERM.
#[cfg(unix)]
async fn asked_to_stop() -> anyhow::Result<()> {
    let mut terminate =
        signal::unix::signal(signal::unix::SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    tokio::select! {
        outcome = signal::ctrl_c() => outcome.context("cannot wait for SIGINT"),
        _ = terminate.recv() => Ok(()),
    }
}

/// Returns on Ctrl-C.
#[cfg(not(unix))]
async fn asked_to_stop() -> anyhow::Result<()> {
    signal::ctrl_c().await.context("cannot wait for Ctrl-C")
}
