//! Which screen is shown. The browser's history holds only how deep we are, never what of.

use folge_core::domain::{LocalDate, RecordId};
use folge_web_calls::{CaseId, TimerId};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::PopStateEvent;

/// What a visit's form is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum VisitWhat {
    /// A visit that was held and is entered now.
    New,
    /// A visit to come.
    Plan,
    /// What a timer measured.
    Timer(TimerId),
    /// One that is recorded.
    Edit(RecordId),
}

/// What a participant is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChooseFor {
    /// To begin a visit.
    Start,
    /// To begin travel.
    Travel,
    /// To enter a visit.
    Enter,
    /// To plan a visit.
    Plan,
}

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Screen {
    Today,
    Week(Option<LocalDate>),
    People,
    Me,
    Choose(ChooseFor),
    Case(CaseId),
    Visit(CaseId, VisitWhat),
    Group,
    Contact(CaseId),
    Note(CaseId),
    Notice(CaseId, Option<RecordId>),
    Message(CaseId),
    Confirm(CaseId, RecordId),
    Invite(CaseId),
    History(CaseId),
    Cases,
    Due,
    Month,
    Members,
    Trouble,
    Conflicts(CaseId),
}

impl Screen {
    /// The name by which styles, tests and the title of the screen know it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Week(_) => "week",
            Self::People => "people",
            Self::Me => "me",
            Self::Choose(_) => "choose",
            Self::Case(_) => "case",
            Self::Visit(..) => "visit",
            Self::Group => "group",
            Self::Contact(_) => "contact",
            Self::Note(_) => "note",
            Self::Notice(..) => "notice",
            Self::Message(_) => "message",
            Self::Confirm(..) => "confirm",
            Self::Invite(_) => "invite",
            Self::History(_) => "history",
            Self::Cases => "cases",
            Self::Due => "due",
            Self::Month => "month",
            Self::Members => "members",
            Self::Trouble => "trouble",
            Self::Conflicts(_) => "conflicts",
        }
    }

    /// The name of the draft of what is typed there.
    pub(crate) fn draft(self) -> String {
        let bytes = postcard::to_stdvec(&self).unwrap_or_default();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The screen whose draft has this name; none where another version of the app wrote it.
    pub(crate) fn of_draft(name: &str) -> Option<Self> {
        let digits = name.as_bytes().chunks_exact(2);
        let bytes: Option<Vec<u8>> = digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        postcard::from_bytes(&bytes?).ok()
    }
}

/// The way here, the newest last; never empty.
#[derive(Clone, Copy)]
pub(crate) struct Nav {
    way: RwSignal<Vec<Screen>>,
}

fn history() -> Option<web_sys::History> {
    web_sys::window()?.history().ok()
}

impl Nav {
    pub(crate) fn new(first: Screen) -> Self {
        let nav = Self {
            way: RwSignal::new(vec![first]),
        };
        if let Some(history) = history() {
            let _ = history.replace_state_with_url(&JsValue::from(1), "", None);
        }
        let popped = Closure::<dyn FnMut(PopStateEvent)>::new(move |event: PopStateEvent| {
            // What has no depth is no screen of ours, such as the jump to the content.
            let Some(depth) = event.state().as_f64() else {
                return;
            };
            let depth = depth as usize;
            nav.way.update(|way| {
                if depth < way.len() {
                    way.truncate(depth.max(1));
                }
            });
        });
        if let Some(window) = web_sys::window() {
            let heard = popped.into_js_value();
            let _ = window.add_event_listener_with_callback("popstate", heard.unchecked_ref());
        }
        nav
    }

    pub(crate) fn now(self) -> Screen {
        self.way
            .with(|way| way.last().copied().unwrap_or(Screen::Today))
    }

    /// Whether there is a way back.
    pub(crate) fn is_deep(self) -> bool {
        self.way.with(|way| way.len() > 1)
    }

    /// Goes to a screen; back leads here.
    pub(crate) fn go(self, screen: Screen) {
        self.way.update(|way| way.push(screen));
        let depth = self.way.with_untracked(Vec::len);
        if let Some(history) = history() {
            let depth = JsValue::from(u32::try_from(depth).unwrap_or(1));
            let _ = history.push_state_with_url(&depth, "", None);
        }
        top();
    }

    /// Goes to a screen in place of this one.
    pub(crate) fn turn(self, screen: Screen) {
        self.way.update(|way| {
            way.pop();
            way.push(screen);
        });
        top();
    }

    /// Goes to one of the main screens: there is no way back from it.
    pub(crate) fn home(self, screen: Screen) {
        self.way.set(vec![screen]);
        if let Some(history) = history() {
            let _ = history.replace_state_with_url(&JsValue::from(1), "", None);
        }
        top();
    }

    /// Goes back.
    pub(crate) fn back(self) {
        if !self.is_deep() {
            return;
        }
        match history() {
            Some(history) if history.back().is_ok() => {}
            _ => self.way.update(|way| {
                way.pop();
            }),
        }
    }
}

fn top() {
    if let Some(window) = web_sys::window() {
        window.scroll_to_with_x_and_y(0.0, 0.0);
    }
}
