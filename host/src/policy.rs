//! Which addresses and ports a session may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

/// Which addresses and ports the sessions of a connector may reach.
///
/// A session reaches the hosts that `connect` was told, and nothing else: their names are looked up once, and only the
/// addresses that came back, at the port that was named and at the data ports, can be connected to. The policy says
/// which of those addresses are acceptable at all. By default these are the public ones: a name that leads to the
/// loopback interface or into a private network is refused, as an address written out is.
///
/// With a [`Proxy`](crate::Proxy) this goes for the proxy, at its one port, and the session reaches nothing else; who may
/// be connected to behind it is for the proxy to decide.
///
/// ```
/// use ftp_host::Policy;
///
/// let at_home = Policy::default().allow_loopback().allow_private();
/// assert!(at_home.permits([192, 168, 0, 1].into()));
/// assert!(!Policy::default().permits([192, 168, 0, 1].into()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    loopback: bool,
    private: bool,
    data_ports: RangeInclusive<u16>,
}

impl Policy {
    /// Public addresses only, data ports from 1024 on. The default.
    pub fn public() -> Self {
        Self { loopback: false, private: false, data_ports: 1024..=65535 }
    }

    /// Permit this machine's own addresses too: 127.0.0.0/8 and ::1.
    pub fn allow_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Permit private networks too: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16, fc00::/7,
    /// fe80::/10 and fec0::/10.
    pub fn allow_private(mut self) -> Self {
        self.private = true;
        self
    }

    /// The ports that a server may name for data connections. 1024 to 65535 unless set.
    pub fn data_ports(mut self, ports: RangeInclusive<u16>) -> Self {
        self.data_ports = ports;
        self
    }

    /// Whether this address is acceptable, once a name led to it.
    pub fn permits(&self, address: IpAddr) -> bool {
        match Reach::of(address) {
            Reach::Public => true,
            Reach::Private => self.private,
            Reach::Loopback => self.loopback,
            Reach::Nowhere => false,
        }
    }

    pub(crate) fn permits_data_port(&self, port: u16) -> bool {
        self.data_ports.contains(&port)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::public()
    }
}

/// How far away an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Loopback,
    Private,
    Public,
    /// Not one host, or not one that exists.
    Nowhere,
}

impl Reach {
    fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    /// The registry of special-purpose addresses (RFC 6890).
    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [127, ..] => Self::Loopback,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] | [169, 254, ..] => Self::Private,
            // This network, protocol assignments, documentation, 6to4 relays, benchmarks, multicast, reserved.
            [0, ..] | [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18..=19, ..] => Self::Nowhere,
            [198, 51, 100, _] | [203, 0, 113, _] | [224..=255, ..] => Self::Nowhere,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let v4 = |high: u16, low: u16| Self::of_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            // Mapped IPv4, and the well-known prefix that translators use for it (RFC 6052).
            [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
            [0xfc00..=0xfdff, ..] | [0xfe80..=0xfeff, ..] | [0x64, 0xff9b, 1, ..] => Self::Private,
            // Teredo and other protocol assignments, ORCHID, documentation (twice).
            [0x2001, 0..=0x01ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Self::Nowhere,
            // 6to4 carries an IPv4 address (RFC 3056).
            [0x2002, high, low, ..] => v4(high, low),
            // Global unicast; all else is reserved, multicast or a form that is no longer used.
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Nowhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        use Reach::*;
        let table = [
            (
                Public,
                "9.255.255.255 11.0.0.0 172.15.0.1 172.32.0.1 192.167.1.1 192.169.0.1 100.63.0.1 100.128.0.1 8.8.8.8",
            ),
            (
                Public,
                "223.255.255.255 2001:4860:4860::8888 2606:4700::1 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1",
            ),
            (
                Private,
                "10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 100.127.1.1 169.254.169.254",
            ),
            (
                Private,
                "fc00::1 fdff::1 fe80::1 febf::1 fec0::1 ::ffff:10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 2002:a00:1::",
            ),
            (Loopback, "127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1"),
            (Nowhere, "0.0.0.0 0.1.2.3 192.0.0.1 192.0.2.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1"),
            (Nowhere, "224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 192.88.99.1"),
            (
                Nowhere,
                ":: ::2 ::7f00:1 ::ffff:0.0.0.0 ff02::1 2001::1 2001:db8::1 3fff::1 100::1 4000::1 ::ffff:255.255.255.255",
            ),
        ];
        for (reach, addresses) in table {
            for address in addresses.split(' ') {
                assert_eq!(Reach::of(address.parse().unwrap()), reach, "{address}");
            }
        }
    }

    #[test]
    fn each_permission_opens_its_own_addresses() {
        let [loopback, private, public, nowhere] =
            ["127.0.0.1", "10.0.0.1", "8.8.8.8", "0.0.0.0"].map(|text| text.parse::<IpAddr>().unwrap());
        let permitted = |policy: Policy| [loopback, private, public, nowhere].map(|address| policy.permits(address));

        assert_eq!(permitted(Policy::default()), [false, false, true, false]);
        assert_eq!(permitted(Policy::public().allow_loopback()), [true, false, true, false]);
        assert_eq!(permitted(Policy::public().allow_private()), [false, true, true, false]);
        assert_eq!(permitted(Policy::public().allow_private().allow_loopback()), [true, true, true, false]);
    }
}
