//! A participation's page, and who changed what.

use folge_web_calls::{
    CaseId, CasePage, Entry, EntryLine, GetCase, GetHistory, HistoryLine, MonthHours, Part,
    ReportLine, ShowReport, ThreadLine, ThreadWhat, WorkLine,
};
use leptos::prelude::*;

use super::today::DueRow;
use crate::app::app;
use crate::nav::{Screen, VisitWhat};
use crate::times::{date_words, length, moment, month_words};
use crate::widgets::{Title, VisitRow, Where, when_loaded};

/// How many lines a list begins with.
const LINES_FIRST: usize = 12;

/// A list that begins with its newest lines.
#[component]
fn Long(rows: Vec<AnyView>) -> impl IntoView {
    let t = app().t();
    let all = RwSignal::new(rows.len() <= LINES_FIRST);
    let mut rows = rows;
    let rest = rows.split_off(rows.len().min(LINES_FIRST));
    let rest = StoredValue::new_local(Some(rest));
    let more = move || {
        if all.get() {
            let rest = rest
                .try_update_value(Option::take)
                .flatten()
                .unwrap_or_default();
            rest.into_any()
        } else {
            view! { <li><button class="wide" on:click=move |_| all.set(true)>{t.show_all}</button></li> }
                .into_any()
        }
    };
    view! { <ul class="plain">{rows}{more}</ul> }
}

/// A participation's page.
#[component]
pub(crate) fn Case(case: CaseId) -> impl IntoView {
    let app = app();
    let loaded = app.load(move || GetCase { case });
    view! {
        {when_loaded(loaded, move |page: CasePage| view! { <Page page/> })}
    }
}

#[component]
fn Page(page: CasePage) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let case = page.case;
    let date = |day: Option<folge_core::domain::LocalDate>| {
        day.map(|day| date_words(day, language)).unwrap_or_default()
    };
    let month = page.months.first().copied();
    let writes = app.me.with(|me| {
        me.as_ref()
            .is_some_and(|me| me.staff.is_some() && me.part != Part::Auditor)
    });
    let shows = writes && page.invited;
    let facts = [
        (t.status, Some(app.word(&page.status))),
        (
            t.period,
            page.start
                .map(|_| format!("{} – {}", date(page.start), date(page.end))),
        ),
        (t.consultant, page.consultant.clone()),
        (t.phone, page.phone.clone()),
        (
            t.nav,
            page.nav_office
                .clone()
                .map(|office| match &page.nav_adviser {
                    Some(adviser) => format!("{office}, {adviser}"),
                    None => office,
                }),
        ),
        (t.order, page.order.clone()),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| {
        let value = value.filter(|value| !value.is_empty())?;
        Some(view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
    });
    let facts: Vec<_> = facts.collect();
    let plan: Vec<ReportLine> = page
        .reports
        .iter()
        .filter(|r| r.kind == "plan")
        .cloned()
        .collect();
    let reports: Vec<ReportLine> = page
        .reports
        .iter()
        .filter(|r| r.kind != "plan")
        .cloned()
        .collect();
    view! {
        <Title text=page.who.clone()/>
        <p class="soft">{page.reference.clone()}</p>
        {page.protected.then(|| view! { <p class="notice warn">{t.protected}</p> })}
        {page.restricted.clone().map(|why| view! { <p class="notice warn">{t.restricted}" "{why}</p> })}
        {(page.conflicts > 0).then(|| view! {
            <p class="notice warn">
                {t.conflicts}": "{page.conflicts}" "
                <button data-do="conflicts" on:click=move |_| app.nav.go(Screen::Conflicts(case))>{t.settle}</button>
            </p>
        })}
        {writes.then(|| view! {
            <div class="begin">
                <button class="main" data-do="enter-visit" on:click=move |_| app.nav.go(Screen::Visit(case, VisitWhat::New))>{t.enter_visit}</button>
                <button on:click=move |_| app.nav.go(Screen::Visit(case, VisitWhat::Plan))>{t.plan_visit}</button>
                <button data-do="contact" on:click=move |_| app.nav.go(Screen::Contact(case))>{t.contact_attempt}</button>
                <button data-do="note" on:click=move |_| app.nav.go(Screen::Note(case))>{t.write_note}</button>
                {page.invited.then(|| view! {
                    <button data-do="message" on:click=move |_| app.nav.go(Screen::Message(case))>{t.write_message}</button>
                })}
                <button data-do="invite" on:click=move |_| app.nav.go(Screen::Invite(case))>{t.invite_participant}</button>
            </div>
        })}
        <section class="card" aria-labelledby="hours">
            <h2 id="hours">{t.hours_month}</h2>
            <Hours month average=page.average_hours/>
        </section>
        {(!page.due.is_empty()).then(|| view! {
            <section aria-labelledby="due">
                <h2 id="due">{t.due}</h2>
                <ul class="plain">{page.due.iter().cloned().map(|line| view! { <DueRow line without_name=true/> }).collect_view()}</ul>
            </section>
        })}
        <section aria-labelledby="overview"><h2 id="overview">{t.overview}</h2><dl>{facts}</dl></section>
        <section aria-labelledby="visits">
            <h2 id="visits">{t.visits}</h2>
            <Long rows=page.visits.iter().cloned().map(|line| {
                view! { <VisitRow line with_day=true without_name=true/> }.into_any()
            }).collect()/>
        </section>
        {(!plan.is_empty()).then(|| view! { <Reports name=t.plan reports=plan case shows/> })}
        {(!reports.is_empty()).then(|| view! { <Reports name=t.reports reports=reports case shows/> })}
        {(!page.work.is_empty()).then(|| view! { <Work work=page.work.clone()/> })}
        {(!page.entries.is_empty()).then(|| view! {
            <section aria-labelledby="entries">
                <h2 id="entries">{t.more}</h2>
                <Long rows=page.entries.iter().cloned().map(|line| view! { <EntryRow line/> }.into_any()).collect()/>
            </section>
        })}
        {page.invited.then(|| view! {
            <section aria-labelledby="thread">
                <h2 id="thread">{t.thread}</h2>
                <Long rows=page.thread.iter().rev().cloned().map(|line| view! { <Said line/> }.into_any()).collect()/>
            </section>
        })}
        <Months months=page.months.clone()/>
        <button class="wide" data-do="history" on:click=move |_| app.nav.go(Screen::History(case))>{t.history}</button>
    }
}

#[component]
fn Hours(month: Option<MonthHours>, average: Option<u32>) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let minutes = month.map_or(0, |month| month.attended);
    view! {
        <p class="figure">
            {length(minutes, language)}
            {average.map(|hours| view! { <span class="soft small">" / "{length(hours * 60, language)}" "{t.average}</span> })}
        </p>
        {average.map(|hours| view! {
            <progress max=hours * 60 value=minutes.min(hours * 60) aria-label=t.hours_month></progress>
        })}
    }
}

#[component]
fn Months(months: Vec<MonthHours>) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let row = move |month: MonthHours| {
        view! {
            <tr>
                <th scope="row">{month_words(month.month, language)}</th>
                <td>{length(month.attended, language)}</td>
                <td>{length(month.travel, language)}</td>
                <td>{length(month.report, language)}</td>
                <td>{month.quarters.map(|quarters| quarters.to_string()).unwrap_or_else(|| "–".to_owned())}</td>
            </tr>
        }
    };
    (!months.is_empty()).then(|| {
        view! {
            <section aria-labelledby="months">
                <h2 id="months">{t.hours_by_month}</h2>
                <div class="wide-table" role="region" aria-labelledby="months" tabindex="0">
                    <table>
                        <thead><tr>
                            <th scope="col">{t.month}</th><th scope="col">{t.attended_hours}</th>
                            <th scope="col">{t.travel_hours}</th><th scope="col">{t.report_hours}</th>
                            <th scope="col">{t.quarters}</th>
                        </tr></thead>
                        <tbody>{months.into_iter().map(row).collect_view()}</tbody>
                    </table>
                </div>
            </section>
        }
    })
}

#[component]
fn Reports(
    name: &'static str,
    reports: Vec<ReportLine>,
    case: CaseId,
    shows: bool,
) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let row = move |report: ReportLine| {
        let (id, code) = (report.id, report.kind.clone());
        let kind = app.word(&report.kind);
        let until = report.to.map(|day| date_words(day, language));
        let delivered = match report.delivered {
            Some(day) => format!("{} {}", t.delivered, date_words(day, language)),
            None => t.not_delivered.to_owned(),
        };
        let texts = report.texts.into_iter();
        let texts = texts.map(|(name, text)| view! { <h3>{name}</h3><p class="typed">{text}</p> });
        let texts: Vec<_> = texts.collect();
        view! {
            <li class="card">
                <details>
                    <summary>{kind}" "{until}" "<span class="soft small">{delivered}</span></summary>
                    {texts}
                </details>
                <div class="row tags">
                    <Where standing=report.standing/>
                    {shows.then(|| view! {
                        <button data-do="show-report" on:click=move |_| {
                            let kind = code.clone();
                            app.act(ShowReport { case, report: id, kind }, move |()| app.say(t.report_is_shown));
                        }>{t.show_report}</button>
                    })}
                </div>
            </li>
        }
    };
    view! {
        <section><h2>{name}</h2><ul class="plain">{reports.into_iter().map(row).collect_view()}</ul></section>
    }
}

#[component]
fn Work(work: Vec<WorkLine>) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let row = move |work: WorkLine| {
        let period = format!(
            "{} – {}",
            date_words(work.from, language),
            work.to
                .map(|day| date_words(day, language))
                .unwrap_or_default()
        );
        let kind = app.word(&work.kind);
        let percent = work.percent.map(|percent| format!(" {percent} %"));
        view! {
            <li class="card">
                <p><strong>{work.employer}</strong>" "{kind}{percent}</p>
                <p class="soft small">{period}" "{work.contact}</p>
                {(!work.goal.is_empty()).then(|| view! { <p class="typed">{t.what_for}": "{work.goal.clone()}</p> })}
            </li>
        }
    };
    view! {
        <section><h2>{t.employers}</h2><ul class="plain">{work.into_iter().map(row).collect_view()}</ul></section>
    }
}

#[component]
fn EntryRow(line: EntryLine) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let (name, text) = match line.entry {
        Entry::Contact {
            channel,
            reached,
            note,
        } => {
            let reached = if reached { t.yes } else { t.no };
            let channel = app.word(channel.code());
            (
                t.contact_attempt,
                format!("{channel}. {} {reached}. {note}", t.reached),
            )
        }
        Entry::Note { text } => (t.note, text),
        Entry::Notice { kind, text } => (t.told_nav, format!("{}: {text}", app.word(&kind))),
        Entry::Trip { minutes } => (t.trip, length(minutes, language)),
    };
    let at = line.at.map(|at| moment(at, language));
    view! {
        <li class="card">
            <p><strong>{name}</strong>" "<span class="soft small">{at}</span></p>
            <p class="typed">{text}</p>
            <Where standing=line.standing/>
        </li>
    }
}

#[component]
fn Said(line: ThreadLine) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let what = match line.what {
        ThreadWhat::Text(text) => text,
        ThreadWhat::Shown { start } => format!("{}: {}", t.was_shown, moment(start, language)),
        ThreadWhat::Yes => t.said_yes.to_owned(),
        ThreadWhat::No => t.said_no.to_owned(),
        ThreadWhat::Wrong(words) => format!("{}: {words}", t.said_wrong),
        ThreadWhat::Request(right, words) => format!("{}. {words}", right.pick(language)),
        ThreadWhat::Away(from, to, words) => format!(
            "{}: {} – {}. {words}",
            t.away,
            date_words(from, language),
            date_words(to, language)
        ),
        ThreadWhat::Report(title) => format!("{}: {title}", t.report_shown),
        ThreadWhat::Opinion(Some(true), words) => format!("{}. {words}", t.report_agrees),
        ThreadWhat::Opinion(Some(false), words) => format!("{}. {words}", t.report_disagrees),
        ThreadWhat::Opinion(None, words) => format!("{}: {words}", t.report_comment),
        ThreadWhat::Other => t.other_message.to_owned(),
    };
    let by = line.participant.then_some(t.participant);
    view! {
        <li class="card" class:from-participant=line.participant>
            <p class="soft small">{by}" "{moment(line.at, language)}</p>
            <p class="typed">{what}</p>
        </li>
    }
}

/// Who changed what, when, from which device, how sure.
#[component]
pub(crate) fn History(case: CaseId) -> impl IntoView {
    let app = app();
    let t = app.t();
    let loaded = app.load(move || GetHistory { case });
    let language = app.language.get();
    let row = move |line: HistoryLine| {
        let fields = line.fields.into_iter().map(|(name, old, new)| {
            let new = new.unwrap_or_else(|| t.empty_value.to_owned());
            let old = old.map(|old| format!(" ({} {old})", t.old_value));
            view! { <div><dt>{name}</dt><dd class="typed">{new}<span class="soft">{old}</span></dd></div> }
        });
        let fields: Vec<_> = fields.collect();
        view! {
            <li class="card" data-change="">
                <p>
                    <strong>{line.record.pick(language).to_owned()}</strong>" "
                    {line.who.pick(language).to_owned()}" "
                    <span class="soft small">{moment(line.at, language)}", "{line.time.pick(language).to_owned()}", "{line.device}</span>
                </p>
                {line.reason.map(|reason| view! { <p class="notice small">{t.reason}": "{reason}</p> })}
                <dl class="small">{fields}</dl>
            </li>
        }
    };
    view! {
        <Title text=t.who_changed/>
        {when_loaded(loaded, move |lines: Vec<HistoryLine>| view! {
            <Long rows=lines.into_iter().map(|line| row(line).into_any()).collect()/>
        })}
    }
}
