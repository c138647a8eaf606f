//! What several verbs take: how files are transferred, and how to talk to a server.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ftp_client::engine::Retry;
use ftp_client::{
    Active, Ciphers, DataEnd, DataMode, Encoding, Error, ServerName, Settings, TlsSettings, Trust, Version, Versions,
};

use super::values::{
    DataEndMode, Families, ProxyUrl, TlsCiphers, TlsMode, TlsVersion, Volume, bytes, digest, encoding, ports, proxy,
    seconds, server_name,
};

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

/// How to talk to the server, and what to print. All of it may stand before the verb as well as after it.
#[derive(Args, Debug, Clone, Default)]
pub struct ConnectionOptions {
    /// How TLS is used.
    #[command(flatten)]
    pub tls: TlsOptions,
    /// Who logs in.
    #[command(flatten)]
    pub login: LoginOptions,
    /// What is in files.
    #[command(flatten)]
    pub files: Files,
    /// How connections are made.
    #[command(flatten)]
    pub network: NetworkOptions,
    /// What is printed.
    #[command(flatten)]
    pub output: OutputOptions,
}

const TLS: &str = "TLS";
const LOGIN: &str = "Login";

/// How TLS is used.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = TLS)]
pub struct TlsOptions {
    /// How TLS is used [default: what the URL says]
    #[arg(global = true, id = "tls", long, value_name = "HOW")]
    pub mode: Option<TlsMode>,
    /// Trust only the certificate with this SHA-256 digest, in hexadecimal
    ///
    /// Neither its issuer nor its names nor its dates are verified. A failed handshake prints the digest of the server's
    /// certificate; compare it with one from the server's owner.
    #[arg(global = true, long, value_name = "DIGEST", value_parser = digest, conflicts_with_all = ["ca", "add_ca"])]
    #[arg(hide_short_help = true)]
    pub pin: Option<[u8; 32]>,
    /// Do not verify the server's certificate (insecure)
    #[arg(global = true, long, conflicts_with_all = ["ca", "add_ca", "pin"])]
    pub insecure: bool,
    /// The name that the certificate has to be for [default: the host]
    #[arg(global = true, long, value_name = "NAME", value_parser = server_name, hide_short_help = true)]
    pub server_name: Option<ServerName>,
    /// The oldest version of TLS [default: 1.2]
    #[arg(global = true, long = "tls-min", value_name = "VERSION", hide_short_help = true)]
    pub oldest: Option<TlsVersion>,
    /// The newest version of TLS [default: 1.3]
    #[arg(global = true, long = "tls-max", value_name = "VERSION", hide_short_help = true)]
    pub newest: Option<TlsVersion>,
    /// Which cipher suites are offered [default: fast-first]
    ///
    /// Fast is ChaCha20-Poly1305, which is as strong as AES-GCM. A server that refuses it is connected to once more.
    #[arg(global = true, long = "tls-ciphers", value_name = "WHICH", hide_short_help = true)]
    pub ciphers: Option<TlsCiphers>,
    /// How to treat a data connection closed without `close_notify` [default: verified]
    #[arg(global = true, long, value_name = "HOW", hide_short_help = true)]
    pub data_end: Option<DataEndMode>,
    /// Refuse data connections that do not resume the session of TLS
    ///
    /// A data connection that resumes the session of the control connection comes from the same server. Not every server
    /// resumes.
    #[arg(global = true, long, hide_short_help = true)]
    pub require_resumption: bool,
}

/// Who logs in.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = LOGIN)]
pub struct LoginOptions {
    /// The user, where the URL has none
    #[arg(global = true, short, long, value_name = "NAME")]
    pub user: Option<String>,
    /// Give the password of --password-file or FTP_PASSWORD to each of several hosts or ports
    #[arg(global = true, long, hide_short_help = true)]
    pub same_password: bool,
}

/// The options that name files with passwords, certificates and keys. `ftp-host` reads these files itself, and passes their
/// texts to the command, which gets neither the options nor the files.
#[derive(Args, Debug, Clone, Default)]
pub struct Files {
    /// Trust the certificates in this file (PEM), and no others
    #[arg(global = true, long, value_name = "FILE", help_heading = TLS)]
    pub ca: Option<PathBuf>,
    /// Also trust the certificates in this file (PEM)
    #[arg(global = true, long, value_name = "FILE", conflicts_with = "ca", help_heading = TLS, hide_short_help = true)]
    pub add_ca: Option<PathBuf>,
    /// The certificate to show (PEM)
    #[arg(global = true, long, value_name = "FILE", requires = "key", help_heading = TLS, hide_short_help = true)]
    pub cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(global = true, long, value_name = "FILE", requires = "cert", help_heading = TLS, hide_short_help = true)]
    pub key: Option<PathBuf>,
    /// The file whose first line is the password
    #[arg(global = true, long, value_name = "FILE", help_heading = LOGIN)]
    pub password_file: Option<PathBuf>,
    /// Look user and password up in .netrc in the folder that HOME names
    #[arg(global = true, long, help_heading = LOGIN)]
    pub netrc: bool,
    /// Look them up in this file
    #[arg(global = true, long, value_name = "FILE", help_heading = LOGIN, hide_short_help = true)]
    pub netrc_file: Option<PathBuf>,
}

/// How connections are made.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Connections")]
pub struct NetworkOptions {
    /// The longest that connecting may take, in seconds [default: 30]
    #[arg(global = true, long, value_name = "SECONDS", value_parser = seconds, hide_short_help = true)]
    pub connect_timeout: Option<Duration>,
    /// The longest that the server may be silent, in seconds [default: 60]
    #[arg(global = true, long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// The longest that all of it may take, in seconds
    #[arg(global = true, long, value_name = "SECONDS", value_parser = seconds)]
    pub max_time: Option<Duration>,
    /// IPv4 only
    #[arg(global = true, short = '4', long, conflicts_with = "ipv6", hide_short_help = true)]
    ipv4: bool,
    /// IPv6 only
    #[arg(global = true, short = '6', long, hide_short_help = true)]
    ipv6: bool,
    /// Let the server connect back for data
    #[arg(global = true, long)]
    pub active: bool,
    /// The ports to listen on for that, such as 5000-5010
    #[arg(global = true, long, value_name = "FIRST-LAST", value_parser = ports, requires = "active")]
    #[arg(hide_short_help = true)]
    pub active_ports: Option<(u16, u16)>,
    /// The address to announce to the server, if it differs from that of this machine
    #[arg(global = true, long, value_name = "ADDRESS", requires = "active", hide_short_help = true)]
    pub active_address: Option<IpAddr>,
    /// The address to connect from
    #[arg(global = true, long, value_name = "ADDRESS", hide_short_help = true)]
    pub local_address: Option<IpAddr>,
    /// Go through a proxy: socks5://user:password@host:port or http://...
    #[arg(global = true, long, value_name = "URL", value_parser = proxy)]
    pub proxy: Option<ProxyUrl>,
    /// The character set of names: utf-8, latin1, windows-1251, shift_jis and others [default: utf-8]
    #[arg(global = true, long, value_name = "NAME", value_parser = encoding)]
    pub encoding: Option<Encoding>,
    /// Send NOOP after so many seconds of a transfer
    ///
    /// Routers drop connections that are idle for long, as the control connection is during a transfer.
    #[arg(global = true, long, value_name = "SECONDS", value_parser = seconds, hide_short_help = true)]
    pub keepalive: Option<Duration>,
    /// Ask for the next data connection together with each transfer; not every server can
    #[arg(global = true, long, hide_short_help = true)]
    pub pipelining: bool,
    /// Let data travel compressed (MODE Z)
    #[arg(global = true, long, hide_short_help = true)]
    pub compress: bool,
    /// Do not compare the sizes on both sides (SIZE) at the end of a transfer
    #[arg(global = true, long, hide_short_help = true)]
    pub no_verify_size: bool,
}

/// What is printed.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// Show what is said on the control connection
    ///
    /// Passwords are masked. Of --verbose and --quiet the last one counts.
    #[arg(global = true, short, long, overrides_with_all = ["verbose", "quiet"])]
    verbose: bool,
    /// Errors only
    #[arg(global = true, short, long, overrides_with = "quiet")]
    quiet: bool,
    /// Write what happens as JSON, an object on each line
    #[arg(global = true, long, overrides_with = "json")]
    pub json: bool,
    /// Columns of the terminal [default: COLUMNS, else 80]
    #[arg(global = true, long, value_name = "N", value_parser = clap::value_parser!(u16).range(20..=1000))]
    #[arg(hide_short_help = true)]
    pub columns: Option<u16>,
}

impl TransferOptions {
    /// `--retry` and `--retry-wait`.
    pub fn retry(&self) -> Retry {
        Retry { attempts: self.retry, wait: self.retry_wait, ..Retry::default() }
    }
}

impl NetworkOptions {
    /// Which addresses are connected to.
    pub fn families(&self) -> Families {
        match (self.ipv4, self.ipv6) {
            (true, _) => Families::Ipv4,
            (false, true) => Families::Ipv6,
            (false, false) => Families::Both,
        }
    }
}

impl OutputOptions {
    /// How much is printed.
    pub fn volume(&self) -> Volume {
        match (self.quiet, self.verbose) {
            (true, _) => Volume::Quiet,
            (false, true) => Volume::Verbose,
            (false, false) => Volume::Normal,
        }
    }
}

impl ConnectionOptions {
    /// The settings of sessions, but for what is in files: certificates, keys.
    ///
    /// # Errors
    ///
    /// [`Error::invalid_argument`] for an oldest version of TLS that is newer than the newest.
    pub fn settings(&self) -> Result<Settings, Error> {
        let (defaults, network) = (Settings::default(), &self.network);
        let data_mode = match network.active {
            true => DataMode::Active(Active { ports: network.active_ports, announced: network.active_address }),
            false => DataMode::Passive,
        };
        let silence = network.timeout.unwrap_or(defaults.reply_timeout);
        Ok(Settings {
            tls: self.tls_settings()?,
            data_mode,
            encoding: self.encoding(),
            local_address: network.local_address,
            proxy: network.proxy.clone().map(|ProxyUrl(proxy)| proxy),
            connect_timeout: network.connect_timeout.unwrap_or(defaults.connect_timeout),
            reply_timeout: silence,
            idle_timeout: silence,
            verify_size: !network.no_verify_size,
            keepalive: network.keepalive,
            pipelining: network.pipelining,
            // Each line is shown as it is said, so that none has to be kept.
            transcript_capacity: usize::from(self.output.verbose),
            ..defaults
        })
    }

    fn tls_settings(&self) -> Result<TlsSettings, Error> {
        let version = |version| match version {
            TlsVersion::Tls12 => Version::Tls12,
            TlsVersion::Tls13 => Version::Tls13,
        };
        let tls = &self.tls;
        Ok(TlsSettings {
            trust: match (tls.pin, tls.insecure) {
                (Some(digest), _) => Trust::Pinned(digest),
                (None, true) => Trust::DangerouslyAnything,
                (None, false) => Trust::PublicRoots,
            },
            server_name: tls.server_name.clone(),
            versions: Versions::new(
                tls.oldest.map_or(Version::Tls12, version),
                tls.newest.map_or(Version::Tls13, version),
            )?,
            ciphers: match tls.ciphers {
                Some(TlsCiphers::FastFirst) | None => Ciphers::FastFirst,
                Some(TlsCiphers::FastOnly) => Ciphers::FastOnly,
                Some(TlsCiphers::All) => Ciphers::All,
            },
            data_end: match tls.data_end {
                Some(DataEndMode::Strict) => DataEnd::Strict,
                Some(DataEndMode::Verified) | None => DataEnd::Verified,
                Some(DataEndMode::Lenient) => DataEnd::Lenient,
            },
            require_resumption: tls.require_resumption,
            ..TlsSettings::default()
        })
    }

    /// The character set of names.
    pub fn encoding(&self) -> Encoding {
        self.network.encoding.unwrap_or(Encoding::Utf8)
    }
}
