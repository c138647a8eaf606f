//! The exported interface: each function hands its arguments on and converts what comes back.

mod connector;
mod transfers;

use crate::bindings::exports::ftp::client::ftp as wit;
use crate::convert::listed;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use connector::Connector;
use core::cell::{RefCell, RefMut};
use ftp_client::{DataMode, Download, Error, GetCommand, PutCommand, Session, Upload};
use ftp_wasi::{Wasi, block_on};
use transfers::{OpenDownload, OpenEntries, OpenUpload};

pub(crate) struct Component;

impl wit::Guest for Component {
    type Connector = Connector;
    type Session = SharedSession;
    type Download = OpenDownload;
    type EntryStream = OpenEntries;
    type Upload = OpenUpload;
}

/// A session, which its transfers know too. It is gone once its resource is dropped.
pub(crate) struct SharedSession {
    session: Slot,
    welcome: ftp_client::Reply,
}

type Slot = Rc<RefCell<Option<Session<Wasi>>>>;

impl SharedSession {
    fn session(&self) -> Result<RefMut<'_, Session<Wasi>>, Error> {
        held(&self.session)
    }

    fn download(&self, work: impl Future<Output = Result<Download<Wasi>, Error>>) -> Result<wit::Download, wit::Error> {
        let open = OpenDownload { download: RefCell::new(block_on(work)?), session: self.session.clone() };
        Ok(wit::Download::new(open))
    }

    fn upload(&self, work: impl Future<Output = Result<Upload<Wasi>, Error>>) -> Result<wit::Upload, wit::Error> {
        let open = OpenUpload { upload: RefCell::new(block_on(work)?), session: self.session.clone() };
        Ok(wit::Upload::new(open))
    }
}

impl Drop for SharedSession {
    fn drop(&mut self) {
        self.session.borrow_mut().take();
    }
}

impl wit::GuestSession for SharedSession {
    fn welcome(&self) -> wit::Reply {
        self.welcome.clone().into()
    }

    fn login(&self, user: String, password: String, account: Option<String>) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.login(&user, &password, account.as_deref()))
    }

    fn start_tls(&self) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.start_tls())
    }

    fn protect_data(&self, protection: wit::Protection) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.protect_data(protection.into()))
    }

    fn clear_command_channel(&self) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.clear_command_channel())
    }

    fn encryption(&self) -> Option<wit::Encryption> {
        self.session.borrow().as_ref().and_then(Session::encryption).map(Into::into)
    }

    fn reinitialize(&self) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.reinitialize())
    }

    fn quit(this: wit::Session) -> Result<wit::Reply, wit::Error> {
        let session = this.get::<Self>().session.borrow_mut().take().ok_or(Error::closed())?;
        Ok(block_on(session.quit())?.into())
    }

    fn features(&self) -> Result<Vec<String>, wit::Error> {
        answer(self.session()?.features())
    }

    fn system(&self) -> Result<String, wit::Error> {
        answer(self.session()?.system())
    }

    fn noop(&self) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.noop())
    }

    fn help(&self, topic: Option<String>) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.help(topic.as_deref()))
    }

    fn status(&self, path: Option<String>) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.status(path.as_deref()))
    }

    fn site(&self, arguments: String) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.site(&arguments))
    }

    fn command(&self, line: String) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.command(&line))
    }

    fn transcript(&self) -> Vec<String> {
        self.session.borrow_mut().as_mut().map(Session::transcript).unwrap_or_default()
    }

    fn set_data_mode(&self, mode: wit::DataMode) -> Result<(), wit::Error> {
        let mode = DataMode::try_from(mode)?;
        Ok(self.session()?.set_data_mode(mode)?)
    }

    fn set_transfer_mode(&self, mode: wit::TransferMode) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.set_transfer_mode(mode.into()))
    }

    fn current_directory(&self) -> Result<String, wit::Error> {
        answer(self.session()?.current_directory())
    }

    fn change_directory(&self, path: String) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.change_directory(&path))
    }

    fn make_directory(&self, path: String) -> Result<String, wit::Error> {
        answer(self.session()?.make_directory(&path))
    }

    fn remove_directory(&self, path: String) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.remove_directory(&path))
    }

    fn delete(&self, path: String) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.delete(&path))
    }

    fn rename(&self, old_path: String, new_path: String) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.rename(&old_path, &new_path))
    }

    fn entries(&self, path: Option<String>) -> Result<Vec<wit::Listed>, wit::Error> {
        let entries = block_on(self.session()?.entries(path.as_deref()))?;
        Ok(entries.into_iter().filter_map(listed).collect())
    }

    fn open_entries(&self, path: Option<String>) -> Result<wit::EntryStream, wit::Error> {
        let entries = block_on(self.session()?.open_entries(path.as_deref()))?;
        Ok(wit::EntryStream::new(OpenEntries { entries: RefCell::new(entries), session: self.session.clone() }))
    }

    fn entries_by_status(&self, path: Option<String>) -> Result<Vec<wit::Listed>, wit::Error> {
        let entries = block_on(self.session()?.entries_by_status(path.as_deref()))?;
        Ok(entries.into_iter().filter_map(listed).collect())
    }

    fn entry(&self, path: String) -> Result<wit::Entry, wit::Error> {
        answer(self.session()?.entry(&path))
    }

    fn select_facts(&self, facts: Vec<String>) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.select_facts(&facts))
    }

    fn names(&self, arguments: Option<String>) -> Result<Vec<String>, wit::Error> {
        answer(self.session()?.names(arguments.as_deref()))
    }

    fn listing(&self, arguments: Option<String>) -> Result<Vec<String>, wit::Error> {
        answer(self.session()?.listing(arguments.as_deref()))
    }

    fn size(&self, path: String) -> Result<u64, wit::Error> {
        answer(self.session()?.size(&path))
    }

    fn modified(&self, path: String) -> Result<wit::Timestamp, wit::Error> {
        answer(self.session()?.modified(&path))
    }

    fn checksum(&self, path: String, algorithm: Option<wit::Algorithm>) -> Result<wit::Checksum, wit::Error> {
        answer(self.session()?.checksum(&path, algorithm.map(Into::into)))
    }

    fn set_modified(&self, path: String, time: wit::Timestamp) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.set_modified(&path, &time.into()))
    }

    fn set_permissions(&self, path: String, permissions: u16) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.set_permissions(&path, permissions))
    }

    fn make_symbolic_link(&self, target: String, path: String) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.make_symbolic_link(&target, &path))
    }

    fn available_space(&self, path: Option<String>) -> Result<u64, wit::Error> {
        answer(self.session()?.available_space(path.as_deref()))
    }

    fn allocate(&self, size: u64) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.allocate(size))
    }

    fn mount(&self, path: String) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.mount(&path))
    }

    fn combine(&self, parts: Vec<String>, path: String) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.combine(&parts, &path))
    }

    fn select_host(&self, name: String) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.select_host(&name))
    }

    fn select_language(&self, tag: Option<String>) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.select_language(tag.as_deref()))
    }

    fn name_client(&self, name: String) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.name_client(&name))
    }

    fn select_utf8(&self, on: bool) -> Result<wit::Reply, wit::Error> {
        answer(self.session()?.select_utf8(on))
    }

    fn copy_to(
        &self,
        path: String,
        target: wit::SessionBorrow<'_>,
        target_path: String,
        representation: wit::Representation,
    ) -> Result<wit::Copied, wit::Error> {
        let target = &target.get::<Self>().session;
        if Rc::ptr_eq(target, &self.session) {
            return Err(Error::invalid_argument("a copy needs two sessions").into());
        }
        let mut target = target.borrow_mut();
        let target = target.as_mut().ok_or(Error::closed())?;
        answer(self.session()?.copy_to(&path, target, &target_path, representation.into()))
    }

    fn retrieve(
        &self,
        path: String,
        representation: wit::Representation,
        offset: u64,
    ) -> Result<wit::Download, wit::Error> {
        self.download(self.session()?.retrieve(&path, representation.into(), offset))
    }

    fn store(&self, path: String, representation: wit::Representation, offset: u64) -> Result<wit::Upload, wit::Error> {
        self.upload(self.session()?.store(&path, representation.into(), offset))
    }

    fn append(&self, path: String, representation: wit::Representation) -> Result<wit::Upload, wit::Error> {
        self.upload(self.session()?.append(&path, representation.into()))
    }

    fn store_unique(&self, representation: wit::Representation) -> Result<wit::Upload, wit::Error> {
        self.upload(self.session()?.store_unique(representation.into()))
    }

    fn receive(
        &self,
        line: String,
        representation: wit::Representation,
        offset: u64,
    ) -> Result<wit::Download, wit::Error> {
        self.download(self.session()?.receive(GetCommand::new(&line)?, representation.into(), offset))
    }

    fn send(&self, line: String, representation: wit::Representation, offset: u64) -> Result<wit::Upload, wit::Error> {
        self.upload(self.session()?.send(PutCommand::new(&line)?, representation.into(), offset))
    }
}

/// The session of a resource, as long as that is there.
fn held(slot: &Slot) -> Result<RefMut<'_, Session<Wasi>>, Error> {
    RefMut::filter_map(slot.borrow_mut(), Option::as_mut).map_err(|_| Error::closed())
}

fn answer<T, U: From<T>>(work: impl Future<Output = Result<T, Error>>) -> Result<U, wit::Error> {
    Ok(block_on(work)?.into())
}
