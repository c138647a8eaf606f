//! What a server knows about a file, and can change: each by the extension that it has.

use super::{Live, Session};
use crate::control::Raw;
use crate::error::{Error, FailureKind, RefusalKind, Reply, unless_refused};
use crate::known::SetTime;
use crate::network::Network;
use crate::settings::Representation;
use crate::verify::ReportedSize;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use ftp_protocol::checksum::{self, Algorithm, Way};
use ftp_protocol::listing::{self, Entry, Kind, RawEntry};
use ftp_protocol::time::{Timestamp, parse_time_val, time_val};
use ftp_protocol::{codes, text};
use ftp_types::Checksum;

impl<N: Network> Session<N> {
    /// (MLST, RFC 3659; else SIZE, MDTM and CWD)
    pub async fn entry(&mut self, path: &str) -> Result<Entry, Error> {
        self.call(async |live| {
            let argument = live.bytes(path)?;
            live.control.ask_for_utf8().await?;
            if !live.known.mlst_refused && live.may_have("MLST").await? {
                let argument = Some(argument.as_slice()).filter(|path| !path.is_empty());
                let reply = live.control.exchange("MLST", argument).await?;
                if let Some(entry) = live.entry_in(&reply, path) {
                    return Ok(entry);
                }
                if codes::is_about_path(reply.code) {
                    return Err(live.refusal(&reply));
                }
                live.known.mlst_refused = reply.code != codes::FILE_ACTION_DONE;
            }
            live.entry_by_size(path).await
        })
        .await
    }

    /// (OPTS MLST, RFC 3659, section 7.9)
    pub async fn select_facts(&mut self, facts: &[String]) -> Result<Reply, Error> {
        self.call(async |live| {
            if let Some(bad) = facts.iter().find(|fact| fact.is_empty() || fact.contains([';', ' '])) {
                return Err(Error::invalid_argument(format!("not the name of a fact: {bad:?}")));
            }
            let list: String = facts.iter().flat_map(|fact| [fact.as_str(), ";"]).collect();
            live.reply_to("OPTS", Some(format!("MLST {list}").trim_end())).await
        })
        .await
    }

    /// (SIZE, RFC 3659, section 4) Bytes of the file as an image.
    pub async fn size(&mut self, path: &str) -> Result<u64, Error> {
        self.call(async |live| live.plausible_size(path).await).await
    }

    /// (SIZE) What the server reports, if it does.
    pub(crate) async fn reported_size(&mut self, path: &str) -> Result<ReportedSize, Error> {
        self.call(async |live| live.ask_size(path).await).await
    }

    /// (MDTM, RFC 3659, section 3)
    pub async fn modified(&mut self, path: &str) -> Result<Timestamp, Error> {
        self.call(async |live| live.mdtm(path).await).await
    }

    /// (HASH, XSHA256, XSHA512, XSHA1, XMD5, MD5, XCRC) By the best algorithm that the server has, unless one is given.
    pub async fn checksum(&mut self, path: &str, algorithm: Option<Algorithm>) -> Result<Checksum, Error> {
        self.call(async |live| live.server_checksum(path, algorithm).await).await
    }

    /// (ALLO, RFC 959, section 4.1.3) Announce the size of the next upload.
    pub async fn allocate(&mut self, size: u64) -> Result<Reply, Error> {
        self.simple("ALLO", Some(&format!("{size}"))).await
    }

    /// (MFMT, else MDTM, else SITE UTIME) In whole seconds.
    pub async fn set_modified(&mut self, path: &str, time: &Timestamp) -> Result<Reply, Error> {
        self.call(async |live| {
            let argument = live.bytes(path)?;
            let value = time_val(time.seconds).filter(|_| time.utc);
            let value = value.ok_or_else(|| Error::invalid_argument("not a UTC time of the years 0 to 9999"))?;
            if let Some(way) = live.known.set_time {
                let reply = live.try_set_time(way, &argument, &value).await?;
                return live.positive(reply).map(|reply| live.control.text(&reply));
            }
            let has_mfmt = live.has("MFMT").await?;
            let ways: &[SetTime] =
                if has_mfmt { &[SetTime::Mfmt] } else { &[SetTime::Mfmt, SetTime::Mdtm, SetTime::Utime] };
            let mut refused = None;
            for &way in ways {
                let reply = live.try_set_time(way, &argument, &value).await?;
                // Where `MDTM` only reports a time, it was that of another file, whose name begins with digits.
                let is_another =
                    parse_time_val(reply.last_line()).is_some_and(|reported| reported.seconds != time.seconds);
                let is_set = reply.is_positive() && reply.code != codes::SUPERFLUOUS;
                if is_set && !is_another {
                    live.known.set_time = Some(way);
                    return Ok(live.control.text(&reply));
                }
                let says_why = !is_set && (has_mfmt || !codes::is_form_not_implemented(reply.code));
                if says_why && (way != SetTime::Mdtm || refused.is_none()) {
                    refused = Some((way, live.refusal(&reply)));
                }
            }
            // A server that only reports times by MDTM refuses a time in it as part of a name: it answers that there is no such
            // file, and there is one.
            let only_tells =
                matches!(refused, Some((SetTime::Mdtm, _))) && unless_refused(live.mdtm(path).await)?.is_some();
            match refused {
                Some((_, refusal)) if !only_tells => Err(refusal),
                _ => Err(no_extension("setting times (MFMT)")),
            }
        })
        .await
    }

    /// (SITE CHMOD)
    pub async fn set_permissions(&mut self, path: &str, permissions: u16) -> Result<Reply, Error> {
        self.call(async |live| {
            if permissions > 0o7777 {
                return Err(Error::invalid_argument(format!("not permissions: {permissions:o}")));
            }
            live.reply_to("SITE", Some(&format!("CHMOD {permissions:03o} {path}"))).await
        })
        .await
    }

    /// (SITE SYMLINK) Names without spaces.
    pub async fn make_symbolic_link(&mut self, target: &str, path: &str) -> Result<Reply, Error> {
        self.call(async |live| {
            if [target, path].iter().any(|name| name.is_empty() || name.contains(' ')) {
                return Err(Error::invalid_argument("SITE SYMLINK takes names without spaces"));
            }
            live.reply_to("SITE", Some(&format!("SYMLINK {target} {path}"))).await
        })
        .await
    }

    /// (AVBL, draft-peterson-streamlined-ftp-command-extensions, section 4) Bytes that are free.
    pub async fn available_space(&mut self, path: Option<&str>) -> Result<u64, Error> {
        self.call(async |live| {
            let path = path.map(|path| live.bytes(path)).transpose()?;
            let reply = live.complete("AVBL", path.as_deref()).await?;
            let text = str::from_utf8(reply.last_line()).unwrap_or_default();
            let bytes = text.split_ascii_whitespace().find_map(|word| word.parse().ok());
            bytes.ok_or_else(|| live.unexpected(&reply))
        })
        .await
    }

    /// (COMB) Join files into one, which is made or appended to.
    pub async fn combine(&mut self, parts: &[String], path: &str) -> Result<Reply, Error> {
        self.call(async |live| {
            let names: Vec<_> = [path].into_iter().chain(parts.iter().map(String::as_str)).collect();
            if parts.is_empty() || names.iter().any(|name| name.is_empty() || name.contains('"')) {
                return Err(Error::invalid_argument("COMB takes at least two names without quotes"));
            }
            let quoted: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
            live.reply_to("COMB", Some(&quoted.join(" "))).await
        })
        .await
    }
}

impl<N: Network> Live<N> {
    /// The facts stand between the first line and the last, in which a name may look like some (RFC 3659, section 7.2).
    fn entry_in(&mut self, reply: &Raw, path: &str) -> Option<Entry> {
        let lines = match reply.lines.as_slice() {
            [_, between @ .., _] if !between.is_empty() => between,
            all => all,
        };
        let lines = lines.iter().filter(|_| reply.code == codes::FILE_ACTION_DONE);
        let mut entry = lines.into_iter().find_map(|line| listing::mlst_entry(line, self.settings.encoding))?;
        if entry.name == "." {
            entry.name = name_of(path).to_string();
        }
        self.control.note_name(entry.name.as_bytes());
        Some(entry)
    }

    /// What can be entered is a directory, even where it has a size.
    async fn entry_by_size(&mut self, path: &str) -> Result<Entry, Error> {
        let name = name_of(path);
        let size = match name {
            "." | "/" => None,
            _ => Some(self.plausible_size(path).await),
        };
        let modified = match &size {
            Some(Ok(_) | Err(Error::Refused { kind: RefusalKind::Unexpected, .. })) => {
                unless_refused(self.mdtm(path).await)?
            }
            Some(Err(error)) if !error.is_refusal() => return Err(error.clone()),
            _ => None,
        };
        let entered = self.try_to_enter(path).await?;
        let (kind, size) = match (entered, size) {
            (Entered::Directory, _) => (Kind::Directory, None),
            (Entered::Refused(_), Some(Ok(size))) => (Kind::File, Some(size)),
            (Entered::NotTried(_), Some(Ok(size))) => (Kind::Other, Some(size)),
            // An empty file has a size that some servers do not report.
            (Entered::Refused(_), Some(Err(Error::Refused { kind: RefusalKind::Unexpected, .. })))
                if modified.is_some() =>
            {
                (Kind::File, None)
            }
            (_, Some(Err(error))) | (Entered::Refused(error) | Entered::NotTried(error), None) => return Err(error),
        };
        Ok(Entry {
            name: name.to_string(),
            kind,
            size,
            modified,
            permissions: None,
            owner: None,
            group: None,
            link_target: None,
            unique_id: None,
            raw: RawEntry::Facts(String::new()),
        })
    }

    /// (PWD, CWD, CWD) Go to a directory and back. The working directory is one without a look at where it is.
    async fn try_to_enter(&mut self, path: &str) -> Result<Entered, Error> {
        let (path, stays) = match path {
            "" | "." => (".", true),
            path => (path, false),
        };
        match self.enter(path, stays).await {
            Ok(None) => {
                self.go_home().await?;
                Ok(Entered::Directory)
            }
            Ok(Some(refusal)) => Ok(Entered::Refused(refusal)),
            Err(error @ Error::Failed { kind: FailureKind::Unsupported, .. }) => Ok(Entered::NotTried(error)),
            Err(error) => Err(error),
        }
    }

    /// (SIZE) What reads as a time is the reply to another command.
    pub(crate) async fn plausible_size(&mut self, path: &str) -> Result<u64, Error> {
        let (size, reply) = self.size_noted(path).await?;
        match text::is_time_for_size(reply.last_line()) {
            true => Err(self.unexpected(&reply)),
            false => Ok(size),
        }
    }

    /// (MDTM)
    async fn mdtm(&mut self, path: &str) -> Result<Timestamp, Error> {
        let path = self.bytes(path)?;
        let reply = self.complete("MDTM", Some(&path)).await?;
        parse_time_val(reply.last_line()).ok_or_else(|| self.unexpected(&reply))
    }

    /// The best checksum that the server names among its features.
    pub(crate) async fn best_checksum(&mut self) -> Result<Option<Algorithm>, Error> {
        let features = self.control.features().await?.unwrap_or_default();
        Ok(Algorithm::ALL.into_iter().find(|&algorithm| checksum::way(features, algorithm).is_some()))
    }

    /// (HASH, XSHA256, XSHA512, XSHA1, XMD5, MD5, XCRC)
    pub(crate) async fn server_checksum(
        &mut self,
        path: &str,
        algorithm: Option<Algorithm>,
    ) -> Result<Checksum, Error> {
        let argument = self.bytes(path)?;
        let algorithm = match algorithm {
            Some(algorithm) => algorithm,
            None => self.best_checksum().await?.ok_or_else(|| no_extension("checksums"))?,
        };
        let way = checksum::way(self.control.features().await?.unwrap_or_default(), algorithm);
        let way = way.ok_or_else(|| no_extension(algorithm.name()))?;
        self.represent(Representation::Image).await?;
        let reply = match way {
            Way::Hash => self.hash(algorithm, &argument).await?,
            Way::Verb(verb) => self.complete(verb, Some(&argument)).await?,
        };
        match checksum::parse(reply.last_line(), way, algorithm) {
            Some(value) => Ok(Checksum { algorithm, value }),
            None => Err(self.unexpected(&reply)),
        }
    }

    async fn hash(&mut self, algorithm: Algorithm, path: &[u8]) -> Result<Raw, Error> {
        if self.known.hash != Some(algorithm) {
            self.complete("OPTS", Some(format!("HASH {algorithm}").as_bytes())).await?;
            self.known.hash = Some(algorithm);
        }
        self.complete("HASH", Some(path)).await
    }

    async fn try_set_time(&mut self, way: SetTime, path: &[u8], time: &str) -> Result<Raw, Error> {
        let (verb, argument) = match way {
            SetTime::Mfmt => ("MFMT", [time.as_bytes(), b" ", path].concat()),
            SetTime::Mdtm => ("MDTM", [time.as_bytes(), b" ", path].concat()),
            SetTime::Utime => ("SITE", [b"UTIME ", path, format!(" {time} {time} {time} UTC").as_bytes()].concat()),
        };
        self.control.exchange(verb, Some(&argument)).await
    }
}

/// What came of going to a directory.
enum Entered {
    Directory,
    Refused(Error),
    /// There is no way back from there.
    NotTried(Error),
}

/// The last component of a path, where it has one: `/` for the root, `.` for what ends in `.` or `..`.
fn name_of(path: &str) -> &str {
    match path.rsplit('/').find(|part| !part.is_empty()) {
        None if !path.is_empty() => "/",
        None | Some("." | "..") => ".",
        Some(name) => name,
    }
}

fn no_extension(what: &str) -> Error {
    Error::unsupported(format!("this server has no extension for {what}"))
}
