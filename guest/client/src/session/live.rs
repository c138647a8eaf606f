//! What a session has as long as it is open, and what most commands do with it.

use crate::control::{Control, Raw};
use crate::error::{Error, RefusalKind, Reply};
use crate::extensions::Features;
use crate::handover::{SessionState, TransferHandover};
use crate::known::{Known, PassivePorts};
use crate::network::Network;
use crate::settings::{Representation, Settings, TransferMode};
use crate::tls::{Protection, Rustls, Server};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use ftp_protocol::codes::{self, Fit};
use ftp_protocol::{command, features};

/// What a session has as long as it is open: its control connection and what is known about the server.
pub(crate) struct Live<N: Network> {
    pub(crate) network: N,
    pub(crate) settings: Settings,
    pub(crate) control: Control<N>,
    /// Shared with all transfers.
    pub(crate) state: Arc<SessionState>,
    /// Shared with the transfer that is open, or whose replies are unread.
    pub(super) transfer: Option<Arc<TransferHandover<N::Stream>>>,
    pub(super) host: String,
    pub(super) tls: SessionTls,
    /// The greeting was 230: no login is needed. Only set where nobody in between can have sent it.
    pub(super) greeted_in: bool,
    pub(crate) parameters: TransferParameters,
    pub(crate) known: Known,
    pub(super) ports: PassivePorts,
    /// Where a listing came from: before the next command the session returns there.
    pub(super) home: Option<Vec<u8>>,
}

/// What makes TLS connections, and where there are any.
pub(super) struct SessionTls {
    /// None as long as there was no TLS connection.
    pub(super) engine: Option<Rustls>,
    /// The protection of data connections that was sent (PROT).
    pub(super) protection: Option<Protection>,
    /// Under which it is known which cipher suites the server takes.
    pub(super) server: Server,
}

/// The transfer parameters (RFC 959, section 3) that the server has.
#[derive(Default)]
pub(crate) struct TransferParameters {
    /// None where nobody has asked for one yet.
    pub(super) representation: Option<Representation>,
    pub(crate) mode: TransferMode,
}

impl<N: Network> Live<N> {
    /// A command line without its end.
    pub(crate) fn line(&self, verb: &str, argument: Option<&str>) -> Result<Vec<u8>, Error> {
        let argument = argument.map(|argument| self.bytes(argument)).transpose()?;
        let mut line = command::line(verb, argument.as_deref())?;
        line.truncate(line.len().saturating_sub(2));
        Ok(line)
    }

    /// The bytes of a name or a text, which can be sent as an argument.
    pub(crate) fn bytes(&self, text: &str) -> Result<Vec<u8>, Error> {
        let bytes = self.settings.encoding.encode(text)?;
        command::check(&bytes)?;
        Ok(bytes)
    }

    /// One command whose reply is 2yz.
    pub(crate) async fn complete(&mut self, verb: &str, argument: Option<&[u8]>) -> Result<Raw, Error> {
        let reply = self.control.exchange(verb, argument).await?;
        match reply.code {
            // Superfluous (RFC 959, section 4.2.2), which what this asks for is not.
            codes::SUPERFLUOUS if codes::fit(verb, codes::SUPERFLUOUS) == Fit::Odd => Err(self.unexpected(&reply)),
            _ => self.positive(reply),
        }
    }

    /// The same for an argument that is text.
    pub(super) async fn reply_to(&mut self, verb: &str, argument: Option<&str>) -> Result<Reply, Error> {
        let argument = argument.map(|argument| self.bytes(argument)).transpose()?;
        let reply = self.complete(verb, argument.as_deref()).await?;
        Ok(self.control.text(&reply))
    }

    pub(crate) fn positive(&self, reply: Raw) -> Result<Raw, Error> {
        if reply.is_positive() { Ok(reply) } else { Err(self.refusal(&reply)) }
    }

    /// The error that a reply is which says yes, and not what was asked for.
    pub(crate) fn unexpected(&self, reply: &Raw) -> Error {
        Error::unexpected(self.control.text(reply))
    }

    /// The error that a reply is which was not the one wanted.
    pub(crate) fn refusal(&self, reply: &Raw) -> Error {
        Error::Refused { kind: RefusalKind::of(reply.code), reply: self.control.text(reply) }
    }

    /// The server names this extension.
    pub(crate) async fn has(&mut self, verb: &str) -> Result<bool, Error> {
        Ok(features::has(self.control.features().await?.unwrap_or_default(), verb))
    }

    /// The server has the extension, or does not report which it has.
    pub(crate) async fn may_have(&mut self, verb: &str) -> Result<bool, Error> {
        Ok(self.control.features().await?.is_none_or(|named| features::has(named, verb)))
    }

    /// They may depend on the login, the host and TLS.
    pub(super) fn forget_features(&mut self) {
        self.control.extensions.features = Features::default();
        self.known = Known::default();
    }
}

impl<N: Network> Drop for Live<N> {
    /// A transfer that is still open keeps nothing of the session alive.
    fn drop(&mut self) {
        self.take_control_back();
        self.state.close();
    }
}
