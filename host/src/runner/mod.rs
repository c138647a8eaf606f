//! From the command line to an exit code.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use clap::Parser as _;

use arguments::{Arguments, Command};
use remote::Remote;

mod arguments;
mod connection;
mod demo;
mod figures;
mod get;
mod list;
mod progress;
mod put;
mod remote;
mod text;

/// Do what the command line says. An error is one line, and the exit code 1; for a wrong command line it is 2.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let command = match Arguments::try_parse_from(&arguments) {
        Ok(arguments) => arguments.command,
        Err(error) => return explain(&error, &arguments),
    };
    let Err(error) = perform(command) else { return ExitCode::SUCCESS };
    if is_broken_pipe(&error) {
        return ExitCode::FAILURE;
    }
    let _ = writeln!(io::stderr(), "ftp-host: {}", text::plain(&format!("{error:#}")));
    ExitCode::FAILURE
}

/// What clap has to say: help, or what is wrong with the command line. It repeats arguments, and one of them may hold a
/// password.
fn explain(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let mut text = error.render().to_string();
    for argument in arguments.iter().filter_map(|argument| argument.to_str()) {
        text = text.replace(argument, &remote::without_password(argument));
    }
    // Nothing is left to be done for a reader who does not listen.
    let _ = if error.use_stderr() { write!(io::stderr(), "{text}") } else { write!(io::stdout(), "{text}") };
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn perform(command: Command) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let result = runtime.block_on(async {
        // What is dropped here removes its temporary files.
        tokio::select! {
            result = dispatch(command) => result,
            _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
        }
    });
    // A read from a terminal, that nobody answers any more, is not waited for.
    runtime.shutdown_background();
    result
}

async fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Demo { size } => demo::run(size).await,
        Command::Ls { url, options } => list::run(Remote::parse(&url, &options.encoding())?, &options).await,
        Command::Get { url, file, options } => {
            get::run(Remote::parse(&url, &options.encoding())?, file, &options).await
        }
        Command::Put { file, url, options } => {
            put::run(&file, Remote::parse(&url, &options.encoding())?, &options).await
        }
    }
}

/// The reader of the standard output has seen enough, as `head` has.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.downcast_ref::<io::Error>().is_some_and(broken)
}
