//! Each way in which a server is talked to.

use anyhow::Result;
use ftp_host::{Settings, TlsSettings, TlsVersion, Trust};

use super::{Kind, Options, Security};
use crate::certificates;
use crate::suite::{Case, Cases, Requirement};

/// A server, and how it is talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Which server.
    pub kind: Kind,
    /// What it does about TLS.
    pub security: Security,
    /// The version of TLS, when there is any.
    pub version: TlsVersion,
}

impl Way {
    /// Without TLS.
    pub fn plain(kind: Kind) -> Self {
        Self { kind, security: Security::Plain, version: TlsVersion::Tls13 }
    }

    /// Without TLS, and with each kind and version of it that the server has.
    pub fn all(kind: Kind) -> Vec<Self> {
        let mut ways = vec![Self::plain(kind)];
        for security in [Security::Explicit, Security::Implicit] {
            if security == Security::Explicit || kind.speaks_implicit_tls() {
                ways.extend([TlsVersion::Tls12, TlsVersion::Tls13].map(|version| Self { kind, security, version }));
            }
        }
        ways
    }

    /// As it is called in the names of trials.
    pub fn name(self) -> String {
        let version = match self.version {
            TlsVersion::Tls12 => "tls12",
            TlsVersion::Tls13 => "tls13",
        };
        match self.security {
            Security::Plain => self.kind.name().to_owned(),
            Security::Explicit => format!("{}-{version}", self.kind.name()),
            Security::Implicit => format!("{}-implicit-{version}", self.kind.name()),
        }
    }

    /// As it is called in tables.
    pub fn title(self) -> String {
        let version = match self.version {
            TlsVersion::Tls12 => "TLS 1.2",
            TlsVersion::Tls13 => "TLS 1.3",
        };
        match self.security {
            Security::Plain => format!("{}, plain", self.kind.name()),
            Security::Explicit => format!("{}, explicit {version}", self.kind.name()),
            Security::Implicit => format!("{}, implicit {version}", self.kind.name()),
        }
    }

    /// Whether it can be tried here.
    pub fn installed(self) -> Requirement {
        match self.security {
            Security::Plain => self.kind.installed(),
            Security::Explicit | Security::Implicit => self.kind.installed_with_tls(),
        }
    }

    /// What the server is set up with.
    pub fn options(self) -> Options {
        Options { security: self.security, ..Options::default() }
    }

    /// What the client is set up with.
    pub fn settings(self, settings: Settings) -> Result<Settings> {
        let security = match self.security {
            Security::Plain => return Ok(settings),
            Security::Explicit => ftp_host::Security::Explicit,
            Security::Implicit => ftp_host::Security::Implicit,
        };
        let trust = Trust::Roots(certificates::authority()?.to_owned());
        let tls = TlsSettings { trust, versions: self.version..=self.version, ..settings.tls };
        Ok(Settings { security, tls, ..settings })
    }

    /// Whether there is TLS.
    pub fn is_encrypted(self) -> bool {
        self.security != Security::Plain
    }

    /// Whether data connections can resume the session of the control connection. Pure-FTPd gives no tickets in TLS 1.3.
    pub fn resumes(self) -> bool {
        self.is_encrypted() && !(self.kind == Kind::PureFtpd && self.version == TlsVersion::Tls13)
    }
}

/// Each of these servers without TLS.
pub fn plain(kinds: impl IntoIterator<Item = Kind>) -> Vec<Way> {
    kinds.into_iter().map(Way::plain).collect()
}

/// Each of these servers without TLS, and inside TLS 1.3.
pub fn plain_and_tls(kinds: impl IntoIterator<Item = Kind>) -> Vec<Way> {
    let both = |kind| [Way::plain(kind), Way { security: Security::Explicit, ..Way::plain(kind) }];
    kinds.into_iter().flat_map(both).collect()
}

/// A trial in each of these ways.
pub fn cases(ways: impl IntoIterator<Item = Way>) -> Vec<Case<Way>> {
    ways.into_iter().map(|way| Case::new(way.name(), way.installed(), move || Ok(way))).collect()
}

/// A trial with each of these servers.
pub fn each(kinds: impl IntoIterator<Item = Kind>) -> Vec<Case<Kind>> {
    kinds.into_iter().map(|kind| Case::new(kind.name(), kind.installed(), move || Ok(kind))).collect()
}

impl Cases for Kind {
    fn cases() -> Vec<Case<Self>> {
        each(Self::ALL)
    }
}
