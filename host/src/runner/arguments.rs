//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ftp_host::{Active, DataMode, Encoding, Settings};

/// An FTP client that runs as a WebAssembly component.
#[derive(Parser)]
#[command(name = "ftp-host", version, after_help = URLS)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

const URLS: &str = "\
A URL is ftp://[user[:password]@]host[:port]/path[;type=a|i|d]. The path starts in the login directory; one that starts
with %2F starts in the root. Without a user the login is anonymous; without a password it is taken from FTP_PASSWORD.";

#[derive(Subcommand)]
pub enum Command {
    /// Start a server on this machine, move files to it and back, in the clear and inside TLS; compare them
    Demo {
        /// The size of the large file, in MiB; the disk needs room for three of it
        #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
        size: u64,
    },
    /// List a directory: kind, size, time and name
    Ls {
        url: String,
        #[command(flatten)]
        options: Options,
    },
    /// Download a file
    Get {
        url: String,
        /// Where to; `-` is the standard output [default: the name on the server]
        file: Option<PathBuf>,
        #[command(flatten)]
        options: Options,
    },
    /// Upload a file
    Put {
        /// Which one; `-` is the standard input
        file: PathBuf,
        /// Where to; a URL that ends in `/` keeps the file's name
        url: String,
        #[command(flatten)]
        options: Options,
    },
}

/// How to talk to the server.
#[derive(Args)]
pub struct Options {
    /// Let the server connect back for data
    #[arg(long)]
    active: bool,
    /// Names are ISO 8859-1, not UTF-8
    #[arg(long)]
    latin1: bool,
    /// Names are in this character set, for example windows-1251, shift_jis or gbk
    #[arg(long, value_name = "LABEL", conflicts_with = "latin1")]
    encoding: Option<String>,
    /// Let data travel compressed (MODE Z)
    #[arg(long)]
    pub compress: bool,
    /// The longest that connecting may take [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds())]
    connect_timeout: Option<u64>,
    /// The longest that the server may be silent [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds())]
    timeout: Option<u64>,
    /// Show what is said on the control connection
    #[arg(short, long)]
    pub verbose: bool,
}

fn seconds() -> impl clap::builder::TypedValueParser<Value = u64> {
    clap::value_parser!(u64).range(1..=1_000_000)
}

impl Options {
    pub fn encoding(&self) -> Encoding {
        match &self.encoding {
            Some(label) => Encoding::Named(label.clone()),
            None if self.latin1 => Encoding::Latin1,
            None => Encoding::Utf8,
        }
    }

    pub fn settings(&self) -> Settings {
        let data_mode = match self.active {
            true => DataMode::Active(Active { ports: None, announced: None }),
            false => DataMode::Passive,
        };
        let silence = self.timeout.map(Duration::from_secs);
        Settings {
            data_mode,
            encoding: self.encoding(),
            connect_timeout: self.connect_timeout.map(Duration::from_secs),
            reply_timeout: silence,
            idle_timeout: silence,
            transcript_capacity: if self.verbose { 65_536 } else { 0 },
            ..Settings::default()
        }
    }
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
    fn a_time_of_zero_is_refused() {
        let parse = |seconds| Arguments::try_parse_from(["ftp-host", "ls", "--timeout", seconds, "ftp://host"]);
        assert!(parse("0").is_err());
        assert!(parse("1").is_ok());
    }
}
