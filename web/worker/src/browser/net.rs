//! What goes over the network: the sync's requests, and the relay's pushes.

use std::cell::RefCell;
use std::rc::Rc;

use folge_core::Error;
use folge_core::RelayFault;
use folge_core::sync::Outgoing;
use folge_protocol::codec::Decode;
use folge_protocol::limits::BODY_BYTES_MAX;
use folge_protocol::wire::{PATH_LIVE, PATH_RELAY, RelayError, RelayInfo};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    BinaryType, DedicatedWorkerGlobalScope, MessageEvent, RequestCredentials, RequestInit,
    Response, WebSocket,
};

const NO_CONNECTION: Error = Error::Unreachable("no connection");

async fn fetch(url: &str, body: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let options = RequestInit::new();
    options.set_method(if body.is_some() { "POST" } else { "GET" });
    options.set_credentials(RequestCredentials::Omit);
    if let Some(body) = body {
        options.set_body(&Uint8Array::from(body));
    }
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let reply = JsFuture::from(scope.fetch_with_str_and_init(url, &options)).await;
    let reply: Response = reply.map_err(|_| NO_CONNECTION)?.unchecked_into();
    let bytes = reply.array_buffer().map_err(|_| NO_CONNECTION)?;
    let bytes = JsFuture::from(bytes).await;
    let bytes: ArrayBuffer = bytes
        .map_err(|_| Error::Unreachable("the connection broke"))?
        .unchecked_into();
    if bytes.byte_length() as usize > BODY_BYTES_MAX {
        return Err(RelayFault::Malformed.into());
    }
    let bytes = Uint8Array::new(&bytes).to_vec();
    if reply.ok() {
        return Ok(bytes);
    }
    match RelayError::from_bytes(&bytes) {
        Ok(error) => Err(error.into()),
        Err(_) => Err(Error::Unreachable("it answered with an error page")),
    }
}

/// Sends a request of the sync and brings the reply.
pub(super) async fn post(relay: &str, request: &Outgoing) -> Result<Vec<u8>, Error> {
    if request.body.len() > BODY_BYTES_MAX {
        return Err(RelayError::TooLarge.into());
    }
    let url = format!("{}{}", relay.trim_end_matches('/'), request.path);
    fetch(&url, Some(&request.body)).await
}

/// Asks a relay for its key, to pin it when founding.
pub(super) async fn relay_key(relay: &str) -> Result<[u8; 32], Error> {
    let url = format!("{}{PATH_RELAY}", relay.trim_end_matches('/'));
    let bytes = fetch(&url, None).await?;
    let info = RelayInfo::from_bytes(&bytes).map_err(|_| RelayFault::Malformed)?;
    Ok(info.key)
}

/// A connection on which the relay pushes what is new. Dropped, it is closed.
pub(super) struct Live {
    socket: WebSocket,
    /// Frames that came and were not taken yet; none at the end once the connection broke.
    frames: Rc<RefCell<Vec<Option<Vec<u8>>>>>,
    _listeners: [Closure<dyn FnMut(MessageEvent)>; 4],
}

impl Live {
    /// Connects, with the hello of a client which has synced before. `ring` is called whenever
    /// there is something to take.
    pub(super) fn open(
        relay: &str,
        hello: Outgoing,
        ring: impl Fn() + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let url = relay.trim_end_matches('/').replacen("http", "ws", 1);
        let socket = WebSocket::new(&format!("{url}{PATH_LIVE}"))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let frames = Rc::new(RefCell::new(Vec::new()));
        let greeting = socket.clone();
        let open = Closure::<dyn FnMut(MessageEvent)>::new(move |_| {
            let _ = greeting.send_with_u8_array(&hello.body);
        });
        let (into, told) = (Rc::clone(&frames), ring.clone());
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>()
                && buffer.byte_length() as usize <= BODY_BYTES_MAX
            {
                into.borrow_mut()
                    .push(Some(Uint8Array::new(&buffer).to_vec()));
                told();
            }
        });
        let ended = || {
            let (into, told) = (Rc::clone(&frames), ring.clone());
            Closure::<dyn FnMut(MessageEvent)>::new(move |_| {
                into.borrow_mut().push(None);
                told();
            })
        };
        let (error, close) = (ended(), ended());
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onerror(Some(error.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        Ok(Self {
            socket,
            frames,
            _listeners: [open, message, error, close],
        })
    }

    /// What came since this was asked last; the connection broke where the last is none.
    pub(super) fn take(&self) -> Vec<Option<Vec<u8>>> {
        std::mem::take(&mut *self.frames.borrow_mut())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onerror(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}
