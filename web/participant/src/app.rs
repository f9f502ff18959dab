//! What the page does: one state, which hears of everything and draws itself anew.

use std::sync::Arc;

use folge_core::attendance::Offer;
use folge_core::domain::{LocalDate, RecordId, Verdict, VisitDigest};
use folge_core::env::{Clock, Env};
use folge_core::keys::{InvitationLink, LinkPage};
use folge_core::messages::{Right, Stance};
use folge_core::sync::Outgoing;
use folge_protocol::codec::Decode;
use folge_protocol::wire::RelayError;
use folge_thread::{Error, Kept, MessageName, Phase, Thread};

use crate::browser::{self, clock, random, ticks, today, value};
use crate::kept;
use crate::texts::{self, Texts};

/// How long an answer waits for second thoughts before it is sent, in milliseconds. It can be
/// changed afterwards too.
const UNDO_MILLISECONDS: u32 = 8_000;

/// What the browser tells, by the numbers in `page.js`.
mod heard {
    pub(super) const LOCK_HELD: u32 = 1;
    pub(super) const LOCK_BUSY: u32 = 2;
    pub(super) const LOCK_LOST: u32 = 3;
    pub(super) const OPENED: u32 = 4;
    pub(super) const NO_STORAGE: u32 = 5;
    pub(super) const SAVED: u32 = 6;
    pub(super) const NOT_SAVED: u32 = 7;
    pub(super) const REPLY: u32 = 8;
    pub(super) const REFUSED: u32 = 9;
    pub(super) const OFFLINE: u32 = 10;
    pub(super) const ACT: u32 = 11;
    pub(super) const DRAFT: u32 = 12;
    pub(super) const BACK: u32 = 13;
    pub(super) const TIME: u32 = 14;
    pub(super) const LINK: u32 = 15;
    pub(super) const SCANNED: u32 = 16;
    pub(super) const NO_CAMERA: u32 = 17;
    pub(super) const UNDO_OVER: u32 = 18;
    pub(super) const BACK_AGAIN: u32 = 19;
}

struct BrowserClock;

impl Clock for BrowserClock {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds, far below the limit"
    )]
    fn wall_ms(&self) -> i64 {
        clock() as i64
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds since the page was opened"
    )]
    fn monotonic_ms(&self) -> u64 {
        ticks() as u64
    }
    /// The browser's clock begins anew with each page: one run each.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a name for the run: when it began, in seconds"
    )]
    fn boot(&self) -> u32 {
        ((clock() - ticks()) / 1000.0) as u32
    }
}

struct BrowserRandom;

impl rand_core::TryRng for BrowserRandom {
    type Error = std::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.copy_from_slice(&random(u32::try_from(bytes.len()).unwrap_or(0)));
        Ok(())
    }
}

impl rand_core::TryCryptoRng for BrowserRandom {}

fn env() -> Env {
    Env::new(Arc::new(BrowserClock), Box::new(BrowserRandom))
}

/// What is on the screen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    Home,
    Ask(RecordId),
    Wrong(RecordId),
    Meetings,
    Plan,
    Reports,
    Report(RecordId),
    Absence,
    Messages,
    Data,
    Everything,
    Language,
    Code,
    CodeCamera,
    CodeWrite,
    Offer,
    OfferWrong,
    AnswerShown,
}

/// What a button does.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    Go(Screen),
    Yes(RecordId, VisitDigest),
    No(RecordId, VisitDigest),
    Wrong(RecordId, VisitDigest),
    Undo,
    Opine(MessageName, Stance),
    Absence,
    Request,
    Message,
    Language(usize),
    UseHere,
    ReadCode,
    OfferYes,
    OfferNo,
    OfferWrong,
    Html,
    Json,
    ForgetOddities,
}

/// Why nothing else can be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Loading,
    OtherTab,
    NoStorage,
    Damaged,
    NoLink,
    BadLink,
    UsedLink,
    Erased,
}

/// What is to be done once the state is stored.
enum After {
    Nothing,
    Tell {
        told: &'static str,
        next: Screen,
        message: Option<MessageName>,
        undo: bool,
        /// The draft that was sent by it.
        draft: Option<String>,
    },
    Send(Outgoing),
    Synced(bool),
}

/// Something that can be taken back for a while.
#[derive(Clone, Copy)]
pub(crate) struct Undo {
    message: MessageName,
    visit: RecordId,
}

pub(crate) struct App {
    pub(crate) texts: &'static Texts,
    pub(crate) thread: Option<Box<Thread>>,
    pub(crate) stop: Option<Stop>,
    pub(crate) screen: Screen,
    /// What was just done.
    pub(crate) notice: Option<&'static str>,
    /// What could not be done, and why.
    pub(crate) problem: Option<&'static str>,
    pub(crate) undo: Option<Undo>,
    pub(crate) offline: bool,
    pub(crate) offer: Option<Offer>,
    pub(crate) code: String,
    pub(crate) acts: Vec<Act>,
    /// Which drawing the acts are of: a click on an earlier one counts for nothing.
    pub(crate) drawing: u32,
    seen: (usize, usize, usize, bool, bool),
    key: [u8; 32],
    held: bool,
    link: String,
    holding: bool,
    busy: bool,
    saves: u32,
    after: Vec<(u32, After)>,
}

pub(crate) const DRAFT_ABSENCE: &str = "absence";
pub(crate) const DRAFT_REQUEST: &str = "request";
pub(crate) const DRAFT_MESSAGE: &str = "message";
pub(crate) const DRAFT_OFFER: &str = "offer";
pub(crate) const DRAFT_CODE: &str = "code";

/// The draft of what is wrong with a meeting.
pub(crate) fn draft_of(kind: &str, id: RecordId) -> String {
    let mut text = kind.to_owned();
    for byte in id.0 {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    text
}

pub(crate) const RIGHTS: [(&str, Right); 6] = [
    ("access", Right::Access),
    ("rectification", Right::Rectification),
    ("erasure", Right::Erasure),
    ("portability", Right::Portability),
    ("restriction", Right::Restriction),
    ("objection", Right::Objection),
];

impl App {
    pub(crate) fn begin() -> Self {
        let mut app = Self {
            texts: texts::of(&browser::preferred()),
            thread: None,
            stop: Some(Stop::Loading),
            screen: Screen::Home,
            notice: None,
            problem: None,
            undo: None,
            offline: false,
            offer: None,
            code: String::new(),
            acts: Vec::new(),
            drawing: 0,
            seen: Default::default(),
            key: [0; 32],
            held: false,
            link: browser::link(),
            holding: false,
            busy: false,
            saves: 0,
            after: Vec::new(),
        };
        app.draw(false);
        browser::lock(false);
        app
    }

    pub(crate) fn hear(&mut self, what: u32, text: &str, bytes: Vec<u8>) {
        match what {
            heard::LOCK_HELD => {
                self.held = true;
                browser::open();
            }
            heard::LOCK_BUSY => self.halt(Stop::OtherTab),
            heard::LOCK_LOST => {
                self.held = false;
                self.thread = None;
                self.key = [0; 32];
                self.after.clear();
                self.busy = false;
                self.halt(Stop::OtherTab);
            }
            heard::OPENED => self.opened(&bytes),
            heard::NO_STORAGE => self.halt(Stop::NoStorage),
            heard::SAVED | heard::NOT_SAVED => {
                let number = text.parse().unwrap_or(0);
                if let Some(place) = self.after.iter().position(|(saved, _)| *saved == number) {
                    let (_, after) = self.after.remove(place);
                    if what == heard::SAVED {
                        self.saved(after);
                    } else {
                        self.not_saved(&after);
                    }
                }
            }
            heard::REPLY => self.reply(&bytes),
            heard::REFUSED => {
                let error = RelayError::from_bytes(&bytes).map_or(Error::Unreachable, Error::Relay);
                self.failed(error);
            }
            heard::OFFLINE => {
                self.offline = true;
                self.failed(Error::Unreachable);
            }
            heard::ACT => {
                let number: u32 = text.parse().unwrap_or(0);
                let (drawing, place) = (number >> 12, number & 0xfff);
                let act = usize::try_from(place)
                    .ok()
                    .and_then(|place| self.acts.get(place).copied());
                if let Some(act) = act.filter(|_| drawing == self.drawing & 0xf_ffff) {
                    self.act(act);
                }
            }
            heard::DRAFT => {
                if let (Some(thread), Some((key, words))) =
                    (&mut self.thread, text.split_once('\n'))
                {
                    thread.set_draft(key, words);
                    self.save(After::Nothing);
                }
            }
            heard::BACK => self.go(Screen::Home),
            heard::TIME => self.sync(),
            heard::BACK_AGAIN => {
                if let Some(thread) = &mut self.thread {
                    thread.hurry();
                }
                self.sync();
            }
            heard::LINK => {
                text.clone_into(&mut self.link);
                if self.held {
                    self.follow_link();
                }
            }
            heard::SCANNED => self.read_offer(text),
            heard::NO_CAMERA => {
                self.problem = Some(self.texts.code_no_camera);
                self.screen = Screen::CodeWrite;
                self.draw(true);
            }
            heard::UNDO_OVER => {
                self.holding = false;
                self.sync();
            }
            _ => {}
        }
    }

    fn halt(&mut self, stop: Stop) {
        self.stop = Some(stop);
        self.draw(true);
    }

    // --- beginning ---

    fn opened(&mut self, bytes: &[u8]) {
        let Some((key, state)) = bytes.split_first_chunk::<32>() else {
            return self.halt(Stop::NoStorage);
        };
        self.key = *key;
        self.stop = None;
        if !state.is_empty() {
            let opened = kept::open(&self.key, state);
            match opened.map(|state| Thread::deserialize(&state, env())) {
                Some(Ok(Kept::Thread(thread))) => {
                    if !thread.language().is_empty() {
                        self.texts = texts::of(thread.language());
                    }
                    self.thread = Some(thread);
                }
                Some(Ok(Kept::Erased)) => self.stop = Some(Stop::Erased),
                // A link begins anew; without one it is said.
                _ => self.stop = Some(Stop::Damaged),
            }
        }
        self.follow_link();
    }

    /// What the address asked for, now that it is known what is here.
    fn follow_link(&mut self) {
        let text = std::mem::take(&mut self.link);
        let link = InvitationLink::from_text(&text)
            .ok()
            .filter(|link| link.page == LinkPage::Participant);
        let phase = self.thread.as_ref().map(|thread| thread.phase());
        match (phase, link) {
            (Some(Phase::In), Some(link)) => {
                let same = self
                    .thread
                    .as_ref()
                    .is_some_and(|thread| thread.is_of(&link));
                if !same {
                    self.problem = Some(self.texts.other_link);
                }
            }
            (_, Some(link)) => {
                self.stop = None;
                let mut thread = Thread::join(env(), &link);
                thread.set_language(self.texts.code);
                self.thread = Some(Box::new(thread));
                self.busy = false;
                self.save(After::Nothing);
            }
            (None, None) if !text.is_empty() => self.stop = Some(Stop::BadLink),
            (None, None) if self.stop.is_none() => self.stop = Some(Stop::NoLink),
            _ => {}
        }
        self.draw(true);
        self.sync();
    }

    // --- keeping ---

    fn save(&mut self, after: After) {
        let Some(thread) = self.thread.as_ref().filter(|_| self.held) else {
            return;
        };
        self.saves += 1;
        self.after.push((self.saves, after));
        browser::save(self.saves, &kept::seal(&self.key, &thread.serialize()));
    }

    fn saved(&mut self, after: After) {
        match after {
            After::Nothing => {}
            After::Tell {
                told,
                next,
                message,
                undo,
                draft,
            } => {
                if let (Some(thread), Some(key)) = (&mut self.thread, draft) {
                    thread.set_draft(&key, "");
                    self.save(After::Nothing);
                }
                self.notice = Some(told);
                self.problem = None;
                let saved = if undo { self.texts.saved } else { "" };
                self.undo = None;
                if let (true, Some(message), Screen::Ask(visit)) = (undo, message, self.screen) {
                    self.undo = Some(Undo { message, visit });
                    self.holding = true;
                    browser::later(UNDO_MILLISECONDS);
                }
                self.screen = next;
                self.draw(true);
                browser::say(&[told, " ", saved].concat());
                if let Some(thread) = &mut self.thread {
                    thread.hurry();
                }
                self.sync();
            }
            After::Send(request) => {
                let Some(thread) = &self.thread else {
                    return;
                };
                browser::send(&[thread.relay_url(), request.path].concat(), &request.body);
            }
            After::Synced(more) => {
                self.busy = false;
                self.draw_quietly();
                if more {
                    self.sync();
                }
            }
        }
    }

    fn not_saved(&mut self, after: &After) {
        self.busy &= !matches!(after, After::Send(_) | After::Synced(_));
        if let (
            After::Tell {
                message: Some(message),
                ..
            },
            Some(thread),
        ) = (after, &mut self.thread)
        {
            thread.take_back(*message);
        }
        if !matches!(after, After::Nothing) {
            self.problem = Some(self.texts.not_saved);
            self.draw(false);
            browser::say(self.texts.not_saved);
        }
    }

    // --- syncing ---

    fn sync(&mut self) {
        if self.busy || self.holding || !self.held || self.stop.is_some() {
            return;
        }
        let Some(thread) = &mut self.thread else {
            return;
        };
        if thread.wait_ms() > 0 {
            return;
        }
        match thread.request() {
            Ok(request) => {
                self.busy = true;
                self.save(After::Send(request));
            }
            Err(Error::BadInvitation) => self.halt(Stop::UsedLink),
            Err(_) => self.draw_quietly(),
        }
    }

    fn reply(&mut self, bytes: &[u8]) {
        let Some(thread) = &mut self.thread else {
            return;
        };
        self.offline = false;
        match thread.reply(bytes) {
            Ok(report) => self.save(After::Synced(report.more)),
            Err(Error::BadInvitation) => {
                self.busy = false;
                self.halt(Stop::UsedLink);
            }
            Err(error) => self.failed(error),
        }
    }

    fn failed(&mut self, error: Error) {
        let Some(thread) = &mut self.thread else {
            return;
        };
        self.busy = false;
        let joining = thread.phase() == Phase::Joining;
        let again = thread.failed(&error);
        let unknown = matches!(
            error,
            Error::Relay(RelayError::Unauthorized | RelayError::UnknownWorkspace)
        );
        if joining && unknown {
            return self.halt(Stop::UsedLink);
        }
        self.draw_quietly();
        if again {
            self.sync();
        }
    }

    /// Draws where something has changed, and nobody is typing.
    fn draw_quietly(&mut self) {
        if self.looks() != self.seen && !browser::typing() {
            self.draw(false);
        }
    }

    pub(crate) fn looks(&self) -> (usize, usize, usize, bool, bool) {
        let Some(thread) = &self.thread else {
            return Default::default();
        };
        let lines = thread.lines();
        let sent = lines.iter().map(|line| line.sent as usize).sum();
        let joined = thread.phase() == Phase::In;
        (lines.len(), sent, thread.unreadable(), joined, self.offline)
    }

    // --- acts ---

    fn go(&mut self, screen: Screen) {
        if self.screen == Screen::Home && screen != Screen::Home {
            browser::leave();
        }
        self.notice = None;
        self.problem = None;
        self.screen = screen;
        self.draw(true);
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Go(screen) => {
                self.go(screen);
                self.sync();
            }
            Act::Yes(visit, digest) => {
                self.answer(visit, digest, Verdict::Yes, self.texts.said_yes);
            }
            Act::No(visit, digest) => self.answer(visit, digest, Verdict::No, self.texts.said_no),
            Act::Wrong(visit, digest) => {
                let verdict = Verdict::Wrong(value("words"));
                self.answer(visit, digest, verdict, self.texts.said_wrong);
            }
            Act::Undo => self.take_back(),
            Act::Opine(message, stance) => {
                let words = value("words");
                self.say(self.texts.saved, Screen::Report(message), |thread| {
                    thread.opine(message, stance, words)
                });
            }
            Act::Absence => {
                let (from, until) = (value("from"), value("until"));
                let words = value("words");
                self.say(self.texts.absence_told, Screen::Absence, |thread| {
                    let days = day(&from).zip(day(&until));
                    let (from, until) = days.ok_or(Error::BadDays)?;
                    thread.report_absence(from, until, words)
                });
            }
            Act::Request => {
                let (right, words) = (value("right"), value("words"));
                self.say(self.texts.data_told, Screen::Data, |thread| {
                    let known = RIGHTS.iter().find(|(code, _)| *code == right);
                    let (_, right) = known.unwrap_or(&RIGHTS[0]);
                    thread.request_right(*right, words)
                });
            }
            Act::Message => {
                let words = value("words");
                self.say(self.texts.message_told, Screen::Messages, |thread| {
                    thread.write(words)
                });
            }
            Act::Language(place) => {
                self.texts = texts::ALL.get(place).unwrap_or(&texts::ALL[0]);
                if let Some(thread) = &mut self.thread {
                    thread.set_language(self.texts.code);
                    self.save(After::Tell {
                        told: self.texts.language_told,
                        next: Screen::Language,
                        message: None,
                        undo: false,
                        draft: None,
                    });
                } else {
                    self.draw(true);
                }
            }
            Act::UseHere => {
                self.stop = Some(Stop::Loading);
                self.draw(true);
                browser::lock(true);
            }
            Act::ReadCode => {
                self.keep_typed();
                let code = value("words");
                self.read_offer(&code);
            }
            Act::OfferYes => self.answer_offer(Verdict::Yes),
            Act::OfferNo => self.answer_offer(Verdict::No),
            Act::OfferWrong => self.answer_offer(Verdict::Wrong(value("words"))),
            Act::Html => self.take_home(true),
            Act::Json => self.take_home(false),
            Act::ForgetOddities => {
                if let Some(thread) = &mut self.thread {
                    thread.forget_oddities();
                    self.save(After::Nothing);
                }
                self.draw(true);
            }
        }
    }

    fn answer(
        &mut self,
        visit: RecordId,
        digest: VisitDigest,
        verdict: Verdict,
        told: &'static str,
    ) {
        self.screen = match self.screen {
            Screen::Home => Screen::Ask(visit),
            other => other,
        };
        let wrong = self.screen == Screen::Wrong(visit);
        self.keep_typed();
        let Some(thread) = &mut self.thread else {
            return;
        };
        match thread.answer(visit, digest, verdict) {
            Ok(message) => {
                self.screen = Screen::Ask(visit);
                self.save(After::Tell {
                    told,
                    next: Screen::Home,
                    message: Some(message),
                    undo: true,
                    draft: wrong.then(|| draft_of("wrong", visit)),
                });
            }
            Err(error) => {
                if !wrong {
                    self.screen = Screen::Home;
                }
                self.refuse(error);
            }
        }
    }

    /// Takes the last answer back; where it was sent meanwhile, the question is asked again.
    fn take_back(&mut self) {
        let Some(undo) = self.undo.take() else {
            return;
        };
        let Some(thread) = &mut self.thread else {
            return;
        };
        self.holding = false;
        if thread.take_back(undo.message) {
            self.save(After::Tell {
                told: self.texts.undone,
                next: Screen::Ask(undo.visit),
                message: None,
                undo: false,
                draft: None,
            });
        } else {
            self.go(Screen::Ask(undo.visit));
        }
    }

    fn say(
        &mut self,
        told: &'static str,
        next: Screen,
        work: impl FnOnce(&mut Thread) -> Result<MessageName, Error>,
    ) {
        self.keep_typed();
        let draft = self.draft_key();
        let Some(thread) = &mut self.thread else {
            return;
        };
        match work(thread) {
            Ok(message) => self.save(After::Tell {
                told,
                next,
                message: Some(message),
                undo: false,
                draft,
            }),
            Err(error) => self.refuse(error),
        }
    }

    /// Says why something could not be done. What was typed stays: nothing else is drawn anew.
    fn refuse(&mut self, error: Error) {
        let texts = self.texts;
        self.problem = Some(match error {
            Error::WordsMissing => texts.words_missing,
            Error::TooLong => texts.words_long,
            Error::BadDays => texts.absence_bad,
            Error::BadCode => texts.code_bad,
            Error::CodeNotForThis => texts.code_foreign,
            Error::CodeTooOld => texts.code_old,
            Error::NotJoined => texts.joining_offline,
            _ => texts.not_saved,
        });
        self.draw(false);
        browser::say(self.problem.unwrap_or_default());
    }

    /// What stands in the field, before it is drawn anew.
    fn keep_typed(&mut self) {
        let words = value("words");
        let key = self.draft_key();
        if let (Some(thread), Some(key)) = (&mut self.thread, key) {
            thread.set_draft(&key, &words);
        }
    }

    pub(crate) fn draft_key(&self) -> Option<String> {
        Some(match self.screen {
            Screen::Wrong(visit) => draft_of("wrong", visit),
            Screen::Report(message) => draft_of("opinion", message),
            Screen::Absence => DRAFT_ABSENCE.to_owned(),
            Screen::Data => DRAFT_REQUEST.to_owned(),
            Screen::Messages => DRAFT_MESSAGE.to_owned(),
            Screen::OfferWrong => DRAFT_OFFER.to_owned(),
            Screen::CodeWrite => DRAFT_CODE.to_owned(),
            _ => return None,
        })
    }

    // --- codes ---

    fn read_offer(&mut self, code: &str) {
        let Some(thread) = &mut self.thread else {
            return;
        };
        match thread.read_offer(code) {
            Ok(offer) => {
                thread.set_draft(DRAFT_CODE, "");
                self.offer = Some(offer);
                self.problem = None;
                self.screen = Screen::Offer;
                self.draw(true);
            }
            Err(error) => {
                if self.screen == Screen::CodeCamera {
                    self.screen = Screen::Code;
                }
                self.refuse(error);
            }
        }
    }

    fn answer_offer(&mut self, verdict: Verdict) {
        self.keep_typed();
        let draft = self.draft_key();
        let (Some(thread), Some(offer)) = (&mut self.thread, &self.offer) else {
            return;
        };
        match thread.answer_offer(offer, verdict) {
            Ok(answered) => {
                self.code = answered.code;
                self.save(After::Tell {
                    told: self.texts.saved,
                    next: Screen::AnswerShown,
                    message: Some(answered.message),
                    undo: false,
                    draft,
                });
            }
            Err(error) => self.refuse(error),
        }
    }

    // --- own data ---

    fn take_home(&mut self, readable: bool) {
        let Some(thread) = &self.thread else {
            return;
        };
        let texts = self.texts;
        let time = |ms: i64| self.time(ms);
        if readable {
            let word = |code: &str| crate::screens::word(texts, code).to_owned();
            let page = thread.own_data_html(texts.code, texts.data_title, &time, &word);
            browser::download("mine-data.html", "text/html", &page);
        } else {
            let data = thread.own_data_json(&time);
            browser::download("mine-data.json", "application/json", &data);
        }
    }

    /// Day and time in words.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds, far below the limit"
    )]
    pub(crate) fn time(&self, ms: i64) -> String {
        let locale = self.texts.locale;
        let (day, time) = (
            browser::day_of(ms as f64, locale),
            browser::time_of(ms as f64, locale),
        );
        [day.as_str(), ", ", time.as_str()].concat()
    }

    pub(crate) fn see(&mut self) {
        self.seen = self.looks();
    }
}

/// A day as a date field writes it: 2026-01-05. An empty one is today.
fn day(text: &str) -> Option<LocalDate> {
    let text = if text.is_empty() {
        today()
    } else {
        text.to_owned()
    };
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    LocalDate::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}
