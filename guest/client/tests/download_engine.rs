//! What downloads have decided once, for the library, the component and the command:
//!
//! - `file_comes_again_where_the_offset_is_refused`: what came before is compared, and not passed on
//! - `file_that_comes_again_and_is_another_is_no_success`
//! - `data_connection_that_fails_is_no_refusal_of_the_offset`
//! - `offset_of_the_caller_stays`: no byte before it is passed on
//! - `copy_tells_its_observer_and_waits_for_it`

mod support;

use ftp_client::engine::*;
use ftp_client::{Error, FailureKind, Network, RefusalKind, Representation};
use ftp_testkit::{End, Script, Scripted, script};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use support::*;

const CONTENTS: &[u8] = b"0123456789abcdef";

/// What came, in order, after so many bytes.
struct Memory {
    begin: u64,
    bytes: RefCell<Vec<u8>>,
}

impl WriteAt for Memory {
    type Error = Error;

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let mut memory = self.bytes.borrow_mut();
        assert_eq!(offset, self.begin + memory.len() as u64, "a gap, or twice the same");
        memory.extend(bytes);
        Ok(())
    }
}

fn get(begin: u64, scripts: Vec<Script>) -> (Result<Arrived, Error>, Vec<u8>) {
    let (servers, clock) = (Servers::new(scripts), Scripted::new(Script::silent()));
    let sink = Memory { begin, bytes: RefCell::default() };
    let policy = Retry { attempts: 1, ..Retry::default() };
    let result = clock.run(fetch(&clock, async || servers.open().await, "f", begin, &sink, &policy));
    servers.check_finished();
    (result, sink.bytes.take())
}

fn versioned(script: Script) -> Script {
    script!(script;
        "C: SIZE f   S: 213 16
         C: MDTM f   S: 213 20240615101800"
    )
}

fn opened() -> Script {
    versioned(script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok"
    ))
}

fn retrieve(script: Script, bytes: &[u8], end: End) -> Script {
    let script = script!(passive(script); "C: RETR f   S: 150 go");
    let script = if end == End::Close { script!(script; "S: 226 done") } else { script };
    let script = script.send_data(bytes);
    match end {
        End::Close => script.close_data(),
        End::Reset => script.reset_data(),
        End::Stall => script.leave_data(),
    }
}

fn cut_after(count: usize) -> Script {
    retrieve(opened(), &CONTENTS[..count], End::Reset)
}

fn bye(script: Script) -> Script {
    script!(versioned(script); "C: QUIT   S: 221 bye")
}

/// An offset that is refused, by REST or by the command.
fn refusing(offset: u64, reply: &str, is_command: bool) -> Script {
    let script = script!(passive(opened()); "C: REST {offset}");
    let script = if is_command {
        script!(script;
            "S: 350 ok
             C: RETR f"
        )
    } else {
        script
    };
    script!(script;
        "S: {reply}
         ! take_data()"
    )
}

#[test]
fn file_comes_again_where_the_offset_is_refused() {
    for (reply, is_command) in [("502 no REST", false), ("501 no", true), ("451 not at an offset", true)] {
        let again = bye(retrieve(refusing(6, reply, is_command), CONTENTS, End::Close));
        let (result, bytes) = get(0, vec![cut_after(6), again]);
        assert_eq!(result.map(|arrived| arrived.bytes), Ok(16), "{reply}");
        assert_eq!(bytes, CONTENTS);
    }
}

#[test]
fn file_that_comes_again_and_is_another_is_no_success() {
    let other = script!(passive(refusing(6, "502 no REST", false)); "C: RETR f   S: 150 go");
    let (result, bytes) = get(0, vec![cut_after(6), script!(other; "D> X123456789abcdef   D! stall")]);
    assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Integrity, .. })), "{result:?}");
    assert_eq!(bytes, &CONTENTS[..6]);
}

#[test]
fn data_connection_that_fails_is_no_refusal_of_the_offset() {
    let (result, bytes) = get(0, vec![cut_after(6), refusing(6, "425 no connection", true)]);
    assert!(matches!(result, Err(Error::Refused { kind: RefusalKind::Transient, reply }) if reply.code == 425));
    assert_eq!(bytes, &CONTENTS[..6]);
}

#[test]
fn offset_of_the_caller_stays() {
    let (result, bytes) = get(4, vec![refusing(4, "502 no REST", false)]);
    assert!(matches!(result, Err(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.code == 502));
    assert!(bytes.is_empty());
}

/// Waits after each piece.
struct Watched<'a> {
    network: &'a Scripted,
    begun: Cell<Option<u64>>,
    count: Cell<u64>,
}

impl Observer for Watched<'_> {
    fn begins(&self, offset: u64) {
        self.begun.set(Some(offset));
    }

    async fn advanced(&self, count: u64) {
        self.count.set(self.count.get() + count);
        self.network.sleep(Duration::from_secs(1)).await;
    }
}

#[test]
fn copy_tells_its_observer_and_waits_for_it() {
    let script = script!(image(hello());
        "C: REST 4   S: 350 ok
         C: RETR f   S: 150 go\r\n226 done"
    );
    let script = script!(script; "D> {&CONTENTS[4..]}   D! close").in_pieces_of(4);
    play(script, async |session| {
        let network = session.network().clone();
        let watched = Watched { network: &network, begun: Cell::default(), count: Cell::default() };
        let span = Span { from: 4, ..Span::whole(Representation::Image) };
        let (begin, outcome) = receive(session, "f", span, &mut (), &watched).await.unwrap();
        assert_eq!((begin, outcome.bytes), (4, 12));
        assert_eq!((watched.begun.get(), watched.count.get()), (Some(4), 12));
        assert!(network.now() >= Duration::from_secs(3));
    });
}
