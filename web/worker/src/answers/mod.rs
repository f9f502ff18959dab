//! The answers, by what they are about.

mod attendance;
mod case;
mod day;
mod office;
mod session;

use folge_core::qr::Qr;
use folge_protocol::ids::DocumentId;
use folge_web_calls::{CaseId, Failure, QrModules};

use crate::failure::of_qr;

const fn document(case: CaseId) -> DocumentId {
    DocumentId(case.0)
}

const fn case(document: DocumentId) -> CaseId {
    CaseId(document.0)
}

/// A text as a QR code's modules, with the light margin that a scanner needs.
fn qr(text: &str) -> Result<QrModules, Failure> {
    let qr = Qr::new(text).map_err(of_qr)?;
    let side = qr.size();
    let rows = 0..side;
    let dark = rows.flat_map(|y| (0..side).map(move |x| (x, y)));
    Ok(QrModules {
        dark: dark.map(|(x, y)| qr.is_dark(x, y)).collect(),
        side: u32::try_from(side).unwrap_or(0),
    })
}
