//! `yaopai-server`: the identity service alone.

use clap::{Parser, Subcommand, ValueEnum};
use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tracing_subscriber::EnvFilter;
use url::Url;
use yaopai_backend::{
    Backend, Config, Database, Delivery, Limits, MailServer, Rate, SmsGateway, WeChatHosts, restored,
};
use yaopai_domain::{System, WeChatEnvironment};
use zeroize::Zeroizing;

const NO_ACCESS_KEY: &str = "\
Nobody can use this backend yet: it has no access key. Make one by starting it with --bootstrap FILE.toml, where the file
says (the key: 20 characters or more, for example from `openssl rand -hex 32`):

    [[access_key]]
    name = \"first console\"
    pool = \"default\"
    role = \"admin\"
    key  = \"…\"
";

/// The identity service of Yaopai: WeChat sign-in for your applications, administered with the console.
#[derive(Parser)]
#[command(version)]
struct Flags {
    /// Where to listen.
    #[arg(long, env = "YAOPAI_LISTEN", default_value = "127.0.0.1:8060")]
    listen: SocketAddr,
    /// Where the data is: sqlite:FILE or postgres://… [default: sqlite:DATA_DIR/backend.db]
    #[arg(long, env = "YAOPAI_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Connections to a PostgreSQL server at most [default: 16]
    #[arg(long, env = "YAOPAI_DATABASE_CONNECTIONS")]
    database_connections: Option<NonZeroU32>,
    /// Folder for the key file and the database.
    #[arg(long, env = "YAOPAI_DATA_DIR", default_value = "yaopai-data")]
    data_dir: PathBuf,
    /// Where the backend is reached from outside, for example https://id.example.com [default: where it listens]
    #[arg(long, env = "YAOPAI_PUBLIC_URL")]
    public_url: Option<Url>,
    /// A TOML file of pools, applications, connections, users, operators and access keys to apply before starting.
    #[arg(long, env = "YAOPAI_BOOTSTRAP", value_name = "FILE")]
    bootstrap: Option<PathBuf>,
    /// WeChat's server API.
    #[arg(long, env = "YAOPAI_WECHAT_API_URL", default_value = WeChatHosts::API)]
    wechat_api_url: Url,
    /// WeChat's pages.
    #[arg(long, env = "YAOPAI_WECHAT_OPEN_URL", default_value = WeChatHosts::OPEN)]
    wechat_open_url: Url,
    /// The long poll of WeChat's QR page.
    #[arg(long, env = "YAOPAI_WECHAT_POLL_URL", default_value = WeChatHosts::POLL)]
    wechat_poll_url: Url,
    /// Requests in a row that one client may send to endpoints without a key; 50 more are allowed each second. 0 means no limit.
    #[arg(long, env = "YAOPAI_CLIENT_BURST", default_value_t = 200)]
    client_burst: u32,
    /// Address of a proxy whose X-Forwarded-For is believed; may be given more than once.
    #[arg(long, env = "YAOPAI_TRUSTED_PROXY", value_delimiter = ',')]
    trusted_proxy: Vec<IpAddr>,
    /// How the log is written to the standard error stream; the variable YAOPAI_LOG says what (info, debug, …).
    #[arg(long, env = "YAOPAI_LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    /// A host name under which operators reach the server, beside that of the public URL; may be given more than once.
    #[arg(long, env = "YAOPAI_ALLOWED_HOST", value_delimiter = ',')]
    allowed_host: Vec<String>,
    /// Seconds for which a stopping server still takes requests while /readyz says 503, so that a load balancer notices.
    #[arg(long, env = "YAOPAI_DRAIN_SECONDS", default_value_t = 0)]
    drain_seconds: u64,
    /// The key that seals AppSecrets, 64 hexadecimal digits; prefer the variable, a flag shows in the process list.
    /// [default: the file secret.key in the data directory]
    #[arg(long, env = "YAOPAI_SECRET_KEY", hide_env_values = true)]
    secret_key: Option<String>,
    /// Where one-time codes for phones are handed over: POST {"target", "code", "purpose", "locale", "request_id"}
    #[arg(long, env = "YAOPAI_SMS_WEBHOOK_URL", hide_env_values = true)]
    sms_webhook_url: Option<Url>,
    /// What that address knows us by (Authorization: Bearer …); prefer the variable, a flag shows in the process list.
    #[arg(
        long,
        env = "YAOPAI_SMS_WEBHOOK_SECRET",
        hide_env_values = true,
        requires = "sms_webhook_url"
    )]
    sms_webhook_secret: Option<String>,
    /// The mail server for one-time codes: smtps://USER:PASSWORD@HOST, or smtp://…?tls=required for STARTTLS; prefer the
    /// variable, a flag shows in the process list.
    #[arg(long, env = "YAOPAI_MAIL_URL", hide_env_values = true)]
    mail_url: Option<String>,
    /// The sender of mails: codes@example.com, or Example <codes@example.com>
    #[arg(long, env = "YAOPAI_MAIL_FROM")]
    mail_from: Option<String>,
    /// What to do instead of serving.
    #[command(subcommand)]
    instead: Option<Instead>,
}

/// What the program does instead of serving.
#[derive(Clone, Copy, Subcommand)]
enum Instead {
    /// Say that the database was restored from a backup, before a server opens it: every console loads everything again
    Restored,
}

/// How the log is written.
#[derive(Clone, Copy, Default, ValueEnum)]
enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Flags {
    /// Database URL and key are read here, not by the parser of the command line, which repeats a refused value.
    fn config(self) -> anyhow::Result<Config> {
        let mut database = match self.database_url {
            Some(url) => url.parse()?,
            None => Database::Sqlite(self.data_dir.join("backend.db")),
        };
        if let (Database::Postgres(server), Some(connections)) = (&mut database, self.database_connections) {
            server.set_connections(connections);
        }
        let secret_key = self.secret_key.map(|key| key.parse()).transpose()?;
        let wechat = WeChatHosts {
            api: self.wechat_api_url,
            open: self.wechat_open_url,
            poll: self.wechat_poll_url,
        };
        let wechat_environment = if wechat == WeChatHosts::real() {
            WeChatEnvironment::Real
        } else {
            WeChatEnvironment::Sandbox {
                url: wechat.open.to_string(),
            }
        };
        let mut limits = Limits::default();
        limits.per_client = match (NonZeroU32::new(self.client_burst), limits.per_client) {
            (Some(burst), Some(rate)) => Some(Rate { burst, ..rate }),
            _ => None,
        };
        let sms = self.sms_webhook_url.map(|url| SmsGateway {
            url,
            secret: self.sms_webhook_secret.map(Zeroizing::new),
        });
        let mail = match (self.mail_url, self.mail_from) {
            (Some(url), Some(from)) => Some(MailServer::new(&url, &from)?),
            (None, None) => None,
            _ => anyhow::bail!("--mail-url and --mail-from belong together"),
        };
        let delivery = Delivery { sms, mail };
        Ok(Config {
            listen: self.listen,
            database,
            data_dir: self.data_dir,
            public_url: self.public_url,
            wechat,
            wechat_environment,
            bootstrap: self.bootstrap,
            embedded_key: None,
            limits,
            trusted_proxies: self.trusted_proxy,
            allowed_hosts: self.allowed_host,
            drain: Duration::from_secs(self.drain_seconds),
            secret_key,
            delivery,
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    let filter =
        EnvFilter::try_from_env("YAOPAI_LOG").unwrap_or_else(|_| EnvFilter::new("info,refinery_core=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match flags.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    match run(flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yaopai-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> anyhow::Result<()> {
    let instead = flags.instead;
    let config = flags.config()?;
    if let Some(Instead::Restored) = instead {
        let pools = restored(config.database, Arc::new(System), Arc::new(System)).await?;
        println!("the consoles of {pools} pools will load everything again");
        return Ok(());
    }
    // Listened for from here on, so that a signal during the start is not lost.
    let mut signals = Signals::listen()?;
    let backend = Backend::start(config, Arc::new(System), Arc::new(System)).await?;
    if !backend.has_access_keys().await? {
        eprint!("{NO_ACCESS_KEY}");
    }
    println!("yaopai-server listens on {}", backend.url());
    signals.next().await;
    // Whoever asks twice does not want to wait.
    tokio::select! {
        () = backend.stop() => {}
        () = signals.next() => {}
    }
    Ok(())
}

/// What tells the program to stop: SIGINT (Ctrl-C) or SIGTERM.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Ends with the next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// What tells the program to stop: Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Ends with the next one.
    async fn next(&mut self) {
        // If Ctrl-C cannot be listened for, the process is stopped from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
