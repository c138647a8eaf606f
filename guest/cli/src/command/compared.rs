//! What was compared at the end of a transfer, and how that is reported.

use std::io;
use std::path::Path;

use ftp_cli::exit::Exit;
use ftp_client::{
    Algorithm, CHUNK, Error, FailureKind, Hasher, Outcome, RefusalKind, Unverified, Verification, yield_now,
};
use serde_json::{Value, json};

use super::client::Client;
use super::contents::Contents;
use super::failure::Failure;
use super::output::Output;

/// What was compared at the end of a transfer.
#[derive(Debug, Clone, Copy)]
pub struct Compared {
    pub verified: Verification,
    /// The checksum that both sides agree on.
    pub checksum: Option<Algorithm>,
}

impl Compared {
    /// The sizes on both sides, and nothing else.
    pub const SIZE: Self = Self { verified: Verification::Size, checksum: None };

    /// What the client has compared.
    pub fn of(outcome: &Outcome) -> Self {
        Self { verified: outcome.verified, checksum: outcome.checksum.as_ref().map(|checksum| checksum.algorithm) }
    }

    /// The checksums too.
    pub fn with(self, checksum: Option<Algorithm>) -> Self {
        match checksum {
            Some(_) => Self { verified: Verification::Checksum, checksum },
            None => self,
        }
    }

    /// Add to the event of a transfer what was compared.
    pub fn describe(&self, event: &mut Value) {
        let (verified, why) = match self.verified {
            Verification::Size => (Some("size"), None),
            Verification::Checksum => (Some("checksum"), None),
            Verification::NotVerified(why) => (None, Some(why.to_string())),
        };
        event["verified"] = json!(verified);
        event["not_verified"] = json!(why);
        event["checksum"] = json!(self.checksum.map(|algorithm| algorithm.name()));
    }

    /// Say what the user may count on and cannot: sizes that were not compared, and checksums where they were asked for.
    pub fn note(&self, out: &Output, path: &str, wants_checksum: bool) {
        match self.verified {
            // Whoever turned it off knows.
            Verification::Size | Verification::Checksum | Verification::NotVerified(Unverified::TurnedOff) => {}
            Verification::NotVerified(why) => out.note_once(&format!("not verified to be whole: {why}")),
        }
        match self.checksum {
            Some(algorithm) => out.note(&format!("{path}: the {algorithm} is the same on both sides")),
            None if wants_checksum => out.note_once("no checksums were compared: the server has none"),
            None => {}
        }
    }
}

/// Whether an answer means that the server does not report it, and the session stays usable.
pub fn is_refusal(client: &Client, error: &Error) -> bool {
    client.is_open() && error.is_refusal()
}

/// None where the server does not report it.
pub fn unless_refused<T>(client: &Client, result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_refusal(client, &error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The checksum of the whole file here, as [`compare`] has it.
pub async fn compare_at(client: &mut Client, remote: &str, path: &Path) -> Result<Option<Algorithm>, Failure> {
    let file = Contents::source(path).map_err(|error| Failure::local("read", path, &error))?;
    compare(client, remote, &file, path).await
}

/// The checksum of the whole file, which a transfer of a part says nothing about. None where the server has none.
pub async fn compare(
    client: &mut Client,
    remote: &str,
    file: &Contents,
    path: &Path,
) -> Result<Option<Algorithm>, Failure> {
    let theirs = match client.checksum(remote, None).await {
        Ok(theirs) => theirs,
        Err(
            Error::Failed { kind: FailureKind::Unsupported, .. } | Error::Refused { kind: RefusalKind::Permanent, .. },
        ) => return Ok(None),
        Err(error) => return Err(Failure::of(format!("cannot compare {remote}"), error)),
    };
    let failed = |error: io::Error| Failure::local("read", path, &error);
    let mut hasher = Hasher::new(theirs.algorithm);
    let (mut offset, mut buffer) = (0, Vec::new());
    loop {
        buffer.clear();
        let count = file.read_at(offset, &mut buffer, CHUNK).map_err(failed)?;
        if count == 0 {
            break;
        }
        offset += count as u64;
        hasher.update(&buffer);
        yield_now().await;
    }
    match hasher.finish().value == theirs.value {
        true => Ok(Some(theirs.algorithm)),
        false => Err(Failure::new(Exit::Protocol, format!("{remote}: the checksum is not the server's"))),
    }
}
