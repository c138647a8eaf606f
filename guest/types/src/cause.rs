//! Causes that somebody can mend, as facts.

use crate::tls::TlsCause;

/// A cause that somebody can mend, as facts. It does not cross the border of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// What is wrong with TLS.
    Tls(TlsCause),
    /// Why a name has no address.
    Resolve(ResolveCause),
    /// The network denies it to this program. A proxy that denies it is no such cause.
    Denied,
}

/// Why a name has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolveCause {
    /// There is no such name, or it has no address of the kind that was asked for.
    NoAddress,
    /// The resolver cannot answer now.
    Temporary,
    /// The resolver cannot answer. `wasmtime run` says that to a program that may not look names up.
    Permanent,
    /// The system does not say.
    Unknown,
}
