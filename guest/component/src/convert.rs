//! The border between WIT and Rust: every conversion, and nothing else.

use crate::bindings::exports::ftp::client::types as wit;
use alloc::format;
use alloc::string::{String, ToString};
use core::net::IpAddr;
use core::time::Duration;
use ftp_client::engine::Arrived;
use ftp_client::{
    Active, Agreed, Algorithm, Checksum, Ciphers, Copied, Credentials, DataEnd, DataMode, Encoding, Entry, Error,
    FailureKind, Identity, Kind, Limit, Listed, Outcome, Phase, Precision, Protection, Proxy, ProxyServer, RawEntry,
    RefusalKind, Reply, Representation, Retry, Security, Timestamp, TransferMode, Trust, Unverified, Verification,
    Version,
};

impl From<Reply> for wit::Reply {
    fn from(reply: Reply) -> Self {
        Self { code: reply.code, lines: reply.lines }
    }
}

impl From<Error> for wit::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused { kind, reply } => Self::Refused(wit::Refusal { kind: kind.into(), reply: reply.into() }),
            Error::Timeout(phase) => Self::Timeout(phase.into()),
            Error::LimitExceeded(limit) => Self::LimitExceeded(limit.into()),
            Error::Failed { kind: FailureKind::Busy, .. } => {
                Self::Failed(wit::Failure { kind: wit::FailureKind::Busy, text: FailureKind::Busy.to_string() })
            }
            Error::Failed { kind, text, .. } => Self::Failed(wit::Failure { kind: kind.into(), text }),
            error => Self::Failed(wit::Failure { kind: wit::FailureKind::Other, text: error.to_string() }),
        }
    }
}

impl From<RefusalKind> for wit::RefusalKind {
    fn from(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::Transient => Self::Transient,
            RefusalKind::Permanent => Self::Permanent,
            RefusalKind::Unexpected => Self::Unexpected,
        }
    }
}

impl From<FailureKind> for wit::FailureKind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::NameUnresolvable => Self::NameUnresolvable,
            FailureKind::AccessDenied => Self::AccessDenied,
            FailureKind::ConnectionRefused => Self::ConnectionRefused,
            FailureKind::ConnectionLost => Self::ConnectionLost,
            FailureKind::Tls => Self::Tls,
            FailureKind::Insecure => Self::Insecure,
            FailureKind::Protocol => Self::Protocol,
            FailureKind::InvalidArgument => Self::InvalidArgument,
            FailureKind::Busy => Self::Busy,
            FailureKind::Closed => Self::Closed,
            FailureKind::Integrity => Self::Integrity,
            FailureKind::Incomplete => Self::Incomplete,
            FailureKind::Unverified => Self::Unverified,
            FailureKind::Unsupported => Self::Unsupported,
            FailureKind::Other => Self::Other,
        }
    }
}

impl From<Phase> for wit::Phase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Resolve => Self::Resolve,
            Phase::Connect => Self::Connect,
            Phase::Handshake => Self::Handshake,
            Phase::Reply => Self::Reply,
            Phase::DataConnection => Self::DataConnection,
            Phase::Data => Self::Data,
            Phase::Total => Self::Total,
        }
    }
}

impl From<Limit> for wit::Limit {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::ReplyLine => Self::ReplyLine,
            Limit::ReplySize => Self::ReplySize,
            Limit::ListingLine => Self::ListingLine,
            Limit::ListingSize => Self::ListingSize,
            Limit::Inflation => Self::Inflation,
        }
    }
}

impl From<wit::Security> for Security {
    fn from(security: wit::Security) -> Self {
        match security {
            wit::Security::None => Self::None,
            wit::Security::Explicit => Self::Explicit,
            wit::Security::Implicit => Self::Implicit,
        }
    }
}

impl From<wit::Protection> for Protection {
    fn from(protection: wit::Protection) -> Self {
        match protection {
            wit::Protection::Clear => Self::Clear,
            wit::Protection::Private => Self::Private,
        }
    }
}

impl From<wit::TlsCiphers> for Ciphers {
    fn from(ciphers: wit::TlsCiphers) -> Self {
        match ciphers {
            wit::TlsCiphers::FastFirst => Self::FastFirst,
            wit::TlsCiphers::FastOnly => Self::FastOnly,
            wit::TlsCiphers::All => Self::All,
        }
    }
}

impl From<wit::TlsVersion> for Version {
    fn from(version: wit::TlsVersion) -> Self {
        match version {
            wit::TlsVersion::Tls12 => Self::Tls12,
            wit::TlsVersion::Tls13 => Self::Tls13,
        }
    }
}

impl From<wit::DataEnd> for DataEnd {
    fn from(policy: wit::DataEnd) -> Self {
        match policy {
            wit::DataEnd::Strict => Self::Strict,
            wit::DataEnd::Verified => Self::Verified,
            wit::DataEnd::Lenient => Self::Lenient,
        }
    }
}

impl TryFrom<wit::Trust> for Trust {
    type Error = Error;

    fn try_from(trust: wit::Trust) -> Result<Self, Error> {
        match trust {
            wit::Trust::PublicRoots => Ok(Self::PublicRoots),
            wit::Trust::Roots(pem) => Self::roots(&pem),
            wit::Trust::PublicRootsAnd(pem) => Self::public_roots_and(&pem),
            wit::Trust::Pinned(digest) => match digest.try_into() {
                Ok(digest) => Ok(Self::Pinned(digest)),
                Err(_) => Err(Error::invalid_argument("the digest is not 32 bytes")),
            },
            wit::Trust::DangerouslyAnything => Ok(Self::DangerouslyAnything),
        }
    }
}

impl TryFrom<wit::Identity> for Identity {
    type Error = Error;

    fn try_from(identity: wit::Identity) -> Result<Self, Error> {
        Self::from_pem(&identity.certificates, &identity.private_key)
    }
}

impl TryFrom<wit::Proxy> for Proxy {
    type Error = Error;

    fn try_from(proxy: wit::Proxy) -> Result<Self, Error> {
        let proxy = match proxy {
            wit::Proxy::Socks5(server) => Self::Socks5(server.into()),
            wit::Proxy::HttpConnect(server) => Self::HttpConnect(server.into()),
        };
        proxy.checked()
    }
}

impl From<wit::ProxyServer> for ProxyServer {
    fn from(server: wit::ProxyServer) -> Self {
        let credentials = server
            .credentials
            .map(|wit::Credentials { user, password }| Credentials { user, password: password.into() });
        Self { host: server.host, port: server.port, credentials }
    }
}

impl From<Agreed> for wit::Encryption {
    fn from(agreed: Agreed) -> Self {
        let version = match agreed.version {
            Version::Tls12 => wit::TlsVersion::Tls12,
            Version::Tls13 => wit::TlsVersion::Tls13,
        };
        Self { version, cipher: agreed.cipher, resumed: agreed.resumed }
    }
}

impl From<wit::Representation> for Representation {
    fn from(representation: wit::Representation) -> Self {
        match representation {
            wit::Representation::Image => Self::Image,
            wit::Representation::Ascii => Self::Ascii,
        }
    }
}

impl From<wit::TransferMode> for TransferMode {
    fn from(mode: wit::TransferMode) -> Self {
        match mode {
            wit::TransferMode::StreamMode => Self::Stream,
            wit::TransferMode::Deflate => Self::Deflate,
        }
    }
}

impl TryFrom<wit::Encoding> for Encoding {
    type Error = Error;

    fn try_from(encoding: wit::Encoding) -> Result<Self, Error> {
        match encoding {
            wit::Encoding::Utf8 => Ok(Self::Utf8),
            wit::Encoding::Latin1 => Ok(Self::Latin1),
            wit::Encoding::Named(label) => Ok(Self::named(&label)?),
        }
    }
}

impl TryFrom<wit::DataMode> for DataMode {
    type Error = Error;

    fn try_from(mode: wit::DataMode) -> Result<Self, Error> {
        match mode {
            wit::DataMode::Passive => Ok(Self::Passive),
            wit::DataMode::Active(active) => {
                let announced = active.announced.as_deref().map(ip_address).transpose()?;
                Self::Active(Active { ports: active.ports, announced }).checked()
            }
        }
    }
}

impl From<Timestamp> for wit::Timestamp {
    fn from(time: Timestamp) -> Self {
        let precision = match time.precision {
            Precision::Subsecond => wit::Precision::Subsecond,
            Precision::Second => wit::Precision::Second,
            Precision::Minute => wit::Precision::Minute,
            Precision::Day => wit::Precision::Day,
        };
        Self { seconds: time.seconds, nanoseconds: time.nanoseconds, precision, utc: time.utc }
    }
}

impl From<wit::Timestamp> for Timestamp {
    fn from(time: wit::Timestamp) -> Self {
        let precision = match time.precision {
            wit::Precision::Subsecond => Precision::Subsecond,
            wit::Precision::Second => Precision::Second,
            wit::Precision::Minute => Precision::Minute,
            wit::Precision::Day => Precision::Day,
        };
        Self { seconds: time.seconds, nanoseconds: time.nanoseconds, precision, utc: time.utc }
    }
}

impl From<Entry> for wit::Entry {
    fn from(entry: Entry) -> Self {
        let kind = match entry.kind {
            Kind::File => wit::EntryKind::File,
            Kind::Directory => wit::EntryKind::Directory,
            Kind::SymbolicLink => wit::EntryKind::SymbolicLink,
            Kind::Other => wit::EntryKind::Other,
        };
        Self {
            name: entry.name,
            kind,
            size: entry.size,
            modified: entry.modified.map(Into::into),
            permissions: entry.permissions,
            owner: entry.owner,
            group: entry.group,
            link_target: entry.link_target,
            unique_id: entry.unique_id,
            raw: entry.raw.into(),
        }
    }
}

impl From<RawEntry> for wit::RawEntry {
    fn from(raw: RawEntry) -> Self {
        match raw {
            RawEntry::Facts(facts) => Self::Facts(facts),
            RawEntry::Line(line) => Self::Line(line),
        }
    }
}

impl From<Outcome> for wit::Outcome {
    fn from(outcome: Outcome) -> Self {
        Self {
            reply: outcome.reply.into(),
            bytes: outcome.bytes,
            encrypted: outcome.encrypted,
            resumed: outcome.resumed,
            name: outcome.name,
            checksum: outcome.checksum.map(Into::into),
            verified: outcome.verified.into(),
        }
    }
}

impl From<Verification> for wit::Verification {
    fn from(verified: Verification) -> Self {
        match verified {
            Verification::Size => Self::Size,
            Verification::Checksum => Self::Checksum,
            Verification::NotVerified(reason) => Self::NotVerified(match reason {
                Unverified::TurnedOff => wit::Unverified::TurnedOff,
                Unverified::Ascii => wit::Unverified::Ascii,
                Unverified::NoName => wit::Unverified::NoName,
                Unverified::RawCommand => wit::Unverified::RawCommand,
                Unverified::NoSize => wit::Unverified::NoSize,
                Unverified::NoSizeBefore => wit::Unverified::NoSizeBefore,
            }),
        }
    }
}

impl From<wit::Retry> for Retry {
    fn from(retry: wit::Retry) -> Self {
        Self {
            attempts: retry.attempts,
            wait: Duration::from_nanos(retry.wait),
            longest_wait: Duration::from_nanos(retry.longest_wait),
        }
    }
}

impl From<Arrived> for wit::Arrived {
    fn from(arrived: Arrived) -> Self {
        Self {
            bytes: arrived.bytes,
            attempts: arrived.attempts,
            size: arrived.version.size,
            modified: arrived.version.modified.map(Into::into),
        }
    }
}

impl From<Copied> for wit::Copied {
    fn from(copied: Copied) -> Self {
        Self { source: copied.source.into(), target: copied.target.into(), verified: copied.verified.into() }
    }
}

impl From<Checksum> for wit::Checksum {
    fn from(checksum: Checksum) -> Self {
        let algorithm = match checksum.algorithm {
            Algorithm::Sha256 => wit::Algorithm::Sha256,
            Algorithm::Sha512 => wit::Algorithm::Sha512,
            Algorithm::Sha1 => wit::Algorithm::Sha1,
            Algorithm::Md5 => wit::Algorithm::Md5,
            Algorithm::Crc32 => wit::Algorithm::Crc32,
        };
        Self { algorithm, value: checksum.value }
    }
}

impl From<wit::Algorithm> for Algorithm {
    fn from(algorithm: wit::Algorithm) -> Self {
        match algorithm {
            wit::Algorithm::Sha256 => Self::Sha256,
            wit::Algorithm::Sha512 => Self::Sha512,
            wit::Algorithm::Sha1 => Self::Sha1,
            wit::Algorithm::Md5 => Self::Md5,
            wit::Algorithm::Crc32 => Self::Crc32,
        }
    }
}

/// A line of a listing; nothing for one that was skipped.
pub(crate) fn listed(listed: Listed) -> Option<wit::Listed> {
    match listed {
        Listed::Entry(entry) => Some(wit::Listed::Entry(entry.into())),
        Listed::Unparsed(line) => Some(wit::Listed::Unparsed(line)),
        Listed::Skipped => None,
    }
}

/// An IP address in text.
pub(crate) fn ip_address(text: &str) -> Result<IpAddr, Error> {
    text.parse().map_err(|_| Error::invalid_argument(format!("not an IP address: {text:?}")))
}

/// A limit, or the default one.
pub(crate) fn limit_or(timeout: Option<u64>, default: Duration) -> Duration {
    timeout.map_or(default, Duration::from_nanos)
}

/// A local stream, not the server, failed.
pub(crate) fn local_failure(error: &wasi::io::streams::StreamError) -> Error {
    use wasi::io::streams::StreamError;
    Error::other(match error {
        StreamError::Closed => String::from("the local stream is closed"),
        StreamError::LastOperationFailed(error) => format!("the local stream failed: {}", error.to_debug_string()),
    })
}
