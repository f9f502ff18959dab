//! Parts that several screens are made of.

use folge_core::domain::{Instant, LocalDate};
use folge_web_calls::{
    CaseId, Failure, GetDraft, Proven, PutDraft, QrModules, Standing, VisitLine,
};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write;

use crate::app::{App, Loaded, app};
use crate::link::ask;
use crate::nav::Screen;
use crate::times::{clock, clock_of, date_words, minute_of};

/// The screen's heading; focus goes there whenever the screen is shown.
#[component]
pub(crate) fn Title(#[prop(into)] text: String) -> impl IntoView {
    let node = NodeRef::<leptos::html::H1>::new();
    Effect::new(move |_| {
        if let Some(heading) = node.get() {
            let _ = heading.focus();
        }
    });
    view! { <h1 node_ref=node tabindex="-1">{text}</h1> }
}

/// What came, or that it is on its way, or why it does not come.
pub(crate) fn when_loaded<T, V>(
    loaded: Loaded<T>,
    show: impl Fn(T) -> V + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let app = app();
    move || match loaded.get() {
        None => view! { <p class="soft" role="status">{app.t().loading}</p> }.into_any(),
        Some(Ok(value)) => show(value).into_any(),
        Some(Err(failure)) => view! { <Trouble failure/> }.into_any(),
    }
}

/// Why something does not come.
#[component]
pub(crate) fn Trouble(failure: Failure) -> impl IntoView {
    let app = app();
    view! {
        <p class="notice warn" role="alert" data-failure=failure.code>
            {failure.words.pick(app.language.get()).to_owned()}
        </p>
    }
}

/// Where a record is, in words.
#[component]
pub(crate) fn Where(standing: Standing) -> impl IntoView {
    let t = app().t();
    let (text, name) = match standing {
        Standing::SavedHere => (t.saved_here, "saved"),
        Standing::Stored => (t.stored, "stored"),
        Standing::ReadByOffice => (t.read, "read"),
    };
    view! { <span class="small soft" data-standing=name>{text}</span> }
}

/// Who has confirmed a visit, in words.
#[component]
pub(crate) fn Confirmed(proven: Proven) -> impl IntoView {
    let t = app().t();
    let (text, class, name) = match proven {
        Proven::NotYet => return ().into_any(),
        Proven::Confirmed => (t.confirmed, "tag good", "confirmed"),
        Proven::Not => (t.not_confirmed, "tag", "not"),
        Proven::Changed => (t.changed_since, "tag warn", "changed"),
        Proven::Disputed => (t.disputed, "tag bad", "disputed"),
        Proven::Excused => (t.excused_confirm, "tag warn", "excused"),
    };
    view! { <span class=class data-proven=name>{text}</span> }.into_any()
}

/// A visit as a list shows it; a tap opens its confirmation.
#[component]
pub(crate) fn VisitRow(
    line: VisitLine,
    #[prop(optional)] with_day: bool,
    #[prop(optional)] without_name: bool,
) -> impl IntoView {
    let app = app();
    let t = app.t();
    let who = app.who(line.who.as_deref(), &line.reference);
    let outcome = app.word(&line.outcome.code());
    let form = app.word(line.form.code());
    let at = if with_day {
        format!("{} ", date_words(line.start.date(), app.language.get()))
    } else {
        String::new()
    };
    let group = line.group.map(|_| t.group_visit);
    let details = [
        Some(form.as_str()),
        line.employer.as_deref(),
        Some(outcome.as_str()),
        group,
    ];
    let details: Vec<&str> = details.into_iter().flatten().collect();
    let details = details.join(" · ");
    let (case, visit) = (line.case, line.visit);
    view! {
        <li class="card line" data-visit="">
            <button class="plain" data-do="open-visit" on:click=move |_| app.nav.go(Screen::Confirm(case, visit))>
                <span class="when">{at}{clock(line.start)}"–"{clock(line.end)}</span>
                {(!without_name).then(|| view! { <strong>{who}</strong> })}
                <span class="soft">{details}</span>
            </button>
            <span class="row tags"><Confirmed proven=line.proven/><Where standing=line.standing/></span>
        </li>
    }
}

/// A QR code, dark on white whatever the theme, with what it is for those who do not see it.
#[component]
pub(crate) fn Qr(qr: QrModules, #[prop(into)] label: String) -> impl IntoView {
    let side = qr.side;
    let mut path = String::new();
    for (place, _) in qr.dark.iter().enumerate().filter(|(_, dark)| **dark) {
        let place = u32::try_from(place).unwrap_or(0);
        let _ = write!(path, "M{} {}h1v1h-1z", place % side, place / side);
    }
    view! {
        <svg class="qr" role="img" aria-label=label viewBox=format!("0 0 {side} {side}") shape-rendering="crispEdges">
            <path d=path></path>
        </svg>
    }
}

/// What was typed in a form, kept as a draft from the first letter on.
pub(crate) struct Typed<T: Send + Sync + 'static> {
    /// What is typed; none until the draft was looked for.
    pub(crate) value: RwSignal<Option<T>>,
    name: StoredValue<String>,
    ended: RwSignal<bool>,
}

impl<T: Send + Sync + 'static> Clone for Typed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Typed<T> {}

impl<T: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static> Typed<T> {
    /// The draft of a screen, or else what `fresh` begins with.
    pub(crate) fn new(
        app: App,
        screen: Screen,
        case: Option<CaseId>,
        fresh: impl AsyncFnOnce() -> Result<T, Failure> + 'static,
    ) -> Self {
        let name = screen.draft();
        let typed = Self {
            value: RwSignal::new(None),
            name: StoredValue::new(name.clone()),
            ended: RwSignal::new(false),
        };
        let of = name.clone();
        spawn_local(async move {
            let kept = ask(GetDraft { name: of }).await.ok().flatten();
            let kept = kept.and_then(|bytes| postcard::from_bytes(&bytes).ok());
            let value = match kept {
                Some(value) => Ok(value),
                None => fresh().await,
            };
            match value {
                Ok(value) => {
                    typed.value.try_set(Some(value));
                }
                Err(failure) => app.fail(&failure),
            }
        });
        // The first value is what was there already; each later one is written, one after the other
        // and the newest last.
        let busy = RwSignal::new(false);
        let left = RwSignal::new(None::<Vec<u8>>);
        Effect::new(move |before: Option<Option<T>>| {
            let now = typed.value.get();
            if let (Some(Some(before)), Some(now)) = (&before, &now)
                && before != now
                && !typed.ended.get_untracked()
                && let Ok(bytes) = postcard::to_stdvec(now)
            {
                left.set(Some(bytes));
                if !busy.get_untracked() {
                    busy.set(true);
                    let name = name.clone();
                    spawn_local(async move {
                        while let Some(content) = left.try_update(Option::take).flatten() {
                            let name = name.clone();
                            let put = PutDraft {
                                name,
                                case,
                                content,
                            };
                            if let Err(failure) = ask(put).await {
                                app.fail(&failure);
                            }
                        }
                        busy.try_set(false);
                    });
                }
            }
            now
        });
        typed
    }

    /// The draft's name, for the call that records it.
    pub(crate) fn draft(self) -> Option<String> {
        self.ended.set(true);
        Some(self.name.get_value())
    }

    /// It could not be recorded: what is typed on is kept again.
    pub(crate) fn reopen(self) {
        self.ended.try_set(false);
    }
}

/// A line of text.
#[component]
pub(crate) fn Line(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] kind: Option<String>,
    #[prop(optional, into)] autocomplete: Option<String>,
    #[prop(optional, into)] inputmode: Option<String>,
    value: Signal<String>,
    set: Callback<String>,
) -> impl IntoView {
    let about = hint.as_ref().map(|_| format!("{id}-hint"));
    let hint = hint.map(|hint| {
        let id = format!("{id}-hint");
        view! { <p class="hint small" id=id>{hint}</p> }
    });
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            {hint}
            <input
                id=id
                type=kind.unwrap_or_else(|| "text".to_owned())
                autocomplete=autocomplete.unwrap_or_else(|| "off".to_owned())
                inputmode=inputmode
                aria-describedby=about
                prop:value=move || value.get()
                on:input=move |event| set.run(event_target_value(&event))
            />
        </div>
    }
}

/// A longer text.
#[component]
pub(crate) fn Words(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    value: Signal<String>,
    set: Callback<String>,
) -> impl IntoView {
    let about = hint.as_ref().map(|_| format!("{id}-hint"));
    let hint = hint.map(|hint| {
        let id = format!("{id}-hint");
        view! { <p class="hint small" id=id>{hint}</p> }
    });
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            {hint}
            <textarea
                id=id
                rows="3"
                aria-describedby=about
                prop:value=move || value.get()
                on:input=move |event| set.run(event_target_value(&event))
            ></textarea>
        </div>
    }
}

/// One of several, as large buttons.
#[component]
pub(crate) fn OneOf(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    options: Vec<(String, String)>,
    value: Signal<String>,
    set: Callback<String>,
) -> impl IntoView {
    let options = options.into_iter().map(|(key, text)| {
        let id = format!("{name}-{key}");
        let (of, to) = (key.clone(), key.clone());
        view! {
            <span class="pick">
                <input
                    type="radio"
                    id=id.clone()
                    name=name.clone()
                    value=key
                    prop:checked=move || value.get() == of
                    on:change=move |_| set.run(to.clone())
                />
                <label for=id>{text}</label>
            </span>
        }
    });
    let options: Vec<_> = options.collect();
    view! {
        <fieldset class="picks">
            <legend>{label}</legend>
            <div class="row">{options}</div>
        </fieldset>
    }
}

/// Several of many.
#[component]
pub(crate) fn Several(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    options: Vec<(String, String)>,
    value: Signal<Vec<String>>,
    set: Callback<(String, bool)>,
) -> impl IntoView {
    let options = options.into_iter().map(|(key, text)| {
        let id = format!("{name}-{key}");
        let (of, to) = (key.clone(), key);
        let about = id.clone();
        view! {
            <label class="choice" for=about>
                <input
                    type="checkbox"
                    id=id
                    prop:checked=move || value.with(|all| all.contains(&of))
                    on:change=move |event| set.run((to.clone(), event_target_checked(&event)))
                />
                {text}
            </label>
        }
    });
    let options: Vec<_> = options.collect();
    view! {
        <fieldset>
            <legend>{label}</legend>
            {options}
        </fieldset>
    }
}

/// A time of day, with large buttons for a quarter more or less.
#[component]
pub(crate) fn Clock(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    value: Signal<u32>,
    set: Callback<u32>,
) -> impl IntoView {
    const DAY: u32 = 24 * 60;
    let t = app().t();
    let shift = move |by: u32| {
        let now = value.get_untracked();
        // To whole quarters first.
        let whole = if by < DAY / 2 {
            now / 15 * 15
        } else {
            now.div_ceil(15) * 15
        };
        set.run((whole + by) % DAY);
    };
    let (less, more) = (
        format!("{label}: {}", t.earlier),
        format!("{label}: {}", t.later),
    );
    view! {
        <div class="field clock">
            <label for=id.clone()>{label}</label>
            <div class="row">
                <button type="button" aria-label=less on:click=move |_| shift(DAY - 15)>"−15"</button>
                <input
                    id=id
                    type="time"
                    prop:value=move || clock_of(value.get())
                    on:input=move |event| {
                        if let Some(minute) = minute_of(&event_target_value(&event)) {
                            set.run(minute);
                        }
                    }
                />
                <button type="button" aria-label=more on:click=move |_| shift(15)>"+15"</button>
            </div>
        </div>
    }
}

/// A day.
#[component]
pub(crate) fn DayField(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    value: Signal<LocalDate>,
    set: Callback<LocalDate>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                type="date"
                prop:value=move || value.get().to_string()
                on:input=move |event| {
                    if let Ok(day) = event_target_value(&event).parse() {
                        set.run(day);
                    }
                }
            />
        </div>
    }
}

/// A choice from a list.
#[component]
pub(crate) fn Select(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    options: Vec<(String, String)>,
    value: Signal<String>,
    set: Callback<String>,
) -> impl IntoView {
    let options = options.into_iter().map(|(key, text)| {
        let of = key.clone();
        view! { <option value=key selected=move || value.get() == of>{text}</option> }
    });
    let options: Vec<_> = options.collect();
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select id=id on:change=move |event| set.run(event_target_value(&event))>{options}</select>
        </div>
    }
}

/// Minutes from one instant to now, growing.
#[component]
pub(crate) fn Ticking(since: Instant) -> impl IntoView {
    let app = app();
    let passed = move || {
        let ms = js_sys::Date::now() as i64 - since.0;
        u32::try_from(ms.max(0) / 60_000).unwrap_or(0)
    };
    let minutes = RwSignal::new(passed());
    let timer = set_interval_with_handle(
        move || {
            minutes.try_set(passed());
        },
        std::time::Duration::from_secs(5),
    );
    on_cleanup(move || {
        if let Ok(timer) = timer {
            timer.clear();
        }
    });
    move || crate::times::length(minutes.get(), app.language.get())
}
