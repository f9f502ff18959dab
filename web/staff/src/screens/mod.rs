//! The screens.

mod camera;
mod case;
mod confirm;
mod forms;
mod group;
mod invite;
mod me;
mod office;
mod people;
pub(crate) mod setup;
mod today;
mod visit;

use leptos::prelude::*;

use crate::nav::Screen;

/// A screen's view.
pub(crate) fn show(screen: Screen) -> AnyView {
    match screen {
        Screen::Today => view! { <today::Today/> }.into_any(),
        Screen::Week(day) => view! { <today::Week day/> }.into_any(),
        Screen::People => view! { <people::People/> }.into_any(),
        Screen::Choose(purpose) => view! { <people::Choose purpose/> }.into_any(),
        Screen::Case(case) => view! { <case::Case case/> }.into_any(),
        Screen::History(case) => view! { <case::History case/> }.into_any(),
        Screen::Visit(case, what) => view! { <visit::Visit case what/> }.into_any(),
        Screen::Group => view! { <group::Group/> }.into_any(),
        Screen::Contact(case) => view! { <forms::Contact case/> }.into_any(),
        Screen::Note(case) => view! { <forms::Note case/> }.into_any(),
        Screen::Notice(case, visit) => view! { <forms::Notice case visit/> }.into_any(),
        Screen::Message(case) => view! { <forms::Message case/> }.into_any(),
        Screen::Confirm(case, visit) => view! { <confirm::Confirm case visit/> }.into_any(),
        Screen::Invite(case) => view! { <invite::InviteParticipant case/> }.into_any(),
        Screen::Me => view! { <me::Me/> }.into_any(),
        Screen::Cases => view! { <office::Cases/> }.into_any(),
        Screen::Due => view! { <office::Due/> }.into_any(),
        Screen::Month => view! { <office::Month/> }.into_any(),
        Screen::Members => view! { <invite::Members/> }.into_any(),
        Screen::Trouble => view! { <office::Trouble/> }.into_any(),
        Screen::Conflicts(case) => view! { <office::Conflicts case/> }.into_any(),
    }
}
