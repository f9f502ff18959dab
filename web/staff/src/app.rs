//! The frame around the screens: what is set up, locked or open; menu, messages, sync.

use folge_core::domain::Language;
use folge_web_calls::{
    Ask, Choices, Event, Failure, FailureClass, GetChoices, GetMe, GetStatus, GetSync, Me, Part,
    Recorded, Status, SyncNow, SyncStanding, Touch, Undo, Unlock,
};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::link::{self, Told, ask};
use crate::look;
use crate::nav::{Nav, Screen};
use crate::screens;
use crate::text::{Texts, texts};
use crate::times::moment;

/// How long a message stays, and with it the way to undo.
const TOAST_MILLISECONDS: i32 = 12_000;
/// How often use is told to the worker at most, so that it does not lock under one's hands.
const TOUCH_MILLISECONDS: f64 = 20_000.0;

/// What the app is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not known yet.
    Starting,
    /// Nothing is set up.
    Empty,
    /// A PIN is asked for.
    Locked,
    /// Open.
    Open,
    /// The worker ended too often.
    GaveUp,
    /// The browser lets nothing be kept.
    NoStorage(Failure),
}

/// A message, and what it takes back.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    number: u32,
    text: String,
    bad: bool,
    undo: Option<Recorded>,
}

/// What every part of the app has at hand.
#[derive(Clone, Copy)]
pub(crate) struct App {
    pub(crate) language: RwSignal<Language>,
    pub(crate) nav: Nav,
    pub(crate) phase: RwSignal<Phase>,
    pub(crate) me: RwSignal<Option<Me>>,
    pub(crate) choices: RwSignal<Option<Choices>>,
    pub(crate) sync: RwSignal<Option<SyncStanding>>,
    /// Grows whenever something shown has changed.
    pub(crate) changed: RwSignal<u64>,
    toast: RwSignal<Option<Toast>>,
    toasts: RwSignal<u32>,
    update: RwSignal<Option<String>>,
    /// The invitation that the page was opened with.
    pub(crate) invitation: RwSignal<Option<String>>,
}

/// The app, from within a view.
pub(crate) fn app() -> App {
    expect_app(use_context::<App>())
}

// The context is given by the outermost view, before any other is made.
#[expect(clippy::expect_used, reason = "every view stands within the frame")]
fn expect_app(found: Option<App>) -> App {
    found.expect("the frame gives the app")
}

impl App {
    /// The texts of the language now.
    pub(crate) fn t(self) -> &'static Texts {
        texts(self.language.get())
    }

    /// What a code is called.
    pub(crate) fn word(self, code: &str) -> String {
        let language = self.language.get();
        self.choices.with(|choices| {
            let words = choices.as_ref().map_or(&[][..], |choices| &choices.words);
            words.iter().find(|(known, _)| known == code).map_or_else(
                || code.to_owned(),
                |(_, words)| words.pick(language).to_owned(),
            )
        })
    }

    /// A participant's name, or that it is withheld.
    pub(crate) fn who(self, name: Option<&str>, reference: &str) -> String {
        match name {
            Some(name) => name.to_owned(),
            None => format!("{} {reference}", self.t().protected_name),
        }
    }

    /// Shows a message.
    pub(crate) fn say(self, text: &str) {
        self.show(text.to_owned(), false, None);
    }

    /// Shows that something was saved, and how to take it back.
    pub(crate) fn saved(self, recorded: Recorded) {
        let text = texts(self.language.get_untracked()).saved.to_owned();
        let undo = (!recorded.records.is_empty()).then_some(recorded);
        self.show(text, false, undo);
    }

    /// Shows why something was not done, and does what the failure asks for.
    pub(crate) fn fail(self, failure: &Failure) {
        if failure.class == FailureClass::Locked {
            self.look_at_status();
        }
        let words = failure.words.pick(self.language.get_untracked());
        self.show(words.to_owned(), true, None);
    }

    fn show(self, text: String, bad: bool, undo: Option<Recorded>) {
        let number = self.toasts.get_untracked().wrapping_add(1);
        self.toasts.set(number);
        self.toast.set(Some(Toast {
            number,
            text,
            bad,
            undo,
        }));
        let hide = Closure::once_into_js(move || {
            let shown = self
                .toast
                .with_untracked(|toast| toast.as_ref().map(|t| t.number));
            if shown == Some(number) {
                self.toast.set(None);
            }
        });
        if let Some(window) = web_sys::window() {
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(
                hide.unchecked_ref(),
                TOAST_MILLISECONDS,
            );
        }
    }

    /// Has something done; `then` gets what came of it, a failure is shown.
    pub(crate) fn act<C: Ask + 'static>(self, call: C, then: impl FnOnce(C::Reply) + 'static) {
        spawn_local(async move {
            match ask(call).await {
                Ok(reply) => then(reply),
                Err(failure) => self.fail(&failure),
            }
        });
    }

    /// What a call brings, asked again whenever something changes; none until it came.
    pub(crate) fn load<C>(self, call: impl Fn() -> C + 'static) -> Loaded<C::Reply>
    where
        C: Ask + 'static,
        C::Reply: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let loaded = RwSignal::new(None);
        Effect::new(move |_| {
            self.changed.track();
            let call = call();
            spawn_local(async move {
                let reply = ask(call).await;
                if let Err(failure) = &reply
                    && failure.class == FailureClass::Locked
                {
                    self.look_at_status();
                }
                // The same again draws nothing anew, so that focus and place stay.
                if loaded.try_with_untracked(|known| known.as_ref() != Some(&reply)) == Some(true) {
                    loaded.try_set(Some(reply));
                }
            });
        });
        loaded
    }

    /// Why the last sync failed, where that is more than that there is no connection.
    pub(crate) fn sync_trouble(self) -> Option<String> {
        let language = self.language.get();
        self.sync.with(|sync| {
            let sync = sync.as_ref()?;
            let trouble = sync.trouble.as_ref().filter(|_| !sync.offline)?;
            Some(trouble.pick(language).to_owned())
        })
    }

    /// Asks how the app stands, and shows that.
    pub(crate) fn look_at_status(self) {
        spawn_local(async move {
            match ask(GetStatus {}).await {
                Ok(Status::Empty) => {
                    self.me.set(None);
                    self.phase.set(Phase::Empty);
                }
                Ok(Status::Locked { pin: true }) => self.phase.set(Phase::Locked),
                // The device's own lock is enough: it opens by itself.
                Ok(Status::Locked { pin: false }) => match ask(Unlock { pin: None }).await {
                    Ok(()) => self.opened(),
                    Err(failure) => self.phase.set(Phase::NoStorage(failure)),
                },
                Ok(Status::Open) => self.opened(),
                Err(failure) => self.phase.set(Phase::NoStorage(failure)),
            }
        });
    }

    /// The store is open.
    pub(crate) fn opened(self) {
        self.refresh();
        self.phase.set(Phase::Open);
    }

    /// Asks anew what the frame itself shows.
    fn refresh(self) {
        spawn_local(async move {
            if let Ok(me) = ask(GetMe {}).await
                && self.me.with_untracked(|known| known.as_ref() != Some(&me))
            {
                let first = self.me.with_untracked(|known| {
                    known
                        .as_ref()
                        .is_none_or(|known| known.part == Part::Unknown)
                });
                if first && matches!(me.part, Part::Office | Part::Auditor) && me.staff.is_none() {
                    self.nav.home(Screen::Cases);
                }
                self.me.set(Some(me));
            }
            // What is the same again draws nothing anew: what is begun on a screen stays.
            if let Ok(choices) = ask(GetChoices {}).await
                && self
                    .choices
                    .with_untracked(|known| known.as_ref() != Some(&choices))
            {
                self.choices.set(Some(choices));
            }
            if let Ok(sync) = ask(GetSync {}).await {
                self.hear(Told::Event(Event::Sync(sync)));
            }
        });
    }

    fn hear(self, told: Told) {
        match told {
            Told::Event(Event::Changed) => {
                self.changed.update(|count| *count += 1);
                self.refresh();
            }
            Told::Event(Event::Sync(standing)) => {
                if self
                    .sync
                    .with_untracked(|known| known.as_ref() != Some(&standing))
                {
                    self.sync.set(Some(standing));
                }
            }
            Told::Event(Event::Locked) | Told::Restarted => self.look_at_status(),
            Told::GaveUp => self.phase.set(Phase::GaveUp),
        }
    }
}

/// What a call brings, as it is now.
pub(crate) type Loaded<T> = RwSignal<Option<Result<T, Failure>>>;

/// The invitation that the page was opened with. It is a secret, so it leaves the address bar and
/// the history before anything else happens.
fn take_invitation() -> Option<String> {
    let window = web_sys::window()?;
    let location = window.location();
    let fragment = location.hash().ok()?;
    // What stands after `#` there is a place on the page, such as its content.
    if location.pathname().ok()? == "/" {
        return None;
    }
    let link = format!(
        "{}{}{fragment}",
        location.origin().ok()?,
        location.pathname().ok()?
    );
    let history = window.history().ok()?;
    let _ = history.replace_state_with_url(&JsValue::NULL, "", Some("/"));
    (fragment.len() > 1).then_some(link)
}

fn hear_updates(app: App) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let heard = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        let detail = js_sys::Reflect::get(&event, &"detail".into());
        app.update
            .set(detail.ok().and_then(|detail| detail.as_string()));
    });
    let heard = heard.into_js_value();
    let _ = window.add_event_listener_with_callback("folge-update", heard.unchecked_ref());
}

/// Tells the worker that the app is in use.
fn tell_of_use() {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else {
        return;
    };
    let last = std::cell::Cell::new(0.0);
    let used = Closure::<dyn FnMut()>::new(move || {
        let now = js_sys::Date::now();
        if now - last.get() > TOUCH_MILLISECONDS {
            last.set(now);
            spawn_local(async {
                let _ = ask(Touch {}).await;
            });
        }
    });
    let used = used.into_js_value();
    for kind in ["pointerdown", "keydown"] {
        let _ = document.add_event_listener_with_callback(kind, used.unchecked_ref());
    }
}

/// Asks the browser not to throw the store away when the disk gets full.
fn ask_to_stay() {
    if let Some(window) = web_sys::window() {
        let asked = window.navigator().storage().persist();
        if let Ok(asked) = asked {
            spawn_local(async move {
                let _ = wasm_bindgen_futures::JsFuture::from(asked).await;
            });
        }
    }
}

/// Starts the app.
pub(crate) fn start() {
    let invitation = take_invitation();
    let owner = Owner::new();
    let app = owner.with(|| App {
        language: RwSignal::new(look::language()),
        nav: Nav::new(Screen::Today),
        phase: RwSignal::new(Phase::Starting),
        me: RwSignal::new(None),
        choices: RwSignal::new(None),
        sync: RwSignal::new(None),
        changed: RwSignal::new(0),
        toast: RwSignal::new(None),
        toasts: RwSignal::new(0),
        update: RwSignal::new(None),
        invitation: RwSignal::new(invitation),
    });
    // What the frame has at hand lives as long as the page.
    std::mem::forget(owner);
    look::apply_theme(&look::theme());
    // First, for it starts what runs the page's tasks.
    mount_to_body(move || {
        provide_context(app);
        view! { <Frame/> }
    });
    hear_updates(app);
    tell_of_use();
    ask_to_stay();
    link::start(move |told| app.hear(told));
    app.look_at_status();
}

#[component]
fn Frame() -> impl IntoView {
    let app = app();
    let waiting = Memo::new(move |_| {
        app.me
            .with(|me| me.as_ref().is_some_and(|me| me.part == Part::Unknown))
    });
    view! {
        {move || {
            let t = app.t();
            look::tell_language(app.language.get());
            view! {
                <a class="skip" href="#content">{t.skip}</a>
                <Development/>
                <Update/>
                {move || match app.phase.get() {
                    Phase::Starting => view! { <main id="content" class="centre"><p role="status">{t.loading}</p></main> }.into_any(),
                    Phase::Empty => view! { <screens::setup::Setup/> }.into_any(),
                    Phase::Locked => view! { <screens::setup::Locked/> }.into_any(),
                    Phase::GaveUp => view! {
                        <main id="content" class="centre" data-screen="gave-up">
                            <h1>{t.gave_up}</h1>
                            <button class="main" on:click=|_| look::reload()>{t.reload}</button>
                        </main>
                    }.into_any(),
                    Phase::NoStorage(failure) => {
                        let words = failure.words.pick(app.language.get()).to_owned();
                        view! {
                            <main id="content" class="centre" data-screen="no-storage">
                                <h1>{words}</h1>
                                <p>{t.no_storage}</p>
                                <button class="main" on:click=|_| look::reload()>{t.reload}</button>
                            </main>
                        }.into_any()
                    }
                    Phase::Open if waiting.get() => view! { <screens::setup::Joining/> }.into_any(),
                    Phase::Open => view! { <Open/> }.into_any(),
                }}
                <Messages/>
            }
        }}
    }
}

#[component]
fn Development() -> impl IntoView {
    let app = app();
    look::is_development().then(|| {
        view! { <p class="development small">{app.t().development}</p> }
    })
}

#[component]
fn Update() -> impl IntoView {
    let app = app();
    let t = app.t();
    move || {
        app.update.get().map(|update| match update.as_str() {
            "ready" => view! {
                <div class="bar notice good" role="status">
                    <span>{t.update_ready}</span>
                    <button on:click=|_| look::use_update()>{t.update_use}</button>
                </div>
            }
            .into_any(),
            _ => view! { <div class="bar notice bad" role="alert">{t.update_refused}</div> }
                .into_any(),
        })
    }
}

#[component]
fn Messages() -> impl IntoView {
    let app = app();
    let t = app.t();
    let undo = move |recorded: Recorded| {
        app.toast.set(None);
        app.act(
            Undo {
                records: recorded.records,
            },
            move |()| app.say(t.undone),
        );
    };
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {move || app.toast.get().map(|toast| {
                let recorded = toast.undo.clone();
                view! {
                    <div class=if toast.bad { "toast bad" } else { "toast" } data-toast=if toast.bad { "bad" } else { "good" }>
                        <span>{toast.text}</span>
                        {recorded.map(|recorded| view! {
                            <button data-do="undo" on:click=move |_| undo(recorded.clone())>{t.undo}</button>
                        })}
                        <button class="quiet" aria-label=t.close on:click=move |_| app.toast.set(None)>"✕"</button>
                    </div>
                }
            })}
        </div>
    }
}

#[component]
fn Open() -> impl IntoView {
    let app = app();
    let t = app.t();
    let screen = Memo::new(move |_| app.nav.now());
    let out = move || app.me.with(|me| me.as_ref().is_some_and(|me| me.put_out));
    let participant = move || {
        app.me
            .with(|me| me.as_ref().is_some_and(|me| me.part == Part::Participant))
    };
    view! {
        <div class="frame">
            <Menu/>
            <div class="page">
                <Standing/>
                {move || out().then(|| view! { <p class="notice bad" role="alert">{t.put_out}</p> })}
                {move || participant().then(|| view! { <p class="notice warn" role="alert">{t.for_participants}</p> })}
                {move || {
                    let screen = screen.get();
                    view! {
                        <main id="content" tabindex="-1" data-screen=screen.name()>
                            {app.nav.is_deep().then(|| view! {
                                <button class="quiet back" data-do="back" on:click=move |_| app.nav.back()>
                                    <span aria-hidden="true">"‹ "</span>{t.back}
                                </button>
                            })}
                            {screens::show(screen)}
                        </main>
                    }
                }}
            </div>
        </div>
    }
}

/// Where everything recorded is, in words; a button that syncs.
#[component]
fn Standing() -> impl IntoView {
    let app = app();
    let t = app.t();
    let text = move || {
        app.sync.with(|sync| match sync {
            None => String::new(),
            Some(sync) if sync.running => t.sync_running.to_owned(),
            Some(sync) if sync.waiting => t.sync_waiting.to_owned(),
            Some(sync) => match sync.last {
                Some(_) if sync.offline => t.sync_waiting.to_owned(),
                Some(_) => t.sync_ok.to_owned(),
                None => t.sync_never.to_owned(),
            },
        })
    };
    let last = move || {
        let last = app
            .sync
            .with(|sync| sync.as_ref().and_then(|sync| sync.last));
        last.map(|at| format!("{} {}", t.sync_last, moment(at, app.language.get())))
    };
    let delivered = move || {
        app.sync.with(|sync| {
            sync.as_ref()
                .is_some_and(|sync| !sync.waiting && !sync.offline && sync.last.is_some())
        })
    };
    view! {
        <div class="standing">
            <button
                class="quiet small"
                data-do="sync"
                data-delivered=move || if delivered() { "yes" } else { "no" }
                title=last
                on:click=move |_| app.act(SyncNow {}, |()| {})
            >
                <span aria-live="polite">{text}</span>
            </button>
            {move || app.sync_trouble().map(|trouble| view! { <p class="notice warn small" role="status">{trouble}</p> })}
        </div>
    }
}

#[component]
fn Menu() -> impl IntoView {
    let app = app();
    let t = app.t();
    let entry = move |screen: Screen, name: &'static str| {
        let here = move || {
            let now = app.nav.now();
            std::mem::discriminant(&now) == std::mem::discriminant(&screen)
        };
        view! {
            <li>
                <button
                    class="quiet"
                    data-go=screen.name()
                    aria-current=move || here().then_some("page")
                    on:click=move |_| app.nav.home(screen)
                >
                    <span class="sign" aria-hidden="true">{look::sign(screen.name())}</span>
                    {name}
                </button>
            </li>
        }
    };
    view! {
        <nav class="menu" aria-label=t.main_menu>
            <ul>
                {move || {
                    let office = app.me.with(|me| {
                        me.as_ref().is_some_and(|me| matches!(me.part, Part::Office | Part::Auditor))
                    });
                    let consultant = app.me.with(|me| {
                        me.as_ref().is_none_or(|me| me.part == Part::Consultant || me.staff.is_some())
                    });
                    view! {
                        {consultant.then(|| view! {
                            {entry(Screen::Today, t.today)}
                            {entry(Screen::Week(None), t.week)}
                            {(!office).then(|| entry(Screen::People, t.people))}
                        })}
                        {office.then(|| view! {
                            {entry(Screen::Cases, t.cases)}
                            {entry(Screen::Due, t.due)}
                            {entry(Screen::Month, t.month)}
                            {entry(Screen::Members, t.members)}
                        })}
                        {entry(Screen::Me, t.me)}
                    }
                }}
            </ul>
        </nav>
    }
}
