//! What the component does, called through `ftp-host`.

use std::time::Duration;

use ftp_host::{Connector, Error, Outcome, Remote, Representation, Retry, Session, Settings, Upload, Verification};

use super::run::LIMIT;
use super::scenes::Side;
use super::site::Place;
use crate::client;

/// A function of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `retrieve`.
    Retrieve,
    /// `fetch`.
    Fetch,
    /// `store` to a new name.
    Store,
    /// `store` at an offset.
    StoreAt,
    /// `append`.
    Append,
    /// `copy-to` on the same server.
    CopyTo,
    /// `rename`.
    Rename,
    /// `delete`.
    Delete,
    /// `remove-directory`.
    RemoveDirectory,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Retrieve,
        Self::Fetch,
        Self::Store,
        Self::StoreAt,
        Self::Append,
        Self::CopyTo,
        Self::Rename,
        Self::Delete,
        Self::RemoveDirectory,
    ];

    /// As it is called in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retrieve => "component-retrieve",
            Self::Fetch => "component-fetch",
            Self::Store => "component-store",
            Self::StoreAt => "component-store-at",
            Self::Append => "component-append",
            Self::CopyTo => "component-copy-to",
            Self::Rename => "component-rename",
            Self::Delete => "component-delete",
            Self::RemoveDirectory => "component-remove-directory",
        }
    }

    /// Call it. What it brought, and what it reports about it.
    pub async fn call(self, place: &Place) -> anyhow::Result<Result<(Vec<u8>, String), Error>> {
        let settings = Settings {
            connect_timeout: Some(LIMIT),
            reply_timeout: Some(LIMIT),
            idle_timeout: Some(LIMIT),
            ..Settings::default()
        };
        let mut settings = place.way.settings(settings)?;
        settings.tls.server_name = Some("localhost".into());
        // What is sent is what is at the place where it is to be, after success.
        let contents = super::Verb::Call(self).scene().after.first().map(|(_, _, contents)| contents.clone());
        Ok(self.call_with(place, settings, &contents.unwrap_or_default()).await)
    }

    async fn call_with(self, place: &Place, settings: Settings, whole: &[u8]) -> Result<(Vec<u8>, String), Error> {
        let connector = client::connector(settings).await?;
        if self == Self::Fetch {
            return fetch(&connector, place).await;
        }
        let mut session = login(&connector, place).await?;
        let path = |name: &str| format!("{}/{name}", place.name);
        let file = path("a.bin");
        let there = std::fs::metadata(place.path(Side::There, "a.bin")).map_or(0, |found| found.len());
        let rest = usize::try_from(there).ok().and_then(|there| whole.get(there..)).unwrap_or_default();
        let mut brought = Vec::new();
        let said = match self {
            Self::Retrieve => {
                let mut download = session.retrieve(&file, Representation::Image, 0).await?;
                download.copy_to(&mut brought).await?;
                verified(&download.finish().await?)
            }
            Self::Store => write(session.store(&file, Representation::Image, 0).await?, whole).await?,
            Self::StoreAt => write(session.store(&file, Representation::Image, there).await?, rest).await?,
            Self::Append => write(session.append(&file, Representation::Image).await?, rest).await?,
            Self::CopyTo => {
                let mut other = login(&connector, place).await?;
                let copied = session.copy_to(&file, &mut other, &path("b.bin"), Representation::Image).await?;
                format!("{copied:?}")
            }
            Self::Rename => session.rename(&file, &path("b.bin")).await.map(|_| String::new())?,
            Self::Delete => session.delete(&file).await.map(|_| String::new())?,
            Self::RemoveDirectory => session.remove_directory(&path("empty")).await.map(|_| String::new())?,
            Self::Fetch => String::new(),
        };
        Ok((brought, said))
    }
}

async fn login(connector: &Connector, place: &Place) -> Result<Session, Error> {
    let mut session = connector.connect(&place.address.ip().to_string(), Some(place.address.port())).await?;
    session.login("user", "12345", None).await?;
    Ok(session)
}

async fn write(mut upload: Upload, contents: &[u8]) -> Result<String, Error> {
    upload.write(contents).await?;
    Ok(verified(&upload.finish().await?))
}

async fn fetch(connector: &Connector, place: &Place) -> Result<(Vec<u8>, String), Error> {
    let (host, path) = (place.address.ip().to_string(), format!("{}/a.bin", place.name));
    let port = Some(place.address.port());
    let remote = Remote { host: &host, port, user: "user", password: "12345", account: None, path: &path };
    let retry = Retry { attempts: 2, wait: Duration::from_millis(10), ..Retry::default() };
    let mut brought = Vec::new();
    connector.fetch(remote, 0, &mut brought, retry).await?;
    Ok((brought, String::new()))
}

/// As the command reports it.
fn verified(outcome: &Outcome) -> String {
    match &outcome.verified {
        Verification::NotVerified(reason) => format!("not verified: {reason:?}"),
        verified => format!("{verified:?}"),
    }
}
