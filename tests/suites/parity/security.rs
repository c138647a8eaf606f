//! TLS one step at a time, as CPython's `FTP_TLS` has it: `auth`, `prot_p`, `prot_c`, `ccc`.

use anyhow::{Context as _, Result};
use ftp_host::{Outcome, Protection, Representation, Session, Settings, TlsSettings, Trust};
use ftp_tests::certificates;
use ftp_tests::client::{self, refusal};
use ftp_tests::servers::{Kind, Options, Security, Server};
use ftp_tests::suite::Suite;

pub fn add(suite: &mut Suite) {
    for kind in Kind::ALL {
        let installed = kind.installed_with_tls();
        suite.trial_with(format!("{}-steps::data_is_private_and_clear_in_turn", kind.name()), installed, move || {
            data_is_private_and_clear_in_turn(kind)
        });
        let installed = kind.installed_with_tls();
        suite.trial_with(format!("{}-steps::command_channel_is_cleared", kind.name()), installed, move || {
            command_channel_is_cleared(kind)
        });
    }
}

async fn data_is_private_and_clear_in_turn(kind: Kind) -> Result<()> {
    let (_server, mut session) = secured(kind).await?;
    // Until it is asked for, there is no protection.
    assert!(!put(&mut session).await?.encrypted);
    session.protect_data(Protection::Private).await?;
    assert!(put(&mut session).await?.encrypted);
    session.protect_data(Protection::Clear).await?;
    assert!(!put(&mut session).await?.encrypted);
    session.quit().await?;
    Ok(())
}

async fn command_channel_is_cleared(kind: Kind) -> Result<()> {
    let (_server, mut session) = secured(kind).await?;
    session.protect_data(Protection::Private).await?;
    let cleared = session.clear_command_channel().await;
    if SPEAK_CCC.contains(&kind) {
        cleared?;
        assert_eq!(session.encryption().await?, None);
    } else {
        assert!([500, 502, 534].contains(&refusal(cleared)));
        assert!(session.encryption().await?.is_some());
    }
    assert_eq!(session.noop().await?.code, 200);
    // More of them than the server has sent tickets.
    for _ in 0..5 {
        let outcome = put(&mut session).await?;
        assert!(outcome.encrypted && outcome.resumed == (kind != Kind::PureFtpd));
    }
    session.quit().await?;
    Ok(())
}

/// Servers that let the control connection leave TLS.
const SPEAK_CCC: [Kind; 2] = [Kind::ProFtpd, Kind::PureFtpd];

/// A session that began in the clear, and is inside TLS and logged in.
async fn secured(kind: Kind) -> Result<(Server, Session)> {
    let server = Server::start(kind, Options { security: Security::Explicit, ..Options::default() })?;
    let trust = Trust::Roots(certificates::authority()?.to_owned());
    let tls = TlsSettings { trust, ..TlsSettings::default() };
    let mut session = client::connect_with(server.address(), Settings { tls, ..client::settings() }).await?;
    assert_eq!(session.encryption().await?, None);
    session.start_tls().await?;
    let agreed = session.encryption().await?.context("TLS was started")?;
    assert!(!agreed.resumed);
    session.login("user", "12345", None).await?;
    Ok((server, session))
}

async fn put(session: &mut Session) -> Result<Outcome> {
    let mut upload = session.store("file", Representation::Image, 0).await?;
    upload.write(b"contents").await?;
    Ok(upload.finish().await?)
}
