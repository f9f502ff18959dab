//! What the page itself is told: language, theme, version. What is kept for that says nothing of
//! anybody, and stands in the browser's own storage, for it is needed before the store is open.

use folge_core::domain::Language;
use wasm_bindgen::JsValue;
use web_sys::{Element, Storage};

const LANGUAGE: &str = "folge-language";
const THEME: &str = "folge-theme";

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn root() -> Option<Element> {
    web_sys::window()?.document()?.document_element()
}

fn meta(name: &str) -> Option<String> {
    let document = web_sys::window()?.document()?;
    let meta = document
        .query_selector(&format!("meta[name={name}]"))
        .ok()??;
    meta.get_attribute("content")
}

/// The language chosen here; Bokmål where none was.
pub(crate) fn language() -> Language {
    let kept = storage().and_then(|kept| kept.get_item(LANGUAGE).ok().flatten());
    match kept.as_deref() {
        Some("en") => Language::English,
        _ => Language::Norwegian,
    }
}

/// Keeps the language.
pub(crate) fn keep_language(language: Language) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(LANGUAGE, code(language));
    }
}

/// A language's code, as HTML has it.
pub(crate) const fn code(language: Language) -> &'static str {
    match language {
        Language::Norwegian => "nb",
        Language::English => "en",
    }
}

/// Says which language the page is in.
pub(crate) fn tell_language(language: Language) {
    if let Some(root) = root() {
        let _ = root.set_attribute("lang", code(language));
    }
}

/// The theme chosen here: `auto`, `light` or `dark`.
pub(crate) fn theme() -> String {
    let kept = storage().and_then(|kept| kept.get_item(THEME).ok().flatten());
    kept.unwrap_or_else(|| "auto".to_owned())
}

/// Keeps a theme and shows it.
pub(crate) fn keep_theme(theme: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(THEME, theme);
    }
    apply_theme(theme);
}

/// Shows a theme.
pub(crate) fn apply_theme(theme: &str) {
    let Some(root) = root() else { return };
    let _ = match theme {
        "light" | "dark" => root.set_attribute("data-theme", theme),
        _ => root.remove_attribute("data-theme"),
    };
}

/// Whether the app was signed with the development key.
pub(crate) fn is_development() -> bool {
    meta("folge-channel").is_none_or(|channel| channel != "release")
}

/// The app's version.
pub(crate) fn version() -> String {
    meta("folge-version").unwrap_or_default()
}

/// Loads the page anew.
pub(crate) fn reload() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().reload();
    }
}

/// Takes the release that is ready.
pub(crate) fn use_update() {
    if let Some(window) = web_sys::window()
        && let Ok(event) = web_sys::Event::new("folge-use-update")
    {
        let _ = window.dispatch_event(&event);
    }
}

/// Puts a text on the clipboard, and then says so.
pub(crate) fn copy(text: String, then: impl FnOnce(bool) + 'static) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let written = window.navigator().clipboard().write_text(&text);
    leptos::task::spawn_local(async move {
        let done: Result<JsValue, JsValue> = wasm_bindgen_futures::JsFuture::from(written).await;
        then(done.is_ok());
    });
}

/// The sign before a menu's entry.
pub(crate) fn sign(screen: &str) -> &'static str {
    match screen {
        "today" => "●",
        "week" => "▦",
        "people" | "cases" => "☰",
        "due" => "◔",
        "month" => "∑",
        "members" => "⚇",
        _ => "○",
    }
}
