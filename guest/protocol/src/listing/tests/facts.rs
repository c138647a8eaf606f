//! The facts of `MLSD` and `MLST`.

use super::*;

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
