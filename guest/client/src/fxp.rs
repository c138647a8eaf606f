//! Copies from one server straight to another (FXP; RFC 959, section 2.3, figure 2).
//!
//! One server listens and the other connects. The target is told first: there are servers that take no data which comes
//! before `STOR`. So that no file is made there for one that the source has not, the source is asked for its size before;
//! the target is asked for that of the copy in the end.

use crate::control::Raw;
use crate::error::{Error, Phase, RefusalKind, unless_refused};
use crate::limits::{CLOSE_LINGER, FXP_BYTES_PER_SECOND, FXP_TIMEOUT, HEAD_START};
use crate::network::{Network, Stream};
use crate::session::Live;
use crate::settings::{Representation, TransferMode};
use crate::timeout::{Either, select, timeout};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;
use ftp_protocol::{address, codes};
use ftp_types::{Copied, Unverified, Verification};

/// (SIZE, PASV, PORT, RETR, STOR, SIZE) Copy a file. Both replies are read whatever happens.
pub(crate) async fn copy<N: Network>(
    source: &mut Live<N>,
    path: &str,
    target: &mut Live<N>,
    target_path: &str,
    representation: Representation,
) -> Result<Copied, Error> {
    let (retr, stor) = (source.line("RETR", Some(path))?, target.line("STOR", Some(target_path))?);
    let private = source.prepare_copy(representation).await?;
    if private != target.prepare_copy(representation).await? {
        return Err(Error::insecure("only one of the two servers encrypts data connections"));
    }
    source.control.prepare(&retr).await?;
    target.control.prepare(&stor).await?;
    let size = source.check_exists(path, representation).await?;
    let limit = longest(size, source.settings.idle_timeout);
    let mut pair = Pair { source, retr, target, stor, limit };
    let mut copied = if private { pair.copy_inside_tls().await? } else { pair.copy([Some(Passive::Any); 2]).await? };
    copied.verified = match representation {
        Representation::Ascii => Verification::NotVerified(Unverified::Ascii),
        Representation::Image if !source.settings.verify_size => Verification::NotVerified(Unverified::TurnedOff),
        Representation::Image => compare(source, path, size, target, target_path).await?,
    };
    Ok(copied)
}

/// (SIZE) Whether the target has as many bytes as the source had before, or has now that it has grown.
async fn compare<N: Network>(
    source: &mut Live<N>,
    path: &str,
    before: Option<u64>,
    target: &mut Live<N>,
    target_path: &str,
) -> Result<Verification, Error> {
    let Some(before) = before else { return Ok(Verification::NotVerified(Unverified::NoSize)) };
    let Some(size) = target.size_after(target_path, before).await? else {
        return Ok(Verification::NotVerified(Unverified::NoSize));
    };
    if size < before {
        // Whatever the file has now: it is no longer whole either where both names are those of one.
        return Err(Error::incomplete(format!("the copy has {size} bytes, and the file had {before}")));
    }
    // It may have grown meanwhile.
    let now = if size > before { source.size_after(path, before).await?.unwrap_or(before) } else { before };
    match size == now {
        true => Ok(Verification::Size),
        false => Err(Error::integrity(format!("the copy has {size} bytes, and the file {now}"))),
    }
}

/// The longest time that a copy of this size may take: a stalled copy looks like one that continues.
fn longest(size: Option<u64>, idle: Duration) -> Duration {
    size.map_or(FXP_TIMEOUT, |size| {
        idle.saturating_add(Duration::from_secs(size / FXP_BYTES_PER_SECOND)).min(FXP_TIMEOUT)
    })
}

struct Pair<'a, N: Network> {
    source: &'a mut Live<N>,
    retr: Vec<u8>,
    target: &'a mut Live<N>,
    stor: Vec<u8>,
    limit: Duration,
}

/// One of the two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Target,
    Source,
}

/// How a server is made to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passive {
    /// (EPSV, else PASV)
    Any,
    /// (CPSV) And to be the client of TLS.
    Cpsv,
}

enum Attempt {
    Copied(Copied),
    /// The servers did not come together, and no byte was moved.
    Apart(Error),
}

impl<N: Network> Pair<'_, N> {
    /// One server has to be the client of TLS: the one that listens after CPSV, or either after SSCN.
    async fn copy_inside_tls(&mut self) -> Result<Copied, Error> {
        let cpsv = [self.source.has("CPSV").await?, self.target.has("CPSV").await?];
        if cpsv.contains(&true) {
            return self.copy(cpsv.map(|has| has.then_some(Passive::Cpsv))).await;
        }
        let client = if self.source.has("SSCN").await? {
            &mut *self.source
        } else if self.target.has("SSCN").await? {
            &mut *self.target
        } else {
            let text = "neither server can be the other's client inside TLS (CPSV, SSCN)";
            return Err(Error::unsupported(text.to_string()));
        };
        client.complete("SSCN", Some(b"ON")).await?;
        let copied = self.copy([Some(Passive::Any); 2]).await;
        // It is off where it is not on.
        for live in [&mut *self.target, &mut *self.source] {
            if live.control.is_usable() && live.has("SSCN").await? {
                live.complete("SSCN", Some(b"OFF")).await?;
            }
        }
        copied
    }

    /// Let the source listen, and where that does not bring them together, the target: each with this command, if at all.
    async fn copy(&mut self, commands: [Option<Passive>; 2]) -> Result<Copied, Error> {
        let mut apart = None;
        for (listener, command) in [Side::Source, Side::Target].into_iter().zip(commands) {
            let Some(command) = command else { continue };
            match self.attempt(listener, command).await? {
                Attempt::Copied(copied) => return Ok(copied),
                Attempt::Apart(error) => apart = Some(error),
            }
        }
        let reason = apart.map(|error| format!(": {error}")).unwrap_or_default();
        Err(Error::unsupported(format!("the two servers do not connect to each other{reason}")))
    }

    async fn attempt(&mut self, listener: Side, command: Passive) -> Result<Attempt, Error> {
        let met = match listener {
            Side::Target => meet(self.target, self.source, command).await,
            Side::Source => meet(self.source, self.target, command).await,
        };
        let copied = match met {
            Ok(address) => self.transfer(listener, address).await,
            Err(error @ Error::Refused { kind: RefusalKind::Transient | RefusalKind::Permanent, .. })
                if self.is_usable() =>
            {
                return Ok(Attempt::Apart(error));
            }
            Err(error) => return Err(error),
        };
        match copied {
            Ok(copied) => Ok(Attempt::Copied(copied)),
            Err(error) if error.code() == Some(codes::NO_DATA_CONNECTION) && self.is_usable() => {
                Ok(Attempt::Apart(error))
            }
            Err(error) => Err(error),
        }
    }

    fn is_usable(&self) -> bool {
        self.source.control.is_usable() && self.target.control.is_usable()
    }

    async fn transfer(&mut self, listener: Side, address: SocketAddr) -> Result<Copied, Error> {
        self.target.control.begin_line(&self.stor).await?;
        let heard = match listener {
            Side::Source => Some(self.target.control.answer().await?),
            // It may say nothing until the source connects.
            Side::Target => match select(self.target.control.answer(), self.target.network.sleep(HEAD_START)).await {
                Either::First(reply) => Some(reply?),
                Either::Second(()) => None,
            },
        };
        if let Some(reply) = heard.filter(|reply| !reply.is_preliminary()) {
            return Err(self.target.refusal(&reply));
        }
        let verdicts = match self.source.control.begin_line(&self.retr).await {
            Ok(()) => self.verdicts().await,
            Err(error) => Err(error),
        };
        match verdicts {
            Ok((source, target)) => {
                let (source, target) = (self.source.control.text(&source), self.target.control.text(&target));
                Ok(Copied { source, target, verified: Verification::NotVerified(Unverified::NoSize) })
            }
            Err(error) => {
                self.give_up(listener, address).await;
                Err(error)
            }
        }
    }

    /// What both say at the end. Once one is done the other cannot be far.
    async fn verdicts(&mut self) -> Result<(Raw, Raw), Error> {
        let soon = self.source.settings.reply_timeout;
        match select(self.source.last_word(self.limit), self.target.last_word(self.limit)).await {
            Either::First(source) => Ok((source?, self.target.last_word(soon).await?)),
            Either::Second(target) => {
                let target = target?;
                Ok((self.source.last_word(soon).await?, target))
            }
        }
    }

    /// Tell both, and hear them. One that still waits for a connection gets one: some would not listen to anything before
    /// that, and pyftpdlib would keep the file for whoever connects next.
    async fn give_up(&mut self, listener: Side, address: SocketAddr) {
        let (network, local) = (&self.source.network, self.source.settings.local_address);
        let release = async {
            let mut stream = network.connect(address, local).await?;
            if listener == Side::Source {
                stream.read(&mut Vec::new(), 1).await?;
            }
            Ok(())
        };
        drop(timeout(network, CLOSE_LINGER, Phase::DataConnection, release).await);
        for live in [&mut *self.source, &mut *self.target] {
            if live.control.is_usable() {
                // When this fails the session is closed, which says enough.
                let _ = live.abort_over(None).await;
            }
        }
    }
}

/// Tell one server to listen, and the other where. Whatever address the first one names, it is the one that we talk to.
async fn meet<N: Network>(passive: &mut Live<N>, active: &mut Live<N>, command: Passive) -> Result<SocketAddr, Error> {
    let peer = passive.control.peer()?.to_canonical();
    let port = match command {
        Passive::Any => passive.passive_port().await?,
        Passive::Cpsv => passive.cpsv_port().await?,
    };
    let address = SocketAddr::new(peer, port);
    let (verb, argument) = address::active_command(address);
    active.complete(verb, Some(argument.as_bytes())).await?;
    Ok(address)
}

impl<N: Network> Live<N> {
    /// Ready for data between servers; gives whether it is encrypted.
    async fn prepare_copy(&mut self, representation: Representation) -> Result<bool, Error> {
        if self.settings.proxy.is_some() {
            return Err(Error::unsupported("servers do not copy through a proxy"));
        }
        if self.parameters.mode != TransferMode::Stream {
            return Err(Error::invalid_argument("servers copy in the transfer mode stream"));
        }
        let private = self.protect().await?;
        self.represent(representation).await?;
        Ok(private)
    }

    /// (SIZE) Gives the size. A server that does not report it is taken to have the file.
    async fn check_exists(&mut self, path: &str, representation: Representation) -> Result<Option<u64>, Error> {
        let size = match self.plausible_size(path).await {
            Err(error) if error.code().is_some_and(codes::is_missing) => return Err(error),
            size => unless_refused(size)?,
        };
        self.represent(representation).await?;
        Ok(size)
    }

    /// The reply of 2yz that ends the command. May be dropped while it waits.
    async fn last_word(&mut self, limit: Duration) -> Result<Raw, Error> {
        let reply = self.control.verdict_within(limit).await?;
        self.control.check_verdict(&reply)?;
        self.positive(reply)
    }
}
