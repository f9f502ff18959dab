//! A group meeting: one form, a line for each participant.

use folge_core::domain::Outcome;
use folge_web_calls::{CaseId, CaseLine, Failure, GetCases, GetChoices, RecordGroup, VisitForm};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};

use super::visit::{Change, VisitFields, fresh};
use crate::app::app;
use crate::link::ask;
use crate::nav::Screen;
use crate::widgets::{Title, Trouble, Typed, when_loaded};

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct GroupTyped {
    form: VisitForm,
    attendees: Vec<(CaseId, Outcome)>,
}

/// A group meeting's form.
#[component]
pub(crate) fn Group() -> impl IntoView {
    let app = app();
    let t = app.t();
    let typed = Typed::new(app, Screen::Group, None, async || {
        let choices = ask(GetChoices {}).await?;
        Ok(GroupTyped {
            form: fresh(&choices, false),
            attendees: Vec::new(),
        })
    });
    let people = app.load(|| GetCases {
        mine: true,
        ..GetCases::default()
    });
    let failed = RwSignal::new(None::<Failure>);
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(value) = typed.value.get_untracked() else {
            return;
        };
        let record = RecordGroup {
            form: value.form,
            attendees: value.attendees,
            draft: typed.draft(),
        };
        spawn_local(async move {
            match ask(record).await {
                Ok(recorded) => {
                    app.saved(recorded);
                    app.nav.home(Screen::Today);
                }
                Err(failure) => {
                    typed.reopen();
                    failed.try_set(Some(failure));
                }
            }
        });
    };
    let of = move |case: CaseId| {
        typed.value.with(|value| {
            let attendees = value.as_ref().map_or(&[][..], |value| &value.attendees);
            let found = attendees.iter().find(|(known, _)| *known == case);
            found.map(|(_, outcome)| *outcome)
        })
    };
    let put = move |case: CaseId, outcome: Option<Outcome>| {
        typed.value.update(|value| {
            if let Some(value) = value {
                value.attendees.retain(|(known, _)| *known != case);
                value
                    .attendees
                    .extend(outcome.map(|outcome| (case, outcome)));
            }
        });
    };
    let row = move |line: CaseLine| {
        let case = line.case;
        let who = app.who(line.who.as_deref(), &line.reference);
        let button = move |outcome: Option<Outcome>, text: &'static str| {
            view! {
                <button
                    type="button"
                    aria-pressed=move || if of(case) == outcome { "true" } else { "false" }
                    on:click=move |_| put(case, outcome)
                >{text}</button>
            }
        };
        view! {
            <li class="card" data-attendee="">
                <p><strong>{who}</strong></p>
                <div class="row">
                    {button(Some(Outcome::Attended), t.came)}
                    {button(Some(Outcome::NoShow), t.did_not_come)}
                    {button(None, t.not_invited)}
                </div>
            </li>
        }
    };
    let ready =
        Memo::new(move |_| typed.value.with(Option::is_some) && app.choices.with(Option::is_some));
    view! {
        <Title text=t.group_visit/>
        {move || {
            let choices = app.choices.get_untracked();
            ready.get().then_some(()).and(choices).and_then(|choices| {
                let first = typed.value.get_untracked()?.form;
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
                    <form on:submit=save>
                        <VisitFields form change choices group=true/>
                        <h2>{t.attendees}</h2>
                        {when_loaded(people, move |lines: Vec<CaseLine>| view! {
                            <ul class="plain">{lines.into_iter().map(row).collect_view()}</ul>
                        })}
                        {move || failed.get().map(|failure| view! { <Trouble failure/> })}
                        <div class="bottom"><button class="main wide" data-do="save">{t.save}</button></div>
                    </form>
                })
            })
        }}
    }
}
