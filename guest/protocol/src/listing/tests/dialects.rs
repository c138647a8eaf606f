//! Languages, styles of dates, and listings of which a line takes its meaning from others.

use super::*;

#[test]
fn months_have_names_in_many_languages() {
    let table = [
        "jan janv. Jän gen ene sty led янв січ 1月 1월 oca",
        "feb févr. fev Feb. lut úno фев 2月 şub",
        "mar Mär März mars mrt bře márc мар 03月",
        "apr avr. abr kwi dub ápr апр 4月 nis",
        "may Mai mag mei maj kvě май мая 5월",
        "jun juin giu junho cze čen jún июн 6月",
        "jul juil. lug lip čec júl июл 7月 Juli",
        "aug août ago sie srp авг 8月 ağu",
        "sep sept. set wrz zář szept сен 9月 settembre",
        "oct Okt ott out paź říj окт 10月 eki",
        "nov nov. lis ноя 11月 kas novembre",
        "dec Dez déc. dic gru pro дек des 12월 ara",
    ];
    for (month, names) in (1..).zip(table) {
        for name in names.split(' ') {
            let line = format!("-rw-r--r-- 1 a b 1 {name} 15 2005 x");
            let day = crate::time::days(2005, month, 15).unwrap();
            assert_eq!(entry(list(&line)).modified, local(day * 86_400, Precision::Day), "{line}");
            let line = format!("-rw-r--r-- 1 a b 1 15 {name} 2005 x");
            assert_eq!(entry(list(&line)).modified, local(day * 86_400, Precision::Day), "{line}");
        }
    }
    let latin1 = entry(list_line(b"-rw-r--r-- 1 a b 1 M\xc4r 15 2005 x", Encoding::Latin1, NOW));
    assert_eq!(latin1.modified, local(1_110_844_800, Precision::Day));
    for (encoded, what) in [
        (&b"6\xb7\xee 15\xc6\xfc 2005\xc7\xaf"[..], "EUC-JP"),
        (b"6\xd4\xc2 15\xc8\xd5 2005\xc4\xea", "GBK"),
        (b"6\xa4\xeb 15\xa4\xe9 2005\xa6\x7e", "Big5"),
        (b"6\xbf\xf9 15\xc0\xcf 2005\xb3\xe2", "EUC-KR"),
        (b"6\x8c\x8e 15\x93\xfa 2005\x94\x4e", "Shift JIS"),
        ("2005년 6월 15일".as_bytes(), "the year first"),
    ] {
        let line = [b"-rw-r--r-- 1 a b 1 ", encoded, b" x"].concat();
        assert_eq!(
            entry(list_line(&line, Encoding::Utf8, NOW)).modified,
            local(1_118_793_600, Precision::Day),
            "{what}"
        );
    }
}

#[test]
fn time_styles_of_ls() {
    let utc =
        |seconds, nanoseconds| Some(Timestamp { seconds, nanoseconds, precision: Precision::Subsecond, utc: true });
    let table = [
        ("2024-06-15 10:18", local(THEN, Precision::Minute)),
        ("2024-06-15 10:18:33.123456789 +0230", utc(THEN + 33 - 9000, 123_456_789)),
        ("2024-06-15 10:18:33.000000000 -0100", utc(THEN + 33 + 3600, 0)),
        ("06-15 10:18", local(THEN, Precision::Minute)),
        ("2005-06-15 ", local(1_118_793_600, Precision::Day)),
        ("Jun 15 10:18:33 2024", local(THEN + 33, Precision::Second)),
        ("Jun 15, 2024 10:18", local(THEN, Precision::Minute)),
        ("15-Jun-2024 10:18", local(THEN, Precision::Minute)),
        // Which is the month?
        ("05-06-2024 10:18", None),
        ("06-06-2024 10:18", local(THEN - 9 * 86_400, Precision::Minute)),
    ];
    for (date, expected) in table {
        let line = format!("-rw-r--r-- 1 a b 1 {date} x y");
        let entry = entry(list(&line));
        assert_eq!((entry.name.as_str(), entry.modified, entry.size), ("x y", expected, Some(1)), "{line}");
    }
}

#[test]
fn time_that_a_name_begins_with_is_part_of_the_name() {
    for (line, name) in [
        ("-rw-r--r-- 1 a b 1 Jun 15 10:18 2005 x", "2005 x"),
        ("-rw-r--r-- 1 a b 1 15 Jun 10:18 2005 x", "2005 x"),
        ("-rw-r--r-- 1 a b 1 Jun 15  2005 10:18 x", "10:18 x"),
        ("-rw-r--r-- 1 a b 1 2024-06-15 10:18:33 +0200 x", "+0200 x"),
        ("-rwxrw-r--+ 1 521 101 2080 May 21 10:53 x", "x"),
        ("-rw-r--r-- 1 may 10 1063 Jun 15 10:18 x", "x"),
    ] {
        assert_eq!(entry(list(line)).name, name, "{line}");
    }
}

#[test]
fn name_alone_waits_for_its_columns() {
    let columns = "   4/15   24-FEB-2003 13:17:24  [LP]  (RWED,RWED,RE,)";
    let listed = listing(&["LONG.TXT;1", columns, "A.B;2  1  24-FEB-2003 13:17:24"]);
    assert!(
        matches!(&listed[0], Listed::Entry(entry) if entry.raw == RawEntry::Line(format!("LONG.TXT;1\n{columns}")))
    );
    assert_eq!(names(listed), ["LONG.TXT;1", "A.B;2"]);
    // None follows, or those of another name.
    assert_eq!(names(listing(&["LONG.TXT;1"])), ["? LONG.TXT;1"]);
    assert_eq!(names(listing(&["A;1", "B;1", columns])), ["? A;1", "B;1"]);
    let own = "A.B;2  1  24-FEB-2003 13:17:24";
    assert_eq!(names(listing(&["LONG.TXT;1", own])), ["? LONG.TXT;1", "A.B;2"]);
    assert_eq!(names(listing(&["LONG.TXT;1", ""])), ["? LONG.TXT;1"]);
}

#[test]
fn error_in_place_of_columns_is_still_a_file() {
    let error = "%RMS-E-PRV, insufficient privilege or file protection violation";
    let listed = listing(&[&format!("X.DIR;1 {error}"), "Y.TXT;7", &format!("   <{error}>")]);
    assert_eq!(names(listed.clone()), ["X", "Y.TXT;7"]);
    assert!(matches!(&listed[0], Listed::Entry(entry) if entry.kind == Kind::Directory && entry.size.is_none()));
    assert!(listing(&["*.*;0  %RMS-E-FNF, file not found"]).is_empty());
}

#[test]
fn table_of_data_sets_needs_its_head() {
    let line = "SAVE01 3390   2004/06/23  1    1  FB     128  6144  PO    A.B";
    assert_eq!(names(listing(&[line])), [format!("? {line}")]);
    let head = "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname";
    assert_eq!(names(listing(&[head, line])), ["A.B"]);
    assert_eq!(names(listing(&[head, "-rw-r--r-- 1 a b 1 Jun 15 10:18 x"])), ["? -rw-r--r-- 1 a b 1 Jun 15 10:18 x"]);
}

#[test]
fn order_of_a_date_shows_in_the_dates() {
    let time = |line: &str| format!("U 1 {line} 10:18:00 *STMF x");
    let lines = ["04/03/05", "04/30/05", "04/03/05", "13/12/11", "99/99/99", "99/99"].map(time);
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let times = listing(&lines).into_iter().map(|listed| match listed {
        Listed::Entry(entry) => Some(entry.modified.map(|time| time.seconds / 86_400)),
        _ => None,
    });
    let day = |month, day| crate::time::days(2005, month, day).unwrap();
    // Not known, month first, so now as well; in no such order; in no order; no date.
    assert_eq!(
        times.collect::<Vec<_>>(),
        [Some(None), Some(Some(day(4, 30))), Some(Some(day(4, 3))), Some(None), Some(None), None]
    );
}

#[test]
fn members_of_another_directory_are_no_members() {
    let line = "-rw-r--r-- 1 a b 1 Jun 15 10:18 x";
    assert_eq!(names(listing(&[".:", "total 1", line])), ["x"]);
    assert_eq!(names(listing(&[line, "", "./d:", "total 1", line]))[1..], ["? ./d:".to_string(), format!("? {line}")]);
}

#[test]
fn colon_at_the_end_of_a_name_begins_no_directory() {
    let lines = [
        "-rw-r--r-- 1 u g 5 Jun 15  2005 a",
        "-rw-r--r-- 1 u g 5 Jun 15  2005 b:",
        "-rw-r--r-- 1 u g 5 Jun 15  2005 c",
    ];
    assert_eq!(names(listing(&["", lines[0], lines[1], lines[2]])), ["a", "b:", "c"]);
    assert_eq!(names(listing(&["", lines[1], lines[2]])), ["b:", "c"]);
}

#[test]
fn names_are_checked_in_every_dialect() {
    for line in [
        "+i1,m1,r,s1,\ta/b",
        "+i1,m1,r,s1,\t",
        "d [RWCEAFMS] a 512 Jun 25  2007 a/b",
        "     0           DIR   05-12-97   16:44  a/b",
        "QSYS 77824 02/23/00 15:09:55 *DIR a/b/",
        "QSYS 77824 02/23/00 15:09:55 *DIR /",
        "A/B;1  1  2-JUN-1998 07:32:04",
        "../X V 72 9 1 1999-09-20 17:16:18 -",
        "512 AUG-30-2000 16:29:38 a/b <DIR>",
        "-C--E-----FTP B Q 18128 41 Aug 12 13:56 a/b",
        "lrwxrwxrwx 1 a b 1 Jun 15 10:18 a/b -> c",
    ] {
        assert_eq!(list(line), Listed::Unparsed(line.to_string()), "{line}");
    }
    for line in ["+/,\t..", "..DIR;1  1  2-JUN-1998 07:32:04", "512 AUG-30-2000 16:29:38 .. <DIR>"] {
        assert_eq!(list(line), Listed::Skipped, "{line}");
    }
}
