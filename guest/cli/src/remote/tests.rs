use super::*;

fn parse(text: &str) -> Remote {
    Remote::parse(text, &Encoding::Utf8).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> String {
    Remote::parse(text, &Encoding::Utf8).err().unwrap().to_string()
}

#[test]
fn private_code_point_is_the_file_of_that_name_and_none_of_bytes() {
    let there = Encoding::Utf8.decode(b"\xf4\x8f\xbf\xa9x");
    assert_eq!(parse("ftp://h/%F4%8F%BF%A9x").name, there);
    assert_eq!(parse("ftp://h/\u{10ffe9}x/y").directory.as_deref(), Some(&*there));
    assert_eq!(parse("ftp://h/%E9x").name, "\u{10ffe9}x");
    assert_eq!(Encoding::Utf8.encode(&there).unwrap(), b"\xf4\x8f\xbf\xa9x");
}

#[test]
fn servers() {
    for (text, host, port, server) in [
        ("ftp://example.com", "example.com", None, "example.com"),
        ("FTP://EXAMPLE.com:21/", "example.com", Some(21), "example.com:21"),
        ("ftps://example.com:21", "example.com", Some(21), "example.com:21"),
        ("ftpes://me:pw@example.com/a:21", "example.com", None, "example.com"),
        ("ftp://127.0.0.1:2121/a", "127.0.0.1", Some(2121), "127.0.0.1:2121"),
        ("ftp://[::1]:2121/", "::1", Some(2121), "[::1]:2121"),
        ("ftp://user@[fe80::1]/", "fe80::1", None, "[fe80::1]"),
        ("ftp://user:p%5D@[fe80::1%25eth0]:2121/a%25b", "fe80::1", Some(2121), "[fe80::1%eth0]:2121"),
        ("ftp://[fe80::1%2]/", "fe80::1", None, "[fe80::1%2]"),
        ("ftp://[fe80::1%252]/", "fe80::1", None, "[fe80::1%2]"),
        ("ftp://[fe80::1%25]/", "fe80::1", None, "[fe80::1%25]"),
        ("ftp://[fe80::1%eth0]:21/", "fe80::1", Some(21), "[fe80::1%eth0]:21"),
        ("ftp://[::ffff:127.0.0.1]/", "127.0.0.1", None, "127.0.0.1"),
        ("ftp://bücher.example/", "xn--bcher-kva.example", None, "xn--bcher-kva.example"),
    ] {
        let remote = parse(text);
        assert_eq!((remote.host.as_str(), remote.port, remote.server().as_str()), (host, port, server));
    }
}

#[test]
fn schemes_say_how_to_be_secure() {
    for (text, security) in
        [("ftp://h", Security::None), ("FTPS://h", Security::Implicit), ("ftpes://h", Security::Explicit)]
    {
        assert_eq!(parse(text).security(), security);
    }
}

#[test]
fn accounts() {
    for (text, user, password) in [
        ("ftp://host/", None, None),
        ("ftp://me@host/", Some("me"), None),
        ("ftp://me:@host/", Some("me"), Some("")),
        ("ftp://:@host/", None, Some("")),
        ("ftp://host/me:@x", None, None),
        ("ftp://me:se:cr%40et@host/", Some("me"), Some("se:cr@et")),
        ("ftp://me:p@ss@host/", Some("me"), Some("p@ss")),
        ("ftp://a%20b:%0d%0aDELE%20x@host/", Some("a b"), Some("\r\nDELE x")),
        (r"ftp://domain\me:a\b@host/", Some(r"domain\me"), Some(r"a\b")),
    ] {
        let remote = parse(text);
        assert_eq!((remote.user.as_deref(), remote.password.as_deref()), (user, password), "{text}");
    }
}

#[test]
fn paths_start_in_the_login_directory() {
    for (text, directory, name, path) in [
        ("ftp://host", None, "", None),
        ("ftp://host/a", None, "a", Some("a")),
        ("ftp://host/a/", Some("a"), "", Some("a")),
        ("ftp://host/a/b/c", Some("a/b"), "c", Some("a/b/c")),
        ("ftp://host/a//b", Some("a"), "b", Some("a/b")),
        ("ftp://host/%2Fetc/motd", Some("/etc"), "motd", Some("/etc/motd")),
        ("ftp://host/%2Fetc%2Fmotd", None, "/etc/motd", Some("/etc/motd")),
        ("ftp://host//etc/motd", Some("/etc"), "motd", Some("/etc/motd")),
        ("ftp://host//motd", Some("/"), "motd", Some("/motd")),
        ("ftp://host//", Some("/"), "", Some("/")),
        ("ftp://host/%2F", None, "/", Some("/")),
        ("ftp://host/a b/ü%3Fx/y", Some("a b/ü?x"), "y", Some("a b/ü?x/y")),
        ("ftp://host/100%25/%zz", Some("100%"), "%zz", Some("100%/%zz")),
        (r"ftp://host/a\b", None, r"a\b", Some(r"a\b")),
        ("ftp://host/-rf", None, "-rf", Some("./-rf")),
        ("ftp://host/~me/x", Some("./~me"), "x", Some("./~me/x")),
        ("ftp://host/a%2Ab/x", Some("a*b"), "x", Some("a*b/x")),
        ("ftp://host/%0d%0aDELE%20x", None, "\r\nDELE x", Some("\r\nDELE x")),
    ] {
        let remote = parse(text);
        let found = (remote.directory.as_deref(), remote.name.as_str(), remote.path());
        assert_eq!(found, (directory, name, path.map(str::to_owned)), "{text}");
    }
}

#[test]
fn patterns_are_in_the_last_name() {
    for (text, pattern) in [
        ("ftp://host/a", None),
        ("ftp://host/*.txt", Some("*.txt")),
        ("ftp://host/a/b?[0-9]", Some("b?[0-9]")),
        ("ftp://host/%2A.txt", None),
        ("ftp://host/%5B*%5D", Some(r"\[*\]")),
        ("ftp://host/a b{c}*", Some(r"a b\{c\}*")),
    ] {
        assert_eq!(parse(text).pattern.as_deref(), pattern, "{text}");
    }
}

#[test]
fn kinds() {
    for (text, name, kind) in [
        ("ftp://host/a;type=a", "a", Some(Kind::Ascii)),
        ("ftp://host/a;TYPE=I", "a", Some(Kind::Image)),
        ("ftp://host/a/;type=d", "", Some(Kind::Names)),
        ("ftp://host/a;b", "a;b", None),
        ("ftp://host/a%3Btype=a", "a;type=a", None),
    ] {
        let remote = parse(text);
        assert_eq!((remote.name.as_str(), remote.kind), (name, kind));
    }
}

#[test]
fn bytes_that_are_not_utf8() {
    assert_eq!(parse("ftp://host/a%FFb%C3%BC").name, "a\u{10ffff}bü");
    let name = |text| Remote::parse(text, &Encoding::Latin1).ok().unwrap().name;
    assert_eq!(name("ftp://host/%FC"), "ü");
    assert_eq!(name("ftp://host/ü"), "ü");
}

#[test]
fn errors_name_the_cause_and_no_password() {
    for text in ["ftp://me:secret@", "ftp://me:secret@host:99999/", "http://me:secret@host/", "me:secret@host/a"] {
        let error = error(text);
        assert!(!error.contains("secret"), "{error}");
    }
    assert_eq!(error("sftp://me:secret@host/"), "sftp://me@host/: a URL has to start with ftp://, ftps:// or ftpes://");
    assert!(error("ftp://me:sec/ret@host/").ends_with("; in a password, / is written as %2F"));
    assert!(error("ftp://[::1%25eth0]/").contains("link-local"));
    assert!(error("ftp://[fe80::1%25]x]/").contains("understood"));
    assert_eq!(error("ftp://host/a#b"), "in a URL, # has to be written as %23");
    assert_eq!(error("ftp://host/a;type=x"), "in a URL, ;type= has to be a, i or d");
    for text in ["ftp://host/*/*", "ftp://host/a*/", "ftp://host/a/b*c/d"] {
        assert!(error(text).contains("%2A"), "{text}");
    }
    assert_eq!(error("host/a"), "host/a is no URL, such as ftp://host/path");
    assert_eq!(error("me:secret@host/a"), "me@host/a is no URL, such as ftp://host/path");
    assert!(error("ftp://host/a\nb").contains("%XX"));
}

#[test]
fn addresses_of_no_server_are_refused() {
    for host in ["0.0.0.0", "[::]", "224.0.0.1", "[ff02::1]", "255.255.255.255", "[::ffff:0.0.0.0]"] {
        assert!(error(&format!("ftp://{host}/")).ends_with("the address of no server"), "{host}");
    }
}

#[test]
fn an_argument_is_shown_without_its_password() {
    for (argument, shown) in [
        ("ftp://me:secret@host/a", "ftp://me@host/a"),
        ("ftp://me:se/cr@et@host/a", "ftp://me@host/a"),
        ("ftp://me@host/a", "ftp://me@host/a"),
        ("ftp://host/a", "ftp://host/a"),
        ("--verbose", "--verbose"),
        ("--proxy=socks5://me:secret@host", "--proxy=socks5://me@host"),
        ("me:secret@host:1080", "me@host:1080"),
    ] {
        assert_eq!(without_password(argument), shown);
    }
}
