//! The one place that attributes a reply.

use super::event::{Event, Sentinel, Violation};
use super::{Ahead, Asked, Conversation, Expected, MAX_PRELIMINARY, MAX_STRAYS, Reason};
use crate::codes::{self, Fit};
use crate::reply::Reply;
use alloc::borrow::ToOwned;
use alloc::vec::Vec;
use core::mem::take;

impl Conversation {
    /// Attribute the next reply. Nothing else does.
    ///
    /// # Errors
    ///
    /// [`Violation`]: the session is out of step, and of no further use.
    pub fn received(&mut self, reply: Reply) -> Result<Event, Violation> {
        if reply.code == codes::CLOSING {
            return Ok(Event::Closing(reply));
        }
        match take(&mut self.expected) {
            Expected::Nothing => self.unasked(),
            Expected::Reply { asked, preliminary } => self.reply(asked, preliminary, reply),
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
        self.strays.in_doubt = true;
        self.count_strays(1)?;
        Ok(Event::Unasked)
    }

    fn count_strays(&mut self, more: usize) -> Result<(), Violation> {
        self.strays.count += more;
        if self.strays.count > MAX_STRAYS { Err(Violation::Strays) } else { Ok(()) }
    }

    fn reply(&mut self, asked: Asked, preliminary: usize, reply: Reply) -> Result<Event, Violation> {
        self.check_fit(&asked, reply.code)?;
        // Where TLS begins or ends, nothing may come but the reply.
        if reply.is_preliminary() && !matches!(asked.verb(), "AUTH" | "CCC") {
            let preliminary = one_more(preliminary)?;
            self.expected = Expected::Reply { asked, preliminary };
            return Ok(Event::Absorbed);
        }
        match asked.fit(reply.code) {
            Fit::Odd => Ok(self.odd(asked, reply)),
            Fit::Answers | Fit::Never => Ok(Event::Reply(reply)),
        }
    }

    /// It may be the reply to an earlier command: so it counts once a `NOOP` has shown that no other reply follows.
    fn odd(&mut self, asked: Asked, reply: Reply) -> Event {
        let (verb, code) = (asked.verb().to_owned(), reply.code);
        self.send_sentinel(Sentinel::Noop, false, Reason::Odd { asked, reply });
        Event::Odd { verb, code }
    }

    fn farewell(&mut self, others: usize, reply: Reply) -> Result<Event, Violation> {
        if codes::is_refusal(reply.code) || codes::fit("QUIT", reply.code) == Fit::Answers && !reply.is_preliminary() {
            return Ok(Event::Reply(reply));
        }
        self.expected = Expected::Farewell { others: one_stray_more(others, "QUIT")? };
        Ok(Event::Absorbed)
    }

    fn passive_port(&mut self, reply: Reply) -> Result<Event, Violation> {
        self.check_fit(&Asked::Command("EPSV".to_owned()), reply.code)?;
        self.ahead = Ahead::Answered(reply);
        Ok(Event::PassivePort)
    }

    /// Some servers acknowledge the command before they begin, and some leave out the preliminary reply.
    fn agreement(&mut self, is_acknowledged: bool, reply: Reply) -> Result<Event, Violation> {
        self.check_fit(&Asked::Transfer, reply.code)?;
        if Asked::Transfer.fit(reply.code) == Fit::Odd {
            return Ok(self.odd(Asked::Transfer, reply));
        }
        self.transfers.is_unannounced = false;
        match reply.code {
            _ if reply.is_preliminary() => self.expected = Expected::Verdict { announced: None, preliminary: 0 },
            codes::OKAY if !is_acknowledged => {
                self.expected = Expected::Agreement { is_acknowledged: true };
                return Ok(Event::Absorbed);
            }
            code if codes::ends_transfer(code) => {
                self.transfers.is_unannounced = true;
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
        if matches!(self.ahead, Ahead::Asked) {
            // The next reply shows what this one is.
            self.expected = Expected::VerdictOrPort { announced: reply };
            return Ok(Event::Absorbed);
        }
        self.expected = Expected::Verdict { announced: Some(reply), preliminary: one_more(preliminary)? };
        Ok(Event::AnnouncedAgain)
    }

    fn verdict_or_port(&mut self, announced: Reply, reply: Reply) -> Result<Event, Violation> {
        if reply.code != codes::EXTENDED_PASSIVE {
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
    pub(super) fn judged(&mut self, verdict: Reply) -> Result<Event, Violation> {
        if self.keep_alive.sent > 0 && verdict.code == codes::OKAY {
            return Err(Violation::KeepAlive);
        }
        if !self.transfers.is_given_up {
            self.check_fit(&Asked::Transfer, verdict.code)?;
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

    pub(super) fn resync_after(&mut self, last: Option<Reply>) -> Sentinel {
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
        if codes::answers_pwd(reply.code) || self.keep_alive.unanswered == 0 && !reply.is_positive() {
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

    pub(super) fn send_sentinel(&mut self, sentinel: Sentinel, may_be_refused: bool, reason: Reason) -> Sentinel {
        self.strays.in_doubt = false;
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
        let is_refused = codes::is_refusal(reply.code);
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
            Reason::Odd { asked, reply } => self.own_among(others, &asked, reply),
        }
    }

    /// Of an odd reply and those behind it: the command's own is the refusal, or else the last.
    fn own_among(&mut self, mut others: Vec<Reply>, asked: &Asked, odd: Reply) -> Result<Event, Violation> {
        let strays = others.len();
        let begins = others.iter().any(Reply::is_preliminary);
        let own = match others.iter().position(|other| codes::is_refusal(other.code)) {
            Some(refusal) => others.swap_remove(refusal),
            None => match others.pop() {
                Some(last) => last,
                None => return Ok(attributed(asked, odd)),
            },
        };
        self.count_strays(strays)?;
        if asked.fit(own.code) != Fit::Answers || begins {
            return Err(self.other_command(asked.verb(), odd.code));
        }
        match asked {
            Asked::Transfer => self.agreement(true, own),
            _ => Ok(Event::Reply(own)),
        }
    }

    /// A code that cannot be that of the command is the reply to another one.
    fn check_fit(&self, asked: &Asked, code: u16) -> Result<(), Violation> {
        // Before the first transfer no 226 of one can be under way.
        let is_late = asked.verb() == "TYPE" && code == codes::TRANSFER_DONE && self.transfers.any;
        match (is_late || asked.fit(code) == Fit::Never, asked) {
            (false, _) => Ok(()),
            (true, Asked::Greeting) => Err(Violation::Greeting(code)),
            (true, asked) => Err(self.other_command(asked.verb(), code)),
        }
    }

    pub(super) fn other_command(&self, verb: &str, code: u16) -> Violation {
        match (&self.ahead, code) {
            // A server that answers `EPSV` during the transfer before it has given that transfer up.
            (Ahead::Asked, code) if codes::names_port(code) => Violation::Pipelining,
            _ => Violation::OtherCommand { verb: verb.to_owned(), code },
        }
    }
}

fn attributed(asked: &Asked, reply: Reply) -> Event {
    match asked {
        Asked::Transfer => Event::Agreement(reply),
        _ => Event::Reply(reply),
    }
}

fn one_more(preliminary: usize) -> Result<usize, Violation> {
    if preliminary == MAX_PRELIMINARY { Err(Violation::Preliminary) } else { Ok(preliminary + 1) }
}

fn one_stray_more(others: usize, verb: &'static str) -> Result<usize, Violation> {
    if others + 1 == MAX_STRAYS { Err(Violation::Unanswered(verb)) } else { Ok(others + 1) }
}
