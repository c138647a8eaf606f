//! Whole sessions against a server that plays a script.

use std::cell::RefCell;
use std::time::Duration;

use ftp_client::engine::{self, Retry, Segments, UploadPlan, WriteAt};
use ftp_client::mirror::{Walk, WalkOptions};
use ftp_client::{
    Active, Algorithm, Credentials, DataMode, Download, Encoding, Error, ListOptions, ListingWay, Network as _, Proxy,
    ProxyServer, RefusalKind, Reply, Representation, Security, Session, Settings, Timestamp, TransferMode, Upload,
};
use ftp_testkit::{End, Script, Scripted, Unmade, script};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use crate::servers::{PORT, PROXY, Servers};

/// Between the parts of the bytes of a session.
const MARK: u8 = 0xfe;

/// Longer than all limits of a session of a few dozen calls, and their multiples; likewise longer than that of a copy.
const LONGEST: Duration = Duration::from_secs(100_000);

/// Nothing shows it once it was sent, whatever the server says.
const PASSWORD: &str = "pa55-w0rd";

type Client = Session<Servers>;

/// What the client does, a letter for each, and then what the server does. The parts are separated by 0xFE. Those of the
/// server begin with a letter: `w` waits for a line and then says the rest, `s` says it at once, `d` sends it on a data
/// connection and ends that in order, `x` with a reset, `i` not at all, `t` takes a file on one, `k` takes a few bytes of
/// it; `f` refuses a data connection, `q` does not answer there; `c` closes the control connection, `r` resets it. With `n`
/// the script of one more server begins, for one more session.
pub fn sessions(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == MARK);
    let work: Vec<u8> = parts.next().unwrap_or_default().iter().copied().take(40).collect();
    let parts: Vec<_> = parts.collect();
    let piece = if work.contains(&b'W') { 3 } else { usize::MAX };
    let script = || Script::silent().unchecked().in_pieces_of(piece);
    let network = Servers::new(
        parts
            .split(|part| part.first() == Some(&b'n'))
            .take(10)
            .map(|parts| parts.iter().copied().fold(script(), step)),
    );
    let settings = settings(&work);
    let copies = work.iter().filter(|verb| **verb == b'x').count();
    network.run(async {
        let open = async || Session::connect(network.clone(), settings.clone(), "ftp.example.com", PORT).await;
        let Ok(mut session) = open().await else { return };
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
    let longest = LONGEST.saturating_mul(1 + u32::try_from(copies).expect("a few"));
    assert!(network.now() < longest, "it took {:?}", network.now());
}

fn step(script: Script, part: &[u8]) -> Script {
    let Some((kind, bytes)) = part.split_first() else { return script };
    match kind {
        b'w' => script.expect("").say(bytes),
        b's' => script.say(bytes),
        b'd' => script.send_data(bytes).close_data(),
        b'x' => script.send_data(bytes).reset_data(),
        b'i' => script.send_data(bytes).leave_data(),
        b't' => script.take_data(),
        b'k' => script.take_only(100, End::Reset),
        b'f' => script.make_no_data(Unmade::Refused),
        b'q' => script.make_no_data(Unmade::Silent),
        b'c' => script.end(End::Close),
        b'r' => script.end(End::Reset),
        _ => script,
    }
}

/// Capitals that are no verbs are settings.
fn settings(work: &[u8]) -> Settings {
    let has = |letter| work.contains(&letter);
    let proxy = || {
        let credentials = Some(Credentials { user: "user".to_owned(), password: PASSWORD.into() });
        ProxyServer { host: "proxy.example.com".to_owned(), port: PROXY, credentials }
    };
    let proxies = [(b'O', Proxy::Socks5(proxy())), (b'H', Proxy::HttpConnect(proxy()))];
    Settings {
        security: if has(b'X') { Security::Explicit } else { Security::None },
        data_mode: if has(b'P') { DataMode::Active(Active::default()) } else { DataMode::Passive },
        encoding: if has(b'I') { Encoding::Latin1 } else { Encoding::Utf8 },
        proxy: proxies.into_iter().find(|(letter, _)| has(*letter)).map(|(_, proxy)| proxy),
        total_timeout: has(b'B').then_some(Duration::from_secs(20)),
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
        b'i' => drop(session.reinitialize().await?),
        b'j' => drop(session.list(Some("/a"), ListOptions { way: ListingWay::Entered, all: true }).await?),
        b'b' => drop(session.available_space(None).await?),
        b'C' => drop(session.combine(&["one".to_owned(), "other".to_owned()], "file").await?),
        b'x' => copy(session).await?,
        b'F' => fetch(session).await?,
        b'Z' => segments(session).await?,
        b'N' => again(session).await?,
        b'Q' => upload(session).await?,
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

async fn read(mut download: Download<Servers>, session: &mut Client) -> Result<u64, Error> {
    let mut bytes = Vec::new();
    while download.read(&mut bytes, 1000).await? > 0 {}
    download.finish(session).await?;
    Ok(bytes.len() as u64)
}

async fn write(mut upload: Upload<Servers>, session: &mut Client) -> Result<(), Error> {
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

/// One more session, with the next server.
async fn open(session: &Client) -> Result<Client, Error> {
    one_more(session.network(), session.settings()).await
}

async fn one_more(network: &Servers, settings: &Settings) -> Result<Client, Error> {
    let session = Session::connect(network.clone(), settings.clone(), "ftp.example.com", PORT).await;
    let mut session = session.map_err(greeting)?;
    session.login("user", PASSWORD, None).await?;
    Ok(session)
}

/// A server that knows the password from another session may greet with it, and a session without a login knows none.
fn greeting(error: Error) -> Error {
    let masked = |reply: Reply| Reply {
        code: reply.code,
        lines: reply.lines.iter().map(|line| line.replace(PASSWORD, "****")).collect(),
    };
    match error {
        Error::Refused { kind: RefusalKind::Transient, reply } => Error::transient(masked(reply)),
        Error::Refused { kind: RefusalKind::Permanent, reply } => Error::permanent(masked(reply)),
        Error::Refused { kind: RefusalKind::Unexpected, reply } => Error::unexpected(masked(reply)),
        error => error,
    }
}

async fn copy(session: &mut Client) -> Result<(), Error> {
    let mut target = open(session).await?;
    session.copy_to("file", &mut target, "file", Representation::Image).await?;
    target.end().await.map(drop)
}

/// Where ranges of a file go. No byte goes there twice, unless it may.
#[derive(Default)]
struct Ranges {
    ranges: RefCell<Vec<(u64, u64)>>,
    may_repeat: bool,
}

impl WriteAt for Ranges {
    type Error = Error;

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let end = offset + bytes.len() as u64;
        let mut ranges = self.ranges.borrow_mut();
        let is_there = |(from, to): &(u64, u64)| offset < *to && *from < end;
        assert!(self.may_repeat || !ranges.iter().any(is_there), "{offset} to {end} was there: {ranges:?}");
        ranges.push((offset, end));
        Ok(())
    }
}

impl Ranges {
    fn bytes(&self) -> u64 {
        self.ranges.borrow().iter().map(|(from, to)| to - from).sum()
    }

    /// Bytes from the beginning on.
    fn whole(&self) -> u64 {
        let mut ranges = self.ranges.borrow().clone();
        ranges.sort_unstable();
        ranges.iter().fold(0, |end, (from, to)| if *from <= end { end.max(*to) } else { end })
    }
}

const POLICY: Retry = Retry { attempts: 2, wait: Duration::from_secs(1), longest_wait: Duration::from_secs(10) };

async fn fetch(session: &Client) -> Result<(), Error> {
    let ranges = Ranges::default();
    let arrived = engine::fetch(session.network(), || open(session), "file", 0, &ranges, &POLICY).await?;
    assert_eq!(arrived.bytes, ranges.bytes());
    assert!(arrived.version.size.is_none_or(|size| size <= arrived.bytes), "{arrived:?}");
    Ok(())
}

async fn segments(session: &mut Client) -> Result<(), Error> {
    let (ranges, options) = (Ranges::default(), Segments { sessions: 3, smallest: 2, resume: None });
    let (network, settings) = (session.network().clone(), session.settings().clone());
    match engine::download_once(session, || one_more(&network, &settings), "file", &ranges, &options).await {
        Ok(fetched) => is_whole(&fetched, &ranges),
        Err(failed) => {
            assert!(failed.resume.bytes() <= ranges.bytes(), "{failed:?}");
            return Err(failed.error);
        }
    }
    Ok(())
}

fn is_whole(fetched: &engine::Fetched, ranges: &Ranges) {
    assert!(ranges.whole() >= fetched.bytes, "{fetched:?}");
    assert!(ranges.may_repeat || ranges.bytes() == fetched.bytes, "{fetched:?}");
    assert!(fetched.version.size.is_none_or(|size| size == fetched.bytes), "{fetched:?}");
}

/// An attempt begins again where the one before it had no size of the file.
async fn again(session: &Client) -> Result<(), Error> {
    let ranges = Ranges { may_repeat: true, ..Ranges::default() };
    let options = Segments { sessions: 2, smallest: 2, resume: None };
    let fetched = engine::download(session.network(), || open(session), "file", &ranges, &options, &POLICY).await;
    is_whole(&fetched.map_err(|failed| failed.error)?, &ranges);
    Ok(())
}

async fn upload(session: &Client) -> Result<(), Error> {
    let source: &[u8] = &[b'\n'; 3000];
    let plan = UploadPlan { retry: POLICY, ..UploadPlan::default() };
    engine::upload(session.network(), || open(session), "file", &source, &plan).await.map(drop)
}

/// The bytes of a compressed download. The first byte is the size of the pieces that are asked for; with its highest bit the
/// rest is a stream without its header and its sum, and gets them. The same comes out as of another decoder.
pub fn inflate(data: &[u8]) {
    let (size, bytes) = crate::choice(data);
    let wire = if size < 128 { bytes.to_vec() } else { with_sum(bytes) };
    let size = usize::from(size % 128).max(1);
    match (inflated(&wire, size), expected(&wire)) {
        (Ok(bytes), Ok((expected, taken))) => {
            assert!(bytes == expected, "{} bytes, {} expected", bytes.len(), expected.len());
            assert_eq!(taken, wire.len(), "more follows the end");
        }
        (Ok(bytes), Err(status)) => panic!("{} bytes of what is {status:?}", bytes.len()),
        (Err(error), Ok((expected, taken))) => {
            assert!(taken < wire.len() || expected.len() > LIMIT, "{error:?} for {} bytes", expected.len());
        }
        (Err(_), Err(_)) => {}
    }
}

/// What another decoder makes of it at once, and how much of it. As for one that goes by portions, what is further back than
/// the beginning is zeroes; the sum is about them as well.
fn expected(wire: &[u8]) -> Result<(Vec<u8>, usize), TINFLStatus> {
    const WINDOW: usize = 32 << 10;
    const FLAGS: u32 = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER
        | inflate_flags::TINFL_FLAG_COMPUTE_ADLER32
        | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut bytes = vec![0; WINDOW + 100 * wire.len() + LIMIT];
    let (status, taken, count) = decompress(&mut DecompressorOxide::new(), wire, &mut bytes, WINDOW, FLAGS);
    bytes.truncate(WINDOW + count);
    match status {
        TINFLStatus::Done => Ok((bytes.split_off(WINDOW), taken)),
        status => Err(status),
    }
}

fn inflated(wire: &[u8], size: usize) -> Result<Vec<u8>, Error> {
    let replies = ["200 Z\r\n", "200 I\r\n", "229 (|||5000|)\r\n", "150 go\r\n226 done\r\n"];
    let script = Script::silent().unchecked().say("220 hi\r\n");
    let script = replies.iter().fold(script, |script, reply| script!(script; "C: *   S> {reply}"));
    let network = Scripted::new(script!(script; "C: *   S: 200 in step   D> {wire}   D! close"));
    let settings = Settings { inflation_limit: LIMIT as u64, ..Settings::default() };
    network.run(async {
        let mut session = Session::connect(network.clone(), settings, "ftp.example.com", 21).await?;
        session.set_transfer_mode(TransferMode::Deflate).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        let mut bytes = Vec::new();
        while download.read(&mut bytes, size).await? > 0 {}
        download.finish(&mut session).await.map(|_| bytes)
    })
}

/// A zlib stream (RFC 1950) out of one of deflate.
fn with_sum(stream: &[u8]) -> Vec<u8> {
    let bytes = decompress_to_vec_with_limit(stream, 100 * LIMIT).unwrap_or_default();
    let (mut low, mut high) = (1, 0);
    for byte in bytes {
        low = (low + u32::from(byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let sum = high << 16 | low;
    [&[0x78, 0x9c], stream, &sum.to_be_bytes()].concat()
}

/// What may be inflated beyond a hundred times the bytes that came.
const LIMIT: usize = 10_000;
