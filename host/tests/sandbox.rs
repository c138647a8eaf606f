//! Each connector is a sandbox: what it reaches, what stops it, and what is left when it ends.

use std::net::SocketAddr;
use std::time::Duration;

use ftp_host::{
    Connector, Cryptography, Error, FailureKind, FtpError, Host, Options, Policy, Representation, Settings,
};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The longest that a test waits for what must happen.
const LIMIT: Duration = Duration::from_secs(60);

async fn connector(host: &Host) -> Connector {
    host.connector(Policy::default().allow_loopback(), Settings::default()).await.unwrap()
}

fn options(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    change(&mut options);
    options
}

async fn listener() -> (TcpListener, String, Option<u16>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address.ip().to_string(), Some(address.port()))
}

/// An address at which nothing listens.
async fn unused() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Whatever still comes, until the other side has closed.
async fn end_of(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    tokio::time::timeout(LIMIT, stream.read_to_end(&mut rest)).await.expect("the connection is closed").ok();
    rest
}

#[tokio::test]
async fn the_default_policy_does_not_reach_this_machine() {
    let (listener, _, port) = listener().await;
    let host = Host::new().unwrap();

    for name in ["127.0.0.1", "localhost", "::1", "[::1]"] {
        let error = host.connect(name, port).await.err();
        assert!(
            matches!(error, Some(Error::Ftp(FtpError::Failed { kind: FailureKind::AccessDenied, .. }))),
            "{name}: {error:?}"
        );
    }
    drop(listener);
}

#[tokio::test]
async fn dropping_a_call_closes_its_sockets_and_its_connector() {
    let (listener, name, port) = listener().await;
    let host = Host::new().unwrap();
    let connector = connector(&host).await;

    let mut peer = tokio::select! {
        _ = connector.connect(&name, port) => panic!("no greeting was sent"),
        accepted = listener.accept() => accepted.unwrap().0,
    };

    assert_eq!(end_of(&mut peer).await, b"");
    assert_eq!(connector.connect(&name, port).await.err(), Some(Error::Ftp(FtpError::closed())));
    assert_eq!(connector.memory(), 0);
}

#[tokio::test]
async fn a_call_that_waits_its_turn_may_be_dropped_without_harm() {
    let (listener, name, port) = listener().await;
    let host = Host::new().unwrap();
    let connector = connector(&host).await;

    let (session, ()) = tokio::join!(connector.connect(&name, port), async {
        let (mut peer, _) = listener.accept().await.unwrap();
        let second = connector.connect(&name, port);
        assert!(tokio::time::timeout(Duration::ZERO, second).await.is_err());
        peer.write_all(b"220 ready\r\n").await.unwrap();
        tokio::spawn(async move { end_of(&mut peer).await });
    });

    assert_eq!(session.unwrap().welcome().await.unwrap().code, 220);
}

#[tokio::test]
async fn dropping_a_session_closes_its_connection_only() {
    let (listener, name, port) = listener().await;
    let host = Host::new().unwrap();
    let connector = connector(&host).await;
    let greet = async || {
        let (mut peer, _) = listener.accept().await.unwrap();
        peer.write_all(b"220 ready\r\n").await.unwrap();
        peer
    };

    let (first, mut first_peer) = tokio::join!(connector.connect(&name, port), greet());
    let (second, _second_peer) = tokio::join!(connector.connect(&name, port), greet());
    let (first, mut second) = (first.unwrap(), second.unwrap());
    drop(first);

    assert_eq!(end_of(&mut first_peer).await, b"");
    assert_eq!(second.welcome().await.unwrap().code, 220);
    assert!(second.memory() > 0);
}

#[tokio::test]
async fn dropping_the_last_handle_closes_everything() {
    let (listener, name, port) = listener().await;
    let host = Host::new().unwrap();
    let connector = connector(&host).await;
    let (session, mut peer) = tokio::join!(connector.connect(&name, port), async {
        let (mut peer, _) = listener.accept().await.unwrap();
        peer.write_all(b"220 ready\r\n").await.unwrap();
        peer
    });

    drop(connector);
    drop(session);

    assert_eq!(end_of(&mut peer).await, b"");
}

/// The peer's side of a login and of the transfer that follows, up to the reply that opens it.
async fn open_transfer(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let data = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let passive = format!("229 here (|||{}|)\r\n", data.local_addr().unwrap().port());
    let (peer, _) = listener.accept().await.unwrap();
    let mut peer = tokio::io::BufStream::new(peer);
    let mut reply = "220 ready\r\n".to_owned();
    loop {
        peer.write_all(reply.as_bytes()).await.unwrap();
        peer.flush().await.unwrap();
        let mut line = String::new();
        peer.read_line(&mut line).await.unwrap();
        reply = match line.split_whitespace().next().unwrap() {
            "TYPE" => "200 yes\r\n".into(),
            "EPSV" => passive.clone(),
            "RETR" => break,
            _ => "502 no\r\n".into(),
        };
    }
    let (connection, _) = data.accept().await.unwrap();
    peer.write_all(b"150 here it comes\r\n").await.unwrap();
    peer.flush().await.unwrap();
    (peer.into_inner(), connection)
}

#[tokio::test]
async fn dropping_a_copy_that_waits_for_its_writer_ends_the_download_only() {
    let (listener, name, port) = listener().await;
    let host = Host::new().unwrap();
    let connector = connector(&host).await;
    let client = async {
        let mut session = connector.connect(&name, port).await.unwrap();
        let download = session.retrieve("file", Representation::Image, 0).await.unwrap();
        (session, download)
    };
    let ((mut session, mut download), (_peer, mut data)) = tokio::join!(client, open_transfer(&listener));
    data.write_all(&[0; 1000]).await.unwrap();

    let (mut full, mut reader) = tokio::io::duplex(100);
    tokio::select! {
        _ = download.copy_to(&mut full) => panic!("nobody reads the rest"),
        read = reader.read_u8() => assert_eq!(read.unwrap(), 0),
    }

    assert_eq!(end_of(&mut data).await, b"");
    assert_eq!(download.read().await, Err(Error::Ftp(FtpError::closed())));
    assert_eq!(session.welcome().await.unwrap().code, 220);
}

#[tokio::test]
async fn futures_may_move_between_threads() {
    let (listener, name, port) = listener().await;
    let host = Host::new().unwrap();
    let policy = Policy::default().allow_loopback();
    // As long as they can be: no limit overflows.
    let settings = Settings {
        connect_timeout: Some(Duration::MAX),
        reply_timeout: Some(Duration::MAX),
        idle_timeout: Some(Duration::MAX),
        total_timeout: Some(Duration::MAX),
        ..Settings::default()
    };
    let client = tokio::spawn(async move {
        let connector = host.connector(policy, settings).await.unwrap();
        let mut session = connector.connect(&name, port).await.unwrap();
        let mut download = session.retrieve("file", Representation::Image, 0).await.unwrap();
        download.read().await
    });
    let (_peer, mut data) = open_transfer(&listener).await;
    data.write_all(b"bytes").await.unwrap();

    assert_eq!(client.await.unwrap().unwrap().unwrap(), b"bytes");
}

#[tokio::test]
async fn a_guest_out_of_memory_fails_alone() {
    let host = Host::with_options(options(|options| options.memory = 8 << 20)).unwrap();
    let (first, second) = (connector(&host).await, connector(&host).await);
    assert!((1..8 << 20).contains(&first.memory()));

    let error = first.connect(&"x".repeat(16 << 20), None).await.err();

    assert_eq!(error, Some(Error::Trapped(format!("it needed more than {} bytes of memory", 8 << 20))));
    assert_eq!(first.connect("127.0.0.1", None).await.err(), Some(Error::Ftp(FtpError::closed())));
    assert_eq!(first.memory(), 0);
    let nobody = unused().await;
    let error = second.connect(&nobody.ip().to_string(), Some(nobody.port())).await.err();
    assert!(
        matches!(error, Some(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionRefused, .. }))),
        "{error:?}"
    );
}

#[tokio::test]
async fn there_are_as_many_connectors_as_were_asked_for() {
    let host = Host::with_options(options(|options| options.sessions = 2)).unwrap();
    let (_first, second) = (connector(&host).await, connector(&host).await);

    let error = host.connector(Policy::default(), Settings::default()).await.err();
    assert_eq!(error, Some(Error::Host("2 connectors are open already".into())));

    drop(second);
    connector(&host).await;
}

#[tokio::test]
async fn what_cannot_be_reserved_is_taken_when_it_is_needed() {
    let host = Host::with_options(options(|options| options.sessions = u32::MAX)).unwrap();
    assert!(connector(&host).await.memory() > 0);

    let nobody = Host::with_options(options(|options| options.sessions = 0)).unwrap();
    assert!(nobody.connect("127.0.0.1", None).await.is_err());
}

#[tokio::test]
async fn a_host_may_go_before_its_connectors() {
    let (listener, name, port) = listener().await;
    let connector = connector(&Host::new().unwrap()).await;

    let (session, _peer) = tokio::join!(connector.connect(&name, port), async {
        let (mut peer, _) = listener.accept().await.unwrap();
        peer.write_all(b"220 ready\r\n").await.unwrap();
        peer
    });

    assert_eq!(session.unwrap().welcome().await.unwrap().lines, ["ready"]);
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused() {
    let settings = Settings {
        data_mode: ftp_host::DataMode::Active(ftp_host::Active { ports: Some((2, 1)), announced: None }),
        ..Settings::default()
    };
    let error = Host::new().unwrap().connector(Policy::default(), settings).await.err();

    assert!(
        matches!(error, Some(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))),
        "{error:?}"
    );
}

/// A server in active mode: it takes the address that `PORT` names, and connects there.
async fn serve_actively(listener: &TcpListener) -> SocketAddr {
    let (peer, _) = listener.accept().await.unwrap();
    let mut peer = tokio::io::BufStream::new(peer);
    let mut reply = "220 ready\r\n";
    let mut address = None;
    loop {
        peer.write_all(reply.as_bytes()).await.unwrap();
        peer.flush().await.unwrap();
        let mut line = String::new();
        if peer.read_line(&mut line).await.unwrap() == 0 {
            panic!("no transfer: {address:?}");
        }
        reply = match line.trim_end().split_once(' ').unwrap_or((line.trim_end(), "")) {
            ("TYPE", _) => "200 yes\r\n",
            ("PORT", numbers) => {
                let numbers: Vec<u8> = numbers.split(',').map(|number| number.parse().unwrap()).collect();
                let host: [u8; 4] = numbers[..4].try_into().unwrap();
                address = Some(SocketAddr::from((host, u16::from_be_bytes([numbers[4], numbers[5]]))));
                "200 yes\r\n"
            }
            ("RETR", _) => break,
            _ => "502 no\r\n",
        };
    }
    peer.write_all(b"150 here it comes\r\n").await.unwrap();
    peer.flush().await.unwrap();
    let mut data = TcpStream::connect(address.unwrap()).await.unwrap();
    data.write_all(b"bytes").await.unwrap();
    drop(data);
    peer.write_all(b"226 done\r\n").await.unwrap();
    peer.flush().await.unwrap();
    end_of(&mut peer.into_inner()).await;
    address.unwrap()
}

fn active(ports: Option<(u16, u16)>) -> Settings {
    let data_mode = ftp_host::DataMode::Active(ftp_host::Active { ports, announced: None });
    Settings { data_mode, ..Settings::default() }
}

#[tokio::test]
async fn active_mode_listens_at_the_address_of_the_control_connection() {
    let host = Host::new().unwrap();
    for ports in [None, Some((40000, 40999))] {
        let (listener, name, port) = listener().await;
        let connector = host.connector(Policy::default().allow_loopback(), active(ports)).await.unwrap();
        let client = async {
            let mut session = connector.connect(&name, port).await.unwrap();
            let mut download = session.retrieve("file", Representation::Image, 0).await.unwrap();
            download.read().await.unwrap()
        };
        let (bytes, address) = tokio::join!(client, serve_actively(&listener));

        assert_eq!(bytes.as_deref(), Some(&b"bytes"[..]));
        assert_eq!(address.ip(), listener.local_addr().unwrap().ip());
        assert!(ports.map_or(1024..=u16::MAX, |(first, last)| first..=last).contains(&address.port()), "{address}");
    }
}

#[tokio::test]
async fn ports_below_1024_are_not_listened_on() {
    let (listener, name, port) = listener().await;
    let host = Host::new().unwrap();
    let connector = host.connector(Policy::default().allow_loopback(), active(Some((900, 1023)))).await.unwrap();
    let client = async {
        let mut session = connector.connect(&name, port).await.unwrap();
        session.retrieve("file", Representation::Image, 0).await.err()
    };
    let serve = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        peer.write_all(b"220 ready\r\n").await.unwrap();
        let mut peer = tokio::io::BufStream::new(peer);
        peer.read_line(&mut String::new()).await.unwrap();
        peer.write_all(b"200 yes\r\n").await.unwrap();
        peer.flush().await.unwrap();
        end_of(&mut peer.into_inner()).await
    };
    let (error, said) = tokio::select! {
        error = client => (error, Vec::new()),
        said = serve => (None, said),
    };

    assert!(
        matches!(error, Some(Error::Ftp(FtpError::Failed { kind: FailureKind::AccessDenied, .. }))),
        "{error:?}, {:?}",
        String::from_utf8_lossy(&said)
    );
}

#[test]
fn the_component_imports_no_more_than_it_says() {
    for (component, crypto) in [(ftp_host::COMPONENT, Some("ftp:crypto/")), (ftp_host::IMPORTED_COMPONENT, None)] {
        let imported = |interface: &str| component.windows(interface.len()).any(|w| w == interface.as_bytes());

        assert!(imported("wasi:sockets/tcp@0.2"));
        let absent = ["wasi:filesystem/", "wasi:cli/", "wasi:random/insecure", "wasi:http/", "wasi:sockets/udp"];
        for absent in absent.into_iter().chain(crypto) {
            assert!(!imported(absent), "{absent}");
        }
    }
}

/// Where the processor has what the host's cryptography needs, both are tried; elsewhere the portable component runs.
#[tokio::test]
async fn a_host_reports_whose_cryptography_it_runs_and_the_portable_one_can_be_forced() {
    let host = |wanted| Host::with_options(options(|options| options.cryptography = wanted));
    let portable = host(Cryptography::Portable).unwrap();
    assert_eq!(portable.cryptography(), Cryptography::Portable);
    assert!(connector(&portable).await.memory() > 0);
    match host(Cryptography::Host) {
        Ok(host) => {
            assert_eq!(host.cryptography(), Cryptography::Host);
            assert_eq!(Host::new().unwrap().cryptography(), Cryptography::Host);
            assert!(connector(&host).await.memory() > 0);
        }
        Err(error) => {
            assert_eq!(error, Error::NoCryptography);
            assert_eq!(Host::new().unwrap().cryptography(), Cryptography::Portable);
        }
    }
}
