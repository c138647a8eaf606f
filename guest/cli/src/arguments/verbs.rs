//! What each verb takes.

use clap::Args;

use super::options::{ConnectionOptions, TransferOptions};
use super::values::{Filters, SumAlgorithm, mode};

/// `get`.
#[derive(Args)]
pub struct Get {
    /// URLs to download, optionally followed by a local target: a file for one, a folder for several, `-` for the standard
    /// output [default: the names on the server, in the current folder]
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
    /// Send %XX in a name as the byte that a download would write so: the names that mirror and get make of bytes that
    /// are no text
    #[arg(long)]
    pub unescape_names: bool,
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
    /// Ask for names that begin with a dot, too, where the server has no MLSD: LIST -a, which not every server knows
    #[arg(long)]
    pub hidden: bool,
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
    /// Ask for names that begin with a dot, too, where the server has no MLSD: LIST -a, which not every server knows
    #[arg(long)]
    pub hidden: bool,
    /// With --recursive, delete all that is in the root or in the login directory, too
    #[arg(long)]
    pub no_preserve_root: bool,
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
    /// Delete what the source does not have. Nothing is deleted after a failed transfer, where a listing may be
    /// incomplete, or where a file is listed by another name than it was sent by
    #[arg(long)]
    pub delete: bool,
    /// Delete names that begin with a dot although the server may have them and not show them
    #[arg(long)]
    pub delete_hidden: bool,
    /// Delete although a listing may be incomplete or a transfer failed
    #[arg(long)]
    pub delete_unconfirmed: bool,
    /// List directories once, also without TLS: one whose listing was cut off where a line ends then looks whole
    #[arg(long)]
    pub list_once: bool,
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
    /// Ask for names that begin with a dot, too, where the server has no MLSD: LIST -a, which not every server knows
    #[arg(long)]
    pub hidden: bool,
    /// Take %XX in the name of a file here for the byte that a download writes so
    #[arg(long)]
    pub unescape_names: bool,
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
