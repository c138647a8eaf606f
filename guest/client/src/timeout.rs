//! Waiting with a limit, and for several things at a time.
//!
//! Of `futures-util`, which has all of these, `join` is used. Its `select` and `now_or_never` make the component larger. Its
//! `join_all` polls, of more than 30 futures, only those that were woken; on WASI none is woken, and all are polled again.

use crate::error::{Error, Phase};
use crate::network::Network;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::{pending, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use core::time::Duration;

pub(crate) use futures_util::future::join;

/// Do the work, or give it up when the limit, if there is one, runs out. The clock starts when the work first has to
/// wait.
///
/// A future is copied whole each time that it is moved, and it is moved in here: what is large, or done often, is best pinned
/// before.
pub async fn timeout<N: Network, T>(
    network: &N,
    limit: impl Into<Option<Duration>>,
    phase: Phase,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let work = pin!(work);
    let limit = limit.into();
    let alarm = pin!(async {
        match limit {
            Some(limit) => network.sleep(limit).await,
            None => pending().await,
        }
    });
    match select(work, alarm).await {
        Either::First(result) => result,
        Either::Second(()) => Err(Error::Timeout(phase)),
    }
}

/// Do the work within what is left of a limit that several works have together.
pub(crate) async fn spend<N: Network, T>(
    network: &N,
    left: &mut Duration,
    phase: Phase,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let begun = network.now();
    let result = timeout(network, *left, phase, work).await;
    *left = left.saturating_sub(network.now().saturating_sub(begun));
    result
}

/// Do the work of a whole call, within its limit. None when that runs out.
pub(crate) async fn whole_call<N: Network, T>(
    network: &N,
    limit: Option<Duration>,
    work: Pin<&mut dyn Future<Output = T>>,
) -> Option<T> {
    let work = async { Ok(work.await) };
    timeout(network, limit, Phase::Total, work).await.ok()
}

/// The first of two to be done.
pub(crate) enum Either<A, B> {
    First(A),
    Second(B),
}

/// Wait for the first of two; the other is dropped. When both are done it is the first one.
pub(crate) async fn select<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> Either<A, B> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|cx| match first.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Either::First(value)),
        Poll::Pending => second.as_mut().poll(cx).map(Either::Second),
    })
    .await
}

pub(crate) fn ready<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Yield once, so that enclosing timeouts are polled. Without this, a loop that never blocks starves them.
pub async fn yield_now() {
    let mut waited = false;
    poll_fn(|cx| {
        if core::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What the work gives at once, without waiting for anything.
pub(crate) fn now_or_never<T>(work: impl Future<Output = T>) -> Option<T> {
    ready(pin!(work).poll(&mut Context::from_waker(Waker::noop())))
}

/// Wait for all. Each is polled whenever anything happens: there are few.
pub async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| Running::Waits(Box::pin(future))).collect();
    poll_fn(|cx| {
        let mut all = true;
        for one in &mut running {
            if let Running::Waits(future) = one {
                match future.as_mut().poll(cx) {
                    Poll::Ready(output) => *one = Running::Is(output),
                    Poll::Pending => all = false,
                }
            }
        }
        if all { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    let output = |one| match one {
        Running::Is(output) => Some(output),
        Running::Waits(_) => None,
    };
    running.into_iter().filter_map(output).collect()
}

enum Running<F: Future> {
    Waits(Pin<Box<F>>),
    Is(F::Output),
}
