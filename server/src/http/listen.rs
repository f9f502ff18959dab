//! Accepting connections: a bound on how many, and TLS where certificate files are given.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};
use tokio_rustls::server::TlsStream;

use crate::config::{Config, TlsFiles};
use crate::error::ServeError;
use crate::limits::TLS_HANDSHAKE_MILLISECONDS_MAX;

/// Connections that have shaken hands and wait to be served.
const READY_CONNECTIONS_MAX: usize = 64;
/// How long to wait after accepting failed, for want of file descriptors say, in milliseconds.
const ACCEPT_PAUSE_MILLISECONDS: u64 = 100;

/// A listener that gives plain or TLS connections.
pub(super) struct Listener {
    addr: SocketAddr,
    ready: mpsc::Receiver<(Connection, SocketAddr)>,
}

/// An accepted connection.
pub(super) struct Connection {
    stream: Stream,
    _permit: OwnedSemaphorePermit,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

pub(super) async fn bind(config: &Config) -> Result<Listener, ServeError> {
    let acceptor = config.tls.as_ref().map(acceptor).transpose()?;
    let cannot = |cause| ServeError::Listen {
        addr: config.listen,
        cause,
    };
    let listener = TcpListener::bind(config.listen).await.map_err(cannot)?;
    let addr = listener.local_addr().map_err(cannot)?;
    let (sender, ready) = mpsc::channel(READY_CONNECTIONS_MAX);
    let most = Arc::new(Semaphore::new(config.limits.connections_max as usize));
    tokio::spawn(accept_all(listener, acceptor, most, sender));
    Ok(Listener { addr, ready })
}

impl Listener {
    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The next connection that is ready to be served.
    pub(super) async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }
}

async fn accept_all(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    most: Arc<Semaphore>,
    ready: mpsc::Sender<(Connection, SocketAddr)>,
) {
    loop {
        // At the bound, new connections wait in the system's queue.
        let Ok(permit) = Arc::clone(&most).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ready.closed() => return,
        };
        let (stream, addr) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MILLISECONDS)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let Some(acceptor) = acceptor.clone() else {
            let connection = Connection {
                stream: Stream::Plain(stream),
                _permit: permit,
            };
            if ready.send((connection, addr)).await.is_err() {
                return;
            }
            continue;
        };
        // One slow handshake must not keep the others waiting.
        let ready = ready.clone();
        tokio::spawn(async move {
            let most = Duration::from_millis(TLS_HANDSHAKE_MILLISECONDS_MAX);
            if let Ok(Ok(stream)) = tokio::time::timeout(most, acceptor.accept(stream)).await {
                let connection = Connection {
                    stream: Stream::Tls(Box::new(stream)),
                    _permit: permit,
                };
                let _ = ready.send((connection, addr)).await;
            }
        });
    }
}

fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, ServeError> {
    let bad = |path: &Path, cause: &dyn std::fmt::Display| ServeError::Tls {
        path: path.to_owned(),
        cause: cause.to_string(),
    };
    let certificates = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| bad(&files.cert, &error))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| bad(&files.key, &error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(&files.cert, &error))?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|error| bad(&files.cert, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(context, bytes),
        }
    }
    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
