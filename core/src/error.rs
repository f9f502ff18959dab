//! What goes wrong, as callers see it: a stable code, and a text that says what to do.
//! No error carries anything that was recorded.

mod class;

pub use class::ErrorClass;

use folge_protocol::membership::MembershipError;
use folge_protocol::wire::RelayError;

use crate::contract::TermsError;
use crate::contract::claim::ClaimError;
use crate::contract::data::NotAllowed;
use crate::contract::reports::{MailError, Missing};
use crate::contract::status::StatusError;
use crate::document::DocumentError;
use crate::domain::text::{Both, pick};
use crate::domain::{Field, Language};
pub(crate) use crate::fault::RelayFault;
use crate::keys::{KemError, WordsError};
use crate::rights::field_words;
use crate::store::StoreError;

/// Why the core could not do it. Nothing that was saved before is lost.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The document or what was to be recorded.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The participation's state or a proposal to NAV.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// The agreement does not allow such data to be recorded.
    #[error(transparent)]
    DataNotAllowed(#[from] NotAllowed),
    /// An agreement's terms.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The identity number's check digits are wrong.
    #[error("this is no national identity number: check the digits")]
    BadIdentity,
    /// A number made for tests.
    #[error("this identity number is made for tests: it can be recorded in test mode only")]
    SyntheticIdentity,
    /// No such agreement.
    #[error("the register has no such agreement: choose one of those in it")]
    UnknownAgreement,
    /// A visit outside the participation's days without a reason.
    #[error("the visit lies outside the participation and is not billed: say why it is recorded")]
    OutsideParticipation,
    /// A claim.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KemError),
    /// The recovery words.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// The membership rules.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The relay refused the request as a whole.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The relay's reply contradicts what this device knows.
    #[error(transparent)]
    RelayFault(#[from] RelayFault),
    /// The relay could not be reached. Carries no address.
    #[error("the relay cannot be reached: {0}")]
    Unreachable(&'static str),
    /// The device is locked.
    #[error("the device is locked: unlock it")]
    Locked,
    /// The participation is not on this device.
    #[error("the participation is not on this device: sync, or ask to be assigned")]
    UnknownDocument,
    /// The member's role does not allow it.
    #[error("your role does not allow this: ask the office")]
    NotAllowed,
    /// A record that others may have seen is changed without a reason.
    #[error("the record has left this phone: give a reason for changing it")]
    ReasonNeeded,
    /// Nobody invited this device, or the invitation is for another workspace.
    #[error("the invitation does not fit: ask for a new one")]
    BadInvitation,
    /// The recovery words are of this workspace, but open nothing on this relay.
    #[error("the recovery words open nothing on this relay: check the relay's address")]
    BadRecovery,
    /// The bytes are nothing that a device handed over.
    #[error("this is nothing that a device handed over: choose the file that it wrote")]
    BadPack,
    /// The participation is held back from erasure, or restricted.
    #[error("the participation is held back from erasure: release it first")]
    Held,
    /// This device was put out of the workspace.
    #[error("this device was put out of the workspace: hand over what was not delivered")]
    PutOut,
    /// The report is said to be delivered, and is not filled in completely (N2).
    #[error("the report is not complete: {}", incomplete(.0, Language::English))]
    ReportIncomplete(Vec<Missing>),
    /// The text is no code of the kind, or was mistyped, or is not signed by whom it names.
    #[error("this is no code that can be used here: scan it again, or have it shown anew")]
    BadCode,
    /// The code is another participant's, another device's, or another workspace's.
    #[error("the code is not for this participant and phone: sync, and have it shown anew")]
    CodeNotForThis,
    /// The code was shown too long ago.
    #[error("the code is too old: have it shown anew")]
    CodeTooOld,
    /// The PIN is one of those that anybody would try.
    #[error("this PIN is too easy to guess: choose 6 to 12 other digits")]
    WeakPin,
    /// The participant has no PIN yet.
    #[error("the participant has no PIN yet: set one first")]
    NoPin,
    /// The PIN is not the participant's.
    #[error("this is not the participant's PIN: try again, or confirm another way")]
    WrongPin,
    /// Too many PINs were tried.
    #[error("too many wrong PINs: wait {} seconds and try again", .wait_ms.div_ceil(1000))]
    TooManyPins {
        /// How long to wait, in milliseconds.
        wait_ms: u64,
    },
    /// The message cannot go by e-mail (K26).
    #[error(transparent)]
    Mail(#[from] MailError),
    /// No such timer.
    #[error("the timer is not running")]
    UnknownTimer,
    /// Too many timers.
    #[error("too many timers are running: stop one first")]
    TooManyTimers,
    /// Too many drafts are kept.
    #[error("too many drafts")]
    TooManyDrafts,
    /// What the program itself wrote into its store cannot be read back.
    #[error("the store holds something unreadable in {0}")]
    Unreadable(&'static str),
}

impl Error {
    /// A stable code that shells and tests can act on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => match error {
                StoreError::WrongSecret => "wrong_secret",
                StoreError::TooManyAttempts { .. } => "too_many_attempts",
                StoreError::NotAStore => "not_a_store",
                StoreError::Exists => "store_exists",
                StoreError::TooNew { .. } => "store_too_new",
                StoreError::Corrupt { .. } => "store_corrupt",
                StoreError::BadCost => "bad_cost",
                StoreError::DiskFull => "disk_full",
                StoreError::Busy => "store_busy",
                StoreError::Interrupted => "interrupted",
                StoreError::Sqlite(_) => "store_failed",
            },
            Self::Document(error) => error.code(),
            Self::Status(error) => error.code(),
            Self::DataNotAllowed(_) => "data_not_allowed",
            Self::Terms(_) => "terms",
            Self::BadIdentity => "bad_identity",
            Self::SyntheticIdentity => "synthetic_identity",
            Self::UnknownAgreement => "unknown_agreement",
            Self::OutsideParticipation => "outside_participation",
            Self::Claim(error) => error.code(),
            Self::Key(_) => "key",
            Self::Words(error) => error.code(),
            Self::Membership(MembershipError::InvitationSpent) => "bad_invitation",
            Self::Membership(_) => "membership",
            Self::Relay(RelayError::ClockSkew { .. }) => "clock_skew",
            Self::Relay(RelayError::Unauthorized) => "unauthorized",
            Self::Relay(RelayError::UnknownWorkspace) => "unknown_workspace",
            Self::Relay(RelayError::TooLarge) => "too_large",
            Self::Relay(RelayError::FoundingClosed) => "founding_closed",
            Self::Relay(_) => "relay_refused",
            Self::RelayFault(_) => "relay_fault",
            Self::Unreachable(_) => "unreachable",
            Self::Locked => "locked",
            Self::UnknownDocument => "unknown_document",
            Self::NotAllowed => "not_allowed",
            Self::ReasonNeeded => "reason_needed",
            Self::BadInvitation => "bad_invitation",
            Self::BadRecovery => "bad_recovery",
            Self::BadPack => "bad_pack",
            Self::Held => "held",
            Self::PutOut => "put_out",
            Self::ReportIncomplete(_) => "report_incomplete",
            Self::BadCode => "bad_code",
            Self::CodeNotForThis => "code_not_for_this",
            Self::CodeTooOld => "code_too_old",
            Self::WeakPin => "weak_pin",
            Self::NoPin => "no_pin",
            Self::WrongPin => "wrong_pin",
            Self::TooManyPins { .. } => "too_many_attempts",
            Self::Mail(_) => "mail",
            Self::UnknownTimer => "unknown_timer",
            Self::TooManyTimers => "too_many_timers",
            Self::TooManyDrafts => "too_many_drafts",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// The field that it is about, where it is about one that the caller filled in: shells show the
    /// text beside it.
    #[must_use]
    pub const fn field(&self) -> Option<Field> {
        match self {
            Self::Document(DocumentError::Domain(error)) => error.field(),
            Self::DataNotAllowed(error) => Some(error.field),
            Self::BadIdentity | Self::SyntheticIdentity => Some(Field::NationalId),
            Self::Terms(_) => Some(Field::Terms),
            _ => None,
        }
    }

    /// What the user reads: what happened, and what to do.
    #[must_use]
    pub fn user_text(&self, language: Language) -> String {
        let (nb, en) = match self {
            Self::Document(DocumentError::InConflict { record, field })
                if let Some(words) = field_words(record, field) =>
            {
                return in_conflict(words, language);
            }
            Self::Document(error) => return error.user_text(language),
            Self::Claim(error) => return error.user_text(language),
            Self::Words(error) => return error.user_text(language),
            Self::Status(error) => return error.user_text(language),
            Self::DataNotAllowed(error) => return error.user_text(language),
            Self::Terms(error) => return error.user_text(language),
            Self::BadIdentity => (
                "Dette er ikke et fødselsnummer eller D-nummer. Sjekk sifrene.",
                "This is no national identity number. Check the digits.",
            ),
            Self::SyntheticIdentity => (
                "Nummeret er laget for test og kan bare registreres i testmodus.",
                "The number is made for tests and can be recorded in test mode only.",
            ),
            Self::UnknownAgreement => (
                "Avtalen finnes ikke i registeret. Velg en av dem som står der.",
                "The register has no such agreement. Choose one of those in it.",
            ),
            Self::OutsideParticipation => (
                "Møtet ligger utenfor deltakelsen og faktureres ikke. Skriv hvorfor det \
                 registreres.",
                "The visit lies outside the participation and is not billed. Say why it is \
                 recorded.",
            ),
            Self::Mail(error) => return error.text(language),
            Self::ReportIncomplete(missing) => {
                let head = match language {
                    Language::Norwegian => "Rapporten er ikke fylt ut i sin helhet.",
                    Language::English => "The report is not filled in completely.",
                };
                return format!("{head}\n{}", incomplete(missing, language));
            }
            Self::Store(StoreError::TooManyAttempts { wait_ms }) => {
                return too_many_attempts(("passord", "passphrases"), *wait_ms, language);
            }
            Self::TooManyPins { wait_ms } => {
                return too_many_attempts(("PIN-koder", "PINs"), *wait_ms, language);
            }
            Self::BadCode => (
                "Koden kan ikke brukes her. Skann den på nytt, eller be om at den vises på nytt.",
                "The code cannot be used here. Scan it again, or have it shown anew.",
            ),
            Self::CodeNotForThis => (
                "Koden gjelder en annen deltaker eller telefon. Synkroniser, og vis koden på nytt.",
                "The code is for another participant or phone. Sync, and have it shown anew.",
            ),
            Self::CodeTooOld => (
                "Koden er for gammel. Vis den på nytt.",
                "The code is too old. Have it shown anew.",
            ),
            Self::WeakPin => (
                "PIN-koden er for lett å gjette. Velg 6 til 12 andre sifre.",
                "The PIN is too easy to guess. Choose 6 to 12 other digits.",
            ),
            Self::NoPin => (
                "Deltakeren har ingen PIN-kode ennå. La deltakeren velge en først.",
                "The participant has no PIN yet. Let them choose one first.",
            ),
            Self::WrongPin => (
                "Feil PIN-kode. Prøv igjen, eller bekreft på en annen måte.",
                "Wrong PIN. Try again, or confirm another way.",
            ),
            Self::Store(error) => match error {
                StoreError::WrongSecret => (
                    "Feil passord eller nøkkel. Ingenting er endret; prøv igjen.",
                    "Wrong passphrase or key. Nothing was changed; try again.",
                ),
                StoreError::NotAStore => (
                    "Filen er ikke et Følge-lager. Velg riktig fil.",
                    "The file is not a Følge store. Choose the right file.",
                ),
                StoreError::Exists => (
                    "Det finnes allerede et lager her. Åpne det, eller velg et annet sted.",
                    "There is a store here already. Open it, or choose another place.",
                ),
                StoreError::TooNew { .. } => (
                    "Lageret er skrevet av en nyere versjon. Oppdater appen.",
                    "The store was written by a newer version. Update the app.",
                ),
                StoreError::Corrupt { .. } => (
                    "Lageret på denne enheten er skadet. Ta vare på filen, og be administrator \
                     om å invitere enheten på nytt; det som er levert, hentes tilbake.",
                    "The store on this device is damaged. Keep the file, and ask an \
                     administrator to invite the device anew; what was delivered comes back.",
                ),
                StoreError::DiskFull => (
                    "Lagringsplassen er full, så dette ble ikke lagret. Frigjør plass og prøv \
                     igjen; det som var lagret før, er trygt.",
                    "The storage is full, so this was not saved. Free some space and try again; \
                     what was saved before is safe.",
                ),
                StoreError::Busy => (
                    "Lageret er åpent i et annet vindu. Lukk det og prøv igjen.",
                    "The store is open in another window. Close it and try again.",
                ),
                StoreError::TooManyAttempts { .. }
                | StoreError::BadCost
                | StoreError::Interrupted
                | StoreError::Sqlite(_) => (
                    "Lageret svarte ikke som det skulle, så dette ble ikke lagret. Prøv igjen.",
                    "The store did not answer as it should, so this was not saved. Try again.",
                ),
            },
            Self::Relay(RelayError::ClockSkew { .. }) => (
                "Klokken på enheten går feil. Alt er lagret; synkroniseringen retter seg selv.",
                "The device's clock is wrong. All is saved; the sync corrects for it.",
            ),
            Self::Relay(RelayError::Unauthorized) => (
                "Tjenesten kjenner ikke denne enheten. Alt er lagret her. Kontakt administrator.",
                "The relay does not know this device. All is saved here. Ask an administrator.",
            ),
            Self::Relay(_) | Self::Unreachable(_) => (
                "Får ikke kontakt med tjenesten. Alt er lagret på telefonen og sendes senere.",
                "The relay cannot be reached. All is saved on the phone and is sent later.",
            ),
            Self::RelayFault(_) => (
                "Tjenesten viser noe annet enn før. Ingenting er tatt imot. Kontakt administrator.",
                "The relay shows something else than before. Nothing was taken. Ask an \
                 administrator.",
            ),
            Self::Locked => (
                "Følge er låst. Lås opp for å fortsette; alt er lagret.",
                "Følge is locked. Unlock it to go on; all is saved.",
            ),
            Self::UnknownDocument => (
                "Deltakelsen er ikke på denne enheten. Synkroniser, eller be om å bli tildelt.",
                "The participation is not on this device. Sync, or ask to be assigned.",
            ),
            Self::Membership(MembershipError::InvitationSpent) => (
                "Invitasjonen er brukt, trukket tilbake eller for gammel. Be om en ny.",
                "The invitation was used, withdrawn or is too old. Ask for a new one.",
            ),
            Self::NotAllowed | Self::Membership(_) => (
                "Rollen din tillater ikke dette. Kontakt kontoret.",
                "Your role does not allow this. Ask the office.",
            ),
            Self::ReasonNeeded => (
                "Registreringen er allerede sendt. Skriv hvorfor den endres.",
                "The record has been sent already. Say why it is changed.",
            ),
            Self::BadInvitation | Self::Key(_) => (
                "Invitasjonen passer ikke. Be om en ny.",
                "The invitation does not fit. Ask for a new one.",
            ),
            Self::BadRecovery => (
                "Gjenopprettingsordene åpner ingenting hos denne tjenesten. Sjekk adressen.",
                "The recovery words open nothing on this relay. Check its address.",
            ),
            Self::BadPack => (
                "Filen er ikke noe en enhet har overlevert. Velg filen som enheten skrev.",
                "The file is nothing that a device handed over. Choose the file that it wrote.",
            ),
            Self::Held => (
                "Deltakelsen er holdt tilbake fra sletting. Opphev det først.",
                "The participation is held back from erasure. Release it first.",
            ),
            Self::PutOut => (
                "Denne enheten er sperret. Det som ikke er levert, ligger her ennå: overlever det \
                 til kontoret.",
                "This device was put out. What was not delivered is still here: hand it over to \
                 the office.",
            ),
            Self::UnknownTimer => ("Tidtakingen er ikke i gang.", "The timer is not running."),
            Self::TooManyTimers => (
                "For mange tidtakinger er i gang. Stopp en først.",
                "Too many timers are running. Stop one first.",
            ),
            Self::TooManyDrafts => (
                "For mange utkast er påbegynt. Gjør ferdig eller forkast et først.",
                "Too many drafts are begun. Finish or discard one first.",
            ),
            Self::Unreadable(_) => (
                "Noe i lageret kan ikke leses. Oppdater appen, eller kontakt administrator.",
                "Something in the store cannot be read. Update the app, or ask an administrator.",
            ),
        };
        pick((nb, en), language).to_owned()
    }
}

/// A field that two devices gave different values.
fn in_conflict(field: Both, language: Language) -> String {
    let field = pick(field, language);
    match language {
        Language::Norwegian => {
            format!("«{field}» har to verdier fra to enheter. Velg først hvilken som gjelder.")
        }
        Language::English => {
            format!("“{field}” has two values from two devices. Choose first which one holds.")
        }
    }
}

/// What is missing, a line each.
fn incomplete(missing: &[Missing], language: Language) -> String {
    let lines: Vec<String> = missing.iter().map(|one| one.text(language)).collect();
    lines.join("\n")
}

/// How long to wait, after too many wrong ones of something.
fn too_many_attempts(of: (&str, &str), wait_ms: u64, language: Language) -> String {
    let (nb, en) = of;
    let seconds = wait_ms.div_ceil(1000).max(1);
    let minutes = seconds.div_ceil(60);
    match (language, seconds) {
        (Language::Norwegian, 1) => format!("For mange feil {nb}. Vent ett sekund og prøv igjen."),
        (Language::Norwegian, 2..120) => {
            format!("For mange feil {nb}. Vent {seconds} sekunder og prøv igjen.")
        }
        (Language::Norwegian, _) => {
            format!("For mange feil {nb}. Vent {minutes} minutter og prøv igjen.")
        }
        (Language::English, 1) => format!("Too many wrong {en}. Wait a second and try again."),
        (Language::English, 2..120) => {
            format!("Too many wrong {en}. Wait {seconds} seconds and try again.")
        }
        (Language::English, _) => {
            format!("Too many wrong {en}. Wait {minutes} minutes and try again.")
        }
    }
}

impl WordsError {
    /// What the user reads: what is wrong with the recovery words, and what to do.
    #[must_use]
    pub fn user_text(&self, language: Language) -> String {
        if language == Language::English {
            return self.to_string();
        }
        match self {
            Self::WrongCount { found, expected } => {
                format!("Du har skrevet {found} ord, og det skal være {expected}. Sjekk arket.")
            }
            Self::UnknownWord {
                place,
                suggestion: Some(word),
            } => format!("Ord {place} finnes ikke i listen. Mente du «{word}»?"),
            Self::UnknownWord {
                place,
                suggestion: None,
            } => format!("Ord {place} finnes ikke i listen. Sjekk det mot arket."),
            Self::BadChecksum => "Ordene stemmer ikke med hverandre. Ett av dem er et annet ord, \
                                  eller to har byttet plass. Sjekk hvert ord mot arket."
                .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::RecordRef;
    use crate::domain::{DomainError, RecordId};

    #[test]
    fn an_error_about_a_field_calls_it_what_people_call_it() {
        let missing = DomainError::Missing {
            field: Field::NavOffice,
        };
        let error = Error::from(DocumentError::from(missing));
        assert_eq!(error.field(), Some(Field::NavOffice));
        let nb = error.user_text(Language::Norwegian);
        assert_eq!(nb, "«NAV-kontor» mangler. Fyll det ut.");
        let en = error.user_text(Language::English);
        assert_eq!(en, "“NAV office” is missing: fill it in");

        let conflict = |field: &str| {
            Error::from(DocumentError::InConflict {
                record: RecordRef::Visit(RecordId([1; 16])),
                field: field.into(),
            })
        };
        let nb = conflict("out").user_text(Language::Norwegian);
        assert!(nb.starts_with("«Oppmøte» har to verdier"), "{nb}");
        let en = conflict("out").user_text(Language::English);
        assert!(en.starts_with("“Attendance” has two values"), "{en}");
        // One that a newer version wrote is not called by its key.
        let nb = conflict("xyz").user_text(Language::Norwegian);
        assert!(nb.starts_with("Et felt har to verdier"), "{nb}");
    }
}
