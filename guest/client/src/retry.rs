//! Trying again: files that arrive although connections are lost on the way.
//!
//! In scope: which failures are worth another attempt, how long to wait before it, and going on where the last one
//! stopped, after a check that the file is still the same. Out of scope: where sessions come from; the caller opens
//! them, logs in, and goes to the directory.
//!
//! ```
//! use ftp_client::retry::{Retry, upload};
//! use ftp_client::{Error, Network, Session, Settings};
//!
//! async fn put<N: Network>(network: N, contents: &[u8]) -> Result<(), Error> {
//!     let open = async || {
//!         let mut session = Session::connect(network.clone(), Settings::default(), "ftp.example.com", 21).await?;
//!         session.login("user", "password", None).await?;
//!         Ok(session)
//!     };
//!     upload(&network, open, "incoming/file.bin", &contents, &Retry::default()).await?;
//!     Ok(())
//! }
//! ```

use crate::error::{Error, Phase, Reply};
use crate::limit::breathe;
use crate::network::Network;
use crate::segments::{self, Failed, Fetched, Segments, Sink};
use crate::session::Session;
use crate::settings::{CHUNK, Representation};
use crate::transfer::{Outcome, Upload};
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

/// How often to try again, and after what wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts after the first that bring nothing. One that brings a byte does not count.
    pub attempts: u32,
    /// The wait before the second attempt. It doubles with each that brings nothing.
    pub wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Default for Retry {
    /// Five attempts, after 1, 2, 4, 8 and 16 seconds.
    fn default() -> Self {
        Self { attempts: 5, wait: Duration::from_secs(1), longest_wait: Duration::from_secs(60) }
    }
}

/// The contents of a file to be sent, as often as it takes.
pub trait Source {
    /// Append at most `max` bytes that stand at this offset; 0 is the end.
    fn read_at(&self, offset: u64, buffer: &mut Vec<u8>, max: usize) -> impl Future<Output = Result<usize, Error>>;
}

impl Source for &[u8] {
    async fn read_at(&self, offset: u64, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let piece = rest.get(..max).unwrap_or(rest);
        buffer.extend_from_slice(piece);
        Ok(piece.len())
    }
}

/// Whether the same may succeed later: a connection that failed, a limit that ran out, or a server that is busy.
pub fn is_worth_another_attempt(error: &Error) -> bool {
    match error {
        Error::ConnectionLost(_) | Error::ConnectionRefused(_) => true,
        Error::Timeout(phase) => *phase != Phase::Total,
        Error::Transient(reply) => matches!(reply.code, 421 | 425 | 426 | 450 | 451),
        _ => false,
    }
}

/// As [`segments::download`], as often as the policy has it. What came before is kept as long as the file on the server
/// is the same (SIZE and MDTM); one that has changed is [`Error::Integrity`]. Each attempt has sessions of its own.
pub async fn download<N: Network, S: Sink>(
    network: &N,
    open: impl AsyncFn() -> Result<Session<N>, Error>,
    path: &str,
    sink: &S,
    options: &Segments,
    policy: &Retry,
) -> Result<Fetched, Failed> {
    let mut options = options.clone();
    let mut patience = Patience::new(policy);
    loop {
        let failed = match open().await {
            Err(error) => Failed { error, resume: options.resume.clone().unwrap_or_default() },
            Ok(mut session) => match segments::download(&mut session, &open, path, sink, &options).await {
                Ok(fetched) => {
                    // The file is there: how the session says goodbye does not matter.
                    let _ = session.quit().await;
                    return Ok(fetched);
                }
                Err(failed) => failed,
            },
        };
        let before = options.resume.as_ref().map(|resume| resume.done.clone()).unwrap_or_default();
        let has_more = failed.resume.done != before;
        if !patience.wait(network, &failed.error, has_more).await {
            return Err(failed);
        }
        if has_more {
            options.resume = Some(failed.resume);
        }
    }
}

/// (SIZE, REST, STOR) Upload a file as an image, as often as the policy has it. An attempt goes on at the size that the
/// server has, if that is not more than was sent; where it does not tell, or refuses the offset, it begins again. In
/// the end the size has to be that of the source, where the server tells it, or it is [`Error::Integrity`].
pub async fn upload<N: Network, S: Source>(
    network: &N,
    open: impl AsyncFn() -> Result<Session<N>, Error>,
    path: &str,
    source: &S,
    policy: &Retry,
) -> Result<Outcome, Error> {
    let mut patience = Patience::new(policy);
    let mut sent = Sent::default();
    loop {
        let before = sent.arrived;
        let error = match open().await {
            Err(error) => error,
            Ok(mut session) => match send(&mut session, path, source, &mut sent).await {
                Ok(outcome) => {
                    let _ = session.quit().await;
                    return Ok(outcome);
                }
                Err(error) => error,
            },
        };
        if !patience.wait(network, &error, sent.arrived > before).await {
            return Err(error);
        }
    }
}

/// How far an upload came in all attempts.
#[derive(Default)]
struct Sent {
    /// Bytes that were handed over.
    most: u64,
    /// Bytes that the server had when an attempt began.
    arrived: u64,
}

/// One attempt.
async fn send<N: Network, S: Source>(
    session: &mut Session<N>,
    path: &str,
    source: &S,
    sent: &mut Sent,
) -> Result<Outcome, Error> {
    let (mut upload, mut at) = begin(session, path, sent.most).await?;
    sent.arrived = at.max(sent.arrived);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let count = source.read_at(at, &mut buffer, CHUNK).await?;
        if count == 0 {
            break;
        }
        at = at.saturating_add(count as u64);
        sent.most = at.max(sent.most);
        if let Err(error) = upload.write(&buffer).await {
            // The server may know why.
            upload.finish(session).await?;
            return Err(error);
        }
        breathe().await;
    }
    let outcome = upload.finish(session).await?;
    match size(session, path).await? {
        Some(size) if size != at => {
            Err(Error::Integrity(format!("the server has {size} bytes of {path:?}, {at} were sent")))
        }
        _ => Ok(outcome),
    }
}

/// Where the server is, if it is on the way, or at the beginning.
async fn begin<N: Network>(session: &mut Session<N>, path: &str, sent: u64) -> Result<(Upload<N>, u64), Error> {
    let there = if sent > 0 { size(session, path).await?.filter(|size| *size <= sent) } else { None };
    if let Some(offset) = there.filter(|offset| *offset > 0) {
        match session.store(path, Representation::Image, offset).await {
            Err(Error::Permanent(Reply { code: 500..=504 | 554, .. })) => {}
            upload => return Ok((upload?, offset)),
        }
    }
    Ok((session.store(path, Representation::Image, 0).await?, 0))
}

/// (SIZE) None where the server does not tell.
async fn size<N: Network>(session: &mut Session<N>, path: &str) -> Result<Option<u64>, Error> {
    match session.size(path).await {
        Ok(size) => Ok(Some(size)),
        Err(Error::Permanent(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is left of a policy, for a caller that makes the attempts itself.
#[derive(Debug, Clone)]
pub struct Patience {
    policy: Retry,
    left: u32,
    wait: Duration,
}

impl Patience {
    /// All of it.
    pub fn new(policy: &Retry) -> Self {
        Self { policy: *policy, left: policy.attempts, wait: policy.wait }
    }

    /// Wait for the next attempt; false when there is none. An attempt that `has_more` than the one before makes it whole.
    pub async fn wait<N: Network>(&mut self, network: &N, error: &Error, has_more: bool) -> bool {
        if has_more {
            (self.left, self.wait) = (self.policy.attempts, self.policy.wait);
        }
        if self.left == 0 || !is_worth_another_attempt(error) {
            return false;
        }
        network.sleep(self.wait).await;
        self.left -= 1;
        self.wait = self.wait.saturating_mul(2).min(self.policy.longest_wait);
        true
    }
}
