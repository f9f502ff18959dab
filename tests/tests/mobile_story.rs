//! The story that Kotlin and Swift tell too (`mobile-bindings/story`), told through the bindings'
//! own Rust functions, against a relay process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use folge_core::domain::Instant;
use folge_mobile::{
    BuiltInTerms, CaseRecord, ContactAttempt, ContactChannel, Employer, Folge, FolgeError,
    FolgeSettings, Hours, KeyStore, MeetingForm, MessageBody, Outcome, Participation,
    ParticipationStatus, Point, Provider, RecordOfCase, RecordOnPage, RecordRef, RecordState,
    RefOfCase, ReportKind, Role, StaffMember, StoreState, TimerKind, Trip, UnlockWith, Verdict,
    Visit, With, built_in_terms, field_words, memory_key_store, new_record_name, record_words,
    value_words,
};
use folge_tests::relay::RelayProcess;
use serde_json::Value;

const STORY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../mobile-bindings/story/story.json"
);

/// A device: its folder and its key store outlive the client.
struct Device {
    folder: PathBuf,
    keys: Arc<dyn KeyStore>,
    folge: Arc<Folge>,
}

impl Device {
    fn new(folder: PathBuf, keys: Arc<dyn KeyStore>) -> Self {
        let settings = FolgeSettings {
            folder: folder.to_str().unwrap().to_owned(),
            lock_after_seconds: None,
            test_mode: true,
        };
        Self {
            folge: Folge::new(settings, Arc::clone(&keys)).unwrap(),
            folder,
            keys,
        }
    }
}

/// What steps kept under a name, and where everything runs.
struct World {
    dir: tempfile::TempDir,
    relay: Option<RelayProcess>,
    address: String,
    devices: BTreeMap<String, Device>,
    texts: BTreeMap<String, String>,
}

fn text<'a>(step: &'a Value, field: &str) -> &'a str {
    step[field]
        .as_str()
        .unwrap_or_else(|| panic!("the step has no text `{field}`"))
}

fn number(step: &Value, field: &str) -> i64 {
    step[field]
        .as_i64()
        .unwrap_or_else(|| panic!("the step has no number `{field}`"))
}

fn optional(step: &Value, field: &str) -> Option<String> {
    step[field].as_str().map(str::to_owned)
}

fn time(text: &str) -> SystemTime {
    let instant = Instant::parse(text).unwrap();
    let ms = u64::try_from(instant.0).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
}

/// A name of the bindings: a text in Kotlin and Swift.
fn named<T: From<String>>(text: &str) -> T {
    T::from(text.to_owned())
}

fn with(step: &Value) -> UnlockWith {
    match optional(step, "passphrase") {
        Some(text) => UnlockWith::Passphrase { text },
        None => UnlockWith::PlatformKey,
    }
}

fn verdict(step: &Value) -> Verdict {
    match &step["verdict"] {
        Value::String(word) if word == "yes" => Verdict::Yes,
        Value::String(word) if word == "no" => Verdict::No,
        other => Verdict::Wrong {
            words: text(other, "wrong").to_owned(),
        },
    }
}

fn outcome(step: &Value) -> Outcome {
    match text(step, "outcome") {
        "planned" => Outcome::Planned,
        "attended" => Outcome::Attended,
        "no_show" => Outcome::NoShow,
        other => panic!("no outcome `{other}`"),
    }
}

/// What is put behind a visit's name for the travel that was recorded with it.
const TRIP: &str = "-trip";

async fn trip(
    folge: &Folge,
    minutes: i64,
    visits: Vec<folge_mobile::RecordName>,
) -> Result<Trip, FolgeError> {
    Ok(Trip {
        id: new_record_name(),
        consultant: folge.me().await?.staff.unwrap(),
        minutes: i32::try_from(minutes).unwrap(),
        start: None,
        end: None,
        meetings: i32::try_from(visits.len()).unwrap(),
        visits,
    })
}

/// What a step that does something gives, to be kept under its `as`.
type Done = Result<Option<String>, FolgeError>;

impl World {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let relay = RelayProcess::start(&dir.path().join("relay"), "127.0.0.1:0").unwrap();
        let address = relay.url.clone();
        Self {
            dir,
            relay: Some(relay),
            address,
            devices: BTreeMap::new(),
            texts: BTreeMap::new(),
        }
    }

    fn device(&mut self, step: &Value) -> Arc<Folge> {
        let name = text(step, "on").to_owned();
        let folder = self.dir.path().join(&name);
        let device = self
            .devices
            .entry(name)
            .or_insert_with(|| Device::new(folder, memory_key_store()));
        Arc::clone(&device.folge)
    }

    fn kept(&self, step: &Value, field: &str) -> String {
        let name = text(step, field);
        self.texts
            .get(name)
            .unwrap_or_else(|| panic!("no step kept `{name}`"))
            .clone()
    }

    fn case(&self, step: &Value) -> folge_mobile::ParticipationId {
        named(&self.kept(step, "case"))
    }

    fn visit(&self, step: &Value) -> folge_mobile::RecordName {
        named(&self.kept(step, "visit"))
    }

    fn turn_relay(&mut self, step: &Value) {
        match text(step, "is") {
            "down" => self.relay = None,
            "up" => {
                let listen = self.address.trim_start_matches("http://").to_owned();
                let data = self.dir.path().join("relay");
                self.relay = Some(RelayProcess::start(&data, &listen).unwrap());
            }
            other => panic!("no state `{other}` of the relay"),
        }
    }

    fn crash(&mut self, step: &Value) {
        let name = text(step, "on");
        let Device {
            folder,
            keys,
            folge,
        } = self.devices.remove(name).unwrap();
        drop(folge);
        // The thread ends after its last job; the store is free then.
        std::thread::sleep(Duration::from_millis(200));
        self.devices
            .insert(name.to_owned(), Device::new(folder, keys));
    }

    async fn put_register(&mut self, step: &Value) -> Done {
        let office = self.device(step);
        let provider = &step["provider"];
        let employers = step["employers"].as_array().unwrap().iter();
        let employers = employers.map(|employer| Employer {
            key: named(text(employer, "key")),
            name: text(employer, "name").to_owned(),
            area: None,
            municipality: optional(employer, "municipality"),
            contact: None,
        });
        let mut staff = Vec::new();
        for member in step["staff"].as_array().unwrap() {
            let mut person = None;
            if let Some(device) = optional(member, "device") {
                person = Some(self.devices[&device].folge.me().await?.person);
            }
            staff.push(StaffMember {
                key: named(text(member, "key")),
                name: text(member, "name").to_owned(),
                person,
                position_percent: i32::try_from(number(member, "position_percent")).unwrap(),
            });
        }
        let provider = Provider {
            name: text(provider, "name").to_owned(),
            org_number: text(provider, "org_number").to_owned(),
        };
        office
            .put_register(Some(provider), employers.collect(), staff)
            .await?;
        Ok(None)
    }

    async fn create_case(&mut self, step: &Value) -> Done {
        let office = self.device(step);
        let mut consultants = Vec::new();
        for device in step["assigned"].as_array().unwrap() {
            let me = self.devices[device.as_str().unwrap()].folge.me().await?;
            consultants.push(me.person);
        }
        let given = &step["participation"];
        let day = |field: &str| optional(given, field).map(|day| named(&day));
        let participation = Participation {
            reference: text(given, "reference").to_owned(),
            first_name: text(given, "first_name").to_owned(),
            last_name: text(given, "last_name").to_owned(),
            status: match text(given, "status") {
                "active" => ParticipationStatus::Active,
                other => panic!("no status `{other}`"),
            },
            agreement: optional(given, "agreement").map(|key| named(&key)),
            area: optional(given, "area"),
            consultant: optional(given, "consultant").map(|key| named(&key)),
            ordered: day("ordered"),
            start: day("start"),
            end: day("end"),
            ..empty_participation()
        };
        let made = office
            .create_participation(participation, consultants)
            .await?;
        Ok(Some(made.to_string()))
    }

    async fn record_visit(&mut self, step: &Value) -> Done {
        let folge = self.device(step);
        let me = folge.me().await?.staff.unwrap();
        let start = time(text(step, "start"));
        let minutes = number(step, "minutes");
        let id = new_record_name();
        let visit = Visit {
            id: id.clone(),
            start,
            end: after(start, minutes),
            form: match text(step, "form") {
                "in_person" => MeetingForm::InPerson,
                "video" => MeetingForm::Video,
                "phone" => MeetingForm::Phone,
                other => panic!("no form `{other}`"),
            },
            with: match text(step, "with") {
                "participant" => With::Participant,
                "employer" => With::Employer,
                "both" => With::Both,
                other => panic!("no `with` `{other}`"),
            },
            consultants: vec![me],
            employer: None,
            activities: Vec::new(),
            outcome: outcome(step),
            planned: false,
            group: None,
            note: optional(step, "note").unwrap_or_default(),
            agreed: String::new(),
        };
        let record = CaseRecord::OfVisit { visit };
        let participation = self.case(step);
        if let Some(minutes) = step["trip_minutes"].as_i64() {
            let trip = trip(&folge, minutes, vec![id.clone()]).await?;
            let together = text(step, "as").to_owned() + TRIP;
            self.texts.insert(together, trip.id.to_string());
            let trip = RecordOfCase {
                participation: participation.clone(),
                record: CaseRecord::OfTrip { trip },
            };
            let visit = RecordOfCase {
                participation,
                record,
            };
            folge.record_each(vec![visit, trip]).await?;
        } else {
            let reason = optional(step, "reason");
            folge.record(participation, record, reason).await?;
        }
        Ok(Some(id.to_string()))
    }

    async fn page_of(&mut self, step: &Value) -> Result<(RecordOnPage, Visit), FolgeError> {
        let folge = self.device(step);
        let id = self.visit(step);
        let page = folge.participation(self.case(step)).await?;
        let on_page = page
            .records
            .into_iter()
            .find(|record| record.reference == RecordRef::Visit { id: id.clone() })
            .expect("the visit stands on the page");
        let CaseRecord::OfVisit { visit } = on_page.record.clone() else {
            panic!("a visit's record is a visit")
        };
        Ok((on_page, visit))
    }

    async fn amend_visit(&mut self, step: &Value) -> Done {
        let (_, mut visit) = self.page_of(step).await?;
        if let Some(minutes) = step["minutes"].as_i64() {
            visit.end = after(visit.start, minutes);
        }
        if let Some(note) = optional(step, "note") {
            visit.note = note;
        }
        let record = CaseRecord::OfVisit { visit };
        let reason = optional(step, "reason");
        let folge = self.device(step);
        folge.amend(self.case(step), record, reason).await?;
        Ok(None)
    }

    async fn check_visit(&mut self, step: &Value) -> Done {
        let (on_page, visit) = self.page_of(step).await?;
        if let Some(minutes) = step["minutes"].as_i64() {
            assert_eq!(visit.end, after(visit.start, minutes));
        }
        if let Some(note) = optional(step, "note") {
            assert_eq!(visit.note, note);
        }
        if let Some(voided) = step["voided"].as_bool() {
            assert_eq!(on_page.voided.is_some(), voided);
        }
        Ok(None)
    }

    async fn record_trip(&mut self, step: &Value) -> Done {
        let folge = self.device(step);
        let visits = step["visits"].as_array().unwrap().iter();
        let visits: Vec<_> = visits
            .map(|name| named(&self.texts[name.as_str().unwrap()]))
            .collect();
        let trip = trip(&folge, number(step, "minutes"), visits).await?;
        let id = trip.id.clone();
        folge
            .record(self.case(step), CaseRecord::OfTrip { trip }, None)
            .await?;
        Ok(Some(id.to_string()))
    }

    async fn record_contact(&mut self, step: &Value) -> Done {
        let folge = self.device(step);
        let id = new_record_name();
        let contact = ContactAttempt {
            id: id.clone(),
            at: time(text(step, "at")),
            channel: match text(step, "channel") {
                "phone" => ContactChannel::Phone,
                "mail" => ContactChannel::Mail,
                other => panic!("no channel `{other}`"),
            },
            reached: step["reached"].as_bool().unwrap(),
            consultant: folge.me().await?.staff,
            note: text(step, "note").to_owned(),
        };
        folge
            .record(self.case(step), CaseRecord::OfContact { contact }, None)
            .await?;
        Ok(Some(id.to_string()))
    }

    async fn cards(&mut self, step: &Value) -> Result<Vec<folge_mobile::VisitCard>, FolgeError> {
        let folge = self.device(step);
        let mut cards = Vec::new();
        for thread in folge.own_threads().await? {
            for line in folge.thread(thread).await? {
                if let MessageBody::Card { card } = line.body {
                    cards.push(card);
                }
            }
        }
        Ok(cards)
    }

    async fn confirm(&mut self, step: &Value) -> Done {
        let place = usize::try_from(number(step, "card")).unwrap();
        let card = self.cards(step).await?.remove(place);
        let folge = self.device(step);
        let thread = folge.own_threads().await?.remove(0);
        folge
            .confirm(thread, card.visit, card.digest, verdict(step))
            .await?;
        Ok(None)
    }

    async fn confirm_by_drawing(&mut self, step: &Value) -> Done {
        let coordinate = |value: &Value| i32::try_from(value.as_i64().unwrap()).unwrap();
        let strokes = step["strokes"].as_array().unwrap().iter();
        let strokes = strokes.map(|stroke| {
            let points = stroke.as_array().unwrap().iter();
            points
                .map(|point| Point {
                    x: coordinate(&point[0]),
                    y: coordinate(&point[1]),
                })
                .collect()
        });
        let folge = self.device(step);
        folge
            .confirm_by_drawing(self.case(step), self.visit(step), strokes.collect())
            .await?;
        Ok(None)
    }

    async fn check_evidence(&mut self, step: &Value) -> Done {
        let folge = self.device(step);
        let visit = self.visit(step);
        let all = folge.evidence(self.case(step)).await?;
        let found = all.into_iter().find(|one| one.visit == visit).unwrap();
        let listed = folge.evidence_for_lists(self.case(step)).await?;
        let listed = listed.into_iter().find(|one| one.visit == found.visit);
        assert_eq!(listed.map(|one| one.grade), Some(found.grade));
        let grade = match found.grade {
            folge_mobile::ConfirmationGrade::OwnDevice => "own_device",
            folge_mobile::ConfirmationGrade::Pin => "pin",
            folge_mobile::ConfirmationGrade::Drawn => "drawn",
            folge_mobile::ConfirmationGrade::Later => "later",
            folge_mobile::ConfirmationGrade::None => "none",
        };
        assert_eq!(grade, text(step, "grade"));
        assert_eq!(
            Some(found.carries_a_claim),
            step["carries_a_claim"].as_bool()
        );
        if let Some(disputed) = step["disputed"].as_bool() {
            assert_eq!(found.disputed, disputed);
        }
        Ok(None)
    }

    async fn take_back(&mut self, step: &Value) -> Done {
        let participation = self.case(step);
        let together = text(step, "visit").to_owned() + TRIP;
        let refs = [
            RecordRef::Visit {
                id: self.visit(step),
            },
            RecordRef::Trip {
                id: named(&self.texts[&together]),
            },
        ];
        let refs = refs.map(|record| RefOfCase {
            participation: participation.clone(),
            record,
        });
        let reason = text(step, "reason").to_owned();
        self.device(step).void_each(refs.to_vec(), reason).await?;
        Ok(None)
    }

    async fn check_history(&mut self, step: &Value) -> Done {
        let record = RecordRef::Visit {
            id: self.visit(step),
        };
        let folge = self.device(step);
        let history = folge.history(self.case(step)).await?;
        let field = text(step, "field");
        let changes = history.into_iter().filter(|line| line.record == record);
        let change = changes
            .flat_map(|line| line.changes)
            .rfind(|change| change.field == field)
            .unwrap();
        let words = record_words(record.clone())?;
        assert_eq!(words.nb, text(step, "record_words"));
        let words = field_words(record.clone(), change.field.clone())?.unwrap();
        assert_eq!(words.nb, text(step, "field_words"));
        let words = value_words(record, change.field, change.new.unwrap())?;
        assert_eq!(words.nb, text(step, "new_words"));
        Ok(None)
    }

    async fn check_conflict(&mut self, step: &Value) -> Done {
        let record = RecordRef::Visit {
            id: self.visit(step),
        };
        let folge = self.device(step);
        let found = folge.conflicts(self.case(step), record.clone()).await?;
        let conflict = found.iter().find(|one| one.field == text(step, "field"));
        let values = conflict.map_or(0, |conflict| conflict.values.len());
        assert_eq!(values, count(step, "values"));
        if let Some(expected) = optional(step, "field_words") {
            let words = field_words(record, text(step, "field").to_owned())?;
            assert_eq!(words.unwrap().nb, expected);
        }
        Ok(None)
    }

    async fn settle(&mut self, step: &Value) -> Done {
        let record = RecordRef::Visit {
            id: self.visit(step),
        };
        let (field, value) = (text(step, "field").to_owned(), optional(step, "value"));
        let folge = self.device(step);
        folge.settle(self.case(step), record, field, value).await?;
        Ok(None)
    }

    async fn check_drafts(&mut self, step: &Value) -> Done {
        let drafts = self.device(step).drafts().await?;
        assert_eq!(drafts.len(), count(step, "count"));
        if let Some(newest) = optional(step, "newest") {
            assert_eq!(drafts.first().unwrap().content, newest);
        }
        Ok(None)
    }

    async fn check_hours(&mut self, step: &Value) -> Done {
        let folge = self.device(step);
        let case = self.case(step);
        let hours = folge.hours(case.clone()).await?;
        let all = folge.hours_of_all().await?;
        let listed = all.into_iter().find(|one| one.participation == case);
        assert_eq!(listed.map(|one| one.hours), Some(hours.clone()));
        let Hours::Billed { months } = hours else {
            panic!("the agreement pays by the hour")
        };
        let month = named(text(step, "month"));
        let found = months.into_iter().find(|one| one.month == month).unwrap();
        let quarters = found.quarters;
        assert_eq!(
            (quarters.follow_up, quarters.no_show, quarters.travel),
            (
                number(step, "follow_up"),
                number(step, "no_show"),
                number(step, "travel")
            )
        );
        Ok(None)
    }

    async fn check_thread(&mut self, step: &Value) -> Done {
        let folge = self.device(step);
        let page = folge.participation(self.case(step)).await?;
        let thread = page.participation.unwrap().thread.unwrap();
        let lines = folge.thread(thread).await?;
        let comments = lines
            .iter()
            .filter(|line| matches!(line.body, MessageBody::Comment { .. }));
        assert_eq!(comments.count(), count(step, "comments"));
        Ok(None)
    }

    async fn draft(&mut self, step: &Value) -> Done {
        let kind = match text(step, "kind") {
            "status" => ReportKind::Status,
            "final" => ReportKind::Final,
            "plan" => ReportKind::Plan,
            other => panic!("no report `{other}`"),
        };
        let folge = self.device(step);
        let draft = folge.report_draft(self.case(step), kind, None).await?;
        assert_eq!(Some(draft.complete), step["complete"].as_bool());
        assert!(!draft.fields.is_empty() && draft.missing_nb.len() == draft.missing_en.len());
        Ok(None)
    }

    #[allow(clippy::too_many_lines)]
    async fn act(&mut self, step: &Value) -> Done {
        match text(step, "do") {
            "relay" => self.turn_relay(step),
            "crash" => self.crash(step),
            "found" => {
                let address = self.address.clone();
                let words = self
                    .device(step)
                    .found(address, String::new(), with(step))
                    .await?;
                assert_eq!(words.words.split(' ').count(), 24);
            }
            "join" => {
                let link = self.kept(step, "link");
                self.device(step).join(link, with(step)).await?;
            }
            "state" => {
                let state = match self.device(step).state().await? {
                    StoreState::Empty => "empty",
                    StoreState::Locked => "locked",
                    StoreState::Open => "open",
                };
                assert_eq!(state, text(step, "is"));
            }
            "lock" => self.device(step).lock().await?,
            "unlock" => self.device(step).unlock(with(step)).await?,
            "change_unlock" => {
                let then = match optional(step, "to") {
                    Some(text) => UnlockWith::Passphrase { text },
                    None => UnlockWith::PlatformKey,
                };
                self.device(step).change_unlock(with(step), then).await?;
            }
            "sync" => {
                self.device(step).sync(None, None).await?;
            }
            "put_agreement" => {
                let name = text(step, "built_in");
                let BuiltInTerms { toml, .. } = built_in_terms()
                    .into_iter()
                    .find(|terms| terms.name == name)
                    .unwrap();
                let (agreement, from) = (named(text(step, "agreement")), named(text(step, "from")));
                let toml = toml + text(step, "append");
                self.device(step)
                    .put_agreement(agreement, from, toml)
                    .await?;
            }
            "name_member" => {
                let device = text(step, "device");
                let person = self.devices[device].folge.me().await?.person;
                let staff = named(text(step, "staff"));
                self.device(step).name_member(staff, person).await?;
            }
            "put_register" => return self.put_register(step).await,
            "invite" => {
                let role = match text(step, "role") {
                    "consultant" => Role::Consultant,
                    "coordinator" => Role::Coordinator,
                    other => panic!("no role `{other}`"),
                };
                return Ok(Some(self.device(step).invite(role, 24).await?.link));
            }
            "invite_participant" => {
                let case = self.case(step);
                let invitation = self.device(step).invite_participant(case, 24).await?;
                return Ok(Some(invitation.link));
            }
            "create_case" => return self.create_case(step).await,
            "caseload" => {
                let cases = self.device(step).caseload(None).await?;
                assert_eq!(cases.len(), count(step, "count"));
            }
            "record_visit" => return self.record_visit(step).await,
            "amend_visit" => return self.amend_visit(step).await,
            "void_visit" => {
                let record = RecordRef::Visit {
                    id: self.visit(step),
                };
                let case = self.case(step);
                let reason = text(step, "reason").to_owned();
                self.device(step).void_record(case, record, reason).await?;
            }
            "take_back" => return self.take_back(step).await,
            "history" => return self.check_history(step).await,
            "conflict" => return self.check_conflict(step).await,
            "settle" => return self.settle(step).await,
            "put_draft" => {
                let case = Some(self.case(step));
                let (name, content) = (text(step, "name"), text(step, "content"));
                let folge = self.device(step);
                folge.put_draft(name.into(), case, content.into()).await?;
            }
            "drafts" => return self.check_drafts(step).await,
            "drop_draft" => {
                let name = text(step, "name").to_owned();
                self.device(step).drop_draft(name).await?;
            }
            "record_trip" => return self.record_trip(step).await,
            "record_contact" => return self.record_contact(step).await,
            "start_timer" => {
                let kind = match text(step, "kind") {
                    "visit" => TimerKind::Visit,
                    "travel" => TimerKind::Travel,
                    other => panic!("no timer `{other}`"),
                };
                let case = self.case(step);
                let timer = self.device(step).start_timer(kind, vec![case]).await?;
                return Ok(Some(timer.to_string()));
            }
            "stop_timer" => {
                let folge = self.device(step);
                let timer: folge_mobile::TimerName = named(&self.kept(step, "timer"));
                let stopped = folge.stop_timer(timer.clone()).await?;
                assert_eq!(folge.stop_timer(timer.clone()).await?, stopped);
                assert!(stopped.end >= stopped.start);
                folge.clear_timer(timer).await?;
            }
            "timers" => {
                let timers = self.device(step).timers().await?;
                assert_eq!(timers.len(), count(step, "count"));
            }
            "day" => {
                let day = named(text(step, "day"));
                let visits = self.device(step).day(day, None).await?;
                assert_eq!(visits.len(), count(step, "count"));
            }
            "week" => {
                let day = named(text(step, "day"));
                let days = self.device(step).week(day, None).await?;
                let visits: usize = days.iter().map(|day| day.visits.len()).sum();
                assert_eq!(visits, count(step, "count"));
            }
            "record_state" => {
                let record = RecordRef::Visit {
                    id: self.visit(step),
                };
                let case = self.case(step);
                let state = match self.device(step).record_state(case, record).await? {
                    RecordState::SavedHere => "saved_here",
                    RecordState::Stored => "stored",
                    RecordState::ReadByOffice => "read_by_office",
                };
                assert_eq!(state, text(step, "is"));
            }
            "visit" => return self.check_visit(step).await,
            "sums" => {
                let sums = self.device(step).sums().await?;
                assert_eq!(sums.visits, number(step, "visits"));
            }
            "hours" => return self.check_hours(step).await,
            "claim" => {
                let (agreement, month) =
                    (named(text(step, "agreement")), named(text(step, "month")));
                let claim = self.device(step).claim(agreement, month).await?;
                assert_eq!(claim.amount_ore, number(step, "amount_ore"));
            }
            "show_visit" => {
                let (case, visit) = (self.case(step), self.visit(step));
                self.device(step).show_visit(case, visit).await?;
            }
            "cards" => assert_eq!(self.cards(step).await?.len(), count(step, "count")),
            "confirm" => return self.confirm(step).await,
            "offer" => {
                let (case, visit) = (self.case(step), self.visit(step));
                return Ok(Some(self.device(step).offer_visit(case, visit).await?));
            }
            "answer" => {
                let (folge, offer) = (self.device(step), self.kept(step, "offer"));
                let shown = folge.read_offer(offer.clone()).await?;
                assert_eq!(vec![shown.thread], folge.own_threads().await?);
                return Ok(Some(folge.answer_offer(offer, verdict(step)).await?));
            }
            "take_answer" => {
                let (case, answer) = (self.case(step), self.kept(step, "answer"));
                let taken = self.device(step).take_answer(case, answer).await?;
                assert_eq!(taken.verdict, verdict(step));
            }
            "set_pin" => {
                let (case, pin) = (self.case(step), text(step, "pin").to_owned());
                let folge = self.device(step);
                folge.set_pin(case.clone(), pin).await?;
                assert!(folge.has_pin(case).await?);
            }
            "confirm_by_pin" => {
                let (case, visit) = (self.case(step), self.visit(step));
                let pin = text(step, "pin").to_owned();
                self.device(step).confirm_by_pin(case, visit, pin).await?;
            }
            "confirm_by_drawing" => return self.confirm_by_drawing(step).await,
            "cannot_confirm" => {
                let (case, visit) = (self.case(step), self.visit(step));
                let reason = text(step, "reason").to_owned();
                self.device(step)
                    .cannot_confirm(case, visit, reason)
                    .await?;
            }
            "evidence" => return self.check_evidence(step).await,
            "comment" => {
                let folge = self.device(step);
                let thread = folge.own_threads().await?.remove(0);
                folge.comment(thread, text(step, "text").to_owned()).await?;
            }
            "thread" => return self.check_thread(step).await,
            "deadlines" => {
                let only_mine = step["only_mine"].as_bool().unwrap();
                let open = self.device(step).deadlines(only_mine).await?;
                assert!(open.len() >= count(step, "at_least"));
            }
            "draft" => return self.draft(step).await,
            "archive" => {
                let case = self.case(step);
                let files = self.device(step).archive(case).await?;
                assert!(files.len() >= count(step, "at_least"));
            }
            "quarantine" => {
                let aside = self.device(step).quarantine().await?;
                assert_eq!(aside.len(), count(step, "count"));
            }
            "verify" => assert_eq!(self.device(step).verify_everything().await?.faults, 0),
            other => panic!("no step is called `{other}`"),
        }
        Ok(None)
    }

    async fn take(&mut self, step: &Value) {
        match (self.act(step).await, step["error"].as_str()) {
            (Ok(given), None) => {
                if let (Some(given), Some(name)) = (given, optional(step, "as")) {
                    self.texts.insert(name, given);
                }
            }
            (Err(error), Some(code)) => {
                assert_eq!(error.problem().code, code);
                if let Some(named) = optional(step, "field") {
                    let FolgeError::Invalid { field, .. } = error else {
                        panic!("`{code}` is about no field")
                    };
                    assert_eq!(field, Some(named));
                }
            }
            (Ok(_), Some(code)) => panic!("it went well, and must fail with `{code}`"),
            (Err(error), None) => panic!("it failed with `{}`", error.problem().code),
        }
    }
}

fn count(step: &Value, field: &str) -> usize {
    usize::try_from(number(step, field)).unwrap()
}

fn after(start: SystemTime, minutes: i64) -> SystemTime {
    let length = Duration::from_secs(minutes.unsigned_abs() * 60);
    if minutes < 0 {
        start - length
    } else {
        start + length
    }
}

/// Everything that the story does not say: Kotlin and Swift have defaults for it.
fn empty_participation() -> Participation {
    Participation {
        reference: String::new(),
        first_name: String::new(),
        middle_name: None,
        last_name: String::new(),
        national_id: None,
        born: None,
        phone: None,
        email: None,
        address: None,
        municipality: None,
        area: None,
        nav_office: None,
        nav_adviser: None,
        nav_adviser_phone: None,
        nav_adviser_email: None,
        ordered: None,
        channel: None,
        start: None,
        end: None,
        employed_at_referral: false,
        position_percent: None,
        sick_leave_from: None,
        sick_leave_percent: None,
        employer: None,
        order: None,
        reduced_work_capacity: false,
        from_school_or_sentence: false,
        address_protected: false,
        agreement: None,
        consultant: None,
        co_consultants: Vec::new(),
        status: ParticipationStatus::Waiting,
        end_reason: None,
        end_status: None,
        wants_work: None,
        therapist_supports: None,
        declaration_signed: None,
        erasure_hold: None,
        restricted: None,
        thread: None,
        participant: None,
    }
}

#[test]
fn the_story_goes_as_it_is_told() {
    let story = std::fs::read_to_string(Path::new(STORY)).unwrap();
    let story: Value = serde_json::from_str(&story).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut world = World::start();
    for (place, step) in story["steps"].as_array().unwrap().iter().enumerate() {
        eprintln!("step {}: {step}", place + 1);
        runtime.block_on(world.take(step));
    }
}
