//! What else a server knows about files, or can change: each by the extension that it has.

use crate::connection::Connection;
use crate::control::Raw;
use crate::error::{Error, Reply, unless_refused};
use crate::known::SetTime;
use crate::network::Network;
use crate::session::Session;
use crate::settings::Representation;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use ftp_protocol::checksum::{self, Algorithm, Way};
use ftp_protocol::time::{Timestamp, parse_time_val, time_val};
use ftp_protocol::{codes, features};
use ftp_types::Checksum;

impl<N: Network> Connection<N> {
    /// The best checksum that the server names among its features.
    pub(crate) async fn best_checksum(&mut self) -> Result<Option<Algorithm>, Error> {
        let features = self.features().await?;
        Ok(Algorithm::ALL.into_iter().find(|&algorithm| checksum::way(features, algorithm).is_some()))
    }

    /// (HASH, XSHA256, XSHA512, XSHA1, XMD5, MD5, XCRC)
    pub(crate) async fn checksum(&mut self, path: &str, algorithm: Option<Algorithm>) -> Result<Checksum, Error> {
        let argument = self.bytes(path)?;
        let algorithm = match algorithm {
            Some(algorithm) => algorithm,
            None => self.best_checksum().await?.ok_or_else(|| no_extension("checksums"))?,
        };
        let way = checksum::way(self.features().await?, algorithm);
        let way = way.ok_or_else(|| no_extension(algorithm.name()))?;
        self.represent(Representation::Image).await?;
        let reply = match way {
            Way::Hash => self.hash(algorithm, &argument).await?,
            Way::Verb(verb) => self.command(verb, Some(&argument)).await?,
        };
        match checksum::parse(reply.last_line(), way, algorithm) {
            Some(value) => Ok(Checksum { algorithm, value }),
            None => Err(self.unexpected(&reply)),
        }
    }

    async fn hash(&mut self, algorithm: Algorithm, path: &[u8]) -> Result<Raw, Error> {
        if self.known.hash != Some(algorithm) {
            self.command("OPTS", Some(format!("HASH {algorithm}").as_bytes())).await?;
            self.known.hash = Some(algorithm);
        }
        self.command("HASH", Some(path)).await
    }

    async fn try_set_time(&mut self, way: SetTime, path: &[u8], time: &str) -> Result<Raw, Error> {
        match way {
            SetTime::Mfmt => self.control.exchange("MFMT", Some(&[time.as_bytes(), b" ", path].concat())).await,
            SetTime::Mdtm => self.control.exchange("MDTM", Some(&[time.as_bytes(), b" ", path].concat())).await,
            SetTime::Utime => {
                let times = format!(" {time} {time} {time} UTC");
                self.control.exchange("SITE", Some(&[b"UTIME ", path, times.as_bytes()].concat())).await
            }
        }
    }
}

impl<N: Network> Session<N> {
    /// (MFMT, else MDTM, else SITE UTIME) In whole seconds.
    pub async fn set_modified(&mut self, path: &str, time: &Timestamp) -> Result<Reply, Error> {
        self.call(async |connection| {
            let argument = connection.bytes(path)?;
            let value = time_val(time.seconds).filter(|_| time.utc);
            let value = value.ok_or_else(|| Error::invalid_argument("not a UTC time of the years 0 to 9999"))?;
            if let Some(way) = connection.known.set_time {
                let reply = connection.try_set_time(way, &argument, &value).await?;
                return connection.positive(reply).map(|reply| connection.control.text(&reply));
            }
            let has_mfmt = features::has(connection.features().await?, "MFMT");
            let ways: &[SetTime] =
                if has_mfmt { &[SetTime::Mfmt] } else { &[SetTime::Mfmt, SetTime::Mdtm, SetTime::Utime] };
            let mut refused = None;
            for &way in ways {
                let reply = connection.try_set_time(way, &argument, &value).await?;
                // Where `MDTM` only reports a time, it was that of another file, whose name begins with digits.
                let is_another =
                    parse_time_val(reply.last_line()).is_some_and(|reported| reported.seconds != time.seconds);
                let is_set = reply.is_positive() && reply.code != codes::SUPERFLUOUS;
                if is_set && !is_another {
                    connection.known.set_time = Some(way);
                    return Ok(connection.control.text(&reply));
                }
                let says_why = !is_set && (has_mfmt || !codes::is_form_not_implemented(reply.code));
                if says_why && (way != SetTime::Mdtm || refused.is_none()) {
                    refused = Some((way, connection.refusal(&reply)));
                }
            }
            // A server that only reports times by MDTM refuses a time in it as part of a name: it answers that there is no such
            // file, and there is one.
            let only_tells = matches!(refused, Some((SetTime::Mdtm, _)))
                && unless_refused(connection.modified(path).await)?.is_some();
            match refused {
                Some((_, refusal)) if !only_tells => Err(refusal),
                _ => Err(no_extension("setting times (MFMT)")),
            }
        })
        .await
    }

    /// (SITE CHMOD)
    pub async fn set_permissions(&mut self, path: &str, permissions: u16) -> Result<Reply, Error> {
        self.call(async |connection| {
            if permissions > 0o7777 {
                return Err(Error::invalid_argument(format!("not permissions: {permissions:o}")));
            }
            connection.simple("SITE", Some(&format!("CHMOD {permissions:03o} {path}"))).await
        })
        .await
    }

    /// (SITE SYMLINK) Names without spaces.
    pub async fn make_symbolic_link(&mut self, target: &str, path: &str) -> Result<Reply, Error> {
        self.call(async |connection| {
            if [target, path].iter().any(|name| name.is_empty() || name.contains(' ')) {
                return Err(Error::invalid_argument("SITE SYMLINK takes names without spaces"));
            }
            connection.simple("SITE", Some(&format!("SYMLINK {target} {path}"))).await
        })
        .await
    }

    /// (AVBL, draft-peterson-streamlined-ftp-command-extensions, section 4) Bytes that are free.
    pub async fn available_space(&mut self, path: Option<&str>) -> Result<u64, Error> {
        self.call(async |connection| {
            let path = path.map(|path| connection.bytes(path)).transpose()?;
            let reply = connection.command("AVBL", path.as_deref()).await?;
            let text = str::from_utf8(reply.last_line()).unwrap_or_default();
            let bytes = text.split_ascii_whitespace().find_map(|word| word.parse().ok());
            bytes.ok_or_else(|| connection.unexpected(&reply))
        })
        .await
    }

    /// (COMB) Join files into one, which is made or appended to.
    pub async fn combine(&mut self, parts: &[String], path: &str) -> Result<Reply, Error> {
        self.call(async |connection| {
            let names: Vec<_> = [path].into_iter().chain(parts.iter().map(String::as_str)).collect();
            if parts.is_empty() || names.iter().any(|name| name.is_empty() || name.contains('"')) {
                return Err(Error::invalid_argument("COMB takes at least two names without quotes"));
            }
            let quoted: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
            connection.simple("COMB", Some(&quoted.join(" "))).await
        })
        .await
    }

    /// (HOST, RFC 7151) Choose one of the server's names, before login.
    pub async fn select_host(&mut self, name: &str) -> Result<Reply, Error> {
        self.call(async |connection| {
            let reply = connection.simple("HOST", Some(name)).await?;
            connection.forget_features();
            Ok(reply)
        })
        .await
    }

    /// (OPTS UTF8) For servers that do not speak it by themselves.
    pub async fn select_utf8(&mut self, on: bool) -> Result<Reply, Error> {
        self.call(async |connection| {
            connection.control.leave_utf8_to_caller();
            connection.simple("OPTS", Some(if on { "UTF8 ON" } else { "UTF8 OFF" })).await
        })
        .await
    }
}

fn no_extension(what: &str) -> Error {
    Error::unsupported(format!("this server has no extension for {what}"))
}
