//! Data connections that are asked for together with the transfer before.

use anyhow::{Context as _, Result, bail, ensure};
use ftp_host::{Error, FailureKind, FtpError, Representation, Session, Settings};
use ftp_tests::client::{self, get, put, refusal};
use ftp_tests::payload::Payload;
use ftp_tests::servers::{Kind, Server, Way, cases, plain_and_tls};
use ftp_tests::trial;

/// The servers that answer commands ahead of a transfer's end.
const PIPELINING: [Kind; 3] = [Kind::Vsftpd, Kind::ProFtpd, Kind::PureFtpd];

/// More than what the buffers on the way hold.
const LARGE: u64 = 32_000_000;

#[trial(on = cases(plain_and_tls(PIPELINING)), covers("set-pipelining"))]
async fn transfers_stay_in_step(way: Way) -> Result<()> {
    let server = Server::start(way.kind, way.options())?;
    let mut session = login(&server, way).await?;
    for round in 0..20u64 {
        let contents = Payload::bytes(round * 1000);
        put(&mut session, "file", &contents).await?;
        ensure!(refusal(get(&mut session, "missing").await) == 550, "another refusal");
        ensure!(get(&mut session, "file").await? == contents, "other bytes came");
        ensure!(session.size("file").await? == round * 1000, "another size");
        ensure!(session.entries(None).await?.len() == 1, "another listing");
    }
    let transcript = session.transcript().await?;
    let sent: Vec<&str> = transcript.iter().filter_map(|line| line.strip_prefix("> ")).collect();
    let first = sent.iter().position(|line| *line == "EPSV").context("it is passive")?;
    let is_transfer = |line: &str| ["STOR", "RETR", "MLSD", "LIST"].iter().any(|verb| line.starts_with(verb));
    let follows = |(number, _): (usize, &&str)| is_transfer(sent[number - 1]);
    let mut questions = sent.iter().enumerate().filter(|(number, line)| *number > first && **line == "EPSV");
    ensure!(questions.clone().count() == 80 && questions.all(follows), "{sent:?}");
    session.quit().await?;
    Ok(())
}

#[trial(on = cases(plain_and_tls(PIPELINING)), covers("set-pipelining"))]
async fn transfers_that_end_early_stay_in_step(way: Way) -> Result<()> {
    let server = Server::start(way.kind, way.options())?;
    std::fs::write(server.root().join("large"), Payload::bytes(LARGE))?;
    std::fs::write(server.root().join("small"), b"still here")?;
    let mut session = login(&server, way).await?;
    for drops in [false, true, false, true] {
        let mut download = session.retrieve("large", Representation::Image, 0).await?;
        download.read().await?.context("it has begun")?;
        match drops {
            true => drop(download),
            false => drop(download.abort().await?),
        }
        ensure!(get(&mut session, "small").await? == b"still here", "other bytes came");
        ensure!(session.size("small").await? == 10, "another size");
    }
    session.quit().await?;
    Ok(())
}

/// It answers `EPSV` at once, and closes the data connection that it has, be it in its handshake.
#[trial(on = cases(plain_and_tls([Kind::PyFtpd])), covers("set-pipelining"))]
async fn transfer_that_it_gives_up_is_no_success(way: Way) -> Result<()> {
    let server = Server::start(way.kind, way.options())?;
    std::fs::write(server.root().join("large"), Payload::bytes(LARGE))?;
    let mut session = login(&server, way).await?;
    match get(&mut session, "large").await {
        // The end of the data may be seen before the reply is.
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol | FailureKind::ConnectionLost, .. })) => {}
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Tls, .. })) if way.is_encrypted() => {}
        Err(other) => bail!("another error: {other:?}"),
        Ok(contents) => bail!("{} bytes came", contents.len()),
    }
    ensure!(session.noop().await.is_err(), "the session goes on");
    Ok(())
}

async fn login(server: &Server, way: Way) -> Result<Session> {
    let settings = Settings { pipelining: true, ..client::settings() };
    Ok(client::login_with(server.address(), way.settings(settings)?).await?)
}
