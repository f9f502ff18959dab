//! The app handed out by the relay: only files that were there at the start, with headers that let
//! a browser run nothing else, and the relay's own paths for the hosts that were named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use folge_protocol::codec::Decode;
use folge_protocol::wire::{PATH_RELAY, PATH_SYNC, RelayInfo};
use folge_relay::{Config, RunningRelay, ServeError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

async fn ask(addr: SocketAddr, method: &str, path: &str, headers: &str) -> Answer {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: app:80\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap()[9..12].parse().unwrap();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        let all = headers.entry(name.to_ascii_lowercase()).or_default();
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(value);
    }
    Answer {
        status,
        headers,
        body: answer[end + 4..].to_vec(),
    }
}

fn app(folder: &Path) {
    fs::create_dir_all(folder.join("a")).unwrap();
    for (name, text) in [
        ("index.html", "<p>staff</p>"),
        ("p.html", "<p>participant</p>"),
        ("release.json", "{}"),
        ("a/x.1.wasm", "\0asm plain"),
        ("a/x.1.wasm.br", "compressed"),
        ("a/y.1.js", "1"),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}

async fn serving(dir: &Path, change: impl FnOnce(&mut Config)) -> Result<RunningRelay, ServeError> {
    let web = dir.join("web");
    app(&web);
    fs::write(dir.join("secret"), "secret").unwrap();
    let mut config = Config::in_directory(dir.join("data"));
    config.web = Some(web);
    change(&mut config);
    folge_relay::serve(config).await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_start_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    {
        fs::create_dir_all(dir.path().join("web")).unwrap();
        let link = dir.path().join("web/link");
        std::os::unix::fs::symlink(dir.path().join("secret"), link).unwrap();
    }
    let relay = serving(dir.path(), |_| {}).await.unwrap();
    let addr = relay.addr();
    for (path, text) in [
        ("/", "<p>staff</p>"),
        ("/i", "<p>staff</p>"),
        ("/i?x=1", "<p>staff</p>"),
        ("/index.html", "<p>staff</p>"),
        ("/p", "<p>participant</p>"),
        ("/release.json", "{}"),
        ("/a/x.1.wasm", "\0asm plain"),
    ] {
        let answer = ask(addr, "GET", path, "").await;
        assert_eq!(
            (answer.status, answer.body),
            (200, text.as_bytes().to_vec()),
            "{path}"
        );
        assert_eq!(ask(addr, "HEAD", path, "").await.body, b"");
    }
    fs::write(dir.path().join("web/late.js"), "1").unwrap();
    for path in [
        "/late.js",
        "/a",
        "/a/",
        "/a/x.1.wasm.br",
        "/link",
        "/../secret",
        "/a/../../secret",
        "/%2e%2e/secret",
        "/a/%2e%2e/%2e%2e/secret",
        "/..%2fsecret",
        "//secret",
        "/p/",
        "/v1",
        "/v1/other",
    ] {
        let answer = ask(addr, "GET", path, "").await;
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (404, &b"not found\n"[..]),
            "{path}"
        );
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'")
        );
    }
    assert_eq!(
        ask(addr, "POST", "/", "content-length: 0\r\n").await.status,
        405
    );
    let info = ask(addr, "GET", PATH_RELAY, "").await;
    assert_eq!(
        RelayInfo::from_bytes(&info.body).unwrap().key,
        *relay.identity().public()
    );
    assert_eq!(ask(addr, "GET", "/healthz", "").await.body, b"ok\n");
    relay.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_caching_and_compressed_copies() {
    let dir = tempfile::tempdir().unwrap();
    let relay = serving(dir.path(), |_| {}).await.unwrap();
    let addr = relay.addr();
    for (path, kind, cache) in [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/release.json", "application/json", "no-cache"),
        (
            "/a/x.1.wasm",
            "application/wasm",
            "public, max-age=31536000, immutable",
        ),
        (
            "/a/y.1.js",
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
    ] {
        let answer = ask(addr, "GET", path, "").await;
        assert_eq!(
            (
                answer.header("content-type"),
                answer.header("cache-control")
            ),
            (kind, cache)
        );
        assert_eq!(answer.header("vary"), "accept-encoding");
        assert_eq!(answer.header("content-encoding"), "");
        let tag = answer.header("etag").to_owned();
        let again = ask(
            addr,
            "GET",
            path,
            &format!("if-none-match: \"z\", W/{tag}\r\n"),
        )
        .await;
        assert_eq!((again.status, again.body.as_slice()), (304, &b""[..]));
        assert_eq!(again.header("etag"), tag);
        let other = ask(addr, "GET", path, "if-none-match: \"z\"\r\n").await;
        assert_eq!(other.status, 200);
    }
    let plain = ask(addr, "GET", "/a/x.1.wasm", "").await;
    for accepted in ["br", "gzip, deflate, br, zstd", "gzip;q=0.5, BR;q=0.9"] {
        let answer = ask(
            addr,
            "GET",
            "/a/x.1.wasm",
            &format!("accept-encoding: {accepted}\r\n"),
        )
        .await;
        assert_eq!(answer.body, b"compressed", "{accepted}");
        assert_eq!(answer.header("content-encoding"), "br");
        assert_eq!(answer.header("content-type"), "application/wasm");
        assert_ne!(answer.header("etag"), plain.header("etag"));
    }
    for accepted in ["gzip", "br;q=0", "brotli", ""] {
        let answer = ask(
            addr,
            "GET",
            "/a/x.1.wasm",
            &format!("accept-encoding: {accepted}\r\n"),
        )
        .await;
        assert_eq!(answer.body, plain.body, "{accepted}");
    }
    // Where there is no copy, the file itself.
    let answer = ask(addr, "GET", "/a/y.1.js", "accept-encoding: br\r\n").await;
    assert_eq!(
        (answer.header("content-encoding"), answer.body.as_slice()),
        ("", &b"1"[..])
    );
    relay.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_run_what_is_handed_out_and_talk_to_its_relays() {
    let dir = tempfile::tempdir().unwrap();
    let relay = serving(dir.path(), |config| {
        config.web_relays = vec!["https://relay.example.no:8443/".to_owned()];
    })
    .await
    .unwrap();
    let answer = ask(relay.addr(), "GET", "/", "").await;
    let policy = answer.header("content-security-policy");
    let rules: BTreeMap<&str, &str> = policy
        .split("; ")
        .map(|rule| rule.split_once(' ').unwrap())
        .collect();
    let expected = BTreeMap::from([
        ("default-src", "'none'"),
        ("script-src", "'self' 'wasm-unsafe-eval'"),
        ("style-src", "'self'"),
        ("img-src", "'self' data: blob:"),
        ("media-src", "'self' blob:"),
        (
            "connect-src",
            "'self' wss://app:80 ws://app:80 https://relay.example.no:8443 \
             wss://relay.example.no:8443",
        ),
        ("worker-src", "'self'"),
        ("manifest-src", "'self'"),
        ("base-uri", "'none'"),
        ("form-action", "'none'"),
        ("frame-ancestors", "'none'"),
        ("require-trusted-types-for", "'script'"),
        ("trusted-types", "default"),
    ]);
    assert_eq!(rules, expected);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    let permissions = answer.header("permissions-policy");
    for (name, value) in permissions
        .split(", ")
        .map(|one| one.split_once('=').unwrap())
    {
        let ours = ["camera", "clipboard-write"].contains(&name);
        assert_eq!(value, if ours { "(self)" } else { "()" }, "{name}");
    }
    // A script may be a worker's, which goes by the policy that comes with it; in a module nothing
    // runs by itself.
    let script = ask(relay.addr(), "GET", "/a/y.1.js", "").await;
    assert_eq!(script.header("content-security-policy"), policy);
    let module = ask(relay.addr(), "GET", "/a/x.1.wasm", "").await;
    assert_eq!(module.header("content-security-policy"), "");
    for inert in [&script, &module] {
        assert_eq!(inert.header("x-content-type-options"), "nosniff");
        assert_eq!(inert.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(inert.header("permissions-policy"), "");
    }
    // Plain HTTP promises nothing for later.
    assert_eq!(answer.header("strict-transport-security"), "");
    relay.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_hosts_use_the_relay_only_where_they_were_named() {
    let dir = tempfile::tempdir().unwrap();
    let relay = serving(dir.path(), |config| {
        config.app_origins = vec!["https://app.example.no".to_owned()];
    })
    .await
    .unwrap();
    let addr = relay.addr();
    let from = |origin: &str| {
        format!("origin: {origin}\r\naccess-control-request-method: POST\r\ncontent-length: 0\r\n")
    };
    let named = ask(addr, "OPTIONS", PATH_SYNC, &from("https://app.example.no")).await;
    assert_eq!(named.status, 204);
    assert_eq!(
        named.header("access-control-allow-origin"),
        "https://app.example.no"
    );
    assert_eq!(named.header("access-control-allow-methods"), "GET, POST");
    assert_eq!(named.header("access-control-allow-headers"), "content-type");
    assert_eq!(named.header("access-control-allow-credentials"), "");
    let answer = ask(addr, "GET", PATH_RELAY, &from("https://app.example.no")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://app.example.no"
    );
    assert_eq!(answer.header("vary"), "origin");
    for stranger in [
        "https://app.example.no.evil.no",
        "http://app.example.no",
        "https://app.example.no:444",
        "null",
    ] {
        let answer = ask(addr, "OPTIONS", PATH_SYNC, &from(stranger)).await;
        assert_ne!(answer.status, 204, "{stranger}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "",
            "{stranger}"
        );
    }
    // The app's own files are nobody else's.
    let page = ask(addr, "GET", "/", &from("https://app.example.no")).await;
    assert_eq!(page.header("access-control-allow-origin"), "");
    relay.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_handed_out_is_said_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let without = serving(dir.path(), |config| {
        config.web = Some(dir.path().join("nowhere"))
    })
    .await;
    assert!(matches!(without, Err(ServeError::File { .. })));
    fs::create_dir_all(dir.path().join("empty")).unwrap();
    let empty = serving(dir.path(), |config| {
        config.web = Some(dir.path().join("empty"))
    })
    .await;
    assert!(empty.unwrap_err().to_string().contains("index.html"));
    for bad in [
        "app.example.no",
        "https://app.example.no/path",
        "https://",
        "ftp://x",
        "https://a b",
    ] {
        let origins = serving(dir.path(), |config| {
            config.app_origins = vec![bad.to_owned()]
        })
        .await;
        assert!(matches!(origins, Err(ServeError::Setting { .. })), "{bad}");
        let relays = serving(dir.path(), |config| {
            config.web_relays = vec![bad.to_owned()]
        })
        .await;
        assert!(matches!(relays, Err(ServeError::Setting { .. })), "{bad}");
    }
    // Without the option nothing is handed out.
    let relay = serving(dir.path(), |config| config.web = None)
        .await
        .unwrap();
    assert_eq!(ask(relay.addr(), "GET", "/", "").await.status, 404);
    relay.shutdown().await;
}
