//! How connections are made and kept: several addresses, closed ports, `NOOP`s in a transfer; against a scripted server.

mod support;

use ftp_client::{
    Active, Credentials, DataMode, Error, FailureKind, Network, Phase, Proxy, ProxyServer, RefusalKind,
    Representation::*, Session, Settings,
};
use ftp_testkit::{SERVER, Script, Scripted, Unmade, script};
use std::net::IpAddr;
use std::time::Duration;
use support::*;

const SECOND: Duration = Duration::from_secs(1);

// Several addresses (RFC 8305)

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn connect_to(script: Script) -> Scripted {
    let network = Scripted::new(script);
    let session = network.run(Session::connect(network.clone(), settings(), "ftp.example.com", 21)).unwrap();
    assert_eq!(network.open_sockets(), 1, "the others are dropped");
    drop(session);
    network
}

#[test]
fn attempts_begin_one_after_the_other_and_kinds_take_turns() {
    let addresses = ["2001:db8::1", "2001:db8::2", "192.0.2.8", "192.0.2.9"].map(address);
    let silent = [addresses[0], addresses[1], addresses[2]];
    let network = connect_to(hello().addresses(addresses).unreachable(silent));
    let expected = [addresses[0], addresses[2], addresses[1], addresses[3]];
    let expected: Vec<_> = expected.into_iter().zip([0, 250, 500, 750]).collect();
    let dialled: Vec<_> = network.dialled().iter().map(|(to, at)| (to.ip(), at.as_millis())).collect();
    assert_eq!(dialled, expected);
}

#[test]
fn earlier_attempt_still_wins_when_it_is_the_first_to_answer() {
    let (slow, silent) = (address("2001:db8::1"), address("192.0.2.8"));
    let late = Duration::from_millis(300);
    let network = connect_to(hello().addresses([slow, silent]).slow(slow, late).unreachable([silent]));
    assert_eq!((network.dialled().len(), network.now()), (2, late));
}

#[test]
fn refused_attempt_is_followed_by_the_next_at_once() {
    let (one, two) = (address("2001:db8::1"), address("192.0.2.8"));
    let network = connect_to(hello().addresses([one, two, SERVER]).refusing([one, two]));
    assert_eq!((network.dialled().len(), network.now()), (3, Duration::ZERO));
}

#[test]
fn refusal_is_the_answer_only_when_no_attempt_is_left() {
    let (refusing, slow) = (address("192.0.2.8"), address("2001:db8::1"));
    let script = hello().addresses([slow, refusing]).refusing([refusing]).slow(slow, SECOND);
    assert_eq!(connect_to(script).now(), SECOND);
    let all_refuse = connect(hello().addresses([slow, refusing]).refusing([slow, refusing]));
    assert!(matches!(all_refuse, Err(Error::Failed { kind: FailureKind::ConnectionRefused, .. })), "{all_refuse:?}");
}

// Passive ports that cannot be reached (RFC 2428)

fn pasv(script: Script) -> Script {
    script!(script; "C: PASV   S: 227 Entering (192,0,2,1,19,137)")
}

async fn get(session: &mut Client, name: &str) -> Result<Vec<u8>, Error> {
    let mut download = session.retrieve(name, Image, 0).await?;
    let bytes = read_all(&mut download).await?;
    download.finish(session).await?;
    Ok(bytes)
}

#[test]
fn pasv_is_tried_where_the_port_of_epsv_is_refused_and_then_stays() {
    let script = script!(pasv(image(hello())); "C: RETR a   S: 150 go\r\n226 done");
    let script = script!(pasv(script); "C: RETR b   S: 150 go\r\n226 done");
    let script = script!(script;
        "! make_no_data(Unmade::Refused)
         D> A   D! close
         D> B   D! close"
    );
    play(script, async |session| {
        assert_eq!(get(session, "a").await.unwrap(), b"A");
        assert_eq!(get(session, "b").await.unwrap(), b"B");
        let ports: Vec<_> = session.network().dialled().iter().map(|(to, _)| to.port()).collect();
        assert_eq!(ports, [21, 5000, 5001, 5001]);
    });
}

#[test]
fn silent_port_of_epsv_leaves_time_for_pasv() {
    let script = script!(pasv(image(hello())); "C: RETR a   S: 150 go\r\n226 done");
    let script = script!(script;
        "! make_no_data(Unmade::Silent)
         D> A   D! close"
    );
    let limited = Settings { connect_timeout: 30 * SECOND, ..settings() };
    play_with(limited, script, async |session| {
        assert_eq!(get(session, "a").await.unwrap(), b"A");
        assert_eq!(session.network().now(), 10 * SECOND);
    });
}

#[test]
fn both_ports_together_have_the_time_of_one() {
    let script = script!(pasv(image(hello()));
        "C: NOOP   S: 200 ok
         ! make_no_data(Unmade::Silent)
         ! make_no_data(Unmade::Silent)"
    );
    let limited = Settings { connect_timeout: 30 * SECOND, ..settings() };
    play_with(limited, script, async |session| {
        assert_eq!(get(session, "a").await, Err(Error::Timeout(Phase::DataConnection)));
        assert_eq!(session.network().now(), 30 * SECOND);
        session.noop().await.unwrap();
    });
}

#[test]
fn port_that_is_refused_is_the_error_where_there_is_no_pasv() {
    let script = script!(image(hello()); "C: PASV   S: 502 no");
    let script = script!(passive(script); "C: RETR a   S: 150 go\r\n226 done");
    play(
        script!(script;
            "! make_no_data(Unmade::Refused)
             D> A   D! close"
        ),
        async |session| {
            assert!(matches!(get(session, "a").await, Err(Error::Failed { kind: FailureKind::ConnectionRefused, .. })));
            assert_eq!(get(session, "a").await.unwrap(), b"A", "EPSV is asked for again");
        },
    );
}

#[test]
fn pasv_is_never_tried_over_ipv6() {
    let v6 = address("2001:db8::1");
    let script = script!(image(hello().addresses([v6]));
        "C: NOOP   S: 200 ok
         ! make_no_data(Unmade::Refused)"
    );
    play(script, async |session| {
        assert!(matches!(get(session, "a").await, Err(Error::Failed { kind: FailureKind::ConnectionRefused, .. })));
        session.noop().await.unwrap();
    });
}

// `NOOP`s in a transfer

fn lively() -> Settings {
    Settings { keepalive: Some(SECOND), ..settings() }
}

/// A download of three bytes that takes two and a half seconds, and two `NOOP`s.
fn slow_download(script: Script) -> Script {
    script!(script;
        "D> abc
         ! pause_data(Duration::from_millis(1250))
         D! close"
    )
}

fn slow(script: Script) -> Script {
    script!(image(script); "C: RETR a   S: 150 go")
}

async fn get_slowly(session: &mut Client) -> Result<u16, Error> {
    let mut download = session.retrieve("a", Image, 0).await?;
    let mut bytes = Vec::new();
    while download.read(&mut bytes, 1).await? > 0 {}
    assert_eq!(bytes, b"abc");
    Ok(download.finish(session).await?.reply.code)
}

/// After the transfer the session is in step.
fn in_step(script: Script) -> Script {
    slow_download(script!(script; "C: SYST   S: 215 UNIX"))
}

fn code_of(result: Result<u16, Error>) -> Option<u16> {
    result.err().and_then(|error| Some(error.refusal().filter(|(kind, _)| *kind == RefusalKind::Transient)?.1.code))
}

async fn get_and_go_on(session: &mut Client) {
    assert_eq!(get_slowly(session).await, Ok(226));
    assert_eq!(session.system().await.unwrap(), "UNIX");
}

fn noop(script: Script, reply: &str) -> Script {
    script!(script; "C: NOOP   S: {reply}")
}

#[test]
fn replies_before_the_verdict_are_paired_without_another_command() {
    let script = (0..3).fold(slow(hello()), |script, _| noop(script, "200 ok"));
    play_with(lively(), in_step(script!(script; "S: 226 done")), get_and_go_on);
}

#[test]
fn replies_after_the_verdict_are_read_up_to_a_fence() {
    let script = script!(slow(hello());
        "C: NOOP
         C: NOOP
         C: NOOP   S: 226 done"
    );
    let script = script!(script; "C: PWD   S: 200 ok\r\n200 ok\r\n200 ok\r\n257 \"/\"");
    play_with(lively(), in_step(script), get_and_go_on);
}

#[test]
fn replies_on_both_sides_of_the_verdict_are_paired() {
    let script = script!(noop(slow(hello()), "200 ok");
        "C: NOOP
         C: NOOP   S: 200 ok\r\n226 done"
    );
    let script = script!(script; "C: PWD   S: 200 ok\r\n257 \"/\"");
    play_with(lively(), in_step(script), get_and_go_on);
}

#[test]
fn replies_that_never_come_are_not_waited_for() {
    let script = script!(slow(hello());
        "C: NOOP
         C: NOOP
         C: NOOP   S: 226 done"
    );
    let script = script!(script; "C: PWD   S: 257 \"/\"");
    play_with(lively(), in_step(script), async |session| {
        get_and_go_on(session).await;
        assert!(session.network().now() < 5 * SECOND);
    });
}

#[test]
fn working_directory_that_is_gone_is_a_fence_too() {
    for reply in ["550 gone", "200 ok\r\n200 ok\r\n200 ok\r\n500 what?"] {
        let script = script!(slow(hello());
            "C: NOOP
             C: NOOP
             C: NOOP   S: 226 done"
        );
        let script = script!(script; "C: PWD   S: {reply}");
        play_with(lively(), in_step(script), get_and_go_on);
    }
}

#[test]
fn server_that_refuses_a_noop_gets_no_other_in_this_session() {
    for refusal in ["500 what?", "502 no", "503 not now", "530 no"] {
        let script = script!(noop(slow(hello()), refusal); "S: 226 done");
        let script = slow_download(script!(passive(script); "C: RETR a   S: 150 go\r\n226 done"));
        play_with(lively(), in_step(script), async |session| {
            assert_eq!(get_slowly(session).await, Ok(226), "{refusal}");
            get_and_go_on(session).await;
        });
    }
}

#[test]
fn verdict_that_comes_early_ends_the_noops() {
    let script = noop(slow(hello()), "200 ok\r\n226 done");
    play_with(lively(), in_step(script), get_and_go_on);
}

#[test]
fn bad_verdict_stays_bad() {
    let answered = script!(noop(noop(noop(slow(hello()), "200 ok"), "200 ok"), "200 ok"); "S: 426 broken");
    // A server that answers `NOOP` like the end of a transfer.
    let odd = script!(slow(hello());
        "C: NOOP   C: NOOP
         C: NOOP   S: 250 ok\r\n426 broken
         C: PWD    S: 257 \"/\""
    );
    for script in [answered, odd] {
        play_with(lively(), in_step(script), async |session| {
            assert_eq!(code_of(get_slowly(session).await), Some(426));
            assert_eq!(session.system().await.unwrap(), "UNIX");
        });
    }
}

#[test]
fn session_that_the_server_closes_in_a_transfer_is_closed() {
    let script = slow_download(script!(slow(hello()); "C: NOOP   S: 421 timeout"));
    play_with(lively(), script, async |session| {
        assert_eq!(code_of(get_slowly(session).await), Some(421));
        assert_eq!(session.noop().await, Err(Error::closed()));
    });
    let script = slow_download(script!(slow(hello()); "C: NOOP   S! close"));
    play_with(lively(), script, async |session| {
        assert!(matches!(get_slowly(session).await, Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })));
        assert_eq!(session.noop().await, Err(Error::closed()));
    });
}

#[test]
fn reply_too_many_is_no_verdict() {
    let script = script!(slow(hello());
        "C: NOOP
         C: NOOP
         C: NOOP"
    )
    .say("200 ok\r\n".repeat(4));
    play_with(lively(), slow_download(script), async |session| {
        assert!(matches!(get_slowly(session).await, Err(Error::Failed { kind: FailureKind::Protocol, .. })));
        assert_eq!(session.noop().await, Err(Error::closed()));
    });
}

#[test]
fn replies_without_an_end_close_the_session() {
    let script = script!(slow(hello());
        "C: NOOP
         C: NOOP
         C: NOOP   S: 226 done"
    );
    let script = slow_download(script!(script; "C: PWD").say("250 and on\r\n".repeat(100)));
    play_with(lively(), script, async |session| {
        assert!(matches!(get_slowly(session).await, Err(Error::Failed { kind: FailureKind::Protocol, .. })));
        assert_eq!(session.noop().await, Err(Error::closed()));
    });
}

#[test]
fn upload_keeps_the_session_alive_too() {
    let script = script!(image(hello()); "C: STOR a   S: 150 go");
    let script = script!(noop(noop(script, "200 ok"), "200 ok"); "S: 226 done");
    let script = script!(sized(script, "a", 3); "C: SYST   S: 215 UNIX");
    let script = script!(script;
        "! pause_data(Duration::from_millis(1100))
         ! take_data()"
    );
    play_with(lively(), script, async |session| {
        let mut upload = session.store("a", Image, 0).await.unwrap();
        for byte in [b"a", b"b", b"c"] {
            upload.write(byte).await.unwrap();
        }
        assert_eq!(upload.finish(session).await.unwrap().reply.code, 226);
        assert_eq!(session.system().await.unwrap(), "UNIX");
    });
}

#[test]
fn caller_that_pauses_between_reads_keeps_it_alive() {
    let script = script!(noop(slow(hello()), "200 ok");
        "S: 226 done
         D> abc   D! close"
    );
    play_with(lively(), script, async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        let mut bytes = Vec::new();
        download.read(&mut bytes, 1).await.unwrap();
        session.network().sleep(SECOND).await;
        while download.read(&mut bytes, 1).await.unwrap() > 0 {}
        assert_eq!(download.finish(session).await.unwrap().bytes, 3);
    });
}

#[test]
fn aborted_transfer_with_noops_is_in_step_again() {
    let replies = ["426 gone\r\n226 aborted\r\n", "200 ok\r\n426 gone\r\n226 aborted\r\n"];
    for (before, after) in replies.into_iter().zip(["200 ok\r\n", ""]) {
        let script = script!(slow(hello());
            "C: NOOP
             C: ABOR   S> {before}"
        );
        let script = match after {
            "" => script!(script; "C: NOOP   S: 200 fence"),
            late => script!(script; "C: PWD   S: {late}257 \"/\""),
        };
        play_with(lively(), in_step(script), async |session| {
            let mut download = session.retrieve("a", Image, 0).await.unwrap();
            download.read(&mut Vec::new(), 1).await.unwrap();
            download.read(&mut Vec::new(), 1).await.unwrap();
            assert_eq!(download.abort(session).await.unwrap().code, 226);
            assert_eq!(session.system().await.unwrap(), "UNIX");
        });
    }
}

#[test]
fn dropped_transfer_with_noops_is_in_step_again() {
    let script = script!(slow(hello());
        "C: NOOP   S: 426 gone
         C: PWD   S: 200 ok\r\n257 \"/\""
    );
    let script = script!(script; "C: NOOP   S: 200 fence");
    play_with(lively(), in_step(script), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        download.read(&mut Vec::new(), 1).await.unwrap();
        download.read(&mut Vec::new(), 1).await.unwrap();
        drop(download);
        assert_eq!(session.system().await.unwrap(), "UNIX");
    });
}

#[test]
fn session_that_is_dropped_in_a_transfer_closes_its_connection_at_once() {
    let network = Scripted::new(slow_download(slow(hello())));
    network.run(async {
        let mut session = Session::connect(network.clone(), lively(), "ftp.example.com", 21).await.unwrap();
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(network.open_sockets(), 2);
        drop(session);
        assert_eq!(network.open_sockets(), 1);
        assert_eq!(download.read(&mut Vec::new(), 1).await, Err(Error::closed()));
    });
    assert_eq!(network.open_sockets(), 0);
}

#[test]
fn read_that_is_dropped_leaves_the_session_in_step() {
    let script = script!(noop(slow(hello()), "200 ok");
        "S: 226 done
         C: SYST   S: 215 UNIX"
    );
    let script = script!(script;
        "D> abc
         ! pause_data(Duration::from_millis(600))
         D! close"
    );
    play_with(lively(), script, async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        let mut bytes = Vec::new();
        while bytes.len() < 3 {
            let network = session.network().clone();
            let brief = Duration::from_millis(50);
            let _ = ftp_client::timeout(&network, brief, Phase::Total, download.read(&mut bytes, 1)).await;
        }
        while download.read(&mut bytes, 1).await.unwrap() > 0 {}
        assert_eq!(download.finish(session).await.unwrap().bytes, 3);
        assert_eq!(session.system().await.unwrap(), "UNIX");
    });
}

#[test]
fn without_the_setting_nothing_is_sent_in_a_transfer() {
    let script = script!(slow(hello()); "S: 226 done");
    play(in_step(script), get_and_go_on);
}

#[test]
fn system_looks_after_each_connection() {
    let watched = Settings { tcp_keepalive: Some(60 * SECOND), ..settings() };
    play_with(watched, in_step(script!(slow(hello()); "S: 226 done")), async |session| {
        get_and_go_on(session).await;
        assert_eq!(session.network().keep_alives(), [60 * SECOND; 2]);
    });
}

// Proxies, before anything is sent

fn proxied() -> Settings {
    let credentials = Some(Credentials { user: "u".into(), password: "hunter2".into() });
    let server = ProxyServer { host: "proxy".into(), port: 1080, credentials };
    Settings { proxy: Some(Proxy::Socks5(server)), ..settings() }
}

fn refused(settings: Settings, host: &str) -> Error {
    let network = Scripted::new(hello());
    let result = network.run(Session::connect(network.clone(), settings, host, 21));
    assert!(network.dialled().is_empty(), "something was sent");
    result.err().unwrap()
}

#[test]
fn active_mode_through_a_proxy_is_unsupported() {
    let active = Settings { data_mode: DataMode::Active(Active::default()), ..proxied() };
    assert!(matches!(refused(active, "ftp.example.com"), Error::Failed { kind: FailureKind::Unsupported, .. }));
}

#[test]
fn name_that_a_proxy_cannot_look_up_is_refused() {
    assert!(matches!(refused(proxied(), "a/b@c:1"), Error::Failed { kind: FailureKind::InvalidArgument, .. }));
}

#[test]
fn debug_of_the_settings_has_no_password() {
    assert!(!format!("{:?}", proxied()).contains("hunter2"));
}

#[test]
fn silent_proxy_is_a_timeout_of_connecting() {
    let http = ProxyServer { host: "proxy".into(), port: 3128, credentials: None };
    let limited = Settings { proxy: Some(Proxy::HttpConnect(http)), connect_timeout: SECOND, ..settings() };
    let script = script!(
        "C: CONNECT ftp.example.com:21 HTTP/1.1
         C: Host: ftp.example.com:21"
    );
    let network = Scripted::new(script!(script; "C: "));
    let result = network.run(Session::connect(network.clone(), limited, "ftp.example.com", 21));
    assert_eq!(result.err(), Some(Error::Timeout(Phase::Connect)));
    assert_eq!((network.now(), network.open_sockets()), (SECOND, 0));
    network.finished();
}
