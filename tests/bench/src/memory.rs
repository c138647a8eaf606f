//! What an idle session takes. In a process of its own for each peer, which no other work has grown before.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use ftp_client::native::Native as Network;
use ftp_host::{Host, Options, Security, Settings, TlsSettings, TlsVersion, Trust};
use tokio::runtime::Builder;

use crate::peers::{Peer, native_settings, policy};
use crate::site::{PASSWORD, Task};
use crate::works::Place;

/// What a peer takes for each idle session.
pub struct Held {
    /// With which server.
    pub place: Place,
    /// Who.
    pub peer: &'static str,
    /// Bytes of linear memory of the guest.
    pub linear: Option<u64>,
    /// Bytes of memory that the process has, where pages that instances share count once.
    pub resident: u64,
}

/// Measure those peers that can be.
pub fn measure(task: &Task<'_>, peers: &[Box<dyn Peer>]) -> Result<Vec<Held>> {
    let able = peers.iter().map(|peer| peer.name()).filter(|name| ["host", "native"].contains(name));
    able.map(|peer| measure_one(task, peer)).collect()
}

fn measure_one(task: &Task<'_>, peer: &'static str) -> Result<Held> {
    let site = task.site()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--memory-of").arg(peer).arg(site.address().to_string()).arg(task.sizes.clients.to_string());
    if site.way.is_encrypted() {
        command.arg(task.here.path().join("ca.pem"));
    }
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let (linear, resident) = (numbers.next().context("two numbers")??, numbers.next().context("two numbers")??);
    Ok(Held { place: Some(site.way), peer, linear: (linear > 0).then_some(linear), resident })
}

/// In that process: hold sessions, and print the bytes of linear and of resident memory for each.
pub fn hold(words: &[String]) -> Result<()> {
    let [peer, address, sessions, authority @ ..] = words else { bail!("peer, address, sessions") };
    let (address, sessions): (SocketAddr, usize) = (address.parse()?, sessions.parse()?);
    let authority = authority.first().map(fs::read_to_string).transpose()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (linear, resident) = match peer.as_str() {
        "host" => runtime.block_on(hold_ours(address, sessions, authority))?,
        "native" => runtime.block_on(hold_native(address, sessions, authority))?,
        _ => bail!("no peer {peer}"),
    };
    println!("{linear} {resident}");
    Ok(())
}

async fn hold_ours(address: SocketAddr, sessions: usize, authority: Option<String>) -> Result<(u64, u64)> {
    let mut options = Options::default();
    options.sessions = u32::try_from(sessions)? + 1;
    let host = Host::with_options(options)?;
    let settings = match authority {
        None => Settings::default(),
        Some(authority) => {
            let versions = TlsVersion::Tls13..=TlsVersion::Tls13;
            let tls = TlsSettings { trust: Trust::Roots(authority), versions, ..TlsSettings::default() };
            Settings { security: Security::Explicit, tls, ..Settings::default() }
        }
    };
    let login = async || -> Result<ftp_host::Session> {
        let connector = host.connector(policy(), settings.clone()).await?;
        let mut session = connector.connect(&address.ip().to_string(), Some(address.port())).await?;
        session.login("user", PASSWORD, None).await?;
        Ok(session)
    };
    // The first takes what all share.
    let mut held = vec![login().await?];
    let before = resident()?;
    for _ in 0..sessions {
        held.push(login().await?);
    }
    let after = resident()?;
    let linear: usize = held.iter().map(ftp_host::Session::memory).sum();
    Ok((linear as u64 / held.len() as u64, after.saturating_sub(before) / sessions as u64))
}

async fn hold_native(address: SocketAddr, sessions: usize, authority: Option<String>) -> Result<(u64, u64)> {
    let settings = native_settings(authority.is_some(), &authority.unwrap_or_default())?;
    let login = async || -> Result<ftp_client::Session<Network>> {
        let host = address.ip().to_string();
        let mut session = ftp_client::Session::connect(Network, settings.clone(), &host, address.port()).await?;
        session.login("user", PASSWORD, None).await?;
        Ok(session)
    };
    let mut held = vec![login().await?];
    let before = resident()?;
    for _ in 0..sessions {
        held.push(login().await?);
    }
    let after = resident()?;
    drop(held);
    Ok((0, after.saturating_sub(before) / sessions as u64))
}

/// Bytes of memory that this process has. The pages of the component that no instance has written are in memory once,
/// however many instances have them (`Pss`; they count for each in `Rss`).
fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = status.lines().find_map(|line| line.strip_prefix("Pss:")).context("Linux tells it")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}
