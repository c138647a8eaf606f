//! One step of a script.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// How a connection ends for the client that reads on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In order: what was sent before still arrives.
    Close,
    /// With an error, which on a socket may overtake what was sent before.
    Reset,
    /// Not at all: nothing more comes.
    Stall,
}

/// A line that the client sends.
#[derive(Clone, PartialEq, Eq)]
pub enum Line {
    /// This one, without its end. It need not be UTF-8.
    Whole(Vec<u8>),
    /// One that begins so.
    Start(Vec<u8>),
}

impl Line {
    /// Whether it is this one, which has no end either.
    pub fn is(&self, line: &[u8]) -> bool {
        match self {
            Self::Whole(whole) => whole == line,
            Self::Start(start) => line.starts_with(start),
        }
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(line) => write!(f, "\"{}\"", line.escape_ascii()),
            Self::Start(line) => write!(f, "\"{}\"…", line.escape_ascii()),
        }
    }
}

/// Why a data connection is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmade {
    /// It is refused.
    Refused,
    /// The host denies the address.
    Denied,
    /// Nobody answers.
    Silent,
}

/// Whether a handshake is meant to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// One thing that a server does, or waits for. What is only for one of the players says so.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is described at the method of the script that adds it")]
pub enum Step<T> {
    Say(Vec<u8>),
    Expect(Line),
    End(End),
    SendData(Vec<u8>),
    EndData(End),
    // In memory.
    TakeData(usize),
    MakeNoData(Unmade),
    PauseData(Duration),
    ConnectFrom(IpAddr),
    // On a socket.
    ReceiveData(Vec<u8>),
    ExpectBytes(Vec<u8>),
    AcceptAgain,
    ExpectData(Vec<u8>),
    Drip(Vec<u8>, Duration),
    Flood(Vec<u8>),
    Listen,
    ListenDeaf,
    Announce(String),
    ConnectBack(Ipv4Addr),
    FloodData(Vec<u8>),
    SeeDataClosed,
    StartTls(Wanted),
    SeeHello,
    SayInTheClear(Vec<u8>),
    ChangeKeys(usize),
    LeaveTls(Vec<u8>),
    SeeTlsEnd,
    SecureData(Option<T>, Wanted),
    SeeDataHello,
    ClearData(Vec<u8>),
    EndDataTls,
    Pause(Duration),
    Again(End),
}
