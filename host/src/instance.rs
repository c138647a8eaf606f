//! One store with one instance of the component, and the way in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{MutexGuard, OwnedSemaphorePermit};
use wasmtime::Store;
use wasmtime::component::{ResourceAny, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::bindings::{Client, ClientPre};
use crate::error::Error;
use crate::grants::Grants;
use crate::keys::Keys;
use crate::limits::{Busy, MOST_KEYS, Memory};
use crate::options::Options;
use crate::types::DataMode;

/// The most sockets, streams and the like that a guest may hold: two sessions need a few dozen.
const MOST_RESOURCES: usize = 1000;

/// Returns the width of the window as it is now.
#[cfg(feature = "command")]
pub type Columns = Box<dyn Fn() -> Option<u16> + Send>;

/// What the host's side of a store holds.
pub struct State {
    pub table: ResourceTable,
    /// Keys of the guest, in a table of their own: they take no room from sockets, and none of theirs.
    pub keys: ResourceTable,
    pub grants: Grants,
    wasi: WasiCtx,
    memory: Memory,
    /// The width of the window now, for commands.
    #[cfg(feature = "command")]
    pub columns: Option<Columns>,
}

impl State {
    /// For a guest that has the network that it was granted, and nothing else.
    pub fn new(grants: Grants, memory: usize) -> Self {
        Self::with(&mut WasiCtx::builder(), grants, memory, MOST_RESOURCES)
    }

    /// For a guest that has that network, and what `wasi` was told before.
    pub fn with(wasi: &mut WasiCtxBuilder, grants: Grants, memory: usize, resources: usize) -> Self {
        let check = grants.clone();
        let wasi = wasi
            .allow_tcp(true)
            .allow_udp(false)
            .socket_addr_check(move |address, used| Box::pin(std::future::ready(check.permit(address, used))))
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(resources);
        let mut keys = ResourceTable::new();
        keys.set_max_capacity(MOST_KEYS);
        Self {
            table,
            keys,
            grants,
            wasi,
            memory: Memory::new(memory),
            #[cfg(feature = "command")]
            columns: None,
        }
    }

    /// The limits of memory, for the store.
    pub fn limits(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// What to say of a guest that failed.
    pub fn reason(&self, trap: &wasmtime::Error) -> String {
        match self.memory.refused() {
            Some(most) => format!("it needed more than {most} bytes of memory"),
            None => trap.root_cause().to_string(),
        }
    }
}

impl Keys for State {
    fn keys(&self) -> &ResourceTable {
        &self.keys
    }

    fn keys_mut(&mut self) -> &mut ResourceTable {
        &mut self.keys
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// A store that can be called into. Dropping it closes all its sockets.
pub struct Instance {
    pub store: Store<State>,
    pub guest: Client,
    pub busy: Busy,
    // Last: there is room for another store once this one is gone.
    _permit: OwnedSemaphorePermit,
}

impl Instance {
    pub async fn new(
        pre: &ClientPre<State>,
        grants: Grants,
        options: &Options,
        permit: OwnedSemaphorePermit,
    ) -> Result<Self, Error> {
        let busy = Busy::default();
        let mut store = Store::new(pre.engine(), State::new(grants, options.memory));
        store.limiter(|state| state.limits());
        busy.limit(&mut store, options.busy_limit);
        match busy.watch(pre.instantiate_async(&mut store)).await {
            Ok(guest) => Ok(Self { store, guest, busy, _permit: permit }),
            Err(error) => Err(Error::Host(error.root_cause().to_string())),
        }
    }
}

/// The instance, shared by its connector, sessions and transfers. A call takes it out and puts it back. It does not come back
/// from a call that trapped or was dropped.
pub struct Shared {
    pub grants: Grants,
    home: tokio::sync::Mutex<Option<Box<Instance>>>,
    memory: Arc<AtomicUsize>,
    /// Resources of the guest that nobody holds any more.
    abandoned: Mutex<Vec<ResourceAny>>,
}

impl Shared {
    pub fn new(instance: Instance) -> Arc<Self> {
        let State { grants, memory, .. } = instance.store.data();
        let (grants, memory) = (grants.clone(), memory.used());
        Arc::new(Self { grants, home: Some(Box::new(instance)).into(), memory, abandoned: Mutex::default() })
    }

    /// Active mode is what makes listening necessary. Of its ports, [`Grants::listen`] permits those from 1024 on.
    pub fn permit_listening(&self, mode: &DataMode) {
        if let DataMode::Active(active) = mode {
            let (first, last) = active.ports.unwrap_or((0, u16::MAX));
            self.grants.listen(first..=last);
        }
    }

    /// Bytes of linear memory in use, 0 when the store is gone.
    pub fn memory(&self) -> usize {
        self.memory.load(Ordering::Relaxed)
    }

    /// Take the instance out for one call, after those that came before.
    pub async fn enter(&self) -> Result<Visit<'_>, Error> {
        let mut home = self.home.lock().await;
        let instance = home.take().ok_or(ftp_types::Error::closed())?;
        let mut visit = Visit { instance, home };
        for resource in self.take_abandoned() {
            let Instance { store, busy, .. } = &mut *visit.instance;
            if let Err(trap) = busy.watch(resource.resource_drop_async(store)).await {
                return Err(visit.trapped(&trap));
            }
        }
        Ok(visit)
    }

    /// Drop a resource of the guest: soon where there is a runtime to do it, else before the next call.
    fn abandon(self: &Arc<Self>, resource: ResourceAny) {
        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner).push(resource);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let shared = self.clone();
            runtime.spawn(async move { shared.enter().await.map(Visit::end) });
        }
    }

    fn take_abandoned(&self) -> Vec<ResourceAny> {
        std::mem::take(&mut *self.abandoned.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One call. Unless it comes to its end, the instance goes with it.
pub struct Visit<'a> {
    // First: the sockets are closed before the next call sees that they are.
    pub instance: Box<Instance>,
    home: MutexGuard<'a, Option<Box<Instance>>>,
}

impl Visit<'_> {
    /// What the guest answered, if it did.
    pub fn leave<R>(self, answer: wasmtime::Result<R>) -> Result<R, Error> {
        match answer {
            Ok(answer) => {
                self.end();
                Ok(answer)
            }
            Err(trap) => Err(self.trapped(&trap)),
        }
    }

    fn end(mut self) {
        *self.home = Some(self.instance);
    }

    fn trapped(&self, trap: &wasmtime::Error) -> Error {
        Error::Trapped(self.instance.store.data().reason(trap))
    }
}

/// A resource of the guest, held from outside.
pub struct Handle {
    pub shared: Arc<Shared>,
    resource: ResourceAny,
    held: bool,
}

impl Handle {
    pub fn new(shared: Arc<Shared>, resource: ResourceAny) -> Self {
        Self { shared, resource, held: true }
    }

    /// The resource, to be lent to a call.
    pub fn lend(&self) -> ResourceAny {
        self.resource
    }

    /// The resource, to be given away in a call, or left to the end of the store.
    pub fn release(&mut self) -> ResourceAny {
        self.held = false;
        self.resource
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // The last one takes the store with it, and that closes everything at once.
        if self.held && Arc::strong_count(&self.shared) > 1 {
            self.shared.abandon(self.resource);
        }
    }
}

/// Call a function of the guest on a resource: `call!(handle, session.call_size(path))`. With `release` before the
/// handle, the function takes the resource.
macro_rules! call {
    (release $handle:expr, $interface:ident.$function:ident()) => {{
        let shared = $handle.shared.clone();
        let mut visit = shared.enter().await?;
        let this = $handle.release();
        $crate::instance::call!(in visit, $interface.$function(this))
    }};
    ($handle:expr, $interface:ident.$function:ident($($argument:expr),*)) => {{
        let mut visit = $handle.shared.enter().await?;
        let this = $handle.lend();
        $crate::instance::call!(in visit, $interface.$function(this $(, $argument)*))
    }};
    (in $visit:ident, $interface:ident.$function:ident($($argument:expr),*)) => {{
        let $crate::instance::Instance { store, guest, busy, .. } = &mut *$visit.instance;
        let answer = busy.watch(guest.ftp_client_ftp().$interface().$function(store $(, $argument)*)).await;
        $visit.leave(answer)
    }};
}
pub(crate) use call;
