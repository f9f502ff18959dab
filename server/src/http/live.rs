//! A live connection: a hello, what lies behind its cursor, then each commit's frame.
//!
//! A refused hello closes the WebSocket with code 4000 + the error's HTTP status; the error's
//! bytes, in hexadecimal, are the reason. A connection that cannot follow is closed, never
//! buffered without bound: the client returns with its cursor.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use folge_protocol::codec::Encode;
use folge_protocol::ids::{DeviceId, WorkspaceId};
use folge_protocol::wire::{PATH_LIVE, RelayError};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::doors::Peer;
use super::fanout::Event;
use super::{App, Shared, now_ms};
use crate::limits::{
    BUSY_MILLISECONDS, LIVE_FRAMES_MAX, LIVE_HELLO_BYTES_MAX, LIVE_PING_MILLISECONDS,
    LIVE_SEND_MILLISECONDS_MAX,
};
use crate::relay::{Answer, Purpose, Staged};

/// Buffers of a connection, in bytes: its messages in are small, and out are sent at once.
const READ_BUFFER_BYTES: usize = 1024;

pub(super) async fn open(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade
        .max_message_size(LIVE_HELLO_BYTES_MAX)
        .max_frame_size(LIVE_HELLO_BYTES_MAX)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .on_upgrade(move |socket| run(app, peer, socket))
}

async fn run(app: App, peer: Peer, mut socket: WebSocket) {
    let result = follow(&app, peer, &mut socket).await;
    app.doors.note(peer, &result, now_ms());
    let status = match &result {
        Ok(()) => 101,
        Err(error) => error.status(),
    };
    app.metrics.request(PATH_LIVE, status);
    let reason = match &result {
        Ok(()) => String::new(),
        Err(error) => error
            .to_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    };
    let frame = CloseFrame {
        code: if result.is_ok() { 1001 } else { 4000 + status },
        reason: reason.into(),
    };
    let _ = send(&mut socket, Message::Close(Some(frame))).await;
}

/// Counted among the live connections while it lives, and known to the push.
struct Seat {
    app: Arc<Shared>,
    workspace: WorkspaceId,
    device: DeviceId,
    id: u64,
}

impl Seat {
    fn take(app: &App, workspace: WorkspaceId, device: DeviceId, id: u64) -> Option<Self> {
        let mut devices = app.live_devices.lock().ok()?;
        let all: i64 = app.metrics.live.load(Ordering::Relaxed);
        let own = devices.entry(device).or_default();
        if *own >= app.limits.device_live_connections_max
            || all >= i64::from(app.limits.live_connections_max)
        {
            return None;
        }
        *own += 1;
        app.metrics.live.fetch_add(1, Ordering::Relaxed);
        Some(Self {
            app: Arc::clone(app),
            workspace,
            device,
            id,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.app.metrics.live.fetch_sub(1, Ordering::Relaxed);
        if let Ok(mut devices) = self.app.live_devices.lock()
            && let Some(own) = devices.get_mut(&self.device)
        {
            *own -= 1;
            if *own == 0 {
                devices.remove(&self.device);
            }
        }
        leave(&self.app, self.workspace, self.id);
    }
}

fn leave(app: &App, workspace: WorkspaceId, id: u64) {
    let _ = app.fanout.send(Event::Leave { workspace, id });
}

async fn follow(app: &App, peer: Peer, socket: &mut WebSocket) -> Result<(), RelayError> {
    let (staged, seat, mut frames) = enter(app, peer, socket).await?;
    catch_up(app, socket, staged).await?;
    let mut stopping = app.stopping.clone();
    let period = Duration::from_millis(LIVE_PING_MILLISECONDS);
    let mut ping = interval_at(Instant::now() + period, period);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = true;
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => send(socket, Message::Binary(frame)).await?,
                None => break,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => heard = true,
            },
            _ = ping.tick() => {
                // No answer to the last ping: the other side is gone.
                if !heard {
                    break;
                }
                heard = false;
                send(socket, Message::Ping(Bytes::new())).await?;
            }
            () = stopped(&mut stopping) => break,
        }
    }
    drop(seat);
    Ok(())
}

type Entered = (Box<Staged>, Seat, mpsc::Receiver<Bytes>);

async fn enter(app: &App, peer: Peer, socket: &mut WebSocket) -> Result<Entered, RelayError> {
    let most = Duration::from_millis(app.limits.live_hello_milliseconds_max);
    let hello = match timeout(most, socket.recv()).await {
        Ok(Some(Ok(Message::Binary(hello)))) => hello,
        Ok(_) => return Err(RelayError::Malformed),
        Err(_) => return Err(RelayError::Unauthorized),
    };
    let prepared = app.prepare(Purpose::Live, hello).await?;
    app.admit(&prepared, peer)?;
    let workspace = prepared.workspace();
    let (sender, frames) = mpsc::channel(LIVE_FRAMES_MAX);
    let id = app.live_ids.fetch_add(1, Ordering::Relaxed);
    let answer = app.writer.submit(prepared, Some((id, sender))).await?;
    let Answer::Live(staged) = answer else {
        return Err(RelayError::Malformed);
    };
    let seat = staged
        .device()
        .and_then(|device| Seat::take(app, workspace, device, id));
    let Some(seat) = seat else {
        leave(app, workspace, id);
        return Err(RelayError::Busy {
            retry_after_ms: BUSY_MILLISECONDS,
        });
    };
    Ok((staged, seat, frames))
}

/// Sends what lies behind the cursor; at least one frame, so that the client knows it is live.
async fn catch_up(
    app: &App,
    socket: &mut WebSocket,
    mut staged: Box<Staged>,
) -> Result<(), RelayError> {
    loop {
        let (same, reply) = app.reply(staged).await?;
        staged = same;
        staged.advance(&reply);
        let bytes = reply.to_bytes();
        if let Some(device) = staged.device() {
            app.doors.note_reply(device.0, bytes.len(), now_ms());
        }
        send(socket, Message::Binary(bytes.into())).await?;
        if !reply.more {
            return Ok(());
        }
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), RelayError> {
    let most = Duration::from_millis(LIVE_SEND_MILLISECONDS_MAX);
    match timeout(most, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(RelayError::Unavailable),
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}
