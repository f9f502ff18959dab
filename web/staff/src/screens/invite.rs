//! Inviting: the participant to an own page, staff and devices to the workspace.

use folge_web_calls::{
    CaseId, Failure, Invitation, InvitationLine, InvitationStanding, Invite, InviteDevice,
    InviteParticipant as Call, MemberLine, Members as Page, NewRole, WithdrawInvitation,
};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::visit::WhoOf;
use crate::app::app;
use crate::link::ask;
use crate::look;
use crate::times::moment;
use crate::widgets::{OneOf, Qr, Select, Title, Trouble, when_loaded};

/// A fresh invitation, to be read from this screen or sent.
#[component]
pub(super) fn Shown(invitation: Invitation) -> impl IntoView {
    let app = app();
    let t = app.t();
    let link = invitation.link.clone();
    let copied = link.clone();
    view! {
        <div class="card stack">
            <p>{t.invite_show}</p>
            <Qr qr=invitation.qr label=t.invitation/>
            <p class="code small" data-link="">{link}</p>
            <button class="wide" on:click=move |_| {
                look::copy(copied.clone(), move |done| if done { app.say(t.copied); });
            }>{t.copy_link}</button>
            <p class="soft small">{t.valid_until}" "{moment(invitation.expires, app.language.get())}</p>
        </div>
    }
}

/// Gives a participant an own page.
#[component]
pub(crate) fn InviteParticipant(case: CaseId) -> impl IntoView {
    let app = app();
    let t = app.t();
    let made = RwSignal::new(None::<Result<Invitation, Failure>>);
    let busy = RwSignal::new(false);
    let invite = move |_| {
        busy.set(true);
        spawn_local(async move {
            let reply = ask(Call { case }).await;
            busy.try_set(false);
            made.try_set(Some(reply));
        });
    };
    view! {
        <Title text=t.invite_participant/>
        <WhoOf case/>
        {move || match made.get() {
            None => view! {
                <button class="main wide" data-do="invite" disabled=move || busy.get() on:click=invite>{t.invite}</button>
            }.into_any(),
            Some(Ok(invitation)) => view! { <Shown invitation/> }.into_any(),
            Some(Err(failure)) => view! { <Trouble failure/> }.into_any(),
        }}
    }
}

/// Who is in, who is invited.
#[component]
pub(crate) fn Members() -> impl IntoView {
    let app = app();
    let t = app.t();
    let loaded = app.load(|| folge_web_calls::GetMembers {});
    let made = RwSignal::new(None::<Invitation>);
    let administrator = move || {
        app.me
            .with(|me| me.as_ref().is_some_and(|me| me.administrator))
    };
    view! {
        <Title text=t.members/>
        {move || administrator().then(|| view! { <InviteNew made/> })}
        {move || made.get().map(|invitation| view! { <Shown invitation/> })}
        {when_loaded(loaded, move |page: Page| view! {
            <ul class="plain">{page.members.into_iter().map(|member| view! { <Member member made/> }).collect_view()}</ul>
            <h2>{t.invitations}</h2>
            <ul class="plain">{page.invitations.into_iter().map(|line| view! { <Line line/> }).collect_view()}</ul>
        })}
    }
}

#[component]
fn Member(member: MemberLine, made: RwSignal<Option<Invitation>>) -> impl IntoView {
    let app = app();
    let t = app.t();
    let language = app.language.get();
    let person = member.person;
    let administrator = app
        .me
        .with(|me| me.as_ref().is_some_and(|me| me.administrator));
    let own = member.devices.iter().any(|device| device.own);
    // An administrator lets somebody back in who lost every device; everybody their own next one.
    let may = own || administrator && member.devices.is_empty();
    let device = move |device: folge_web_calls::DeviceLine| {
        let heard = match device.heard {
            Some(at) => format!("{} {}", t.heard, moment(at, language)),
            None => t.never_heard.to_owned(),
        };
        let this = device.own.then_some(t.this_device);
        view! { <li class="small">{device.device}" "{this}" "<span class="soft">{heard}</span></li> }
    };
    view! {
        <li class="card" data-member="">
            <p><strong>{member.name.unwrap_or_else(|| t.nobody_yet.to_owned())}</strong>" "<span class="soft">{member.role.pick(language).to_owned()}</span></p>
            <ul class="plain">{member.devices.into_iter().map(device).collect_view()}</ul>
            {may.then(|| view! {
                <button on:click=move |_| app.act(InviteDevice { person: Some(person) }, move |invitation| made.set(Some(invitation)))>{t.invite_device}</button>
            })}
        </li>
    }
}

#[component]
fn Line(line: InvitationLine) -> impl IntoView {
    let app = app();
    let t = app.t();
    let id = line.id;
    let standing = match line.standing {
        InvitationStanding::Open => t.inv_open,
        InvitationStanding::Used => t.inv_used,
        InvitationStanding::Withdrawn => t.inv_withdrawn,
        InvitationStanding::Expired => t.inv_expired,
    };
    let open = line.standing == InvitationStanding::Open;
    view! {
        <li class="card row apart">
            <span>
                {line.name.unwrap_or_else(|| t.invitation.to_owned())}" "<strong>{standing}</strong>
                <span class="soft small">" "{t.valid_until}" "{moment(line.expires, app.language.get())}</span>
            </span>
            {open.then(|| view! {
                <button on:click=move |_| app.act(WithdrawInvitation { id }, |()| {})>{t.withdraw}</button>
            })}
        </li>
    }
}

#[component]
fn InviteNew(made: RwSignal<Option<Invitation>>) -> impl IntoView {
    let app = app();
    let t = app.t();
    let role = RwSignal::new("consultant".to_owned());
    let staff = RwSignal::new(String::new());
    let roles = [
        ("consultant", t.role_consultant),
        ("coordinator", t.role_coordinator),
        ("administrator", t.role_administrator),
        ("auditor", t.role_auditor),
    ];
    let roles = roles.map(|(key, name)| (key.to_owned(), name.to_owned()));
    let mut people = vec![(String::new(), t.nobody_yet.to_owned())];
    app.choices.with(|choices| {
        let staff = choices.as_ref().map_or(&[][..], |choices| &choices.staff);
        people.extend(
            staff
                .iter()
                .map(|choice| (choice.key.clone(), choice.name.clone())),
        );
    });
    let invite = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let role = match role.get_untracked().as_str() {
            "coordinator" => NewRole::Coordinator,
            "administrator" => NewRole::Administrator,
            "auditor" => NewRole::Auditor,
            _ => NewRole::Consultant,
        };
        let staff = Some(staff.get_untracked()).filter(|key| !key.is_empty());
        app.act(Invite { role, staff }, move |invitation| {
            made.set(Some(invitation))
        });
    };
    view! {
        <form class="card" on:submit=invite>
            <h2>{t.invite_new}</h2>
            <OneOf name="role" label=t.role options=roles.to_vec() value=role.into() set=Callback::new(move |key| role.set(key))/>
            <Select id="who" label=t.who_in_register options=people value=staff.into() set=Callback::new(move |key| staff.set(key))/>
            <button class="main wide" data-do="invite">{t.invite}</button>
        </form>
    }
}
