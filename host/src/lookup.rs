//! `wasi:sockets/ip-name-lookup`, answered by the host itself: only for the hosts that were named, and once for each.

use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddress};
use wasmtime_wasi::p2::{DynPollable, Network, subscribe};
use wasmtime_wasi::runtime::spawn;

use crate::answers::Answers;
use crate::bindings::wasi::sockets::ip_name_lookup::{Host, HostResolveAddressStream};
use crate::grants::{Answer, Grants};
use crate::instance::State;

impl Host for State {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> Result<Result<Resource<Answers>, ErrorCode>> {
        self.table.get(&network)?;
        let Some(name) = self.grants.named(&name) else {
            return Ok(Err(ErrorCode::AccessDenied));
        };
        let answers = match self.grants.answer(&name) {
            Some(answer) => Answers::from(answer),
            None => Answers::Pending(spawn(look_up(self.grants.clone(), name))),
        };
        Ok(Ok(self.table.push(answers)?))
    }
}

impl HostResolveAddressStream for State {
    fn resolve_next_address(&mut self, this: Resource<Answers>) -> Result<Result<Option<IpAddress>, ErrorCode>> {
        Ok(match self.table.get_mut(&this)? {
            Answers::Pending(_) => Err(ErrorCode::WouldBlock),
            Answers::Ready(Ok(addresses)) => Ok(addresses.next().map(IpAddress::from)),
            Answers::Ready(Err(code)) => Err(*code),
        })
    }

    fn subscribe(&mut self, this: Resource<Answers>) -> Result<Resource<DynPollable>> {
        subscribe(&mut self.table, this)
    }

    fn drop(&mut self, this: Resource<Answers>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

/// Ask the system for the addresses of a host that was named.
pub async fn look_up(grants: Grants, name: String) -> Answer {
    let found = match tokio::net::lookup_host((name.as_str(), 0)).await {
        Ok(found) => found.map(|address| address.ip()).collect(),
        Err(_) => Vec::new(),
    };
    grants.remember(&name, found)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use wasmtime_wasi::p2::Pollable as _;
    use wasmtime_wasi::p2::bindings::sockets::instance_network::Host as _;
    use wasmtime_wasi::sockets::WasiSocketsView as _;

    use super::*;
    use crate::policy::Policy;

    /// What a guest gets that looks `name` up in a store that may connect to `localhost`.
    async fn looked_up(policy: Policy, name: &str) -> Result<Vec<IpAddr>, ErrorCode> {
        let grants = Grants::new(policy, None);
        for name in ["localhost", "127.0.0.1", "nothing.invalid"] {
            grants.name(name, 21);
        }
        let mut state = State::new(grants, 0);
        let network = state.sockets().instance_network().unwrap();
        let answers = state.resolve_addresses(network, name.into()).unwrap()?;
        state.table.get_mut(&answers).unwrap().ready().await;

        let mut addresses = Vec::new();
        while let Some(address) = state.resolve_next_address(Resource::new_borrow(answers.rep())).unwrap()? {
            addresses.push(match address {
                IpAddress::Ipv4((a, b, c, d)) => [a, b, c, d].into(),
                IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => [a, b, c, d, e, f, g, h].into(),
            });
        }
        Ok(addresses)
    }

    #[tokio::test]
    async fn only_named_hosts_are_looked_up() {
        let policy = Policy::default().allow_loopback();
        let loopback = IpAddr::from([127, 0, 0, 1]);

        assert_eq!(looked_up(policy.clone(), "127.0.0.1").await.unwrap(), [loopback]);
        assert!(looked_up(policy.clone(), "LOCALHOST").await.unwrap().contains(&loopback));
        assert_eq!(looked_up(policy.clone(), "127.0.0.2").await, Err(ErrorCode::AccessDenied));
        assert_eq!(looked_up(policy.clone(), "ip6-localhost").await, Err(ErrorCode::AccessDenied));
        assert_eq!(looked_up(policy, "nothing.invalid").await, Err(ErrorCode::NameUnresolvable));
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_refused_address_is_denied() {
        assert_eq!(looked_up(Policy::default(), "localhost").await, Err(ErrorCode::AccessDenied));
        assert_eq!(looked_up(Policy::default(), "127.0.0.1").await, Err(ErrorCode::AccessDenied));
    }
}
