use super::*;
use alloc::string::ToString;
use alloc::vec;

fn reader(bytes: &[u8]) -> Reader {
    let mut reader = Reader::new(Limits::default());
    reader.feed(bytes);
    reader
}

fn reply(code: u16, lines: &[&str]) -> Reply {
    let lines = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
    Reply { code, lines }
}

fn next(bytes: &[u8]) -> Result<Option<Reply>, Error> {
    reader(bytes).next_reply()
}

#[test]
fn replies_of_the_rfc_and_of_servers() {
    let table: &[(&str, u16, &[&str])] = &[
        // RFC 959, section 4.2: the multi-line example.
        (
            "123-First line\r\nSecond line\r\n  234 A line beginning with numbers\r\n123 The last line\r\n",
            123,
            &["First line", "Second line", "  234 A line beginning with numbers", "The last line"],
        ),
        ("200 Command okay.\r\n", 200, &["Command okay."]),
        // RFC 2389, section 3.2.
        (
            "211-Extensions supported:\r\n MLST size*;create;modify*;perm;media-type\r\n SIZE\r\n211 END\r\n",
            211,
            &["Extensions supported:", " MLST size*;create;modify*;perm;media-type", " SIZE", "END"],
        ),
        // pure-ftpd repeats the code.
        (
            "220---- Welcome ----\r\n220-You are user number 1\r\n220 Bye\r\n",
            220,
            &["--- Welcome ----", "You are user number 1", "Bye"],
        ),
        ("220\r\n", 220, &[""]),
        ("220 \r\n", 220, &[""]),
        ("220-\r\n220\r\n", 220, &["", ""]),
        ("220-a\n\n220 b\n", 220, &["a", "", "b"]),
        ("220-a\r\n221-b\r\n2200\r\n221\r\n220 c\r\n", 220, &["a", "221-b", "2200", "221", "c"]),
        ("220-a\r\n600 b\r\n099 c\r\n220 d\r\n", 220, &["a", "600 b", "099 c", "d"]),
        ("599 x\n", 599, &["x"]),
    ];
    for &(bytes, code, lines) in table {
        let mut reader = reader(bytes.as_bytes());
        assert_eq!(reader.next_reply(), Ok(Some(reply(code, lines))), "{bytes}");
        assert!(reader.is_empty(), "{bytes}");
        assert_eq!(reader.next_reply(), Ok(None), "{bytes}");
    }
}

#[test]
fn reply_split_at_every_byte_is_the_same() {
    let bytes = b"211-Features:\r\n EPSV\r\n\r\n211 End\r\n220 next\r\n";
    let expected = [reply(211, &["Features:", " EPSV", "", "End"]), reply(220, &["next"])];
    for size in 1..=bytes.len() {
        let mut reader = Reader::new(Limits::default());
        let mut replies = Vec::new();
        for piece in bytes.chunks(size) {
            reader.feed(piece);
            while let Some(reply) = reader.next_reply().unwrap() {
                replies.push(reply);
            }
        }
        assert_eq!(replies, expected, "pieces of {size}");
        assert!(reader.is_empty());
    }
}

#[test]
fn reply_code_split_across_reads() {
    let mut reader = reader(b"2");
    assert_eq!(reader.next_reply(), Ok(None));
    assert!(!reader.is_empty());
    reader.feed(b"20 hi\r");
    assert_eq!(reader.next_reply(), Ok(None));
    reader.feed(b"\n");
    assert_eq!(reader.next_reply(), Ok(Some(reply(220, &["hi"]))));
    assert!(reader.is_empty());
}

#[test]
fn several_replies_in_one_read_come_one_by_one() {
    let mut reader = reader(b"200 a\r\n200 b\r\n200 c");
    assert_eq!(reader.next_reply(), Ok(Some(reply(200, &["a"]))));
    assert!(!reader.is_empty());
    assert_eq!(reader.next_reply(), Ok(Some(reply(200, &["b"]))));
    assert!(!reader.is_empty());
    assert_eq!(reader.next_reply(), Ok(None));
    assert!(!reader.is_empty());
}

#[test]
fn unread_replies_survive_any_number_of_feeds() {
    let mut reader = Reader::new(Limits::default());
    for n in 0..1000 {
        reader.feed(alloc::format!("200 a{n}\r\n200 b{n}\r\n").as_bytes());
        let expected = reply(200, &[&alloc::format!("{}{}", ["a", "b"][n % 2], n / 2)]);
        assert_eq!(reader.next_reply(), Ok(Some(expected)));
    }
}

#[test]
fn control_bytes_are_text() {
    let mut reader = reader(b"220 a\0b\rc\r\r\n220 \xff\xfe\x0b\x0c\x1b[2J\x85\n");
    let first = reader.next_reply().unwrap().unwrap();
    assert_eq!(first.lines, [b"a\0b\rc\r".to_vec()]);
    let second = reader.next_reply().unwrap().unwrap();
    assert_eq!(second.lines, [b"\xff\xfe\x0b\x0c\x1b[2J\x85".to_vec()]);
}

#[test]
fn what_is_no_reply_is_malformed() {
    let table: &[&[u8]] = &[
        b" 220 x\r\n",
        b"000 x\r\n",
        b"099 x\r\n",
        b"600 x\r\n",
        b"999 x\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"22\r\n",
        b"2201 x\r\n",
        b"220_x\r\n",
        b"220\tx\r\n",
        b"220\0\r\n",
        b"-20 x\r\n",
        b"+20 x\r\n",
        b"\xff\xfb\x01220 x\r\n",
        b"\r220 x\r\n",
    ];
    for &bytes in table {
        let result = next(bytes);
        assert!(matches!(result, Err(Error::Malformed(_))), "{bytes:?}");
    }
}

/// RFC 959, section 4.2: only the code that began it, and a space, end a reply.
#[test]
fn line_with_another_code_inside_a_reply_is_text() {
    let bytes = b"230-Welcome\r\n550 users have logged in today\r\n231-so far\r\n230 Go on\r\n";
    let lines = ["Welcome", "550 users have logged in today", "231-so far", "Go on"];
    assert_eq!(next(bytes), Ok(Some(reply(230, &lines))));
}

#[test]
fn empty_lines_and_nuls_between_replies_are_skipped() {
    for between in [&b"\r\n"[..], b"\n", b"\0", b"\0\0\r\n", b"\r\n\n\0\r\n\0"] {
        let bytes = [b"\r\n550 no such file\r\n", between, b"220 next\r\n"].concat();
        for size in 1..=bytes.len() {
            let mut reader = Reader::new(Limits::default());
            let mut replies = Vec::new();
            for piece in bytes.chunks(size) {
                reader.feed(piece);
                replies.extend(reader.next_reply().unwrap());
                replies.extend(reader.next_reply().unwrap());
            }
            assert_eq!(replies, [reply(550, &["no such file"]), reply(220, &["next"])], "{between:?}");
            assert!(reader.is_empty());
        }
    }
}

#[test]
fn blanks_have_a_limit_that_begins_anew_with_each_reply() {
    for blank in [&b"\r\n"[..], b"\n", b"\0"] {
        let mut reader = Reader::new(Limits::default());
        for _ in 0..3 {
            reader.feed(&blank.repeat(256));
            reader.feed(b"220 x\r\n");
            assert!(reader.next_reply().unwrap().is_some());
        }
        reader.feed(&blank.repeat(257));
        reader.feed(b"220 x\r\n");
        assert!(matches!(reader.next_reply(), Err(Error::Malformed(_))), "{blank:?}");
    }
}

#[test]
fn blanks_are_bytes_all_the_same_and_an_error_where_none_may_be() {
    for blank in [&b"\r\n"[..], b"\n", b"\0", b"\r"] {
        let mut reader = reader(b"234 go\r\n");
        assert!(reader.next_reply().unwrap().is_some());
        reader.feed(blank);
        assert!(reader.is_blank() && !reader.is_empty(), "{blank:?}");
        reader.skip_blanks(false);
        reader.feed(b"230 in\r\n");
        assert!(matches!(reader.next_reply(), Err(Error::Malformed(_))), "{blank:?}");
    }
    let mut reader = reader(b"2");
    assert!(!reader.is_blank());
    reader.feed(b"30-\r\n\r\n");
    assert_eq!(reader.next_reply(), Ok(None));
    assert!(!reader.is_blank());
}

#[test]
fn error_stays() {
    let mut reader = reader(b"oops\r\n220 x\r\n");
    let error = reader.next_reply().unwrap_err();
    reader.feed(b"220 y\r\n");
    assert_eq!(reader.next_reply(), Err(error));
    assert!(reader.buffer.is_empty());
    assert!(!reader.is_empty());
}

#[test]
fn line_limit_counts_neither_cr_nor_lf() {
    let limits = Limits { line: 8, total: 1000, blank: 0 };
    for (bytes, fits) in [
        (&b"220 abcd\r\n"[..], true),
        (b"220 abcd\n", true),
        (b"220 abcd\r", true),
        (b"220 abcde\r\n", false),
        (b"220 abcde", false),
        (b"220 abcd\r\r", false),
        (b"220-\r\nabcdefghi", false),
    ] {
        let mut reader = Reader::new(limits);
        reader.feed(bytes);
        let expected = if fits { None } else { Some(Error::LineTooLong) };
        assert_eq!(reader.next_reply().err(), expected, "{bytes:?}");
    }
}

#[test]
fn endless_reply_is_cut_off() {
    for line in [&b"220-x\r\n"[..], b"\n", b"220-a longer line of a banner that never ends\r\n"] {
        let mut reader = reader(b"220-\r\n");
        let mut fed = 0;
        let error = loop {
            if let Err(error) = reader.next_reply() {
                break error;
            }
            reader.feed(line);
            fed += line.len();
            assert!(fed < 2 << 20, "never cut off");
        };
        assert_eq!(error, Error::ReplyTooLong);
    }
}

#[test]
fn total_limit_is_for_one_reply() {
    let mut reader = Reader::new(Limits { line: 100, total: 64, blank: 0 });
    for _ in 0..100 {
        reader.feed(b"220-x\r\n220 y\r\n");
        assert!(reader.next_reply().unwrap().is_some());
    }
    reader.feed(b"220-x\r\n220-y\r\n220 z\r\n");
    assert_eq!(reader.next_reply(), Err(Error::ReplyTooLong));
}

#[test]
fn first_digit_tells_the_kind() {
    let kinds = |code| {
        let reply = reply(code, &["x"]);
        [reply.is_preliminary(), reply.is_positive(), reply.is_permanent()]
    };
    for (at, code) in [150, 226, 550, 331, 421].into_iter().enumerate() {
        let expected = [0, 1, 2].map(|kind| kind == at);
        assert_eq!(kinds(code), expected, "{code}");
    }
}

#[test]
fn last_line_of_no_lines_is_empty() {
    let reply = Reply { code: 200, lines: vec![] };
    assert_eq!(reply.last_line(), b"");
}

#[test]
fn errors_tell_the_reason() {
    let error = next(b"2201 x\r\n").unwrap_err();
    assert_eq!(error.to_string(), "malformed reply: no space or hyphen after the code");
}
