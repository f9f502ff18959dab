//! One round trip with the relay: what goes into a request, and what is done with the reply.

use folge_core::RelayFault;
use folge_core::env::Reading;
use folge_core::envelope::{Content, clock_runs, open, seal};
use folge_core::messages::{decode_messages, encode_messages};
use folge_core::sync::Outgoing;
use folge_core::sync::rules::judge_reply;
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::{Tag, tagged_hash};
use folge_protocol::envelope::{Envelope, EnvelopeKind, Header, envelope_hash};
use folge_protocol::ids::{DeviceId, DocumentId, Hash};
use folge_protocol::limits::{
    CIPHERTEXT_BYTES_MAX, MESSAGE_ENTRIES_MAX, REQUEST_AGE_MILLISECONDS_MAX, REQUEST_BYTES_TARGET,
};
use folge_protocol::maps::Map;
use folge_protocol::membership::{Entry, Membership, Role};
use folge_protocol::wire::{
    Ack, Blob, Delivery, PATH_SYNC, RefusalCode, Refused, RelayError, StreamFrom, SyncReply,
    SyncRequest,
};

use crate::error::Error;
use crate::state::{Oddity, Outcome, Phase, Row, State, Status, Thread, Unsealed, Who};

/// The most messages in one envelope: far below every limit, and rarely more than one.
const MESSAGES_MAX: usize = 64;
/// Earlier lives of the relay that are remembered.
const PAST_MAX: usize = 32;

/// What the request under way holds, so that the reply's places can be read.
pub(crate) struct Flight {
    nonce: [u8; 16],
    cursor: u64,
    pending_from: usize,
    grants: Vec<Vec<u8>>,
    envelopes: Vec<Hash>,
    fetched: bool,
    returning: bool,
}

/// What a reply brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Envelopes of this device that the relay has stored.
    pub acknowledged: u32,
    /// Envelopes that came.
    pub arrived: u32,
    /// Things that the relay refused.
    pub refused: u32,
    /// Whether another round trip has work to do at once.
    pub more: bool,
}

impl Thread {
    /// Whether a sync has anything to bring or fetch that is known here.
    #[must_use]
    pub fn has_work(&self) -> bool {
        let state = &self.state;
        let unsent = |row: &Row| row.number.is_none() && row.status != Status::Aside;
        match self.phase() {
            Phase::PutOut => false,
            Phase::Joining => true,
            Phase::In | Phase::Erased => {
                self.at_entrance
                    || !state.pending.is_empty()
                    || state.wanted.is_some()
                    || state.relay_log_len.is_some()
                    || state.recovering
                    || !state.unsealed.is_empty()
                    || state.rows.iter().any(unsent)
                    || state.own_grants.iter().any(|grant| !grant.sent)
            }
        }
    }

    /// How long to wait before the next sync, in milliseconds; 0 for not at all.
    #[must_use]
    pub fn wait_ms(&self) -> u64 {
        self.schedule.wait_ms(&self.env)
    }

    /// Coverage came back, or the user did something: the next sync may go at once.
    pub fn hurry(&mut self) {
        self.schedule.hurry();
    }

    /// The next request: seals what waits, and asks for what is new. Store [`Thread::serialize`]
    /// before it is sent: should the program end meanwhile, the same envelope is sent again, and
    /// not another one under its name.
    /// # Errors
    /// [`Error::PutOut`], [`Error::BadInvitation`]; then nothing was changed.
    pub fn request(&mut self) -> Result<Outgoing, Error> {
        self.flight = None;
        self.atomically(|thread| {
            if thread.phase() == Phase::PutOut {
                return Err(Error::PutOut);
            }
            thread.admit_self()?;
            if thread.state.is_admitted(thread.who()) {
                thread.plan_turns()?;
            }
            thread.seal_unsealed()
        })?;
        let nonce = self.env.random();
        let (flight, request) = self.compose(nonce);
        self.flight = Some(flight);
        let entrance = self.identity.entrance.as_ref().filter(|_| self.at_entrance);
        let one_time = entrance.map(|entrance| entrance.sign());
        let key = one_time
            .as_ref()
            .unwrap_or_else(|| self.identity.device.sign());
        Ok(Outgoing::sign(
            PATH_SYNC,
            &self.identity.relay.key,
            self.identity.workspace,
            self.relay_now_ms(),
            nonce,
            request.to_bytes(),
            key,
        ))
    }

    fn compose(&self, nonce: [u8; 16]) -> (Flight, SyncRequest) {
        let (state, device) = (&self.state, self.who().device);
        let mut room = REQUEST_BYTES_TARGET;
        let mut take = |bytes: &[u8], any: bool| {
            let fits = !any || bytes.len() <= room;
            room = if fits {
                room.saturating_sub(bytes.len())
            } else {
                0
            };
            fits
        };
        let log_len = state.log_len();
        let from = state.relay_log_len.unwrap_or(log_len).min(log_len);
        let known = usize::try_from(from).unwrap_or(usize::MAX);
        let known = state.log.get(known..).unwrap_or_default();
        let own = state.pending.iter().map(Encode::to_bytes);
        let mut entries = Vec::new();
        for bytes in known.iter().cloned().chain(own) {
            if entries.len() >= MESSAGE_ENTRIES_MAX || !take(&bytes, !entries.is_empty()) {
                break;
            }
            entries.push(Blob(bytes));
        }
        // First what the relay lost comes back, then what is new.
        let lost = |row: &&Row| {
            row.number.is_none()
                && row.status != Status::Aside
                && (row.stored || row.header.device != device)
        };
        let returning = state
            .own_grants
            .iter()
            .any(|grant| grant.stored && !grant.sent)
            || (!state.recovering && state.rows.iter().any(|row| lost(&row)));
        let mut flight = Flight {
            nonce,
            cursor: state.cursor,
            pending_from: known.len(),
            grants: Vec::new(),
            envelopes: Vec::new(),
            fetched: state.wanted.is_some(),
            returning,
        };
        let grants = state.own_grants.iter();
        for grant in grants.filter(|grant| !grant.sent && grant.stored == returning) {
            if !take(&grant.bytes, !flight.grants.is_empty()) {
                break;
            }
            flight.grants.push(grant.bytes.clone());
        }
        let mut envelopes = Vec::new();
        if !state.recovering && !self.at_entrance {
            // Each device's in order; those of others come back whole.
            let mut rows: Map<(u64, DeviceId), &Row> = Map::new();
            for row in &state.rows {
                let waits = row.number.is_none() && row.status != Status::Aside;
                if waits && lost(&row) == returning {
                    rows.insert((row.header.sequence, row.header.device), row);
                }
            }
            for row in rows.values() {
                if !take(&row.bytes, !envelopes.is_empty()) {
                    break;
                }
                flight.envelopes.push(row.hash);
                envelopes.push(Blob(row.bytes.clone()));
            }
        }
        let wanted = state.thread(self.who()).zip(state.wanted);
        let request = SyncRequest {
            instance: state.instance,
            cursor: state.cursor,
            // Without the key that was granted to the link everything is asked for once more.
            log_len: if self.at_entrance && entries.is_empty() {
                0
            } else {
                from
            },
            entries,
            grants: flight.grants.iter().cloned().map(Blob).collect(),
            envelopes,
            marks: Vec::new(),
            fetch: wanted
                .map(|(document, from)| StreamFrom { document, from })
                .into_iter()
                .collect(),
            returning,
        };
        (flight, request)
    }

    /// Takes a reply. It is taken whole, or not at all; store [`Thread::serialize`] then.
    /// # Errors
    /// [`Error::Fault`] where it contradicts what is known here.
    pub fn reply(&mut self, bytes: &[u8]) -> Result<Report, Error> {
        let reply = SyncReply::from_bytes(bytes).map_err(|_| RelayFault::Malformed)?;
        let nonce = self.flight.as_ref().map(|flight| flight.nonce);
        let (workspace, relay) = (self.identity.workspace, &self.identity.relay.key);
        // What anybody on the way can make up leaves the request under way.
        judge_reply(&reply, workspace, relay, nonce)?;
        let Some(flight) = self.flight.take() else {
            return Err(RelayFault::NotAnAnswer.into());
        };
        let before = (self.state.relay_log_len, self.state.pending.len());
        let taken = self.atomically(|thread| thread.take(&reply, &flight));
        if matches!(taken, Err(Error::Fault(_))) {
            self.state.note(Oddity::Fault);
        }
        let (report, moved) = taken?;
        self.offset_ms = i64::try_from(reply.receipt.now_ms)
            .unwrap_or(i64::MAX)
            .saturating_sub(self.env.now().wall_ms);
        let admitted = self.state.is_admitted(self.who());
        if admitted && let Some(entrance) = &mut self.identity.entrance {
            // Of no use any more; what signs is kept, should the relay lose the entry.
            let _ = entrance.close();
        }
        let just_admitted = self.at_entrance && admitted;
        self.at_entrance &= !just_admitted && self.phase() != Phase::PutOut;
        self.schedule.succeeded();
        let moved = moved
            || report.acknowledged > 0
            || !reply.deliveries.is_empty()
            || before != (self.state.relay_log_len, self.state.pending.len());
        Ok(Report {
            more: reply.more || just_admitted || (moved && self.has_work()),
            ..report
        })
    }

    fn take(&mut self, reply: &SyncReply, flight: &Flight) -> Result<(Report, bool), Error> {
        self.notice_lost_data(reply, flight.cursor);
        let mut report = Report::default();
        let mut moved = self.take_entries(reply)?;
        let grants: Vec<Vec<u8>> = reply.grants.iter().map(|blob| blob.0.clone()).collect();
        moved |= self.take_grants(&grants)?;
        moved |= self.note_sent(reply, flight, &mut report)?;
        let contradicted = self.breaks_its_word(reply, flight);
        self.take_deliveries(reply, &mut report)?;
        self.follow_stream(reply, flight.fetched)?;
        self.retry_waiting();
        self.take_marks(reply);
        if self.state.is_admitted(self.who()) {
            self.plan_turns()?;
        }
        let state = &mut self.state;
        state.cursor = state.cursor.max(reply.position);
        state.recovering &= reply.more;
        if contradicted {
            self.lose_numbers();
            moved = true;
        }
        Ok((report, moved))
    }

    /// Takes the relay's refusal of a whole request, or the transport's failure. Says whether
    /// another try at once makes sense; else the wait is in the schedule.
    pub fn failed(&mut self, error: &Error) -> bool {
        self.flight = None;
        let mut at_least_ms = 0;
        let mended = match error {
            Error::Relay(RelayError::ClockSkew { now_ms }) => {
                let offset_ms = i64::try_from(*now_ms)
                    .unwrap_or(i64::MAX)
                    .saturating_sub(self.env.now().wall_ms);
                let before = std::mem::replace(&mut self.offset_ms, offset_ms);
                before.abs_diff(offset_ms) > REQUEST_AGE_MILLISECONDS_MAX / 2
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

    /// Runs `work` on the state; where it fails, the state is as it was.
    fn atomically<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before = self.state.to_bytes();
        let done = work(self);
        if done.is_err() {
            let oddities = self.state.oddities;
            self.state = State::from_bytes(&before).map_err(|_| Error::Unreadable)?;
            self.reopen()?;
            self.state.oddities |= oddities;
        }
        done
    }

    // --- what the relay lost ---

    /// Another life of the relay, or a position behind ours: it lost data. Its numbers are void;
    /// what it still has comes from the start, and then everything it lacks is brought again.
    fn notice_lost_data(&mut self, reply: &SyncReply, sent: u64) {
        let instance = reply.receipt.instance;
        let state = &mut self.state;
        let amiss = match state.instance {
            Some(known) if known != instance => {
                // A new life is what a restored backup begins; an old one never comes back.
                let old = state.past.contains(&instance);
                if !state.past.contains(&known) {
                    state.past.push(known);
                }
                let beyond = state.past.len().saturating_sub(PAST_MAX);
                state.past.drain(..beyond);
                Some(if old {
                    Oddity::RolledBack
                } else {
                    Oddity::Restored
                })
            }
            _ if reply.position < sent => Some(Oddity::RolledBack),
            _ => None,
        };
        if let Some(oddity) = amiss {
            state.note(oddity);
            self.lose_numbers();
        }
        self.state.instance = Some(instance);
    }

    fn lose_numbers(&mut self) {
        let state = &mut self.state;
        for row in &mut state.rows {
            row.number = None;
            row.head = Hash::ZERO;
        }
        for grant in &mut state.own_grants {
            grant.sent = false;
        }
        state.wanted = None;
        state.cursor = 0;
        state.office = 0;
        state.recovering = true;
    }

    /// Whether the relay refuses an envelope for want of one that it has acknowledged.
    fn breaks_its_word(&mut self, reply: &SyncReply, flight: &Flight) -> bool {
        let mut broken = false;
        for (place, hash) in (0_u32..).zip(&flight.envelopes) {
            let refused = reply.refusals.iter().any(|refusal| {
                refusal.what == Refused::Envelope(place) && refusal.code == RefusalCode::SequenceGap
            });
            let row = self.state.rows.iter().find(|row| row.hash == *hash);
            let before = row.and_then(|row| {
                self.state
                    .row_of(row.header.device, row.header.sequence.checked_sub(1)?)
            });
            let acknowledged = before.is_some_and(|at| self.state.rows[at].number.is_some());
            if refused && acknowledged {
                self.state.note(Oddity::RolledBack);
                broken = true;
            }
        }
        broken
    }

    // --- the log ---

    /// Takes new entries; says whether there were any.
    fn take_entries(&mut self, reply: &SyncReply) -> Result<bool, Error> {
        let who = self.who();
        let state = &mut self.state;
        let before = state.log_len();
        if reply.entries.is_empty() {
            state.relay_log_len = (reply.log_len < before).then_some(reply.log_len);
            return Ok(false);
        }
        let thread_before = state.thread(who);
        for blob in &reply.entries {
            let entry = Entry::from_bytes(&blob.0).map_err(|_| RelayFault::Malformed)?;
            let index = usize::try_from(entry.index).unwrap_or(usize::MAX);
            if let Some(known) = state.log.get(index) {
                if *known != blob.0 {
                    return Err(RelayFault::LogForked.into());
                }
                continue;
            }
            let followed = match &mut state.confirmed {
                None => Membership::found(&entry).map(|log| state.confirmed = Some(log)),
                Some(log) => log.apply(&entry, entry.time_ms),
            };
            followed.map_err(RelayFault::BadEntry)?;
            let here = state.confirmed.as_ref();
            if here.is_none_or(|log| log.workspace() != who.workspace) {
                return Err(Error::BadInvitation);
            }
            state.log.push(blob.0.clone());
            // An own entry that the relay took is pending no more.
            if state.pending.first() == Some(&entry) {
                state.pending.remove(0);
            }
        }
        let len = state.log_len();
        state.relay_log_len = (reply.log_len < len).then_some(reply.log_len);
        for body in self.state.rebase() {
            self.undo(&body);
        }
        self.follow_log(who, thread_before)?;
        Ok(len > before)
    }

    /// Does what the log asks of this device.
    fn follow_log(&mut self, who: Who, before: Option<DocumentId>) -> Result<(), Error> {
        let state = &mut self.state;
        match state.phase(who) {
            Phase::PutOut => {
                if before.is_some() {
                    state.wipe(true);
                }
                return Ok(());
            }
            Phase::Erased => {
                state.wipe(false);
                state.purged = state.log_len();
            }
            Phase::Joining | Phase::In => {
                state.purged = state.log_len();
                if before.is_some() && state.thread(who).is_none() {
                    state.wipe(false);
                }
                // Readable from now on, but its stream lies behind the cursor.
                if before.is_none() && state.thread(who).is_some() && state.cursor > 0 {
                    state.wanted = Some(1);
                }
            }
        }
        self.destroy_void()
    }

    // --- what was sent ---

    fn note_sent(
        &mut self,
        reply: &SyncReply,
        flight: &Flight,
        report: &mut Report,
    ) -> Result<bool, Error> {
        let mut moved = false;
        let refusal_of = |what: Refused| {
            let refusal = reply.refusals.iter().find(|refusal| refusal.what == what);
            refusal.map(|refusal| refusal.code)
        };
        for (place, bytes) in (0_u32..).zip(&flight.grants) {
            let Some(at) = self
                .state
                .own_grants
                .iter()
                .position(|grant| grant.bytes == *bytes)
            else {
                continue;
            };
            match refusal_of(Refused::Grant(place)) {
                None => {
                    let grant = &mut self.state.own_grants[at];
                    (grant.sent, grant.stored) = (true, true);
                    moved = true;
                }
                Some(RefusalCode::StaleKey | RefusalCode::InvitationSpent) if !flight.returning => {
                    report.refused += 1;
                    self.remake_grant(at)?;
                }
                Some(_) => report.refused += 1,
            }
        }
        for ack in &reply.acks {
            self.note_ack(ack, report)?;
        }
        let mut stale: Option<u64> = None;
        for (place, hash) in (0_u32..).zip(&flight.envelopes) {
            let Some(code) = refusal_of(Refused::Envelope(place)) else {
                continue;
            };
            report.refused += 1;
            let Some(at) = self.state.rows.iter().position(|row| row.hash == *hash) else {
                continue;
            };
            let row = &self.state.rows[at];
            let (sequence, own) = (
                row.header.sequence,
                row.header.device == self.who().device && !row.stored,
            );
            match code {
                RefusalCode::StaleKey if own => {
                    stale = Some(stale.map_or(sequence, |first| first.min(sequence)));
                }
                // A copy of this device was first: its envelopes are fetched, and this one is
                // sealed anew behind them.
                RefusalCode::SequenceConflict if own => self.state.wanted = Some(1),
                RefusalCode::Malformed => self.state.rows[at].status = Status::Aside,
                // What may be taken later is sent again with the next sync.
                _ => {}
            }
        }
        if let Some(first) = stale {
            self.unseal(|row| row.header.sequence >= first);
        }
        if flight.fetched && !reply.more {
            self.state.wanted = None;
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
            let own = usize::try_from(place).is_ok_and(|place| place >= flight.pending_from);
            if code == RefusalCode::InvitationSpent {
                return Err(Error::BadInvitation);
            }
            if own {
                // A turned key that came too early, or too late, is made anew with what has
                // arrived since; what is not allowed any more goes.
                self.drop_turns();
                if code != RefusalCode::LogConflict && !self.state.pending.is_empty() {
                    let refused = self.state.pending.remove(0);
                    self.undo(&refused.body);
                    for body in self.state.rebase() {
                        self.undo(&body);
                    }
                }
            }
        }
        Ok(moved)
    }

    fn note_ack(&mut self, ack: &Ack, report: &mut Report) -> Result<(), Error> {
        let at = self.state.row_of(ack.device, ack.sequence);
        let thread = self.state.thread(self.who());
        let at = at
            .filter(|_| thread == Some(ack.document))
            .ok_or(RelayFault::Malformed)?;
        match self.state.rows[at].number {
            Some(number) if number != ack.number => Err(RelayFault::StreamForked.into()),
            Some(_) => Ok(()),
            None => {
                self.place(at, ack.number, ack.accepted_ms)?;
                report.acknowledged += 1;
                Ok(())
            }
        }
    }

    /// Gives an envelope its number. No two have one.
    fn place(&mut self, at: usize, number: u64, accepted_ms: u64) -> Result<(), Error> {
        if self.state.row_at(number).is_some() {
            return Err(RelayFault::StreamForked.into());
        }
        let row = &mut self.state.rows[at];
        row.number = Some(number);
        row.accepted_ms = accepted_ms;
        row.stored = true;
        Ok(())
    }

    // --- what came ---

    fn take_deliveries(&mut self, reply: &SyncReply, report: &mut Report) -> Result<(), Error> {
        let who = self.who();
        let thread = self.state.thread(who);
        for delivery in &reply.deliveries {
            let bytes = &delivery.envelope.0;
            let envelope = Envelope::from_bytes(bytes).map_err(|_| RelayFault::Malformed)?;
            if envelope.header.workspace != who.workspace {
                return Err(RelayFault::Malformed.into());
            }
            // What may not be read here (any more) goes unseen: the log says so.
            if Some(envelope.header.document) == thread {
                self.take_delivery(who, &envelope, delivery, report)?;
            }
        }
        Ok(())
    }

    fn take_delivery(
        &mut self,
        who: Who,
        envelope: &Envelope,
        delivery: &Delivery,
        report: &mut Report,
    ) -> Result<(), Error> {
        let bytes = &delivery.envelope.0;
        let header = &envelope.header;
        let hash = envelope_hash(bytes);
        let genuine = self.state.is_genuine(envelope);
        let mut known = self.state.row_of(header.device, header.sequence);
        if let Some(at) = known
            && self.state.rows[at].hash != hash
        {
            let row = &self.state.rows[at];
            if row.header.device == who.device && row.number.is_none() && genuine {
                // A copy of this device, or this one before it was restored, was here first.
                let first = header.sequence;
                self.unseal(|row| row.header.sequence >= first);
                known = None;
            } else if row.status == Status::Aside && row.number.is_none() {
                // A forgery takes no genuine envelope's place for ever.
                self.state.rows.remove(at);
                known = None;
            } else {
                return Err(RelayFault::StreamForked.into());
            }
        }
        if let Some(at) = known {
            return match self.state.rows[at].number {
                Some(number) if number != delivery.number => Err(RelayFault::StreamForked.into()),
                Some(_) => Ok(()),
                None => {
                    if header.device == who.device {
                        report.acknowledged += 1;
                    }
                    self.place(at, delivery.number, delivery.accepted_ms)
                }
            };
        }
        if header.device == who.device && !genuine {
            // An own envelope that this device never made would stand in the way of its next one.
            return Err(RelayFault::ForgedEnvelope.into());
        }
        if !genuine {
            self.state.note(Oddity::ForgedEnvelope);
        }
        self.state
            .rows
            .push(Row::new(bytes.clone(), header.clone()));
        let at = self.state.rows.len() - 1;
        self.place(at, delivery.number, delivery.accepted_ms)?;
        self.try_open(who, at, envelope, genuine);
        report.arrived += 1;
        Ok(())
    }

    /// Reads an envelope, if the one of its device before it is here: nothing is shown of a
    /// device's words out of their order. Says whether something came of it.
    fn try_open(&mut self, who: Who, at: usize, envelope: &Envelope, genuine: bool) -> bool {
        let header = &envelope.header;
        if header.sequence > 1 && genuine {
            let before = self.state.row_of(header.device, header.sequence - 1);
            if before.is_none_or(|at| self.state.rows[at].hash != header.previous) {
                return false;
            }
        }
        let outcome = self.state.open_row(who, envelope, genuine);
        let row = &mut self.state.rows[at];
        let before = row.status;
        match outcome {
            Outcome::Applied(said, origin) => {
                row.status = Status::Applied;
                row.said = said;
                row.origin = Some(origin);
                self.judge_log(at);
            }
            Outcome::Waiting => row.status = Status::Waiting,
            Outcome::Held => row.status = Status::Held,
            Outcome::Aside => {
                row.status = Status::Aside;
                self.state.note(Oddity::ForgedEnvelope);
            }
        }
        self.state.rows[at].status != before
    }

    /// Tries again what waited for a key or an earlier envelope, as long as that helps.
    fn retry_waiting(&mut self) {
        let who = self.who();
        loop {
            let mut helped = false;
            for at in 0..self.state.rows.len() {
                if !matches!(self.state.rows[at].status, Status::Waiting | Status::Held) {
                    continue;
                }
                let Ok(envelope) = Envelope::from_bytes(&self.state.rows[at].bytes) else {
                    continue;
                };
                let genuine = self.state.is_genuine(&envelope);
                if self.try_open(who, at, &envelope, genuine) {
                    helped = true;
                    self.judge_seen(at);
                }
            }
            if !helped {
                return;
            }
        }
    }

    /// Follows the stream as far as it has no gap, compares its head with the receipt, and asks by
    /// name for what is missing.
    fn follow_stream(&mut self, reply: &SyncReply, fetched: bool) -> Result<(), Error> {
        let who = self.who();
        let Some(thread) = self.state.thread(who) else {
            return Ok(());
        };
        for at in self.state.follow(who) {
            self.judge_place(at);
            self.judge_seen(at);
        }
        let (number, _) = self.state.end();
        for promised in reply
            .receipt
            .heads
            .iter()
            .filter(|head| head.document == thread)
        {
            let at = self.state.row_at(promised.number);
            let here = at.map(|at| self.state.rows[at].head);
            if promised.number <= number && promised.number > 0 && here != Some(promised.head) {
                return Err(RelayFault::StreamForked.into());
            }
            if promised.number > number || (reply.more && fetched) {
                self.state.wanted = Some(number + 1);
            }
        }
        Ok(())
    }

    /// An envelope at its number: its device's chain, and its time.
    fn judge_place(&mut self, at: usize) {
        let state = &self.state;
        let row = &state.rows[at];
        let before = row
            .header
            .sequence
            .checked_sub(1)
            .and_then(|sequence| state.row_of(row.header.device, sequence));
        let follows = row.header.sequence == 1
            || before.is_some_and(|before| {
                let before = &state.rows[before];
                before.hash == row.header.previous && before.number < row.number
            });
        let earlier = row
            .number
            .and_then(|number| state.row_at(number.checked_sub(1)?));
        let late = earlier.is_some_and(|at| state.rows[at].accepted_ms > row.accepted_ms);
        if !follows || late {
            self.state.note(Oddity::Dropped);
        }
    }

    /// The author must have seen the beginning of the very stream that this device sees.
    fn judge_seen(&mut self, at: usize) {
        let state = &self.state;
        let row = &state.rows[at];
        let (Some(origin), Some(number)) = (row.origin, row.number) else {
            return;
        };
        let seen = row.header.seen_number;
        // What was seen in another life of the relay has other numbers; what was not followed yet
        // is judged when it is.
        if origin.instance != state.instance || seen == 0 || row.head == Hash::ZERO {
            return;
        }
        let head = state.row_at(seen).map(|at| state.rows[at].head);
        if seen >= number || head != Some(row.header.seen_head) {
            self.state.note(Oddity::SplitView);
        }
    }

    /// The membership log as another device had it, against ours.
    fn judge_log(&mut self, at: usize) {
        let state = &self.state;
        let (Some(origin), Some(log)) = (state.rows[at].origin, &state.confirmed) else {
            return;
        };
        let Some(last) = origin.log_len.checked_sub(1) else {
            return;
        };
        // After a restore the relay itself may lack the log's end for a while.
        if origin.log_len > log.len() && origin.instance != state.instance {
            return;
        }
        let last = usize::try_from(last).unwrap_or(usize::MAX);
        let head = state.log.get(last);
        let head = head.map(|bytes| tagged_hash(Tag::EntryHash, &[bytes]));
        if head != Some(origin.log_head) {
            self.state.note(Oddity::LogDiffers);
        }
    }

    /// Takes the office's read marks, over the same stream as ours.
    fn take_marks(&mut self, reply: &SyncReply) {
        let thread = self.state.thread(self.who());
        for mark in reply
            .marks
            .iter()
            .filter(|mark| Some(mark.document) == thread)
        {
            let at = self.state.row_at(mark.number);
            let head = at.map(|at| self.state.rows[at].head);
            let Some(log) = &self.state.confirmed else {
                return;
            };
            let genuine = log.device_role(mark.device).is_some_and(Role::is_office)
                && log
                    .active_device(mark.device)
                    .is_some_and(|device| mark.verify(&device.verifier).is_ok());
            if !genuine {
                continue;
            }
            if head == Some(mark.head) {
                self.state.office = self.state.office.max(mark.number);
            } else if head.is_some_and(|head| head != Hash::ZERO) {
                self.state.note(Oddity::SplitView);
            } else {
                let (number, _) = self.state.end();
                self.state.wanted = Some(number + 1);
            }
        }
    }

    // --- sealing ---

    /// Seals every message that waits, where the key is here.
    fn seal_unsealed(&mut self) -> Result<(), Error> {
        let who = self.who();
        let admitted = self.state.is_admitted(who);
        let Some(thread) = self.state.thread(who).filter(|_| admitted) else {
            return Ok(());
        };
        // After a restore the relay may have what was sealed last: that comes first.
        if self.state.unsealed.is_empty() || self.state.recovering {
            return Ok(());
        }
        let Some((generation, key)) = self.sealing_key(thread)? else {
            return Ok(());
        };
        while !self.state.unsealed.is_empty() {
            let mut count = self.state.unsealed.len().min(MESSAGES_MAX);
            loop {
                let part = &self.state.unsealed[..count];
                let readings: Vec<(Reading, u64)> =
                    part.iter().map(|one| (one.made, one.seen)).collect();
                let texts: Vec<Vec<u8>> = part.iter().map(|one| one.message.to_bytes()).collect();
                let content = Content {
                    sealed: self.env.now(),
                    clocks: clock_runs(&readings),
                    instance: self.state.instance,
                    log_len: self.state.log_len(),
                    log_head: self
                        .state
                        .confirmed
                        .as_ref()
                        .map_or(Hash::ZERO, Membership::head),
                    batch: encode_messages(&texts),
                };
                let last = self.state.last_of(who.device);
                let (sequence, previous) = last.map_or((1, Hash::ZERO), |(n, hash)| (n + 1, hash));
                let (seen_number, seen_head) = self.state.end();
                let header = Header {
                    workspace: who.workspace,
                    document: thread,
                    kind: EnvelopeKind::Message,
                    device: who.device,
                    sequence,
                    previous,
                    generation,
                    commitment: Hash::ZERO,
                    seen_number,
                    seen_head,
                };
                let nonce = self.env.random();
                let envelope = seal(header, &content, &key, nonce, self.identity.device.sign());
                if envelope.ciphertext.len() > CIPHERTEXT_BYTES_MAX && count > 1 {
                    count /= 2;
                    continue;
                }
                let mut row = Row::new(envelope.to_bytes(), envelope.header.clone());
                self.state.unsealed.drain(..count);
                if let Outcome::Applied(said, origin) = self.state.read(who, &envelope) {
                    row.status = Status::Applied;
                    row.said = said;
                    row.origin = Some(origin);
                }
                self.state.rows.push(row);
                break;
            }
        }
        Ok(())
    }

    /// Takes own envelopes apart that the relay never had: their messages wait again, and are
    /// sealed anew under the key and the place of that time.
    pub(crate) fn unseal(&mut self, which: impl Fn(&Row) -> bool) {
        let device = self.who().device;
        let state: &mut State = &mut self.state;
        let is_mine =
            |row: &Row| row.header.device == device && row.number.is_none() && !row.stored;
        let first = state
            .rows
            .iter()
            .filter(|row| is_mine(row) && which(row))
            .map(|row| row.header.sequence)
            .min();
        let Some(first) = first else {
            return;
        };
        let mut taken: Map<u64, Row> = Map::new();
        for row in std::mem::take(&mut state.rows) {
            if is_mine(&row) && row.header.sequence >= first {
                taken.insert(row.header.sequence, row);
            } else {
                state.rows.push(row);
            }
        }
        let mut waiting = Vec::new();
        for row in taken.values() {
            waiting.extend(unsealed_of(state, row));
        }
        waiting.append(&mut state.unsealed);
        state.unsealed = waiting;
    }
}

/// The messages of an own envelope, with the clocks under which each was made.
fn unsealed_of(state: &State, row: &Row) -> Vec<Unsealed> {
    let header = &row.header;
    let key = state.keyring.document(header.document, header.generation);
    let content = Envelope::from_bytes(&row.bytes)
        .ok()
        .and_then(|envelope| open(&envelope, key?).ok());
    let Some(content) = content else {
        return Vec::new();
    };
    let count = decode_messages(&content.batch).map_or(0, |messages| messages.len());
    debug_assert_eq!(count, row.said.len());
    let seen = content
        .clocks
        .iter()
        .flat_map(|run| std::iter::repeat_n(run.seen_number, run.count as usize));
    let made = content.readings().into_iter().zip(seen);
    let said = row.said.iter().filter_map(|said| said.message.clone());
    said.zip(made)
        .map(|(message, (made, seen))| Unsealed {
            made,
            seen,
            message,
        })
        .collect()
}
