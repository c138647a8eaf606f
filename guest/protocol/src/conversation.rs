//! Which reply belongs to which command (RFC 959, section 5.4).
//!
//! Replies have no numbers. One that comes twice, or late, would be taken for that to the next command, a failure for a
//! success. What shows it is its code ([`codes`](crate::codes)), that it is here before the command is sent, and a
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
use crate::reply::Reply;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::mem::take;

#[cfg(test)]
mod tests;

/// Replies of 1yz that may come before the one that ends a command.
const MAX_PRELIMINARY: usize = 16;

/// Replies that may come between an `ABOR`, or a dropped transfer, and the one to the sentinel. In a session as many may
/// come that no command asked for.
const MAX_STRAYS: usize = 4;

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

    fn code(self) -> u16 {
        match self {
            Self::Noop => 200,
            Self::Pwd => 257,
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
    /// The verdict of the transfer is there for [`Conversation::take_verdict`].
    Verdict,
    /// A preliminary reply came during the transfer: if no other reply is here, [`Conversation::doubt_verdict`] says what to do.
    AnnouncedAgain,
    /// The reply to `EPSV` that was sent with the transfer is there for [`Conversation::take_passive_port`].
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
        let is_taken = self.unanswered > 0 && matches!(reply.code, 200 | 202 | 500..=504 | 530);
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
    /// The one to a command, behind so many preliminary ones.
    Reply { verb: String, preliminary: usize },
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

/// Why a sentinel was sent.
#[derive(Debug)]
enum Reason {
    /// This reply is odd for the command.
    Odd { verb: String, reply: Reply },
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

/// Attributes each reply of a session. See the [module](self).
#[derive(Debug)]
pub struct Conversation {
    expected: Expected,
    ahead: Ahead,
    /// A reply was dropped, and nothing has shown since that it was the last.
    is_in_doubt: bool,
    /// The verdict stands in place of a preliminary reply, and no sentinel was sent since.
    is_unannounced: bool,
    /// The keep-alives of the transfer. Taken out while the transfer sends them.
    pub keep_alive: KeepAlive,
    /// Replies that no command asked for, so far.
    strays: usize,
    /// There was a command that opens a data connection.
    has_transferred: bool,
    /// The `ABOR` was sent while the server may still begin the transfer: replies of both come in either order.
    is_given_up: bool,
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
            expected: Expected::Reply { verb: codes::GREETING.to_owned(), preliminary: 0 },
            ahead: Ahead::Nothing,
            is_in_doubt: false,
            is_unannounced: false,
            keep_alive: KeepAlive::default(),
            strays: 0,
            has_transferred: false,
            is_given_up: false,
            logged_in: false,
            has_pwd: false,
        }
    }

    // What was sent

    /// A command was sent, its verb in upper case: one reply is expected.
    pub fn command_sent(&mut self, verb: String) {
        self.expected = Expected::Reply { verb, preliminary: 0 };
    }

    /// (RETR, STOR, LIST and so on) A command that begins a transfer was sent, alone or together with `EPSV`.
    pub fn transfer_sent(&mut self, with_epsv: bool) {
        if with_epsv {
            self.ahead = Ahead::Asked;
        }
        (self.has_transferred, self.is_given_up) = (true, false);
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
        self.is_given_up = true;
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
        if !self.is_in_doubt {
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
        if matches!(self.ahead, Ahead::Asked) {
            self.expected = Expected::VerdictOrPort { announced };
            return Ok(Event::Absorbed);
        }
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
        self.is_in_doubt
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
        self.is_unannounced
    }

    /// As [`Self::is_unannounced`]; from now on it is not, as a sentinel is about to be sent.
    pub fn take_unannounced(&mut self) -> bool {
        take(&mut self.is_unannounced)
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
        match codes::fit(codes::TRANSFER, verdict.code) {
            Fit::Answers => Ok(()),
            Fit::Odd | Fit::Never => Err(self.other_command("the transfer", verdict.code)),
        }
    }

    // What was received

    /// Attribute the next reply. Nothing else does.
    ///
    /// # Errors
    ///
    /// [`Violation`]: the session is out of step, and of no further use.
    pub fn received(&mut self, reply: Reply) -> Result<Event, Violation> {
        if reply.code == 421 {
            return Ok(Event::Closing(reply));
        }
        match take(&mut self.expected) {
            Expected::Nothing => self.unasked(),
            Expected::Reply { verb, preliminary } => self.reply(verb, preliminary, reply),
            Expected::Farewell { others } => self.farewell(others, reply),
            Expected::PassivePort => self.passive_port(reply),
            Expected::Agreement { is_acknowledged } => self.agreement(is_acknowledged, reply),
            Expected::Verdict { announced, preliminary } => self.verdict(announced, preliminary, reply),
            Expected::VerdictOrPort { announced } => self.verdict_or_port(announced, reply),
            Expected::LastBefore { verdict, others } => self.last_before(verdict, others, reply),
            judged @ Expected::Judged(_) => {
                self.expected = judged;
                self.unasked()
            }
            Expected::Abort => self.abort(reply),
            Expected::Settling { last, others, is_verdict } => self.settling(last, others, is_verdict, reply),
            Expected::Sentinel { sentinel, may_be_refused, others, reason } => {
                self.sentinel(sentinel, may_be_refused, others, reason, reply)
            }
        }
    }

    fn unasked(&mut self) -> Result<Event, Violation> {
        self.is_in_doubt = true;
        self.count_strays(1)?;
        Ok(Event::Unasked)
    }

    fn count_strays(&mut self, more: usize) -> Result<(), Violation> {
        self.strays += more;
        if self.strays > MAX_STRAYS { Err(Violation::Strays) } else { Ok(()) }
    }

    fn reply(&mut self, verb: String, preliminary: usize, reply: Reply) -> Result<Event, Violation> {
        self.check_fit(&verb, reply.code)?;
        // Where TLS begins or ends, nothing may come but the reply.
        if reply.is_preliminary() && !matches!(&*verb, "AUTH" | "CCC") {
            let preliminary = one_more(preliminary)?;
            self.expected = Expected::Reply { verb, preliminary };
            return Ok(Event::Absorbed);
        }
        match codes::fit(&verb, reply.code) {
            Fit::Odd => Ok(self.odd(verb, reply)),
            Fit::Answers | Fit::Never => Ok(Event::Reply(reply)),
        }
    }

    /// It may be the reply to an earlier command: so it counts once a `NOOP` has shown that no other reply follows.
    fn odd(&mut self, verb: String, reply: Reply) -> Event {
        let code = reply.code;
        self.send_sentinel(Sentinel::Noop, false, Reason::Odd { verb: verb.clone(), reply });
        Event::Odd { verb, code }
    }

    fn farewell(&mut self, others: usize, reply: Reply) -> Result<Event, Violation> {
        if reply.code >= 400 || codes::fit("QUIT", reply.code) == Fit::Answers && !reply.is_preliminary() {
            return Ok(Event::Reply(reply));
        }
        self.expected = Expected::Farewell { others: one_stray_more(others, "QUIT")? };
        Ok(Event::Absorbed)
    }

    fn passive_port(&mut self, reply: Reply) -> Result<Event, Violation> {
        self.check_fit("EPSV", reply.code)?;
        self.ahead = Ahead::Answered(reply);
        Ok(Event::PassivePort)
    }

    /// Some servers acknowledge the command before they begin, and some leave out the preliminary reply.
    fn agreement(&mut self, is_acknowledged: bool, reply: Reply) -> Result<Event, Violation> {
        self.check_fit(codes::TRANSFER, reply.code)?;
        if codes::fit(codes::TRANSFER, reply.code) == Fit::Odd {
            return Ok(self.odd(codes::TRANSFER.to_owned(), reply));
        }
        self.is_unannounced = false;
        match reply.code {
            100..=199 => self.expected = Expected::Verdict { announced: None, preliminary: 0 },
            200 if !is_acknowledged => {
                self.expected = Expected::Agreement { is_acknowledged: true };
                return Ok(Event::Absorbed);
            }
            226 | 250 => {
                self.is_unannounced = true;
                self.expected = Expected::Judged(reply.clone());
            }
            _ => {}
        }
        Ok(Event::Agreement(reply))
    }

    fn verdict(&mut self, announced: Option<Reply>, preliminary: usize, reply: Reply) -> Result<Event, Violation> {
        if self.keep_alive.take(&reply) {
            self.expected = Expected::Verdict { announced, preliminary };
            return Ok(Event::Absorbed);
        }
        if !reply.is_preliminary() {
            return self.judged(reply);
        }
        self.expected = Expected::Verdict { announced: Some(reply), preliminary: one_more(preliminary)? };
        Ok(Event::AnnouncedAgain)
    }

    fn verdict_or_port(&mut self, announced: Reply, reply: Reply) -> Result<Event, Violation> {
        if reply.code != 229 {
            return self.judged(reply);
        }
        self.ahead = Ahead::Answered(reply);
        self.judged(announced)
    }

    fn last_before(&mut self, verdict: Reply, others: usize, reply: Reply) -> Result<Event, Violation> {
        if self.keep_alive.take(&reply) {
            return self.judged(verdict);
        }
        self.expected = Expected::LastBefore { verdict: reply, others: one_more(others)? };
        Ok(Event::Absorbed)
    }

    /// The transfer has its verdict. Keep-alives without a reply may have been answered by it, so a `PWD` follows, whose
    /// reply can be told from theirs.
    fn judged(&mut self, verdict: Reply) -> Result<Event, Violation> {
        if self.keep_alive.sent > 0 && verdict.code == 200 {
            return Err(Violation::KeepAlive);
        }
        if !self.is_given_up {
            self.check_fit(codes::TRANSFER, verdict.code)?;
        }
        if self.keep_alive.unanswered > 0 {
            self.expected = Expected::Settling { last: Some(verdict), others: 0, is_verdict: true };
            return Ok(Event::Send(Sentinel::Pwd));
        }
        self.expected = Expected::Judged(verdict);
        Ok(Event::Verdict)
    }

    /// Servers answer 426 and 226, or 225 or 226 alone.
    fn abort(&mut self, reply: Reply) -> Result<Event, Violation> {
        if self.keep_alive.take(&reply) {
            self.expected = Expected::Abort;
            return Ok(Event::Absorbed);
        }
        Ok(Event::Send(self.resync_after(Some(reply))))
    }

    fn resync_after(&mut self, last: Option<Reply>) -> Sentinel {
        if self.keep_alive.unanswered == 0 {
            return self.send_sentinel(Sentinel::Noop, false, Reason::Transfer(last));
        }
        self.expected = Expected::Settling { last, others: 0, is_verdict: false };
        Sentinel::Pwd
    }

    fn settling(
        &mut self,
        last: Option<Reply>,
        others: usize,
        is_verdict: bool,
        reply: Reply,
    ) -> Result<Event, Violation> {
        if self.keep_alive.take(&reply) {
            self.expected = Expected::Settling { last, others, is_verdict };
            return Ok(Event::Absorbed);
        }
        if matches!(reply.code, 257 | 550) || self.keep_alive.unanswered == 0 && !reply.is_positive() {
            self.keep_alive.unanswered = 0;
            return Ok(match last {
                Some(verdict) if is_verdict => {
                    self.expected = Expected::Judged(verdict);
                    Event::Verdict
                }
                last => Event::InStep(last),
            });
        }
        let others = if others == MAX_STRAYS { return Err(Violation::Unanswered("PWD")) } else { others + 1 };
        // The first reply may have been one to a keep-alive: where they differ, the refusal is the verdict.
        let last = last.filter(|last| is_verdict && !last.is_positive() && !last.is_preliminary()).or(Some(reply));
        self.expected = Expected::Settling { last, others, is_verdict };
        Ok(Event::Absorbed)
    }

    fn send_sentinel(&mut self, sentinel: Sentinel, may_be_refused: bool, reason: Reason) -> Sentinel {
        self.is_in_doubt = false;
        self.expected = Expected::Sentinel { sentinel, may_be_refused, others: Vec::new(), reason };
        sentinel
    }

    fn sentinel(
        &mut self,
        sentinel: Sentinel,
        may_be_refused: bool,
        mut others: Vec<Reply>,
        reason: Reason,
        reply: Reply,
    ) -> Result<Event, Violation> {
        let is_refused = reply.code >= 400;
        if reply.code == sentinel.code() || may_be_refused && is_refused {
            return self.in_step(others, reason);
        }
        others.push(reply);
        if others.len() == MAX_STRAYS {
            return Err(Violation::Unanswered(sentinel.verb()));
        }
        // It may be that of `PWD`.
        let is_again = sentinel == Sentinel::Pwd && is_refused;
        let next = if is_again { Sentinel::Noop } else { sentinel };
        self.has_pwd &= !is_again;
        self.expected = Expected::Sentinel { sentinel: next, may_be_refused, others, reason };
        Ok(if is_again { Event::Send(next) } else { Event::Absorbed })
    }

    /// The sentinel was answered: what came before it is attributed.
    fn in_step(&mut self, mut others: Vec<Reply>, reason: Reason) -> Result<Event, Violation> {
        match reason {
            Reason::Stray => {
                self.count_strays(others.len())?;
                Ok(Event::InStep(others.pop()))
            }
            Reason::Transfer(last) => Ok(Event::InStep(others.pop().or(last))),
            Reason::Odd { verb, reply } => self.own_among(others, verb, reply),
        }
    }

    /// Of an odd reply and those behind it: the command's own is the refusal, or else the last.
    fn own_among(&mut self, mut others: Vec<Reply>, verb: String, odd: Reply) -> Result<Event, Violation> {
        let strays = others.len();
        let begins = others.iter().any(Reply::is_preliminary);
        let own = match others.iter().position(|other| other.code >= 400) {
            Some(refusal) => others.swap_remove(refusal),
            None => match others.pop() {
                Some(last) => last,
                None => return Ok(attributed(&verb, odd)),
            },
        };
        self.count_strays(strays)?;
        if codes::fit(&verb, own.code) != Fit::Answers || begins {
            return Err(self.other_command(&verb, odd.code));
        }
        match &*verb {
            codes::TRANSFER => self.agreement(true, own),
            _ => Ok(Event::Reply(own)),
        }
    }

    /// A code that cannot be that of the command is the reply to another one.
    fn check_fit(&self, verb: &str, code: u16) -> Result<(), Violation> {
        // Before the first transfer no 226 of one can be under way.
        let is_late = verb == "TYPE" && code == 226 && self.has_transferred;
        match is_late || codes::fit(verb, code) == Fit::Never {
            true => Err(self.other_command(verb, code)),
            false => Ok(()),
        }
    }

    fn other_command(&self, verb: &str, code: u16) -> Violation {
        match (&self.ahead, code) {
            // A server that answers `EPSV` during the transfer before it has given that transfer up.
            (Ahead::Asked, 227..=229) => Violation::Pipelining,
            _ if verb == codes::GREETING => Violation::Greeting(code),
            _ => Violation::OtherCommand { verb: verb.to_owned(), code },
        }
    }
}

fn attributed(verb: &str, reply: Reply) -> Event {
    match verb {
        codes::TRANSFER => Event::Agreement(reply),
        _ => Event::Reply(reply),
    }
}

fn one_more(preliminary: usize) -> Result<usize, Violation> {
    if preliminary == MAX_PRELIMINARY { Err(Violation::Preliminary) } else { Ok(preliminary + 1) }
}

fn one_stray_more(others: usize, verb: &'static str) -> Result<usize, Violation> {
    if others + 1 == MAX_STRAYS { Err(Violation::Unanswered(verb)) } else { Ok(others + 1) }
}
