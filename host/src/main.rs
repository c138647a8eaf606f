//! The command `ftp-host`: the FTP client in a sandbox, and a demonstration.

mod runner;

fn main() -> std::process::ExitCode {
    runner::run()
}
