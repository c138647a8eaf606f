//! What ties a data connection to its session: how it begins, and the server's verdict on it.

use super::{CallLimits, Data, Ending, Held, finish};
use crate::control::Raw;
use crate::deflate::Codec;
use crate::error::{Error, FailureKind, Phase, RefusalKind, Reply};
use crate::handover::Direction;
use crate::limits::CLOSE_LINGER;
use crate::network::Network;
use crate::session::{Live, OpenTransfer};
use crate::timeout::{Either, now_or_never, select, timeout};
use crate::tls::channel::unclosed;
use alloc::format;
use ftp_protocol::codes;

impl<N: Network> Data<N> {
    pub(crate) fn new(live: &Live<N>, opened: OpenTransfer<N>, direction: Direction) -> Self {
        let idle = match live.control.conversation.is_unannounced() {
            // The server has said that it is done.
            true => live.settings.idle_timeout.min(CLOSE_LINGER),
            false => live.settings.idle_timeout,
        };
        opened.left.lend();
        Self {
            network: live.network.clone(),
            agreed: opened.channel.agreed().cloned(),
            channel: Some(opened.channel),
            session: live.state.clone(),
            handover: Some(opened.left),
            direction,
            packing: Codec::new(live.parameters.mode, direction, live.settings.inflation_limit),
            limits: CallLimits { idle, total: live.settings.total_timeout, deadline: None },
            bytes: 0,
            held: Held::default(),
            ending: Ending::default(),
            failure: None,
        }
    }

    /// Everything is written: let it go out, and read the server's verdict.
    pub(crate) async fn end(&mut self, live: &mut Live<N>) -> Result<Raw, Error> {
        if let (Some(channel), None) = (&mut self.channel, &self.failure) {
            if let Codec::Deflate(deflater) = &mut self.packing {
                self.held.bytes.extend(deflater.finish());
            }
            let ending = finish(&self.network, live.settings.proxy.is_some(), channel, &self.held.bytes);
            match timeout(&self.network, self.limits.idle, Phase::Data, ending).await {
                // All bytes were sent before. Whether they arrived is another question.
                Err(Error::Failed { kind: FailureKind::ConnectionLost | FailureKind::Other, text, .. })
                    if self.held.bytes.is_empty() =>
                {
                    self.ending.cut = Some(Error::connection_lost(text));
                }
                ended => self.failure = ended.err(),
            }
        }
        let heard = match self.failure {
            Some(_) => None,
            None => self.hear_end(live).await,
        };
        self.close();
        match heard {
            Some(reply) => self.judge(reply),
            None => self.verdict(live).await,
        }
    }

    /// What is on its way, tickets for example, must not meet a closed socket: that would be a reset, and lose what was
    /// sent. How the server ends the data connection shows whether something on the path has cut it. Gives the verdict
    /// where that comes first.
    async fn hear_end(&mut self, live: &mut Live<N>) -> Option<Result<Raw, Error>> {
        let channel = self.channel.as_mut()?;
        let heard = match select(channel.hear_end(), live.verdict()).await {
            Either::First(ended) => {
                self.ending.cut = self.ending.cut.take().or(ended.err());
                return None;
            }
            Either::Second(reply) => reply,
        };
        let ended = match (&heard, channel.is_secure()) {
            (Err(_), _) => None,
            (Ok(_), true) => match select(channel.hear_end(), self.network.sleep(CLOSE_LINGER)).await {
                Either::First(ended) => Some(ended),
                Either::Second(()) => Some(Err(unclosed())),
            },
            // Without TLS its end proves nothing, and is not worth a wait.
            (Ok(_), false) => now_or_never(channel.hear_end()),
        };
        self.ending.cut = self.ending.cut.take().or(ended.and_then(Result::err));
        Some(heard)
    }

    /// The server's verdict; a transfer that failed on this side is no success, whatever the server says.
    pub(crate) async fn verdict(&mut self, live: &mut Live<N>) -> Result<Raw, Error> {
        if self.handover.is_none() {
            // Given up: there is nothing to be said for it.
            live.drain_pending_replies().await?;
            return Err(self.failure.take().unwrap_or(Error::closed()));
        }
        let reply = live.verdict().await;
        self.judge(reply)
    }

    fn judge(&mut self, reply: Result<Raw, Error>) -> Result<Raw, Error> {
        match reply {
            Ok(reply) => self.failure.take().map_or(Ok(reply), Err),
            Err(Error::Refused { kind: RefusalKind::Transient | RefusalKind::Permanent, reply })
                if self.was_not_resumed(&reply) =>
            {
                Err(Error::tls(format!(
                    "the data connection did not resume the TLS session, which this server seems to require: {reply}"
                )))
            }
            Err(error) => Err(error),
        }
    }

    fn was_not_resumed(&self, reply: &Reply) -> bool {
        let came = self.direction == Direction::Receiving && self.bytes > 0;
        codes::wants_resumption(reply.code) && !came && self.agreed.as_ref().is_some_and(|agreed| !agreed.resumed)
    }
}
