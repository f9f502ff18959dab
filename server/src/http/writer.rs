//! The one writer: a thread that owns the store, takes what is waiting as a group, and answers
//! after the group's commit. While it commits, the next group gathers.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Instant;

use axum::body::Bytes;
use folge_protocol::ids::WorkspaceId;
use folge_protocol::membership::Membership;
use folge_protocol::wire::RelayError;
use tokio::sync::{mpsc, oneshot};

use super::fanout::{self, Event};
use super::metrics::Metrics;
use crate::limits::{BUSY_MILLISECONDS, GROUP_BYTES_MAX};
use crate::relay::{Answer, Prepared, Relay};
use crate::storage::{SqliteStorage, StorageError};

/// The memberships, for whoever checks signatures ahead of the writer.
pub(crate) type Directory = RwLock<HashMap<WorkspaceId, Arc<Membership>>>;

pub(crate) enum Job {
    Request {
        request: Box<Prepared>,
        /// Where the frames of a live connection go.
        live: Option<(u64, mpsc::Sender<Bytes>)>,
        answer: oneshot::Sender<Result<Answer, RelayError>>,
    },
    Probe(oneshot::Sender<Result<(), StorageError>>),
}

/// The way to the writer.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    metrics: Arc<Metrics>,
}

pub(crate) fn start(
    relay: Relay<SqliteStorage>,
    directory: Arc<Directory>,
    fanout: fanout::Sender,
    metrics: Arc<Metrics>,
    queue_max: usize,
    group_max: usize,
) -> std::io::Result<(Writer, JoinHandle<()>)> {
    let (jobs, queue) = mpsc::channel(queue_max);
    let writer = Writer {
        jobs,
        metrics: Arc::clone(&metrics),
    };
    let mut task = Task {
        relay,
        directory,
        fanout,
        metrics,
        queue,
        group_max,
    };
    let thread = std::thread::Builder::new()
        .name("writer".into())
        .spawn(move || task.run())?;
    Ok((writer, thread))
}

impl Writer {
    /// Hands a request to the writer and waits for what is durable.
    pub(crate) async fn submit(
        &self,
        request: Prepared,
        live: Option<(u64, mpsc::Sender<Bytes>)>,
    ) -> Result<Answer, RelayError> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Request {
            request: Box::new(request),
            live,
            answer,
        };
        self.metrics.queue.fetch_add(1, Ordering::Relaxed);
        if let Err(refused) = self.jobs.try_send(job) {
            self.metrics.queue.fetch_sub(1, Ordering::Relaxed);
            return Err(match refused {
                mpsc::error::TrySendError::Full(_) => RelayError::Busy {
                    retry_after_ms: BUSY_MILLISECONDS,
                },
                mpsc::error::TrySendError::Closed(_) => RelayError::Unavailable,
            });
        }
        answered.await.unwrap_or(Err(RelayError::Unavailable))
    }

    /// Whether the store can write.
    pub(crate) async fn probe(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(Job::Probe(answer)).is_ok() && matches!(answered.await, Ok(Ok(())))
    }
}

struct Task {
    relay: Relay<SqliteStorage>,
    directory: Arc<Directory>,
    fanout: fanout::Sender,
    metrics: Arc<Metrics>,
    queue: mpsc::Receiver<Job>,
    group_max: usize,
}

type Waiting = (
    WorkspaceId,
    Option<(u64, mpsc::Sender<Bytes>)>,
    oneshot::Sender<Result<Answer, RelayError>>,
);

impl Task {
    fn run(&mut self) {
        while let Some(first) = self.queue.blocking_recv() {
            let mut next = Some(first);
            let (mut requests, mut waiting) = (Vec::new(), Vec::new());
            let mut bytes = 0;
            while let Some(job) = next {
                match job {
                    Job::Probe(answer) => {
                        let _ = answer.send(self.relay.probe());
                    }
                    Job::Request {
                        request,
                        live,
                        answer,
                    } => {
                        self.metrics.queue.fetch_sub(1, Ordering::Relaxed);
                        bytes += request.bytes_count();
                        waiting.push((request.workspace(), live, answer));
                        requests.push(*request);
                    }
                }
                let full = requests.len() >= self.group_max || bytes >= GROUP_BYTES_MAX;
                next = if full {
                    None
                } else {
                    self.queue.try_recv().ok()
                };
            }
            if !requests.is_empty() {
                self.group(requests, waiting);
            }
        }
    }

    fn group(&mut self, requests: Vec<Prepared>, waiting: Vec<Waiting>) {
        let (begun, count) = (Instant::now(), requests.len());
        let answers = self.relay.process_batch(requests, super::now_ms());
        self.metrics.group(count, begun.elapsed());
        if let Some(error) = self.relay.take_error() {
            self.metrics.failures.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, "a group of requests was not stored");
        }
        for (workspace, _, _) in &waiting {
            self.publish(*workspace);
        }
        let commits = self.relay.take_commits();
        let mut joined = Vec::new();
        for ((workspace, live, answer), answered) in waiting.into_iter().zip(answers) {
            match &answered {
                Ok(Answer::Synced(staged)) => {
                    let count = staged.acks_count() as u64;
                    self.metrics.envelopes.fetch_add(count, Ordering::Relaxed);
                }
                Ok(Answer::Live(staged)) => {
                    if let (Some((id, frames)), Some(device)) = (live, staged.device()) {
                        joined.push(Event::Join {
                            workspace,
                            device,
                            id,
                            frames,
                        });
                    }
                }
                _ => {}
            }
            let _ = answer.send(answered);
        }
        // A connection that joins in this group may see a part of its commits twice, never not.
        for event in joined {
            let _ = self.fanout.send(event);
        }
        for commit in commits {
            let _ = self.fanout.send(Event::Commit(commit));
        }
    }

    fn publish(&self, workspace: WorkspaceId) {
        let Some(membership) = self.relay.membership(workspace) else {
            return;
        };
        let known = self.directory.read().is_ok_and(|directory| {
            directory
                .get(&workspace)
                .is_some_and(|known| Arc::ptr_eq(known, membership))
        });
        if !known && let Ok(mut directory) = self.directory.write() {
            directory.insert(workspace, Arc::clone(membership));
        }
    }
}
