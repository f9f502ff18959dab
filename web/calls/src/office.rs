//! The office's first look.

use folge_core::domain::{Instant, Month};
use serde::{Deserialize, Serialize};

use crate::{CaseId, QrModules, Words};

/// Asks for everything that is due.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetDue {
    /// Only this person's own participations.
    pub mine: bool,
}

/// Asks for the hours of a month, over all participations.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMonth {
    /// Which; this month where none is given.
    pub month: Option<Month>,
}

/// A participation's hours in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthLine {
    /// The participation.
    pub case: CaseId,
    /// The participant's name.
    pub who: Option<String>,
    /// The provider's own reference.
    pub reference: String,
    /// Minutes attended.
    pub attended: u32,
    /// Minutes of travel.
    pub travel: u32,
    /// Minutes of reports.
    pub report: u32,
    /// Quarters that are billed; none where places are paid.
    pub quarters: Option<u64>,
}

/// The hours of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthPage {
    /// Which.
    pub month: Month,
    /// Each participation with something in it.
    pub lines: Vec<MonthLine>,
}

/// Asks for the conflicts of a participation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetConflicts {
    /// Which.
    pub case: CaseId,
}

/// A field with several values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictLine {
    /// The record's place among the participation's conflicts, for [`Settle`].
    pub number: u32,
    /// Which kind of record.
    pub record: Words,
    /// The field's heading.
    pub field: String,
    /// The values: text, who, when.
    pub values: Vec<(Option<String>, Words, Instant)>,
}

/// Settles a conflict: one of its values stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settle {
    /// The participation.
    pub case: CaseId,
    /// The conflict as it was shown.
    pub line: ConflictLine,
    /// Which value.
    pub value: u32,
}

/// Asks what is put aside, and what is amiss.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTrouble {}

/// What is put aside, and what is amiss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What was put aside: when, why.
    pub quarantined: Vec<(Instant, Words)>,
    /// What was found amiss: number, text, when last, how often, whether it was seen.
    pub alarms: Vec<AlarmLine>,
}

/// Something found amiss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmLine {
    /// Its number.
    pub number: i64,
    /// What, and what to do.
    pub text: Words,
    /// When it was last noticed.
    pub last: Instant,
    /// How often.
    pub count: u64,
    /// Whether somebody has seen it.
    pub seen: bool,
}

/// Marks an alarm as seen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DismissAlarm {
    /// Which.
    pub number: i64,
}

/// Names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PersonName(pub [u8; 16]);

/// Asks who is in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMembers {}

/// A device that is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLine {
    /// Its name, short.
    pub device: String,
    /// Whether it is this one.
    pub own: bool,
    /// When it was last heard of, by the relay's clock.
    pub heard: Option<Instant>,
}

/// A person who is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLine {
    /// The person.
    pub person: PersonName,
    /// The name in the register.
    pub name: Option<String>,
    /// The role.
    pub role: Words,
    /// The devices.
    pub devices: Vec<DeviceLine>,
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvitationStanding {
    /// It can be used.
    Open,
    /// It was used.
    Used,
    /// It was withdrawn.
    Withdrawn,
    /// It is too old.
    Expired,
}

/// An invitation that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationLine {
    /// Its name.
    pub id: [u8; 16],
    /// For whom, by the register.
    pub name: Option<String>,
    /// Until when.
    pub expires: Instant,
    /// What became of it.
    pub standing: InvitationStanding,
}

/// Who is in, and who is invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// Staff who are in.
    pub members: Vec<MemberLine>,
    /// Invitations, the newest first.
    pub invitations: Vec<InvitationLine>,
}

/// Which role somebody new gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NewRole {
    /// Administrator.
    Administrator,
    /// Koordinator.
    Coordinator,
    /// Veileder.
    Consultant,
    /// Reads everything, writes nothing.
    Auditor,
}

/// Invites somebody new. The link lets in one device, once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The role.
    pub role: NewRole,
    /// Who they are in the register: an existing key, or none.
    pub staff: Option<String>,
}

/// Invites another device of somebody; oneself may always.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteDevice {
    /// Whose; one's own where none is given.
    pub person: Option<PersonName>,
}

/// A fresh invitation. Whoever has the link can use it once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The link.
    pub link: String,
    /// The same as a picture.
    pub qr: QrModules,
    /// Until when.
    pub expires: Instant,
}

/// Withdraws an invitation that was not used.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawInvitation {
    /// Which.
    pub id: [u8; 16],
}
