//! The core in a browser: runs in a dedicated worker.

use wasm_bindgen::prelude::wasm_bindgen;

/// Starts the worker.
#[wasm_bindgen]
pub fn start() {}
