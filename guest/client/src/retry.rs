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

use crate::error::{Error, unless_refused};
use crate::limits::CHUNK;
use crate::network::Network;
use crate::segments::{self, Failed, Fetched, Resume, Segments, Sink, Version};
use crate::session::Session;
use crate::settings::Representation;
use crate::timeout::yield_now;
use crate::transfer::{Outcome, Upload};
use crate::verify::ReportedSize;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;
use crc32fast::Hasher;
use ftp_protocol::time::Timestamp;

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

/// Whether the same may succeed later: see [`Error::is_transient`].
pub fn is_worth_another_attempt(error: &Error) -> bool {
    error.is_transient()
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
    let mut backoff = Backoff::new(policy);
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
        if !backoff.wait(network, &failed.error, has_more).await {
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
/// [`Error::Integrity`], unless it has only grown in the last attempt. An early end of the same file is one more attempt,
/// which begins at the first byte again and compares what the sink has. Where the server reports neither size nor time,
/// nothing is tried again once a byte came.
pub async fn fetch<N: Network, S: Sink>(
    network: &N,
    open: impl AsyncFn() -> Result<Session<N>, Error>,
    path: &str,
    offset: u64,
    sink: &S,
    policy: &Retry,
) -> Result<Arrived, Error> {
    let mut backoff = Backoff::new(policy);
    let mut coming =
        ResumableDownload { path, start: offset, at: offset, version: None, taken: Hasher::new(), is_unsure: false };
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
        coming.is_unsure |= matches!(error, Error::Incomplete(_));
        let is_blind = coming.at > offset && coming.version == Some(Version::default());
        if is_blind || !backoff.wait(network, &error, coming.at > before).await {
            return Err(error);
        }
    }
}

/// A file on its way.
struct ResumableDownload<'a> {
    path: &'a str,
    /// The first byte.
    start: u64,
    /// The next byte.
    at: u64,
    /// The file, once the server was asked.
    version: Option<Version>,
    /// What the sink has.
    taken: Hasher,
    /// The server took that for all there is. It may not be the beginning of the file, if bytes in the middle were lost.
    is_unsure: bool,
}

impl ResumableDownload<'_> {
    /// One attempt: the file is the same as before, what is missing comes, and it is the same still.
    async fn read<N: Network>(&mut self, session: &mut Session<N>, sink: &impl Sink) -> Result<Version, Error> {
        let (mut has_come, mut size) = (false, None);
        loop {
            let version = segments::version(session, self.path).await?;
            let is_same = *self.version.get_or_insert(version) == version;
            // A file that grew while it came has all that came.
            let has_grown = has_come && size.is_some_and(|size| size < self.at) && version.size >= Some(self.at);
            match (is_same && size.is_none_or(|size| size >= self.at), has_grown, has_come) {
                (true, _, true) | (_, true, _) => return Ok(version),
                (true, _, false) => {}
                _ => return Err(segments::changed()),
            }
            size = version.size;
            // What is there may be all, if it was only the verdict that got lost.
            if self.at == 0 || version.size != Some(self.at) {
                self.rest(session, sink).await?;
            }
            if let Some(size) = version.size.filter(|size| *size > self.at) {
                return Err(Error::Incomplete(format!("the file ended at {} instead of {size}", self.at)));
            }
            has_come = true;
        }
    }

    async fn rest<N: Network>(&mut self, session: &mut Session<N>, sink: &impl Sink) -> Result<(), Error> {
        let begin = if self.is_unsure { self.start } else { self.at };
        let mut download = session.retrieve(self.path, Representation::Image, begin).await?;
        let mut buffer = Vec::new();
        let (mut again, mut known) = (Hasher::new(), self.at.saturating_sub(begin));
        loop {
            buffer.clear();
            let most = usize::try_from(known).unwrap_or(CHUNK).min(CHUNK);
            let count = download.read(&mut buffer, if known > 0 { most } else { CHUNK }).await?;
            if count == 0 {
                return download.finish(session).await.map(drop);
            }
            if known > 0 {
                again.update(&buffer);
                known = known.saturating_sub(count as u64);
                if known == 0 && again.clone().finalize() != self.taken.clone().finalize() {
                    return Err(Error::Integrity("the bytes that came before are not those of the file".to_string()));
                }
                self.is_unsure = known > 0;
                continue;
            }
            self.taken.update(&buffer);
            sink.write_at(self.at, &buffer).await?;
            self.at = self.at.saturating_add(count as u64);
            yield_now().await;
        }
    }
}

/// (SIZE, MDTM, REST, STOR, APPE) Upload a file as an image, up to as many times as the policy has it.
///
/// An attempt resumes at the size that the server reports, if that is not more than was sent and the file is another than
/// before the first attempt: its size and time are asked for then, unless there is no second one. The end of a file that
/// has stopped growing is appended to (APPE), as some servers lose the beginning with REST; where that is refused, REST and
/// STOR. Where the server does not report the size, refuses the offset, or has too many bytes in the end, the next attempt
/// begins again; so it does where the server took a part of the file for all of it. The size is compared as [`Settings::verify_size`](crate::Settings::verify_size) has it.
pub async fn upload<N: Network, S: Source>(
    network: &N,
    open: impl AsyncFn() -> Result<Session<N>, Error>,
    path: &str,
    source: &S,
    policy: &Retry,
) -> Result<Outcome, Error> {
    let mut backoff = Backoff::new(policy);
    let mut sent = Sent { path, policy, before: None, most: 0, arrived: 0 };
    loop {
        let before = sent.arrived;
        let error = match open().await {
            Err(error) => error,
            Ok(mut session) => match sent.send(network, &mut session, source).await {
                Ok(outcome) => {
                    let _ = session.quit().await;
                    return Ok(outcome);
                }
                Err(error) => error,
            },
        };
        if !backoff.wait(network, &error, sent.arrived > before).await {
            return Err(error);
        }
    }
}

/// How far an upload came in all attempts.
struct Sent<'a> {
    path: &'a str,
    policy: &'a Retry,
    /// The file before the first attempt.
    before: Option<Seen>,
    /// Bytes that were handed over, since the file was last sent from its beginning.
    most: u64,
    /// Bytes that the server had when an attempt began.
    arrived: u64,
}

/// (SIZE, MDTM) A file on the server.
struct Seen {
    size: ReportedSize,
    modified: Option<Timestamp>,
}

impl Seen {
    async fn of<N: Network>(session: &mut Session<N>, path: &str) -> Result<Self, Error> {
        let size = session.reported_size(path).await?;
        let modified = match size {
            ReportedSize::Bytes(_) => unless_refused(session.modified(path).await)?,
            ReportedSize::Missing | ReportedSize::Nothing => None,
        };
        Ok(Self { size, modified })
    }

    /// Whether it is certainly another file, or another state of it.
    fn is_other_than(&self, before: &Self) -> bool {
        match (before.size, self.size) {
            (ReportedSize::Nothing, _) | (_, ReportedSize::Nothing) => false,
            (before, now) if before != now => true,
            _ => before.modified.is_some() && self.modified.is_some() && before.modified != self.modified,
        }
    }
}

impl Sent<'_> {
    /// One attempt.
    async fn send<N: Network, S: Source>(
        &mut self,
        network: &N,
        session: &mut Session<N>,
        source: &S,
    ) -> Result<Outcome, Error> {
        let (mut upload, begin) = self.begin(network, session).await?;
        let mut at = begin;
        self.arrived = at.max(self.arrived);
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let count = source.read_at(at, &mut buffer, CHUNK).await?;
            if count == 0 {
                break;
            }
            at = at.saturating_add(count as u64);
            self.most = at.max(self.most);
            if let Err(error) = upload.write(&buffer).await {
                // The server may know why.
                upload.finish(session).await?;
                return Err(error);
            }
            yield_now().await;
        }
        let result = match upload.finish(session).await {
            // Somebody else wrote, or the offset was not heeded.
            Err(Error::Integrity(text)) if begin > 0 => {
                Err(Error::Incomplete(format!("resumed at {begin}, and {text}")))
            }
            result => result,
        };
        if let Err(Error::Incomplete(_)) = result {
            // The server took what is there for all of it. What is missing need not be the end.
            (self.before, self.most) = (None, 0);
        }
        result
    }

    /// Where the server is, if it is on the way, or at the beginning.
    async fn begin<N: Network>(&mut self, network: &N, session: &mut Session<N>) -> Result<(Upload<N>, u64), Error> {
        let path = self.path;
        if let Some(offset) = self.offset(session).await? {
            // An earlier connection may still be writing.
            network.sleep(self.policy.wait).await;
            let again = session.reported_size(path).await?;
            if again == ReportedSize::Bytes(offset) {
                match session.append_at(path, offset).await {
                    Err(Error::Permanent(_)) => {}
                    upload => return Ok((upload?, offset)),
                }
            }
            if let ReportedSize::Bytes(offset @ 1..) = again
                && offset <= self.most
            {
                match session.store_at(path, offset).await {
                    Err(_) if session.has_refused_offset() => {}
                    upload => return Ok((upload?, offset)),
                }
            }
        }
        Ok((session.store(path, Representation::Image, 0).await?, 0))
    }

    /// Where to resume: at the end of what is there, if that came of an earlier attempt.
    async fn offset<N: Network>(&mut self, session: &mut Session<N>) -> Result<Option<u64>, Error> {
        let Some(before) = self.before.as_ref().filter(|_| self.most > 0) else {
            if self.before.is_none() && self.policy.attempts > 0 {
                self.before = Some(Seen::of(session, self.path).await?);
            }
            return Ok(None);
        };
        let now = Seen::of(session, self.path).await?;
        let is_ours = now.is_other_than(before);
        Ok(match now.size {
            ReportedSize::Bytes(size @ 1..) if is_ours && size <= self.most => Some(size),
            _ => None,
        })
    }
}

/// What is left of a policy, for a caller that makes the attempts itself.
#[derive(Debug, Clone)]
pub struct Backoff {
    policy: Retry,
    left: u32,
    wait: Duration,
}

impl Backoff {
    /// A policy with all of its attempts left.
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
