//! What a server does, step by step.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::memory::SERVER;
use crate::step::{End, Line, Step, Unmade, Wanted};

/// What is around a script in memory.
#[derive(Debug, Clone)]
pub struct Memory {
    /// The addresses of the host's name.
    pub addresses: Vec<IpAddr>,
    /// Addresses that never answer.
    pub unreachable: Vec<IpAddr>,
    /// Addresses that refuse connections.
    pub refusing: Vec<IpAddr>,
    /// An address that answers after a time.
    pub slow: Option<(IpAddr, Duration)>,
    /// How much a read gives at the most.
    pub piece: usize,
    /// Nothing is checked that the client says.
    pub unchecked: bool,
}

/// What is around a script on a socket.
#[derive(Debug, Clone)]
pub struct Peer<T> {
    /// Where it listens.
    pub address: IpAddr,
    /// It takes connections.
    pub accepts: bool,
    /// It answers no courtesies.
    pub strict: bool,
    /// After how many bytes all connections end.
    pub cut: Option<(u64, End)>,
    /// How it does TLS.
    pub tls: T,
}

/// What a server does, in order. `T` is how it does TLS.
#[derive(Debug, Clone)]
pub struct Script<T = ()> {
    /// The steps.
    pub steps: Vec<Step<T>>,
    /// What is around it in memory.
    pub memory: Memory,
    /// What is around it on a socket.
    pub peer: Peer<T>,
}

impl<T: Default> Default for Script<T> {
    fn default() -> Self {
        let memory = Memory {
            addresses: vec![SERVER],
            unreachable: Vec::new(),
            refusing: Vec::new(),
            slow: None,
            piece: usize::MAX,
            unchecked: false,
        };
        let address = Ipv4Addr::LOCALHOST.into();
        Self {
            steps: Vec::new(),
            memory,
            peer: Peer { address, accepts: true, strict: false, cut: None, tls: T::default() },
        }
    }
}

impl<T: Default> Script<T> {
    /// A server that accepts and says nothing yet.
    pub fn silent() -> Self {
        Self::default()
    }

    /// A server that greets.
    pub fn greeting() -> Self {
        Self::silent().reply("220 ready")
    }

    /// A server that greets and lets everyone in.
    pub fn logged_in() -> Self {
        Self::greeting().expect("USER").reply("331 password?").expect("PASS").reply("230 welcome")
    }

    /// A server that greets and goes over to TLS.
    pub fn secured() -> Self {
        Self::greeting().expect("AUTH TLS").reply("234 go").start_tls()
    }

    /// A server that greets, goes over to TLS and lets everyone in.
    pub fn secured_login() -> Self {
        Self::secured().expect("USER").reply("331 password?").expect("PASS").reply("230 welcome")
    }

    /// The same, up to the agreement on the protection of data.
    pub fn protected() -> Self {
        Self::secured_login().expect("PBSZ 0").reply("200 fine").expect("PROT P").reply("200 private")
    }

    /// A server whose port takes no connection: the attempt is neither accepted nor refused. On a socket.
    pub fn deaf() -> Self {
        let mut script = Self::silent();
        script.peer.accepts = false;
        script
    }
}

/// The steps of both players.
impl<T> Script<T> {
    /// Send bytes on the control connection. In memory, what is sent at once is read at once.
    pub fn say(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::Say(bytes.as_ref().to_vec()))
    }

    /// Send a line on the control connection.
    pub fn reply(self, line: impl AsRef<[u8]>) -> Self {
        self.say([line.as_ref(), b"\r\n"].concat())
    }

    /// Wait for this line, given without its end. It need not be UTF-8.
    pub fn expect_line(self, line: impl AsRef<[u8]>) -> Self {
        self.step(Step::Expect(Line::Whole(line.as_ref().to_vec())))
    }

    /// Wait for a line that begins so.
    pub fn expect(self, line: impl AsRef<[u8]>) -> Self {
        self.step(Step::Expect(Line::Start(line.as_ref().to_vec())))
    }

    /// Wait for a line that begins so, and reply to it.
    pub fn on(self, line: impl AsRef<[u8]>, reply: impl AsRef<[u8]>) -> Self {
        self.expect(line).reply(reply)
    }

    /// End the control connection; on a socket, all connections.
    pub fn end(self, end: End) -> Self {
        self.step(Step::End(end))
    }

    /// Do nothing until the client hangs up, whatever it sends.
    pub fn stall(self) -> Self {
        self.end(End::Stall)
    }

    /// Accept the data connection if that has not been done, and send bytes on it.
    pub fn send_data(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::SendData(bytes.as_ref().to_vec()))
    }

    /// Close the data connection, inside TLS without `close_notify`.
    pub fn close_data(self) -> Self {
        self.step(Step::EndData(End::Close))
    }

    /// Reset the data connection.
    pub fn reset_data(self) -> Self {
        self.step(Step::EndData(End::Reset))
    }

    /// Leave the data connection as it is.
    pub fn leave_data(self) -> Self {
        self.step(Step::EndData(End::Stall))
    }

    fn step(mut self, step: Step<T>) -> Self {
        self.steps.push(step);
        self
    }
}

/// What there is in memory.
impl<T> Script<T> {
    /// The addresses of the host's name.
    pub fn addresses(mut self, addresses: impl Into<Vec<IpAddr>>) -> Self {
        self.memory.addresses = addresses.into();
        self
    }

    /// Addresses that never answer.
    pub fn unreachable(mut self, unreachable: impl Into<Vec<IpAddr>>) -> Self {
        self.memory.unreachable = unreachable.into();
        self
    }

    /// Addresses that refuse connections.
    pub fn refusing(mut self, refusing: impl Into<Vec<IpAddr>>) -> Self {
        self.memory.refusing = refusing.into();
        self
    }

    /// An address that answers after this time.
    pub fn slow(mut self, address: IpAddr, time: Duration) -> Self {
        self.memory.slow = Some((address, time));
        self
    }

    /// Let every read give so many bytes at the most.
    pub fn in_pieces_of(mut self, piece: usize) -> Self {
        self.memory.piece = piece;
        self
    }

    /// Check nothing that the client says, nor when it says it, for scripts that nobody wrote. `C: *` waits for a line still.
    pub fn unchecked(mut self) -> Self {
        self.memory.unchecked = true;
        self
    }

    /// Take everything that comes on the data connection, up to its end.
    pub fn take_data(self) -> Self {
        self.take_only(usize::MAX, End::Stall)
    }

    /// Take so many bytes, then no more: with [`End::Stall`] the client waits, else its writing fails.
    pub fn take_only(self, count: usize, end: End) -> Self {
        self.step(Step::TakeData(count)).step(Step::EndData(end))
    }

    /// Do not make the data connection.
    pub fn make_no_data(self, why: Unmade) -> Self {
        self.step(Step::MakeNoData(why))
    }

    /// Pause after each piece that is sent or taken on the data connection.
    pub fn pause_data(self, pause: Duration) -> Self {
        self.step(Step::PauseData(pause))
    }

    /// In active mode, connect from this address.
    pub fn connect_from(self, from: IpAddr) -> Self {
        self.step(Step::ConnectFrom(from))
    }
}

/// What there is on a socket.
impl<T> Script<T> {
    /// Do TLS in another way.
    pub fn with_tls(mut self, tls: T) -> Self {
        self.peer.tls = tls;
        self
    }

    /// Listen at another address than 127.0.0.1.
    pub fn at(mut self, address: IpAddr) -> Self {
        self.peer.address = address;
        self
    }

    /// Take no command that the script does not name, courtesies included.
    pub fn strict(mut self) -> Self {
        self.peer.strict = true;
        self
    }

    /// End all connections once this many bytes have been sent, in the middle of whatever step that is. Inside TLS these are
    /// the bytes of its records.
    pub fn cut_after(mut self, bytes: u64, end: End) -> Self {
        self.peer.cut = Some((bytes, end));
        self
    }

    /// Read exactly these bytes on the control connection.
    pub fn expect_bytes(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::ExpectBytes(bytes.as_ref().to_vec()))
    }

    /// Take one more connection where the control connection came in, as the data connection: so it is with a proxy.
    pub fn accept_again(self) -> Self {
        self.step(Step::AcceptAgain)
    }

    /// Read exactly these bytes on the data connection.
    pub fn expect_data(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::ExpectData(bytes.as_ref().to_vec()))
    }

    /// Send bytes on the control connection, each in a write of its own, with a pause before each.
    pub fn drip(self, bytes: impl AsRef<[u8]>, pause: Duration) -> Self {
        self.step(Step::Drip(bytes.as_ref().to_vec(), pause))
    }

    /// Send these bytes on the control connection, again and again, until the client hangs up.
    pub fn flood(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::Flood(bytes.as_ref().to_vec()))
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
    pub fn open_data(self, command: impl AsRef<[u8]>) -> Self {
        self.passive().on(command, "150 here it comes")
    }

    /// A whole download in passive mode.
    pub fn download(self, command: impl AsRef<[u8]>, contents: impl AsRef<[u8]>) -> Self {
        self.open_data(command).send_data(contents).close_data().reply("226 done")
    }

    /// A whole download inside TLS in passive mode, of a session whose data is protected.
    pub fn secure_download(self, command: impl AsRef<[u8]>, contents: impl AsRef<[u8]>) -> Self {
        self.open_data(command).secure_data().send_data(contents).end_data().reply("226 done")
    }

    /// Connect to the port that the last `PORT` or `EPRT` named, from this address.
    pub fn connect_back(self, from: Ipv4Addr) -> Self {
        self.step(Step::ConnectBack(from))
    }

    /// Send these bytes on the data connection, again and again, until the client closes it.
    pub fn flood_data(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::FloodData(bytes.as_ref().to_vec()))
    }

    /// Read the data connection to its end and expect these bytes.
    pub fn receive_data(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::ReceiveData(bytes.as_ref().to_vec()))
    }

    /// Wait until the client has closed the data connection.
    pub fn see_data_closed(self) -> Self {
        self.step(Step::SeeDataClosed)
    }

    /// Begin TLS on the control connection.
    pub fn start_tls(self) -> Self {
        self.step(Step::StartTls(Wanted::Yes))
    }

    /// Begin TLS on the control connection, which comes to nothing: the client, or the way in which TLS is done here, does
    /// not agree. That is the end of the script.
    pub fn fail_tls(self) -> Self {
        self.step(Step::StartTls(Wanted::No))
    }

    /// Wait for the beginning of a handshake on the control connection, and leave it at that.
    pub fn see_hello(self) -> Self {
        self.step(Step::SeeHello)
    }

    /// Send bytes on the control connection beside TLS.
    pub fn say_in_the_clear(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::SayInTheClear(bytes.as_ref().to_vec()))
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
    pub fn leave_tls_and_say(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::LeaveTls(bytes.as_ref().to_vec()))
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
    pub fn secure_data_as(self, tls: T) -> Self {
        self.step(Step::SecureData(Some(tls), Wanted::Yes))
    }

    /// The same, which comes to nothing.
    pub fn fail_data_as(self, tls: T) -> Self {
        self.step(Step::SecureData(Some(tls), Wanted::No))
    }

    /// Wait for the beginning of a handshake on the data connection, and leave it at that.
    pub fn see_data_hello(self) -> Self {
        self.step(Step::SeeDataHello)
    }

    /// Send `close_notify` on the data connection, and these bytes in the clear behind it, in one packet.
    pub fn clear_data_and_say(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::ClearData(bytes.as_ref().to_vec()))
    }

    /// Send `close_notify` on the data connection and close it.
    pub fn end_data(self) -> Self {
        self.step(Step::EndDataTls)
    }

    /// Do nothing for this long, as a slow server would.
    pub fn pause(self, length: Duration) -> Self {
        self.step(Step::Pause(length))
    }

    /// End everything in this way, and play another script, up to its end, with the client that connects next.
    pub fn then(mut self, end: End, next: Self) -> Self {
        self.steps.push(Step::Again(end));
        self.steps.extend(next.steps);
        self
    }
}
