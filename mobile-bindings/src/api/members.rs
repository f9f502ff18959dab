//! Who is let in and out.

use folge_core::client::Invitee;
use folge_core::keys::InvitationLink;

use crate::app::{Folge, qr_svg};
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    Alarm, AnyDocumentId, DeviceName, HeldEnvelope, Invitation, InvitationLine, InvitationName,
    Member, MemberDevice, ParticipationId, PersonName, Role, relay_time_of,
};

const HOUR_MILLISECONDS: u64 = 3_600_000;

pub(super) fn valid_ms(hours: i32) -> Result<u64, FolgeError> {
    let hours = u64::try_from(hours).map_err(|_| FolgeError::out_of_range())?;
    Ok(hours.saturating_mul(HOUR_MILLISECONDS))
}

pub(super) fn invitation_of(link: &InvitationLink) -> Result<Invitation, FolgeError> {
    let link = link.to_text();
    Ok(Invitation {
        qr_svg: qr_svg(&link)?,
        link,
    })
}

#[uniffi::export]
impl Folge {
    /// Invites somebody new, with a role. The link lets in one device, once.
    pub async fn invite(&self, role: Role, valid_hours: i32) -> Result<Invitation, FolgeError> {
        self.write(move |client| {
            let invitee = Invitee::New(role.given()?);
            invitation_of(&client.invite(invitee, valid_ms(valid_hours)?)?)
        })
        .await
    }

    /// Invites another device of somebody who is in, such as a new phone; oneself may always.
    pub async fn invite_device(
        &self,
        person: PersonName,
        valid_hours: i32,
    ) -> Result<Invitation, FolgeError> {
        self.write(move |client| {
            let invitee = Invitee::Known(person.given()?);
            invitation_of(&client.invite(invitee, valid_ms(valid_hours)?)?)
        })
        .await
    }

    /// The invitations that were made.
    pub async fn invitations(&self) -> Result<Vec<InvitationLine>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.invitations()?)))
            .await
    }

    /// Withdraws an invitation that was not used.
    pub async fn withdraw_invitation(&self, invitation: InvitationName) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.revoke_invitation(invitation.given()?)?))
            .await
    }

    /// Who is in, with their devices and when each was last heard of.
    pub async fn members(&self) -> Result<Vec<Member>, FolgeError> {
        self.read(|client| {
            let heard = client.last_heard()?;
            let overview = client.overview()?;
            let members = overview.persons.into_iter().map(|(person, role)| {
                let devices = overview.devices.iter().filter(|(_, of)| **of == person);
                Member {
                    person: Shown::shown(person),
                    role: Shown::shown(role),
                    devices: devices
                        .map(|(device, _)| MemberDevice {
                            device: Shown::shown(*device),
                            last_heard: heard.get(device).copied().flatten().map(relay_time_of),
                        })
                        .collect(),
                }
            });
            Ok(members.collect())
        })
        .await
    }

    /// Puts a device out, such as a lost phone: it is shut out and the keys turn.
    pub async fn put_device_out(&self, device: DeviceName) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.revoke_device(device.given()?)?))
            .await
    }

    /// Puts a person out, with every device.
    pub async fn put_person_out(&self, person: PersonName) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.revoke_person(person.given()?)?))
            .await
    }

    /// Gives a person another role.
    pub async fn change_role(&self, person: PersonName, role: Role) -> Result<(), FolgeError> {
        self.write(move |client| Ok(client.change_role(person.given()?, role.given()?)?))
            .await
    }

    /// Assigns a participation to a consultant, who reads its whole history then.
    pub async fn assign(
        &self,
        participation: ParticipationId,
        person: PersonName,
    ) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.assign(participation.given()?, person.given()?)?))
            .await
    }

    /// Takes a participation from a consultant, who reads nothing of what comes after.
    pub async fn unassign(
        &self,
        participation: ParticipationId,
        person: PersonName,
    ) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.unassign(participation.given()?, person.given()?)?))
            .await
    }

    /// Makes a participation its consultants' alone (kode 6/7): the office does not see it.
    pub async fn protect(&self, participation: ParticipationId) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.protect(participation.given()?)?))
            .await
    }

    /// What devices that were put out had written, for the office to decide.
    pub async fn held(&self) -> Result<Vec<HeldEnvelope>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.held()?))).await
    }

    /// Lets in something that a device which was put out had written.
    pub async fn admit(
        &self,
        document: AnyDocumentId,
        device: DeviceName,
        sequence: i64,
    ) -> Result<(), FolgeError> {
        self.write(move |client| {
            let (document, device) = (document.given()?, device.given()?);
            Ok(client.admit(document, device, sequence.given()?)?)
        })
        .await
    }

    /// On a device that was put out: what it had not delivered, sealed, to hand over as a file.
    pub async fn pack_unsent(&self) -> Result<Vec<u8>, FolgeError> {
        self.write(|client| Ok(client.pack_unsent()?)).await
    }

    /// In the office: takes what a device that was put out handed over. Says how much it is.
    pub async fn take_pack(&self, bytes: Vec<u8>) -> Result<i32, FolgeError> {
        self.write(move |client| Ok(Shown::shown(client.take_pack(&bytes)?)))
            .await
    }

    /// What was found amiss with the relay or its members, the newest last.
    pub async fn alarms(&self) -> Result<Vec<Alarm>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.alarms()?))).await
    }

    /// Marks an alarm as seen; it stays on the list.
    pub async fn dismiss_alarm(&self, number: i64) -> Result<(), FolgeError> {
        self.write(move |client| Ok(client.dismiss_alarm(number)?))
            .await
    }
}
