//! What the sessions of one store may reach now: the hosts that were named, and the addresses they resolved to.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime_wasi::sockets::SocketAddrUse;

use crate::policy::Policy;
use ftp_protocol::address::host_literal;

/// The first port that needs no privilege.
const FIRST_PORT: u16 = 1024;

/// Shared by the host's side of a connector, the look-ups and the check of every socket.
#[derive(Debug, Clone)]
pub struct Grants(Arc<Mutex<Granted>>);

#[derive(Debug)]
struct Granted {
    policy: Policy,
    local: Option<IpAddr>,
    hosts: HashMap<String, Named>,
    /// There is a proxy, beside which nothing is granted.
    only: bool,
    listening: Vec<RangeInclusive<u16>>,
    /// Addresses that were connected to, each in the zone that it was in.
    connected: HashMap<IpAddr, u32>,
}

#[derive(Debug, Default)]
struct Named {
    ports: HashSet<u16>,
    /// It has data ports too.
    serves_data: bool,
    answer: Option<Answer>,
}

/// What looking up a name gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These addresses, each acceptable to the policy.
    Addresses(Vec<IpAddr>),
    /// None that is acceptable.
    Refused,
    /// None at all.
    Unknown,
}

impl Grants {
    pub fn new(policy: Policy, local: Option<IpAddr>) -> Self {
        let (hosts, listening, connected) = (HashMap::new(), Vec::new(), HashMap::new());
        Self(Arc::new(Mutex::new(Granted { policy, local, hosts, only: false, listening, connected })))
    }

    /// Permit connections to this host at this port and at the data ports, and its name to be looked up. An IP address is
    /// its own answer. Nothing new where there is a proxy.
    pub fn name(&self, host: &str, port: u16) {
        if !self.lock().only {
            self.grant(host, port, true);
        }
    }

    /// Permit connections to this proxy at this port, its name to be looked up, and nothing else from now on.
    pub fn only(&self, host: &str, port: u16) {
        let mut granted = self.lock();
        granted.only = true;
        granted.hosts.clear();
        granted.listening.clear();
        drop(granted);
        self.grant(host, port, false);
    }

    fn grant(&self, host: &str, port: u16, serves_data: bool) {
        let name = normal(host);
        let mut granted = self.lock();
        let named = granted.hosts.entry(name.clone()).or_default();
        named.ports.insert(port);
        named.serves_data |= serves_data;
        drop(granted);
        if let Ok(address) = name.parse() {
            self.remember(&name, vec![address]);
        }
    }

    /// Permit listening at those of these ports that need no privilege, for active mode, which is none where there is a proxy:
    /// at the addresses from which hosts are connected to.
    pub fn listen(&self, ports: RangeInclusive<u16>) {
        let mut granted = self.lock();
        let ports = *ports.start().max(&FIRST_PORT)..=*ports.end();
        if !granted.only && !ports.is_empty() && !granted.listening.contains(&ports) {
            granted.listening.push(ports);
        }
    }

    /// The form of `name` in which it may be looked up, when it is the name of a host that was named.
    pub fn named(&self, name: &str) -> Option<String> {
        let name = normal(name);
        self.lock().hosts.contains_key(&name).then_some(name)
    }

    /// What is remembered about a name.
    pub fn answer(&self, name: &str) -> Option<Answer> {
        self.lock().hosts.get(name)?.answer.clone()
    }

    /// Remember what a name resolved to, unless something already is, and grant what the policy accepts of it. That
    /// nothing was found is not remembered: it may be there the next time.
    pub fn remember(&self, name: &str, found: Vec<IpAddr>) -> Answer {
        let mut granted = self.lock();
        let answer = granted.judge(found);
        match granted.hosts.get_mut(name) {
            Some(named) if answer == Answer::Unknown => named.answer.clone().unwrap_or(answer),
            Some(named) => named.answer.get_or_insert(answer).clone(),
            None => Answer::Refused,
        }
    }

    /// Whether a socket may be used so.
    pub fn permit(&self, address: SocketAddr, used: SocketAddrUse) -> bool {
        let mut granted = self.lock();
        let (ip, port) = (address.ip().to_canonical(), address.port());
        match used {
            SocketAddrUse::TcpConnect => {
                let is_permitted = granted.reaches(ip, port);
                if is_permitted {
                    granted.connected.insert(ip, zone(address));
                }
                is_permitted
            }
            // WASI asks for the wildcard before each connect that was not bound.
            SocketAddrUse::TcpBind if port == 0 && (ip.is_unspecified() || granted.local == Some(ip)) => true,
            SocketAddrUse::TcpBind if port == 0 => !granted.listening.is_empty() && granted.is_own(ip),
            SocketAddrUse::TcpBind | SocketAddrUse::TcpListen => granted.listens(port) && granted.is_own(ip),
            SocketAddrUse::TcpAccept => !granted.listening.is_empty() && granted.knows(ip),
            _ => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Granted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Granted {
    fn judge(&self, found: Vec<IpAddr>) -> Answer {
        if found.is_empty() {
            return Answer::Unknown;
        }
        let mut accepted: Vec<IpAddr> = Vec::new();
        for address in found.into_iter().map(|address| address.to_canonical()) {
            if self.policy.permits(address) && !accepted.contains(&address) {
                accepted.push(address);
            }
        }
        match accepted.is_empty() {
            true => Answer::Refused,
            false => Answer::Addresses(accepted),
        }
    }

    fn reaches(&self, ip: IpAddr, port: u16) -> bool {
        let data_port = self.policy.permits_data_port(port);
        let open = |named: &Named| named.serves_data && data_port || named.ports.contains(&port);
        self.hosts.values().any(|named| named.leads_to(ip) && open(named))
    }

    fn knows(&self, ip: IpAddr) -> bool {
        self.hosts.values().any(|named| named.leads_to(ip))
    }

    fn listens(&self, port: u16) -> bool {
        self.listening.iter().any(|ports| ports.contains(&port))
    }

    /// Whether it is this side's address of a connection to a host.
    fn is_own(&self, ip: IpAddr) -> bool {
        match self.local {
            Some(local) => local.to_canonical() == ip && !ip.is_unspecified(),
            None => self.connected.iter().any(|(host, zone)| source(*host, *zone) == Some(ip)),
        }
    }
}

/// The zone of a link-local address.
fn zone(address: SocketAddr) -> u32 {
    match address {
        SocketAddr::V4(_) => 0,
        SocketAddr::V6(address) => address.scope_id(),
    }
}

/// The address from which the system connects to another one. No packet is sent.
fn source(remote: IpAddr, zone: u32) -> Option<IpAddr> {
    let (any, remote): (IpAddr, SocketAddr) = match remote {
        IpAddr::V4(remote) => (Ipv4Addr::UNSPECIFIED.into(), (remote, 9).into()),
        IpAddr::V6(remote) => (Ipv6Addr::UNSPECIFIED.into(), SocketAddrV6::new(remote, 9, 0, zone).into()),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(remote).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

impl Named {
    fn leads_to(&self, ip: IpAddr) -> bool {
        matches!(&self.answer, Some(Answer::Addresses(addresses)) if addresses.contains(&ip))
    }
}

/// One spelling for each host: lower case, the ASCII form of international names, plain IP addresses without brackets.
fn normal(host: &str) -> String {
    if let Ok(address) = host_literal(host).parse::<IpAddr>() {
        return address.to_canonical().to_string();
    }
    match url::Host::parse(host) {
        Ok(host) => host.to_string(),
        Err(_) => host.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8));

    fn grants() -> Grants {
        let grants = Grants::new(Policy::default().data_ports(5000..=5999), None);
        grants.name("ftp.example", 21);
        assert_eq!(grants.remember("ftp.example", vec![SERVER]), Answer::Addresses(vec![SERVER]));
        grants
    }

    fn permits(grants: &Grants, address: &str, used: SocketAddrUse) -> bool {
        grants.permit(address.parse().unwrap(), used)
    }

    #[test]
    fn only_the_named_port_and_the_data_ports_of_a_granted_address_are_reached() {
        let grants = grants();
        let connects = |address| permits(&grants, address, SocketAddrUse::TcpConnect);

        assert!(connects("8.8.8.8:21") && connects("8.8.8.8:5000") && connects("[::ffff:8.8.8.8]:5999"));
        assert!(!connects("8.8.8.8:22") && !connects("8.8.8.8:6000") && !connects("8.8.4.4:21"));
    }

    #[test]
    fn beside_a_proxy_nothing_is_reached() {
        let grants = grants();
        grants.listen(40000..=40009);
        let proxy: IpAddr = [8, 8, 4, 4].into();
        grants.only("proxy.example", 5080);
        grants.remember("proxy.example", vec![proxy]);
        grants.name("ftp.example", 21);
        grants.name("8.8.8.8", 21);
        grants.listen(40000..=40009);

        let connects = |address| permits(&grants, address, SocketAddrUse::TcpConnect);
        assert!(connects("8.8.4.4:5080") && connects("[::ffff:8.8.4.4]:5080"));
        for address in ["8.8.4.4:5081", "8.8.4.4:21", "8.8.8.8:21", "8.8.8.8:5000", "8.8.8.8:5080"] {
            assert!(!connects(address), "{address}");
        }
        assert_eq!(grants.named("ftp.example"), None);
        assert_eq!(grants.remember("ftp.example", vec![SERVER]), Answer::Refused);
        assert!(!permits(&grants, "0.0.0.0:40000", SocketAddrUse::TcpListen));
        assert!(!permits(&grants, "8.8.4.4:20", SocketAddrUse::TcpAccept));
    }

    #[test]
    fn proxy_that_the_policy_refuses_is_not_reached() {
        let grants = Grants::new(Policy::default(), None);
        grants.only("10.0.0.1", 1080);
        assert!(!permits(&grants, "10.0.0.1:1080", SocketAddrUse::TcpConnect));
        assert_eq!(grants.answer("10.0.0.1"), Some(Answer::Refused));
    }

    /// This machine as a server, connected to.
    fn connected() -> Grants {
        let grants = Grants::new(Policy::default().allow_loopback(), None);
        grants.name("127.0.0.1", 21);
        assert!(permits(&grants, "127.0.0.1:21", SocketAddrUse::TcpConnect));
        grants
    }

    #[test]
    fn listening_needs_active_mode() {
        let grants = connected();
        let used = [
            ("0.0.0.0:0", SocketAddrUse::TcpBind, true),
            ("127.0.0.1:0", SocketAddrUse::TcpBind, false),
            ("127.0.0.1:40000", SocketAddrUse::TcpBind, false),
            ("127.0.0.1:40000", SocketAddrUse::TcpListen, false),
            ("127.0.0.1:20", SocketAddrUse::TcpAccept, false),
        ];
        for (address, used, expected) in used {
            assert_eq!(permits(&grants, address, used), expected, "{used:?} {address}");
        }
        grants.listen(40000..=40009);
        for (address, used, _) in used {
            assert!(permits(&grants, address, used), "{used:?} {address}");
        }
        assert!(!permits(&grants, "127.0.0.1:40010", SocketAddrUse::TcpListen));
        assert!(!permits(&grants, "127.0.0.1:40010", SocketAddrUse::TcpBind));
        assert!(!permits(&grants, "8.8.4.4:20", SocketAddrUse::TcpAccept));
    }

    #[test]
    fn listening_is_at_the_address_from_which_the_host_is_reached() {
        let grants = connected();
        grants.listen(1024..=u16::MAX);
        for used in [SocketAddrUse::TcpBind, SocketAddrUse::TcpListen] {
            assert!(permits(&grants, "127.0.0.1:40000", used) && permits(&grants, "[::ffff:127.0.0.1]:40000", used));
            for address in ["0.0.0.0:40000", "[::]:40000", "127.0.0.2:40000", "10.0.0.1:40000", "[::1]:40000"] {
                assert!(!permits(&grants, address, used), "{used:?} {address}");
            }
        }
        let unconnected = Grants::new(Policy::default().allow_loopback(), None);
        unconnected.name("127.0.0.1", 21);
        unconnected.listen(1024..=u16::MAX);
        assert!(!permits(&unconnected, "127.0.0.1:40000", SocketAddrUse::TcpListen));

        let local = Grants::new(Policy::default().allow_loopback(), Some([127, 0, 0, 9].into()));
        local.listen(1024..=u16::MAX);
        assert!(permits(&local, "127.0.0.9:40000", SocketAddrUse::TcpListen));
        assert!(!permits(&local, "127.0.0.1:40000", SocketAddrUse::TcpListen));
    }

    #[test]
    fn listening_is_from_port_1024_on() {
        let grants = connected();
        for ports in [1..=1023, 0..=u16::MAX, 20..=21] {
            grants.listen(ports);
        }
        for (port, expected) in [(21, false), (1023, false), (1024, true), (65535, true)] {
            let address = format!("127.0.0.1:{port}");
            assert_eq!(permits(&grants, &address, SocketAddrUse::TcpListen), expected, "{address}");
        }
        let none = connected();
        none.listen(20..=21);
        assert!(!permits(&none, "127.0.0.1:21", SocketAddrUse::TcpBind));
        assert!(!permits(&none, "127.0.0.1:1024", SocketAddrUse::TcpBind));
        assert!(!permits(&none, "127.0.0.1:0", SocketAddrUse::TcpBind));
    }

    #[test]
    fn datagrams_are_never_permitted() {
        for used in [SocketAddrUse::UdpBind, SocketAddrUse::UdpSend, SocketAddrUse::UdpReceive] {
            assert!(!permits(&grants(), "8.8.8.8:21", used) && !permits(&grants(), "0.0.0.0:0", used));
        }
    }

    #[test]
    fn the_first_answer_stays() {
        let other: IpAddr = [8, 8, 4, 4].into();

        assert_eq!(grants().remember("ftp.example", vec![other]), Answer::Addresses(vec![SERVER]));
        assert_eq!(grants().remember("not.named", vec![other]), Answer::Refused);
    }

    #[test]
    fn private_addresses_are_dropped_from_an_answer() {
        let grants = Grants::new(Policy::default(), None);
        let private: IpAddr = [10, 0, 0, 1].into();
        for name in ["mixed", "inside", "nothing"] {
            grants.name(name, 21);
        }

        assert_eq!(grants.remember("mixed", vec![private, SERVER, SERVER]), Answer::Addresses(vec![SERVER]));
        assert_eq!(grants.remember("inside", vec![private]), Answer::Refused);
        assert_eq!(grants.remember("nothing", vec![]), Answer::Unknown);
    }

    #[test]
    fn a_host_has_one_spelling() {
        let grants = Grants::new(Policy::default(), None);
        for name in ["FTP.Example", "[::1]", "bücher.example"] {
            grants.name(name, 21);
        }

        for name in ["ftp.example", "::1", "[::1]", "0:0::1", "BÜCHER.example", "xn--bcher-kva.example"] {
            assert!(grants.named(name).is_some(), "{name}");
        }
        assert_eq!(grants.named("example"), None);
    }
}
