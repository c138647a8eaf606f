//! The components that `ftp-host` embeds: as they are, and compiled ahead of time for the machine that this is built for.
//!
//! The build script builds them from the sources beside this crate, which takes the Rust target `wasm32-wasip2`. Where the
//! variable `FTP_PREBUILT` names a folder, it takes `ftp.wasm`, `ftp-imported.wasm`, `ftp-cli.wasm` and
//! `ftp-cli-imported.wasm` from there, as they are, and that target is not needed.

mod tunables;

pub use tunables::{config, library};

/// The component `ftp.wasm`.
pub const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ftp.wasm"));

/// [`COMPONENT`], compiled with the settings of [`library`].
pub static COMPILED_COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ftp.cwasm"));

/// The sibling of [`COMPONENT`], `ftp-imported.wasm`, which imports its cryptography: `ftp:crypto`.
pub const IMPORTED_COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ftp-imported.wasm"));

/// [`IMPORTED_COMPONENT`], compiled with the settings of [`config`].
pub static COMPILED_IMPORTED_COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ftp-imported.cwasm"));

/// The command `ftp-cli.wasm`.
#[cfg(feature = "command")]
pub const COMMAND: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ftp-cli.wasm"));

/// [`COMMAND`], compiled with the settings of [`config`].
#[cfg(feature = "command")]
pub static COMPILED_COMMAND: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ftp-cli.cwasm"));

/// The sibling of [`COMMAND`], `ftp-cli-imported.wasm`, which imports its cryptography: `ftp:crypto`.
#[cfg(feature = "command")]
pub const IMPORTED_COMMAND: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ftp-cli-imported.wasm"));

/// [`IMPORTED_COMMAND`], compiled with the settings of [`config`].
#[cfg(feature = "command")]
pub static COMPILED_IMPORTED_COMMAND: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ftp-cli-imported.cwasm"));

/// Whether the components come from the folder that `FTP_PREBUILT` named, and not from the sources beside this crate.
pub const ARE_PREBUILT: bool = option_env!("FTP_PREBUILT").is_some();
