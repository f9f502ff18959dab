//! The processor's record of processing activities (GDPR art. 30 no. 2; K8, K13, K18 to K24), drawn
//! from the register, so that it is never older than what is done.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::breach::{ContactPoint, DataCategory};
use super::retention::ERASURE_WEEKS;
use super::text::{self, Both, date_text, escape, label, pick};
use crate::contract::Agreement;
use crate::domain::{Language, LocalDate, Provider};

/// A subprocessor, as the agreement's annex 3 lists them (K13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subprocessor {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Where it processes.
    pub place: String,
    /// What it does.
    pub task: String,
}

/// What the record is drawn from.
#[derive(Debug, Clone)]
pub struct ProcessingRegister<'a> {
    /// The processor.
    pub provider: &'a Provider,
    /// Its contact point or data protection officer.
    pub contact: &'a ContactPoint,
    /// Its agreements with NAV: one processing activity each.
    pub agreements: &'a [Agreement],
    /// Its subprocessors; the host of the relay is one.
    pub subprocessors: &'a [Subprocessor],
    /// The day it is drawn.
    pub made_on: LocalDate,
}

const TITLE: Both = (
    "Protokoll over behandlingsaktiviteter (databehandler)",
    "Record of processing activities (processor)",
);
const CONTROLLER: Both = (
    "NAV (Arbeids- og velferdsetaten)",
    "NAV (the Norwegian Labour and Welfare Administration)",
);
const CATEGORIES: Both = (
    "Registrering, lagring, lesing, deling med NAV og med deltakeren selv, eksport og sletting i \
     gjennomføringen av arbeidsmarkedstiltaket. Bare etter dokumentert instruks.",
    "Recording, storing, reading, sharing with NAV and with the participant, export and erasure in \
     carrying out the labour-market measure. On documented instructions only.",
);
const REGISTERED: Both = (
    "Deltakere i arbeidsmarkedstiltak.",
    "Participants in labour-market measures.",
);
const THIRD_COUNTRIES: Both = (
    "Ingen. Overføring skjer bare etter dokumentert instruks.",
    "None. Transfer happens on documented instruction only.",
);
const NOT_COLLECTED: Both = (
    "Ikke samlet inn: posisjon, bilder, stemme, biometri, IP-adresser eller enhetsdata om \
     deltakere.",
    "Not collected: position, photos, voice, biometrics, IP addresses or device data about \
     participants.",
);

/// What Følge does (K18), each a fact that a test of the project holds.
const SECURITY: &[(&str, Both)] = &[
    (
        "encryption",
        (
            "Ende-til-ende-kryptering: innhold krypteres på enheten og kan bare leses av dem som \
             er gitt nøkkel. Tjenesten som lagrer og videresender, har ingen nøkkel.",
            "End-to-end encryption: content is sealed on the device and read only by those who \
             were granted a key. The service that stores and forwards has no key.",
        ),
    ),
    (
        "encryption_at_rest",
        (
            "Kryptert lagring på hver enhet, låst med passord eller enhetens nøkkellager.",
            "Sealed storage on each device, locked by a passphrase or the device's key store.",
        ),
    ),
    (
        "access",
        (
            "Tilgang per deltakelse: kontoret og tildelte veiledere. Roller styres i en signert \
             medlemslogg. Tilgang trekkes tilbake ved å bytte nøkler.",
            "Access per participation: the office and the assigned consultants. Roles stand in a \
             signed membership log. Access is withdrawn by changing keys.",
        ),
    ),
    (
        "separation",
        (
            "Hver virksomhet har sitt eget arbeidsområde med egne nøkler.",
            "Each organisation has a workspace of its own with keys of its own.",
        ),
    ),
    (
        "integrity",
        (
            "Hver endring er signert av enheten og føres i en historikk med hvem, når og hvorfor. \
             Oppføringer annulleres med begrunnelse, de overskrives ikke.",
            "Each change is signed by its device and stands in a history of who, when and why. \
             Records are voided with a reason, never overwritten.",
        ),
    ),
    (
        "pseudonymisation",
        (
            "Navn på deltakere med adressebeskyttelse vises ikke i lister, og adressen kan ikke \
             registreres. Oppføringer har tilfeldige id-er.",
            "Names of participants with a protected address are not shown in lists, and their \
             address cannot be recorded. Records have random ids.",
        ),
    ),
    (
        "availability",
        (
            "Enhetene har hver sin fulle kopi av det de kan lese, og fungerer uten nett. Tjenesten \
             har sikkerhetskopi; den er kryptert som alt annet.",
            "Each device keeps a full copy of what it may read and works without a network. The \
             service has backups, sealed like all else.",
        ),
    ),
    (
        "robustness",
        (
            "Mister tjenesten data, lastes de opp igjen fra enhetene. En gjenopprettingsnøkkel \
             oppbevares utenfor systemet.",
            "If the service loses data, the devices upload it again. A recovery key is kept \
             outside the system.",
        ),
    ),
    (
        "statistics",
        (
            "Statistikk er anonym: bare summer over minst fem deltakere, trukket én gang per måned \
             før sletting.",
            "Statistics are anonymous: only sums over at least five participants, drawn once a \
             month before erasure.",
        ),
    ),
    (
        "breach",
        (
            "Brudd meldes til NAV innen 24 timer. Databehandleren varsler ingen andre.",
            "Breaches are notified to NAV within 24 hours. The processor tells nobody else.",
        ),
    ),
];

/// The weeks of the agreement that allows the longest.
fn retention_weeks(agreements: &[Agreement]) -> u32 {
    let terms = agreements.iter().filter_map(Agreement::newest);
    let weeks = terms.map(|terms| terms.deadlines.deletion_weeks).max();
    weeks.unwrap_or(ERASURE_WEEKS)
}

fn retention(weeks: u32) -> (String, String) {
    (
        format!(
            "Slettes senest {weeks} uker etter at sluttrapporten er levert NAV, på alle enheter og i \
             tjenesten. Nøkkelen slettes, så sikkerhetskopier ikke kan leses."
        ),
        format!(
            "Erased {weeks} weeks at the latest after the final report was delivered to NAV, on all devices and \
             in the service. The key is erased, so that backups cannot be read."
        ),
    )
}

impl ProcessingRegister<'_> {
    /// The record as JSON: a section a member, each text in both languages.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(&self.json()).unwrap_or_default()
    }

    fn json(&self) -> Value {
        let both = |both: Both| json!({"nb": both.0, "en": both.1});
        let data: Vec<Value> = DataCategory::ALL
            .iter()
            .map(|category| {
                let (nb, en) = category.both();
                json!({"nb": nb, "en": en, "sensitive": category.is_sensitive()})
            })
            .collect();
        let activities: Vec<Value> = self
            .agreements
            .iter()
            .map(|agreement| {
                json!({
                    "agreement": agreement.key.as_str(),
                    "measure": agreement.measure(),
                    "processing": both(CATEGORIES),
                })
            })
            .collect();
        let security: serde_json::Map<String, Value> = SECURITY
            .iter()
            .map(|(name, text)| ((*name).to_owned(), both(*text)))
            .collect();
        let weeks = retention_weeks(self.agreements);
        let (nb, en) = retention(weeks);
        json!({
            "format": "folge-processing",
            "version": 1,
            "made_on": self.made_on.to_string(),
            "controller": both(CONTROLLER),
            "processor": {
                "name": self.provider.name,
                "org_number": self.provider.org_number,
                "contact": self.contact,
            },
            "activities": activities,
            "registered": both(REGISTERED),
            "data": data,
            "not_collected": both(NOT_COLLECTED),
            "subprocessors": self.subprocessors,
            "third_countries": both(THIRD_COUNTRIES),
            "retention": {"days": weeks * 7, "nb": nb, "en": en},
            "security": security,
        })
    }

    /// The sections: heading, and lines of plain text.
    fn sections(&self) -> Vec<(Both, Vec<(String, String)>)> {
        let same = |text: String| (text.clone(), text);
        let own = |both: Both| (both.0.to_owned(), both.1.to_owned());
        let contact = self.contact;
        let subprocessors = if self.subprocessors.is_empty() {
            vec![own(("Ingen.", "None."))]
        } else {
            let each = self.subprocessors.iter();
            each.map(|one| {
                same(format!(
                    "{}, {}, {}: {}",
                    one.name, one.address, one.place, one.task
                ))
            })
            .collect()
        };
        let mut data: Vec<_> = DataCategory::ALL
            .iter()
            .map(|category| own(category.both()))
            .collect();
        data.push(own(NOT_COLLECTED));
        let activities = self.agreements.iter().map(|agreement| {
            let (key, measure) = (&agreement.key, agreement.measure());
            (
                format!("{measure} ({key}): {}", CATEGORIES.0),
                format!("{measure} ({key}): {}", CATEGORIES.1),
            )
        });
        vec![
            (
                ("Behandlingsansvarlig", "Controller"),
                vec![own(CONTROLLER)],
            ),
            (
                ("Databehandler", "Processor"),
                vec![
                    same(format!(
                        "{}, {}",
                        self.provider.name, self.provider.org_number
                    )),
                    same(format!(
                        "{}, {}, {}",
                        contact.name, contact.phone, contact.email
                    )),
                ],
            ),
            (
                ("Kategorier av behandling", "Categories of processing"),
                activities.collect(),
            ),
            (("Registrerte", "Persons"), vec![own(REGISTERED)]),
            (("Opplysninger", "Data"), data),
            (
                (
                    "Mottakere og underdatabehandlere",
                    "Recipients and subprocessors",
                ),
                subprocessors,
            ),
            (
                ("Overføring til tredjeland", "Transfer to third countries"),
                vec![own(THIRD_COUNTRIES)],
            ),
            (
                ("Sletting", "Erasure"),
                vec![retention(retention_weeks(self.agreements))],
            ),
            (
                ("Sikkerhetstiltak", "Security measures"),
                SECURITY.iter().map(|(_, text)| own(*text)).collect(),
            ),
        ]
    }

    /// The record as text.
    #[must_use]
    pub fn to_text(&self, language: Language) -> String {
        let mut out = format!("{}\n{}\n", pick(TITLE, language), self.made_on);
        for (heading, lines) in self.sections() {
            let _ = writeln!(out, "\n{}", pick(heading, language));
            for (nb, en) in lines {
                let line = match language {
                    Language::Norwegian => nb,
                    Language::English => en,
                };
                let _ = writeln!(out, "- {line}");
            }
        }
        out
    }

    /// The record as a page: Bokmål, with English beside it.
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut out = format!(
            "<h1>{}</h1>\n<p>{}</p>\n",
            label(TITLE),
            date_text(self.made_on)
        );
        for (heading, lines) in self.sections() {
            let _ = writeln!(out, "<h2>{}</h2>\n<ul>", label(heading));
            for (nb, en) in lines {
                let _ = if nb == en {
                    writeln!(out, "<li>{}</li>", escape(&nb))
                } else {
                    let (nb, en) = (escape(&nb), escape(&en));
                    writeln!(out, "<li>{nb}<br><span lang=\"en\">{en}</span></li>")
                };
            }
            out.push_str("</ul>\n");
        }
        text::page(TITLE.0, &out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AgreementKey;

    #[test]
    fn the_record_has_every_section_in_each_form() {
        let provider = Provider {
            name: "Vekst <AS>".into(),
            org_number: "999888777".into(),
        };
        let contact = ContactPoint {
            provider: provider.name.clone(),
            name: "Kari Personvern".into(),
            phone: "900".into(),
            email: "p@vekst.example".into(),
        };
        let agreement = |key: &str| {
            let terms = crate::contract::Terms::oppfolging_agder().unwrap();
            Agreement::new(
                AgreementKey::from(key),
                "2025-07-01".parse().unwrap(),
                terms,
            )
        };
        let agreements = [agreement("oppfolging-agder"), agreement("jmo-oslo")];
        let host = Subprocessor {
            name: "Sky AS".into(),
            address: "Gata 1, Oslo".into(),
            place: "Norge".into(),
            task: "drift av tjenesten".into(),
        };
        let mut register = ProcessingRegister {
            provider: &provider,
            contact: &contact,
            agreements: &agreements,
            subprocessors: std::slice::from_ref(&host),
            made_on: "2026-05-01".parse().unwrap(),
        };
        let text = register.to_text(Language::Norwegian);
        let html = register.to_html();
        let json: Value = serde_json::from_slice(&register.to_json()).unwrap();
        for part in [
            "NAV (Arbeids- og velferdsetaten)",
            "999888777",
            "Kari Personvern",
            "oppfolging-agder",
            "jmo-oslo",
            "Sky AS",
            "fødselsnummer",
            "12 uker",
            "Ende-til-ende-kryptering",
        ] {
            assert!(text.contains(part) && html.contains(part), "{part}");
            assert!(json.to_string().contains(part), "{part}");
        }
        assert!(!html.contains("<AS>") && html.contains("Vekst &lt;AS&gt;"));
        assert_eq!(json["retention"]["days"], 84);
        assert_eq!(
            json["data"].as_array().unwrap().len(),
            DataCategory::ALL.len()
        );
        assert!(register.to_text(Language::English).contains("12 weeks"));
        register.subprocessors = &[];
        assert!(register.to_text(Language::Norwegian).contains("- Ingen.\n"));
    }
}
