//! What a session has found out about its server.

use alloc::string::String;
use ftp_protocol::checksum::Algorithm;

/// How the modification time of a file is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetTime {
    /// `MFMT` (draft-somers-ftp-mfxx).
    Mfmt,
    /// `MDTM` with a time before the name: older; a name that begins with digits looks the same.
    Mdtm,
    /// `SITE UTIME`, with the times of access, change and creation.
    Utime,
}

/// The size that a server reported of a file. It may have another one by now.
#[derive(Debug, Clone)]
pub(crate) struct ReportedFile {
    pub(crate) path: String,
    pub(crate) size: u64,
    /// Nobody on the path could change it.
    pub(crate) inside_tls: bool,
}

/// What the server said to `SIZE`.
#[derive(Default)]
pub(crate) struct Sizes {
    /// It does not know the command.
    pub(crate) unknown: bool,
    /// The size that it reported last.
    pub(crate) last: Option<ReportedFile>,
}

/// What the server has refused, and what has worked. It may depend on the login, the host and TLS.
#[derive(Default)]
pub(crate) struct Known {
    /// What `OPTS HASH` has chosen.
    pub(crate) hash: Option<Algorithm>,
    /// How modification times are set, once a way has worked.
    pub(crate) set_time: Option<SetTime>,
    /// It does not know `MLSD`, whatever it reports.
    pub(crate) mlsd_refused: bool,
    /// It does not know `MLST`.
    pub(crate) mlst_refused: bool,
    /// It has refused the offset of the last transfer (`REST`).
    pub(crate) offset_refused: bool,
    pub(crate) sizes: Sizes,
}

/// How the server makes passive data connections.
#[derive(Default)]
pub(crate) struct PassivePorts {
    /// It requires `PRET`, which names the purpose of the connection.
    pub(crate) pret: bool,
    /// `EPSV` does not work here, or its ports cannot be reached.
    pub(crate) only_pasv: bool,
    /// `EPSV` gave a port before.
    pub(crate) knows_epsv: bool,
}
