//! Links the core for a browser, to prove that it can be: every symbol that the store, the
//! documents, the cryptography and the sync engine need is there on `wasm32-unknown-unknown`.
//! Built by `cargo xtask test` (step `wasm`), which also looks at what the module imports. Nobody
//! runs it; the browser's own tests will.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]

use std::convert::Infallible;
use std::sync::Arc;

use folge_core::client::Client;
use folge_core::env::{Clock, Env};
use folge_core::keys::{InvitationLink, Key32};
use folge_core::store::{Store, Unlock};

struct Still;

impl Clock for Still {
    fn wall_ms(&self) -> i64 {
        0
    }
    fn monotonic_ms(&self) -> u64 {
        0
    }
    fn boot(&self) -> u32 {
        0
    }
}

/// Stands in for the browser's randomness, which the page passes in.
struct Counter(u64);

impl rand_core::TryRng for Counter {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| word as u32)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        Ok(self.0)
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = (self.try_next_u64()? >> 56) as u8;
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counter {}

fn env() -> Env {
    Env::new(Arc::new(Still), Box::new(Counter(1)))
}

fn walk(link: &str, reply: &[u8]) -> Result<usize, folge_core::Error> {
    let unlock = Unlock::Secret(Key32::new([7; 32]));
    let store = Store::create(std::path::Path::new("folge.db"), &unlock, &mut env())?;
    let link = InvitationLink::from_text(link).map_err(|_| folge_core::Error::BadInvitation)?;
    let mut client = Client::join(store, env(), &link)?;
    let request = client.sync_request()?;
    client.sync_reply(reply)?;
    client.rebuild_projections()?;
    Ok(request.body.len() + client.quarantined()?.len())
}

/// Joins, syncs and rebuilds: reaches the whole core, so that the linker must find all of it.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "an exported name is an unsafe attribute")]
pub extern "C" fn folge_wasm_check(len: usize) -> usize {
    let reply = vec![0; len];
    walk(&"x".repeat(len), &reply).unwrap_or(usize::MAX)
}
