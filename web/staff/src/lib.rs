//! The staff app: the consultant's day on a phone, the office's first look on a wide screen.
//!
//! A page shows what the worker answers ([`folge_web_calls`]) and holds no rule. What was typed is a
//! draft in the store before anything else happens to it.

// Leptos makes a component's properties as public as the component says, within modules that are
// not.
#![allow(unreachable_pub)]

mod app;
mod link;
mod look;
mod nav;
mod screens;
mod text;
mod times;
mod widgets;

use wasm_bindgen::prelude::wasm_bindgen;

/// Starts the app.
#[wasm_bindgen(start)]
pub fn start() {
    app::start();
}
