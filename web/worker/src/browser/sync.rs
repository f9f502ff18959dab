//! Carries the sync's bytes: at once where something was written, when the relay pushes, when the
//! network comes back, and now and then.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use folge_core::client::SyncRun;
use folge_core::domain::Instant;
use folge_core::{Error, ErrorClass};
use folge_web_calls::Event;
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::Worker;
use super::net::{Live, post};

/// Without news, it is asked for this often.
const IDLE_MILLISECONDS: u32 = 60_000;
/// What is written soon after goes along.
const GATHER_MILLISECONDS: u32 = 150;

/// Wakes the sync.
#[derive(Clone)]
pub(super) struct Bell {
    rung: Rc<Cell<bool>>,
    waiting: Rc<RefCell<Option<js_sys::Function>>>,
}

impl Bell {
    pub(super) fn new() -> Self {
        Self {
            rung: Rc::new(Cell::new(false)),
            waiting: Rc::new(RefCell::new(None)),
        }
    }

    /// Wakes the sync, or has it go on once it is through.
    pub(super) fn ring(&self) {
        self.rung.set(true);
        if let Some(wake) = self.waiting.borrow_mut().take() {
            let _ = wake.call0(&JsValue::NULL);
        }
    }

    /// Waits for a ring, so many milliseconds at most. Says whether it rang.
    async fn wait(&self, at_most: u32) -> bool {
        if !self.rung.get() {
            let promise = Promise::new(&mut |resolve, _| {
                set_timeout(&resolve, at_most);
                *self.waiting.borrow_mut() = Some(resolve);
            });
            let _ = JsFuture::from(promise).await;
            self.waiting.borrow_mut().take();
        }
        self.rung.replace(false)
    }
}

fn set_timeout(then: &js_sys::Function, milliseconds: u32) {
    let scope: web_sys::DedicatedWorkerGlobalScope =
        wasm_bindgen::JsCast::unchecked_into(js_sys::global());
    let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
    let _ = scope.set_timeout_with_callback_and_timeout_and_arguments_0(then, milliseconds);
}

async fn sleep(milliseconds: u32) {
    let promise = Promise::new(&mut |resolve, _| set_timeout(&resolve, milliseconds));
    let _ = JsFuture::from(promise).await;
}

fn now() -> Instant {
    Instant(js_sys::Date::now() as i64)
}

/// One sync. Says whether it brought news.
async fn run(worker: &Worker) -> Result<bool, Error> {
    let mut run = SyncRun::default();
    loop {
        // The desk is free for the pages' calls between the round trips.
        let (relay, request) = {
            let mut desk = worker.desk.borrow_mut();
            let client = desk.client().ok_or(Error::Locked)?;
            let relay = client.identity().relay.url.clone();
            (relay, run.request(client)?)
        };
        let reply = post(&relay, &request).await;
        let more = {
            let mut desk = worker.desk.borrow_mut();
            let client = desk.client().ok_or(Error::Locked)?;
            run.reply(client, reply)?
        };
        if !more {
            let report = run.totals().report;
            return Ok(report != folge_core::sync::SyncReport::default());
        }
    }
}

fn open_live(worker: &Worker, bell: &Bell) -> Option<Live> {
    let mut desk = worker.desk.borrow_mut();
    let client = desk.client()?;
    let relay = client.identity().relay.url.clone();
    let hello = client.live_hello()?;
    let bell = bell.clone();
    Live::open(&relay, hello, move || bell.ring()).ok()
}

/// Takes what the relay pushed. Says whether it brought news, and whether a sync should follow;
/// none where the connection broke.
fn take_pushed(worker: &Worker, live: &Live) -> Option<(bool, bool)> {
    let mut news = (false, false);
    for frame in live.take() {
        let frame = frame?;
        let mut desk = worker.desk.borrow_mut();
        let report = desk.client()?.live_frame(&frame).ok()?;
        news.0 = true;
        news.1 |= report.more;
    }
    Some(news)
}

/// Syncs for as long as the worker lives.
pub(super) async fn carry(worker: Rc<Worker>) {
    // The one before ended in the middle of a sync: this one waits until it is asked.
    let mut careful = worker.scope.name() == "careful";
    let bell = worker.bell.clone();
    let mut live: Option<Live> = None;
    let mut wait = 0;
    let mut due = false;
    loop {
        due |= bell.wait(wait).await;
        wait = IDLE_MILLISECONDS;
        if worker.desk.borrow_mut().client().is_none() {
            live = None;
            due = false;
            continue;
        }
        if careful && !worker.desk.borrow_mut().take_asked() {
            due = false;
            continue;
        }
        careful = false;
        if let Some(open) = &live {
            match take_pushed(&worker, open) {
                Some((news, more)) => {
                    if news {
                        worker.desk.borrow_mut().note_change();
                        worker.after();
                    }
                    due |= more;
                    let mut desk = worker.desk.borrow_mut();
                    due |= desk
                        .client()
                        .is_some_and(|client| client.has_sync_work().unwrap_or(false));
                }
                None => {
                    live = None;
                    due = true;
                }
            }
        } else {
            due = true;
        }
        if !due {
            continue;
        }
        due = false;
        sleep(GATHER_MILLISECONDS).await;
        let _ = worker.desk.borrow_mut().take_wrote();
        worker.desk.borrow_mut().sync_began();
        // Told before, so that the page knows what this worker was at if it ends.
        let standing = worker.desk.borrow_mut().sync_standing();
        worker.tell(&Event::Sync(standing));
        let ended = run(&worker).await;
        if matches!(&ended, Err(error) if error.class() == ErrorClass::Locked) {
            live = None;
            continue;
        }
        let standing = {
            let mut desk = worker.desk.borrow_mut();
            desk.sync_ended(&ended, now());
            let left = desk.client().map_or(0, |client| client.sync_wait_ms());
            if ended.is_err() {
                wait = u32::try_from(left)
                    .unwrap_or(IDLE_MILLISECONDS)
                    .clamp(1_000, IDLE_MILLISECONDS);
                live = None;
            }
            desk.sync_standing()
        };
        worker.tell(&Event::Sync(standing));
        worker.after();
        if ended.is_ok() && live.is_none() {
            live = open_live(&worker, &bell);
        }
    }
}
