//! Trees and segmented downloads with the client over the system's own sockets: against pyftpdlib, vsftpd, ProFTPD and
//! Pure-FTPd, and against servers that lie about names.

mod hostile;
mod local;
mod segments;
mod site;
mod trees;
mod walks;

use std::process::ExitCode;

use ftp_client::native::Native;
use ftp_tests::suite;

/// The client under test.
type Session = ftp_client::Session<Native>;

fn main() -> ExitCode {
    suite::run()
}
