//! The confidentiality declaration for participants in group activities (taushetserklæring, L2):
//! JMO b8 v4, which b1.7 calls «vedlegg 5» (R2). Word for word, since it is signed.

use std::fmt;

use super::Both;
use crate::domain::LocalDate;

/// The declaration's paragraphs in the order of the form: heading, purpose, what personal data are,
/// the duty, where and how long it applies, how long it is kept, the confirmation.
pub const DECLARATION: [&str; 7] = [
    "Taushetserklæring for deg som deltar i et arbeidsmarkedstiltak",
    "Målet med denne taushetserklæringen er å beskytte dine og dine meddeltakeres \
     personopplysninger.",
    "Personopplysninger er alle opplysninger og vurderinger som kan knyttes til deg som \
     enkeltperson. Det kan være navnet ditt, adressen din eller telefonnummeret ditt. Det kan også \
     være mer personlige opplysninger om livssituasjonen din eller helseopplysningene dine.",
    "Når du deltar i et arbeidsmarkedstiltak, får du vite personopplysninger om andre. Meddeltakere \
     dine får også vite personopplysninger som du velger å dele om deg selv. Arbeidsmarkedstiltaket \
     skal være en trygg arena der du og de andre deltakerne kan samarbeide og dele erfaringer. Det \
     er derfor viktig at du ikke deler personopplysninger du får vite om andre videre. Denne \
     taushetserklæringen skal også bidra til at du føler deg tryggere på at dine personopplysninger \
     heller ikke blir delt videre.",
    "Taushetserklæringen gjelder både i arbeidsmarkedstiltaket og på fritiden, også etter at du er \
     ferdig i arbeidsmarkedstiltaket.",
    "Tiltaksarrangøren din vil oppbevare denne taushetserklæringen så lenge du er i \
     arbeidsmarkedstiltaket, og vil slette den 12 uker etter du har sluttet.",
    "Jeg bekrefter at jeg har lest og forstått at jeg ikke skal dele opplysninger om andre videre.",
];

/// What is filled in below it.
pub const DECLARATION_FIELDS: [Both; 4] = [
    ("Dato", "Date"),
    ("Sted", "Place"),
    ("Underskrift", "Signature"),
    ("Navn med blokkbokstaver", "Name in block letters"),
];

/// A declaration to be signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The day.
    pub date: LocalDate,
    /// The place.
    pub place: String,
    /// The participant's name.
    pub name: String,
}

impl fmt::Debug for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Declaration(..)")
    }
}

impl Declaration {
    /// The form's text, the name in block letters, with an empty line for the signature.
    #[must_use]
    pub fn text(&self) -> String {
        let [date, place, signature, name] = DECLARATION_FIELDS.map(|field| field.0);
        let day = self.date.date().strftime("%d.%m.%Y");
        format!(
            "{}\n\n{date}: {day}\n{place}: {}\n{signature}:\n{name}: {}\n",
            DECLARATION.join("\n\n"),
            self.place,
            self.name.to_uppercase()
        )
    }
}
