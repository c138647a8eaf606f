//! What the client ought to be able to do, and whether it can. Each is a ratio of medians of the same run.

use crate::figures::Figures;
use crate::runs::Runs;
use crate::works::{Place, Work, title};

/// One target at one place.
pub struct Target {
    /// What it is.
    pub what: String,
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
const TLS_SESSION: u64 = 110 << 10;

/// What is compared with curl.
#[derive(Clone, Copy)]
enum Beside {
    /// The speed is at least so many times curl's.
    Speed(f64),
    /// The time of processors is at most so many times curl's.
    Processors(f64),
}

use Beside::{Processors, Speed};

/// Of large files and listings: the work, whether it is inside TLS, the peer, and how it compares with curl.
const BESIDE_CURL: [(Work, bool, &str, Beside); 17] = [
    (Work::Retr, false, "host", Speed(1.1)),
    (Work::Retr, false, "host", Processors(1.3)),
    (Work::Retr, false, "runner", Speed(0.9)),
    (Work::Retr, false, "wasmtime", Speed(0.75)),
    (Work::Retr, true, "host", Speed(0.9)),
    (Work::Retr, true, "host", Processors(1.5)),
    (Work::Retr, true, "host-portable", Speed(0.4)),
    (Work::Retr, true, "wasmtime", Speed(0.4)),
    (Work::Stor, false, "host", Speed(0.9)),
    (Work::Stor, false, "host", Processors(1.3)),
    (Work::Stor, false, "runner", Speed(0.9)),
    (Work::Stor, true, "host", Speed(0.9)),
    (Work::Stor, true, "host", Processors(1.5)),
    (Work::Stor, true, "host-portable", Speed(0.4)),
    (Work::Stor, true, "wasmtime", Speed(0.4)),
    (Work::List, false, "host", Speed(1.0)),
    (Work::List, true, "host", Speed(1.0)),
];

/// All targets that the run says something about.
pub fn all(runs: &Runs) -> Vec<Target> {
    let mut all = Vec::new();
    for (work, tls, peer, wanted) in BESIDE_CURL {
        let places = runs.places(work).into_iter().filter(|place| encrypted(*place) == tls);
        all.extend(places.filter_map(|place| beside_curl(runs, work, place, peer, wanted)));
    }
    for work in [Work::SmallRetr, Work::SmallStor] {
        all.extend(runs.places(work).into_iter().filter_map(|place| fastest(runs, work, place)));
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

fn at(work: Work, place: Place) -> String {
    format!("{}, {}", work.name(), title(place))
}

fn at_least(what: impl Into<String>, place: String, wanted: f64, found: f64) -> Target {
    Target {
        what: what.into(),
        place,
        wanted: format!("≥ {wanted}"),
        found: format!("{found:.2}"),
        met: found >= wanted,
    }
}

fn at_most(what: impl Into<String>, place: String, wanted: f64, found: f64) -> Target {
    Target {
        what: what.into(),
        place,
        wanted: format!("≤ {wanted}"),
        found: format!("{found:.2}"),
        met: found <= wanted,
    }
}

fn seconds(runs: &Runs, work: Work, place: Place, peer: &str) -> Option<f64> {
    runs.median(work, place, peer).map(|figures| figures.seconds)
}

fn beside_curl(runs: &Runs, work: Work, place: Place, peer: &str, wanted: Beside) -> Option<Target> {
    let (ours, curl): (Figures, Figures) = (runs.median(work, place, peer)?, runs.curl(work, place)?);
    Some(match wanted {
        Speed(least) => {
            at_least(format!("`{peer}`, speed beside curl"), at(work, place), least, curl.seconds / ours.seconds)
        }
        Processors(most) => {
            let ratio = ours.cpu_seconds / curl.cpu_seconds;
            at_most(format!("`{peer}`, CPU seconds beside curl"), at(work, place), most, ratio)
        }
    })
}

fn fastest(runs: &Runs, work: Work, place: Place) -> Option<Target> {
    // In plain sessions `host-portable` is the same as `host`, once more.
    let is_other = |peer| !["host", "host-portable"].contains(&peer);
    let others = runs.rows.iter().filter(|row| row.work == work && row.place == place && is_other(row.peer));
    let best = others.filter_map(|row| seconds(runs, work, place, row.peer)).min_by(f64::total_cmp)?;
    let ratio = best / seconds(runs, work, place, "host")?;
    let wanted = if encrypted(place) { 0.8 } else { 0.9 };
    Some(at_least("`host`, speed of small files beside the fastest peer", at(work, place), wanted, ratio))
}

fn many_logins(runs: &Runs, place: Place) -> Option<Target> {
    let ratio = seconds(runs, Work::ManyLogin, place, "host")? / seconds(runs, Work::ManyLogin, place, "native")?;
    Some(at_most("`host`, time of logins at once beside `native`", title(place), 1.2, ratio))
}

/// What a session takes of the machine's memory. A linear memory is mostly address space: of what it spans a plain session
/// has touched a few pages.
fn memory(runs: &Runs) -> Vec<Target> {
    let what = "`host`, memory of the process for an idle session, KiB";
    let ours = runs.held.iter().filter(|held| held.peer == "host");
    ours.map(|held| {
        let most = if encrypted(held.place) { TLS_SESSION } else { PLAIN_SESSION };
        at_most(what, title(held.place), (most >> 10) as f64, held.resident as f64 / 1024.0)
    })
    .collect()
}

fn limit(runs: &Runs, work: Work, peer: &str, what: &str, unit: f64, most: f64) -> Option<Target> {
    Some(at_most(what, work.name().to_owned(), most, seconds(runs, work, None, peer)? * unit))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ftp_tests::servers::{Kind, Way};

    use super::*;
    use crate::runs::Row;
    use crate::works::Sizes;

    fn row(peer: &'static str, seconds: f64) -> Row {
        let figures = Figures { seconds, cpu_seconds: seconds, bytes: 1 };
        let place = Some(Way::plain(Kind::Vsftpd));
        Row { work: Work::Retr, place, peer, all: vec![figures], failures: Vec::new() }
    }

    fn runs(rows: Vec<Row>) -> Runs {
        let (held, ciphers, missing) = (Vec::new(), Vec::new(), Vec::new());
        Runs { sizes: Sizes::QUICK, rows, held, ciphers, missing, took: Duration::ZERO }
    }

    fn found(runs: &Runs, peer: &str) -> Vec<(String, bool)> {
        let what = format!("`{peer}`, speed beside curl");
        all(runs).into_iter().filter(|target| target.what == what).map(|target| (target.found, target.met)).collect()
    }

    #[test]
    fn curl_8_is_what_speed_is_compared_with() {
        let runs = runs(vec![row("curl", 2.0), row("curl8", 1.0), row("host", 1.0), row("runner", 1.0)]);
        assert_eq!(found(&runs, "host"), [("1.00".to_owned(), false)]);
        assert_eq!(found(&runs, "runner"), [("1.00".to_owned(), true)]);
    }

    #[test]
    fn without_curl_8_the_command_takes_its_place() {
        let runs = runs(vec![row("curl", 2.0), row("host", 1.0)]);
        assert_eq!(found(&runs, "host"), [("2.00".to_owned(), true)]);
    }
}
