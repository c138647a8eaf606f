//! `probe`: what a server can do, as a table.

use ftp_cli::arguments::Probe;
use ftp_cli::text::plain;
use ftp_client::{
    DataMode, Download, Error, GetCommand, Outcome, RefusalKind, Representation, WorkingDirectory, codes, has_feature,
};
use serde_json::{Map, Value, json};

use super::client::Client;
use super::connect::Server;
use super::context::{Context, Run};
use super::failure::Failure;
use super::local;
use super::net::Net;

impl Run for Probe {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let server = Server::new(context, &self.url)?;
        let mut client = server.open().await?;
        let mut table = Table { rows: Vec::new() };
        about(&mut client, &mut table).await?;
        features(&mut client, &mut table).await?;
        data(&mut client, &mut table).await?;
        if self.clock {
            let place = server.remote.directory.as_deref();
            let path = server.remote.path();
            let place = if server.remote.name.is_empty() { place } else { path.as_deref() };
            clock(&mut client, place, &mut table).await?;
        }
        for (_, value) in &mut table.rows {
            // A server may repeat the password.
            *value = client.masked(value);
        }
        match context.out.is_json() {
            true => {
                let object: Map<String, Value> =
                    table.rows.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
                context.out.event(&Value::Object(object));
            }
            false => {
                table.rows.iter().for_each(|(name, value)| context.out.raw(&format!("{name:<24} {}\n", plain(value))))
            }
        }
        client.quit().await;
        Ok(())
    }
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
fn answer<T>(client: &Client, result: Result<T, Error>) -> Result<Result<T, Error>, Failure> {
    match result {
        Err(error) if !client.is_open() => Err(Failure::of("the session is lost", error)),
        result => Ok(result),
    }
}

/// Where the server does not say.
fn unknown(error: &Error) -> String {
    format!("cannot tell: {error}")
}

async fn about(client: &mut Client, table: &mut Table) -> Result<(), Failure> {
    table.row("greeting", client.welcome().lines.join(" "));
    let system = client.system().await;
    let system = answer(client, system)?.unwrap_or_else(|error| unknown(&error));
    table.row("system", client.masked(&system));
    let directory = client.working_directory().await;
    let directory = match answer(client, directory)? {
        Ok(WorkingDirectory::Quoted(path) | WorkingDirectory::Unquoted(path)) => path,
        Err(error) => unknown(&error),
    };
    table.row("login directory", directory);
    match client.encryption() {
        Some(agreed) => table.row("TLS", format!("{}, {}", agreed.version, agreed.cipher)),
        None => table.row("TLS", "not used"),
    }
    Ok(())
}

/// What the server announces. Where it does not report that, it may have any of it.
async fn features(client: &mut Client, table: &mut Table) -> Result<(), Failure> {
    let features = client.reported_features().await;
    let (features, why) = match answer(client, features)? {
        Ok(features) => (features, "cannot tell: the server does not report them".to_owned()),
        Err(error) => (None, unknown(&error)),
    };
    let has = |name: &str| features.as_ref().map(|features| has_feature(features, name));
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
        let answer = match has(name) {
            Some(true) => "announced",
            Some(false) => "not announced",
            None => "cannot tell",
        };
        table.row(row, answer);
    }
    let sums: Vec<&str> = ["HASH", "XSHA512", "XSHA256", "XSHA1", "XSHA", "XMD5", "MD5", "XCRC"]
        .into_iter()
        .filter(|name| has(name) == Some(true))
        .collect();
    table.row(
        "checksums",
        match (sums.is_empty(), features.is_some()) {
            (false, _) => sums.join(", "),
            (true, true) => "not announced".to_owned(),
            (true, false) => "cannot tell".to_owned(),
        },
    );
    let announced = features.map(|features| if features.is_empty() { "none".to_owned() } else { features.join("; ") });
    table.row("features", announced.unwrap_or(why));
    Ok(())
}

/// Each way to make a data connection, by an answer that takes one; and twice, so that the second can resume.
async fn data(client: &mut Client, table: &mut Table) -> Result<(), Failure> {
    let passive = connection(client).await?;
    let again = connection(client).await?;
    table.row("passive mode", passive.text(false));
    if client.encryption().is_some() {
        table.row("data connections", again.protection());
    }
    if client.set_data_mode(DataMode::Active(ftp_client::Active::default())).is_ok() {
        let active = connection(client).await?;
        table.row("active mode", active.text(matches!(passive, Tried::Connected(_))));
        let _ = client.set_data_mode(DataMode::Passive);
    }
    Ok(())
}

/// What came of a command that takes a data connection.
enum Tried {
    /// There was one; its outcome, where that is known.
    Connected(Result<Outcome, Error>),
    /// There was none.
    Failed(Error),
    /// The server refused the commands themselves, as some refuse to list an empty directory.
    Refused(Error),
}

impl Tried {
    /// Where the other mode works, it is this one that is refused.
    fn text(&self, has_other: bool) -> String {
        match self {
            Self::Connected(_) => "yes".to_owned(),
            Self::Refused(error) if !has_other => unknown(error),
            Self::Failed(error) | Self::Refused(error) => format!("no: {error}"),
        }
    }

    fn protection(&self) -> String {
        match self {
            Self::Connected(Ok(outcome)) => match (outcome.encrypted, outcome.resumed) {
                (false, _) => "not encrypted".to_owned(),
                (true, true) => "encrypted, the session is resumed".to_owned(),
                (true, false) => "encrypted, the session is not resumed".to_owned(),
            },
            Self::Failed(error) => format!("no: {error}"),
            Self::Connected(Err(error)) | Self::Refused(error) => unknown(error),
        }
    }
}

/// By NLST, and by LIST where a server refuses that: the connection is what matters, not what comes.
async fn connection(client: &mut Client) -> Result<Tried, Failure> {
    let mut refusal = None;
    for command in [GetCommand::name_list(None), GetCommand::list(None)] {
        let begun = client.receive(command, Representation::Ascii, 0).await;
        let download = match answer(client, begun)? {
            Ok(download) => download,
            Err(error @ Error::Refused { kind: RefusalKind::Permanent, .. }) => {
                refusal = Some(Tried::Refused(error));
                continue;
            }
            Err(Error::Refused { kind: RefusalKind::Transient, reply })
                if !codes::is_about_data_connection(reply.code) =>
            {
                refusal = Some(Tried::Refused(Error::transient(reply)));
                continue;
            }
            Err(error) => return Ok(Tried::Failed(error)),
        };
        let outcome = read(client, download).await;
        return Ok(Tried::Connected(answer(client, outcome)?));
    }
    Ok(refusal.unwrap_or(Tried::Failed(Error::closed())))
}

/// To its end. What comes is not looked at.
async fn read(client: &mut Client, mut download: Download<Net>) -> Result<Outcome, Error> {
    download.copy_to(&mut (), &()).await?;
    download.finish(client).await
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
    let made = made.await;
    let made = answer(client, made)?;
    table.row(
        "clock",
        made.map_or_else(|error| unknown(&error), |time| format!("{:+} s from this one", time.seconds - now)),
    );
    Ok(())
}
