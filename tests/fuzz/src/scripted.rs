//! Whole sessions against a server that plays a script.

use std::time::Duration;

use ftp_client::mirror::{Walk, WalkOptions};
use ftp_client::scripted::{Data, End, Script, Scripted};
use ftp_client::{
    Active, Algorithm, DataMode, Download, Error, Representation, Security, Session, Settings, Timestamp, TransferMode,
    Upload,
};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

/// Between the parts of the bytes of a session.
const MARK: u8 = 0xfe;

/// Longer than all limits of a session of a few dozen calls, and their multiples.
const LONGEST: Duration = Duration::from_secs(100_000);

/// Nothing shows it once it was sent, whatever the server says.
const PASSWORD: &str = "pa55-w0rd";

type Client = Session<Scripted>;

/// What the client does, a letter for each, and then what the server does. The parts are separated by 0xFE. Those of the
/// server begin with a letter: `w` waits for a line and then says the rest, `s` says it at once, `d` sends it on a data
/// connection and ends that in order, `x` with a reset, `t` takes a file on one; `c` closes the control connection, `r`
/// resets it.
pub fn sessions(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == MARK);
    let work: Vec<u8> = parts.next().unwrap_or_default().iter().copied().take(40).collect();
    let network = Scripted::new(parts.fold(Script::new().unchecked(), step));
    let settings = settings(&work);
    network.run(async {
        let Ok(mut session) = Session::connect(network.clone(), settings, "ftp.example.com", 21).await else { return };
        let mut is_sent = false;
        for verb in work {
            let error = call(&mut session, verb).await.err().map(|error| error.to_string());
            for line in session.transcript().into_iter().chain(error) {
                is_sent |= line.starts_with("> PASS");
                assert!(!is_sent || !line.contains(PASSWORD), "the password is shown: {line:?}");
            }
        }
    });
    assert_eq!(network.open_sockets(), 0, "a socket is left open");
    assert!(ftp_client::Network::now(&network) < LONGEST, "it took {:?}", ftp_client::Network::now(&network));
}

fn step(script: Script, part: &[u8]) -> Script {
    let Some((kind, bytes)) = part.split_first() else { return script };
    match kind {
        b'w' => script.hear().say(bytes),
        b's' => script.say(bytes),
        b'd' => script.data(Data::sends(bytes, End::Close)),
        b'x' => script.data(Data::sends(bytes, End::Reset)),
        b't' => script.data(Data::takes()),
        b'c' => script.end(End::Close),
        b'r' => script.end(End::Reset),
        _ => script,
    }
}

/// Capitals that are no verbs are settings.
fn settings(work: &[u8]) -> Settings {
    let has = |letter| work.contains(&letter);
    Settings {
        security: if has(b'X') { Security::Explicit } else { Security::None },
        data_mode: if has(b'P') { DataMode::Active(Active::default()) } else { DataMode::Passive },
        keepalive: has(b'K').then_some(Duration::from_secs(1)),
        pipelining: has(b'G'),
        verify_checksums: has(b'V'),
        transcript_capacity: 100,
        ..Settings::default()
    }
}

async fn call(session: &mut Client, verb: u8) -> Result<(), Error> {
    use Representation::{Ascii, Image};
    match verb {
        b'l' => drop(session.login("user", PASSWORD, Some("account")).await?),
        b'f' => drop(session.features().await?),
        b'p' => drop(session.current_directory().await?),
        b'c' => drop(session.change_directory("directory").await?),
        b'm' => drop(session.make_directory("directory").await?),
        b'd' => drop(session.delete("file").await?),
        b'R' => drop(session.rename("old", "new").await?),
        b's' => drop(session.size("file").await?),
        b't' => drop(session.modified("file").await?),
        b'T' => drop(session.set_modified("file", &time()).await?),
        b'k' => drop(session.checksum("file", Some(Algorithm::Sha256)).await?),
        b'y' => drop(session.entry("file").await?),
        b'e' => drop(session.entries(None).await?),
        b'E' => drop(session.entries(Some("a b/*")).await?),
        b'S' => drop(session.entries_by_status(None).await?),
        b'n' => drop(session.names(None).await?),
        b'L' => drop(session.listing(None).await?),
        b'o' => portions(session).await?,
        b'w' => walk(session).await?,
        b'g' => whole(session).await?,
        b'a' => drop(read(session.retrieve("file", Ascii, 0).await?, session).await?),
        b'r' => drop(read(session.retrieve("file", Image, 5).await?, session).await?),
        b'h' => drop(session.retrieve("file", Image, 0).await?.abort(session).await?),
        b'D' => drop(session.retrieve("file", Image, 0).await?),
        b'u' => write(session.store("file", Image, 0).await?, session).await?,
        b'A' => write(session.append("file", Image).await?, session).await?,
        b'U' => write(session.store_unique(Image).await?, session).await?,
        b'v' => write(session.store("file", Ascii, 0).await?, session).await?,
        b'z' => drop(session.set_transfer_mode(TransferMode::Deflate).await?),
        b'q' => drop(session.end().await?),
        _ => {}
    }
    Ok(())
}

fn time() -> Timestamp {
    ftp_protocol::time::parse_time_val(b"20240615101800").expect("a time")
}

/// A download that is a success has at least the bytes that were announced.
async fn whole(session: &mut Client) -> Result<(), Error> {
    let download = session.retrieve("file", Representation::Image, 0).await?;
    let announced = download.expected_size().unwrap_or(0);
    let count = read(download, session).await?;
    assert!(count >= announced, "{count} bytes of {announced}");
    Ok(())
}

async fn read(mut download: Download<Scripted>, session: &mut Client) -> Result<u64, Error> {
    let mut bytes = Vec::new();
    while download.read(&mut bytes, 1000).await? > 0 {}
    download.finish(session).await?;
    Ok(bytes.len() as u64)
}

async fn write(mut upload: Upload<Scripted>, session: &mut Client) -> Result<(), Error> {
    upload.write(&[b'\n'; 3000]).await?;
    upload.finish(session).await.map(drop)
}

async fn portions(session: &mut Client) -> Result<(), Error> {
    let mut entries = session.open_entries(None).await?;
    while !entries.read(100).await?.is_empty() {}
    entries.finish(session).await
}

async fn walk(session: &mut Client) -> Result<(), Error> {
    let mut walk = Walk::new(None, WalkOptions { depth: 3, entries: 20, ..WalkOptions::default() });
    while walk.next(session).await?.is_some() {}
    Ok(())
}

/// The bytes of a compressed download. The first byte is the size of the pieces that are asked for; the same comes out as
/// of another decoder.
pub fn inflate(data: &[u8]) {
    let (size, wire) = crate::choice(data);
    let replies = ["200 Z\r\n", "200 I\r\n", "229 (|||5000|)\r\n", "150 go\r\n226 done\r\n"];
    let script = Script::new().unchecked().say("220 hi\r\n");
    let script = replies.iter().fold(script, |script, reply| script.hear().say(reply));
    let network = Scripted::new(script.hear().say("200 in step\r\n").data(Data::sends(wire, End::Close)));
    let settings = Settings { inflation_limit: LIMIT as u64, ..Settings::default() };
    let inflated = network.run(async {
        let mut session = Session::connect(network.clone(), settings, "ftp.example.com", 21).await?;
        session.set_transfer_mode(TransferMode::Deflate).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        let mut bytes = Vec::new();
        while download.read(&mut bytes, usize::from(size).max(1)).await? > 0 {}
        download.finish(&mut session).await.map(|_| bytes)
    });
    let most = wire.len().saturating_mul(100).saturating_add(LIMIT);
    match (inflated, decompress_to_vec_zlib_with_limit(wire, most)) {
        (Ok(bytes), Ok(expected)) => assert!(bytes == expected, "{} bytes, {} expected", bytes.len(), expected.len()),
        (Ok(bytes), Err(error)) => panic!("{} bytes of what is {error:?}", bytes.len()),
        (Err(_), _) => {}
    }
}

/// What may be inflated beyond a hundred times the bytes that came.
const LIMIT: usize = 10_000;
