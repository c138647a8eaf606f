//! Downloads and uploads, and copies between servers.

use super::{Session, check_verb, split};
use crate::error::Error;
use crate::fxp::{self, Copied};
use crate::network::Network;
use crate::settings::Representation;
use crate::transfer::{Check, Download, Upload};
use crate::verify::{Place, Sizing};
use alloc::vec::Vec;

/// Of these, the ones that carry data, and so may be given to [`Session::receive`] or [`Session::send`].
const CARRY_DATA: [&str; 7] = ["APPE", "LIST", "MLSD", "NLST", "RETR", "STOR", "STOU"];

impl<N: Network> Session<N> {
    /// (TYPE, REST, RETR; RFC 959 and RFC 3659, section 5)
    pub async fn retrieve(
        &mut self,
        path: &str,
        representation: Representation,
        offset: u64,
    ) -> Result<Download<N>, Error> {
        self.download("RETR", Some(path), representation, offset).await
    }

    /// (TYPE, REST, STOR; RFC 959 and RFC 3659, section 5)
    pub async fn store(&mut self, path: &str, representation: Representation, offset: u64) -> Result<Upload<N>, Error> {
        self.upload("STOR", Some(path), representation, Place::At(path, offset)).await
    }

    /// (TYPE, APPE; RFC 959)
    pub async fn append(&mut self, path: &str, representation: Representation) -> Result<Upload<N>, Error> {
        self.upload("APPE", Some(path), representation, Place::EndOf(path)).await
    }

    /// (TYPE, REST, STOR) Write an image at the end of a file that has so many bytes.
    pub(crate) async fn store_at(&mut self, path: &str, size: u64) -> Result<Upload<N>, Error> {
        self.upload("STOR", Some(path), Representation::Image, Place::Rest(path, size)).await
    }

    /// (TYPE, APPE) As [`Self::store_at`].
    pub(crate) async fn append_at(&mut self, path: &str, size: u64) -> Result<Upload<N>, Error> {
        self.upload("APPE", Some(path), Representation::Image, Place::RestByAppend(path, size)).await
    }

    /// The last transfer that was asked for did not begin as the server refuses the offset (REST).
    pub fn has_refused_offset(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.known.offset_refused)
    }

    /// (TYPE, STOU; RFC 959) The outcome reports the name that the server chose.
    pub async fn store_unique(&mut self, representation: Representation) -> Result<Upload<N>, Error> {
        self.upload("STOU", None, representation, Place::Unique).await
    }

    /// (TYPE, REST, any) A command line that sends data to the client.
    pub async fn receive(
        &mut self,
        line: &str,
        representation: Representation,
        offset: u64,
    ) -> Result<Download<N>, Error> {
        check_verb(line, &CARRY_DATA)?;
        let (verb, argument) = split(line);
        self.download(verb, argument, representation, offset).await
    }

    /// (TYPE, REST, any) A command line that takes data from the client.
    pub async fn send(&mut self, line: &str, representation: Representation, offset: u64) -> Result<Upload<N>, Error> {
        check_verb(line, &CARRY_DATA)?;
        let (verb, argument) = split(line);
        self.upload(verb, argument, representation, Place::Raw(offset)).await
    }

    async fn download(
        &mut self,
        verb: &str,
        argument: Option<&str>,
        representation: Representation,
        offset: u64,
    ) -> Result<Download<N>, Error> {
        self.call(async |connection| {
            let line = connection.line(verb, argument)?;
            let path = argument.map_or_else(|| Ok(Vec::new()), |path| connection.bytes(path))?;
            let check = match (verb, argument) {
                ("RETR", Some(path)) => Check::of(connection, path, representation, offset).await?,
                _ => None,
            };
            let compares = verb == "RETR" && connection.settings.verify_size;
            let sized = argument.filter(|_| compares).and_then(|path| connection.sized(path));
            let opened = connection.transfer(Some(representation), offset, &line).await?;
            Ok(Download::new(connection, opened, representation, offset, check, sized, &path))
        })
        .await
    }

    async fn upload(
        &mut self,
        verb: &str,
        argument: Option<&str>,
        representation: Representation,
        place: Place<'_>,
    ) -> Result<Upload<N>, Error> {
        self.call(async |connection| {
            let line = connection.line(verb, argument)?;
            let sizing = Sizing::prepare(connection, place, representation).await?;
            let offset = place.offset();
            let check = match (verb, argument) {
                ("STOR", Some(path)) => Check::of(connection, path, representation, offset).await?,
                _ => None,
            };
            let opened = connection.transfer(Some(representation), offset, &line).await?;
            let is_unique = verb.eq_ignore_ascii_case("STOU");
            Ok(Upload::new(connection, opened, representation, is_unique, sizing, check))
        })
        .await
    }

    /// (SIZE, PASV, PORT, RETR, STOR, SIZE) Copy a file from this server straight to another one. Two names of one file
    /// destroy it, as the target empties what the source is to send: the caller has to exclude that.
    pub async fn copy_to(
        &mut self,
        path: &str,
        target: &mut Self,
        target_path: &str,
        representation: Representation,
    ) -> Result<Copied, Error> {
        self.call(async |source| {
            target.call(async |target| fxp::copy(source, path, target, target_path, representation).await).await
        })
        .await
    }
}
