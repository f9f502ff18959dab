//! Copies compressed by brotli, kept by the hash of what they were made from.

use std::fs;
use std::path::Path;

use brotli::enc::BrotliEncoderParams;

use crate::names::sha256;
use crate::{Error, write};

const QUALITY: i32 = 11;
/// What is larger than anything we ship is of a build that was not optimised, and only tried out:
/// it is not worth minutes.
const SHIPPED_BYTES_MAX: usize = 5_000_000;
const QUALITY_UNSHIPPED: i32 = 3;
/// Bits of the window: what every browser takes.
const WINDOW_BITS: i32 = 22;
/// Pictures are compressed already.
const KINDS: [&str; 7] = ["css", "html", "js", "json", "svg", "wasm", "webmanifest"];

/// The compressed copy, where it is smaller.
pub(crate) fn smaller(name: &str, bytes: &[u8], cache: &Path) -> Result<Option<Vec<u8>>, Error> {
    let kind = name.rsplit('.').next().unwrap_or_default();
    if !KINDS.contains(&kind) {
        return Ok(None);
    }
    let quality = if bytes.len() > SHIPPED_BYTES_MAX {
        QUALITY_UNSHIPPED
    } else {
        QUALITY
    };
    let kept = cache.join(format!("brotli-{quality}-{}", sha256(bytes)));
    let small = match fs::read(&kept) {
        Ok(small) => small,
        Err(_) => {
            let params = BrotliEncoderParams {
                quality,
                lgwin: WINDOW_BITS,
                size_hint: bytes.len(),
                ..Default::default()
            };
            let mut small = Vec::new();
            brotli::BrotliCompress(&mut &bytes[..], &mut small, &params)
                .map_err(Error::file(&kept))?;
            // A copy that is cut short by a kill must not be found later.
            let fresh = kept.with_extension("new");
            write(&fresh, &small)?;
            fs::rename(&fresh, &kept).map_err(Error::file(&kept))?;
            small
        }
    };
    Ok((small.len() < bytes.len()).then_some(small))
}
