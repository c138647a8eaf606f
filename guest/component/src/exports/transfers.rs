//! Transfers and listings that are open.

use super::{Slot, answer, held};
use crate::bindings::exports::ftp::client::ftp as wit;
use crate::convert::listed;
use crate::streams::{InOrder, Source, at_most};
use alloc::vec::Vec;
use core::cell::RefCell;
use ftp_client::{Download, Entries, Error, Upload};
use ftp_wasi::{Wasi, block_on};
use wasi::io::streams::{InputStream, OutputStream};

pub(crate) struct OpenDownload {
    pub(super) download: RefCell<Download<Wasi>>,
    pub(super) session: Slot,
}

impl wit::GuestDownload for OpenDownload {
    fn expected_size(&self) -> Option<u64> {
        self.download.borrow().expected_size()
    }

    fn read(&self, max: u64) -> Result<Vec<u8>, wit::Error> {
        let mut bytes = Vec::new();
        block_on(self.download.borrow_mut().read(&mut bytes, at_most(max)))?;
        Ok(bytes)
    }

    fn read_into(&self, sink: &OutputStream) -> Result<u64, wit::Error> {
        Ok(block_on(self.download.borrow_mut().copy_to(&mut InOrder(sink), &())).map_err(Error::from)?)
    }

    fn finish(this: wit::Download) -> Result<wit::Outcome, wit::Error> {
        let open = this.into_inner::<Self>();
        let download = open.download.into_inner();
        answer(download.finish(&mut *held(&open.session)?))
    }

    fn abort(this: wit::Download) -> Result<wit::Reply, wit::Error> {
        let open = this.into_inner::<Self>();
        let download = open.download.into_inner();
        answer(download.abort(&mut *held(&open.session)?))
    }
}

pub(crate) struct OpenEntries {
    pub(super) entries: RefCell<Entries<Wasi>>,
    pub(super) session: Slot,
}

impl wit::GuestEntryStream for OpenEntries {
    fn read(&self, max: u32) -> Result<Vec<wit::Listed>, wit::Error> {
        let portion = block_on(self.entries.borrow_mut().read(max as usize))?;
        Ok(portion.into_iter().filter_map(listed).collect())
    }

    fn finish(this: wit::EntryStream) -> Result<(), wit::Error> {
        let open = this.into_inner::<Self>();
        let entries = open.entries.into_inner();
        answer(entries.finish(&mut *held(&open.session)?))
    }

    fn abort(this: wit::EntryStream) -> Result<wit::Reply, wit::Error> {
        let open = this.into_inner::<Self>();
        let entries = open.entries.into_inner();
        answer(entries.abort(&mut *held(&open.session)?))
    }
}

pub(crate) struct OpenUpload {
    pub(super) upload: RefCell<Upload<Wasi>>,
    pub(super) session: Slot,
}

impl wit::GuestUpload for OpenUpload {
    fn write(&self, contents: Vec<u8>) -> Result<(), wit::Error> {
        Ok(block_on(self.upload.borrow_mut().write(&contents))?)
    }

    fn write_from(&self, source: &InputStream) -> Result<u64, wit::Error> {
        Ok(block_on(self.upload.borrow_mut().copy_from(&mut Source::new(source), &())).map_err(Error::from)?)
    }

    fn flush(&self) -> Result<(), wit::Error> {
        Ok(block_on(self.upload.borrow_mut().flush())?)
    }

    fn finish(this: wit::Upload) -> Result<wit::Outcome, wit::Error> {
        let open = this.into_inner::<Self>();
        let upload = open.upload.into_inner();
        answer(upload.finish(&mut *held(&open.session)?))
    }

    fn abort(this: wit::Upload) -> Result<wit::Reply, wit::Error> {
        let open = this.into_inner::<Self>();
        let upload = open.upload.into_inner();
        answer(upload.abort(&mut *held(&open.session)?))
    }
}
