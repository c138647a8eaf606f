//! The command line: the sandbox, and then the command and its arguments.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ftp_cli::arguments::{AFTER_HELP, Early, Verb, after_long_help};
use ftp_cli::exit::Exit;

use super::Failure;

/// An FTP client as a WebAssembly component, in a sandbox that has the hosts and the folders that its arguments name.
#[derive(Parser)]
#[command(name = "ftp-host", version, after_help = AFTER_HELP, after_long_help = after_long_help())]
pub struct Arguments {
    #[command(flatten)]
    pub sandbox: Sandbox,
    #[command(flatten)]
    pub early: Early,
    #[command(subcommand)]
    pub command: Command,
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
}

#[derive(Subcommand)]
pub enum Command {
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

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.001..=1e9).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("not a number of seconds above 0".to_owned()),
    }
}

/// The options that name files with secrets and certificates, and whether the name is an argument of its own. The runner reads the
/// files, so the guest need not reach them.
const READ_HERE: [(&str, bool); 7] = [
    ("--password-file", true),
    ("--netrc", false),
    ("--netrc-file", true),
    ("--ca", true),
    ("--add-ca", true),
    ("--cert", true),
    ("--key", true),
];

/// The arguments of the guest: what is for it before the verb, and all from there on without the options above.
pub fn of_guest(words: &[OsString], verb: &str, early: Early) -> Result<Vec<String>, Failure> {
    // What stands before the verb are numbers and options.
    let start = words.iter().skip(1).position(|word| word == verb).map_or(words.len(), |at| at + 1);
    let mut words = words.iter().skip(start);
    let mut kept: Vec<String> = ["ftp"].into_iter().chain(early.words()).map(str::to_owned).collect();
    while let Some(word) = words.next() {
        match reads_here(word) {
            Some(true) => drop(words.next()),
            Some(false) => {}
            None => kept.push(text(word)?),
        }
        if word == "--" {
            kept.extend(words.by_ref().map(text).collect::<Result<Vec<_>, _>>()?);
        }
    }
    Ok(kept)
}

/// Whether this is one of those options, and the next argument belongs to it.
fn reads_here(word: &OsString) -> Option<bool> {
    let word = word.to_string_lossy();
    READ_HERE.iter().find_map(|(name, has_value)| match word.strip_prefix(name)? {
        "" => Some(*has_value),
        rest => rest.starts_with('=').then_some(false),
    })
}

fn text(word: &OsString) -> Result<String, Failure> {
    let word = word.to_str().map(str::to_owned);
    word.ok_or_else(|| Failure::new(Exit::Usage, "an argument is not in UTF-8"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn limits_of_nothing_are_refused() {
        for limit in ["--time-limit", "--memory-limit"] {
            let parse = |number| Arguments::try_parse_from(["ftp-host", limit, number, "ls", "ftp://host"]);
            assert!(parse("0").is_err() && parse("1").is_ok(), "{limit}");
        }
    }

    #[test]
    fn the_guest_gets_its_own_arguments_without_files_that_are_read_here() {
        for (line, verb, guest) in [
            ("ls ftp://h", "ls", "ftp ls ftp://h"),
            ("--explain --memory-limit 9 --time-limit=1 get -c ftp://h/a b", "get", "ftp get -c ftp://h/a b"),
            ("put --ca a --add-ca=b --cert c --key d x ftp://h/", "put", "ftp put x ftp://h/"),
            ("cat --password-file p --netrc --netrc-file=n ftp://h/", "cat", "ftp cat ftp://h/"),
            ("put -u put -- --ca ftp://h/", "put", "ftp put -u put -- --ca ftp://h/"),
            ("-v --explain --json ls ftp://h/", "ls", "ftp --verbose --json ls ftp://h/"),
            ("mirror --cache ftp://h/ ls", "mirror", "ftp mirror --cache ftp://h/ ls"),
        ] {
            let words: Vec<OsString> = ["ftp-host"].into_iter().chain(line.split(' ')).map(OsString::from).collect();
            let early =
                Arguments::try_parse_from(&words).map_or_else(|_| Early::default(), |arguments| arguments.early);
            let found = of_guest(&words, verb, early).unwrap_or_default().join(" ");
            assert_eq!(found, guest);
        }
    }
}
