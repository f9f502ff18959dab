//! PADMÉ padding (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
//! Communication with PURBs", PETS 2019): at most 12 % longer, and only O(log log n) bits of the
//! length remain visible.

use folge_protocol::codec::{DecodeError, Reader, Writer};

/// The padded length for a length.
#[must_use]
pub fn padme(len: usize) -> usize {
    if len < 2 {
        return len;
    }
    let exponent = len.ilog2();
    let significant = exponent.ilog2() + 1;
    let low_bits = exponent - significant.min(exponent);
    let mask = (1_usize << low_bits) - 1;
    (len + mask) & !mask
}

/// A `u32` length, the bytes, and zeros up to the bucket.
pub(super) fn pad(bytes: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    out.bytes(bytes);
    let mut padded = out.finish();
    padded.resize(padme(padded.len()), 0);
    padded
}

/// The bytes before padding. Padding other than zeros, or to another length, is refused.
pub(super) fn unpad(padded: &[u8]) -> Result<&[u8], DecodeError> {
    let mut input = Reader::new(padded);
    let bytes = input.bytes(padded.len())?;
    let zeros = input.rest();
    if padded.len() != padme(bytes.len() + 4) || zeros.iter().any(|byte| *byte != 0) {
        return Err(DecodeError::Invalid);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn padding_comes_off_again_and_costs_at_most_an_eighth(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
            let padded = pad(&bytes);
            prop_assert_eq!(unpad(&padded), Ok(bytes.as_slice()));
            prop_assert!(padded.len() <= (bytes.len() + 4) * 9 / 8 + 1);
        }

        #[test]
        fn lengths_grow_with_the_content(a in 0_usize..1_000_000, b in 0_usize..1_000_000) {
            prop_assert!(padme(a) >= a);
            prop_assert!((a <= b) <= (padme(a) <= padme(b)));
        }
    }
}
