//! A control connection.

use std::sync::Arc;

use crate::entries::Entries;
use crate::error::Error;
use crate::instance::{Handle, call};
use crate::transfer::{Download, Upload};
use crate::types::{
    Algorithm, Checksum, Copied, DataMode, Encryption, Entry, Listed, Protection, Reply, Representation, Timestamp,
    TransferMode,
};

/// A control connection, and one transfer at a time on it.
///
/// Every function may give [`Error::ConnectionLost`], [`Error::Timeout`], [`Error::Protocol`],
/// [`Error::LimitExceeded`], [`Error::Trapped`] and, once the session is closed, [`Error::Closed`]. A negative reply is
/// [`Error::Transient`] (4yz) or [`Error::Permanent`] (5yz), a positive one that does not fit is [`Error::Unexpected`].
/// An argument with CR, LF or NUL in it is [`Error::InvalidArgument`] and nothing is sent.
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
        call!(self.handle, session.call_welcome())
    }

    /// (USER, then PASS and ACCT where the server asks for them.) Gives the reply that ended the login, 230 or 202.
    ///
    /// Errors: [`Error::Permanent`] with code 530, after which another login may follow; [`Error::Unexpected`] with
    /// code 332 when the server asks for an account and none is given.
    pub async fn login(&mut self, user: &str, password: &str, account: Option<&str>) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_login(user, password, account))??)
    }

    /// (AUTH TLS) Begin TLS, as the settings say, in a session that was connected without. Data stays in the clear until
    /// [`Self::protect_data`].
    ///
    /// Errors: [`Error::Insecure`] when the server refuses, [`Error::Tls`], [`Error::InvalidArgument`] inside TLS.
    pub async fn start_tls(&mut self) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_start_tls())??)
    }

    /// (PBSZ 0, PROT) Encrypt data connections from now on, or no longer.
    ///
    /// Errors: [`Error::Insecure`] when the server refuses.
    pub async fn protect_data(&mut self, protection: Protection) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_protect_data(protection))??)
    }

    /// (CCC) Leave TLS on the control connection, after login.
    ///
    /// Errors: [`Error::Permanent`] when the server refuses; [`Error::InvalidArgument`] before login or outside TLS.
    pub async fn clear_command_channel(&mut self) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_clear_command_channel())??)
    }

    /// What TLS on the control connection has agreed; `None` in the clear.
    pub async fn encryption(&mut self) -> Result<Option<Encryption>, Error> {
        call!(self.handle, session.call_encryption())
    }

    /// (REIN) End the login, keep the connection.
    pub async fn reinitialize(&mut self) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_reinitialize())??)
    }

    /// (QUIT) Say goodbye, read the 221 and close. The connection is closed on errors too.
    pub async fn quit(mut self) -> Result<Reply, Error> {
        Ok(call!(release self.handle, session.call_quit())??)
    }

    /// (FEAT) The extensions that the server names, one line each. A server without `FEAT` has none.
    pub async fn features(&mut self) -> Result<Vec<String>, Error> {
        Ok(call!(self.handle, session.call_features())??)
    }

    /// (SYST) The server's kind of system, for example `UNIX Type: L8`.
    pub async fn system(&mut self) -> Result<String, Error> {
        Ok(call!(self.handle, session.call_system())??)
    }

    /// (NOOP) Nothing but a reply.
    pub async fn noop(&mut self) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_noop())??)
    }

    /// (HELP) The server's help, on one command when it is given.
    pub async fn help(&mut self, topic: Option<&str>) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_help(topic))??)
    }

    /// (STAT) The state of the server, or of a path, over the control connection.
    pub async fn status(&mut self, path: Option<&str>) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_status(path))??)
    }

    /// (SITE) A command of this kind of server, for example `CHMOD 640 name`; any reply of 2yz.
    pub async fn site(&mut self, arguments: &str) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_site(arguments))??)
    }

    /// One command line as it is, and its final reply whatever its code.
    ///
    /// Errors: [`Error::InvalidArgument`] for a command that transfers data, logs in, or changes how the two sides talk.
    pub async fn command(&mut self, line: &str) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_command(line))??)
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

    /// (MODE) How data connections carry bytes from now on. [`TransferMode::Deflate`] is for servers that have `MODE Z`
    /// among their features.
    ///
    /// Errors: [`Error::Permanent`] where the mode is not known; it then stays as it was.
    pub async fn set_transfer_mode(&mut self, mode: TransferMode) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_set_transfer_mode(mode))??)
    }

    /// (PWD) The working directory, as a path that leads back to it.
    ///
    /// Errors: [`Error::Unexpected`] where the server does not put it in quotes.
    pub async fn current_directory(&mut self) -> Result<String, Error> {
        Ok(call!(self.handle, session.call_current_directory())??)
    }

    /// (CWD, or CDUP for `..`) Errors: [`Error::Permanent`] with code 550 when there is no such directory.
    pub async fn change_directory(&mut self, path: &str) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_change_directory(path))??)
    }

    /// (MKD) Gives the path that the server made, or the one asked for where the reply names none.
    pub async fn make_directory(&mut self, path: &str) -> Result<String, Error> {
        Ok(call!(self.handle, session.call_make_directory(path))??)
    }

    /// (RMD) Remove an empty directory.
    pub async fn remove_directory(&mut self, path: &str) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_remove_directory(path))??)
    }

    /// (DELE) Delete a file.
    pub async fn delete(&mut self, path: &str) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_delete(path))??)
    }

    /// (RNFR, RNTO) Rename or move a file or directory.
    pub async fn rename(&mut self, old_path: &str, new_path: &str) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_rename(old_path, new_path))??)
    }

    /// (MLSD, else LIST) The members of a directory, of the working directory unless a path is given. For a path that some
    /// servers take for a pattern, for options or for several arguments, the session goes there and returns.
    ///
    /// Errors: [`Error::Unsupported`] where `PWD` reports no way back; [`Error::NoWayBack`] where the server does not let
    /// the session return.
    pub async fn entries(&mut self, path: Option<&str>) -> Result<Vec<Listed>, Error> {
        Ok(call!(self.handle, session.call_entries(path))??)
    }

    /// (MLSD, else LIST) The same in portions, for a directory of any size. The session returns in [`Entries::finish`], or
    /// before the next command.
    pub async fn open_entries(&mut self, path: Option<&str>) -> Result<Entries, Error> {
        let entries = call!(self.handle, session.call_open_entries(path))??;
        Ok(Entries::new(Handle::new(self.handle.shared.clone(), entries)))
    }

    /// (STAT) The members of a directory as `LIST` lines in the reply, without a data connection.
    ///
    /// Errors: [`Error::Unexpected`] for another code than 211, 212 and 213.
    pub async fn entries_by_status(&mut self, path: Option<&str>) -> Result<Vec<Listed>, Error> {
        Ok(call!(self.handle, session.call_entries_by_status(path))??)
    }

    /// (MLST, else SIZE, MDTM and CWD) One file or directory by its path; `.` is the working directory.
    pub async fn entry(&mut self, path: &str) -> Result<Entry, Error> {
        Ok(call!(self.handle, session.call_entry(path))??)
    }

    /// (OPTS MLST) Choose the facts that `entries` and `entry` get.
    pub async fn select_facts(&mut self, facts: &[&str]) -> Result<Reply, Error> {
        let facts: Vec<String> = facts.iter().map(ToString::to_string).collect();
        Ok(call!(self.handle, session.call_select_facts(&facts))??)
    }

    /// (NLST) Names only, as the server gives them: some put the directory before each.
    pub async fn names(&mut self, arguments: Option<&str>) -> Result<Vec<String>, Error> {
        Ok(call!(self.handle, session.call_names(arguments))??)
    }

    /// (LIST) The lines as they came, for people.
    pub async fn listing(&mut self, arguments: Option<&str>) -> Result<Vec<String>, Error> {
        Ok(call!(self.handle, session.call_listing(arguments))??)
    }

    /// (SIZE) Bytes that the file has in [`Representation::Image`].
    pub async fn size(&mut self, path: &str) -> Result<u64, Error> {
        Ok(call!(self.handle, session.call_size(path))??)
    }

    /// (MDTM) Last modification, in UTC.
    pub async fn modified(&mut self, path: &str) -> Result<Timestamp, Error> {
        Ok(call!(self.handle, session.call_modified(path))??)
    }

    /// (HASH, else XSHA256, XSHA512, XSHA1, XMD5, MD5, XCRC) The checksum of a file, computed by the server: by the best
    /// algorithm that it names among its features, unless one is given.
    ///
    /// Errors: [`Error::Unsupported`] when the server names none, or not this one; [`Error::Permanent`] with code 550.
    pub async fn checksum(&mut self, path: &str, algorithm: Option<Algorithm>) -> Result<Checksum, Error> {
        Ok(call!(self.handle, session.call_checksum(path, algorithm))??)
    }

    /// (MFMT, else MDTM with a time, else SITE UTIME) Set the time of last modification, in whole seconds.
    ///
    /// Errors: [`Error::Permanent`] with code 550; [`Error::Unsupported`] when the server knows none of the three;
    /// [`Error::InvalidArgument`] for a time that is not in UTC, or not in the years 0 to 9999.
    pub async fn set_modified(&mut self, path: &str, time: Timestamp) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_set_modified(path, time))??)
    }

    /// (SITE CHMOD) Set Unix permission bits, at most 0o7777.
    pub async fn set_permissions(&mut self, path: &str, permissions: u16) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_set_permissions(path, permissions))??)
    }

    /// (SITE SYMLINK) Make a symbolic link at `path`. Names have no spaces.
    pub async fn make_symbolic_link(&mut self, target: &str, path: &str) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_make_symbolic_link(target, path))??)
    }

    /// (AVBL) Bytes that are free, in a directory when it is given.
    pub async fn available_space(&mut self, path: Option<&str>) -> Result<u64, Error> {
        Ok(call!(self.handle, session.call_available_space(path))??)
    }

    /// (ALLO) Announce the bytes of the next upload; 202 means that the server does not need it.
    pub async fn allocate(&mut self, size: u64) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_allocate(size))??)
    }

    /// (SMNT) Mount another file system.
    pub async fn mount(&mut self, path: &str) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_mount(path))??)
    }

    /// (COMB) Join files into one at `path`, in this order.
    pub async fn combine(&mut self, parts: &[String], path: &str) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_combine(parts, path))??)
    }

    /// (HOST) Choose one of the names that the server goes by, before login.
    pub async fn select_host(&mut self, name: &str) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_select_host(name))??)
    }

    /// (LANG) Choose the language of replies, or the server's own.
    pub async fn select_language(&mut self, tag: Option<&str>) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_select_language(tag))??)
    }

    /// (CLNT) Tell the server what program this is.
    pub async fn name_client(&mut self, name: &str) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_name_client(name))??)
    }

    /// (OPTS UTF8) For servers that do not speak UTF-8 by themselves.
    pub async fn select_utf8(&mut self, on: bool) -> Result<Reply, Error> {
        Ok(call!(self.handle, session.call_select_utf8(on))??)
    }

    /// (PASV, PORT, RETR, STOR) Copy a file from this server straight to the one of another session of the same
    /// [`Connector`](crate::Connector) (FXP). No reply reports their progress: the limit is
    /// [`Settings::total_timeout`](crate::Settings::total_timeout), or a day.
    ///
    /// Errors: [`Error::Unsupported`] when the servers do not connect to each other; [`Error::Insecure`] when only one
    /// encrypts data; [`Error::Permanent`] or [`Error::Transient`] of either; [`Error::InvalidArgument`] for sessions of
    /// two connectors.
    pub async fn copy_to(
        &mut self,
        path: &str,
        target: &mut Self,
        target_path: &str,
        representation: Representation,
    ) -> Result<Copied, Error> {
        if !Arc::ptr_eq(&self.handle.shared, &target.handle.shared) {
            return Err(Error::InvalidArgument("a copy needs two sessions of one connector".into()));
        }
        let target = target.handle.lend();
        Ok(call!(self.handle, session.call_copy_to(path, target, target_path, representation))??)
    }

    /// (TYPE, REST, RETR) Read a file, from the byte `offset` on.
    ///
    /// Errors: [`Error::Permanent`] with code 550 for a missing file, 501, 502 or 554 for a refused offset;
    /// [`Error::Transient`] with code 425 or 450; [`Error::Busy`]; [`Error::Timeout`] in the phase `DataConnection`.
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
    /// Errors: as [`Session::retrieve`]; [`Error::Permanent`] with code 550 or 553 for a refused name.
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
