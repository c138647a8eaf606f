//! What is here before it was asked for.

use super::Control;
use crate::error::Error;
use crate::keepalive::READ;
use crate::network::Network;
use crate::timeout::now_or_never;

impl<N: Network> Control<N> {
    /// Before a command is sent: drop the whole replies that are here already, which it would take for its own. Then see
    /// to it that none follows, unless a secret is to be sent, which belongs to the command before. Nothing is dropped while
    /// a reply is owed.
    pub(crate) async fn drop_strays(&mut self, is_secret: bool) -> Result<(), Error> {
        if self.tls.is_changing {
            return self.check_silence();
        }
        if self.conversation.is_owed() {
            return Ok(());
        }
        loop {
            self.look()?;
            while let Some(stray) = self.wire.next_reply().map_err(|error| self.fail(error))? {
                self.attribute(stray)?;
            }
            if !self.wire.reader.is_blank() {
                return Err(self.broken("a part of a reply came without having been asked for"));
            }
            if is_secret {
                return Ok(());
            }
            // What is here behind the reply to the sentinel is looked at again.
            let Some(sentinel) = self.conversation.resync_strays() else { return Ok(()) };
            self.in_step_after(sentinel).await?;
        }
    }

    /// Take in what is here already.
    fn look(&mut self) -> Result<(), Error> {
        self.wire.buffer.clear();
        match now_or_never(self.wire.channel.read(&mut self.wire.buffer, READ)) {
            Some(read) => self.take_in(read),
            None => Ok(()),
        }
    }

    /// Before the command that begins or ends TLS: from here to the end of that change, any byte that was not asked for
    /// ends the session. What was asked before is of no use behind it.
    pub(crate) async fn guard(&mut self) -> Result<(), Error> {
        self.hear_ahead().await?;
        self.conversation.forget_passive_port();
        self.set_guard(true);
        match self.conversation.is_in_doubt() {
            true => Err(self.broken("TLS was to begin or end while replies were in doubt")),
            false => self.check_silence(),
        }
    }

    /// The change is over, or was refused.
    pub(crate) fn set_guard(&mut self, guarded: bool) {
        self.tls.is_changing = guarded;
        self.wire.reader.skip_blanks(!guarded);
    }

    pub(super) fn check_silence(&mut self) -> Result<(), Error> {
        self.look()?;
        match self.wire.is_silent() {
            true => Ok(()),
            false => Err(self.broken("bytes that nobody asked for came where TLS begins or ends")),
        }
    }
}
