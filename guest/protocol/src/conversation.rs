//! Which reply belongs to which command (RFC 959, section 5.4).
//!
//! Replies have no numbers. One that comes twice, or late, would be taken for that to the next command, a failure for a
//! success. What shows it is its code ([`codes`]), that it is here before the command is sent, and a
//! sentinel: a command that is sent only for its reply, as what comes before that belongs to an earlier command.
//!
//! ```text
//!           command sent              a code that fits
//!  Nothing ──────────────► Reply ─────────────────────────────────────────► Nothing
//!     ▲                      │ an odd code: NOOP sent          its reply
//!     │                      └───────────────────► Sentinel ──────────────► Nothing
//!     │     transfer sent                1yz
//!     ├───────────────────► Agreement ────────► Verdict ◄──┐ 1yz once more
//!     │      refused            │ 2yz            │ │ └─────┘
//!     │◄────────────────────────┤    2yz, 4yz,   │ │ NOOP sent, as nothing follows
//!     │                         ▼    5yz         │ ▼
//!     │◄──────────────────── Judged ◄────────────┤ LastBefore ──► Judged
//!     │       taken             ▲                │ keep-alives are unanswered: PWD sent
//!     │                         └── Settling ◄───┘
//!     │     ABOR sent          first reply: NOOP or PWD sent
//!     └───────────────────► Abort ──────────────────► Sentinel or Settling ──► Nothing
//! ```
//!
//! In each state a 421 closes the session, and a code that only another command has is a [`Violation`]. A keep-alive
//! (`NOOP` during a transfer) may be answered at any time until the reply to the `PWD` after it, or never.
//!
//! In scope: the attribution of replies. Out of scope: reading and writing, and time; the holder asks for a limit on each
//! wait.

use crate::codes::{self, Fit};
pub use event::{Event, Sentinel, Violation};

use crate::reply::Reply;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::take;

mod attribution;
mod event;
#[cfg(test)]
mod tests;

/// Replies of 1yz that may come before the one that ends a command.
const MAX_PRELIMINARY: usize = 16;

/// Replies that may come between an `ABOR`, or a dropped transfer, and the one to the sentinel. In a session as many may
/// come that no command asked for.
const MAX_STRAYS: usize = 4;

/// The `NOOP`s of a transfer. Their replies have no fixed place.
#[derive(Debug, Default)]
pub struct KeepAlive {
    /// Sent in this transfer.
    pub sent: usize,
    /// Sent and without a reply.
    pub unanswered: usize,
    /// The server answered one with an error: no more are to be sent.
    pub rejected: bool,
}

impl KeepAlive {
    /// One more was sent.
    pub fn sent(&mut self) {
        self.sent += 1;
        self.unanswered += 1;
    }

    /// Whether the reply is one to a keep-alive. No transfer ends with such a code.
    pub fn take(&mut self, reply: &Reply) -> bool {
        let is_taken = self.unanswered > 0 && codes::answers_noop(reply.code);
        if is_taken {
            self.unanswered -= 1;
            self.rejected |= !reply.is_positive();
        }
        is_taken
    }
}

/// The reply that is expected next.
#[derive(Debug, Default)]
enum Expected {
    #[default]
    Nothing,
    /// The one to this, behind so many preliminary ones.
    Reply { asked: Asked, preliminary: usize },
    /// The one to `QUIT`, behind so many to other commands.
    Farewell { others: usize },
    /// The one to the `EPSV` that was sent with the transfer before.
    PassivePort,
    /// The one after which there may be data.
    Agreement { is_acknowledged: bool },
    /// The one that ends the transfer.
    Verdict { announced: Option<Reply>, preliminary: usize },
    /// A preliminary reply stands where the verdict is expected, and `EPSV` is unanswered.
    VerdictOrPort { announced: Reply },
    /// The last one before that to a `NOOP` is the verdict.
    LastBefore { verdict: Reply, others: usize },
    /// None: this is the verdict.
    Judged(Reply),
    /// The replies to an `ABOR` and to its transfer, in either order.
    Abort,
    /// The one to `PWD`, behind those to keep-alives and so many others.
    Settling { last: Option<Reply>, others: usize, is_verdict: bool },
    /// The one to a sentinel, which is a refusal where that may be.
    Sentinel { sentinel: Sentinel, may_be_refused: bool, others: Vec<Reply>, reason: Reason },
}

/// What a reply is to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    /// To the connection: the server speaks first.
    Greeting,
    /// To the command that opened a data connection.
    Transfer,
    /// To a command with this verb, in upper case.
    Command(String),
}

impl Asked {
    /// What it is called in [`codes::fit`].
    fn verb(&self) -> &str {
        match self {
            Self::Greeting => codes::GREETING,
            Self::Transfer => codes::TRANSFER,
            Self::Command(verb) => verb,
        }
    }

    fn fit(&self, code: u16) -> Fit {
        codes::fit(self.verb(), code)
    }
}

/// Why a sentinel was sent.
#[derive(Debug)]
enum Reason {
    /// This reply is odd for what was asked.
    Odd { asked: Asked, reply: Reply },
    /// A reply came that no command asked for.
    Stray,
    /// A transfer was dropped, or ended by this reply.
    Transfer(Option<Reply>),
}

/// `EPSV` that is sent together with a transfer.
#[derive(Debug, Default)]
enum Ahead {
    #[default]
    Nothing,
    /// Its reply comes after all that belong to the transfer.
    Asked,
    Answered(Reply),
}

/// Replies that no command asked for.
#[derive(Debug, Default)]
struct Strays {
    /// So many, so far.
    count: usize,
    /// One was dropped, and nothing has shown since that it was the last.
    in_doubt: bool,
}

/// What the transfers of a session have left behind.
#[derive(Debug, Default)]
struct Transfers {
    /// There was a command that opens a data connection.
    any: bool,
    /// The last verdict stands in place of a preliminary reply, and no sentinel was sent since.
    is_unannounced: bool,
    /// `ABOR` was sent while the server may still begin the transfer: replies of both come in either order.
    is_given_up: bool,
}

/// Attributes each reply of a session. See the [module](self).
#[derive(Debug)]
pub struct Conversation {
    expected: Expected,
    ahead: Ahead,
    strays: Strays,
    transfers: Transfers,
    /// The keep-alives of the transfer. Taken out while the transfer sends them.
    pub keep_alive: KeepAlive,
    /// The server has accepted a login: it does not refuse `NOOP`.
    pub logged_in: bool,
    /// `PWD` was answered with a directory.
    pub has_pwd: bool,
}

impl Default for Conversation {
    fn default() -> Self {
        Self::new()
    }
}

impl Conversation {
    /// A session whose greeting is expected.
    pub fn new() -> Self {
        Self {
            expected: Expected::Reply { asked: Asked::Greeting, preliminary: 0 },
            ahead: Ahead::Nothing,
            strays: Strays::default(),
            transfers: Transfers::default(),
            keep_alive: KeepAlive::default(),
            logged_in: false,
            has_pwd: false,
        }
    }

    // What was sent

    /// A command was sent, its verb in upper case: one reply is expected.
    pub fn command_sent(&mut self, verb: String) {
        self.expected = Expected::Reply { asked: Asked::Command(verb), preliminary: 0 };
    }

    /// (RETR, STOR, LIST and so on) A command that begins a transfer was sent, alone or together with `EPSV`.
    pub fn transfer_sent(&mut self, with_epsv: bool) {
        if with_epsv {
            self.ahead = Ahead::Asked;
        }
        (self.transfers.any, self.transfers.is_given_up) = (true, false);
        self.keep_alive.sent = 0;
        self.expected = Expected::Agreement { is_acknowledged: false };
    }

    /// (ABOR) Sent after a transfer that is given up. What was sent ahead is answered among the replies to come.
    pub fn abort_sent(&mut self) {
        self.ahead = Ahead::Nothing;
        self.expected = Expected::Abort;
    }

    /// (ABOR) Sent while the server may still begin the transfer, whose verdict is expected as before.
    pub fn early_abort_sent(&mut self) {
        self.transfers.is_given_up = true;
    }

    /// (QUIT) Sent: replies to earlier commands may come before its own, of which the refusals count.
    pub fn quit_sent(&mut self) {
        self.expected = Expected::Farewell { others: 0 };
    }

    /// The reply to the `EPSV` that was sent with the transfer is the next one. False where it is not outstanding.
    pub fn expect_passive_port(&mut self) -> bool {
        let is_asked = matches!(self.ahead, Ahead::Asked);
        if is_asked {
            self.expected = Expected::PassivePort;
        }
        is_asked
    }

    /// A transfer was dropped, or ended in doubt: find out which reply is the last. Gives what has to be sent.
    pub fn resync(&mut self) -> Sentinel {
        self.resync_after(None)
    }

    /// A reply came that no command asked for: find out whether it was the last. Gives what has to be sent, if anything.
    pub fn resync_strays(&mut self) -> Option<Sentinel> {
        if !self.strays.in_doubt {
            return None;
        }
        // One more late 200 would pass for the reply to `NOOP`. A client that is not logged in may not even do nothing.
        let sentinel = if self.has_pwd { Sentinel::Pwd } else { Sentinel::Noop };
        Some(self.send_sentinel(sentinel, !self.logged_in, Reason::Stray))
    }

    /// No reply is here behind the preliminary one that came where the verdict is expected. Some servers announce a
    /// transfer twice. Others say no more than that of one that failed.
    ///
    /// # Errors
    ///
    /// [`Violation`], as [`Self::received`].
    pub fn doubt_verdict(&mut self) -> Result<Event, Violation> {
        let announced = match take(&mut self.expected) {
            Expected::Verdict { announced: Some(announced), .. } => announced,
            expected => {
                self.expected = expected;
                return Ok(Event::Absorbed);
            }
        };
        if self.keep_alive.unanswered > 0 {
            return self.judged(announced);
        }
        self.keep_alive.unanswered = 1;
        self.expected = Expected::LastBefore { verdict: announced, others: 0 };
        Ok(Event::Send(Sentinel::Noop))
    }

    // What is known

    /// A reply is owed by the server to something else than a command: what comes now is not to be dropped.
    pub fn is_owed(&self) -> bool {
        self.keep_alive.unanswered > 0
            || matches!(self.ahead, Ahead::Asked)
            || matches!(self.expected, Expected::Settling { .. })
    }

    /// A reply was dropped, and nothing has shown since that it was the last.
    pub fn is_in_doubt(&self) -> bool {
        self.strays.in_doubt
    }

    /// The verdict came, and was not taken.
    pub fn has_verdict(&self) -> bool {
        matches!(self.expected, Expected::Judged(_))
    }

    /// The verdict of the transfer.
    pub fn take_verdict(&mut self) -> Option<Reply> {
        match take(&mut self.expected) {
            Expected::Judged(verdict) => Some(verdict),
            expected => {
                self.expected = expected;
                None
            }
        }
    }

    /// The verdict of the transfer, if it is a refusal.
    pub fn take_refusal(&mut self) -> Option<Reply> {
        match &self.expected {
            Expected::Judged(verdict) if !verdict.is_positive() => self.take_verdict(),
            _ => None,
        }
    }

    /// The verdict of the transfer stands in place of a preliminary reply: it may be a late one on something else.
    pub fn is_unannounced(&self) -> bool {
        self.transfers.is_unannounced
    }

    /// As [`Self::is_unannounced`]; from now on it is not, as a sentinel is about to be sent.
    pub fn take_unannounced(&mut self) -> bool {
        take(&mut self.transfers.is_unannounced)
    }

    /// The reply to the `EPSV` that was sent with a transfer.
    pub fn take_passive_port(&mut self) -> Option<Reply> {
        match take(&mut self.ahead) {
            Ahead::Answered(reply) => Some(reply),
            ahead => {
                self.ahead = ahead;
                None
            }
        }
    }

    /// What was sent ahead is of no use any more.
    pub fn forget_passive_port(&mut self) {
        self.ahead = Ahead::Nothing;
    }

    /// The verdict has to be one that ends transfers.
    ///
    /// # Errors
    ///
    /// [`Violation::OtherCommand`] when it is not.
    pub fn check_verdict(&self, verdict: &Reply) -> Result<(), Violation> {
        match Asked::Transfer.fit(verdict.code) {
            Fit::Answers => Ok(()),
            Fit::Odd | Fit::Never => Err(self.other_command("the transfer", verdict.code)),
        }
    }
}
