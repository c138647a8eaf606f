//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches, Parser, Subcommand, ValueEnum};
use ftp_client::mirror::Rule;
use ftp_client::{
    Active, Credentials, DataEnd, DataMode, Encoding, Identity, Proxy, ProxyServer, Settings, TlsSettings, Trust,
    Version,
};
use url::Url;

use crate::exit::Exit;

/// An FTP client as a WebAssembly component: FTP and FTPS, files and trees.
#[derive(Parser)]
#[command(name = "ftp", bin_name = "ftp", version, after_help = AFTER_HELP, after_long_help = after_long_help())]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
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
FTP_PASSWORD, or with --netrc from .netrc. Without a user the login is anonymous.

Files:
  A download has a temporary name, .NAME.VERSION.ftp-part, until it is whole; --resume continues it. A byte in a name on
  the server that is no text is %XX in the name here. Times are kept; WASI has no permissions, so those are not.

Examples:
  ftp ls ftp://ftp.example.com/pub/
  ftp get 'ftp://ftp.example.com/pub/*.tar.gz' downloads/
  ftp put --atomic --chmod 644 site.zip ftpes://me@ftp.example.com/www/
  ftp cat ftpes://me@ftp.example.com/log.txt | tail
  ftp mirror --delete --exclude '*.tmp' site/ ftpes://me@ftp.example.com/www/
  ftp probe ftpes://ftp.example.com/

As a component:
  wasmtime run -S inherit-network -S allow-ip-name-lookup --dir . --env FTP_PASSWORD ftp-cli.wasm get ftpes://...";

/// What to do.
#[derive(Subcommand)]
pub enum Verb {
    /// Download files
    #[command(
        after_help = "Examples:\n  ftp get ftp://host/pub/a.iso\n  ftp get --segments 4 --resume ftp://host/a.iso /tmp/\n  ftp get 'ftp://host/logs/*.gz' logs/"
    )]
    Get(Get),
    /// Upload files
    #[command(
        after_help = "Examples:\n  ftp put a.txt b.txt ftp://me@host/incoming/\n  tar c . | ftp put - ftp://me@host/backup.tar"
    )]
    Put(Put),
    /// Print files to the standard output
    Cat(Cat),
    /// List directories
    Ls(Ls),
    /// Tell all that the server tells about files or directories
    Stat(Urls),
    /// Delete files
    Rm(Rm),
    /// Make directories
    Mkdir(Mkdir),
    /// Remove empty directories
    Rmdir(Urls),
    /// Rename a file or a directory on its server
    Mv(Mv),
    /// Copy a file from server to server
    #[command(
        after_help = "The servers send the file to each other, where they do so (FXP); otherwise it goes through here."
    )]
    Cp(Cp),
    /// Make a folder here like a directory on the server, or the other way round
    #[command(
        after_help = "Examples:\n  ftp mirror ftp://host/pub/ pub/\n  ftp mirror --dry-run --delete site/ ftpes://me@host/www/\n  ftp mirror -P 4 --exclude 'cache/' --include '*.html' ftp://host/ here/"
    )]
    Mirror(Mirror),
    /// Print checksums of files, as the server computes them
    Sum(Sum),
    /// Set the modification time of files
    Touch(Touch),
    /// Set the permissions of files
    Chmod(Chmod),
    /// Send commands as they are, and print the replies
    #[command(after_help = "Example:\n  ftp quote ftp://me@host/ 'SITE HELP' FEAT")]
    Quote(Quote),
    /// Tell what a server can do
    Probe(Probe),
}

/// `get`.
#[derive(Args)]
pub struct Get {
    /// Which files, and at the end where to, unless that is a URL too: a file for one, a folder for several, `-` for the
    /// standard output [default: the names on the server, in the current folder]
    #[arg(required = true, value_name = "URL... [TARGET]")]
    pub places: Vec<String>,
    /// Take names as they are, not as patterns
    #[arg(long)]
    pub no_glob: bool,
    /// Sessions that share one file
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub segments: u16,
    /// How files are transferred.
    #[command(flatten)]
    pub transfer: TransferOptions,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `put`.
#[derive(Args)]
pub struct Put {
    /// Which files, or `-` for the standard input; and a URL: one that ends in `/` keeps their names
    #[arg(required = true, num_args = 2.., value_name = "FILE... URL")]
    pub places: Vec<String>,
    /// Take names as they are, not as patterns
    #[arg(long)]
    pub no_glob: bool,
    /// Upload to a temporary name, and rename when it is whole
    #[arg(long)]
    pub atomic: bool,
    /// Set these permissions, octal, after the upload
    #[arg(long, value_name = "MODE", value_parser = mode)]
    pub chmod: Option<u16>,
    /// Append to the file on the server
    #[arg(long, conflicts_with_all = ["atomic", "resume"])]
    pub append: bool,
    /// How files are transferred.
    #[command(flatten)]
    pub transfer: TransferOptions,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `cat`.
#[derive(Args)]
pub struct Cat {
    /// Which files
    #[arg(required = true, value_name = "URL")]
    pub urls: Vec<String>,
    /// Text: lines end as they do here
    #[arg(short, long)]
    pub ascii: bool,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `ls`.
#[derive(Args)]
pub struct Ls {
    /// Which directories, files or patterns
    #[arg(required = true, value_name = "URL")]
    pub urls: Vec<String>,
    /// Names only, one on each line
    #[arg(short = '1', long = "names", conflicts_with = "long")]
    pub names: bool,
    /// Kind, permissions, owner, size, time and name, instead of kind, size, time and name
    #[arg(short, long)]
    pub long: bool,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// Verbs that take URLs and nothing else.
#[derive(Args)]
pub struct Urls {
    /// Which ones
    #[arg(required = true, value_name = "URL")]
    pub urls: Vec<String>,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `rm`.
#[derive(Args)]
pub struct Rm {
    /// Which files or patterns
    #[arg(required = true, value_name = "URL")]
    pub urls: Vec<String>,
    /// Directories too, with all that is in them
    #[arg(short, long)]
    pub recursive: bool,
    /// Take names as they are, not as patterns
    #[arg(long)]
    pub no_glob: bool,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `mkdir`.
#[derive(Args)]
pub struct Mkdir {
    /// Which directories
    #[arg(required = true, value_name = "URL")]
    pub urls: Vec<String>,
    /// Also those that they are in; one that is there is no error
    #[arg(short, long)]
    pub parents: bool,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `mv`.
#[derive(Args)]
pub struct Mv {
    /// Which file or directory
    #[arg(value_name = "URL")]
    pub from: String,
    /// Its new place: a URL of the same server, or a name in the same directory
    #[arg(value_name = "TARGET")]
    pub to: String,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `cp`.
#[derive(Args)]
pub struct Cp {
    /// Which file
    #[arg(value_name = "URL")]
    pub from: String,
    /// Where to; a URL that ends in `/` keeps the name
    #[arg(value_name = "TARGET-URL")]
    pub to: String,
    /// Straight between the servers, or not at all
    #[arg(long, conflicts_with = "relay")]
    pub fxp: bool,
    /// Through here, without asking the servers to do it
    #[arg(long)]
    pub relay: bool,
    /// How to talk to the servers.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `mirror`.
#[derive(Args)]
pub struct Mirror {
    /// What to mirror: a URL, or a folder
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// Where to: a folder, or a URL
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Tell what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Delete what the source does not have
    #[arg(long)]
    pub delete: bool,
    /// Delete what stands in the way: a file where a directory should be, and the like
    #[arg(long)]
    pub replace: bool,
    /// Leave files alone that are newer in the target
    #[arg(long, conflicts_with = "size_only")]
    pub newer: bool,
    /// Compare sizes, not times
    #[arg(long)]
    pub size_only: bool,
    /// Levels of directories below the source
    #[arg(long, value_name = "LEVELS")]
    pub depth: Option<usize>,
    /// Go through symbolic links to directories on the server
    #[arg(long)]
    pub follow_links: bool,
    /// Upload to temporary names, and rename what is whole
    #[arg(long)]
    pub atomic: bool,
    /// What is meant, and what is not.
    #[command(flatten)]
    pub filters: Filters,
    /// How files are transferred.
    #[command(flatten)]
    pub transfer: TransferOptions,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `sum`.
#[derive(Args)]
pub struct Sum {
    /// Which files or patterns
    #[arg(required = true, value_name = "URL")]
    pub urls: Vec<String>,
    /// By this algorithm [default: the best that the server has]
    #[arg(short, long, value_name = "NAME")]
    pub algorithm: Option<SumAlgorithm>,
    /// Read the files and compute it here
    #[arg(long)]
    pub read: bool,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// The algorithms of `sum`.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SumAlgorithm {
    Sha256,
    Sha512,
    Sha1,
    Md5,
    Crc32,
}

/// `touch`.
#[derive(Args)]
pub struct Touch {
    /// Which files
    #[arg(required = true, value_name = "URL")]
    pub urls: Vec<String>,
    /// The time, such as 2026-01-31T12:00:00Z [default: now]
    #[arg(short, long, value_name = "TIME")]
    pub time: Option<String>,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `chmod`.
#[derive(Args)]
pub struct Chmod {
    /// The permissions, octal
    #[arg(value_name = "MODE", value_parser = mode)]
    pub mode: u16,
    /// Of which files
    #[arg(required = true, value_name = "URL")]
    pub urls: Vec<String>,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `quote`.
#[derive(Args)]
pub struct Quote {
    /// Which server
    #[arg(value_name = "URL")]
    pub url: String,
    /// The commands
    #[arg(required = true, value_name = "COMMAND")]
    pub commands: Vec<String>,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// `probe`.
#[derive(Args)]
pub struct Probe {
    /// Which server
    #[arg(value_name = "URL")]
    pub url: String,
    /// Compare clocks: upload a small file to the URL's directory, ask for its time, and delete it
    #[arg(long)]
    pub clock: bool,
    /// How to talk to the server.
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

/// How files are transferred.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Transfers")]
pub struct TransferOptions {
    /// Continue where an earlier transfer stopped
    #[arg(short = 'c', long)]
    pub resume: bool,
    /// Try again so often where the connection fails, with longer and longer pauses
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub retry: u32,
    /// The pause before the second attempt, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub retry_wait: Duration,
    /// Sessions at the same time, for several files
    #[arg(short = 'P', long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// At most so many bytes a second, of all sessions: 500k, 2M
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub limit_rate: Option<u64>,
    /// Text: lines end as they do at the other side
    #[arg(short, long)]
    pub ascii: bool,
    /// Compare checksums, where the server has any
    #[arg(long)]
    pub checksum: bool,
    /// Do not keep modification times
    #[arg(long)]
    pub no_times: bool,
}

/// How to talk to the server.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Connections")]
pub struct ConnectionOptions {
    /// How TLS is used [default: what the URL says]
    #[arg(long, value_name = "HOW")]
    pub tls: Option<TlsMode>,
    /// Believe the certificates in this file (PEM), and no others
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Believe the certificates in this file (PEM) too
    #[arg(long, value_name = "FILE", conflicts_with = "ca")]
    pub add_ca: Option<PathBuf>,
    /// Believe the one certificate with this SHA-256 digest, in hexadecimal
    #[arg(long, value_name = "DIGEST", value_parser = digest, conflicts_with_all = ["ca", "add_ca"])]
    pub pin: Option<[u8; 32]>,
    /// Believe any certificate: whoever is on the way reads everything
    #[arg(long, conflicts_with_all = ["ca", "add_ca", "pin"])]
    pub insecure: bool,
    /// The certificate to show (PEM)
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// The name that the certificate has to be for [default: the host]
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// The oldest version of TLS [default: 1.2]
    #[arg(long, value_name = "VERSION")]
    pub tls_min: Option<TlsVersion>,
    /// The newest version of TLS [default: 1.3]
    #[arg(long, value_name = "VERSION")]
    pub tls_max: Option<TlsVersion>,
    /// What to make of data that ends without TLS saying so [default: verified]
    #[arg(long, value_name = "HOW")]
    pub data_end: Option<DataEndMode>,
    /// Refuse data connections that do not resume the session of TLS
    #[arg(long)]
    pub require_resumption: bool,
    /// The user, where the URL has none
    #[arg(short, long, value_name = "NAME")]
    pub user: Option<String>,
    /// The file whose first line is the password
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Look user and password up in .netrc in the folder that HOME names
    #[arg(long)]
    pub netrc: bool,
    /// Look them up in this file
    #[arg(long, value_name = "FILE")]
    pub netrc_file: Option<PathBuf>,
    /// The longest that connecting may take, in seconds [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub connect_timeout: Option<Duration>,
    /// The longest that the server may be silent, in seconds [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// The longest that all of it may take, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub max_time: Option<Duration>,
    /// IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// IPv6 only
    #[arg(short = '6', long)]
    pub ipv6: bool,
    /// Let the server connect back for data
    #[arg(long)]
    pub active: bool,
    /// The ports to listen on for that, such as 5000-5010
    #[arg(long, value_name = "FIRST-LAST", value_parser = ports, requires = "active")]
    pub active_ports: Option<(u16, u16)>,
    /// The address to tell the server for that, when it is not this machine's own
    #[arg(long, value_name = "ADDRESS", requires = "active")]
    pub active_address: Option<IpAddr>,
    /// The address to connect from
    #[arg(long, value_name = "ADDRESS")]
    pub local_address: Option<IpAddr>,
    /// Go through a proxy: socks5://[user:password@]host[:port] or http://...
    #[arg(long, value_name = "URL", value_parser = proxy)]
    pub proxy: Option<ProxyUrl>,
    /// The character set of names: utf-8, latin1, windows-1251, shift_jis and others [default: utf-8]
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub encoding: Option<Encoding>,
    /// Send NOOP after so many seconds of a transfer
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub keepalive: Option<Duration>,
    /// Let data travel compressed (MODE Z)
    #[arg(long)]
    pub compress: bool,
    /// Show what is said on the control connection
    #[arg(short, long)]
    pub verbose: bool,
    /// Errors only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Write what happens as JSON, an object on each line
    #[arg(long)]
    pub json: bool,
    /// Columns of the terminal [default: COLUMNS, else 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(20..=1000))]
    pub columns: Option<u16>,
}

/// `--tls`.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// From the first byte
    Implicit,
    /// AUTH TLS before the login
    Explicit,
    /// Not at all
    None,
}

/// `--tls-min` and `--tls-max`.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TlsVersion {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

/// `--data-end`.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataEndMode {
    /// It is an error
    Strict,
    /// It is one unless the size is the announced one
    Verified,
    /// The server's word is enough
    Lenient,
}

/// `--proxy`, with its password.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(pub Proxy);

impl std::fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ProxyUrl").finish_non_exhaustive()
    }
}

/// `--include` and `--exclude`, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters(Vec<(bool, String)>);

impl Filters {
    /// As rules, of which the last that matches decides.
    pub fn rules(&self) -> Vec<Rule<'_>> {
        self.0
            .iter()
            .map(|(includes, pattern)| if *includes { Rule::Include(pattern) } else { Rule::Exclude(pattern) })
            .collect()
    }
}

impl Args for Filters {
    fn augment_args(command: Command) -> Command {
        let argument = |name: &'static str, help: &'static str| {
            clap::Arg::new(name).long(name).value_name("PATTERN").action(ArgAction::Append).help(help)
        };
        command
            .arg(argument("exclude", "Leave alone what matches; the last pattern that matches decides"))
            .arg(argument("include", "Take what matches, although an earlier pattern excludes it"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Filters {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found: Vec<(usize, bool, String)> = Vec::new();
        for (name, includes) in [("include", true), ("exclude", false)] {
            let indices = matches.indices_of(name).into_iter().flatten();
            let patterns = matches.get_many::<String>(name).into_iter().flatten();
            found.extend(indices.zip(patterns).map(|(index, pattern)| (index, includes, pattern.clone())));
        }
        found.sort_unstable_by_key(|(index, ..)| *index);
        Ok(Self(found.into_iter().map(|(_, includes, pattern)| (includes, pattern)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Verb {
    /// How to talk to the server.
    pub fn connection(&self) -> &ConnectionOptions {
        match self {
            Self::Get(verb) => &verb.connection,
            Self::Put(verb) => &verb.connection,
            Self::Cat(verb) => &verb.connection,
            Self::Ls(verb) => &verb.connection,
            Self::Stat(verb) | Self::Rmdir(verb) => &verb.connection,
            Self::Rm(verb) => &verb.connection,
            Self::Mkdir(verb) => &verb.connection,
            Self::Mv(verb) => &verb.connection,
            Self::Cp(verb) => &verb.connection,
            Self::Mirror(verb) => &verb.connection,
            Self::Sum(verb) => &verb.connection,
            Self::Touch(verb) => &verb.connection,
            Self::Chmod(verb) => &verb.connection,
            Self::Quote(verb) => &verb.connection,
            Self::Probe(verb) => &verb.connection,
        }
    }

    /// Every argument that is a URL, or should be one.
    pub fn urls(&self) -> Vec<&str> {
        let is_url = |place: &&str| crate::remote::Remote::is_url(place);
        match self {
            Self::Get(verb) => verb.places.iter().map(String::as_str).filter(is_url).collect(),
            Self::Put(verb) => verb.places.last().map(String::as_str).into_iter().collect(),
            Self::Cat(verb) => verb.urls.iter().map(String::as_str).collect(),
            Self::Ls(verb) => verb.urls.iter().map(String::as_str).collect(),
            Self::Stat(verb) | Self::Rmdir(verb) => verb.urls.iter().map(String::as_str).collect(),
            Self::Rm(verb) => verb.urls.iter().map(String::as_str).collect(),
            Self::Mkdir(verb) => verb.urls.iter().map(String::as_str).collect(),
            Self::Mv(verb) => [verb.from.as_str(), verb.to.as_str()].into_iter().filter(is_url).collect(),
            Self::Cp(verb) => [verb.from.as_str(), verb.to.as_str()].into(),
            Self::Mirror(verb) => [verb.source.as_str(), verb.target.as_str()].into_iter().filter(is_url).collect(),
            Self::Sum(verb) => verb.urls.iter().map(String::as_str).collect(),
            Self::Touch(verb) => verb.urls.iter().map(String::as_str).collect(),
            Self::Chmod(verb) => verb.urls.iter().map(String::as_str).collect(),
            Self::Quote(verb) => [verb.url.as_str()].into(),
            Self::Probe(verb) => [verb.url.as_str()].into(),
        }
    }
}

impl ConnectionOptions {
    /// The settings of sessions, but for what is in files: certificates, keys.
    pub fn settings(&self) -> Settings {
        let defaults = Settings::default();
        let data_mode = match self.active {
            true => DataMode::Active(Active { ports: self.active_ports, announced: self.active_address }),
            false => DataMode::Passive,
        };
        let silence = self.timeout.unwrap_or(defaults.reply_timeout);
        Settings {
            tls: self.tls_settings(),
            data_mode,
            encoding: self.encoding(),
            local_address: self.local_address,
            proxy: self.proxy.clone().map(|ProxyUrl(proxy)| proxy),
            connect_timeout: self.connect_timeout.unwrap_or(defaults.connect_timeout),
            reply_timeout: silence,
            idle_timeout: silence,
            keepalive: self.keepalive,
            transcript_capacity: if self.verbose { 65_536 } else { 0 },
            ..defaults
        }
    }

    fn tls_settings(&self) -> TlsSettings {
        let version = |version| match version {
            TlsVersion::Tls12 => Version::Tls12,
            TlsVersion::Tls13 => Version::Tls13,
        };
        let defaults = TlsSettings::default();
        TlsSettings {
            trust: match (self.pin, self.insecure) {
                (Some(digest), _) => Trust::Pinned(digest),
                (None, true) => Trust::DangerouslyAnything,
                (None, false) => Trust::PublicRoots,
            },
            server_name: self.server_name.clone(),
            oldest: self.tls_min.map_or(defaults.oldest, version),
            newest: self.tls_max.map_or(defaults.newest, version),
            data_end: match self.data_end {
                Some(DataEndMode::Strict) => DataEnd::Strict,
                Some(DataEndMode::Verified) | None => DataEnd::Verified,
                Some(DataEndMode::Lenient) => DataEnd::Lenient,
            },
            require_resumption: self.require_resumption,
            ..defaults
        }
    }

    /// Settings with the contents of the files that are named.
    pub fn with_files(
        &self,
        read: impl Fn(&PathBuf) -> std::io::Result<String>,
    ) -> Result<Settings, (PathBuf, std::io::Error)> {
        let text = |path: &PathBuf| read(path).map_err(|error| (path.clone(), error));
        let mut settings = self.settings();
        if let Some(path) = &self.ca {
            settings.tls.trust = Trust::Roots(text(path)?);
        }
        if let Some(path) = &self.add_ca {
            settings.tls.trust = Trust::PublicRootsAnd(text(path)?);
        }
        if let (Some(certificates), Some(key)) = (&self.cert, &self.key) {
            settings.tls.identity = Some(Identity { certificates: text(certificates)?, private_key: text(key)? });
        }
        Ok(settings)
    }

    /// The character set of names.
    pub fn encoding(&self) -> Encoding {
        self.encoding.unwrap_or(Encoding::Utf8)
    }
}

/// The text of what is wrong with a command line, without the passwords that are in it.
pub fn without_passwords(error: &clap::Error, arguments: impl IntoIterator<Item = String>) -> String {
    arguments.into_iter().fold(error.render().to_string(), |text, argument| {
        text.replace(&argument, &crate::remote::without_password(&argument))
    })
}

/// Whether clap had help or the version to give, which is no failure.
pub fn is_help(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.001..=1e9).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("not a number of seconds above 0".to_owned()),
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1_000),
        Some((at, 'm' | 'M')) => (&text[..at], 1_000_000),
        Some((at, 'g' | 'G')) => (&text[..at], 1_000_000_000),
        _ => (text, 1),
    };
    let bytes = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit)).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| "not a number of bytes, such as 500k or 2M".to_owned())
}

fn mode(text: &str) -> Result<u16, String> {
    u16::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .ok_or_else(|| "not an octal mode, such as 644".to_owned())
}

fn ports(text: &str) -> Result<(u16, u16), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first > 0 && first <= last => Ok((first, last)),
        _ => Err("not a range of ports, such as 5000-5010".to_owned()),
    }
}

fn digest(text: &str) -> Result<[u8; 32], String> {
    let digits: String = text.chars().filter(|character| *character != ':').collect();
    let mut digest = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return Err("not a SHA-256 digest of 64 hexadecimal digits".to_owned());
    }
    for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| "not hexadecimal".to_owned())?;
    }
    Ok(digest)
}

fn encoding(text: &str) -> Result<Encoding, String> {
    match text.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => Ok(Encoding::Utf8),
        "latin1" | "latin-1" | "iso-8859-1" => Ok(Encoding::Latin1),
        label => Encoding::named(label).map_err(|error| error.to_string()),
    }
}

/// Errors do not repeat the URL, but clap does: a caller replaces it (see [`without_passwords`]).
fn proxy(text: &str) -> Result<ProxyUrl, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let host = url.host_str().ok_or("it names no host")?.trim_matches(['[', ']']).to_owned();
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let credentials = (!url.username().is_empty())
        .then(|| Credentials { user: decoded(url.username()), password: decoded(url.password().unwrap_or_default()) });
    match url.scheme() {
        "socks5" | "socks5h" => {
            Ok(ProxyUrl(Proxy::Socks5(ProxyServer { host, port: url.port().unwrap_or(1080), credentials })))
        }
        "http" => Ok(ProxyUrl(Proxy::HttpConnect(ProxyServer { host, port: url.port().unwrap_or(8080), credentials }))),
        _ => Err("a proxy is socks5:// or http://".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(words: &[&str]) -> Result<Verb, clap::Error> {
        Arguments::try_parse_from(["ftp"].iter().chain(words)).map(|arguments| arguments.verb)
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
        let Ok(Verb::Get(get)) = parse(&["get", "--limit-rate", "2M", "--retry-wait", "0.5", "ftp://h/a", "b"]) else {
            panic!()
        };
        assert_eq!((get.transfer.limit_rate, get.transfer.retry_wait), (Some(2_000_000), Duration::from_millis(500)));
        let Ok(Verb::Ls(ls)) = parse(&["ls", "--active", "--active-ports", "50-60", "--encoding", "koi8-r", "ftp://h"])
        else {
            panic!()
        };
        let settings = ls.connection.settings();
        assert_eq!(settings.data_mode, DataMode::Active(Active { ports: Some((50, 60)), announced: None }));
        assert_eq!(settings.encoding, Encoding::named("koi8-r").unwrap());
    }

    #[test]
    fn filters_keep_their_order() {
        let words = ["mirror", "--exclude", "*", "--include", "a", "--exclude", "b", "ftp://h", "x"];
        let Ok(Verb::Mirror(mirror)) = parse(&words) else { panic!() };
        assert_eq!(mirror.filters.rules(), [Rule::Exclude("*"), Rule::Include("a"), Rule::Exclude("b")]);
    }

    #[test]
    fn no_password_is_shown() {
        let words = ["ls", "--nonsense", "ftp://me:secret@h/", "--proxy", "socks5://u:secret@p"];
        let error = parse(&words).err().unwrap();
        let text = without_passwords(&error, words.map(str::to_owned));
        assert!(!text.contains("secret"), "{text}");
        let Ok(verb) = parse(&["ls", "ftp://h/", "--proxy", "socks5://u:secret@p"]) else { panic!() };
        assert!(!format!("{:?}", verb.connection()).contains("secret"));
    }

    #[test]
    fn help_tells_the_exit_codes() {
        let help = after_long_help();
        assert!(Exit::ALL.iter().all(|exit| help.contains(&format!("{:>3}  {exit}", exit.code()))));
    }
}
