//! `cp`: from server to server, straight where they let it, else through here.

use ftp_cli::arguments::Cp;
use ftp_cli::names;
use ftp_client::{CHUNK, Representation, breathe};
use serde_json::json;

use super::Context;
use super::connect::{Client, Server};
use super::failure::{Doing as _, Failure};

pub async fn run(context: &Context, cp: Cp) -> Result<(), Failure> {
    let from = Server::new(context, &cp.from, &cp.connection)?;
    let to = Server::new(context, &cp.to, &cp.connection)?;
    let Some(path) = from.remote.path().filter(|_| !from.remote.name.is_empty()) else {
        return Err(Failure::usage("cp is for files, and the first URL names none"));
    };
    let target = match to.remote.name.is_empty() {
        true => to.remote.within(names::last(&path)),
        false => to.remote.path().unwrap_or_default(),
    };
    let mut source = from.open().await?;
    if from.is_same_place(&to) && is_same_file(&mut source, &path, &target).await {
        return Err(Failure::usage(format!("{path} cannot be copied onto itself")));
    }
    let mut sink = to.open().await?;
    let what = format!("cannot copy {path}");
    let way = match cp.relay {
        true => None,
        false => match source.copy_to(&path, &mut sink, &target, Representation::Image).await {
            Ok(_) => Some("straight"),
            Err(error) if cp.fxp => return Err(Failure::of_named(&what, error)),
            Err(error) => {
                context.out.note(&format!("the servers do not copy it themselves ({error}), so it goes through here"));
                None
            }
        },
    };
    let way = match way {
        Some(way) => way,
        None => {
            // A copy that failed may have cost either session.
            source = reopened(source, &from).await?;
            sink = reopened(sink, &to).await?;
            relay(context, &mut source, &path, &mut sink, &target).await?;
            "through here"
        }
    };
    context.out.event(&json!({
        "event": "cp", "server": from.remote.server(), "path": path, "to_server": to.remote.server(), "to": target, "way": way,
    }));
    source.quit().await;
    sink.quit().await;
    Ok(())
}

/// Whether two paths on one server are the same file, as far as paths can tell. Writing it would empty it before it is read.
async fn is_same_file(client: &mut Client, one: &str, other: &str) -> bool {
    if one == other || one.starts_with('/') == other.starts_with('/') {
        return one == other;
    }
    let Ok(here) = client.current_directory().await else { return false };
    let from_root = |path: &str| match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("{}/{}", here.trim_end_matches('/'), path.strip_prefix("./").unwrap_or(path)),
    };
    from_root(one) == from_root(other)
}

async fn reopened(client: Client, server: &Server) -> Result<Client, Failure> {
    if client.is_open() { Ok(client) } else { server.open().await }
}

async fn relay(
    context: &Context,
    source: &mut Client,
    path: &str,
    sink: &mut Client,
    target: &str,
) -> Result<(), Failure> {
    let (reading, writing) = (format!("cannot get {path}"), format!("cannot put {target}"));
    let mut download = source.retrieve(path, Representation::Image, 0).await.doing_named(&reading)?;
    let mut upload = sink.store(target, Representation::Image, 0).await.doing(&writing)?;
    let bar = context.out.begin(path, download.expected_size());
    let mut buffer = Vec::new();
    let mut bytes = 0;
    loop {
        buffer.clear();
        let count = download.read(&mut buffer, CHUNK).await.doing(&reading)? as u64;
        if count == 0 {
            break;
        }
        upload.write(&buffer).await.doing(&writing)?;
        bytes += count;
        bar.advance(count);
        breathe().await;
    }
    download.finish(source).await.doing(&reading)?;
    upload.finish(sink).await.doing(&writing)?;
    context.out.done(bytes, &bar.summary(bytes));
    Ok(())
}
