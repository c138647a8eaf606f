//! The plot: how fast each peer is beside the fastest one, for each work, plain and inside TLS.

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::runs::Runs;
use crate::works::{Place, Work};

/// The works of the plot.
const WORKS: [Work; 6] = [Work::Retr, Work::Stor, Work::SmallRetr, Work::SmallStor, Work::List, Work::Connect];

/// Pixels.
const WIDTH: u32 = 1000;
const PANEL: u32 = 200;
const TITLE: i32 = 24;
const BAR: i32 = 14;
const LABELS: i32 = 90;
const LENGTH: f64 = 340.0;

/// Ours, and the others.
const OURS: RGBColor = RGBColor(38, 99, 175);
const OTHERS: RGBColor = RGBColor(150, 150, 150);

/// One panel for each work and way: a bar for each peer, the geometric mean over the servers.
pub fn svg(runs: &Runs, peers: &[&'static str]) -> Result<String> {
    let mut text = String::new();
    let height = PANEL * WORKS.len() as u32 + 40;
    draw(&mut text, height, runs, peers).map_err(|error| anyhow!("{error}"))?;
    Ok(text)
}

fn draw(text: &mut String, height: u32, runs: &Runs, peers: &[&'static str]) -> Result<(), String> {
    let root = SVGBackend::with_string(text, (WIDTH, height)).into_drawing_area();
    let failed = |error: DrawingAreaErrorKind<_>| error.to_string();
    root.fill(&WHITE).map_err(failed)?;
    let heading = ("sans-serif", 18).into_font();
    let title = "Speed beside the fastest peer, which is 1; geometric mean over the servers; longer is faster";
    root.draw(&Text::new(title, (10, 10), heading)).map_err(failed)?;
    let (_, panels) = root.split_vertically(40);
    for (panel, (work, encrypted)) in
        panels.split_evenly((WORKS.len(), 2)).iter().zip(WORKS.iter().flat_map(|work| [(*work, false), (*work, true)]))
    {
        let way = if encrypted { "inside TLS" } else { "plain" };
        let title = format!("{}, {way}", work.name());
        panel.draw(&Text::new(title, (10, 4), ("sans-serif", 15).into_font())).map_err(failed)?;
        let bars: Vec<_> = peers.iter().filter_map(|peer| Some((*peer, mean(runs, work, encrypted, peer)?))).collect();
        for (number, (peer, ratio)) in bars.iter().enumerate() {
            let top = TITLE + number as i32 * (BAR + 3);
            let end = LABELS + (ratio * LENGTH) as i32;
            let colour = if is_ours(peer) { OURS } else { OTHERS };
            let font = || ("sans-serif", 12).into_font();
            panel.draw(&Rectangle::new([(LABELS, top), (end, top + BAR)], colour.filled())).map_err(failed)?;
            panel.draw(&Text::new((*peer).to_owned(), (10, top + 1), font())).map_err(failed)?;
            panel.draw(&Text::new(format!("{ratio:.2}"), (end + 4, top + 1), font())).map_err(failed)?;
        }
    }
    root.present().map_err(failed)
}

fn is_ours(peer: &str) -> bool {
    ["host", "host-portable", "wasmtime", "runner", "native"].contains(&peer)
}

fn mean(runs: &Runs, work: Work, encrypted: bool, peer: &str) -> Option<f64> {
    let fits = |place: &Place| place.is_some_and(|way| way.is_encrypted() == encrypted);
    let seconds = |place: Place, peer: &str| runs.median(work, place, peer).map(|figures| figures.seconds);
    let fastest = |place: Place| {
        let rows = runs.rows.iter().filter(|row| row.work == work && row.place == place);
        rows.filter_map(|row| seconds(place, row.peer)).min_by(f64::total_cmp)
    };
    let ratio = |place: Place| Some(fastest(place)? / seconds(place, peer)?);
    let logarithms: Vec<f64> = runs.places(work).into_iter().filter(fits).filter_map(ratio).map(f64::ln).collect();
    (!logarithms.is_empty()).then(|| (logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp())
}
