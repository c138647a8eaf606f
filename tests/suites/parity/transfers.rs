//! Contents of files, up and down.

use anyhow::{Context as _, Result};
use ftp_host::{
    Active, Arrived, DataMode, Error, FailureKind, FtpError, Remote, Representation, Retry, Session, Settings,
    Verification,
};
use ftp_tests::client::{self, get, put, read_all, refusal};
use ftp_tests::payload::Payload;
use ftp_tests::trial;

use crate::row::{EMBEDDED, PURE_FTPD, PYFTPD, Site, member_names};

/// More than any buffer between a server and a client holds.
const LONG: u64 = 64 << 20;

#[trial]
async fn download_of_0_bytes(site: Site) -> Result<()> {
    download_of(site, 0).await
}

#[trial]
async fn download_of_1_byte(site: Site) -> Result<()> {
    download_of(site, 1).await
}

#[trial]
async fn download_of_65_535_bytes(site: Site) -> Result<()> {
    download_of(site, 65_535).await
}

#[trial]
async fn download_of_65_536_bytes(site: Site) -> Result<()> {
    download_of(site, 65_536).await
}

#[trial(covers("finish", "read", "retrieve"))]
async fn download_of_65_537_bytes(site: Site) -> Result<()> {
    download_of(site, 65_537).await
}

async fn download_of(site: Site, length: u64) -> Result<()> {
    site.place("file", &Payload::bytes(length))?;
    let mut session = site.login().await?;
    assert!(get(&mut session, "file").await? == Payload::bytes(length));
    Ok(())
}

#[trial]
async fn upload_of_0_bytes(site: Site) -> Result<()> {
    upload_of(site, 0).await
}

#[trial]
async fn upload_of_1_byte(site: Site) -> Result<()> {
    upload_of(site, 1).await
}

#[trial]
async fn upload_of_65_535_bytes(site: Site) -> Result<()> {
    upload_of(site, 65_535).await
}

#[trial]
async fn upload_of_65_536_bytes(site: Site) -> Result<()> {
    upload_of(site, 65_536).await
}

#[trial(covers("store", "write"))]
async fn upload_of_65_537_bytes(site: Site) -> Result<()> {
    upload_of(site, 65_537).await
}

async fn upload_of(site: Site, length: u64) -> Result<()> {
    let mut session = site.login().await?;
    put(&mut session, "file", &Payload::bytes(length)).await?;
    assert!(site.contents("file")? == Payload::bytes(length));
    Ok(())
}

#[trial(covers("set-verify-size"))]
async fn upload_of_each_kind_is_verified_by_its_size(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    for (offset, contents) in [(0, "0123456789"), (4, "abcdef"), (2, "xyz")] {
        let mut upload = session.store("file", Representation::Image, offset).await?;
        upload.write(contents.as_bytes()).await?;
        assert_eq!(upload.finish().await?.verified, Verification::Size, "at {offset}");
    }
    for _ in 0..2 {
        let mut upload = session.append("other", Representation::Image).await?;
        upload.write(b"0123456789").await?;
        assert_eq!(upload.finish().await?.verified, Verification::Size);
    }
    assert_eq!(site.contents("other")?, b"01234567890123456789");
    Ok(())
}

#[trial]
async fn upload_replaces_what_was_there(site: Site) -> Result<()> {
    site.place("file", b"something long")?;
    let mut session = site.login().await?;
    put(&mut session, "file", b"short").await?;
    assert_eq!(site.contents("file")?, b"short");
    Ok(())
}

#[trial(covers("append"))]
async fn append_goes_to_the_end(site: Site) -> Result<()> {
    site.place("file", b"one,")?;
    append(&mut site.login().await?, b"two").await?;
    assert_eq!(site.contents("file")?, b"one,two");
    Ok(())
}

#[trial]
async fn append_makes_a_missing_file(site: Site) -> Result<()> {
    append(&mut site.login().await?, b"first").await?;
    assert_eq!(site.contents("file")?, b"first");
    Ok(())
}

async fn append(session: &mut Session, contents: &[u8]) -> Result<(), Error> {
    let mut upload = session.append("file", Representation::Image).await?;
    upload.write(contents).await?;
    upload.finish().await?;
    Ok(())
}

#[trial(except(EMBEDDED, "STOU, whose reply is the name without FILE"), covers("store-unique", "write"))]
async fn store_unique_tells_the_name(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let mut upload = session.store_unique(Representation::Image).await?;
    upload.write(b"contents").await?;
    let name = upload.finish().await?.name.context("the server chose a name")?;
    assert_eq!(site.contents(&name)?, b"contents");
    Ok(())
}

#[trial(covers("retrieve"))]
async fn download_from_an_offset(site: Site) -> Result<()> {
    site.place("file", b"0123456789")?;
    let mut session = site.login().await?;
    let download = session.retrieve("file", Representation::Image, 4).await?;
    assert_eq!(read_all(download).await?, b"456789");
    assert_eq!(get(&mut session, "file").await?, b"0123456789");
    Ok(())
}

#[trial]
async fn download_from_the_end_is_empty(site: Site) -> Result<()> {
    site.place("file", b"0123456789")?;
    let mut session = site.login().await?;
    let download = session.retrieve("file", Representation::Image, 10).await?;
    assert_eq!(read_all(download).await?, b"");
    Ok(())
}

#[trial(covers("fetch"))]
async fn file_is_fetched_from_an_offset(site: Site) -> Result<()> {
    site.place("file", b"0123456789")?;
    for (offset, expected) in [(0, &b"0123456789"[..]), (4, b"456789"), (10, b"")] {
        let mut bytes = Vec::new();
        let arrived = fetch(&site, "file", offset, &mut bytes).await?;
        assert_eq!(bytes, expected);
        assert_eq!((arrived.bytes, arrived.attempts, arrived.size), (10 - offset, 1, Some(10)));
    }
    Ok(())
}

#[trial]
async fn missing_file_is_not_fetched(site: Site) -> Result<()> {
    let missing = fetch(&site, "missing", 0, &mut Vec::new()).await;
    assert_eq!(refusal(missing), 550);
    Ok(())
}

async fn fetch(site: &Site, path: &str, offset: u64, bytes: &mut Vec<u8>) -> Result<Arrived, Error> {
    let connector = client::connector(site.settings(client::settings())).await?;
    let (address, user, password) = (site.address(), "user", "12345");
    let host = address.ip().to_string();
    let remote = Remote { host: &host, port: Some(address.port()), user, password, account: None, path };
    connector.fetch(remote, offset, bytes, Retry::default()).await
}

#[trial(covers("store", "write"))]
async fn upload_at_an_offset(site: Site) -> Result<()> {
    site.place("file", b"0123456789")?;
    let mut session = site.login().await?;
    let mut upload = session.store("file", Representation::Image, 4).await?;
    upload.write(b"abc").await?;
    upload.finish().await?;
    assert_eq!(site.contents("file")?[..7], *b"0123abc");
    Ok(())
}

#[trial]
async fn download_of_a_missing_file_is_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert_eq!(refusal(get(&mut session, "missing").await), 550);
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial]
async fn download_of_a_directory_is_refused(site: Site) -> Result<()> {
    std::fs::create_dir(site.root().join("directory"))?;
    let mut session = site.login().await?;
    assert_eq!(refusal(get(&mut session, "directory").await), 550);
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial]
async fn upload_into_a_missing_directory_is_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let code = refusal(put(&mut session, "missing/file", b"contents").await);
    assert!([550, 553].contains(&code), "{code}");
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial(except(EMBEDDED, "TYPE A"), covers("retrieve"))]
async fn ascii_download_has_lf(site: Site) -> Result<()> {
    site.place("text", b"one\ntwo\rstill two\n\nlast without end")?;
    let mut session = site.login().await?;
    let download = session.retrieve("text", Representation::Ascii, 0).await?;
    assert_eq!(read_all(download).await?, b"one\ntwo\rstill two\n\nlast without end");
    Ok(())
}

#[trial(except(PURE_FTPD, "TYPE A, in which it drops each CR"), except(EMBEDDED, "TYPE A"), covers("store"))]
async fn ascii_upload_arrives_with_the_lines_of_the_server(site: Site) -> Result<()> {
    let text = b"one\ntwo\rstill two\n\nlast without end";
    let mut session = site.login().await?;
    let mut upload = session.store("text", Representation::Ascii, 0).await?;
    upload.write(text).await?;
    let outcome = upload.finish().await?;
    assert_eq!(site.contents("text")?, text);
    assert_eq!(outcome.bytes, text.len() as u64 + 3);
    Ok(())
}

#[trial(except(EMBEDDED, "TYPE A"), covers("retrieve"))]
async fn ascii_download_of_many_lines(site: Site) -> Result<()> {
    let text = many_lines();
    site.place("text", text.as_bytes())?;
    let mut session = site.login().await?;
    let download = session.retrieve("text", Representation::Ascii, 0).await?;
    assert!(read_all(download).await? == text.as_bytes());
    Ok(())
}

#[trial(except(EMBEDDED, "TYPE A"))]
async fn ascii_upload_of_many_lines(site: Site) -> Result<()> {
    let text = many_lines();
    let mut session = site.login().await?;
    let mut upload = session.store("text", Representation::Ascii, 0).await?;
    for piece in text.as_bytes().chunks(977) {
        upload.write(piece).await?;
    }
    upload.finish().await?;
    assert!(site.contents("text")? == text.as_bytes());
    Ok(())
}

/// Lines of all lengths, so that line ends fall on both sides of every border between buffers.
fn many_lines() -> String {
    (0..1_000).map(|length| "x".repeat(length) + "\n").collect()
}

#[trial(covers("receive"))]
async fn raw_command_receives_data(site: Site) -> Result<()> {
    site.place("file", b"contents")?;
    let mut session = site.login().await?;
    let download = session.receive("RETR file", Representation::Image, 4).await?;
    assert_eq!(read_all(download).await?, b"ents");
    Ok(())
}

#[trial(covers("send"))]
async fn raw_command_sends_data(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let mut upload = session.send("STOR file", Representation::Image, 0).await?;
    upload.write(b"contents").await?;
    upload.finish().await?;
    assert_eq!(site.contents("file")?, b"contents");
    Ok(())
}

#[trial(covers("set-data-mode"))]
async fn active_mode_downloads_and_uploads(site: Site) -> Result<()> {
    let settings = Settings { data_mode: ANY_PORT, ..client::settings() };
    let mut session = site.login_with(settings).await?;
    put(&mut session, "file", b"contents").await?;
    assert_eq!(get(&mut session, "file").await?, b"contents");
    assert_eq!(member_names(&mut session).await?, ["file"]);
    let transcript = session.transcript().await?;
    assert!(transcript.iter().any(|line| line.starts_with("> PORT 127,0,0,1,")), "{transcript:?}");
    Ok(())
}

#[trial(covers("set-data-mode"))]
async fn active_mode_uses_the_ports_given(site: Site) -> Result<()> {
    site.place("file", b"contents")?;
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut session = site.login().await?;
    session.set_data_mode(&DataMode::Active(Active { ports: Some((free, free)), announced: None })).await?;
    assert_eq!(get(&mut session, "file").await?, b"contents");
    let transcript = session.transcript().await?;
    let port = format!("> PORT 127,0,0,1,{},{}", free / 256, free % 256);
    assert!(transcript.contains(&port), "{transcript:?}");
    Ok(())
}

/// The server of the tests would take the second session for the data connection of the first, as pyftpdlib does.
#[trial]
async fn session_is_heard_after_another_in_active_mode_has_ended(site: Site) -> Result<()> {
    site.place("file", b"contents")?;
    let settings = Settings { data_mode: ANY_PORT, ..client::settings() };
    let mut active = site.login_with(settings).await?;
    assert_eq!(get(&mut active, "file").await?, b"contents");
    let mut other = site.login().await?;
    active.quit().await?;
    assert_eq!(get(&mut other, "file").await?, b"contents");
    Ok(())
}

#[trial(covers("set-data-mode"))]
async fn data_mode_changes_within_a_session(site: Site) -> Result<()> {
    site.place("file", b"contents")?;
    let mut session = site.login().await?;
    for mode in [ANY_PORT, DataMode::Passive, ANY_PORT] {
        session.set_data_mode(&mode).await?;
        assert_eq!(get(&mut session, "file").await?, b"contents");
    }
    Ok(())
}

const ANY_PORT: DataMode = DataMode::Active(Active { ports: None, announced: None });

#[trial(covers("abort"))]
async fn download_is_aborted_and_the_session_goes_on(site: Site) -> Result<()> {
    place_long_file(&site)?;
    let mut session = site.login().await?;
    let mut download = session.retrieve("long", Representation::Image, 0).await?;
    download.read().await?;
    let reply = download.abort().await?;
    assert!([225, 226, 426].contains(&reply.code), "{reply:?}");
    session_goes_on(&mut session).await
}

#[trial(covers("abort"))]
async fn upload_is_aborted_and_the_session_goes_on(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let mut upload = session.store("file", Representation::Image, 0).await?;
    upload.write(b"the beginning").await?;
    let reply = upload.abort().await?;
    // Pure-FTPd says 426 and then 451 when it sees ABOR before the end of the data.
    assert!([225, 226, 426, 451].contains(&reply.code), "{reply:?}");
    session_goes_on(&mut session).await
}

#[trial(covers("abort"))]
async fn download_is_dropped_and_the_session_goes_on(site: Site) -> Result<()> {
    place_long_file(&site)?;
    let mut session = site.login().await?;
    let mut download = session.retrieve("long", Representation::Image, 0).await?;
    download.read().await?;
    drop(download);
    session_goes_on(&mut session).await
}

#[trial]
async fn upload_is_dropped_and_the_session_goes_on(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let mut upload = session.store("file", Representation::Image, 0).await?;
    upload.write(b"the beginning").await?;
    drop(upload);
    session_goes_on(&mut session).await
}

/// Replies fit their commands, and data flows both ways.
async fn session_goes_on(session: &mut Session) -> Result<()> {
    assert_eq!(session.current_directory().await?, "/");
    put(session, "next", b"contents").await?;
    assert_eq!(get(session, "next").await?, b"contents");
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial(except(PYFTPD, "STOR, whose first bytes it keeps to itself"), covers("flush"))]
async fn flushed_bytes_arrive_before_the_end(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let mut upload = session.store("file", Representation::Image, 0).await?;
    upload.write(b"contents").await?;
    upload.flush().await?;
    let mut observer = site.login().await?;
    while observer.size("file").await? != 8 {}
    upload.finish().await?;
    Ok(())
}

#[trial(covers("read", "retrieve"))]
async fn session_is_busy_during_a_transfer(site: Site) -> Result<()> {
    place_long_file(&site)?;
    let mut session = site.login().await?;
    let mut download = session.retrieve("long", Representation::Image, 0).await?;
    let begun = download.read().await?.context("data has begun")?.len() as u64;
    let busy = session.noop().await;
    assert!(matches!(busy, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Busy, .. }))), "{busy:?}");
    assert_eq!(read_all(download).await?.len() as u64, LONG - begun);
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial]
async fn finish_before_the_end_is_an_invalid_argument(site: Site) -> Result<()> {
    place_long_file(&site)?;
    let mut session = site.login().await?;
    let mut download = session.retrieve("long", Representation::Image, 0).await?;
    download.read().await?;
    let early = download.finish().await;
    assert!(matches!(early, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))), "{early:?}");
    session_goes_on(&mut session).await
}

fn place_long_file(site: &Site) -> Result<()> {
    let file = std::fs::File::create(site.root().join("long"))?;
    Ok(file.set_len(LONG)?)
}

#[trial(covers("retrieve", "store"))]
async fn many_transfers_in_one_session(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    for number in 0..50 {
        let contents = Payload::bytes(number * 100);
        put(&mut session, "file", &contents).await?;
        assert!(get(&mut session, "file").await? == contents);
    }
    Ok(())
}
