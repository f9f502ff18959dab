//! The link to the worker: calls go there as bytes with a number, answers come back with the same.

use std::cell::RefCell;
use std::collections::HashMap;

use folge_web_calls::{
    Ask, Call, Event, Failure, FailureClass, Words, decode_event, decode_reply, encode,
};
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// More crashes than this in one life of the page, and it asks the user to load it anew.
const RESTARTS_MAX: u32 = 5;

struct Link {
    worker: Worker,
    next: u32,
    waiting: HashMap<u32, Function>,
    restarts: u32,
    told: Function,
}

thread_local! {
    /// Whether the worker was in the middle of a sync when it was heard of last.
    static SYNCING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    static LINK: RefCell<Option<Link>> = const { RefCell::new(None) };
}

/// What the worker tells unasked.
pub(crate) enum Told {
    /// An event.
    Event(Event),
    /// It ended and was started anew; the store is locked again.
    Restarted,
    /// It ended, too often to start it once more.
    GaveUp,
}

fn try_again() -> Failure {
    Failure {
        code: "interrupted".to_owned(),
        class: FailureClass::TryAgain,
        words: Words {
            nb: "Det ble avbrutt. Det du har skrevet er tatt vare på. Prøv igjen.".to_owned(),
            en: "It was interrupted. What you have typed is kept. Try again.".to_owned(),
        },
    }
}

fn address() -> Option<String> {
    let document = web_sys::window()?.document()?;
    let meta = document.query_selector("meta[name=folge-worker]").ok()??;
    meta.get_attribute("content")
}

/// What a worker is called that does not sync until it is asked to: the one before ended in the
/// middle of a sync, and the same would end this one.
const CAREFUL: &str = "careful";

fn spawn(told: &Function, careful: bool) -> Option<Worker> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name(if careful { CAREFUL } else { "folge" });
    let worker = Worker::new_with_options(&address()?, &options).ok()?;
    worker.set_onmessage(Some(told));
    Some(worker)
}

/// Starts the worker; `tell` hears what it says unasked.
pub(crate) fn start(tell: impl Fn(Told) + 'static) {
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        if let Ok(message) = data.clone().dyn_into::<Array>() {
            let number = message.get(0).as_f64().unwrap_or_default();
            let bytes = message.get(1);
            if number == 0.0 {
                let bytes = Uint8Array::new(&bytes).to_vec();
                if let Some(event) = decode_event(&bytes) {
                    if let Event::Sync(standing) = &event {
                        SYNCING.set(standing.running);
                    }
                    tell(Told::Event(event));
                }
            } else {
                let waiting = LINK.with_borrow_mut(|link| {
                    link.as_mut()
                        .and_then(|link| link.waiting.remove(&(number as u32)))
                });
                if let Some(resolve) = waiting {
                    let _ = resolve.call1(&JsValue::NULL, &bytes);
                }
            }
            return;
        }
        let crashed = Reflect::get(&data, &"crashed".into());
        if crashed.is_ok_and(|crashed| crashed.is_truthy()) {
            let syncing = SYNCING.get();
            SYNCING.set(false);
            tell(restart(syncing));
        }
    });
    let told: Function = heard.into_js_value().unchecked_into();
    let Some(worker) = spawn(&told, false) else {
        return;
    };
    let link = Link {
        worker,
        next: 1,
        waiting: HashMap::new(),
        restarts: 0,
        told,
    };
    LINK.with_borrow_mut(|place| *place = Some(link));
}

/// Every call that waits is told to try again; a new worker takes the next ones.
fn restart(careful: bool) -> Told {
    let (waiting, told) = LINK.with_borrow_mut(|link| {
        let Some(link) = link.as_mut() else {
            return (Vec::new(), Told::GaveUp);
        };
        let waiting: Vec<Function> = link.waiting.drain().map(|(_, resolve)| resolve).collect();
        link.worker.terminate();
        link.restarts += 1;
        if link.restarts > RESTARTS_MAX {
            return (waiting, Told::GaveUp);
        }
        match spawn(&link.told, careful) {
            Some(worker) => {
                link.worker = worker;
                (waiting, Told::Restarted)
            }
            None => (waiting, Told::GaveUp),
        }
    });
    for resolve in waiting {
        let _ = resolve.call0(&JsValue::NULL);
    }
    told
}

/// Has a call answered.
pub(crate) async fn ask<C: Ask>(call: C) -> Result<C::Reply, Failure> {
    let call: Call = call.into();
    let bytes = encode(&call);
    let promise = Promise::new(&mut |resolve, _| {
        LINK.with_borrow_mut(|link| {
            let Some(link) = link.as_mut() else {
                let _ = resolve.call0(&JsValue::NULL);
                return;
            };
            let number = link.next;
            link.next = link.next.wrapping_add(1).max(1);
            link.waiting.insert(number, resolve);
            let message = Array::of2(&number.into(), &Uint8Array::from(bytes.as_slice()));
            let _ = link.worker.post_message(&message);
        });
    });
    let reply = JsFuture::from(promise).await.unwrap_or(JsValue::UNDEFINED);
    if reply.is_undefined() || reply.is_null() {
        return Err(try_again());
    }
    let bytes = Uint8Array::new(&reply).to_vec();
    decode_reply(&bytes).unwrap_or_else(|| Err(try_again()))
}
