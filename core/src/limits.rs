//! Every limit of the core, unit last. Those of the wire are in `folge_protocol::limits`.

/// The largest content of an envelope after inflating, in bytes: a bound on deflate bombs.
pub const CONTENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Documents made by one membership entry: with all readers they stay below the entry's limit.
pub const DOCUMENTS_PER_ENTRY: usize = 200;
/// Changes that go into one envelope.
pub const BATCH_CHANGES_MAX: usize = 4096;
/// Changes kept beside a local snapshot before it is made anew.
pub const TAIL_CHANGES_MAX: u32 = 128;
/// One message of a thread or journal, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// The text of one message, in bytes.
pub const MESSAGE_TEXT_BYTES_MAX: usize = 20_000;
/// Parts of a report that is shown in a thread.
pub const REPORT_PARTS_MAX: usize = 256;
/// The longest address of a relay or app, in bytes.
pub const URL_BYTES_MAX: usize = 1024;
/// A participation opened again within this time is not noted anew, in milliseconds.
pub const OPENING_MILLISECONDS: i64 = 15 * 60 * 1000;
/// Documents kept loaded in memory at once.
pub const LOADED_DOCUMENTS_MAX: usize = 64;
/// Secrets in one grant.
pub const GRANT_SECRETS_MAX: usize = 2048;
/// Requests that a document's new key may be missing before this device turns the key itself.
pub const KEYLESS_REQUESTS_MAX: u32 = 8;
/// How far wall and monotonic clock may drift apart before it counts as a jump, in seconds.
pub const CLOCK_DRIFT_SECONDS_MAX: i64 = 120;
/// How far a claimed time may lie outside the receipts' bounds, in milliseconds.
pub const TIME_GRADE_TOLERANCE_MILLISECONDS: i64 = 5 * 60 * 1000;
/// The first wait after a failed sync, in milliseconds.
pub const BACKOFF_MILLISECONDS_MIN: u64 = 1_000;
/// The longest wait after failed syncs, in milliseconds.
pub const BACKOFF_MILLISECONDS_MAX: u64 = 15 * 60 * 1000;
/// How long an invitation holds unless said otherwise, in milliseconds.
pub const INVITATION_MILLISECONDS: u64 = 7 * 24 * 60 * 60 * 1000;
/// Running timers at once.
pub const TIMERS_MAX: usize = 32;
/// Drafts at once.
pub const DRAFTS_MAX: usize = 128;
/// A draft, in bytes.
pub const DRAFT_BYTES_MAX: usize = 64 * 1024;
/// Wrong passphrases before waits begin.
pub const PASSPHRASE_ATTEMPTS_FREE: u32 = 3;
/// The wait after one more, in milliseconds; each further one doubles it.
pub const PASSPHRASE_WAIT_MILLISECONDS_MIN: u64 = 1_000;
/// The longest wait between passphrases, in milliseconds.
pub const PASSPHRASE_WAIT_MILLISECONDS_MAX: u64 = 15 * 60 * 1000;
/// How long a device may lie unused before it locks itself, in milliseconds.
pub const LOCK_AFTER_MILLISECONDS: u64 = 5 * 60 * 1000;
/// Alarms kept; beyond that one stands for all others of its kind.
pub const ALARMS_MAX: usize = 256;
/// Evidence kept with an alarm, in bytes for each side.
pub const EVIDENCE_BYTES_MAX: usize = 64 * 1024;
/// Earlier lives of the relay that are remembered.
pub const PAST_INSTANCES_MAX: usize = 64;
/// How long the office may leave unread what the relay stored before it is shown, in
/// milliseconds.
pub const UNREAD_MILLISECONDS_MAX: u64 = 72 * 60 * 60 * 1000;
/// How long the relay may name envelopes without handing them out, in milliseconds.
pub const WITHHELD_MILLISECONDS_MAX: u64 = 60 * 60 * 1000;
/// How often ages are looked at, in milliseconds.
pub const AGES_MILLISECONDS: u64 = 60 * 60 * 1000;
/// How old a code that shows a visit, or answers it, may be, in hours.
pub const OFFER_HOURS_MAX: u32 = 24;
/// A name in a code that shows a visit, in bytes: longer ones are cut, so that it can be read.
pub const OFFER_TEXT_BYTES_MAX: usize = 64;
/// Digits of a participant's PIN, at least.
pub const PIN_DIGITS_MIN: usize = 6;
/// Digits of a participant's PIN, at most.
pub const PIN_DIGITS_MAX: usize = 12;
/// Argon2id's memory for a new PIN, in KiB: what an old phone has to spare (OWASP's 19 MiB and more).
pub const PIN_MEMORY_KIB: u32 = 32 * 1024;
/// Argon2id's passes for a new PIN.
pub const PIN_PASSES: u32 = 3;
/// Wrong PINs of one participation before waits begin.
pub const PIN_ATTEMPTS_FREE: u32 = 4;
/// The wait after one more, in milliseconds; each further one doubles it.
pub const PIN_WAIT_MILLISECONDS_MIN: u64 = 30_000;
/// The longest wait between PINs, in milliseconds.
pub const PIN_WAIT_MILLISECONDS_MAX: u64 = 60 * 60 * 1000;
/// A PIN that was replaced counts for so long still, in hours: another phone may not have heard.
pub const PIN_REPLACED_HOURS: i64 = 24;
