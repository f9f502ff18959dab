//! Finding a participant.

use folge_web_calls::{CaseLine, GetCases, StartTimer};
use leptos::prelude::*;

use crate::app::app;
use crate::nav::{ChooseFor, Screen, VisitWhat};
use crate::times::date_words;
use crate::widgets::{Line, Title, when_loaded};

/// The participants of this consultant, searched; a tap gives one to `pick`.
#[component]
fn Find(pick: Callback<CaseLine>, mine: bool) -> impl IntoView {
    let app = app();
    let t = app.t();
    let search = RwSignal::new(String::new());
    let loaded = app.load(move || GetCases {
        search: search.get(),
        mine,
        ..GetCases::default()
    });
    view! {
        <Line
            id="search" label=t.search hint=t.search_hint kind="search"
            value=search.into() set=Callback::new(move |text| search.set(text))
        />
        {when_loaded(loaded, move |lines: Vec<CaseLine>| {
            if lines.is_empty() {
                return view! { <p class="soft" role="status">{t.none_found}</p> }.into_any();
            }
            let row = move |line: CaseLine| {
                let who = app.who(line.who.as_deref(), &line.reference);
                let met = match line.last_met {
                    Some(at) => format!("{} {}", t.last_met, date_words(at.date(), app.language.get())),
                    None => t.never_met.to_owned(),
                };
                let status = app.word(&line.status);
                view! {
                    <li>
                        <button class="plain card" data-case="" on:click=move |_| pick.run(line.clone())>
                            <strong>{who}</strong>
                            <span class="soft small">{status}" · "{met}</span>
                        </button>
                    </li>
                }
            };
            view! { <ul class="plain">{lines.into_iter().map(row).collect_view()}</ul> }.into_any()
        })}
    }
}

/// The caseload.
#[component]
pub(crate) fn People() -> impl IntoView {
    let app = app();
    let pick = Callback::new(move |line: CaseLine| app.nav.go(Screen::Case(line.case)));
    view! {
        <Title text=app.t().people/>
        <Find pick mine=false/>
    }
}

/// Chooses a participant for something.
#[component]
pub(crate) fn Choose(purpose: ChooseFor) -> impl IntoView {
    let app = app();
    let t = app.t();
    let pick = Callback::new(move |line: CaseLine| {
        let case = line.case;
        let start = |travel| {
            let cases = vec![case];
            app.act(StartTimer { travel, cases }, move |_| {
                app.nav.home(Screen::Today)
            });
        };
        match purpose {
            ChooseFor::Start => start(false),
            ChooseFor::Travel => start(true),
            ChooseFor::Enter => app.nav.turn(Screen::Visit(case, VisitWhat::New)),
            ChooseFor::Plan => app.nav.turn(Screen::Visit(case, VisitWhat::Plan)),
        }
    });
    let what = match purpose {
        ChooseFor::Start => t.start_visit,
        ChooseFor::Travel => t.start_travel,
        ChooseFor::Enter => t.enter_visit,
        ChooseFor::Plan => t.plan_visit,
    };
    view! {
        <Title text=t.choose_participant/>
        <p class="soft">{what}</p>
        <Find pick mine=true/>
    }
}
