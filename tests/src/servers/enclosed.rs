//! Servers that want to be root and know users by the accounts of the system: each runs in a mount namespace of its own,
//! where other accounts are in place of the system's, and in a process namespace of its own, which ends as a whole.
//!
//! `user` has the user id 0, so that whatever the trial and the server make belongs to both.

use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::ops::RangeInclusive;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use crate::certificates::{self, Leaf};
use crate::ready::{self, LOG};
use crate::root;
use crate::servers::{Options, Security};
use crate::suite::Requirement;

/// The longest wait for a greeting.
const LIMIT: Duration = Duration::from_secs(30);

/// How often a port may be free on one of the loopback addresses only.
const ATTEMPTS: usize = 50;

/// The first process of the namespaces: it gives the server its accounts and ends when the server or the standard input
/// does, and all other processes of the namespace end with it.
const ENCLOSE: &str = r#"
    set -eu
    for name in passwd group shadow pam.d; do mount --bind "$0/$name" "/etc/$name"; done
    exec 3<&0
    trap 'exit 0' TERM
    { cat <&3; kill $$; } &
    "$@" 3<&- &
    wait $!
"#;

/// The password `12345`.
const PASSWORD: &str =
    "$6$labsalt$isscuk1EVWUV1EiL1iVMwbXUyNYjoQSsg4RP2vV1py/1/7ErL/ZsrtyHwucVr86R3A443sHEaL27wTnaIUOTv1";

/// OpenSSL without a lower bound for keys, for servers that show a weak one.
const WEAK_OPENSSL: &str = "
    openssl_conf = init
    [init]
    ssl_conf = ssl
    [ssl]
    system_default = weak
    [weak]
    CipherString = DEFAULT@SECLEVEL=0
";

/// What a server is told: where everything is.
pub struct Layout {
    /// The addresses to listen on.
    pub addresses: Vec<SocketAddr>,
    /// The home of `user`.
    pub root: PathBuf,
    /// What `anonymous` may read.
    pub anonymous_root: PathBuf,
    /// The server's own directory, with `key.pem`, `chain.pem`, `combined.pem` and `client-authority.pem` as needed.
    pub private: PathBuf,
    /// Where the packages are unpacked.
    pub installed: PathBuf,
}

impl Layout {
    /// A file in the server's own directory.
    pub fn write(&self, name: &str, contents: &str) -> Result<PathBuf> {
        let path = self.private.join(name);
        std::fs::write(&path, contents)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(path)
    }
}

/// The command lines of a server, each of which is one process that stays in the foreground.
type Commands = Vec<Vec<OsString>>;

/// A running server.
pub struct Enclosed {
    commands: Commands,
    processes: Vec<Child>,
    layout: Layout,
    options: Options,
    port: Port,
    root: TempDir,
    anonymous_root: TempDir,
    /// The same as in the layout, for as long as the server is there.
    _private: TempDir,
}

impl Enclosed {
    /// Start the server that is set up so.
    pub fn start(
        root: TempDir,
        options: &Options,
        commands: fn(&Layout, &Options) -> Result<Commands>,
    ) -> Result<Self> {
        possible().map_err(|reason| anyhow!(reason))?;
        let (anonymous_root, private) = (root::temporary()?, root::temporary()?);
        for directory in [&anonymous_root, &private] {
            std::fs::set_permissions(directory, Permissions::from_mode(0o755))?;
        }
        let port = Port::reserve()?;
        let layout = Layout {
            addresses: port.addresses()?,
            root: root.path().to_owned(),
            anonymous_root: anonymous_root.path().to_owned(),
            private: private.path().to_owned(),
            installed: installed(),
        };
        write_accounts(&layout)?;
        write_certificates(&layout, options)?;
        let (commands, options) = (commands(&layout, options)?, options.clone());
        let mut server =
            Self { commands, processes: Vec::new(), layout, options, port, root, anonymous_root, _private: private };
        server.run()?;
        Ok(server)
    }

    /// End it with all of its sessions, and start it at the same addresses.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        self.run()
    }

    fn run(&mut self) -> Result<()> {
        let spawn = |command: &Vec<OsString>| spawn(&self.layout, &self.options, command);
        self.processes = self.commands.iter().map(spawn).collect::<Result<_>>()?;
        self.wait_until_ready()
    }

    /// Where it listens for IPv4.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port.number).into()
    }

    /// Where it listens for IPv6.
    pub fn address_v6(&self) -> SocketAddr {
        (Ipv6Addr::LOCALHOST, self.port.number).into()
    }

    /// The home of `user`.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// What `anonymous` may read.
    pub fn anonymous_root(&self) -> &Path {
        self.anonymous_root.path()
    }

    /// End it with all of its sessions.
    pub fn kill(&mut self) -> Result<()> {
        for process in &mut self.processes {
            drop(process.stdin.take());
        }
        for process in &mut self.processes {
            process.wait().context("waiting for the end of a server")?;
        }
        Ok(())
    }

    /// The port was reserved, so whoever answers there is this server.
    fn wait_until_ready(&mut self) -> Result<()> {
        let Self { processes, layout, options, .. } = self;
        layout.addresses.iter().try_for_each(|address| {
            ready::wait(&layout.private, || {
                for process in &mut *processes {
                    if let Some(status) = process.try_wait()? {
                        bail!("it ended ({status})");
                    }
                }
                Ok(answers(*address, options.security))
            })
        })
    }
}

impl Drop for Enclosed {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Whether `tests/run` has installed the servers, and this process may give them what they want.
pub fn possible() -> Requirement {
    static NAMESPACES: LazyLock<Requirement> = LazyLock::new(|| {
        let output = Command::new("unshare").args(["--mount", "--pid", "--fork", "true"]).output();
        match output {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(format!("no namespaces: {}", String::from_utf8_lossy(&output.stderr).trim())),
            Err(error) => Err(format!("the command unshare is needed: {error}")),
        }
    });
    if !rustix::process::geteuid().is_root() {
        return Err("vsftpd, proftpd and pure-ftpd need root, for namespaces with accounts of their own".into());
    }
    let stamp = installed().join("installed");
    if !stamp.exists() {
        return Err(format!("the servers are not installed in {}; tests/run installs them", installed().display()));
    }
    NAMESPACES.clone()
}

fn installed() -> PathBuf {
    root::cache().join("servers")
}

fn spawn(layout: &Layout, options: &Options, command: &[OsString]) -> Result<Child> {
    let log = || File::options().create(true).append(true).open(layout.private.join(LOG));
    let mut process = Command::new("unshare");
    process
        .args(["--mount", "--pid", "--fork", "--propagation", "private", "sh", "-c", ENCLOSE])
        .arg(&layout.private)
        .args(command)
        .env("LD_LIBRARY_PATH", layout.installed.join("libraries"))
        .stdin(Stdio::piped())
        .stdout(log()?)
        .stderr(log()?);
    if options.certificate == Leaf::WeakKey {
        process.env("OPENSSL_CONF", layout.write("openssl.cnf", WEAK_OPENSSL)?);
    }
    process.spawn().context("starting a server")
}

fn write_accounts(layout: &Layout) -> Result<()> {
    let (root, anonymous_root) = (layout.root.display(), layout.anonymous_root.display());
    let accounts = [
        "root:x:0:0::/:/bin/sh".into(),
        // Pure-FTPd takes the part before `/./` for the directory that the user cannot leave.
        format!("user:x:0:0::{root}/./:/bin/sh"),
        format!("ftp:x:65533:65534::{anonymous_root}:/bin/sh"),
        "nobody:x:65534:65534::/:/bin/sh\n".into(),
    ];
    let passwd = layout.write("passwd", &accounts.join("\n"))?;
    let group = layout.write("group", "root:x:0:\nnogroup:x:65534:\n")?;
    for path in [passwd, group] {
        std::fs::set_permissions(path, Permissions::from_mode(0o644))?;
    }
    layout.write("shadow", &format!("user:{PASSWORD}:19000::::::\nftp:*:19000::::::\n"))?;
    std::fs::create_dir(layout.private.join("pam.d"))?;
    let rules = "auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n";
    layout.write("pam.d/vsftpd", rules)?;
    Ok(())
}

fn write_certificates(layout: &Layout, options: &Options) -> Result<()> {
    if options.security == Security::Plain {
        return Ok(());
    }
    let certificate = certificates::server(options.certificate)?;
    layout.write("key.pem", &certificate.key)?;
    layout.write("chain.pem", &certificate.chain)?;
    layout.write("combined.pem", &certificate.combined())?;
    if let Some(authority) = &options.client_authority {
        layout.write("client-authority.pem", authority)?;
    }
    Ok(())
}

/// Whether the server takes connections, and greets in the clear if that is how it greets.
fn answers(address: SocketAddr, security: Security) -> bool {
    let Ok(mut connection) = TcpStream::connect(address) else {
        return false;
    };
    let mut code = [0; 3];
    security == Security::Implicit
        || connection.set_read_timeout(Some(LIMIT)).is_ok()
            && connection.read_exact(&mut code).is_ok()
            && &code == b"220"
}

/// A port that is free on both loopback addresses and stays so: its sockets are bound and never listen, so that the
/// system gives the port to nobody who asks for any, while a server that asks for this one gets it.
pub(crate) struct Port {
    pub(crate) number: u16,
    sockets: Vec<Socket>,
}

impl Port {
    pub(crate) fn reserve() -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let v4 = bound((Ipv4Addr::LOCALHOST, 0).into())?;
            let number = v4.local_addr()?.as_socket().context("a socket of IPv4 has a port")?.port();
            match bound((Ipv6Addr::LOCALHOST, number).into()) {
                Ok(v6) => return Ok(Self { number, sockets: vec![v4, v6] }),
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                Err(_) => return Ok(Self { number, sockets: vec![v4] }),
            }
        }
        bail!("no port is free on both loopback addresses")
    }

    fn addresses(&self) -> Result<Vec<SocketAddr>> {
        self.sockets
            .iter()
            .map(|socket| socket.local_addr()?.as_socket().context("a socket of IP has an address"))
            .collect()
    }
}

/// Neighbouring ports on 127.0.0.1 where nobody listens, kept in the same way. They lie below those that the system gives to
/// connections. Servers of others may take one of them for a while: then this one's takes its neighbour.
pub(crate) struct Ports {
    pub(crate) numbers: RangeInclusive<u16>,
    _sockets: Vec<Socket>,
}

impl Ports {
    pub(crate) fn reserve(count: u16) -> Result<Self> {
        const LOWEST: u32 = 10_000;
        const HIGHEST: u32 = 32_000;
        static NEXT: AtomicU32 = AtomicU32::new(0);
        for _ in 0..ATTEMPTS {
            let number = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id());
            let first = LOWEST + number.wrapping_mul(7919) % (HIGHEST - LOWEST);
            let first = u16::try_from(first)?;
            let numbers = first..=first + (count - 1);
            let sockets = numbers.clone().map(|port| bound((Ipv4Addr::LOCALHOST, port).into()));
            if let Ok(sockets) = sockets.collect() {
                return Ok(Self { numbers, _sockets: sockets });
            }
        }
        bail!("no {count} neighbouring ports are free")
    }
}

fn bound(address: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    if matches!(address.ip(), IpAddr::V6(_)) {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}
