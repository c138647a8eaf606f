//! Uploads in as many attempts as it takes: each resumes at the end of what the last ones have sent.

use crate::engine::backoff::{Backoff, Retry};
use crate::engine::copy::{At, CopyError, Observer, ReadAt};
use crate::engine::remote::{Remote, refuses_offset};
use crate::engine::version::FileVersion;
use crate::error::{Error, FailureKind, RefusalKind, unless_refused};
use crate::network::Network;
use crate::session::Session;
use crate::settings::Representation;
use crate::transfer::Upload;
use crate::verify::{ReportedSize, UploadStart};
use ftp_protocol::time::Timestamp;
use ftp_types::{Outcome, Verification};

/// How a file is uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPlan {
    /// What becomes of a file that is on the server.
    pub mode: UploadMode,
    /// Only an image is sent in more than one attempt.
    pub representation: Representation,
    /// How often it is tried.
    pub retry: Retry,
}

impl Default for UploadPlan {
    /// An image that replaces what is there, with the default for attempts.
    fn default() -> Self {
        Self { mode: UploadMode::Replace, representation: Representation::Image, retry: Retry::default() }
    }
}

impl UploadPlan {
    /// Whether there may be a second attempt: what was appended may be there.
    pub fn may_repeat(&self) -> bool {
        self.mode != UploadMode::Append && self.representation == Representation::Image
    }
}

/// What becomes of a file that is on the server before the first attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadMode {
    /// (STOR) It is replaced. Only what the upload itself has sent is resumed.
    Replace,
    /// (APPE, else REST and STOR) It is the beginning of the file, unless it is larger: its end is added.
    Resume,
    /// (APPE) All is added to it.
    Append,
}

/// A file that is on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where the last attempt began.
    pub offset: u64,
    /// Bytes that it has sent.
    pub bytes: u64,
    /// What was compared in the end.
    pub verified: Verification,
    /// The server's verdict. None where all bytes were there already, so that nothing was sent.
    pub outcome: Option<Outcome>,
}

/// (SIZE, MDTM, REST, STOR, APPE) Upload a file, up to as many times as the plan has it.
///
/// An attempt resumes at the size that the server reports, if that is not more than was sent and the file is another than
/// before the first attempt: its size and time are asked for then, unless there is no second one. The end of a file that
/// has stopped growing is appended to (APPE), as some servers lose the beginning with REST; where that is refused, REST and
/// STOR. Where the server does not report the size or refuses the offset, the next attempt begins again; so it does where the
/// server took a part of the file for all of it, or has too many bytes. Where it has all of them already, nothing is sent.
/// The size is compared as [`Settings::verify_size`](crate::Settings::verify_size) has it.
pub async fn upload<N: Network, S: ReadAt<Error = Error>>(
    network: &N,
    open: impl AsyncFn() -> Result<Session<N>, Error>,
    path: &str,
    source: &S,
    plan: &UploadPlan,
) -> Result<Stored, Error> {
    let mut backoff = Backoff::new(&plan.retry);
    let mut upload = ResumableUpload::new(plan);
    loop {
        let before = upload.reached();
        let error = match open().await {
            Err(error) => error,
            Ok(mut session) => match upload.attempt(network, &mut session, path, source, &()).await {
                Ok(stored) => {
                    // The file is there: how the session says goodbye does not matter.
                    let _ = session.quit().await;
                    return Ok(stored);
                }
                Err(CopyError::Read(error)) => return Err(error),
                Err(CopyError::Write(error)) => error,
            },
        };
        if !plan.may_repeat() || !backoff.wait_for_upload(network, &error, upload.reached() > before).await {
            return Err(error);
        }
    }
}

/// What the attempts of one upload know of each other, for a caller that makes them itself.
#[derive(Debug, Clone)]
pub struct ResumableUpload<'a> {
    plan: &'a UploadPlan,
    /// The file here, as the last attempt found it.
    version: Option<FileVersion>,
    /// What the server had before the first byte was sent, unless that is to be resumed.
    before: Option<Before>,
    /// Nothing on the server is worth resuming: it is known to be wrong, or may be.
    from_start: bool,
    /// The server has agreed to an upload.
    has_begun: bool,
    reached: u64,
    /// Bytes that were handed over in any attempt, since the file was last sent from its beginning.
    sent: u64,
}

/// The file of the same name that the server had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    File {
        size: u64,
        modified: Option<Timestamp>,
    },
    /// The server does not report it.
    Unknown,
}

impl<'a> ResumableUpload<'a> {
    /// Before the first attempt.
    pub fn new(plan: &'a UploadPlan) -> Self {
        Self { plan, version: None, before: None, from_start: false, has_begun: false, reached: 0, sent: 0 }
    }

    /// Bytes that the server had when the last attempt began.
    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// Whether the server may have a part of the file.
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// It has all of it: another attempt would not resume.
    pub fn end(&mut self) {
        self.has_begun = false;
    }

    /// One attempt, to the server's verdict.
    pub async fn attempt<R: Remote, S: ReadAt>(
        &mut self,
        network: &R::Network,
        remote: &mut R,
        path: &str,
        source: &S,
        observer: &impl Observer,
    ) -> Result<Stored, CopyError<S::Error, Error>> {
        let version = source.version().await.map_err(CopyError::Read)?;
        // A file that has changed here since the last attempt is another one.
        self.from_start |= self.version.replace(version).is_some_and(|before| before != version);
        let start = self.start(network, remote, path, version.size).await.map_err(CopyError::Write)?;
        let sent = self.send(remote, path, source, (start, version.size), observer).await;
        if let Err(CopyError::Write(Error::Failed { kind: FailureKind::Incomplete | FailureKind::Integrity, .. })) =
            sent
        {
            // Fewer than were sent, after an end without any failure, may be others than the first ones; and what is too
            // much does not become less.
            self.from_start = true;
        }
        sent
    }

    async fn send<R: Remote, S: ReadAt>(
        &mut self,
        remote: &mut R,
        path: &str,
        source: &S,
        (start, size): (UploadStart, Option<u64>),
        observer: &impl Observer,
    ) -> Result<Stored, CopyError<S::Error, Error>> {
        if let UploadStart::Rest(offset) | UploadStart::RestByAppend(offset) = start
            && size == Some(offset)
        {
            return Ok(Stored { offset, bytes: 0, verified: Verification::Size, outcome: None });
        }
        let (mut upload, offset) = self.begin(remote, path, start).await.map_err(CopyError::Write)?;
        self.has_begun = true;
        self.reached = offset.max(self.reached);
        observer.begins(offset);
        let mut from = At { file: source, offset };
        let copied = upload.copy_from(&mut from, observer).await;
        // What was read last may have been sent.
        self.sent = from.offset.max(self.sent);
        match copied {
            Err(CopyError::Write(error)) => {
                // The server may know why.
                upload.finish(remote.session()).await.map_err(CopyError::Write)?;
                Err(CopyError::Write(error))
            }
            copied => {
                let bytes = copied?;
                let outcome = upload.finish(remote.session()).await.map_err(CopyError::Write)?;
                Ok(Stored { offset, bytes, verified: outcome.verified, outcome: Some(outcome) })
            }
        }
    }

    /// Where to begin. Unless that was asked for, only at the end of what this upload has sent: a file that was there before
    /// is not the beginning of this one.
    async fn start<R: Remote>(
        &mut self,
        network: &R::Network,
        remote: &mut R,
        path: &str,
        size: Option<u64>,
    ) -> Result<UploadStart, Error> {
        if self.plan.mode == UploadMode::Append {
            return Ok(UploadStart::End);
        }
        let resumes = self.has_begun || self.plan.mode == UploadMode::Resume;
        if core::mem::take(&mut self.from_start) || !resumes {
            self.sent = 0;
            if self.plan.may_repeat() && self.plan.retry.attempts > 0 {
                self.before = Some(Before::look(remote, path).await?);
            }
            return Ok(UploadStart::Beginning);
        }
        let most = match self.before {
            Some(_) => size.unwrap_or(u64::MAX).min(self.sent),
            None => size.unwrap_or_default(),
        };
        if most == 0 {
            return Ok(UploadStart::Beginning);
        }
        let ReportedSize::Bytes(offset @ 1..) = remote.reported_size(path).await? else {
            return Ok(UploadStart::Beginning);
        };
        if offset > most || !self.is_other(remote, path, offset).await? {
            return Ok(UploadStart::Beginning);
        }
        if !self.has_begun {
            return Ok(UploadStart::RestByAppend(offset));
        }
        // The session that was lost may still be writing on the server.
        network.sleep(self.plan.retry.wait).await;
        Ok(match remote.reported_size(path).await? {
            ReportedSize::Bytes(later) if later == offset => UploadStart::RestByAppend(offset),
            ReportedSize::Bytes(later @ 1..) => UploadStart::Rest(later.min(offset)),
            _ => UploadStart::Beginning,
        })
    }

    /// Whether the file is another one than there was before the first attempt: some servers keep the old one until the new
    /// one is whole.
    async fn is_other<R: Remote>(&self, remote: &mut R, path: &str, now: u64) -> Result<bool, Error> {
        match self.before {
            // It was asked for.
            None | Some(Before::Nothing) => Ok(true),
            Some(Before::File { size, .. }) if size != now => Ok(true),
            Some(Before::File { modified: Some(before), .. }) => {
                let modified = unless_refused(remote.modified_at(path).await)?;
                Ok(modified.is_some_and(|modified| modified != before))
            }
            Some(Before::File { modified: None, .. } | Before::Unknown) => Ok(false),
        }
    }

    /// (APPE, or REST and STOR, or STOR) To append leaves the beginning alone where a server loses it at an offset. Where the
    /// one and the other are refused, it begins at the beginning.
    async fn begin<R: Remote>(
        &self,
        remote: &mut R,
        path: &str,
        start: UploadStart,
    ) -> Result<(Upload<R::Network>, u64), Error> {
        let representation = self.plan.representation;
        let offset = match start {
            UploadStart::Beginning | UploadStart::End => {
                return Ok((remote.upload_at(path, representation, start).await?, 0));
            }
            UploadStart::Rest(offset) | UploadStart::RestByAppend(offset) => offset,
        };
        if start == UploadStart::RestByAppend(offset) {
            match remote.upload_at(path, representation, start).await {
                Err(Error::Refused { kind: RefusalKind::Permanent, .. }) => {}
                upload => return Ok((upload?, offset)),
            }
        }
        match remote.upload_at(path, representation, UploadStart::Rest(offset)).await {
            Err(error) if refuses_offset(remote.session(), &error) => {}
            upload => return Ok((upload?, offset)),
        }
        Ok((remote.upload_at(path, representation, UploadStart::Beginning).await?, 0))
    }
}

impl Before {
    /// (SIZE, MDTM)
    async fn look<R: Remote>(remote: &mut R, path: &str) -> Result<Self, Error> {
        Ok(match remote.reported_size(path).await? {
            ReportedSize::Bytes(size) => Self::File { size, modified: unless_refused(remote.modified_at(path).await)? },
            ReportedSize::Missing => Self::Nothing,
            ReportedSize::Nothing => Self::Unknown,
        })
    }
}
