//! A session that is logged in, as the verbs have it.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use ftp_cli::exit::Exit;
use ftp_client::{Error, FailureKind, Session, codes};

use super::failure::Failure;
use super::net::Net;

/// A session that is logged in.
pub struct Client {
    session: Session<Net>,
    /// What the server takes for paths.
    pub names: Names,
    /// Where the session is, when that is not where paths begin.
    pub away: Option<Away>,
}

impl Client {
    pub fn new(session: Session<Net>, names: Names) -> Self {
        Self { session, names, away: None }
    }

    /// Say goodbye. All is done, so nothing depends on the answer, unless it is one to something else.
    pub async fn quit(mut self) {
        let is_doubtful = |error: &Error| match error.code() {
            // The server closes, or does not know the command.
            Some(code) => codes::is_refusal(code) && code != codes::CLOSING && !codes::is_not_implemented(code),
            None => error.failure() == Some(FailureKind::Protocol),
        };
        if let Err(error) = self.session.end().await
            && is_doubtful(&error)
            && let Some(out) = self.session.network().output()
        {
            let what = "the goodbye got what may be the reply to an earlier command, which then was not done";
            out.doubt(&Failure { exit: Exit::Protocol, ..Failure::of(what, error) });
        }
    }
}

impl Deref for Client {
    type Target = Session<Net>;

    fn deref(&self) -> &Session<Net> {
        &self.session
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut Session<Net> {
        &mut self.session
    }
}

/// What the paths of commands may be on a server, as far as that was seen. Its sessions share it.
#[derive(Debug, Clone, Default)]
pub struct Names(Rc<Cell<Seen>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seen {
    #[default]
    Nothing,
    /// A path with a directory was taken.
    Paths,
    /// One was refused, and its last name was taken in the directory.
    BareNames,
}

impl Names {
    pub fn seen(&self) -> Seen {
        self.0.get()
    }

    pub fn learn(&self, seen: Seen) {
        self.0.set(seen);
    }

    /// Whether the server takes no path with a directory.
    pub fn are_bare(&self) -> bool {
        self.0.get() == Seen::BareNames
    }
}

/// A directory to which a session went for the sake of a bare name.
#[derive(Debug, Clone)]
pub struct Away {
    /// Where the session was before, which is where paths that are not absolute begin.
    pub home: String,
    pub directory: String,
    /// Where the server reports that it is.
    pub there: String,
}
