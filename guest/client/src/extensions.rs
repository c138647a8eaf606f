//! What is known of a server's extensions.

use alloc::string::String;
use alloc::vec::Vec;

/// The extensions of a server, as far as it was asked.
#[derive(Default)]
pub(crate) enum Features {
    #[default]
    NotAsked,
    /// The server does not report them: it may have any.
    Unreported,
    Named(Vec<String>),
}

/// Whether the server is still to be asked for names in UTF-8.
#[derive(Default, PartialEq, Eq)]
pub(crate) enum Utf8 {
    /// Nobody is logged in.
    #[default]
    Never,
    /// Before the next listing, or the next argument that is not ASCII.
    Due,
    /// It was asked, or a name that it reported before may be in use.
    Settled,
    /// The caller has sent an `OPTS`.
    Callers,
}

/// What the server says about itself.
#[derive(Default)]
pub(crate) struct Extensions {
    pub(crate) features: Features,
    pub(crate) utf8: Utf8,
}
