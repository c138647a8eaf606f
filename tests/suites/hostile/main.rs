//! Servers that lie, stall, flood and cut the line: each attack ends in the error that names it, and the session is
//! either in step or closed. What is about TLS runs with the component's own cryptography too.

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

use ftp_tests::client::Component;
use ftp_tests::suite::{self, Other};

fn main() -> ExitCode {
    suite::run_with(&[Other { component: Component::Portable, takes: |_, title| title.starts_with("tls::") }])
}
