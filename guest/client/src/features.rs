//! What a server says about itself (FEAT, RFC 2389), and the encoding of names that it is asked for (OPTS UTF8).

use crate::control::Control;
use crate::error::Error;
use crate::extensions::{Features, Utf8};
use crate::network::Network;
use alloc::string::String;
use ftp_protocol::encoding::Encoding;
use ftp_protocol::{codes, features};

impl<N: Network> Control<N> {
    /// (FEAT, RFC 2389) Asked for once. None where the server does not report them.
    pub(crate) async fn features(&mut self) -> Result<Option<&[String]>, Error> {
        if matches!(self.extensions.features, Features::NotAsked) {
            let reply = self.ask("FEAT", None).await?;
            self.extensions.features = match reply.code {
                codes::SYSTEM_STATUS => Features::Named(features::parse_feat(&reply, self.encoding())),
                _ => Features::Unreported,
            };
        }
        match &self.extensions.features {
            Features::Named(named) => Ok(Some(named)),
            _ => Ok(None),
        }
    }

    /// (OPTS UTF8 ON) Once in a login, where the server names `UTF8`: some send names in another encoding until then. What
    /// the server answers does not matter.
    pub(crate) async fn ask_for_utf8(&mut self) -> Result<(), Error> {
        if self.extensions.utf8 != Utf8::Due || self.encoding() != Encoding::Utf8 {
            return Ok(());
        }
        self.extensions.utf8 = Utf8::Settled;
        if self.features().await?.is_some_and(|named| features::has(named, "UTF8")) {
            self.ask("OPTS", Some(b"UTF8 ON")).await?;
        }
        Ok(())
    }

    /// As [`Self::ask_for_utf8`], for what does not need the features: only where they are known by now.
    pub(crate) async fn ask_for_utf8_if_named(&mut self) -> Result<(), Error> {
        match self.extensions.features {
            Features::NotAsked => Ok(()),
            _ => self.ask_for_utf8().await,
        }
    }

    /// The server reported this name. It may be in use from now on, and so must stay what it is.
    pub(crate) fn note_name(&mut self, name: &[u8]) {
        if self.extensions.utf8 == Utf8::Due && !name.is_ascii() {
            self.extensions.utf8 = Utf8::Settled;
        }
    }

    /// The caller decides on the encoding.
    pub(crate) fn leave_utf8_to_caller(&mut self) {
        self.extensions.utf8 = Utf8::Callers;
    }

    /// A login begins or has ended, or, with `due`, was accepted.
    pub(crate) fn renew_utf8(&mut self, due: bool) {
        if self.extensions.utf8 != Utf8::Callers {
            self.extensions.utf8 = if due { Utf8::Due } else { Utf8::Never };
        }
    }
}
