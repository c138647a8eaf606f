//! What happens to a connection, and at which byte.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use anyhow::{Context as _, Result, bail, ensure};

/// What the proxy does at the byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// The receiver sees an orderly end. What the sender sends from then on is read and dropped, the other direction lives.
    End,
    /// Both connections are closed.
    Close,
    /// Both connections are reset.
    Reset,
    /// Nothing passes any more in this direction, and nothing ends.
    Stall,
    /// The byte becomes another one.
    Change,
    /// The byte passes twice.
    Double,
    /// The byte does not pass.
    Drop,
    /// What comes from this byte on passes later, by itself.
    Split,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::End, Self::Close, Self::Reset, Self::Stall, Self::Change, Self::Double, Self::Drop, Self::Split];

    /// As it is called in tables and faults.
    pub const fn name(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Close => "close",
            Self::Reset => "reset",
            Self::Stall => "stall",
            Self::Change => "change",
            Self::Double => "double",
            Self::Drop => "drop",
            Self::Split => "split",
        }
    }

    /// Whether the stream ends or waits, which it can also do behind its last byte.
    pub const fn stops(self) -> bool {
        matches!(self, Self::End | Self::Close | Self::Reset | Self::Stall)
    }
}

/// Which of the two kinds of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Connection {
    /// Commands and replies.
    Control,
    /// Files and listings.
    Data,
}

impl Connection {
    const fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Data => "data",
        }
    }
}

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// To the server.
    Up,
    /// From the server.
    Down,
}

impl Direction {
    const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// One fault. It is written and read as `data0:down:81:end`, with a `+` behind the number where each further connection of
/// the kind has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind of connection.
    pub connection: Connection,
    /// How many of its kind are made before it.
    pub number: usize,
    /// Whether those that are made after it have the same fault.
    pub each: bool,
    /// The direction.
    pub direction: Direction,
    /// How many bytes pass before.
    pub byte: u64,
    /// What happens then.
    pub action: Action,
}

impl Fault {
    /// Whether it is one of this connection.
    pub fn is_of(&self, connection: Connection, number: usize) -> bool {
        self.connection == connection && (self.number == number || self.each && self.number < number)
    }

    /// What this connection does in this direction.
    pub fn at(&self, connection: Connection, number: usize, direction: Direction) -> Option<(u64, Action)> {
        (self.is_of(connection, number) && self.direction == direction).then_some((self.byte, self.action))
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { connection, number, each, direction, byte, action } = self;
        let each = if *each { "+" } else { "" };
        write!(f, "{}{number}{each}:{}:{byte}:{}", connection.name(), direction.name(), action.name())
    }
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<_> = text.split(':').collect();
        let [place, direction, byte, action] = parts[..] else { bail!("{text} is no fault") };
        let kinds = [Connection::Control, Connection::Data];
        let connection = kinds.into_iter().find(|kind| place.starts_with(kind.name())).context("control or data")?;
        let number = &place[connection.name().len()..];
        let (number, each) = number.strip_suffix('+').map_or((number, false), |number| (number, true));
        let directions = [Direction::Up, Direction::Down];
        let action = Action::ALL.into_iter().find(|it| it.name() == action).context("no such action")?;
        let direction = directions.into_iter().find(|it| it.name() == direction).context("up or down")?;
        ensure!(!each || connection == Connection::Data, "only data connections are cut again and again");
        Ok(Self { connection, number: number.parse()?, each, direction, byte: byte.parse()?, action })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_they_are_written() {
        for text in ["data0:down:81:end", "control1:up:0:reset", "data2+:up:700:drop"] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        for text in
            ["", "data0:down:81", "data:down:81:end", "data0:down:x:end", "data0:down:1:cut", "control0+:up:1:end"]
        {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_fault_is_of_one_connection_or_of_each_from_it_on() {
        let one: Fault = "data1:down:5:end".parse().unwrap();
        let each: Fault = "data1+:down:5:end".parse().unwrap();
        let at = |fault: &Fault, number| fault.at(Connection::Data, number, Direction::Down).is_some();
        assert_eq!([0, 1, 2].map(|number| at(&one, number)), [false, true, false]);
        assert_eq!([0, 1, 2].map(|number| at(&each, number)), [false, true, true]);
        assert_eq!(one.at(Connection::Data, 1, Direction::Up), None);
        assert_eq!(one.at(Connection::Control, 1, Direction::Down), None);
    }
}
