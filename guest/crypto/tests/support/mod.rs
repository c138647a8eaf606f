//! `openssl s_server` on a port of the system's choice, the certificates for it, and a client to talk to it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, Error, RootCertStore, Stream, SupportedProtocolVersion};

const PREFIX: &str = "certificates-";
const LIMIT: Duration = Duration::from_secs(60);

/// Certificates and keys in a directory of their own, made once per process.
pub static FILES: LazyLock<Files> = LazyLock::new(Files::make);

pub struct Files {
    directory: PathBuf,
}

impl Files {
    fn make() -> Self {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        remove_old(parent);
        let files = Self { directory: parent.join(format!("{PREFIX}{}", std::process::id())) };
        fs::create_dir_all(&files.directory).unwrap();
        fs::write(files.path("openssl.cnf"), "[req]\ndistinguished_name = dn\n[dn]\n").unwrap();
        files.authority("ec-ca", "ec");
        files.authority("rsa-ca", "rsa:2048");
        let authorities = ["ec-ca.pem", "rsa-ca.pem"].map(|name| fs::read_to_string(files.path(name)).unwrap());
        fs::write(files.path("authorities.pem"), authorities.concat()).unwrap();
        files.leaf("rsa", "rsa:2048", "rsa-ca", &[]);
        files.leaf("weak", "rsa:1024", "ec-ca", &[]);
        files.leaf("odd", "rsa:2049", "ec-ca", &[]);
        files.leaf("p256", "ec", "ec-ca", &["-pkeyopt", "ec_paramgen_curve:P-256"]);
        files.leaf("p384", "ec", "ec-ca", &["-pkeyopt", "ec_paramgen_curve:P-384", "-sha384"]);
        files.leaf("ed25519", "ed25519", "ec-ca", &["-sha512"]);
        files.leaf(
            "pss",
            "ec",
            "rsa-ca",
            &[
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-sha512",
                "-sigopt",
                "rsa_padding_mode:pss",
                "-sigopt",
                "rsa_pss_saltlen:-1",
            ],
        );
        for name in ["rsa", "p256", "p384"] {
            files.openssl(&["pkey", "-in", &format!("{name}.key"), "-out", &format!("{name}.old"), "-traditional"]);
        }
        files
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub fn certificate(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.path(&format!("{name}.pem"))).unwrap()
    }

    /// `file` ends in `.key` for PKCS#8, in `.old` for SEC1 and PKCS#1.
    pub fn key(&self, file: &str) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(self.path(file)).unwrap()
    }

    fn authority(&self, name: &str, key: &str) {
        let curve: &[&str] = if key == "ec" { &["-pkeyopt", "ec_paramgen_curve:P-384"] } else { &[] };
        self.request(name, key, &[curve, &["-addext", "basicConstraints=critical,CA:TRUE"]].concat());
    }

    fn leaf(&self, name: &str, key: &str, authority: &str, more: &[&str]) {
        let (ca, ca_key) = (format!("{authority}.pem"), format!("{authority}.key"));
        let signed = ["-CA", &ca, "-CAkey", &ca_key, "-addext", "subjectAltName=DNS:localhost"];
        self.request(name, key, &[&signed, more].concat());
    }

    fn request(&self, name: &str, key: &str, more: &[&str]) {
        let (key_file, file, subject) = (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
        let common = ["req", "-config", "openssl.cnf", "-x509", "-days", "2", "-nodes", "-subj", &subject];
        let files = ["-newkey", key, "-keyout", &key_file, "-out", &file];
        self.openssl(&[&common[..], &files, more].concat());
    }

    fn openssl(&self, arguments: &[&str]) {
        let mut process = Command::new("openssl")
            .args(arguments)
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the openssl command is needed");
        let errors = read_to_end(process.stderr.take().unwrap()).recv_timeout(LIMIT);
        if errors.is_err() {
            process.kill().unwrap();
        }
        let ended = process.wait().unwrap();
        assert!(ended.success(), "openssl {arguments:?}: {:?}", errors.map(String::from_utf8));
    }
}

/// The end of a pipe is the end of the process that writes to it, which alone could not be waited for with a limit.
fn read_to_end(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut data = Vec::new();
        pipe.read_to_end(&mut data).unwrap();
        // Nobody may wait for it any more.
        let _ = sender.send(data);
    });
    receiver
}

/// What earlier processes have left: a static is never dropped.
fn remove_old(parent: &Path) {
    for entry in fs::read_dir(parent).unwrap().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age = entry.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|time| time.elapsed().ok());
        if ours && age.is_some_and(|age| age > Duration::from_hours(1)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Ended when dropped.
pub struct Server {
    process: Child,
    port: u16,
    _input: ChildStdin,
    output: Receiver<Vec<u8>>,
}

impl Server {
    /// Sends every line back reversed.
    pub fn reversing(certificate: &str, options: &[&str]) -> Self {
        Self::start(certificate, &[&["-rev"], options].concat())
    }

    /// Sends the files of the directory to whoever asks with `GET`.
    pub fn of_files(certificate: &str) -> Self {
        Self::start(certificate, &["-HTTP"])
    }

    /// Takes one connection and writes what comes to its standard output.
    pub fn printing(certificate: &str) -> Self {
        Self::start(certificate, &["-naccept", "1"])
    }

    fn start(certificate: &str, options: &[&str]) -> Self {
        let files = &*FILES;
        let mut process = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-cert", &format!("{certificate}.pem")])
            .args(["-key", &format!("{certificate}.key"), "-cipher", "ALL:@SECLEVEL=0"])
            .args(options)
            .current_dir(&files.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the openssl command is needed");
        let _input = process.stdin.take().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let (sender, port) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            while !line.starts_with("ACCEPT") {
                line.clear();
                if lines.read_line(&mut line).unwrap() == 0 {
                    return;
                }
            }
            let port = line.trim().rsplit(':').next().unwrap().parse::<u16>().unwrap();
            sender.send((port, read_to_end(lines))).unwrap();
        });
        let Ok((port, output)) = port.recv_timeout(LIMIT) else {
            process.kill().unwrap();
            panic!("s_server {certificate} {options:?} did not start: {:?}", process.wait());
        };
        Self { process, port, _input, output }
    }

    pub fn connect(&self, config: &Arc<ClientConfig>) -> Client {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        socket.set_write_timeout(Some(LIMIT)).unwrap();
        let tls = ClientConnection::new(config.clone(), "localhost".try_into().unwrap()).unwrap();
        Client { tls, socket }
    }

    /// What a server that takes one connection has written when it ends.
    pub fn output(self) -> Vec<u8> {
        self.output.recv_timeout(LIMIT).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub struct Client {
    pub tls: ClientConnection,
    socket: TcpStream,
}

impl Client {
    /// A line there and back: the server has finished its handshake too, and its tickets have arrived.
    pub fn line_comes_back_reversed(&mut self) -> Result<(), Error> {
        self.send(b"drawer\n")?;
        let mut reply = [0; 7];
        Stream::new(&mut self.tls, &mut self.socket).read_exact(&mut reply).map_err(tls_error)?;
        assert_eq!(&reply, b"reward\n");
        Ok(())
    }

    pub fn send(&mut self, data: &[u8]) -> Result<(), Error> {
        let mut stream = Stream::new(&mut self.tls, &mut self.socket);
        stream.write_all(data).and_then(|()| stream.flush()).map_err(tls_error)
    }

    pub fn receive_all(&mut self) -> Vec<u8> {
        let mut data = Vec::new();
        Stream::new(&mut self.tls, &mut self.socket).read_to_end(&mut data).unwrap();
        data
    }

    /// Waits for the other side: a socket closed with tickets unread would cost the server what it has not read yet.
    pub fn close(mut self) {
        self.tls.send_close_notify();
        self.tls.write_tls(&mut self.socket).unwrap();
        self.socket.shutdown(Shutdown::Write).unwrap();
        // Whatever comes now, or a reset.
        let _ = self.socket.read_to_end(&mut Vec::new());
    }
}

fn tls_error(error: std::io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error) => error.clone(),
        None => Error::General(error.to_string()),
    }
}

/// A client that trusts both authorities and shows the certificate, if any, with the key in that file.
pub fn config(
    provider: CryptoProvider,
    version: &'static SupportedProtocolVersion,
    identity: Option<(&str, &str)>,
) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    ["ec-ca", "rsa-ca"].iter().for_each(|name| roots.add(FILES.certificate(name)).unwrap());
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])?
        .with_root_certificates(roots);
    match identity {
        Some((name, key)) => builder.with_client_auth_cert(vec![FILES.certificate(name)], FILES.key(key)),
        None => Ok(builder.with_no_client_auth()),
    }
}
