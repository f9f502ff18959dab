//! Own data, to be taken home: everything that stands in the thread, for people and for programs
//! (GDPR, articles 15 and 20). What else the provider has recorded, it hands out on request.

use folge_core::domain::{LocalDate, MeetingForm, Verdict};
use folge_core::messages::{RequestState, Right, Saying, Stance};

use crate::state::Thread;
use crate::views::Sender;

/// One thing of the own data: when, who, what, and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnLine {
    /// When, by the sender's clock, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// Who wrote it.
    pub sender: Sender,
    /// What it is: a stable code.
    pub kind: &'static str,
    /// Its fields: stable codes, and what they hold. Times are in milliseconds since 1970 (UTC).
    pub fields: Vec<(&'static str, String)>,
}

const fn right_code(right: Right) -> &'static str {
    match right {
        Right::Access => "access",
        Right::Rectification => "rectification",
        Right::Erasure => "erasure",
        Right::Restriction => "restriction",
        Right::Portability => "portability",
        Right::Objection => "objection",
    }
}

const fn state_code(state: RequestState) -> &'static str {
    match state {
        RequestState::Open => "open",
        RequestState::Forwarded => "forwarded",
        RequestState::Done => "done",
        RequestState::Declined => "declined",
    }
}

/// What a line says, as kind and fields.
fn parts(
    saying: &Saying,
    time: &dyn Fn(i64) -> String,
) -> (&'static str, Vec<(&'static str, String)>) {
    let text = |text: &str| ("text", text.to_owned());
    match saying {
        Saying::Notice(words) => ("notice", vec![text(words)]),
        Saying::Comment(words) => ("comment", vec![text(words)]),
        Saying::Request { right, text: words } => (
            "request",
            vec![("right", right_code(*right).to_owned()), text(words)],
        ),
        Saying::Answer {
            state, text: words, ..
        } => (
            "request_answer",
            vec![("state", state_code(*state).to_owned()), text(words)],
        ),
        Saying::Card(card) => {
            let form = match card.form {
                MeetingForm::InPerson => "in_person",
                MeetingForm::Video => "video",
                MeetingForm::Phone => "phone",
            };
            (
                "meeting",
                vec![
                    ("start", time(card.start.0)),
                    ("end", time(card.end.0)),
                    ("form", form.to_owned()),
                    ("consultant", card.consultant.clone()),
                    ("place", card.place.clone()),
                ],
            )
        }
        Saying::Confirmed { verdict, .. } => {
            let (answer, words) = match verdict {
                Verdict::Yes => ("yes", ""),
                Verdict::No => ("no", ""),
                Verdict::Wrong(words) => ("wrong", words.as_str()),
            };
            (
                "meeting_answer",
                vec![("answer", answer.to_owned()), text(words)],
            )
        }
        Saying::Report(card) => {
            let mut fields = vec![("title", card.title.clone())];
            for part in &card.parts {
                fields.push(("heading", part.heading.clone()));
                fields.push(text(&part.text));
            }
            ("report", fields)
        }
        Saying::Opinion {
            stance,
            text: words,
            ..
        } => {
            let stance = match stance {
                Stance::Comment => "comment",
                Stance::Agree => "agree",
                Stance::Disagree => "disagree",
            };
            ("opinion", vec![("stance", stance.to_owned()), text(words)])
        }
        Saying::Absent {
            from,
            until,
            text: words,
        } => (
            "absence",
            vec![
                ("from", day_text(*from)),
                ("until", day_text(*until)),
                text(words),
            ],
        ),
        _ => ("other", Vec::new()),
    }
}

impl Thread {
    /// Everything that stands in the thread, in order. `time` writes a time, given in milliseconds
    /// since 1970 (UTC).
    #[must_use]
    pub fn own_data(&self, time: &dyn Fn(i64) -> String) -> Vec<OwnLine> {
        let lines = self.lines().into_iter();
        lines
            .map(|line| {
                let (kind, fields) = parts(&line.saying, time);
                OwnLine {
                    at_ms: line.at_ms,
                    sender: line.sender,
                    kind,
                    fields,
                }
            })
            .collect()
    }

    /// The own data as JSON, for programs: one object for each line. What could not be read is
    /// counted.
    #[must_use]
    pub fn own_data_json(&self, time: &dyn Fn(i64) -> String) -> String {
        let mut out = String::from("{\"format\":\"folge-own-data-1\",\"unreadable\":");
        out.push_str(&self.unreadable().to_string());
        out.push_str(",\"lines\":[");
        for (n, line) in self.own_data(time).iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            out.push_str("\n{\"at\":");
            quote(&mut out, &time(line.at_ms));
            out.push_str(",\"by\":");
            let by = match line.sender {
                Sender::Me | Sender::Own => "participant",
                Sender::Staff => "staff",
                Sender::Unknown => "unknown",
            };
            quote(&mut out, by);
            out.push_str(",\"kind\":");
            quote(&mut out, line.kind);
            out.push_str(",\"fields\":[");
            for (n, (name, value)) in line.fields.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                out.push('[');
                quote(&mut out, name);
                out.push(',');
                quote(&mut out, value);
                out.push(']');
            }
            out.push_str("]}");
        }
        out.push_str("\n]}\n");
        out
    }

    /// The own data as a page that opens anywhere, for people: `word` gives the user's word for a
    /// code of [`OwnLine`], `head` stands on top.
    #[must_use]
    pub fn own_data_html(
        &self,
        language: &str,
        title: &str,
        time: &dyn Fn(i64) -> String,
        word: &dyn Fn(&str) -> String,
    ) -> String {
        let mut out = String::from("<!doctype html>\n<html lang=\"");
        escape(&mut out, language);
        out.push_str("\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
        escape(&mut out, title);
        out.push_str("</title></head><body><h1>");
        escape(&mut out, title);
        out.push_str("</h1>\n");
        for line in self.own_data(time) {
            let by = match line.sender {
                Sender::Me | Sender::Own => "participant",
                Sender::Staff => "staff",
                Sender::Unknown => "unknown",
            };
            out.push_str("<h2>");
            escape(&mut out, &word(line.kind));
            out.push_str("</h2><p>");
            escape(&mut out, &time(line.at_ms));
            out.push_str(", ");
            escape(&mut out, &word(by));
            out.push_str("</p><dl>");
            for (name, value) in &line.fields {
                if value.is_empty() {
                    continue;
                }
                out.push_str("<dt>");
                escape(&mut out, &word(name));
                out.push_str("</dt><dd>");
                let coded = matches!(*name, "right" | "state" | "form" | "answer" | "stance");
                let shown = if coded { word(value) } else { value.clone() };
                escape(&mut out, &shown);
                out.push_str("</dd>");
            }
            out.push_str("</dl>\n");
        }
        out.push_str("</body></html>\n");
        out
    }
}

/// A text as a JSON string.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if u32::from(c) < 0x20 => {
                out.push_str("\\u00");
                for digit in [u32::from(c) >> 4, u32::from(c) & 15] {
                    out.extend(char::from_digit(digit, 16));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A text in HTML.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

/// A day as `2026-01-05`.
fn day_text(day: LocalDate) -> String {
    let date = day.date();
    let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
    let mut text = date.year().to_string();
    for part in [month, day] {
        text.push('-');
        text.push(char::from(b'0' + part / 10));
        text.push(char::from(b'0' + part % 10));
    }
    text
}
