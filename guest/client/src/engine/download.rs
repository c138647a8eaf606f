//! Downloads in order, and what the attempts of one know of each other.

use crate::engine::backoff::Retry;
use crate::engine::copy::{CopyError, Observer, WriteNext, copy};
use crate::engine::remote::{Remote, refuses_offset};
use crate::engine::version::FileVersion;
use crate::error::Error;
use crate::settings::Representation;
use crate::verify::ReportedSize;
use core::sync::atomic::{AtomicU64, Ordering};
use ftp_types::Outcome;

/// How a file is downloaded to a place that keeps what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadPlan {
    /// What becomes of bytes that are there.
    pub mode: DownloadMode,
    /// Only an image has offsets, a size that can be compared, and more than one attempt.
    pub representation: Representation,
    /// Sessions that share the file. More than one need to know which version it is.
    pub sessions: usize,
    /// The time of the file is of use.
    pub keeps_time: bool,
    /// The size of the file is compared with the bytes that came.
    pub verify_size: bool,
    /// How often it is tried.
    pub retry: Retry,
}

impl Default for DownloadPlan {
    /// An image by one session, of which the size is compared, with the default for attempts.
    fn default() -> Self {
        Self {
            mode: DownloadMode::Replace,
            representation: Representation::Image,
            sessions: 1,
            keeps_time: false,
            verify_size: true,
            retry: Retry::default(),
        }
    }
}

impl DownloadPlan {
    /// Whether there may be another attempt after this error.
    pub fn may_repeat_after(&self, error: &Error) -> bool {
        self.representation == Representation::Image && error.is_transient()
    }
}

/// What becomes of bytes that are there before the first attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadMode {
    /// They are replaced. Only what an attempt has brought is resumed, as with [`Self::Resume`].
    Replace,
    /// They are the beginning of the file, if its size and time show that it is the same.
    Resume,
    /// They are the beginning of the file, if it has the same size.
    ResumeBySize,
}

/// What the attempts of one download know of each other, for a caller that makes them itself. In each it asks for the version,
/// opens the place where that version goes, and then downloads.
#[derive(Debug)]
pub struct ResumableDownload<'a> {
    plan: &'a DownloadPlan,
    has_begun: bool,
    reached: AtomicU64,
}

impl<'a> ResumableDownload<'a> {
    /// Before the first attempt.
    pub fn new(plan: &'a DownloadPlan) -> Self {
        Self { plan, has_begun: false, reached: AtomicU64::new(0) }
    }

    /// Bytes of the file that were there at the end of the last attempt.
    pub fn reached(&self) -> u64 {
        self.reached.load(Ordering::Relaxed)
    }

    /// (SIZE, MDTM) What has to be known before an attempt: the size, by which a cut is seen; the time, where it is kept; both,
    /// where the download is resumed. What a listing reports is not asked for, unless in another attempt, as the file may have
    /// changed.
    pub async fn version<R: Remote>(
        &self,
        remote: &mut R,
        path: &str,
        listed: &FileVersion,
    ) -> Result<FileVersion, Error> {
        let DownloadPlan { mode, sessions, keeps_time, .. } = *self.plan;
        let needs_version = self.has_begun || mode != DownloadMode::Replace || sessions > 1;
        let needs_time =
            (needs_version || keeps_time) && (self.has_begun || !listed.modified.is_some_and(|time| time.is_exact()));
        let needs_size = needs_version || self.compares_size();
        if !needs_time && (!needs_size || listed.exact_size().is_some()) {
            return Ok(*listed);
        }
        // A server that denies that the file is there is not asked for its time.
        let asks_time = |size| needs_time && size != ReportedSize::Missing;
        let asked = FileVersion::ask(remote, path, asks_time).await?;
        // Whether a file is there of which nothing is reported is seen when it is asked for.
        let known = if asked.size.is_some() { asked } else { *listed };
        Ok(FileVersion { modified: asked.modified.or(listed.modified), ..known })
    }

    /// Whether the bytes of this version that are there are resumed.
    pub fn resumes(&self, version: &FileVersion) -> bool {
        let DownloadPlan { mode, representation, .. } = *self.plan;
        (self.has_begun || mode != DownloadMode::Replace)
            && representation == Representation::Image
            && version.exact_size().is_some()
            && (mode == DownloadMode::ResumeBySize || version.is_unique())
    }

    /// (REST, RETR) One attempt, from an offset or from the beginning where the server refuses that, to the server's verdict. The
    /// size is compared with that of the version. Gives where it began, too.
    pub async fn attempt<R: Remote, W: WriteNext>(
        &mut self,
        remote: &mut R,
        path: &str,
        (version, offset): (&FileVersion, u64),
        to: &mut W,
        observer: &impl Observer,
    ) -> Result<(u64, Outcome), ReceiveError<W::Error>> {
        self.has_begun = true;
        let span = Span { from: offset, ..Span::whole(self.plan.representation) };
        let observer = Counted { observer, reached: &self.reached };
        let (begin, outcome) = receive(remote, path, span, to, &observer).await?;
        if !self.compares_size() {
            return Ok((begin, outcome));
        }
        let checked = version.check(remote, path, begin.saturating_add(outcome.bytes), outcome).await;
        checked.map(|outcome| (begin, outcome)).map_err(ReceiveError::Read)
    }

    fn compares_size(&self) -> bool {
        self.plan.verify_size && self.plan.representation == Representation::Image
    }
}

/// Counts what goes through.
struct Counted<'a, O> {
    observer: &'a O,
    reached: &'a AtomicU64,
}

impl<O: Observer> Observer for Counted<'_, O> {
    fn begins(&self, offset: u64) {
        self.reached.store(offset, Ordering::Relaxed);
        self.observer.begins(offset);
    }

    fn advanced(&self, count: u64) -> impl Future<Output = ()> {
        self.reached.fetch_add(count, Ordering::Relaxed);
        self.observer.advanced(count)
    }
}

/// What of a file is downloaded, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub from: u64,
    /// The first byte where the server refuses that offset.
    pub or_from: u64,
    /// Only an image has offsets.
    pub representation: Representation,
}

impl Span {
    /// All of it.
    pub fn whole(representation: Representation) -> Self {
        Self { from: 0, or_from: 0, representation }
    }

    /// From this byte on, or all of it where the server refuses the offset.
    pub fn from(offset: u64) -> Self {
        Self { from: offset, ..Self::whole(Representation::Image) }
    }
}

/// Why a download failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiveError<W> {
    /// The server did not begin it.
    Refused(Error),
    /// The bytes do not come, or are not those of the file.
    Read(Error),
    /// The bytes cannot go where they should.
    Write(W),
}

impl<W> From<CopyError<Error, W>> for ReceiveError<W> {
    fn from(error: CopyError<Error, W>) -> Self {
        match error {
            CopyError::Read(error) => Self::Read(error),
            CopyError::Write(error) => Self::Write(error),
        }
    }
}

impl From<ReceiveError<Self>> for Error {
    fn from(error: ReceiveError<Self>) -> Self {
        match error {
            ReceiveError::Refused(error) | ReceiveError::Read(error) | ReceiveError::Write(error) => error,
        }
    }
}

/// (REST, RETR) Download to the end of a file and to the server's verdict. Gives where it began, too.
pub async fn receive<R: Remote, W: WriteNext>(
    remote: &mut R,
    path: &str,
    span: Span,
    to: &mut W,
    observer: &impl Observer,
) -> Result<(u64, Outcome), ReceiveError<W::Error>> {
    let mut begin = span.from;
    let mut download = loop {
        match remote.download_from(path, span.representation, begin).await {
            Err(error) if begin > span.or_from && refuses_offset(remote.session(), &error) => begin = span.or_from,
            download => break download.map_err(ReceiveError::Refused)?,
        }
    };
    to.begins(begin).await.map_err(ReceiveError::Write)?;
    observer.begins(begin);
    download.data.begin_call();
    let bytes = copy(&mut download, to, u64::MAX, observer).await?;
    to.end().await.map_err(ReceiveError::Write)?;
    let outcome = download.finish(remote.session()).await.map_err(ReceiveError::Read)?;
    Ok((begin, Outcome { bytes, ..outcome }))
}
