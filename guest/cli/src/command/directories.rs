//! Directories on the server: whether a path is one, and how they are made.

use ftp_cli::exit::Exit;
use ftp_client::{Error, Kind, RefusalKind, codes};

use super::client::Client;
use super::connect::Server;
use super::failure::{Failure, ResultExt as _};

/// A session, where the one that was there was ended because the server reports no way back from a directory.
pub async fn reopened(client: Client, server: &Server) -> Result<Client, Failure> {
    if client.is_open() { Ok(client) } else { server.open().await }
}

/// Each directory on the way. Servers say with the same code that one is there, and that it cannot be made.
pub async fn make_all(client: &mut Client, path: &str, error: Error) -> Result<(), Failure> {
    let mut last = Some(error);
    for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0).chain([(path.len(), "")]) {
        let Some(part) = path.get(..at) else { continue };
        last = match client.make_directory(part).await {
            Ok(_) => None,
            Err(error @ Error::Refused { kind: RefusalKind::Permanent, .. }) => Some(error),
            Err(error) => return Err(Failure::of(format!("cannot make {part} for {path}"), error)),
        };
    }
    match last {
        // It may have been there.
        Some(error) if !is_directory(client, path).await? => Err(Failure::of(format!("cannot make {path}"), error)),
        _ => Ok(()),
    }
}

/// Whether it can be entered: what the server refuses with 5yz is none. The session stays where it was; where the server
/// reports no way back, it is closed.
pub async fn is_directory(client: &mut Client, path: &str) -> Result<bool, Failure> {
    let what = format!("cannot look for the directory {path}");
    let here = unless_refused(client.current_directory().await).context(&what)?;
    match client.change_directory(path).await {
        Ok(_) => {}
        Err(Error::Refused { kind: RefusalKind::Permanent, .. }) => return Ok(false),
        Err(error) => return Err(Failure::of(what, error)),
    }
    let is_back = match here {
        Some(here) => unless_refused(client.change_directory(&here).await).context(&what)?.is_some(),
        None => false,
    };
    if !is_back {
        client.close();
    }
    Ok(true)
}

/// None where the server refuses to answer, and the session is still good.
pub fn unless_refused<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code().is_some_and(|code| code != codes::CLOSING) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A refusal that may be because the path is a directory: then what is for directories is named.
pub async fn name_directory(client: &mut Client, path: &str, failure: Failure, instead: &str) -> Failure {
    let is_refused = failure.error.as_ref().and_then(Error::code).is_some_and(codes::is_about_name);
    if !is_refused || !client.is_open() {
        return failure;
    }
    match client.entry(path).await {
        Ok(entry) if entry.kind == Kind::Directory => {
            let text = format!("{}; it is a directory: {instead}", failure.text);
            Failure { exit: Exit::Refused, text, ..failure }
        }
        _ => failure,
    }
}
