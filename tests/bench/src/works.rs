//! What is measured, of what size, and which of it is wanted.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use ftp_host::TlsVersion;
use ftp_tests::servers::{Kind, Security, Way};

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// One large file down.
    Retr,
    /// One large file up.
    Stor,
    /// Many small files down, in one session.
    SmallRetr,
    /// Many small files up, in one session.
    SmallStor,
    /// The same by four sessions.
    SmallRetr4,
    /// The same by four sessions.
    SmallStor4,
    /// A directory with many entries.
    List,
    /// Connect, log in, quit.
    Connect,
    /// Many clients connect and log in at the same moment.
    ManyLogin,
    /// Many clients download at the same moment.
    ManyRetr,
    /// Many clients upload at the same moment.
    ManyStor,
    /// One large file down, while many sessions are idle.
    IdleRetr,
    /// What an idle session takes.
    Memory,
    /// The start of an instance.
    Start,
    /// A command that finds no server.
    Cold,
}

/// What the figures of a work say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes in a time.
    MegabytesPerSecond,
    /// Time of all of it.
    Milliseconds,
    /// Time of one of many.
    Microseconds,
    /// Memory of one of many.
    Kibibytes,
}

impl Unit {
    /// As it stands in headings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MegabytesPerSecond => "MB/s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "µs",
            Self::Kibibytes => "KiB",
        }
    }
}

/// Where a work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Everywhere,
    /// Only there do hundreds of clients find room at once: its backlog is 1,024, that of the others 32 to 128.
    PyFtpd,
    Nowhere,
}

impl Work {
    /// Each of them, in the order of the report. Memory comes before what leaves free memory behind.
    pub const ALL: [Self; 15] = [
        Self::Retr,
        Self::Stor,
        Self::SmallRetr,
        Self::SmallStor,
        Self::SmallRetr4,
        Self::SmallStor4,
        Self::List,
        Self::Connect,
        Self::ManyLogin,
        Self::ManyRetr,
        Self::ManyStor,
        Self::IdleRetr,
        Self::Memory,
        Self::Start,
        Self::Cold,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retr => "retr",
            Self::Stor => "stor",
            Self::SmallRetr => "small-retr",
            Self::SmallStor => "small-stor",
            Self::SmallRetr4 => "small-retr-4",
            Self::SmallStor4 => "small-stor-4",
            Self::List => "list",
            Self::Connect => "connect",
            Self::ManyLogin => "many-login",
            Self::ManyRetr => "many-retr",
            Self::ManyStor => "many-stor",
            Self::IdleRetr => "idle-retr",
            Self::Memory => "memory",
            Self::Start => "start",
            Self::Cold => "cold",
        }
    }

    /// What it is, for people.
    pub fn title(self, sizes: &Sizes) -> String {
        let Sizes { files, entries, clients, connects, .. } = sizes;
        let (large, each) = (sizes.large >> 20, sizes.each / 1_000_000);
        match self {
            Self::Retr => format!("Download of one file of {large} MiB"),
            Self::Stor => format!("Upload of one file of {large} MiB"),
            Self::SmallRetr => format!("Download of {files} files of 4 KiB in one session"),
            Self::SmallStor => format!("Upload of {files} files of 4 KiB in one session"),
            Self::SmallRetr4 => format!("Download of {files} files of 4 KiB in four sessions"),
            Self::SmallStor4 => format!("Upload of {files} files of 4 KiB in four sessions"),
            Self::List => format!("Listing of {entries} entries"),
            Self::Connect => format!("Connect, log in, quit: libraries {connects} times, each; commands once"),
            Self::ManyLogin => format!("{clients} clients connect and log in at once"),
            Self::ManyRetr => format!("{clients} clients download {each} MB each at once"),
            Self::ManyStor => format!("{clients} clients upload {each} MB each at once"),
            Self::IdleRetr => format!("Download of one file of {large} MiB beside {clients} idle sessions"),
            Self::Memory => format!("Memory of an idle session, of {clients}"),
            Self::Start => "Start of an instance with its settings, from a pool: median of 1,000".to_owned(),
            Self::Cold => "Cold start: a command that finds a closed port".to_owned(),
        }
    }

    /// What its figures say.
    pub const fn unit(self) -> Unit {
        match self {
            Self::Retr | Self::Stor | Self::ManyRetr | Self::ManyStor | Self::IdleRetr => Unit::MegabytesPerSecond,
            Self::Start => Unit::Microseconds,
            Self::Memory => Unit::Kibibytes,
            _ => Unit::Milliseconds,
        }
    }

    /// How often it is measured at a place. Memory does not vary, and uploads of large files vary most: they wait for the
    /// server, which writes to memory that is new to it.
    pub fn repeats(self, place: Place, sizes: &Sizes) -> u16 {
        match (self, place) {
            (Self::Memory, _) => 1,
            (Self::Stor, Some(way)) if !way.is_encrypted() => sizes.uploads,
            _ => sizes.repeats,
        }
    }

    const fn place(self) -> Where {
        match self {
            Self::ManyLogin | Self::ManyRetr | Self::ManyStor | Self::IdleRetr | Self::Memory => Where::PyFtpd,
            Self::Start | Self::Cold => Where::Nowhere,
            _ => Where::Everywhere,
        }
    }
}

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Bytes of the large file.
    pub large: u64,
    /// Small files.
    pub files: usize,
    /// Entries of the large directory.
    pub entries: usize,
    /// Clients at the same moment.
    pub clients: usize,
    /// Bytes that each of them moves.
    pub each: u64,
    /// Connections one after the other.
    pub connects: usize,
    /// How often everything is measured.
    pub repeats: u16,
    /// The same for plain uploads of the large file.
    pub uploads: u16,
}

impl Sizes {
    /// What is reported.
    pub const FULL: Self = Self {
        large: 1 << 30,
        files: 1000,
        entries: 10_000,
        clients: 300,
        each: 10_000_000,
        connects: 100,
        repeats: 3,
        uploads: 9,
    };

    /// A look in a few minutes.
    pub const QUICK: Self = Self {
        large: 64 << 20,
        files: 100,
        entries: 10_000,
        clients: 100,
        each: 1_000_000,
        connects: 20,
        repeats: 2,
        uploads: 2,
    };
}

/// A server, and how it is talked to; none for what needs none.
pub type Place = Option<Way>;

/// The name of a place in tables.
pub fn title(place: Place) -> String {
    match place {
        None => "no server".to_owned(),
        Some(way) => format!("{}, {}", way.kind.name(), security(way)),
    }
}

/// The word for how a server is talked to.
pub fn security(way: Way) -> &'static str {
    if way.is_encrypted() { "tls" } else { "plain" }
}

/// What is wanted. Of each list: nothing is everything.
#[derive(Default)]
pub struct Choice {
    works: Vec<Work>,
    servers: Vec<Kind>,
    securities: Vec<&'static str>,
    peers: Vec<&'static str>,
}

impl Choice {
    /// What these words ask for.
    pub fn of(words: &[String], peers: &[&'static str]) -> Result<Self> {
        let mut choice = Self::default();
        for word in words {
            if let Some(work) = Work::ALL.into_iter().find(|work| work.name() == word) {
                choice.works.push(work);
            } else if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == word) {
                choice.servers.push(kind);
            } else if let Some(security) = ["plain", "tls"].into_iter().find(|security| security == word) {
                choice.securities.push(security);
            } else if let Some(peer) = peers.iter().find(|peer| *peer == word) {
                choice.peers.push(peer);
            } else {
                bail!("there is no {word:?}; {}", Self::words(peers));
            }
        }
        Ok(choice)
    }

    /// The words that there are.
    pub fn words(peers: &[&'static str]) -> String {
        let mut text = String::new();
        let works = Work::ALL.map(Work::name);
        let servers = Kind::ALL.map(Kind::name);
        for (what, names) in
            [("works", &works[..]), ("servers", &servers), ("ways", &["plain", "tls"]), ("peers", peers)]
        {
            let _ = writeln!(text, "{what}: {}", names.join(" "));
        }
        text
    }

    /// Whether this peer is wanted.
    pub fn peer(&self, name: &str) -> bool {
        self.peers.is_empty() || self.peers.contains(&name)
    }

    /// The works that are wanted at a place.
    pub fn works(&self, place: Place) -> Vec<Work> {
        let fits = |work: &Work| match (work.place(), place) {
            (Where::Nowhere, None) | (Where::Everywhere, Some(_)) => true,
            (Where::PyFtpd, Some(way)) => way.kind == Kind::PyFtpd,
            _ => false,
        };
        let wanted = |work: &Work| self.works.is_empty() || self.works.contains(work);
        Work::ALL.into_iter().filter(fits).filter(wanted).collect()
    }

    /// The places that are wanted.
    pub fn places(&self) -> Vec<Place> {
        let mut places = vec![None];
        for kind in Kind::ALL {
            let encrypted = Way { kind, security: Security::Explicit, version: TlsVersion::Tls13 };
            places.extend([Way::plain(kind), encrypted].into_iter().filter(|way| self.way(*way)).map(Some));
        }
        places
    }

    fn way(&self, way: Way) -> bool {
        (self.servers.is_empty() || self.servers.contains(&way.kind))
            && (self.securities.is_empty() || self.securities.contains(&security(way)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(words: &str) -> Result<Choice> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        Choice::of(&words, &["curl", "host"])
    }

    #[test]
    fn words_of_each_kind_narrow_the_choice() {
        let choice = choice("retr list vsftpd tls curl").unwrap();
        assert!(choice.peer("curl") && !choice.peer("host"));
        let places = choice.places();
        assert_eq!(places.len(), 2);
        assert_eq!(title(places[1]), "vsftpd, tls");
        assert_eq!(choice.works(places[1]), [Work::Retr, Work::List]);
        assert_eq!(choice.works(None), []);
    }

    #[test]
    fn no_word_is_everything() {
        let choice = choice("").unwrap();
        assert_eq!(choice.places().len(), 9);
        assert_eq!(choice.works(None), [Work::Start, Work::Cold]);
        assert!(choice.works(Some(Way::plain(Kind::PyFtpd))).contains(&Work::ManyRetr));
        assert!(!choice.works(Some(Way::plain(Kind::Vsftpd))).contains(&Work::ManyRetr));
    }

    #[test]
    fn plain_uploads_of_a_large_file_are_repeated_more_often() {
        let way = Way::plain(Kind::Vsftpd);
        let encrypted = Way { security: Security::Explicit, ..way };
        assert_eq!(Work::Stor.repeats(Some(way), &Sizes::FULL), 9);
        assert_eq!(Work::Stor.repeats(Some(encrypted), &Sizes::FULL), 3);
        assert_eq!(Work::Retr.repeats(Some(way), &Sizes::FULL), 3);
    }

    #[test]
    fn a_word_that_is_not_known_is_refused() {
        assert!(choice("rter").is_err());
    }
}
