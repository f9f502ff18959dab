//! The staff app.

use wasm_bindgen::prelude::wasm_bindgen;

/// Starts the app.
#[wasm_bindgen(start)]
pub fn start() {}
