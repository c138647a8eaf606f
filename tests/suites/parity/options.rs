//! Servers that are set up in other ways, and clients too.

use anyhow::Result;
use ftp_host::{Active, DataMode, Encoding, EntryKind, Listed, Settings};
use ftp_tests::client::{self, get, put, refusal};
use ftp_tests::payload::Payload;
use ftp_tests::pyftpd::{self, PyFtpd};
use ftp_tests::trial;

#[trial(needs = pyftpd::installed(), covers("welcome"))]
async fn greeting_of_several_lines() -> Result<()> {
    let banner = "welcome ".repeat(12);
    let server = PyFtpd::start(&["--banner", &banner])?;
    let mut session = client::connect(server.address()).await?;
    let welcome = session.welcome().await?;
    assert_eq!(welcome.lines.len(), 2, "{welcome:?}");
    assert_eq!(welcome.lines[0].trim_end(), banner.trim_end());
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("set-data-mode"))]
async fn pasv_where_epsv_is_not_known() -> Result<()> {
    let server = PyFtpd::start(&["--without", "EPSV"])?;
    let mut session = client::login(server.address()).await?;
    put(&mut session, "file", b"contents").await?;
    assert_eq!(get(&mut session, "file").await?, b"contents");
    let transcript = session.transcript().await?;
    let asked = transcript.iter().filter(|line| *line == "> EPSV").count();
    assert_eq!(asked, 1, "the refusal is remembered: {transcript:?}");
    assert!(transcript.iter().any(|line| line == "> PASV"), "{transcript:?}");
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("entries"))]
async fn list_where_mlsd_is_not_known() -> Result<()> {
    let server = PyFtpd::start(&["--without", "MLSD", "--without", "MLST"])?;
    let mut session = client::login(server.address()).await?;
    put(&mut session, "für 日本語", b"contents").await?;
    let listed = session.entries(None).await?;
    let [Listed::Entry(entry)] = &listed[..] else {
        panic!("{listed:?} is not one entry");
    };
    assert_eq!((entry.kind, entry.size), (EntryKind::File, Some(8)));
    assert_eq!(get(&mut session, &entry.name).await?, b"contents");
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("entry"))]
async fn size_and_time_where_mlst_is_not_known() -> Result<()> {
    let server = PyFtpd::start(&["--without", "MLSD", "--without", "MLST"])?;
    let mut session = client::login(server.address()).await?;
    put(&mut session, "file", b"contents").await?;
    let entry = session.entry("file").await?;
    assert_eq!((entry.name.as_str(), entry.size), ("file", Some(8)));
    assert!(entry.modified.is_some(), "{entry:?}");
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn select_facts_where_mlst_is_not_known_is_refused() -> Result<()> {
    let server = PyFtpd::start(&["--without", "OPTS"])?;
    let mut session = client::login(server.address()).await?;
    assert_eq!(refusal(session.select_facts(&["size"]).await), 500);
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("set-encoding"))]
async fn latin1_name_goes_round() -> Result<()> {
    let server = PyFtpd::start(&["--encoding", "latin-1"])?;
    let mut session = client::login_with(server.address(), latin1()).await?;
    put(&mut session, "fÿr-Ærø", b"contents").await?;
    assert_eq!(session.names(None).await?, ["fÿr-Ærø"]);
    let listed = session.entries(None).await?;
    assert!(matches!(&listed[..], [Listed::Entry(entry)] if entry.name == "fÿr-Ærø"), "{listed:?}");
    assert_eq!(get(&mut session, "fÿr-Ærø").await?, b"contents");
    Ok(())
}

/// 0xFF is `я` in windows-1251, and this server takes it as it is.
#[trial(needs = pyftpd::installed())]
async fn windows_1251_name_goes_round() -> Result<()> {
    let server = PyFtpd::start(&["--encoding", "cp1251"])?;
    let mut session = client::login_with(server.address(), named("windows-1251")).await?;
    put(&mut session, "последняя", b"contents").await?;
    assert!(server.root().join("последняя").exists());
    assert_eq!(session.names(None).await?, ["последняя"]);
    assert_eq!(session.entry("последняя").await?.name, "последняя");
    assert_eq!(get(&mut session, "последняя").await?, b"contents");
    assert_eq!(session.make_directory("синяя").await?, "/синяя");
    session.change_directory("синяя").await?;
    assert_eq!(session.current_directory().await?, "/синяя");
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn shift_jis_name_goes_round() -> Result<()> {
    let server = PyFtpd::start(&["--encoding", "shift_jis"])?;
    let mut session = client::login_with(server.address(), named("shift_jis")).await?;
    put(&mut session, "表能ポ", b"contents").await?;
    assert!(server.root().join("表能ポ").exists());
    assert_eq!(session.names(None).await?, ["表能ポ"]);
    assert_eq!(get(&mut session, "表能ポ").await?, b"contents");
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn unknown_encoding_is_refused() -> Result<()> {
    for label in ["", "utf-16", "iso-2022-jp", "replacement", "klingon"] {
        let refused = client::connector(named(label)).await.err();
        assert!(
            matches!(
                refused,
                Some(ftp_host::Error::Ftp(ftp_host::FtpError::Failed {
                    kind: ftp_host::FailureKind::InvalidArgument,
                    ..
                }))
            ),
            "{label}: {refused:?}"
        );
    }
    Ok(())
}

fn named(label: &str) -> Settings {
    Settings { encoding: Encoding::Named(label.to_owned()), ..client::settings() }
}

#[trial(needs = pyftpd::installed())]
async fn latin1_cannot_send_other_characters() -> Result<()> {
    let server = PyFtpd::start(&["--encoding", "latin-1"])?;
    let mut session = client::login_with(server.address(), latin1()).await?;
    let refused = session.size("日本語").await;
    assert!(
        matches!(
            refused,
            Err(ftp_host::Error::Ftp(ftp_host::FtpError::Failed { kind: ftp_host::FailureKind::InvalidArgument, .. }))
        ),
        "{refused:?}"
    );
    Ok(())
}

fn latin1() -> Settings {
    Settings { encoding: Encoding::Latin1, ..client::settings() }
}

#[trial(needs = pyftpd::installed())]
async fn bytes_that_are_not_utf8_round_trip() -> Result<()> {
    let server = PyFtpd::start(&["--encoding", "latin-1"])?;
    let mut session = client::login(server.address()).await?;
    let name = "f\u{10ffff}r";
    put(&mut session, name, b"contents").await?;
    assert_eq!(session.names(None).await?, [name]);
    assert_eq!(get(&mut session, name).await?, b"contents");
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn anonymous_reads_and_may_not_write() -> Result<()> {
    let server = PyFtpd::start(&[])?;
    std::fs::write(server.anonymous_root().join("readme"), b"hello")?;
    let mut session = client::connect(server.address()).await?;
    session.login("anonymous", "anonymous@", None).await?;
    assert_eq!(get(&mut session, "readme").await?, b"hello");
    assert_eq!(refusal(put(&mut session, "file", b"").await), 550);
    assert_eq!(refusal(session.delete("readme").await), 550);
    Ok(())
}

#[trial(needs = pyftpd::installed())]
async fn read_only_user_may_not_write() -> Result<()> {
    let server = PyFtpd::start(&["--read-only"])?;
    let mut session = client::login(server.address()).await?;
    assert_eq!(refusal(put(&mut session, "file", b"contents").await), 550);
    assert_eq!(refusal(session.make_directory("directory").await), 550);
    assert!(session.names(None).await?.is_empty());
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("retrieve", "store"))]
async fn throttled_transfers_arrive_whole() -> Result<()> {
    let server = PyFtpd::start(&["--rate", "200000"])?;
    let mut session = client::login(server.address()).await?;
    let contents = Payload::bytes(200_000);
    put(&mut session, "file", &contents).await?;
    assert!(get(&mut session, "file").await? == contents);
    Ok(())
}

#[trial(needs = pyftpd::installed(), covers("set-local-address"))]
async fn local_address_is_bound() -> Result<()> {
    let server = PyFtpd::start(&[])?;
    let settings = Settings { local_address: Some([127, 0, 0, 2].into()), ..client::settings() };
    let mut session = client::login_with(server.address(), settings).await?;
    server.wait_for("connection from 127.0.0.2")?;
    put(&mut session, "file", b"contents").await?;
    assert_eq!(get(&mut session, "file").await?, b"contents");
    Ok(())
}

#[trial(needs = pyftpd::installed_with_ipv6(), covers("connect"))]
async fn ipv6_connects_and_uses_epsv() -> Result<()> {
    let server = PyFtpd::start(&[])?;
    let mut session = client::login(server.address_v6()).await?;
    put(&mut session, "file", b"contents").await?;
    assert_eq!(get(&mut session, "file").await?, b"contents");
    let transcript = session.transcript().await?;
    assert!(transcript.iter().any(|line| line == "> EPSV"), "{transcript:?}");
    Ok(())
}

#[trial(needs = pyftpd::installed_with_ipv6(), covers("set-data-mode"))]
async fn ipv6_active_mode_uses_eprt() -> Result<()> {
    let server = PyFtpd::start(&[])?;
    let settings =
        Settings { data_mode: DataMode::Active(Active { ports: None, announced: None }), ..client::settings() };
    let mut session = client::login_with(server.address_v6(), settings).await?;
    put(&mut session, "file", b"contents").await?;
    assert_eq!(get(&mut session, "file").await?, b"contents");
    let transcript = session.transcript().await?;
    assert!(transcript.iter().any(|line| line.starts_with("> EPRT |2|::1|")), "{transcript:?}");
    Ok(())
}
