//! The limits of what can be recorded, unit last.

/// A meeting or a trip cannot last longer than this.
pub const ENTRY_MINUTES_MAX: u32 = 24 * 60;
/// Writing one report cannot take longer than this (a report is written over several days).
pub const REPORT_MINUTES_MAX: u32 = 7 * 24 * 60;
/// Instants before 1 January 2000 are a wrong clock or a typing error.
pub const INSTANT_MS_MIN: i64 = 946_684_800_000;
/// Instants from 1 January 2100 on are a wrong clock or a typing error.
pub const INSTANT_MS_MAX: i64 = 4_102_444_800_000;
/// A key that staff, employers or agreements are named by.
pub const KEY_CHARS_MAX: usize = 64;
/// A name, a place, an e-mail address or another text on one line.
pub const LINE_CHARS_MAX: usize = 200;
/// A note, an agreed text or an order.
pub const NOTE_CHARS_MAX: usize = 20_000;
/// The reason for an amendment or a void.
pub const REASON_CHARS_MAX: usize = 500;
/// Consultants in one meeting or on one participation.
pub const CONSULTANTS_COUNT_MAX: usize = 20;
/// Activity codes on one meeting.
pub const ACTIVITIES_COUNT_MAX: usize = 40;
/// Meetings that one trip serves.
pub const TRIP_VISITS_COUNT_MAX: usize = 50;
/// Participants in one group meeting.
pub const GROUP_COUNT_MAX: usize = 100;
/// Prices of one agreement.
pub const PRICES_COUNT_MAX: usize = 500;
/// Service areas of one agreement.
pub const AREAS_COUNT_MAX: usize = 100;
/// Versions of one agreement.
pub const VERSIONS_COUNT_MAX: usize = 100;
/// Municipalities of one service area.
pub const MUNICIPALITIES_COUNT_MAX: usize = 400;
/// Participations that a figure of anonymous statistics is at least about (K23).
pub const COHORT_PARTICIPATIONS_MIN: u32 = 5;
/// The words of another end reason, as NAV's form takes them.
pub const END_REASON_CHARS_MAX: usize = 40;
/// The justification of a proposal, as NAV's form takes it.
pub const JUSTIFICATION_CHARS_MAX: usize = 350;
/// Written fields of one report.
pub const REPORT_FIELDS_COUNT_MAX: usize = 64;
/// Entries of one participation in one claim, and lines of one claim.
pub const BILLED_ENTRIES_COUNT_MAX: usize = 5_000;
/// Codes of one list.
pub const CODES_COUNT_MAX: usize = 1_000;
/// A figure of a claim, in øre, quarters or hundred-thousandths of a place: ten billion kroner.
pub const CLAIM_FIGURE_MAX: i64 = 1_000_000_000_000;
/// Points each way of the grid that a signature is drawn on.
pub const DRAWING_GRID: u16 = 1024;
/// A drawn signature is at least so many points wide or high: a dot signs nothing.
pub const DRAWING_EXTENT_MIN: u16 = 64;
/// Strokes of a drawn signature.
pub const DRAWING_STROKES_COUNT_MAX: usize = 64;
/// Points of a drawn signature.
pub const DRAWING_POINTS_COUNT_MAX: usize = 2_000;
/// Points as they come from the screen, before straight runs are shortened.
pub const DRAWING_RAW_POINTS_COUNT_MAX: usize = 8_000;
/// A drawn signature as text.
pub const DRAWING_TEXT_BYTES_MAX: usize = 32_000;
/// The words of an answer that goes by QR code, in bytes; the thread carries them whole.
pub const ANSWER_WORDS_BYTES_MAX: usize = 160;
/// What trying one PIN costs at least, in KiB of memory.
pub const PIN_MEMORY_KIB_MIN: u32 = 19 * 1024;
/// What trying one PIN costs at most, in KiB of memory: a phone must be able to.
pub const PIN_MEMORY_KIB_MAX: u32 = 128 * 1024;
/// Passes over that memory, at least.
pub const PIN_PASSES_MIN: u32 = 2;
/// Passes over that memory, at most.
pub const PIN_PASSES_MAX: u32 = 16;
