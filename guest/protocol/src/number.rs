//! Numbers as FTP writes them: decimal digits and nothing else.

/// The number that all of `text` is; `None` for a sign, a space, nothing at all, or more than 64 bits.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    radix(text, 10)
}

/// The same in base 8, for Unix permissions.
pub(crate) fn octal(text: &[u8]) -> Option<u64> {
    radix(text, 8)
}

fn radix(text: &[u8], base: u8) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, &byte| {
        let digit = byte.checked_sub(b'0').filter(|&digit| digit < base)?;
        // In WebAssembly a checked product of 64 bits is one of 128, and takes its time.
        let tens = match value {
            0..SMALL => value * u64::from(base),
            _ => value.checked_mul(u64::from(base))?,
        };
        tens.checked_add(u64::from(digit))
    })
}

/// Ten times less than this fits into 64 bits.
const SMALL: u64 = u64::MAX / 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_are_a_number() {
        let table: &[(&[u8], Option<u64>)] = &[
            (b"0", Some(0)),
            (b"007", Some(7)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b"99999999999999999999999", None),
            (b"", None),
            (b"-1", None),
            (b"+1", None),
            (b" 1", None),
            (b"1a", None),
            (b"\xd9\xa1", None),
        ];
        for &(text, expected) in table {
            assert_eq!(decimal(text), expected, "{text:?}");
        }
    }

    #[test]
    fn octal_has_no_eight() {
        assert_eq!(octal(b"0644"), Some(0o644));
        assert_eq!(octal(b"0648"), None);
        assert_eq!(octal(b""), None);
    }
}
