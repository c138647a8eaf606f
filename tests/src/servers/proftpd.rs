//! ProFTPD, one process for all addresses.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context as _, Result};

use super::enclosed::Layout;
use super::{Options, Security};
use crate::certificates;

/// How it is started.
pub fn commands(layout: &Layout, options: &Options) -> Result<Vec<Vec<OsString>>> {
    let file = layout.write("proftpd.conf", &configuration(layout, options)?)?;
    let program = layout.installed.join("usr/sbin/proftpd");
    Ok(vec![vec![program.into(), "--nodaemon".into(), "--quiet".into(), "--config".into(), file.into()]])
}

/// A range for each server: the random numbers that it takes its ports from begin with the time and the process id, which
/// is the same in each process namespace, and it does not try another port when `listen` fails.
fn passive_ports() -> RangeInclusive<u16> {
    const FIRST: u16 = 20_000;
    const LENGTH: u16 = 2_000;
    const RANGES: u16 = 20;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let low = FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % RANGES * LENGTH;
    low..=low + LENGTH - 1
}

fn configuration(layout: &Layout, options: &Options) -> Result<String> {
    let addresses: Vec<_> = layout.addresses.iter().map(|address| address.ip().to_string()).collect();
    let port = layout.addresses.first().context("there is an address")?.port();
    let addresses = addresses.join(" ");
    let (installed, private) = (layout.installed.display(), layout.private.display());
    let anonymous_root = layout.anonymous_root.display();
    let tls = match options.security {
        Security::Plain => String::new(),
        Security::Explicit | Security::Implicit => tls(layout, options)?,
    };
    let extra = options.extra.join("\n");
    let (low, high) = options.passive_ports.clone().unwrap_or_else(passive_ports).into_inner();
    Ok(format!(
        "ServerType standalone
DefaultAddress {addresses}
SocketBindTight on
Port {port}
PassivePorts {low} {high}
UseReverseDNS off
User nobody
Group nogroup
ModulePath {installed}/usr/lib/proftpd
PidFile {private}/proftpd.pid
ScoreboardFile {private}/scoreboard
SystemLog {private}/log
TransferLog none
WtmpLog off
AuthPAM off
AuthOrder mod_auth_unix.c
RootLogin on
DefaultRoot ~
AllowOverwrite on
AllowStoreRestart on
<IfModule mod_delay.c>
DelayEngine off
</IfModule>
<Anonymous {anonymous_root}>
User ftp
Group nogroup
UserAlias anonymous ftp
<Limit WRITE>
DenyAll
</Limit>
</Anonymous>
{tls}
{extra}
"
    ))
}

fn tls(layout: &Layout, options: &Options) -> Result<String> {
    let private = layout.private.display();
    let algorithm = if certificates::server(options.certificate)?.rsa { "RSA" } else { "EC" };
    let mut text = format!(
        "LoadModule mod_tls.c
TLSEngine on
TLSLog {private}/log
TLSProtocol TLSv1.2 TLSv1.3
TLSRequired off
TLS{algorithm}CertificateFile {private}/chain.pem
TLS{algorithm}CertificateKeyFile {private}/key.pem
"
    );
    if !options.require_reuse {
        text += "TLSOptions NoSessionReuseRequired\n";
    }
    if options.security == Security::Implicit {
        text += "TLSOptions UseImplicitSSL\n";
    }
    if options.client_authority.is_some() {
        text += &format!("TLSVerifyClient on\nTLSCACertificateFile {private}/client-authority.pem\n");
    }
    Ok(text)
}
