//! A small FTP server on loopback, inside this process: there on every machine, without an installation. The protocol
//! is spoken by `libunftp`; this crate gives it a port, a directory, users, and an end.
//!
//! ```
//! let server = ftp_test_server::Server::start(Default::default())?;
//! std::fs::write(server.root().join("hello.txt"), "hello")?;
//! assert!(server.address().ip().is_loopback());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What it speaks
//!
//! | | commands |
//! |---|---|
//! | login | `USER`, `PASS`, `QUIT` |
//! | data connections | `EPSV`, `PASV`, `PORT`; `TYPE` takes anything and means `I`; `MODE S`, `STRU F` |
//! | transfers | `RETR`, `STOR`, `APPE`, `STOU` (the name is the text of the 150), `REST`, `ABOR`, `ALLO` (ignored) |
//! | listings | `LIST`, `NLST`, `MLSD`, `MLST`, `SIZE`, `MDTM`, `STAT` with and without a path |
//! | files and directories | `PWD`, `CWD`, `CDUP`, `MKD`, `RMD`, `DELE`, `RNFR`, `RNTO` |
//! | TLS, with [`Options::tls`] | `AUTH TLS`, `PBSZ`, `PROT P`, `PROT C`; versions 1.2 and 1.3 |
//! | other | `FEAT`, `OPTS UTF8 ON`, `SYST`, `HELP`, `NOOP`, `SITE MD5` (not for anonymous) |
//!
//! # What it does not
//!
//! - Unknown, 500: `EPRT`, `REIN`, `SMNT`, `CLNT`, `LANG`, `HASH`, `MFMT`. `ACCT` is 530, `SITE CHMOD` 502, other
//!   modes and structures 504.
//! - Anything it cannot parse is 501 and the end of the session: `OPTS MLST`, `OPTS UTF8` in any other spelling,
//!   `REST` without a number, `NOOP` with an argument, `AUTH` with anything but `TLS` and `SSL`.
//! - IPv6, since it listens on 127.0.0.1; `TYPE A`, whose line ends are not converted; TLS on a port of its own,
//!   and certificates of clients.
//! - A second `USER` after a login: 503. After a refused password another try may follow.
//!
//! # What differs from other servers
//!
//! - Names are UTF-8. Other bytes become U+FFFD in file names and end the connection in a user name.
//! - `STOR` cuts the file off at the offset of `REST` first, so nothing after it is kept.
//! - While a transfer runs, nothing else does: `ABOR` waits for it too, and is then answered with 226. So the client
//!   has to close the data connection, after which two replies come, in either order.
//! - The offset of `REST` is forgotten only when a transfer ends well: after one that failed, a new `REST` is needed.
//! - `RETR` of a missing file, and every other error of the file system, comes after the 150.
//! - The reply to `MKD` names the path without quotation marks. `SIZE` of a directory succeeds.
//! - Listings have neither `.` nor `..`, times are in UTC, and `MLSD` calls a symbolic link a file.
//!
//! # With TLS
//!
//! The server shows a certificate for `localhost` and `127.0.0.1`, made when it starts and signed by an authority of
//! its own, which [`Server::authority`] gives to clients.
//!
//! | | what it does |
//! |---|---|
//! | before `AUTH TLS` | `USER` and `PASS` are 534; the rest is as without TLS |
//! | `AUTH SSL`, `PROT S`, `PROT E` | 504 |
//! | `CCC` | 534 |
//! | without [`Options::tls`] | `AUTH` and `PROT` are 502 |
//! | data connections | in the clear until `PROT P`, and again after `PROT C`, which is not refused |
//! | resumption | by ticket and by session number, of sessions of the same control connection alone; never demanded |
//! | `close_notify` | sent at the end of downloads and listings; not after uploads, nor on the control connection |
//! | an upload that ends without it | 451 |
//! | a failed handshake of a data connection | the 150 is the last reply, a panic is shown; the session goes on |

mod certificates;
mod ports;
mod server;
mod users;

pub use server::{Options, Server};
pub use users::{PASSWORD, USER};
