//! Moments as servers report them (RFC 3659, section 2.3).

use crate::number::decimal;
use ::time::{Date, Month};
use alloc::format;
use alloc::string::String;

/// A moment, as precisely as the server reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00; negative before.
    pub seconds: i64,
    /// Nanoseconds within the second, 0 to 999,999,999.
    pub nanoseconds: u32,
    /// The smallest unit that the server reported.
    pub precision: Precision,
    /// False when the server gave a local time of an unknown zone, as `LIST` does.
    pub utc: bool,
}

impl Timestamp {
    /// Whether it is one of seconds at least.
    pub fn has_seconds(&self) -> bool {
        matches!(self.precision, Precision::Second | Precision::Subsecond)
    }

    /// Whether it is one of seconds at least, of a known zone: a file can be given it.
    pub fn is_exact(&self) -> bool {
        self.utc && self.has_seconds()
    }
}

/// The smallest unit of a [`Timestamp`] that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Fractions of a second.
    Subsecond,
    /// Seconds.
    Second,
    /// Minutes: a recent file in a Unix listing, any in a DOS one.
    Minute,
    /// Days: an old file in a Unix listing.
    Day,
}

/// A time value, `YYYYMMDDHHMMSS` with or without a fraction, always in UTC (RFC 3659, section 2.3).
///
/// The year 19124 of some servers is 2024. Spaces around it are ignored, and so are digits beyond nanoseconds. The leap
/// second 60 is allowed on any day and becomes the first second of the next minute, as Unix time has no number of its own
/// for it.
pub fn parse_time_val(text: &[u8]) -> Option<Timestamp> {
    let text = text.trim_ascii();
    let (whole, fraction) = match text.iter().position(|&byte| byte == b'.') {
        None => (text, None),
        Some(dot) => (text.get(..dot)?, Some(text.get(dot..)?.strip_prefix(b".")?)),
    };
    let digits = decimal(whole)?;
    let (date, time) = (digits / 1_000_000, digits % 1_000_000);
    let year = match whole.len() {
        14 => date / 10_000,
        // The years since 1900 after a "19".
        15 if whole.starts_with(b"191") => (date / 10_000).checked_sub(17_100)?,
        _ => return None,
    };
    let day = days(year, date / 100 % 100, date % 100)?;
    let minute = minutes(time / 10_000, time / 100 % 100)?;
    let second = Some(time % 100).filter(|&second| second <= 60)?;

    Some(Timestamp {
        seconds: moment(day, minute)?.checked_add(i64::try_from(second).ok()?)?,
        nanoseconds: fraction.map_or(Some(0), nanoseconds)?,
        precision: match fraction {
            Some(_) => Precision::Subsecond,
            None => Precision::Second,
        },
        utc: true,
    })
}

/// The same as text, in whole seconds. `None` for a year that has not four digits.
pub fn time_val(seconds: i64) -> Option<String> {
    let days = i32::try_from(seconds.div_euclid(DAY)).ok()?;
    let (year, month, day) = Date::from_julian_day(days.checked_add(EPOCH)?).ok()?.to_calendar_date();
    let second = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let month = u8::from(month);
    (0..=9999).contains(&year).then(|| format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}"))
}

const DAY: i64 = 86_400;

/// The Julian day of 1970-01-01, from which the date library counts.
const EPOCH: i32 = 2_440_588;

/// The day of a calendar date, counted from 1970-01-01. `None` for a date that no calendar has.
pub(crate) fn days(year: u64, month: u64, day: u64) -> Option<i64> {
    let year = i32::try_from(year).ok()?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let day = u8::try_from(day).ok()?;
    let date = Date::from_calendar_date(year, month, day).ok()?;
    date.to_julian_day().checked_sub(EPOCH).map(i64::from)
}

/// The minute of a time of day. `None` for a time that no clock shows.
pub(crate) fn minutes(hour: u64, minute: u64) -> Option<i64> {
    if hour > 23 || minute > 59 {
        return None;
    }
    i64::try_from(hour * 60 + minute).ok()
}

/// Seconds since 1970 at a minute of a day.
pub(crate) fn moment(days: i64, minutes: i64) -> Option<i64> {
    // In 32 bits each, so that no product of 64 can overflow.
    let (days, minutes) = (i32::try_from(days).ok()?, i32::try_from(minutes).ok()?);
    Some(i64::from(days) * DAY + i64::from(minutes) * 60)
}

/// The year that a moment is in.
pub(crate) fn year(seconds: i64) -> Option<u64> {
    let days = i32::try_from(seconds.div_euclid(DAY)).ok()?;
    let julian = days.checked_add(EPOCH)?;
    let year = Date::from_julian_day(julian).ok()?.year();
    u64::try_from(year).ok()
}

/// Nanoseconds of the digits after the point of a second.
pub(crate) fn nanoseconds(fraction: &[u8]) -> Option<u32> {
    if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = fraction.iter().chain(core::iter::repeat(&b'0')).take(9);
    digits.copied().try_fold(0u32, |value, digit| {
        let digit = u32::from(digit.checked_sub(b'0')?);
        value.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_values_round_trip() {
        for (seconds, text) in [
            (0, "19700101000000"),
            (-1, "19691231235959"),
            (951_782_400, "20000229000000"),
            (1_577_934_245, "20200102030405"),
            (253_402_300_799, "99991231235959"),
        ] {
            assert_eq!(time_val(seconds).as_deref(), Some(text));
            assert_eq!(parse_time_val(text.as_bytes()).map(|time| time.seconds), Some(seconds));
        }
        for seconds in [253_402_300_800, i64::MAX, i64::MIN, -99_999_999_999] {
            assert_eq!(time_val(seconds), None);
        }
    }

    fn at(seconds: i64, nanoseconds: u32, precision: Precision) -> Timestamp {
        Timestamp { seconds, nanoseconds, precision, utc: true }
    }

    #[test]
    fn times_of_the_rfc_and_of_servers() {
        let second = |seconds| at(seconds, 0, Precision::Second);
        let part = |seconds, nanoseconds| at(seconds, nanoseconds, Precision::Subsecond);
        let table: &[(&str, Timestamp)] = &[
            // RFC 3659, section 3.
            ("19980705132316", second(899_644_996)),
            ("19991005213102", second(939_159_062)),
            ("19980615100045.014", part(897_904_845, 14_000_000)),
            ("19700101000000", second(0)),
            ("19691231235959", second(-1)),
            ("19691231235959.5", part(-1, 500_000_000)),
            ("20240229235959", second(1_709_251_199)),
            ("20380119031408", second(1 << 31)),
            ("00000101000000", second(-62_167_219_200)),
            ("99991231235959", second(253_402_300_799)),
            ("20161231235960", second(1_483_228_800)),
            ("20161231235960.25", part(1_483_228_800, 250_000_000)),
            ("20240615101800.000", part(1_718_446_680, 0)),
            ("20240615101800.1234567899999", part(1_718_446_680, 123_456_789)),
            ("20240615101800.000000001", part(1_718_446_680, 1)),
            (" 20240615101800  ", second(1_718_446_680)),
            // A server that adds the years since 1900 to "19".
            ("191240615101800", second(1_718_446_680)),
            ("191000615101800.5", part(961_064_280, 500_000_000)),
        ];
        for &(text, expected) in table {
            assert_eq!(parse_time_val(text.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn times_that_are_none() {
        for text in [
            "",
            " ",
            ".",
            "2024",
            "2024061510180",
            "202406151018000",
            "190990615101800",
            "192000615101800",
            "1912406151018000",
            "20240615101800.",
            "20240615101800.x",
            "20240615101800.1.2",
            "20240615101800.-1",
            "20240615101800Z",
            "20240615 101800",
            "-0240615101800",
            "+2024061510180",
            "20240001000000",
            "20241301000000",
            "20240100000000",
            "20240132000000",
            "20230229000000",
            "19000229000000",
            "20240431000000",
            "20240615240000",
            "20240615106000",
            "20240615101861",
            "2024061510180\u{661}",
        ] {
            assert_eq!(parse_time_val(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn year_of_a_moment_changes_at_midnight() {
        assert_eq!(year(0), Some(1970));
        assert_eq!(year(-1), Some(1969));
        assert_eq!(year(1_704_067_199), Some(2023));
        assert_eq!(year(1_704_067_200), Some(2024));
        assert_eq!(year(i64::MAX), None);
        assert_eq!(year(i64::MIN), None);
    }
}
