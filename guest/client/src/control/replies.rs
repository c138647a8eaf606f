//! Replies: read one after another, and attributed by the conversation.

use super::{Control, Raw, begins_transfer};
use crate::error::{Error, Phase};
use crate::keepalive::READ;
use crate::network::Network;
use crate::timeout::{now_or_never, timeout, yield_now};
use alloc::format;
use alloc::string::ToString;
use core::pin::pin;
use core::time::Duration;
use ftp_protocol::command;
use ftp_protocol::conversation::{Event, Sentinel, Violation};

impl<N: Network> Control<N> {
    /// The reply to the command that was sent last. May be dropped while it waits.
    pub(crate) async fn answer(&mut self) -> Result<Raw, Error> {
        match self.outcome(self.limit).await? {
            Event::Reply(reply) | Event::Agreement(reply) => Ok(reply),
            _ => Err(self.broken("a reply out of turn")),
        }
    }

    /// What the replies mean that come next, once any sentinel was sent that it takes to see that.
    pub(super) async fn outcome(&mut self, limit: Duration) -> Result<Event, Error> {
        loop {
            match self.event(limit).await? {
                Event::Send(_) | Event::Odd { .. } => {}
                event => return Ok(event),
            }
        }
    }

    /// The next reply that means anything. All up to it have no more time than one. May be dropped while it waits.
    pub(crate) async fn event(&mut self, limit: Duration) -> Result<Event, Error> {
        let network = self.network.clone();
        let events = async {
            loop {
                let reply = self.read_reply().await?;
                match self.attribute(reply)? {
                    Event::Absorbed => yield_now().await,
                    event => return Ok(event),
                }
            }
        };
        let event = timeout(&network, limit, Phase::Reply, pin!(events)).await;
        event.map_err(|error| self.fail(error))
    }

    /// What a reply means; what has to be sent for that is on its way.
    pub(super) fn attribute(&mut self, reply: Raw) -> Result<Event, Error> {
        self.note_received(&reply);
        let event = self.conversation.received(reply).map_err(|violation| self.out_of_step(violation))?;
        self.act_on(event)
    }

    fn act_on(&mut self, event: Event) -> Result<Event, Error> {
        match &event {
            Event::Closing(reply) => return Err(self.closed_by_server(reply)),
            Event::Send(sentinel) => self.queue_sentinel(*sentinel)?,
            Event::Odd { verb, code } => {
                self.transcript.note(&format!("{code} is an odd reply to {verb}"));
                self.queue_sentinel(Sentinel::Noop)?;
            }
            Event::Unasked => self.transcript.note("nobody asked for that reply: it is dropped"),
            _ => {}
        }
        Ok(event)
    }

    /// Sent when the next reply is read.
    fn queue_sentinel(&mut self, sentinel: Sentinel) -> Result<(), Error> {
        self.queue(command::line(sentinel.verb(), None)?, None);
        Ok(())
    }

    pub(crate) fn out_of_step(&mut self, violation: Violation) -> Error {
        self.broken(&violation.to_string())
    }

    /// The verdict of the transfer. May be dropped while it waits: it is then still to come.
    pub(crate) async fn verdict(&mut self) -> Result<Raw, Error> {
        loop {
            if let Some(verdict) = self.conversation.take_verdict() {
                return Ok(verdict);
            }
            let mut event = self.event(self.limit).await?;
            while event == Event::AnnouncedAgain {
                event = match now_or_never(self.event(self.limit)) {
                    Some(event) => event?,
                    None => {
                        let event = self.conversation.doubt_verdict();
                        let event = event.map_err(|violation| self.out_of_step(violation))?;
                        self.act_on(event)?
                    }
                };
            }
        }
    }

    /// The verdict of a transfer whose data does not pass here, however often it is announced. May be dropped while it
    /// waits.
    pub(crate) async fn verdict_within(&mut self, limit: Duration) -> Result<Raw, Error> {
        let network = self.network.clone();
        let replies = async {
            loop {
                if let Some(verdict) = self.conversation.take_verdict() {
                    return Ok(verdict);
                }
                match self.event(limit).await? {
                    Event::Agreement(refusal) if !begins_transfer(&refusal) => return Ok(refusal),
                    _ => {}
                }
            }
        };
        let verdict = timeout(&network, limit, Phase::Reply, pin!(replies)).await;
        verdict.map_err(|error| self.fail(error))
    }

    /// The reply that ended a transfer has to be one that ends transfers.
    pub(crate) fn check_verdict(&mut self, verdict: &Raw) -> Result<(), Error> {
        let fits = self.conversation.check_verdict(verdict);
        fits.map_err(|violation| self.out_of_step(violation))
    }

    /// Send a sentinel and read replies until its own comes, so that none of an earlier command is left. Gives the last
    /// reply before it.
    pub(crate) async fn resync(&mut self) -> Result<Option<Raw>, Error> {
        self.hear_ahead().await?;
        let sentinel = self.conversation.resync();
        self.in_step_after(sentinel).await
    }

    pub(super) async fn in_step_after(&mut self, sentinel: Sentinel) -> Result<Option<Raw>, Error> {
        self.queue_sentinel(sentinel)?;
        self.flush().await?;
        match self.outcome(self.limit).await? {
            Event::InStep(last) => Ok(last),
            _ => Err(self.broken("a reply out of turn")),
        }
    }

    async fn read_reply(&mut self) -> Result<Raw, Error> {
        loop {
            if let Some(reply) = self.wire.next_reply()? {
                return Ok(reply);
            }
            // What a transfer has left.
            self.wire.flush().await?;
            self.wire.buffer.clear();
            let read = self.wire.channel.read(&mut self.wire.buffer, READ).await;
            self.take_in(read)?;
        }
    }

    pub(super) fn take_in(&mut self, read: Result<usize, Error>) -> Result<(), Error> {
        match read {
            Ok(0) => Err(self.fail(Error::connection_lost("the server closed the control connection"))),
            Ok(_) => {
                self.wire.reader.feed(&self.wire.buffer);
                Ok(())
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    fn note_received(&mut self, reply: &Raw) {
        if !self.transcript.is_on() {
            return;
        }
        let last = reply.lines.len().saturating_sub(1);
        for (index, line) in reply.lines.iter().enumerate() {
            let mark = if index == last { ' ' } else { '-' };
            self.transcript.received(reply.code, mark, &self.encoding.decode(line));
        }
    }

    fn closed_by_server(&mut self, reply: &Raw) -> Error {
        let reply = self.text(reply);
        self.fail(Error::transient(reply))
    }
}
