//! Scripts of servers, in one language for both players: the network in memory of this crate ([`Scripted`]), and the peer of
//! `ftp-tests` that listens on a socket.
//!
//! ```
//! use ftp_client::{Session, Settings};
//! use ftp_testkit::{Scripted, script};
//!
//! let size = 3;
//! let network = Scripted::new(script!(
//!     "S: 220 ready
//!      C: NOOP
//!      S: 200 ok
//!      C: TYPE I   S: 200 ok
//!      C: SIZE a
//!      S: 213 {size}"
//! ));
//! let found = network.run(async {
//!     let mut session = Session::connect(network.clone(), Settings::default(), "ftp.example.com", 21).await?;
//!     session.noop().await?;
//!     session.size("a").await
//! });
//! assert_eq!(found, Ok(3));
//! network.finished();
//! ```
//!
//! A script is a text of these lines, on which blanks at the beginning do not count:
//!
//! | line | meaning |
//! |---|---|
//! | `S: text` | the server sends this line |
//! | `S: text <port>` | the server listens, and sends this line with the port in it; also `<high>` and `<low>` |
//! | `S> text` | the server sends this, without an end of the line |
//! | `S! close`, `reset`, `stall` | the server ends the control connection, or does nothing more |
//! | `C: text` | the client sends this line |
//! | `C: text*` | the client sends a line that begins so |
//! | `D> text` | the server sends this on the data connection |
//! | `D< text` | the client sends this on the data connection, and ends it |
//! | `D! close`, `reset`, `stall` | the server ends the data connection, or leaves it as it is |
//! | `! name(…)` | the method of that name of [`Script`], for all that is less common |
//!
//! `D>` and `D<` without a text are about a data connection on which nothing is sent.
//!
//! Three blanks divide a line into several; a blank before them is written `\x20`. In a text, `{expression}` is its value, and
//! `\` begins an escape as in a literal of Rust. A text that is nothing but an expression may be bytes. The text of a script
//! with bytes that are no ASCII is a literal of bytes. `script!(before; "…")` goes on with another script.
//!
//! The network in memory plays each data connection by itself, beside the control connection: there the order counts among
//! the lines of either.

mod memory;
mod script;
mod step;

pub use ftp_test_macros::script;
pub use memory::{CLIENT, Listening, SERVER, Scripted, Socket};
pub use script::{Memory, Peer, Script};
pub use step::{End, Line, Step, Unmade, Wanted};
