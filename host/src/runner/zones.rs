//! The networks of this machine that URLs name, by their numbers: `[fe80::1%25eth0]`. WASI does not find them.

use ftp_cli::arguments::ConnectionOptions;
use ftp_cli::remote::Remote;
use ftp_cli::task::Task;

/// `eth0=2 wlan0=3`, for those that are named and there.
pub fn of(task: &dyn Task, options: &ConnectionOptions) -> Option<String> {
    let encoding = options.encoding();
    let named = task.urls().into_iter().filter_map(|url| Remote::parse(url, &encoding).ok()?.zone);
    let known: Vec<String> = named.filter_map(|zone| Some(format!("{zone}={}", number(&zone)?))).collect();
    Some(known.join(" ")).filter(|known| !known.is_empty())
}

#[cfg(target_os = "linux")]
fn number(name: &str) -> Option<u32> {
    use rustix::net::{AddressFamily, SocketType, netdevice::name_to_index, socket};

    name_to_index(socket(AddressFamily::INET6, SocketType::DGRAM, None).ok()?, name).ok()
}

/// Elsewhere a zone is given by its number.
#[cfg(not(target_os = "linux"))]
fn number(_: &str) -> Option<u32> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn networks_of_this_machine_have_numbers() {
        assert_eq!(number("lo"), Some(1));
        assert_eq!(number("nothing-like-it"), None);
    }
}
