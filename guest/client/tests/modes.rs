//! Compressed transfers (MODE Z), against a server that plays a script.

mod support;

use ftp_client::{Error, FailureKind, Limit, Phase, RefusalKind, Representation::*, Session, Settings, TransferMode};
use ftp_testkit::{End, Script, Scripted, script};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib;
use std::time::Duration;
use support::*;

fn deflate(script: Script) -> Script {
    script!(script; "C: MODE Z   S: 200 ok")
}

/// One download of these bytes as they travel, and whether the session goes on after it.
fn download(settings: Settings, wire: impl AsRef<[u8]>) -> (Result<Vec<u8>, Error>, Result<u64, Error>) {
    download_of(settings, wire, false)
}

/// The same, for one that is given up: then the session makes sure that it is in step.
fn given_up(settings: Settings, wire: impl AsRef<[u8]>) -> (Result<Vec<u8>, Error>, Result<u64, Error>) {
    download_of(settings, wire, true)
}

fn download_of(
    settings: Settings,
    wire: impl AsRef<[u8]>,
    given_up: bool,
) -> (Result<Vec<u8>, Error>, Result<u64, Error>) {
    let script = script!(image(deflate(hello())); "C: RETR a   S: 150 go\r\n226 done");
    let script = if given_up { script!(script; "C: NOOP   S: 200 ok") } else { script };
    let script = script!(script;
        "C: NOOP   S: 200 ok
         D> {wire}   D! close"
    );
    play_with(settings, script, async |session| {
        session.set_transfer_mode(TransferMode::Deflate).await.unwrap();
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        let read = read_all(&mut download).await;
        let outcome = download.finish(session).await.map(|outcome| outcome.bytes);
        session.noop().await.unwrap();
        (read, outcome)
    })
}

/// Bytes that compress badly.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(next).collect()
}

#[test]
fn downloads_are_inflated_and_counted_so() {
    for contents in [vec![], b"hello".to_vec(), vec![7; 300_000], noise(200_000)] {
        for level in [0, 1, 6, 10] {
            let (read, bytes) = download(settings(), compress_to_vec_zlib(&contents, level));
            assert!(read.unwrap() == contents, "{} bytes, level {level}", contents.len());
            assert_eq!(bytes, Ok(contents.len() as u64));
        }
    }
}

#[test]
fn stream_in_pieces_of_one_byte_is_the_same() {
    let contents = [vec![b'a'; 2000], noise(500)].concat();
    let script = script!(image(deflate(hello())); "C: RETR a   S: 150 (2500 bytes)\r\n226 done").in_pieces_of(1);
    let wire = compress_to_vec_zlib(&contents, 6);
    play(script!(script; "D> {wire}   D! close"), async |session| {
        session.set_transfer_mode(TransferMode::Deflate).await.unwrap();
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(read_all(&mut download).await.unwrap(), contents);
        assert_eq!(download.finish(session).await.unwrap().bytes, 2500);
    });
}

#[test]
fn uploads_are_one_stream_with_an_end() {
    for contents in [vec![], b"hello".to_vec(), vec![7; 300_000], noise(200_000)] {
        let script = script!(image(deflate(hello()));
            "C: STOR a   S: 150 go\r\n226 done
             ! take_data()"
        );
        let network = Scripted::new(sized(script, "a", contents.len()));
        network.run(async {
            let mut session = Session::connect(network.clone(), settings(), "ftp.example.com", 21).await.unwrap();
            session.set_transfer_mode(TransferMode::Deflate).await.unwrap();
            let mut upload = session.store("a", Image, 0).await.unwrap();
            for piece in contents.chunks(70_000) {
                upload.write(piece).await.unwrap();
            }
            assert_eq!(upload.finish(&mut session).await.unwrap().bytes, contents.len() as u64);
        });
        network.finished();
        let received = network.received();
        let wire = received.first().unwrap();
        assert!(decompress_to_vec_zlib(wire).unwrap() == contents);
        assert!(contents.len() != 300_000 || wire.len() < 1000, "{} bytes on the wire", wire.len());
    }
}

#[test]
fn flush_sends_what_the_other_side_needs() {
    let script = script!(image(deflate(hello()));
        "C: STOR a   S: 150 go\r\n226 done
         ! take_data()"
    );
    let network = Scripted::new(sized(script, "a", 5));
    network.run(async {
        let mut session = Session::connect(network.clone(), settings(), "ftp.example.com", 21).await.unwrap();
        session.set_transfer_mode(TransferMode::Deflate).await.unwrap();
        let mut upload = session.store("a", Image, 0).await.unwrap();
        upload.write(b"hello").await.unwrap();
        upload.flush().await.unwrap();
        let so_far = network.received().remove(0);
        let partial = decompress_to_vec_zlib(&so_far).unwrap_err();
        assert!(partial.output.starts_with(b"hello"), "{:?}", partial.output);
        upload.finish(&mut session).await.unwrap();
        assert_eq!(decompress_to_vec_zlib(&network.received().remove(0)).unwrap(), b"hello");
    });
}

#[test]
fn upload_of_which_a_flush_was_dropped_is_no_success() {
    let script = script!(image(deflate(hello())); "C: STOR a   S: 150 go\r\n226 done");
    play(script!(script; "! take_only(3, End::Stall)"), async |session| {
        let network = session.network().clone();
        session.set_transfer_mode(TransferMode::Deflate).await.unwrap();
        let mut upload = session.store("a", Image, 0).await.unwrap();
        upload.write(b"hello").await.unwrap();
        ftp_client::timeout(&network, Duration::from_secs(1), Phase::Total, upload.flush()).await.unwrap_err();
        assert!(matches!(upload.finish(session).await, Err(Error::Failed { kind: FailureKind::Other, .. })));
    });
}

#[test]
fn listings_and_lines_are_inflated() {
    let names = compress_to_vec_zlib(b"a\r\nb\r\n", 6);
    let script = script!(ascii(deflate(hello()));
        "C: NLST   S: 150 go\r\n226 done
         D> {names}   D! close"
    );
    let script = script!(passive(script); "C: RETR a   S: 150 (7 bytes)\r\n226 done");
    let script = script.send_data(compress_to_vec_zlib(b"x\r\ny\rz\r\n", 1)).close_data();
    play(script, async |session| {
        session.set_transfer_mode(TransferMode::Deflate).await.unwrap();
        assert_eq!(session.names(None).await.unwrap(), ["a", "b"]);
        let mut download = session.retrieve("a", Ascii, 0).await.unwrap();
        assert_eq!(read_all(&mut download).await.unwrap(), b"x\ny\rz\n");
        download.finish(session).await.unwrap();
    });
}

#[test]
fn offset_counts_bytes_of_the_file() {
    let script = script!(image(deflate(hello()));
        "C: REST 5   S: 350 ok
         C: RETR a   S: 150 (11 bytes)\r\n226 ok"
    );
    let wire = compress_to_vec_zlib(b" world", 6);
    play(script!(script; "D> {wire}   D! close"), async |session| {
        session.set_transfer_mode(TransferMode::Deflate).await.unwrap();
        let mut download = session.retrieve("a", Image, 5).await.unwrap();
        assert_eq!(read_all(&mut download).await.unwrap(), b" world");
        assert_eq!(download.finish(session).await.unwrap().bytes, 6);
    });
}

#[test]
fn refused_mode_stays_as_it_was() {
    let script = script!(image(script!(
        "S: 220 ready
         C: MODE Z   S: 504 no"
    ));
        "C: RETR a   S: 150 go\r\n226 done"
    );
    play(script!(script; "D> plain   D! close"), async |session| {
        let refused = session.set_transfer_mode(TransferMode::Deflate).await;
        assert!(matches!(refused, Err(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.code == 504));
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(read_all(&mut download).await.unwrap(), b"plain");
        download.finish(session).await.unwrap();
    });
}

#[test]
fn mode_ends_with_the_login_and_when_it_is_told_to() {
    for (line, reply) in [("REIN", "220 ok"), ("MODE S", "200 ok"), ("mode s", "200 ok")] {
        let script = image(script!(deflate(hello()); "C: {line}   S: {reply}"));
        let script = script!(script;
            "C: RETR a   S: 150 go\r\n226 done
             D> plain   D! close"
        );
        play(script, async |session| {
            session.set_transfer_mode(TransferMode::Deflate).await.unwrap();
            match line {
                "REIN" => session.reinitialize().await.unwrap(),
                "MODE S" => session.set_transfer_mode(TransferMode::Stream).await.unwrap(),
                raw => session.command(raw).await.unwrap(),
            };
            let mut download = session.retrieve("a", Image, 0).await.unwrap();
            assert_eq!(read_all(&mut download).await.unwrap(), b"plain");
            download.finish(session).await.unwrap();
        });
    }
}

#[test]
fn stream_that_is_cut_anywhere_is_no_success() {
    let wire = compress_to_vec_zlib(b"hello hello hello world", 6);
    for length in 0..wire.len() {
        let (read, finished) = download(settings(), &wire[..length]);
        assert!(matches!(read, Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })), "{length}: {read:?}");
        assert!(
            matches!(finished, Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })),
            "{length}: {finished:?}"
        );
    }
}

#[test]
fn corrupt_stream_is_no_success() {
    let wire = compress_to_vec_zlib(b"hello hello hello world", 6);
    let last = wire.len() - 1;
    // The header, the blocks, the checksum.
    for (at, what) in [(0, 0x79), (1, 0), (2, 0xff), (last, !wire[last])] {
        let mut wire = wire.clone();
        wire[at] = what;
        let (read, finished) = given_up(settings(), wire);
        assert!(matches!(read, Err(Error::Failed { kind: FailureKind::Integrity, .. })), "{at}: {read:?}");
        assert!(matches!(finished, Err(Error::Failed { kind: FailureKind::Integrity, .. })), "{at}: {finished:?}");
    }
    // In the clear, gzip, with a dictionary that nobody has.
    for wire in [&b"hello world"[..], b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\x78\xbb\0\0\0\x01\0\0"] {
        let (read, _) = given_up(settings(), wire);
        assert!(matches!(read, Err(Error::Failed { kind: FailureKind::Integrity, .. })), "{wire:?}: {read:?}");
    }
}

#[test]
fn abort_of_a_transfer_that_was_given_up_is_not_for_the_next_one() {
    let script = script!(image(deflate(hello()));
        "C: RETR a   S: 150 go\r\n226 done
         C: NOOP   S: 200 ok"
    );
    let script = script!(passive(script);
        "C: RETR b   S: 150 go\r\n226 done
         D> no zlib   D! close"
    );
    let script = script.send_data(compress_to_vec_zlib(b"hello", 6)).close_data();
    play(script, async |session| {
        session.set_transfer_mode(TransferMode::Deflate).await.unwrap();
        let mut first = session.retrieve("a", Image, 0).await.unwrap();
        assert!(matches!(read_all(&mut first).await, Err(Error::Failed { kind: FailureKind::Integrity, .. })));
        let mut second = session.retrieve("b", Image, 0).await.unwrap();
        assert_eq!(first.abort(session).await, Err(Error::busy()));
        assert_eq!(read_all(&mut second).await.unwrap(), b"hello");
        second.finish(session).await.unwrap();
    });
}

#[test]
fn bytes_after_the_end_are_no_success() {
    for tail in [&b"x"[..], &compress_to_vec_zlib(b"more", 6), &[0; 100_000]] {
        let (read, _) = given_up(settings(), [&compress_to_vec_zlib(b"hello", 6), tail].concat());
        assert!(matches!(read, Err(Error::Failed { kind: FailureKind::Integrity, .. })), "{read:?}");
    }
}

#[test]
fn what_inflates_beyond_the_limit_is_stopped() {
    let settings = |limit| Settings { inflation_limit: limit, ..settings() };
    let bomb = compress_to_vec_zlib(&vec![0; 10_000_000], 9);
    let (read, finished) = given_up(settings(1_000_000), &bomb);
    assert_eq!(read, Err(Error::LimitExceeded(Limit::Inflation)));
    assert_eq!(finished, Err(Error::LimitExceeded(Limit::Inflation)));
    for limit in [10_000_000, u64::MAX] {
        assert_eq!(download(settings(limit), &bomb).1, Ok(10_000_000));
    }
    // What compresses less than a hundred times has no limit.
    let honest = noise(100_000);
    assert_eq!(download(settings(0), compress_to_vec_zlib(&honest, 6)).1, Ok(100_000));
}

#[test]
fn blocks_of_nothing_are_no_data_and_hold_no_memory() {
    // A header, a million stored blocks of no bytes, then the last one and the checksum of nothing.
    let mut wire = b"\x78\x01".to_vec();
    wire.extend(b"\0\0\0\xff\xff".repeat(1_000_000));
    wire.extend(b"\x01\0\0\xff\xff\0\0\0\x01");
    let (read, finished) = download(settings(), wire);
    assert_eq!((read, finished), (Ok(vec![]), Ok(0)));
}

#[test]
fn listing_that_inflates_without_an_end_is_stopped() {
    let lines = compress_to_vec_zlib(&b"file\r\n".repeat(4_000_000), 9);
    let script = script!(ascii(deflate(hello())); "C: NLST   S: 150 go\r\n226 done");
    let script = script!(script;
        "C: NOOP   S: 200 ok
         C: NOOP   S: 200 ok"
    );
    play(script!(script; "D> {lines}   D! close"), async |session| {
        session.set_transfer_mode(TransferMode::Deflate).await.unwrap();
        assert_eq!(session.names(None).await, Err(Error::LimitExceeded(Limit::ListingSize)));
        session.noop().await.unwrap();
    });
}

#[test]
fn aborted_and_dropped_transfers_leave_the_session_in_step() {
    let wire = compress_to_vec_zlib(&noise(1000), 6);
    let script = script!(image(deflate(hello()));
        "C: RETR a   S: 150 go
         C: ABOR   S: 426 cut\r\n226 ok"
    );
    let script = script!(passive(script!(script; "C: NOOP   S: 200 ok")); "C: RETR a   S: 150 go\r\n226 ok");
    let script = script!(script;
        "C: NOOP   S: 200 ok
         C: NOOP   S: 200 ok"
    );
    let script = script!(script;
        "D> {&wire}   D! stall
         D> {&wire}   D! stall"
    );
    play(script, async |session| {
        session.set_transfer_mode(TransferMode::Deflate).await.unwrap();
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        download.read(&mut Vec::new(), 10).await.unwrap();
        download.abort(session).await.unwrap();
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        download.read(&mut Vec::new(), 10).await.unwrap();
        drop(download);
        session.noop().await.unwrap();
    });
}
