//! Names, times and texts.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use folge_core::client::TimerId;
use folge_core::domain::{
    AgreementKey, EmployerKey, GroupMeetingId, Instant, Language, LocalDate, Minutes, RecordId,
    StaffKey, VisitDigest,
};
use folge_protocol::ids::{DeviceId, DocumentId, InvitationId, PersonId};

use crate::error::FolgeError;
use crate::shape::{Given, Shown, key, name, view};

name! {
    /// Names a participation.
    ParticipationId = DocumentId,
    /// Names the thread that is shared with one participant.
    ThreadId = DocumentId,
    /// Names a document, where it may be any.
    AnyDocumentId = DocumentId,
    /// Names a record, such as a visit.
    RecordName = RecordId,
    /// Names a group meeting.
    GroupMeetingName = GroupMeetingId,
    /// Names a person in the workspace.
    PersonName = PersonId,
    /// Names a device.
    DeviceName = DeviceId,
    /// Names an invitation.
    InvitationName = InvitationId,
    /// The digest of a visit's facts, which a participant confirms.
    FactsDigest = VisitDigest,
    /// A day in Oslo: `2026-11-22`.
    Day = LocalDate,
    /// A calendar month: `2026-11`.
    Month = folge_core::domain::Month,
}

key! {
    /// Names a member of staff in the register, such as `consultant-00`.
    StaffName = StaffKey,
    /// Names an employer in the register.
    EmployerName = EmployerKey,
    /// Names an agreement in the register.
    AgreementName = AgreementKey,
}

/// Names a timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerName(String);
uniffi::custom_newtype!(TimerName, String);

impl From<String> for TimerName {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Display for TimerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Shown<TimerId> for TimerName {
    fn shown(core: TimerId) -> Self {
        Self(RecordId(core.0).to_string())
    }
}

impl Given<TimerId> for TimerName {
    fn given(self) -> Result<TimerId, FolgeError> {
        let id: RecordId = RecordName(self.0).given()?;
        Ok(TimerId(id.0))
    }
}

impl Shown<Instant> for SystemTime {
    fn shown(core: Instant) -> Self {
        let length = Duration::from_millis(core.0.unsigned_abs());
        let time = if core.0 < 0 {
            UNIX_EPOCH.checked_sub(length)
        } else {
            UNIX_EPOCH.checked_add(length)
        };
        time.unwrap_or(UNIX_EPOCH)
    }
}

impl Given<Instant> for SystemTime {
    fn given(self) -> Result<Instant, FolgeError> {
        // Swift's times are floating: rounded, not cut, they keep their millisecond.
        let ms = |length: Duration| i64::try_from((length.as_nanos() + 500_000) / 1_000_000);
        match self.duration_since(UNIX_EPOCH) {
            Ok(after) => ms(after).map(Instant),
            Err(before) => ms(before.duration()).map(|ms| Instant(-ms)),
        }
        .map_err(|_| FolgeError::out_of_range())
    }
}

/// A time of the relay's or a device's clock, in milliseconds since 1970 (UTC).
pub(crate) fn time_of(ms: i64) -> SystemTime {
    Shown::shown(Instant(ms))
}

/// The same, where the relay gives it.
pub(crate) fn relay_time_of(ms: u64) -> SystemTime {
    time_of(i64::try_from(ms).unwrap_or(i64::MAX))
}

impl Shown<Minutes> for i32 {
    fn shown(core: Minutes) -> Self {
        Shown::shown(core.0)
    }
}

impl Given<Minutes> for i32 {
    fn given(self) -> Result<Minutes, FolgeError> {
        Ok(Minutes(self.given()?))
    }
}

impl<T: Shown<C>, C> Shown<BTreeMap<String, C>> for HashMap<String, T> {
    fn shown(core: BTreeMap<String, C>) -> Self {
        core.into_iter()
            .map(|(key, value)| (key, T::shown(value)))
            .collect()
    }
}

impl<T: Given<C>, C> Given<BTreeMap<String, C>> for HashMap<String, T> {
    fn given(self) -> Result<BTreeMap<String, C>, FolgeError> {
        self.into_iter()
            .map(|(key, value)| Ok((key, value.given()?)))
            .collect()
    }
}

view! {
    /// A text that people read, in both languages.
    Wording {
        /// Bokmål.
        nb: String,
        /// English.
        en: String,
    }
}

impl Wording {
    /// Both languages of something that has a text in each.
    pub(crate) fn of<T: Into<String>>(text: impl Fn(Language) -> T) -> Self {
        Self {
            nb: text(Language::Norwegian).into(),
            en: text(Language::English).into(),
        }
    }
}

/// The language of a text that is made whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TextLanguage {
    /// Bokmål.
    Norwegian,
    /// English.
    English,
}

impl Given<Language> for TextLanguage {
    fn given(self) -> Result<Language, FolgeError> {
        Ok(match self {
            Self::Norwegian => Language::Norwegian,
            Self::English => Language::English,
        })
    }
}

view! {
    /// A file that the app may hand on.
    ExportedFile {
        /// Its name, which says nothing of anybody.
        name: String,
        /// Its bytes.
        bytes: Vec<u8>,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn times_survive_the_way_to_the_app_and_back_to_the_millisecond() {
        for ms in [0, 1, -1, 1_772_438_400_123, -86_400_000] {
            let time: SystemTime = Shown::shown(Instant(ms));
            assert_eq!(time.given(), Ok(Instant(ms)));
            for nanos in [0, 1, 400_000] {
                let off = Duration::from_nanos(nanos);
                assert_eq!((time + off).given(), Ok(Instant(ms)));
                assert_eq!((time - off).given(), Ok(Instant(ms)));
            }
        }
    }

    #[test]
    fn what_no_number_or_name_is_gets_an_error_that_says_so() {
        let percent: Result<u8, _> = 300_i32.given();
        assert_eq!(percent.unwrap_err().problem().code, "out_of_range");
        let minutes: Result<Minutes, _> = (-5_i32).given();
        assert_eq!(minutes.unwrap_err().problem().code, "out_of_range");
        let day: Result<LocalDate, _> = Day("31.12.2026".to_owned()).given();
        assert_eq!(day.unwrap_err().problem().code, "unreadable_text");
        let id: Result<DocumentId, _> = ParticipationId("x".to_owned()).given();
        assert!(matches!(id, Err(FolgeError::Invalid { .. })));
    }

    #[test]
    fn large_numbers_are_shown_as_the_largest() {
        let shown: i32 = Shown::shown(u32::MAX);
        assert_eq!(shown, i32::MAX);
    }
}
