//! The command `ftp-host`: a demonstration, and `ls`, `get` and `put` with any FTP server, through the component.

mod runner;

fn main() -> std::process::ExitCode {
    runner::run()
}
