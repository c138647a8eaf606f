//! Servers behind real proxies, and the proxies' refusals.

use std::process::ExitCode;

use anyhow::Result;
use ftp_host::{Active, DataMode, Error, FailureKind, FtpError, Host, Policy, Session, Settings};
use ftp_tests::client::{self, get, put};
use ftp_tests::embedded::Embedded;
use ftp_tests::matrix::{FEW_SMALL_FILES, Place, TASKS, Task};
use ftp_tests::proxies::{Kind, PASSWORD, Proxy, USER};
use ftp_tests::servers::{self, Security, Way};
use ftp_tests::suite::{self, Case};
use ftp_tests::trial;

/// What is tried behind each proxy in each way of talking to a server, besides [`FEW_SMALL_FILES`], and in one way with
/// a hundred of them. These proxies gather small packets (RFC 896): the last reply of each transfer waits until the one
/// before it is acknowledged, 40 ms later.
const TRIED: [&str; 3] = ["list", "get", "put"];

fn main() -> ExitCode {
    suite::run()
}

fn tasks(names: &[&str]) -> impl Iterator<Item = Task> {
    TASKS.into_iter().filter(|(name, _)| names.contains(name))
}

/// A proxy, with or without a login, and what is tried behind it.
type Tried = (Kind, bool, Way, Task);

fn each_task() -> Vec<Case<Tried>> {
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        for way in servers::Kind::ALL.into_iter().flat_map(Way::all) {
            if way.security != Security::Implicit || way.kind == servers::Kind::Vsftpd {
                cases.extend(tasks(&TRIED).chain([FEW_SMALL_FILES]).map(|task| case((kind, true, way, task))));
            }
        }
        let way = Way::plain(servers::Kind::PyFtpd);
        cases.extend(tasks(&TRIED).chain(tasks(&["100 small files"])).map(|task| case((kind, false, way, task))));
    }
    cases
}

fn case(tried: Tried) -> Case<Tried> {
    let (kind, login, way, (name, _)) = tried;
    let password = if login { "-password" } else { "" };
    let requirement = kind.installed().and(way.installed());
    Case::new(format!("{}{password}::{}", kind.name(), way.name()), requirement, move || Ok(tried))
        .named(name.replace(' ', "_"))
}

#[trial(on = each_task())]
async fn works(tried: Tried) -> Result<()> {
    let (kind, login, way, (_, task)) = tried;
    task(Place::start_behind(way, Proxy::start(kind, login)?)?).await
}

fn settings(proxy: ftp_host::Proxy) -> Settings {
    Settings { proxy: Some(proxy), ..client::settings() }
}

async fn login(server: &Embedded, proxy: ftp_host::Proxy) -> Result<Session, Error> {
    client::login_with(server.address(), settings(proxy)).await
}

#[trial(covers("set-proxy"))]
async fn wrong_password_is_access_denied(kind: Kind) -> Result<()> {
    let (server, proxy) = (Embedded::start()?, Proxy::start(kind, true)?);
    for credentials in [(USER, "wrong"), ("wrong", PASSWORD), (USER, "")] {
        let denied = login(&server, proxy.settings_as(Some(credentials))).await;
        assert_denied(denied);
    }
    Ok(())
}

#[trial]
async fn missing_login_is_access_denied(kind: Kind) -> Result<()> {
    let (server, proxy) = (Embedded::start()?, Proxy::start(kind, true)?);
    assert_denied(login(&server, proxy.settings_as(None)).await);
    Ok(())
}

#[trial]
async fn login_that_nobody_asks_for_does_no_harm(kind: Kind) -> Result<()> {
    let (server, proxy) = (Embedded::start()?, Proxy::start(kind, false)?);
    let mut session = login(&server, proxy.settings_as(Some((USER, PASSWORD)))).await?;
    round_trip(&mut session).await?;
    let transcript = session.transcript().await?.join("\n");
    assert!(transcript.contains("* through the proxy 127.0.0.1:") && !transcript.contains(PASSWORD), "{transcript}");
    Ok(())
}

#[trial(covers("set-proxy"))]
async fn name_is_looked_up_by_the_proxy(kind: Kind) -> Result<()> {
    let (server, proxy) = (Embedded::start()?, Proxy::start(kind, true)?);
    let connector = client::connector(settings(proxy.settings())).await?;
    // The sandbox may look no name up.
    let mut session = connector.connect("localhost", Some(server.address().port())).await?;
    session.login("user", "12345", None).await?;
    round_trip(&mut session).await
}

#[trial]
async fn name_that_the_proxy_does_not_find(kind: Kind) -> Result<()> {
    let proxy = Proxy::start(kind, true)?;
    let connector = client::connector(settings(proxy.settings())).await?;
    match connector.connect("no-such-host.invalid", None).await {
        Err(Error::Ftp(FtpError::Failed {
            kind: FailureKind::NameUnresolvable | FailureKind::ConnectionRefused,
            text,
            ..
        })) => {
            assert!(text.contains("proxy"), "{text}")
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("connected"),
    }
    Ok(())
}

#[trial]
async fn port_where_nobody_listens_is_connection_refused(kind: Kind) -> Result<()> {
    let proxy = Proxy::start(kind, true)?;
    let unused = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    assert_refused_by_the_way(client::connect_with(unused, settings(proxy.settings())).await);
    Ok(())
}

#[trial]
async fn proxy_that_is_not_there_is_connection_refused(kind: Kind) -> Result<()> {
    let server = Embedded::start()?;
    let unused = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    assert_refused_by_the_way(login(&server, kind.at(unused, None)).await);
    Ok(())
}

#[trial(covers("set-proxy"))]
async fn active_mode_is_unsupported(kind: Kind) -> Result<()> {
    let (server, proxy) = (Embedded::start()?, Proxy::start(kind, false)?);
    let active = DataMode::Active(Active { ports: None, announced: None });
    let settings = Settings { data_mode: active.clone(), ..settings(proxy.settings()) };
    let refused = client::connect_with(server.address(), settings).await;
    assert!(
        matches!(refused, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Unsupported, .. }))),
        "{:?}",
        refused.err()
    );
    let mut session = login(&server, proxy.settings()).await?;
    let refused = session.set_data_mode(&active).await;
    assert!(matches!(refused, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Unsupported, .. }))), "{refused:?}");
    round_trip(&mut session).await
}

/// Which denies this one, on the loopback interface, before anything is sent.
#[trial]
async fn policy_decides_about_the_proxy(kind: Kind) -> Result<()> {
    let proxy = Proxy::start(kind, false)?;
    let connector = Host::new()?.connector(Policy::default(), settings(proxy.settings())).await?;
    let denied = connector.connect("ftp.example.com", None).await;
    assert!(
        matches!(denied, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::AccessDenied, .. }))),
        "{:?}",
        denied.err()
    );
    Ok(())
}

/// A connection to the server itself, for data or for anything, would be denied.
#[trial]
async fn policy_opens_no_data_port(kind: Kind) -> Result<()> {
    let (server, proxy) = (Embedded::start()?, Proxy::start(kind, false)?);
    let policy = Policy::default().allow_loopback().data_ports(1..=1);
    let connector = Host::new()?.connector(policy, settings(proxy.settings())).await?;
    let mut session = connector.connect("127.0.0.1", Some(server.address().port())).await?;
    session.login("user", "12345", None).await?;
    round_trip(&mut session).await
}

async fn round_trip(session: &mut Session) -> Result<()> {
    put(session, "file", b"contents").await?;
    assert_eq!(get(session, "file").await?, b"contents");
    Ok(())
}

#[track_caller]
fn assert_denied(result: Result<Session, Error>) {
    match result {
        Err(error @ Error::Ftp(FtpError::Failed { kind: FailureKind::AccessDenied, .. })) => {
            let text = format!("{error:?}");
            assert!(text.contains("proxy") && !text.contains(PASSWORD), "{text}");
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("connected"),
    }
}

#[track_caller]
fn assert_refused_by_the_way(result: Result<Session, Error>) {
    match result {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionRefused, text, .. })) => {
            assert!(text.contains("the proxy"), "{text}")
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("connected"),
    }
}
