//! Who is in the workspace.

use std::time::SystemTime;

use folge_core::client::{InvitationUse, InvitationView};
use folge_protocol::membership as core;

use super::{DeviceName, InvitationName, PersonName, StaffName, Wording};
use crate::shape::{Shown, choice, view};

choice! {
    /// What a person may do.
    Role = core::Role {
        /// Lets people and devices in and out; in the office.
        Administrator,
        /// Koordinator: sees all participations and assigns consultants; in the office.
        Coordinator,
        /// Veileder: records for the assigned participations.
        Consultant,
        /// Reads everything in the office, writes nothing.
        Auditor,
        /// Deltaker: has one thread.
        Participant,
    }
}

view! {
    /// Who this device is.
    Me {
        /// The person.
        person: PersonName,
        /// The device.
        device: DeviceName,
        /// The role; none before the device is in.
        role: Option<Role>,
        /// Who the person is in the register; none for participants, and where nobody said so.
        staff: Option<StaffName>,
        /// Six words of the workspace: who talks on the telephone compares them.
        workspace_words: String,
        /// The relay's address.
        relay_url: String,
        /// Whether this device was put out.
        put_out: bool,
        /// Whether identity numbers made for tests may be recorded: show a banner then.
        test_mode: bool,
    }
}

view! {
    /// A person who is in.
    Member {
        /// The person.
        person: PersonName,
        /// The role.
        role: Role,
        /// The devices that are in.
        devices: Vec<MemberDevice>,
    }
}

view! {
    /// A device that is in.
    MemberDevice {
        /// The device.
        device: DeviceName,
        /// When it was last heard of, by the relay's clock; none for never.
        last_heard: Option<SystemTime>,
    }
}

view! {
    /// What an invitation's link says before it is used.
    LinkPreview {
        /// The relay's address.
        relay_url: String,
        /// Six words of the workspace, to compare with who sent the link.
        workspace_words: String,
    }
}

view! {
    /// A fresh invitation. Whoever has the link can use it once.
    Invitation {
        /// The link.
        link: String,
        /// The same as a QR code, an SVG image.
        qr_svg: String,
    }
}

/// What became of an invitation.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum InvitationState {
    /// It can be used.
    Open,
    /// It was used.
    Used {
        /// By which device.
        by: DeviceName,
    },
    /// It was withdrawn.
    Withdrawn,
    /// It is too old.
    Expired,
}

view! {
    /// An invitation that was made.
    InvitationLine {
        /// Its name.
        id: InvitationName,
        /// For whom.
        person: PersonName,
        /// By whom; none for the first.
        by: Option<PersonName>,
        /// When, by the maker's clock.
        made: SystemTime,
        /// Until when.
        expires: SystemTime,
        /// What became of it.
        state: InvitationState,
    }
}

impl Shown<InvitationView> for InvitationLine {
    fn shown(core: InvitationView) -> Self {
        Self {
            id: Shown::shown(core.id),
            person: Shown::shown(core.person),
            by: Shown::shown(core.by),
            made: super::relay_time_of(core.made_ms),
            expires: super::relay_time_of(core.expires_ms),
            state: match core.state {
                InvitationUse::Open => InvitationState::Open,
                InvitationUse::Used(device) => InvitationState::Used {
                    by: Shown::shown(device),
                },
                InvitationUse::Withdrawn => InvitationState::Withdrawn,
                InvitationUse::Expired => InvitationState::Expired,
            },
        }
    }
}

view! {
    /// The words that bring a workspace back, shown once. For a safe, never for a file.
    RecoveryWords {
        /// Twenty-four words.
        words: String,
        /// The same as a QR code, an SVG image.
        qr_svg: String,
    }
}

view! {
    /// Something found amiss with the relay or its members.
    Alarm {
        /// Its number, by which it is marked as seen.
        number: i64,
        /// What, and what to do.
        text: Wording,
        /// When it was first noticed.
        first: SystemTime,
        /// When it was last noticed.
        last: SystemTime,
        /// How often.
        count: i64,
        /// Whether somebody has seen it.
        seen: bool,
    }
}

impl Shown<folge_core::sync::Alarm> for Alarm {
    fn shown(core: folge_core::sync::Alarm) -> Self {
        Self {
            number: core.number,
            text: Wording::of(|language| core.kind.user_text(language)),
            first: super::time_of(core.first_ms),
            last: super::time_of(core.last_ms),
            count: Shown::shown(core.count),
            seen: core.seen,
        }
    }
}
