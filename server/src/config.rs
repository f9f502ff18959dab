//! What an operator can set.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use crate::error::ServeError;
use crate::limits::Limits;
use crate::relay::FoundingPolicy;

/// Everything a relay needs to serve.
#[derive(Clone)]
pub struct Config {
    /// The data directory.
    pub data: PathBuf,
    /// The address to listen on; port 0 for any free one.
    pub listen: SocketAddr,
    /// TLS, where the relay ends it itself.
    pub tls: Option<TlsFiles>,
    /// What a founding request must carry.
    pub founding_token: Option<Vec<u8>>,
    /// The folder with the app, where the relay hands it out too.
    pub web: Option<PathBuf>,
    /// Relays on other hosts that the app may talk to.
    pub web_relays: Vec<String>,
    /// Other hosts whose app may talk to this relay.
    pub app_origins: Vec<String>,
    /// The limits.
    pub limits: Limits,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("data", &self.data)
            .field("listen", &self.listen)
            .field("tls", &self.tls)
            .field("founding", &self.founding_policy())
            .field("web", &self.web)
            .field("web_relays", &self.web_relays)
            .field("app_origins", &self.app_origins)
            .field("limits", &self.limits)
            .finish()
    }
}

/// PEM files for TLS.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, and those between it and the root.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Config {
    /// Defaults on a data directory, on any free loopback port.
    #[must_use]
    pub fn in_directory(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            founding_token: None,
            web: None,
            web_relays: Vec::new(),
            app_origins: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// With a token whoever has it may found; without one only this machine's own programs.
    #[must_use]
    pub fn founding_policy(&self) -> FoundingPolicy {
        match &self.founding_token {
            Some(token) => FoundingPolicy::Token(token.clone()),
            None if self.listen.ip().is_loopback() => FoundingPolicy::Open,
            None => FoundingPolicy::Closed,
        }
    }
}

/// The TOML file: every key optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// The data directory.
    pub data: Option<PathBuf>,
    /// The address to listen on.
    pub listen: Option<SocketAddr>,
    /// TLS certificate file.
    pub tls_cert: Option<PathBuf>,
    /// TLS key file.
    pub tls_key: Option<PathBuf>,
    /// The file that holds the founding token.
    pub founding_token_file: Option<PathBuf>,
    /// The folder with the app.
    pub web: Option<PathBuf>,
    /// Relays on other hosts that the app may talk to.
    #[serde(default)]
    pub web_relays: Vec<String>,
    /// Other hosts whose app may talk to this relay.
    #[serde(default)]
    pub app_origins: Vec<String>,
    /// `text` or `json`.
    pub log_format: Option<String>,
    /// A level, or a filter as `tracing` reads it.
    pub log_level: Option<String>,
    /// Limits by name.
    #[serde(default)]
    pub limits: std::collections::BTreeMap<String, u64>,
}

impl ConfigFile {
    /// Reads a file.
    /// # Errors
    /// What is wrong with it, with the line.
    pub fn read(path: &std::path::Path) -> Result<Self, ServeError> {
        let text = std::fs::read_to_string(path).map_err(|cause| ServeError::File {
            path: path.to_owned(),
            cause,
        })?;
        toml::from_str(&text).map_err(|error| ServeError::Setting {
            what: path.display().to_string(),
            cause: error.to_string(),
        })
    }
}

impl Limits {
    /// Sets one limit by its name.
    /// # Errors
    /// Where there is no such limit, or the value is beyond all bounds.
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), ServeError> {
        let bad = |cause: &str| ServeError::Setting {
            what: format!("limit {name}"),
            cause: cause.to_owned(),
        };
        let narrow = || u32::try_from(value).map_err(|_| bad("the value is too large"));
        match name {
            "body_bytes_max" => {
                self.body_bytes_max =
                    usize::try_from(value).map_err(|_| bad("the value is too large"))?;
            }
            "device_requests_per_minute" => self.device_requests_per_minute = narrow()?,
            "workspaces_max" => self.workspaces_max = value,
            "workspace_bytes_max" => self.workspace_bytes_max = value,
            "device_live_connections_max" => self.device_live_connections_max = narrow()?,
            "live_connections_max" => self.live_connections_max = narrow()?,
            "connections_max" => self.connections_max = narrow()?,
            "live_hello_milliseconds_max" => self.live_hello_milliseconds_max = value,
            "request_milliseconds_max" => self.request_milliseconds_max = value,
            "queue_requests_max" => self.queue_requests_max = narrow()?,
            "group_requests_max" => self.group_requests_max = narrow()?,
            "device_bytes_per_day" => self.device_bytes_per_day = value,
            "workspace_strangers_per_minute" => self.workspace_strangers_per_minute = narrow()?,
            "unknown_workspaces_per_minute" => {
                self.unknown_workspaces_per_minute = narrow()?;
            }
            "founding_failures_per_hour" => self.founding_failures_per_hour = narrow()?,
            "address_failures_per_minute" => self.address_failures_per_minute = narrow()?,
            "address_founding_failures_per_hour" => {
                self.address_founding_failures_per_hour = narrow()?
            }
            "workspace_entries_max" => self.workspace_entries_max = value,
            "workspace_grants_max" => self.workspace_grants_max = value,
            "header_milliseconds_max" => self.header_milliseconds_max = value,
            _ => return Err(bad("there is no such limit; `serve --help` lists them")),
        }
        Ok(())
    }
}
