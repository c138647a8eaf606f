//! What a session's TLS connections remember for each other: one store per control connection, never shared.

use alloc::collections::VecDeque;
use core::fmt;
use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use spin::Mutex;

/// Tickets of TLS 1.3 that are kept: servers send up to four with a connection.
const TICKETS: usize = 16;

/// Tickets and sessions of one server.
#[derive(Default)]
pub(super) struct Tickets(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    group: Option<NamedGroup>,
    session: Option<Tls12ClientSessionValue>,
    tickets: VecDeque<Tls13ClientSessionValue>,
}

impl Tickets {
    /// The session of TLS 1.2.
    pub(super) fn session(&self) -> Option<Tls12ClientSessionValue> {
        self.0.lock().session.clone()
    }

    pub(super) fn set_session(&self, session: Option<Tls12ClientSessionValue>) {
        self.0.lock().session = session;
    }

    /// Whether there is no ticket of TLS 1.3.
    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().tickets.is_empty()
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").finish_non_exhaustive()
    }
}

// All connections of a session go to one server, so that its name tells nothing.
impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        self.0.lock().group = Some(group);
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.0.lock().group
    }

    fn set_tls12_session(&self, _: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.set_session(Some(session));
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.session()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.set_session(None);
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        let mut kept = self.0.lock();
        if kept.tickets.len() == TICKETS {
            kept.tickets.pop_front();
        }
        kept.tickets.push_back(ticket);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.lock().tickets.pop_back()
    }
}
