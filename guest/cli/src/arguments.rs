//! The command line.

mod options;
mod program;
mod values;
mod verbs;
mod words;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::exit::Exit;
use crate::remote::without_password;
use crate::task::Task;

pub use options::{ConnectionOptions, Files, LoginOptions, NetworkOptions, OutputOptions, TlsOptions, TransferOptions};
pub use program::named;
pub use values::{
    DataEndMode, Families, Filters, LineFormat, ProxyUrl, Route, SumAlgorithm, TlsCiphers, TlsMode, TlsVersion, Volume,
    seconds,
};
pub use verbs::{Cat, Chmod, Cp, Get, Ls, Mirror, Mkdir, Mv, Probe, Put, Quote, Rm, Rmdir, Stat, Sum, Touch};
pub use words::{matches, without_files};

/// An FTP client as a WebAssembly component: FTP and FTPS, files and trees.
#[derive(Parser)]
#[command(name = "ftp", version, after_help = AFTER_HELP, after_long_help = after_long_help())]
pub struct Arguments {
    /// How to talk to the server, and what to print.
    #[command(flatten)]
    pub connection: ConnectionOptions,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

impl Arguments {
    /// The words of a command line, of which the first is the program, as `program` takes them.
    ///
    /// # Errors
    ///
    /// What clap reports: wrong words, and help that is asked for.
    pub fn parse(program: &'static str, words: Vec<OsString>) -> Result<Self, clap::Error> {
        let mut command = named(Self::command(), program);
        Self::from_arg_matches(&matches(&mut command, words)?)
    }
}

/// The end of the short help.
pub const AFTER_HELP: &str = "\
URLs are ftp://[user[:password]@]host[:port]/path, ftps:// for implicit and ftpes:// for explicit TLS.
More, with examples and exit codes: --help";

/// The end of the long help: URLs, passwords, patterns, examples, exit codes.
pub fn after_long_help() -> String {
    let codes: Vec<String> = Exit::ALL.iter().map(|exit| format!("  {:>3}  {exit}", exit.code())).collect();
    format!("{LONG_HELP}\n\nExit codes:\n{}", codes.join("\n"))
}

const LONG_HELP: &str = "\
URLs:
  ftp://[user[:password]@]host[:port]/path[;type=a|i]
  ftps:// is implicit TLS (port 990), ftpes:// explicit TLS; ftp:// is in the clear unless --tls says otherwise.
  The path starts in the login directory, or in the root when it begins with // or /%2F. Any character may be written
  %XX. One that ends in / is a directory. In the last name *, ? and [...] are patterns, unless they are written %XX.

Passwords come from the URL (others may read it in the list of processes), from --password-file, the environment variable
FTP_PASSWORD, or with --netrc from .netrc. Without a user the login is anonymous. With several hosts each has its own in
.netrc, or --same-password gives one to all.

Patterns of --include and --exclude: * and ? match within a name, ** any number of directories, [a-z] one character, {a,b}
either. One with a / is for the whole path from the source on, any other for names in any directory; a / at its end makes it
one for directories. The last one that matches decides; what none matches is taken.

Files:
  A download has a temporary name, .NAME.VERSION.ftp-part, until it is whole; --resume continues it. A byte in a name on
  the server that is no text is %XX in the name here. Times are kept; WASI has no permissions, so those are not.

Examples:
  {ftp} ls ftp://ftp.example.com/pub/
  {ftp} get 'ftp://ftp.example.com/pub/*.tar.gz' downloads/
  {ftp} put --atomic --chmod 644 site.zip ftpes://me@ftp.example.com/www/
  {ftp} cat ftpes://me@ftp.example.com/log.txt | tail
  {ftp} mirror --delete --exclude '*.tmp' site/ ftpes://me@ftp.example.com/www/
  {ftp} probe ftpes://ftp.example.com/

As a component:
  wasmtime run -S inherit-network -S allow-ip-name-lookup --dir . --env FTP_PASSWORD ftp-cli.wasm get ftpes://...";

/// What to do.
#[derive(Subcommand)]
pub enum Verb {
    /// Download files
    #[command(
        after_help = "Examples:\n  {ftp} get ftp://host/pub/a.iso\n  {ftp} get --segments 4 --resume ftp://host/a.iso images/\n  {ftp} get 'ftp://host/logs/*.gz' logs/"
    )]
    Get(Get),
    /// Upload files
    #[command(
        after_help = "Examples:\n  {ftp} put a.txt b.txt ftp://me@host/incoming/\n  tar c . | {ftp} put - ftp://me@host/backup.tar"
    )]
    Put(Put),
    /// Print files to the standard output
    Cat(Cat),
    /// List directories
    Ls(Ls),
    /// Show all metadata the server reports for files or directories
    Stat(Stat),
    /// Delete files
    Rm(Rm),
    /// Make directories
    Mkdir(Mkdir),
    /// Remove empty directories
    Rmdir(Rmdir),
    /// Rename a file or a directory on its server
    Mv(Mv),
    /// Copy a file from server to server
    #[command(
        after_help = "The servers send the file to each other, where they do so (FXP); otherwise it goes through here."
    )]
    Cp(Cp),
    /// Make a folder here like a directory on the server, or the other way round
    #[command(
        after_help = "Examples:\n  {ftp} mirror ftp://host/pub/ pub/\n  {ftp} mirror --dry-run --delete site/ ftpes://me@host/www/\n  {ftp} mirror -P 4 --exclude 'cache/' --exclude '*.tmp' ftp://host/ here/"
    )]
    Mirror(Mirror),
    /// Print checksums of files, as the server computes them
    Sum(Sum),
    /// Set the modification time of files
    Touch(Touch),
    /// Set the permissions of files
    Chmod(Chmod),
    /// Send commands as they are, and print the replies
    #[command(after_help = "Example:\n  {ftp} quote ftp://me@host/ 'SITE HELP' FEAT")]
    Quote(Quote),
    /// Tell what a server can do
    Probe(Probe),
}

/// Do the same with whichever verb it is.
#[macro_export]
macro_rules! with_task {
    ($verb:expr, $task:ident => $work:expr) => {
        match $verb {
            $crate::arguments::Verb::Get($task) => $work,
            $crate::arguments::Verb::Put($task) => $work,
            $crate::arguments::Verb::Cat($task) => $work,
            $crate::arguments::Verb::Ls($task) => $work,
            $crate::arguments::Verb::Stat($task) => $work,
            $crate::arguments::Verb::Rm($task) => $work,
            $crate::arguments::Verb::Mkdir($task) => $work,
            $crate::arguments::Verb::Rmdir($task) => $work,
            $crate::arguments::Verb::Mv($task) => $work,
            $crate::arguments::Verb::Cp($task) => $work,
            $crate::arguments::Verb::Mirror($task) => $work,
            $crate::arguments::Verb::Sum($task) => $work,
            $crate::arguments::Verb::Touch($task) => $work,
            $crate::arguments::Verb::Chmod($task) => $work,
            $crate::arguments::Verb::Quote($task) => $work,
            $crate::arguments::Verb::Probe($task) => $work,
        }
    };
}

impl Verb {
    /// What it takes.
    pub fn task(&self) -> &dyn Task {
        with_task!(self, task => task)
    }
}

/// The text of what is wrong with a command line, without the passwords that are in it.
pub fn without_passwords(error: &clap::Error, arguments: impl IntoIterator<Item = String>) -> String {
    let tip = program::tip(error).map(|tip| format!("\n  tip: {tip}\n")).unwrap_or_default();
    arguments.into_iter().fold(error.render().to_string() + &tip, |text, argument| {
        let text = text.replace(&argument, &without_password(&argument));
        // Of `--option=value`, clap may show the value alone.
        match argument.split_once('=') {
            Some((option, value)) if option.starts_with('-') => text.replace(value, &without_password(value)),
            _ => text,
        }
    })
}

/// Whether clap had help or the version to give, which is no failure.
pub fn is_help(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory as _;
    use ftp_client::mirror::Rule;
    use ftp_client::{Active, Ciphers, DataMode, Encoding, Versions};

    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::parse("ftp", ["ftp"].iter().chain(words).map(Into::into).collect())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_verb_has_help_and_every_argument_a_text() {
        for verb in Arguments::command().get_subcommands() {
            assert!(verb.get_about().is_some(), "{}", verb.get_name());
            for argument in verb.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", verb.get_name(), argument.get_id());
            }
        }
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        for words in [
            ["ls", "--timeout", "0", "ftp://h"],
            ["ls", "--pin", "abc", "ftp://h"],
            ["ls", "--server-name", "a..b", "ftp://h"],
            ["ls", "--proxy", "ftp://x", "ftp://h"],
            ["get", "--limit-rate", "0k", "ftp://h"],
            ["get", "-P", "0", "ftp://h"],
            ["ls", "--active-ports", "1-2", "ftp://h"],
            ["chmod", "888", "--quiet", "ftp://h"],
        ] {
            assert!(parse(&words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn values_are_understood() {
        let words = ["get", "--limit-rate", "2M", "--retry-wait", "0.5", "ftp://h/a", "b"];
        let Ok(Arguments { verb: Verb::Get(get), .. }) = parse(&words) else { panic!() };
        assert_eq!((get.transfer.limit_rate, get.transfer.retry_wait), (Some(2_000_000), Duration::from_millis(500)));
        let words = ["ls", "--active", "--active-ports", "50-60", "--encoding", "koi8-r", "ftp://h"];
        let settings = parse(&words).ok().unwrap().connection.settings().ok().unwrap();
        assert_eq!(settings.data_mode, DataMode::Active(Active { ports: Some((50, 60)), announced: None }));
        assert_eq!(settings.encoding, Encoding::named("koi8-r").unwrap());
    }

    #[test]
    fn range_of_tls_versions_that_is_empty_is_refused() {
        let settings = |oldest, newest| {
            parse(&["ls", "--tls-min", oldest, "--tls-max", newest, "ftp://h"]).ok().unwrap().connection.settings()
        };
        assert!(settings("1.3", "1.2").is_err());
        for (oldest, newest, versions) in
            [("1.2", "1.2", Versions::Tls12), ("1.2", "1.3", Versions::Both), ("1.3", "1.3", Versions::Tls13)]
        {
            assert_eq!(settings(oldest, newest).unwrap().tls.versions, versions);
        }
    }

    #[test]
    fn cipher_suites_are_those_that_are_named() {
        let ciphers = |words: &[&str]| {
            let words = [&["ls", "ftp://h"], words].concat();
            parse(&words).ok().unwrap().connection.settings().unwrap().tls.ciphers
        };
        assert_eq!(ciphers(&[]), Ciphers::FastFirst);
        for (word, named) in
            [("fast-first", Ciphers::FastFirst), ("fast-only", Ciphers::FastOnly), ("all", Ciphers::All)]
        {
            assert_eq!(ciphers(&["--tls-ciphers", word]), named);
        }
    }

    #[test]
    fn filters_keep_their_order() {
        let words = ["mirror", "--exclude", "*", "--include", "a", "--exclude", "b", "ftp://h", "x"];
        let Ok(Arguments { verb: Verb::Mirror(mirror), .. }) = parse(&words) else { panic!() };
        assert_eq!(mirror.filters.rules(), [Rule::Exclude("*"), Rule::Include("a"), Rule::Exclude("b")]);
    }

    #[test]
    fn no_password_is_shown() {
        for words in [
            &["ls", "--nonsense", "ftp://me:secret@h/", "--proxy", "socks5://u:secret@p"][..],
            &["ls", "ftp://h/", "--proxy", "socks4://u:secret@p"],
            &["ls", "ftp://h/", "--proxy=socks4://u:secret@p"],
            &["ls", "ftp://h/", "--proxy=u:secret@p:1080"],
            &["ls", "ftp://h/", "--nonsense=ftp://me:secret@h/"],
            &["ls", "ftp://h/", "-zftp://me:secret@h/"],
        ] {
            let error = parse(words).err().unwrap();
            let text = without_passwords(&error, words.iter().map(|&word| word.to_owned()));
            assert!(!text.contains("secret"), "{text}");
        }
        let arguments = parse(&["ls", "ftp://h/", "--proxy", "socks5://u:secret@p"]).ok().unwrap();
        assert!(!format!("{:?}", arguments.connection).contains("secret"));
    }

    #[test]
    fn help_tells_the_exit_codes() {
        let help = after_long_help();
        assert!(Exit::ALL.iter().all(|exit| help.contains(&format!("{:>3}  {exit}", exit.code()))));
    }
}
