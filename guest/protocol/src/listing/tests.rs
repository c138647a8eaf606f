//! Lines of listings.

mod dialects;
mod facts;
mod unparsed;

use super::*;
use crate::time::Precision;
use alloc::format;
use alloc::string::ToString;

/// 2024-06-15T00:00:00.
const TODAY: i64 = 1_718_409_600;
/// 2024-06-15T10:18:00.
const THEN: i64 = TODAY + (10 * 60 + 18) * 60;
const NOW: Option<i64> = Some(TODAY + 86_399);

/// Lines as vsftpd, proftpd, pure-ftpd, pyftpdlib and IIS send them for `LIST`.
const LIST_LINES: &[&str] = &[
    "-rw-r--r--    1 1001     1001         1063 Jun 15 10:18 f.bin",
    "drwxr-xr-x    2 0        0            4096 Jun 15  2005 d1",
    "lrwxrwxrwx    1 0        0               5 Jun 15 10:18 link -> f.bin",
    "-rw-r--r--   1 lab      lab          1063 Jun 15 10:18 f.bin",
    "drwxr-xr-x   2 lab      (?)          4096 Jun 15 10:18 d1",
    "-rw-r--r--    1 lab        lab              1063 Jun 15 10:18 f.bin",
    "drwxr-xr-x    3 lab        lab              4096 Jun 15 10:18 .",
    "-rw-r--r--   1 root     root         1063 Jun 15 10:18 f.bin",
    "crw-rw-rw-   1 root     root       1,   3 Jun 15 10:18 null",
    "-rwxrwxrwx   1 owner    group            1063 Jun 15 10:18 f.bin",
    "06-15-24  10:18AM       <DIR>          d1",
    "06-15-24  10:18AM                 1063 f.bin",
    "06-15-2024  10:18                 1063 f.bin",
    "total 12",
];

/// Lines as proftpd, pure-ftpd, pyftpdlib and IIS send them for `MLSD`.
const MLSD_LINES: &[&str] = &[
    "modify=20240615101800;perm=adfrw;size=1063;type=file;unique=801U9B;UNIX.group=1001;UNIX.groupname=lab;UNIX.mode=0644;UNIX.owner=1001;UNIX.ownername=lab; f.bin",
    "type=file;size=1063;modify=20240615101800;UNIX.mode=0644;UNIX.uid=1001;UNIX.gid=1001;unique=801g9b; f.bin",
    "type=dir;sizd=4096;modify=20240615101800;UNIX.mode=0755;UNIX.uid=1001;UNIX.gid=1001;unique=801g9c; d1",
    "type=file;perm=rawd;size=1063;modify=20240615101800;unique=8019b;unix.mode=0o644;unix.uid=1001;unix.gid=1001; f.bin",
    "type=cdir;sizd=4096;modify=20240615101800; .",
    "modify=20240615101800;perm=fle;type=OS.unix=symlink;unique=801U9D; link",
    "type=OS.unix=slink:f.bin;size=5; link",
];

/// A line that is a whole listing.
fn list_line(line: &[u8], encoding: Encoding, now: Option<i64>) -> Listed {
    let mut listed = Vec::new();
    let mut parser = Parser::new(encoding, now);
    parser.line(line, &mut listed);
    parser.end(&mut listed);
    assert!(listed.len() <= 1, "{listed:?}");
    listed.pop().unwrap_or(Listed::Skipped)
}

fn list(line: &str) -> Listed {
    list_line(line.as_bytes(), Encoding::Utf8, NOW)
}

fn mlsd(line: &str) -> Listed {
    mlsd_line(line.as_bytes(), Encoding::Utf8)
}

#[track_caller]
fn entry(listed: Listed) -> Entry {
    match listed {
        Listed::Entry(entry) => entry,
        other => panic!("no entry: {other:?}"),
    }
}

/// What these lines report one after the other.
fn listing(lines: &[&str]) -> Vec<Listed> {
    let mut listed = Vec::new();
    let mut parser = Parser::new(Encoding::Utf8, NOW);
    for line in lines {
        parser.line(line.as_bytes(), &mut listed);
    }
    parser.end(&mut listed);
    listed
}

fn names(listed: Vec<Listed>) -> Vec<String> {
    let name = |listed| match listed {
        Listed::Entry(entry) => entry.name,
        Listed::Unparsed(line) => format!("? {line}"),
        Listed::Skipped => panic!("nothing was told"),
    };
    listed.into_iter().map(name).collect()
}

fn local(seconds: i64, precision: Precision) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanoseconds: 0, precision, utc: false })
}

/// `kind permissions owner group size seconds name target`, with `-` for what is not known.
fn summary(entry: &Entry) -> String {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    format!(
        "{:?} {} {} {} {} {} {:?} {}",
        entry.kind,
        or_none(entry.permissions.map(|mode| format!("{mode:o}"))),
        or_none(entry.owner.clone()),
        or_none(entry.group.clone()),
        or_none(entry.size.map(|size| size.to_string())),
        or_none(entry.modified.map(|time| time.seconds.to_string())),
        entry.name,
        or_none(entry.link_target.clone()),
    )
}

#[test]
fn list_lines_of_servers() {
    let expected = [
        r#"File 644 1001 1001 1063 1718446680 "f.bin" -"#,
        r#"Directory 755 0 0 4096 1118793600 "d1" -"#,
        r#"SymbolicLink 777 0 0 5 1718446680 "link" f.bin"#,
        r#"File 644 lab lab 1063 1718446680 "f.bin" -"#,
        r#"Directory 755 lab (?) 4096 1718446680 "d1" -"#,
        r#"File 644 lab lab 1063 1718446680 "f.bin" -"#,
        "Skipped",
        r#"File 644 root root 1063 1718446680 "f.bin" -"#,
        r#"Other 666 root root - 1718446680 "null" -"#,
        r#"File 777 owner group 1063 1718446680 "f.bin" -"#,
        r#"Directory - - - - 1718446680 "d1" -"#,
        r#"File - - - 1063 1718446680 "f.bin" -"#,
        r#"File - - - 1063 1718446680 "f.bin" -"#,
        "Skipped",
    ];
    assert_eq!(LIST_LINES.len(), expected.len());
    for (line, expected) in LIST_LINES.iter().zip(expected) {
        match list(line) {
            Listed::Entry(entry) => {
                assert_eq!(summary(&entry), expected, "{line}");
                assert_eq!(entry.raw, RawEntry::Line(line.to_string()));
                assert_eq!(entry.facts().count(), 0);
                assert_eq!(entry.unique_id, None);
            }
            other => assert_eq!(format!("{other:?}"), expected, "{line}"),
        }
    }
}

#[test]
fn unix_lines_with_parts_missing_or_more() {
    let table = [
        // Access control list, security context, extended attributes.
        ("-rw-r--r--+  1 a b 1 Jun 15 10:18 x", r#"File 644 a b 1 1718446680 "x" -"#),
        ("-rw-r--r--.  1 a b 1 Jun 15 10:18 x", r#"File 644 a b 1 1718446680 "x" -"#),
        ("-rw-r--r--@  1 a b 1 Jun 15 10:18 x", r#"File 644 a b 1 1718446680 "x" -"#),
        // No links, no group, neither owner nor group, nothing but the size.
        ("-rw-r--r-- a b 1 Jun 15 10:18 x", r#"File 644 a b 1 1718446680 "x" -"#),
        ("-rw-r--r-- 1 a 1 Jun 15 10:18 x", r#"File 644 a - 1 1718446680 "x" -"#),
        ("-rw-r--r-- a 1 Jun 15 10:18 x", r#"File 644 a - 1 1718446680 "x" -"#),
        ("-rw-r--r-- 1 1 Jun 15 10:18 x", r#"File 644 - - 1 1718446680 "x" -"#),
        ("-rw-r--r-- 1 Jun 15 10:18 x", r#"File 644 - - 1 1718446680 "x" -"#),
        ("-rw-r--r-- 1 a domain users 1 Jun 15 10:18 x", r#"File 644 a domain users 1 1718446680 "x" -"#),
        ("-rw-r--r-- 12345 a b 1 Jun 5 9:08 x", r#"File 644 a b 1 1717578480 "x" -"#),
        (
            "-rw-r--r-- 1 a b 18446744073709551615 Jun 15 10:18 x",
            r#"File 644 a b 18446744073709551615 1718446680 "x" -"#,
        ),
        // Month in other letters, ISO dates.
        ("-rw-r--r-- 1 a b 1 JUN 15 2005 x", r#"File 644 a b 1 1118793600 "x" -"#),
        ("-rw-r--r-- 1 a b 1 2024-06-15 10:18 x", r#"File 644 a b 1 1718446680 "x" -"#),
        // Devices, in two ways; a pipe, a socket, a door.
        ("brw-rw---- 1 root disk 8, 0 Jun 15 10:18 sda", r#"Other 660 root disk - 1718446680 "sda" -"#),
        ("brw-rw---- 1 root disk 8,0 Jun 15 10:18 sda", r#"Other 660 root disk - 1718446680 "sda" -"#),
        ("prw-r--r-- 1 a b 0 Jun 15 10:18 p", r#"Other 644 a b 0 1718446680 "p" -"#),
        ("srw-r--r-- 1 a b 0 Jun 15 10:18 s", r#"Other 644 a b 0 1718446680 "s" -"#),
        ("Drw-r--r-- 1 a b 0 Jun 15 10:18 d", r#"Other 644 a b 0 1718446680 "d" -"#),
    ];
    for (line, expected) in table {
        assert_eq!(summary(&entry(list(line))), expected, "{line}");
    }
}

#[test]
fn every_permission_has_its_bit() {
    let table = [
        ("---------", 0),
        ("r--------", 0o400),
        ("-w-------", 0o200),
        ("--x------", 0o100),
        ("---r-----", 0o040),
        ("----w----", 0o020),
        ("-----x---", 0o010),
        ("------r--", 0o004),
        ("-------w-", 0o002),
        ("--------x", 0o001),
        ("--s------", 0o4100),
        ("--S------", 0o4000),
        ("-----s---", 0o2010),
        ("-----S---", 0o2000),
        ("--------t", 0o1001),
        ("--------T", 0o1000),
        ("rwsrwsrwt", 0o7777),
    ];
    for (mode, expected) in table {
        let line = format!("-{mode} 1 a b 1 Jun 15 10:18 x");
        assert_eq!(entry(list(&line)).permissions, Some(expected), "{mode}");
    }
}

#[test]
fn name_starts_one_space_after_the_date() {
    let table = [
        ("x", "x"),
        (" x", " x"),
        ("  x y  ", "  x y  "),
        ("Jun 15 10:18 x", "Jun 15 10:18 x"),
        ("1 Jun 15 10:18 x", "1 Jun 15 10:18 x"),
        ("a -> b", "a -> b"),
        ("a\rb\0\u{1b}", "a\rb\0\u{1b}"),
        ("a\\b", "a\\b"),
        ("...", "..."),
        ("-", "-"),
    ];
    for (name, expected) in table {
        for date in ["Jun 15 10:18", "Jun 15  2005", "2024-06-15 10:18"] {
            let line = format!("-rw-r--r--   1 a        b            1 {date} {name}");
            assert_eq!(entry(list(&line)).name, expected, "{line}");
        }
    }
}

#[test]
fn link_is_split_at_the_arrow_that_its_size_tells() {
    let table = [
        (1, "a -> b", "a", Some("b")),
        (6, "a -> b -> c", "a", Some("b -> c")),
        (1, "a -> b -> c", "a -> b", Some("c")),
        (0, "a -> b -> c", "a", Some("b -> c")),
        (99, "a -> b", "a", Some("b")),
        (2, "/x", "", None),
        (5, "a", "a", None),
        (0, "a -> ", "a", None),
        (4, "l -> ../d", "l", Some("../d")),
    ];
    for (size, text, name, target) in table {
        let line = format!("lrwxrwxrwx 1 a b {size} Jun 15 10:18 {text}");
        if name.is_empty() {
            assert_eq!(list(&line), Listed::Unparsed(line.clone()));
            continue;
        }
        let entry = entry(list(&line));
        assert_eq!((entry.name.as_str(), entry.link_target.as_deref()), (name, target));
        assert_eq!(entry.kind, Kind::SymbolicLink);
    }
}

#[test]
fn year_is_the_latest_that_is_not_the_future() {
    let day = 86_400;
    let table = [
        // The moment itself, a day ahead, more than that.
        ("Jun 15 10:18", THEN, THEN),
        ("Jun 15 10:18", THEN - day, THEN),
        ("Jun 15 10:18", THEN - day - 1, THEN - 366 * day),
        ("Jun 15 10:18", THEN + 200 * day, THEN),
        // Across the turn of the year, 2024-12-31T20:00 and 2025-01-01T05:00.
        ("Jan  1 05:00", 1_735_675_200, 1_735_707_600),
        ("Dec 31 20:00", 1_735_707_600, 1_735_675_200),
        ("Jan  3 05:00", 1_735_675_200, 1_735_707_600 + (2 - 366) * day),
        // 29 February: 2024 while it is 2024 or 2027, 1896 before 1904.
        ("Feb 29 00:00", THEN, 1_709_164_800),
        ("Feb 29 00:00", THEN + 3 * 365 * day, 1_709_164_800),
        ("Feb 29 00:00", -2_082_844_800, -2_330_121_600),
    ];
    for (date, now, expected) in table {
        let line = format!("-rw-r--r-- 1 a b 1 {date} x");
        let entry = entry(list_line(line.as_bytes(), Encoding::Utf8, Some(now)));
        assert_eq!(entry.modified, local(expected, Precision::Minute), "{date} {now}");
    }
}

#[test]
fn date_without_a_year_needs_the_time() {
    for now in [None, Some(i64::MAX), Some(i64::MIN), Some(-99_999_999_999)] {
        let line = b"-rw-r--r-- 1 a b 1 Jun 15 10:18 x";
        let entry = entry(list_line(line, Encoding::Utf8, now));
        assert_eq!(entry.modified, None);
        assert_eq!(entry.size, Some(1));
    }
}

#[test]
fn date_with_a_year_is_a_day() {
    let line = b"-rw-r--r-- 1 a b 1 Jun 15  2005 x";
    let entry = entry(list_line(line, Encoding::Utf8, None));
    assert_eq!(entry.modified, local(1_118_793_600, Precision::Day));
}

#[test]
fn dos_lines() {
    let table = [
        ("06-15-24  10:18PM  1,063 a b", r#"File - - - 1063 1718489880 "a b" -"#),
        ("06-15-24  12:00AM  1 x", r#"File - - - 1 1718409600 "x" -"#),
        ("06-15-24  12:00PM  1 x", r#"File - - - 1 1718452800 "x" -"#),
        ("06-15-24  01:00am  1 x", r#"File - - - 1 1718413200 "x" -"#),
        ("06-15-2024  10:18  1,234,567 x", r#"File - - - 1234567 1718446680 "x" -"#),
        ("06-15-24  10:18AM  0  x", r#"File - - - 0 1718446680 " x" -"#),
        ("01-01-70  00:00  0 x", r#"File - - - 0 0 "x" -"#),
        ("12-31-99  00:00  0 x", r#"File - - - 0 946598400 "x" -"#),
        ("01-01-69  00:00  0 x", r#"File - - - 0 3124224000 "x" -"#),
        ("06-15-24  10:18AM       <DIR>          a b", r#"Directory - - - - 1718446680 "a b" -"#),
        ("06-15-24  10:18AM  <JUNCTION>     j", r#"SymbolicLink - - - - 1718446680 "j" -"#),
        (r"06-15-24  10:18AM  <SYMLINKD>     l [C:\d 1]", r#"SymbolicLink - - - - 1718446680 "l" C:\d 1"#),
        ("06-15-24  10:18AM  <DIR>     l [x]", r#"Directory - - - - 1718446680 "l [x]" -"#),
        ("02-29-24  00:00  0 x", r#"File - - - 0 1709164800 "x" -"#),
    ];
    for (line, expected) in table {
        let entry = entry(list(line));
        assert_eq!(summary(&entry), expected, "{line}");
        assert_eq!(entry.modified.map(|time| time.precision), Some(Precision::Minute));
        assert_eq!(entry.modified.map(|time| time.utc), Some(false));
    }
}

#[test]
fn entry_is_there_without_a_size_or_a_date_that_is_none() {
    let unix = r#"File 644 a b - 1718446680 "x" -"#;
    let unix_without_date = r#"File 644 a b 1 - "x" -"#;
    let dos = r#"File - - - - 1718446680 "x" -"#;
    let dos_without_date = r#"File - - - 1 - "x" -"#;
    for (line, expected) in [
        ("-rw-r--r-- 1 a b -1 Jun 15 10:18 x", unix),
        ("-rw-r--r-- 1 a b -2147483648 Jun 15 10:18 x", unix),
        ("-rw-r--r-- 1 a b 18446744073709551616 Jun 15 10:18 x", unix),
        ("-rw-r--r-- 1 a b 1 000 17 2025 x", unix_without_date),
        ("-rw-r--r-- 1 a b 1 00 00 00:00 x", unix_without_date),
        ("-rw-r--r-- 1 a b 1 Jun 31 10:18 x", unix_without_date),
        ("-rw-r--r-- 1 a b 1 Jun 0 2005 x", unix_without_date),
        ("-rw-r--r-- 1 a b 1 Feb 29 2023 x", unix_without_date),
        ("-rw-r--r-- 1 a b 1 Jun 15 24:00 x", unix_without_date),
        ("-rw-r--r-- 1 a b 1 Jun 15 10:60 x", unix_without_date),
        ("-rw-r--r-- 1 a b 1 2023-02-29 10:18 x", unix_without_date),
        ("-rw-r--r-- 1 a b 1 0000-00-00 00:00 x", unix_without_date),
        ("-rw-r--r-- 1 a b 1 00/00/0000 00:00:00 x", unix_without_date),
        ("-rw-r--r-- 1 a b -1 000 17 2025 x", r#"File 644 a b - - "x" -"#),
        ("- [RWCEAFMS] a -1 Jun 31 10:18 x", r#"File - a - - - "x" -"#),
        ("02-29-23  10:18AM  1 x", dos_without_date),
        ("13-01-24  10:18AM  1 x", dos_without_date),
        ("00-00-0000  00:00  1 x", dos_without_date),
        ("06-15-24  13:18PM  1 x", dos_without_date),
        ("06-15-24  00:18AM  1 x", dos_without_date),
        ("06-15-24  24:00  1 x", dos_without_date),
        ("06-15-24  10:18AM  -1 x", dos),
        ("06-15-24  10:18AM  18446744073709551616 x", dos),
        ("06-15-24  10:18AM  18,446,744,073,709,551,616 x", dos),
        ("00-00-80  00:00  <DIR>  d", r#"Directory - - - - - "d" -"#),
    ] {
        assert_eq!(summary(&entry(list(line))), expected, "{line}");
    }
}

#[test]
fn entry_of_unix_is_there_whatever_the_form_of_a_date_that_is_none() {
    for date in [
        "31 Feb 10:18",
        "31. Feb 2023",
        "31. Feb, 10:18",
        "Feb 31, 2023 10:18",
        "Feb 31 10:18:33 2023",
        "Feb 31 10:18:33",
        "2023年  2月  31日",
        "2023-02-31 10:18:33.123456789 +0200",
        "0000-00-00 00:00:00.000000000 +0000",
        "02-31 10:18",
        "02-31 2023",
        "31-feb-23",
        "31-feb-23 10:18",
    ] {
        let line = format!("-rw-r--r-- 1 a b 1 {date} x y");
        assert_eq!(summary(&entry(list(&line))), r#"File 644 a b 1 - "x y" -"#, "{line}");
    }
}

#[test]
fn entry_of_each_system_is_there_without_a_size_or_a_date_that_is_none() {
    let members = " Name     VV.MM   Created       Changed      Size  Init   Mod   Id";
    let guardian = "File         Code             EOF  Last Modification    Owner  RWEP";
    let wellfleet = "File Name       Size    Date    Day     Time";
    let table = [
        // OS/400, OS/2
        ("", "U 1 99/99/99 10:18:00 *STMF x", r#"File - U - 1 - "x" -"#),
        ("", "U 1 24/06/15 24:18:00 *STMF x", r#"File - U - 1 - "x" -"#),
        ("", "U -1 31/05/24 10:18:00 *STMF x", r#"File - U - - 1717150680 "x" -"#),
        ("", "  -1 31/05/24 10:18:00 *STMF x", r#"File - - - - 1717150680 "x" -"#),
        ("", " 1 A 02-31-97  10:18  x", r#"File - - - 1 - "x" -"#),
        ("", " 1 A 02-21-97  24:18  x", r#"File - - - 1 - "x" -"#),
        ("", " -1 A 06-15-124  10:18  x", r#"File - - - - 1718446680 "x" -"#),
        // VMS
        ("", "X.Y;1  1/2  31-FEB-2024 10:18:00  [G,O]  (RWED,RE,,)", r#"File - O G - - "X.Y;1" -"#),
        ("", "X.Y;1  1/2  31-FEB-2024  [G,O]", r#"File - O G - - "X.Y;1" -"#),
        ("", "X.Y;1  1/2  15-JUN-2024 24:18", r#"File - - - - - "X.Y;1" -"#),
        // z/OS, z/VM
        (members, "X 01.03 2024/02/31 2024/06/15 10:18 1 1 0 U", r#"File - U - - 1718446680 "X" -"#),
        (members, "X 01.03 2024/02/01 2024/00/00 10:18 1 1 0 U", r#"File - U - - - "X" -"#),
        (members, "X 01.03 2024/02/01 2024/06/15 24:18 1 1 0", r#"File - - - - - "X" -"#),
        ("", "X Y V 80 1 1 1997-02-31 10:18:00 U", r#"File - U - - - "X.Y" -"#),
        ("", "X DIR - - - 13/31/97 10:18:00 -", r#"Directory - - - - - "X" -"#),
        // NonStop
        (guardian, "X 101 1 31-Feb-24 10:18:00 255,255 \"oooo\"", r#"File - 255,255 - 1 - "X" -"#),
        (guardian, "X 101 -1 15-Jun-24 10:18:00 255,255 \"oooo\"", r#"File - 255,255 - - 1718446680 "X" -"#),
        // NetWare, routers, VxWorks, Connect:Enterprise
        ("", "- [RWCEAFMS] a 1 31 Feb 10:18 x", r#"File - a - 1 - "x" -"#),
        (wellfleet, "x 1 02/31/24 Thur. 10:18:00", r#"File - - - 1 - "x" -"#),
        (wellfleet, "x -1 06/15/24 Sat. 10:18:00", r#"File - - - - 1718446680 "x" -"#),
        ("", "1 FEB-31-2024 10:18:00 x", r#"File - - - 1 - "x" -"#),
        ("", "-1 JUN-15-2024 10:18:00 x", r#"File - - - - 1718446680 "x" -"#),
        ("", "-C--E-----FTP A U 1 1 Feb 31 10:18 x", r#"File - U - 1 - "x" -"#),
        ("", "-C--E-----FTP A U 1 -1 Jun 15 2024 x", r#"File - U - - 1718409600 "x" -"#),
    ];
    for (head, line, expected) in table {
        let listed = listing(&[head, line]);
        let [Listed::Entry(entry)] = listed.as_slice() else { panic!("{line}: {listed:?}") };
        assert_eq!(summary(entry), expected, "{line}");
    }
}

#[test]
fn what_has_not_the_form_of_a_date_makes_no_entry() {
    for line in [
        "U 1 99/99 10:18:00 *STMF x",
        "U 1 99/99/99 noon *STMF x",
        " 1 A 1997-02-03  10:18  x",
        " 1 A Feb-31-97  10:18  x",
        "1 FED-31-2024 10:18:00 x",
        "X.Y;1  1/2  31-FED-2024 10:18:00  [G,O]  (RWED,RE,,)",
        "X Y V 80 1 1 97-02-31 10:18:00 U",
    ] {
        assert_eq!(list(line), Listed::Unparsed(line.to_string()), "{line}");
    }
}

#[test]
fn number_before_a_word_that_is_no_month_is_no_date() {
    for line in [
        "-rw-r--r-- 1 0 0 1063 Junius 15 10:18 x",
        "-rw-r--r-- 1 0 0 2005 Junius 15 10:18 x",
        "-rw-r--r-- 1 a b 1 0 17 2025 x",
        "-rw-r--r-- 1 a b 1 000 170 2025 x",
        "-rw-r--r-- 1 a b 1 0000-00-00 x",
        "-rw-r--r-- 1 a b -x Jun 15 10:18 x",
        "-rw-r--r-- 1 a b - Jun 15 10:18 x",
    ] {
        assert_eq!(list(line), Listed::Unparsed(line.to_string()));
    }
}

#[test]
fn names_come_in_the_encoding_given() {
    let line = b"-rw-r--r-- 1 \xe4 \xf6 1 Jun 15 10:18 \xfc";
    let latin1 = entry(list_line(line, Encoding::Latin1, NOW));
    assert_eq!(latin1.name, "ü");
    assert_eq!(latin1.owner.as_deref(), Some("ä"));
    assert_eq!(latin1.group.as_deref(), Some("ö"));
    let utf8 = entry(list_line(line, Encoding::Utf8, NOW));
    assert_eq!(utf8.name, "\u{10fffc}");
    assert_eq!(entry(mlsd_line(b"type=file; \xfc", Encoding::Latin1)).name, "ü");
}
