//! Transfers that take their time, with `NOOP`s beside them: each server answers them in its own way.

use std::time::Duration;

use anyhow::{Result, ensure};
use ftp_host::{Representation, Session, Settings};
use ftp_tests::client::{self, get, put};
use ftp_tests::payload::Payload;
use ftp_tests::servers::{Kind, Options, Server, Way, cases, plain_and_tls};
use ftp_tests::trial;

/// Bytes that the servers let through in a second.
const RATE: u64 = 10_000_000;

/// To it a transfer knows no command but ABOR. pyftpdlib and ProFTPD reply at once, vsftpd when the transfer is over.
const REFUSES_NOOP: Kind = Kind::PureFtpd;

/// More than what the buffers on the way hold, which may be 33 MB at the receiver.
const LARGE: u64 = 4 * RATE;

#[trial(on = cases(plain_and_tls(Kind::ALL)), covers("set-keepalive", "set-tcp-keepalive"))]
async fn slow_transfers_end_in_step(way: Way) -> Result<()> {
    let server = start(way)?;
    let contents = Payload::bytes(LARGE);
    let mut session = login(&server, way).await?;
    for round in 0..2 {
        let dislikes = way.kind == REFUSES_NOOP;
        put(&mut session, "large", &contents).await?;
        check_noops(&mut session, !dislikes || round == 0).await?;
        ensure!(get(&mut session, "large").await? == contents, "other bytes came");
        check_noops(&mut session, !dislikes).await?;
        ensure!(session.size("large").await? == LARGE, "another size");
        put(&mut session, "small", b"still here").await?;
        ensure!(get(&mut session, "small").await? == b"still here", "other bytes came");
    }
    session.quit().await?;
    Ok(())
}

#[trial(on = cases(plain_and_tls(Kind::ALL)), covers("set-keepalive"))]
async fn aborted_transfer_ends_in_step(way: Way) -> Result<()> {
    let server = start(way)?;
    std::fs::File::create(server.root().join("large"))?.set_len(10 * LARGE)?;
    std::fs::write(server.root().join("small"), b"still here")?;
    let mut session = login(&server, way).await?;
    for drops in [false, true] {
        let mut download = session.retrieve("large", Representation::Image, 0).await?;
        let mut count = 0;
        while count < RATE {
            count += download.read().await?.map_or(0, |piece| piece.len() as u64);
        }
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

/// Whether some were sent in the last transfer.
async fn check_noops(session: &mut Session, expected: bool) -> Result<()> {
    let transcript = session.transcript().await?;
    let sent = transcript.iter().any(|line| line.starts_with("* NOOP was sent"));
    ensure!(sent == expected, "{transcript:?}");
    Ok(())
}

fn start(way: Way) -> Result<Server> {
    let extra: &[&str] = match way.kind {
        Kind::PyFtpd => &["--rate", "10000000"],
        Kind::Vsftpd => &["local_max_rate=10000000"],
        Kind::ProFtpd => &["TransferRate RETR,STOR 10000"],
        Kind::PureFtpd => &["-T", "10000"],
    };
    let extra = extra.iter().map(|word| (*word).to_owned()).collect();
    Server::start(way.kind, Options { extra, ..way.options() })
}

async fn login(server: &Server, way: Way) -> Result<Session> {
    let settings = Settings {
        keepalive: Some(Duration::from_millis(100)),
        tcp_keepalive: Some(Duration::from_secs(60)),
        ..client::settings()
    };
    Ok(client::login_with(server.address(), way.settings(settings)?).await?)
}
