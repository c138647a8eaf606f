//! Tables of what was sent and received, and random sessions against a server that answers each command once.

use super::*;
use crate::codes::{Fit, fit};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;

fn reply_of(code: u16) -> Reply {
    Reply { code, lines: vec![b"text".to_vec()] }
}

/// An event as the tables have it.
fn shown(event: Result<Event, Violation>, conversation: &mut Conversation) -> String {
    match event {
        Ok(Event::Absorbed) => "-".to_string(),
        Ok(Event::Reply(reply)) => format!("reply:{}", reply.code),
        Ok(Event::Agreement(reply)) => format!("agreement:{}", reply.code),
        Ok(Event::Verdict) => match conversation.take_verdict() {
            Some(verdict) => format!("verdict:{}", verdict.code),
            None => "no verdict".to_string(),
        },
        Ok(Event::AnnouncedAgain) => "again".to_string(),
        Ok(Event::PassivePort) => format!("port:{}", conversation.take_passive_port().map_or(0, |reply| reply.code)),
        Ok(Event::InStep(last)) => format!("in-step:{}", last.map_or(0, |reply| reply.code)),
        Ok(Event::Send(sentinel)) => sentinel.verb().to_string(),
        Ok(Event::Odd { .. }) => "odd".to_string(),
        Ok(Event::Unasked) => "unasked".to_string(),
        Ok(Event::Closing(_)) => "closing".to_string(),
        Err(violation) => match violation {
            Violation::Greeting(_) => "broken:greeting".to_string(),
            Violation::OtherCommand { .. } => "broken:other".to_string(),
            Violation::Pipelining => "broken:pipelining".to_string(),
            Violation::Preliminary => "broken:preliminary".to_string(),
            Violation::Strays => "broken:strays".to_string(),
            Violation::Unanswered(verb) => format!("broken:{verb}"),
            Violation::KeepAlive => "broken:keep-alive".to_string(),
        },
    }
}

/// Plays one row: `>DELE` was sent, `250=reply:250` was received and means that, `+` is a keep-alive.
fn play(row: &str) {
    let mut conversation = Conversation::new();
    conversation.received(reply_of(220)).unwrap();
    for step in row.split_whitespace() {
        let (step, expected) = step.split_once('=').unwrap_or((step, ""));
        let result = match step {
            "+" => {
                conversation.keep_alive.sent();
                String::new()
            }
            ">ABOR" => {
                conversation.abort_sent();
                String::new()
            }
            ">early-ABOR" => {
                conversation.early_abort_sent();
                String::new()
            }
            ">QUIT" => {
                conversation.quit_sent();
                String::new()
            }
            ">RETR" | ">RETR+EPSV" => {
                conversation.transfer_sent(step.ends_with("EPSV"));
                String::new()
            }
            "login" => {
                conversation.logged_in = true;
                String::new()
            }
            "pwd" => {
                conversation.has_pwd = true;
                String::new()
            }
            "silence" => {
                let event = conversation.doubt_verdict();
                shown(event, &mut conversation)
            }
            "resync" => conversation.resync().verb().to_string(),
            "strays" => conversation.resync_strays().map_or("none", Sentinel::verb).to_string(),
            "port" => conversation.expect_passive_port().to_string(),
            "unannounced" => conversation.take_unannounced().to_string(),
            _ => match step.strip_prefix('>') {
                Some(verb) => {
                    conversation.command_sent(verb.to_string());
                    String::new()
                }
                None => {
                    let event = conversation.received(reply_of(step.parse().unwrap()));
                    shown(event, &mut conversation)
                }
            },
        };
        assert_eq!(result, expected, "{step} in {row}");
    }
}

#[test]
fn greeting() {
    for (codes, expected) in [
        (&[220][..], "reply:220"),
        (&[230], "reply:230"),
        (&[120, 220], "reply:220"),
        (&[554], "reply:554"),
        (&[421], "closing"),
        (&[331], "broken:greeting"),
    ] {
        let mut conversation = Conversation::new();
        let events = codes.iter().map(|&code| conversation.received(reply_of(code))).collect::<Vec<_>>();
        assert_eq!(shown(events.into_iter().next_back().unwrap(), &mut conversation), expected, "{codes:?}");
    }
}

#[test]
fn commands() {
    for row in [
        ">DELE 250=reply:250",
        ">DELE 550=reply:550",
        ">DELE 150=- 250=reply:250",
        ">DELE 421=closing",
        // The codes of other commands.
        ">DELE 230=broken:other",
        ">DELE 226=broken:other",
        ">PWD 227=broken:other",
        ">AUTH 150=reply:150",
        ">CCC 250=broken:other",
        // A late 226 of a transfer, where there was one.
        ">TYPE 226=odd 200=reply:226",
        ">RETR 150=agreement:150 226=verdict:226 >TYPE 226=broken:other",
        // Odd codes: the refusal counts, or else the last one.
        ">DELE 200=odd 200=reply:200",
        ">DELE 257=odd 550=- 200=reply:550",
        ">DELE 257=odd 250=- 200=reply:250",
        ">DELE 257=odd 550=- 250=- 200=reply:550",
        ">DELE 257=odd 213=- 200=broken:other",
        ">DELE 257=odd 150=- 250=- 200=broken:other",
        ">DELE 257=odd 213=- 213=- 213=- 213=broken:NOOP",
        ">EPSV 227=odd 200=reply:227",
        // QUIT: what comes before its reply belongs to other commands, and a refusal counts.
        ">QUIT 221=reply:221",
        ">QUIT 226=- 350=- 221=reply:221",
        ">QUIT 226=- 550=reply:550",
        ">QUIT 226=- 226=- 226=- 226=broken:QUIT",
    ] {
        play(row);
    }
    let many = "150=- ".repeat(16);
    play(&format!(">DELE {many} 250=reply:250"));
    play(&format!(">DELE {many} 150=broken:preliminary"));
}

#[test]
fn replies_that_no_command_asked_for() {
    for row in [
        "250=unasked strays=NOOP 200=in-step:0 >DELE 550=reply:550",
        "login pwd 200=unasked strays=PWD 257=in-step:0 >DELE 550=reply:550",
        "strays=none",
        // One more is on its way.
        "login 250=unasked strays=NOOP 250=- 200=in-step:250 >DELE 550=reply:550",
        // A client that is not logged in may be refused everything.
        "250=unasked strays=NOOP 530=in-step:0",
        "login 250=unasked strays=NOOP 530=- 200=in-step:530",
        // The refusal may be that of `PWD`.
        "login pwd 250=unasked strays=PWD 550=NOOP 200=in-step:550",
        "login pwd 200=unasked strays=PWD 200=- 257=in-step:200",
        "250=unasked 250=unasked 250=unasked 250=unasked 250=broken:strays",
        "login 250=unasked strays=NOOP 250=- 250=- 250=- 200=in-step:250 250=broken:strays",
        "login 250=unasked strays=NOOP 250=- 250=- 250=- 250=broken:NOOP",
        "421=closing",
    ] {
        play(row);
    }
}

#[test]
fn transfers() {
    for row in [
        ">RETR 150=agreement:150 226=verdict:226",
        ">RETR 125=agreement:125 426=verdict:426",
        ">RETR 550=agreement:550",
        ">RETR 200=- 150=agreement:150 250=verdict:250",
        ">RETR 200=- 200=agreement:200",
        ">RETR 230=broken:other",
        ">RETR 150=agreement:150 230=broken:other",
        ">RETR 213=odd 550=- 200=agreement:550",
        ">RETR 213=odd 150=- 226=- 200=broken:other",
        ">RETR 213=odd 200=agreement:213",
        // The verdict without a preliminary reply.
        ">RETR 226=agreement:226 unannounced=true resync=NOOP 200=in-step:0",
        ">RETR 226=agreement:226 unannounced=true resync=NOOP 550=- 200=in-step:550",
        ">RETR 150=agreement:150 226=verdict:226 unannounced=false",
        // Announced twice: the verdict follows, or nothing does.
        ">RETR 150=agreement:150 150=again 226=verdict:226",
        ">RETR 150=agreement:150 150=again silence=NOOP 200=verdict:150",
        ">RETR 150=agreement:150 150=again silence=NOOP 226=- 200=verdict:226",
        ">RETR 150=agreement:150 150=again silence=NOOP 426=- 500=verdict:426",
        ">RETR 150=agreement:150 silence=- 226=verdict:226",
    ] {
        play(row);
    }
}

#[test]
fn epsv_that_was_sent_ahead() {
    for row in [
        ">RETR+EPSV 150=agreement:150 226=verdict:226 port=true 229=port:229",
        ">RETR+EPSV 150=agreement:150 226=verdict:226 port=true 500=port:500",
        ">RETR+EPSV 150=agreement:150 226=verdict:226 port=true 250=port:250",
        ">RETR+EPSV 150=agreement:150 226=verdict:226 port=true 230=broken:other",
        ">RETR+EPSV 150=agreement:150 229=broken:pipelining",
        ">RETR+EPSV 550=agreement:550 port=true 229=port:229",
        ">RETR+EPSV 150=agreement:150 150=again silence=- 226=verdict:226 port=true 229=port:229",
        ">RETR+EPSV 150=agreement:150 150=again silence=- 229=verdict:150 port=false",
        ">RETR+EPSV 150=agreement:150 >ABOR 426=NOOP 226=- 229=- 200=in-step:229 port=false",
        ">RETR 150=agreement:150 226=verdict:226 port=false",
    ] {
        play(row);
    }
}

#[test]
fn keep_alives() {
    for row in [
        ">RETR 150=agreement:150 + 200=- 226=verdict:226",
        ">RETR 150=agreement:150 + 500=- 226=verdict:226",
        // The reply comes after the verdict, or never.
        ">RETR 150=agreement:150 + 226=PWD 200=- 257=verdict:226",
        ">RETR 150=agreement:150 + 226=PWD 257=verdict:226",
        ">RETR 150=agreement:150 + 226=PWD 550=verdict:226",
        ">RETR 150=agreement:150 + 226=PWD 200=- 500=verdict:226",
        ">RETR 150=agreement:150 + + 200=- 226=PWD 200=- 257=verdict:226",
        // The first reply may have been one to a `NOOP`: the refusal counts.
        ">RETR 150=agreement:150 + 250=PWD 426=- 257=verdict:426",
        ">RETR 150=agreement:150 + 426=PWD 226=- 257=verdict:426",
        ">RETR 150=agreement:150 + 226=PWD 226=- 226=- 226=- 226=- 226=broken:PWD",
        ">RETR 150=agreement:150 + 200=- 200=broken:keep-alive",
        ">RETR 150=agreement:150 + 150=again silence=PWD 200=- 257=verdict:150",
        // The next transfer has none.
        ">RETR 150=agreement:150 + 200=- 226=verdict:226 >RETR 150=agreement:150 226=verdict:226",
    ] {
        play(row);
    }
}

#[test]
fn transfers_that_are_given_up() {
    for row in [
        ">RETR 150=agreement:150 >ABOR 426=NOOP 226=- 200=in-step:226",
        ">RETR 150=agreement:150 >ABOR 226=NOOP 200=in-step:226",
        ">RETR 150=agreement:150 >ABOR 225=NOOP 226=- 200=in-step:226",
        ">RETR 150=agreement:150 >ABOR 421=closing",
        ">RETR 150=agreement:150 + >ABOR 200=- 426=NOOP 226=- 200=in-step:226",
        ">RETR 150=agreement:150 + >ABOR 426=PWD 226=- 200=- 257=in-step:226",
        // The verdict of one that was dropped, and what may still follow it.
        ">RETR 150=agreement:150 426=verdict:426 resync=NOOP 226=- 200=in-step:226",
        ">RETR 150=agreement:150 + 226=PWD 257=verdict:226 resync=NOOP 200=in-step:0",
        // Replies of both commands come in either order.
        ">RETR 150=agreement:150 >early-ABOR 225=verdict:225 resync=NOOP 426=- 200=in-step:426",
    ] {
        play(row);
    }
}

#[test]
fn verdicts_are_those_of_transfers() {
    let conversation = Conversation::new();
    for (code, is_one) in [(226, true), (250, true), (426, true), (552, true), (213, false), (257, false), (331, false)]
    {
        assert_eq!(conversation.check_verdict(&reply_of(code)).is_ok(), is_one, "{code}");
    }
}

/// Numbers that are the same in each run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one_of<T: Copy>(&mut self, choice: &[T]) -> T {
        choice[self.below(choice.len())]
    }
}

/// Commands with the code of their success.
const COMMANDS: [(&str, u16); 10] = [
    ("DELE", 250),
    ("RMD", 250),
    ("MKD", 257),
    ("CWD", 250),
    ("PWD", 257),
    ("SYST", 215),
    ("SIZE", 213),
    ("MDTM", 213),
    ("RNFR", 350),
    ("TYPE", 200),
];

/// A server that answers each command once and in order, and something on the path that adds replies.
struct Server {
    random: Random,
    /// Replies on their way.
    wire: VecDeque<u16>,
}

impl Server {
    fn answer(&mut self, code: u16) {
        self.wire.push_back(code);
    }

    /// A code that this command cannot have.
    fn foreign(&mut self, verb: &str) -> u16 {
        loop {
            let code = self.random.one_of(&[220, 221, 225, 226, 227, 229, 230, 232, 234, 331, 332, 350]);
            if fit(verb, code) == Fit::Never {
                return code;
            }
        }
    }
}

/// The next reply that is for the command, once all sentinels have been answered.
fn outcome(conversation: &mut Conversation, server: &mut Server) -> Result<Event, Violation> {
    loop {
        let Some(code) = server.wire.pop_front() else { return Ok(Event::Absorbed) };
        match conversation.received(reply_of(code))? {
            Event::Send(sentinel) => server.answer(sentinel.code()),
            Event::Odd { .. } => server.answer(200),
            Event::Absorbed | Event::Unasked => {}
            event => return Ok(event),
        }
    }
}

/// What is here before the next command. Whole replies are dropped, and a sentinel shows that none follows.
fn drop_strays(conversation: &mut Conversation, server: &mut Server) -> Result<(), Violation> {
    while let Some(code) = server.wire.pop_front() {
        assert_eq!(conversation.received(reply_of(code))?, Event::Unasked);
    }
    if let Some(sentinel) = conversation.resync_strays() {
        server.answer(sentinel.code());
        let event = outcome(conversation, server)?;
        assert!(matches!(event, Event::InStep(_)), "{event:?}");
    }
    Ok(())
}

fn session(seed: u64, replies_to_add: fn(&mut Server, &str, u16)) -> (usize, usize) {
    let mut server = Server { random: Random(seed), wire: VecDeque::new() };
    let mut conversation = Conversation::new();
    conversation.received(reply_of(220)).unwrap();
    (conversation.logged_in, conversation.has_pwd) = (true, server.random.below(2) == 0);
    for count in 0..12 {
        if drop_strays(&mut conversation, &mut server).is_err() {
            return (count, 1);
        }
        let (verb, success) = server.random.one_of(&COMMANDS);
        let code = if server.random.below(2) == 0 { success } else { 550 };
        conversation.command_sent(verb.to_string());
        replies_to_add(&mut server, verb, code);
        match outcome(&mut conversation, &mut server) {
            // A success is the one that the server meant.
            Ok(Event::Reply(reply)) => assert!(reply.code >= 400 || reply.code == code, "{reply:?} to {verb}: {code}"),
            Ok(event) => panic!("{event:?} to {verb}"),
            Err(_) => return (count, 1),
        }
    }
    (12, 0)
}

#[test]
fn success_never_belongs_to_another_command() {
    let mut broken = 0;
    for seed in 1..20_000 {
        broken += session(seed, |server, verb, code| {
            let extra = server.random.below(4);
            if extra == 0 {
                let foreign = server.foreign(verb);
                server.answer(foreign);
            }
            server.answer(code);
            if extra == 1 {
                let late = server.random.one_of(&[200, 250, 257, 213, 550]);
                server.answer(late);
            }
        })
        .1;
    }
    assert!((1000..20_000).contains(&broken), "{broken} of the sessions ended early");
}

/// A late reply whose code is odd for the command is not its reply before the sentinel has its own.
#[test]
fn late_reply_counts_never_before_the_sentinel() {
    let mut sessions = 0;
    for seed in 1..20_000 {
        let (count, broken) = session(seed, |server, verb, code| {
            let odd: Vec<u16> =
                [200, 211, 213, 214, 215, 250, 257].into_iter().filter(|&odd| fit(verb, odd) == Fit::Odd).collect();
            if !odd.is_empty() && server.random.below(5) == 0 {
                let late = server.random.one_of(&odd);
                server.answer(late);
            }
            server.answer(code);
        });
        assert!(broken == 0 || count > 0);
        sessions += usize::from(broken == 0);
    }
    assert!(sessions > 10_000, "{sessions} sessions came to their end");
}

/// Keep-alives are answered before the verdict, after it, or not at all.
#[test]
fn refusal_of_a_transfer_is_never_a_success_with_keep_alives() {
    for seed in 1..20_000 {
        let mut random = Random(seed);
        let mut conversation = Conversation::new();
        conversation.received(reply_of(220)).unwrap();
        conversation.transfer_sent(false);
        conversation.received(reply_of(150)).unwrap();
        let count = random.below(4);
        let verdict = random.one_of(&[226, 250, 426, 451, 552]);
        let keep_alive = random.one_of(&[200, 500, 502, 530]);
        let before = random.below(count + 1);
        let after = random.below(count - before + 1);
        (0..count).for_each(|_| conversation.keep_alive.sent());
        let mut wire: VecDeque<u16> = core::iter::repeat_n(keep_alive, before).collect();
        wire.push_back(verdict);
        wire.extend(core::iter::repeat_n(keep_alive, after));
        let mut server = Server { random, wire };
        let event = outcome(&mut conversation, &mut server);
        assert_eq!(event, Ok(Event::Verdict), "{seed}");
        assert_eq!(conversation.take_verdict().map(|verdict| verdict.code), Some(verdict), "{seed}");
        assert_eq!(conversation.keep_alive.unanswered, 0);
    }
}
