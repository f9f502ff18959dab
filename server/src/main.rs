//! The program: reads flags, environment and file, and calls the library.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use folge_relay::config::{Config, ConfigFile, TlsFiles};
use folge_relay::error::ServeError;
use folge_relay::limits::Limits;

const ABOUT: &str = "\
Følge-releet: lagrer og videresender forseglede konvolutter, og kan ikke lese noen av dem.
The Følge relay: stores and forwards sealed envelopes, and can read none of them.";

const EXAMPLES: &str = "\
Examples:
  Try it on this machine, founding open to local programs:
    folge-relay serve
  For others, with a certificate and a token for whoever may found a workspace:
    head -c 24 /dev/urandom | base64 > founding.token
    folge-relay serve --data /var/lib/folge --listen 0.0.0.0:443 \\
        --tls-cert fullchain.pem --tls-key privkey.pem --founding-token-file founding.token
  Every night, while it serves:
    folge-relay backup --data /var/lib/folge --to /backup/folge-$(date +%F).db
  After a loss (devices notice, and bring back what the backup lacks):
    folge-relay restore --data /var/lib/folge --from /backup/folge-2026-11-20.db
    folge-relay check --data /var/lib/folge

A flag wins over the environment (FOLGE_RELAY_DATA, ...), that over the file given with --config,
that over the default.";

const SERVE_HELP: &str = "\
The file given with --config is TOML, every key optional:
  data = \"/var/lib/folge\"
  listen = \"0.0.0.0:443\"
  tls_cert = \"fullchain.pem\"
  tls_key = \"privkey.pem\"
  founding_token_file = \"founding.token\"
  web = \"/usr/share/folge/web\"
  app_origins = [\"https://app.example.no\"]
  web_relays = [\"https://other-relay.example.no\"]
  log_format = \"json\"
  log_level = \"info\"
  [limits]
  workspace_bytes_max = 1073741824

Limits (--limit NAME=VALUE, FOLGE_RELAY_LIMITS=NAME=VALUE,..., or [limits]):
  body_bytes_max, device_requests_per_minute, workspaces_max, workspace_bytes_max,
  device_live_connections_max, live_connections_max, connections_max,
  live_hello_milliseconds_max, request_milliseconds_max, queue_requests_max, group_requests_max,
  header_milliseconds_max, device_bytes_per_day, workspace_entries_max, workspace_grants_max,
  workspace_strangers_per_minute, unknown_workspaces_per_minute, founding_failures_per_hour,
  address_failures_per_minute, address_founding_failures_per_hour

Behind a proxy every client has the proxy's address: the limits by address bound all of them
together there. Let the proxy count by client, and raise these where it does.

Founding a workspace is open on a loopback address, and needs the token on any other. Behind a
proxy on the same machine, set a token: to the relay everyone is local then.

/healthz says that the process is up, /readyz that it can write, /metrics counts for Prometheus.
SIGTERM or ctrl-c stops it after the requests under way.";

#[derive(Parser)]
#[command(name = "folge-relay", version, about = ABOUT, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until it is told to stop.
    #[command(after_help = SERVE_HELP)]
    Serve(Box<Serve>),
    /// Copies the database to a file, also while a relay serves from it.
    Backup {
        #[command(flatten)]
        data: Data,
        /// The file to write. It holds the relay's key: keep it as safe as the database.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// Overwrites the file.
        #[arg(long)]
        force: bool,
    },
    /// Puts a backup in the place of the database, as a new life of it.
    Restore {
        #[command(flatten)]
        data: Data,
        /// The backup.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// Overwrites the database that is there.
        #[arg(long)]
        force: bool,
    },
    /// Verifies the database: integrity, membership logs, streams. Exit code 1 where it is broken.
    Check {
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Args)]
struct Data {
    /// The data directory.
    #[arg(
        long,
        value_name = "DIR",
        env = "FOLGE_RELAY_DATA",
        default_value = "./data"
    )]
    data: PathBuf,
}

#[derive(Args)]
struct Serve {
    /// The data directory, made where it is missing [default: ./data].
    #[arg(long, value_name = "DIR", env = "FOLGE_RELAY_DATA")]
    data: Option<PathBuf>,
    /// The address to listen on; port 0 takes a free one [default: 127.0.0.1:8787].
    #[arg(long, value_name = "ADDR", env = "FOLGE_RELAY_LISTEN")]
    listen: Option<SocketAddr>,
    /// The certificate chain, PEM. Without it the relay speaks plain HTTP, for a proxy before it.
    #[arg(long, value_name = "FILE", env = "FOLGE_RELAY_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, PEM.
    #[arg(long, value_name = "FILE", env = "FOLGE_RELAY_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// The settings as a TOML file.
    #[arg(long, value_name = "FILE", env = "FOLGE_RELAY_CONFIG")]
    config: Option<PathBuf>,
    /// The file with the token that founding a workspace needs.
    #[arg(long, value_name = "FILE", env = "FOLGE_RELAY_FOUNDING_TOKEN_FILE")]
    founding_token_file: Option<PathBuf>,
    /// The folder with the app for browsers, as `cargo xtask web` makes it: handed out at /.
    #[arg(long, value_name = "DIR", env = "FOLGE_RELAY_WEB")]
    web: Option<PathBuf>,
    /// A relay on another host that the app handed out here may talk to; may be given many times.
    #[arg(
        long = "web-relay",
        value_name = "URL",
        env = "FOLGE_RELAY_WEB_RELAYS",
        value_delimiter = ','
    )]
    web_relays: Vec<String>,
    /// Another host whose app may talk to this relay; may be given many times.
    #[arg(
        long = "app-origin",
        value_name = "URL",
        env = "FOLGE_RELAY_APP_ORIGINS",
        value_delimiter = ','
    )]
    app_origins: Vec<String>,
    /// Sets a limit; may be given many times.
    #[arg(
        long = "limit",
        value_name = "NAME=VALUE",
        env = "FOLGE_RELAY_LIMITS",
        value_delimiter = ','
    )]
    limits: Vec<String>,
    /// `text` or `json` [default: text].
    #[arg(long, value_name = "FORMAT", env = "FOLGE_RELAY_LOG_FORMAT")]
    log_format: Option<String>,
    /// `error`, `warn`, `info`, `debug` [default: info].
    #[arg(long, value_name = "LEVEL", env = "FOLGE_RELAY_LOG_LEVEL")]
    log_level: Option<String>,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(serve) => run(*serve),
        Command::Backup { data, to, force } => folge_relay::admin::backup(&data.data, &to, force)
            .map(|()| {
                say(&format!("backed up to {}", to.display()));
            }),
        Command::Restore { data, from, force } => folge_relay::admin::restore(
            &data.data, &from, force,
        )
        .map(|()| {
            say("restored, as a new life of the database: devices will bring back what it lacks");
        }),
        Command::Check { data } => folge_relay::admin::check(&data.data).map(|report| {
            say(&format!(
                "sound: {} workspaces, {} entries, {} streams, {} envelopes, {} grants",
                report.workspaces, report.entries, report.streams, report.envelopes, report.grants
            ));
        }),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "folge-relay: {error}");
            ExitCode::from(1)
        }
    }
}

// Whoever reads the output may have gone; that is no failure of the work.
fn say(line: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

fn run(serve: Serve) -> Result<(), ServeError> {
    let file = match &serve.config {
        Some(path) => ConfigFile::read(path)?,
        None => ConfigFile::default(),
    };
    let level = serve.log_level.clone().or_else(|| file.log_level.clone());
    let format = serve.log_format.clone().or_else(|| file.log_format.clone());
    log(level.as_deref().unwrap_or("info"), format.as_deref())?;
    let config = merge(serve, file)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(ServeError::Thread)?;
    runtime.block_on(async {
        let stop = Stop::listening().map_err(ServeError::Thread)?;
        let relay = folge_relay::serve(config).await?;
        say(&format!("folge-relay listening on {}", relay.url()));
        tracing::info!(addr = %relay.addr(), "serving");
        stop.told().await;
        tracing::info!("stopping");
        relay.shutdown().await;
        Ok(())
    })
}

/// What tells the program to stop. Made before the program says that it listens: whoever stops it
/// from then on is heard, and nothing is cut off.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn listening() -> Result<Self, std::io::Error> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }
    #[cfg(unix)]
    async fn told(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
    #[cfg(not(unix))]
    fn listening() -> Result<Self, std::io::Error> {
        Ok(Self {})
    }
    #[cfg(not(unix))]
    async fn told(self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

fn setting(what: &str, cause: impl ToString) -> ServeError {
    ServeError::Setting {
        what: what.to_owned(),
        cause: cause.to_string(),
    }
}

fn merge(serve: Serve, file: ConfigFile) -> Result<Config, ServeError> {
    let cert = serve.tls_cert.or(file.tls_cert);
    let key = serve.tls_key.or(file.tls_key);
    let tls = match (cert, key) {
        (None, None) => None,
        (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
        _ => {
            return Err(setting(
                "TLS",
                "give both --tls-cert and --tls-key, or neither",
            ));
        }
    };
    let mut limits = Limits::default();
    for (name, value) in &file.limits {
        limits.set(name, *value)?;
    }
    for given in &serve.limits {
        let (name, value) = given
            .split_once('=')
            .ok_or_else(|| setting("--limit", format!("{given:?} is not NAME=VALUE")))?;
        let value = value
            .parse()
            .map_err(|_| setting("--limit", format!("{value:?} is no number")))?;
        limits.set(name, value)?;
    }
    let token_file = serve.founding_token_file.or(file.founding_token_file);
    Ok(Config {
        data: serve.data.or(file.data).unwrap_or_else(|| "./data".into()),
        listen: serve
            .listen
            .or(file.listen)
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8787))),
        tls,
        founding_token: token_file.map(|path| token(&path)).transpose()?,
        web: serve.web.or(file.web),
        web_relays: either(serve.web_relays, file.web_relays),
        app_origins: either(serve.app_origins, file.app_origins),
        limits,
    })
}

/// What was given, or else what the file says.
fn either(given: Vec<String>, file: Vec<String>) -> Vec<String> {
    if given.is_empty() { file } else { given }
}

fn token(path: &std::path::Path) -> Result<Vec<u8>, ServeError> {
    let text = std::fs::read(path).map_err(|cause| ServeError::File {
        path: path.to_owned(),
        cause,
    })?;
    let token = text.trim_ascii().to_vec();
    let most = folge_protocol::limits::TOKEN_BYTES_MAX;
    if token.is_empty() || token.len() > most {
        return Err(setting(
            "the founding token",
            format!("it must have 1 to {most} bytes"),
        ));
    }
    Ok(token)
}

fn log(level: &str, format: Option<&str>) -> Result<(), ServeError> {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(level).map_err(|error| setting("the log level", error))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let result = match format.unwrap_or("text") {
        "text" => builder.try_init(),
        "json" => builder.json().try_init(),
        _ => return Err(setting("the log format", "it is `text` or `json`")),
    };
    result.map_err(|error| setting("logging", error))
}
