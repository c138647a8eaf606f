//! The names that servers give to months, in the languages of their users.

use alloc::string::String;

/// The longest word that can be one, in bytes.
const LONGEST: usize = 24;

/// Names and abbreviations, January first, in lower case, without a full stop: of English, German, French, Italian,
/// Spanish, Portuguese, Dutch, Polish, Czech, Hungarian, the Scandinavian languages, Finnish, Turkish, Russian and
/// Ukrainian. An abbreviation that means another month in another of them is not here, as `jui` of French, which is
/// June or July. Croatian is none of them: it calls October what Polish calls November.
static MONTHS: [&[&str]; 12] = [
    &[
        "jan", "january", "jän", "januar", "jänner", "janv", "janvier", "gen", "gennaio", "ene", "enero", "janeiro",
        "januari", "sty", "led", "tammi", "oca", "янв", "січ",
    ],
    &[
        "feb",
        "february",
        "februar",
        "fév",
        "févr",
        "fev",
        "février",
        "febbraio",
        "febrero",
        "fevereiro",
        "februari",
        "lut",
        "úno",
        "febr",
        "helmi",
        "şub",
        "фев",
        "лют",
    ],
    &[
        "mar", "march", "mär", "märz", "mrz", "mars", "marzo", "março", "mrt", "maa", "maart", "bře", "márc", "maalis",
        "мар", "бер",
    ],
    &["apr", "april", "avr", "avril", "aprile", "abr", "abril", "kwi", "dub", "ápr", "huhti", "nis", "апр", "кві"],
    &["may", "mai", "mag", "maggio", "mayo", "maio", "mei", "maj", "kvě", "máj", "touko", "май", "мая", "тра"],
    &[
        "jun", "june", "juni", "juin", "giu", "giugno", "junio", "junho", "cze", "čen", "čer", "jún", "kesä", "haz",
        "июн", "чер",
    ],
    &[
        "jul", "july", "juli", "juil", "juillet", "lug", "luglio", "julio", "julho", "lip", "čec", "júl", "heinä",
        "tem", "июл", "лип",
    ],
    &["aug", "august", "aoû", "août", "ago", "agosto", "augustus", "sie", "srp", "elo", "ağu", "авг", "сер"],
    &[
        "sep",
        "sept",
        "september",
        "septembre",
        "set",
        "settembre",
        "septiembre",
        "setembro",
        "wrz",
        "zář",
        "szept",
        "syys",
        "eyl",
        "сен",
        "сент",
        "вер",
    ],
    &[
        "oct", "october", "okt", "oktober", "octobre", "ott", "ottobre", "octubre", "out", "outubro", "paź", "říj",
        "loka", "eki", "окт", "жов",
    ],
    &["nov", "november", "novembre", "noviembre", "novembro", "lis", "marras", "kas", "ноя", "нояб", "лис"],
    &[
        "dec",
        "december",
        "dez",
        "dezember",
        "déc",
        "décembre",
        "dic",
        "dicembre",
        "diciembre",
        "dezembro",
        "gru",
        "pro",
        "des",
        "joulu",
        "ara",
        "дек",
        "гру",
    ],
];

/// What follows the number of a year, of a month and of a day in Chinese, Japanese and Korean, in UTF-8 and in the
/// encodings of before: Shift JIS, EUC-JP, GBK, Big5, EUC-KR.
const YEAR: [&[u8]; 7] =
    ["年".as_bytes(), "년".as_bytes(), b"\x94\x4e", b"\xc7\xaf", b"\xc4\xea", b"\xa6\x7e", b"\xb3\xe2"];
const MONTH: [&[u8]; 7] =
    ["月".as_bytes(), "월".as_bytes(), b"\x8c\x8e", b"\xb7\xee", b"\xd4\xc2", b"\xa4\xeb", b"\xbf\xf9"];
const DAY: [&[u8]; 7] =
    ["日".as_bytes(), "일".as_bytes(), b"\x93\xfa", b"\xc6\xfc", b"\xc8\xd5", b"\xa4\xe9", b"\xc0\xcf"];

/// The number of a month that is written as a name, or as a number with the word for it.
pub(super) fn month(word: &[u8]) -> Option<u64> {
    if word.len() > LONGEST {
        return None;
    }
    if let Some(number) = before(word, MONTH) {
        return super::two_digits(number).filter(|number| (1..=12).contains(number));
    }
    // No name begins with a digit.
    if word.first().is_none_or(u8::is_ascii_digit) {
        return None;
    }
    let word = word.strip_suffix(b".").unwrap_or(word);
    if !word.is_ascii() {
        let word = lower_case(word);
        return number_of(|names| names.contains(&word.as_str()));
    }
    let is = |name: &&str| name.as_bytes().eq_ignore_ascii_case(word);
    // Those of English, which most servers speak, come first.
    number_of(|names| names.first().is_some_and(is)).or_else(|| number_of(|names| names.iter().any(is)))
}

/// The number of the month whose names these are.
fn number_of(are: impl Fn(&[&str]) -> bool) -> Option<u64> {
    (1..).zip(MONTHS).find_map(|(number, names)| are(names).then_some(number))
}

/// A day of the month, with or without the word for it.
pub(super) fn day(word: &[u8]) -> Option<u64> {
    super::two_digits(before(word, DAY).unwrap_or(word))
}

/// A year of four digits, with or without the word for it.
pub(super) fn year(word: &[u8]) -> Option<u64> {
    let digits = before(word, YEAR).unwrap_or(word);
    // Other numbers of four digits are sizes, of the file of an owner whose name is that of a month.
    crate::number::decimal(digits).filter(|year| (1900..2200).contains(year))
}

fn before<'a>(word: &'a [u8], endings: [&[u8]; 7]) -> Option<&'a [u8]> {
    if word.is_ascii() {
        return None;
    }
    endings.into_iter().find_map(|ending| word.strip_suffix(ending))
}

/// The word in UTF-8, or else in ISO 8859-1, in lower case.
fn lower_case(word: &[u8]) -> String {
    match str::from_utf8(word) {
        Ok(word) => word.to_lowercase(),
        Err(_) => word.iter().copied().map(char::from).flat_map(char::to_lowercase).collect(),
    }
}
