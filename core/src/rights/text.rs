//! How dates, roles, fields and codes are written for people, and text inside HTML.

use folge_protocol::membership::Role;

use crate::domain::{Instant, Language};

pub(super) use crate::domain::text::{Both, date_text, pick};

/// Text that means nothing to HTML, neither between tags nor in a quoted attribute. Control
/// characters that no document may hold are shown as a replacement character.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            // Characters that turn the direction of what follows could disguise it.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A label in both languages: Bokmål, and English beside it in smaller letters.
pub(super) fn label(both: Both) -> String {
    if both.0 == both.1 {
        return escape(both.0);
    }
    format!(
        "{} <span lang=\"en\">{}</span>",
        escape(both.0),
        escape(both.1)
    )
}

/// `05.01.2026 kl. 08.00`, in Oslo; the year first in English.
pub(crate) fn time_text(at: Instant, language: Language) -> String {
    let minute = at.minute_of_day();
    let (hours, minutes) = (minute / 60, minute % 60);
    match language {
        Language::Norwegian => {
            format!("{} kl. {hours:02}.{minutes:02}", date_text(at.date()))
        }
        Language::English => format!("{} {hours:02}:{minutes:02}", at.date()),
    }
}

/// What a role is called.
pub(super) const fn role_text(role: Role) -> Both {
    match role {
        Role::Administrator => ("administrator", "administrator"),
        Role::Coordinator => ("koordinator", "coordinator"),
        Role::Consultant => ("veileder", "consultant"),
        Role::Auditor => ("revisor", "auditor"),
        Role::Participant => ("deltaker", "participant"),
    }
}

/// The style of every page: readable on a screen and on paper, with nothing fetched.
pub(super) const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;\
margin:2rem auto;padding:0 1rem;color:#111;background:#fff}h1,h2,h3{line-height:1.25}\
h2{margin-top:2.5rem;border-bottom:2px solid #111}h3{margin:1.5rem 0 .25rem}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;\
padding:.25rem .5rem;border-bottom:1px solid #ccc;white-space:pre-wrap;\
overflow-wrap:anywhere}th{width:35%;font-weight:600}thead th{width:auto}\
[lang=en]{color:#555;font-size:.9em;font-weight:400}.void{background:#eee}\
@media print{body{margin:0;max-width:none;font-size:11pt}h2,h3{break-after:avoid}\
tr{break-inside:avoid}}";

/// A whole page, Bokmål first. The policy lets it run and fetch nothing.
pub(super) fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"nb\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>\n{body}</body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_text_has_nothing_that_html_acts_on() {
        let hostile = "<script>alert('x')</script>&\"\u{202e}\u{0}\r";
        let text = escape(hostile);
        assert_eq!(
            text,
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\u{fffd}\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn times_are_oslos() {
        let at = Instant::parse("2026-07-01T06:05Z").unwrap();
        assert_eq!(time_text(at, Language::Norwegian), "01.07.2026 kl. 08.05");
        assert_eq!(time_text(at, Language::English), "2026-07-01 08:05");
        assert_eq!(at.rfc3339(), "2026-07-01T08:05:00+02:00");
    }
}
