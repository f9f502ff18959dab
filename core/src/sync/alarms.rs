//! What a relay, or a member, is caught at: kept, sealed, until a person has seen it. Nothing here
//! stops the device: what is false is refused or put aside elsewhere; this says so.

use std::collections::BTreeMap;

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::ids::{DeviceId, DocumentId, InstanceId};
use folge_protocol::wire::SyncReply;

use super::replica::Replica;
use crate::domain::Language;
use crate::error::{Error, RelayFault};
use crate::limits::{ALARMS_MAX, EVIDENCE_BYTES_MAX, PAST_INSTANCES_MAX};

const META_WATCH: &str = "watch";
const META_RECEIPT: &str = "receipt";

/// What is amiss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmKind {
    /// The relay began a new life: its operator restored a backup. What it lost is brought back.
    Restored,
    /// Within one life the relay has less than it had, or an old life came back.
    RolledBack,
    /// The relay signed two different pasts of one stream.
    StreamForked,
    /// A device was shown another stream than this one.
    SplitView,
    /// A device's earlier envelope is missing, or out of order.
    Dropped,
    /// The relay states an acceptance time that cannot be.
    ImpossibleTime,
    /// The relay named envelopes and does not hand them out.
    Withheld,
    /// The office has not read for days what the relay stored.
    Unread,
    /// Two different membership logs were shown.
    LogForked,
    /// A device knows more of the membership log than the relay gives out.
    LogWithheld,
    /// A membership entry breaks the rules or is signed by nobody who may.
    ForgedEntry,
    /// An envelope is not from whom it says, or from one who may not write there.
    ForgedEnvelope,
    /// A reply is not signed by the relay.
    ForgedReply,
    /// A reply answers another request: an old one.
    Replayed,
    /// The relay signed something that cannot be read.
    Garbled,
    /// A grant is not from whom it says.
    ForgedGrant,
}

impl AlarmKind {
    const ALL: [Self; 16] = [
        Self::Restored,
        Self::RolledBack,
        Self::StreamForked,
        Self::SplitView,
        Self::Dropped,
        Self::ImpossibleTime,
        Self::Withheld,
        Self::Unread,
        Self::LogForked,
        Self::LogWithheld,
        Self::ForgedEntry,
        Self::ForgedEnvelope,
        Self::ForgedReply,
        Self::Replayed,
        Self::Garbled,
        Self::ForgedGrant,
    ];

    const fn code(self) -> u8 {
        match self {
            Self::Restored => 1,
            Self::RolledBack => 2,
            Self::StreamForked => 3,
            Self::SplitView => 4,
            Self::Dropped => 5,
            Self::ImpossibleTime => 6,
            Self::Withheld => 7,
            Self::Unread => 8,
            Self::LogForked => 9,
            Self::LogWithheld => 10,
            Self::ForgedEntry => 11,
            Self::ForgedEnvelope => 12,
            Self::ForgedReply => 13,
            Self::Replayed => 14,
            Self::Garbled => 15,
            Self::ForgedGrant => 16,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    const fn of_fault(fault: RelayFault) -> Self {
        match fault {
            RelayFault::Malformed => Self::Garbled,
            RelayFault::BadReceipt => Self::ForgedReply,
            RelayFault::NotAnAnswer => Self::Replayed,
            RelayFault::StreamForked => Self::StreamForked,
            RelayFault::ForgedEnvelope => Self::ForgedEnvelope,
            RelayFault::BadEntry(_) => Self::ForgedEntry,
            RelayFault::LogForked => Self::LogForked,
        }
    }

    /// Whether it only informs: an honest relay may cause it.
    #[must_use]
    pub const fn is_notice(self) -> bool {
        matches!(self, Self::Restored | Self::Unread)
    }

    /// Whether it goes away by itself once it is not so any more.
    const fn passes(self) -> bool {
        matches!(self, Self::Unread | Self::Withheld)
    }

    /// What the user reads: what it means, and what to do.
    #[must_use]
    pub const fn user_text(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::Restored => (
                "Tjenesten er gjenopprettet fra en sikkerhetskopi. Enhetene sender inn igjen det \
                 den mangler. Du trenger ikke gjøre noe. Visste ingen om dette, si fra til \
                 administrator.",
                "The relay was restored from a backup. The devices send again what it lacks. You \
                 need not do anything. If nobody knew of this, tell an administrator.",
            ),
            Self::RolledBack => (
                "Tjenesten har mindre enn den hadde. Enhetene sender inn igjen det som mangler. \
                 Administrator bør spørre driftsleverandøren hva som har skjedd.",
                "The relay has less than it had. The devices send again what is missing. An \
                 administrator should ask the operator what happened.",
            ),
            Self::StreamForked => (
                "Tjenesten viser en annen historikk enn før. Ingenting er tatt imot, og det du \
                 har registrert, er trygt her. Administrator må kontakte driftsleverandøren.",
                "The relay shows another past than before. Nothing was taken, and what you \
                 recorded is safe here. An administrator must contact the operator.",
            ),
            Self::SplitView => (
                "En kollega har fått vist en annen historikk enn denne enheten. Sammenlign mappen \
                 med kollegaen, og la administrator kontakte driftsleverandøren.",
                "A colleague was shown another past than this device. Compare the file with the \
                 colleague, and have an administrator contact the operator.",
            ),
            Self::Dropped => (
                "Noe som en kollega har registrert, er holdt tilbake eller kommer i feil \
                 rekkefølge. Det som kommer senere, venter. Be kollegaen synkronisere, og si fra \
                 til administrator.",
                "Something that a colleague recorded is held back or comes out of order. What \
                 comes later waits. Ask the colleague to sync, and tell an administrator.",
            ),
            Self::ImpossibleTime => (
                "Tjenesten oppgir et mottakstidspunkt som ikke kan stemme. Stol ikke på \
                 tidspunktene i denne mappen før administrator har undersøkt det.",
                "The relay states a time of receipt that cannot be right. Do not rely on the \
                 times in this file until an administrator has looked into it.",
            ),
            Self::Withheld => (
                "Tjenesten sier at det finnes mer i en mappe, men leverer det ikke. Mappen kan \
                 være ufullstendig. Administrator bør kontakte driftsleverandøren.",
                "The relay says that there is more in a file, but does not deliver it. The file \
                 may be incomplete. An administrator should contact the operator.",
            ),
            Self::Unread => (
                "Kontoret har ikke lest det du har levert, på flere dager. Spør kontoret om de \
                 ser det. Gjør de ikke det, si fra til administrator.",
                "The office has not read for days what you delivered. Ask the office whether they \
                 see it. If they do not, tell an administrator.",
            ),
            Self::LogForked => (
                "Det finnes to ulike lister over hvem som er med. Ingen nye medlemmer er tatt \
                 imot fra den andre. Administratorene må avklare hvilken som gjelder.",
                "There are two different lists of members. No new members were taken from the \
                 other. The administrators must settle which one holds.",
            ),
            Self::LogWithheld => (
                "En kollega vet om endringer i hvem som er med, som tjenesten ikke gir denne \
                 enheten. Noen kan være fjernet uten at det vises her. Si fra til administrator.",
                "A colleague knows of changes to the members that the relay does not give this \
                 device. Somebody may have been removed without its showing here. Tell an \
                 administrator.",
            ),
            Self::ForgedEntry => (
                "Tjenesten ga ut en endring i hvem som er med, som ingen med rett til det har \
                 signert. Den er ikke tatt imot. Si fra til administrator.",
                "The relay gave out a change to the members that nobody who may has signed. It \
                 was not taken. Tell an administrator.",
            ),
            Self::ForgedEnvelope => (
                "Noe kom som ikke er signert av den det sier det er fra, eller fra en som ikke \
                 kan skrive der. Det er lagt i karantene og vises ikke. Si fra til administrator.",
                "Something came that is not signed by whom it says it is from, or from one who \
                 may not write there. It is in quarantine and not shown. Tell an administrator.",
            ),
            Self::ForgedGrant => (
                "En nøkkel kom som ikke er signert av den den sier den er fra. Den er ikke tatt i \
                 bruk. Si fra til administrator.",
                "A key came that is not signed by whom it says it is from. It was not put to use. \
                 Tell an administrator.",
            ),
            Self::ForgedReply => (
                "Et svar er ikke signert av tjenesten. Ingenting er tatt imot. Prøv et annet \
                 nett; fortsetter det, si fra til administrator.",
                "A reply is not signed by the relay. Nothing was taken. Try another network; if \
                 it goes on, tell an administrator.",
            ),
            Self::Replayed => (
                "Et gammelt svar ble sendt på nytt. Det er ikke tatt imot. Prøv et annet nett; \
                 fortsetter det, si fra til administrator.",
                "An old reply was sent again. It was not taken. Try another network; if it goes \
                 on, tell an administrator.",
            ),
            Self::Garbled => (
                "Tjenesten sendte noe som ikke kan leses. Ingenting er tatt imot. Oppdater appen; \
                 hjelper det ikke, si fra til administrator.",
                "The relay sent something that cannot be read. Nothing was taken. Update the app; \
                 if that does not help, tell an administrator.",
            ),
        };
        match language {
            Language::Norwegian => nb,
            Language::English => en,
        }
    }
}

/// What can be shown to others: bytes with signatures. Empty where there are none, or where they
/// are over [`EVIDENCE_BYTES_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// What was said before: a receipt, an entry or an envelope.
    pub earlier: Vec<u8>,
    /// What contradicts it: a receipt, an entry or an envelope.
    pub now: Vec<u8>,
}

impl Evidence {
    pub(super) fn new(earlier: &[u8], now: &[u8]) -> Self {
        let capped = |bytes: &[u8]| match bytes.len() {
            0..=EVIDENCE_BYTES_MAX => bytes.to_vec(),
            _ => Vec::new(),
        };
        Self {
            earlier: capped(earlier),
            now: capped(now),
        }
    }
}

/// Something that is amiss, with how often it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Names it for [`Replica::dismiss_alarm`].
    pub number: i64,
    /// What.
    pub kind: AlarmKind,
    /// In which document, where it is in one.
    pub document: Option<DocumentId>,
    /// Which device is concerned, where one is.
    pub device: Option<DeviceId>,
    /// When it was first noticed by this device's clock, in milliseconds since 1970 (UTC).
    pub first_ms: i64,
    /// When it was last noticed.
    pub last_ms: i64,
    /// How often.
    pub count: u64,
    /// Whether a person has seen it since it last happened.
    pub seen: bool,
    /// What can be shown to others, of the first time.
    pub evidence: Evidence,
}

/// What makes two alarms one.
pub(super) type AlarmKey = (AlarmKind, Option<DocumentId>, Option<DeviceId>);

impl Alarm {
    fn key(&self) -> AlarmKey {
        (self.kind, self.document, self.device)
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(self.kind.code());
        out.option(self.document.as_ref());
        out.option(self.device.as_ref());
        out.raw(&self.first_ms.to_be_bytes());
        out.raw(&self.last_ms.to_be_bytes());
        out.u64(self.count);
        out.u8(u8::from(self.seen));
        out.bytes(&self.evidence.earlier);
        out.bytes(&self.evidence.now);
        out.finish()
    }

    fn decode(number: i64, bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let kind = input.u8()?;
        let alarm = Self {
            number,
            kind: AlarmKind::from_code(kind).ok_or(DecodeError::UnknownTag(kind))?,
            document: input.option()?,
            device: input.option()?,
            first_ms: i64::from_be_bytes(input.array()?),
            last_ms: i64::from_be_bytes(input.array()?),
            count: input.u64()?,
            seen: input.u8()? != 0,
            evidence: Evidence {
                earlier: input.bytes(EVIDENCE_BYTES_MAX)?.to_vec(),
                now: input.bytes(EVIDENCE_BYTES_MAX)?.to_vec(),
            },
        };
        input.finish()?;
        Ok(alarm)
    }
}

/// A stream of which more is said to be there than has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Behind {
    /// The highest number that was named.
    pub(super) number: u64,
    /// Since when, by the relay's clock.
    pub(super) since_ms: u64,
}

/// What is remembered of the relay to judge later replies by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Watch {
    /// The relay's clock at the last reply after which nothing was left to fetch.
    pub(super) complete_ms: u64,
    /// The relay's clock when unread envelopes were last looked for.
    pub(super) ages_ms: u64,
    /// Earlier lives of the relay.
    pub(super) past: Vec<InstanceId>,
    /// Streams of which more was named than has come.
    pub(super) behind: BTreeMap<DocumentId, Behind>,
}

impl Watch {
    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u64(self.complete_ms);
        out.u64(self.ages_ms);
        out.list(&self.past);
        for (document, behind) in &self.behind {
            document.encode(&mut out);
            out.u64(behind.number);
            out.u64(behind.since_ms);
        }
        out.finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let mut watch = Self {
            complete_ms: input.u64()?,
            ages_ms: input.u64()?,
            past: input.list(PAST_INSTANCES_MAX)?,
            behind: BTreeMap::new(),
        };
        while !input.rest().is_empty() {
            let document = DocumentId::decode(&mut input)?;
            let behind = Behind {
                number: input.u64()?,
                since_ms: input.u64()?,
            };
            watch.behind.insert(document, behind);
        }
        Ok(watch)
    }

    /// Notes that a life of the relay is over.
    pub(super) fn note_past(&mut self, instance: InstanceId) {
        if self.past.len() >= PAST_INSTANCES_MAX {
            self.past.remove(0);
        }
        self.past.push(instance);
    }
}

/// What a refused reply is about, until it is recorded.
#[derive(Debug, Default)]
pub(super) struct Finding {
    document: Option<DocumentId>,
    device: Option<DeviceId>,
    evidence: Evidence,
}

impl Replica {
    /// Everything that was found amiss, the newest last.
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Store`].
    pub fn alarms(&self) -> Result<Vec<Alarm>, Error> {
        let rows = self.store.alarms()?.into_iter();
        rows.map(|(number, bytes)| {
            Alarm::decode(number, &bytes).map_err(|_| Error::Unreadable("alarm"))
        })
        .collect()
    }

    /// Marks an alarm as seen. It stays on the list.
    /// # Errors
    /// [`Error::Store`].
    pub fn dismiss_alarm(&mut self, number: i64) -> Result<(), Error> {
        self.atomically(|replica| {
            if let Some(mut alarm) = replica.alarm(number)? {
                alarm.seen = true;
                replica.store.put_alarm(number, &alarm.encode())?;
            }
            Ok(())
        })
    }

    /// Records something that is amiss. The caller is in a transaction.
    pub(super) fn raise(
        &mut self,
        kind: AlarmKind,
        document: Option<DocumentId>,
        device: Option<DeviceId>,
        evidence: Evidence,
    ) -> Result<(), Error> {
        let of = |key: &AlarmKey| self.alarm_numbers.get(key).copied();
        let now_ms = self.env.now().wall_ms;
        let full = self.alarm_numbers.len() >= ALARMS_MAX;
        // Where there are too many, one stands for all others of its kind.
        let known =
            of(&(kind, document, device)).or_else(|| of(&(kind, None, None)).filter(|_| full));
        let known = known.map(|number| self.alarm(number)).transpose()?;
        let alarm = match known.flatten() {
            Some(alarm) => Alarm {
                last_ms: now_ms,
                count: alarm.count.saturating_add(1),
                seen: alarm.seen && kind.passes(),
                ..alarm
            },
            None => Alarm {
                number: self.alarm_numbers.values().max().map_or(1, |last| last + 1),
                kind,
                document: document.filter(|_| !full),
                device: device.filter(|_| !full),
                first_ms: now_ms,
                last_ms: now_ms,
                count: 1,
                seen: false,
                evidence,
            },
        };
        self.alarm_numbers.insert(alarm.key(), alarm.number);
        Ok(self.store.put_alarm(alarm.number, &alarm.encode())?)
    }

    fn alarm(&self, number: i64) -> Result<Option<Alarm>, Error> {
        let bytes = self.store.alarm(number)?;
        bytes
            .map(|bytes| Alarm::decode(number, &bytes).map_err(|_| Error::Unreadable("alarm")))
            .transpose()
    }

    /// Takes back what is not so any more.
    pub(super) fn lower(&mut self, kind: AlarmKind, document: DocumentId) -> Result<(), Error> {
        if let Some(number) = self.alarm_numbers.remove(&(kind, Some(document), None)) {
            self.store.remove_alarm(number)?;
        }
        Ok(())
    }

    /// Forgets what was found amiss in a document that leaves this device; nothing of its
    /// envelopes stays behind as evidence.
    pub(super) fn forget_alarms(&mut self, document: DocumentId) -> Result<(), Error> {
        self.watch.behind.remove(&document);
        // In an envelope the document stands behind version, suite and workspace.
        let of = |bytes: &[u8]| bytes.get(18..34) == Some(&document.0[..]);
        for mut alarm in self.alarms()? {
            if alarm.document == Some(document) {
                self.alarm_numbers.remove(&alarm.key());
                self.store.remove_alarm(alarm.number)?;
            } else if of(&alarm.evidence.earlier) || of(&alarm.evidence.now) {
                alarm.evidence = Evidence::default();
                self.store.put_alarm(alarm.number, &alarm.encode())?;
            }
        }
        Ok(())
    }

    /// The error of a reply that is refused; with what it is about, to be recorded when the
    /// reply's transaction is undone.
    pub(super) fn fault(
        &mut self,
        fault: RelayFault,
        document: Option<DocumentId>,
        device: Option<DeviceId>,
        evidence: Evidence,
    ) -> Error {
        self.finding = Finding {
            document,
            device,
            evidence,
        };
        fault.into()
    }

    /// Records a refused reply, in a transaction of its own.
    pub(super) fn record_fault(
        &mut self,
        fault: RelayFault,
        reply: &SyncReply,
    ) -> Result<(), Error> {
        let found = std::mem::take(&mut self.finding);
        let mut evidence = found.evidence;
        if evidence.now.is_empty() && fault != RelayFault::BadReceipt {
            evidence = Evidence::new(&evidence.earlier, &reply.receipt.to_bytes());
        }
        self.atomically(|replica| {
            let kind = AlarmKind::of_fault(fault);
            replica.raise(kind, found.document, found.device, evidence)
        })
    }

    // --- what is remembered of the relay ---

    pub(super) fn load_watch(&mut self) -> Result<(), Error> {
        self.watch = match self.store.meta(META_WATCH)? {
            None => Watch::default(),
            Some(bytes) => Watch::decode(&bytes).map_err(|_| Error::Unreadable("watch"))?,
        };
        let alarms = self.alarms()?;
        self.alarm_numbers = alarms
            .iter()
            .map(|alarm| (alarm.key(), alarm.number))
            .collect();
        Ok(())
    }

    pub(super) fn save_watch(&mut self, reply: &SyncReply) -> Result<(), Error> {
        self.store
            .set_meta(META_WATCH, Some(&self.watch.encode()))?;
        if !reply.receipt.heads.is_empty() {
            let bytes = reply.receipt.to_bytes();
            if bytes.len() <= EVIDENCE_BYTES_MAX {
                self.store.set_meta(META_RECEIPT, Some(&bytes))?;
            }
        }
        Ok(())
    }

    /// The relay's last word on heads before this reply, against this reply's.
    pub(super) fn receipts(&self, reply: &SyncReply) -> Result<Evidence, Error> {
        let earlier = self.store.meta(META_RECEIPT)?.unwrap_or_default();
        Ok(Evidence::new(&earlier, &reply.receipt.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_and_what_is_remembered_survive_the_store() {
        for kind in AlarmKind::ALL {
            let alarm = Alarm {
                number: 3,
                kind,
                document: Some(DocumentId([1; 16])),
                device: None,
                first_ms: -5,
                last_ms: 6,
                count: 7,
                seen: true,
                evidence: Evidence::new(b"before", b"now"),
            };
            assert_eq!(Alarm::decode(3, &alarm.encode()), Ok(alarm));
            for language in [Language::Norwegian, Language::English] {
                assert!(kind.user_text(language).len() > 80, "{kind:?}");
            }
        }
        let mut watch = Watch {
            complete_ms: 1,
            ages_ms: 2,
            ..Watch::default()
        };
        for n in 0..=PAST_INSTANCES_MAX {
            watch.note_past(InstanceId([u8::try_from(n % 200).unwrap(); 16]));
        }
        let behind = Behind {
            number: 4,
            since_ms: 5,
        };
        watch.behind.insert(DocumentId([9; 16]), behind);
        assert_eq!(Watch::decode(&watch.encode()), Ok(watch));
    }

    #[test]
    fn evidence_over_its_limit_is_left_out() {
        let long = vec![0; EVIDENCE_BYTES_MAX + 1];
        assert_eq!(Evidence::new(&long, b"now").earlier, Vec::<u8>::new());
        assert_eq!(
            Evidence::new(&long[1..], b"").earlier.len(),
            EVIDENCE_BYTES_MAX
        );
    }
}
