//! Connections to the server: one out of several addresses (RFC 8305), directly or through a proxy.

use crate::error::{Error, FailureKind, Phase};
use crate::limits::{ATTEMPT_DELAY, MAX_ADDRESSES};
use crate::network::{Network, NetworkError, Stream};
use crate::proxy::{self, Proxy, Target};
use crate::settings::Settings;
use crate::timeout::{spend, timeout};
use alloc::boxed::Box;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::net::{IpAddr, SocketAddr};
use core::task::Poll;
use core::time::Duration;
use ftp_types::{Cause, ResolveCause};

/// A control connection to the host, in what is left of this time; to the address of an earlier one, if there was one: the
/// host's, or the proxy's.
pub(crate) async fn dial<N: Network>(
    network: &N,
    settings: &Settings,
    left: &mut Duration,
    peer: Option<IpAddr>,
    host: &str,
    port: u16,
) -> Result<N::Stream, Error> {
    let addresses = async |host| match peer {
        Some(peer) => Ok(vec![peer]),
        None => look_up(network, settings, host).await,
    };
    let Some(proxy) = &settings.proxy else {
        let addresses = addresses(host).await?;
        let connecting = first_of(network, &addresses, port, settings.local_address);
        return spend(network, left, Phase::Connect, async { Ok(connecting.await?) }).await;
    };
    let (server, target) = (proxy.server(), Target::new(host, port)?);
    let addresses = addresses(&server.host).await.map_err(of_the_proxy)?;
    let connecting = first_of(network, &addresses, server.port, settings.local_address);
    spend(network, left, Phase::Connect, through(proxy, connecting, &target)).await
}

/// One more connection to the host, in this time. `peer` is the address to which the first one went: the host's, or the
/// proxy's.
pub(crate) async fn dial_again<N: Network>(
    network: &N,
    settings: &Settings,
    limit: Duration,
    peer: IpAddr,
    host: &str,
    port: u16,
) -> Result<N::Stream, Error> {
    let connect = |port| network.connect(SocketAddr::new(peer, port), settings.local_address);
    let Some(proxy) = &settings.proxy else {
        return timeout(network, limit, Phase::DataConnection, async { Ok(connect(port).await?) }).await;
    };
    let (server, target) = (proxy.server(), Target::new(host, port)?);
    timeout(network, limit, Phase::DataConnection, through(proxy, connect(server.port), &target)).await
}

async fn through<S: Stream>(
    proxy: &Proxy,
    connecting: impl Future<Output = Result<S, NetworkError>>,
    target: &Target,
) -> Result<S, Error> {
    let mut stream = connecting.await.map_err(|error| of_the_proxy(error.into()))?;
    proxy::open(proxy, &mut stream, target).await?;
    Ok(stream)
}

/// It was the way to the proxy that failed.
fn of_the_proxy(error: Error) -> Error {
    use FailureKind::{AccessDenied, ConnectionLost, ConnectionRefused, NameUnresolvable};
    match error {
        Error::Failed {
            kind: kind @ (NameUnresolvable | AccessDenied | ConnectionRefused | ConnectionLost),
            text,
            cause,
        } => Error::Failed { kind, text: format!("the proxy: {text}"), cause },
        other => other,
    }
}

async fn look_up<N: Network>(network: &N, settings: &Settings, host: &str) -> Result<Vec<IpAddr>, Error> {
    let limit = settings.connect_timeout;
    let addresses = timeout(network, limit, Phase::Resolve, async { Ok(network.resolve(host).await?) }).await?;
    let addresses = in_order(addresses, settings.local_address);
    if addresses.is_empty() {
        let error = Error::name_unresolvable(format!("no usable address for {host}"));
        return Err(error.with_cause(Cause::Resolve(ResolveCause::NoAddress)));
    }
    Ok(addresses)
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
                    drop(attempts.remove(index));
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
