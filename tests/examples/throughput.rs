//! Downloads and uploads of one large file, by the component in wasmtime and by the same client over native sockets, in
//! turn against the same server. Prints medians, their ratio, and what the guest's memory did.
//!
//! `cargo run --release -p ftp-tests --example throughput [-- MiB [REPEATS]]`, after `tests/run` has installed
//! pyftpdlib.

use anyhow::Result;
use ftp_client::native::Native;
use ftp_tests::client;
use ftp_tests::payload::{CHUNK, Payload};
use ftp_tests::pyftpd::PyFtpd;
use ftp_tests::root;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let size = arguments.next().transpose()?.unwrap_or(1024) << 20;
    let repeats = arguments.next().transpose()?.unwrap_or(5);
    let server = PyFtpd::start_in(root::with_room_for(3 * size)?, &[])?;
    let chunk: Vec<u8> = Payload::bytes(CHUNK as u64);
    std::fs::write(server.root().join("large"), chunk.repeat(usize::try_from(size)? / CHUNK))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(compare(server.address(), size, repeats, &chunk))
}

async fn compare(server: SocketAddr, size: u64, repeats: u64, chunk: &[u8]) -> Result<()> {
    let mut session = client::login(server).await?;
    let mut native = native_login(server).await?;
    let before = session.memory();
    let (mut down, mut down_native, mut up, mut up_native) = (vec![], vec![], vec![], vec![]);
    for _ in 0..repeats {
        down.push(component_download(&mut session, size).await?);
        down_native.push(native_download(&mut native, size).await?);
        up.push(component_upload(&mut session, size, chunk).await?);
        up_native.push(native_upload(&mut native, size, chunk).await?);
    }
    report("download", size, &mut down, &mut down_native);
    report("upload", size, &mut up, &mut up_native);
    println!("guest memory: {} KiB before, {} KiB after", before >> 10, session.memory() >> 10);
    Ok(())
}

async fn component_download(session: &mut ftp_host::Session, size: u64) -> Result<Duration> {
    let start = Instant::now();
    let mut download = session.retrieve("large", ftp_host::Representation::Image, 0).await?;
    while download.read().await?.is_some() {}
    anyhow::ensure!(download.finish().await?.bytes == size, "not the whole file");
    Ok(start.elapsed())
}

async fn component_upload(session: &mut ftp_host::Session, size: u64, chunk: &[u8]) -> Result<Duration> {
    let start = Instant::now();
    let mut upload = session.store("copy", ftp_host::Representation::Image, 0).await?;
    for _ in 0..size / CHUNK as u64 {
        upload.write(chunk).await?;
    }
    upload.finish().await?;
    Ok(start.elapsed())
}

async fn native_login(server: SocketAddr) -> Result<ftp_client::Session<Native>> {
    let host = server.ip().to_string();
    let settings = ftp_client::Settings::default();
    let mut session = ftp_client::Session::connect(Native, settings, &host, server.port()).await?;
    session.login("user", "12345", None).await?;
    Ok(session)
}

async fn native_download(session: &mut ftp_client::Session<Native>, size: u64) -> Result<Duration> {
    let start = Instant::now();
    let mut download = session.retrieve("large", ftp_client::Representation::Image, 0).await?;
    let mut buffer = Vec::new();
    while download.read(&mut buffer, CHUNK).await? > 0 {
        buffer.clear();
    }
    anyhow::ensure!(download.finish(session).await?.bytes == size, "not the whole file");
    Ok(start.elapsed())
}

async fn native_upload(session: &mut ftp_client::Session<Native>, size: u64, chunk: &[u8]) -> Result<Duration> {
    let start = Instant::now();
    let mut upload = session.store("copy", ftp_client::Representation::Image, 0).await?;
    for _ in 0..size / CHUNK as u64 {
        upload.write(chunk).await?;
    }
    upload.finish(session).await?;
    Ok(start.elapsed())
}

fn report(what: &str, size: u64, component: &mut [Duration], native: &mut [Duration]) {
    let (component, native) = (median(component), median(native));
    let rate = |time: Duration| size as f64 / 1e6 / time.as_secs_f64();
    let ratio = native.as_secs_f64() / component.as_secs_f64();
    println!("{what}: component {:.0} MB/s, native {:.0} MB/s, ratio {ratio:.2}", rate(component), rate(native));
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}
