//! Whether all bytes of a transfer arrived: what the server is asked for that, and what its answer has to be.

use crate::control::Raw;
use crate::error::{Error, RefusalKind, Reply};
use crate::known::ReportedFile;
use crate::network::Network;
use crate::session::Live;
use crate::settings::Representation;
use alloc::format;
use alloc::string::{String, ToString};
use ftp_protocol::codes;
use ftp_protocol::text;
use ftp_protocol::time::parse_time_val;
use ftp_types::{Unverified, Verification};

/// The smallest number with the 14 digits of a time (RFC 3659, section 2.3): a size of ten terabytes.
const SMALLEST_TIME: u64 = 10_000_000_000_000;

/// Where an upload goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// To this offset of the file at this path (STOR).
    At(&'a str, u64),
    /// To the end of the file at this path (APPE).
    EndOf(&'a str),
    /// To this offset of the file at this path, which is known to have so many bytes (REST, STOR).
    Rest(&'a str, u64),
    /// To the end of the file at this path, which is known to have so many bytes (APPE).
    RestByAppend(&'a str, u64),
    /// To a file whose name the server chooses (STOU).
    Unique,
    /// The caller's command line says where, after `REST` with this offset.
    Raw(u64),
}

/// How the size is compared after an upload.
pub(crate) enum Sizing {
    /// Not at all, for this reason.
    No(Unverified),
    /// That of the file at this path, or of the one whose name the server chose.
    Of(Option<String>, Start),
}

/// Where in the file the bytes of an upload begin, and how many it had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// The upload makes the file.
    New,
    /// At this offset. The size before is not always known.
    Offset(u64, Option<u64>),
    /// At its end.
    End(u64),
}

/// Where in a file on the server an upload begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadStart {
    /// (STOR) The file is written anew.
    Beginning,
    /// (APPE) At its end, wherever that is.
    End,
    /// (REST, STOR) At its end, which is known to be here.
    Rest(u64),
    /// (APPE) At its end, which is known to be here.
    RestByAppend(u64),
}

/// What a server says to SIZE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedSize {
    /// The size.
    Bytes(u64),
    /// There is no such file (550).
    Missing,
    /// Neither this nor that.
    Nothing,
}

impl ReportedSize {
    /// The size, if that is what the server reports.
    pub(crate) fn bytes(self) -> Option<u64> {
        match self {
            Self::Bytes(size) => Some(size),
            Self::Missing | Self::Nothing => None,
        }
    }

    /// What an answer to SIZE reports. The session is still good.
    pub fn of(size: Result<u64, Error>) -> Result<Self, Error> {
        match size {
            Ok(size) => Ok(Self::Bytes(size)),
            Err(error) if error.code().is_some_and(codes::is_missing) => Ok(Self::Missing),
            Err(error) if error.is_refusal() => Ok(Self::Nothing),
            Err(error) => Err(error),
        }
    }
}

impl Place<'_> {
    /// The argument of REST.
    pub(crate) fn offset(self) -> u64 {
        match self {
            Self::At(_, offset) | Self::Rest(_, offset) | Self::Raw(offset) => offset,
            Self::EndOf(_) | Self::RestByAppend(..) | Self::Unique => 0,
        }
    }
}

impl Sizing {
    /// Before an upload: ask for what has to be known then.
    pub(crate) async fn prepare<N: Network>(
        live: &mut Live<N>,
        place: Place<'_>,
        representation: Representation,
    ) -> Result<Self, Error> {
        if matches!(place, Place::Raw(_)) {
            return Ok(Self::No(Unverified::RawCommand));
        }
        if representation == Representation::Ascii {
            return Ok(Self::No(Unverified::Ascii));
        }
        if !live.settings.verify_size {
            return Ok(Self::No(Unverified::TurnedOff));
        }
        Ok(match place {
            Place::At(path, 0) => Self::Of(Some(path.to_string()), Start::New),
            Place::At(path, offset) => {
                let before = live.size_before(path).await?;
                Self::Of(Some(path.to_string()), Start::Offset(offset, before))
            }
            Place::EndOf(path) => match live.size_before(path).await? {
                Some(before) => Self::Of(Some(path.to_string()), Start::End(before)),
                None => Self::No(Unverified::NoSizeBefore),
            },
            Place::Rest(path, size) | Place::RestByAppend(path, size) => {
                Self::Of(Some(path.to_string()), Start::Offset(size, Some(size)))
            }
            Place::Unique | Place::Raw(_) => Self::Of(None, Start::New),
        })
    }

    /// After an upload of so many bytes: compare. `name` is the one that the server chose.
    pub(crate) async fn compare<N: Network>(
        self,
        live: &mut Live<N>,
        name: Option<&str>,
        bytes: u64,
    ) -> Result<Verification, Error> {
        let (path, start) = match self {
            Self::No(reason) => return Ok(Verification::NotVerified(reason)),
            Self::Of(path, start) => (path, start),
        };
        let Some(path) = path.as_deref().or(name) else { return Ok(Verification::NotVerified(Unverified::NoName)) };
        match live.size_after(path, start.most_known(bytes)).await? {
            Some(size) => start.judge(bytes, size).map(|()| Verification::Size),
            None => Ok(Verification::NotVerified(Unverified::NoSize)),
        }
    }
}

impl Start {
    /// Whether a file can have this size after so many bytes were sent.
    pub(crate) fn judge(self, bytes: u64, size: u64) -> Result<(), Error> {
        let least = self.least(bytes);
        let text = || format!("the file has {size} bytes on the server, and there should be {least}");
        let is_exact = match self {
            Self::New => true,
            Self::Offset(_, before) => before.is_some_and(|before| before <= least),
            Self::End(_) => false,
        };
        match size {
            size if size < least => Err(Error::incomplete(text())),
            size if size > least && is_exact => Err(Error::integrity(text())),
            _ => Ok(()),
        }
    }

    /// Bytes that the file has at the least.
    fn least(self, bytes: u64) -> u64 {
        match self {
            Self::New => bytes,
            Self::Offset(before, _) | Self::End(before) => before.saturating_add(bytes),
        }
    }

    fn most_known(self, bytes: u64) -> u64 {
        match self {
            Self::Offset(_, Some(before)) => self.least(bytes).max(before),
            _ => self.least(bytes),
        }
    }
}

impl<N: Network> Live<N> {
    /// (SIZE) The number in the reply, whatever it looks like. Kept for the end of a download.
    pub(crate) async fn size_noted(&mut self, path: &str) -> Result<(u64, Raw), Error> {
        self.known.sizes.last = None;
        let argument = self.bytes(path)?;
        self.represent(Representation::Image).await?;
        let reply = self.complete("SIZE", Some(&argument)).await?;
        let size = text::size(reply.last_line()).ok_or_else(|| self.unexpected(&reply))?;
        self.known.sizes.last =
            Some(ReportedFile { path: path.to_string(), size, inside_tls: self.control.agreed().is_some() });
        Ok((size, reply))
    }

    /// The size that was reported last, if it was that of this file.
    pub(crate) fn sized(&self, path: &str) -> Option<ReportedFile> {
        self.known.sizes.last.clone().filter(|sized| sized.path == path)
    }

    /// The size that so many bytes from an offset on are to be compared with: the one that was asked for before, or else the
    /// one that was announced with the transfer, which is a text and may be about anything. A file that has another size by
    /// now has changed, and was not cut.
    pub(crate) async fn size_to_compare(
        &mut self,
        bytes: u64,
        offset: u64,
        announced: Option<u64>,
        sized: Option<&ReportedFile>,
    ) -> Result<Option<u64>, Error> {
        let end = bytes.saturating_add(offset);
        let Some(sized) = sized else { return Ok(announced) };
        let size = sized.size.saturating_sub(offset);
        let is_announced_cut = announced.is_some_and(|announced| bytes < announced && announced != end);
        if is_announced_cut {
            return Ok(announced);
        }
        if bytes == size {
            return Ok(Some(size));
        }
        let now = self.size_after(&sized.path, sized.size.max(end)).await?;
        // What grew meanwhile has all that came; what has become smaller ends there.
        let is_whole = now.is_some_and(|now| now == end || now > end && bytes > size);
        Ok(Some(if is_whole { bytes } else { size }))
    }

    /// (SIZE) Not asked again where the server does not know the command.
    pub(crate) async fn ask_size(&mut self, path: &str) -> Result<ReportedSize, Error> {
        if self.known.sizes.unknown {
            return Ok(ReportedSize::Nothing);
        }
        let size = self.size_noted(path).await.map(|(size, _)| size);
        match &size {
            Err(error) if error.code().is_some_and(codes::is_not_implemented) => self.known.sizes.unknown = true,
            Err(Error::Refused { kind: RefusalKind::Unexpected, reply }) if is_time(reply) => {
                return Err(self.time_for_size());
            }
            _ => {}
        }
        ReportedSize::of(size)
    }

    /// (SIZE) Before a transfer: none of a file that is not there. What reads as a time is one: few files have so many bytes,
    /// and fewer of them such a number.
    async fn size_before(&mut self, path: &str) -> Result<Option<u64>, Error> {
        match self.ask_size(path).await? {
            ReportedSize::Bytes(size)
                if size >= SMALLEST_TIME && parse_time_val(format!("{size}").as_bytes()).is_some() =>
            {
                Err(self.time_for_size())
            }
            ReportedSize::Bytes(size) => Ok(Some(size)),
            ReportedSize::Missing => Ok(Some(0)),
            ReportedSize::Nothing => Ok(None),
        }
    }

    /// (SIZE) After a transfer, of a file that cannot have the 14 digits of a time unless this number has them.
    pub(crate) async fn size_after(&mut self, path: &str, known: u64) -> Result<Option<u64>, Error> {
        self.drain_pending_replies().await?;
        match self.ask_size(path).await? {
            ReportedSize::Bytes(size) if size >= SMALLEST_TIME && known < SMALLEST_TIME => Err(self.time_for_size()),
            ReportedSize::Bytes(size) => Ok(Some(size)),
            ReportedSize::Missing | ReportedSize::Nothing => Ok(None),
        }
    }

    /// The reply is that of another command.
    fn time_for_size(&mut self) -> Error {
        self.control.broken("a time came where a size was asked for")
    }
}

/// A time with a fraction of a second, which is no number.
fn is_time(reply: &Reply) -> bool {
    let word = reply.lines.last().and_then(|line| line.split_whitespace().next()).unwrap_or_default();
    word.split_once('.').is_some_and(|(whole, _)| whole.len() == 14 && whole.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ftp_types::FailureKind;

    #[test]
    fn sizes_after_an_upload_of_ten_bytes() {
        let (same, cut, grown) = ("same", "cut", "grown");
        for (start, size, expected) in [
            (Start::New, 10, same),
            (Start::New, 9, cut),
            (Start::New, 11, grown),
            (Start::Offset(5, Some(5)), 15, same),
            (Start::Offset(5, Some(5)), 14, cut),
            (Start::Offset(5, Some(15)), 16, grown),
            (Start::Offset(5, Some(40)), 40, same),
            (Start::Offset(5, Some(40)), 15, same),
            (Start::Offset(5, Some(40)), 14, cut),
            (Start::Offset(5, None), 40, same),
            (Start::Offset(5, None), 14, cut),
            (Start::End(7), 17, same),
            (Start::End(7), 16, cut),
            (Start::End(7), 18, same),
        ] {
            let judged = match start.judge(10, size) {
                Ok(()) => same,
                Err(Error::Failed { kind: FailureKind::Incomplete, .. }) => cut,
                Err(_) => grown,
            };
            assert_eq!(judged, expected, "{start:?}, {size}");
        }
    }
}
