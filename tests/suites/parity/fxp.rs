//! Copies from one server to another.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use ftp_host::{Connector, Error, FailureKind, FtpError, Representation, Session};
use ftp_tests::client;
use ftp_tests::payload::Payload;
use ftp_tests::pyftpd::{self, PyFtpd};
use ftp_tests::servers::{Kind, Options, Server};
use ftp_tests::suite::Case;
use ftp_tests::trial;

/// Bytes of a file that takes a while.
const LARGE: u64 = 8 << 20;

/// Each server as the source and as the target.
fn pairs() -> Vec<Case<(Kind, Kind)>> {
    let pairs = Kind::ALL.into_iter().flat_map(|source| Kind::ALL.map(|target| (source, target)));
    let case = |(source, target): (Kind, Kind)| {
        let installed = source.installed().and(target.installed());
        Case::new(format!("{}_to_{}", source.name(), target.name()), installed, move || Ok((source, target)))
    };
    pairs.map(case).collect()
}

#[trial(on = pairs())]
async fn file_is_copied(pair: (Kind, Kind)) -> Result<()> {
    let (source, target) = pair;
    let source = Server::start(source, options(source))?;
    let target = Server::start(target, options(target))?;
    let contents = Payload::bytes(LARGE);
    std::fs::write(source.root().join("a file"), &contents)?;
    let connector = client::connector(client::settings()).await?;
    let mut from = login(&connector, source.address()).await?;
    let mut to = login(&connector, target.address()).await?;
    let copied = from.copy_to("a file", &mut to, "its copy", Representation::Image).await?;
    assert_eq!((copied.source.code, copied.target.code), (226, 226));
    assert_eq!(copied.verified, ftp_host::Verification::Size);
    assert!(std::fs::read(target.root().join("its copy"))? == contents);
    from.noop().await?;
    to.noop().await?;
    Ok(())
}

/// What makes them connect to anybody.
fn options(kind: Kind) -> Options {
    let extra: &[&str] = match kind {
        Kind::PyFtpd => &["--permit-foreign"],
        Kind::Vsftpd => &["port_promiscuous=YES", "pasv_promiscuous=YES"],
        Kind::ProFtpd => &["AllowForeignAddress on"],
        Kind::PureFtpd => &["--allowuserfxp"],
    };
    Options { extra: extra.iter().map(ToString::to_string).collect(), ..Options::default() }
}

async fn login(connector: &Connector, server: SocketAddr) -> Result<Session, Error> {
    let mut session = connector.connect(&server.ip().to_string(), Some(server.port())).await?;
    session.login("user", "12345", None).await?;
    Ok(session)
}

/// Two servers at two addresses, each started with these arguments, and a session with each.
async fn pair(arguments: [&[&str]; 2]) -> Result<[(PyFtpd, Session); 2]> {
    const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
    let source = PyFtpd::start(arguments[0])?;
    let target = PyFtpd::start(&[arguments[1], &["--host", "127.0.0.2"]].concat())?;
    let connector = client::connector(client::settings()).await?;
    let from = login(&connector, source.address()).await?;
    let to = login(&connector, (OTHER, target.address().port()).into()).await?;
    Ok([(source, from), (target, to)])
}

#[trial(needs = pyftpd::installed(), covers("copy-to"))]
async fn copy_at_another_address() -> Result<()> {
    let [(source, mut from), (target, mut to)] = pair([&["--permit-foreign"], &["--permit-foreign"]]).await?;
    std::fs::write(source.root().join("file"), b"contents")?;
    from.copy_to("file", &mut to, "copy", Representation::Image).await?;
    assert_eq!(std::fs::read(target.root().join("copy"))?, b"contents");
    let said = to.transcript().await?;
    assert!(said.iter().any(|line| line.starts_with("> PORT 127,0,0,1,")), "{said:?}");
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn copy_of_text_has_the_lines_of_the_target() -> Result<()> {
    let [(source, mut from), (target, mut to)] = pair([&["--permit-foreign"], &["--permit-foreign"]]).await?;
    std::fs::write(source.root().join("file"), b"one\ntwo\n")?;
    from.copy_to("file", &mut to, "copy", Representation::Ascii).await?;
    assert_eq!(std::fs::read(target.root().join("copy"))?, b"one\ntwo\n");
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("copy-to"))]
async fn copy_of_a_missing_file_makes_none() -> Result<()> {
    let [(_source, mut from), (target, mut to)] = pair([&["--permit-foreign"], &["--permit-foreign"]]).await?;
    let copied = from.copy_to("missing", &mut to, "copy", Representation::Image).await;
    assert_eq!(client::refusal(copied), 550);
    assert!(!target.root().join("copy").exists());
    client::put(&mut to, "other", b"contents").await?;
    from.noop().await?;
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn copy_that_the_target_refuses_leaves_both_usable() -> Result<()> {
    let arguments: [&[&str]; 2] = [&["--permit-foreign"], &["--permit-foreign", "--read-only"]];
    let [(source, mut from), (target, mut to)] = pair(arguments).await?;
    std::fs::write(source.root().join("file"), Payload::bytes(LARGE))?;
    std::fs::write(target.root().join("there"), b"contents")?;
    let copied = from.copy_to("file", &mut to, "copy", Representation::Image).await;
    assert_eq!(client::refusal(copied), 550);
    assert_eq!(client::get(&mut from, "file").await?.len() as u64, LARGE);
    assert_eq!(client::get(&mut to, "there").await?, b"contents");
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("copy-to"))]
async fn servers_that_do_not_permit_it_are_unsupported() -> Result<()> {
    let [(source, mut from), (target, mut to)] = pair([&[], &[]]).await?;
    std::fs::write(source.root().join("file"), b"contents")?;
    let copied = from.copy_to("file", &mut to, "copy", Representation::Image).await;
    assert!(matches!(copied, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Unsupported, .. }))), "{copied:?}");
    // The target was allowed to connect, and the source turned it away.
    assert_eq!(std::fs::read(target.root().join("copy"))?, b"");
    assert_eq!(client::get(&mut from, "file").await?, b"contents");
    let put = client::put(&mut to, "other", b"contents").await;
    assert!(put.is_ok(), "{put:?}, {:#?}", to.transcript().await?);
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn copy_needs_two_sessions_of_one_connector() -> Result<()> {
    let server = PyFtpd::start(&[])?;
    let (mut one, mut other) = (client::login(server.address()).await?, client::login(server.address()).await?);
    let copied = one.copy_to("a", &mut other, "b", Representation::Image).await;
    assert!(
        matches!(copied, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))),
        "{copied:?}"
    );
    one.noop().await?;
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn time_limit_of_a_copy_closes_both() -> Result<()> {
    let source = PyFtpd::start(&["--rate", "1000"])?;
    let target = PyFtpd::start(&[])?;
    std::fs::write(source.root().join("file"), Payload::bytes(LARGE))?;
    let settings = ftp_host::Settings { total_timeout: Some(client::SHORT * 3), ..client::settings() };
    let connector = client::connector(settings).await?;
    let mut from = login(&connector, source.address()).await?;
    let mut to = login(&connector, target.address()).await?;
    let copied = from.copy_to("file", &mut to, "copy", Representation::Image).await;
    assert!(matches!(copied, Err(Error::Ftp(FtpError::Timeout(ftp_host::Phase::Total)))), "{copied:?}");
    assert!(matches!(from.noop().await, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))));
    assert!(matches!(to.noop().await, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))));
    Ok(())
}
