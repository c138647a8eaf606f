//! From the command line to an exit code.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use ftp_cli::arguments::{ConnectionOptions, is_help, without_passwords};
use ftp_cli::exit::Exit;
use ftp_cli::task::Task;
use ftp_cli::text::plain;
use ftp_host::Error;
use tokio::runtime::{Builder, Runtime};

use arguments::{Arguments, Parsed, Sandbox, Work};

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
    match parse(words).and_then(perform) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.tell(),
    }
}

fn parse(words: Vec<OsString>) -> Result<Parsed, Failure> {
    arguments::parse(words.clone()).map_err(|error| Failure::CommandLine {
        text: without_passwords(&error, words.iter().map(|word| word.to_string_lossy().into_owned())),
        is_help: is_help(&error),
    })
}

fn perform(Parsed { arguments, guest }: Parsed) -> Result<u8, Failure> {
    let Arguments { sandbox, connection, work } = arguments;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::other(format!("cannot start: {error}")))?;
    let result = match work {
        #[cfg(feature = "demo")]
        Work::Demo { size } => runtime.block_on(demonstrate(size)),
        Work::Verb(verb) => run_task(&runtime, &sandbox, verb.task(), &connection, guest),
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
fn run_task(
    runtime: &Runtime,
    sandbox: &Sandbox,
    task: &dyn Task,
    options: &ConnectionOptions,
    guest: Vec<OsString>,
) -> Result<u8, Failure> {
    let text =
        |word: OsString| word.into_string().map_err(|_| Failure::new(Exit::Usage, "an argument is not in UTF-8"));
    let words = guest.into_iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let (mut command, needs) = grants::command(task, options, sandbox)?;
    // Before a password is asked for, which may be interrupted as well.
    watch::start(sandbox.time_limit, task).map_err(|error| Failure::other(format!("cannot start: {error}")))?;
    let variables = variables::of(task, options, sandbox.system_roots)?;
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
