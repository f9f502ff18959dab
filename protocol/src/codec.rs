//! The byte layout that every signed, hashed or sent thing uses. `docs/protocol.md` describes it.
//!
//! Integers are big-endian and of fixed width; a byte string is a `u32` length and the bytes; a
//! list is a `u32` count and the items; an option is a byte 0 or 1 and the item. There is one
//! encoding of each value, so that signatures and hashes are well defined; a decoder refuses
//! anything else, bytes left over included, and never allocates more than the input's length.

/// Why bytes could not be decoded. Carries no content of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The input ends inside a value.
    #[error("the data ends too early")]
    Truncated,
    /// The input goes on behind the value.
    #[error("there is more data than expected")]
    Trailing,
    /// A version byte that this program does not know: written by a newer version.
    #[error("version {0} is not known here: update the app")]
    UnknownVersion(u8),
    /// A suite byte that this program does not know.
    #[error("cipher suite {0} is not known here: update the app")]
    UnknownSuite(u8),
    /// A tag byte with no meaning.
    #[error("the data has an unknown kind {0}")]
    UnknownTag(u8),
    /// A length or count over its limit.
    #[error("a part of the data is larger than its limit")]
    TooLarge,
    /// A value outside what the format allows.
    #[error("the data has a value that the format does not allow")]
    Invalid,
}

/// Collects encoded bytes.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// The bytes written so far.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
    /// Bytes as they are, without a length.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }
    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }
    /// One byte, 0 or 1.
    pub fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }
    /// Four bytes, big-endian.
    pub fn u32(&mut self, value: u32) {
        self.raw(&value.to_be_bytes());
    }
    /// Eight bytes, big-endian.
    pub fn u64(&mut self, value: u64) {
        self.raw(&value.to_be_bytes());
    }
    /// A `u32` length and the bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        debug_assert!(u32::try_from(bytes.len()).is_ok());
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.raw(bytes);
    }
    /// A `u32` count and the items.
    pub fn list<T: Encode>(&mut self, items: &[T]) {
        self.u32(u32::try_from(items.len()).unwrap_or(u32::MAX));
        for item in items {
            item.encode(self);
        }
    }
    /// A byte 0, or a byte 1 and the item.
    pub fn option<T: Encode>(&mut self, item: Option<&T>) {
        match item {
            None => self.u8(0),
            Some(item) => {
                self.u8(1);
                item.encode(self);
            }
        }
    }
}

/// Takes values off the front of bytes.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader over `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
    /// What has not been read.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
    /// Ends reading.
    /// # Errors
    /// [`DecodeError::Trailing`] where bytes are left.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Trailing)
        }
    }
    /// `len` bytes.
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (front, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(front)
    }
    /// A fixed number of bytes.
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Truncated)
    }
    /// One byte, 0 or 1.
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::Invalid`].
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::Invalid),
        }
    }
    /// One byte.
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }
    /// Four bytes, big-endian.
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }
    /// Eight bytes, big-endian.
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }
    /// A `u32` length, at most `max`, and the bytes.
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::TooLarge`].
    pub fn bytes(&mut self, max: usize) -> Result<&'a [u8], DecodeError> {
        let len = self.u32()? as usize;
        if len > max {
            return Err(DecodeError::TooLarge);
        }
        self.take(len)
    }
    /// A `u32` count, at most `max`, and the items.
    /// # Errors
    /// Those of the items, [`DecodeError::TooLarge`].
    pub fn list<T: Decode>(&mut self, max: usize) -> Result<Vec<T>, DecodeError> {
        let count = self.count(max)?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(T::decode(self)?);
        }
        Ok(items)
    }
    /// How many items a list has.
    #[inline(never)]
    fn count(&mut self, max: usize) -> Result<usize, DecodeError> {
        let count = self.u32()? as usize;
        if count > max {
            return Err(DecodeError::TooLarge);
        }
        // Every item has at least one byte, so a count beyond the input's length is a lie.
        if count > self.rest.len() {
            return Err(DecodeError::Truncated);
        }
        Ok(count)
    }
    /// A byte 0, or a byte 1 and the item.
    /// # Errors
    /// Those of the item, [`DecodeError::Invalid`] for another byte.
    pub fn option<T: Decode>(&mut self) -> Result<Option<T>, DecodeError> {
        match self.u8()? {
            0 => Ok(None),
            1 => T::decode(self).map(Some),
            _ => Err(DecodeError::Invalid),
        }
    }
}

/// A value with one byte encoding.
pub trait Encode {
    /// Appends the value.
    fn encode(&self, out: &mut Writer);
    /// The value's bytes.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        self.encode(&mut out);
        out.finish()
    }
}

/// A value that can be read back from its one encoding.
pub trait Decode: Sized {
    /// Takes the value off the front.
    /// # Errors
    /// What is wrong with the bytes.
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError>;
    /// Reads exactly one value.
    /// # Errors
    /// What is wrong with the bytes; bytes left over are an error.
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let value = Self::decode(&mut input)?;
        input.finish()?;
        Ok(value)
    }
}

impl Encode for u64 {
    fn encode(&self, out: &mut Writer) {
        out.u64(*self);
    }
}

impl Decode for u64 {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u64()
    }
}
