//! `--explain`: what the command was granted.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::net::IpAddr;

use ftp_cli::needs::RequiredGrants;
use ftp_cli::text::plain;
use ftp_host::{Command, Cryptography};

use super::arguments::Sandbox;
use super::variables::Variables;

/// A line for each thing. Names of variables only: their values are secrets.
pub async fn print(command: &Command, needs: &RequiredGrants, sandbox: &Sandbox, variables: &Variables) {
    for (host, port) in &needs.hosts {
        say("connects to", format!("{host}, port {port} and data ports: {}", addresses(command, host).await));
    }
    if let Some((host, port)) = &needs.proxy {
        say("connects to", format!("the proxy {host}, port {port}: {}", addresses(command, host).await));
    }
    match needs.listens.filter(|_| needs.proxy.is_none()) {
        Some((0, 0)) => say("listens on", "any port from 1024 on"),
        Some((first, last)) => say("listens on", format!("ports {first} to {last}")),
        None => {}
    }
    for folder in &needs.folders {
        say(if folder.writable { "reads and writes" } else { "reads" }, folder.path.display());
    }
    if !variables.is_empty() {
        let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
        say("has the variables", names.join(" "));
    }
    match command.chosen_cryptography() {
        Ok(Cryptography::Host) => {
            say("takes", "the cryptography of TLS from ftp-host, native code outside of the sandbox")
        }
        _ => say("takes", "the cryptography of TLS from itself, inside the sandbox"),
    }
    say("takes at most", format!("{} MiB of memory", sandbox.memory_limit));
    if let Some(limit) = sandbox.time_limit {
        say("takes at most", format!("{} seconds", limit.as_secs_f64()));
    }
}

async fn addresses(command: &Command, host: &str) -> String {
    match command.addresses(host).await.as_slice() {
        [] => "no address".to_owned(),
        addresses => addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn say(what: &str, which: impl Display) {
    // Whether anybody looks on changes nothing.
    let _ = writeln!(io::stderr(), "ftp-host: it {what} {}", plain(&which.to_string()));
}
