//! The engine that all sessions of a program share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::bindings::ClientPre;
use crate::connector::{Connector, Settings};
use crate::engine;
use crate::error::Error;
use crate::grants::Grants;
use crate::instance::{Instance, State};
use crate::policy::Policy;
use crate::session::Session;

/// The engine and the component, loaded once and shared by all sessions. Cloning it is cheap.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    component: ClientPre<State>,
    options: Options,
    room: Arc<Semaphore>,
}

/// What a [`Host`] is made for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The most connectors that are open at a time. Address space is reserved for each, memory is not, but what one has
    /// used stays for the next, at most half a MiB each; where that fails, each takes its own when it is made. Default: 64.
    pub sessions: u32,
    /// The most bytes of linear memory that a connector, with its sessions, may take. Default: 256 MiB, enough for the
    /// largest listing that the component accepts, which is 64 MiB, and for what it is made from.
    pub memory: usize,
    /// The longest that a guest may compute without waiting for the network; then it is stopped, and its connector is
    /// closed. Default: 10 seconds.
    pub busy_limit: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { sessions: 64, memory: 256 << 20, busy_limit: Duration::from_secs(10) }
    }
}

impl Host {
    /// A host with the default options. Takes a few milliseconds.
    ///
    /// Errors: [`Error::Host`].
    pub fn new() -> Result<Self, Error> {
        Self::with_options(Options::default())
    }

    /// A host for more or fewer sessions, or with other limits.
    ///
    /// Errors: [`Error::Host`].
    pub fn with_options(options: Options) -> Result<Self, Error> {
        match engine::prepare(&options) {
            Ok(component) => {
                let room = Arc::new(Semaphore::new(options.sessions as usize));
                Ok(Self(Arc::new(Inner { component, options, room })))
            }
            Err(error) => Err(Error::Host(format!("{error:#}"))),
        }
    }

    /// A sandbox of its own, with these settings, that reaches what this policy permits and what it is told to
    /// connect to.
    ///
    /// Errors: [`Error::Host`] when as many are open as [`Options::sessions`] says; [`Error::InvalidArgument`] for
    /// settings that cannot be.
    pub async fn connector(&self, policy: Policy, settings: Settings) -> Result<Connector, Error> {
        let Inner { component, options, room } = &*self.0;
        let Ok(permit) = room.clone().try_acquire_owned() else {
            return Err(Error::Host(format!("{} connectors are open already", options.sessions)));
        };
        let grants = Grants::new(policy, settings.local_address);
        let instance = Instance::new(component, grants, options, permit).await?;
        Connector::new(instance, settings).await
    }

    /// One session with the default policy and settings. The port is 21 unless given.
    ///
    /// Errors: as [`Host::connector`] and [`Connector::connect`].
    pub async fn connect(&self, host: &str, port: Option<u16>) -> Result<Session, Error> {
        self.connector(Policy::default(), Settings::default()).await?.into_session(host, port).await
    }
}
