//! The office's first look.

use folge_core::Error;
use folge_core::client::{Client, InvitationUse, Invitee};
use folge_core::contract::billing::Hours;
use folge_core::document::{CaseFilter, DocumentError, RecordRef};
use folge_core::domain::{Instant, StaffKey};
use folge_core::keys::InvitationLink;
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::rights::{field_words, record_words, value_words};
use folge_protocol::ids::{DocumentId, InvitationId, PersonId};
use folge_protocol::membership::Role;
use folge_web_calls::{
    AlarmLine, Answer, ConflictLine, DeviceLine, DismissAlarm, Failure, GetConflicts, GetMembers,
    GetMonth, GetTrouble, Invitation, InvitationLine, InvitationStanding, Invite, InviteDevice,
    MemberLine, Members, MonthLine, MonthPage, NewRole, PersonName, Settle, Trouble,
    WithdrawInvitation, Words,
};

use super::{case, document, qr};
use crate::desk::Desk;
use crate::names::{Names, both, role_words, short};

/// An invitation that was just made, to be shown.
pub(super) fn invitation((link, now): (InvitationLink, Instant)) -> Result<Invitation, Failure> {
    let text = link.to_text();
    let valid = i64::try_from(INVITATION_MILLISECONDS).unwrap_or(0);
    Ok(Invitation {
        qr: qr(&text)?,
        link: text,
        expires: Instant(now.0.saturating_add(valid)),
    })
}

impl Answer<GetMonth> for Desk {
    fn answer(&mut self, call: GetMonth) -> Result<MonthPage, Failure> {
        self.read(|client| {
            let month = call.month.unwrap_or_else(|| client.today().month());
            let cases: Vec<(DocumentId, Option<String>, String)> = client
                .office_list(&CaseFilter::default())
                .into_iter()
                .filter(|line| line.summary.minutes.months.contains_key(&month))
                .map(|line| {
                    (
                        line.participation,
                        line.name,
                        line.summary.reference.clone(),
                    )
                })
                .collect();
            let billed = client.hours_of_all()?;
            let lines = cases.into_iter().map(|(about, who, reference)| {
                let minutes = client.minutes(about)?.months.get(&month).copied();
                let minutes = minutes.unwrap_or_default();
                let quarters = match billed.get(&about) {
                    Some(Hours::Billed(months)) => {
                        Some(months.get(&month).map_or(0, |quarters| quarters.total()))
                    }
                    _ => None,
                };
                Ok(MonthLine {
                    case: case(about),
                    who,
                    reference,
                    attended: minutes.attended.0,
                    travel: minutes.travel.0,
                    report: minutes.report.0,
                    quarters,
                })
            });
            Ok(MonthPage {
                month,
                lines: lines.collect::<Result<_, Error>>()?,
            })
        })
    }
}

/// A conflict with its place.
struct Open {
    record: RecordRef,
    field: String,
    line: ConflictLine,
}

fn conflicts(client: &mut Client, names: &Names, about: DocumentId) -> Result<Vec<Open>, Error> {
    let page = client.participation(about)?;
    let mut found = Vec::new();
    for (record, detail) in &page.records {
        if detail.row.conflicts.is_empty() {
            continue;
        }
        for conflict in client.conflicts(about, record)? {
            let log = client.membership()?;
            let values = conflict.values.iter().map(|value| {
                let person = log.devices().get(&value.device).map(|device| device.person);
                let role = person.and_then(|person| Some(log.persons().get(&person)?.role));
                let text = value.text.as_ref().map(|text| {
                    let language = folge_core::domain::Language::Norwegian;
                    value_words(record, &conflict.field, text, language)
                });
                (text, names.person(person, role), Instant(value.wall_ms))
            });
            let heading = field_words(record, &conflict.field);
            found.push(Open {
                line: ConflictLine {
                    number: u32::try_from(found.len()).unwrap_or(u32::MAX),
                    record: both(record_words(record)),
                    field: heading.map_or_else(|| conflict.field.clone(), |h| h.0.to_owned()),
                    values: values.collect(),
                },
                record: record.clone(),
                field: conflict.field,
            });
        }
    }
    Ok(found)
}

impl Answer<GetConflicts> for Desk {
    fn answer(&mut self, call: GetConflicts) -> Result<Vec<ConflictLine>, Failure> {
        self.read_with_names(|client, names| {
            let open = conflicts(client, names, document(call.case))?;
            Ok(open.into_iter().map(|open| open.line).collect())
        })
    }
}

impl Answer<Settle> for Desk {
    fn answer(&mut self, call: Settle) -> Result<(), Failure> {
        let about = document(call.case);
        let open = self.read_with_names(|client, names| conflicts(client, names, about))?;
        // Settled as it was shown, or not at all: meanwhile another value may have come.
        let shown = open.into_iter().find(|open| open.line == call.line);
        self.write(|client| {
            let shown = shown.ok_or(DocumentError::UnknownRecord)?;
            let values = client.conflicts(about, &shown.record)?;
            let values = values
                .into_iter()
                .find(|conflict| conflict.field == shown.field);
            let value = values
                .and_then(|conflict| conflict.values.into_iter().nth(call.value as usize))
                .ok_or(DocumentError::UnknownRecord)?;
            client.settle(about, shown.record, shown.field, value.text)
        })
    }
}

impl Answer<GetTrouble> for Desk {
    fn answer(&mut self, _: GetTrouble) -> Result<Trouble, Failure> {
        self.read(|client| {
            let quarantined = client.quarantined()?.into_iter().map(|aside| {
                let why = Words::of(|language| aside.reason.user_text(language));
                (Instant(aside.at_ms), why)
            });
            let alarms = client.alarms()?.into_iter().rev().map(|alarm| AlarmLine {
                number: alarm.number,
                text: Words::of(|language| alarm.kind.user_text(language)),
                last: Instant(alarm.last_ms),
                count: alarm.count,
                seen: alarm.seen,
            });
            Ok(Trouble {
                quarantined: quarantined.collect(),
                alarms: alarms.collect(),
            })
        })
    }
}

impl Answer<DismissAlarm> for Desk {
    fn answer(&mut self, call: DismissAlarm) -> Result<(), Failure> {
        self.write(|client| client.dismiss_alarm(call.number))
    }
}

const fn relay_time(ms: u64) -> Instant {
    Instant(ms as i64)
}

impl Answer<GetMembers> for Desk {
    fn answer(&mut self, _: GetMembers) -> Result<Members, Failure> {
        self.read_with_names(|client, names| {
            let heard = client.last_heard()?;
            let overview = client.overview()?;
            let own = client.device();
            let name = |person: &PersonId| names.persons.get(person).map(|key| names.member(key));
            let staff = overview.persons.iter().filter(|(_, role)| role.is_staff());
            let members = staff.map(|(person, role)| {
                let devices = overview.devices.iter().filter(|(_, of)| *of == person);
                MemberLine {
                    person: PersonName(person.0),
                    name: name(person),
                    role: role_words(*role),
                    devices: devices
                        .map(|(device, _)| DeviceLine {
                            device: short(*device),
                            own: *device == own,
                            heard: heard.get(device).copied().flatten().map(relay_time),
                        })
                        .collect(),
                }
            });
            let members = members.collect();
            let mut invitations = client.invitations()?;
            invitations.sort_by_key(|invitation| std::cmp::Reverse(invitation.made_ms));
            let invitations = invitations.into_iter().map(|invitation| InvitationLine {
                id: invitation.id.0,
                name: name(&invitation.person),
                expires: relay_time(invitation.expires_ms),
                standing: match invitation.state {
                    InvitationUse::Open => InvitationStanding::Open,
                    InvitationUse::Used(_) => InvitationStanding::Used,
                    InvitationUse::Withdrawn => InvitationStanding::Withdrawn,
                    InvitationUse::Expired => InvitationStanding::Expired,
                },
            });
            Ok(Members {
                members,
                invitations: invitations.collect(),
            })
        })
    }
}

impl Answer<Invite> for Desk {
    fn answer(&mut self, call: Invite) -> Result<Invitation, Failure> {
        let role = match call.role {
            NewRole::Administrator => Role::Administrator,
            NewRole::Coordinator => Role::Coordinator,
            NewRole::Consultant => Role::Consultant,
            NewRole::Auditor => Role::Auditor,
        };
        let made = self.write(|client| {
            let link = client.invite(Invitee::New(role), INVITATION_MILLISECONDS)?;
            if let Some(key) = call.staff {
                client.name_member(&StaffKey::from(key.as_str()), link.person)?;
            }
            Ok((link, client.now()))
        })?;
        invitation(made)
    }
}

impl Answer<InviteDevice> for Desk {
    fn answer(&mut self, call: InviteDevice) -> Result<Invitation, Failure> {
        let made = self.write(|client| {
            let own = client.identity().person;
            let person = call.person.map_or(own, |person| PersonId(person.0));
            let link = client.invite(Invitee::Known(person), INVITATION_MILLISECONDS)?;
            Ok((link, client.now()))
        })?;
        invitation(made)
    }
}

impl Answer<WithdrawInvitation> for Desk {
    fn answer(&mut self, call: WithdrawInvitation) -> Result<(), Failure> {
        self.write(|client| client.revoke_invitation(InvitationId(call.id)))
    }
}
