//! Login and goodbye (RFC 959, section 4.1.1).

use super::Session;
use crate::error::{Error, Reply};
use crate::network::Network;
use crate::settings::TransferMode;
use crate::tls::Security;
use ftp_protocol::codes;

impl<N: Network> Session<N> {
    /// (HOST, RFC 7151) Choose one of the server's names, before login.
    pub async fn select_host(&mut self, name: &str) -> Result<Reply, Error> {
        self.call(async |live| {
            let reply = live.reply_to("HOST", Some(name)).await?;
            live.forget_features();
            Ok(reply)
        })
        .await
    }

    /// (USER, then PASS and ACCT where the server asks for them; RFC 959, section 4.1.1) An empty user is `anonymous`.
    pub async fn login(&mut self, user: &str, password: &str, account: Option<&str>) -> Result<Reply, Error> {
        self.call(async |live| {
            let user = if user.is_empty() { "anonymous" } else { user };
            let anonymous = user == "anonymous" && password.is_empty();
            let (user, password) = (live.bytes(user)?, live.bytes(if anonymous { "anonymous@" } else { password })?);
            let account = account.map(|account| live.bytes(account)).transpose()?;
            if live.settings.security != Security::None && live.control.agreed().is_none() {
                return Err(Error::insecure("the command channel was cleared: a login would be in the clear"));
            }
            // A server may have them from another session already.
            [Some(&password), account.as_ref()].into_iter().flatten().for_each(|secret| live.control.conceal(secret));
            live.forget_features();
            live.control.renew_utf8(false);
            let mut reply = live.control.exchange("USER", Some(&user)).await?;
            if reply.code == codes::BAD_SEQUENCE && live.greeted_in {
                live.control.conversation.logged_in = true;
                live.control.renew_utf8(true);
                return Ok(live.control.text(&reply));
            }
            if reply.code == codes::PASSWORD_WANTED {
                reply = live.control.exchange_secret("PASS", &password).await?;
            }
            if let (codes::ACCOUNT_WANTED, Some(account)) = (reply.code, &account) {
                reply = live.control.exchange_secret("ACCT", account).await?;
            }
            let reply = live.positive(reply)?;
            live.control.conversation.logged_in = true;
            live.control.renew_utf8(true);
            Ok(live.control.transcript.secrets.mask_reply(live.control.text(&reply)))
        })
        .await
    }

    /// (REIN, RFC 959, section 4.1.1)
    pub async fn reinitialize(&mut self) -> Result<Reply, Error> {
        self.call(async |live| {
            let reply = live.reply_to("REIN", None).await?;
            live.parameters.representation = None;
            live.forget_features();
            live.parameters.mode = TransferMode::Stream;
            live.control.renew_utf8(false);
            if live.settings.security != Security::None {
                // It is asked for again before the next transfer. What the caller asked for stays: better refused than clear.
                live.tls.protection = None;
            }
            live.control.conversation.logged_in = false;
            live.greeted_in = false;
            Ok(reply)
        })
        .await
    }

    /// (QUIT, RFC 959, section 4.1.1) Say goodbye and close, on errors too.
    pub async fn quit(mut self) -> Result<Reply, Error> {
        self.end().await
    }

    /// As [`Self::quit`], for a holder that still wants the transcript. Every later call is [`Error::closed`].
    pub async fn end(&mut self) -> Result<Reply, Error> {
        self.call(async |live| {
            // A refusal is no reason to stay, but to doubt: it may be that of an earlier command.
            let reply = live.control.last_word().await?;
            live.control.goodbye().await;
            live.positive(reply).map(|reply| live.control.text(&reply))
        })
        .await
    }
}
