//! Text as a QR code: invitation links, and recovery words for the office's safe.
//!
//! What is drawn is as secret as the text: an invitation's secret stays in the link's fragment, so
//! a phone that opens it sends no server anything of it. Capital letters, digits and blanks make
//! a smaller code than others do; recovery words are read in capitals too.

use std::fmt::{self, Write};

use qrcodegen::{QrCode, QrCodeEcc};

use crate::domain::Language;

/// The longest text, in bytes: what the largest code holds with 15 % of it unreadable.
pub const QR_BYTES_MAX: usize = 2331;
/// The light margin that a scanner needs, in modules.
const MARGIN_MODULES: i32 = 4;

/// A text is too long for a QR code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is {found_bytes} bytes and a QR code holds {QR_BYTES_MAX}: shorten it")]
pub struct QrTooLong {
    /// How long it is.
    pub found_bytes: usize,
}

impl QrTooLong {
    /// A stable code that shells and tests can act on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "qr_too_long"
    }

    /// What the user reads: what is wrong, and what to do.
    #[must_use]
    pub fn user_text(&self, language: Language) -> String {
        match language {
            Language::Norwegian => {
                "Teksten er for lang for en QR-kode. Send den på en annen måte.".into()
            }
            Language::English => "The text is too long for a QR code. Send it another way.".into(),
        }
    }
}

/// A QR code. Prints nothing of itself in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Qr(QrCode);

impl fmt::Debug for Qr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Qr(..)")
    }
}

impl Qr {
    /// Draws a text.
    /// # Errors
    /// [`QrTooLong`].
    pub fn new(text: &str) -> Result<Self, QrTooLong> {
        let too_long = QrTooLong {
            found_bytes: text.len(),
        };
        if text.len() > QR_BYTES_MAX {
            return Err(too_long);
        }
        QrCode::encode_text(text, QrCodeEcc::Medium)
            .map(Self)
            .map_err(|_| too_long)
    }

    /// Modules from edge to edge, the light margin included.
    #[must_use]
    pub fn size(&self) -> i32 {
        self.0.size() + 2 * MARGIN_MODULES
    }

    /// Whether a module is dark; `x` and `y` count from the margin's corner.
    #[must_use]
    pub fn is_dark(&self, x: i32, y: i32) -> bool {
        self.0.get_module(x - MARGIN_MODULES, y - MARGIN_MODULES)
    }

    /// The code as an SVG image, dark on white, of a size that the page decides.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let size = self.size();
        let mut path = String::new();
        for y in 0..size {
            let mut x = 0;
            while x < size {
                let from = x;
                while self.is_dark(x, y) {
                    x += 1;
                }
                if x > from {
                    let length = x - from;
                    let _ = write!(path, "M{from} {y}h{length}v1h-{length}z");
                }
                x += 1;
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" \
             shape-rendering=\"crispEdges\"><rect width=\"{size}\" height=\"{size}\" \
             fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
        )
    }

    /// The code for a terminal: each character is two modules, one above the other. The light
    /// ones are drawn, as terminals are dark; most scanners read it on a light one too.
    #[must_use]
    pub fn to_terminal(&self) -> String {
        let mut text = String::new();
        for y in (0..self.size()).step_by(2) {
            for x in 0..self.size() {
                // The row below the last is not there.
                let below = y + 1 < self.size() && !self.is_dark(x, y + 1);
                text.push(match (!self.is_dark(x, y), below) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{InvitationLink, Key32, LinkPage, RecoverySecret};

    fn light_modules(terminal: &str) -> usize {
        let count = |c| match c {
            '█' => 2,
            '▀' | '▄' => 1,
            _ => 0,
        };
        terminal.chars().map(count).sum()
    }

    #[test]
    fn links_and_recovery_words_fit_and_both_drawings_agree() {
        let link = InvitationLink {
            page: LinkPage::Staff,
            app_url: None,
            relay_url: format!("https://{}.no:8443", "a".repeat(200)),
            relay_key: [1; 32],
            workspace: folge_protocol::ids::WorkspaceId([2; 16]),
            person: folge_protocol::ids::PersonId([3; 16]),
            secret: Key32::new([4; 32]),
        };
        let words = RecoverySecret(Key32::new([5; 32])).words().to_uppercase();
        for text in [link.to_text(), words] {
            let qr = Qr::new(&text).unwrap();
            let size = qr.size();
            let light = (0..size)
                .flat_map(|y| (0..size).map(move |x| (x, y)))
                .filter(|(x, y)| !qr.is_dark(*x, *y))
                .count();
            assert_eq!(light_modules(&qr.to_terminal()), light);
            let svg = qr.to_svg();
            let dark: usize = svg
                .split("h-")
                .skip(1)
                .map(|rest| rest.split('z').next().unwrap().parse::<usize>().unwrap())
                .sum();
            assert_eq!(dark + light, usize::try_from(size * size).unwrap());
            assert!(!svg.contains(&text) && format!("{qr:?}") == "Qr(..)");
        }
    }

    #[test]
    fn the_longest_text_fits_and_a_longer_one_is_refused() {
        assert!(Qr::new(&"é".repeat(QR_BYTES_MAX / 2)).is_ok());
        assert!(Qr::new(&"a".repeat(QR_BYTES_MAX)).is_ok());
        let found_bytes = QR_BYTES_MAX + 1;
        let error = Qr::new(&"a".repeat(found_bytes)).unwrap_err();
        assert_eq!(error, QrTooLong { found_bytes });
        assert_eq!(error.code(), "qr_too_long");
    }
}
