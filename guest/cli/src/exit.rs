//! What the exit code says.

use std::fmt;

use ftp_client::{Error, FailureKind, RefusalKind, codes};

/// How a command ended. The number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// All of it was done.
    Success = 0,
    /// It failed in a way that has no code of its own.
    Other = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The name of the host has no address.
    Name = 3,
    /// The server, its data port, or the proxy, cannot be reached.
    Connect = 4,
    /// TLS failed, or cannot be had.
    Tls = 5,
    /// The server refuses the login.
    Login = 6,
    /// What was named is not on the server.
    Missing = 7,
    /// The server refuses it.
    Refused = 8,
    /// A part of it was done: some of several files, or the connection was lost on the way.
    Partial = 9,
    /// A file or a folder of this machine cannot be read or written, or the standard output not be written.
    Local = 10,
    /// A limit of time ran out.
    Timeout = 11,
    /// The server broke the protocol, or sent other bytes than it announced.
    Protocol = 12,
    /// It was interrupted from outside, which only a runner can tell.
    Interrupted = 130,
}

impl Exit {
    /// All of them, for the help and its tests.
    pub const ALL: [Self; 14] = [
        Self::Success,
        Self::Other,
        Self::Usage,
        Self::Name,
        Self::Connect,
        Self::Tls,
        Self::Login,
        Self::Missing,
        Self::Refused,
        Self::Partial,
        Self::Local,
        Self::Timeout,
        Self::Protocol,
        Self::Interrupted,
    ];

    /// The exit code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What an error of the client means for the command as a whole.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Timeout(_) => Self::Timeout,
            Error::LimitExceeded(_) => Self::Protocol,
            Error::Refused { kind, reply } => Self::of_refusal(*kind, reply.code),
            Error::Failed { kind, .. } => Self::of_failure(*kind),
            _ => Self::Other,
        }
    }

    fn of_refusal(kind: RefusalKind, code: u16) -> Self {
        match (kind, code) {
            (RefusalKind::Permanent, codes::NOT_LOGGED_IN) => Self::Login,
            // It asks for an account, and there is none.
            (RefusalKind::Unexpected, codes::ACCOUNT_WANTED) => Self::Login,
            (RefusalKind::Unexpected, _) => Self::Protocol,
            (RefusalKind::Transient, code) if codes::is_unreachable(code) => Self::Connect,
            // The data connection was lost (RFC 959, section 4.2.2): that is no refusal.
            (RefusalKind::Transient, codes::TRANSFER_ABORTED) => Self::Partial,
            (RefusalKind::Transient | RefusalKind::Permanent, _) => Self::Refused,
        }
    }

    fn of_failure(kind: FailureKind) -> Self {
        use FailureKind as Kind;
        match kind {
            Kind::NameUnresolvable => Self::Name,
            Kind::AccessDenied | Kind::ConnectionRefused => Self::Connect,
            Kind::ConnectionLost | Kind::Unverified => Self::Partial,
            Kind::Tls | Kind::Insecure => Self::Tls,
            Kind::Unsupported => Self::Refused,
            Kind::InvalidArgument => Self::Usage,
            Kind::Protocol | Kind::Integrity | Kind::Incomplete => Self::Protocol,
            Kind::Busy | Kind::Closed | Kind::Other => Self::Other,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "all of it was done",
            Self::Other => "another failure",
            Self::Usage => "wrong arguments",
            Self::Name => "the host's name has no address",
            Self::Connect => "the server, its data port or the proxy cannot be reached",
            Self::Tls => "TLS failed, or cannot be had",
            Self::Login => "the login was refused",
            Self::Missing => "it is not on the server",
            Self::Refused => "the server refuses it",
            Self::Partial => "a part was done: some of the files, or up to where the connection was lost",
            Self::Local => "a local file cannot be read or written, or the output not be written",
            Self::Timeout => "a time limit ran out",
            Self::Protocol => "the server broke the protocol, or the data is not what it announced",
            Self::Interrupted => "interrupted",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_about_connections_are_no_refusals() {
        let reply = |code| ftp_client::Reply { code, lines: vec!["no".to_owned()] };
        for (code, exit) in [
            (421, Exit::Connect),
            (425, Exit::Connect),
            (426, Exit::Partial),
            (450, Exit::Refused),
            (451, Exit::Refused),
        ] {
            assert_eq!(Exit::of(&Error::transient(reply(code))), exit, "{code}");
        }
        assert_eq!(Exit::of(&Error::unexpected(reply(332))), Exit::Login);
        assert_eq!(Exit::of(&Error::unexpected(reply(331))), Exit::Protocol);
    }

    #[test]
    fn each_code_is_its_own() {
        let mut codes = Exit::ALL.map(Exit::code).to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Exit::ALL.len());
    }
}
