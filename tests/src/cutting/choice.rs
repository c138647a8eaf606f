//! Which cases there are in a session, and which of them are taken.

use super::fault::{Action, Connection, Direction, Fault};
use super::proxy::{Log, Sent};

/// The most places in one direction of a connection that are taken when all are.
const PLACES: u64 = 4_000;

/// A generator that gives the same numbers for the same seed: `splitmix64`.
#[derive(Clone, Copy, Debug)]
pub struct Random(u64);

impl Random {
    /// For this seed, and something that is called so.
    pub fn new(seed: u64, name: &str) -> Self {
        let mixed = name.bytes().fold(seed, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(mixed)
    }

    /// A number below this one.
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % most.max(1)
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).ok()?)
    }
}

/// So many faults for a session that went so, each of another kind: kinds and places by chance, and the ends of streams and
/// lines more often than what lies between them.
pub fn sample(log: &Log, random: &mut Random, count: usize) -> Vec<Fault> {
    let streams = streams(log);
    let mut actions: Vec<(Action, bool)> = Vec::new();
    let mut faults = Vec::new();
    while faults.len() < count && !streams.is_empty() {
        if actions.is_empty() {
            actions = kinds();
        }
        let at = usize::try_from(random.below(actions.len() as u64)).unwrap_or(0);
        let (action, each) = actions.swap_remove(at);
        let fits = |stream: &&Stream| stream.takes(action, each);
        let candidates: Vec<_> = streams.iter().filter(fits).collect();
        let Some(stream) = random.one(&candidates) else { continue };
        let places = stream.places(action);
        let edges: Vec<u64> = stream.edges().into_iter().filter(|byte| *byte < places).collect();
        let byte = match random.below(3) {
            0 => random.one(&edges).copied().unwrap_or(0),
            _ => random.below(places),
        };
        faults.push(stream.fault(action, each, byte));
    }
    faults
}

/// Every fault of such a session in which one of these things happens, or one of `every` of them.
pub fn spread(log: &Log, actions: &[Action], every: u64, first: u64) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut number = first;
    for stream in streams(log) {
        for (action, each) in kinds() {
            if !actions.contains(&action) || !stream.takes(action, each) {
                continue;
            }
            let places = stream.places(action);
            let step = places.div_ceil(PLACES).max(1);
            for byte in (0..places).step_by(usize::try_from(step).unwrap_or(1)) {
                if number.is_multiple_of(every) {
                    faults.push(stream.fault(action, each, byte));
                }
                number += 1;
            }
        }
    }
    faults
}

/// Each action once, and the end also on each data connection.
fn kinds() -> Vec<(Action, bool)> {
    Action::ALL.into_iter().map(|action| (action, false)).chain([(Action::End, true)]).collect()
}

/// One direction of one connection.
struct Stream<'a> {
    connection: Connection,
    number: usize,
    direction: Direction,
    sent: &'a Sent,
}

impl Stream<'_> {
    fn takes(&self, action: Action, each: bool) -> bool {
        self.places(action) > 0 && (!each || self.connection == Connection::Data)
    }

    /// How many bytes it can happen at.
    fn places(&self, action: Action) -> u64 {
        self.sent.count + u64::from(action.stops())
    }

    /// The first and the last, and where lines end.
    fn edges(&self) -> Vec<u64> {
        let lines = self.sent.bytes.iter().zip(1..).filter(|(byte, _)| **byte == b'\n').map(|(_, next)| next);
        [0, self.sent.count.saturating_sub(1), self.sent.count].into_iter().chain(lines.take(100)).collect()
    }

    fn fault(&self, action: Action, each: bool, byte: u64) -> Fault {
        Fault { connection: self.connection, number: self.number, each, direction: self.direction, byte, action }
    }
}

fn streams(log: &Log) -> Vec<Stream<'_>> {
    let mut streams = Vec::new();
    for connection in [Connection::Control, Connection::Data] {
        for (number, passed) in log.of(connection).iter().enumerate() {
            for direction in [Direction::Up, Direction::Down] {
                streams.push(Stream { connection, number, direction, sent: passed.sent(direction) });
            }
        }
    }
    streams
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cutting::proxy::Passed;

    fn session() -> Log {
        let sent = |text: &str| Sent { count: text.len() as u64, bytes: text.into() };
        let control = Passed { up: sent("USER me\r\n"), down: sent("220 hello\r\n331 who\r\n") };
        let data = Passed { up: sent(""), down: sent("bytes") };
        Log { control: vec![control], data: vec![data], fired: 0 }
    }

    #[test]
    fn all_faults_are_every_action_at_every_byte() {
        let faults = spread(&session(), &Action::ALL, 1, 0);
        // Where it stops, also behind the last byte; `end` on each data connection besides.
        let [up, down, data] = [9, 20, 5];
        let expected = (8 * up + 4) + (8 * down + 4) + (4 + 1) + (8 * data + 4 + data + 1);
        assert_eq!(faults.len(), expected);
        let parts: usize = (0..7).map(|first| spread(&session(), &Action::ALL, 7, first).len()).sum();
        assert_eq!(parts, expected);
        assert_eq!(spread(&session(), &[Action::Split], 1, 0).len(), up + down + data);
    }

    #[test]
    fn a_sample_is_the_same_for_the_same_seed() {
        let texts = |seed| -> Vec<String> {
            let faults = sample(&session(), &mut Random::new(seed, "get"), 40);
            faults.iter().map(ToString::to_string).collect()
        };
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
        let all: Vec<String> = spread(&session(), &Action::ALL, 1, 0).iter().map(ToString::to_string).collect();
        assert!(texts(1).iter().all(|fault| all.contains(fault)), "{:?}", texts(1));
    }
}
