//! One piece of work by the library of curl 8. Prints its seconds, and the seconds of processors that it took.
//!
//! Usage: WORK HOST PORT plain|tls FILES CLIENTS CONNECTS ENTRIES, in the folder with the files of the client; or
//! `--version`.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use curl::Version;
use curl::easy::{Easy2, Handler, ReadError, WriteError};
use curl::multi::Multi;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// The longest wait for any of many connections.
const WAIT: Duration = Duration::from_secs(1);

/// The size of the buffer for downloads that the command `curl` sets; the library's own is 16 KiB.
const BUFFER: usize = 100 << 10;

fn main() -> ExitCode {
    curl::init();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<()> {
    if words == ["--version"] {
        let version = Version::get();
        println!("libcurl {} {}", version.version(), version.ssl_version().unwrap_or("without TLS"));
        return Ok(());
    }
    let [work, host, port, way, numbers @ ..] = words else { bail!("WORK HOST PORT WAY and four numbers") };
    let numbers = numbers.iter().map(|number| number.parse()).collect::<Result<Vec<usize>, _>>()?;
    let &[files, clients, connects, entries] = &numbers[..] else { bail!("four numbers") };
    let server = Server { address: format!("{host}:{port}"), encrypted: way == "tls" };
    match work.as_str() {
        "retr" => transfers(&server, vec![Pair::down("large")]),
        "stor" => transfers(&server, vec![Pair::up("large")]),
        "small-retr" => transfers(&server, (0..files).map(|number| Pair::down(&small(number))).collect()),
        "small-stor" => transfers(&server, (0..files).map(|number| Pair::up(&small(number))).collect()),
        "list" => list(&server, entries),
        "connect" => connect(&server, connects),
        "many-login" => many_logins(&server, clients),
        "many-retr" => many_transfers(&server, (0..clients).map(|number| Pair::down(&each(number))).collect()),
        "many-stor" => many_transfers(&server, (0..clients).map(|number| Pair::up(&each(number))).collect()),
        "cold" => Ok(server.log_in(&mut server.handle()?)?),
        _ => bail!("no work {work}"),
    }
}

fn small(number: usize) -> String {
    format!("small/f{number:04}")
}

fn each(number: usize) -> String {
    format!("each/f{number:04}")
}

/// A file on the server, and the one here.
struct Pair {
    there: String,
    here: String,
    upload: bool,
}

impl Pair {
    fn down(name: &str) -> Self {
        Self { there: name.to_owned(), here: format!("down/{}", last(name)), upload: false }
    }

    fn up(name: &str) -> Self {
        Self { there: format!("up/{}", last(name)), here: name.to_owned(), upload: true }
    }

    /// Have the handle move it next.
    fn prepare(&self, server: &Server, handle: &mut Handle) -> Result<()> {
        handle.url(&server.url(&self.there))?;
        let file = if self.upload { File::open(&self.here)? } else { File::create(&self.here)? };
        if self.upload {
            handle.upload(true)?;
            handle.in_filesize(file.metadata()?.len())?;
        } else {
            handle.nobody(false)?;
        }
        handle.get_mut().file = Some(file);
        Ok(())
    }
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Where bytes go to and come from: a file, or, for a listing, memory.
#[derive(Default)]
struct Ends {
    file: Option<File>,
    listing: Vec<u8>,
}

impl Handler for Ends {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
        match &mut self.file {
            // Another number than that of the bytes is a failure.
            Some(file) => Ok(file.write_all(bytes).map_or(0, |()| bytes.len())),
            None => {
                self.listing.extend_from_slice(bytes);
                Ok(bytes.len())
            }
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let file = self.file.as_mut().ok_or(ReadError::Abort)?;
        file.read(buffer).map_err(|_| ReadError::Abort)
    }
}

type Handle = Easy2<Ends>;

struct Server {
    address: String,
    encrypted: bool,
}

impl Server {
    fn url(&self, path: &str) -> String {
        format!("ftp://{}/{path}", self.address)
    }

    fn handle(&self) -> Result<Handle> {
        let mut handle = Easy2::new(Ends::default());
        handle.username("user")?;
        handle.password("12345")?;
        handle.buffer_size(BUFFER)?;
        if self.encrypted {
            handle.cainfo("ca.pem")?;
            require_tls(&handle)?;
        }
        handle.url(&self.url(""))?;
        handle.nobody(true)?;
        Ok(handle)
    }

    /// Connect and log in. The connection stays, for what the handle does next.
    fn log_in(&self, handle: &mut Handle) -> Result<(), curl::Error> {
        handle.perform()
    }
}

/// As `--ssl-reqd` does.
fn require_tls(handle: &Handle) -> Result<()> {
    // SAFETY: the handle is alive, and the option takes a number of this type. The crate has no function for it.
    let code = unsafe {
        let all = std::ffi::c_long::from(curl_sys::CURLUSESSL_ALL);
        curl_sys::curl_easy_setopt(handle.raw(), curl_sys::CURLOPT_USE_SSL, all)
    };
    ensure!(code == curl_sys::CURLE_OK, "this curl knows no TLS");
    Ok(())
}

fn transfers(server: &Server, pairs: Vec<Pair>) -> Result<()> {
    let mut handle = server.handle()?;
    server.log_in(&mut handle)?;
    let clock = Clock::start()?;
    for pair in pairs {
        pair.prepare(server, &mut handle)?;
        handle.perform().with_context(|| pair.there)?;
    }
    clock.stop()
}

fn list(server: &Server, entries: usize) -> Result<()> {
    let mut handle = server.handle()?;
    server.log_in(&mut handle)?;
    let clock = Clock::start()?;
    handle.url(&server.url("many/"))?;
    handle.nobody(false)?;
    handle.perform()?;
    let lines = handle.get_ref().listing.iter().filter(|byte| **byte == b'\n').count();
    clock.stop()?;
    ensure!(lines >= entries, "{lines} lines");
    Ok(())
}

fn connect(server: &Server, connects: usize) -> Result<()> {
    let mut handle = server.handle()?;
    handle.fresh_connect(true)?;
    handle.forbid_reuse(true)?;
    let clock = Clock::start()?;
    for _ in 0..connects {
        server.log_in(&mut handle)?;
    }
    clock.stop()
}

fn many_logins(server: &Server, clients: usize) -> Result<()> {
    let clock = Clock::start()?;
    let _sessions = log_in_all(server, clients)?;
    clock.stop()
}

fn many_transfers(server: &Server, pairs: Vec<Pair>) -> Result<()> {
    let (multi, mut handles) = log_in_all(server, pairs.len())?;
    let clock = Clock::start()?;
    for (handle, pair) in handles.iter_mut().zip(&pairs) {
        pair.prepare(server, handle)?;
    }
    at_once(&multi, handles)?;
    clock.stop()
}

fn log_in_all(server: &Server, clients: usize) -> Result<(Multi, Vec<Handle>)> {
    let mut multi = Multi::new();
    // So many connections are kept for what comes next.
    multi.set_max_connects(clients)?;
    let handles = (0..clients).map(|_| server.handle()).collect::<Result<_>>()?;
    let handles = at_once(&multi, handles)?;
    Ok((multi, handles))
}

/// What the handles were told to do, all at the same time, on this thread.
fn at_once(multi: &Multi, handles: Vec<Handle>) -> Result<Vec<Handle>> {
    let all = handles.into_iter().map(|handle| multi.add2(handle)).collect::<Result<Vec<_>, _>>()?;
    while multi.perform()? > 0 {
        multi.poll(&mut [], WAIT)?;
    }
    let mut results = Vec::new();
    multi.messages(|message| results.extend(message.result()));
    ensure!(results.len() == all.len(), "{} of {} came to an end", results.len(), all.len());
    results.into_iter().collect::<Result<(), _>>()?;
    Ok(all.into_iter().map(|handle| multi.remove2(handle)).collect::<Result<_, _>>()?)
}

/// Measures from its start to its stop.
struct Clock {
    used: Duration,
    start: Instant,
}

impl Clock {
    fn start() -> Result<Self> {
        Ok(Self { used: used()?, start: Instant::now() })
    }

    /// Print what was measured.
    fn stop(self) -> Result<()> {
        let seconds = self.start.elapsed().as_secs_f64();
        println!("{seconds} {}", (used()? - self.used).as_secs_f64());
        Ok(())
    }
}

fn used() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let duration = |time: TimeVal| Duration::from_micros((time.tv_sec() * 1_000_000 + time.tv_usec()) as u64);
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}
