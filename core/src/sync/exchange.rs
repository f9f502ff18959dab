//! One round trip: what goes into a request, and what is done with the reply.

use std::collections::BTreeMap;

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::ids::DocumentId;
use folge_protocol::limits::{
    MESSAGE_ENTRIES_MAX, MESSAGE_FETCH_MAX, REQUEST_AGE_MILLISECONDS_MAX, REQUEST_BYTES_TARGET,
};
use folge_protocol::wire::{
    Blob, FoundRequest, LiveHello, Mark, NO_REQUEST, PATH_FOUND, PATH_LIVE, PATH_SYNC, RefusalCode,
    Refused, RelayError, StreamFrom, SyncReply, SyncRequest,
};

use super::alarms::AlarmKind;
use super::replica::Replica;
use super::rules::{Outgoing, judge_reply};
use crate::error::{Error, RelayFault};
use crate::store::{EnvelopeRow, EnvelopeState};

/// What a reply brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// Envelopes of this device that the relay has stored.
    pub acknowledged: u64,
    /// Envelopes of others that were applied.
    pub applied: u64,
    /// Envelopes that wait for a key or an earlier change.
    pub waiting: u64,
    /// Envelopes that were put into quarantine.
    pub quarantined: u64,
    /// Envelopes that are held back until somebody in charge has looked at them.
    pub held: u64,
    /// Things that the relay refused.
    pub refused: u64,
    /// Whether another round trip has work to do at once.
    pub more: bool,
}

impl SyncReport {
    /// Adds another round trip's figures.
    pub fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.applied += other.applied;
        self.waiting = other.waiting;
        self.quarantined += other.quarantined;
        self.held += other.held;
        self.refused += other.refused;
        self.more = other.more;
    }
}

/// Something that a sync has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncWork {
    /// The relay does not have the workspace yet, or any more.
    Founding,
    /// This device is not in yet.
    ComingIn,
    /// Entries of the membership log wait to be sent.
    Members,
    /// Streams are to be fetched by name.
    Fetching,
    /// The relay lost something that is to be brought back.
    Recovering,
    /// Records or messages wait to be sent.
    Records,
    /// Grants wait to be sent.
    Keys,
    /// Read marks wait to be sent.
    Marks,
}

/// What the request under way holds, so that the reply's places can be read.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    pub(super) founding: bool,
    /// The request's nonce, which the reply must name; none where no request is under way.
    pub(super) nonce: Option<[u8; 16]>,
    /// The cursor that the request named; none for a frame of the live connection.
    pub(super) cursor: Option<u64>,
    pub(super) pending_from: usize,
    pub(super) grants: Vec<i64>,
    pub(super) envelopes: Vec<EnvelopeRow>,
    pub(super) marks: Vec<(DocumentId, u64)>,
    pub(super) fetch: Vec<DocumentId>,
    pub(super) returning: bool,
    /// Nothing was sent: what others wrote is fetched before somebody is put out.
    pub(super) fetch_first: bool,
}

impl Replica {
    /// Whether a sync has anything to bring or fetch that is known here.
    /// # Errors
    /// [`Error::Store`].
    pub fn has_work(&self) -> Result<bool, Error> {
        Ok(!self.work()?.is_empty())
    }

    /// What a sync has to bring or fetch, as far as that is known here.
    /// # Errors
    /// [`Error::Store`].
    pub fn work(&self) -> Result<Vec<SyncWork>, Error> {
        if self.is_out() {
            return Ok(Vec::new());
        }
        let store = &self.store;
        let found = [
            (SyncWork::Founding, self.must_found),
            (SyncWork::ComingIn, self.at_entrance),
            (SyncWork::Members, !self.pending_entries.is_empty()),
            (SyncWork::Fetching, !self.wanted.is_empty()),
            (
                SyncWork::Recovering,
                self.relay_log_len.is_some() || self.progress.recovering,
            ),
            (
                SyncWork::Records,
                store.pending_count()? > 0
                    || store.unsent_count()? > 0
                    || !store.parcels(true)?.is_empty()
                    || !store.pending_messages()?.is_empty(),
            ),
            (
                SyncWork::Keys,
                !store.unsent_grants(false)?.is_empty() || !store.unsent_grants(true)?.is_empty(),
            ),
            (SyncWork::Marks, self.marks_due().next().is_some()),
        ];
        Ok(found
            .into_iter()
            .filter_map(|(work, due)| due.then_some(work))
            .collect())
    }

    /// The next request: seals what waits, and asks for what is new. Always makes one: the caller
    /// decides when.
    /// # Errors
    /// [`Error::Store`]; then nothing was sealed.
    pub fn request(&mut self) -> Result<Outgoing, Error> {
        if self.must_found {
            return self.found_request();
        }
        self.admit_self()?;
        if self.is_admitted() {
            self.atomically(Self::plan_turns)?;
        }
        self.seal_pending()?;
        // First what the relay lost comes back, then what is new.
        let returning = !self.store.unsent_grants(true)?.is_empty()
            || (!self.progress.recovering && self.store.has_returning(self.device())?);
        let mut in_flight = InFlight {
            cursor: Some(self.progress.cursor),
            returning,
            fetch_first: self.fetch_first && self.is_admitted(),
            ..InFlight::default()
        };
        let fetch_first = in_flight.fetch_first;
        let mut room = REQUEST_BYTES_TARGET;
        let log_len = self
            .confirmed
            .as_ref()
            .map_or(0, folge_protocol::membership::Membership::len);
        let mut entries = Vec::new();
        let from = self.relay_log_len.unwrap_or(log_len).min(log_len);
        let pending = self.pending_entries.iter().filter(|_| !fetch_first);
        let pending = pending.map(Encode::to_bytes);
        let known = if from < log_len {
            self.store.log_entries_from(from)?
        } else {
            Vec::new()
        };
        in_flight.pending_from = known.len();
        for bytes in known.into_iter().chain(pending) {
            if !entries.is_empty() && (bytes.len() > room || entries.len() >= MESSAGE_ENTRIES_MAX) {
                break;
            }
            room = room.saturating_sub(bytes.len());
            entries.push(Blob(bytes));
        }
        let mut grants = Vec::new();
        let unsent = match fetch_first {
            true => Vec::new(),
            false => self.store.unsent_grants(returning)?,
        };
        for (n, bytes) in unsent {
            if !grants.is_empty() && bytes.len() > room {
                break;
            }
            room = room.saturating_sub(bytes.len());
            in_flight.grants.push(n);
            grants.push(Blob(bytes));
        }
        // A relay that lost data first shows what it still has; the rest is uploaded then.
        let mut envelopes = Vec::new();
        if !self.progress.recovering && !self.at_entrance && !fetch_first {
            in_flight.envelopes =
                self.store
                    .unsent_envelopes(self.device(), returning, room.max(1))?;
            envelopes.extend(
                in_flight
                    .envelopes
                    .iter()
                    .map(|row| Blob(row.bytes.clone())),
            );
        }
        let mut marks = Vec::new();
        for (document, number, head) in self.marks_due() {
            in_flight.marks.push((document, number));
            marks.push(Mark::sign(
                document,
                number,
                head,
                self.identity.device.sign(),
            ));
        }
        let mut fetch = Vec::new();
        for (document, from) in self.wanted.iter().take(MESSAGE_FETCH_MAX) {
            in_flight.fetch.push(*document);
            fetch.push(StreamFrom {
                document: *document,
                from: *from,
            });
        }
        let request = SyncRequest {
            instance: self.progress.instance,
            cursor: self.progress.cursor,
            log_len: from,
            entries,
            grants,
            envelopes,
            marks,
            fetch,
            returning,
        };
        let nonce = self.env.random();
        in_flight.nonce = Some(nonce);
        self.in_flight = in_flight;
        Ok(self.sign(PATH_SYNC, nonce, request.to_bytes()))
    }

    fn found_request(&mut self) -> Result<Outgoing, Error> {
        let entry = self.store.log_entries_from(0)?.into_iter().next();
        let entry = entry.ok_or(Error::Unreadable("log"))?;
        self.in_flight = InFlight {
            founding: true,
            ..InFlight::default()
        };
        let token = self.founding_token()?;
        let nonce = self.env.random();
        Ok(self.sign(
            PATH_FOUND,
            nonce,
            FoundRequest {
                token,
                entry: Blob(entry),
            }
            .to_bytes(),
        ))
    }

    /// The first message on a live connection.
    #[must_use]
    pub fn live_hello(&mut self) -> Option<Outgoing> {
        let instance = self.progress.instance?;
        let log_len = self.confirmed.as_ref()?.len();
        let hello = LiveHello {
            instance,
            cursor: self.progress.cursor,
            log_len,
        };
        let nonce = self.env.random();
        Some(self.sign(PATH_LIVE, nonce, hello.to_bytes()))
    }

    fn sign(&mut self, path: &'static str, nonce: [u8; 16], payload: Vec<u8>) -> Outgoing {
        let wall_ms = self.env.now().wall_ms.saturating_add(self.relay_offset_ms);
        let entrance = self.identity.entrance.as_ref().filter(|_| self.at_entrance);
        let one_time = entrance.map(super::identity::Entrance::sign);
        let key = one_time
            .as_ref()
            .unwrap_or_else(|| self.identity.device.sign());
        let (relay, workspace) = (&self.identity.relay.key, self.identity.workspace);
        Outgoing::sign(path, relay, workspace, wall_ms, nonce, payload, key)
    }

    /// Takes a reply. All of it is on disk when this returns `Ok`; none of it otherwise.
    /// # Errors
    /// [`Error::RelayFault`] where it contradicts what is known here, [`Error::Store`].
    pub fn reply(&mut self, bytes: &[u8]) -> Result<SyncReport, Error> {
        if self.in_flight.founding {
            self.in_flight = InFlight::default();
            // The relay has the workspace (again); what it lacks, the next sync brings.
            self.must_found = false;
            self.relay_log_len = Some(1);
            return Ok(SyncReport {
                more: true,
                ..SyncReport::default()
            });
        }
        let reply = SyncReply::from_bytes(bytes).map_err(|_| RelayFault::Malformed)?;
        let nonce = self.in_flight.nonce;
        self.judge(&reply, nonce)?;
        let in_flight = std::mem::take(&mut self.in_flight);
        self.take(&reply, in_flight)
    }

    /// Takes a frame of the live connection: the same as a reply that answers no request. One of
    /// another life of the relay is not taken, since it may be an old one: a sync asks.
    /// # Errors
    /// As [`Replica::reply`].
    pub fn live_frame(&mut self, bytes: &[u8]) -> Result<SyncReport, Error> {
        let reply = SyncReply::from_bytes(bytes).map_err(|_| RelayFault::Malformed)?;
        self.judge(&reply, Some(NO_REQUEST))?;
        if self.progress.instance != Some(reply.receipt.instance) {
            return Ok(SyncReport {
                more: true,
                ..SyncReport::default()
            });
        }
        self.take(&reply, InFlight::default())
    }

    /// The relay must have said all of it, and in answer to this request. What anybody on the way
    /// can make up leaves the request under way.
    fn judge(&mut self, reply: &SyncReply, nonce: Option<[u8; 16]>) -> Result<(), Error> {
        let (workspace, relay) = (self.identity.workspace, &self.identity.relay.key);
        let judged = judge_reply(reply, workspace, relay, nonce);
        if let Err(fault) = judged {
            self.record_fault(fault, reply)?;
        }
        Ok(judged?)
    }

    fn take(&mut self, reply: &SyncReply, in_flight: InFlight) -> Result<SyncReport, Error> {
        let taken = self.take_judged(reply, in_flight);
        if let Err(Error::RelayFault(fault)) = &taken {
            self.record_fault(*fault, reply)?;
        }
        taken
    }

    fn take_judged(&mut self, reply: &SyncReply, in_flight: InFlight) -> Result<SyncReport, Error> {
        let frame = in_flight.nonce.is_none();
        let log_before = (self.relay_log_len, self.pending_entries.len());
        let (report, moved) = self.atomically(|replica| {
            replica.notice_lost_data(reply, in_flight.cursor)?;
            replica.fetched = in_flight.fetch.iter().copied().collect();
            let mut report = SyncReport::default();
            let mut moved = replica.take_entries(reply)?;
            replica.take_grants(&reply.grants)?;
            moved |= replica.note_sent(reply, &in_flight, &mut report)?;
            let contradicted = replica.breaks_its_word(reply, &in_flight)?;
            let touched = replica.take_deliveries(reply, &mut report)?;
            replica.follow_streams(reply, touched, &in_flight.fetch)?;
            replica.retry_waiting(&mut report)?;
            replica.take_marks(reply)?;
            if replica.is_admitted() {
                replica.close_entrance()?;
                if in_flight.fetch_first {
                    replica.vouch_again()?;
                }
                replica.plan_turns()?;
                replica.grant_again()?;
                replica.destroy_foreign()?;
            }
            replica.progress.cursor = replica.progress.cursor.max(reply.position);
            replica.progress.recovering &= reply.more;
            replica.look_at_ages(reply, frame)?;
            if contradicted {
                replica.lose_numbers()?;
                moved = true;
            }
            replica.save_watch(reply)?;
            replica.save_progress()?;
            report.waiting = replica.store.waiting_count()?;
            Ok((report, moved))
        })?;
        if std::mem::take(&mut self.checkpoint_due) {
            self.store.checkpoint()?;
        }
        self.relay_offset_ms = i64::try_from(reply.receipt.now_ms)
            .unwrap_or(i64::MAX)
            .saturating_sub(self.env.now().wall_ms);
        // Let in just now: what this device may read, it asks for in its own name.
        let just_admitted = self.at_entrance && self.is_admitted();
        self.at_entrance &= !just_admitted && !self.is_out();
        self.schedule.succeeded();
        // Another round trip at once only where this one moved something: what the relay refuses
        // now, it would refuse again.
        if in_flight.fetch_first {
            self.fetch_first = reply.more;
        }
        let moved = moved
            || in_flight.fetch_first
            || report.acknowledged > 0
            || !reply.deliveries.is_empty()
            || log_before != (self.relay_log_len, self.pending_entries.len());
        Ok(SyncReport {
            more: reply.more || just_admitted || (moved && self.has_work()?),
            ..report
        })
    }

    /// Another instance, or a position behind ours: the relay lost data. Its numbers are void;
    /// what it still has comes from the start, and then everything it lacks is uploaded.
    ///
    /// Only the cursor that the very request named can be compared: frames of the live
    /// connection and slow replies overtake each other.
    fn notice_lost_data(&mut self, reply: &SyncReply, sent: Option<u64>) -> Result<(), Error> {
        let instance = reply.receipt.instance;
        let known = self.progress.instance;
        let amiss = match known {
            Some(known) if known != instance => {
                // A new life is what a restored backup begins; an old one never comes back.
                let old = self.watch.past.contains(&instance);
                self.watch.note_past(known);
                Some(if old {
                    AlarmKind::RolledBack
                } else {
                    AlarmKind::Restored
                })
            }
            _ if sent.is_some_and(|cursor| reply.position < cursor) => Some(AlarmKind::RolledBack),
            _ => None,
        };
        if let Some(kind) = amiss {
            let evidence = self.receipts(reply)?;
            self.raise(kind, None, None, evidence)?;
            self.lose_numbers()?;
        }
        self.progress.instance = Some(instance);
        Ok(())
    }

    /// The relay's numbers are void; everything is asked for and brought again.
    fn lose_numbers(&mut self) -> Result<(), Error> {
        self.store.forget_numbers()?;
        self.store.set_grants_unsent()?;
        self.streams.clear();
        self.wanted.clear();
        self.save_wanted()?;
        self.watch.behind.clear();
        self.watch.complete_ms = 0;
        self.progress.cursor = 0;
        self.progress.recovering = true;
        Ok(())
    }

    /// Whether the relay refuses an envelope for want of one that it has acknowledged.
    fn breaks_its_word(&mut self, reply: &SyncReply, sent: &InFlight) -> Result<bool, Error> {
        let mut broken = false;
        for (place, row) in (0_u32..).zip(&sent.envelopes) {
            let gap = reply.refusals.iter().any(|refusal| {
                refusal.what == Refused::Envelope(place) && refusal.code == RefusalCode::SequenceGap
            });
            if !gap || row.sequence < 2 {
                continue;
            }
            let (document, device) = (row.document, row.device);
            let before = self.store.envelope(document, device, row.sequence - 1)?;
            if before.is_some_and(|before| before.number.is_some()) {
                let evidence = self.receipts(reply)?;
                self.raise(AlarmKind::RolledBack, Some(document), None, evidence)?;
                broken = true;
            }
        }
        Ok(broken)
    }

    /// Notes what of the request the relay has stored, and what it refused.
    fn note_sent(
        &mut self,
        reply: &SyncReply,
        in_flight: &InFlight,
        report: &mut SyncReport,
    ) -> Result<bool, Error> {
        let mut moved = false;
        let refusal_of = |what: Refused| {
            reply
                .refusals
                .iter()
                .find(|refusal| refusal.what == what)
                .map(|refusal| refusal.code)
        };
        for (place, n) in (0_u32..).zip(&in_flight.grants) {
            match refusal_of(Refused::Grant(place)) {
                None => {
                    self.store.set_grant_sent(*n)?;
                    moved = true;
                }
                Some(RefusalCode::StaleKey | RefusalCode::InvitationSpent)
                    if !in_flight.returning =>
                {
                    report.refused += 1;
                    self.remake_grant(*n)?;
                }
                Some(_) => report.refused += 1,
            }
        }
        for ack in &reply.acks {
            let row = self
                .store
                .envelope(ack.document, ack.device, ack.sequence)?;
            let row = row.ok_or(RelayFault::Malformed)?;
            if row.number.is_none() {
                self.number_is_free(ack.document, ack.number, reply)?;
                self.store
                    .set_envelope_number(row.id, ack.number, ack.accepted_ms)?;
                report.acknowledged += 1;
            } else if row.number != Some(ack.number) {
                let evidence = self.receipts(reply)?;
                let at = (Some(ack.document), Some(ack.device));
                return Err(self.fault(RelayFault::StreamForked, at.0, at.1, evidence));
            }
        }
        for (place, row) in (0_u32..).zip(&in_flight.envelopes) {
            if let Some(code) = refusal_of(Refused::Envelope(place)) {
                report.refused += 1;
                self.note_refused(row, code)?;
            }
        }
        self.seal_anew(&in_flight.envelopes, refusal_of)?;
        for (document, number) in &in_flight.marks {
            // One that the relay refuses is over a stream that it has otherwise, or no more: the
            // next envelope there brings the next mark.
            if let Some(stream) = self.streams.get_mut(document) {
                stream.marked = stream.marked.max(*number);
                self.store.put_stream(*document, stream)?;
                moved = true;
            }
        }
        // What was asked for by name is here, unless the reply was cut short; a gap that is left
        // is noticed when the streams are followed.
        if !reply.more {
            for document in &in_flight.fetch {
                self.wanted.remove(document);
            }
        }
        let refused = reply
            .refusals
            .iter()
            .find_map(|refusal| match refusal.what {
                Refused::Entry(place) => Some((place, refusal.code)),
                _ => None,
            });
        if let Some((place, code)) = refused {
            report.refused += 1;
            let own = usize::try_from(place).is_ok_and(|place| place >= in_flight.pending_from);
            if code == RefusalCode::LogConflict && own {
                // A turned key that came too early is made anew with what has arrived since.
                self.drop_pending_turns()?;
            }
            // A conflict means that others were first: the entries were signed anew just now.
            // Those before the refused one were taken, and are pending no more.
            if code != RefusalCode::LogConflict && own && !self.pending_entries.is_empty() {
                let refused = self.pending_entries.remove(0);
                self.undo_turn(&refused.body)?;
                self.note_dropped(&[refused.body])?;
                let dropped = self.rebase_pending()?;
                self.note_dropped(&dropped)?;
                self.save_pending_entries()?;
            }
        }
        Ok(moved)
    }

    /// Envelopes under a key that was replaced are taken apart, to be sealed under the new one.
    fn seal_anew(
        &mut self,
        sent: &[EnvelopeRow],
        refusal_of: impl Fn(Refused) -> Option<RefusalCode>,
    ) -> Result<(), Error> {
        let mut stale: BTreeMap<DocumentId, u64> = BTreeMap::new();
        for (place, row) in (0_u32..).zip(sent) {
            if refusal_of(Refused::Envelope(place)) == Some(RefusalCode::StaleKey)
                && row.device == self.device()
            {
                let first = stale.entry(row.document).or_insert(row.sequence);
                *first = row.sequence.min(*first);
            }
        }
        for (document, sequence) in stale {
            self.unseal(document, sequence)?;
        }
        Ok(())
    }

    /// Forgets the entrance's secrets once this device is in.
    fn close_entrance(&mut self) -> Result<(), Error> {
        let Some(entrance) = &mut self.identity.entrance else {
            return Ok(());
        };
        if entrance.opener().is_none() {
            return Ok(());
        }
        if !entrance.close() {
            self.identity.entrance = None;
        }
        self.checkpoint_due = true;
        self.update_identity()
    }

    /// A refused envelope stays here. What will never be taken is listed in the quarantine; what
    /// may be taken later is sent again with the next sync.
    fn note_refused(&mut self, row: &EnvelopeRow, code: RefusalCode) -> Result<(), Error> {
        let allowed = self
            .confirmed
            .as_ref()
            .is_some_and(|log| log.may_write(row.device, row.document));
        let never_stored = row.device == self.device() && !self.store.was_stored(row.id)?;
        match code {
            RefusalCode::SequenceGap
            | RefusalCode::UnknownDocument
            | RefusalCode::Quota
            | RefusalCode::StaleKey => Ok(()),
            // A copy of this device was first: its envelopes are fetched, and this one is sealed
            // anew behind them.
            RefusalCode::SequenceConflict if never_stored => {
                self.wanted.insert(row.document, 1);
                self.save_wanted()
            }
            // Put out, or assigned elsewhere: the entry that says so comes with this reply or the
            // next, and sees to what was recorded here.
            RefusalCode::NotAllowed if never_stored => Ok(()),
            // The relay lost the entry that allows it; this device's log has it, and brings it.
            RefusalCode::NotAllowed if allowed => Ok(()),
            RefusalCode::NotAllowed
            | RefusalCode::SequenceConflict
            | RefusalCode::Malformed
            | RefusalCode::LogConflict
            | RefusalCode::InvitationSpent => {
                self.quarantine(
                    row.document,
                    super::QuarantineReason::RefusedByRelay,
                    &row.bytes,
                )?;
                let state = EnvelopeState::Quarantined;
                Ok(self
                    .store
                    .set_envelope_state(&row.hash, row.id, state, None)?)
            }
        }
    }

    /// Takes the relay's refusal of a whole request, or the transport's failure. Says whether
    /// another try at once makes sense, because this device can mend the cause; else the wait
    /// until the next try is in the schedule.
    pub fn failed(&mut self, error: &Error) -> bool {
        self.in_flight = InFlight::default();
        let mut at_least_ms = 0;
        let mended = match error {
            Error::Relay(RelayError::ClockSkew { now_ms }) => {
                let offset_ms = i64::try_from(*now_ms)
                    .unwrap_or(i64::MAX)
                    .saturating_sub(self.env.now().wall_ms);
                let before = std::mem::replace(&mut self.relay_offset_ms, offset_ms);
                before.abs_diff(offset_ms) > REQUEST_AGE_MILLISECONDS_MAX / 2
            }
            Error::Relay(RelayError::UnknownWorkspace) => {
                // A relay takes a workspace back from the device that founded it.
                let can_found = self
                    .confirmed
                    .as_ref()
                    .is_some_and(|log| log.founder() == self.device());
                !std::mem::replace(&mut self.must_found, can_found) && can_found
            }
            Error::Relay(RelayError::Unauthorized) => {
                // The relay may have lost the entry that let this device in.
                self.at_entrance = self.identity.entrance.is_some() && !self.at_entrance;
                self.at_entrance
            }
            Error::Relay(RelayError::Busy { retry_after_ms }) => {
                at_least_ms = *retry_after_ms;
                false
            }
            _ => false,
        };
        if !mended {
            self.schedule.failed(&mut self.env, at_least_ms);
        }
        mended
    }

    /// How long to wait before the next sync, in milliseconds; 0 for not at all.
    #[must_use]
    pub fn wait_ms(&self) -> u64 {
        self.schedule.wait_ms(&self.env)
    }

    /// Coverage came back, or the user asked: the next sync may go at once.
    pub fn hurry(&mut self) {
        self.schedule.hurry();
    }
}
