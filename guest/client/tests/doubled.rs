//! A server that sends some replies twice, at once or late, in thousands of sequences: nothing is a success that it
//! refused.

#![allow(missing_docs)]

use ftp_client::{Error, FailureKind, Listener, Network, NetworkError, RefusalKind, Session, Settings, Stream};
use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What is sent twice: codes that what deletes and moves does not have for its own.
const DOUBLED: [&str; 5] = ["200", "213", "215", "230", "331"];

/// A server that answers each command as soon as it is written.
#[derive(Default)]
struct Server {
    line: Vec<u8>,
    says: VecDeque<u8>,
    late: Vec<String>,
    done: HashSet<String>,
    seed: u64,
    now: Duration,
}

impl Server {
    /// Once in so many times.
    fn chance(&mut self, times: u64) -> bool {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33).is_multiple_of(times)
    }

    fn hear(&mut self, line: &str) {
        let changes = matches!(line.split(' ').next(), Some("DELE" | "RMD" | "CWD" | "MKD" | "RNTO"));
        let is_refused = changes && self.chance(2);
        if changes && !is_refused {
            self.done.insert(line.to_owned());
        }
        let reply = match line.split(' ').next() {
            _ if is_refused => "550 no",
            Some("USER") => "331 password?",
            Some("PASS") => "230 in",
            Some("MKD") => "257 \"/d\"",
            Some("RNFR") => "350 and now?",
            Some("SIZE") => "213 5",
            Some("SYST") => "215 UNIX",
            Some("TYPE" | "NOOP") => "200 ok",
            _ => "250 ok",
        };
        if self.chance(2)
            && let Some(late) = self.late.pop()
        {
            self.say(&late);
        }
        self.say(reply);
        let is_doubled = DOUBLED.iter().any(|code| reply.starts_with(code)) && self.chance(6);
        match is_doubled {
            true if self.chance(2) => self.say(reply),
            true => self.late.push(reply.to_owned()),
            false => {}
        }
    }

    fn say(&mut self, reply: &str) {
        self.says.extend(reply.bytes().chain(*b"\r\n"));
    }
}

#[derive(Clone, Default)]
struct Net(Rc<RefCell<Server>>);

struct Socket(Net);

struct Nobody;

impl Network for Net {
    type Stream = Socket;
    type Listener = Nobody;

    async fn resolve(&self, _: &str) -> Result<Vec<IpAddr>, NetworkError> {
        Ok(vec![HERE])
    }

    async fn connect(&self, _: SocketAddr, _: Option<IpAddr>) -> Result<Socket, NetworkError> {
        self.0.borrow_mut().say("220 ready");
        Ok(Socket(self.clone()))
    }

    async fn listen(&self, _: SocketAddr) -> Result<Nobody, NetworkError> {
        Ok(Nobody)
    }

    async fn sleep(&self, duration: Duration) {
        let end = self.now().saturating_add(duration);
        poll_fn(|_| if self.now() < end { Poll::Pending } else { Poll::Ready(()) }).await;
    }

    fn now(&self) -> Duration {
        self.0.borrow().now
    }

    fn wall_clock() -> Option<i64> {
        None
    }
}

impl Stream for Socket {
    async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, NetworkError> {
        poll_fn(|_| {
            let mut server = self.0.0.borrow_mut();
            let count = server.says.len().min(max);
            buffer.extend(server.says.drain(..count));
            if count > 0 { Poll::Ready(Ok(count)) } else { Poll::Pending }
        })
        .await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<usize, NetworkError> {
        let mut server = self.0.0.borrow_mut();
        for &byte in bytes {
            server.line.push(byte);
            if byte == b'\n' {
                let line = std::mem::take(&mut server.line);
                server.hear(str::from_utf8(&line).unwrap().trim_end());
            }
        }
        Ok(bytes.len())
    }

    fn set_keep_alive(&self, _: Duration) -> Result<(), NetworkError> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), NetworkError> {
        Ok(())
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(SocketAddr::new(HERE, 40_000))
    }

    fn peer_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(SocketAddr::new(HERE, 21))
    }
}

impl Listener for Nobody {
    type Stream = Socket;

    async fn accept(&mut self) -> Result<Socket, NetworkError> {
        std::future::pending().await
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(SocketAddr::new(HERE, 40_001))
    }
}

struct Again(AtomicBool);

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Run it; where nothing happens, a second passes.
fn run<T>(net: &Net, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let again = Arc::new(Again(AtomicBool::new(false)));
    loop {
        if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(&again.clone().into())) {
            return value;
        }
        if !again.0.swap(false, Ordering::Relaxed) {
            net.0.borrow_mut().now += Duration::from_secs(1);
        }
    }
}

#[derive(Default)]
struct Seen {
    successes: usize,
    refusals: usize,
    out_of_step: usize,
    whole: usize,
}

/// One session of twenty calls. The line is what the server has done when the call is a success.
async fn session(net: &Net, seen: &mut Seen) {
    let mut session = Session::connect(net.clone(), Settings::default(), "localhost", 21).await.unwrap();
    if session.login("u", "p", None).await.is_err() {
        // A second 331 came late, and is no answer to PASS.
        seen.out_of_step += 1;
        return;
    }
    let mut results = Vec::new();
    for number in 0..20 {
        let choice = net.0.borrow().seed >> 40;
        let name = format!("{number}");
        let (line, result) = match choice % 9 {
            0 => (format!("DELE {name}"), session.delete(&name).await.map(drop)),
            1 => (format!("RMD {name}"), session.remove_directory(&name).await.map(drop)),
            2 => (format!("CWD {name}"), session.change_directory(&name).await.map(drop)),
            3 => (format!("MKD {name}"), session.make_directory(&name).await.map(drop)),
            4 => (format!("RNTO {name}"), session.rename("a", &name).await.map(drop)),
            5 => (String::new(), session.size(&name).await.map(drop)),
            6 => (String::new(), session.system().await.map(drop)),
            _ => (String::new(), session.noop().await.map(drop)),
        };
        // The next choice is another one.
        net.0.borrow_mut().chance(2);
        results.push((line, result));
        if !session.is_open() {
            break;
        }
    }
    seen.whole += usize::from(session.is_open());
    for (line, result) in results.into_iter().filter(|(line, _)| !line.is_empty()) {
        let is_done = net.0.borrow().done.contains(&line);
        match result {
            Ok(()) => assert!(is_done, "{line} was refused, and is a success"),
            Err(Error::Refused { kind: RefusalKind::Permanent, reply }) => {
                assert!(!is_done && reply.code == 550, "{line} was done, and is {reply}")
            }
            Err(Error::Failed { kind: FailureKind::Protocol, .. }) => seen.out_of_step += 1,
            Err(error) => panic!("{line}: {error}"),
        }
        seen.successes += usize::from(is_done);
        seen.refusals += usize::from(!is_done);
    }
}

#[test]
fn replies_that_come_twice_at_once_or_late_never_make_a_success() {
    let mut seen = Seen::default();
    for seed in 0..3000 {
        let net = Net::default();
        net.0.borrow_mut().seed = seed * 7919 + 1;
        run(&net, session(&net, &mut seen));
    }
    // All of it was met with, and often.
    let Seen { successes, refusals, out_of_step, whole } = seen;
    println!("{successes} successes, {refusals} refusals, {out_of_step} out of step, {whole} sessions to their end");
    assert!(successes > 5000 && refusals > 5000 && out_of_step > 50 && whole > 500);
}
