//! Small forms: a contact attempt, a note, a message to the participant, a notice to NAV.

use folge_core::domain::{ContactChannel, NoticeChannel, NoticeKind, RecordId};
use folge_web_calls::{
    Ask, CaseId, CasePage, Failure, GetCase, RecordContact, RecordNote, RecordNotice, Recorded, Say,
};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};

use super::visit::WhoOf;
use crate::app::{App, app};
use crate::link::ask;
use crate::look;
use crate::nav::Screen;
use crate::times::moment;
use crate::widgets::{OneOf, Title, Trouble, Typed, Words};

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Text {
    text: String,
    channel: String,
    reached: bool,
}

impl Text {
    fn new(channel: &str) -> Self {
        Self {
            text: String::new(),
            channel: channel.to_owned(),
            reached: false,
        }
    }
}

/// Sends a form; where it fails, what was typed stays.
fn send<C: Ask + 'static>(
    app: App,
    typed: Typed<Text>,
    failed: RwSignal<Option<Failure>>,
    call: C,
    then: impl FnOnce(C::Reply) + 'static,
) {
    spawn_local(async move {
        match ask(call).await {
            Ok(reply) => {
                then(reply);
                app.nav.back();
            }
            Err(failure) => {
                typed.reopen();
                failed.try_set(Some(failure));
            }
        }
    });
}

fn text_of(typed: Typed<Text>) -> Signal<String> {
    Signal::derive(move || {
        typed.value.with(|value| {
            value
                .as_ref()
                .map(|value| value.text.clone())
                .unwrap_or_default()
        })
    })
}

fn set_text(typed: Typed<Text>) -> Callback<String> {
    Callback::new(move |text| {
        typed.value.update(|value| {
            if let Some(value) = value {
                value.text = text;
            }
        });
    })
}

fn channel_of(typed: Typed<Text>) -> Signal<String> {
    Signal::derive(move || {
        typed.value.with(|value| {
            value
                .as_ref()
                .map(|value| value.channel.clone())
                .unwrap_or_default()
        })
    })
}

fn set_channel(typed: Typed<Text>) -> Callback<String> {
    Callback::new(move |channel| {
        typed.value.update(|value| {
            if let Some(value) = value {
                value.channel = channel;
            }
        });
    })
}

#[component]
fn Bottom(failed: RwSignal<Option<Failure>>, #[prop(into)] text: String) -> impl IntoView {
    view! {
        {move || failed.get().map(|failure| view! { <Trouble failure/> })}
        <div class="bottom"><button class="main wide" data-do="save">{text}</button></div>
    }
}

/// An attempt to reach the participant.
#[component]
pub(crate) fn Contact(case: CaseId) -> impl IntoView {
    let app = app();
    let t = app.t();
    let typed = Typed::new(app, Screen::Contact(case), Some(case), async || {
        Ok(Text::new(ContactChannel::Phone.code()))
    });
    let failed = RwSignal::new(None);
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(value) = typed.value.get_untracked() else {
            return;
        };
        let call = RecordContact {
            case,
            channel: ContactChannel::from_code(&value.channel).unwrap_or(ContactChannel::Other),
            reached: value.reached,
            note: value.text,
            draft: typed.draft(),
        };
        send(app, typed, failed, call, move |recorded| {
            app.saved(recorded)
        });
    };
    let channels = ContactChannel::ALL
        .iter()
        .map(|v| (v.code().to_owned(), app.word(v.code())));
    let reached = Signal::derive(move || {
        let yes = typed
            .value
            .with(|value| value.as_ref().is_some_and(|value| value.reached));
        if yes {
            "yes".to_owned()
        } else {
            "no".to_owned()
        }
    });
    view! {
        <Title text=t.contact_attempt/>
        <WhoOf case/>
        <form on:submit=save>
            <OneOf
                name="reached" label=t.reached value=reached
                options=vec![("yes".to_owned(), t.yes.to_owned()), ("no".to_owned(), t.no.to_owned())]
                set=Callback::new(move |code: String| typed.value.update(|value| if let Some(value) = value { value.reached = code == "yes"; }))
            />
            <OneOf name="channel" label=t.channel options=channels.collect() value=channel_of(typed) set=set_channel(typed)/>
            <Words id="text" label=t.note hint=t.note_hint value=text_of(typed) set=set_text(typed)/>
            <Bottom failed text=t.save/>
        </form>
    }
}

/// A note.
#[component]
pub(crate) fn Note(case: CaseId) -> impl IntoView {
    let app = app();
    let t = app.t();
    let typed = Typed::new(app, Screen::Note(case), Some(case), async || {
        Ok(Text::new(""))
    });
    let failed = RwSignal::new(None);
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(value) = typed.value.get_untracked() else {
            return;
        };
        let call = RecordNote {
            case,
            text: value.text,
            draft: typed.draft(),
        };
        send(app, typed, failed, call, move |recorded| {
            app.saved(recorded)
        });
    };
    view! {
        <Title text=t.write_note/>
        <WhoOf case/>
        <form on:submit=save>
            <Words id="text" label=t.note hint=t.note_hint value=text_of(typed) set=set_text(typed)/>
            <Bottom failed text=t.save/>
        </form>
    }
}

/// A message to the participant.
#[component]
pub(crate) fn Message(case: CaseId) -> impl IntoView {
    let app = app();
    let t = app.t();
    let typed = Typed::new(app, Screen::Message(case), Some(case), async || {
        Ok(Text::new(""))
    });
    let failed = RwSignal::new(None);
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(value) = typed.value.get_untracked() else {
            return;
        };
        let call = Say {
            case,
            text: value.text,
            draft: typed.draft(),
        };
        send(app, typed, failed, call, move |()| {
            app.saved(Recorded {
                records: Vec::new(),
            })
        });
    };
    view! {
        <Title text=t.write_message/>
        <WhoOf case/>
        <p class="soft">{t.participant_reads}</p>
        <form on:submit=save>
            <Words id="text" label=t.message value=text_of(typed) set=set_text(typed)/>
            <Bottom failed text=t.save/>
        </form>
    }
}

/// NAV is told of an absence, the same day: a text to copy, and that it was sent.
#[component]
pub(crate) fn Notice(case: CaseId, visit: Option<RecordId>) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let typed = Typed::new(
        app,
        Screen::Notice(case, visit),
        Some(case),
        async move || {
            let page: CasePage = ask(GetCase { case }).await?;
            let line = page.visits.iter().find(|line| Some(line.visit) == visit);
            let when = line
                .map(|line| moment(line.start, language))
                .unwrap_or_default();
            // By the reference, never by name: it is what NAV's office and the provider share.
            let text = t
                .notice_no_show
                .replace("{ref}", &page.reference)
                .replace("{when}", &when);
            let mut typed = Text::new(NoticeChannel::Deltakeroversikt.code());
            typed.text = text;
            Ok(typed)
        },
    );
    let failed = RwSignal::new(None);
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(value) = typed.value.get_untracked() else {
            return;
        };
        let channel = NoticeChannel::from_code(&value.channel);
        let call = RecordNotice {
            case,
            kind: NoticeKind::Absence,
            channel: channel.unwrap_or(NoticeChannel::Deltakeroversikt),
            about: visit,
            text: value.text,
            draft: typed.draft(),
        };
        send(app, typed, failed, call, move |recorded| {
            app.saved(recorded)
        });
    };
    let channels = [
        NoticeChannel::Deltakeroversikt,
        NoticeChannel::Phone,
        NoticeChannel::Letter,
    ];
    let channels = channels
        .iter()
        .map(|v| (v.code().to_owned(), app.word(v.code())));
    let text = text_of(typed);
    view! {
        <Title text=t.tell_nav/>
        <WhoOf case/>
        <p>{t.tell_nav_why}</p>
        <form on:submit=save>
            <Words id="text" label=t.message value=text set=set_text(typed)/>
            <button type="button" class="wide" on:click=move |_| {
                look::copy(text.get_untracked(), move |done| if done { app.say(t.copied); });
            }>{t.copy}</button>
            <OneOf name="channel" label=t.channel options=channels.collect() value=channel_of(typed) set=set_channel(typed)/>
            <Bottom failed text=t.sent_it/>
        </form>
        <button class="wide" on:click=move |_| app.nav.go(Screen::Contact(case))>{t.contact_attempt}</button>
    }
}
