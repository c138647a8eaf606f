//! A server with the files that clients fetch, and the folder that they are in.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ftp_tests::payload::Payload;
use ftp_tests::servers::{Options, Server, Way};
use ftp_tests::{certificates, client, root};
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::works::{Sizes, Work};

/// Bytes of a small file.
pub const SMALL: u64 = 4096;

/// What the server takes for a password from `user`.
pub const PASSWORD: &str = "12345";

/// The folder of the clients, in memory: `large`, `small/`, `each/`, `ca.pem`, and `down/` for what they fetch.
pub struct Here(TempDir);

impl Here {
    /// Make the files.
    pub fn make(sizes: &Sizes) -> Result<Self> {
        // Here and there, and what is fetched and sent besides.
        let here = root::with_room_for(2 * sizes.large + sizes.clients as u64 * sizes.each)?;
        write_files(here.path(), sizes)?;
        fs::write(here.path().join("ca.pem"), certificates::authority()?)?;
        Ok(Self(here))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where fetched files go.
    pub fn down(&self) -> PathBuf {
        self.path().join("down")
    }
}

/// A running server, which has the same files, and `many/` with many entries, and `up/` for what clients send.
pub struct Site {
    server: Server,
    /// How it is talked to.
    pub way: Way,
}

impl Site {
    /// Start the server.
    pub fn start(way: Way, sizes: &Sizes) -> Result<Self> {
        let home = root::with_room_for(2 * sizes.large + sizes.clients as u64 * sizes.each)?;
        write_files(home.path(), sizes)?;
        fs::create_dir(home.path().join("many"))?;
        for number in 0..sizes.entries {
            fs::File::create(home.path().join(format!("many/file-{number:05}.txt")))?;
        }
        // Not every client resumes sessions of TLS.
        let options = Options { require_reuse: false, ..way.options() };
        Ok(Self { server: Server::start_in(home, way.kind, options)?, way })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The cipher that it chooses inside TLS.
    pub fn cipher(&self) -> Result<Option<String>> {
        let ask = async {
            let settings = self.way.settings(client::settings())?;
            let mut session = client::login_with(self.address(), settings).await?;
            Ok(session.encryption().await?.map(|agreed| agreed.cipher))
        };
        Builder::new_current_thread().enable_all().build()?.block_on(ask)
    }

    /// Where sent files arrive.
    pub fn up(&self) -> PathBuf {
        self.server.root().join("up")
    }

    /// The URL of a path, in the spelling of programs that ask for TLS by an option.
    pub fn url(&self, path: &str) -> String {
        format!("ftp://{}/{path}", self.address())
    }
}

/// The name of a small file, with its folder.
pub fn small(number: usize) -> String {
    format!("small/f{number:04}")
}

/// The name of one of the files for many clients, with its folder.
pub fn each(number: usize) -> String {
    format!("each/f{number:04}")
}

fn write_files(folder: &Path, sizes: &Sizes) -> Result<()> {
    for name in ["small", "each", "down", "up"] {
        fs::create_dir(folder.join(name))?;
    }
    let piece = Payload::bytes(1 << 20);
    let mut large = fs::File::create(folder.join("large"))?;
    for _ in 0..sizes.large >> 20 {
        std::io::Write::write_all(&mut large, &piece)?;
    }
    let contents = Payload::bytes(SMALL);
    for number in 0..sizes.files {
        fs::write(folder.join(small(number)), &contents)?;
    }
    // One file with many names.
    fs::write(folder.join(each(0)), Payload::bytes(sizes.each))?;
    for number in 1..sizes.clients {
        fs::hard_link(folder.join(each(0)), folder.join(each(number)))?;
    }
    Ok(())
}

/// One piece of work.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// Which.
    pub work: Work,
    /// With which server, for those that need one.
    pub site: Option<&'a Site>,
    /// The folder of the client.
    pub here: &'a Here,
    /// How much.
    pub sizes: &'a Sizes,
}

impl<'a> Task<'a> {
    /// The server.
    pub fn site(&self) -> Result<&'a Site> {
        self.site.context("this needs a server")
    }

    /// Remove what an earlier work has left, so that each makes its files anew, and finds memory for them.
    pub fn clear(&self) -> Result<()> {
        let up = self.site.map(Site::up);
        for folder in [Some(self.here.down()), up].into_iter().flatten() {
            fs::remove_dir_all(&folder)?;
            fs::create_dir(&folder)?;
        }
        touch_memory(&self.here.down().join("memory"), self.bytes())
    }

    /// Bytes of files that the work moves.
    pub fn bytes(&self) -> u64 {
        match self.work {
            Work::Retr | Work::Stor | Work::IdleRetr => self.sizes.large,
            Work::SmallRetr | Work::SmallStor | Work::SmallRetr4 | Work::SmallStor4 => self.sizes.files as u64 * SMALL,
            Work::ManyRetr | Work::ManyStor => self.sizes.clients as u64 * self.sizes.each,
            _ => 0,
        }
    }

    /// Whether it left what it should have: a fast failure is no success.
    pub fn check(&self) -> Result<()> {
        let (folder, files) = match self.work {
            Work::Retr | Work::IdleRetr => (self.here.down(), 1),
            Work::Stor => (self.site()?.up(), 1),
            Work::SmallRetr | Work::SmallRetr4 => (self.here.down(), self.sizes.files),
            Work::SmallStor | Work::SmallStor4 => (self.site()?.up(), self.sizes.files),
            Work::ManyRetr => (self.here.down(), self.sizes.clients),
            Work::ManyStor => (self.site()?.up(), self.sizes.clients),
            _ => return Ok(()),
        };
        let mut found = (0, 0);
        for entry in fs::read_dir(folder)? {
            found = (found.0 + 1, found.1 + entry?.metadata()?.len());
        }
        anyhow::ensure!(found == (files, self.bytes()), "{} files with {} bytes arrived", found.0, found.1);
        Ok(())
    }
}

/// Use as much memory as the files will take, and give it back. A virtual machine returns memory that is free for some
/// seconds to its host, and getting it again takes up to five times as long as writing to it: by chance, it would be
/// a part of the time of one client and not of the next.
fn touch_memory(file: &Path, bytes: u64) -> Result<()> {
    let mut zeros = std::io::Read::take(std::io::repeat(0), bytes);
    std::io::copy(&mut zeros, &mut fs::File::create(file)?)?;
    Ok(fs::remove_file(file)?)
}

/// A port where nobody listens.
pub fn closed_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
