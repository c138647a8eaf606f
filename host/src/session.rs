//! A control connection.

use std::sync::Arc;

use ftp_types::{Algorithm, Checksum, Copied, Reply};

use crate::entries::Entries;
use crate::error::Error;
use crate::instance::{Handle, call};
use crate::transfer::{Download, Upload};
use crate::types::{DataMode, Encryption, Entry, Listed, Protection, Representation, Timestamp, TransferMode};

/// Methods that call a function of the contract, with its arguments and its result.
macro_rules! forward {
    ($($(#[$doc:meta])* $name:ident = $function:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {$(
        $(#[$doc])*
        pub async fn $name(&mut self $(, $argument: $type)*) -> Result<$result, Error> {
            Ok(call!(self.handle, session.$function($($argument),*))??.into())
        }
    )*};
}

/// A control connection, and one transfer at a time on it.
///
/// Errors are named by their kind: [`FailureKind`](crate::FailureKind) and [`RefusalKind`](crate::RefusalKind) of
/// [`Error::Ftp`]. Every function may give `ConnectionLost`, `Timeout`, `Protocol`, `LimitExceeded`, [`Error::Trapped`] and,
/// once the session is closed, `Closed`. A negative reply is `Transient` (4yz) or `Permanent` (5yz), a positive one that does
/// not fit is `Unexpected`. An argument with CR, LF or NUL in it is `InvalidArgument` and nothing is sent.
///
/// Dropping a session closes its connection at once, without `QUIT`. Dropping the future of a call closes its
/// connector, and with it all that the connector opened.
pub struct Session {
    handle: Handle,
}

impl Session {
    pub(crate) fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// Bytes of linear memory that the session's sandbox takes, 0 once it is closed.
    pub fn memory(&self) -> usize {
        self.handle.shared.memory()
    }

    /// The greeting.
    pub async fn welcome(&mut self) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_welcome())?.into())
    }

    forward! {
        /// (USER, then PASS and ACCT where the server asks for them.) Gives the reply that ended the login, 230 or 202.
        ///
        /// Errors: `Permanent` with code 530, after which another login may follow; `Unexpected` with
        /// code 332 when the server asks for an account and none is given.
        login = call_login(user: &str, password: &str, account: Option<&str>) -> Reply;
        /// (AUTH TLS) Begin TLS, as the settings say, in a session that was connected without. Data stays in the clear until
        /// [`Self::protect_data`].
        ///
        /// Errors: `Insecure` when the server refuses, `Tls`, `InvalidArgument` inside TLS.
        start_tls = call_start_tls() -> Reply;
        /// (PBSZ 0, PROT) Encrypt data connections from now on, or no longer.
        ///
        /// Errors: `Insecure` when the server refuses.
        protect_data = call_protect_data(protection: Protection) -> Reply;
        /// (CCC) Leave TLS on the control connection, after login.
        ///
        /// Errors: `Permanent` when the server refuses; `InvalidArgument` before login or outside TLS.
        clear_command_channel = call_clear_command_channel() -> Reply;
    }

    /// What TLS on the control connection has agreed; `None` in the clear.
    pub async fn encryption(&mut self) -> Result<Option<Encryption>, Error> {
        call!(self.handle, session.call_encryption())
    }

    forward! {
        /// (REIN) End the login, keep the connection.
        reinitialize = call_reinitialize() -> Reply;
    }

    /// (QUIT) Say goodbye, read the 221 and close. The connection is closed on errors too.
    pub async fn quit(mut self) -> Result<Reply, Error> {
        Ok(call!(release self.handle, session.call_quit())??.into())
    }

    forward! {
        /// (FEAT) The extensions that the server names, one line each. A server without `FEAT` has none.
        features = call_features() -> Vec<String>;
        /// (SYST) The server's kind of system, for example `UNIX Type: L8`.
        system = call_system() -> String;
        /// (NOOP) Nothing but a reply.
        noop = call_noop() -> Reply;
        /// (HELP) The server's help, on one command when it is given.
        help = call_help(topic: Option<&str>) -> Reply;
        /// (STAT) The state of the server, or of a path, over the control connection.
        status = call_status(path: Option<&str>) -> Reply;
        /// (SITE) A command of this kind of server, for example `CHMOD 640 name`; any reply of 2yz.
        site = call_site(arguments: &str) -> Reply;
        /// One command line as it is, and its final reply whatever its code.
        ///
        /// Errors: `InvalidArgument` for a command that transfers data, logs in, or changes how the two sides talk.
        command = call_command(line: &str) -> Reply;
    }

    /// Lines sent (`> `) and received (`< `) since the last call, oldest first, with notes (`* `), never with a password
    /// or an account. Empty unless [`Settings::transcript_capacity`](crate::Settings::transcript_capacity) was set.
    pub async fn transcript(&mut self) -> Result<Vec<String>, Error> {
        call!(self.handle, session.call_transcript())
    }

    /// Change how this session makes its data connections. Active mode permits the sandbox to listen.
    pub async fn set_data_mode(&mut self, mode: &DataMode) -> Result<(), Error> {
        call!(self.handle, session.call_set_data_mode(mode))??;
        self.handle.shared.permit_listening(mode);
        Ok(())
    }

    forward! {
        /// (MODE) How data connections carry bytes from now on. [`TransferMode::Deflate`] is for servers that have `MODE Z`
        /// among their features.
        ///
        /// Errors: `Permanent` where the mode is not known; it then stays as it was.
        set_transfer_mode = call_set_transfer_mode(mode: TransferMode) -> Reply;
        /// (PWD) The working directory, as a path that leads back to it.
        ///
        /// Errors: `Unexpected` where the server does not put it in quotes.
        current_directory = call_current_directory() -> String;
        /// (CWD, or CDUP for `..`) Errors: `Permanent` with code 550 when there is no such directory.
        change_directory = call_change_directory(path: &str) -> Reply;
        /// (MKD) Gives the path that the server made, or the one asked for where the reply names none.
        make_directory = call_make_directory(path: &str) -> String;
        /// (RMD) Remove an empty directory.
        remove_directory = call_remove_directory(path: &str) -> Reply;
        /// (DELE) Delete a file.
        delete = call_delete(path: &str) -> Reply;
        /// (RNFR, RNTO) Rename or move a file or directory.
        rename = call_rename(old_path: &str, new_path: &str) -> Reply;
        /// (MLSD, else LIST) The members of a directory, of the working directory unless a path is given. For a path that some
        /// servers take for a pattern, for options or for several arguments, the session goes there and returns.
        ///
        /// Errors: `Unsupported` where `PWD` reports no way back; `Closed` where the server does not let
        /// the session return.
        entries = call_entries(path: Option<&str>) -> Vec<Listed>;
    }

    /// (MLSD, else LIST) The same in portions, for a directory of any size. The session returns in [`Entries::finish`], or
    /// before the next command.
    pub async fn open_entries(&mut self, path: Option<&str>) -> Result<Entries, Error> {
        let entries = call!(self.handle, session.call_open_entries(path))??;
        Ok(Entries::new(Handle::new(self.handle.shared.clone(), entries)))
    }

    forward! {
        /// (STAT) The members of a directory as `LIST` lines in the reply, without a data connection.
        ///
        /// Errors: `Unexpected` for another code than 211, 212 and 213.
        entries_by_status = call_entries_by_status(path: Option<&str>) -> Vec<Listed>;
        /// (MLST, else SIZE, MDTM and CWD) One file or directory by its path; `.` is the working directory.
        entry = call_entry(path: &str) -> Entry;
    }

    /// (OPTS MLST) Choose the facts that `entries` and `entry` get.
    pub async fn select_facts(&mut self, facts: &[&str]) -> Result<Reply, Error> {
        let facts: Vec<String> = facts.iter().map(ToString::to_string).collect();
        Ok(call!(self.handle, session.call_select_facts(&facts))??.into())
    }

    forward! {
        /// (NLST) Names only, as the server gives them: some put the directory before each.
        names = call_names(arguments: Option<&str>) -> Vec<String>;
        /// (LIST) The lines as they came, for people.
        listing = call_listing(arguments: Option<&str>) -> Vec<String>;
        /// (SIZE) Bytes that the file has in [`Representation::Image`].
        size = call_size(path: &str) -> u64;
        /// (MDTM) Last modification, in UTC.
        modified = call_modified(path: &str) -> Timestamp;
    }

    /// (HASH, else XSHA256, XSHA512, XSHA1, XMD5, MD5, XCRC) The checksum of a file, computed by the server: by the best
    /// algorithm that it names among its features, unless one is given.
    ///
    /// Errors: `Unsupported` when the server names none, or not this one; `Permanent` with code 550.
    pub async fn checksum(&mut self, path: &str, algorithm: Option<Algorithm>) -> Result<Checksum, Error> {
        Ok(call!(self.handle, session.call_checksum(path, algorithm.map(Into::into)))??.into())
    }

    forward! {
        /// (MFMT, else MDTM with a time, else SITE UTIME) Set the time of last modification, in whole seconds.
        ///
        /// Errors: `Permanent` with code 550; `Unsupported` when the server knows none of the three;
        /// `InvalidArgument` for a time that is not in UTC, or not in the years 0 to 9999.
        set_modified = call_set_modified(path: &str, time: Timestamp) -> Reply;
        /// (SITE CHMOD) Set Unix permission bits, at most 0o7777.
        set_permissions = call_set_permissions(path: &str, permissions: u16) -> Reply;
        /// (SITE SYMLINK) Make a symbolic link at `path`. Names have no spaces.
        make_symbolic_link = call_make_symbolic_link(target: &str, path: &str) -> Reply;
        /// (AVBL) Bytes that are free, in a directory when it is given.
        available_space = call_available_space(path: Option<&str>) -> u64;
        /// (ALLO) Announce the bytes of the next upload; 202 means that the server does not need it.
        allocate = call_allocate(size: u64) -> Reply;
        /// (SMNT) Mount another file system.
        mount = call_mount(path: &str) -> Reply;
        /// (COMB) Join files into one at `path`, in this order.
        combine = call_combine(parts: &[String], path: &str) -> Reply;
        /// (HOST) Choose one of the names that the server goes by, before login.
        select_host = call_select_host(name: &str) -> Reply;
        /// (LANG) Choose the language of replies, or the server's own.
        select_language = call_select_language(tag: Option<&str>) -> Reply;
        /// (CLNT) Tell the server what program this is.
        name_client = call_name_client(name: &str) -> Reply;
        /// (OPTS UTF8) For servers that do not speak UTF-8 by themselves.
        select_utf8 = call_select_utf8(on: bool) -> Reply;
    }

    /// (PASV, PORT, RETR, STOR) Copy a file from this server straight to the one of another session of the same
    /// [`Connector`](crate::Connector) (FXP). No reply reports their progress: the limit is
    /// [`Settings::total_timeout`](crate::Settings::total_timeout), or a day.
    ///
    /// Errors: `Unsupported` when the servers do not connect to each other; `Insecure` when only one
    /// encrypts data; `Permanent` or `Transient` of either; `InvalidArgument` for sessions of
    /// two connectors.
    pub async fn copy_to(
        &mut self,
        path: &str,
        target: &mut Self,
        target_path: &str,
        representation: Representation,
    ) -> Result<Copied, Error> {
        if !Arc::ptr_eq(&self.handle.shared, &target.handle.shared) {
            return Err(ftp_types::Error::invalid_argument("a copy needs two sessions of one connector").into());
        }
        let target = target.handle.lend();
        Ok(call!(self.handle, session.call_copy_to(path, target, target_path, representation))??.into())
    }

    /// (TYPE, REST, RETR) Read a file, from the byte `offset` on.
    ///
    /// Errors: `Permanent` with code 550 for a missing file, 501, 502 or 554 for a refused offset;
    /// `Transient` with code 425 or 450; `Busy`; `Timeout` in the phase `DataConnection`.
    pub async fn retrieve(
        &mut self,
        path: &str,
        representation: Representation,
        offset: u64,
    ) -> Result<Download, Error> {
        let download = call!(self.handle, session.call_retrieve(path, representation, offset))??;
        self.download(download).await
    }

    /// (TYPE, REST, STOR) Write a file, from the byte `offset` on.
    ///
    /// Errors: as [`Session::retrieve`]; `Permanent` with code 550 or 553 for a refused name.
    pub async fn store(&mut self, path: &str, representation: Representation, offset: u64) -> Result<Upload, Error> {
        let upload = call!(self.handle, session.call_store(path, representation, offset))??;
        Ok(self.upload(upload))
    }

    /// (TYPE, APPE) Write at the end of a file, which is made where it is missing.
    pub async fn append(&mut self, path: &str, representation: Representation) -> Result<Upload, Error> {
        let upload = call!(self.handle, session.call_append(path, representation))??;
        Ok(self.upload(upload))
    }

    /// (TYPE, STOU) Write a file under a name that the server chooses; `Outcome::name` reports it.
    pub async fn store_unique(&mut self, representation: Representation) -> Result<Upload, Error> {
        let upload = call!(self.handle, session.call_store_unique(representation))??;
        Ok(self.upload(upload))
    }

    /// (TYPE, REST, any) A command that sends data to the client, for example `LIST -R`.
    pub async fn receive(
        &mut self,
        line: &str,
        representation: Representation,
        offset: u64,
    ) -> Result<Download, Error> {
        let download = call!(self.handle, session.call_receive(line, representation, offset))??;
        self.download(download).await
    }

    /// (TYPE, REST, any) A command that takes data from the client, for example `STOU prefix`.
    pub async fn send(&mut self, line: &str, representation: Representation, offset: u64) -> Result<Upload, Error> {
        let upload = call!(self.handle, session.call_send(line, representation, offset))??;
        Ok(self.upload(upload))
    }

    async fn download(&self, resource: wasmtime::component::ResourceAny) -> Result<Download, Error> {
        Download::new(Handle::new(self.handle.shared.clone(), resource)).await
    }

    fn upload(&self, resource: wasmtime::component::ResourceAny) -> Upload {
        Upload::new(Handle::new(self.handle.shared.clone(), resource))
    }
}
