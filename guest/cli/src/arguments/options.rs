//! What several verbs take: how files are transferred, and how to talk to a server.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ftp_client::{Active, DataEnd, DataMode, Encoding, Identity, Settings, TlsSettings, Trust, Version};

use super::values::{DataEndMode, ProxyUrl, TlsMode, TlsVersion, bytes, digest, encoding, ports, proxy, seconds};

/// How files are transferred.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Transfers")]
pub struct TransferOptions {
    /// Continue where an earlier transfer stopped
    #[arg(short = 'c', long)]
    pub resume: bool,
    /// Retry up to N times on connection failure, with exponential backoff
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub retry: u32,
    /// The pause before the second attempt, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub retry_wait: Duration,
    /// Sessions at the same time, for several files
    #[arg(short = 'P', long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// At most so many bytes a second, of all sessions: 500k, 2M
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub limit_rate: Option<u64>,
    /// Text: lines end as they do at the other side
    #[arg(short, long)]
    pub ascii: bool,
    /// Compare checksums, where the server has any; not of text
    #[arg(long)]
    pub checksum: bool,
    /// Do not keep modification times
    #[arg(long)]
    pub no_times: bool,
}

/// How to talk to the server.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Connections")]
pub struct ConnectionOptions {
    /// How TLS is used [default: what the URL says]
    #[arg(long, value_name = "HOW")]
    pub tls: Option<TlsMode>,
    /// Trust the certificates in this file (PEM), and no others
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Also trust the certificates in this file (PEM)
    #[arg(long, value_name = "FILE", conflicts_with = "ca")]
    pub add_ca: Option<PathBuf>,
    /// Trust only the certificate with this SHA-256 digest, in hexadecimal
    #[arg(long, value_name = "DIGEST", value_parser = digest, conflicts_with_all = ["ca", "add_ca"])]
    pub pin: Option<[u8; 32]>,
    /// Do not verify the server's certificate (insecure)
    #[arg(long, conflicts_with_all = ["ca", "add_ca", "pin"])]
    pub insecure: bool,
    /// The certificate to show (PEM)
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// The name that the certificate has to be for [default: the host]
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// The oldest version of TLS [default: 1.2]
    #[arg(long, value_name = "VERSION")]
    pub tls_min: Option<TlsVersion>,
    /// The newest version of TLS [default: 1.3]
    #[arg(long, value_name = "VERSION")]
    pub tls_max: Option<TlsVersion>,
    /// How to treat a data connection closed without `close_notify` [default: verified]
    #[arg(long, value_name = "HOW")]
    pub data_end: Option<DataEndMode>,
    /// Refuse data connections that do not resume the session of TLS
    #[arg(long)]
    pub require_resumption: bool,
    /// The user, where the URL has none
    #[arg(short, long, value_name = "NAME")]
    pub user: Option<String>,
    /// The file whose first line is the password
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Give the password of --password-file or FTP_PASSWORD to each of several hosts or ports
    #[arg(long)]
    pub same_password: bool,
    /// Look user and password up in .netrc in the folder that HOME names
    #[arg(long)]
    pub netrc: bool,
    /// Look them up in this file
    #[arg(long, value_name = "FILE")]
    pub netrc_file: Option<PathBuf>,
    /// The longest that connecting may take, in seconds [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub connect_timeout: Option<Duration>,
    /// The longest that the server may be silent, in seconds [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// The longest that all of it may take, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub max_time: Option<Duration>,
    /// IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// IPv6 only
    #[arg(short = '6', long)]
    pub ipv6: bool,
    /// Let the server connect back for data
    #[arg(long)]
    pub active: bool,
    /// The ports to listen on for that, such as 5000-5010
    #[arg(long, value_name = "FIRST-LAST", value_parser = ports, requires = "active")]
    pub active_ports: Option<(u16, u16)>,
    /// The address to announce to the server, if it differs from that of this machine
    #[arg(long, value_name = "ADDRESS", requires = "active")]
    pub active_address: Option<IpAddr>,
    /// The address to connect from
    #[arg(long, value_name = "ADDRESS")]
    pub local_address: Option<IpAddr>,
    /// Go through a proxy: socks5://user:password@host:port or http://...
    #[arg(long, value_name = "URL", value_parser = proxy)]
    pub proxy: Option<ProxyUrl>,
    /// The character set of names: utf-8, latin1, windows-1251, shift_jis and others [default: utf-8]
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub encoding: Option<Encoding>,
    /// Send NOOP after so many seconds of a transfer
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub keepalive: Option<Duration>,
    /// Ask for the next data connection together with each transfer; not every server can
    #[arg(long)]
    pub pipelining: bool,
    /// Let data travel compressed (MODE Z)
    #[arg(long)]
    pub compress: bool,
    /// Do not compare the sizes on both sides (SIZE) at the end of a transfer
    #[arg(long)]
    pub no_verify_size: bool,
    /// Show what is said on the control connection
    #[arg(short, long)]
    pub verbose: bool,
    /// Errors only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Write what happens as JSON, an object on each line
    #[arg(long)]
    pub json: bool,
    /// Columns of the terminal [default: COLUMNS, else 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(20..=1000))]
    pub columns: Option<u16>,
}

impl ConnectionOptions {
    /// The settings of sessions, but for what is in files: certificates, keys.
    pub fn settings(&self) -> Settings {
        let defaults = Settings::default();
        let data_mode = match self.active {
            true => DataMode::Active(Active { ports: self.active_ports, announced: self.active_address }),
            false => DataMode::Passive,
        };
        let silence = self.timeout.unwrap_or(defaults.reply_timeout);
        Settings {
            tls: self.tls_settings(),
            data_mode,
            encoding: self.encoding(),
            local_address: self.local_address,
            proxy: self.proxy.clone().map(|ProxyUrl(proxy)| proxy),
            connect_timeout: self.connect_timeout.unwrap_or(defaults.connect_timeout),
            reply_timeout: silence,
            idle_timeout: silence,
            verify_size: !self.no_verify_size,
            keepalive: self.keepalive,
            pipelining: self.pipelining,
            // Each line is shown as it is said, so that none has to be kept.
            transcript_capacity: usize::from(self.verbose),
            ..defaults
        }
    }

    fn tls_settings(&self) -> TlsSettings {
        let version = |version| match version {
            TlsVersion::Tls12 => Version::Tls12,
            TlsVersion::Tls13 => Version::Tls13,
        };
        let defaults = TlsSettings::default();
        TlsSettings {
            trust: match (self.pin, self.insecure) {
                (Some(digest), _) => Trust::Pinned(digest),
                (None, true) => Trust::DangerouslyAnything,
                (None, false) => Trust::PublicRoots,
            },
            server_name: self.server_name.clone(),
            oldest: self.tls_min.map_or(defaults.oldest, version),
            newest: self.tls_max.map_or(defaults.newest, version),
            data_end: match self.data_end {
                Some(DataEndMode::Strict) => DataEnd::Strict,
                Some(DataEndMode::Verified) | None => DataEnd::Verified,
                Some(DataEndMode::Lenient) => DataEnd::Lenient,
            },
            require_resumption: self.require_resumption,
            ..defaults
        }
    }

    /// Settings with the contents of the files that are named.
    pub fn with_files<E>(&self, text: impl Fn(&PathBuf) -> Result<String, E>) -> Result<Settings, E> {
        let mut settings = self.settings();
        if let Some(path) = &self.ca {
            settings.tls.trust = Trust::Roots(text(path)?);
        }
        if let Some(path) = &self.add_ca {
            settings.tls.trust = Trust::PublicRootsAnd(text(path)?);
        }
        if let (Some(certificates), Some(key)) = (&self.cert, &self.key) {
            settings.tls.identity = Some(Identity { certificates: text(certificates)?, private_key: text(key)? });
        }
        Ok(settings)
    }

    /// The character set of names.
    pub fn encoding(&self) -> Encoding {
        self.encoding.unwrap_or(Encoding::Utf8)
    }
}
