//! The consultant's day and week.

use folge_core::domain::LocalDate;
use folge_web_calls::{
    ClearTimer, Day, DayOfWeek, DraftLine, DropDraft, DueLine, GetDay, GetDrafts, GetDue,
    GetUnconfirmed, GetWeek, Pressing, StopTimer, TimerLine, VisitLine,
};
use leptos::prelude::*;

use crate::app::app;
use crate::nav::{ChooseFor, Screen, VisitWhat};
use crate::times::{clock, date_words, day_words, moment};
use crate::widgets::{Ticking, Title, VisitRow, when_loaded};

/// *I dag*.
#[component]
pub(crate) fn Today() -> impl IntoView {
    let app = app();
    let t = app.t();
    let day = RwSignal::new(None::<LocalDate>);
    let loaded = app.load(move || GetDay { day: day.get() });
    let due = app.load(|| GetDue { mine: true });
    let unconfirmed = app.load(|| GetUnconfirmed {});
    let drafts = app.load(|| GetDrafts {});
    view! {
        <Title text=t.today/>
        {when_loaded(loaded, move |shown: Day| {
            let here = shown.day;
            let other = shown.day != shown.today;
            view! {
                <div class="row apart" data-loaded="day">
                    <button class="quiet" aria-label=t.day_before on:click=move |_| day.set(Some(here.plus_days(-1)))>"‹"</button>
                    <h2 class="day">{day_words(here, app.language.get())}</h2>
                    <button class="quiet" aria-label=t.day_after on:click=move |_| day.set(Some(here.plus_days(1)))>"›"</button>
                </div>
                {other.then(|| view! { <button class="wide" on:click=move |_| day.set(None)>{t.today}</button> })}
                <Timers timers=shown.timers/>
                <Begin/>
                <section aria-labelledby="visits-of-day">
                    <h2 id="visits-of-day">{t.todays_visits}</h2>
                    <Visits visits=shown.visits/>
                </section>
            }
        })}
        {move || drafts.get().and_then(Result::ok).filter(|all| !all.is_empty()).map(|drafts| view! { <Drafts drafts/> })}
        {move || due.get().and_then(Result::ok).map(|due| view! { <Due due/> })}
        {move || unconfirmed.get().and_then(Result::ok).filter(|all| !all.is_empty()).map(|visits| view! {
            <section aria-labelledby="unconfirmed">
                <h2 id="unconfirmed">{t.unconfirmed}</h2>
                <ul class="plain">
                    {visits.into_iter().map(|line| view! { <VisitRow line with_day=true/> }).collect_view()}
                </ul>
            </section>
        })}
    }
}

#[component]
fn Visits(visits: Vec<VisitLine>) -> impl IntoView {
    let t = app().t();
    if visits.is_empty() {
        return view! { <p class="soft">{t.no_visits}</p> }.into_any();
    }
    view! {
        <ul class="plain">
            {visits.into_iter().map(|line| view! { <VisitRow line/> }).collect_view()}
        </ul>
    }
    .into_any()
}

/// The four ways to begin.
#[component]
fn Begin() -> impl IntoView {
    let app = app();
    let t = app.t();
    let go = move |purpose| move |_| app.nav.go(Screen::Choose(purpose));
    view! {
        <div class="begin">
            <button class="main" data-do="start-visit" on:click=go(ChooseFor::Start)>{t.start_visit}</button>
            <button class="main" data-do="enter-visit" on:click=go(ChooseFor::Enter)>{t.enter_visit}</button>
            <button data-do="start-travel" on:click=go(ChooseFor::Travel)>{t.start_travel}</button>
            <button data-do="plan-visit" on:click=go(ChooseFor::Plan)>{t.plan_visit}</button>
            <button data-do="group" on:click=move |_| app.nav.go(Screen::Group)>{t.group_visit}</button>
        </div>
    }
}

#[component]
fn Timers(timers: Vec<TimerLine>) -> impl IntoView {
    let app = app();
    let t = app.t();
    let row = move |timer: TimerLine| {
        let id = timer.id;
        let record = move || {
            if let (false, Some(case)) = (timer.travel, timer.case) {
                app.nav.go(Screen::Visit(case, VisitWhat::Timer(id)));
            }
        };
        let stop = move |_| {
            if timer.stopped {
                record();
            } else {
                app.act(StopTimer { id }, move |_| record());
            }
        };
        let name = match (timer.travel, timer.stopped) {
            (false, false) => t.running_visit,
            (true, false) => t.running_travel,
            (false, true) => t.stopped_visit,
            (true, true) => t.stopped_travel,
        };
        let can_record = !timer.stopped || !timer.travel;
        view! {
            <li class="card timer" data-timer=if timer.travel { "travel" } else { "visit" }>
                <p>
                    <strong>{name}</strong>" "
                    {timer.who.clone().unwrap_or_default()}
                    <span class="soft">" "{t.since}" "{clock(timer.started)}</span>
                </p>
                {(!timer.stopped).then(|| view! { <p class="figure"><Ticking since=timer.started/></p> })}
                <div class="row">
                    {can_record.then(|| view! {
                        <button class="main" data-do="stop-timer" on:click=stop>
                            {if timer.stopped { t.record_it } else { t.stop }}
                        </button>
                    })}
                    <button class="quiet" data-do="discard-timer" on:click=move |_| app.act(ClearTimer { id }, |()| {})>{t.discard}</button>
                </div>
            </li>
        }
    };
    view! { <ul class="plain">{timers.into_iter().map(row).collect_view()}</ul> }
}

#[component]
fn Drafts(drafts: Vec<DraftLine>) -> impl IntoView {
    let app = app();
    let t = app.t();
    let row = move |draft: DraftLine| {
        let screen = Screen::of_draft(&draft.name);
        let name = draft.name.clone();
        let drop = move |_| {
            let name = name.clone();
            app.act(DropDraft { name }, move |()| {
                app.changed.update(|count| *count += 1)
            });
        };
        let what = match screen {
            Some(Screen::Visit(..)) => t.visit,
            Some(Screen::Group) => t.group_visit,
            Some(Screen::Contact(_)) => t.contact_attempt,
            Some(Screen::Note(_)) => t.note,
            Some(Screen::Notice(..)) => t.tell_nav,
            _ => t.message,
        };
        view! {
            <li class="card row apart" data-draft="">
                <span>
                    <strong>{what}</strong>" "{draft.who.clone().unwrap_or_default()}
                    <span class="soft small">" "{moment(draft.at, app.language.get())}</span>
                </span>
                <span class="row">
                    {screen.map(|screen| view! { <button data-do="go-on" on:click=move |_| app.nav.go(screen)>{t.go_on}</button> })}
                    <button class="quiet" on:click=drop>{t.discard}</button>
                </span>
            </li>
        }
    };
    view! {
        <section aria-labelledby="drafts">
            <h2 id="drafts">{t.drafts}</h2>
            <ul class="plain">{drafts.into_iter().map(row).collect_view()}</ul>
        </section>
    }
}

/// What is due, in words.
#[component]
pub(super) fn DueRow(line: DueLine, #[prop(optional)] without_name: bool) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let who = app.who(line.who.as_deref(), &line.reference);
    let (case, visit) = (line.case, line.visit);
    let (tell, contact) = (line.tell_nav, line.contact);
    let until = match line.pressing {
        Pressing::Overdue => {
            let day = line
                .due
                .map(|day| date_words(day, language))
                .unwrap_or_default();
            view! { <span class="tag bad" data-pressing="overdue">{t.overdue}" "{day}</span> }
                .into_any()
        }
        Pressing::Today => {
            view! { <span class="tag warn" data-pressing="today">{t.due_today}</span> }.into_any()
        }
        Pressing::Soon | Pressing::Later => {
            let day = line.due.map(|day| date_words(day, language));
            view! { <span class="tag">{day}</span> }.into_any()
        }
    };
    view! {
        <li class="card line" data-due="">
            <button class="plain" on:click=move |_| app.nav.go(Screen::Case(case))>
                <strong>{line.what.pick(language).to_owned()}</strong>
                {(!without_name).then(|| view! { <span>{who}</span> })}
                <span class="soft small">{line.source}</span>
            </button>
            <span class="row tags">
                {until}
                {tell.then(|| view! {
                    <button data-do="tell-nav" on:click=move |_| app.nav.go(Screen::Notice(case, visit))>{t.tell_nav}</button>
                })}
                {contact.then(|| view! {
                    <button on:click=move |_| app.nav.go(Screen::Contact(case))>{t.contact_attempt}</button>
                })}
            </span>
        </li>
    }
}

#[component]
fn Due(due: Vec<DueLine>) -> impl IntoView {
    let t = app().t();
    let now: Vec<DueLine> = due
        .into_iter()
        .filter(|line| line.pressing != Pressing::Later)
        .collect();
    (!now.is_empty()).then(|| {
        view! {
            <section aria-labelledby="due-now">
                <h2 id="due-now">{t.due_now}</h2>
                <ul class="plain">{now.into_iter().map(|line| view! { <DueRow line/> }).collect_view()}</ul>
            </section>
        }
    })
}

/// A week.
#[component]
pub(crate) fn Week(day: Option<LocalDate>) -> impl IntoView {
    let app = app();
    let t = app.t();
    let shown = RwSignal::new(day);
    let loaded = app.load(move || GetWeek { day: shown.get() });
    let by = move |days: i32, first: LocalDate| move |_| shown.set(Some(first.plus_days(days)));
    view! {
        <Title text=t.week/>
        {when_loaded(loaded, move |week: Vec<DayOfWeek>| {
            let first = week.first().map(|day| day.day);
            let number = first.map(|day| format!("{} {}", t.week, day.iso_week().1));
            view! {
                {first.map(|first| view! {
                    <div class="row apart">
                        <button class="quiet" aria-label=t.week_before on:click=by(-7, first)>"‹"</button>
                        <h2 class="day">{number}</h2>
                        <button class="quiet" aria-label=t.week_after on:click=by(7, first)>"›"</button>
                    </div>
                })}
                {week.into_iter().map(|day| view! {
                    <section>
                        <h3 class:today=day.today>{day_words(day.day, app.language.get())}</h3>
                        <Visits visits=day.visits/>
                    </section>
                }).collect_view()}
            }
        })}
    }
}
