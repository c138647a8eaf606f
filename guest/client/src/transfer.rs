//! Bytes on their way: downloads and uploads.

use crate::ascii::{FromWire, ToWire};
use crate::checksum::Hasher;
use crate::connection::{Connection, OpenTransfer, chosen_name};
use crate::control::Raw;
use crate::data::{Data, ListingEnd};
use crate::error::{Error, FailureKind, Reply};
use crate::handover::Direction;
use crate::known::ReportedFile;
use crate::limits::CHUNK;
use crate::network::Network;
use crate::session::Session;
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
        connection: &Connection<N>,
        opened: OpenTransfer<N>,
        representation: Representation,
        offset: u64,
        check: Option<Check>,
        sized: Option<ReportedFile>,
        path: &[u8],
    ) -> Self {
        let expected = text::announced_size(opened.agreed.last_line(), path);
        let text = (representation == Representation::Ascii).then(Default::default);
        let data = Data::new(connection, opened, Direction::Receiving);
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
        let data = &mut self.data;
        let (ended, offset) = (self.ended, self.offset);
        let image = self.text.is_none();
        let (announced, sized) = (self.expected.filter(|_| image), self.sized);
        let check = self.check;
        session
            .end_transfer(data.session.id, async |connection| {
                if !ended && data.failure.is_none() {
                    data.leave();
                    connection.drain_pending_replies().await?;
                    return Err(Error::invalid_argument("finish came before the end of the data"));
                }
                data.close();
                let verdict = data.verdict(connection).await?;
                let reply = connection.confirmed(verdict, data.bytes() > 0).await?;
                let size = connection.size_to_compare(data.bytes(), offset, announced, sized.as_ref()).await?;
                // A size that was asked for is that of the whole file, and what it is compared with is certain.
                let (offset, inside_tls) = match &sized {
                    Some(sized) if announced != size => (0, Some(sized.inside_tls)),
                    _ => (offset, None),
                };
                data.check_end(size, offset, connection.data_ends(inside_tls))?;
                let mut outcome = outcome(data, connection, &reply);
                outcome.verified = match size {
                    _ if !image => Verification::NotVerified(Unverified::Ascii),
                    Some(_) => Verification::Size,
                    None if !connection.settings.verify_size => Verification::NotVerified(Unverified::TurnedOff),
                    None => Verification::NotVerified(Unverified::NoSize),
                };
                compare_checksums(check, connection, &mut outcome).await?;
                Ok(outcome)
            })
            .await
    }

    /// The same for a listing, whose size nobody knows.
    pub(crate) async fn finish_listing(mut self, session: &mut Session<N>) -> Result<ListingEnd, Error> {
        session
            .end_transfer(self.data.session.id, async |connection| {
                if !self.ended && self.data.failure.is_none() {
                    self.data.leave();
                    connection.drain_pending_replies().await?;
                    return Err(Error::invalid_argument("finish came before the end of the listing"));
                }
                let end = self.end_of_listing(connection).await;
                connection.return_home().await?;
                end
            })
            .await
    }

    /// The verdict on a listing, within the call that read it.
    pub(crate) async fn end_of_listing(mut self, connection: &mut Connection<N>) -> Result<ListingEnd, Error> {
        self.data.close();
        let verdict = self.data.verdict(connection).await?;
        let verdict = connection.confirmed(verdict, self.data.bytes() > 0).await?;
        if text::failed_listing(verdict.last_line()) {
            return Err(connection.unexpected(&verdict));
        }
        self.data.check_end(None, 0, connection.data_ends(None))?;
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
        connection: &Connection<N>,
        opened: OpenTransfer<N>,
        representation: Representation,
        is_unique: bool,
        sizing: Sizing,
        check: Option<Check>,
    ) -> Self {
        let text = (representation == Representation::Ascii).then(Default::default);
        let agreed = is_unique.then(|| opened.agreed.clone());
        Self { agreed, data: Data::new(connection, opened, Direction::Sending), text, sizing, check }
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
        let data = &mut self.data;
        let agreed = &self.agreed;
        let (sizing, check) = (self.sizing, self.check);
        session
            .end_transfer(data.session.id, async |connection| {
                let verdict = data.end(connection).await?;
                let is_early = connection.control.conversation.is_unannounced();
                let reply = connection.confirmed(verdict, true).await?;
                let policy = connection.settings.tls.data_end;
                let cut = data.ending.cut.take().filter(|_| policy != DataEnd::Lenient);
                if let (Some(cut), DataEnd::Strict) = (&cut, policy) {
                    return Err(cut.clone());
                }
                let mut outcome = outcome(data, connection, &reply);
                let name = agreed.as_ref().and_then(|agreed| chosen_name([agreed, &reply]));
                outcome.name = name.map(|name| connection.told(name));
                outcome.verified = sizing.compare(connection, outcome.name.as_deref(), outcome.bytes).await?;
                compare_checksums(check, connection, &mut outcome).await?;
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

fn outcome<N: Network>(data: &Data<N>, connection: &Connection<N>, reply: &Raw) -> Outcome {
    Outcome {
        reply: connection.control.text(reply),
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
        .end_transfer(data.session.id, async |connection| {
            data.leave();
            connection.abort().await
        })
        .await
}

/// The checksum of a transfer under way, to be compared with the server's.
pub(crate) struct Check {
    path: String,
    running: Hasher,
}

impl Check {
    /// For a whole file, if the settings ask for it and the server has a checksum.
    pub(crate) async fn of<N: Network>(
        connection: &mut Connection<N>,
        path: &str,
        representation: Representation,
        offset: u64,
    ) -> Result<Option<Self>, Error> {
        if !connection.settings.verify_checksums || representation != Representation::Image || offset > 0 {
            return Ok(None);
        }
        let best = connection.best_checksum().await?;
        Ok(best.map(|algorithm| Self { path: path.to_string(), running: Hasher::new(algorithm) }))
    }

    fn update(&mut self, bytes: &[u8]) {
        self.running.update(bytes);
    }
}

async fn compare_checksums<N: Network>(
    check: Option<Check>,
    connection: &mut Connection<N>,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let Some(Check { path, running }) = check else { return Ok(()) };
    let here = running.finish();
    let there = connection.checksum(&path, Some(here.algorithm)).await?;
    if here == there {
        outcome.checksum = Some(here);
        outcome.verified = Verification::Checksum;
        return Ok(());
    }
    let Checksum { algorithm, value } = there;
    Err(Error::integrity(format!("{algorithm}: the server has {value}, the bytes that passed {}", here.value)))
}
