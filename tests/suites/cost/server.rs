//! A server without a network: whatever is written is answered before the write returns.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use ftp_tests::payload::CHUNK;
use ftp_tests::script::Tls;
use tokio_rustls::rustls::{ServerConfig, ServerConnection};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi_io::bytes::Bytes;

/// Bytes of the file.
pub const LARGE: usize = 16 << 20;

/// Members of the directory.
pub const LINES: usize = 10_000;

/// The directory that only `LIST` lists.
pub const UNIX: &str = "unix";

/// The port of the control connection; those of data come after it.
pub const CONTROL_PORT: u16 = 2121;

/// Looks in vain, at all connections, before it is clear that nothing will come.
const PATIENCE: u32 = 1000;

/// The server, as the streams of its connections share it.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<Server>>);

impl Shared {
    /// For one step, which no other trial takes part in.
    pub fn lock(&self) -> MutexGuard<'_, Server> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A control connection, and those for data in their order.
pub struct Server {
    tls: Option<Arc<ServerConfig>>,
    protected: bool,
    line: Vec<u8>,
    connections: Vec<Connection>,
    received: usize,
    /// Looks in vain, one after the other.
    in_vain: u32,
}

#[derive(Default)]
struct Connection {
    tls: Option<Box<ServerConnection>>,
    /// What waits for the end of the handshake.
    contents: Option<Vec<u8>>,
    /// What waits to be read.
    outgoing: Vec<u8>,
    read: usize,
    ended: bool,
    /// The verdict is still to come.
    owed: bool,
    /// How often the client has written.
    writes: usize,
}

impl Server {
    /// With TLS, or without.
    pub fn start(encrypted: bool) -> Result<Shared> {
        let tls = encrypted.then(|| Tls::default().config()).transpose()?;
        let server = Self { tls, protected: false, line: Vec::new(), connections: Vec::new(), received: 0, in_vain: 0 };
        Ok(Shared(Arc::new(Mutex::new(server))))
    }

    /// The next connection: its number.
    pub fn accept(&mut self) -> usize {
        let mut connection = Connection::default();
        if self.connections.is_empty() {
            connection.send(b"220 ready\r\n");
        } else if self.protected {
            connection.tls = self.tls();
        }
        self.connections.push(connection);
        self.connections.len() - 1
    }

    /// Bytes that were uploaded.
    pub fn received(&self) -> usize {
        self.received
    }

    /// How often the client has written to the connection that it made last.
    pub fn writes(&self) -> usize {
        self.connections.last().map_or(0, |connection| connection.writes)
    }

    /// How often the client has written to the control connection. It does that to wait for a reply, so it waits as often
    /// for a round trip, whatever number of commands goes in one piece.
    pub fn flights(&self) -> usize {
        self.connections.first().map_or(0, |connection| connection.writes)
    }

    /// The client will not write any more.
    pub fn end(&mut self, number: usize) {
        if number > 0 && !self.connections[number].ended {
            self.connections[number].close();
            self.verdict(number);
        }
    }

    fn tls(&self) -> Option<Box<ServerConnection>> {
        let config = self.tls.clone()?;
        let mut connection = ServerConnection::new(config).ok()?;
        connection.set_buffer_limit(None);
        Some(Box::new(connection))
    }

    fn write(&mut self, number: usize, bytes: &[u8]) -> Result<()> {
        self.connections[number].writes += 1;
        let plain = self.connections[number].receive(bytes)?;
        if number > 0 {
            self.received += plain.len();
            return Ok(());
        }
        self.line.extend(plain);
        while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            self.command(String::from_utf8_lossy(&line).trim_end());
        }
        Ok(())
    }

    fn command(&mut self, line: &str) {
        match line.split(' ').next().unwrap_or_default() {
            "USER" => self.reply("331 and the password"),
            "PASS" => self.reply("230 logged in"),
            "FEAT" => self.reply("211-these\r\n UTF8\r\n MLST type*;size*;modify*;\r\n PBSZ\r\n PROT\r\n211 end"),
            "TYPE" | "OPTS" | "PBSZ" => self.reply("200 good"),
            "AUTH" if self.tls.is_some() => {
                self.reply("234 go on");
                self.connections[0].tls = self.tls();
            }
            "PROT" => {
                self.protected = true;
                self.reply("200 good");
            }
            "EPSV" => self.reply(&format!("229 here (|||{}|)", CONTROL_PORT + 1)),
            "RETR" => self.transfer(Some(vec![42; LARGE])),
            "MLSD" if !line.ends_with(UNIX) => self.transfer(Some(listing())),
            "LIST" => self.transfer(Some(unix_listing())),
            "STOR" => self.transfer(None),
            "SIZE" => self.reply(&format!("213 {}", self.received)),
            _ => self.reply("502 unknown"),
        }
    }

    fn reply(&mut self, text: &str) {
        self.connections[0].send(format!("{text}\r\n").as_bytes());
    }

    fn transfer(&mut self, contents: Option<Vec<u8>>) {
        self.reply("150 now");
        if let Some(connection) = self.connections.last_mut() {
            connection.owed = true;
            connection.contents = contents;
            connection.send_contents();
        }
    }

    fn verdict(&mut self, number: usize) {
        if std::mem::take(&mut self.connections[number].owed) {
            self.reply("226 done");
        }
    }

    /// What comes next; the verdict follows the last of it.
    fn read(&mut self, number: usize, most: usize) -> StreamResult<Bytes> {
        let connection = &mut self.connections[number];
        let left = &connection.outgoing[connection.read..];
        let piece = Bytes::copy_from_slice(&left[..left.len().min(most).min(CHUNK)]);
        connection.read += piece.len();
        let ended = connection.ended && piece.len() == left.len();
        if ended {
            self.verdict(number);
        }
        if !piece.is_empty() {
            self.in_vain = 0;
            return Ok(piece);
        }
        if ended {
            return Err(StreamError::Closed);
        }
        self.in_vain += 1;
        if self.in_vain > PATIENCE {
            return Err(StreamError::trap("nothing comes"));
        }
        Ok(piece)
    }
}

impl Connection {
    fn send(&mut self, bytes: &[u8]) {
        let Some(tls) = &mut self.tls else { return self.outgoing.extend(bytes) };
        for piece in bytes.chunks(CHUNK) {
            let _ = tls.writer().write_all(piece);
            while tls.wants_write() {
                let _ = tls.write_tls(&mut self.outgoing);
            }
        }
    }

    /// Once the handshake is over.
    fn send_contents(&mut self) {
        if self.tls.as_ref().is_some_and(|tls| tls.is_handshaking()) {
            return;
        }
        if let Some(contents) = self.contents.take() {
            self.send(&contents);
            self.close();
        }
    }

    fn close(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            while tls.wants_write() {
                let _ = tls.write_tls(&mut self.outgoing);
            }
        }
        self.ended = true;
    }

    /// What was written, without TLS.
    fn receive(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>> {
        let Some(tls) = &mut self.tls else { return Ok(bytes.to_vec()) };
        let mut plain = Vec::new();
        while !bytes.is_empty() {
            tls.read_tls(&mut bytes)?;
            let state = tls.process_new_packets()?;
            let start = plain.len();
            plain.resize(start + state.plaintext_bytes_to_read(), 0);
            tls.reader().read_exact(&mut plain[start..])?;
        }
        while tls.wants_write() {
            tls.write_tls(&mut self.outgoing)?;
        }
        self.send_contents();
        Ok(plain)
    }
}

fn listing() -> Vec<u8> {
    let line = |number| format!("type=file;size={};modify=20260131120000; file-{number:05}.txt\r\n", number * 7);
    (0..LINES).map(line).collect::<String>().into_bytes()
}

fn unix_listing() -> Vec<u8> {
    let line = |number| {
        let size = number * 7;
        format!("-rw-r--r--    1 1001     1001     {size:>12} Jan 31  2025 file-{number:05}.txt\r\n")
    };
    (0..LINES).map(line).collect::<String>().into_bytes()
}

/// What the guest reads from.
pub struct Reader {
    pub server: Shared,
    pub number: usize,
}

#[async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {}
}

#[async_trait]
impl InputStream for Reader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.server.lock().read(self.number, size)
    }
}

/// What the guest writes to.
pub struct Writer {
    pub server: Shared,
    pub number: usize,
}

#[async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let written = self.server.lock().write(self.number, &bytes);
        written.map_err(|error| StreamError::Trap(wasmtime::format_err!("{error:#}")))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(1 << 20)
    }
}
