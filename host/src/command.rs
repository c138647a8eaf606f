//! The command `ftp-cli.wasm`, in a sandbox of its own.

use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::OnceLock;

use wasmtime::Store;
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::p2::pipe::{ClosedInputStream, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtx, WasiCtxBuilder};

use crate::cryptography;
use crate::engine;
use crate::error::Error;
use crate::grants::{Answer, Grants};
use crate::instance::{Columns, State};
use crate::lookup::look_up;
use crate::options::Cryptography;
use crate::policy::Policy;

/// The most sockets, streams, files and the like that the command may hold: it has up to 64 sessions and the files of all
/// of them.
const MOST_RESOURCES: usize = 10_000;

/// The FTP client as a command: one run of `ftp-cli.wasm`, with the standard streams of this process.
///
/// It has the arguments, the variables, the hosts and the folders that it is given here, and nothing else of the machine.
/// Besides the options, it takes from its variables `FTP_USER`, `FTP_PASSWORD`, `FTP_NETRC` (a `.netrc`), `FTP_CA`, `FTP_ADD_CA`,
/// `FTP_CERT` and `FTP_KEY` (PEM), `FTP_ZONES` (`eth0=2`: the number of a network that a URL names), and `COLUMNS`.
///
/// ```no_run
/// use ftp_host::{Command, Policy};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut command = Command::new(Policy::default(), None);
/// command.arguments(["ftp", "get", "ftp://ftp.example.com/README", "here/"]);
/// command.host("ftp.example.com", 21);
/// command.folder("/srv/downloads".as_ref(), "here", true)?;
/// let code = command.run().await?;
/// # Ok(())
/// # }
/// ```
pub struct Command {
    wasi: WasiCtxBuilder,
    grants: Grants,
    memory: usize,
    cryptography: Cryptography,
    columns: Option<Columns>,
}

impl Command {
    /// A command that has nothing yet. The policy says which addresses its hosts may lead to, `local_address` is the one
    /// that it may connect from, where it is told to.
    pub fn new(policy: Policy, local_address: Option<IpAddr>) -> Self {
        let mut wasi = WasiCtx::builder();
        // Its texts name options of `wasmtime run` unless it is told who runs it.
        wasi.allow_blocking_current_thread(true).inherit_stdio().env("FTP_RUNNER", "ftp-host");
        let grants = Grants::new(policy, local_address);
        Self { wasi, grants, memory: 256 << 20, cryptography: Cryptography::Auto, columns: None }
    }

    /// The arguments, of which the first is the name of the command.
    pub fn arguments(&mut self, arguments: impl IntoIterator<Item = impl AsRef<str>>) {
        for argument in arguments {
            self.wasi.arg(argument);
        }
    }

    /// A variable of the environment.
    pub fn variable(&mut self, name: &str, value: &str) {
        self.wasi.env(name, value);
    }

    /// A folder of this machine, which has this name for the command: what is in it can be read, and also written where
    /// `writable` says so. What links in it lead to outside of it cannot.
    ///
    /// Errors: those of opening the folder.
    pub fn folder(&mut self, path: &Path, name: &str, writable: bool) -> io::Result<()> {
        let permissions = if writable { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        match self.wasi.preopened_dir(path, name, permissions) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.downcast().unwrap_or_else(io::Error::other)),
        }
    }

    /// A host that it may connect to, at this port and at the data ports of the policy.
    pub fn host(&mut self, host: &str, port: u16) {
        self.grants.name(host, port);
    }

    /// The proxy that it may connect to, and no host.
    pub fn proxy(&mut self, host: &str, port: u16) {
        self.grants.only(host, port);
    }

    /// Ports that it may listen on, for active mode: those from 1024 on, at the address from which it connects to its hosts.
    pub fn listen(&mut self, ports: RangeInclusive<u16>) {
        self.grants.listen(ports);
    }

    /// The most bytes of linear memory. 256 MiB unless set.
    pub fn memory(&mut self, bytes: usize) {
        self.memory = bytes;
    }

    /// Whose cryptography it takes. [`Cryptography::Auto`] unless set.
    pub fn cryptography(&mut self, cryptography: Cryptography) {
        self.cryptography = cryptography;
    }

    /// The cryptography that it will run with: [`Cryptography::Host`] or [`Cryptography::Portable`].
    ///
    /// Errors: [`Error::NoCryptography`] where the host's is asked for and cannot run.
    pub fn chosen_cryptography(&self) -> Result<Cryptography, Error> {
        cryptography::choose(self.cryptography)
    }

    /// Keep what it prints, at most so many bytes of each stream, in place of the standard streams of this process. Its
    /// standard input has ended.
    pub fn capture(&mut self, most: usize) -> Printed {
        let printed = Printed { output: MemoryOutputPipe::new(most), errors: MemoryOutputPipe::new(most) };
        self.wasi.stdin(ClosedInputStream).stdout(printed.output.clone()).stderr(printed.errors.clone());
        printed
    }

    /// What gives the columns of the window whenever it is asked, in place of a variable `COLUMNS` that stays as it is.
    pub fn columns(&mut self, columns: impl Fn() -> Option<u16> + Send + 'static) {
        self.columns = Some(Box::new(columns));
    }

    /// The addresses that it may connect to at this host or proxy. The name is looked up now, and not again in the run.
    /// None where it has none, or none that the policy permits.
    pub async fn addresses(&self, host: &str) -> Vec<IpAddr> {
        let Some(name) = self.grants.named(host) else { return Vec::new() };
        let answer = match self.grants.answer(&name) {
            Some(answer) => answer,
            None => look_up(self.grants.clone(), name).await,
        };
        match answer {
            Answer::Addresses(addresses) => addresses,
            Answer::Refused | Answer::Unknown => Vec::new(),
        }
    }

    /// Run it to its end, in a runtime of tokio that has I/O and time. The result is its exit code. Dropping the future
    /// ends the command; one that computes lets others run now and then.
    ///
    /// Errors: [`Error::Host`] or [`Error::NoCryptography`] when it cannot be started, [`Error::Trapped`] when it failed without an exit code.
    pub async fn run(mut self) -> Result<u8, Error> {
        let host = |error: wasmtime::Error| Error::Host(format!("{error:#}"));
        let command = prepared(self.chosen_cryptography()?).map_err(host)?;
        let mut state = State::with(&mut self.wasi, self.grants, self.memory, MOST_RESOURCES);
        state.columns = self.columns;
        let mut store = Store::new(command.engine(), state);
        store.limiter(|state| state.limits());
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let guest = command.instantiate_async(&mut store).await.map_err(host)?;
        match guest.wasi_cli_run().call_run(&mut store).await {
            Ok(Ok(())) => Ok(0),
            Ok(Err(())) => Ok(1),
            Err(error) => match error.downcast_ref::<I32Exit>() {
                Some(I32Exit(code)) => Ok(u8::try_from(*code).unwrap_or(1)),
                None => Err(Error::Trapped(store.data().reason(&error))),
            },
        }
    }
}

/// What a command has printed so far, and after its end.
#[derive(Clone)]
pub struct Printed {
    output: MemoryOutputPipe,
    errors: MemoryOutputPipe,
}

impl Printed {
    /// On the standard output.
    pub fn output(&self) -> Vec<u8> {
        self.output.contents().to_vec()
    }

    /// On the standard error stream.
    pub fn errors(&self) -> Vec<u8> {
        self.errors.contents().to_vec()
    }
}

/// The command, loaded once in a process for each cryptography.
fn prepared(cryptography: Cryptography) -> wasmtime::Result<&'static CommandPre<State>> {
    static WITH_HOST: OnceLock<CommandPre<State>> = OnceLock::new();
    static PORTABLE: OnceLock<CommandPre<State>> = OnceLock::new();
    let place = match cryptography {
        Cryptography::Host => &WITH_HOST,
        Cryptography::Auto | Cryptography::Portable => &PORTABLE,
    };
    match place.get() {
        Some(prepared) => Ok(prepared),
        None => {
            let new = engine::prepare_command(cryptography)?;
            Ok(place.get_or_init(|| new))
        }
    }
}
