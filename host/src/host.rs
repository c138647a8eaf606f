//! The engine that all sessions of a program share.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::bindings::ClientPre;
use crate::connector::{Connector, Settings};
use crate::cryptography;
use crate::engine;
use crate::error::Error;
use crate::grants::Grants;
use crate::instance::{Instance, State};
use crate::options::{Cryptography, Options};
use crate::policy::Policy;
use crate::session::Session;

/// The engine and the component, loaded once and shared by all sessions. Cloning it is cheap.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    component: ClientPre<State>,
    options: Options,
    cryptography: Cryptography,
    room: Arc<Semaphore>,
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
    /// Errors: [`Error::Host`]; [`Error::NoCryptography`] where the host's is asked for and cannot run.
    pub fn with_options(options: Options) -> Result<Self, Error> {
        let cryptography = cryptography::choose(options.cryptography)?;
        let component = engine::prepare(&options, cryptography);
        Self::prepared(component, options, cryptography)
    }

    /// A host with another component than the embedded ones, as one that was built with other features or composed with
    /// something. It exports the contract, and imports what the embedded ones import, or less. Compiles it, for a few
    /// seconds.
    ///
    /// Errors: as [`Self::with_options`].
    #[cfg(feature = "compile")]
    pub fn with_component(component: &[u8], options: Options) -> Result<Self, Error> {
        let cryptography = cryptography::choose(options.cryptography)?;
        let component = engine::prepare_other(cryptography, component);
        Self::prepared(component, options, cryptography)
    }

    fn prepared(
        component: wasmtime::Result<ClientPre<State>>,
        options: Options,
        cryptography: Cryptography,
    ) -> Result<Self, Error> {
        let component = component.map_err(|error| Error::Host(format!("{error:#}")))?;
        let room = Arc::new(Semaphore::new(options.sessions as usize));
        Ok(Self(Arc::new(Inner { component, options, cryptography, room })))
    }

    /// The cryptography that its sessions take: [`Cryptography::Host`] or [`Cryptography::Portable`].
    pub fn cryptography(&self) -> Cryptography {
        self.0.cryptography
    }

    /// A sandbox of its own, with these settings, that reaches what this policy permits and what it is told to
    /// connect to.
    ///
    /// Errors: [`Error::Host`] when as many are open as [`Options::sessions`] says; `InvalidArgument` for
    /// settings that cannot be.
    pub async fn connector(&self, policy: Policy, settings: Settings) -> Result<Connector, Error> {
        let Inner { component, options, room, .. } = &*self.0;
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
