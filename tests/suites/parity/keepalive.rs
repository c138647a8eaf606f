//! Transfers that take their time, with `NOOP`s beside them: each server answers them in its own way.

use std::time::Duration;

use anyhow::{Result, ensure};
use ftp_host::{Representation, Session, Settings, TlsVersion};
use ftp_tests::client::{self, get, put};
use ftp_tests::payload::Payload;
use ftp_tests::servers::{Kind, Options, Security, Server, Way};
use ftp_tests::suite::Suite;

/// Bytes that the servers let through in a second.
const RATE: u64 = 400_000;

pub fn add(suite: &mut Suite) {
    for kind in Kind::ALL {
        for way in [Way::plain(kind), Way { kind, security: Security::Explicit, version: TlsVersion::Tls13 }] {
            let name = |trial| format!("{}-keepalive::{trial}", way.name());
            suite.trial_with(name("slow_transfers_end_in_step"), way.installed(), move || {
                slow_transfers_end_in_step(way)
            });
            suite.trial_with(name("aborted_transfer_ends_in_step"), way.installed(), move || {
                aborted_transfer_ends_in_step(way)
            });
        }
    }
}

async fn slow_transfers_end_in_step(way: Way) -> Result<()> {
    let server = start(way)?;
    let contents = Payload::bytes(RATE * 2);
    let mut session = login(&server, way).await?;
    for round in 0..2 {
        put(&mut session, "large", &contents).await?;
        check_noops(&mut session, &format!("upload {round}")).await?;
        ensure!(get(&mut session, "large").await? == contents, "other bytes came");
        check_noops(&mut session, &format!("download {round}")).await?;
        ensure!(session.size("large").await? == RATE * 2, "another size");
        put(&mut session, "small", b"still here").await?;
        ensure!(get(&mut session, "small").await? == b"still here", "other bytes came");
    }
    session.quit().await?;
    Ok(())
}

async fn aborted_transfer_ends_in_step(way: Way) -> Result<()> {
    let server = start(way)?;
    std::fs::write(server.root().join("large"), Payload::bytes(RATE * 100))?;
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

/// Some were sent, or the server did not like the first.
async fn check_noops(session: &mut Session, what: &str) -> Result<()> {
    let transcript = session.transcript().await?;
    let note = transcript.iter().find(|line| line.starts_with("* NOOP was sent"));
    println!("{what}: {note:?}, {:?}", transcript.iter().filter(|line| line.starts_with("> PWD")).count());
    ensure!(note.is_some(), "{transcript:?}");
    Ok(())
}

fn start(way: Way) -> Result<Server> {
    let extra: &[&str] = match way.kind {
        Kind::PyFtpd => &["--rate", "400000"],
        Kind::Vsftpd => &["local_max_rate=400000"],
        Kind::ProFtpd => &["TransferRate RETR,STOR 400"],
        Kind::PureFtpd => &["-T", "400"],
    };
    let extra = extra.iter().map(|word| (*word).to_owned()).collect();
    Server::start(way.kind, Options { extra, ..way.options() })
}

async fn login(server: &Server, way: Way) -> Result<Session> {
    let settings = Settings {
        keepalive: Some(Duration::from_millis(200)),
        tcp_keepalive: Some(Duration::from_secs(60)),
        ..client::settings()
    };
    Ok(client::login_with(server.address(), way.settings(settings)?).await?)
}
