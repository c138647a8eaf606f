//! What a reply means to a conversation.

use crate::codes;
use crate::reply::Reply;
use alloc::string::String;
use core::fmt;

/// A command that is sent only for its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sentinel {
    /// `NOOP`, whose reply is 200.
    Noop,
    /// `PWD`, whose reply is 257: a code that few commands have.
    Pwd,
}

impl Sentinel {
    /// What is sent.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Noop => "NOOP",
            Self::Pwd => "PWD",
        }
    }

    pub(super) fn code(self) -> u16 {
        match self {
            Self::Noop => codes::OKAY,
            Self::Pwd => codes::PATH_NAME,
        }
    }
}

/// What a reply means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Another reply is expected: this one is preliminary, or belongs to a keep-alive or to an earlier command.
    Absorbed,
    /// The reply to the command.
    Reply(Reply),
    /// The reply to the command that begins a transfer: a preliminary one, the verdict, or a refusal.
    Agreement(Reply),
    /// The verdict of the transfer is there for [`Conversation::take_verdict`](super::Conversation::take_verdict).
    Verdict,
    /// A preliminary reply came during the transfer: if no other reply is here, [`Conversation::doubt_verdict`](super::Conversation::doubt_verdict) says what to do.
    AnnouncedAgain,
    /// The reply to `EPSV` that was sent with the transfer is there for [`Conversation::take_passive_port`](super::Conversation::take_passive_port).
    PassivePort,
    /// The sentinel was answered. The last reply before it, if there was one.
    InStep(Option<Reply>),
    /// The sentinel has to be sent; a reply to an earlier command may be on its way.
    Send(Sentinel),
    /// The code is odd for the command: [`Sentinel::Noop`] has to be sent to see whether another reply follows.
    Odd {
        /// The command.
        verb: String,
        /// The odd code.
        code: u16,
    },
    /// No command asked for that reply. It was dropped.
    Unasked,
    /// 421: the server closes the session.
    Closing(Reply),
}

/// How the server broke the order of replies. Nothing that follows can be attributed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// The first reply is no greeting.
    Greeting(u16),
    /// The code is that of another command.
    OtherCommand {
        /// The command that is expected to be answered.
        verb: String,
        /// The code that came.
        code: u16,
    },
    /// The `EPSV` that was sent with a transfer was answered during that transfer.
    Pipelining,
    /// More than 16 preliminary replies.
    Preliminary,
    /// More than four replies that no command asked for.
    Strays,
    /// The command was not answered among the four replies that came.
    Unanswered(&'static str),
    /// More replies of 200 than `NOOP`s were sent.
    KeepAlive,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Greeting(code) => write!(f, "{code} is no greeting"),
            Self::OtherCommand { verb, code } => write!(f, "{code} is the reply to another command than {verb}"),
            Self::Pipelining => f.write_str("EPSV was answered during a transfer: this server permits no pipelining"),
            Self::Preliminary => f.write_str("one preliminary reply after another"),
            Self::Strays => f.write_str("one reply after another that no command asked for"),
            Self::Unanswered(verb) => write!(f, "no reply to {verb} among those that came"),
            Self::KeepAlive => f.write_str("more replies to NOOP than were asked for"),
        }
    }
}

impl core::error::Error for Violation {}
