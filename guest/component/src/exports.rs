//! The exported interface: each function hands its arguments on and converts what comes back.

use crate::bindings::exports::ftp::client::ftp as wit;
use crate::convert::{ip_address, limit_or, listed, local_failure};
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{RefCell, RefMut};
use core::mem::take;
use core::time::Duration;
use ftp_client::engine::{ReadNext, WriteAt, WriteNext, fetch};
use ftp_client::{
    DataMode, Download, Entries, Error, GetCommand, Phase, PutCommand, Session, Settings, UPLOAD_COALESCE_DELAY,
    Upload, timeout,
};
use ftp_wasi::{Wasi, block_on, ready};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

pub(crate) struct Component;

impl wit::Guest for Component {
    type Connector = Connector;
    type Session = SharedSession;
    type Download = OpenDownload;
    type EntryStream = OpenEntries;
    type Upload = OpenUpload;
}

pub(crate) struct Connector(RefCell<Settings>);

impl wit::GuestConnector for Connector {
    fn new() -> Self {
        Self(RefCell::default())
    }

    fn set_security(&self, security: wit::Security) {
        self.0.borrow_mut().security = security.into();
    }

    fn set_trust(&self, trust: wit::Trust) -> Result<(), wit::Error> {
        self.0.borrow_mut().tls.trust = trust.try_into()?;
        Ok(())
    }

    fn set_identity(&self, identity: Option<wit::Identity>) -> Result<(), wit::Error> {
        self.0.borrow_mut().tls.identity = identity.map(TryInto::try_into).transpose()?;
        Ok(())
    }

    fn set_server_name(&self, name: Option<String>) -> Result<(), wit::Error> {
        Ok(self.0.borrow_mut().tls.set_server_name(name)?)
    }

    fn set_tls_versions(&self, oldest: wit::TlsVersion, newest: wit::TlsVersion) -> Result<(), wit::Error> {
        Ok(self.0.borrow_mut().tls.set_versions(oldest.into(), newest.into())?)
    }

    fn set_data_end(&self, policy: wit::DataEnd) {
        self.0.borrow_mut().tls.data_end = policy.into();
    }

    fn set_require_resumption(&self, required: bool) {
        self.0.borrow_mut().tls.require_resumption = required;
    }

    fn set_data_mode(&self, mode: wit::DataMode) -> Result<(), wit::Error> {
        self.0.borrow_mut().data_mode = mode.try_into()?;
        Ok(())
    }

    fn set_encoding(&self, encoding: wit::Encoding) -> Result<(), wit::Error> {
        self.0.borrow_mut().encoding = encoding.try_into()?;
        Ok(())
    }

    fn set_local_address(&self, address: Option<String>) -> Result<(), wit::Error> {
        self.0.borrow_mut().local_address = address.as_deref().map(ip_address).transpose()?;
        Ok(())
    }

    fn set_proxy(&self, proxy: Option<wit::Proxy>) -> Result<(), wit::Error> {
        self.0.borrow_mut().proxy = proxy.map(TryInto::try_into).transpose()?;
        Ok(())
    }

    fn set_keepalive(&self, interval: Option<u64>) {
        self.0.borrow_mut().keepalive = interval.map(Duration::from_nanos);
    }

    fn set_tcp_keepalive(&self, idle: Option<u64>) {
        self.0.borrow_mut().tcp_keepalive = idle.map(Duration::from_nanos);
    }

    fn set_pipelining(&self, enabled: bool) {
        self.0.borrow_mut().pipelining = enabled;
    }

    fn set_connect_timeout(&self, timeout: Option<u64>) {
        self.0.borrow_mut().connect_timeout = limit_or(timeout, Settings::default().connect_timeout);
    }

    fn set_reply_timeout(&self, timeout: Option<u64>) {
        self.0.borrow_mut().reply_timeout = limit_or(timeout, Settings::default().reply_timeout);
    }

    fn set_idle_timeout(&self, timeout: Option<u64>) {
        self.0.borrow_mut().idle_timeout = limit_or(timeout, Settings::default().idle_timeout);
    }

    fn set_total_timeout(&self, timeout: Option<u64>) {
        self.0.borrow_mut().total_timeout = timeout.map(Duration::from_nanos);
    }

    fn set_verify_size(&self, verify: bool) {
        self.0.borrow_mut().verify_size = verify;
    }

    fn set_verify_checksums(&self, verify: bool) {
        self.0.borrow_mut().verify_checksums = verify;
    }

    fn set_inflation_limit(&self, limit: Option<u64>) {
        self.0.borrow_mut().inflation_limit = limit.unwrap_or(Settings::default().inflation_limit);
    }

    fn set_transcript_capacity(&self, lines: u32) {
        self.0.borrow_mut().transcript_capacity = lines as usize;
    }

    fn connect(&self, host: String, port: Option<u16>) -> Result<wit::Session, wit::Error> {
        let settings = self.0.borrow().clone();
        let port = port.unwrap_or(settings.security.port());
        let session = block_on(Session::connect(Wasi, settings, &host, port))?;
        let welcome = session.welcome().clone();
        let session = Rc::new(RefCell::new(Some(session)));
        Ok(wit::Session::new(SharedSession { session, welcome }))
    }

    fn fetch(
        &self,
        host: String,
        port: Option<u16>,
        user: String,
        password: String,
        account: Option<String>,
        path: String,
        offset: u64,
        sink: &OutputStream,
        retry: wit::Retry,
    ) -> Result<wit::Arrived, wit::Error> {
        let settings = self.0.borrow().clone();
        let (port, limit) = (port.unwrap_or(settings.security.port()), settings.total_timeout);
        let open = async || {
            let mut session = Session::connect(Wasi, settings.clone(), &host, port).await?;
            session.login(&user, &password, account.as_deref()).await?;
            Ok(session)
        };
        let retry = retry.into();
        let fetching = async {
            let fetched = fetch(&Wasi, open, &path, offset, &InOrder(sink), &retry).await;
            // What came before an error is the caller's too.
            let flushed = flush(sink).await;
            let arrived = fetched?;
            flushed.map(|()| arrived)
        };
        Ok(block_on(timeout(&Wasi, limit, Phase::Total, fetching))?.into())
    }
}

/// A stream, to which the bytes of a file come in order.
struct InOrder<'a>(&'a OutputStream);

impl WriteAt for InOrder<'_> {
    type Error = Error;

    fn write_at(&self, _: u64, bytes: &[u8]) -> impl Future<Output = Result<(), Error>> {
        write_all(self.0, bytes)
    }
}

impl WriteNext for InOrder<'_> {
    type Error = Error;

    fn write_next(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), Error>> {
        write_all(self.0, bytes)
    }

    fn end(&mut self) -> impl Future<Output = Result<(), Error>> {
        flush(self.0)
    }
}

/// A stream that is read, and whether that has paused.
struct Source<'a> {
    stream: &'a InputStream,
    pauses: bool,
}

impl ReadNext for Source<'_> {
    type Error = Error;

    async fn read_next(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        let limit = (!take(&mut self.pauses)).then_some(UPLOAD_COALESCE_DELAY);
        loop {
            match self.stream.read(max as u64) {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => {
                    *buffer = bytes;
                    return Ok(buffer.len());
                }
                Err(StreamError::Closed) => return Ok(0),
                Err(error) => return Err(local_failure(&error)),
            }
            let more = async {
                ready(&Rc::new(self.stream.subscribe())).await;
                Ok(())
            };
            self.pauses = timeout(&Wasi, limit, Phase::Data, more).await.is_err();
            if self.pauses {
                return Ok(0);
            }
        }
    }

    fn pauses(&self) -> bool {
        self.pauses
    }
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
        let session = this.get::<Self>().session.borrow_mut().take().ok_or(Error::Closed)?;
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
            return Err(Error::InvalidArgument(String::from("a copy needs two sessions")).into());
        }
        let mut target = target.borrow_mut();
        let target = target.as_mut().ok_or(Error::Closed)?;
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

pub(crate) struct OpenDownload {
    download: RefCell<Download<Wasi>>,
    session: Slot,
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
    entries: RefCell<Entries<Wasi>>,
    session: Slot,
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
    upload: RefCell<Upload<Wasi>>,
    session: Slot,
}

impl wit::GuestUpload for OpenUpload {
    fn write(&self, contents: Vec<u8>) -> Result<(), wit::Error> {
        Ok(block_on(self.upload.borrow_mut().write(&contents))?)
    }

    fn write_from(&self, source: &InputStream) -> Result<u64, wit::Error> {
        let mut source = Source { stream: source, pauses: false };
        Ok(block_on(self.upload.borrow_mut().copy_from(&mut source, &())).map_err(Error::from)?)
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

/// The session of a resource, as long as that is there.
fn held(slot: &Slot) -> Result<RefMut<'_, Session<Wasi>>, Error> {
    RefMut::filter_map(slot.borrow_mut(), Option::as_mut).map_err(|_| Error::Closed)
}

fn answer<T, U: From<T>>(work: impl Future<Output = Result<T, Error>>) -> Result<U, wit::Error> {
    Ok(block_on(work)?.into())
}

/// `blocking-write-and-flush` takes 4 KiB at a time, which is slow; this takes whatever there is room for.
async fn write_all(sink: &OutputStream, mut bytes: &[u8]) -> Result<(), Error> {
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(bytes.len().min(room(sink).await?));
        sink.write(piece).map_err(|error| local_failure(&error))?;
        bytes = rest;
    }
    Ok(())
}

async fn flush(sink: &OutputStream) -> Result<(), Error> {
    sink.flush().map_err(|error| local_failure(&error))?;
    room(sink).await.map(drop)
}

/// Wait until the stream takes bytes, which it does when it is flushed; gives how many.
async fn room(sink: &OutputStream) -> Result<usize, Error> {
    loop {
        match sink.check_write().map_err(|error| local_failure(&error))? {
            0 => ready(&Rc::new(sink.subscribe())).await,
            room => return Ok(at_most(room)),
        }
    }
}

fn at_most(max: u64) -> usize {
    usize::try_from(max).unwrap_or(usize::MAX)
}
