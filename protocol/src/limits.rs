//! Every limit of the wire formats, unit last. The relay may set lower ones, never higher.

/// The largest envelope, in bytes. Larger change batches are split before sealing.
pub const ENVELOPE_BYTES_MAX: usize = 1024 * 1024;
/// The largest sealed content of an envelope, in bytes.
pub const CIPHERTEXT_BYTES_MAX: usize = ENVELOPE_BYTES_MAX - 512;
/// The largest membership entry, in bytes.
pub const ENTRY_BYTES_MAX: usize = 256 * 1024;
/// Documents named in one membership entry.
pub const ENTRY_DOCUMENTS_MAX: usize = 1024;
/// Devices' places in documents that one membership entry vouches for.
pub const ENTRY_KEPT_MAX: usize = 4096;
/// Groups that may read one document.
pub const READERS_MAX: usize = 64;
/// The largest grant, in bytes: it may hold an envelope.
pub const GRANT_BYTES_MAX: usize = ENVELOPE_BYTES_MAX + 4096;
/// The largest request or reply body, in bytes.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How much a client puts into one request, in bytes: what is lost when the network breaks.
pub const REQUEST_BYTES_TARGET: usize = 512 * 1024;
/// How much the relay puts into one reply, in bytes, unless one envelope alone is larger.
pub const REPLY_BYTES_TARGET: usize = 2 * 1024 * 1024;
/// Membership entries in one message.
pub const MESSAGE_ENTRIES_MAX: usize = 4096;
/// Grants in one message.
pub const MESSAGE_GRANTS_MAX: usize = 4096;
/// Envelopes in one message.
pub const MESSAGE_ENVELOPES_MAX: usize = 8192;
/// Read marks in one message.
pub const MESSAGE_MARKS_MAX: usize = 8192;
/// Streams asked for by name in one request.
pub const MESSAGE_FETCH_MAX: usize = 4096;
/// How far a request's time may be from the relay's, in milliseconds.
pub const REQUEST_AGE_MILLISECONDS_MAX: u64 = 5 * 60 * 1000;
/// A founding token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 256;
