//! Pure-FTPd, one process for each address.

use std::ffi::OsString;
use std::net::SocketAddr;

use anyhow::{Result, ensure};

use super::enclosed::Layout;
use super::{Options, Security};

/// How it is started.
pub fn commands(layout: &Layout, options: &Options) -> Result<Vec<Vec<OsString>>> {
    ensure!(options.security != Security::Implicit, "pure-ftpd has no implicit TLS");
    ensure!(options.client_authority.is_none(), "pure-ftpd asks for no certificates");
    Ok(layout.addresses.iter().map(|address| command(layout, options, *address)).collect())
}

fn command(layout: &Layout, options: &Options, address: SocketAddr) -> Vec<OsString> {
    let private = layout.private.display();
    let family = if address.is_ipv4() { "-4" } else { "-6" };
    let bind = format!("{},{}", address.ip(), address.port());
    let pid_file = format!("{private}/pure-ftpd{family}.pid");
    let mut command: Vec<OsString> = vec![layout.installed.join("usr/sbin/pure-ftpd").into()];
    command.extend([family, "-S", &bind, "-g", &pid_file].map(OsString::from));
    // No names of hosts; users known by the accounts, root included, and kept at home; clients; files and levels listed.
    command.extend(["-H", "-l", "unix", "-u", "0", "-A", "-c", "1000", "-L", "100000:20"].map(OsString::from));
    if let Some(ports) = &options.passive_ports {
        command.extend(["-p".into(), format!("{}:{}", ports.start(), ports.end()).into()]);
    }
    if options.security == Security::Explicit {
        command.extend(["-Y", "1", "-2", &format!("{private}/combined.pem")].map(OsString::from));
    }
    command.extend(options.extra.iter().map(OsString::from));
    command
}
