//! The command, by the real `wasmtime` and by `ftp-host`: each verb against each server, exit codes, what is missing, and
//! large mirrors that are interrupted.

mod copies;
mod deletes;
mod directories;
mod downloads;
mod exits;
mod guises;
mod messages;
mod mirrors;
mod names;
mod namesakes;
mod options;
mod outputs;
mod passwords;
mod readme;
mod targets;
mod terminal;
mod uploads;
mod verbs;

use std::process::ExitCode;

use ftp_tests::suite::Suite;

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments();
    verbs::add(&mut suite);
    exits::add(&mut suite);
    uploads::add(&mut suite);
    downloads::add(&mut suite);
    copies::add(&mut suite);
    directories::add(&mut suite);
    targets::add(&mut suite);
    messages::add(&mut suite);
    outputs::add(&mut suite);
    passwords::add(&mut suite);
    options::add(&mut suite);
    names::add(&mut suite);
    namesakes::add(&mut suite);
    deletes::add(&mut suite);
    guises::add(&mut suite);
    mirrors::add(&mut suite);
    readme::add(&mut suite);
    terminal::add(&mut suite);
    suite.run()
}
