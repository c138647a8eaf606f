//! A message says what failed, why, and what to do. By `ftp-host`, except where the other program says something else.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use ftp_tests::certificates::{self, Leaf};
use ftp_tests::command::{Place, Program, by};
use ftp_tests::root;
use ftp_tests::script::{Peer, Play as _, Script, Tls};
use ftp_tests::servers::Kind;
use ftp_tests::trial;

fn run(arguments: &[&str]) -> Result<Output> {
    let here = root::temporary()?;
    Ok(Program::Runner.command(here.path(), arguments)?.output()?)
}

#[track_caller]
fn assert_tells(output: &Output, code: i32, texts: &[&str]) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    for text in texts {
        assert!(told.contains(text), "no {text:?} in {told}");
    }
    assert!(!told.contains("12345"), "{told}");
}

fn digest(leaf: Leaf) -> Result<String> {
    Ok(certificates::server(leaf)?.sha256.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What is said of a server that shows this, where the authority is trusted.
async fn shown(leaf: Leaf, options: &[&str]) -> Result<Output> {
    let script = Script::greeting().on("AUTH TLS", "234 go").with_tls(Tls::showing(leaf)).fail_tls();
    script
        .play(async |peer| {
            let here = root::temporary()?;
            std::fs::write(here.path().join("ca.pem"), certificates::authority()?)?;
            let url = format!("ftpes://user@{}/", peer.address());
            Ok(Program::Runner.command(here.path(), &[&["ls"], options, &[url.as_str()]].concat())?.output()?)
        })
        .await
}

#[trial]
async fn unknown_issuer_is_shown_with_its_digest() -> Result<()> {
    let output = shown(Leaf::Untrusted, &["--ca", "ca.pem"]).await?;
    let ways = ["unknown issuer", "compare it with one from the server's owner", "--pin", "--ca", "--system-roots"];
    assert_tells(&output, 5, &ways);
    assert_tells(&output, 5, &[&digest(Leaf::Untrusted)?]);
    Ok(())
}

#[trial]
async fn self_signed_one_is_called_that() -> Result<()> {
    for leaf in [Leaf::SelfSigned, Leaf::SelfSignedAuthority, Leaf::SelfSignedWrongName] {
        let output = shown(leaf, &["--ca", "ca.pem"]).await?;
        assert_tells(&output, 5, &["it is self-signed", "--pin", &digest(leaf)?]);
    }
    Ok(())
}

#[trial]
async fn digest_of_another_certificate_than_the_pinned_one_is_shown() -> Result<()> {
    let output = shown(Leaf::Server, &["--pin", &digest(Leaf::SelfSigned)?]).await?;
    assert_tells(&output, 5, &["not the pinned one", &digest(Leaf::Server)?, "compare it"]);
    Ok(())
}

#[trial]
async fn expired_one_says_when() -> Result<()> {
    let output = shown(Leaf::Expired, &["--ca", "ca.pem"]).await?;
    assert_tells(&output, 5, &["has expired on 2001-01-01 00:00:00 UTC", "renew"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!told.contains(&digest(Leaf::Expired)?) && !told.contains("--pin"), "{told}");
    let output = shown(Leaf::NotYetValid, &["--ca", "ca.pem"]).await?;
    assert_tells(&output, 5, &["not valid yet", "4000-01-01 00:00:00 UTC", "clock"]);
    Ok(())
}

#[trial]
async fn wrong_name_says_for_which_names() -> Result<()> {
    let output = shown(Leaf::WrongName, &["--ca", "ca.pem"]).await?;
    assert_tells(&output, 5, &["another name", "for other.example", "--server-name"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!told.contains(&digest(Leaf::WrongName)?), "{told}");
    Ok(())
}

#[trial]
async fn one_without_names_says_so() -> Result<()> {
    let output = shown(Leaf::Nameless, &["--ca", "ca.pem"]).await?;
    assert_tells(&output, 5, &["no subject alternative name", "--pin"]);
    Ok(())
}

#[trial]
async fn client_certificate_that_is_wanted_is_named() -> Result<()> {
    for version in [ftp_host::TlsVersion::Tls12, ftp_host::TlsVersion::Tls13] {
        let tls = Tls { asks: true, version: Some(version), ..Tls::default() };
        let script = Script::greeting().on("AUTH TLS", "234 go").with_tls(tls).fail_tls();
        let output = script
            .play(async |peer| {
                let here = root::temporary()?;
                std::fs::write(here.path().join("ca.pem"), certificates::authority()?)?;
                let url = format!("ftpes://user@{}/", peer.address());
                Ok(Program::Runner.command(here.path(), &["ls", "--ca", "ca.pem", &url])?.output()?)
            })
            .await?;
        assert_tells(&output, 5, &["wants a certificate of the client", "--cert", "--key"]);
    }
    Ok(())
}

#[trial]
async fn implicit_tls_at_a_plain_port_is_5_and_names_ftpes() -> Result<()> {
    // The first bytes of TLS are answered in the clear.
    for answer in ["220 ready\r\n", "500 what?\r\n"] {
        let script = Script::silent().see_hello().say(answer);
        let output = script.play(async |peer| run(&["ls", &format!("ftps://user@{}/", peer.address())])).await?;
        assert_tells(&output, 5, &["does not speak TLS", "ftpes://"]);
    }
    Ok(())
}

#[trial]
async fn silent_server_is_noted_and_waited_for() -> Result<()> {
    let script = Script::silent().pause(Duration::from_secs(6)).reply("220 ready").on("USER", "530 no");
    let output = script.play(async |peer| run(&["ls", &format!("ftp://user@{}/", peer.address())])).await?;
    assert_tells(&output, 6, &["says nothing", "ftps://", "530 no"]);
    Ok(())
}

#[trial]
async fn server_that_is_slow_to_greet_is_not_noted() -> Result<()> {
    let script = Script::silent().pause(Duration::from_secs(3)).reply("220 ready").on("USER", "530 no");
    let output = script.play(async |peer| run(&["ls", &format!("ftp://user@{}/", peer.address())])).await?;
    assert_tells(&output, 6, &["530 no"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!told.contains("says nothing") && !told.contains("990"), "{told}");
    Ok(())
}

/// The proxy takes the port for the server, so that no trial needs that port.
#[trial]
async fn port_of_tls_is_noted_at_once_and_waited_at() -> Result<()> {
    let host = "ftp.example.com:990";
    let script = Script::silent().expect_bytes(format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    let script = script.say("HTTP/1.1 200 yes\r\n\r\n").pause(Duration::from_secs(2));
    let script = script.reply("220 ready").on("USER", "530 no");
    let output = script
        .play(async |peer| {
            let proxy = format!("http://{}", peer.address());
            run(&["ls", "--proxy", &proxy, &format!("ftp://user@{host}/")])
        })
        .await?;
    assert_tells(&output, 6, &["port 990", "ftps://", "530 no"]);
    Ok(())
}

#[trial]
async fn refusal_of_auth_tls_names_the_other_ways() -> Result<()> {
    let script = Script::greeting().on("AUTH TLS", "502 no");
    let output = script.play(async |peer| run(&["ls", &format!("ftpes://user@{}/", peer.address())])).await?;
    assert_tells(&output, 5, &["refuses AUTH TLS", "ftps://", "ftp://"]);
    Ok(())
}

#[trial]
async fn login_that_wants_tls_names_ftpes() -> Result<()> {
    for (reply, code) in [
        ("530 Non-anonymous sessions must use encryption.", 6),
        ("550 SSL/TLS required on the control channel", 6),
        ("503 Use AUTH first.", 6),
        ("431 Need TLS", 6),
        ("421 Sorry, cleartext sessions and weak ciphers are not accepted on this server.", 4),
        ("534 policy requires it", 6),
    ] {
        let script = Script::greeting().on("USER", reply);
        let output = script.play(async |peer| run(&["ls", &format!("ftp://user@{}/", peer.address())])).await?;
        assert_tells(&output, code, &["ftpes://"]);
    }
    let script = Script::greeting().on("USER", "530 who?");
    let output = script.play(async |peer| run(&["ls", &format!("ftp://user@{}/", peer.address())])).await?;
    assert!(!String::from_utf8_lossy(&output.stderr).contains("ftpes://"), "{output:?}");
    Ok(())
}

#[trial]
async fn account_that_is_asked_for_is_6_and_named() -> Result<()> {
    let script = Script::greeting().on("USER", "331 password?").on("PASS", "332 account?");
    let output = script.play(async |peer| run(&["ls", &format!("ftp://user@{}/", peer.address())])).await?;
    assert_tells(&output, 6, &["332 account?", "account NAME", ".netrc"]);
    Ok(())
}

#[trial]
async fn server_of_http_is_called_that() -> Result<()> {
    let script = Script::silent().say("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
    let output = script.play(async |peer| run(&["ls", &format!("ftp://user@{}/", peer.address())])).await?;
    assert_tells(&output, 12, &["HTTP", "port"]);
    Ok(())
}

#[trial]
async fn transcript_is_shown_as_it_is_said() -> Result<()> {
    let script = Script::logged_in().stall();
    script
        .play(async |peer| {
            let here = root::temporary()?;
            let mut command =
                Program::Runner.command(here.path(), &["ls", "-v", &format!("ftp://user@{}/", peer.address())])?;
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
            let lines = BufReader::new(child.stderr.take().context("its errors")?).lines();
            let mut seen = Vec::new();
            // The server answers no more: what is shown now was not kept for the end.
            for line in lines {
                seen.push(line?);
                if seen.iter().any(|line| line.starts_with("< 230")) {
                    break;
                }
            }
            ensure!(child.try_wait()?.is_none(), "it has ended: {seen:?}");
            child.kill()?;
            child.wait()?;
            let all = seen.join("\n");
            assert!(all.contains("* connecting to") && all.contains("> PASS ****") && !all.contains("12345"), "{all}");
            Ok(())
        })
        .await
}

#[trial]
async fn transcript_is_shown_where_connecting_fails() -> Result<()> {
    let script = Script::greeting().on("AUTH TLS", "502 no");
    let output = script.play(async |peer| run(&["ls", "-v", &format!("ftpes://user@{}/", peer.address())])).await?;
    assert_tells(&output, 5, &["* connecting to", "< 220 ready", "> AUTH TLS", "< 502 no"]);
    let unused = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    assert_tells(&run(&["ls", "-v", &format!("ftp://user@{unused}/")])?, 4, &["* connecting to", "refused"]);
    Ok(())
}

#[trial]
async fn sessions_at_a_time_are_marked() -> Result<()> {
    if Kind::PyFtpd.installed().is_err() {
        return Ok(());
    }
    let place = Place::plain(Program::Runner, Kind::PyFtpd)?;
    for index in 0..4 {
        place.write_there(&format!("many/{index}"), &[0; 200_000])?;
    }
    let parallel = ["get", "-v", "-P", "2", "--limit-rate", "2M", &place.url("many/*"), "one/"];
    let segments = ["get", "-v", "--segments", "2", &place.url("many/0"), "two/"];
    for arguments in [&parallel[..], &segments] {
        let output = place.run(arguments)?;
        assert_tells(&output, 0, &["[1] > USER user", "[2] > USER user", "[2] > RETR"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.lines().all(|line| !line.starts_with("> ") && !line.starts_with("< ")), "{told}");
    }
    Ok(())
}

#[trial]
async fn trying_again_is_said_only_before_another_attempt() -> Result<()> {
    let script = Script::greeting().on("USER", "331 password?").on("PASS", "530 no");
    let output =
        script.play(async |peer| run(&["get", "--retry", "2", &format!("ftp://user@{}/x", peer.address())])).await?;
    assert_tells(&output, 6, &["530 no"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("trying again"), "{output:?}");

    let unused = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let output = run(&["get", "--retry", "1", "--retry-wait", "0.1", &format!("ftp://user@{unused}/x")])?;
    assert_eq!(String::from_utf8_lossy(&output.stderr).matches("trying again").count(), 1, "{output:?}");
    Ok(())
}

#[trial]
async fn lost_data_connection_is_no_refusal() -> Result<()> {
    for (verdict, code) in [("426 Failure reading network stream.", 9), ("425 No connection established", 4)] {
        let script = Script::logged_in().open_data("STOR").close_data().reply(verdict).on("QUIT", "221 bye");
        let output = script
            .play(async |peer| {
                let here = root::temporary()?;
                std::fs::write(here.path().join("file"), [0; 10])?;
                let url = format!("ftp://user@{}/file", peer.address());
                Ok(Program::Runner.command(here.path(), &["put", "--no-times", "file", &url])?.output()?)
            })
            .await?;
        assert_tells(&output, code, &[verdict]);
    }
    Ok(())
}

#[trial]
async fn words_of_other_programs_get_a_tip() -> Result<()> {
    for arguments in [&["get", "-r", "ftp://h/a/"][..], &["put", "-r", "a", "ftp://h/"], &["sync", "a", "ftp://h/"]] {
        assert_tells(&run(arguments)?, 2, &["tip: ", "`mirror`"]);
    }
    Ok(())
}

#[trial]
async fn what_to_show_may_stand_before_the_verb() -> Result<()> {
    let refuse = || Script::greeting().on("USER", "530 no");
    let output = refuse().play(async |peer| run(&["-v", "ls", &format!("ftp://user@{}/", peer.address())])).await?;
    assert_tells(&output, 6, &["> USER user"]);
    let output = refuse().play(async |peer| run(&["--json", "ls", &format!("ftp://user@{}/", peer.address())])).await?;
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"event\":\"error\""), "{output:?}");
    Ok(())
}

/// Whether this machine has one is not sure; that the URL is taken, and the zone looked up, is.
#[trial]
async fn zone_of_an_address_is_understood() -> Result<()> {
    let output = run(&["ls", "ftp://user@[fe80::1%25nothing-like-it]/"])?;
    assert_tells(&output, 2, &["no network nothing-like-it"]);
    let Some((address, name)) = link_local()? else { return Ok(()) };
    let listener = TcpListener::bind("[::]:0")?;
    let port = listener.local_addr()?.port();
    let (sender, accepted) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(listener.accept().map(|(stream, from)| (drop(stream), from))));
    let output = run(&["ls", "--connect-timeout", "10", &format!("ftp://user@[{address}%25{name}]:{port}/")])?;
    accepted.recv_timeout(Duration::from_secs(20)).context("nobody connected")??;
    assert_tells(&output, 4, &[&format!("[{address}%{name}]")]);
    Ok(())
}

/// A link-local address of this machine, and its network, as Linux lists them.
fn link_local() -> Result<Option<(String, String)>> {
    let listed = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let Some(line) = listed.lines().find(|line| line.starts_with("fe80")) else { return Ok(None) };
    let (digits, name) = (line.get(..32).context("an address")?, line.split_whitespace().last().context("a name")?);
    let groups: Vec<&str> = (0..32).step_by(4).filter_map(|at| digits.get(at..at + 4)).collect();
    let address: std::net::Ipv6Addr = groups.join(":").parse()?;
    Ok(Some((address.to_string(), name.to_owned())))
}

#[trial(on = by(Program::Runner))]
fn directory_in_place_of_a_file_names_mirror(place: &Place) -> Result<()> {
    place.write_there("folder/file", b"contents")?;
    std::fs::create_dir(place.here.path().join("here"))?;
    place.write_here("file", b"contents")?;
    for (arguments, code, told) in [
        (&["get", &place.url("folder")][..], 8, "`mirror`"),
        (&["cat", &place.url("folder")], 8, "`mirror`"),
        (&["rm", &place.url("folder")], 8, "rm -r"),
        (&["put", "here", &place.url("")], 10, "`mirror`"),
        (&["put", "file", &place.url("folder")], 8, "ends in /"),
    ] {
        assert_tells(&place.run(arguments)?, code, &["it is a directory", told]);
    }
    assert_tells(&place.run(&["get", &place.url("missing")])?, 7, &["550"]);
    Ok(())
}

/// No FEAT, no NLST: what nobody asked for, or what was refused for another reason, is no "no".
#[trial(needs = Kind::PyFtpd.installed())]
async fn probe_reports_what_it_tried() -> Result<()> {
    let listing = |script: Script| script.passive().on("NLST", "502 no").passive().on("LIST", "550 empty");
    let script = Script::logged_in().strict().on("SYST", "502 no").on("PWD", "257 \"/\"").on("FEAT", "502 no");
    let script = listing(listing(script.on("TYPE", "200 yes")));
    let script = script.on("PORT", "500 no").on("PORT", "500 no").on("QUIT", "221 bye");
    let output = script.play(async |peer| probe(peer)).await?;
    let told = String::from_utf8_lossy(&output.stdout);
    for row in ["system", "sizes", "resumed transfers", "checksums", "features", "passive mode", "active mode"] {
        let line =
            told.lines().find(|line| line.starts_with(row)).with_context(|| format!("no {row} in {output:?}"))?;
        assert!(line.contains("cannot tell"), "{line}");
    }
    Ok(())
}

/// A server that reports its features, and has none.
#[trial]
async fn probe_of_a_server_without_features_says_so() -> Result<()> {
    let script = Script::logged_in().on("SYST", "215 UNIX").on("PWD", "257 \"/\"").on("FEAT", "211 none");
    let script = script.download("NLST", "").download("NLST", "");
    let script = script.on("PORT", "500 no").on("PORT", "500 no").on("QUIT", "221 bye");
    let output = script.play(async |peer| probe(peer)).await?;
    let told = String::from_utf8_lossy(&output.stdout);
    for (row, said) in [("sizes", "not announced"), ("checksums", "not announced"), ("features", "none")] {
        let line =
            told.lines().find(|line| line.starts_with(row)).with_context(|| format!("no {row} in {output:?}"))?;
        assert!(line.ends_with(said), "{line}");
    }
    Ok(())
}

fn probe(peer: &Peer) -> Result<Output> {
    run(&["probe", &format!("ftp://user@{}/", peer.address())])
}
