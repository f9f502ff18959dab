//! The office's first look: all participations, deadlines, the month's hours, conflicts, alerts.

use folge_core::domain::{Month as CalendarMonth, StaffKey, Status};
use folge_web_calls::{
    AlarmLine, CaseId, CaseLine, ConflictLine, DismissAlarm, DueLine, GetCases, GetConflicts,
    GetDue, GetMonth, GetTrouble, MonthLine, MonthPage, Part, Settle, Trouble as Page,
};
use leptos::prelude::*;

use super::today::DueRow;
use super::visit::WhoOf;
use crate::app::app;
use crate::nav::Screen;
use crate::times::{date_words, length, moment, month_words};
use crate::widgets::{Line, Select, Title, when_loaded};

/// A line's height in the long list, in pixels; as in staff.css.
const ROW: f64 = 56.0;
/// Lines drawn above and below what is seen.
const AROUND: usize = 12;

/// All participations, filtered at each letter.
#[component]
pub(crate) fn Cases() -> impl IntoView {
    let app = app();
    let t = app.t();
    let search = RwSignal::new(String::new());
    let status = RwSignal::new(String::new());
    let consultant = RwSignal::new(String::new());
    let conflicts = RwSignal::new(false);
    let chosen = |text: String| (!text.is_empty()).then_some(text);
    let loaded = app.load(move || GetCases {
        search: search.get(),
        mine: false,
        status: chosen(status.get()),
        consultant: chosen(consultant.get()).map(|key| StaffKey::from(key.as_str())),
        conflicts: conflicts.get(),
    });
    let statuses = move || {
        let mut all = vec![(String::new(), t.all_statuses.to_owned())];
        all.extend(
            Status::ALL
                .iter()
                .map(|s| (s.code().to_owned(), app.word(s.code()))),
        );
        all
    };
    let consultants = move || {
        let mut all = vec![(String::new(), t.all_consultants.to_owned())];
        app.choices.with(|choices| {
            let staff = choices.as_ref().map_or(&[][..], |choices| &choices.staff);
            all.extend(
                staff
                    .iter()
                    .map(|choice| (choice.key.clone(), choice.name.clone())),
            );
        });
        all
    };
    let ready = Memo::new(move |_| app.choices.with(Option::is_some));
    view! {
        <Title text=t.cases/>
        <div class="filters">
            <Line
                id="search" label=t.search hint=t.search_hint kind="search"
                value=search.into() set=Callback::new(move |text| search.set(text))
            />
            {move || ready.get().then(|| view! {
                <Select id="status" label=t.status options=statuses() value=status.into() set=Callback::new(move |key| status.set(key))/>
                <Select id="consultant" label=t.consultant options=consultants() value=consultant.into() set=Callback::new(move |key| consultant.set(key))/>
            })}
            <label class="choice" for="conflicts">
                <input id="conflicts" type="checkbox" on:change=move |event| conflicts.set(event_target_checked(&event))/>
                {t.only_conflicts}
            </label>
        </div>
        {when_loaded(loaded, move |lines: Vec<CaseLine>| view! { <List lines/> })}
    }
}

/// A list of which only the seen part is drawn.
#[component]
fn List(lines: Vec<CaseLine>) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let count = lines.len();
    let lines = StoredValue::new(lines);
    let top = RwSignal::new(0.0_f64);
    let height = RwSignal::new(900.0_f64);
    let node = NodeRef::<leptos::html::Div>::new();
    let seen = move || {
        if let Some(list) = node.get_untracked() {
            top.set(f64::from(list.scroll_top()));
            height.set(f64::from(list.client_height()));
        }
    };
    let window = Memo::new(move |_| {
        let first = ((top.get() / ROW) as usize).saturating_sub(AROUND);
        let shown = (height.get() / ROW).ceil() as usize + 2 * AROUND;
        (first.min(count), (first + shown).min(count))
    });
    let row = move |place: usize, line: CaseLine| {
        let case = line.case;
        let who = app.who(line.who.as_deref(), &line.reference);
        let period = format!(
            "{} – {}",
            line.start
                .map(|day| date_words(day, language))
                .unwrap_or_default(),
            line.end
                .map(|day| date_words(day, language))
                .unwrap_or_default()
        );
        let status = app.word(&line.status);
        let conflicts = (line.conflicts > 0)
            .then(|| view! { <span class="tag warn">{line.conflicts}" "{t.conflicts}</span> });
        view! {
            <li data-case="" aria-setsize=count.to_string() aria-posinset=(place + 1).to_string()
                style:transform=format!("translateY({}px)", place as f64 * ROW)>
                <button class="plain" on:click=move |_| app.nav.go(Screen::Case(case))>
                    <strong>{who}</strong>
                    <span class="soft">{status}</span>
                    <span class="soft wide-only">{line.consultant}</span>
                    <span class="soft wide-only">{period}</span>
                    <span class="number">{length(line.minutes, language)}</span>
                    {conflicts}
                </button>
            </li>
        }
    };
    view! {
        <p class="soft" role="status" data-count=count>{count}" "{t.shown_of}</p>
        <div class="long-list" node_ref=node tabindex="0" role="region" aria-label=t.cases on:scroll=move |_| seen()>
            <ul class="plain" style:height=format!("{}px", count as f64 * ROW)>
                <For
                    each=move || {
                        let (first, last) = window.get();
                        lines.with_value(|lines| {
                            let part = lines.get(first..last).unwrap_or_default();
                            part.iter().cloned().enumerate().map(|(i, line)| (first + i, line)).collect::<Vec<_>>()
                        })
                    }
                    key=|(place, line)| (*place, line.case)
                    children=move |(place, line)| row(place, line)
                />
            </ul>
        </div>
    }
}

/// Everything that is due.
#[component]
pub(crate) fn Due() -> impl IntoView {
    let app = app();
    let t = app.t();
    let loaded = app.load(|| GetDue { mine: false });
    view! {
        <Title text=t.due/>
        <p class="soft">{t.hidden_lines}</p>
        {when_loaded(loaded, move |due: Vec<DueLine>| view! {
            <ul class="plain">{due.into_iter().map(|line| view! { <DueRow line/> }).collect_view()}</ul>
        })}
    }
}

/// The hours and quarters of a month.
#[component]
pub(crate) fn Month() -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let month = RwSignal::new(None::<CalendarMonth>);
    let loaded = app.load(move || GetMonth { month: month.get() });
    let row = move |line: MonthLine| {
        let case = line.case;
        let who = app.who(line.who.as_deref(), &line.reference);
        view! {
            <tr>
                <th scope="row"><button class="quiet" on:click=move |_| app.nav.go(Screen::Case(case))>{who}</button></th>
                <td>{length(line.attended, language)}</td>
                <td>{length(line.travel, language)}</td>
                <td>{length(line.report, language)}</td>
                <td>{line.quarters.map(|quarters| quarters.to_string()).unwrap_or_else(|| "–".to_owned())}</td>
            </tr>
        }
    };
    view! {
        <Title text=t.month/>
        {when_loaded(loaded, move |page: MonthPage| {
            let here = page.month;
            let sum = |of: fn(&MonthLine) -> u32| page.lines.iter().map(of).sum::<u32>();
            let quarters: u64 = page.lines.iter().filter_map(|line| line.quarters).sum();
            let sums = (sum(|l| l.attended), sum(|l| l.travel), sum(|l| l.report));
            view! {
                <div class="row apart">
                    <button class="quiet" aria-label=t.month_before on:click=move |_| month.set(Some(here.plus_months(-1)))>"‹"</button>
                    <h2 class="day">{month_words(here, language)}</h2>
                    <button class="quiet" aria-label=t.month_after on:click=move |_| month.set(Some(here.plus_months(1)))>"›"</button>
                </div>
                <div class="wide-table" role="region" aria-label=t.month tabindex="0">
                    <table>
                        <thead><tr>
                            <th scope="col">{t.participant}</th><th scope="col">{t.attended_hours}</th>
                            <th scope="col">{t.travel_hours}</th><th scope="col">{t.report_hours}</th>
                            <th scope="col">{t.quarters}</th>
                        </tr></thead>
                        <tbody>{page.lines.into_iter().map(row).collect_view()}</tbody>
                        <tfoot><tr>
                            <th scope="row">{t.sum}</th>
                            <td>{length(sums.0, language)}</td><td>{length(sums.1, language)}</td>
                            <td>{length(sums.2, language)}</td><td data-quarters="">{quarters}</td>
                        </tr></tfoot>
                    </table>
                </div>
            }
        })}
    }
}

/// What two devices wrote at once, to be settled.
#[component]
pub(crate) fn Conflicts(case: CaseId) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let loaded = app.load(move || GetConflicts { case });
    let may = app
        .me
        .with(|me| me.as_ref().is_some_and(|me| me.part != Part::Auditor));
    let row = move |line: ConflictLine| {
        let values = line.values.iter().enumerate().map(|(place, (text, who, at))| {
            let of = line.clone();
            let value = u32::try_from(place).unwrap_or(0);
            let text = text.clone().unwrap_or_else(|| t.empty_value.to_owned());
            let settle = move |_| {
                let call = Settle { case, line: of.clone(), value };
                app.act(call, move |()| app.say(t.settled));
            };
            view! {
                <li class="row apart">
                    <span>
                        <strong class="typed">{text}</strong>" "
                        <span class="soft small">{who.pick(language).to_owned()}", "{moment(*at, language)}</span>
                    </span>
                    {may.then(|| view! { <button data-do="settle" on:click=settle>{t.settle}</button> })}
                </li>
            }
        });
        let values: Vec<_> = values.collect();
        view! {
            <li class="card" data-conflict="">
                <p><strong>{line.record.pick(language).to_owned()}": "{line.field.clone()}</strong></p>
                <ul class="plain stack">{values}</ul>
            </li>
        }
    };
    view! {
        <Title text=t.conflicts/>
        <WhoOf case/>
        <p>{t.conflicts_why}</p>
        {when_loaded(loaded, move |lines: Vec<ConflictLine>| {
            if lines.is_empty() {
                return view! { <p class="soft" role="status">{t.nothing}</p> }.into_any();
            }
            view! { <ul class="plain">{lines.into_iter().map(row).collect_view()}</ul> }.into_any()
        })}
    }
}

/// What is put aside, and what is amiss.
#[component]
pub(crate) fn Trouble() -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let loaded = app.load(|| GetTrouble {});
    let alarm = move |line: AlarmLine| {
        let number = line.number;
        view! {
            <li class="card">
                <p>{line.text.pick(language).to_owned()}</p>
                <p class="soft small">{line.count}" "{t.times}", "{t.last_time}" "{moment(line.last, language)}</p>
                {if line.seen {
                    view! { <span class="tag">{t.seen}</span> }.into_any()
                } else {
                    view! { <button on:click=move |_| app.act(DismissAlarm { number }, |()| {})>{t.mark_seen}</button> }.into_any()
                }}
            </li>
        }
    };
    view! {
        <Title text=t.trouble/>
        {when_loaded(loaded, move |page: Page| {
            let aside = page.quarantined.into_iter().map(|(at, why)| view! {
                <li class="card">{why.pick(language).to_owned()}" "<span class="soft small">{moment(at, language)}</span></li>
            });
            let aside: Vec<_> = aside.collect();
            let (no_aside, no_alarms) = (aside.is_empty(), page.alarms.is_empty());
            view! {
                {no_alarms.then(|| view! { <p class="soft">{t.alarms_none}</p> })}
                <ul class="plain">{page.alarms.into_iter().map(alarm).collect_view()}</ul>
                <h2>{t.quarantine}</h2>
                {no_aside.then(|| view! { <p class="soft">{t.quarantine_none}</p> })}
                <ul class="plain">{aside}</ul>
            }
        })}
    }
}
