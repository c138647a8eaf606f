//! Compressed transfers (MODE Z) with the server that has them, and with those that do not.

use anyhow::Result;
use ftp_host::{EntryKind, Error, FtpError, Limit, Listed, Representation, Session, Settings, TransferMode};
use ftp_tests::client::{self, get, put, read_all, refusal};
use ftp_tests::payload::Payload;
use ftp_tests::servers::{self, Kind, Options, Security, Server, Way};
use ftp_tests::suite::Case;
use ftp_tests::trial;

use crate::row::Site;

/// What ProFTPD takes: until its fix of March 2025 it damages larger uploads, or stops reading, whatever the client is.
const LARGEST_UPLOAD: usize = 10_001;

/// ProFTPD with its module for compression.
fn deflating() -> Vec<Case<Site>> {
    let case = |way: Way| {
        Case::new(format!("{}-deflate", way.name()), way.installed(), move || {
            let extra = ["LoadModule mod_deflate.c", "DeflateEngine on"].map(String::from).to_vec();
            Ok(Site::Real(Server::start(way.kind, Options { extra, ..way.options() })?, way))
        })
    };
    Way::all(Kind::ProFtpd).into_iter().filter(|way| way.security != Security::Implicit).map(case).collect()
}

async fn compressed(site: &Site, settings: Settings) -> Result<Session> {
    let mut session = site.login_with(settings).await?;
    assert!(session.features().await?.iter().any(|feature| feature == "MODE Z"));
    assert_eq!(session.set_transfer_mode(TransferMode::Deflate).await?.code, 200);
    Ok(session)
}

#[trial(on = deflating(), covers("set-transfer-mode"))]
async fn files_go_round_compressed(site: Site) -> Result<()> {
    let mut session = compressed(&site, client::settings()).await?;
    let large = [Payload::bytes(3_000_000), vec![0; 3_000_000], Payload::bytes(70_000).repeat(30)].concat();
    for contents in [&b""[..], b"x", &Payload::bytes(10_000), &large] {
        if contents.len() < LARGEST_UPLOAD {
            put(&mut session, "file", contents).await?;
            assert!(site.contents("file")? == contents, "{} bytes", contents.len());
        }
        site.place("file", contents)?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        let mut received = Vec::new();
        while let Some(piece) = download.read().await? {
            received.extend(piece);
        }
        assert!(received == contents, "{} bytes", contents.len());
        assert_eq!(download.finish().await?.bytes, contents.len() as u64);
    }
    session.quit().await?;
    Ok(())
}

#[trial(on = deflating())]
async fn listings_are_compressed(site: Site) -> Result<()> {
    let mut session = compressed(&site, client::settings()).await?;
    assert!(session.names(None).await?.is_empty());
    assert!(session.listing(None).await?.is_empty());
    assert!(session.entries(None).await?.is_empty());
    for number in 0..500 {
        site.place(&format!("file {number}"), b"contents")?;
    }
    let listed = session.entries(None).await?;
    let is_file = |listed: &Listed| matches!(listed, Listed::Entry(entry) if entry.kind == EntryKind::File);
    assert!(listed.len() == 500 && listed.iter().all(is_file), "{} entries", listed.len());
    assert_eq!(session.names(None).await?.len(), 500);
    assert_eq!(session.listing(None).await?.len(), 500);
    Ok(())
}

#[trial(on = deflating(), covers("set-transfer-mode"))]
async fn offsets_count_bytes_of_the_file(site: Site) -> Result<()> {
    let contents = [Payload::bytes(100_000), vec![b'a'; 100_000]].concat();
    site.place("down", &contents)?;
    site.place("up", &contents[..190_001])?;
    let mut session = compressed(&site, client::settings()).await?;
    for offset in [1, 99_999, 150_000, 199_999] {
        let download = session.retrieve("down", Representation::Image, offset).await?;
        assert!(read_all(download).await? == contents[usize::try_from(offset)?..], "from {offset}");
    }
    let mut upload = session.store("up", Representation::Image, 190_001).await?;
    upload.write(&contents[190_001..]).await?;
    assert_eq!(upload.finish().await?.bytes, 9_999);
    assert!(site.contents("up")? == contents);
    let mut upload = session.append("up", Representation::Image).await?;
    upload.write(b"more").await?;
    upload.finish().await?;
    assert!(site.contents("up")? == [&contents[..], b"more"].concat());
    Ok(())
}

#[trial(on = deflating())]
async fn text_is_compressed(site: Site) -> Result<()> {
    let mut session = compressed(&site, client::settings()).await?;
    let mut upload = session.store("text", Representation::Ascii, 0).await?;
    upload.write(b"one\ntwo\n").await?;
    assert_eq!(upload.finish().await?.bytes, 10);
    assert_eq!(site.contents("text")?, b"one\ntwo\n");
    let download = session.retrieve("text", Representation::Ascii, 0).await?;
    assert_eq!(read_all(download).await?, b"one\ntwo\n");
    Ok(())
}

#[trial(on = deflating())]
async fn transfers_end_early(site: Site) -> Result<()> {
    let contents = Payload::bytes(5_000_000);
    site.place("big", &contents)?;
    site.place("small", b"contents")?;
    let mut session = compressed(&site, client::settings()).await?;
    let mut download = session.retrieve("big", Representation::Image, 0).await?;
    download.read().await?;
    download.abort().await?;
    assert_eq!(get(&mut session, "small").await?, b"contents");
    let mut download = session.retrieve("big", Representation::Image, 0).await?;
    download.read().await?;
    drop(download);
    assert_eq!(get(&mut session, "small").await?, b"contents");
    let mut upload = session.store("cut", Representation::Image, 0).await?;
    upload.write(&contents[..1_000_000]).await?;
    upload.abort().await?;
    put(&mut session, "whole", &contents[..10_000]).await?;
    assert!(get(&mut session, "whole").await? == contents[..10_000]);
    Ok(())
}

#[trial(on = deflating())]
async fn mode_changes_in_a_session(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    for mode in [TransferMode::StreamMode, TransferMode::Deflate, TransferMode::StreamMode, TransferMode::Deflate] {
        session.set_transfer_mode(mode).await?;
        put(&mut session, "file", b"contents").await?;
        assert_eq!(site.contents("file")?, b"contents");
        assert_eq!(get(&mut session, "file").await?, b"contents");
    }
    session.command("MODE S").await?;
    assert_eq!(get(&mut session, "file").await?, b"contents");
    Ok(())
}

#[trial(on = deflating(), covers("set-inflation-limit"))]
async fn what_inflates_too_much_is_stopped(site: Site) -> Result<()> {
    site.place("zeros", &vec![0; 50_000_000])?;
    site.place("small", b"contents")?;
    let settings = Settings { inflation_limit: Some(1_000_000), ..client::settings() };
    let mut session = compressed(&site, settings).await?;
    for _ in 0..3 {
        let stopped = get(&mut session, "zeros").await;
        assert!(matches!(stopped, Err(Error::Ftp(FtpError::LimitExceeded(Limit::Inflation)))), "{stopped:?}");
        assert_eq!(get(&mut session, "small").await?, b"contents");
    }
    Ok(())
}

#[trial(on = deflating())]
async fn highly_compressible_file_is_no_attack(site: Site) -> Result<()> {
    const SIZE: usize = 100_000_000;
    std::fs::File::create(site.root().join("zeros"))?.set_len(SIZE as u64)?;
    let mut session = compressed(&site, client::settings()).await?;
    let before = session.memory();
    let mut download = session.retrieve("zeros", Representation::Image, 0).await?;
    let mut count = 0;
    while let Some(piece) = download.read().await? {
        assert!(piece.iter().all(|&byte| byte == 0));
        count += piece.len();
    }
    assert_eq!(download.finish().await?.bytes, SIZE as u64);
    assert_eq!(count, SIZE);
    assert!(session.memory() - before < 4 << 20, "{before} and then {}", session.memory());
    Ok(())
}

#[trial(on = servers::each([Kind::PyFtpd, Kind::Vsftpd, Kind::PureFtpd]))]
async fn refused_compression_changes_nothing(kind: Kind) -> Result<()> {
    let server = Server::start(kind, Options::default())?;
    let mut session = client::login(server.address()).await?;
    assert!([501, 504].contains(&refusal(session.set_transfer_mode(TransferMode::Deflate).await)));
    put(&mut session, "file", b"contents").await?;
    assert_eq!(get(&mut session, "file").await?, b"contents");
    Ok(())
}
