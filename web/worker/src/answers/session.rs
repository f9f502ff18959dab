//! Setting up, locking, syncing, drafts.

use folge_core::attendance::is_weak_pin;
use folge_core::client::Client;
use folge_core::domain::Instant;
use folge_core::keys::{InvitationLink, fingerprint_words};
use folge_core::{Error, sync::RelayAddress};
use folge_protocol::membership::Role;
use folge_web_calls::{
    Answer, ChangePin, DraftLine, DropDraft, Failure, Found, GetDraft, GetDrafts, GetMe, GetStatus,
    GetSync, Join, LinkPreview, Lock, Me, Part, PreviewLink, PutDraft, RecoveryWords, StartOver,
    Status, SyncNow, SyncStanding, Touch, Unlock,
};

use super::{case, document, qr};
use crate::desk::{Desk, weak_pin};
use crate::failure::{failure_of, own};
use crate::names::short;

/// What a PIN has at least.
const PIN_CHARS_MIN: usize = 6;

fn link_of(text: &str) -> Result<InvitationLink, Failure> {
    InvitationLink::from_text(text.trim()).map_err(|_| failure_of(&Error::BadInvitation))
}

/// Whether the device was ever let in: only then is anything here that is not elsewhere.
fn is_in(client: &Client) -> bool {
    let person = client.identity().person;
    client.is_put_out()
        || client
            .membership()
            .is_ok_and(|log| log.persons().contains_key(&person))
}

/// A PIN that is none counts as none; one that anybody guesses is refused.
fn checked(pin: Option<String>) -> Result<Option<String>, Failure> {
    let Some(pin) = pin.filter(|pin| !pin.is_empty()) else {
        return Ok(None);
    };
    let digits = pin.chars().all(|c| c.is_ascii_digit());
    if pin.chars().count() < PIN_CHARS_MIN || digits && is_weak_pin(&pin, None) {
        return Err(weak_pin());
    }
    Ok(Some(pin))
}

impl Answer<GetStatus> for Desk {
    fn answer(&mut self, _: GetStatus) -> Result<Status, Failure> {
        self.tick();
        if !self.vault.is_locked() {
            return Ok(Status::Open);
        }
        Ok(match self.pin()? {
            Some(pin) => Status::Locked { pin },
            None => Status::Empty,
        })
    }
}

impl Answer<PreviewLink> for Desk {
    fn answer(&mut self, call: PreviewLink) -> Result<LinkPreview, Failure> {
        let link = link_of(&call.link)?;
        Ok(LinkPreview {
            words: fingerprint_words(&link.workspace),
            relay: link.relay_url,
        })
    }
}

impl Answer<Join> for Desk {
    fn answer(&mut self, call: Join) -> Result<(), Failure> {
        let link = link_of(&call.link)?;
        let pin = checked(call.pin)?;
        self.begin(pin.as_deref(), |store, env| {
            Ok((Client::join(store, env, &link)?, ()))
        })
    }
}

impl Answer<StartOver> for Desk {
    fn answer(&mut self, _: StartOver) -> Result<(), Failure> {
        let is_in = self.read(|client| Ok(is_in(client)))?;
        if is_in {
            return Err(own(
                "already_in",
                "Denne enheten er med. Det som er lagret her, blir ikke tatt bort.",
                "This device is in. What is saved here is not taken away.",
            ));
        }
        self.leave();
        Ok(())
    }
}

impl Answer<Found> for Desk {
    fn answer(&mut self, call: Found) -> Result<RecoveryWords, Failure> {
        let Some(key) = call.relay_key else {
            return Err(failure_of(&Error::Unreachable("no connection")));
        };
        let relay = RelayAddress {
            url: call.relay.trim_end_matches('/').to_owned(),
            key,
        };
        let pin = checked(call.pin)?;
        let secret = self.begin(pin.as_deref(), |store, env| {
            Client::found(store, env, relay, &call.token)
        })?;
        let words = secret.words();
        Ok(RecoveryWords {
            qr: qr(&words.to_uppercase())?,
            words: words.to_string(),
        })
    }
}

impl Answer<Unlock> for Desk {
    fn answer(&mut self, call: Unlock) -> Result<(), Failure> {
        self.unlock(call.pin.as_deref().filter(|pin| !pin.is_empty()))
    }
}

impl Answer<Lock> for Desk {
    fn answer(&mut self, _: Lock) -> Result<(), Failure> {
        self.lock();
        Ok(())
    }
}

impl Answer<Touch> for Desk {
    fn answer(&mut self, _: Touch) -> Result<(), Failure> {
        self.vault.touch();
        Ok(())
    }
}

impl Answer<ChangePin> for Desk {
    fn answer(&mut self, call: ChangePin) -> Result<(), Failure> {
        let then = checked(call.then)?;
        let now = self.unlock_by(call.now.as_deref().filter(|pin| !pin.is_empty()));
        let pin = then.is_some();
        let then = self.unlock_by(then.as_deref());
        self.read(|client| client.change_unlock(&now, &then))?;
        self.set_opened_by_pin(pin);
        Ok(())
    }
}

impl Answer<GetMe> for Desk {
    fn answer(&mut self, _: GetMe) -> Result<Me, Failure> {
        let pin = self.pin()?.unwrap_or(false);
        self.read_with_names(|client, names| {
            let staff = client.own_staff_key()?;
            let identity = client.identity();
            let role = client
                .membership()
                .ok()
                .and_then(|log| Some(log.persons().get(&identity.person)?.role));
            Ok(Me {
                part: match role {
                    None => Part::Unknown,
                    Some(Role::Administrator | Role::Coordinator) => Part::Office,
                    Some(Role::Auditor) => Part::Auditor,
                    Some(Role::Consultant) => Part::Consultant,
                    Some(Role::Participant) => Part::Participant,
                },
                administrator: role == Some(Role::Administrator),
                name: staff.as_ref().map(|key| names.member(key)),
                staff,
                workspace: fingerprint_words(&identity.workspace),
                relay: identity.relay.url.clone(),
                put_out: client.is_put_out(),
                pin,
                device: short(client.device()),
            })
        })
    }
}

impl Answer<SyncNow> for Desk {
    fn answer(&mut self, _: SyncNow) -> Result<(), Failure> {
        self.read(|client| {
            client.hurry_sync();
            Ok(())
        })?;
        self.ask_for_sync();
        Ok(())
    }
}

impl Answer<GetSync> for Desk {
    fn answer(&mut self, _: GetSync) -> Result<SyncStanding, Failure> {
        Ok(self.sync_standing())
    }
}

impl Answer<PutDraft> for Desk {
    fn answer(&mut self, call: PutDraft) -> Result<(), Failure> {
        let about = call.case.map(document);
        // No change that pages show, and nothing to deliver.
        self.read(|client| client.put_draft(&call.name, about, &call.content))?;
        self.vault.touch();
        Ok(())
    }
}

impl Answer<DropDraft> for Desk {
    fn answer(&mut self, call: DropDraft) -> Result<(), Failure> {
        self.read(|client| client.drop_draft(&call.name))
    }
}

impl Answer<GetDraft> for Desk {
    fn answer(&mut self, call: GetDraft) -> Result<Option<Vec<u8>>, Failure> {
        self.read(|client| {
            let drafts = client.drafts()?;
            Ok(drafts
                .into_iter()
                .find(|draft| draft.name == call.name)
                .map(|draft| draft.content))
        })
    }
}

impl Answer<GetDrafts> for Desk {
    fn answer(&mut self, _: GetDrafts) -> Result<Vec<DraftLine>, Failure> {
        self.read(|client| {
            let drafts = client.drafts()?;
            let listed = client.office_list(&folge_core::document::CaseFilter::default());
            let who = |about| {
                let of =
                    |line: &&folge_core::document::CaseListing<'_>| line.participation == about;
                listed.iter().find(of).and_then(|line| line.name.clone())
            };
            Ok(drafts
                .into_iter()
                .map(|draft| DraftLine {
                    name: draft.name,
                    case: draft.participation.map(case),
                    who: draft.participation.and_then(who),
                    at: Instant(draft.at_ms),
                })
                .collect())
        })
    }
}
