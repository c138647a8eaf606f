//! A server that plays a script, for behaviour that no real server shows.
//!
//! A [`Script`] is a list of steps in the language of `ftp_testkit`. The peer that
//! plays it listens on a port of the system's choosing, takes one control connection and follows the steps; whatever
//! else the client sends is a mismatch, and fails the trial. The exceptions are courtesies, commands that a client may
//! send at any time to learn or set what it needs (`FEAT`, `OPTS`, `TYPE`, and `SIZE`, which is not told): they are answered
//! unless the script is [`strict`](Script::strict).
//!
//! Connections are plain until a step puts one of them inside TLS. What the peer shows there is a [`Tls`].

mod line;
mod listener;
mod player;
mod tls;

use anyhow::Result;

pub use ftp_testkit::{End as Ending, script};
pub use player::Peer;
pub use tls::{Handshake, Tls};

/// What a peer does, step by step.
pub type Script = ftp_testkit::Script<Tls>;

/// Plays a script on a socket.
#[allow(async_fn_in_trait, reason = "nobody spawns it")]
pub trait Play {
    /// Play the script against this client. Gives what the client gives, unless the two disagree about the script.
    ///
    /// When the script has come to its end the peer waits until the client hangs up; a command that still comes is a
    /// mismatch.
    async fn play<T>(self, client: impl AsyncFnOnce(&Peer) -> Result<T>) -> Result<T>;
}

impl Play for Script {
    async fn play<T>(self, client: impl AsyncFnOnce(&Peer) -> Result<T>) -> Result<T> {
        let peer = Peer::start(self)?;
        let result = client(&peer).await;
        peer.finish(result).await
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use super::*;
    use crate::suite::runtime;

    #[test]
    fn script_that_is_followed_gives_the_clients_result() {
        let played = play(Script::greeting().on("NOOP", "200 fine"), "NOOP\r\n");
        assert_eq!(played.unwrap(), "220 ready\r\n200 fine\r\n");
    }

    #[test]
    fn other_command_than_the_expected_one_is_a_mismatch() {
        let played = play(Script::greeting().expect("NOOP"), "DELE precious\r\n");
        assert!(format!("{:#}", played.unwrap_err()).contains("DELE precious"));
    }

    #[test]
    fn command_after_the_end_is_a_mismatch() {
        let played = play(Script::greeting(), "NOOP\r\n");
        assert!(format!("{:#}", played.unwrap_err()).contains("after the end"));
    }

    #[test]
    fn command_that_never_comes_is_a_mismatch() {
        let played = play(Script::greeting().expect("NOOP"), "");
        assert!(format!("{:#}", played.unwrap_err()).contains("hung up"));
    }

    #[test]
    fn courtesies_are_answered_unless_the_script_is_strict() {
        let script = Script::greeting().on("NOOP", "200 fine");
        assert!(play(script.clone(), "TYPE I\r\nNOOP\r\n").is_ok());
        assert!(play(script.strict(), "TYPE I\r\nNOOP\r\n").is_err());
    }

    #[test]
    fn cut_ends_the_connection_in_the_middle_of_a_line() {
        let played = play(Script::greeting().cut_after(5, Ending::Close).expect("NOOP"), "");
        assert_eq!(played.unwrap(), "220 r");
    }

    #[test]
    fn next_script_is_for_the_next_client() {
        let script = Script::greeting().then(Ending::Close, Script::silent().reply("220 again"));
        let heard = runtime().block_on(script.play(async |peer| {
            let hear = || -> Result<String> {
                let (mut stream, mut heard) = (TcpStream::connect(peer.address())?, String::new());
                stream.shutdown(std::net::Shutdown::Write)?;
                stream.read_to_string(&mut heard)?;
                Ok(heard)
            };
            Ok([hear()?, hear()?])
        }));
        assert_eq!(heard.unwrap(), ["220 ready\r\n", "220 again\r\n"]);
    }

    /// What a client hears that says all it has to say at once and then listens.
    fn play(script: Script, commands: &str) -> Result<String> {
        runtime().block_on(script.play(async |peer| {
            let mut stream = TcpStream::connect(peer.address())?;
            stream.write_all(commands.as_bytes())?;
            stream.shutdown(std::net::Shutdown::Write)?;
            let mut heard = String::new();
            stream.read_to_string(&mut heard)?;
            Ok(heard)
        }))
    }
}
