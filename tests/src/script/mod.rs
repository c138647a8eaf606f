//! A server that plays a script, for behaviour that no real server shows.
//!
//! A [`Script`] is a list of steps: expect a command, say something, open a data connection, cut the line. The peer that
//! plays it listens on a port of the system's choosing, takes one control connection and follows the steps; whatever
//! else the client sends is a mismatch, and fails the trial. The exceptions are courtesies, commands that a client may
//! send at any time to learn or set what it needs (`FEAT`, `OPTS`, `TYPE`, and `SIZE`, which is not told): they are answered
//! unless the script is [`strict`](Script::strict).
//!
//! Connections are plain until a step puts one of them inside TLS. What the peer shows there is a [`Tls`].

mod line;
mod player;
mod tls;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::Result;

pub use player::Peer;
pub use tls::{Handshake, Tls};

/// How a peer ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In order: what was sent before still arrives.
    Close,
    /// With a reset, which may overtake what was sent before.
    Reset,
}

/// What a peer does, step by step.
#[derive(Clone, Debug)]
pub struct Script {
    steps: Vec<Step>,
    address: IpAddr,
    accepts: bool,
    strict: bool,
    cut: Option<(u64, Ending)>,
    tls: Tls,
}

impl Script {
    /// A peer that accepts and says nothing yet.
    pub fn silent() -> Self {
        let (address, tls) = (Ipv4Addr::LOCALHOST.into(), Tls::default());
        Self { steps: Vec::new(), address, accepts: true, strict: false, cut: None, tls }
    }

    /// A peer whose port takes no connection: the attempt is neither accepted nor refused.
    pub fn deaf() -> Self {
        Self { accepts: false, ..Self::silent() }
    }

    /// A peer that greets.
    pub fn greeting() -> Self {
        Self::silent().reply("220 ready")
    }

    /// A peer that greets and lets everyone in.
    pub fn logged_in() -> Self {
        Self::greeting().on("USER", "331 password?").on("PASS", "230 welcome")
    }

    /// A peer that greets and goes over to TLS.
    pub fn secured() -> Self {
        Self::greeting().on("AUTH TLS", "234 go").start_tls()
    }

    /// A peer that greets, goes over to TLS and lets everyone in.
    pub fn secured_login() -> Self {
        Self::secured().on("USER", "331 password?").on("PASS", "230 welcome")
    }

    /// The same, up to the agreement on the protection of data.
    pub fn protected() -> Self {
        Self::secured_login().on("PBSZ 0", "200 fine").on("PROT P", "200 private")
    }

    /// Do TLS in another way.
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls, ..self }
    }

    /// Listen at another address than 127.0.0.1.
    pub fn at(self, address: IpAddr) -> Self {
        Self { address, ..self }
    }

    /// Take no command that the script does not name, courtesies included.
    pub fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    /// End all connections once this many bytes have been sent, in the middle of whatever step that is. Inside TLS
    /// these are the bytes of its records.
    pub fn cut_after(self, bytes: u64, ending: Ending) -> Self {
        Self { cut: Some((bytes, ending)), ..self }
    }

    /// Wait for a command that begins with this.
    pub fn expect(self, command: &str) -> Self {
        self.step(Step::Expect(command.into()))
    }

    /// Send bytes on the control connection.
    pub fn say(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Say(bytes.into()))
    }

    /// Read exactly these bytes on the control connection.
    pub fn expect_bytes(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::ExpectBytes(bytes.into()))
    }

    /// Take one more connection where the control connection came in, as the data connection: so it is with a proxy.
    pub fn accept_again(self) -> Self {
        self.step(Step::AcceptAgain)
    }

    /// Read exactly these bytes on the data connection.
    pub fn expect_data(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::ExpectData(bytes.into()))
    }

    /// Send a line on the control connection.
    pub fn reply(self, line: &str) -> Self {
        self.say(format!("{line}\r\n"))
    }

    /// Wait for a command and reply to it.
    pub fn on(self, command: &str, line: &str) -> Self {
        self.expect(command).reply(line)
    }

    /// Send bytes on the control connection, each in a write of its own, with a pause before each.
    pub fn drip(self, bytes: impl Into<Vec<u8>>, pause: Duration) -> Self {
        self.step(Step::Drip(bytes.into(), pause))
    }

    /// Send these bytes on the control connection, again and again, until the client hangs up.
    pub fn flood(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Flood(bytes.into()))
    }

    /// Listen for a data connection and tell where, with `{port}`, `{high}` and `{low}` filled in.
    pub fn announce(self, line: &str) -> Self {
        self.step(Step::Listen).step(Step::Announce(line.into()))
    }

    /// As [`announce`](Self::announce), but the data port takes no connection.
    pub fn announce_deaf(self, line: &str) -> Self {
        self.step(Step::ListenDeaf).step(Step::Announce(line.into()))
    }

    /// Wait for `EPSV` and listen.
    pub fn passive(self) -> Self {
        self.expect("EPSV").announce("229 listening (|||{port}|)")
    }

    /// Wait for `EPSV` and this command, and say that data will come.
    pub fn open_data(self, command: &str) -> Self {
        self.passive().on(command, "150 here it comes")
    }

    /// A whole download in passive mode.
    pub fn download(self, command: &str, contents: impl Into<Vec<u8>>) -> Self {
        self.open_data(command).send_data(contents).close_data().reply("226 done")
    }

    /// Connect to the port that the last `PORT` or `EPRT` named, from this address.
    pub fn connect_back(self, from: Ipv4Addr) -> Self {
        self.step(Step::ConnectBack(from))
    }

    /// Accept the data connection if that has not been done, and send bytes on it.
    pub fn send_data(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::SendData(bytes.into()))
    }

    /// Send these bytes on the data connection, again and again, until the client closes it.
    pub fn flood_data(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::FloodData(bytes.into()))
    }

    /// Read the data connection to its end and expect these bytes.
    pub fn receive_data(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::ReceiveData(bytes.into()))
    }

    /// Wait until the client has closed the data connection.
    pub fn see_data_closed(self) -> Self {
        self.step(Step::SeeDataClosed)
    }

    /// Close the data connection, inside TLS without `close_notify`.
    pub fn close_data(self) -> Self {
        self.step(Step::EndData(Ending::Close))
    }

    /// Reset the data connection.
    pub fn reset_data(self) -> Self {
        self.step(Step::EndData(Ending::Reset))
    }

    /// Begin TLS on the control connection.
    pub fn start_tls(self) -> Self {
        self.step(Step::StartTls(Wanted::Yes))
    }

    /// Begin TLS on the control connection, which comes to nothing: the client, or the way in which TLS is done here,
    /// does not agree. That is the end of the script.
    pub fn fail_tls(self) -> Self {
        self.step(Step::StartTls(Wanted::No))
    }

    /// Wait for the beginning of a handshake on the control connection, and leave it at that.
    pub fn see_hello(self) -> Self {
        self.step(Step::SeeHello)
    }

    /// Send bytes on the control connection beside TLS.
    pub fn say_in_the_clear(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::SayInTheClear(bytes.into()))
    }

    /// Change the key of the control connection, and ask the client to do so, again and again.
    pub fn change_keys(self, times: usize) -> Self {
        self.step(Step::ChangeKeys(times))
    }

    /// Leave TLS on the control connection: wait for `close_notify` and answer it.
    pub fn leave_tls(self) -> Self {
        self.leave_tls_and_say("")
    }

    /// The same, with these bytes in the clear right behind the answer, in one packet.
    pub fn leave_tls_and_say(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::LeaveTls(bytes.into()))
    }

    /// Wait until the client ends the control connection as TLS wants it: with `close_notify`, and nothing else.
    pub fn see_tls_end(self) -> Self {
        self.step(Step::SeeTlsEnd)
    }

    /// Begin TLS on the data connection, which resumes the session of the control connection if the client wants to.
    pub fn secure_data(self) -> Self {
        self.step(Step::SecureData(None, Wanted::Yes))
    }

    /// Begin TLS on the data connection as another server would, which knows nothing of the control connection.
    pub fn secure_data_as(self, tls: Tls) -> Self {
        self.step(Step::SecureData(Some(tls), Wanted::Yes))
    }

    /// The same, which comes to nothing.
    pub fn fail_data_as(self, tls: Tls) -> Self {
        self.step(Step::SecureData(Some(tls), Wanted::No))
    }

    /// Wait for the beginning of a handshake on the data connection, and leave it at that.
    pub fn see_data_hello(self) -> Self {
        self.step(Step::SeeDataHello)
    }

    /// Send `close_notify` on the data connection, and these bytes in the clear behind it, in one packet.
    pub fn clear_data_and_say(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::ClearData(bytes.into()))
    }

    /// Send `close_notify` on the data connection and close it.
    pub fn end_data(self) -> Self {
        self.step(Step::EndDataTls)
    }

    /// A whole download inside TLS in passive mode, of a session whose data is protected.
    pub fn secure_download(self, command: &str, contents: impl Into<Vec<u8>>) -> Self {
        self.open_data(command).secure_data().send_data(contents).end_data().reply("226 done")
    }

    /// Do nothing for this long, as a slow server would.
    pub fn pause(self, length: Duration) -> Self {
        self.step(Step::Pause(length))
    }

    /// Do nothing until the client hangs up, whatever it sends.
    pub fn stall(self) -> Self {
        self.step(Step::Stall)
    }

    /// End everything.
    pub fn end(self, ending: Ending) -> Self {
        self.step(Step::End(ending))
    }

    /// End everything in this way, and play another script, up to its end, with the client that connects next.
    pub fn then(mut self, ending: Ending, next: Self) -> Self {
        self.steps.push(Step::Again(ending));
        self.steps.extend(next.steps);
        self
    }

    /// Play the script against this client. Gives what the client gives, unless the two disagree about the script.
    ///
    /// When the script has come to its end the peer waits until the client hangs up; a command that still comes is a
    /// mismatch.
    pub async fn play<T>(self, client: impl AsyncFnOnce(&Peer) -> Result<T>) -> Result<T> {
        let peer = Peer::start(self)?;
        let result = client(&peer).await;
        peer.finish(result).await
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// Whether a handshake is meant to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Yes,
    No,
}

#[derive(Clone, Debug)]
enum Step {
    Expect(String),
    ExpectBytes(Vec<u8>),
    AcceptAgain,
    ExpectData(Vec<u8>),
    Say(Vec<u8>),
    Drip(Vec<u8>, Duration),
    Flood(Vec<u8>),
    Listen,
    ListenDeaf,
    Announce(String),
    ConnectBack(Ipv4Addr),
    SendData(Vec<u8>),
    FloodData(Vec<u8>),
    ReceiveData(Vec<u8>),
    SeeDataClosed,
    EndData(Ending),
    StartTls(Wanted),
    SeeHello,
    SayInTheClear(Vec<u8>),
    ChangeKeys(usize),
    LeaveTls(Vec<u8>),
    SeeTlsEnd,
    SecureData(Option<Tls>, Wanted),
    SeeDataHello,
    ClearData(Vec<u8>),
    EndDataTls,
    Pause(Duration),
    Stall,
    End(Ending),
    Again(Ending),
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
