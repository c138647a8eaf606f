//! How much memory and time a guest gets.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use wasmtime::{ResourceLimiter, Result, Store, UpdateDeadline, format_err};

/// How often a guest that computes is interrupted, to let others run and to count its time.
pub const TICK: Duration = Duration::from_millis(20);

/// The most keys of its host that a guest may hold: for records two to each connection, and in a handshake one that is agreed.
/// The command has up to 64 sessions, of two connections each.
pub const MOST_KEYS: usize = 1024;

/// The linear memory of one store, and the most that it may become.
#[derive(Debug)]
pub struct Memory {
    used: Arc<AtomicUsize>,
    most: usize,
    refused: bool,
}

impl Memory {
    pub fn new(most: usize) -> Self {
        Self { used: Arc::default(), most, refused: false }
    }

    /// Bytes in use, to be read from outside; 0 once the store is gone.
    pub fn used(&self) -> Arc<AtomicUsize> {
        self.used.clone()
    }

    /// The limit, when the guest has run into it.
    pub fn refused(&self) -> Option<usize> {
        self.refused.then_some(self.most)
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let used = self.used.load(Ordering::Relaxed) + (desired - current);
        if used > self.most {
            self.refused = true;
            return Ok(false);
        }
        self.used.store(used, Ordering::Relaxed);
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(desired <= 100_000)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.used.store(0, Ordering::Relaxed);
    }
}

/// How long a guest has computed without waiting for anything.
#[derive(Debug, Clone, Default)]
pub struct Busy(Arc<Ticks>);

#[derive(Debug, Default)]
struct Ticks {
    count: AtomicU32,
    interrupted: AtomicBool,
}

impl Busy {
    /// Interrupt the guests of this store at each tick, and stop them when they compute for longer than `limit`.
    pub fn limit<T: 'static>(&self, store: &mut Store<T>, limit: Duration) {
        let ticks = self.0.clone();
        let most = limit.as_millis().div_ceil(TICK.as_millis());
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            ticks.interrupted.store(true, Ordering::Relaxed);
            match u128::from(ticks.count.fetch_add(1, Ordering::Relaxed)) < most {
                true => Ok(UpdateDeadline::Yield(1)),
                false => Err(format_err!("it computed for {limit:?} without waiting for anything")),
            }
        });
    }

    /// Run a call into the guest. Each time that it waits, rather than being interrupted, its time starts anew.
    pub async fn watch<F: Future>(&self, call: F) -> F::Output {
        let mut call = pin!(call);
        self.0.count.store(0, Ordering::Relaxed);
        poll_fn(|context| {
            self.0.interrupted.store(false, Ordering::Relaxed);
            let poll = call.as_mut().poll(context);
            if poll.is_pending() && !self.0.interrupted.load(Ordering::Relaxed) {
                self.0.count.store(0, Ordering::Relaxed);
            }
            poll
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, Instance, Module, TypedFunc};

    use super::*;

    const GUEST: &str = r#"(module
        (import "" "wait" (func $wait))
        (memory (export "memory") 1)
        (func (export "spin") (loop br 0))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "work") (param $rounds i32) (local $left i32)
            (loop $round
                (local.set $left (i32.const 20000000))
                (loop $busy (br_if $busy (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
                (call $wait)
                (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))))"#;

    struct Guest {
        store: Store<Memory>,
        instance: Instance,
        busy: Busy,
        /// What moves the clock, as the host's thread does.
        _ticks: tokio::task::AbortHandle,
    }

    async fn guest(memory: usize, limit: Duration) -> Guest {
        let engine = Engine::new(&ftp_artifacts::config()).unwrap();
        let module = Module::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
        let mut store = Store::new(&engine, Memory::new(memory));
        store.limiter(|memory| memory);
        let busy = Busy::default();
        busy.limit(&mut store, limit);
        let wait = wasmtime::Func::wrap_async(&mut store, |_, ()| Box::new(tokio::task::yield_now()));
        let instance = Instance::new_async(&mut store, &module, &[wait.into()]).await.unwrap();
        let ticks = tokio::spawn(async move {
            loop {
                engine.increment_epoch();
                tokio::task::yield_now().await;
            }
        });
        Guest { store, instance, busy, _ticks: ticks.abort_handle() }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_guest_that_spins_is_stopped_and_others_run_meanwhile() {
        let Guest { mut store, instance, busy, .. } = guest(1 << 20, TICK * 1000).await;
        let spin: TypedFunc<(), ()> = instance.get_typed_func(&mut store, "spin").unwrap();

        let error = busy.watch(spin.call_async(&mut store, ())).await.unwrap_err();

        assert!(error.root_cause().to_string().contains("without waiting"), "{error:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_guest_that_waits_now_and_then_may_go_on() {
        let Guest { mut store, instance, busy, .. } = guest(1 << 20, Duration::MAX).await;
        let work: TypedFunc<i32, ()> = instance.get_typed_func(&mut store, "work").unwrap();

        busy.watch(work.call_async(&mut store, 3)).await.unwrap();

        assert_eq!(busy.0.count.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn memory_ends_at_its_limit() {
        let Guest { mut store, instance, .. } = guest(3 * 65536, Duration::MAX).await;
        let used = store.data().used();
        let grow: TypedFunc<i32, i32> = instance.get_typed_func(&mut store, "grow").unwrap();

        assert_eq!(grow.call_async(&mut store, 2).await.unwrap(), 1);
        assert_eq!((used.load(Ordering::Relaxed), store.data().refused()), (3 * 65536, None));
        assert_eq!(grow.call_async(&mut store, 1).await.unwrap(), -1);
        assert_eq!(store.data().refused(), Some(3 * 65536));
        drop(store);
        assert_eq!(used.load(Ordering::Relaxed), 0);
    }
}
