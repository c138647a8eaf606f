//! Which cipher suites are offered, and what sessions learn about that for those after them.

use super::{TlsSettings, Version, Versions};
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use rustls::SupportedCipherSuite;
use spin::Mutex;

/// Servers that are remembered.
const SERVERS: usize = 16;

/// Which cipher suites a session offers when it connects. A suite is fast if its cipher is fast where the client runs:
/// ChaCha20-Poly1305, which is as strong as AES-GCM; with imported cryptography, what its implementation calls fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ciphers {
    /// The fast suites first. If the server refuses them, the session connects once more and offers every suite.
    #[default]
    FastFirst,
    /// The fast suites only. A server that has none of them is an error.
    FastOnly,
    /// Every suite at once. The server chooses.
    All,
}

/// The cipher suites of one `ClientHello`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// The fast ones.
    Fast,
    /// The fast ones, and every one of TLS 1.3.
    FastOrNewest,
    /// Every one.
    All,
}

impl Offer {
    /// Leave these suites only; gives [`Offer::All`] where that is every suite. It is, too, where none would be fast.
    pub(super) fn reduce(self, suites: &mut Vec<SupportedCipherSuite>, versions: Versions) -> Self {
        let is_spoken = |suite: &SupportedCipherSuite| match versions {
            Versions::Tls12 => suite.tls13().is_none(),
            Versions::Both => true,
            Versions::Tls13 => suite.tls13().is_some(),
        };
        let (mut kept, spoken) = (suites.clone(), suites.iter().filter(|suite| is_spoken(suite)).count());
        kept.retain(|suite| match self {
            _ if !is_spoken(suite) => false,
            Self::Fast => ftp_crypto::is_fast(*suite),
            Self::FastOrNewest => suite.tls13().is_some() || ftp_crypto::is_fast(*suite),
            Self::All => true,
        });
        if kept.is_empty() || kept.len() == spoken {
            return Self::All;
        }
        *suites = kept;
        self
    }
}

impl TlsSettings {
    /// What a session offers that may connect once more.
    pub(crate) fn first_offer(&self, server: &Server) -> Offer {
        match (self.ciphers, self.learned_ciphers.of(server)) {
            (Ciphers::All, _) | (Ciphers::FastFirst, Some(Takes::Others)) => Offer::All,
            (Ciphers::FastOnly, _) | (Ciphers::FastFirst, Some(Takes::Fast(_)) | None) => Offer::Fast,
        }
    }

    /// What a session offers that has one attempt.
    pub(crate) fn only_offer(&self, server: &Server) -> Offer {
        match (self.ciphers, self.learned_ciphers.of(server)) {
            (Ciphers::FastOnly, _) | (Ciphers::FastFirst, Some(Takes::Fast(_))) => Offer::Fast,
            (Ciphers::All, _) | (Ciphers::FastFirst, Some(Takes::Others) | None) => Offer::All,
        }
    }
}

/// What the sessions with these settings have learned about the cipher suites of servers. Clones share it.
///
/// It has the last few servers, by host, port and versions of TLS.
#[derive(Clone, Default)]
pub struct LearnedCiphers(Arc<Mutex<VecDeque<(Server, Takes)>>>);

/// A server, and how TLS is spoken with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    host: String,
    port: u16,
    versions: Versions,
}

impl Server {
    pub(crate) fn new(host: &str, port: u16, versions: Versions) -> Self {
        Self { host: host.to_string(), port, versions }
    }
}

/// What a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// The fast suites, in this version, which is the newest that it has.
    Fast(Version),
    /// Other suites only.
    Others,
}

impl LearnedCiphers {
    pub(crate) fn of(&self, server: &Server) -> Option<Takes> {
        self.0.lock().iter().find(|(known, _)| known == server).map(|(_, takes)| *takes)
    }

    pub(crate) fn learn(&self, server: &Server, takes: Takes) {
        let mut known = self.0.lock();
        known.retain(|(other, _)| other != server);
        known.truncate(SERVERS - 1);
        known.push_front((server.clone(), takes));
    }

    pub(crate) fn forget(&self, server: &Server) {
        self.0.lock().retain(|(other, _)| other != server);
    }
}

impl fmt::Debug for LearnedCiphers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearnedCiphers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn fast_suites_are_a_part_of_each_version() {
        for versions in [Versions::Tls12, Versions::Both, Versions::Tls13] {
            let mut suites = ftp_crypto::provider().cipher_suites;
            assert_eq!(Offer::Fast.reduce(&mut suites, versions), Offer::Fast);
            let chacha = |suite: &SupportedCipherSuite| format!("{:?}", suite.suite()).contains("CHACHA20");
            assert!(!suites.is_empty() && suites.iter().all(chacha), "{suites:?}");
        }
    }

    #[test]
    fn newest_suites_are_all_of_tls_1_3_and_the_fast_ones_of_tls_1_2() {
        let mut suites = ftp_crypto::provider().cipher_suites;
        assert_eq!(Offer::FastOrNewest.reduce(&mut suites, Versions::Both), Offer::FastOrNewest);
        assert_eq!(suites.iter().filter(|suite| suite.tls13().is_some()).count(), 3);
        assert_eq!(suites.len(), 5);
    }

    #[test]
    fn offer_without_anything_left_out_is_the_whole_one() {
        let mut suites = ftp_crypto::provider().cipher_suites;
        suites.retain(|suite| ftp_crypto::is_fast(*suite) || suite.tls13().is_none());
        assert_eq!(Offer::Fast.reduce(&mut suites, Versions::Tls13), Offer::All);
        assert!(suites.iter().any(|suite| suite.tls13().is_some()));
        suites.retain(|suite| !ftp_crypto::is_fast(*suite));
        assert_eq!(Offer::Fast.reduce(&mut suites, Versions::Both), Offer::All);
        assert!(!suites.is_empty());
    }

    #[test]
    fn last_servers_are_remembered_each_with_what_was_learned_last() {
        let (learned, server) = (LearnedCiphers::default(), |port| Server::new("h", port, Versions::Both));
        for port in 1..=20 {
            learned.learn(&server(port), Takes::Others);
            learned.clone().learn(&server(20), Takes::Fast(Version::Tls13));
        }
        assert_eq!(learned.0.lock().len(), SERVERS);
        assert_eq!(learned.of(&server(1)), None);
        assert_eq!(learned.of(&server(19)), Some(Takes::Others));
        assert_eq!(learned.of(&server(20)), Some(Takes::Fast(Version::Tls13)));
        assert_eq!(learned.of(&Server::new("h", 20, Versions::Tls12)), None);
        learned.forget(&server(20));
        assert_eq!(learned.of(&server(20)), None);
    }
}
