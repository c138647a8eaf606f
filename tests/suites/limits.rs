//! Listings and compressed data beyond every size: the limit is reached and named, and the host neither traps nor runs out of memory.

use std::process::ExitCode;

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, Limit, Listed, Phase, Representation, Session, Settings, TransferMode};
use ftp_tests::client;
use ftp_tests::script::{Play as _, Script};
use ftp_tests::{suite, trial};
use miniz_oxide::deflate::CompressionLevel;
use miniz_oxide::deflate::core::CompressorOxide;
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::{DataFormat, MZFlush};

/// What the memory of the component may grow by, whatever the server sends: less than its host allows it.
const GROWTH: usize = 160 << 20;

fn main() -> ExitCode {
    suite::run()
}

/// The start of a zlib stream.
const ZLIB: [u8; 2] = [0x78, 0x9c];

/// Blocks that inflate to this, as often as they are repeated.
fn blocks(contents: &[u8]) -> Vec<u8> {
    let mut compressor = CompressorOxide::with_format_and_level(DataFormat::Raw, CompressionLevel::BestCompression);
    let mut blocks = vec![0; contents.len() / 100 + 1000];
    let result = deflate(&mut compressor, contents, &mut blocks, MZFlush::Full);
    assert_eq!(result.bytes_consumed, contents.len());
    blocks.truncate(result.bytes_written);
    blocks
}

#[trial]
async fn endless_zeros_are_stopped_and_hold_no_memory() -> Result<()> {
    let settings = Settings { inflation_limit: Some(100_000_000), ..client::settings() };
    let script = Script::logged_in().on("MODE Z", "200 ok").open_data("RETR").send_data(ZLIB);
    let script =
        script.flood_data(blocks(&vec![0; 10_000_000])).reply("426 cut").on("NOOP", "200 ok").on("NOOP", "200 ok");
    script
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), settings).await?;
            session.set_transfer_mode(TransferMode::Deflate).await?;
            let before = session.memory();
            let mut download = session.retrieve("bomb", Representation::Image, 0).await?;
            let stopped = loop {
                match download.read().await {
                    Ok(piece) => assert!(piece.is_some(), "this has no end"),
                    Err(error) => break error,
                }
            };
            assert_eq!(stopped, Error::Ftp(FtpError::LimitExceeded(Limit::Inflation)));
            assert!(session.memory() - before < 4 << 20, "{before} and then {}", session.memory());
            assert!(download.finish().await.is_err());
            session.noop().await?;
            Ok(())
        })
        .await
}

#[trial]
async fn endless_names_are_stopped_when_inflated() -> Result<()> {
    let script = Script::logged_in().on("MODE Z", "200 ok").open_data("NLST").send_data(ZLIB);
    let script = script.flood_data(blocks(&b"a\r\n".repeat(100_000))).stall();
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            session.set_transfer_mode(TransferMode::Deflate).await?;
            let before = session.memory();
            let stopped = session.names(None).await;
            assert!(matches!(stopped, Err(Error::Ftp(FtpError::LimitExceeded(Limit::ListingSize)))));
            assert!(session.memory() - before < GROWTH, "{before} and then {}", session.memory());
            Ok(())
        })
        .await
}

/// Bytes come all the time, and none of the file.
#[trial]
async fn endless_blocks_of_nothing_are_stopped_by_the_idle_limit() -> Result<()> {
    let settings = Settings { idle_timeout: Some(client::SHORT), ..client::settings() };
    let script = Script::logged_in().on("MODE Z", "200 ok").open_data("RETR").send_data(ZLIB);
    let script = script.flood_data(b"\0\0\0\xff\xff".repeat(10_000)).stall();
    script
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), settings).await?;
            session.set_transfer_mode(TransferMode::Deflate).await?;
            let mut download = session.retrieve("nothing", Representation::Image, 0).await?;
            assert_eq!(download.read().await, Err(Error::Ftp(FtpError::Timeout(Phase::Data))));
            Ok(())
        })
        .await
}

#[trial(covers("set-transfer-mode"))]
async fn data_that_is_cut_short_or_corrupt_is_told() -> Result<()> {
    let hello = blocks(b"hello");
    let cut = [&ZLIB, &hello[..]].concat();
    let whole = [&ZLIB, &hello[..], b"\x01\0\0\xff\xff\x06\x2c\x02\x15"].concat();
    let corrupt = [&whole[..whole.len() - 1], b"\0"].concat();
    let more = [&whole[..], b"more"].concat();
    let mut script = Script::logged_in().on("MODE Z", "200 ok");
    for data in [cut, corrupt, more] {
        script = script.download("RETR", data).on("NOOP", "200 ok");
    }
    let script = script.download("RETR", whole);
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            session.set_transfer_mode(TransferMode::Deflate).await?;
            let cut = client::get(&mut session, "file").await;
            assert!(
                matches!(cut, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionLost, .. }))),
                "{cut:?}"
            );
            for what in ["corrupt", "more"] {
                let told = client::get(&mut session, "file").await;
                assert!(
                    matches!(told, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Integrity, .. }))),
                    "{what}: {told:?}"
                );
            }
            assert_eq!(client::get(&mut session, "file").await?, b"hello");
            Ok(())
        })
        .await
}

#[trial]
async fn endless_mlsd_lines_without_facts() -> Result<()> {
    endless_entries(" a\r\n", Limit::ListingSize).await
}

#[trial]
async fn endless_mlsd_lines_of_tiny_facts() -> Result<()> {
    let line = format!("{} a\r\n", "a=;".repeat(5_000));
    endless_entries(&line, Limit::ListingSize).await
}

#[trial]
async fn endless_mlsd_lines_with_the_known_facts() -> Result<()> {
    let line = "type=file;size=1;modify=20200102030405;unix.mode=0644;unix.uid=0;unix.gid=0;unique=1g2; a\r\n";
    endless_entries(line, Limit::ListingSize).await
}

#[trial]
async fn endless_mlsd_lines_that_are_not_understood() -> Result<()> {
    endless_entries("x\r\n", Limit::ListingSize).await
}

/// Lines for `.` are left out of the list, and cost nothing but time: the limit on the time of the call ends it.
#[trial]
async fn endless_mlsd_lines_that_mean_nothing() -> Result<()> {
    let settings = Settings { total_timeout: Some(client::SHORT), ..client::settings() };
    Script::logged_in()
        .open_data("MLSD")
        .flood_data("type=cdir; .\r\n".repeat(10_000))
        .stall()
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), settings).await?;
            match session.entries(None).await {
                Err(Error::Ftp(FtpError::Timeout(_)) | Error::Ftp(FtpError::LimitExceeded(_))) => {}
                Err(other) => panic!("{other:?}"),
                Ok(listed) => panic!("{} entries", listed.len()),
            }
            Ok(())
        })
        .await
}

#[trial]
async fn endless_long_listing() -> Result<()> {
    let line = "-rw-r--r-- 1 u g 1 Jan  1 2020 a\r\n";
    let script = Script::logged_in().passive().on("MLSD", "502 not here").open_data("LIST");
    endless(script, line, async |session| session.entries(None).await.map(|listed| listed.len()), Limit::ListingSize)
        .await
}

#[trial]
async fn endless_listing_for_people() -> Result<()> {
    let script = Script::logged_in().open_data("LIST");
    endless(
        script,
        "total 1\r\n",
        async |session| session.listing(None).await.map(|lines| lines.len()),
        Limit::ListingSize,
    )
    .await
}

#[trial(covers("names"))]
async fn endless_names_of_one_byte() -> Result<()> {
    endless_names("a\r\n", Limit::ListingSize).await
}

#[trial]
async fn endless_empty_names() -> Result<()> {
    endless_names("\n", Limit::ListingSize).await
}

#[trial(covers("names"))]
async fn endless_line_in_names() -> Result<()> {
    endless_names("a", Limit::ListingLine).await
}

#[trial]
async fn endless_line_in_entries() -> Result<()> {
    endless_entries("size=1;", Limit::ListingLine).await
}

async fn endless_entries(line: &str, limit: Limit) -> Result<()> {
    let script = Script::logged_in().open_data("MLSD");
    endless(script, line, async |session| session.entries(None).await.map(|listed| listed.len()), limit).await
}

async fn endless_names(line: &str, limit: Limit) -> Result<()> {
    let script = Script::logged_in().open_data("NLST");
    endless(script, line, async |session| session.names(None).await.map(|names| names.len()), limit).await
}

/// The server repeats a line until the client has had enough; then the session goes on.
async fn endless(
    script: Script,
    line: &str,
    list: impl AsyncFnOnce(&mut Session) -> Result<usize, Error>,
    limit: Limit,
) -> Result<()> {
    let repeated = line.repeat(1 + 65_536 / line.len());
    script
        .flood_data(repeated)
        .reply("426 you went away")
        .on("NOOP", "200 in step")
        .on("PWD", "257 \"/\"")
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let before = session.memory();
            match list(&mut session).await {
                Err(Error::Ftp(FtpError::LimitExceeded(exceeded))) => assert_eq!(exceeded, limit),
                Err(other) => panic!("{other:?}"),
                Ok(count) => panic!("a list of {count}"),
            }
            let after = session.memory();
            println!("{:?} without end: {} MiB of memory", &line[..line.len().min(20)], (after - before) >> 20);
            assert!(after <= before + GROWTH, "{before} bytes became {after}");
            assert_eq!(session.current_directory().await?, "/");
            Ok(())
        })
        .await
}

/// What reading in portions may add to the memory of the component, however much comes.
const PORTIONS: usize = 6 << 20;

#[trial(covers("open-entries"))]
async fn endless_entries_in_portions_take_no_memory() -> Result<()> {
    let line = "type=file;size=1;modify=20200102030405;unix.mode=0644;unix.uid=0;unix.gid=0;unique=1g2; a\r\n";
    Script::logged_in()
        .open_data("MLSD")
        .flood_data(line.repeat(1000))
        .expect("ABOR")
        .say("426 you went away\r\n226 as you wish\r\n")
        .on("NOOP", "200 in step")
        .on("PWD", "257 \"/\"")
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let mut stream = session.open_entries(None).await?;
            let before = session.memory();
            let mut count = 0;
            while count < 500_000 {
                count += stream.read().await?.expect("there is no end").len();
            }
            let after = session.memory();
            println!("{count} entries: {before} bytes of memory became {after}");
            assert!(after <= before + PORTIONS, "{before} bytes became {after}");
            stream.abort().await?;
            assert_eq!(session.current_directory().await?, "/");
            Ok(())
        })
        .await
}

#[trial]
async fn endless_line_in_portions_takes_no_memory() -> Result<()> {
    in_portions("size=1;", Limit::ListingLine).await
}

#[trial]
async fn endless_lines_that_mean_nothing_end_a_portion() -> Result<()> {
    in_portions(&format!("type=cdir;x={}; .\r\n", "a".repeat(8000)), Limit::ListingSize).await
}

/// The server repeats a line that is no entry; there is no portion, but a limit.
async fn in_portions(line: &str, limit: Limit) -> Result<()> {
    Script::logged_in()
        .open_data("MLSD")
        .flood_data(line.repeat(1 + 65_536 / line.len()))
        .reply("426 you went away")
        .on("NOOP", "200 in step")
        .on("PWD", "257 \"/\"")
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let mut stream = session.open_entries(None).await?;
            let before = session.memory();
            let read = stream.read().await;
            assert!(
                matches!(read, Err(Error::Ftp(FtpError::LimitExceeded(exceeded))) if exceeded == limit),
                "{read:?}"
            );
            let end = stream.finish().await;
            assert!(matches!(end, Err(Error::Ftp(FtpError::LimitExceeded(exceeded))) if exceeded == limit), "{end:?}");
            assert!(session.memory() <= before + PORTIONS, "{before} bytes became {}", session.memory());
            assert_eq!(session.current_directory().await?, "/");
            Ok(())
        })
        .await
}

#[trial]
async fn entries_in_portions_that_are_dropped_leave_the_session_in_step() -> Result<()> {
    Script::logged_in()
        .open_data("MLSD")
        .flood_data("type=file; a\r\n".repeat(10_000))
        .reply("426 you went away")
        .on("NOOP", "200 in step")
        .on("PWD", "257 \"/\"")
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let mut stream = session.open_entries(None).await?;
            assert!(stream.read().await?.is_some());
            drop(stream);
            assert_eq!(session.current_directory().await?, "/");
            Ok(())
        })
        .await
}

#[trial]
async fn hundred_thousand_entries_are_within_the_limit() -> Result<()> {
    let line = "type=file;size=1;modify=20200102030405; name-of-a-file\r\n";
    Script::logged_in()
        .download("MLSD", line.repeat(100_000))
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let listed = session.entries(None).await?;
            assert_eq!(listed.len(), 100_000);
            assert!(listed.iter().all(|listed| matches!(listed, Listed::Entry(_))));
            Ok(())
        })
        .await
}

#[trial]
async fn million_names_are_within_the_limit() -> Result<()> {
    Script::logged_in()
        .download("NLST", "name-of-a-file\r\n".repeat(1_000_000))
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            assert_eq!(session.names(None).await?.len(), 1_000_000);
            Ok(())
        })
        .await
}
