//! What goes wrong with real servers, and the error that names it.

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, Representation, Settings};
use ftp_tests::client::{self, refusal};
use ftp_tests::pyftpd::{self, PyFtpd};
use ftp_tests::trial;

#[trial(covers("connect"))]
async fn unknown_host_is_name_unresolvable() -> Result<()> {
    let connected = client::connector(Settings::default()).await?.connect("no-such-host.invalid", None).await;
    match connected {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::NameUnresolvable, .. })) => Ok(()),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("connected"),
    }
}

#[trial(covers("connect"))]
async fn port_where_nobody_listens_is_connection_refused() -> Result<()> {
    let unused = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    match client::connect(unused).await {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionRefused, .. })) => Ok(()),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("connected"),
    }
}

#[trial]
async fn empty_host_is_an_invalid_argument() -> Result<()> {
    let connected = client::connector(Settings::default()).await?.connect("", None).await;
    assert!(matches!(connected, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))));
    Ok(())
}

#[trial]
async fn port_0_is_an_invalid_argument() -> Result<()> {
    let connected = client::connector(Settings::default()).await?.connect("127.0.0.1", Some(0)).await;
    assert!(matches!(connected, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))));
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("quit"))]
async fn one_connection_too_many_is_transient_421() -> Result<()> {
    let server = PyFtpd::start(&["--max-connections", "1"])?;
    let mut first = client::login(server.address()).await?;
    assert_eq!(refusal(client::connect(server.address()).await), 421);
    assert_eq!(first.noop().await?.code, 200);
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("quit"))]
async fn idle_session_ends_with_transient_421() -> Result<()> {
    let server = PyFtpd::start(&["--timeout", "0.3"])?;
    let mut session = client::login(server.address()).await?;
    server.wait_for("idle timeout")?;
    assert_eq!(refusal(session.noop().await), 421);
    assert_closed(session.noop().await);
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn too_many_wrong_passwords_close_the_session() -> Result<()> {
    let server = PyFtpd::start(&["--max-logins", "2"])?;
    let mut session = client::connect(server.address()).await?;
    assert_eq!(refusal(session.login("user", "wrong", None).await), 530);
    assert_eq!(refusal(session.login("user", "wrong", None).await), 530);
    assert_lost(session.login("user", "12345", None).await);
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn server_killed_between_commands_is_connection_lost() -> Result<()> {
    let mut server = PyFtpd::start(&[])?;
    let mut session = client::login(server.address()).await?;
    server.kill()?;
    assert_lost(session.noop().await);
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("quit"))]
async fn server_killed_in_a_download_is_connection_lost() -> Result<()> {
    let mut server = PyFtpd::start(&[])?;
    std::fs::File::create(server.root().join("long"))?.set_len(64 << 20)?;
    let mut session = client::login(server.address()).await?;
    let mut download = session.retrieve("long", Representation::Image, 0).await?;
    download.read().await?;
    server.kill()?;
    while let Ok(Some(_)) = download.read().await {}
    assert_lost(download.finish().await);
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn server_killed_in_an_upload_is_connection_lost() -> Result<()> {
    let mut server = PyFtpd::start(&[])?;
    let mut session = client::login(server.address()).await?;
    let mut upload = session.store("long", Representation::Image, 0).await?;
    upload.write(b"the beginning").await?;
    server.kill()?;
    while upload.write(&[0; 65_536]).await.is_ok() {}
    assert_lost(upload.finish().await);
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("quit"))]
async fn everything_after_the_end_is_closed() -> Result<()> {
    let mut server = PyFtpd::start(&[])?;
    let mut session = client::login(server.address()).await?;
    server.kill()?;
    assert_lost(session.noop().await);
    assert_closed(session.noop().await);
    assert_closed(session.names(None).await);
    assert_closed(session.retrieve("file", Representation::Image, 0).await);
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("retrieve"))]
async fn offset_behind_the_end_is_refused() -> Result<()> {
    let server = PyFtpd::start(&[])?;
    std::fs::write(server.root().join("file"), b"short")?;
    let mut session = client::login(server.address()).await?;
    assert_eq!(refusal(session.retrieve("file", Representation::Image, 1000).await), 554);
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn transfer_before_the_login_is_refused() -> Result<()> {
    let server = PyFtpd::start(&[])?;
    let mut session = client::connect(server.address()).await?;
    assert_eq!(refusal(session.retrieve("file", Representation::Image, 0).await), 530);
    assert_eq!(session.login("user", "12345", None).await?.code, 230);
    Ok(())
}

#[track_caller]
fn assert_lost<T>(result: Result<T, Error>) {
    match result {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionLost, .. })) => {}
        Err(other) => panic!("not lost, but {other:?}"),
        Ok(_) => panic!("not lost"),
    }
}

#[track_caller]
fn assert_closed<T>(result: Result<T, Error>) {
    match result {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. })) => {}
        Err(other) => panic!("not closed, but {other:?}"),
        Ok(_) => panic!("not closed"),
    }
}
