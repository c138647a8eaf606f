//! What a piece of work has taken.

use std::time::{Duration, Instant};

use anyhow::Result;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What one piece of work has taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Time.
    pub seconds: f64,
    /// Time of processors, of the client, its kernel included.
    pub cpu_seconds: f64,
    /// Bytes of files that were moved; or of memory.
    pub bytes: u64,
}

impl Figures {
    /// Of one of so many, all of which took this.
    pub fn each(self, count: usize) -> Self {
        let count = count as f64;
        Self { seconds: self.seconds / count, cpu_seconds: self.cpu_seconds / count, ..self }
    }

    /// MB/s.
    pub fn rate(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.seconds
    }

    /// Seconds of processors for each GB.
    pub fn cpu_per_gigabyte(&self) -> f64 {
        self.cpu_seconds * 1e9 / self.bytes as f64
    }
}

/// The median of each figure.
pub fn median(all: &[Figures]) -> Option<Figures> {
    let of = |figure: fn(&Figures) -> f64| middle(all.iter().map(figure).collect());
    Some(Figures {
        seconds: of(|figures| figures.seconds)?,
        cpu_seconds: of(|figures| figures.cpu_seconds)?,
        bytes: of(|figures| figures.bytes as f64)? as u64,
    })
}

/// The one in the middle; of an even number the mean of the two.
pub fn middle(mut all: Vec<f64>) -> Option<f64> {
    all.sort_by(f64::total_cmp);
    let (low, high) = (all.get(all.len().checked_sub(1)? / 2)?, all.get(all.len() / 2)?);
    Some(f64::midpoint(*low, *high))
}

/// Measures from its start to its stop.
pub struct Clock {
    start: Instant,
    whose: UsageWho,
    used: Duration,
}

impl Clock {
    /// For work in this process.
    pub fn of_this_process() -> Result<Self> {
        Self::of(UsageWho::RUSAGE_SELF)
    }

    /// For work in a process that is started after this, and waited for before the stop. The servers go on meanwhile, and
    /// do not count.
    pub fn of_children() -> Result<Self> {
        Self::of(UsageWho::RUSAGE_CHILDREN)
    }

    fn of(whose: UsageWho) -> Result<Self> {
        Ok(Self { used: used(whose)?, whose, start: Instant::now() })
    }

    /// Since the start.
    pub fn stop(self, bytes: u64) -> Result<Figures> {
        let seconds = self.start.elapsed().as_secs_f64();
        Ok(Figures { seconds, cpu_seconds: (used(self.whose)? - self.used).as_secs_f64(), bytes })
    }
}

fn used(whose: UsageWho) -> Result<Duration> {
    let usage = getrusage(whose)?;
    let duration = |time: TimeVal| Duration::from_micros((time.tv_sec() * 1_000_000 + time.tv_usec()) as u64);
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_in_the_middle() {
        assert_eq!(middle(vec![]), None);
        assert_eq!(middle(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(middle(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn a_clock_sees_what_this_process_computes() {
        let clock = Clock::of_this_process().unwrap();
        let mut sum = 0u64;
        for number in 0..50_000_000u64 {
            sum = std::hint::black_box(sum.wrapping_add(number));
        }
        let figures = clock.stop(sum.min(1)).unwrap();
        assert!(figures.seconds > 0.0 && figures.cpu_seconds > 0.0, "{figures:?}");
    }
}
