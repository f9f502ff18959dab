//! What the page asks the browser for: `page.js` does it. Element builders on top of it.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/page.js")]
extern "C" {
    pub(crate) fn begin(ear: &Closure<dyn FnMut(u32, String, Vec<u8>)>);
    pub(crate) fn link() -> String;
    pub(crate) fn clock() -> f64;
    pub(crate) fn ticks() -> f64;
    pub(crate) fn random(length: u32) -> Vec<u8>;
    pub(crate) fn preferred() -> String;
    fn make(tag: &str, name: &str, text: &str) -> JsValue;
    fn put(node: &JsValue, name: &str, value: &str);
    fn into(parent: &JsValue, child: &JsValue);
    fn when(node: &JsValue, number: u32);
    fn draft(node: &JsValue, key: &str, words: &str);
    pub(crate) fn value(id: &str) -> String;
    pub(crate) fn typing() -> bool;
    fn show(language: &str, direction: &str, content: &JsValue, focus: bool);
    pub(crate) fn say(text: &str);
    pub(crate) fn leave();
    fn picture(bits: &[u8], size: u32, label: &str) -> JsValue;
    #[wasm_bindgen(js_name = dayOf)]
    pub(crate) fn day_of(ms: f64, language: &str) -> String;
    #[wasm_bindgen(js_name = timeOf)]
    pub(crate) fn time_of(ms: f64, language: &str) -> String;
    #[wasm_bindgen(js_name = dateOf)]
    pub(crate) fn date_of(year: i32, month: u32, day: u32, language: &str) -> String;
    pub(crate) fn today() -> String;
    pub(crate) fn open();
    pub(crate) fn save(number: u32, state: &[u8]);
    pub(crate) fn lock(steal: bool);
    pub(crate) fn send(url: &str, body: &[u8]);
    pub(crate) fn later(ms: u32);
    pub(crate) fn download(name: &str, kind: &str, text: &str);
    fn camera(video: &JsValue);
}

/// An element under construction.
pub(crate) struct El(JsValue);

/// An element with a class and a text; both may be empty.
pub(crate) fn el(tag: &str, class: &str, text: &str) -> El {
    El(make(tag, class, text))
}

/// A code as a picture.
pub(crate) fn qr(bits: &[u8], size: u32, label: &str) -> El {
    El(picture(bits, size, label))
}

impl El {
    pub(crate) fn add(self, child: Self) -> Self {
        into(&self.0, &child.0);
        self
    }
    pub(crate) fn put(self, name: &str, value: &str) -> Self {
        put(&self.0, name, value);
        self
    }
    pub(crate) fn on(self, number: u32) -> Self {
        when(&self.0, number);
        self
    }
    pub(crate) fn draft(self, key: &str, words: &str) -> Self {
        draft(&self.0, key, words);
        self
    }
    pub(crate) fn camera(self) -> Self {
        camera(&self.0);
        self
    }
    pub(crate) fn show(&self, language: &str, direction: &str, focus: bool) {
        show(language, direction, &self.0, focus);
    }
}
