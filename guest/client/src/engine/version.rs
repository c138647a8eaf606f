//! What is known of a file: whether it is still the same, and whether all of it arrived.

use crate::engine::remote::Remote;
use crate::error::{Error, unless_refused};
use crate::verify::ReportedSize;
use alloc::format;
use ftp_protocol::listing::{Entry, Kind, RawEntry};
use ftp_protocol::time::Timestamp;
use ftp_types::{Outcome, Verification};

/// What is known of a file. Two versions are the same if their sizes and times are, wherever the sizes come from.
#[derive(Debug, Clone, Copy, Eq, Default)]
pub struct FileVersion {
    /// Its size, where the server reports it.
    pub size: Option<u64>,
    /// Its last modification, where the server reports it.
    pub modified: Option<Timestamp>,
    /// Where the size comes from.
    pub source: SizeSource,
}

/// Where the size of a file comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SizeSource {
    /// (SIZE) The session: the end of a download compares with it already.
    #[default]
    Asked,
    /// (MLSD, MLST) A listing in bytes.
    Facts,
    /// (LIST) A listing that is made for people.
    Lines,
}

impl PartialEq for FileVersion {
    fn eq(&self, other: &Self) -> bool {
        (self.size, self.modified) == (other.size, other.modified)
    }
}

impl FileVersion {
    /// What a listing reports. That of a link reports size and time of the link, and nothing of the file.
    pub fn of(entry: &Entry) -> Self {
        let source = if matches!(entry.raw, RawEntry::Facts(_)) { SizeSource::Facts } else { SizeSource::Lines };
        match entry.kind {
            Kind::SymbolicLink => Self::default(),
            _ => Self { size: entry.size, modified: entry.modified, source },
        }
    }

    /// (SIZE, MDTM) What the server reports, as far as it does; behind a link too: `MLST` of ProFTPD reports the size of the
    /// link. The answer to the first decides whether the time is asked for.
    pub async fn ask<R: Remote>(
        remote: &mut R,
        path: &str,
        asks_time: impl FnOnce(ReportedSize) -> bool,
    ) -> Result<Self, Error> {
        let size = ReportedSize::of(remote.size_at(path).await)?;
        let modified = if asks_time(size) { unless_refused(remote.modified_at(path).await)? } else { None };
        Ok(Self { size: size.bytes(), modified, source: SizeSource::Asked })
    }

    /// The size, where it is that of the file in bytes.
    pub fn exact_size(&self) -> Option<u64> {
        self.size.filter(|_| self.source != SizeSource::Lines)
    }

    /// Another version would differ from this one. Devices without a clock give every file the time at which it begins: 1970,
    /// or 1980 where the disk is FAT. And two files of one minute may have the same size.
    pub(crate) fn is_unique(&self) -> bool {
        const FIRST_DAY_AFTER: i64 = 315_532_800 + 86_400;
        self.modified.is_some_and(|time| time.seconds >= FIRST_DAY_AFTER && time.has_seconds())
    }

    /// (SIZE again where more came) Compare the bytes of the whole file that arrived with the size that was reported before, as
    /// far as it is exact. A file may have grown meanwhile. Where the size was asked for in the same session, the client has
    /// compared.
    pub async fn check<R: Remote>(
        &self,
        remote: &mut R,
        path: &str,
        arrived: u64,
        outcome: Outcome,
    ) -> Result<Outcome, Error> {
        let is_compared = self.source == SizeSource::Asked && !matches!(outcome.verified, Verification::NotVerified(_));
        let Some(size) = self.exact_size().filter(|_| !is_compared) else { return Ok(outcome) };
        let text = || format!("{arrived} bytes came, and the server reports {size}");
        if arrived < size {
            return Err(Error::incomplete(text()));
        }
        if arrived > size && ReportedSize::of(remote.size_at(path).await)?.bytes().is_none_or(|now| now < arrived) {
            return Err(Error::integrity(text()));
        }
        let verified = if outcome.checksum.is_some() { Verification::Checksum } else { Verification::Size };
        Ok(Outcome { verified, ..outcome })
    }
}

pub(crate) fn changed() -> Error {
    Error::integrity("the file has changed on the server")
}
