//! A server for one trial.

use std::path::Path;

use anyhow::Result;
use ftp_client::native::Native;
use ftp_client::{Error, Security, Settings, TlsSettings, Trust, Version, Versions};
use ftp_host::TlsVersion;
use ftp_tests::certificates;
use ftp_tests::servers::{self, Kind, Server, Way, cases, plain};
use ftp_tests::suite::{Case, Cases};

use crate::Session;

/// A server without TLS, unless a trial says otherwise.
pub struct Site {
    server: Server,
    settings: Settings,
}

impl Cases for Site {
    fn cases() -> Vec<Case<Self>> {
        cases(plain(Kind::ALL)).into_iter().map(|case| case.map(Self::start)).collect()
    }
}

impl Site {
    pub fn start(way: Way) -> Result<Self> {
        Self::start_with(way, &[])
    }

    /// With more of the server's own options.
    pub fn start_with(way: Way, extra: &[&str]) -> Result<Self> {
        let options = servers::Options { extra: extra.iter().map(|&word| word.into()).collect(), ..way.options() };
        Ok(Self { server: Server::start(way.kind, options)?, settings: settings(way)? })
    }

    /// The home of `user`.
    pub fn root(&self) -> &Path {
        self.server.root()
    }

    /// One more session.
    pub async fn login(&self) -> Result<Session, Error> {
        let address = self.server.address();
        let host = address.ip().to_string();
        let mut session = Session::connect(Native, self.settings.clone(), &host, address.port()).await?;
        session.login("user", "12345", None).await?;
        Ok(session)
    }
}

fn settings(way: Way) -> Result<Settings> {
    let security = match way.security {
        servers::Security::Plain => return Ok(Settings::default()),
        servers::Security::Explicit => Security::Explicit,
        servers::Security::Implicit => Security::Implicit,
    };
    let version = match way.version {
        TlsVersion::Tls12 => Version::Tls12,
        TlsVersion::Tls13 => Version::Tls13,
    };
    let trust = Trust::roots(certificates::authority()?)?;
    let tls = TlsSettings { trust, versions: Versions::new(version, version)?, ..TlsSettings::default() };
    Ok(Settings { security, tls, ..Settings::default() })
}
