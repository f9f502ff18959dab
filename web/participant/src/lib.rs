//! The participant's page: what a participant sees and does, on an own phone, without an account
//! and without installing anything (DESIGN.md 1, 10).
//!
//! `folge-thread` judges and keeps, this shows. It is written on the browser's elements directly
//! and not on a framework: the whole page has 130 KB, and a view here is drawn anew as a whole.

mod app;
mod browser;
mod kept;
mod screens;
mod texts;

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use app::App;

thread_local! {
    static APP: RefCell<Option<App>> = const { RefCell::new(None) };
}

/// Starts the page.
#[wasm_bindgen(start)]
pub fn start() {
    let ear = Closure::new(|what: u32, text: String, bytes: Vec<u8>| {
        APP.with_borrow_mut(|app| {
            if let Some(app) = app {
                app.hear(what, &text, bytes);
            }
        });
    });
    browser::begin(&ear);
    ear.forget();
    APP.set(Some(App::begin()));
}
