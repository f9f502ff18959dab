//! The app's files, for a relay that hands out the app too. They are read once, at the start: a
//! path that is no key of the table names nothing, so there is no way out of the folder.
//!
//! The relay is no part of the app. It hands out what was built, with headers that tell the
//! browser to run nothing else.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::App;
use crate::config::Config;
use crate::error::ServeError;
use crate::limits::WEB_BYTES_MAX;

/// Names that stand for a page.
const PAGES: [(&str, &str); 3] = [
    ("/", "/index.html"),
    ("/i", "/index.html"),
    ("/p", "/p.html"),
];
/// Below this a file's name changes with its content.
const HASHED: &str = "/a/";
const ONE_YEAR: &str = "public, max-age=31536000, immutable";
const TWO_YEARS_SECURE: &str = "max-age=63072000";
/// How long a browser may remember that an app's host may ask, in seconds.
const PREFLIGHT_SECONDS: &str = "86400";
/// What the app may use of the device: the camera, for codes, and the clipboard, for links. All
/// else that browsers know by these names is off, for scripts of ours too.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(self), \
     clipboard-read=(), clipboard-write=(self), display-capture=(), encrypted-media=(), \
     fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), \
     local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), \
     screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// The app's files by the path under which they are served.
pub(super) struct Web {
    files: HashMap<String, File>,
    /// Relays on other hosts that the app may talk to.
    relays: Vec<String>,
    tls: bool,
}

struct File {
    kind: &'static str,
    plain: Variant,
    brotli: Option<Variant>,
}

struct Variant {
    bytes: Bytes,
    tag: HeaderValue,
}

impl Variant {
    fn new(bytes: Vec<u8>) -> Self {
        // Tells versions apart, and protects nothing.
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        let tag = format!("\"{:016x}-{:x}\"", hasher.finish(), bytes.len());
        Self {
            bytes: bytes.into(),
            tag: HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\"")),
        }
    }
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

impl Web {
    /// Reads the app that the configuration names.
    pub(super) fn open(config: &Config) -> Result<Option<Self>, ServeError> {
        let relays = config.web_relays.iter();
        let relays = relays.map(|url| origin(url)).collect::<Result<_, _>>()?;
        let Some(folder) = &config.web else {
            return Ok(None);
        };
        let mut files = read(folder)?;
        let names: Vec<String> = files.keys().cloned().collect();
        let mut table = HashMap::new();
        for name in names.iter().filter(|name| !name.ends_with(".br")) {
            let Some(plain) = files.remove(name) else {
                continue;
            };
            let brotli = files.remove(&format!("{name}.br"));
            let file = File {
                kind: kind(name),
                plain: Variant::new(plain),
                brotli: brotli.map(Variant::new),
            };
            table.insert(name.clone(), file);
        }
        for (_, page) in PAGES {
            if !table.contains_key(page) {
                return Err(ServeError::Setting {
                    what: format!("--web {}", folder.display()),
                    cause: format!("there is no {page} in it: give the folder of a finished build"),
                });
            }
        }
        Ok(Some(Self {
            files: table,
            relays,
            tls: config.tls.is_some(),
        }))
    }

    /// What browsers may do with a page of ours: run what this host hands out, and talk to this
    /// host and the relays named.
    fn policy(&self, host: Option<&HeaderValue>) -> String {
        let mut connect = String::from("'self'");
        // Some browsers do not take `'self'` for a WebSocket. The name is the client's own word.
        let host = host.and_then(|host| host.to_str().ok()).filter(|host| {
            let sane = |c: char| c.is_ascii_alphanumeric() || ".:-[]".contains(c);
            !host.is_empty() && host.chars().all(sane)
        });
        if let Some(host) = host {
            connect.push_str(&format!(" wss://{host}"));
            if !self.tls {
                connect.push_str(&format!(" ws://{host}"));
            }
        }
        for relay in &self.relays {
            connect.push_str(&format!(" {relay} {}", relay.replacen("http", "ws", 1)));
        }
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self' data: blob:; media-src 'self' blob:; connect-src {connect}; \
             worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default"
        )
    }

    fn answer(&self, method: &Method, path: &str, asked: &HeaderMap) -> Response {
        let page = PAGES.iter().find(|(name, _)| *name == path);
        let path = page.map_or(path, |(_, page)| page);
        let mut response = match self.files.get(path) {
            None => (StatusCode::NOT_FOUND, "not found\n").into_response(),
            Some(_) if method != Method::GET && method != Method::HEAD => {
                let allow = [(header::ALLOW, "GET, HEAD")];
                (StatusCode::METHOD_NOT_ALLOWED, allow, "only GET\n").into_response()
            }
            Some(file) => file.answer(path, asked),
        };
        let kind = self.files.get(path).map(|file| file.kind);
        let is_inert =
            kind.is_some_and(|kind| kind.starts_with("text/css") || kind == "application/wasm");
        let is_page = kind.is_none_or(|kind| kind.starts_with("text/html"));
        let headers = response.headers_mut();
        let fixed = HeaderValue::from_static;
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
        headers.insert(header::REFERRER_POLICY, fixed("no-referrer"));
        let mut named = vec![("cross-origin-resource-policy", "same-origin")];
        // What nothing can run in has no use for a policy, which would weigh more than some files.
        // A script may be a worker's, which goes by its own.
        if !is_inert && let Ok(policy) = HeaderValue::try_from(self.policy(asked.get(header::HOST)))
        {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if is_page {
            named.extend([
                ("cross-origin-opener-policy", "same-origin"),
                ("permissions-policy", PERMISSIONS),
            ]);
        }
        for (name, value) in named {
            headers.insert(HeaderName::from_static(name), fixed(value));
        }
        if self.tls {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, fixed(TWO_YEARS_SECURE));
        }
        response
    }
}

impl File {
    fn answer(&self, path: &str, asked: &HeaderMap) -> Response {
        let small = self.brotli.as_ref().filter(|_| accepts_brotli(asked));
        let variant = small.unwrap_or(&self.plain);
        let known = asked
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|tags| tags.to_str().ok())
            .flat_map(|tags| tags.split(','))
            .any(|tag| tag.trim().trim_start_matches("W/").as_bytes() == variant.tag.as_bytes());
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            variant.bytes.clone().into_response()
        };
        let headers = response.headers_mut();
        let fixed = HeaderValue::from_static;
        let cache = if path.starts_with(HASHED) {
            ONE_YEAR
        } else {
            "no-cache"
        };
        headers.insert(header::CACHE_CONTROL, fixed(cache));
        headers.insert(header::ETAG, variant.tag.clone());
        headers.insert(header::VARY, fixed("accept-encoding"));
        headers.insert(header::CONTENT_TYPE, fixed(self.kind));
        if small.is_some() {
            headers.insert(header::CONTENT_ENCODING, fixed("br"));
        }
        response
    }
}

fn accepts_brotli(asked: &HeaderMap) -> bool {
    asked
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let is_brotli = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("br"));
            let refused = parts.any(|part| {
                let weight = part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
                weight.is_some_and(|weight| weight <= 0.0)
            });
            is_brotli && !refused
        })
}

/// Every file below a folder, by its path from there.
fn read(folder: &Path) -> Result<HashMap<String, Vec<u8>>, ServeError> {
    let fails = |path: &Path| {
        let path = path.to_owned();
        move |cause| ServeError::File { path, cause }
    };
    let mut files = HashMap::new();
    let mut bytes_left = WEB_BYTES_MAX;
    let mut folders: Vec<(PathBuf, String)> = vec![(folder.to_owned(), "/".to_owned())];
    while let Some((folder, name)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(fails(&folder))? {
            let entry = entry.map_err(fails(&folder))?;
            let path = entry.path();
            let Ok(own) = entry.file_name().into_string() else {
                continue;
            };
            // A link leads out of the folder, so it is not followed.
            let kind = entry.file_type().map_err(fails(&path))?;
            if kind.is_dir() {
                folders.push((path, format!("{name}{own}/")));
            } else if kind.is_file() {
                let bytes = std::fs::read(&path).map_err(fails(&path))?;
                bytes_left =
                    bytes_left
                        .checked_sub(bytes.len())
                        .ok_or_else(|| ServeError::Setting {
                            what: "--web".to_owned(),
                            cause: format!("the folder has more than {WEB_BYTES_MAX} bytes"),
                        })?;
                files.insert(format!("{name}{own}"), bytes);
            }
        }
    }
    Ok(files)
}

/// An origin as browsers write it: scheme, host, and a port where it is not the scheme's own.
pub(super) fn origin(text: &str) -> Result<String, ServeError> {
    let bad = || ServeError::Setting {
        what: format!("{text:?}"),
        cause: "it is no origin; write it as https://app.example.no".to_owned(),
    };
    let text = text.trim_end_matches('/');
    let (scheme, host) = text.split_once("://").ok_or_else(bad)?;
    let sane = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".:-[]".contains(c);
    if !["http", "https"].contains(&scheme) || host.is_empty() || !host.chars().all(sane) {
        return Err(bad());
    }
    Ok(text.to_owned())
}

/// Answers whatever no other route does.
pub(super) async fn file(State(app): State<App>, request: Request) -> Response {
    let Some(web) = &app.web else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let response = web.answer(request.method(), request.uri().path(), request.headers());
    app.metrics.request("web", response.status().as_u16());
    response
}

/// Lets the apps on other hosts that the operator named use the relay's own paths, and no other.
pub(super) async fn cross_origin(State(app): State<App>, request: Request, next: Next) -> Response {
    let from = request.headers().get(header::ORIGIN).cloned();
    let named = |from: &HeaderValue| {
        let mut origins = app.app_origins.iter();
        origins.any(|origin| origin.as_bytes() == from.as_bytes())
    };
    let Some(from) = from.filter(named) else {
        return next.run(request).await;
    };
    let mut response = if request.method() == Method::OPTIONS {
        let allowed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
            (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS),
        ];
        (StatusCode::NO_CONTENT, allowed).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, from);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}
