//! What each verb takes.

use std::path::Path;

use clap::Args;
use ftp_client::mirror::Compare;

use super::options::TransferOptions;
use super::values::{Filters, LineFormat, Route, SumAlgorithm, mode};
use crate::remote::Remote;
use crate::task::{Folder, Task, is_output, parent, split_target};

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
}

impl Task for Get {
    fn urls(&self) -> Vec<&str> {
        self.places.iter().map(String::as_str).filter(|place| Remote::is_url(place)).collect()
    }

    fn folders(&self, is_folder: &dyn Fn(&Path) -> bool) -> Vec<Folder> {
        let (urls, target) = split_target(&self.places);
        match target {
            Some(target) if is_output(target) => Vec::new(),
            Some(path) if is_folder(Path::new(path)) => vec![Folder::written(Path::new(path))],
            Some(path) if path.ends_with('/') || urls.len() > 1 => vec![Folder::filled(path)],
            Some(path) => vec![Folder::written(parent(Path::new(path)))],
            None => vec![Folder::written(Path::new("."))],
        }
    }

    fn has_several_sessions(&self) -> bool {
        self.transfer.parallel > 1 || self.segments > 1
    }
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
}

impl Task for Put {
    fn urls(&self) -> Vec<&str> {
        self.places.last().map(String::as_str).into_iter().collect()
    }

    fn folders(&self, _: &dyn Fn(&Path) -> bool) -> Vec<Folder> {
        let files = self.places.split_last().map_or(&[][..], |(_, files)| files);
        files.iter().filter(|file| *file != "-").map(|file| Folder::read(parent(Path::new(file)))).collect()
    }

    fn has_several_sessions(&self) -> bool {
        self.transfer.parallel > 1
    }

    fn leaves_parts(&self) -> bool {
        !self.atomic
    }
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
}

impl Task for Cat {
    fn urls(&self) -> Vec<&str> {
        all(&self.urls)
    }
}

/// `ls`.
#[derive(Args)]
pub struct Ls {
    /// Which directories, files or patterns
    #[arg(required = true, value_name = "URL")]
    pub urls: Vec<String>,
    /// Names only, one on each line
    #[arg(short = '1', long = "names", conflicts_with = "long")]
    names: bool,
    /// Kind, permissions, owner, size, time and name, instead of kind, size, time and name
    #[arg(short, long)]
    long: bool,
    /// Ask for names that begin with a dot, too, where the server has no MLSD: LIST -a, which not every server knows
    #[arg(long)]
    pub hidden: bool,
}

impl Ls {
    /// What a line has.
    pub fn format(&self) -> LineFormat {
        match (self.names, self.long) {
            (true, _) => LineFormat::Names,
            (false, true) => LineFormat::Long,
            (false, false) => LineFormat::Short,
        }
    }
}

impl Task for Ls {
    fn urls(&self) -> Vec<&str> {
        all(&self.urls)
    }
}

/// `stat`.
#[derive(Args)]
pub struct Stat {
    /// Which ones
    #[arg(required = true, value_name = "URL")]
    pub urls: Vec<String>,
}

impl Task for Stat {
    fn urls(&self) -> Vec<&str> {
        all(&self.urls)
    }
}

/// `rmdir`.
#[derive(Args)]
pub struct Rmdir {
    /// Which ones
    #[arg(required = true, value_name = "URL")]
    pub urls: Vec<String>,
}

impl Task for Rmdir {
    fn urls(&self) -> Vec<&str> {
        all(&self.urls)
    }
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
}

impl Task for Rm {
    fn urls(&self) -> Vec<&str> {
        all(&self.urls)
    }
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
}

impl Task for Mkdir {
    fn urls(&self) -> Vec<&str> {
        all(&self.urls)
    }
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
}

impl Task for Mv {
    fn urls(&self) -> Vec<&str> {
        [self.from.as_str(), self.to.as_str()].into_iter().filter(|place| Remote::is_url(place)).collect()
    }
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
    fxp: bool,
    /// Through here, without asking the servers to do it
    #[arg(long)]
    relay: bool,
}

impl Cp {
    /// Which way the file takes.
    pub fn route(&self) -> Route {
        match (self.fxp, self.relay) {
            (true, _) => Route::Direct,
            (false, true) => Route::Relay,
            (false, false) => Route::Either,
        }
    }
}

impl Task for Cp {
    fn urls(&self) -> Vec<&str> {
        [self.from.as_str(), self.to.as_str()].into()
    }

    fn has_several_sessions(&self) -> bool {
        true
    }
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
    newer: bool,
    /// Compare sizes, not times
    #[arg(long)]
    size_only: bool,
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
}

impl Mirror {
    /// What makes a file another version.
    pub fn compare(&self) -> Compare {
        match (self.newer, self.size_only) {
            (true, _) => Compare::Newer,
            (false, true) => Compare::Size,
            (false, false) if self.transfer.no_times => Compare::SizeAndNewer,
            (false, false) => Compare::SizeAndTime,
        }
    }
}

impl Task for Mirror {
    fn urls(&self) -> Vec<&str> {
        [self.source.as_str(), self.target.as_str()].into_iter().filter(|place| Remote::is_url(place)).collect()
    }

    fn folders(&self, is_folder: &dyn Fn(&Path) -> bool) -> Vec<Folder> {
        let source = (!Remote::is_url(&self.source)).then(|| Folder::read(Path::new(&self.source)));
        let target = match self.dry_run {
            _ if Remote::is_url(&self.target) => None,
            // A rehearsal makes no folder, so there may be none.
            true => is_folder(Path::new(&self.target)).then(|| Folder::read(Path::new(&self.target))),
            false => Some(Folder::filled(&self.target)),
        };
        source.into_iter().chain(target).collect()
    }

    fn has_several_sessions(&self) -> bool {
        self.transfer.parallel > 1
    }

    fn leaves_parts(&self) -> bool {
        Remote::is_url(&self.target) && !self.dry_run && !self.atomic
    }
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
}

impl Task for Sum {
    fn urls(&self) -> Vec<&str> {
        all(&self.urls)
    }
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
}

impl Task for Touch {
    fn urls(&self) -> Vec<&str> {
        all(&self.urls)
    }
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
}

impl Task for Chmod {
    fn urls(&self) -> Vec<&str> {
        all(&self.urls)
    }
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
}

impl Task for Quote {
    fn urls(&self) -> Vec<&str> {
        [self.url.as_str()].into()
    }
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
}

impl Task for Probe {
    fn urls(&self) -> Vec<&str> {
        [self.url.as_str()].into()
    }

    fn tries_active_mode(&self) -> bool {
        true
    }
}

fn all(urls: &[String]) -> Vec<&str> {
    urls.iter().map(String::as_str).collect()
}
