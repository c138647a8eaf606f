//! What it was measured on.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use ftp_tests::root;
use ftp_tests::servers::Kind;

/// Cores, processor, kernel.
pub fn machine() -> Vec<(&'static str, String)> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = read("/proc/meminfo").lines().next().unwrap_or_default().replace("MemTotal:", "");
    vec![
        ("processor", model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, model)| model.to_owned())),
        ("cores", cores.to_string()),
        ("memory", memory.trim().to_owned()),
        ("kernel", format!("Linux {}", read("/proc/sys/kernel/osrelease").trim())),
        ("load at the end (1, 5, 15 min)", read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")),
    ]
}

/// The servers, with their versions.
pub fn servers() -> Vec<(&'static str, String)> {
    let version = |kind: Kind| server(kind).unwrap_or_else(|error| format!("unknown: {error:#}"));
    Kind::ALL.into_iter().filter(|kind| kind.installed().is_ok()).map(|kind| (kind.name(), version(kind))).collect()
}

fn server(kind: Kind) -> Result<String> {
    let installed = root::cache().join("servers");
    let program = |name: &str| {
        let mut command = Command::new(installed.join("usr/sbin").join(name));
        command.env("LD_LIBRARY_PATH", installed.join("libraries"));
        command
    };
    match kind {
        Kind::PyFtpd => pyftpdlib(&root::cache().join("python/requirements.txt")),
        // It tells it on what should be its input.
        Kind::Vsftpd => {
            let told = tempfile::NamedTempFile::new()?;
            program("vsftpd").arg("-v").stdin(told.reopen()?).status()?;
            Ok(fs::read_to_string(told.path())?.trim().to_owned())
        }
        Kind::ProFtpd => line(program("proftpd").arg("-v"), "Version"),
        Kind::PureFtpd => line(program("pure-ftpd").arg("-h"), "pure-ftpd v"),
    }
}

fn pyftpdlib(requirements: &Path) -> Result<String> {
    let text = fs::read_to_string(requirements)?;
    Ok(text.lines().map(str::trim).filter(|line| line.contains("==")).collect::<Vec<_>>().join(", "))
}

fn line(command: &mut Command, with: &str) -> Result<String> {
    let output = command.output()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().find(|line| line.contains(with)).context("it does not tell it")?.trim().to_owned())
}
