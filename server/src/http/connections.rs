//! Serving connections: HTTP/1.1 with a bound on how long a client may take for its headers, which
//! is also how long a connection may lie idle between two requests.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;

use super::App;
use super::doors::Peer;
use super::listen::{Connection, Listener};

/// Serves until told to stop, and then until the last connection has had its answer.
pub(super) async fn serve(
    mut listener: Listener,
    router: Router,
    app: App,
    mut stopping: watch::Receiver<bool>,
) {
    // Each connection holds a receiver: with the last one the sender knows that all are closed.
    let (open, alive) = watch::channel(());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let (connection, addr) = accepted;
        let peer = app.doors.peer(addr);
        let most = Duration::from_millis(app.limits.header_milliseconds_max);
        let work = one(connection, router.clone(), peer, most, stopping.clone());
        let alive = alive.clone();
        tokio::spawn(async move {
            work.await;
            drop(alive);
        });
    }
    drop((listener, router, app, alive));
    open.closed().await;
}

async fn one(
    connection: Connection,
    router: Router,
    peer: Peer,
    headers_most: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let answer = router.call(request);
        async move { answer.await.map_err(|never: Infallible| never) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(headers_most)
        .serve_connection(TokioIo::new(connection), service)
        .with_upgrades();
    let mut serving = pin!(serving);
    tokio::select! {
        _ = serving.as_mut() => return,
        _ = stopping.wait_for(|stop| *stop) => {}
    }
    serving.as_mut().graceful_shutdown();
    let _ = serving.await;
}
