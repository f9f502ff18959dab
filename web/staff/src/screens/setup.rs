//! Before the app is open: an invitation, a PIN.

use folge_web_calls::{
    Failure, Found, Join, LinkPreview, PreviewLink, RecoveryWords, StartOver, SyncNow, Unlock,
};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::app;
use crate::link::ask;
use crate::widgets::{Line, Qr, Title, Trouble};

/// The PIN, or that the device's own lock is enough.
#[component]
fn ChoosePin(link: String) -> impl IntoView {
    let app = app();
    let t = app.t();
    let pin = RwSignal::new(String::new());
    let none = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let failed = RwSignal::new(None::<Failure>);
    let begin = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let pin = (!none.get_untracked()).then(|| pin.get_untracked());
        if pin.as_ref().is_some_and(String::is_empty) {
            busy.set(false);
            failed.set(Some(Failure {
                code: "pin_missing".to_owned(),
                class: folge_web_calls::FailureClass::Other,
                words: folge_web_calls::Words {
                    nb: "Skriv en PIN, eller kryss av for at enhetens skjermlås er nok.".to_owned(),
                    en: "Type a PIN, or tick that the device's own lock is enough.".to_owned(),
                },
            }));
            return;
        }
        let link = link.clone();
        spawn_local(async move {
            match ask(Join { link, pin }).await {
                Ok(()) => {
                    app.invitation.set(None);
                    app.opened();
                }
                Err(failure) => failed.set(Some(failure)),
            }
            busy.set(false);
        });
    };
    view! {
        <form on:submit=begin>
            <h2>{t.choose_pin}</h2>
            <p>{t.choose_pin_why}</p>
            <Line
                id="pin" label=t.pin kind="password" autocomplete="new-password"
                value=pin.into() set=Callback::new(move |text| pin.set(text))
            />
            <label class="choice" for="no-pin">
                <input
                    id="no-pin" type="checkbox" aria-describedby="no-pin-hint"
                    on:change=move |event| none.set(event_target_checked(&event))
                />
                {t.no_pin}
            </label>
            <p class="hint small" id="no-pin-hint">{t.no_pin_hint}</p>
            {move || failed.get().map(|failure| view! { <Trouble failure/> })}
            <button class="main wide" data-do="begin" disabled=move || busy.get()>{t.begin}</button>
        </form>
    }
}

/// Sets up a workspace for a new provider; ends with the recovery words.
#[component]
fn FoundOne() -> impl IntoView {
    let app = app();
    let t = app.t();
    let origin = web_sys::window().and_then(|window| window.location().origin().ok());
    let relay = RwSignal::new(origin.unwrap_or_default());
    let (token, pin) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let busy = RwSignal::new(false);
    let failed = RwSignal::new(None::<Failure>);
    let words = RwSignal::new(None::<RecoveryWords>);
    let found = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let call = Found {
            relay: relay.get_untracked(),
            relay_key: None,
            token: token.get_untracked(),
            pin: Some(pin.get_untracked()),
        };
        spawn_local(async move {
            match ask(call).await {
                Ok(made) => words.set(Some(made)),
                Err(failure) => failed.set(Some(failure)),
            }
            busy.try_set(false);
        });
    };
    view! {
        {move || match words.get() {
            Some(made) => view! {
                <h2>{t.recovery}</h2>
                <p>{t.recovery_why}</p>
                <p class="card words" data-recovery="">{made.words}</p>
                <Qr qr=made.qr label=t.recovery/>
                <button class="main wide" data-do="recovery-done" on:click=move |_| app.opened()>{t.recovery_done}</button>
            }.into_any(),
            None => view! {
                <form on:submit=found>
                    <p>{t.found_why}</p>
                    <Line id="relay" label=t.relay_address kind="url" value=relay.into() set=Callback::new(move |text| relay.set(text))/>
                    <Line id="founding-code" label=t.founding_code value=token.into() set=Callback::new(move |text| token.set(text))/>
                    <Line
                        id="founding-pin" label=t.choose_pin hint=t.choose_pin_why kind="password" autocomplete="new-password"
                        value=pin.into() set=Callback::new(move |text| pin.set(text))
                    />
                    {move || failed.get().map(|failure| view! { <Trouble failure/> })}
                    <button class="main wide" data-do="found" disabled=move || busy.get()>{t.begin}</button>
                </form>
            }.into_any(),
        }}
    }
}

/// Nothing is set up yet.
#[component]
pub(crate) fn Setup() -> impl IntoView {
    let app = app();
    let t = app.t();
    let typed = RwSignal::new(String::new());
    let known = RwSignal::new(None::<(String, LinkPreview)>);
    let failed = RwSignal::new(None::<Failure>);
    let look = move |link: String| {
        spawn_local(async move {
            match ask(PreviewLink { link: link.clone() }).await {
                Ok(preview) => {
                    failed.set(None);
                    known.set(Some((link, preview)));
                }
                Err(failure) => failed.set(Some(failure)),
            }
        });
    };
    Effect::new(move |_| {
        if let Some(link) = app.invitation.get() {
            look(link);
        }
    });
    view! {
        <main id="content" class="centre" data-screen="setup">
            <Title text=t.welcome/>
            {move || match known.get() {
                Some((link, preview)) => view! {
                    <p>{t.compare}</p>
                    <p class="card words"><strong>{preview.words}</strong></p>
                    <ChoosePin link/>
                }.into_any(),
                None => view! {
                    <form on:submit=move |event: web_sys::SubmitEvent| {
                        event.prevent_default();
                        look(typed.get_untracked());
                    }>
                        <p>{t.need_link}</p>
                        <Line
                            id="link" label=t.link hint=t.link_hint kind="url"
                            value=typed.into() set=Callback::new(move |text| typed.set(text))
                        />
                        <button class="main wide" data-do="next">{t.next}</button>
                    </form>
                    <details class="card later"><summary>{t.found}</summary><FoundOne/></details>
                }.into_any(),
            }}
            {move || failed.get().map(|failure| view! { <Trouble failure/> })}
        </main>
    }
}

/// The invitation was taken, and the relay has yet to let the device in.
#[component]
pub(crate) fn Joining() -> impl IntoView {
    let app = app();
    let t = app.t();
    let over = move |_| app.act(StartOver {}, move |()| app.look_at_status());
    view! {
        <main id="content" class="centre" data-screen="joining">
            {move || match app.sync_trouble() {
                None => view! {
                    <Title text=t.joining/>
                    <p role="status">{t.joining_why}</p>
                }.into_any(),
                Some(trouble) => view! {
                    <Title text=t.not_let_in/>
                    <p class="notice warn" role="alert">{trouble}</p>
                    <button class="main wide" data-do="sync" on:click=move |_| app.act(SyncNow {}, |()| {})>{t.try_again}</button>
                }.into_any(),
            }}
            <button class="wide" data-do="start-over" on:click=over>{t.other_invitation}</button>
        </main>
    }
}

/// A PIN is asked for.
#[component]
pub(crate) fn Locked() -> impl IntoView {
    let app = app();
    let t = app.t();
    let pin = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let failed = RwSignal::new(None::<Failure>);
    let unlock = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let typed = pin.get_untracked();
        spawn_local(async move {
            match ask(Unlock { pin: Some(typed) }).await {
                Ok(()) => app.opened(),
                Err(failure) => {
                    pin.set(String::new());
                    failed.set(Some(failure));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <main id="content" class="centre" data-screen="locked">
            <Title text=t.locked/>
            <p>{t.locked_why}</p>
            <form on:submit=unlock>
                <Line
                    id="pin" label=t.pin kind="password" autocomplete="current-password"
                    value=pin.into() set=Callback::new(move |text| pin.set(text))
                />
                {move || failed.get().map(|failure| view! { <Trouble failure/> })}
                <button class="main wide" data-do="unlock" disabled=move || busy.get()>{t.unlock}</button>
            </form>
        </main>
    }
}
