//! What the client ought to be able to do, and whether it can. Each is a ratio of medians of the same run.

use crate::runs::Runs;
use crate::works::{Place, Work, title};

/// One target at one place.
pub struct Target {
    /// What it is.
    pub what: &'static str,
    /// Where.
    pub place: String,
    /// What it should be.
    pub wanted: String,
    /// What it is.
    pub found: String,
    /// Whether it is met.
    pub met: bool,
}

/// Bytes of memory that an idle session may take.
const PLAIN_SESSION: u64 = 64 << 10;

/// The same inside TLS.
const TLS_SESSION: u64 = 160 << 10;

/// All targets that the run says something about.
pub fn all(runs: &Runs) -> Vec<Target> {
    let mut all = Vec::new();
    for work in [Work::Retr, Work::Stor] {
        for place in runs.places(work) {
            if encrypted(place) {
                all.extend(beside_cipher(runs, work, place));
            } else {
                all.extend(speed(runs, work, place, "`host`, speed of a large file beside `curl`"));
                all.extend(processors(runs, work, place));
            }
        }
    }
    for work in [Work::SmallRetr, Work::SmallStor] {
        all.extend(runs.places(work).into_iter().filter_map(|place| fastest(runs, work, place)));
    }
    for place in runs.places(Work::List) {
        all.extend(speed(runs, Work::List, place, "`host`, speed of a listing beside `curl`"));
    }
    all.extend(runs.places(Work::ManyLogin).into_iter().filter_map(|place| many_logins(runs, place)));
    all.extend(memory(runs));
    all.extend(limit(runs, Work::Start, "host", "`host`, start of an instance, µs", 1e6, 100.0));
    all.extend(limit(runs, Work::Cold, "runner", "`runner`, cold start, ms", 1e3, 20.0));
    all
}

fn encrypted(place: Place) -> bool {
    place.is_some_and(|way| way.is_encrypted())
}

fn seconds(runs: &Runs, work: Work, place: Place, peer: &str) -> Option<f64> {
    runs.median(work, place, peer).map(|figures| figures.seconds)
}

fn at_least(what: &'static str, work: Work, place: Place, wanted: f64, found: f64) -> Target {
    let place = format!("{}, {}", work.name(), title(place));
    Target { what, place, wanted: format!("≥ {wanted}"), found: format!("{found:.2}"), met: found >= wanted }
}

fn at_most(what: &'static str, place: String, wanted: f64, found: f64) -> Target {
    Target { what, place, wanted: format!("≤ {wanted}"), found: format!("{found:.2}"), met: found <= wanted }
}

fn speed(runs: &Runs, work: Work, place: Place, what: &'static str) -> Option<Target> {
    let ratio = seconds(runs, work, place, "curl")? / seconds(runs, work, place, "host")?;
    Some(at_least(what, work, place, 1.0, ratio))
}

fn processors(runs: &Runs, work: Work, place: Place) -> Option<Target> {
    let of = |peer| runs.median(work, place, peer).map(|figures| figures.cpu_seconds);
    let where_ = format!("{}, {}", work.name(), title(place));
    Some(at_most("`host`, CPU seconds beside `curl`", where_, 1.3, of("host")? / of("curl")?))
}

fn beside_cipher(runs: &Runs, work: Work, place: Place) -> Option<Target> {
    let here = runs.ciphers.iter().filter(|(of, at, _)| (*of, *at) == (work, place));
    let alone: Vec<f64> =
        here.map(|(_, _, cipher)| if work == Work::Stor { cipher.sealing } else { cipher.opening }).collect();
    let rate = runs.median(work, place, "host")?.rate();
    let what = "`host`, speed of a large file inside TLS beside the cipher alone in WebAssembly";
    let ratio = rate * alone.len() as f64 / alone.iter().sum::<f64>();
    (!alone.is_empty()).then(|| at_least(what, work, place, 0.9, ratio))
}

fn fastest(runs: &Runs, work: Work, place: Place) -> Option<Target> {
    let others = runs.rows.iter().filter(|row| row.work == work && row.place == place && row.peer != "host");
    let best = others.filter_map(|row| seconds(runs, work, place, row.peer)).min_by(f64::total_cmp)?;
    let ratio = best / seconds(runs, work, place, "host")?;
    Some(at_least("`host`, speed of small files beside the fastest peer", work, place, 1.0, ratio))
}

fn many_logins(runs: &Runs, place: Place) -> Option<Target> {
    let ratio = seconds(runs, Work::ManyLogin, place, "host")? / seconds(runs, Work::ManyLogin, place, "native")?;
    Some(at_most("`host`, time of logins at once beside `native`", title(place), 1.2, ratio))
}

/// What a session takes of the machine's memory. A linear memory is mostly address space: of what it spans a plain session
/// has touched a few pages.
fn memory(runs: &Runs) -> Vec<Target> {
    let what = "`host`, memory of the process for an idle session, KiB";
    let ours = runs.held.iter().filter(|held| held.linear.is_some());
    ours.map(|held| {
        let most = if encrypted(held.place) { TLS_SESSION } else { PLAIN_SESSION };
        at_most(what, title(held.place), (most >> 10) as f64, (held.resident >> 10) as f64)
    })
    .collect()
}

fn limit(runs: &Runs, work: Work, peer: &str, what: &'static str, unit: f64, most: f64) -> Option<Target> {
    Some(at_most(what, work.name().to_owned(), most, seconds(runs, work, None, peer)? * unit))
}
