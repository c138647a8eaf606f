//! What was compared at the end of a transfer, and how that is reported.

use ftp_client::{Algorithm, Error, Outcome, Unverified, Verification};
use serde_json::{Value, json};

use super::client::Client;
use super::download::FileVersion;
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

/// (SIZE again where more came) Whether all bytes of a file arrived, as far as the server reported before how many there are.
/// A file may have grown meanwhile. Where the server reported the size in the same session, the client has compared.
pub async fn check_size(
    client: &mut Client,
    path: &str,
    known: &FileVersion,
    arrived: u64,
    outcome: &Outcome,
) -> Result<Compared, Error> {
    let compared = Compared::of(outcome);
    let is_compared = known.is_asked && !matches!(outcome.verified, Verification::NotVerified(_));
    let Some(size) = known.exact_size().filter(|_| !is_compared) else { return Ok(compared) };
    let text = || format!("{arrived} bytes came, and the server reports {size}");
    if arrived < size {
        return Err(Error::incomplete(text()));
    }
    if arrived > size {
        let now = client.size(path).await;
        if unless_refused(client, now)?.is_none_or(|now| now < arrived) {
            return Err(Error::integrity(text()));
        }
    }
    Ok(Compared::SIZE.with(compared.checksum))
}
