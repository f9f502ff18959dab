//! What each screen looks like. Drawn anew as a whole; the heading gets the focus when the screen
//! is another.

use folge_core::domain::{LocalDate, MeetingForm, RecordId, Verdict};
use folge_core::messages::{RequestState, Right, Saying, Stance, VisitCard};
use folge_core::qr::Qr;
use folge_thread::{Meeting, MeetingState, Phase, Sender, Sent, ShownReport, Standing, Thread};

use crate::app::{
    Act, App, DRAFT_ABSENCE, DRAFT_CODE, DRAFT_MESSAGE, DRAFT_OFFER, DRAFT_REQUEST, RIGHTS, Screen,
    Stop, draft_of,
};
use crate::browser::{El, date_of, day_of, el, qr, time_of, today};
use crate::texts::{self, Texts};

/// The user's word for a code of the own data.
pub(crate) fn word<'a>(texts: &'static Texts, code: &'a str) -> &'a str {
    let known: &'static str = match code {
        "notice" => texts.kind_notice,
        "comment" => texts.kind_comment,
        "request" => texts.kind_request,
        "request_answer" => texts.kind_answer,
        "meeting" => texts.kind_meeting,
        "meeting_answer" => texts.kind_meeting_answer,
        "report" => texts.kind_report,
        "opinion" => texts.kind_opinion,
        "absence" => texts.kind_absence,
        "participant" => texts.participant,
        "staff" => texts.staff,
        "text" | "heading" => texts.field_text,
        "start" | "from" => texts.field_start,
        "end" | "until" => texts.field_end,
        "form" => texts.field_form,
        "consultant" => texts.field_consultant,
        "place" => texts.field_place,
        "answer" | "stance" => texts.field_answer,
        "title" => texts.field_title,
        "right" => texts.field_right,
        "state" => texts.field_state,
        "yes" => texts.yes,
        "no" => texts.no,
        "wrong" => texts.wrong,
        "agree" => texts.agree,
        "disagree" => texts.disagree,
        "in_person" => texts.in_person,
        "video" => texts.video,
        "phone" => texts.phone,
        "access" => texts.right_access,
        "rectification" => texts.right_rectification,
        "erasure" => texts.right_erasure,
        "restriction" => texts.right_restriction,
        "portability" => texts.right_portability,
        "objection" => texts.right_objection,
        "open" => texts.state_open,
        "forwarded" => texts.state_forwarded,
        "done" => texts.state_done,
        "declined" => texts.state_declined,
        _ => return code,
    };
    known
}

fn p(class: &str, text: &str) -> El {
    el("p", class, text)
}

fn h2(text: &str) -> El {
    el("h2", "", text)
}

const fn sent_text(texts: &Texts, sent: Sent) -> &'static str {
    match sent {
        Sent::Saved => texts.sent_saved,
        Sent::Stored => texts.sent_stored,
        Sent::Read => texts.sent_read,
    }
}

const fn form_text(texts: &Texts, form: MeetingForm) -> &'static str {
    match form {
        MeetingForm::InPerson => texts.in_person,
        MeetingForm::Video => texts.video,
        MeetingForm::Phone => texts.phone,
    }
}

fn date(texts: &Texts, day: LocalDate) -> String {
    let date = day.date();
    let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
    date_of(date.year().into(), month.into(), day.into(), texts.locale)
}

fn filled(text: &str, n: usize, m: usize) -> String {
    let mut out = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '{' {
            digits(&mut out, if letters.next() == Some('n') { n } else { m });
            letters.next();
        } else {
            out.push(letter);
        }
    }
    out
}

fn digits(out: &mut String, n: usize) {
    if n > 9 {
        digits(out, n / 10);
    }
    out.extend(char::from_digit(u32::try_from(n % 10).unwrap_or(0), 10));
}

impl App {
    /// Draws the screen.
    pub(crate) fn draw(&mut self, focus: bool) {
        self.acts.clear();
        self.drawing = self.drawing.wrapping_add(1);
        self.see();
        let texts = self.texts;
        let content = match self.stop {
            Some(stop) => self.stopped(stop),
            None => self.running(),
        };
        content.show(texts.code, texts.dir, focus);
    }

    fn button(&mut self, text: &str, class: &str, act: Act) -> El {
        let place = u32::try_from(self.acts.len()).unwrap_or(0);
        self.acts.push(act);
        let number = ((self.drawing & 0xf_ffff) << 12) | (place & 0xfff);
        el("button", class, text).put("type", "button").on(number)
    }

    // --- where nothing else can be shown ---

    fn stopped(&mut self, stop: Stop) -> El {
        let texts = self.texts;
        let (title, text) = match stop {
            Stop::Loading => (texts.home, texts.loading),
            Stop::OtherTab => (texts.other_tab_title, texts.other_tab),
            Stop::NoStorage => (texts.no_storage_title, texts.no_storage),
            Stop::Damaged => (texts.damaged_title, texts.damaged),
            Stop::NoLink => (texts.no_link_title, texts.no_link),
            Stop::BadLink => (texts.bad_link_title, texts.bad_link),
            Stop::UsedLink => (texts.used_link_title, texts.used_link),
            Stop::Erased => (texts.erased_title, texts.erased),
        };
        let mut main = el("main", "column", "")
            .add(el("h1", "", title))
            .add(p("", text));
        if stop == Stop::OtherTab {
            main = main.add(self.button(texts.use_here, "main wide", Act::UseHere));
        }
        if stop == Stop::Loading {
            return main;
        }
        main.add(self.languages())
    }

    fn languages(&mut self) -> El {
        let mut row = el("nav", "row languages", "").put("aria-label", self.texts.language_title);
        for (place, texts) in texts::ALL.iter().enumerate() {
            let current = texts.code == self.texts.code;
            let button = self
                .button(texts.own_name, "quiet", Act::Language(place))
                .put("lang", texts.code);
            row = row.add(if current {
                button.put("aria-current", "true")
            } else {
                button
            });
        }
        row
    }

    // --- the rest ---

    fn running(&mut self) -> El {
        let texts = self.texts;
        let Some(thread) = self.thread.take() else {
            return el("main", "column", "");
        };
        let content = match thread.phase() {
            Phase::Joining => {
                let text = if self.offline {
                    texts.joining_offline
                } else {
                    texts.joining
                };
                el("main", "column", "")
                    .add(el("h1", "", texts.home))
                    .add(p("", text).put("role", "status"))
                    .add(self.languages())
            }
            Phase::PutOut => {
                let mut main = el("main", "column", "")
                    .add(el("h1", "", texts.put_out_title))
                    .add(p("", texts.put_out));
                let lines = thread.lines();
                if !lines.is_empty() {
                    main = main.add(h2(texts.undelivered));
                }
                for line in &lines {
                    main = main.add(p("card", line.saying.text().unwrap_or_default()));
                }
                main.add(self.languages())
            }
            Phase::Erased => el("main", "column", "")
                .add(el("h1", "", texts.erased_title))
                .add(p("", texts.erased))
                .add(self.languages()),
            Phase::In => self.page(&thread),
        };
        self.thread = Some(thread);
        content
    }

    fn page(&mut self, thread: &Thread) -> El {
        let texts = self.texts;
        let mut page = el("div", "column", "");
        if self.screen != Screen::Home {
            let to = match self.screen {
                Screen::Report(message)
                    if thread.plans().iter().any(|plan| plan.message == message) =>
                {
                    Screen::Plan
                }
                Screen::Report(_) => Screen::Reports,
                Screen::Everything => Screen::Data,
                Screen::CodeCamera | Screen::CodeWrite => Screen::Code,
                _ => Screen::Home,
            };
            let back = self.button(texts.back, "quiet back", Act::Go(to));
            page = page.add(el("nav", "", "").put("aria-label", texts.back).add(back));
        }
        let mut main = el("main", "", "");
        if let Some(notice) = self.notice {
            let saved = if self.undo.is_some() { texts.saved } else { "" };
            let text = [notice, " ", saved].concat();
            let mut told = el("div", "notice good row apart", "").add(el("span", "", &text));
            if self.undo.is_some() && self.screen == Screen::Home {
                told = told.add(self.button(texts.undo, "", Act::Undo));
            }
            main = main.add(told);
        }
        if let Some(problem) = self.problem {
            main = main.add(p("notice bad", problem).put("id", "problem"));
        }
        main = match self.screen {
            Screen::Home => self.home(main, thread),
            Screen::Ask(visit) => self.ask(main, thread, visit),
            Screen::Wrong(visit) => self.wrong(main, thread, visit),
            Screen::Meetings => self.meetings(main, thread),
            Screen::Plan => self.shown(main, &thread.plans(), true),
            Screen::Reports => self.shown(main, &thread.reports(), false),
            Screen::Report(message) => self.report(main, thread, message),
            Screen::Absence => self.absence(main, thread),
            Screen::Messages => self.messages(main, thread),
            Screen::Data => self.data(main, thread),
            Screen::Everything => self.everything(main, thread),
            Screen::Language => main
                .add(el("h1", "", texts.language_title))
                .add(self.languages()),
            Screen::Code => self.code(main),
            Screen::CodeCamera => main.add(el("h1", "", texts.code_scan)).add(
                el("video", "camera", "")
                    .put("playsinline", "")
                    .put("muted", "")
                    .put("aria-label", texts.code_scan)
                    .camera(),
            ),
            Screen::CodeWrite => {
                let typed = thread.draft(DRAFT_CODE);
                let field = self.words(texts.code_label, "", Some(DRAFT_CODE), typed);
                main.add(el("h1", "", texts.code_write))
                    .add(field)
                    .add(self.button(texts.code_read, "main wide", Act::ReadCode))
            }
            Screen::Offer | Screen::OfferWrong => self.offered(main, thread),
            Screen::AnswerShown => self.answer_shown(main),
        };
        page.add(main).add(self.foot(thread))
    }

    /// How things stand with what was written.
    fn foot(&mut self, thread: &Thread) -> El {
        let texts = self.texts;
        let mut foot = el("footer", "soft small", "");
        if self.offline {
            foot = foot.add(p("", texts.offline));
        } else if thread.unsent() > 0 {
            foot = foot.add(p("", texts.sent_saved));
        }
        if thread.unreadable() > 0 {
            let text = filled(texts.unreadable, thread.unreadable(), 0);
            foot = foot.add(p("notice warn", &text));
        }
        if !thread.oddities().is_empty() {
            let close = self.button(texts.close_other, "", Act::ForgetOddities);
            foot = foot.add(
                el("div", "notice warn", "")
                    .add(p("", texts.odd))
                    .add(close),
            );
        }
        foot
    }

    // --- questions ---

    fn home(&mut self, main: El, thread: &Thread) -> El {
        let texts = self.texts;
        let meetings = thread.meetings();
        let waiting: Vec<&Meeting> = meetings
            .iter()
            .filter(|meeting| meeting.state == MeetingState::Waiting)
            .collect();
        // The oldest first; the list has the newest first.
        let mut main = match waiting.last() {
            Some(meeting) => {
                let of = (waiting.len() > 1).then(|| filled(texts.ask_of, 1, waiting.len()));
                self.question(main, meeting, of.as_deref().unwrap_or_default())
            }
            None => main.add(el("h1", "", texts.home)),
        };
        let mut list = el("ul", "menu", "");
        for (text, screen) in [
            (texts.meetings_title, Screen::Meetings),
            (texts.plan_title, Screen::Plan),
            (texts.reports_title, Screen::Reports),
            (texts.absence_title, Screen::Absence),
            (texts.messages_title, Screen::Messages),
            (texts.code_title, Screen::Code),
            (texts.data_title, Screen::Data),
            (texts.language_title, Screen::Language),
        ] {
            let button = self.button(text, "wide", Act::Go(screen));
            list = list.add(el("li", "", "").add(button));
        }
        main = main.add(el("nav", "", "").put("aria-label", texts.home).add(list));
        main
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds, far below the limit"
    )]
    fn card(&self, card: &VisitCard) -> El {
        let texts = self.texts;
        let (start, end) = (card.start.0 as f64, card.end.0 as f64);
        let from = time_of(start, texts.locale);
        let times = [from.as_str(), "–", &time_of(end, texts.locale)].concat();
        let mut facts = el("div", "facts", "")
            .add(p("day", &day_of(start, texts.locale)))
            .add(p("day", &times));
        if !card.place.is_empty() {
            facts = facts.add(p("", &[texts.ask_at, " ", &card.place].concat()));
        }
        facts = facts.add(p("", &[texts.ask_with, " ", &card.consultant].concat()));
        facts.add(p("soft", form_text(texts, card.form)))
    }

    fn question(&mut self, main: El, meeting: &Meeting, of: &str) -> El {
        let texts = self.texts;
        let card = &meeting.card;
        let (visit, digest) = (card.visit, card.digest);
        let mut main = main.add(el("h1", "", texts.ask_title));
        if !of.is_empty() {
            main = main.add(p("soft", of));
        }
        if meeting.changed {
            main = main.add(p("notice warn", texts.ask_changed));
        }
        let answers = el("div", "answers", "")
            .add(self.button(texts.yes, "main wide", Act::Yes(visit, digest)))
            .add(self.button(texts.no, "main wide", Act::No(visit, digest)))
            .add(self.button(texts.wrong, "wide", Act::Go(Screen::Wrong(visit))));
        main.add(el("div", "card", "").add(self.card(card)))
            .add(answers)
            .add(p("", texts.ask_free))
            .add(p("soft", texts.ask_change_later))
    }

    fn ask(&mut self, main: El, thread: &Thread, visit: RecordId) -> El {
        let meetings = thread.meetings();
        let found = meetings.iter().find(|meeting| meeting.card.visit == visit);
        match found {
            Some(meeting) => self.question(main, meeting, ""),
            None => main.add(el("h1", "", self.texts.no_meetings)),
        }
    }

    fn wrong(&mut self, main: El, thread: &Thread, visit: RecordId) -> El {
        let texts = self.texts;
        let meetings = thread.meetings();
        let Some(meeting) = meetings.iter().find(|meeting| meeting.card.visit == visit) else {
            return main.add(el("h1", "", texts.no_meetings));
        };
        let key = draft_of("wrong", visit);
        let words = thread.draft(&key);
        let act = Act::Wrong(visit, meeting.card.digest);
        let field = self.words(texts.wrong_label, texts.wrong_hint, Some(&key), words);
        main.add(el("h1", "", texts.wrong_title))
            .add(el("div", "card", "").add(self.card(&meeting.card)))
            .add(field)
            .add(
                el("div", "answers", "")
                    .add(self.button(texts.send, "main wide", act))
                    .add(self.button(texts.cancel, "wide", Act::Go(Screen::Home))),
            )
    }

    /// A field for own words; what stands in it is kept as a draft under `key`.
    fn words(&self, label: &str, hint: &str, key: Option<&str>, words: &str) -> El {
        // Else browsers keep what is typed, to fill it in again, outside the sealed store.
        let mut area = el("textarea", "", "").put("id", "words").put("rows", "4");
        area = area.put("autocomplete", "off");
        let mut field = el("div", "field", "").add(el("label", "", label).put("for", "words"));
        if !hint.is_empty() {
            field = field.add(p("hint", hint).put("id", "hint"));
            area = area.put("aria-describedby", "hint");
        }
        if self.problem.is_some() {
            area = area
                .put("aria-invalid", "true")
                .put("aria-describedby", "problem");
        }
        if let Some(key) = key {
            area = area.draft(key, words);
        }
        field.add(area)
    }

    // --- what was shown ---

    fn meetings(&mut self, main: El, thread: &Thread) -> El {
        let texts = self.texts;
        let mut main = main.add(el("h1", "", texts.meetings_title));
        let meetings = thread.meetings();
        if meetings.is_empty() {
            main = main.add(p("", texts.no_meetings));
        }
        for meeting in &meetings {
            let visit = meeting.card.visit;
            let mut card = el("section", "card", "").add(self.card(&meeting.card));
            match &meeting.state {
                MeetingState::Waiting => {
                    card = card.add(p("", texts.not_answered)).add(self.button(
                        texts.answer_now,
                        "main",
                        Act::Go(Screen::Ask(visit)),
                    ));
                }
                MeetingState::Answered { verdict, sent, .. } => {
                    let (said, words) = match verdict {
                        Verdict::Yes => (texts.yes, ""),
                        Verdict::No => (texts.no, ""),
                        Verdict::Wrong(words) => (texts.wrong, words.as_str()),
                    };
                    card = card.add(p("said", &[texts.you_said, " ", said].concat()));
                    if !words.is_empty() {
                        card = card.add(p("own", words));
                    }
                    card = card
                        .add(p("soft small", sent_text(texts, *sent)))
                        .add(self.button(texts.change_answer, "", Act::Go(Screen::Ask(visit))));
                }
            }
            main = main.add(card);
        }
        main
    }

    fn shown(&mut self, main: El, reports: &[ShownReport], plan: bool) -> El {
        let texts = self.texts;
        let (title, none) = if plan {
            (texts.plan_title, texts.no_plan)
        } else {
            (texts.reports_title, texts.no_reports)
        };
        let mut main = main.add(el("h1", "", title));
        if reports.is_empty() {
            main = main.add(p("", none));
        }
        for report in reports {
            let at = [texts.shown_at, " ", &self.time(report.at_ms)].concat();
            let read = self.button(
                texts.read_it,
                "main",
                Act::Go(Screen::Report(report.message)),
            );
            let mut card = el("section", "card", "").add(h2(&report.card.title));
            if let Some(text) = standing_text(texts, report.standing()) {
                card = card.add(p("said", text));
            }
            main = main.add(card.add(p("soft small", &at)).add(read));
        }
        main
    }

    fn report(&mut self, main: El, thread: &Thread, message: RecordId) -> El {
        let texts = self.texts;
        let all = [thread.reports(), thread.plans()].concat();
        let Some(report) = all.iter().find(|report| report.message == message) else {
            return main.add(el("h1", "", texts.no_reports));
        };
        let mut main = main.add(el("h1", "", &report.card.title));
        if report.earlier > 0 {
            main = main.add(p("notice warn", texts.new_version));
        }
        if let (Some(from), Some(until)) = (report.card.from, report.card.until) {
            let days = [date(texts, from).as_str(), " – ", &date(texts, until)].concat();
            main = main.add(p("soft", &days));
        }
        let mut text = el("article", "card text", "").put("lang", "nb");
        for part in &report.card.parts {
            if !part.heading.is_empty() {
                text = text.add(h2(&part.heading));
            }
            text = text.add(p("own", &part.text));
        }
        main = main.add(text).add(h2(texts.agree_question));
        if let Some(text) = standing_text(texts, report.standing()) {
            main = main.add(p("said", text));
        }
        for opinion in report.opinions.iter().filter(|o| !o.text.is_empty()) {
            main = main.add(
                el("div", "card", "")
                    .add(p("soft small", texts.commented))
                    .add(p("own", &opinion.text))
                    .add(p("soft small", sent_text(texts, opinion.sent))),
            );
        }
        let key = draft_of("opinion", message);
        let words = thread.draft(&key);
        let field = self.words(texts.opinion_label, texts.opinion_hint, Some(&key), words);
        let act = |stance| Act::Opine(message, stance);
        main.add(field).add(
            el("div", "answers", "")
                .add(self.button(texts.agree, "main wide", act(Stance::Agree)))
                .add(self.button(texts.disagree, "main wide", act(Stance::Disagree)))
                .add(self.button(texts.only_comment, "wide", act(Stance::Comment))),
        )
    }

    // --- what is written ---

    fn absence(&mut self, main: El, thread: &Thread) -> El {
        let texts = self.texts;
        let today = today();
        let day = |label: &str, id: &str| {
            let input = el("input", "", "")
                .put("id", id)
                .put("type", "date")
                .put("value", &today)
                .put("required", "");
            el("div", "field", "")
                .add(el("label", "", label).put("for", id))
                .add(input)
        };
        let words = thread.draft(DRAFT_ABSENCE);
        let field = self.words(texts.absence_words, "", Some(DRAFT_ABSENCE), words);
        let mut main = main
            .add(el("h1", "", texts.absence_title))
            .add(p("", texts.absence_intro))
            .add(day(texts.absence_from, "from"))
            .add(day(texts.absence_until, "until"))
            .add(field)
            .add(self.button(texts.absence_send, "main wide", Act::Absence));
        let absences = thread.absences();
        if !absences.is_empty() {
            main = main.add(h2(texts.absence_mine));
        }
        for absence in &absences {
            let days = [
                date(texts, absence.from).as_str(),
                " – ",
                &date(texts, absence.until),
            ]
            .concat();
            main = main.add(
                el("section", "card", "")
                    .add(p("said", &days))
                    .add(p("own", &absence.text))
                    .add(p("soft small", sent_text(texts, absence.sent))),
            );
        }
        main
    }

    fn messages(&mut self, main: El, thread: &Thread) -> El {
        let texts = self.texts;
        let words = thread.draft(DRAFT_MESSAGE);
        let field = self.words(texts.message_label, "", Some(DRAFT_MESSAGE), words);
        let mut main = main
            .add(el("h1", "", texts.messages_title))
            .add(field)
            .add(self.button(texts.message_send, "main wide", Act::Message));
        let notes = thread.notes();
        if notes.is_empty() {
            main = main.add(p("", texts.no_messages));
        }
        for note in &notes {
            let by = match note.sender {
                Sender::Staff => texts.from_staff,
                _ => texts.from_you,
            };
            let head = [by, ", ", &self.time(note.at_ms)].concat();
            let text = match &note.saying {
                Saying::Notice(text) | Saying::Comment(text) => text,
                _ => continue,
            };
            let mut card = el("section", "card", "")
                .add(p("soft small", &head))
                .add(p("own", text));
            if note.sender.is_participant() {
                card = card.add(p("soft small", sent_text(texts, note.sent)));
            }
            main = main.add(card);
        }
        main
    }

    fn data(&mut self, main: El, thread: &Thread) -> El {
        let texts = self.texts;
        let mut select = el("select", "", "").put("id", "right");
        for (code, right) in RIGHTS {
            select = select.add(el("option", "", right_text(texts, right)).put("value", code));
        }
        let words = thread.draft(DRAFT_REQUEST);
        let field = self.words(texts.data_words, "", Some(DRAFT_REQUEST), words);
        let mut main = main
            .add(el("h1", "", texts.data_title))
            .add(p("", texts.data_intro))
            .add(
                el("div", "answers", "")
                    .add(self.button(texts.data_see, "wide", Act::Go(Screen::Everything)))
                    .add(self.button(texts.data_html, "wide", Act::Html))
                    .add(self.button(texts.data_json, "wide", Act::Json)),
            )
            .add(h2(texts.data_ask))
            .add(
                el("div", "field", "")
                    .add(el("label", "", texts.data_what).put("for", "right"))
                    .add(select),
            )
            .add(field)
            .add(self.button(texts.data_send, "main wide", Act::Request));
        let requests = thread.requests();
        if !requests.is_empty() {
            main = main.add(h2(texts.data_mine));
        }
        for request in &requests {
            let state = match request.state {
                RequestState::Open if request.sent == Sent::Saved => texts.sent_saved,
                RequestState::Open => texts.state_open,
                RequestState::Forwarded => texts.state_forwarded,
                RequestState::Done => texts.state_done,
                RequestState::Declined => texts.state_declined,
            };
            main = main.add(
                el("section", "card", "")
                    .add(p("said", right_text(texts, request.right)))
                    .add(p("own", &request.text))
                    .add(p("soft small", state))
                    .add(p("own", &request.answer)),
            );
        }
        main
    }

    fn everything(&mut self, main: El, thread: &Thread) -> El {
        let texts = self.texts;
        let mut main = main.add(el("h1", "", texts.data_title));
        let time = |ms: i64| self.time(ms);
        for line in thread.own_data(&time).iter().rev() {
            let by = if line.sender.is_participant() {
                texts.participant
            } else {
                texts.staff
            };
            let head = [by, ", ", &self.time(line.at_ms)].concat();
            let mut list = el("dl", "", "");
            for (name, value) in line.fields.iter().filter(|(_, value)| !value.is_empty()) {
                list = list.add(el("dt", "", word(texts, name))).add(el(
                    "dd",
                    "own",
                    word(texts, value),
                ));
            }
            main = main.add(
                el("section", "card", "")
                    .add(h2(word(texts, line.kind)))
                    .add(p("soft small", &head))
                    .add(list),
            );
        }
        main
    }

    // --- codes ---

    fn code(&mut self, main: El) -> El {
        let texts = self.texts;
        main.add(el("h1", "", texts.code_title))
            .add(p("", texts.code_intro))
            .add(
                el("div", "answers", "")
                    .add(self.button(texts.code_scan, "main wide", Act::Go(Screen::CodeCamera)))
                    .add(self.button(texts.code_write, "wide", Act::Go(Screen::CodeWrite))),
            )
    }

    fn offered(&mut self, main: El, thread: &Thread) -> El {
        let texts = self.texts;
        let Some(offer) = self.offer.clone() else {
            return main.add(el("h1", "", texts.code_title));
        };
        let card = el("div", "card", "").add(self.card(&offer.card));
        if self.screen == Screen::OfferWrong {
            let words = thread.draft(DRAFT_OFFER);
            let field = self.words(
                texts.wrong_label,
                texts.wrong_hint,
                Some(DRAFT_OFFER),
                words,
            );
            return main
                .add(el("h1", "", texts.wrong_title))
                .add(card)
                .add(field)
                .add(self.button(texts.send, "main wide", Act::OfferWrong));
        }
        main.add(el("h1", "", texts.ask_title))
            .add(card)
            .add(
                el("div", "answers", "")
                    .add(self.button(texts.yes, "main wide", Act::OfferYes))
                    .add(self.button(texts.no, "main wide", Act::OfferNo))
                    .add(self.button(texts.wrong, "wide", Act::Go(Screen::OfferWrong))),
            )
            .add(p("", texts.ask_free))
    }

    fn answer_shown(&mut self, main: El) -> El {
        let texts = self.texts;
        let mut main = main
            .add(el("h1", "", texts.code_show))
            .add(p("", texts.code_show_hint));
        if let Ok(code) = Qr::new(&self.code) {
            let size = code.size();
            let bits: Vec<u8> = (0..size * size)
                .map(|n| u8::from(code.is_dark(n % size, n / size)))
                .collect();
            main = main.add(qr(&bits, size.unsigned_abs(), texts.code_show));
        }
        main.add(p("soft small", texts.code_text_label))
            .add(p("own code", &self.code))
    }
}

const fn standing_text(texts: &Texts, standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Open => None,
        Standing::Agrees => Some(texts.agrees),
        Standing::Disagrees => Some(texts.disagrees),
    }
}

const fn right_text(texts: &Texts, right: Right) -> &'static str {
    match right {
        Right::Access => texts.right_access,
        Right::Rectification => texts.right_rectification,
        Right::Erasure => texts.right_erasure,
        Right::Restriction => texts.right_restriction,
        Right::Portability => texts.right_portability,
        Right::Objection => texts.right_objection,
    }
}
