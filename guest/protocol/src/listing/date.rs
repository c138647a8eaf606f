//! Dates and times as listings write them.

use super::month::{day, month, year};
use super::{parts, split_once, two_digits};
use crate::number::decimal;
use crate::time::{Precision, Timestamp, days, minutes, moment};

/// The words of a line with what follows each.
pub(super) type Words<'a> = [(&'a [u8], &'a [u8])];

/// A date, and what follows it on the line.
pub(super) struct Date<'a> {
    /// `None` where the date is one, but not without doubt.
    pub(super) modified: Option<Timestamp>,
    pub(super) rest: &'a [u8],
    /// Only the day is told, and how far it is padded is not known: spaces before the name are not part of it.
    pub(super) padded: bool,
}

impl<'a> Date<'a> {
    /// The date that these words begin with.
    pub(super) fn parse(words: &Words<'a>, now: Option<i64>) -> Option<Self> {
        month_first(words, now)
            .or_else(|| day_first(words, now))
            .or_else(|| year_first(words))
            .or_else(|| numbers(words))
            .or_else(|| month_and_day(words, now))
            .or_else(|| short(words))
    }

    /// What has the form of a date, and no calendar or clock has it: `Feb 30 10:18`, `000 17 2025`, `0000-00-00 00:00`,
    /// `31. Feb 2023`, `31-feb-23`, `02-30 10:18`.
    pub(super) fn of_no_day(words: &Words<'a>) -> Option<Self> {
        let (&(first, after), more) = words.split_first()?;
        let is_short = is_day_month_year(first);
        let is_part = is_month_and_day(first);
        if is_part || is_short || is_calendar(first) {
            return match more.split_first() {
                Some((&(time, rest), more)) if is_clock(time) => Some(Self::new(None, after_zone(time, rest, more))),
                Some((&(time, rest), _)) if is_part => year(time).map(|_| Self::new(None, rest)),
                _ => is_short.then(|| Self { padded: true, ..Self::new(None, after) }),
            };
        }
        let (&[(second, _), (third, rest)], more) = more.split_first_chunk()?;
        // `2023年 2月 30日`
        if first.len() > 4 && year(first).is_some() && month(second).is_some() && day(third).is_some() {
            return Some(Self::new(None, rest));
        }
        let (number, name) = match month(second.strip_suffix(b",").unwrap_or(second)) {
            Some(_) => (first.strip_suffix(b".").unwrap_or(first), second),
            None => (second.strip_suffix(b",").unwrap_or(second), first),
        };
        let is_month = matches!(name, b"00" | b"000") || month(name.strip_suffix(b",").unwrap_or(name)).is_some();
        if !is_month || day(number).is_none() {
            return None;
        }
        match more.first() {
            // `Feb 30, 2023 10:18`, `Feb 30 10:18:33 2023`
            Some(&(fourth, rest)) if year(third).is_some() && second.ends_with(b",") => {
                is_clock(fourth).then(|| Self::new(None, rest))
            }
            Some(&(fourth, rest)) if has_seconds(third) && year(fourth).is_some() => Some(Self::new(None, rest)),
            _ => (is_clock(third) || year(third).is_some()).then(|| Self::new(None, rest)),
        }
    }

    fn new(modified: Option<Timestamp>, rest: &'a [u8]) -> Self {
        Self { modified, rest, padded: false }
    }

    /// The name after the date.
    pub(super) fn name(&self) -> Option<&'a [u8]> {
        let name = self.rest.strip_prefix(b" ")?;
        Some(if self.padded { name.trim_ascii_start() } else { name })
    }
}

/// `Jun 15 10:18`, `Jun 15  2005`, `8月 17日 2003年`; `Jun 15, 2005 10:18` of VShell; `Jun 15 10:18:33 2005` of
/// `ls -lT`.
fn month_first<'a>(words: &Words<'a>, now: Option<i64>) -> Option<Date<'a>> {
    let (&[(first, _), (second, _), (third, rest)], more) = words.split_first_chunk()?;
    let month = month(first)?;
    if let Some(second) = second.strip_suffix(b",") {
        let day = days(year(third)?, month, day(second)?)?;
        let &(time, rest) = more.first()?;
        return Some(Date::new(Some(Clock::parse(time)?.on(day)?), rest));
    }
    let day = day(second)?;
    match Clock::parse(third).or_else(|| Clock::with_stop(third)) {
        Some(clock) if clock.second.is_some() => match more.first().and_then(|&(word, rest)| Some((year(word)?, rest)))
        {
            Some((year, rest)) => Some(Date::new(Some(clock.on(days(year, month, day)?)?), rest)),
            None => Some(Date::new(recent(month, day, &clock, now)?, rest)),
        },
        Some(clock) => Some(Date::new(recent(month, day, &clock, now)?, rest)),
        None => Some(Date::new(Some(on_day(days(year(third)?, month, day)?)?), rest)),
    }
}

/// `15 Jun 10:18`, `15. Juni 2005`, `15. Juli, 10:18`.
fn day_first<'a>(words: &Words<'a>, now: Option<i64>) -> Option<Date<'a>> {
    let (&[(first, _), (second, _), (third, rest)], _) = words.split_first_chunk()?;
    let month = month(second.strip_suffix(b",").unwrap_or(second))?;
    let day = two_digits(first.strip_suffix(b".").unwrap_or(first))?;
    match Clock::parse(third) {
        Some(clock) => Some(Date::new(recent(month, day, &clock, now)?, rest)),
        None => Some(Date::new(Some(on_day(days(year(third)?, month, day)?)?), rest)),
    }
}

/// `2005년  1월  6일`.
fn year_first<'a>(words: &Words<'a>) -> Option<Date<'a>> {
    let (&[(first, _), (second, _), (third, rest)], _) = words.split_first_chunk()?;
    // Without its word the year might be the size of a file.
    let year = year(first).filter(|_| first.len() > 4)?;
    Some(Date::new(Some(on_day(days(year, month(second)?, day(third)?)?)?), rest))
}

/// `2024-06-15 10:18`, `2024-06-15 10:18:33.123456789 +0200`, `2024/06/15`, `15-06-2024 10:18`.
fn numbers<'a>(words: &Words<'a>) -> Option<Date<'a>> {
    let (&(first, rest), words) = words.split_first()?;
    let (day, certain) = calendar_day(first)?;
    let clock = words.first().and_then(|&(word, rest)| Some((Clock::parse(word)?, rest)));
    let Some((clock, rest)) = clock else {
        let modified = certain.then(|| on_day(day)).flatten();
        return Some(Date { modified, rest, padded: true });
    };
    let modified = clock.on(day)?;
    // Only `ls --full-time` tells a zone, and it tells nanoseconds before it.
    if modified.precision == Precision::Subsecond
        && let Some((east, rest)) = words.get(1).and_then(|&(word, rest)| Some((zone(word)?, rest)))
    {
        let seconds = modified.seconds.checked_sub(east)?;
        return Some(Date::new(Some(Timestamp { seconds, utc: true, ..modified }), rest));
    }
    Some(Date::new(certain.then_some(modified), rest))
}

/// The day of `2024-06-15`, or of `24-06-2024`; false for one whose day might be its month.
fn calendar_day(text: &[u8]) -> Option<(i64, bool)> {
    let [first, second, third] = b"-/.".iter().find_map(|&separator| parts(text, separator))?;
    if first.len() == 4 {
        return Some((days(decimal(first)?, two_digits(second)?, two_digits(third)?)?, true));
    }
    let year = decimal(third).filter(|_| third.len() == 4)?;
    let (first, second) = (two_digits(first)?, two_digits(second)?);
    match (days(year, first, second), days(year, second, first)) {
        (Some(one), Some(other)) => Some((one, one == other)),
        (one, other) => Some((one.or(other)?, true)),
    }
}

/// `06-15 10:18`, as `ls --time-style=iso` has it, and `06-15 2005`.
fn month_and_day<'a>(words: &Words<'a>, now: Option<i64>) -> Option<Date<'a>> {
    let (&[(first, _), (second, rest)], _) = words.split_first_chunk()?;
    let (month, day) = split_once(first, b'-').filter(|(month, day)| month.len() == 2 && day.len() == 2)?;
    let (month, day) = (decimal(month)?, decimal(day)?);
    match Clock::parse(second) {
        Some(clock) => Some(Date::new(recent(month, day, &clock, now)?, rest)),
        None => Some(Date::new(Some(on_day(days(year(second)?, month, day)?)?), rest)),
    }
}

/// `01-jun-99`, with or without a time.
fn short<'a>(words: &Words<'a>) -> Option<Date<'a>> {
    let (&(first, rest), words) = words.split_first()?;
    let day = day_month_year(first)?;
    match words.first().and_then(|&(word, rest)| Some((Clock::parse(word)?, rest))) {
        Some((clock, rest)) => Some(Date::new(Some(clock.on(day)?), rest)),
        None => Some(Date { modified: Some(on_day(day)?), rest, padded: true }),
    }
}

/// The day of `2-JUN-1998` or `12-Jan-14`.
pub(super) fn day_month_year(text: &[u8]) -> Option<i64> {
    let [day, name, year] = parts(text, b'-')?;
    days(super::year_of(year)?, month(name)?, two_digits(day)?)
}

/// The moment of a line whose other columns leave no doubt: none where its date and its time of day have their forms, and
/// no calendar has that day, or no clock that time. Whether the date has its form counts where there is no such day.
pub(super) fn when(day: Option<i64>, has_form: bool, time: &[u8]) -> Option<Option<Timestamp>> {
    let clock = Clock::parse(time);
    let are_both = (day.is_some() || has_form) && (clock.is_some() || is_clock(time));
    are_both.then(|| clock.zip(day).and_then(|(clock, day)| clock.on(day)))
}

/// How many digits the three numbers of a date have.
pub(super) fn lengths(text: &[u8], separator: u8) -> Option<[usize; 3]> {
    let numbers = parts(text, separator)?;
    numbers.iter().all(|number| decimal(number).is_some()).then(|| numbers.map(<[u8]>::len))
}

/// Whether this has the form of `2-JUN-1998` or `12-Jan-14`.
pub(super) fn is_day_month_year(text: &[u8]) -> bool {
    parts(text, b'-').is_some_and(|[day, name, year]| {
        two_digits(day).is_some() && month(name).is_some() && super::year_of(year).is_some()
    })
}

/// Three numbers as those of a date, one of them with four digits.
fn is_calendar(text: &[u8]) -> bool {
    let lengths = b"-/.".iter().find_map(|&separator| lengths(text, separator));
    matches!(lengths, Some([4, 1..=2, 1..=2] | [1..=2, 1..=2, 4]))
}

/// Whether this has the form of `06-15`.
fn is_month_and_day(text: &[u8]) -> bool {
    split_once(text, b'-')
        .is_some_and(|(month, day)| [month, day].iter().all(|number| number.len() == 2 && decimal(number).is_some()))
}

/// Two or three numbers as those of a time of day, the last of them perhaps with a fraction.
fn is_clock(text: &[u8]) -> bool {
    let whole = match split_once(text, b'.') {
        Some((whole, part)) if has_seconds(whole) && decimal(part).is_some() => whole,
        _ => text,
    };
    (2..=3).contains(&whole.split(|&byte| byte == b':').count())
        && whole.split(|&byte| byte == b':').all(|number| two_digits(number).is_some())
}

fn has_seconds(time: &[u8]) -> bool {
    time.iter().filter(|&&byte| byte == b':').count() == 2
}

/// What follows a time and, where it has a fraction as those of `ls --full-time` have it, the zone behind it.
fn after_zone<'a>(time: &[u8], rest: &'a [u8], more: &Words<'a>) -> &'a [u8] {
    match more.first() {
        Some(&(word, rest)) if time.contains(&b'.') && zone(word).is_some() => rest,
        _ => rest,
    }
}

/// A time of day: `10:18`, `10:18:33`, `10:18:33.64`.
pub(super) struct Clock {
    minute: i64,
    second: Option<(u64, Option<u32>)>,
}

impl Clock {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (hour, rest) = split_once(text, b':')?;
        let (minute, second) = match split_once(rest, b':') {
            Some((minute, second)) => (minute, Some(seconds(second)?)),
            None => (rest, None),
        };
        Some(Self { minute: minutes(two_digits(hour)?, two_digits(minute)?)?, second })
    }

    /// `10.18`
    fn with_stop(text: &[u8]) -> Option<Self> {
        let (hour, minute) = split_once(text, b'.').filter(|(_, minute)| minute.len() == 2)?;
        Some(Self { minute: minutes(two_digits(hour)?, decimal(minute)?)?, second: None })
    }

    /// That time on a day, in a zone that is not known.
    pub(super) fn on(&self, day: i64) -> Option<Timestamp> {
        let start = moment(day, self.minute)?;
        let (seconds, nanoseconds, precision) = match self.second {
            None => (0, 0, Precision::Minute),
            Some((second, None)) => (second, 0, Precision::Second),
            Some((second, Some(part))) => (second, part, Precision::Subsecond),
        };
        let seconds = start.checked_add(i64::try_from(seconds).ok()?)?;
        Some(Timestamp { seconds, nanoseconds, precision, utc: false })
    }
}

fn seconds(text: &[u8]) -> Option<(u64, Option<u32>)> {
    let (whole, part) = match split_once(text, b'.') {
        Some((whole, part)) => (whole, Some(crate::time::nanoseconds(part)?)),
        None => (text, None),
    };
    let whole = decimal(whole).filter(|&second| whole.len() == 2 && second < 60)?;
    Some((whole, part))
}

/// Seconds east of Greenwich: `+0200`.
fn zone(text: &[u8]) -> Option<i64> {
    let (&sign, digits) = text.split_first()?;
    let (hour, minute) = digits.split_at_checked(2).filter(|_| digits.len() == 4)?;
    let seconds = minutes(decimal(hour)?, decimal(minute)?)?.checked_mul(60)?;
    match sign {
        b'+' => Some(seconds),
        b'-' => seconds.checked_neg(),
        _ => None,
    }
}

/// A day, in a zone that is not known.
pub(super) fn on_day(day: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: moment(day, 0)?, nanoseconds: 0, precision: Precision::Day, utc: false })
}

/// The moment of a date without a year, if `now` is known. `None` when no year has that date.
fn recent(month: u64, day: u64, clock: &Clock, now: Option<i64>) -> Option<Option<Timestamp>> {
    const DAY: i64 = 86_400;
    const LEAP_YEAR: u64 = 2000;
    days(LEAP_YEAR, month, day)?;
    Some(now.and_then(|now| {
        let latest = now.checked_add(DAY)?;
        let this = crate::time::year(latest)?;
        // Nine years always have a 29 February.
        (this.saturating_sub(8)..=this)
            .rev()
            .filter_map(|year| clock.on(days(year, month, day)?))
            .find(|time| time.seconds <= latest)
    }))
}
