//! Sessions that are cut, stalled and changed at a byte: a proxy of TCP between the client and a real server, the verbs
//! that move or delete something, and what has to be true after each of them.
//!
//! The server listens on 127.0.0.1, and the proxy of each case at an address of its own in 127.0.0.0/8 with the same port
//! numbers: that of the control connection and each passive port of the server. A client connects to the address of its
//! control connection with the port that `EPSV` names, so its data connections pass through the proxy too, also inside TLS,
//! and nothing that passes is rewritten. The proxy connects to the server from its own address, which is then the client's
//! for the server, also where servers copy from one to the other.
//!
//! The suite `cuts` takes a sample of the cases, the example of that name all of them, and prints the table of
//! `tests/README.md`.

mod calls;
mod choice;
mod fault;
mod judge;
mod proxy;
mod report;
mod run;
mod scenes;
mod site;
mod verbs;

pub use choice::{Random, sample, spread};
pub use fault::{Action, Connection, Direction, Fault};
pub use judge::{Reason, Verdict, judge};
pub use proxy::{Log, Passed, Proxy};
pub use report::Table;
pub use run::{Case, Ended, Seen, perform, perform_all, record};
pub use scenes::{Must, Scene, Side};
pub use site::{Place, Site};
pub use verbs::{Group, Verb};
