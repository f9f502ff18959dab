//! The worker's own parts of a browser: the store on the origin-private file system, the key that
//! the browser keeps, messages from the page, and who carries the sync's bytes.
//!
//! A message from a page is `[number, bytes]`, a call; the answer is `[number, bytes]`. What is
//! told unasked has the number 0.

mod env;
mod keys;
mod net;
mod sync;

use std::cell::RefCell;
use std::rc::Rc;

use folge_core::store::StoreError;
use folge_web_calls::{Call, Event, answer, decode, encode_event, failed};
use js_sys::{Array, Uint8Array};
use rusqlite::Connection;
use sqlite_wasm_vfs::sahpool::{OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::desk::{Desk, Place};
use crate::failure::own;
use sync::Bell;

const FILE: &str = "folge.db";
/// What SQLite keeps at once: the database, its log, and one for what it may need beside them.
const FILES: usize = 6;
/// How often the lock is looked after.
const TICK_MILLISECONDS: i32 = 5_000;

/// The database on the origin-private file system.
struct Opfs;

impl Place for Opfs {
    fn open(&self) -> Result<Connection, StoreError> {
        let conn = Connection::open(FILE)?;
        // Before anything is read: the log of a store that is there needs it (see the store's
        // schema).
        conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        Ok(conn)
    }
    fn remove(&self) {
        // The pool's files stay; what a store would be known by goes. A wrapping that was never
        // finished is none, so an emptied database counts as no store.
        if let Ok(conn) = Connection::open(FILE) {
            let _ = conn.execute_batch(
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA writable_schema = ON;
                 DELETE FROM sqlite_schema; PRAGMA user_version = 0;
                 PRAGMA writable_schema = OFF; VACUUM;",
            );
        }
    }
}

/// The worker: one for all messages.
struct Worker {
    desk: RefCell<Desk>,
    bell: Bell,
    scope: DedicatedWorkerGlobalScope,
    /// Keeps the files' handles for as long as the worker lives.
    _files: OpfsSAHPoolUtil,
}

impl Worker {
    fn post(&self, number: f64, bytes: &[u8]) {
        let message = Array::of2(&number.into(), &Uint8Array::from(bytes));
        let _ = self.scope.post_message(&message);
    }

    fn tell(&self, event: &Event) {
        self.post(0.0, &encode_event(event));
    }

    /// Tells pages what has changed, and wakes the sync where something was written.
    fn after(&self) {
        let (wrote, changed) = {
            let mut desk = self.desk.borrow_mut();
            (desk.take_wrote(), desk.take_changed())
        };
        if changed {
            self.tell(&Event::Changed);
        }
        if wrote {
            self.bell.ring();
        }
    }

    fn answer(&self, call: Call) -> Vec<u8> {
        let locks = matches!(call, Call::Lock(_));
        let bytes = answer(&mut *self.desk.borrow_mut(), call);
        if locks {
            self.tell(&Event::Locked);
        }
        bytes
    }

    async fn take(&self, number: f64, bytes: Vec<u8>) {
        let reply = match decode(&bytes) {
            None => failed(own(
                "other_version",
                "Appen ble oppdatert. Last siden på nytt.",
                "The app was updated. Load the page again.",
            )),
            // The relay's key is asked for here, for the desk does not wait for a network.
            Some(Call::Found(mut call)) => {
                if let Ok(key) = net::relay_key(&call.relay).await {
                    call.relay_key = Some(key);
                }
                self.answer(Call::Found(call))
            }
            Some(call) => self.answer(call),
        };
        self.post(number, &reply);
        self.after();
    }
}

/// Starts the worker: takes the files, and answers from then on.
/// # Errors
/// Where the browser does not give the files or the key: another tab has them, or the site may
/// keep nothing.
#[wasm_bindgen]
#[allow(unreachable_pub, reason = "exported to JavaScript")]
pub async fn start() -> Result<(), JsValue> {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
    let secret = keys::device_secret().await?;
    let options = OpfsSAHPoolCfgBuilder::new()
        .vfs_name("folge")
        .directory("folge")
        .initial_capacity(FILES)
        .clear_on_init(false)
        .build();
    let files = install::<sqlite_wasm_rs::WasmOsCallback>(&options, true)
        .await
        .map_err(|error| JsValue::from_str(&error.to_string()))?;
    let worker = Rc::new(Worker {
        desk: RefCell::new(Desk::new(Box::new(Opfs), secret, env::browser_env)),
        bell: Bell::new(),
        scope: scope.clone(),
        _files: files,
    });

    let of = Rc::clone(&worker);
    let take = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(message) = event.data().dyn_into::<Array>() else {
            return;
        };
        let Some(number) = message.get(0).as_f64() else {
            return;
        };
        let bytes = Uint8Array::new(&message.get(1)).to_vec();
        let of = Rc::clone(&of);
        wasm_bindgen_futures::spawn_local(async move { of.take(number, bytes).await });
    });
    scope.add_event_listener_with_callback("message", take.as_ref().unchecked_ref())?;
    take.forget();

    let of = Rc::clone(&worker);
    let online = Closure::<dyn FnMut()>::new(move || of.bell.ring());
    scope.add_event_listener_with_callback("online", online.as_ref().unchecked_ref())?;
    online.forget();

    let of = Rc::clone(&worker);
    let tick = Closure::<dyn FnMut()>::new(move || {
        if of.desk.borrow_mut().tick() {
            of.tell(&Event::Locked);
        }
    });
    scope.set_interval_with_callback_and_timeout_and_arguments_0(
        tick.as_ref().unchecked_ref(),
        TICK_MILLISECONDS,
    )?;
    tick.forget();

    // Where this tab took over from another, pages ask anew how the app stands.
    worker.tell(&Event::Locked);
    wasm_bindgen_futures::spawn_local(sync::carry(worker));
    Ok(())
}
