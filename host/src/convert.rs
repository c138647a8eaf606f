//! The border between the bindings and the types that the client, the component and its host have in common.

use ftp_types::{
    Algorithm, Checksum, Copied, FailureKind, Limit, Outcome, Phase, Proxy, ProxyServer, RefusalKind, Reply, Retry,
    Unverified, Verification,
};

use crate::bindings::exports::ftp::client::types;
use crate::connector::nanoseconds;
use crate::error::Error;

/// Between two enumerations with the same members.
macro_rules! same_members {
    ($from:path => $to:path { $($member:ident),* $(,)? }) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                match value {
                    $(<$from>::$member => Self::$member,)*
                }
            }
        }
    };
}

same_members!(types::RefusalKind => RefusalKind { Transient, Permanent, Unexpected });
same_members!(types::FailureKind => FailureKind {
    NameUnresolvable, AccessDenied, ConnectionRefused, ConnectionLost, Tls, Insecure, Protocol, InvalidArgument, Busy,
    Closed, Integrity, Incomplete, Unverified, Unsupported, Other,
});
same_members!(types::Phase => Phase { Resolve, Connect, Handshake, Reply, DataConnection, Data, Total });
same_members!(types::Limit => Limit { ReplyLine, ReplySize, ListingLine, ListingSize, Inflation });
same_members!(types::Unverified => Unverified { TurnedOff, Ascii, NoName, RawCommand, NoSize, NoSizeBefore });
same_members!(types::Algorithm => Algorithm { Sha256, Sha512, Sha1, Md5, Crc32 });
same_members!(Algorithm => types::Algorithm { Sha256, Sha512, Sha1, Md5, Crc32 });

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        Self::Ftp(match error {
            types::Error::Refused(refusal) => {
                ftp_types::Error::Refused { kind: refusal.kind.into(), reply: refusal.reply.into() }
            }
            types::Error::Timeout(phase) => ftp_types::Error::Timeout(phase.into()),
            types::Error::LimitExceeded(limit) => ftp_types::Error::LimitExceeded(limit.into()),
            types::Error::Failed(failure) => {
                ftp_types::Error::Failed { kind: failure.kind.into(), text: failure.text, cause: None }
            }
        })
    }
}

impl From<types::Reply> for Reply {
    fn from(types::Reply { code, lines }: types::Reply) -> Self {
        Self { code, lines }
    }
}

impl From<types::Outcome> for Outcome {
    fn from(outcome: types::Outcome) -> Self {
        let types::Outcome { reply, bytes, encrypted, resumed, name, checksum, verified } = outcome;
        let checksum = checksum.map(Into::into);
        Self { reply: reply.into(), bytes, encrypted, resumed, name, checksum, verified: verified.into() }
    }
}

impl From<types::Copied> for Copied {
    fn from(types::Copied { source, target, verified }: types::Copied) -> Self {
        Self { source: source.into(), target: target.into(), verified: verified.into() }
    }
}

impl From<types::Checksum> for Checksum {
    fn from(types::Checksum { algorithm, value }: types::Checksum) -> Self {
        Self { algorithm: algorithm.into(), value }
    }
}

impl From<types::Verification> for Verification {
    fn from(verified: types::Verification) -> Self {
        match verified {
            types::Verification::Size => Self::Size,
            types::Verification::Checksum => Self::Checksum,
            types::Verification::NotVerified(reason) => Self::NotVerified(reason.into()),
        }
    }
}

impl From<Retry> for types::Retry {
    fn from(retry: Retry) -> Self {
        Self { attempts: retry.attempts, wait: nanoseconds(retry.wait), longest_wait: nanoseconds(retry.longest_wait) }
    }
}

impl From<Proxy> for types::Proxy {
    fn from(proxy: Proxy) -> Self {
        match proxy {
            Proxy::Socks5(server) => Self::Socks5(server.into()),
            Proxy::HttpConnect(server) => Self::HttpConnect(server.into()),
        }
    }
}

impl From<ProxyServer> for types::ProxyServer {
    fn from(ProxyServer { host, port, credentials }: ProxyServer) -> Self {
        let credentials =
            credentials.map(|login| types::Credentials { user: login.user, password: login.password.into() });
        Self { host, port, credentials }
    }
}
