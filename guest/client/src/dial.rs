//! One connection out of several addresses (RFC 8305).

use crate::error::{Error, Phase};
use crate::limit::within;
use crate::network::{Network, NetworkError};
use crate::settings::{ATTEMPT_DELAY, MAX_ADDRESSES, Settings};
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::net::{IpAddr, SocketAddr};
use core::task::Poll;

/// Look the host up and connect to the first of its addresses that answers.
pub(crate) async fn dial<N: Network>(
    network: &N,
    settings: &Settings,
    host: &str,
    port: u16,
) -> Result<N::Stream, Error> {
    let limit = settings.connect_timeout;
    let addresses = within(network, limit, Phase::Resolve, async { Ok(network.resolve(host).await?) }).await?;
    let addresses = in_order(addresses, settings.local_address);
    if addresses.is_empty() {
        return Err(Error::NameUnresolvable(format!("no usable address for {host}")));
    }
    within(network, limit, Phase::Connect, async {
        Ok(first_of(network, &addresses, port, settings.local_address).await?)
    })
    .await
}

/// IPv6 and IPv4 in turn, beginning with the kind that was preferred (RFC 8305, section 4); only the kind of the local
/// address where there is one.
fn in_order(addresses: Vec<IpAddr>, local: Option<IpAddr>) -> Vec<IpAddr> {
    let first_is_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (mut first, mut second): (Vec<IpAddr>, Vec<IpAddr>) = addresses
        .into_iter()
        .filter(|address| local.is_none_or(|local| local.is_ipv6() == address.is_ipv6()))
        .partition(|address| address.is_ipv6() == first_is_v6);
    first.reverse();
    second.reverse();
    let mut ordered = Vec::new();
    while ordered.len() < MAX_ADDRESSES {
        let before = ordered.len();
        ordered.extend(first.pop());
        ordered.extend(second.pop());
        if ordered.len() == before {
            break;
        }
    }
    ordered.truncate(MAX_ADDRESSES);
    ordered
}

enum Event<S> {
    Connected(S),
    Failed(NetworkError),
    Delayed,
}

/// Start an attempt, and another one each time that one fails or a delay has passed, until one is connected. The error
/// is that of the attempt which failed last.
async fn first_of<N: Network>(
    network: &N,
    addresses: &[IpAddr],
    port: u16,
    local: Option<IpAddr>,
) -> Result<N::Stream, NetworkError> {
    let mut remaining = addresses.iter();
    let mut attempts = Vec::new();
    loop {
        let next = remaining.next();
        if let Some(&address) = next {
            attempts.push(Box::pin(network.connect(SocketAddr::new(address, port), local)));
        }
        let mut delay = next.map(|_| Box::pin(network.sleep(ATTEMPT_DELAY)));
        let event = poll_fn(|cx| {
            for (index, attempt) in attempts.iter_mut().enumerate() {
                if let Poll::Ready(result) = attempt.as_mut().poll(cx) {
                    drop(attempts.swap_remove(index));
                    return Poll::Ready(result.map_or_else(Event::Failed, Event::Connected));
                }
            }
            match &mut delay {
                Some(delay) => delay.as_mut().poll(cx).map(|()| Event::Delayed),
                None => Poll::Pending,
            }
        })
        .await;
        match event {
            Event::Connected(stream) => return Ok(stream),
            Event::Failed(error) if attempts.is_empty() && remaining.len() == 0 => return Err(error),
            Event::Failed(_) | Event::Delayed => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn kinds_of_addresses_take_turns() {
        let addresses = vec![ip("2001:db8::1"), ip("2001:db8::2"), ip("192.0.2.1"), ip("2001:db8::3")];
        let expected = ["2001:db8::1", "192.0.2.1", "2001:db8::2", "2001:db8::3"].map(ip);
        assert_eq!(in_order(addresses, None), expected);
    }

    #[test]
    fn a_local_address_leaves_only_its_own_kind() {
        let addresses = vec![ip("2001:db8::1"), ip("192.0.2.1"), ip("192.0.2.2")];
        assert_eq!(in_order(addresses, Some(ip("192.0.2.9"))), [ip("192.0.2.1"), ip("192.0.2.2")]);
    }

    #[test]
    fn the_number_of_addresses_is_bounded() {
        let addresses = (0..100).map(|n| IpAddr::from([192, 0, 2, n])).collect();
        assert_eq!(in_order(addresses, None).len(), MAX_ADDRESSES);
    }
}
