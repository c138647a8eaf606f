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
use crate::segments::{self, Failed, Fetched, Resume, Segments, Sink, Version};
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
        Error::ConnectionLost(_) | Error::ConnectionRefused(_) | Error::Incomplete(_) => true,
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
        let has_more = failed.resume.bytes() > options.resume.as_ref().map_or(0, Resume::bytes);
        if !patience.wait(network, &failed.error, has_more).await {
            return Err(failed);
        }
        if has_more {
            options.resume = Some(failed.resume);
        }
    }
}

/// What [`fetch`] has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// Bytes that the sink has taken.
    pub bytes: u64,
    /// Sessions that it took, the first one and those that could not be opened included.
    pub attempts: u32,
    /// The file, as it was at the beginning of each attempt and in the end.
    pub version: Version,
}

/// (SIZE, MDTM, REST, RETR, and SIZE and MDTM again) Download a file as an image, from `offset` on and in order, as often
/// as the policy has it. What the sink has taken is never asked for again, so a file that has changed since is
/// [`Error::Integrity`]. Where the server tells neither size nor time, nothing is tried again once a byte came.
pub async fn fetch<N: Network, S: Sink>(
    network: &N,
    open: impl AsyncFn() -> Result<Session<N>, Error>,
    path: &str,
    offset: u64,
    sink: &S,
    policy: &Retry,
) -> Result<Arrived, Error> {
    let mut patience = Patience::new(policy);
    let mut coming = Coming { path, at: offset, version: None };
    let mut attempts = 0u32;
    loop {
        attempts = attempts.saturating_add(1);
        let before = coming.at;
        let error = match open().await {
            Err(error) => error,
            Ok(mut session) => match coming.read(&mut session, sink).await {
                Ok(version) => {
                    let _ = session.quit().await;
                    return Ok(Arrived { bytes: coming.at.saturating_sub(offset), attempts, version });
                }
                Err(error) => error,
            },
        };
        let is_blind = coming.at > offset && coming.version == Some(Version::default());
        if is_blind || !patience.wait(network, &error, coming.at > before).await {
            return Err(error);
        }
    }
}

/// A file on its way.
struct Coming<'a> {
    path: &'a str,
    /// The next byte.
    at: u64,
    /// The file, once the server was asked.
    version: Option<Version>,
}

impl Coming<'_> {
    /// One attempt: the file is the same as before, what is missing comes, and it is the same still.
    async fn read<N: Network>(&mut self, session: &mut Session<N>, sink: &impl Sink) -> Result<Version, Error> {
        let mut has_come = false;
        loop {
            let version = segments::version(session, self.path).await?;
            if *self.version.get_or_insert(version) != version {
                return Err(segments::changed());
            }
            if has_come {
                return Ok(version);
            }
            // What is there may be all, if it was only the verdict that got lost.
            if self.at == 0 || version.size != Some(self.at) {
                self.rest(session, sink).await?;
            }
            if let Some(size) = version.size.filter(|size| *size != self.at) {
                return Err(Error::Integrity(format!("the file ended at {} instead of {size}", self.at)));
            }
            has_come = true;
        }
    }

    async fn rest<N: Network>(&mut self, session: &mut Session<N>, sink: &impl Sink) -> Result<(), Error> {
        let mut download = session.retrieve(self.path, Representation::Image, self.at).await?;
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let count = download.read(&mut buffer, CHUNK).await?;
            if count == 0 {
                return download.finish(session).await.map(drop);
            }
            sink.write_at(self.at, &buffer).await?;
            self.at = self.at.saturating_add(count as u64);
            breathe().await;
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
        Err(Error::Permanent(_) | Error::Unexpected(_)) => Ok(None),
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
