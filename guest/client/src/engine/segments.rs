//! One file, downloaded by several sessions at once.
//!
//! In scope: splitting the file into ranges, one for each session; fewer sessions where the server wants it so; a check
//! that each range came whole, and that the file stayed as it was meanwhile; what is there when it fails, to go on from.
//! Out of scope: where the bytes go, which is a [`WriteAt`]; their hash; trying again.
//!
//! ```
//! use ftp_client::engine::{Segments, WriteAt, download_once};
//! use ftp_client::{Error, Network, Session, Settings};
//! use std::sync::Mutex;
//!
//! struct Memory(Mutex<Vec<u8>>);
//!
//! impl WriteAt for Memory {
//!     type Error = Error;
//!
//!     async fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
//!         let (mut memory, offset) = (self.0.lock().unwrap(), offset as usize);
//!         let size = memory.len().max(offset + bytes.len());
//!         memory.resize(size, 0);
//!         memory[offset..offset + bytes.len()].copy_from_slice(bytes);
//!         Ok(())
//!     }
//! }
//!
//! async fn get<N: Network>(network: N, session: &mut Session<N>) -> Result<Vec<u8>, Error> {
//!     let memory = Memory(Mutex::default());
//!     let open = async || {
//!         let mut session = Session::connect(network.clone(), Settings::default(), "ftp.example.com", 21).await?;
//!         session.login("anonymous", "", None).await?;
//!         Ok(session)
//!     };
//!     download_once(session, open, "pub/file.bin", &memory, &Segments::default()).await.map_err(|failed| failed.error)?;
//!     Ok(memory.0.into_inner().unwrap())
//! }
//! ```

use crate::engine::backoff::{Missed, Retry, repeat};
use crate::engine::copy::{At, WriteAt, WriteNext, copy};
use crate::engine::download::{Span, receive};
use crate::engine::ranges::{add_range, length, missing, parts, split};
use crate::engine::version::{FileVersion, changed};
use crate::error::{Error, FailureKind, Phase};
use crate::limits::{CLOSE_LINGER, MAX_SEGMENTS, MIN_SEGMENT_BYTES};
use crate::network::Network;
use crate::session::Session;
use crate::settings::Representation;
use crate::timeout::{join_all, timeout};
use crate::transfer::Download;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::Poll;

/// How to share the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    /// Sessions at the most, the first one included; 16 are the limit.
    pub sessions: usize,
    /// Bytes for which one more session is worth its while.
    pub smallest: u64,
    /// What an earlier attempt has left.
    pub resume: Option<Resume>,
}

impl Default for Segments {
    fn default() -> Self {
        Self { sessions: 4, smallest: MIN_SEGMENT_BYTES, resume: None }
    }
}

/// What is there of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resume {
    /// Of which file.
    pub version: FileVersion,
    /// The ranges that the sink has taken, in order and apart from each other.
    pub done: Vec<Range<u64>>,
}

impl Resume {
    /// Bytes that are there.
    pub fn bytes(&self) -> u64 {
        self.done.iter().map(length).fold(0, u64::saturating_add)
    }
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The file as it was before and after.
    pub version: FileVersion,
    /// Bytes that came.
    pub bytes: u64,
    /// Sessions that brought them.
    pub sessions: usize,
    /// Why there were not more: sessions that could not be opened, and ranges that could not be asked for.
    pub refused: Vec<Error>,
}

/// A download that failed. The first session may be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The error that ended the download.
    pub error: Error,
    /// What is there nevertheless. Empty when the file has changed.
    pub resume: Resume,
}

/// (SIZE, MDTM, then REST and RETR in each session, and SIZE and MDTM again) Download a file as an image by several
/// sessions, which all make progress as long as this future is polled.
///
/// `open` makes one more session, which is logged in and in the same directory as the first. All are opened before the
/// first byte is asked for, so that a server which takes no more, or no REST, costs nothing but time: those that are
/// there share the work, and where a range cannot be begun, the session before it reads on. One session does it alone
/// where the size is not known.
///
/// A session that is left at the end of a range may be out of step with its server. What is asked after that is asked in
/// the one that has read to the end of the file, or in a new one, which then is the first. Fewer bytes than the size are
/// [`Error::incomplete`].
pub async fn download_once<N: Network, S: WriteAt<Error = Error>>(
    session: &mut Session<N>,
    open: impl AsyncFn() -> Result<Session<N>, Error>,
    path: &str,
    sink: &S,
    options: &Segments,
) -> Result<Fetched, Failed> {
    let mut fetch =
        Fetch { path, sink, resume: options.resume.clone().unwrap_or_default(), used: 1, refused: Vec::new() };
    match fetch.run(session, open, options).await {
        Ok(bytes) => Ok(Fetched { version: fetch.resume.version, bytes, sessions: fetch.used, refused: fetch.refused }),
        Err(error) => Err(Failed { error, resume: fetch.resume }),
    }
}

/// As [`download_once`], as often as the policy has it. What came before is kept as long as the file on the server
/// is the same (SIZE and MDTM); one that has changed is [`Error::integrity`]. Each attempt has sessions of its own.
pub async fn download<N: Network, S: WriteAt<Error = Error>>(
    network: &N,
    open: impl AsyncFn() -> Result<Session<N>, Error>,
    path: &str,
    sink: &S,
    options: &Segments,
    policy: &Retry,
) -> Result<Fetched, Failed> {
    let mut options = options.clone();
    let attempt = async || {
        let failed = match open().await {
            Err(error) => Failed { error, resume: options.resume.clone().unwrap_or_default() },
            Ok(mut session) => match download_once(&mut session, &open, path, sink, &options).await {
                Ok(fetched) => {
                    // The file is there: how the session says goodbye does not matter.
                    let _ = session.quit().await;
                    return Ok(fetched);
                }
                Err(failed) => failed,
            },
        };
        let has_more = failed.resume.bytes() > options.resume.as_ref().map_or(0, Resume::bytes);
        if has_more {
            options.resume = Some(failed.resume.clone());
        }
        Err(Missed { may_repeat: failed.error.is_transient(), has_more, failure: failed })
    };
    repeat(network, policy, attempt, |_| {}).await
}

struct Fetch<'a, S> {
    path: &'a str,
    sink: &'a S,
    resume: Resume,
    used: usize,
    refused: Vec<Error>,
}

impl<S: WriteAt<Error = Error>> Fetch<'_, S> {
    async fn run<N: Network>(
        &mut self,
        session: &mut Session<N>,
        open: impl AsyncFn() -> Result<Session<N>, Error>,
        options: &Segments,
    ) -> Result<u64, Error> {
        let version = FileVersion::ask(session, self.path, |_| true).await?;
        if options.resume.is_some() && version != self.resume.version {
            return Err(self.changed());
        }
        self.resume.version = version;
        let Some(size) = version.size else {
            self.resume.done.clear();
            return self.whole(session).await;
        };
        let missing = missing(&self.resume.done, size)?;
        let longest = missing.iter().map(length).max().unwrap_or_default();
        let most = parts(longest, options.smallest, options.sessions.min(MAX_SEGMENTS));
        let mut others = self.open(&open, most.saturating_sub(1)).await;
        let mut bytes = 0u64;
        for range in missing {
            bytes = bytes.saturating_add(length(&range));
            let is_tail = range.end == size;
            if others.is_empty() {
                others = self.open(&open, parts(length(&range), options.smallest, most).saturating_sub(1)).await;
            }
            let last = self.range(session, &mut others, range, size, options.smallest).await?;
            // What is asked next is not asked in a session that was left in the middle of the file.
            match others.get_mut(last.wrapping_sub(1)) {
                Some(other) if is_tail => core::mem::swap(session, other),
                _ if is_tail => {}
                _ => {
                    say_goodbye(core::iter::once(&mut *session)).await;
                    *session = open().await?;
                }
            }
            say_goodbye(others.iter_mut()).await;
            others.clear();
        }
        if FileVersion::ask(session, self.path, |_| true).await? != version {
            return Err(self.changed());
        }
        // Where nothing was missing they were not needed.
        say_goodbye(others.iter_mut()).await;
        Ok(bytes)
    }

    fn changed(&mut self) -> Error {
        self.resume = Resume::default();
        changed()
    }

    /// As many sessions as can be had.
    async fn open<N: Network>(
        &mut self,
        open: &impl AsyncFn() -> Result<Session<N>, Error>,
        count: usize,
    ) -> Vec<Session<N>> {
        let mut sessions = Vec::new();
        for opened in join_all((0..count).map(|_| open())).await {
            match opened {
                Ok(session) => sessions.push(session),
                Err(error) => self.refused.push(error),
            }
        }
        sessions
    }

    /// One range without gaps, shared by all sessions. Gives which of them, the first one counted as 0, has read its end.
    async fn range<N: Network>(
        &mut self,
        first: &mut Session<N>,
        others: &mut [Session<N>],
        range: Range<u64>,
        size: u64,
        smallest: u64,
    ) -> Result<usize, Error> {
        let count = parts(length(&range), smallest, others.len().saturating_add(1));
        let sessions = core::iter::once(first).chain(others);
        let path = self.path;
        let begun = sessions.zip(split(&range, count)).map(async |(session, offset)| {
            let download = session.retrieve(path, Representation::Image, offset).await;
            (session, download, offset)
        });
        let mut parts = Vec::<Part<'_, N>>::new();
        let mut last = 0;
        for (index, (session, download, offset)) in join_all(begun).await.into_iter().enumerate() {
            if download.is_ok() {
                last = index;
            }
            match download {
                Ok(download) => parts.push(Part { session, download, range: offset..range.end, is_last: false }),
                Err(error) if offset == range.start => return Err(error),
                Err(error) => self.refused.push(error),
            }
        }
        self.used = self.used.max(parts.len());
        // Each ends where the next one begins, and the one after which nothing comes at the end of the file.
        let mut end = range.end;
        for part in parts.iter_mut().rev() {
            part.is_last = end == size;
            part.range.end = core::mem::replace(&mut end, part.range.start);
        }
        let begins: Vec<_> = parts.iter().map(|part| part.range.start).collect();
        let reached: Vec<_> = begins.iter().map(|begin| AtomicU64::new(*begin)).collect();
        let sink = self.sink;
        let result = try_join(parts.into_iter().zip(&reached).map(|(part, reached)| part.read(sink, reached))).await;
        let reached = reached.iter().map(|reached| reached.load(Ordering::Relaxed));
        for (begin, end) in begins.into_iter().zip(reached) {
            add_range(&mut self.resume.done, begin..end);
        }
        result.map(|()| last)
    }

    /// The file as it comes, to its end.
    async fn whole<N: Network>(&mut self, session: &mut Session<N>) -> Result<u64, Error> {
        let reached = AtomicU64::new(0);
        let mut to = Tracked { at: At { file: self.sink, offset: 0 }, reached: &reached };
        let received = receive(session, self.path, Span::whole(Representation::Image), &mut to, &()).await;
        add_range(&mut self.resume.done, 0..reached.load(Ordering::Relaxed));
        Ok(received?.1.bytes)
    }
}

/// Where a range goes, and how far it is there.
struct Tracked<'a, S> {
    at: At<'a, S>,
    reached: &'a AtomicU64,
}

impl<S: WriteAt> WriteNext for Tracked<'_, S> {
    type Error = S::Error;

    async fn write_next(&mut self, bytes: &[u8]) -> Result<(), S::Error> {
        self.at.write_next(bytes).await?;
        self.reached.store(self.at.offset, Ordering::Relaxed);
        Ok(())
    }
}

/// A range that a session brings.
struct Part<'a, N: Network> {
    session: &'a mut Session<N>,
    download: Download<N>,
    range: Range<u64>,
    /// The file ends where it ends.
    is_last: bool,
}

impl<N: Network> Part<'_, N> {
    /// Read to the end of the range and not further.
    async fn read(mut self, sink: &impl WriteAt<Error = Error>, reached: &AtomicU64) -> Result<(), Error> {
        let Range { start, end } = self.range;
        let most = length(&self.range);
        let mut to = Tracked { at: At { file: sink, offset: start }, reached };
        self.download.data.begin_call();
        let count = copy(&mut self.download, &mut to, most, &()).await?;
        let at = start.saturating_add(count);
        if at < end {
            // The server may know why.
            let ended = self.download.finish(self.session).await;
            if matches!(
                ended,
                Ok(_) | Err(Error::Failed { kind: FailureKind::Incomplete | FailureKind::Integrity, .. })
            ) {
                // A part that it takes for all of it may lack bytes in the middle.
                reached.store(start, Ordering::Relaxed);
            }
            ended?;
            return Err(Error::incomplete(format!("the file ended at {at} instead of {end}")));
        }
        if !self.is_last {
            // The range is there, whatever becomes of the session. Some servers take their time over the reply.
            let network = self.session.network().clone();
            let _ = timeout(&network, CLOSE_LINGER, Phase::Reply, self.download.abort(self.session)).await;
            return Ok(());
        }
        if self.download.read(&mut Vec::new(), 1).await? > 0 {
            return Err(Error::integrity(format!("the file continues after {at} bytes")));
        }
        self.download.finish(self.session).await.map(drop)
    }
}

/// All is there: how sessions end does not matter, and is not waited for.
async fn say_goodbye<'a, N: Network + 'a>(sessions: impl Iterator<Item = &'a mut Session<N>>) {
    let quit = sessions.map(async |session| {
        let network = session.network().clone();
        let _ = timeout(&network, CLOSE_LINGER, Phase::Reply, session.end()).await;
    });
    join_all(quit).await;
}

/// Wait for all, or for the first that fails; the others are then dropped.
async fn try_join<F: Future<Output = Result<(), Error>>>(futures: impl Iterator<Item = F>) -> Result<(), Error> {
    let mut waiting: Vec<_> = futures.map(Box::pin).collect();
    poll_fn(|cx| {
        let mut failure = None;
        waiting.retain_mut(|future| {
            if failure.is_some() {
                return true;
            }
            let Poll::Ready(result) = future.as_mut().poll(cx) else { return true };
            failure = result.err();
            false
        });
        match failure {
            Some(error) => Poll::Ready(Err(error)),
            None if waiting.is_empty() => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    })
    .await
}
