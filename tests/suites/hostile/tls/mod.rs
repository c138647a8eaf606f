//! TLS under attack: somebody on the path, or a server that gets it wrong. No password and no data is sent in the clear,
//! none is taken from whoever cannot prove who it is, and the error says why.

mod certificates;
mod ciphers;
mod clearing;
mod control;
mod cuts;
mod data;
mod ends;
mod handshake;
mod identity;

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, Phase, Security, Session, Settings, TlsSettings, TlsVersion, Trust};
use ftp_tests::script::Peer;
use ftp_tests::{certificates as made, client};

/// The versions of TLS.
const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

/// Trust in the authority of these trials.
pub fn tls() -> Result<TlsSettings> {
    Ok(TlsSettings { trust: Trust::Roots(made::authority()?.to_owned()), ..TlsSettings::default() })
}

/// The same, in one version alone.
fn only(version: TlsVersion) -> Result<TlsSettings> {
    Ok(TlsSettings { versions: version..=version, ..tls()? })
}

/// TLS after `AUTH TLS`.
pub fn explicit(tls: TlsSettings) -> Settings {
    Settings { security: Security::Explicit, tls, ..client::settings() }
}

/// TLS from the first byte.
fn implicit(tls: TlsSettings) -> Settings {
    Settings { security: Security::Implicit, tls, ..client::settings() }
}

/// Connect with `AUTH TLS` and log in.
async fn login(peer: &Peer) -> Result<Session> {
    Ok(client::login_with(peer.address(), explicit(tls()?)).await?)
}

/// The session goes on.
async fn in_step(session: &mut Session) -> Result<()> {
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

async fn assert_closed(session: &mut Session) {
    let after = session.noop().await;
    assert!(matches!(after, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))), "{after:?}");
}

/// The session ended in a breach of TLS or of FTP.
#[track_caller]
fn assert_protocol<T>(result: Result<T, Error>) {
    match result {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol, .. })) => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("nothing was noticed"),
    }
}

#[track_caller]
fn assert_insecure<T>(result: Result<T, Error>) {
    match result {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Insecure, .. })) => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was taken for secure"),
    }
}

#[track_caller]
fn assert_timeout<T>(result: Result<T, Error>, expected: Phase) {
    match result {
        Err(Error::Ftp(FtpError::Timeout(phase))) => assert_eq!(phase, expected),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("in time"),
    }
}

/// TLS failed, for a reason in which this occurs.
#[track_caller]
fn assert_tls<T>(result: Result<T, Error>, telling: &str) {
    match result {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Tls, text, .. })) => {
            assert!(text.contains(telling), "{text:?} does not say {telling:?}")
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("TLS did not fail"),
    }
}
