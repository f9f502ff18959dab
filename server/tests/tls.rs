//! The relay behind its own certificate, and the doors that stay shut: founding without the token,
//! more requests than a device may make.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::wire::*;
use folge_relay::config::TlsFiles;
use folge_relay::{Config, RunningRelay, ServeError};
use support::*;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

async fn call(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    method: &str,
    path: &str,
    body: &[u8],
) -> (u16, Vec<u8>) {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let status = std::str::from_utf8(&answer[9..12])
        .unwrap()
        .parse()
        .unwrap();
    (status, answer[end + 4..].to_vec())
}

struct Secured {
    relay: RunningRelay,
    certificate: CertificateDer<'static>,
    _dir: tempfile::TempDir,
}

async fn secured() -> Secured {
    // A certificate for `localhost` made for these tests, good for a hundred years.
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let tls = TlsFiles {
        cert: data.join("localhost.cert.pem"),
        key: data.join("localhost.key.pem"),
    };
    let certificate = CertificateDer::from_pem_file(&tls.cert).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::in_directory(dir.path());
    config.tls = Some(tls);
    let web = dir.path().join("web");
    std::fs::create_dir_all(&web).unwrap();
    for page in ["index.html", "p.html"] {
        std::fs::write(web.join(page), "<p></p>").unwrap();
    }
    config.web = Some(web);
    let relay = folge_relay::serve(config).await.unwrap();
    Secured {
        relay,
        certificate,
        _dir: dir,
    }
}

fn connector(trusted: Option<CertificateDer<'static>>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    if let Some(certificate) = trusted {
        roots.add(certificate).unwrap();
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

#[tokio::test]
async fn over_tls_the_relay_serves_as_it_does_without() {
    let secured = secured().await;
    assert!(secured.relay.url().starts_with("https://"));
    let name = ServerName::try_from("localhost").unwrap();
    let connector = connector(Some(secured.certificate.clone()));
    for (method, path, body) in [
        ("GET", "/healthz", Vec::new()),
        ("GET", PATH_RELAY, Vec::new()),
        {
            let mut world = World::new(*secured.relay.identity().public());
            ("POST", PATH_FOUND, world.found(now()))
        },
    ] {
        let tcp = TcpStream::connect(secured.relay.addr()).await.unwrap();
        let tls = connector.connect(name.clone(), tcp).await.unwrap();
        let (status, _) = call(tls, method, path, &body).await;
        assert_eq!(status, 200, "{path}");
    }
}

#[tokio::test]
async fn over_tls_a_page_is_promised_to_come_by_tls_and_talks_by_nothing_else() {
    let secured = secured().await;
    let connector = connector(Some(secured.certificate.clone()));
    let tcp = TcpStream::connect(secured.relay.addr()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = connector.connect(name, tcp).await.unwrap();
    tls.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = tls.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"));
    assert!(answer.contains("\r\nstrict-transport-security: max-age=63072000\r\n"));
    assert!(answer.contains("connect-src 'self' wss://localhost;"));
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_certificate_or_speaks_plain_gets_nothing() {
    let secured = secured().await;
    let name = ServerName::try_from("localhost").unwrap();
    let tcp = TcpStream::connect(secured.relay.addr()).await.unwrap();
    assert!(connector(None).connect(name.clone(), tcp).await.is_err());
    let mut plain = TcpStream::connect(secured.relay.addr()).await.unwrap();
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    // One bad client hinders no good one.
    let tcp = TcpStream::connect(secured.relay.addr()).await.unwrap();
    let good = connector(Some(secured.certificate.clone()));
    let tls = good.connect(name, tcp).await.unwrap();
    assert_eq!(call(tls, "GET", "/readyz", &[]).await.0, 200);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_told_before_serving() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::in_directory(dir.path().join("data"));
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    config.tls = Some(TlsFiles {
        cert: cert.clone(),
        key,
    });
    let missing: ServeError = folge_relay::serve(config.clone()).await.err().unwrap();
    assert!(missing.to_string().contains("cert.pem"), "{missing}");
    std::fs::write(&cert, "not a certificate").unwrap();
    assert!(folge_relay::serve(config).await.is_err());
}

#[tokio::test]
async fn with_a_founding_token_only_its_holder_founds() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::in_directory(dir.path());
    config.founding_token = Some(b"sesam".to_vec());
    let relay = folge_relay::serve(config).await.unwrap();
    let mut world = World::new(*relay.identity().public());
    let stream = TcpStream::connect(relay.addr()).await.unwrap();
    let (status, body) = call(stream, "POST", PATH_FOUND, &world.found(now())).await;
    assert_eq!(status, 403);
    assert_eq!(
        RelayError::from_bytes(&body),
        Ok(RelayError::FoundingClosed)
    );
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_told_when_to_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::in_directory(dir.path());
    config.limits.device_requests_per_minute = 5;
    let relay = folge_relay::serve(config).await.unwrap();
    let mut world = World::new(*relay.identity().public());
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let stream = TcpStream::connect(relay.addr()).await.unwrap();
        let (status, body) = call(stream, "POST", PATH_FOUND, &world.found(now())).await;
        if status == 429 {
            let Ok(RelayError::Busy { retry_after_ms }) = RelayError::from_bytes(&body) else {
                panic!("not the relay's own word");
            };
            assert!((1..=60_000).contains(&retry_after_ms));
            assert_eq!(RelayError::Busy { retry_after_ms }.to_bytes(), body);
        }
        statuses.push(status);
    }
    assert!(statuses.starts_with(&[200, 200, 200]), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
}
