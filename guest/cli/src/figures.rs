//! Numbers for people.

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in the unit that suits it.
pub fn time(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds if seconds >= 0.001 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{:.0} us", seconds * 1e6),
    }
}

/// Bytes in a time, as MB/s.
pub fn rate(bytes: u64, time: Duration) -> String {
    format!("{:.1}", bytes as f64 / 1e6 / time.as_secs_f64().max(1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (65_536, "65,536"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn times_have_a_unit_that_suits_them() {
        assert_eq!(time(Duration::from_micros(17)), "17 us");
        assert_eq!(time(Duration::from_micros(1_700)), "1.7 ms");
        assert_eq!(time(Duration::from_millis(12_340)), "12.34 s");
    }

    #[test]
    fn a_rate_is_in_millions_of_bytes() {
        assert_eq!(rate(5_000_000, Duration::from_secs(2)), "2.5");
        assert_eq!(rate(0, Duration::ZERO), "0.0");
    }
}
