//! vsftpd, one process for each address.

use std::ffi::OsString;
use std::net::SocketAddr;

use anyhow::Result;

use super::enclosed::Layout;
use super::{Options, Security};

/// How it is started.
pub fn commands(layout: &Layout, options: &Options) -> Result<Vec<Vec<OsString>>> {
    std::fs::create_dir(layout.private.join("empty"))?;
    let program = layout.installed.join("usr/sbin/vsftpd");
    let mut commands = Vec::new();
    for (number, address) in layout.addresses.iter().enumerate() {
        let file = layout.write(&format!("vsftpd-{number}.conf"), &configuration(layout, options, *address))?;
        commands.push(vec![program.clone().into(), file.into()]);
    }
    Ok(commands)
}

fn configuration(layout: &Layout, options: &Options, address: SocketAddr) -> String {
    let (ip, port) = (address.ip(), address.port());
    let listen = match address {
        SocketAddr::V4(_) => format!("listen=YES\nlisten_address={ip}"),
        SocketAddr::V6(_) => format!("listen=NO\nlisten_ipv6=YES\nlisten_address6={ip}"),
    };
    let (root, anonymous_root) = (layout.root.display(), layout.anonymous_root.display());
    let private = layout.private.display();
    let mut text = format!(
        "background=NO
{listen}
listen_port={port}
max_clients=0
max_per_ip=0
isolate=NO
isolate_network=NO
secure_chroot_dir={private}/empty
xferlog_enable=NO
pam_service_name=vsftpd
local_enable=YES
local_root={root}
local_umask=022
chroot_local_user=YES
allow_writeable_chroot=YES
anonymous_enable=YES
anon_root={anonymous_root}
write_enable=YES
async_abor_enable=YES
ascii_download_enable=YES
ascii_upload_enable=YES
utf8_filesystem=YES
connect_from_port_20=NO
"
    );
    if let Some(ports) = &options.passive_ports {
        text += &format!("pasv_min_port={}\npasv_max_port={}\n", ports.start(), ports.end());
    }
    if options.security != Security::Plain {
        text += &tls(layout, options);
    }
    text + &options.extra.join("\n") + "\n"
}

fn tls(layout: &Layout, options: &Options) -> String {
    let private = layout.private.display();
    let yes = |it: bool| if it { "YES" } else { "NO" };
    let mut text = format!(
        "ssl_enable=YES
implicit_ssl={implicit}
allow_anon_ssl=YES
force_local_logins_ssl=NO
force_local_data_ssl=NO
ssl_ciphers=HIGH
rsa_cert_file={private}/chain.pem
rsa_private_key_file={private}/key.pem
require_ssl_reuse={reuse}
",
        implicit = yes(options.security == Security::Implicit),
        reuse = yes(options.require_reuse),
    );
    if options.client_authority.is_some() {
        text += &format!("require_cert=YES\nvalidate_cert=YES\nca_certs_file={private}/client-authority.pem\n");
    }
    text
}
