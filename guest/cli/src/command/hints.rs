//! What to do about a failure. The client reports facts; the options are those of this command.

use ftp_client::{Cause, Error, FailureKind, Reply, ResolveCause, Security, TlsCause, codes};

use super::sandbox;

/// What to do about an error of the client, whatever was tried.
pub fn of(error: &Error) -> &'static str {
    match (error.refusal(), error.cause()) {
        (Some((_, reply)), _) if reply.code == codes::ACCOUNT_WANTED => NO_ACCOUNT,
        (Some((_, reply)), _) if codes::wants_private_data(reply.code) && wants_tls(reply) => WITH_TLS,
        (_, Some(Cause::Tls(cause))) => of_handshake(cause),
        // In a program of its own a client can reach all; here somebody has to allow it, and how depends on who runs it.
        (_, Some(Cause::Denied)) if !sandbox::has_runner() => {
            "; with wasmtime run, the network takes -S inherit-network"
        }
        (_, Some(Cause::Resolve(ResolveCause::Permanent))) if !sandbox::has_runner() => {
            "; with wasmtime run, names of hosts take -S allow-ip-name-lookup"
        }
        _ => "",
    }
}

fn of_handshake(cause: &TlsCause) -> &'static str {
    match (cause, sandbox::has_runner()) {
        (TlsCause::UnknownIssuer(_) | TlsCause::SelfSigned(_), true) => {
            "; compare it with one from the server's owner, then accept this certificate by --pin and the digest, or its authority by \
             --ca FILE, or those of this machine by --system-roots before the verb"
        }
        (TlsCause::UnknownIssuer(_) | TlsCause::SelfSigned(_), false) => {
            "; compare it with one from the server's owner, then accept this certificate by --pin and the digest, or its authority by \
             --ca FILE (ftp-host also has --system-roots)"
        }
        (TlsCause::NotPinned(_), _) => "; compare it with one from the server's owner before you give it to --pin",
        (TlsCause::Expired(_), _) => "; the server's owner has to renew it, unless the clock of this machine is wrong",
        (TlsCause::NotValidYet(_), _) => "; the clock of this machine or that of the server's owner is wrong",
        (TlsCause::OtherName(_), _) => "; give the URL one of these names, or name the expected one by --server-name",
        (TlsCause::NoName, _) => {
            "; the server's owner has to make one with its name, or it is accepted by --pin and its digest"
        }
        (TlsCause::CertificateWanted, _) => "; give one by --cert FILE and --key FILE",
        (TlsCause::NotTls, _) => "",
    }
}

/// A server that asks for an account (RFC 959, section 4.1.1).
const NO_ACCOUNT: &str =
    "; it asks for an account: give one as `account NAME` in the entry of .netrc, with --netrc or --netrc-file";

/// What to do where a server cannot be connected to in this way.
pub fn of_connecting(error: &Error, security: Security) -> &'static str {
    match (error, security) {
        (error, Security::Implicit) if error.cause() == Some(&Cause::Tls(TlsCause::NotTls)) => {
            "; ftps:// is TLS from the first byte: try ftpes://, which asks for TLS after the greeting"
        }
        (Error::Failed { kind: FailureKind::Insecure, .. }, Security::Explicit) => {
            "; try ftps:// if it has a port of its own for TLS; ftp:// is without TLS, where whoever is on the way reads everything"
        }
        (Error::Failed { kind: FailureKind::Protocol, .. }, _) => {
            "; what answers there may be no server of FTP: check the port"
        }
        _ => "",
    }
}

const WITH_TLS: &str = "; try ftpes://, which is with TLS";

/// What to do where a login in the clear is refused, and the server says that it wants TLS.
pub fn of_login(reply: &Reply, security: Security) -> &'static str {
    match security {
        Security::None if wants_tls(reply) || codes::wants_private_login(reply.code) => WITH_TLS,
        _ => "",
    }
}

fn wants_tls(reply: &Reply) -> bool {
    const WORDS: [&str; 6] = ["tls", "ssl", "encrypt", "cleartext", "secure connection", "use auth"];
    let lines = reply.lines.iter().map(|line| line.to_ascii_lowercase());
    lines.into_iter().any(|line| WORDS.iter().any(|word| line.contains(word)))
}
