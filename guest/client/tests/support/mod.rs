//! What every suite against the scripted server uses.
#![allow(dead_code, missing_docs)]

use ftp_client::{Download, Error, Session, Settings};
use ftp_testkit::{Script, Scripted, script};
use std::cell::Cell;

pub type Client = Session<Scripted>;

pub fn hello() -> Script {
    script!("S: 220 ready")
}

pub fn settings() -> Settings {
    Settings { transcript_capacity: 1000, ..Settings::default() }
}

/// Connect with these settings, do the work, and check that the script was played to its end and nothing is left open.
pub fn play_with<T>(settings: Settings, script: Script, work: impl AsyncFnOnce(&mut Client) -> T) -> T {
    let network = Scripted::new(script);
    let result = network.run(async {
        let mut session = Session::connect(network.clone(), settings, "ftp.example.com", 21).await.unwrap();
        work(&mut session).await
    });
    network.finished();
    assert_eq!(network.open_sockets(), 0, "a socket is left open");
    result
}

pub fn play<T>(script: Script, work: impl AsyncFnOnce(&mut Client) -> T) -> T {
    play_with(settings(), script, work)
}

pub fn connect(script: Script) -> Result<String, Error> {
    let network = Scripted::new(script);
    let session = network.run(Session::connect(network.clone(), settings(), "ftp.example.com", 21));
    session.map(|session| session.welcome().lines.join("|"))
}

/// `EPSV` and its reply, as before every passive transfer.
pub fn passive(script: Script) -> Script {
    script!(script; "C: EPSV   S: 229 Entering (|||5000|)")
}

pub fn image(script: Script) -> Script {
    passive(script!(script; "C: TYPE I   S: 200 ok"))
}

pub fn ascii(script: Script) -> Script {
    passive(script!(script; "C: TYPE A   S: 200 ok"))
}

/// SIZE and its reply, as after every upload.
pub fn sized(script: Script, path: &str, size: usize) -> Script {
    script!(script; "C: SIZE {path}   S: 213 {size}")
}

pub async fn read_all(download: &mut Download<Scripted>) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while download.read(&mut bytes, 7).await? > 0 {}
    Ok(bytes)
}

/// Servers, one for each attempt, and none after the last.
pub struct Servers(pub Vec<Scripted>, Cell<usize>);

impl Servers {
    pub fn new(scripts: Vec<Script>) -> Self {
        Self(scripts.into_iter().map(Scripted::new).collect(), Cell::new(0))
    }

    pub async fn open(&self) -> Result<Session<Scripted>, Error> {
        let network = self.0.get(self.1.replace(self.1.get() + 1)).cloned();
        let network = network.ok_or(Error::connection_refused("no more"))?;
        Session::connect(network, settings(), "ftp.example.com", 21).await
    }

    pub fn check_finished(&self) {
        for network in &self.0 {
            network.finished();
            assert_eq!(network.open_sockets(), 0, "a socket is left open");
        }
    }
}

pub fn code<T>(result: Result<T, Error>) -> u16 {
    match result {
        Err(Error::Refused { reply, .. }) => reply.code,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("a success"),
    }
}
