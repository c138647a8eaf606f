//! Servers that take only bare names: a path with a directory is refused, and the name alone is taken where `CWD` went to
//! the directory before.
//!
//! The methods here have the names of the session's and stand before them, so that every verb has them.

use ftp_client::engine::Remote;
use ftp_client::{
    Download, Error, RefusalKind, Reply, ReportedSize, Representation, Session, Timestamp, Upload, UploadStart, codes,
};

use super::client::{Away, Client, Seen};
use super::compared::is_refusal;
use super::net::Net;

impl Remote for Client {
    type Network = Net;

    fn session(&mut self) -> &mut Session<Net> {
        self
    }

    async fn download_from(
        &mut self,
        path: &str,
        representation: Representation,
        offset: u64,
    ) -> Result<Download<Net>, Error> {
        self.retrieve(path, representation, offset).await
    }

    async fn upload_at(
        &mut self,
        path: &str,
        representation: Representation,
        start: UploadStart,
    ) -> Result<Upload<Net>, Error> {
        self.named(path, async |session, name| session.open_upload(name, representation, start).await).await
    }

    async fn size_at(&mut self, path: &str) -> Result<u64, Error> {
        self.size(path).await
    }

    async fn reported_size(&mut self, path: &str) -> Result<ReportedSize, Error> {
        ReportedSize::of(self.size(path).await)
    }

    async fn modified_at(&mut self, path: &str) -> Result<Timestamp, Error> {
        self.modified(path).await
    }
}

impl Client {
    /// (RETR)
    pub async fn retrieve(
        &mut self,
        path: &str,
        representation: Representation,
        offset: u64,
    ) -> Result<Download<Net>, Error> {
        self.named(path, async |session, name| session.retrieve(name, representation, offset).await).await
    }

    /// (STOR)
    pub async fn store(
        &mut self,
        path: &str,
        representation: Representation,
        offset: u64,
    ) -> Result<Upload<Net>, Error> {
        self.named(path, async |session, name| session.store(name, representation, offset).await).await
    }

    /// (SIZE)
    pub async fn size(&mut self, path: &str) -> Result<u64, Error> {
        let size = self.named(path, async |session, name| session.size(name).await).await;
        self.back_with(size).await
    }

    /// (MDTM)
    pub async fn modified(&mut self, path: &str) -> Result<Timestamp, Error> {
        let modified = self.named(path, async |session, name| session.modified(name).await).await;
        self.back_with(modified).await
    }

    /// (DELE) By a bare name only where the server is known to want that, and reports the directory as the one that is meant.
    pub async fn delete(&mut self, path: &str) -> Result<Reply, Error> {
        let Some((directory, name)) = split(path).filter(|_| self.names.are_bare()) else {
            self.back().await?;
            return (**self).delete(path).await;
        };
        self.surely(directory, path, async |session| session.delete(name).await).await
    }

    /// (RNFR, RNTO) By bare names as [`Self::delete`], where both are in one directory.
    pub async fn rename(&mut self, from: &str, to: &str) -> Result<Reply, Error> {
        let names = split(from).zip(split(to)).filter(|((one, _), (other, _))| self.names.are_bare() && one == other);
        let Some(((directory, old), (_, new))) = names else {
            self.back().await?;
            return (**self).rename(from, to).await;
        };
        self.surely(directory, from, async |session| session.rename(old, new).await).await
    }

    /// As [`Self::rename`]. Where nothing is known of the server and it refuses, the size of the file (SIZE) shows which names
    /// it takes.
    pub async fn rename_and_learn(&mut self, from: &str, to: &str) -> Result<Reply, Error> {
        let refusal = match self.rename(from, to).await {
            Err(error) if error.code().is_some_and(codes::is_about_name) => error,
            result => return result,
        };
        if self.names.seen() != Seen::Nothing {
            return Err(refusal);
        }
        match self.size(from).await {
            Ok(_) if self.names.are_bare() => self.rename(from, to).await,
            Err(error) if !self.is_open() => Err(error),
            _ => Err(refusal),
        }
    }

    /// Return to the directory where paths begin. The session is closed where that cannot be: no path would mean what it says.
    pub async fn back(&mut self) -> Result<(), Error> {
        let Some(away) = self.away.take() else { return Ok(()) };
        let Err(error) = self.change_directory(&away.home).await else { return Ok(()) };
        let is_refused = is_refusal(self, &error);
        self.close();
        Err(match is_refused {
            true => Error::no_way_back(format!("there is no way back to {:?}: {error}", away.home)),
            false => error,
        })
    }

    /// A session that could not return says so, whatever the server answered before.
    async fn back_with<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() && !self.is_open() {
            return result;
        }
        self.back().await?;
        result
    }

    /// Do something with a path, or with its last name in its directory where the server wants it so.
    async fn named<T>(
        &mut self,
        path: &str,
        work: impl AsyncFn(&mut Session<Net>, &str) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some((directory, name)) = split(path) else {
            self.back().await?;
            return work(self, path).await;
        };
        if self.names.are_bare() {
            self.enter(directory).await?;
            return work(self, name).await;
        }
        let refusal = match work(self, path).await {
            Err(error) if error.code().is_some_and(codes::is_about_name) => error,
            result => {
                if result.is_ok() {
                    self.names.learn(Seen::Paths);
                }
                return result;
            }
        };
        if self.names.seen() == Seen::Paths {
            return Err(refusal);
        }
        if let Err(error) = self.enter(directory).await {
            return Err(if self.is_open() { refusal } else { error });
        }
        match work(self, name).await {
            Ok(value) => {
                self.names.learn(Seen::BareNames);
                Ok(value)
            }
            Err(Error::Refused { kind: RefusalKind::Permanent, .. }) => self.back_with(Err(refusal)).await,
            Err(error) => Err(error),
        }
    }

    /// (PWD, CWD, PWD) Go to the directory of a path. Without a place to return to, the session stays where it is. Some servers
    /// acknowledge CWD and stay where they are: there the bare name is another file.
    async fn enter(&mut self, directory: &str) -> Result<(), Error> {
        if self.away.as_ref().is_some_and(|away| away.directory == directory) {
            return Ok(());
        }
        self.back().await?;
        let home = self.current_directory().await?;
        self.change_directory(directory).await?;
        let away = Away { home, directory: directory.to_owned(), there: String::new() };
        let away = self.away.insert(away).clone();
        let there = match self.current_directory().await {
            Ok(there) if away.is_left(&there) => there,
            Ok(there) => {
                let text = format!("the server reports the directory {there} also after CWD to {directory}");
                return self.back_with(Err(Error::unsupported(text))).await;
            }
            Err(error) => return self.back_with(Err(error)).await,
        };
        self.away = Some(Away { there, ..away });
        Ok(())
    }

    /// Change the file of a path in its directory, once the server reports that as the one that is meant.
    async fn surely<T>(
        &mut self,
        directory: &str,
        path: &str,
        work: impl AsyncFnOnce(&mut Session<Net>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.enter(directory).await?;
        let changed = match &self.away {
            Some(away) if !is_same(&away.there, &away.meant()) => {
                let there = &away.there;
                let text =
                    format!("the server reports the directory {there}, where the bare name of {path} is another");
                Err(Error::unsupported(text))
            }
            _ => work(self).await,
        };
        self.back_with(changed).await
    }
}

impl Away {
    /// Whether the session is elsewhere than before, as it has to be.
    fn is_left(&self, there: &str) -> bool {
        there != self.home || self.directory == "." || is_same(there, &self.meant())
    }

    /// The path of the directory.
    fn meant(&self) -> String {
        match self.directory.starts_with('/') {
            true => self.directory.clone(),
            false => format!("{}/{}", self.home.trim_end_matches('/'), self.directory),
        }
    }
}

/// The directory of a path and its last name, where it has both.
fn split(path: &str) -> Option<(&str, &str)> {
    let (directory, name) = path.rsplit_once('/')?;
    let directory = if directory.is_empty() { "/" } else { directory };
    (!matches!(name, "" | "." | "..")).then_some((directory, name))
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}
