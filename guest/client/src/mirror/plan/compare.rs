//! Which of two times is the later one, as far as they tell.

use ftp_protocol::time::{Precision, Timestamp};

/// How far the time of an unknown zone may be ahead of UTC, and behind, in nanoseconds.
const AHEAD: i128 = 14 * 3600 * SECOND;
const BEHIND: i128 = 12 * 3600 * SECOND;

const SECOND: i128 = 1_000_000_000;

/// What two times say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same, in the coarser of the two precisions.
    Same,
    /// The source's is later.
    SourceNewer,
    /// The target's is later.
    TargetNewer,
    /// They do not say.
    Unknown,
}

/// Times of a known zone are compared in the coarser of their precisions. Those of an unknown one may say enough too, when
/// they are more than a day apart.
pub(super) fn compare(source: Option<Timestamp>, target: Option<Timestamp>) -> Verdict {
    let (Some(source), Some(target)) = (source, target) else { return Verdict::Unknown };
    if source.utc && target.utc {
        let coarser = unit(source).max(unit(target));
        let (source, target) = (nanoseconds(source).div_euclid(coarser), nanoseconds(target).div_euclid(coarser));
        return match source.cmp(&target) {
            core::cmp::Ordering::Equal => Verdict::Same,
            core::cmp::Ordering::Greater => Verdict::SourceNewer,
            core::cmp::Ordering::Less => Verdict::TargetNewer,
        };
    }
    let ((earliest_source, latest_source), (earliest_target, latest_target)) = (range(source), range(target));
    if earliest_source >= latest_target {
        return Verdict::SourceNewer;
    }
    if earliest_target >= latest_source {
        return Verdict::TargetNewer;
    }
    Verdict::Unknown
}

/// The moments that it may mean: the first, and the first after the last.
fn range(time: Timestamp) -> (i128, i128) {
    let unit = unit(time);
    let begin = nanoseconds(time).div_euclid(unit) * unit;
    if time.utc { (begin, begin + unit) } else { (begin - AHEAD, begin + unit + BEHIND) }
}

fn nanoseconds(time: Timestamp) -> i128 {
    i128::from(time.seconds) * SECOND + i128::from(time.nanoseconds)
}

/// The precision in nanoseconds.
fn unit(time: Timestamp) -> i128 {
    match time.precision {
        Precision::Subsecond => 1,
        Precision::Second => SECOND,
        Precision::Minute => 60 * SECOND,
        Precision::Day => 86_400 * SECOND,
    }
}
