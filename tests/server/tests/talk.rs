//! The server, by raw lines over plain sockets.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use ftp_test_server::{Options, PASSWORD, Server, USER};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn two_servers_at_once_keep_their_files_apart() {
    let (one, two) = (server(), server());
    assert_ne!(one.address(), two.address());
    let (mut first, mut second) = (Client::logged_in(&one), Client::logged_in(&two));
    assert_eq!(first.store("STOR name", b"one"), [150, 226]);
    assert_eq!(second.store("STOR name", b"two"), [150, 226]);
    assert_eq!(fs::read(one.root().join("name")).unwrap(), b"one");
    assert_eq!(fs::read(two.root().join("name")).unwrap(), b"two");
}

#[test]
fn a_dropped_server_closes_its_sessions_and_its_port_and_removes_its_directory() {
    let server = server();
    let (address, root) = (server.address(), server.root().to_owned());
    let mut client = Client::logged_in(&server);
    drop(server);
    assert_eq!(client.control.read(&mut [0]).unwrap_or(0), 0);
    assert!(TcpStream::connect(address).is_err());
    assert!(!root.exists());
}

#[test]
fn a_given_directory_stays() {
    let root = tempfile::tempdir().unwrap();
    drop(Server::start(Options { root: Some(root.path().to_owned()), ..Options::default() }).unwrap());
    assert!(root.path().exists());
    assert!(Server::start(Options { root: Some(root.path().join("missing")), ..Options::default() }).is_err());
}

#[test]
fn logins() {
    let server = server();
    let mut client = Client::connected(&server);
    assert_eq!([client.say("USER user"), client.say("PASS wrong")], [331, 530]);
    assert_eq!([client.say("USER nobody"), client.say("PASS 12345")], [331, 530]);
    assert_eq!([client.say("USER anonymous"), client.say("PASS me@example")], [331, 230]);
    assert_eq!([client.say("USER user"), client.say("REIN"), client.say("ACCT a")], [503, 500, 530]);

    let server = Server::start(Options { anonymous: false, ..Options::default() }).unwrap();
    let mut client = Client::connected(&server);
    assert_eq!([client.say("USER anonymous"), client.say("PASS me@example")], [331, 530]);
}

#[test]
fn extensions() {
    let server = server();
    let mut client = Client::logged_in(&server);
    assert_eq!(client.say("FEAT"), 211);
    let features = ["EPSV", "MDTM", "MLSD", "MLST", "REST STREAM", "SITE MD5", "SIZE", "UTF8"];
    assert_eq!(client.lines[1..9], features.map(|feature| format!(" {feature}")));
    assert_eq!(client.lines.len(), 10);
    let known =
        ["SYST", "NOOP", "HELP", "STAT", "MODE S", "STRU F", "TYPE A", "ALLO 1", "OPTS UTF8 ON", "PWD", "STAT ."];
    assert_eq!(known.map(|line| client.say(line)), [215, 200, 214, 211, 200, 200, 200, 202, 200, 257, 200]);
    let unknown = ["EPRT |1|127.0.0.1|1|", "SMNT a", "CLNT a", "LANG en", "HASH a", "MFMT 1 a", "SITE CHMOD 640 a"];
    assert_eq!(unknown.map(|line| client.say(line)), [500, 500, 500, 500, 500, 500, 502]);
    assert_eq!(["MODE B", "STRU R", "OPTS UTF8 OFF"].map(|line| client.say(line)), [504, 504, 504]);
}

#[test]
fn a_command_that_is_not_understood_ends_the_session() {
    let server = server();
    for line in ["OPTS MLST type;", "OPTS UTF8", "MODE Z", "NOOP a", "REST a", "RETR", "AUTH TLS-C"] {
        let mut client = Client::logged_in(&server);
        assert_eq!(client.say(line), 501);
        assert_eq!(client.control.read(&mut [0]).unwrap_or(0), 0);
    }
}

#[test]
fn files_and_directories() {
    let server = server();
    let mut client = Client::logged_in(&server);
    assert_eq!(client.say("MKD a b"), 257);
    assert_eq!(client.lines, ["257 /a b"]);
    assert_eq!(["CWD a b", "PWD", "CDUP", "CWD missing"].map(|line| client.say(line)), [250, 257, 250, 550]);
    assert_eq!(client.store("STOR a b/ü", b"hello"), [150, 226]);
    assert_eq!(client.store("APPE a b/ü", b", world"), [150, 226]);
    assert_eq!(client.retrieve("RETR a b/ü"), (vec![150, 226], b"hello, world".to_vec()));
    assert_eq!(client.say("SIZE a b/ü"), 213);
    assert_eq!(client.lines, ["213 12"]);
    assert_eq!(["MDTM a b/ü", "MLST a b/ü", "SIZE a b", "SIZE c"].map(|line| client.say(line)), [213, 250, 213, 550]);
    assert_eq!(
        ["RMD a b", "RNFR a b/ü", "RNTO c", "DELE c", "DELE c"].map(|line| client.say(line)),
        [550, 350, 250, 250, 550]
    );
    assert_eq!(["RNFR c", "RMD a b", "MKD d", "MKD d"].map(|line| client.say(line)), [550, 250, 257, 550]);
    assert_eq!(client.retrieve("RETR missing"), (vec![150, 550], vec![]));
}

#[test]
fn listings() {
    let server = server();
    fs::write(server.root().join("file"), "1").unwrap();
    fs::create_dir(server.root().join("directory")).unwrap();
    let mut client = Client::logged_in(&server);
    for command in ["LIST", "NLST", "MLSD"] {
        let (codes, lines) = client.retrieve(command);
        assert_eq!(codes, [150, 226]);
        assert_eq!(String::from_utf8(lines).unwrap().lines().count(), 2);
        assert_eq!(client.retrieve(&format!("{command} missing")), (vec![150, 550], vec![]));
    }
}

#[test]
fn restarts() {
    let server = server();
    fs::write(server.root().join("file"), "0123456789").unwrap();
    let mut client = Client::logged_in(&server);
    assert_eq!(client.say("REST 7"), 350);
    assert_eq!(client.retrieve("RETR file"), (vec![150, 226], b"789".to_vec()));
    assert_eq!(client.retrieve("RETR file").1.len(), 10);
    assert_eq!(client.say("REST 3"), 350);
    assert_eq!(client.store("STOR file", b"ab"), [150, 226]);
    assert_eq!(fs::read(server.root().join("file")).unwrap(), b"012ab");
    assert_eq!(client.say("REST 2"), 350);
    assert_eq!(client.retrieve("RETR missing").0, [150, 550]);
    assert_eq!(client.retrieve("RETR file"), (vec![150, 226], b"2ab".to_vec()));
}

#[test]
fn a_unique_name_is_the_text_of_the_150() {
    let server = server();
    let mut client = Client::logged_in(&server);
    assert_eq!(client.store("STOU", b"x"), [150, 226]);
    let name = client.lines[0].strip_prefix("150 ").unwrap();
    assert_eq!(fs::read(server.root().join(name)).unwrap(), b"x");
}

#[test]
fn active_mode() {
    let server = server();
    fs::write(server.root().join("file"), "active").unwrap();
    let mut client = Client::logged_in(&server);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(client.say(&format!("PORT 127,0,0,1,{},{}", port >> 8, port & 0xff)), 200);
    assert_eq!(client.say("RETR file"), 150);
    let mut contents = String::new();
    listener.accept().unwrap().0.read_to_string(&mut contents).unwrap();
    assert_eq!(contents, "active");
    assert_eq!(client.reply(), 226);
}

#[test]
fn tls_is_there_when_asked_for_and_then_nobody_logs_in_without() {
    let server = server();
    assert_eq!(server.authority(), None);
    let mut client = Client::connected(&server);
    assert_eq!(["AUTH TLS", "PROT P", "USER user"].map(|line| client.say(line)), [502, 502, 331]);

    let server = Server::start(Options { tls: true, ..Options::default() }).unwrap();
    assert!(server.authority().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    let mut client = Client::connected(&server);
    assert_eq!(client.say("FEAT"), 211);
    assert!(["AUTH TLS", "PBSZ", "PROT"].iter().all(|feature| client.lines.contains(&format!(" {feature}"))));
    assert_eq!(["USER user", "USER anonymous", "PASS 12345", "CCC"].map(|line| client.say(line)), [534; 4]);
    assert_eq!(
        ["PBSZ 0", "PROT P", "PROT C", "PROT S", "PROT E"].map(|line| client.say(line)),
        [200, 200, 200, 504, 504]
    );
    assert_eq!([client.say("AUTH SSL"), client.say("AUTH TLS")], [504, 234]);
}

#[test]
fn two_servers_have_two_authorities() {
    let [one, other] = [(); 2].map(|()| Server::start(Options { tls: true, ..Options::default() }).unwrap());
    assert_ne!(one.authority(), other.authority());
}

#[test]
fn an_aborted_download_has_two_replies() {
    let server = server();
    fs::File::create(server.root().join("large")).unwrap().set_len(64 << 20).unwrap();
    let mut client = Client::logged_in(&server);
    let mut data = client.passive();
    assert_eq!(client.say("RETR large"), 150);
    data.read_exact(&mut [0; 1000]).unwrap();
    client.send("ABOR");
    drop(data);
    let mut codes = [client.reply(), client.reply()];
    codes.sort_unstable();
    assert_eq!(codes, [226, 426]);
    assert_eq!(client.say("NOOP"), 200);
}

fn server() -> Server {
    Server::start(Options::default()).unwrap()
}

/// Commands out, replies in.
struct Client {
    control: BufReader<TcpStream>,
    /// The last reply; for a transfer, the first.
    lines: Vec<String>,
}

impl Client {
    fn connected(server: &Server) -> Self {
        let control = TcpStream::connect(server.address()).unwrap();
        control.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut client = Self { control: BufReader::new(control), lines: Vec::new() };
        assert_eq!(client.reply(), 220);
        client
    }

    fn logged_in(server: &Server) -> Self {
        let mut client = Self::connected(server);
        assert_eq!(client.say(&format!("USER {USER}")), 331);
        assert_eq!(client.say(&format!("PASS {PASSWORD}")), 230);
        client
    }

    fn say(&mut self, line: &str) -> u16 {
        self.send(line);
        self.reply()
    }

    fn send(&mut self, line: &str) {
        write!(self.control.get_mut(), "{line}\r\n").unwrap();
    }

    fn reply(&mut self) -> u16 {
        self.lines.clear();
        loop {
            let mut line = String::new();
            assert_ne!(self.control.read_line(&mut line).unwrap(), 0, "closed");
            let line = line.trim_end_matches("\r\n").to_owned();
            self.lines.push(line.clone());
            if let Some(code) = line.get(..4).and_then(|start| start.strip_suffix(' ')?.parse().ok()) {
                return code;
            }
        }
    }

    fn passive(&mut self) -> TcpStream {
        assert_eq!(self.say("EPSV"), 229);
        let port = self.lines[0].split('|').nth(3).unwrap().parse().unwrap();
        let data = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
        data.set_read_timeout(Some(PATIENCE)).unwrap();
        data
    }

    fn retrieve(&mut self, command: &str) -> (Vec<u16>, Vec<u8>) {
        let mut data = self.passive();
        let first = self.say(command);
        let mut contents = Vec::new();
        data.read_to_end(&mut contents).unwrap();
        (vec![first, self.reply()], contents)
    }

    fn store(&mut self, command: &str, contents: &[u8]) -> [u16; 2] {
        let mut data = self.passive();
        let first = self.say(command);
        let lines = self.lines.clone();
        data.write_all(contents).unwrap();
        drop(data);
        let codes = [first, self.reply()];
        self.lines = lines;
        codes
    }
}
