//! What a command line needs of the machine that it runs on: hosts, folders, ports. No more than that is to be granted.

use std::path::Path;

use ftp_client::{Proxy, ProxyServer, Security};

use crate::arguments::{ConnectionOptions, TlsMode};
use crate::remote::{Invalid, Remote};
use crate::task::Task;

pub use crate::task::{Folder, is_output, parent, split_target};

/// What to grant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequiredGrants {
    /// Hosts that are connected to, each with its control port.
    pub hosts: Vec<(String, u16)>,
    /// The proxy that all connections go through. Then there is no other host.
    pub proxy: Option<(String, u16)>,
    /// Folders, as the arguments name them.
    pub folders: Vec<Folder>,
    /// Ports to listen on, for active mode, which `probe` tries: first and last, or any with 0.
    pub listens: Option<(u16, u16)>,
}

impl RequiredGrants {
    /// What this command line needs. `is_folder` returns whether a path is one now.
    pub fn of(
        task: &dyn Task,
        options: &ConnectionOptions,
        is_folder: impl Fn(&Path) -> bool,
    ) -> Result<Self, Invalid> {
        let is_active = options.network.active || task.tries_active_mode();
        let listens = is_active.then(|| options.network.active_ports.unwrap_or((0, 0)));
        let mut needs = Self { listens, ..Self::default() };
        for url in task.urls() {
            let remote = Remote::parse(url, &options.encoding())?;
            let port = remote.port.unwrap_or_else(|| security(&remote, options).port());
            if !needs.hosts.contains(&(remote.host.clone(), port)) {
                needs.hosts.push((remote.host, port));
            }
        }
        if let Some(proxy) = &options.network.proxy {
            let (Proxy::Socks5(ProxyServer { host, port, .. }) | Proxy::HttpConnect(ProxyServer { host, port, .. })) =
                &proxy.0;
            needs.proxy = Some((host.clone(), *port));
            needs.hosts.clear();
        }
        task.folders(&is_folder).into_iter().for_each(|folder| needs.add(folder));
        Ok(needs)
    }

    fn add(&mut self, folder: Folder) {
        match self.folders.iter_mut().find(|other| other.path == folder.path) {
            Some(other) => other.writable |= folder.writable,
            None => self.folders.push(folder),
        }
    }
}

/// Whether the URLs name more than one host, or more than one port of it: two tunnels are two servers. What is no URL is for
/// the verb to refuse.
pub fn has_several_hosts(task: &dyn Task, options: &ConnectionOptions) -> bool {
    let encoding = options.encoding();
    let remotes = task.urls().into_iter().filter_map(|url| Remote::parse(url, &encoding).ok());
    let mut hosts = remotes.map(|remote| {
        let port = remote.port.unwrap_or_else(|| security(&remote, options).port());
        (remote.host, remote.zone, port)
    });
    let first = hosts.next();
    hosts.any(|host| Some(host) != first)
}

/// How a session with the server of a URL is protected: as `--tls` says, or the URL.
pub fn security(remote: &Remote, options: &ConnectionOptions) -> Security {
    match options.tls.mode {
        Some(TlsMode::Implicit) => Security::Implicit,
        Some(TlsMode::Explicit) => Security::Explicit,
        Some(TlsMode::None) => Security::None,
        None => remote.security(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Arguments;

    fn parse(line: &str) -> Arguments {
        Arguments::parse("ftp", ["ftp"].into_iter().chain(line.split(' ')).map(Into::into).collect()).ok().unwrap()
    }

    fn needs(line: &str) -> RequiredGrants {
        let Arguments { connection, verb } = parse(line);
        RequiredGrants::of(verb.task(), &connection, |path| path == Path::new("there")).unwrap()
    }

    fn folders(line: &str) -> Vec<(String, bool, bool)> {
        let shown = |folder: Folder| (folder.path.display().to_string(), folder.writable, folder.is_target);
        needs(line).folders.into_iter().map(shown).collect()
    }

    #[test]
    fn hosts_are_those_of_the_urls() {
        for (line, hosts) in [
            ("ls ftp://a/ ftp://b:2121/ ftp://a/x", &[("a", 21), ("b", 2121)][..]),
            ("ls ftps://a/ ftpes://a/", &[("a", 990), ("a", 21)]),
            ("ls --tls implicit ftp://a/", &[("a", 990)]),
            ("cp ftp://a/x ftp://b/", &[("a", 21), ("b", 21)]),
            ("mv ftp://a/x y", &[("a", 21)]),
        ] {
            let hosts: Vec<_> = hosts.iter().map(|(host, port)| (host.to_string(), *port)).collect();
            assert_eq!(needs(line).hosts, hosts, "{line}");
        }
    }

    #[test]
    fn a_proxy_is_the_only_host() {
        let needs = needs("ls --proxy socks5://u:p@proxy:1081 ftp://a/");
        assert_eq!((needs.hosts.len(), needs.proxy), (0, Some(("proxy".to_owned(), 1081))));
    }

    #[test]
    fn folders_are_those_of_the_arguments() {
        let is = |path: &str, writable, is_target| (path.to_owned(), writable, is_target);
        for (line, folders_of_it) in [
            ("get ftp://a/x", vec![is(".", true, false)]),
            ("get ftp://a/x y/z", vec![is("y", true, false)]),
            ("get ftp://a/x there", vec![is("there", true, false)]),
            ("get ftp://a/x new/", vec![is("new/", true, true)]),
            ("get ftp://a/x ftp://a/y new", vec![is("new", true, true)]),
            ("get ftp://a/x -", vec![]),
            ("get ftp://a/x /dev/stdout", vec![]),
            ("get ftp://a/x ftp://a/y /dev/./fd//1", vec![]),
            ("get ftp://a/x /dev/fd/10", vec![is("/dev/fd", true, false)]),
            ("put a b/c - ftp://a/", vec![is(".", false, false), is("b", false, false)]),
            ("mirror ftp://a/ here", vec![is("here", true, true)]),
            ("mirror -n ftp://a/ there", vec![is("there", false, false)]),
            ("mirror -n ftp://a/ here", vec![]),
            ("mirror here ftp://a/", vec![is("here", false, false)]),
            ("ls ftp://a/", vec![]),
        ] {
            assert_eq!(folders(line), folders_of_it, "{line}");
        }
    }

    #[test]
    fn hosts_are_told_apart_by_name_zone_and_port() {
        for (line, are_several) in [
            ("get ftp://a/x ftp://A:21/y ftp://me@a/", false),
            ("get ftp://a/x ftp://a:2121/x", true),
            ("cp ftp://a/x ftpes://a/", false),
            ("cp ftp://a/x ftps://a/", true),
            ("get ftp://a/x ftp://b/y z", true),
            ("cp ftp://a/x ftp://b/", true),
            ("mv ftp://a/x y", false),
            ("ls ftp://[fe80::1%25eth0]/ ftp://[fe80::1%25eth1]/", true),
        ] {
            let Arguments { connection, verb } = parse(line);
            assert_eq!(has_several_hosts(verb.task(), &connection), are_several, "{line}");
        }
    }

    #[test]
    fn ports_are_listened_on_in_active_mode_only() {
        assert_eq!(needs("ls ftp://a/").listens, None);
        assert_eq!(needs("ls --active ftp://a/").listens, Some((0, 0)));
        assert_eq!(needs("probe ftp://a/").listens, Some((0, 0)));
        assert_eq!(needs("ls --active --active-ports 50-60 ftp://a/").listens, Some((50, 60)));
    }
}
