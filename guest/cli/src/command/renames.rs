//! Temporary names on the server, and how a file gets its own when it is whole.

use std::time::{SystemTime, UNIX_EPOCH};

use ftp_cli::names;
use ftp_client::{Error, RefusalKind, Timestamp, codes};

use super::client::Client;
use super::directories::is_directory;
use super::failure::{Failure, ResultExt as _};
use super::output::Output;

/// The name on the server until it is whole. It shows which version of the file it is.
pub fn temporary(path: &str, size: Option<u64>, modified: Option<&Timestamp>) -> String {
    beside(path, &format!("{:x}-{:x}", size.unwrap_or(0), modified.map_or(0, |time| time.seconds)))
}

/// A temporary name in the same directory.
fn beside(path: &str, version: &str) -> String {
    let name = names::last(path);
    format!("{}{}", path.strip_suffix(name).unwrap_or_default(), names::temporary(name, version))
}

/// Give a file its name. Some servers replace nothing when they rename: there the old file is moved aside, and deleted only
/// when the new one has its name.
pub async fn rename(out: &Output, client: &mut Client, from: &str, to: &str) -> Result<(), Failure> {
    let what = format!("cannot rename {from} to {to}");
    let refusal = match client.rename(from, to).await {
        Err(error @ Error::Refused { kind: RefusalKind::Permanent, .. }) => error,
        result => return result.map(drop).context(what),
    };
    // Which of the two commands was refused is not reported. Only a file that is there can have been in the way of another one.
    if !(may_be_file(client, from).await.context(&what)? && may_be_file(client, to).await.context(&what)?) {
        return Err(Failure::of(what, refusal));
    }
    // Some servers report a size of directories too.
    if is_directory(client, to).await? {
        return Err(Failure::of(format!("{what}, which is a directory"), refusal));
    }
    // Another attempt may have left one of the same second.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let aside = beside(to, &format!("old-{:x}", now.as_micros()));
    client.rename(to, &aside).await.context(format!("{what}: {refusal}; nor {to} to {aside}"))?;
    if let Err(error) = client.rename(from, to).await {
        return Err(match client.rename(&aside, to).await {
            Ok(_) => Failure::of(what, error),
            Err(_) => Failure::of(format!("{what}, the old file is {aside}"), error),
        });
    }
    if let Err(error) = client.delete(&aside).await {
        out.warn(&format!("the old file of {to} is still there as {aside}: {error}"));
    }
    Ok(())
}

/// (SIZE) Whether a file may have this name: a server that cannot tell does not say that there is none.
async fn may_be_file(client: &mut Client, path: &str) -> Result<bool, Error> {
    match client.size(path).await {
        Err(Error::Refused { kind: RefusalKind::Permanent, reply }) => Ok(!codes::is_missing(reply.code)),
        result => result.map(|_| true),
    }
}
