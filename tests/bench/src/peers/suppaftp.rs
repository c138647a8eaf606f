//! suppaftp, the FTP client of Rust that most programs use: blocking, with rustls over ring.

use std::fs::File;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use ftp_tests::certificates;
use suppaftp::list::ListParser;
use suppaftp::types::FileType;
use suppaftp::{Mode, RustlsConnector, RustlsFtpStream};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{Pair, Peer, files};
use crate::figures::{Clock, Figures};
use crate::site::{PASSWORD, Task};
use crate::works::Work;

/// The library, in this process, with a thread for each client.
pub struct SuppaFtp;

impl Peer for SuppaFtp {
    fn name(&self) -> &'static str {
        "suppaftp"
    }

    fn title(&self) -> &'static str {
        "the library `suppaftp`, blocking, rustls over ring"
    }

    fn prepare(&mut self) -> Result<String> {
        let lock = include_str!("../../../../Cargo.lock");
        let version = lock.split("name = \"suppaftp\"\nversion = \"").nth(1).and_then(|rest| rest.split('"').next());
        Ok(version.context("it is in Cargo.lock")?.to_owned())
    }

    fn does(&self, work: Work) -> bool {
        use Work::{Connect, List, ManyLogin, ManyRetr, ManyStor, Retr, SmallRetr, SmallStor, Stor};
        matches!(work, Retr | Stor | SmallRetr | SmallStor | List | Connect | ManyLogin | ManyRetr | ManyStor)
    }

    fn run(&mut self, task: &Task<'_>) -> Result<Figures> {
        let site = task.site()?;
        let tls = site.way.is_encrypted().then(tls).transpose()?;
        match task.work {
            Work::Connect => {
                let clock = Clock::of_this_process()?;
                for _ in 0..task.sizes.connects {
                    login(site.address(), tls.as_ref())?.quit()?;
                }
                Ok(clock.stop(0)?.each(task.sizes.connects))
            }
            Work::ManyLogin => {
                let clock = Clock::of_this_process()?;
                let sessions = logins(task, tls.as_ref())?;
                let figures = clock.stop(0)?;
                drop(sessions);
                Ok(figures)
            }
            Work::ManyRetr | Work::ManyStor => many_transfers(task, tls.as_ref()),
            Work::List => list(task, tls.as_ref()),
            _ => {
                let mut session = login(site.address(), tls.as_ref())?;
                let clock = Clock::of_this_process()?;
                for pair in files(task) {
                    transfer(&mut session, task.work, &pair)?;
                }
                let figures = clock.stop(task.bytes())?;
                session.quit()?;
                Ok(figures)
            }
        }
    }
}

fn tls() -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificates::authority()?.as_bytes())?)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

fn login(server: SocketAddr, tls: Option<&Arc<ClientConfig>>) -> Result<RustlsFtpStream> {
    let mut session = RustlsFtpStream::connect(server)?;
    if let Some(tls) = tls {
        let host = server.ip().to_string();
        session = session.into_secure(RustlsConnector::from(tls.clone()), &host)?;
    }
    session.set_mode(Mode::ExtendedPassive);
    session.login("user", PASSWORD)?;
    session.transfer_type(FileType::Binary)?;
    Ok(session)
}

fn transfer(session: &mut RustlsFtpStream, work: Work, pair: &Pair) -> Result<()> {
    match work {
        Work::Stor | Work::SmallStor | Work::ManyStor => {
            session.put_file(&pair.there, &mut File::open(&pair.here)?)?;
        }
        Work::Retr | Work::SmallRetr | Work::ManyRetr => {
            let mut stream = session.retr_as_stream(&pair.there)?;
            std::io::copy(&mut stream, &mut File::create(&pair.here)?)?;
            stream.finish()?;
        }
        _ => bail!("not its work"),
    }
    Ok(())
}

fn list(task: &Task<'_>, tls: Option<&Arc<ClientConfig>>) -> Result<Figures> {
    let mut session = login(task.site()?.address(), tls)?;
    let clock = Clock::of_this_process()?;
    let lines = session.list(Some("many"))?;
    let entries = lines.iter().filter_map(|line| ListParser::parse_posix(line).ok()).count();
    let figures = clock.stop(0)?;
    ensure!(entries >= task.sizes.entries, "{entries} entries");
    session.quit()?;
    Ok(figures)
}

fn logins(task: &Task<'_>, tls: Option<&Arc<ClientConfig>>) -> Result<Vec<RustlsFtpStream>> {
    let server = task.site()?.address();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..task.sizes.clients).map(|_| scope.spawn(|| login(server, tls))).collect();
        threads.into_iter().map(joined).collect()
    })
}

fn many_transfers(task: &Task<'_>, tls: Option<&Arc<ClientConfig>>) -> Result<Figures> {
    let mut sessions = logins(task, tls)?;
    let pairs = files(task);
    let work = task.work;
    let clock = Clock::of_this_process()?;
    std::thread::scope(|scope| {
        let each = sessions.iter_mut().zip(&pairs);
        let threads: Vec<_> = each.map(|(session, pair)| scope.spawn(move || transfer(session, work, pair))).collect();
        threads.into_iter().try_for_each(joined)
    })?;
    clock.stop(task.bytes())
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?
}
