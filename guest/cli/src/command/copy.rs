//! `cp`: from server to server, straight where they let it, else through this client.
//!
//! One file may have two names: on one server under two addresses, too. What is written over a file is therefore never it
//! itself, but a temporary one that gets its name when it is whole.

use std::cell::Cell;

use ftp_cli::arguments::{Cp, Route};
use ftp_cli::exit::Exit;
use ftp_cli::names;
use ftp_client::engine::{CopyError, FileVersion};
use ftp_client::{Error, RefusalKind, ReportedSize, Representation, codes};
use serde_json::json;

use super::client::Client;
use super::compared::{Compared, is_refusal, unless_refused};
use super::connect::Server;
use super::context::{Context, Run};
use super::failure::{Failure, ResultExt as _};
use super::jobs::{Limiter, Paced};
use super::renames::{rename, temporary};
use super::upload::with_part;

impl Run for Cp {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        run(context, self).await
    }
}

async fn run(context: &Context, cp: Cp) -> Result<(), Failure> {
    let from = Server::new(context, &cp.from)?;
    let to = Server::new(context, &cp.to)?;
    let Some(path) = from.remote.path().filter(|_| !from.remote.name.is_empty()) else {
        return Err(Failure::usage("cp is for files, and the first URL names none"));
    };
    let target = match to.remote.name.is_empty() {
        true => to.remote.within(names::last(&path)),
        false => to.remote.path().unwrap_or_default(),
    };
    let mut source = from.open().await?;
    if from.is_same_place(&to)
        && is_same_file(&mut source, &path, &target).await.context(format!("cannot copy {path}"))?
    {
        return Err(Failure::usage(format!("{path} cannot be copied onto itself")));
    }
    let mut sink = to.open().await?;
    let copied = copy(context, &cp, [&from, &to], [&path, &target], [&mut source, &mut sink]).await;
    source.quit().await;
    sink.quit().await;
    copied
}

async fn copy(
    context: &Context,
    cp: &Cp,
    [from, to]: [&Server; 2],
    [path, target]: [&str; 2],
    [source, sink]: [&mut Client; 2],
) -> Result<(), Failure> {
    let known = FileVersion::ask(source, path, |size| size != ReportedSize::Missing)
        .await
        .context(format!("cannot copy {path}"))?;
    let is_new = is_new(sink, target).await.context(format!("cannot copy to {target}"))?;
    // A server that does not report the one does not report the other, if they are the same file.
    let is_direct = is_new && known.size.is_some();
    let place = match is_direct {
        true => target.to_owned(),
        false => temporary(target, known.size, known.modified.as_ref()),
    };
    let copy = Copy { context, from, to, path, place: &place, known, is_begun: Cell::new(false) };
    let (way, compared) = match copy.run(cp, source, sink).await {
        Ok(copied) => copied,
        Err(failure) if is_direct && copy.is_begun.get() => return Err(with_part(failure, target)),
        Err(failure) if is_direct => return Err(with_new_part(sink, target, failure).await),
        Err(failure) => return Err(without_part(sink, &place, copy.is_begun.get(), failure).await),
    };
    if !is_direct {
        give_name(context, sink, &place, target).await?;
    }
    let mut event = json!({
        "event": "cp", "server": from.remote.server(), "path": path, "to_server": to.remote.server(), "to": target, "way": way,
    });
    compared.describe(&mut event);
    context.out.event(&event);
    compared.note(&context.out, target, false);
    Ok(())
}

/// (SIZE, MDTM) Whether the server denies that there is such a file.
async fn is_new(sink: &mut Client, target: &str) -> Result<bool, Error> {
    let is_missing = |error: &Error| error.code().is_some_and(codes::is_missing);
    match sink.size(target).await {
        Err(error) if is_missing(&error) => {}
        Err(error) if !is_refusal(sink, &error) => return Err(error),
        _ => return Ok(false),
    }
    match sink.modified(target).await {
        Err(error) if is_missing(&error) => Ok(true),
        Err(error) if !is_refusal(sink, &error) => Err(error),
        _ => Ok(false),
    }
}

/// The temporary file is whole. Where it cannot get the name, it is deleted.
async fn give_name(context: &Context, sink: &mut Client, place: &str, target: &str) -> Result<(), Failure> {
    let Err(failure) = rename(&context.out, sink, place, target).await else { return Ok(()) };
    let is_refused = matches!(failure.error, Some(Error::Refused { kind: RefusalKind::Permanent, .. }));
    let failure = if is_refused { Failure { exit: Exit::Refused, ..failure } } else { failure };
    Err(without_part(sink, place, true, failure).await)
}

/// (SIZE) There was no file of this name: one that is there now is a part of the copy.
async fn with_new_part(sink: &mut Client, target: &str, failure: Failure) -> Failure {
    match sink.size(target).await {
        Ok(_) => with_part(failure, target),
        Err(Error::Refused { kind: RefusalKind::Permanent, .. }) => failure,
        Err(_) => Failure { text: format!("{}; a part may be on the server as {target}", failure.text), ..failure },
    }
}

/// Delete the temporary file, for which this command has no other use.
async fn without_part(sink: &mut Client, place: &str, is_there: bool, failure: Failure) -> Failure {
    let is_refused = sink.delete(place).await.is_err();
    if is_refused && is_there { with_part(failure, place) } else { failure }
}

/// Whether two paths on one server are the same file, as far as paths can tell. Writing it would empty it before it is read.
async fn is_same_file(client: &mut Client, one: &str, other: &str) -> Result<bool, Error> {
    if one == other || one.starts_with('/') == other.starts_with('/') {
        return Ok(one == other);
    }
    let here = client.current_directory().await;
    let Some(here) = unless_refused(client, here)? else { return Ok(false) };
    let from_root = |path: &str| match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("{}/{}", here.trim_end_matches('/'), path.strip_prefix("./").unwrap_or(path)),
    };
    Ok(from_root(one) == from_root(other))
}

struct Copy<'a> {
    context: &'a Context,
    from: &'a Server,
    to: &'a Server,
    path: &'a str,
    /// The name that the copy has at first.
    place: &'a str,
    /// The source.
    known: FileVersion,
    /// The target was opened, so that it has a part.
    is_begun: Cell<bool>,
}

impl Copy<'_> {
    /// Straight, or through this client: how it went, and what was compared.
    async fn run(&self, cp: &Cp, source: &mut Client, sink: &mut Client) -> Result<(&'static str, Compared), Failure> {
        let what = format!("cannot copy {}", self.path);
        if cp.route() != Route::Relay {
            match self.straight(source, sink).await {
                Ok(compared) => return Ok(("straight", compared)),
                Err(error) if cp.route() == Route::Direct => return Err(Failure::of_named(&what, error)),
                Err(error) => {
                    let text = format!("the servers do not copy it themselves ({error}), so it goes through here");
                    self.context.out.note(&text);
                }
            }
            // A copy that failed may have cost either session.
            for (client, server) in [(&mut *source, self.from), (&mut *sink, self.to)] {
                if !client.is_open() {
                    *client = server.open().await?;
                }
            }
        }
        self.relay(source, sink).await.map(|compared| ("through here", compared))
    }

    async fn straight(&self, source: &mut Client, sink: &mut Client) -> Result<Compared, Error> {
        let copied = source.copy_to(self.path, sink, self.place, Representation::Image).await?;
        Ok(Compared { verified: copied.verified, checksum: None })
    }

    async fn relay(&self, source: &mut Client, sink: &mut Client) -> Result<Compared, Failure> {
        let (reading, writing) = (format!("cannot get {}", self.path), format!("cannot put {}", self.place));
        let mut download = source.retrieve(self.path, Representation::Image, 0).await.context_named(&reading)?;
        let mut upload = sink.store(self.place, Representation::Image, 0).await.context(&writing)?;
        self.is_begun.set(true);
        let bar = self.context.out.begin(self.path, self.known.size.or(download.expected_size()));
        let paced = Paced { bar: Some(&bar), limiter: &Limiter::new(self.context, None) };
        let bytes = download.copy_to(&mut upload, &paced).await.map_err(|error| match error {
            CopyError::Read(error) => Failure::of(&reading, error),
            CopyError::Write(error) => Failure::of(&writing, error),
        })?;
        let read = download.finish(source).await.context(&reading)?;
        let written = upload.finish(sink).await.context(&writing)?;
        source.back().await.context(&reading)?;
        sink.back().await.context(&writing)?;
        if self.context.verify_size {
            self.known.check(source, self.path, bytes, read).await.context(&reading)?;
        }
        self.context.out.done(bytes, &bar.summary(bytes));
        Ok(Compared::of(&written))
    }
}
