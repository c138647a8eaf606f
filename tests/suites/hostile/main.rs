//! Servers that lie, stall, flood and cut the line: each attack ends in the error that names it, and the session is
//! either in step or closed.

mod addresses;
mod copies;
mod cut;
mod extensions;
mod fetch;
mod injection;
mod listings;
mod login;
mod proxies;
mod replies;
mod secrets;
mod timeouts;
mod tls;
mod transfers;

use std::process::ExitCode;

use ftp_tests::suite::Suite;

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments();
    addresses::add(&mut suite);
    injection::add(&mut suite);
    listings::add(&mut suite);
    replies::add(&mut suite);
    login::add(&mut suite);
    secrets::add(&mut suite);
    timeouts::add(&mut suite);
    transfers::add(&mut suite);
    copies::add(&mut suite);
    extensions::add(&mut suite);
    fetch::add(&mut suite);
    cut::add(&mut suite);
    proxies::add(&mut suite);
    tls::add(&mut suite);
    suite.run()
}
