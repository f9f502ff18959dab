//! The push: one thread that knows who is connected and hands each commit's frames out. Devices
//! that may see the same share one frame's memory and signature.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread::JoinHandle;

use axum::body::Bytes;
use folge_protocol::ids::{DeviceId, WorkspaceId};
use tokio::sync::mpsc::error::TrySendError;

use super::metrics::Metrics;
use crate::relay::{Commit, Identity, View};

pub(crate) enum Event {
    Join {
        workspace: WorkspaceId,
        device: DeviceId,
        id: u64,
        frames: tokio::sync::mpsc::Sender<Bytes>,
    },
    Leave {
        workspace: WorkspaceId,
        id: u64,
    },
    Commit(Commit),
}

/// The way to the push.
pub(crate) type Sender = mpsc::Sender<Event>;

struct Listener {
    device: DeviceId,
    id: u64,
    frames: tokio::sync::mpsc::Sender<Bytes>,
}

pub(crate) fn start(
    identity: Arc<Identity>,
    metrics: Arc<Metrics>,
) -> std::io::Result<(Sender, JoinHandle<()>)> {
    let (sender, events) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("push".into())
        .spawn(move || {
            let mut listeners: HashMap<WorkspaceId, Vec<Listener>> = HashMap::new();
            while let Ok(event) = events.recv() {
                take(&mut listeners, event, &identity, &metrics);
            }
        })?;
    Ok((sender, thread))
}

fn take(
    listeners: &mut HashMap<WorkspaceId, Vec<Listener>>,
    event: Event,
    identity: &Identity,
    metrics: &Metrics,
) {
    match event {
        Event::Join {
            workspace,
            device,
            id,
            frames,
        } => listeners
            .entry(workspace)
            .or_default()
            .push(Listener { device, id, frames }),
        Event::Leave { workspace, id } => {
            if let Some(present) = listeners.get_mut(&workspace) {
                present.retain(|listener| listener.id != id);
                if present.is_empty() {
                    listeners.remove(&workspace);
                }
            }
        }
        Event::Commit(commit) => {
            if let Some(present) = listeners.get_mut(&commit.workspace()) {
                push(present, &commit, identity, metrics);
            }
        }
    }
}

fn push(present: &mut Vec<Listener>, commit: &Commit, identity: &Identity, metrics: &Metrics) {
    let mut made: HashMap<View, Bytes> = HashMap::new();
    present.retain(|listener| {
        if let Some(view) = commit.view(listener.device) {
            let frame = match made.get(&view) {
                Some(frame) => frame.clone(),
                None => {
                    let frame = Bytes::from(commit.frame(&view, identity));
                    made.insert(view, frame.clone());
                    frame
                }
            };
            let length = frame.len() as u64;
            match listener.frames.try_send(frame) {
                Ok(()) => {
                    metrics.pushed.fetch_add(1, Ordering::Relaxed);
                    metrics.bytes_out.fetch_add(length, Ordering::Relaxed);
                }
                Err(TrySendError::Closed(_)) => return false,
                Err(TrySendError::Full(_)) => {
                    // Its channel ends, so its connection closes; it catches up when it returns.
                    metrics.slow.fetch_add(1, Ordering::Relaxed);
                    return false;
                }
            }
        }
        // Whoever was put out hears of it in this frame, the last one.
        !commit.changes_membership() || commit.membership().active_device(listener.device).is_some()
    });
}
