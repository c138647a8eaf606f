//! A transfer on the control connection: how the server agrees to it, its verdict, and the end of one that was given up
//! (RFC 959, section 4.1.3).

use super::Live;
use crate::control::{Raw, begins_transfer};
use crate::data::finish;
use crate::error::{Error, FailureKind, Reply};
use crate::handover::{Direction, TransferHandover};
use crate::limits::CLOSE_LINGER;
use crate::network::Network;
use crate::settings::Representation;
use crate::timeout::select;
use crate::tls::channel::Channel;
use alloc::format;
use alloc::sync::Arc;
use ftp_protocol::{codes, command};

/// A transfer that the server has agreed to.
pub(crate) struct OpenTransfer<N: Network> {
    pub(crate) channel: Channel<N::Stream>,
    /// The reply that agreed.
    pub(crate) agreed: Raw,
    /// Shared as long as the transfer is open.
    pub(crate) left: Arc<TransferHandover<N::Stream>>,
}

impl<N: Network> Live<N> {
    /// Be in step: no transfer open, the replies of a dropped one read.
    pub(crate) async fn drain_pending_replies(&mut self) -> Result<(), Error> {
        if self.is_busy() {
            return Err(Error::busy());
        }
        if self.transfer.is_some() {
            self.leave_transfer().await?;
        } else if self.control.conversation.take_unannounced() {
            self.control.resync().await?;
        }
        self.go_home().await
    }

    /// The limit of a whole call ran out in the transfer: it is as if that had been a call of the session.
    pub(super) fn is_given_up(&self) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| transfer.is_given_up())
    }

    /// A transfer is open.
    fn is_busy(&self) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| transfer.is_lent())
    }

    /// Agree on a transfer: the data connection first, then `REST` where there is an offset, then the command.
    pub(crate) async fn transfer(
        &mut self,
        representation: Option<Representation>,
        offset: u64,
        line: &[u8],
    ) -> Result<OpenTransfer<N>, Error> {
        command::raw(line)?;
        self.known.offset_refused = false;
        self.control.prepare(line).await?;
        self.protect().await?;
        if let Some(representation) = representation {
            self.represent(representation).await?;
        }
        let pending = self.prepare_data(line).await?;
        if offset > 0 {
            let reply = self.control.exchange("REST", Some(format!("{offset}").as_bytes())).await?;
            if reply.code != codes::PENDING {
                self.known.offset_refused = true;
                return Err(self.refusal(&reply));
            }
        }
        let (agreed, opening) = self.exchange_for_data(line, pending).await?;
        if !begins_transfer(&agreed) {
            return Err(self.refusal(&agreed));
        }
        let left = Arc::new(TransferHandover::new());
        self.transfer = Some(left.clone());
        let channel = match self.opened(opening).await {
            Err(Error::Failed { kind: FailureKind::Tls, text, .. }) => return Err(self.handshake_failed(text).await),
            channel => channel?,
        };
        if let (Some(interval), false) = (self.settings.keepalive, self.control.conversation.has_verdict())
            && let Some(lent) = self.control.lend_control(interval)
        {
            left.control.put(lent);
        }
        Ok(OpenTransfer { channel, agreed, left })
    }

    /// (TYPE) Sent only when it changes.
    pub(crate) async fn represent(&mut self, representation: Representation) -> Result<(), Error> {
        if self.parameters.representation != Some(representation) {
            self.complete("TYPE", Some(representation.code())).await?;
            self.parameters.representation = Some(representation);
        }
        Ok(())
    }

    /// The data connection has ended: read the verdict.
    pub(crate) async fn verdict(&mut self) -> Result<Raw, Error> {
        let reply = self.end_of_transfer().await?;
        self.control.check_verdict(&reply)?;
        self.positive(reply)
    }

    /// The verdict of a transfer that has no preliminary reply: whether it was one on something else shows when a sentinel
    /// is sent; and where nothing came, it was.
    pub(crate) async fn confirmed(&mut self, verdict: Raw, has_come: bool) -> Result<Raw, Error> {
        if !self.control.conversation.take_unannounced() {
            return Ok(verdict);
        }
        let verdict = self.control.resync().await?.unwrap_or(verdict);
        match has_come && verdict.is_positive() {
            true => Ok(verdict),
            false => Err(self.refusal(&verdict)),
        }
    }

    /// May be dropped while it waits: the reply is then still to come.
    pub(super) async fn end_of_transfer(&mut self) -> Result<Raw, Error> {
        self.take_control_back();
        let verdict = self.control.verdict().await?;
        self.transfer = None;
        Ok(verdict)
    }

    /// The transfer is over, and needs the control connection no longer.
    pub(super) fn take_control_back(&mut self) {
        if let Some(lent) = self.transfer.as_ref().and_then(|transfer| transfer.control.take()) {
            self.control.return_control(*lent);
        }
    }

    /// The transfer was dropped: read its replies.
    async fn leave_transfer(&mut self) -> Result<(), Error> {
        if let Some(download) = self.end_data().await {
            // The server cannot see that nobody reads.
            self.abort_over(Some(download)).await?;
            return Ok(());
        }
        self.end_of_transfer().await?;
        self.control.resync().await?;
        Ok(())
    }

    /// The transfer was given up: tell the server (ABOR), and read all that it has to say.
    pub(crate) async fn abort(&mut self) -> Result<Reply, Error> {
        if self.is_busy() {
            // It was given up before, and this is another one.
            return Err(Error::busy());
        }
        let download = self.end_data().await;
        self.abort_over(download).await
    }

    /// Servers answer 426 and 226, 225 or 226 alone, in either order. What still comes inside TLS is read, for a while:
    /// to some servers a reset there is the end of the session.
    pub(crate) async fn abort_over(&mut self, channel: Option<Channel<N::Stream>>) -> Result<Reply, Error> {
        self.transfer = None;
        self.control.begin_abort().await?;
        if let Some(mut channel) = channel {
            let end = async {
                channel.drain().await;
                channel.say_goodbye().await
            };
            select(end, self.network.sleep(CLOSE_LINGER)).await;
        }
        let last = self.control.aborted().await?;
        Ok(self.control.text(&last))
    }

    /// The transfer was dropped: end an upload inside TLS as TLS wants it, as some servers do not survive anything else. Gives
    /// the data connection of a download inside TLS.
    async fn end_data(&mut self) -> Option<Channel<N::Stream>> {
        self.take_control_back();
        let (mut channel, direction) = self.transfer.as_ref()?.take()?;
        if direction == Direction::Receiving {
            return Some(channel);
        }
        let end = async {
            if finish(&self.network, self.settings.proxy.is_some(), &mut channel, b"").await.is_ok() {
                channel.drain().await;
            }
        };
        select(end, self.network.sleep(CLOSE_LINGER)).await;
        None
    }
}
