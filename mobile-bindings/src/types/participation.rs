//! Participations (deltakelser).

use folge_core::domain as core;
use folge_core::domain::participation::NationalId;

use super::{AgreementName, Day, EmployerName, EndReason, PersonName, StaffName, ThreadId};
use crate::error::FolgeError;
use crate::shape::{Given, Shown, choice, record};

choice! {
    /// The state of a participation, as NAV shows it to providers.
    ParticipationStatus = core::Status {
        /// Ordered, not begun (venter på oppstart).
        Waiting,
        /// Takes part (deltar).
        Active,
        /// Has ended (har sluttet).
        Ended,
        /// Never took part (ikke aktuell).
        NotRelevant,
    }
}

choice! {
    /// How a referral came.
    ReferralChannel = core::ReferralChannel {
        /// NAV's Deltakeroversikt.
        Deltakeroversikt,
        /// A letter (innsøkingsbrev).
        Letter,
    }
}

impl Shown<NationalId> for String {
    fn shown(core: NationalId) -> Self {
        core.reveal().to_owned()
    }
}

impl Given<NationalId> for String {
    fn given(self) -> Result<NationalId, FolgeError> {
        NationalId::new(&self).map_err(|error| {
            folge_core::Error::from(folge_core::document::DocumentError::from(error)).into()
        })
    }
}

record! {
    both
    /// One person's participation (deltakelse) in one measure.
    Participation = core::Participation {
        /// The provider's own id, such as `participant-000`.
        reference: String,
        /// Given name.
        first_name: String,
        /// Middle name.
        #[uniffi(default = None)]
        middle_name: Option<String>,
        /// Family name.
        last_name: String,
        /// National identity number, 11 digits. Never write it into a log.
        #[uniffi(default = None)]
        national_id: Option<String>,
        /// Date of birth.
        #[uniffi(default = None)]
        born: Option<Day>,
        /// Telephone.
        #[uniffi(default = None)]
        phone: Option<String>,
        /// E-mail.
        #[uniffi(default = None)]
        email: Option<String>,
        /// Postal address; never present where the address is protected.
        #[uniffi(default = None)]
        address: Option<String>,
        /// Municipality (kommune).
        #[uniffi(default = None)]
        municipality: Option<String>,
        /// Service area (tjenesteområde), which decides the price.
        #[uniffi(default = None)]
        area: Option<String>,
        /// The referring NAV office.
        #[uniffi(default = None)]
        nav_office: Option<String>,
        /// The NAV adviser's name.
        #[uniffi(default = None)]
        nav_adviser: Option<String>,
        /// The NAV adviser's telephone.
        #[uniffi(default = None)]
        nav_adviser_phone: Option<String>,
        /// The NAV adviser's e-mail.
        #[uniffi(default = None)]
        nav_adviser_email: Option<String>,
        /// The day on which the order was received, which starts the response time.
        #[uniffi(default = None)]
        ordered: Option<Day>,
        /// How it was received.
        #[uniffi(default = None)]
        channel: Option<ReferralChannel>,
        /// First day in the measure.
        #[uniffi(default = None)]
        start: Option<Day>,
        /// Last day in the measure, inclusive.
        #[uniffi(default = None)]
        end: Option<Day>,
        /// Whether the participant had an employment relationship at referral.
        #[uniffi(default = false)]
        employed_at_referral: bool,
        /// Position at referral in percent.
        #[uniffi(default = None)]
        position_percent: Option<i32>,
        /// First day on sick leave.
        #[uniffi(default = None)]
        sick_leave_from: Option<Day>,
        /// Sick leave in percent.
        #[uniffi(default = None)]
        sick_leave_percent: Option<i32>,
        /// The employer.
        #[uniffi(default = None)]
        employer: Option<EmployerName>,
        /// The order to the provider (bestilling), free text.
        #[uniffi(default = None)]
        order: Option<String>,
        /// Reduced work capacity (nedsatt arbeidsevne), which allows up to three years.
        #[uniffi(default = false)]
        reduced_work_capacity: bool,
        /// Came from school or from serving a sentence, which allows six months more.
        #[uniffi(default = false)]
        from_school_or_sentence: bool,
        /// Protected address (adressebeskyttelse): no name in lists, no address at all.
        #[uniffi(default = false)]
        address_protected: bool,
        /// The agreement that the participation belongs to.
        #[uniffi(default = None)]
        agreement: Option<AgreementName>,
        /// The main consultant (fast veileder).
        #[uniffi(default = None)]
        consultant: Option<StaffName>,
        /// Other consultants (medveiledere).
        #[uniffi(default = [])]
        co_consultants: Vec<StaffName>,
        /// The state.
        status: ParticipationStatus,
        /// Why it ended (sluttårsak).
        #[uniffi(default = None)]
        end_reason: Option<EndReason>,
        /// The labour-market status at the end, a code of NAV's list.
        #[uniffi(default = None)]
        end_status: Option<String>,
        /// When the participant said to want work.
        #[uniffi(default = None)]
        wants_work: Option<Day>,
        /// When the therapist said to know of and support the participation. No diagnosis.
        #[uniffi(default = None)]
        therapist_supports: Option<Day>,
        /// When the participant signed the confidentiality declaration.
        #[uniffi(default = None)]
        declaration_signed: Option<Day>,
        /// Why it must not be erased yet although its time is up.
        #[uniffi(default = None)]
        erasure_hold: Option<String>,
        /// Why the processing is restricted (GDPR art. 18). Nothing else can be changed meanwhile.
        #[uniffi(default = None)]
        restricted: Option<String>,
        /// The thread that is shared with the participant, once there is one.
        #[uniffi(default = None)]
        thread: Option<ThreadId>,
        /// Who the participant is in the workspace, once invited.
        #[uniffi(default = None)]
        participant: Option<PersonName>,
    }
}
