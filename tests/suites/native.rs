//! The same client over the sockets of the operating system, against the embedded server.

use std::time::Duration;

use anyhow::Result;
use ftp_client::native::Native;
use ftp_client::{Active, DataMode, Error, FailureKind, Listed, Phase, RefusalKind, Representation, Session, Settings};
use ftp_tests::embedded::Embedded;
use ftp_tests::payload::Payload;
use tokio::net::TcpListener;

type Client = Session<Native>;

async fn connect(server: &Embedded, settings: Settings) -> Result<Client, Error> {
    let address = server.address();
    Session::connect(Native, settings, &address.ip().to_string(), address.port()).await
}

async fn login(server: &Embedded, settings: Settings) -> Result<Client, Error> {
    let mut session = connect(server, settings).await?;
    session.login("user", "12345", None).await?;
    Ok(session)
}

async fn put(session: &mut Client, name: &str, contents: &[u8]) -> Result<(), Error> {
    let mut upload = session.store(name, Representation::Image, 0).await?;
    upload.write(contents).await?;
    upload.finish(session).await.map(drop)
}

async fn get(session: &mut Client, name: &str) -> Result<Vec<u8>, Error> {
    let mut download = session.retrieve(name, Representation::Image, 0).await?;
    let mut contents = Vec::new();
    while download.read(&mut contents, usize::MAX).await? > 0 {}
    download.finish(session).await?;
    Ok(contents)
}

async fn round_trip(settings: Settings) -> Result<()> {
    let server = Embedded::start()?;
    let mut session = login(&server, settings).await?;
    for length in [0, 1, 65_535, 65_536, 65_537, 1_000_000] {
        let contents = Payload::bytes(length);
        put(&mut session, "a file", &contents).await?;
        assert!(get(&mut session, "a file").await? == contents, "{length} bytes changed on their way");
    }
    let entries = session.entries(None).await?;
    assert!(matches!(&entries[..], [Listed::Entry(entry)] if entry.name == "a file"), "{entries:?}");
    session.quit().await?;
    Ok(())
}

#[tokio::test]
async fn files_survive_a_round_trip_in_passive_mode() -> Result<()> {
    round_trip(Settings::default()).await
}

#[tokio::test]
async fn files_survive_a_round_trip_in_active_mode() -> Result<()> {
    round_trip(Settings { data_mode: DataMode::Active(Active::default()), ..Settings::default() }).await
}

#[tokio::test]
async fn dropped_download_leaves_the_session_usable() -> Result<()> {
    let server = Embedded::start()?;
    let mut session = login(&server, Settings::default()).await?;
    put(&mut session, "large", &Payload::bytes(10_000_000)).await?;
    let mut download = session.retrieve("large", Representation::Image, 0).await?;
    download.read(&mut Vec::new(), 1).await?;
    drop(download);
    assert_eq!(session.size("large").await?, 10_000_000);
    Ok(())
}

#[tokio::test]
async fn failures_have_their_names() -> Result<()> {
    let server = Embedded::start()?;
    let mut session = connect(&server, Settings::default()).await?;
    assert!(
        matches!(session.login("user", "wrong", None).await, Err(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.code == 530)
    );
    let mut session = login(&server, Settings::default()).await?;
    let missing = get(&mut session, "missing").await.err();
    assert!(
        matches!(missing, Some(Error::Refused { kind: RefusalKind::Permanent | RefusalKind::Transient, .. })),
        "{missing:?}"
    );

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let brief = Settings { reply_timeout: Duration::from_millis(50), ..Settings::default() };
    let silent = Session::connect(Native, brief, "127.0.0.1", port).await.err();
    assert_eq!(silent, Some(Error::Timeout(Phase::Reply)));
    drop(listener);
    let refused = Session::connect(Native, Settings::default(), "127.0.0.1", port).await.err();
    assert!(matches!(refused, Some(Error::Failed { kind: FailureKind::ConnectionRefused, .. })), "{refused:?}");
    let unknown = Session::connect(Native, Settings::default(), "nothing.invalid", 21).await.err();
    assert!(matches!(unknown, Some(Error::Failed { kind: FailureKind::NameUnresolvable, .. })), "{unknown:?}");
    Ok(())
}
