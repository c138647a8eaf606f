//! In step: which reply belongs to which command.
//!
//! Replies have no numbers. One that comes twice, or late, would be taken for that to the next command, a failure for a
//! success. What shows it is its code ([`codes`]), that it is here before the command is sent, and a `NOOP`: what comes
//! before the reply to that belongs to an earlier command.

use super::{Ahead, Control, Raw, STRAY_REPLIES};
use crate::error::Error;
use crate::keepalive::READ;
use crate::network::Network;
use crate::timeout::now_or_never;
use alloc::format;
use alloc::vec::Vec;
use ftp_protocol::codes::{self, Fit};
use ftp_protocol::command;

impl<N: Network> Control<N> {
    /// The reply to the command that was sent last. One that is odd for it may be that of an earlier command: so it counts
    /// once a `NOOP` has shown that no other reply follows. If one does, that is the command's.
    pub(crate) async fn settled(&mut self, reply: Raw) -> Result<Raw, Error> {
        let Some(verb) = self.awaits.take() else { return Ok(reply) };
        if codes::fit(&verb, reply.code) != Fit::Odd {
            self.awaits = Some(verb);
            return Ok(reply);
        }
        self.transcript.note(&format!("{} is an odd reply to {verb}", reply.code));
        let mut others = self.sentinel("NOOP", false).await?;
        let strays = others.len();
        let begins = others.iter().any(Raw::is_preliminary);
        let refusal = others.iter().position(|other| other.code >= 400);
        let own = match refusal {
            Some(index) => others.swap_remove(index),
            None => match others.pop() {
                Some(last) => last,
                None => return Ok(reply),
            },
        };
        self.count_strays(strays)?;
        match codes::fit(&verb, own.code) {
            Fit::Answers if !begins => Ok(own),
            _ => Err(self.out_of_step(&verb, reply.code)),
        }
    }

    /// A code that cannot be that of the command is the reply to another one.
    pub(super) fn check_fit(&mut self, code: u16) -> Result<(), Error> {
        let Some(verb) = self.awaits.take() else { return Ok(()) };
        // Before the first transfer no 226 of one can be under way.
        let is_late = verb == "TYPE" && code == 226 && self.has_transferred;
        if is_late || codes::fit(&verb, code) == Fit::Never {
            return Err(self.out_of_step(&verb, code));
        }
        self.awaits = Some(verb);
        Ok(())
    }

    fn out_of_step(&mut self, verb: &str, code: u16) -> Error {
        match (&self.ahead, code) {
            // A server that answers during a transfer what was asked ahead has given that transfer up.
            (Ahead::Asked(_), 227..=229) => {
                self.broken("EPSV was answered during a transfer: this server permits no pipelining")
            }
            _ if verb == codes::GREETING => self.broken(&format!("{code} is no greeting")),
            _ => self.broken(&format!("{code} is the reply to another command than {verb}")),
        }
    }

    /// The reply that ended a transfer has to be one that ends transfers.
    pub(crate) fn check_verdict(&mut self, verdict: &Raw) -> Result<(), Error> {
        match codes::fit(codes::TRANSFER, verdict.code) {
            Fit::Answers => Ok(()),
            _ => Err(self.out_of_step("the transfer", verdict.code)),
        }
    }

    /// Send `NOOP` and read replies until its own comes, so that none of an earlier command is left. Gives the last
    /// reply before it.
    pub(crate) async fn resync_with_noop(&mut self) -> Result<Option<Raw>, Error> {
        let mut last = None;
        if self.wire.noops.unanswered > 0 {
            while let Some(reply) = self.reply_after_transfer().await? {
                last = Some(reply);
            }
            return Ok(last);
        }
        Ok(self.sentinel("NOOP", false).await?.pop())
    }

    /// Send `NOOP`, or `PWD`, and read replies until its own comes, which is a refusal where that may be. Gives the others.
    async fn sentinel(&mut self, mut verb: &str, may_refuse: bool) -> Result<Vec<Raw>, Error> {
        self.write(command::line(verb, None)?, None).await?;
        self.awaits = None;
        self.in_doubt = false;
        let mut others = Vec::new();
        while others.len() < STRAY_REPLIES {
            let reply = self.reply().await?;
            let own = if verb == "PWD" { 257 } else { 200 };
            if reply.code == own || may_refuse && reply.code >= 400 {
                return Ok(others);
            }
            if verb == "PWD" && reply.code >= 400 {
                // It may be that of `PWD`.
                (verb, self.has_pwd) = ("NOOP", false);
                self.write(command::line(verb, None)?, None).await?;
            }
            others.push(reply);
        }
        Err(self.broken(&format!("no reply to {verb} among those that came")))
    }

    /// Before a command is sent: drop the whole replies that are here already, which it would take for its own. Then see
    /// to it that none follows, unless a secret is to be sent, which belongs to the command before. Nothing is dropped while
    /// a reply is owed.
    pub(crate) async fn drop_strays(&mut self, is_secret: bool) -> Result<(), Error> {
        if self.guarded {
            return self.check_silence();
        }
        if self.wire.noops.unanswered > 0 || self.asked.is_some() || matches!(self.ahead, Ahead::Asked(_)) {
            return Ok(());
        }
        loop {
            self.look()?;
            while let Some(stray) = self.wire.next_reply().map_err(|error| self.fail(error))? {
                self.note_received(&stray);
                if stray.code == 421 {
                    return Err(self.closed_by_server(&stray));
                }
                self.transcript.note("nobody asked for that reply: it is dropped");
                self.in_doubt = true;
                self.count_strays(1)?;
            }
            if !self.wire.reader.is_blank() {
                return Err(self.broken("a part of a reply came without having been asked for"));
            }
            if !self.in_doubt || is_secret {
                return Ok(());
            }
            // Who is not logged in may not even do nothing. What is here behind the reply is looked at again.
            // One more late 200 would pass for the reply to `NOOP`; a directory is that of few commands.
            let verb = if self.has_pwd { "PWD" } else { "NOOP" };
            let others = self.sentinel(verb, !self.logged_in).await?.len();
            self.count_strays(others)?;
        }
    }

    fn count_strays(&mut self, more: usize) -> Result<(), Error> {
        self.strays += more;
        match self.strays > STRAY_REPLIES {
            true => Err(self.broken("one reply after another that nobody asked for")),
            false => Ok(()),
        }
    }

    /// Take in what is here already.
    fn look(&mut self) -> Result<(), Error> {
        self.buffer.clear();
        match now_or_never(self.wire.channel.read(&mut self.buffer, READ)) {
            Some(read) => self.take_in(read),
            None => Ok(()),
        }
    }

    /// Before the command that begins or ends TLS: from here to the end of that change, any byte that was not asked for
    /// ends the session. What was asked before is of no use behind it.
    pub(crate) async fn guard(&mut self) -> Result<(), Error> {
        self.hear_ahead().await?;
        self.forget_ahead();
        self.set_guard(true);
        match self.in_doubt {
            true => Err(self.broken("TLS was to begin or end while replies were in doubt")),
            false => self.check_silence(),
        }
    }

    /// The change is over, or was refused.
    pub(crate) fn set_guard(&mut self, guarded: bool) {
        self.guarded = guarded;
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
