//! The command line: the sandbox, and then the command and its arguments.

use std::ffi::OsString;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use ftp_cli::arguments::{
    AFTER_HELP, ConnectionOptions, OutputOptions, Verb, after_long_help, matches, named, seconds, without_files,
};

/// An FTP client as a WebAssembly component, in a sandbox that has the hosts and the folders that its arguments name.
#[derive(Parser)]
#[command(name = "ftp-host", version, after_help = AFTER_HELP, after_long_help = after_long_help())]
pub struct Arguments {
    #[command(flatten)]
    pub sandbox: Sandbox,
    #[command(flatten)]
    pub connection: ConnectionOptions,
    #[command(subcommand)]
    pub work: Work,
}

/// What the command may do and take. These stand before it.
#[derive(Args)]
#[command(next_help_heading = "Sandbox")]
pub struct Sandbox {
    /// Print the sandbox's permissions to stderr
    #[arg(long)]
    pub explain: bool,
    /// The most memory of the command
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub memory_limit: u16,
    /// The longest that all of it may take, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub time_limit: Option<Duration>,
    /// Also trust the operating system's certificate store
    #[arg(long)]
    pub system_roots: bool,
    /// Use the cryptography in the sandbox, also where this processor could run faster native code
    #[arg(long, hide_short_help = true)]
    pub portable_crypto: bool,
}

#[derive(Subcommand)]
pub enum Work {
    #[cfg(feature = "demo")]
    /// Start a server on this machine, move files to it and back, in the clear and inside TLS; compare them
    Demo {
        /// The size of the large file, in MiB; the disk needs room for three of it
        #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
        size: u64,
    },
    #[command(flatten)]
    Verb(Box<Verb>),
}

/// What stands on the command line.
pub struct Parsed {
    pub arguments: Arguments,
    /// The arguments of the command in the sandbox.
    pub guest: Vec<OsString>,
}

/// Parse a command line, of which the first word is the program.
///
/// # Errors
///
/// What clap reports: wrong words, and help that is asked for.
pub fn parse(words: Vec<OsString>) -> Result<Parsed, clap::Error> {
    let mut command = without_connections(named(Arguments::command(), "ftp-host"));
    let matches = matches(&mut command, words)?;
    if let Some((DEMO, of_demo)) = matches.subcommand() {
        refuse_connections(&command, of_demo)?;
    }
    let guest = without_files(&command, &matches);
    Ok(Parsed { arguments: Arguments::from_arg_matches(&matches)?, guest })
}

const DEMO: &str = "demo";

/// The demonstration connects to its own server: its help shows no options for connections.
fn without_connections(command: Command) -> Command {
    let is_hidden = |argument: &&Arg| argument.is_global_set();
    let hidden: Vec<Arg> =
        command.get_arguments().filter(is_hidden).map(|one| one.clone().global(false).hide(true)).collect();
    match command.find_subcommand(DEMO) {
        Some(_) => command.mut_subcommand(DEMO, |demo| demo.args(hidden)),
        None => command,
    }
}

/// As unknown arguments. What to print is no matter to the demonstration, and may be given.
fn refuse_connections(command: &Command, of_demo: &ArgMatches) -> Result<(), clap::Error> {
    let output = OutputOptions::augment_args(Command::new("output"));
    let is_output = |argument: &Arg| output.get_arguments().any(|other| other.get_id() == argument.get_id());
    let is_given = |argument: &&Arg| of_demo.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine);
    let mut global = command.get_arguments().filter(|argument| argument.is_global_set() && !is_output(argument));
    let Some(option) = global.find(is_given) else { return Ok(()) };
    let mut error = clap::Error::new(ErrorKind::UnknownArgument).with_cmd(command);
    let usage = command.find_subcommand(DEMO).map(|demo| demo.clone().render_usage());
    if let Some(usage) = usage {
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    }
    let name = option.get_long().unwrap_or_default();
    error.insert(ContextKind::InvalidArg, ContextValue::String(format!("--{name}")));
    Err(error)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn parse_line(line: &str) -> Result<Parsed, clap::Error> {
        parse(["ftp-host"].into_iter().chain(line.split(' ')).map(OsString::from).collect())
    }

    #[test]
    fn the_command_line_is_consistent() {
        without_connections(named(Arguments::command(), "ftp-host")).debug_assert();
    }

    #[test]
    fn limits_of_nothing_are_refused() {
        for limit in ["--time-limit", "--memory-limit"] {
            let parse = |number| parse_line(&format!("{limit} {number} ls ftp://host"));
            assert!(parse("0").is_err() && parse("1").is_ok(), "{limit}");
        }
    }

    #[test]
    fn the_guest_gets_its_own_arguments_without_files_that_are_read_here() {
        for (line, guest) in [
            ("ls ftp://h", "ftp ls -- ftp://h"),
            ("--explain --memory-limit 9 --time-limit=1 get -c ftp://h/a b", "ftp get --resume -- ftp://h/a b"),
            ("put --ca a --cert c --key d x ftp://h/", "ftp put -- x ftp://h/"),
            ("cat --password-file p --netrc --netrc-file=n ftp://h/", "ftp cat -- ftp://h/"),
            ("--password-file p ls --add-ca=b ftp://h/", "ftp ls -- ftp://h/"),
            ("put -u put -- --ca ftp://h/", "ftp put --user=put -- --ca ftp://h/"),
            ("-v --explain --json ls ftp://h/", "ftp ls --verbose --json -- ftp://h/"),
            ("mirror --compress ftp://h/ ls", "ftp mirror --compress -- ftp://h/ ls"),
        ] {
            let parsed = parse_line(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(parsed.guest.join(OsStr::new(" ")), guest);
        }
    }

    #[cfg(feature = "demo")]
    #[test]
    fn the_demonstration_takes_no_options_for_connections() {
        for (line, is_taken) in [
            ("demo --size 1", true),
            ("-v demo", true),
            ("--explain demo", true),
            ("demo --tls explicit", false),
            ("--tls explicit demo", false),
            ("demo --active", false),
        ] {
            assert_eq!(parse_line(line).is_ok(), is_taken, "{line}");
        }
        let error = parse_line("demo --tls explicit").err().unwrap().to_string();
        assert!(
            error.contains("unexpected argument '--tls' found") && error.contains("Usage: ftp-host demo"),
            "{error}"
        );
        let help = parse_line("demo --help").err().unwrap().to_string();
        assert!(help.contains("--size") && !help.contains("--tls"), "{help}");
    }
}
