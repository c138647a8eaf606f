//! The limit of a whole call, in transfers:
//!
//! - `read_that_takes_too_long_closes_the_session`
//! - `write_that_takes_too_long_closes_the_session`
//! - `portion_of_a_listing_that_takes_too_long_closes_the_session`
//! - `each_read_is_a_call_and_a_copy_is_one`
//! - `copy_to_the_server_is_one_call`: a source that pauses counts
//! - `upload_sends_what_it_holds_back_when_its_source_pauses`

mod support;

use ftp_client::engine::{CopyError, ReadNext, WriteNext};
use ftp_client::{Error, Network, Phase, Representation::Image, Settings};
use ftp_testkit::{End, Script, Scripted, script};
use std::cell::Cell;
use std::convert::Infallible;
use std::time::Duration;
use support::*;

const LIMIT: Duration = Duration::from_secs(5);
const OVER: Result<(), Error> = Err(Error::Timeout(Phase::Total));

/// As long as nothing else limits it.
fn limited() -> Settings {
    let long = Duration::from_secs(1000);
    Settings { total_timeout: Some(LIMIT), idle_timeout: long, reply_timeout: long, ..settings() }
}

fn retrieve() -> Script {
    script!(image(hello()); "C: RETR a   S: 150 go\r\n226 done")
}

/// Bytes, one each 600 ms.
fn drops(count: usize) -> Script {
    retrieve().send_data(vec![b'x'; count]).pause_data(Duration::from_millis(600)).close_data()
}

async fn is_closed(session: &mut Client) {
    assert!(!session.is_open());
    assert_eq!(session.noop().await.map(drop), Err(Error::closed()));
    assert!(session.transcript().len() > 2, "the last words are kept");
}

#[test]
fn read_that_takes_too_long_closes_the_session() {
    play_with(limited(), retrieve().send_data("ab").leave_data(), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(download.read(&mut Vec::new(), 2).await, Ok(2));
        let begin = session.network().now();
        assert_eq!(download.read(&mut Vec::new(), 1).await.map(drop), OVER);
        assert_eq!(session.network().now() - begin, LIMIT);
        assert!(download.read(&mut Vec::new(), 1).await.is_err());
        assert_eq!(download.finish(session).await.map(drop), Err(Error::closed()));
        is_closed(session).await;
    });
}

#[test]
fn write_that_takes_too_long_closes_the_session() {
    let script = script!(image(hello());
        "C: STOR a   S: 150 go
         ! take_only(3, End::Stall)"
    );
    play_with(limited(), script, async |session| {
        let mut upload = session.store("a", Image, 0).await.unwrap();
        assert_eq!(upload.write(b"hello").await, OVER);
        assert!(upload.write(b" world").await.is_err());
        drop(upload);
        is_closed(session).await;
    });
}

#[test]
fn portion_of_a_listing_that_takes_too_long_closes_the_session() {
    let script = script!(passive(script!(
        "S: 220 ready
         C: FEAT   S: 211-ext\r\n MLST\r\n211 end"
    ));
        "C: MLSD"
    );
    let script = script!(script;
        "S: 150 go\r\n226 done
         D> type=file; a\r\nty   D! stall"
    );
    play_with(limited(), script, async |session| {
        let mut entries = session.open_entries(None).await.unwrap();
        assert_eq!(entries.read(10).await.map(|portion| portion.len()), Ok(1));
        assert_eq!(entries.read(10).await.map(drop), OVER);
        drop(entries);
        is_closed(session).await;
    });
}

/// Takes everything.
struct Counted(u64);

impl WriteNext for Counted {
    type Error = Infallible;

    async fn write_next(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0 += bytes.len() as u64;
        Ok(())
    }
}

#[test]
fn each_read_is_a_call_and_a_copy_is_one() {
    play_with(limited(), drops(20).in_pieces_of(1), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(read_all(&mut download).await.unwrap().len(), 20);
        download.finish(session).await.unwrap();
    });
    play_with(limited(), retrieve().send_data("abc").close_data().in_pieces_of(1), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(download.read(&mut Vec::new(), 1).await, Ok(1));
        session.network().sleep(2 * LIMIT).await;
        assert_eq!(download.read(&mut Vec::new(), 1).await, Ok(1), "the clock of a call starts with it");
        session.network().sleep(2 * LIMIT).await;
        assert_eq!(download.copy_to(&mut (), &()).await, Ok(1));
        download.finish(session).await.unwrap();
    });
    play_with(limited(), drops(20).in_pieces_of(1), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        let mut counted = Counted(0);
        let copied = download.copy_to(&mut counted, &()).await;
        assert_eq!(copied, Err(CopyError::Read(Error::Timeout(Phase::Total))));
        assert!((7..10).contains(&counted.0), "{} bytes", counted.0);
        drop(download);
        is_closed(session).await;
    });
}

/// A few bytes, each after a while.
struct Slow {
    network: Scripted,
    pieces: usize,
}

impl ReadNext for Slow {
    type Error = Infallible;

    async fn read_next(&mut self, buffer: &mut Vec<u8>, _: usize) -> Result<usize, Infallible> {
        self.network.sleep(Duration::from_secs(1)).await;
        let Some(left) = self.pieces.checked_sub(1) else { return Ok(0) };
        self.pieces = left;
        buffer.push(b'x');
        Ok(1)
    }
}

#[test]
fn copy_to_the_server_is_one_call() {
    let script = script!(image(hello());
        "C: STOR a   S: 150 go
         ! take_data()"
    );
    play_with(limited(), script, async |session| {
        let mut upload = session.store("a", Image, 0).await.unwrap();
        let mut slow = Slow { network: session.network().clone(), pieces: 20 };
        let copied = upload.copy_from(&mut slow, &()).await;
        assert_eq!(copied, Err(CopyError::Write(Error::Timeout(Phase::Total))));
        assert!((15..17).contains(&slow.pieces), "{} pieces are left", slow.pieces);
        drop(upload);
        is_closed(session).await;
    });
    let script = script!(image(hello());
        "C: STOR a   S: 150 go\r\n226 done
         ! take_data()"
    );
    play_with(limited(), sized(script, "a", 3), async |session| {
        let mut upload = session.store("a", Image, 0).await.unwrap();
        let mut slow = Slow { network: session.network().clone(), pieces: 3 };
        assert_eq!(upload.copy_from(&mut slow, &()).await, Ok(3));
        upload.finish(session).await.unwrap();
    });
}

/// One byte, and a pause after it or none.
struct Pausing {
    has_come: bool,
    pauses: Cell<bool>,
}

impl ReadNext for Pausing {
    type Error = Infallible;

    async fn read_next(&mut self, buffer: &mut Vec<u8>, _: usize) -> Result<usize, Infallible> {
        if self.has_come {
            return Ok(0);
        }
        self.has_come = true;
        buffer.push(b'x');
        Ok(1)
    }

    fn pauses(&self) -> bool {
        let pauses = self.pauses.get();
        self.pauses.set(false);
        pauses
    }
}

#[test]
fn upload_sends_what_it_holds_back_when_its_source_pauses() {
    // Compressed bytes are held back until there are many.
    let script = script!(
        "S: 220 ready
         C: MODE Z   S: 200 ok
         C: TYPE I   S: 200 ok"
    );
    let script = script!(passive(script);
        "C: STOR a   S: 150 go
         ! take_data()"
    );
    let sent = |pauses: bool| {
        play(script.clone(), async |session| {
            session.set_transfer_mode(ftp_client::TransferMode::Deflate).await.unwrap();
            let mut upload = session.store("a", Image, 0).await.unwrap();
            assert_eq!(upload.copy_from(&mut Pausing { has_come: false, pauses: Cell::new(pauses) }, &()).await, Ok(1));
            session.network().received().iter().map(Vec::len).sum::<usize>()
        })
    };
    assert!(sent(true) > sent(false));
}
