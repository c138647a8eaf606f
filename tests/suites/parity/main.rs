//! Everything that the reference clients can do, against real servers: each trial of a `Site` runs against pyftpdlib,
//! vsftpd, ProFTPD and Pure-FTPd, plain and over TLS 1.2 and 1.3, and against the embedded server, as far as they speak it.

mod ciphers;
mod directories;
mod extensions;
mod faults;
mod files;
mod fxp;
mod gibibyte;
mod keepalive;
mod listings;
mod modes;
mod names;
mod options;
mod pipelining;
mod row;
mod security;
mod session;
mod transfers;

use std::process::ExitCode;

use ftp_tests::suite;

fn main() -> ExitCode {
    suite::run()
}
