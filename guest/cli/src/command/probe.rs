//! `probe`: what a server can do, as a table.

use ftp_cli::arguments::Probe;
use ftp_cli::text::plain;
use ftp_client::{DataMode, Error, Representation};
use serde_json::{Map, Value, json};

use super::Context;
use super::connect::{Client, Server};
use super::failure::Failure;
use super::local;

pub async fn run(context: &Context, probe: Probe) -> Result<(), Failure> {
    let server = Server::new(context, &probe.url, &probe.connection)?;
    let mut client = server.open().await?;
    let mut table = Table { rows: Vec::new() };
    about(&mut client, &mut table).await?;
    features(&mut client, &mut table).await?;
    data(&mut client, &mut table).await?;
    if probe.clock {
        let place = server.remote.directory.as_deref();
        let path = server.remote.path();
        let place = if server.remote.name.is_empty() { place } else { path.as_deref() };
        clock(&mut client, place, &mut table).await?;
    }
    match context.out.is_json() {
        true => {
            let object: Map<String, Value> =
                table.rows.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
            context.out.event(&Value::Object(object));
        }
        false => table.rows.iter().for_each(|(name, value)| context.out.raw(&format!("{name:<24} {}\n", plain(value)))),
    }
    client.quit().await;
    Ok(())
}

struct Table {
    rows: Vec<(&'static str, String)>,
}

impl Table {
    fn row(&mut self, name: &'static str, value: impl Into<String>) {
        self.rows.push((name, value.into()));
    }
}

/// The loss of the session is a failure; all else is an answer.
fn answer<T>(result: Result<T, Error>) -> Result<Result<T, String>, Failure> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error @ (Error::Closed | Error::ConnectionLost(_) | Error::Protocol(_))) => {
            Err(Failure::of("the session is lost", error))
        }
        Err(error) => Ok(Err(format!("no: {error}"))),
    }
}

async fn about(client: &mut Client, table: &mut Table) -> Result<(), Failure> {
    table.row("greeting", client.welcome().lines.join(" "));
    table.row("system", answer(client.system().await)?.unwrap_or_else(|no| no));
    table.row("login directory", answer(client.current_directory().await)?.unwrap_or_else(|no| no));
    match client.encryption() {
        Some(agreed) => table.row("TLS", format!("{}, {}", agreed.version, agreed.cipher)),
        None => table.row("TLS", "not used"),
    }
    Ok(())
}

async fn features(client: &mut Client, table: &mut Table) -> Result<(), Failure> {
    let features = match answer(client.features().await)? {
        Ok(features) => features,
        Err(no) => {
            table.row("features", no);
            return Ok(());
        }
    };
    let has = |name: &str| {
        features.iter().any(|feature| feature.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(name)))
    };
    for (row, name) in [
        ("listings as data", "MLST"),
        ("sizes", "SIZE"),
        ("times", "MDTM"),
        ("times can be set", "MFMT"),
        ("resumed transfers", "REST"),
        ("UTF-8 names", "UTF8"),
        ("TLS on offer", "AUTH"),
        ("compression on offer", "MODE"),
        ("virtual hosts", "HOST"),
        ("languages", "LANG"),
    ] {
        table.row(row, if has(name) { "yes" } else { "no" });
    }
    let sums: Vec<&str> = ["HASH", "XSHA512", "XSHA256", "XSHA1", "XSHA", "XMD5", "MD5", "XCRC"]
        .into_iter()
        .filter(|name| has(name))
        .collect();
    table.row("checksums", if sums.is_empty() { "no".to_owned() } else { sums.join(", ") });
    table.row("features", features.join("; "));
    Ok(())
}

/// Each way to make a data connection, by an answer that takes one; and twice, so that the second can resume.
async fn data(client: &mut Client, table: &mut Table) -> Result<(), Failure> {
    let active = DataMode::Active(ftp_client::Active::default());
    let passive = answer(listing(client).await)?;
    let again = answer(listing(client).await)?;
    table.row("passive mode", passive.as_ref().map_or_else(Clone::clone, |_| "yes".to_owned()));
    if client.encryption().is_some() {
        let text = |outcome: &(bool, bool)| match outcome {
            (false, _) => "not encrypted",
            (true, true) => "encrypted, the session is resumed",
            (true, false) => "encrypted, the session is not resumed",
        };
        table.row("data connections", again.as_ref().map_or_else(Clone::clone, |outcome| text(outcome).to_owned()));
    }
    if client.set_data_mode(active).is_ok() {
        let result = answer(listing(client).await)?;
        table.row("active mode", result.map_or_else(|no| no, |_| "yes".to_owned()));
        let _ = client.set_data_mode(DataMode::Passive);
    }
    Ok(())
}

/// Whether the data connection was encrypted, and whether it resumed the session.
async fn listing(client: &mut Client) -> Result<(bool, bool), Error> {
    let mut download = client.receive("NLST", Representation::Ascii, 0).await?;
    let mut buffer = Vec::new();
    while download.read(&mut buffer, ftp_client::CHUNK).await? > 0 {
        buffer.clear();
    }
    let outcome = download.finish(client).await?;
    Ok((outcome.encrypted, outcome.resumed))
}

/// The server's clock, by the time of a small file that is deleted again.
async fn clock(client: &mut Client, directory: Option<&str>, table: &mut Table) -> Result<(), Failure> {
    let now = local::now().seconds;
    let name = format!(".ftp-probe-{now:x}.ftp-part");
    let path =
        directory.map_or_else(|| name.clone(), |directory| format!("{}/{name}", directory.trim_end_matches('/')));
    let made = async {
        let mut upload = client.store(&path, Representation::Image, 0).await?;
        upload.write(b"what time is it?\n").await?;
        upload.finish(client).await?;
        let time = client.modified(&path).await;
        client.delete(&path).await?;
        time
    };
    let made = answer(made.await)?;
    table.row("clock", made.map_or_else(|no| no, |time| format!("{:+} s from this one", time.seconds - now)));
    Ok(())
}
