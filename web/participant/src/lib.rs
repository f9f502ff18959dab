//! The participant's page.
use folge_core::env::{Clock, Env};
use folge_core::keys::InvitationLink;
use folge_thread::{Kept, Thread};
use std::sync::Arc;
use wasm_bindgen::prelude::wasm_bindgen;

struct C;
impl Clock for C {
    fn wall_ms(&self) -> i64 {
        js_sys::Date::now() as i64
    }
    fn monotonic_ms(&self) -> u64 {
        0
    }
    fn boot(&self) -> u32 {
        0
    }
}
struct R;
impl rand_core::TryRng for R {
    type Error = std::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(js_sys::Math::random() as u32)
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(js_sys::Math::random() as u64)
    }
    fn try_fill_bytes(&mut self, b: &mut [u8]) -> Result<(), Self::Error> {
        for x in b {
            *x = js_sys::Math::random() as u8;
        }
        Ok(())
    }
}
impl rand_core::TryCryptoRng for R {}

/// x
#[wasm_bindgen]
pub fn probe(link: &str, state: &[u8], reply: &[u8]) -> Vec<u8> {
    let env = || Env::new(Arc::new(C), Box::new(R));
    let mut t = if let Ok(link) = InvitationLink::from_text(link) {
        Thread::join(env(), &link)
    } else {
        let Ok(Kept::Thread(t)) = Thread::deserialize(state, env()) else {
            return vec![];
        };
        *t
    };
    let _ = t.reply(reply);
    let mut out = t.request().map(|r| r.body).unwrap_or_default();
    out.extend(t.serialize());
    for m in t.meetings() {
        out.extend(m.card.place.bytes());
        let _ = t.answer(
            m.card.visit,
            m.card.digest,
            folge_core::domain::Verdict::Yes,
        );
    }
    for m in t.reports() {
        out.extend(m.card.title.bytes());
        let _ = t.agree(m.message, String::new());
    }
    out.extend(t.own_data_json(&|t| t.to_string()).bytes());
    if let Ok(o) = t.read_offer(link) {
        if let Ok(a) = t.answer_offer(&o, folge_core::domain::Verdict::No) {
            if let Ok(q) = folge_core::qr::Qr::new(&a.code) {
                out.push(u8::from(q.is_dark(1, q.size())));
            }
        }
    }
    out
}
