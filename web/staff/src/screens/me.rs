//! This person, this device: language, theme, lock, devices, version.

use folge_core::domain::Language;
use folge_web_calls::{ChangePin, Failure, Invitation, InviteDevice, Lock, Me as Known, Part};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::invite::Shown;
use crate::app::app;
use crate::link::ask;
use crate::look;
use crate::nav::Screen;
use crate::widgets::{Line, OneOf, Title, Trouble};

/// This person, this device.
#[component]
pub(crate) fn Me() -> impl IntoView {
    let app = app();
    let t = app.t();
    view! {
        <Title text=t.me/>
        {move || app.me.get().map(|me| view! { <About me/> })}
        <section class="stack">
            <OneOf
                name="language" label=t.language
                options=vec![("nb".to_owned(), "Bokmål".to_owned()), ("en".to_owned(), "English".to_owned())]
                value=Signal::derive(move || look::code(app.language.get()).to_owned())
                set=Callback::new(move |code: String| {
                    let language = if code == "en" { Language::English } else { Language::Norwegian };
                    look::keep_language(language);
                    app.language.set(language);
                })
            />
            <Theme/>
        </section>
        <section>
            <h2>{t.install}</h2>
            <p>{t.install_how}</p>
        </section>
        <p class="soft small">{t.version}" "{look::version()}</p>
    }
}

#[component]
fn Theme() -> impl IntoView {
    let t = app().t();
    let theme = RwSignal::new(look::theme());
    let options = [
        ("auto", t.theme_auto),
        ("light", t.theme_light),
        ("dark", t.theme_dark),
    ];
    let options = options.map(|(key, name)| (key.to_owned(), name.to_owned()));
    view! {
        <OneOf
            name="theme" label=t.theme options=options.to_vec() value=theme.into()
            set=Callback::new(move |key: String| {
                look::keep_theme(&key);
                theme.set(key);
            })
        />
    }
}

#[component]
fn About(me: Known) -> impl IntoView {
    let app = app();
    let t = app.t();
    let made = RwSignal::new(None::<Invitation>);
    let pins = RwSignal::new(false);
    let pin = me.pin;
    let office = matches!(me.part, Part::Office | Part::Auditor);
    view! {
        <div class="card">
            <p><strong>{me.name.clone().unwrap_or_default()}</strong></p>
            {(me.staff.is_none() && me.part == Part::Consultant).then(|| view! { <p class="notice warn">{t.not_in_register}</p> })}
            <p class="small">{t.workspace_words}": "<strong>{me.workspace.clone()}</strong></p>
            <p class="soft small">{t.this_device}": "{me.device.clone()}</p>
        </div>
        <div class="stack">
            {pin.then(|| view! {
                <button class="wide" data-do="lock" on:click=move |_| app.act(Lock {}, |()| {})>{t.lock_now}</button>
            })}
            <button class="wide" data-do="pin" on:click=move |_| pins.update(|on| *on = !*on)>
                {if pin { t.change_pin } else { t.set_own_pin }}
            </button>
            {move || pins.get().then(|| view! { <Pin pin pins/> })}
            <button class="wide" data-do="device" on:click=move |_| {
                app.act(InviteDevice { person: None }, move |invitation| made.set(Some(invitation)));
            }>{t.invite_device}</button>
            {move || made.get().map(|invitation| view! { <Shown invitation/> })}
            {(!office).then(|| view! {
                <button class="wide" on:click=move |_| app.nav.go(Screen::Members)>{t.devices}</button>
            })}
            <button class="wide" data-do="trouble" on:click=move |_| app.nav.go(Screen::Trouble)>{t.trouble}</button>
        </div>
    }
}

#[component]
fn Pin(pin: bool, pins: RwSignal<bool>) -> impl IntoView {
    let app = app();
    let t = app.t();
    let (old, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let failed = RwSignal::new(None::<Failure>);
    let change = move |then: Option<String>| {
        let now = pin.then(|| old.get_untracked());
        spawn_local(async move {
            match ask(ChangePin { now, then }).await {
                Ok(()) => {
                    app.say(t.pin_changed);
                    pins.try_set(false);
                    app.opened();
                }
                Err(failure) => {
                    failed.try_set(Some(failure));
                }
            }
        });
    };
    view! {
        <form class="card" on:submit=move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            change(Some(new.get_untracked()));
        }>
            {pin.then(|| view! {
                <Line
                    id="old-pin" label=t.old_pin kind="password" autocomplete="current-password"
                    value=old.into() set=Callback::new(move |text| old.set(text))
                />
            })}
            <Line
                id="new-pin" label=t.new_pin hint=t.choose_pin_why kind="password" autocomplete="new-password"
                value=new.into() set=Callback::new(move |text| new.set(text))
            />
            {move || failed.get().map(|failure| view! { <Trouble failure/> })}
            <div class="row">
                <button class="main" data-do="save-pin">{t.save}</button>
                {pin.then(|| view! { <button type="button" on:click=move |_| change(None)>{t.remove_pin}</button> })}
            </div>
        </form>
    }
}
