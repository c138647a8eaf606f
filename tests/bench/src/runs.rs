//! The order of things: at each place each work by each peer, in turn, again and again.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::ciphers::{self, Cipher};
use crate::figures::{Figures, median};
use crate::memory::{self, Held};
use crate::peers::Peer;
use crate::site::{Here, Site, Task};
use crate::works::{Choice, Place, Sizes, Work, title};

/// What one peer did at one place.
pub struct Row {
    /// Which work.
    pub work: Work,
    /// With which server.
    pub place: Place,
    /// Who.
    pub peer: &'static str,
    /// Each time.
    pub all: Vec<Figures>,
    /// Why it failed, each time that it did.
    pub failures: Vec<String>,
}

/// All that was measured.
pub struct Runs {
    /// How much of everything.
    pub sizes: Sizes,
    /// Work by work.
    pub rows: Vec<Row>,
    /// What idle sessions take.
    pub held: Vec<Held>,
    /// The ciphers that servers chose, alone in WebAssembly, before the large files and after them.
    pub ciphers: Vec<(Work, Place, Cipher)>,
    /// Servers that are missing, and why.
    pub missing: Vec<(String, String)>,
    /// How long it took.
    pub took: Duration,
}

impl Runs {
    /// The median of what a peer did.
    pub fn median(&self, work: Work, place: Place, peer: &str) -> Option<Figures> {
        let row = self.rows.iter().find(|row| row.work == work && row.place == place && row.peer == peer)?;
        median(&row.all)
    }

    /// What speed is compared with: curl 8, where it was built, else the command.
    pub fn curl(&self, work: Work, place: Place) -> Option<Figures> {
        self.median(work, place, "curl8").or_else(|| self.median(work, place, "curl"))
    }

    /// Where a work was done.
    pub fn places(&self, work: Work) -> Vec<Place> {
        let mut places: Vec<Place> = self.rows.iter().filter(|row| row.work == work).map(|row| row.place).collect();
        places.dedup();
        places
    }
}

/// Measure what is wanted. What there is so far is told after each place.
pub fn measure(
    peers: &mut [Box<dyn Peer>],
    choice: &Choice,
    sizes: &Sizes,
    mut tell: impl FnMut(&Runs, &[Box<dyn Peer>]) -> Result<()>,
) -> Result<Runs> {
    let start = Instant::now();
    let mut runs = Runs {
        sizes: *sizes,
        rows: Vec::new(),
        held: Vec::new(),
        ciphers: Vec::new(),
        missing: Vec::new(),
        took: Duration::ZERO,
    };
    let here = Here::make(sizes)?;
    for place in choice.places() {
        let works = choice.works(place);
        if works.is_empty() {
            continue;
        }
        let site = match place.map(|way| way.installed().map(|()| Site::start(way, sizes))) {
            None => None,
            Some(Ok(site)) => Some(site?),
            Some(Err(reason)) => {
                runs.missing.push((title(place), reason));
                continue;
            }
        };
        let chosen = site.as_ref().map(Site::cipher).transpose()?.flatten();
        for work in works {
            let task = Task { work, site: site.as_ref(), here: &here, sizes };
            if work == Work::Memory {
                runs.held.extend(memory::measure(&task, peers)?);
                continue;
            }
            let suite = chosen.as_deref().filter(|_| matches!(work, Work::Retr | Work::Stor));
            let alone = || suite.and_then(ciphers::measure).map(|cipher| (work, place, cipher));
            runs.ciphers.extend(alone());
            runs.rows.extend(interleaved(peers, &task, place));
            runs.ciphers.extend(alone());
        }
        runs.rows.sort_by_key(|row| Work::ALL.iter().position(|work| *work == row.work));
        runs.took = start.elapsed();
        tell(&runs, peers)?;
    }
    Ok(runs)
}

fn interleaved(peers: &mut [Box<dyn Peer>], task: &Task<'_>, place: Place) -> Vec<Row> {
    let row = |peer: &'static str| Row { work: task.work, place, peer, all: Vec::new(), failures: Vec::new() };
    let mut able: Vec<_> = peers.iter_mut().filter(|peer| peer.does(task.work)).collect();
    let mut rows: Vec<Row> = able.iter().map(|peer| row(peer.name())).collect();
    for repeat in 0..usize::from(task.work.repeats(place, task.sizes)) {
        for turn in 0..able.len() {
            // Not always the same one after the same other.
            let number = (turn + repeat) % able.len();
            // Who has run out of time once would do so again.
            if !rows[number].failures.is_empty() {
                continue;
            }
            match once(&mut **able[number], task) {
                Ok(figures) => {
                    eprintln!(
                        "{} {}, {}: {:.3} s",
                        task.work.name(),
                        title(place),
                        able[number].name(),
                        figures.seconds
                    );
                    rows[number].all.push(figures);
                }
                Err(error) => {
                    eprintln!("{} {}, {}: {error:#}", task.work.name(), title(place), able[number].name());
                    rows[number].failures.push(format!("{error:#}"));
                }
            }
        }
    }
    rows
}

fn once(peer: &mut dyn Peer, task: &Task<'_>) -> Result<Figures> {
    task.clear()?;
    let figures = peer.run(task)?;
    task.check()?;
    Ok(figures)
}
