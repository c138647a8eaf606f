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
fn list_lines_that_are_not_understood_stay_lines() {
    for line in [
        "hello",
        "f.bin",
        " -rw-r--r-- 1 a b 1 Jun 15 10:18 x",
        "-rw-r--r--",
        "-rw-r--r-- 1 a b 1 Jun 15 10:18",
        "-rw-r--r-- 1 a b 1 Jun 15 10:18 ",
        "-rw-r--r--1 a b 1 Jun 15 10:18 x",
        "-rw-r--r--++ 1 a b 1 Jun 15 10:18 x",
        "-rw-r--r-? 1 a b 1 Jun 15 10:18 x",
        "-rw-r--r-s 1 a b 1 Jun 15 10:18 x",
        "-rwtr--r-- 1 a b 1 Jun 15 10:18 x",
        "?rw-r--r-- 1 a b 1 Jun 15 10:18 x",
        "-rw-r--r-- 1 a b c Jun 15 10:18 x",
        "-rw-r--r-- 1 a b 1 Junius 15 10:18 x",
        "-rw-r--r-- 1 a b 1 Jun 15 205 x",
        "-rw-r--r-- 1 a b 1 Jun 15 10:18 d1/f.bin",
        "-rw-r--r-- 1 a b 1 Jun 15 10:18 /etc/passwd",
        "-rw-r--r-- 1 a b 1 Jun 15 10:18 ../x",
        "drwxr-xr-x 1 a b 1 Jun 15 10:18 d/",
        "06-15-024  10:18AM  1 x",
        "06-15-24-1  10:18AM  1 x",
        "06-15-24  10:18XM  1 x",
        "06-15-24  10:18AM  1",
        "06-15-24  10:18AM  1 ",
        "06-15-24  10:18AM  <DIR>",
        "06-15-24  10:18AM  <DIR>   ",
        "06-15-24  10:18AM  <OTHER>  x",
        "06-15-24  10:18AM  1,06 x",
        "06-15-24  10:18AM  1063,000 x",
        "06-15-24  10:18AM  ,063 x",
        r"06-15-24  10:18AM  1 a\b",
        "06-15-24  10:18AM  1 a/b",
        r"06-15-24  10:18AM  <DIR>  ..\x",
        "total",
        "total x",
        "+ see\talso",
        "U 1 04/03/05 10:18:00 *stmf x",
        "U 1 *STMF x",
        "hello *WORLD again",
        "A;1 B;2",
        "A;1 owner",
        "A[1];1  1  2-JUN-1998 07:32:04",
        "512 AUG-30-2000 x",
        "X Y F 1 2 3 1999-09-20 17:16:18",
        "d (RWCEAFMS) a 512 Jun 25  2007 x",
        "-C--E-----FTP C Q 18128 41 Aug 12 13:56 x",
    ] {
        assert_eq!(list(line), Listed::Unparsed(line.to_string()));
    }
}

#[test]
fn list_lines_without_a_member_are_skipped() {
    for line in [
        "",
        " ",
        "\t",
        "total 0",
        "Total 12",
        "total 99999999999 ",
        "drwxr-xr-x 2 a b 1 Jun 15 10:18 .",
        "drwxr-xr-x 2 a b 1 Jun 15  2005 ..",
        "06-15-24  10:18AM       <DIR>          .",
        "06-15-24  10:18AM       <DIR>          ..",
    ] {
        assert_eq!(list(line), Listed::Skipped, "{line}");
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

#[test]
fn mlsd_lines_of_servers() {
    let expected = [
        r#"File 644 lab lab 1063 1718446680 "f.bin" -"#,
        r#"File 644 1001 1001 1063 1718446680 "f.bin" -"#,
        r#"Directory 755 1001 1001 - 1718446680 "d1" -"#,
        r#"File 644 1001 1001 1063 1718446680 "f.bin" -"#,
        "Skipped",
        r#"SymbolicLink - - - - 1718446680 "link" -"#,
        r#"SymbolicLink - - - 5 - "link" f.bin"#,
    ];
    assert_eq!(MLSD_LINES.len(), expected.len());
    for (line, expected) in MLSD_LINES.iter().zip(expected) {
        match mlsd(line) {
            Listed::Entry(entry) => assert_eq!(summary(&entry), expected, "{line}"),
            other => assert_eq!(format!("{other:?}"), expected, "{line}"),
        }
    }
}

#[test]
fn mlsd_lines_of_the_rfc() {
    let table = [
        // RFC 3659, section 7.7.
        ("Type=cdir;Modify=19981107085215;Perm=el; tmp", "Skipped"),
        ("Type=cdir;Modify=19981107085215;Perm=el; /tmp", "Skipped"),
        ("Type=pdir;Modify=19990112030508;Perm=el; ..", "Skipped"),
        (
            "Type=file;Size=25730;Modify=19940728095854;Perm=; capmux.tar.z",
            r#"File - - - 25730 775389534 "capmux.tar.z" -"#,
        ),
        ("Type=OS.unix=slink:/foobar;Perm=;Unique=keVO1+4G4; foobar", r#"SymbolicLink - - - - - "foobar" /foobar"#),
        ("Type=OS.unix=chr-13/29;Perm=;Unique=keVO1+5G4; device", r#"Other - - - - - "device" -"#),
        ("Type=file;Perm=awr;Unique=keVO1+8G4; writable", r#"File - - - - - "writable" -"#),
        // The name is all that follows, whatever is in it (section 7.2).
        ("Type=file; two words", r#"File - - - - - "two words" -"#),
        ("Type=file;  leading and trailing ", r#"File - - - - - " leading and trailing " -"#),
        ("Type=file; a; size=1; b", r#"File - - - - - "a; size=1; b" -"#),
    ];
    for (line, expected) in table {
        match mlsd(line) {
            Listed::Entry(entry) => assert_eq!(summary(&entry), expected, "{line}"),
            other => assert_eq!(format!("{other:?}"), expected, "{line}"),
        }
    }
}

#[test]
fn facts_are_kept_as_sent() {
    let sent = "Type=File;SIZE=x;Modify=2024;Media-Type=Text/HTML;X=a=b;Y=;";
    let entry = entry(mlsd(&format!("{sent} n")));
    assert_eq!(entry.raw, RawEntry::Facts(sent.to_string()));
    let facts: Vec<_> = entry.facts().collect();
    let expected =
        [("Type", "File"), ("SIZE", "x"), ("Modify", "2024"), ("Media-Type", "Text/HTML"), ("X", "a=b"), ("Y", "")];
    assert_eq!(facts, expected);
    assert_eq!(entry.size, None);
    assert_eq!(entry.modified, None);
    assert_eq!(entry.kind, Kind::File);
}

#[test]
fn line_that_looks_like_facts_has_none() {
    let entry = entry(list("+/,\ta=b;"));
    assert_eq!(entry.raw, RawEntry::Line("+/,\ta=b;".to_string()));
    assert_eq!(entry.facts().count(), 0);
}

#[test]
fn facts_of_an_old_character_set_are_decoded() {
    let encoding = Encoding::named("shift_jis").unwrap();
    // The first byte of a character, and then the end of the fact.
    let listed = mlsd_line(b"type=file;unix.owner=\x93\xfa;x=\x93;y=1; \x96{", encoding);
    let entry = entry(listed);
    let facts: Vec<_> = entry.facts().collect();
    assert_eq!(facts, [("type", "file"), ("unix.owner", "日"), ("x", "\u{10ff93}"), ("y", "1")]);
    assert_eq!((entry.owner.as_deref(), &*entry.name), (Some("日"), "本"));
}

#[test]
fn time_of_a_fact_is_utc() {
    let entry = entry(mlsd("modify=20240615101800.5; n"));
    let expected = Timestamp { seconds: THEN, nanoseconds: 500_000_000, precision: Precision::Subsecond, utc: true };
    assert_eq!(entry.modified, Some(expected));
    assert_eq!(entry.kind, Kind::Other);
}

#[test]
fn value_of_a_fact_that_is_invalid_is_not_known() {
    let table = [
        ("size=-1; n", "Other - - - - - \"n\" -"),
        ("size=18446744073709551616; n", "Other - - - - - \"n\" -"),
        ("size=; n", "Other - - - - - \"n\" -"),
        ("sizd=4096; n", "Other - - - - - \"n\" -"),
        ("unix.mode=0999; n", "Other - - - - - \"n\" -"),
        ("unix.mode=777777777777; n", "Other - - - - - \"n\" -"),
        ("unix.mode=0100644; n", "Other 644 - - - - \"n\" -"),
        ("unix.mode=4755; n", "Other 4755 - - - - \"n\" -"),
        ("modify=20241301000000; n", "Other - - - - - \"n\" -"),
        ("unix.owner=; n", "Other - - - - - \"n\" -"),
        ("unix.uid=1;unix.owner=a; n", "Other - a - - - \"n\" -"),
        ("unix.uid=1;unix.ownername=;unix.gid=2; n", "Other - 1 2 - - \"n\" -"),
        ("unix.owner=1;unix.ownername=a; n", "Other - a - - - \"n\" -"),
        ("unix.group=1;unix.groupname=domain users; n", "Other - - domain users - - \"n\" -"),
        ("type=OS.unix=slink:; n", "SymbolicLink - - - - - \"n\" -"),
        ("type=os.UNIX=SymLink:/X; n", "SymbolicLink - - - - - \"n\" /X"),
        ("type=; n", "Other - - - - - \"n\" -"),
        ("size=1;size=2; n", "Other - - - 1 - \"n\" -"),
    ];
    for (line, expected) in table {
        assert_eq!(summary(&entry(mlsd(line))), expected, "{line}");
    }
}

#[test]
fn same_file_has_the_same_unique_id() {
    let entry = entry(mlsd("type=file;unique=keVO1+YZ5; n"));
    assert_eq!(entry.unique_id.as_deref(), Some("keVO1+YZ5"));
}

#[test]
fn mlsd_lines_that_are_not_understood_stay_lines() {
    for line in [
        "f.bin",
        " f.bin",
        "type=file f.bin",
        "type=file;f.bin",
        "type=file;",
        "type=file; ",
        "; f.bin",
        "type; f.bin",
        "=file; f.bin",
        "type=file;; f.bin",
        "type=file; a/b",
        "type=file; /etc/passwd",
        "type=dir; ../x",
        "type=dir; /",
    ] {
        assert_eq!(mlsd(line), Listed::Unparsed(line.to_string()));
    }
}

#[test]
fn mlsd_lines_without_a_member_are_skipped() {
    for line in ["", " ", "type=cdir; /whole/path", "TYPE=PDIR; /whole", "type=dir; .", "type=dir; .."] {
        assert_eq!(mlsd(line), Listed::Skipped, "{line}");
    }
}

#[test]
fn facts_are_64_at_most() {
    let facts = |count| format!("{} n", "a=b;".repeat(count));
    assert_eq!(entry(mlsd(&facts(64))).facts().count(), 64);
    assert_eq!(mlsd(&facts(65)), Listed::Unparsed(facts(65)));
}

#[test]
fn mlst_name_is_the_last_component() {
    let table = [
        (" type=file;size=1; /pub/f.bin", Some("f.bin")),
        ("type=file;size=1; f.bin", Some("f.bin")),
        (" type=file;  f.bin", Some(" f.bin")),
        (" type=dir; /pub/d1/", Some("d1")),
        (" type=cdir; /pub", Some("pub")),
        (" type=pdir; /pub", Some("pub")),
        (" type=dir; /", Some("/")),
        (" type=dir; //", Some("/")),
        (" type=dir; .", Some(".")),
        (" type=dir; /pub/.", Some(".")),
        (" type=dir; /pub/..", Some(".")),
        (" type=dir; ", Some(".")),
        ("    size=892;type=file; /pub/f.bin", Some("f.bin")),
        (" \t type=file; f.bin", Some("f.bin")),
        (" /pub/f.bin", None),
        ("Begin", None),
        ("", None),
    ];
    for (line, expected) in table {
        let entry = mlst_entry(line.as_bytes(), Encoding::Utf8);
        assert_eq!(entry.as_ref().map(|entry| &*entry.name), expected, "{line}");
    }
}

#[test]
fn facts_behind_several_blanks_are_facts() {
    for blanks in ["", " ", "    ", "\t", " \t "] {
        let line = format!("{blanks}size=892;type=file;  n ");
        for entry in [entry(mlsd(&line)), mlst_entry(line.as_bytes(), Encoding::Utf8).unwrap()] {
            assert_eq!(summary(&entry), "File - - - 892 - \" n \" -", "{line:?}");
            assert_eq!(entry.raw, RawEntry::Facts("size=892;type=file;".into()));
        }
    }
}

#[test]
fn mlst_of_the_directory_itself_is_a_directory() {
    for line in ["type=cdir; /", "type=pdir; /a", "type=dir; a"] {
        let entry = mlst_entry(line.as_bytes(), Encoding::Utf8).unwrap();
        assert_eq!(entry.kind, Kind::Directory);
    }
}

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
