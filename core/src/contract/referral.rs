//! The referral form (innsøking, OPP b4.5; O), field by field: what of it is not recorded yet.

use crate::domain::{Language, Participation};

/// A field of the referral form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReferralField {
    /// The day on which it was received (O1).
    Received,
    /// How it was received (O1).
    Channel,
    /// The referring NAV office (O2).
    NavOffice,
    /// The NAV adviser's name (O2).
    NavAdviser,
    /// The NAV adviser's telephone.
    NavAdviserPhone,
    /// The NAV adviser's e-mail.
    NavAdviserEmail,
    /// The participant's national identity number.
    NationalId,
    /// The address; not asked for where it is protected.
    Address,
    /// The telephone.
    Phone,
    /// The e-mail address.
    Email,
    /// Sick leave in percent, where a first day stands.
    SickLeavePercent,
    /// First day on sick leave, where a percentage stands.
    SickLeaveFrom,
    /// Position in percent, of who is employed.
    PositionPercent,
    /// The employer, of who is employed.
    Employer,
    /// The order to the provider (bestilling).
    Order,
    /// The agreement, which has the measure's number.
    Agreement,
    /// The main consultant (O2, F4).
    Consultant,
}

impl ReferralField {
    /// What the form calls it.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::Received => ("dato mottatt", "date received"),
            Self::Channel => ("hvordan den kom", "how it came"),
            Self::NavOffice => ("innsøkende NAV-kontor", "referring NAV office"),
            Self::NavAdviser => ("NAV-veileder", "NAV adviser"),
            Self::NavAdviserPhone => ("NAV-veileders telefon", "NAV adviser's telephone"),
            Self::NavAdviserEmail => ("NAV-veileders e-post", "NAV adviser's e-mail"),
            Self::NationalId => ("fødselsnummer (11 siffer)", "national identity number"),
            Self::Address => ("adresse", "address"),
            Self::Phone => ("telefon", "telephone"),
            Self::Email => ("e-post", "e-mail"),
            Self::SickLeavePercent => ("sykmeldingsgrad", "sick leave in percent"),
            Self::SickLeaveFrom => ("første sykmeldingsdag", "first day on sick leave"),
            Self::PositionPercent => ("stillingsprosent", "position in percent"),
            Self::Employer => ("arbeidsgiver", "employer"),
            Self::Order => ("bestilling til leverandør", "order to the provider"),
            Self::Agreement => ("tiltak og tiltaksnummer", "measure and its number"),
            Self::Consultant => ("fast veileder", "main consultant"),
        };
        match language {
            Language::Norwegian => nb,
            Language::English => en,
        }
    }
}

/// What the referral form asks for and is not recorded.
#[must_use]
pub fn missing(p: &Participation) -> Vec<ReferralField> {
    use ReferralField as F;
    let employed = p.employed_at_referral;
    let on_leave = p.sick_leave_from.is_some() || p.sick_leave_percent.is_some();
    [
        (F::Received, p.ordered.is_none()),
        (F::Channel, p.channel.is_none()),
        (F::NavOffice, p.nav_office.is_none()),
        (F::NavAdviser, p.nav_adviser.is_none()),
        (F::NavAdviserPhone, p.nav_adviser_phone.is_none()),
        (F::NavAdviserEmail, p.nav_adviser_email.is_none()),
        (F::NationalId, p.national_id.is_none()),
        (F::Address, p.address.is_none() && !p.address_protected),
        (F::Phone, p.phone.is_none()),
        (F::Email, p.email.is_none()),
        (F::SickLeaveFrom, on_leave && p.sick_leave_from.is_none()),
        (
            F::SickLeavePercent,
            on_leave && p.sick_leave_percent.is_none(),
        ),
        (F::PositionPercent, employed && p.position_percent.is_none()),
        (F::Employer, employed && p.employer.is_none()),
        (F::Order, p.order.is_none()),
        (F::Agreement, p.agreement.is_none()),
        (F::Consultant, p.consultant.is_none()),
    ]
    .into_iter()
    .filter(|(_, missing)| *missing)
    .map(|(field, _)| field)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ReferralChannel;
    use crate::domain::participation::NationalId;

    #[test]
    fn every_field_of_the_form_is_asked_for_until_it_is_there() {
        let mut p = Participation::new("p", "A", "B");
        assert_eq!(missing(&p).len(), 13);
        p.ordered = "2026-01-05".parse().ok();
        p.channel = Some(ReferralChannel::Letter);
        p.nav_office = Some("NAV".into());
        p.nav_adviser = Some("C".into());
        p.nav_adviser_phone = Some("1".into());
        p.nav_adviser_email = Some("c@nav.no".into());
        p.national_id = NationalId::new("13097248022").ok();
        p.phone = Some("2".into());
        p.email = Some("a@b.no".into());
        p.order = Some("Bistand".into());
        p.agreement = Some("opp".into());
        p.consultant = Some("k".into());
        assert_eq!(missing(&p), [ReferralField::Address]);
        // Never asked of who has a protected address.
        p.address_protected = true;
        assert_eq!(missing(&p), []);
        p.employed_at_referral = true;
        p.sick_leave_percent = Some(50);
        assert_eq!(
            missing(&p),
            [
                ReferralField::SickLeaveFrom,
                ReferralField::PositionPercent,
                ReferralField::Employer
            ]
        );
    }
}
