//! One file in order and in as many attempts as it takes: what came before is not asked for again.

use crate::engine::backoff::{Backoff, Retry};
use crate::engine::copy::{WriteAt, WriteNext};
use crate::engine::download::{Span, receive};
use crate::engine::version::{FileVersion, changed};
use crate::error::{Error, FailureKind};
use crate::network::Network;
use crate::session::Session;
use crate::settings::Representation;
use alloc::format;
use crc32fast::Hasher;

/// What [`fetch`] has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// Bytes that the sink has taken.
    pub bytes: u64,
    /// Sessions that it took, the first one and those that could not be opened included.
    pub attempts: u32,
    /// The file, as it was at the beginning of each attempt and in the end.
    pub version: FileVersion,
}

/// (SIZE, MDTM, REST, RETR, and SIZE and MDTM again) Download a file as an image, from `offset` on and in order, as often
/// as the policy has it. What the sink has taken is never asked for again, so a file that has changed since is
/// [`Error::integrity`], unless it has only grown in the last attempt. An early end of the same file is one more attempt,
/// which begins at the first byte again and compares what the sink has. Where the server reports neither size nor time,
/// nothing is tried again once a byte came. Where
/// it refuses the offset, the file comes from `offset` on again, and what the sink has is compared and not passed on.
pub async fn fetch<N: Network, S: WriteAt<Error = Error>>(
    network: &N,
    open: impl AsyncFn() -> Result<Session<N>, Error>,
    path: &str,
    offset: u64,
    sink: &S,
    policy: &Retry,
) -> Result<Arrived, Error> {
    let mut coming =
        Fetching { path, start: offset, at: offset, version: None, taken: Hasher::new(), is_unsure: false };
    let mut attempts = 0u32;
    // A loop of its own: as a closure for `repeat` it makes the component larger.
    let mut backoff = Backoff::new(policy);
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
        coming.is_unsure |= matches!(error, Error::Failed { kind: FailureKind::Incomplete, .. });
        let is_blind = coming.at > offset && coming.version == Some(FileVersion::default());
        let wait = backoff.next(!is_blind && error.is_transient(), coming.at > before);
        network.sleep(wait.ok_or(error)?).await;
    }
}

/// A file on its way.
struct Fetching<'a> {
    path: &'a str,
    /// The first byte.
    start: u64,
    /// The next byte.
    at: u64,
    /// The file, once the server was asked.
    version: Option<FileVersion>,
    /// What the sink has.
    taken: Hasher,
    /// The server took that for all there is. It may not be the beginning of the file, if bytes in the middle were lost.
    is_unsure: bool,
}

impl Fetching<'_> {
    /// One attempt: the file is the same as before, what is missing comes, and it is the same still.
    async fn read<N: Network>(
        &mut self,
        session: &mut Session<N>,
        sink: &impl WriteAt<Error = Error>,
    ) -> Result<FileVersion, Error> {
        let (mut has_come, mut size) = (false, None);
        loop {
            let version = FileVersion::ask(session, self.path, |_| true).await?;
            let is_same = *self.version.get_or_insert(version) == version;
            // A file that grew while it came has all that came.
            let has_grown = has_come && size.is_some_and(|size| size < self.at) && version.size >= Some(self.at);
            match (is_same && size.is_none_or(|size| size >= self.at), has_grown, has_come) {
                (true, _, true) | (_, true, _) => return Ok(version),
                (true, _, false) => {}
                _ => return Err(changed()),
            }
            size = version.size;
            // What is there may be all, if it was only the verdict that got lost.
            if self.at == 0 || version.size != Some(self.at) {
                self.rest(session, sink).await?;
            }
            if let Some(size) = version.size.filter(|size| *size > self.at) {
                return Err(Error::incomplete(format!("the file ended at {} instead of {size}", self.at)));
            }
            has_come = true;
        }
    }

    async fn rest<N: Network>(
        &mut self,
        session: &mut Session<N>,
        sink: &impl WriteAt<Error = Error>,
    ) -> Result<(), Error> {
        let path = self.path;
        let from = if self.is_unsure { self.start } else { self.at };
        let span = Span { from, or_from: self.start, representation: Representation::Image };
        let mut to = Resumed { sink, known: 0, again: Hasher::new(), coming: self };
        receive(session, path, span, &mut to, &()).await?;
        Ok(())
    }
}

/// Compares the bytes that came before, and passes on those that did not.
struct Resumed<'a, 'b, S> {
    coming: &'a mut Fetching<'b>,
    sink: &'a S,
    /// Bytes that came before, and are to come again.
    known: u64,
    again: Hasher,
}

impl<S: WriteAt<Error = Error>> WriteNext for Resumed<'_, '_, S> {
    type Error = Error;

    async fn begins(&mut self, offset: u64) -> Result<(), Error> {
        self.known = self.coming.at.saturating_sub(offset);
        Ok(())
    }

    async fn write_next(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let (again, new) = bytes.split_at(usize::try_from(self.known).unwrap_or(bytes.len()).min(bytes.len()));
        if !again.is_empty() {
            self.again.update(again);
            self.known = self.known.saturating_sub(again.len() as u64);
            if self.known == 0 && self.again.clone().finalize() != self.coming.taken.clone().finalize() {
                return Err(Error::integrity("the bytes that came before are not those of the file"));
            }
            self.coming.is_unsure = self.known > 0;
        }
        if !new.is_empty() {
            self.coming.taken.update(new);
            self.sink.write_at(self.coming.at, new).await?;
            self.coming.at = self.coming.at.saturating_add(new.len() as u64);
        }
        Ok(())
    }
}
