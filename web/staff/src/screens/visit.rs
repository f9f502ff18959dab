//! The form of a visit.

use folge_core::domain::{
    Absence, CancelledBy, EmployerKey, Instant, MeetingForm, Outcome, StaffKey, With as Whom,
};
use folge_web_calls::{
    AmendVisit, CaseId, Choices, Failure, FailureClass, GetChoices, GetDay, GetVisit, RecordName,
    RecordVisit, Recorded, StopTimer, TimerId, VisitForm,
};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};

use crate::app::{App, app};
use crate::link::ask;
use crate::nav::{Screen, VisitWhat};
use crate::widgets::{Clock, DayField, Line, OneOf, Select, Several, Title, Trouble, Typed, Words};

/// What is typed of a visit.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct VisitTyped {
    pub(super) form: VisitForm,
    measured: Option<(Instant, Instant)>,
    timers: Vec<TimerId>,
    reason: String,
    jumped: bool,
}

/// A visit that was held just now: the last hour, to whole quarters.
pub(super) fn fresh(choices: &Choices, planned: bool) -> VisitForm {
    let quarter = choices.now.minute_of_day() / 15 * 15;
    let (start, end) = if planned {
        (quarter.min(22 * 60) + 60, quarter.min(22 * 60) + 120)
    } else {
        (quarter.saturating_sub(60), quarter)
    };
    VisitForm {
        id: None,
        day: choices.today,
        start,
        end: end % (24 * 60),
        form: MeetingForm::InPerson,
        with: Whom::Participant,
        outcome: if planned {
            Outcome::Planned
        } else {
            Outcome::Attended
        },
        employer: None,
        activities: Vec::new(),
        colleagues: Vec::new(),
        note: String::new(),
        agreed: String::new(),
        travel: None,
    }
}

async fn begin(case: CaseId, what: VisitWhat) -> Result<VisitTyped, Failure> {
    let choices = ask(GetChoices {}).await?;
    let mut typed = VisitTyped {
        form: fresh(&choices, what == VisitWhat::Plan),
        measured: None,
        timers: Vec::new(),
        reason: String::new(),
        jumped: false,
    };
    match what {
        VisitWhat::Edit(visit) => typed.form = ask(GetVisit { case, visit }).await?,
        VisitWhat::Plan => {}
        VisitWhat::Timer(id) => {
            let measured = ask(StopTimer { id }).await?;
            let place = measured
                .cases
                .iter()
                .position(|of| *of == case)
                .unwrap_or(0);
            typed.form.id = measured.records.get(place).copied();
            typed.form.day = measured.start.date();
            typed.form.start = measured.start.minute_of_day();
            typed.form.end = measured.end.minute_of_day();
            typed.measured = Some((measured.start, measured.end));
            typed.jumped = measured.clock_jumped;
            typed.timers.push(id);
        }
        VisitWhat::New => {}
    }
    if matches!(what, VisitWhat::New | VisitWhat::Timer(_)) {
        // Travel that was timed on the way here goes along.
        let day = ask(GetDay { day: None }).await?;
        let of = |timer: &&folge_web_calls::TimerLine| {
            timer.travel && timer.case.is_none_or(|about| about == case)
        };
        for timer in day.timers.iter().filter(of) {
            let measured = ask(StopTimer { id: timer.id }).await?;
            let minutes = u32::try_from((measured.end.0 - measured.start.0).max(0) / 60_000);
            let minutes = minutes.unwrap_or(0).max(1);
            typed.form.travel = Some(typed.form.travel.unwrap_or(0) + minutes);
            typed.timers.push(timer.id);
        }
    }
    Ok(typed)
}

fn outcome_options(app: App) -> Vec<(String, String)> {
    let simple = [
        Outcome::Attended,
        Outcome::NoShow,
        Outcome::Excused(Absence::Unspecified),
        Outcome::Cancelled(CancelledBy::Unspecified),
        Outcome::Moved,
        Outcome::Planned,
    ];
    let word = |outcome: Outcome| (outcome.code(), app.word(&outcome.code()));
    simple.into_iter().map(word).collect()
}

/// A change of what is typed.
pub(super) type Change = Box<dyn FnOnce(&mut VisitForm) + Send + Sync>;

/// The fields that a visit and a group meeting share.
#[component]
pub(super) fn VisitFields(
    form: Signal<VisitForm>,
    change: Callback<Change>,
    choices: Choices,
    #[prop(optional)] group: bool,
) -> impl IntoView {
    let app = app();
    let t = app.t();
    let set = move |with: Change| change.run(with);
    let forms = MeetingForm::ALL
        .iter()
        .map(|v| (v.code().to_owned(), app.word(v.code())));
    let withs = Whom::ALL
        .iter()
        .map(|v| (v.code().to_owned(), app.word(v.code())));
    let named = |all: &[folge_web_calls::Choice]| -> Vec<(String, String)> {
        all.iter()
            .map(|choice| (choice.key.clone(), choice.name.clone()))
            .collect()
    };
    let mut employers = vec![(String::new(), t.no_employer.to_owned())];
    employers.extend(named(&choices.employers));
    let mut colleagues = named(&choices.staff);
    if let Some(own) = &choices.own {
        colleagues.retain(|(key, _)| key != own.as_str());
    }
    let simple = move || match form.with(|form| form.outcome) {
        Outcome::Excused(_) => "excused".to_owned(),
        Outcome::Cancelled(_) => "cancelled".to_owned(),
        other => other.code(),
    };
    let absences: Vec<(String, String)> = Absence::ALL
        .iter()
        .map(|absence| {
            let code = Outcome::Excused(*absence).code();
            let word = app.word(&code);
            (code, word)
        })
        .collect();
    let over = move || form.with(|form| form.end < form.start);
    view! {
        <DayField
            id="day" label=t.day value=Signal::derive(move || form.with(|form| form.day))
            set=Callback::new(move |day| set(Box::new(move |form| form.day = day)))
        />
        <div class="pair">
            <Clock
                id="from" label=t.from value=Signal::derive(move || form.with(|form| form.start))
                set=Callback::new(move |minute| set(Box::new(move |form| form.start = minute)))
            />
            <Clock
                id="to" label=t.to value=Signal::derive(move || form.with(|form| form.end))
                set=Callback::new(move |minute| set(Box::new(move |form| form.end = minute)))
            />
        </div>
        {move || over().then(|| view! { <p class="hint" role="status">{t.next_day}</p> })}
        {(!group).then(|| view! {
            <OneOf
                name="outcome" label=t.came_of_it options=outcome_options(app) value=Signal::derive(simple)
                set=Callback::new(move |code: String| set(Box::new(move |form| {
                    if let Some(outcome) = Outcome::from_code(&code) {
                        form.outcome = outcome;
                    }
                })))
            />
            {move || matches!(form.with(|form| form.outcome), Outcome::Excused(_)).then(|| view! {
                <Select
                    id="absence" label=t.absence_reason options=absences.clone()
                    value=Signal::derive(move || form.with(|form| form.outcome.code()))
                    set=Callback::new(move |code: String| set(Box::new(move |form| {
                        if let Some(outcome) = Outcome::from_code(&code) {
                            form.outcome = outcome;
                        }
                    })))
                />
            })}
        })}
        <OneOf
            name="form" label=t.how options=forms.collect()
            value=Signal::derive(move || form.with(|form| form.form.code().to_owned()))
            set=Callback::new(move |code: String| set(Box::new(move |form| {
                if let Some(how) = MeetingForm::from_code(&code) {
                    form.form = how;
                }
            })))
        />
        <Line
            id="travel" label=t.travel_minutes kind="number" inputmode="numeric"
            value=Signal::derive(move || form.with(|form| form.travel.map(|m| m.to_string()).unwrap_or_default()))
            set=Callback::new(move |text: String| set(Box::new(move |form| form.travel = text.parse().ok())))
        />
        <details class="card" prop:open=move || form.with_untracked(|form| !form.note.is_empty() || !form.activities.is_empty())>
            <summary>{t.more_fields}</summary>
            <OneOf
                name="with" label=t.with options=withs.collect()
                value=Signal::derive(move || form.with(|form| form.with.code().to_owned()))
                set=Callback::new(move |code: String| set(Box::new(move |form| {
                    if let Some(with) = Whom::from_code(&code) {
                        form.with = with;
                    }
                })))
            />
            <Select
                id="employer" label=t.employer options=employers
                value=Signal::derive(move || form.with(|form| form.employer.as_ref().map(|key| key.as_str().to_owned()).unwrap_or_default()))
                set=Callback::new(move |key: String| set(Box::new(move |form| {
                    form.employer = (!key.is_empty()).then(|| EmployerKey::from(key.as_str()));
                })))
            />
            <Words
                id="note" label=t.note hint=if group { t.group_note_hint } else { t.note_hint }
                value=Signal::derive(move || form.with(|form| form.note.clone()))
                set=Callback::new(move |text| set(Box::new(move |form| form.note = text)))
            />
            <Words
                id="agreed" label=t.agreed
                value=Signal::derive(move || form.with(|form| form.agreed.clone()))
                set=Callback::new(move |text| set(Box::new(move |form| form.agreed = text)))
            />
            <Several
                name="activity" label=t.activities options=named(&choices.activities)
                value=Signal::derive(move || form.with(|form| form.activities.clone()))
                set=Callback::new(move |(key, on): (String, bool)| set(Box::new(move |form| {
                    form.activities.retain(|known| *known != key);
                    if on {
                        form.activities.push(key);
                    }
                })))
            />
            <Several
                name="colleague" label=t.colleagues options=colleagues
                value=Signal::derive(move || form.with(|form| form.colleagues.iter().map(|key| key.as_str().to_owned()).collect()))
                set=Callback::new(move |(key, on): (String, bool)| set(Box::new(move |form| {
                    let key = StaffKey::from(key.as_str());
                    form.colleagues.retain(|known| *known != key);
                    if on {
                        form.colleagues.push(key);
                    }
                })))
            />
        </details>
    }
}

/// Where to go once a visit is recorded: to tell NAV of a no-show, to have a held one confirmed.
fn after(app: App, case: CaseId, outcome: Outcome, recorded: &Recorded) {
    let visit = recorded
        .records
        .iter()
        .find_map(|(_, record)| match record {
            RecordName::Visit(id) => Some(*id),
            _ => None,
        });
    match (outcome, visit) {
        (Outcome::NoShow, visit) => app.nav.turn(Screen::Notice(case, visit)),
        (Outcome::Attended, Some(visit)) => app.nav.turn(Screen::Confirm(case, visit)),
        _ => app.nav.home(Screen::Today),
    }
}

/// A visit's form: new, planned, out of a timer, or changed.
#[component]
pub(crate) fn Visit(case: CaseId, what: VisitWhat) -> impl IntoView {
    let app = app();
    let t = app.t();
    let typed = Typed::new(
        app,
        Screen::Visit(case, what),
        Some(case),
        async move || begin(case, what).await,
    );
    let failed = RwSignal::new(None::<Failure>);
    let busy = RwSignal::new(false);
    let edit = matches!(what, VisitWhat::Edit(_));
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(value) = typed.value.get_untracked() else {
            return;
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let draft = typed.draft();
        let reason = Some(value.reason.clone()).filter(|reason| !reason.trim().is_empty());
        let outcome = value.form.outcome;
        spawn_local(async move {
            let done = if edit {
                let form = value.form;
                ask(AmendVisit {
                    case,
                    form,
                    draft,
                    reason,
                })
                .await
            } else {
                let record = RecordVisit {
                    case,
                    form: value.form,
                    measured: value.measured,
                    timers: value.timers,
                    draft,
                    reason,
                };
                ask(record).await
            };
            busy.try_set(false);
            match done {
                Ok(recorded) => {
                    let go = (!edit).then(|| recorded.clone());
                    app.saved(recorded);
                    match go {
                        Some(recorded) => after(app, case, outcome, &recorded),
                        None => app.nav.back(),
                    }
                }
                Err(failure) => {
                    typed.reopen();
                    failed.try_set(Some(failure));
                }
            }
        });
    };
    let needs_reason = move || {
        failed.with(|failed| {
            failed
                .as_ref()
                .is_some_and(|failure| failure.class == FailureClass::ReasonNeeded)
        })
    };
    let ready =
        Memo::new(move |_| typed.value.with(Option::is_some) && app.choices.with(Option::is_some));
    view! {
        <Title text=if edit { t.change_visit } else { t.visit }/>
        <WhoOf case/>
        {move || {
            let choices = app.choices.get_untracked();
            ready.get().then_some(()).and(choices).and_then(|choices| {
                let value = typed.value.get_untracked()?;
                let first = value.form.clone();
                let form = Signal::derive(move || {
                    typed.value.with(|value| value.as_ref().map_or_else(|| first.clone(), |value| value.form.clone()))
                });
                let change = Callback::new(move |with: Change| {
                    typed.value.update(|value| {
                        if let Some(value) = value {
                            with(&mut value.form);
                        }
                    });
                });
                Some(view! {
                    <form on:submit=save data-loaded="visit">
                        {value.jumped.then(|| view! { <p class="notice warn" role="alert">{t.clock_jumped}</p> })}
                        <VisitFields form change choices/>
                        {move || (needs_reason() || typed.value.with_untracked(|v| v.as_ref().is_some_and(|v| !v.reason.is_empty()))).then(|| view! {
                            <Words
                                id="reason" label=t.reason hint=t.reason_hint
                                value=Signal::derive(move || typed.value.with(|value| value.as_ref().map(|value| value.reason.clone()).unwrap_or_default()))
                                set=Callback::new(move |text| typed.value.update(|value| if let Some(value) = value { value.reason = text; }))
                            />
                        })}
                        {move || failed.get().map(|failure| view! { <Trouble failure/> })}
                        <div class="bottom">
                            <button class="main wide" data-do="save" disabled=move || busy.get()>{t.save}</button>
                        </div>
                    </form>
                })
            })
        }}
    }
}

/// Whose page this is.
#[component]
pub(super) fn WhoOf(case: CaseId) -> impl IntoView {
    let app = app();
    let loaded = app.load(folge_web_calls::GetCases::default);
    move || {
        let lines = loaded.get().and_then(Result::ok)?;
        let line = lines.into_iter().find(|line| line.case == case)?;
        Some(
            view! { <p class="who"><strong>{app.who(line.who.as_deref(), &line.reference)}</strong></p> },
        )
    }
}
