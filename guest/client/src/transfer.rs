//! Bytes on their way: downloads and uploads.

use crate::ascii::{FromWire, ToWire};
use crate::checksum::Hasher;
use crate::control::Raw;
use crate::data::{Data, ListingEnd};
use crate::error::{Error, FailureKind, Reply};
use crate::handover::Direction;
use crate::known::ReportedFile;
use crate::limits::CHUNK;
use crate::network::Network;
use crate::session::{Live, OpenTransfer, Session};
use crate::settings::Representation;
use crate::tls::DataEnd;
use crate::verify::Sizing;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use ftp_protocol::text;
use ftp_types::{Checksum, Outcome, Unverified, Verification};

/// Bytes coming from the server. Dropping it closes the data connection; the session's next call reads the replies that
/// are still to come. Inside TLS that call ends the data connection too.
pub struct Download<N: Network> {
    pub(crate) data: Data<N>,
    offset: u64,
    expected: Option<u64>,
    /// What the server said to SIZE before.
    sized: Option<ReportedFile>,
    ended: bool,
    text: Option<Text>,
    check: Option<Check>,
}

/// What a download in `TYPE A` holds: its decoder, what came last, and what of that was not yet handed out.
#[derive(Default)]
struct Text {
    decoder: FromWire,
    wire: Vec<u8>,
    ready: Vec<u8>,
}

impl<N: Network> Download<N> {
    pub(crate) fn new(
        live: &Live<N>,
        opened: OpenTransfer<N>,
        representation: Representation,
        offset: u64,
        check: Option<Check>,
        sized: Option<ReportedFile>,
        path: &[u8],
    ) -> Self {
        let expected = text::announced_size(opened.agreed.last_line(), path);
        let text = (representation == Representation::Ascii).then(Default::default);
        let data = Data::new(live, opened, Direction::Receiving);
        let sized = sized.filter(|_| text.is_none());
        Self { data, offset, expected, sized, ended: false, text, check }
    }

    /// The size that the server announced when the transfer began.
    pub fn expected_size(&self) -> Option<u64> {
        self.expected
    }

    /// Append at most `max` bytes to `buffer`, but one at least, and at most 64 KiB; waits for one. 0 is the end.
    pub async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        self.data.begin_call();
        self.next(buffer, max).await
    }

    /// As [`Self::read`], in a call that is limited already.
    pub(crate) async fn next(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        let Some(Text { decoder, wire, ready }) = &mut self.text else {
            if self.ended {
                return self.data.check_open().map(|()| 0);
            }
            let start = buffer.len();
            let count = match self.data.read(buffer, max.clamp(1, CHUNK)).await {
                Err(Error::Failed { kind: FailureKind::ConnectionLost, .. }) if self.has_all() => {
                    self.data.end_by_reset()
                }
                count => count?,
            };
            self.ended = count == 0;
            if let Some(check) = &mut self.check {
                check.update(buffer.get(start..).unwrap_or_default());
            }
            return Ok(count);
        };
        while ready.is_empty() && !self.ended {
            wire.clear();
            self.ended = self.data.read(wire, CHUNK).await? == 0;
            match self.ended {
                true => decoder.end(ready),
                false => decoder.convert(wire, ready),
            }
        }
        self.data.check_open()?;
        let count = max.clamp(1, CHUNK).min(ready.len());
        buffer.extend_from_slice(ready.get(..count).unwrap_or_default());
        ready.drain(..count);
        Ok(count)
    }

    /// As many bytes came as the server announced, or reported before.
    fn has_all(&self) -> bool {
        let rest = self.sized.as_ref().and_then(|sized| sized.size.checked_sub(self.offset));
        self.expected.or(rest) == Some(self.data.bytes())
    }

    /// Read the server's verdict. Without it the bytes may be incomplete. The session must be the one that the download
    /// came from.
    ///
    /// The bytes have to be as many as [`Session::size`] reported of this file just before, or else as many as were announced
    /// with the transfer: fewer are [`Error::incomplete`]. Where they are not, and the size was asked for before, it is
    /// asked for once more: a file that has changed meanwhile was not cut. Fewer bytes than were announced are a cut in any
    /// case. Without [`Settings::verify_size`](crate::Settings::verify_size) only what was announced is compared.
    pub async fn finish(mut self, session: &mut Session<N>) -> Result<Outcome, Error> {
        let image = self.text.is_none();
        let announced = self.expected.filter(|_| image);
        session
            .end_transfer(self.data.session.id, async |live| {
                let data = &mut self.data;
                if !self.ended && data.failure.is_none() {
                    data.leave();
                    live.drain_pending_replies().await?;
                    return Err(Error::invalid_argument("finish came before the end of the data"));
                }
                data.close();
                let verdict = data.verdict(live).await?;
                let reply = live.confirmed(verdict, data.bytes() > 0).await?;
                let size = live.size_to_compare(data.bytes(), self.offset, announced, self.sized.as_ref()).await?;
                // A size that was asked for is that of the whole file, and what it is compared with is certain.
                let (offset, inside_tls) = match &self.sized {
                    Some(sized) if announced != size => (0, Some(sized.inside_tls)),
                    _ => (self.offset, None),
                };
                data.check_end(size, offset, live.data_ends(inside_tls))?;
                let mut outcome = outcome(data, live, &reply);
                outcome.verified = match size {
                    _ if !image => Verification::NotVerified(Unverified::Ascii),
                    Some(_) => Verification::Size,
                    None if !live.settings.verify_size => Verification::NotVerified(Unverified::TurnedOff),
                    None => Verification::NotVerified(Unverified::NoSize),
                };
                compare_checksums(self.check, live, &mut outcome).await?;
                Ok(outcome)
            })
            .await
    }

    /// The same for a listing, whose size nobody knows.
    pub(crate) async fn finish_listing(mut self, session: &mut Session<N>) -> Result<ListingEnd, Error> {
        session
            .end_transfer(self.data.session.id, async |live| {
                if !self.ended && self.data.failure.is_none() {
                    self.data.leave();
                    live.drain_pending_replies().await?;
                    return Err(Error::invalid_argument("finish came before the end of the listing"));
                }
                let end = self.end_of_listing(live).await;
                live.return_home().await?;
                end
            })
            .await
    }

    /// The verdict on a listing, within the call that read it.
    pub(crate) async fn end_of_listing(mut self, live: &mut Live<N>) -> Result<ListingEnd, Error> {
        self.data.close();
        let verdict = self.data.verdict(live).await?;
        let verdict = live.confirmed(verdict, self.data.bytes() > 0).await?;
        if text::failed_listing(verdict.last_line()) {
            return Err(live.unexpected(&verdict));
        }
        self.data.check_end(None, 0, live.data_ends(None))?;
        Ok(self.data.end_of_listing())
    }

    /// (ABOR) End early; the session stays usable. Gives the reply to ABOR, or the last one that came.
    pub async fn abort(self, session: &mut Session<N>) -> Result<Reply, Error> {
        abort(self.data, session).await
    }
}

/// Bytes going to the server. Dropping it is like dropping a download: the server keeps what it has.
pub struct Upload<N: Network> {
    pub(crate) data: Data<N>,
    /// The reply that agreed to `STOU`, which may have the name.
    agreed: Option<Raw>,
    text: Option<(ToWire, Vec<u8>)>,
    sizing: Sizing,
    check: Option<Check>,
}

impl<N: Network> Upload<N> {
    pub(crate) fn new(
        live: &Live<N>,
        opened: OpenTransfer<N>,
        representation: Representation,
        is_unique: bool,
        sizing: Sizing,
        check: Option<Check>,
    ) -> Self {
        let text = (representation == Representation::Ascii).then(Default::default);
        let agreed = is_unique.then(|| opened.agreed.clone());
        Self { agreed, data: Data::new(live, opened, Direction::Sending), text, sizing, check }
    }

    /// Send these bytes; returns when they are on their way. After an error, [`Self::finish`] may know the server's
    /// reason.
    pub async fn write(&mut self, contents: &[u8]) -> Result<(), Error> {
        self.data.begin_call();
        self.put(contents).await
    }

    /// As [`Self::write`], in a call that is limited already.
    pub(crate) async fn put(&mut self, contents: &[u8]) -> Result<(), Error> {
        let Some((encoder, wire)) = &mut self.text else {
            if let Some(check) = &mut self.check {
                check.update(contents);
            }
            return self.data.write(contents).await;
        };
        for piece in contents.chunks(CHUNK) {
            wire.clear();
            encoder.convert(piece, wire);
            self.data.write(wire).await?;
        }
        Ok(())
    }

    /// Send what is held back. Inside TLS that is fewer than 16 KiB, until there is more to write or the end; and the end
    /// of the handshake, until there are bytes to go with it. A caller that pauses lets the server see them.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.data.begin_call();
        self.data.flush().await
    }

    /// End the data, read the server's verdict, and compare the size (SIZE) as [`Settings::verify_size`](crate::Settings::verify_size)
    /// has it. Without it the file may be incomplete. The session must be the one that the upload came from.
    ///
    /// A file that is too short is [`Error::incomplete`]. One that is too long is [`Error::integrity`] where this upload
    /// made it, or did not begin within it.
    pub async fn finish(mut self, session: &mut Session<N>) -> Result<Outcome, Error> {
        session
            .end_transfer(self.data.session.id, async |live| {
                let data = &mut self.data;
                let verdict = data.end(live).await?;
                let is_early = live.control.conversation.is_unannounced();
                let reply = live.confirmed(verdict, true).await?;
                let policy = live.settings.tls.data_end;
                let cut = data.ending.cut.take().filter(|_| policy != DataEnd::Lenient);
                if let (Some(cut), DataEnd::Strict) = (&cut, policy) {
                    return Err(cut.clone());
                }
                let mut outcome = outcome(data, live, &reply);
                let name = self.agreed.as_ref().and_then(|agreed| chosen_name([agreed, &reply]));
                outcome.name = name.map(|name| live.reported_name(name));
                outcome.verified = self.sizing.compare(live, outcome.name.as_deref(), outcome.bytes).await?;
                compare_checksums(self.check, live, &mut outcome).await?;
                match (cut, outcome.verified) {
                    // Nothing but the size shows that this was not the verdict on something else.
                    (_, Verification::NotVerified(_)) if is_early => Err(Error::unexpected(outcome.reply)),
                    (Some(cut), Verification::NotVerified(reason)) => {
                        Err(Error::unverified(format!("{cut}, and {reason}")))
                    }
                    _ => Ok(outcome),
                }
            })
            .await
    }

    /// (ABOR) End early; the session stays usable. The server may keep what it has.
    pub async fn abort(self, session: &mut Session<N>) -> Result<Reply, Error> {
        abort(self.data, session).await
    }
}

fn outcome<N: Network>(data: &Data<N>, live: &Live<N>, reply: &Raw) -> Outcome {
    Outcome {
        reply: live.control.text(reply),
        bytes: data.bytes(),
        encrypted: data.agreed().is_some(),
        resumed: data.agreed().is_some_and(|agreed| agreed.resumed),
        name: None,
        checksum: None,
        verified: Verification::NotVerified(Unverified::NoSize),
    }
}

async fn abort<N: Network>(mut data: Data<N>, session: &mut Session<N>) -> Result<Reply, Error> {
    session
        .end_transfer(data.session.id, async |live| {
            data.leave();
            live.abort().await
        })
        .await
}

/// The checksum of a transfer under way, to be compared with the server's.
pub(crate) struct Check {
    path: String,
    running: Hasher,
}

impl Check {
    /// For a whole file, if it is one, the settings ask for it and the server has a checksum.
    pub(crate) async fn of<N: Network>(
        live: &mut Live<N>,
        file: Option<&str>,
        representation: Representation,
        offset: u64,
    ) -> Result<Option<Self>, Error> {
        let is_compared = live.settings.verify_checksums && representation == Representation::Image && offset == 0;
        let Some(path) = file.filter(|_| is_compared) else { return Ok(None) };
        let best = live.best_checksum().await?;
        Ok(best.map(|algorithm| Self { path: path.to_string(), running: Hasher::new(algorithm) }))
    }

    fn update(&mut self, bytes: &[u8]) {
        self.running.update(bytes);
    }
}

async fn compare_checksums<N: Network>(
    check: Option<Check>,
    live: &mut Live<N>,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let Some(Check { path, running }) = check else { return Ok(()) };
    let here = running.finish();
    let there = live.server_checksum(&path, Some(here.algorithm)).await?;
    if here == there {
        outcome.checksum = Some(here);
        outcome.verified = Verification::Checksum;
        return Ok(());
    }
    let Checksum { algorithm, value } = there;
    Err(Error::integrity(format!("{algorithm}: the server has {value}, the bytes that passed {}", here.value)))
}

/// The name that a server chose for `STOU`, from any of its replies.
fn chosen_name<'a>(replies: impl IntoIterator<Item = &'a Raw>) -> Option<&'a [u8]> {
    replies.into_iter().flat_map(|reply| &reply.lines).find_map(|line| text::unique_name(line))
}
