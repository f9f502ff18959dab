//! That a visit took place, as its participant says: on their own page, by codes from phone to
//! phone, by a PIN, by a drawn signature, later, or not.

use folge_core::domain::RecordId;
use folge_web_calls::{
    CaseId, Code, ConfirmByDrawing, ConfirmByPin, ConfirmOtherwise, Confirming, GetConfirming,
    OfferVisit, Part, Proven, RecordName, Said, SetParticipantPin, ShowVisit, TakeAnswer, Void,
};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlCanvasElement, PointerEvent};

use super::camera::Camera;
use crate::app::app;
use crate::nav::{Screen, VisitWhat};
use crate::times::{clock, date_words};
use crate::widgets::{Confirmed, Line, Qr, Title, Where, Words, when_loaded};

/// The side of the grid that signatures are drawn on.
const GRID: f64 = 1000.0;

/// Which way is chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    None,
    Codes,
    Pin,
    Drawing,
    Later,
    Cannot,
}

/// A visit, how its confirmation stands, and the ways to it.
#[component]
pub(crate) fn Confirm(case: CaseId, visit: RecordId) -> impl IntoView {
    let app = app();
    let t = app.t();
    let loaded = app.load(move || GetConfirming { case, visit });
    let way = RwSignal::new(Way::None);
    let may = Memo::new(move |_| {
        app.me.with(|me| {
            me.as_ref()
                .is_some_and(|me| me.staff.is_some() && me.part != Part::Auditor)
        })
    });
    // Drawn anew only where the ways themselves are others: what is begun on one of them stays
    // while the record is delivered.
    let open = Memo::new(move |_| {
        let loaded = loaded.get().and_then(Result::ok)?;
        let open = loaded.proven != Proven::NotYet && loaded.proven != Proven::Confirmed;
        (may.get() && open).then_some((loaded.invited, loaded.has_pin))
    });
    view! {
        <Title text=t.visit/>
        {when_loaded(loaded, move |shown: Confirming| {
            let language = app.language.get();
            let line = shown.line.clone();
            let who = app.who(line.who.as_deref(), &line.reference);
            let form = app.word(line.form.code());
            let outcome = app.word(&line.outcome.code());
            view! {
                <div class="card" data-loaded="confirm">
                    <p><strong>{who}</strong></p>
                    <p>{date_words(line.start.date(), language)}" "{clock(line.start)}"–"{clock(line.end)}</p>
                    <p class="soft">{form}" · "{outcome}" "{line.employer.clone()}</p>
                    <p class="row tags"><Confirmed proven=shown.proven/><Where standing=line.standing/></p>
                    {(shown.proven != Proven::NotYet && shown.proven != Proven::Not).then(|| view! { <p class="soft small">{shown.grade.pick(language).to_owned()}</p> })}
                    {shown.weakness.clone().map(|weakness| view! { <p class="notice warn small">{weakness.pick(language).to_owned()}</p> })}
                    {shown.reason.clone().map(|reason| view! { <p class="typed">{reason}</p> })}
                    {move || may.get().then(|| view! {
                        <button data-do="change" on:click=move |_| app.nav.go(Screen::Visit(case, VisitWhat::Edit(visit)))>{t.change_visit}</button>
                    })}
                </div>
            }
        })}
        {move || open.get().map(|(invited, has_pin)| view! { <Ways case visit way invited has_pin/> })}
        {move || may.get().then(|| view! { <TakeAway case visit/> })}
    }
}

#[component]
fn Ways(
    case: CaseId,
    visit: RecordId,
    way: RwSignal<Way>,
    invited: bool,
    has_pin: bool,
) -> impl IntoView {
    let app = app();
    let t = app.t();
    let choose = move |to: Way, text: &'static str, name: &'static str| {
        view! {
            <button class="wide" data-way=name aria-expanded=move || if way.get() == to { "true" } else { "false" }
                on:click=move |_| way.update(|now| *now = if *now == to { Way::None } else { to })
            >{text}</button>
        }
    };
    view! {
        <section class="stack" aria-labelledby="ways">
            <h2 id="ways">{t.confirm_visit}</h2>
            {if invited {
                view! {
                    <button class="main wide" data-way="ask" on:click=move |_| {
                        app.act(ShowVisit { case, visit }, move |()| app.say(t.asked));
                    }>{t.ask_participant}</button>
                    {choose(Way::Codes, t.by_qr, "codes")}
                    {move || (way.get() == Way::Codes).then(|| view! { <Codes case visit/> })}
                }.into_any()
            } else {
                view! {
                    <button class="main wide" data-way="invite" on:click=move |_| app.nav.go(Screen::Invite(case))>{t.invite_participant}</button>
                }.into_any()
            }}
            {choose(Way::Pin, if has_pin { t.by_pin } else { t.set_pin }, "pin")}
            {move || (way.get() == Way::Pin).then(|| view! { <Pin case visit has_pin/> })}
            {choose(Way::Drawing, t.by_drawing, "drawing")}
            {move || (way.get() == Way::Drawing).then(|| view! { <Draw case visit/> })}
            {choose(Way::Later, t.by_later, "later")}
            {move || (way.get() == Way::Later).then(|| view! { <Reason case visit later=true/> })}
            {choose(Way::Cannot, t.by_none, "cannot")}
            {move || (way.get() == Way::Cannot).then(|| view! { <Reason case visit later=false/> })}
        </section>
    }
}

/// From phone to phone, both offline: our code is read there, the answer here.
#[component]
fn Codes(case: CaseId, visit: RecordId) -> impl IntoView {
    let app = app();
    let t = app.t();
    let code = RwSignal::new(None::<Code>);
    let reading = RwSignal::new(false);
    let typed = RwSignal::new(String::new());
    app.act(OfferVisit { case, visit }, move |offered| {
        code.set(Some(offered))
    });
    let take = Callback::new(move |code: String| {
        app.act(TakeAnswer { case, visit, code }, move |said| {
            reading.set(false);
            match said {
                Said::Yes => app.say(t.answer_yes),
                Said::No => app.say(t.answer_no),
                Said::Wrong(words) => app.say(&format!("{} {words}", t.answer_wrong)),
            }
        });
    });
    view! {
        <div class="card stack">
            <p class="soft">{t.by_qr_why}</p>
            {move || code.get().map(|code| view! {
                <p>{t.show_this}</p>
                <Qr qr=code.qr label=t.show_this/>
                <details>
                    <summary>{t.type_code}</summary>
                    <p class="code" data-code="">{code.text}</p>
                </details>
            })}
            <button class="main wide" data-do="scan" on:click=move |_| reading.set(true)>{t.scan_answer}</button>
            {move || reading.get().then(|| view! { <Camera found=take/> })}
            <form on:submit=move |event: web_sys::SubmitEvent| {
                event.prevent_default();
                take.run(typed.get_untracked());
            }>
                <Line id="answer-code" label=t.code value=typed.into() set=Callback::new(move |text| typed.set(text))/>
                <button data-do="take-code">{t.take_code}</button>
            </form>
        </div>
    }
}

/// The participant's PIN: chosen once, typed for each visit.
#[component]
fn Pin(case: CaseId, visit: RecordId, has_pin: bool) -> impl IntoView {
    let app = app();
    let t = app.t();
    let pin = RwSignal::new(String::new());
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let typed = pin.get_untracked();
        pin.set(String::new());
        if has_pin {
            let call = ConfirmByPin {
                case,
                visit,
                pin: typed,
            };
            app.act(call, move |()| app.say(t.answer_yes));
        } else {
            let call = SetParticipantPin {
                case,
                pin: typed.clone(),
            };
            app.act(call, move |()| {
                let call = ConfirmByPin {
                    case,
                    visit,
                    pin: typed,
                };
                app.act(call, move |()| app.say(t.answer_yes));
            });
        }
    };
    view! {
        <form class="card" on:submit=send>
            <Line
                id="participant-pin" label=if has_pin { t.pin } else { t.new_pin } hint=t.set_pin_why
                kind="password" inputmode="numeric" autocomplete="off"
                value=pin.into() set=Callback::new(move |text| pin.set(text))
            />
            <button class="main wide" data-do="confirm-pin">{t.confirm_visit}</button>
        </form>
    }
}

/// A signature that is drawn.
#[component]
fn Draw(case: CaseId, visit: RecordId) -> impl IntoView {
    let app = app();
    let t = app.t();
    let strokes = RwSignal::new(Vec::<Vec<(u16, u16)>>::new());
    let down = StoredValue::new(false);
    let node = NodeRef::<leptos::html::Canvas>::new();
    let point = move |event: &PointerEvent| {
        let canvas: HtmlCanvasElement = event.target()?.dyn_into().ok()?;
        let place = canvas.get_bounding_client_rect();
        let on = |at: f64, from: f64, whole: f64| {
            let part = ((at - from) / whole.max(1.0) * GRID).clamp(0.0, GRID);
            part as u16
        };
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        Some((
            on(x, place.left(), place.width()),
            on(y, place.top(), place.height()),
        ))
    };
    let redraw = move || {
        let canvas = node.get_untracked()?;
        let context = canvas.get_context("2d").ok()??;
        let context: web_sys::CanvasRenderingContext2d = context.dyn_into().ok()?;
        let (width, height) = (f64::from(canvas.width()), f64::from(canvas.height()));
        context.clear_rect(0.0, 0.0, width, height);
        context.set_line_width(4.0);
        context.set_stroke_style_str("#1b1f23");
        strokes.with_untracked(|strokes| {
            for stroke in strokes {
                context.begin_path();
                for (place, (x, y)) in stroke.iter().enumerate() {
                    let (x, y) = (f64::from(*x) / GRID * width, f64::from(*y) / GRID * height);
                    if place == 0 {
                        context.move_to(x, y);
                    } else {
                        context.line_to(x, y);
                    }
                }
                context.stroke();
            }
        });
        Some(())
    };
    let begin = move |event: PointerEvent| {
        event.prevent_default();
        if let Some(canvas) = node.get_untracked() {
            let _ = canvas.set_pointer_capture(event.pointer_id());
        }
        if let Some(at) = point(&event) {
            down.set_value(true);
            strokes.update(|strokes| strokes.push(vec![at]));
        }
    };
    let go_on = move |event: PointerEvent| {
        if !down.get_value() {
            return;
        }
        if let Some(at) = point(&event) {
            strokes.update(|strokes| {
                if let Some(stroke) = strokes.last_mut()
                    && stroke.last() != Some(&at)
                {
                    stroke.push(at);
                }
            });
            let _ = redraw();
        }
    };
    let save = move |_| {
        let strokes = strokes.get_untracked();
        app.act(
            ConfirmByDrawing {
                case,
                visit,
                strokes,
            },
            move |()| app.say(t.answer_yes),
        );
    };
    view! {
        <div class="card stack">
            <p id="draw-here">{t.draw_here}</p>
            <p class="hint small">{t.draw_keyboard}</p>
            <canvas
                node_ref=node class="draw" width="640" height="320" role="img" aria-labelledby="draw-here"
                on:pointerdown=begin on:pointermove=go_on
                on:pointerup=move |_| down.set_value(false) on:pointercancel=move |_| down.set_value(false)
            ></canvas>
            <div class="row">
                <button on:click=move |_| { strokes.set(Vec::new()); let _ = redraw(); }>{t.draw_clear}</button>
                <button class="main" data-do="confirm-drawing" disabled=move || strokes.with(Vec::is_empty) on:click=save>{t.confirm_visit}</button>
            </div>
        </div>
    }
}

/// In words: how it was confirmed, or why it cannot be.
#[component]
fn Reason(case: CaseId, visit: RecordId, later: bool) -> impl IntoView {
    let app = app();
    let t = app.t();
    let reason = RwSignal::new(String::new());
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let reason = reason.get_untracked();
        let call = ConfirmOtherwise {
            case,
            visit,
            later,
            reason,
        };
        app.act(call, move |()| app.say(t.saved));
    };
    view! {
        <form class="card" on:submit=send>
            <Words
                id="confirm-reason" label=t.reason hint=if later { t.by_later_why } else { t.by_none_why }
                value=reason.into() set=Callback::new(move |text| reason.set(text))
            />
            <button class="main wide" data-do="confirm-otherwise">{t.save}</button>
        </form>
    }
}

/// Voids the visit, with a reason. It stays readable in the history.
#[component]
fn TakeAway(case: CaseId, visit: RecordId) -> impl IntoView {
    let app = app();
    let t = app.t();
    let reason = RwSignal::new(String::new());
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let call = Void {
            case,
            record: RecordName::Visit(visit),
            reason: reason.get_untracked(),
        };
        app.act(call, move |()| {
            app.say(t.saved);
            app.nav.home(Screen::Today);
        });
    };
    view! {
        <details>
            <summary data-do="take-away">{t.void}</summary>
            <form class="card" on:submit=send>
                <Words
                    id="void-reason" label=t.voided_reason
                    value=reason.into() set=Callback::new(move |text| reason.set(text))
                />
                <button data-do="void">{t.void}</button>
            </form>
        </details>
    }
}
