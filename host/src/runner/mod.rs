//! From the command line to an exit code.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use ftp_cli::arguments::{Verb, is_help, named, without_passwords};
use ftp_cli::exit::Exit;
use ftp_cli::text::plain;
use ftp_host::Error;
use tokio::runtime::{Builder, Runtime};

use arguments::{Arguments, Command, Sandbox};

mod arguments;
#[cfg(feature = "demo")]
mod demo;
mod explain;
mod grants;
mod hidden;
mod inputs;
mod logins;
mod variables;
mod watch;
mod zones;

/// Do what the command line says. The exit code is that of the command; where it is the runner's own, there is a line
/// about it too.
pub fn run() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    match parse(&words).and_then(|(arguments, verb)| perform(arguments, &words, &verb)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.tell(),
    }
}

/// The arguments, and the word that stands for what to do.
fn parse(words: &[OsString]) -> Result<(Arguments, String), Failure> {
    let matches = named(Arguments::command(), "ftp-host").try_get_matches_from(words);
    let parsed = matches.and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
    match parsed {
        Ok((arguments, matches)) => Ok((arguments, matches.subcommand_name().unwrap_or_default().to_owned())),
        Err(error) => Err(Failure::CommandLine {
            text: without_passwords(&error, words.iter().map(|word| word.to_string_lossy().into_owned())),
            is_help: is_help(&error),
        }),
    }
}

fn perform(arguments: Arguments, words: &[OsString], name: &str) -> Result<u8, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::other(format!("cannot start: {error}")))?;
    let result = match arguments.command {
        #[cfg(feature = "demo")]
        Command::Demo { size } => runtime.block_on(demonstrate(size)),
        Command::Verb(mut verb) => {
            let guest = arguments::of_guest(words, name, arguments.early)?;
            arguments.early.apply(&mut verb);
            run_verb(&runtime, &arguments.sandbox, &verb, guest)
        }
    };
    // A read from a terminal, that nobody answers any more, is not waited for.
    runtime.shutdown_background();
    result
}

#[cfg(feature = "demo")]
async fn demonstrate(size: u64) -> Result<u8, Failure> {
    // What is dropped here removes its temporary files.
    tokio::select! {
        result = demo::run(size) => result.map(|()| 0).map_err(|error| Failure::other(format!("{error:#}"))),
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Interrupted, "interrupted")),
    }
}

/// The command component, with what its arguments name.
fn run_verb(runtime: &Runtime, sandbox: &Sandbox, verb: &Verb, words: Vec<String>) -> Result<u8, Failure> {
    let (mut command, needs) = grants::command(verb, sandbox)?;
    // Before a password is asked for, which may be interrupted as well.
    watch::start(sandbox.time_limit, verb).map_err(|error| Failure::other(format!("cannot start: {error}")))?;
    let variables = variables::of(verb, sandbox.system_roots)?;
    command.arguments(words);
    command.columns(|| variables::columns()?.parse().ok());
    for (name, value) in &variables {
        command.variable(name, value);
    }
    runtime.block_on(async {
        if sandbox.explain {
            explain::print(&command, &needs, sandbox, &variables).await;
        }
        Ok(command.run().await?)
    })
}

/// Why there is no exit code of the command.
enum Failure {
    /// What clap has to say.
    CommandLine { text: String, is_help: bool },
    /// One line, and an exit code.
    Other(Exit, String),
}

impl Failure {
    fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self::Other(exit, text.into())
    }

    fn other(text: impl Into<String>) -> Self {
        Self::new(Exit::Other, text)
    }

    fn tell(self) -> ExitCode {
        let (exit, text) = match self {
            Self::CommandLine { text, is_help: true } => match print(&text) {
                Ok(()) => return ExitCode::SUCCESS,
                Err(error) => (Exit::Local, format!("ftp-host: cannot write the standard output: {error}\n")),
            },
            Self::CommandLine { text, is_help: false } => (Exit::Usage, text),
            Self::Other(exit, text) => (exit, format!("ftp-host: {}\n", plain(&text))),
        };
        // Whether anybody reads it changes nothing.
        let _ = write!(io::stderr(), "{text}");
        ExitCode::from(exit.code())
    }
}

/// Help, which is a result. A reader that is gone has seen enough.
fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::other(error.to_string())
    }
}
