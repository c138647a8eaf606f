//! Downloads and uploads, and copies between servers.

use super::Session;
use crate::commands::{GetCommand, PutCommand};
use crate::error::Error;
use crate::fxp;
use crate::network::Network;
use crate::settings::Representation;
use crate::transfer::{Check, Download, Upload};
use crate::verify::{Place, Sizing, UploadStart};
use alloc::vec::Vec;
use ftp_types::Copied;

impl<N: Network> Session<N> {
    /// (TYPE, REST, RETR; RFC 959 and RFC 3659, section 5)
    pub async fn retrieve(
        &mut self,
        path: &str,
        representation: Representation,
        offset: u64,
    ) -> Result<Download<N>, Error> {
        self.receive(GetCommand::retrieve(path), representation, offset).await
    }

    /// (TYPE, REST, STOR; RFC 959 and RFC 3659, section 5)
    pub async fn store(&mut self, path: &str, representation: Representation, offset: u64) -> Result<Upload<N>, Error> {
        self.upload(PutCommand::store(path), representation, Place::At(path, offset)).await
    }

    /// (TYPE, APPE; RFC 959)
    pub async fn append(&mut self, path: &str, representation: Representation) -> Result<Upload<N>, Error> {
        self.upload(PutCommand::append(path), representation, Place::EndOf(path)).await
    }

    /// (TYPE, then STOR, APPE, or REST and STOR) Upload from a place on. Where the size of the file is known before, it is not
    /// asked for again.
    pub async fn open_upload(
        &mut self,
        path: &str,
        representation: Representation,
        start: UploadStart,
    ) -> Result<Upload<N>, Error> {
        let (command, place) = match start {
            UploadStart::Beginning => (PutCommand::store(path), Place::At(path, 0)),
            UploadStart::End => (PutCommand::append(path), Place::EndOf(path)),
            UploadStart::Rest(size) => (PutCommand::store(path), Place::Rest(path, size)),
            UploadStart::RestByAppend(size) => (PutCommand::append(path), Place::RestByAppend(path, size)),
        };
        self.upload(command, representation, place).await
    }

    /// The last transfer that was asked for did not begin as the server refuses the offset (REST).
    pub fn has_refused_offset(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.known.offset_refused)
    }

    /// (TYPE, STOU; RFC 959) The outcome reports the name that the server chose.
    pub async fn store_unique(&mut self, representation: Representation) -> Result<Upload<N>, Error> {
        self.upload(PutCommand::store_unique(), representation, Place::Unique).await
    }

    /// (TYPE, REST, any) A command that sends data to the client.
    pub async fn receive(
        &mut self,
        command: GetCommand<'_>,
        representation: Representation,
        offset: u64,
    ) -> Result<Download<N>, Error> {
        let GetCommand { verb, argument, file } = command;
        self.call(async |live| {
            let line = live.line(verb, argument)?;
            let path = argument.map_or_else(|| Ok(Vec::new()), |path| live.bytes(path))?;
            let check = Check::of(live, file, representation, offset).await?;
            let compares = live.settings.verify_size;
            let sized = file.filter(|_| compares).and_then(|path| live.sized(path));
            let opened = live.transfer(Some(representation), offset, &line).await?;
            Ok(Download::new(live, opened, representation, offset, check, sized, &path))
        })
        .await
    }

    /// (TYPE, REST, any) A command that takes data from the client.
    pub async fn send(
        &mut self,
        command: PutCommand<'_>,
        representation: Representation,
        offset: u64,
    ) -> Result<Upload<N>, Error> {
        self.upload(command, representation, Place::Raw(offset)).await
    }

    async fn upload(
        &mut self,
        command: PutCommand<'_>,
        representation: Representation,
        place: Place<'_>,
    ) -> Result<Upload<N>, Error> {
        let PutCommand { verb, argument, file, is_unique } = command;
        self.call(async |live| {
            let line = live.line(verb, argument)?;
            let sizing = Sizing::prepare(live, place, representation).await?;
            let offset = place.offset();
            let check = Check::of(live, file, representation, offset).await?;
            let opened = live.transfer(Some(representation), offset, &line).await?;
            Ok(Upload::new(live, opened, representation, is_unique, sizing, check))
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
