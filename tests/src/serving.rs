//! A provider at work whose relay hands out the app: what the demo invites a person's browser to,
//! and the native devices that answer newcomers meanwhile.

use folge_core::Error;
use folge_core::client::Invitee;
use folge_core::document::{CaseFilter, Record};
use folge_core::domain::{Instant, RecordId};
use folge_core::keys::InvitationLink;
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::native::system_env;
use folge_protocol::ids::DocumentId;

use crate::provider::Plan;
use crate::story::Story;
use crate::visits::an_hour;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

/// A story that goes on: see the module.
#[derive(Debug)]
pub struct Serving {
    /// The provider.
    pub story: Story,
    /// The key of the consultant with the fullest caseload.
    pub consultant: String,
    /// Her name.
    pub consultant_name: String,
    /// How many participations are hers.
    pub caseload: usize,
    /// The participation of hers whose participant is invited.
    pub participation: DocumentId,
    /// The participant's name.
    pub participant_name: String,
    /// The visit that waits to be confirmed.
    pub visit: RecordId,
}

/// One invitation each; a link lets in one device, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// A further device of the consultant.
    pub consultant: InvitationLink,
    /// The participant's page.
    pub participant: InvitationLink,
    /// A further device of the office.
    pub office: InvitationLink,
}

impl Serving {
    /// Chooses whom to invite, and has the consultant meet her participant just now.
    /// # Errors
    /// Where nobody of the caseload can be met; the core's.
    pub fn prepare(mut story: Story, plan: &Plan) -> Anything<Self> {
        let all = CaseFilter::default();
        let fullest = story
            .phones
            .iter()
            .max_by_key(|(_, phone)| phone.client.office_list(&all).len())
            .map(|(key, _)| key.clone())
            .ok_or("there is no consultant")?;
        let staff = plan.staff.iter().find(|member| member.key.0 == fullest);
        let staff = staff
            .ok_or("the consultant is not in the register")?
            .clone();
        let protected = |document: &DocumentId| {
            let mut known = plan.participations.iter();
            known.any(|(key, participation, _)| {
                participation.address_protected && story.documents.get(key) == Some(document)
            })
        };
        let phone = story.phones.get(&fullest).ok_or("there is no phone")?;
        let list = phone.client.office_list(&all);
        let caseload = list.len();
        let candidates: Vec<(DocumentId, String)> = list
            .iter()
            .filter(|line| !protected(&line.participation))
            .filter_map(|line| Some((line.participation, line.name.clone()?)))
            .collect();
        let phone = story.phones.get_mut(&fullest).ok_or("there is no phone")?;
        let end = Instant(system_env().now().wall_ms / 60_000 * 60_000);
        for (participation, name) in candidates {
            let visit = an_hour(phone.client.new_record_id(), end, staff.key.clone());
            let id = visit.id;
            // Where the participation has ended, nothing more is recorded: the next one then.
            if phone
                .client
                .record(participation, Record::Visit(visit))
                .is_err()
            {
                continue;
            }
            // The thread is there from the first invitation on; later ones lead to it too.
            phone
                .client
                .invite_participant(participation, INVITATION_MILLISECONDS)?;
            phone.client.show_visit(participation, id)?;
            let mut serving = Self {
                story,
                consultant: fullest,
                consultant_name: staff.name,
                caseload,
                participation,
                participant_name: name,
                visit: id,
            };
            serving.sync()?;
            return Ok(serving);
        }
        Err("nobody in the caseload can be met any more".into())
    }

    /// An invitation each, as the people themselves would make them.
    /// # Errors
    /// The core's.
    pub fn links(&mut self) -> Result<Links, Error> {
        let phone = self.story.phones.get_mut(&self.consultant);
        let phone = &mut phone.ok_or(Error::UnknownDocument)?.client;
        let own = Invitee::Known(phone.identity().person);
        let consultant = phone.invite(own, INVITATION_MILLISECONDS)?;
        let office = &mut self.story.office.client;
        // A participant is invited anew by the office: only it may turn another person's key.
        let participant = office.invite_participant(self.participation, INVITATION_MILLISECONDS)?;
        let own = Invitee::Known(office.identity().person);
        let office = office.invite(own, INVITATION_MILLISECONDS)?;
        self.sync()?;
        Ok(Links {
            consultant,
            participant,
            office,
        })
    }

    /// The office and the consultant's phone meet the relay: newcomers get their keys.
    /// # Errors
    /// The core's.
    pub fn sync(&mut self) -> Result<(), Error> {
        let consultant = self.consultant.clone();
        self.story.sync_phone(&consultant)?;
        self.story.sync_office()
    }
}

impl Links {
    /// The address of the participant's page with its invitation.
    #[must_use]
    pub fn participant_text(&self) -> String {
        self.participant.to_text().replacen("/i#", "/p#", 1)
    }
}
