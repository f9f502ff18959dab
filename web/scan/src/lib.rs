//! Finds a QR code in a camera's picture. Loaded when somebody scans.
//!
//! A panic would end the module, so nothing here may panic, whatever the picture.

use wasm_bindgen::prelude::wasm_bindgen;

/// The largest picture that is looked at, in pixels: more than a phone's camera gives a page.
const PIXELS_MAX: usize = 16 * 1024 * 1024;
/// Fewer pixels across hold no code.
const SIDE_MIN: usize = 21;
/// Half the side of the square that a pixel's brightness is compared with, as a part of the
/// picture's shorter side.
const SURROUNDINGS: usize = 10;

/// Reads the first code that is found in a grey picture, one byte a pixel, row by row. Nothing for a
/// picture whose size is not what is said.
#[wasm_bindgen]
#[must_use]
pub fn scan(width: u32, height: u32, grey: &[u8]) -> Option<String> {
    let (width, height) = (usize::try_from(width).ok()?, usize::try_from(height).ok()?);
    let pixels = width.checked_mul(height)?;
    if width.min(height) < SIDE_MIN || pixels > PIXELS_MAX || pixels != grey.len() {
        return None;
    }
    read(width, height, grey).or_else(|| read(width, height, &evened(width, height, grey)))
}

fn read(width: usize, height: usize, grey: &[u8]) -> Option<String> {
    let mut reader = quircs::Quirc::new();
    reader
        .identify(width, height, grey)
        .flatten()
        .filter_map(|code| code.decode().ok())
        .find_map(|data| String::from_utf8(data.payload).ok())
}

/// The picture without its light and shade: each pixel as bright as it is among those around it.
fn evened(width: usize, height: usize, grey: &[u8]) -> Vec<u8> {
    // Sums over everything above and left of a pixel give any square's sum in four steps. Those
    // of 16 million pixels fit into 32 bits.
    let across = width + 1;
    let mut sums = vec![0_u32; across * (height + 1)];
    for y in 0..height {
        let mut row = 0_u32;
        for x in 0..width {
            row += u32::from(grey[y * width + x]);
            sums[(y + 1) * across + x + 1] = sums[y * across + x + 1].wrapping_add(row);
        }
    }
    let reach = (width.min(height) / SURROUNDINGS).max(1);
    let mut even = Vec::with_capacity(grey.len());
    for y in 0..height {
        let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(height));
        for x in 0..width {
            let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(width));
            let sum = sums[bottom * across + right]
                .wrapping_sub(sums[top * across + right])
                .wrapping_sub(sums[bottom * across + left])
                .wrapping_add(sums[top * across + left]);
            let count = (bottom - top) * (right - left);
            let own = u64::from(grey[y * width + x]) * count as u64 * 128;
            let own = own / u64::from(sum.max(1));
            even.push(u8::try_from(own).unwrap_or(u8::MAX));
        }
    }
    even
}

#[cfg(test)]
mod tests;
