//! The component in an engine that counts, with the sockets of a server in this process in place of the system's.

use std::collections::HashMap;
use std::sync::LazyLock;

use anyhow::{Result, anyhow, bail, ensure};
use ftp_host::COMPONENT;
use ftp_tests::certificates;
use ftp_tests::payload::CHUNK;
use wasmtime::component::{Component, Linker, Resource, ResourceAny, ResourceTable};
use wasmtime::{Config, Engine, Store, StoreContextMut};
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpSocketAddress, Ipv4SocketAddress};
use wasmtime_wasi::p2::bindings::sockets::tcp::ShutdownType;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, Network, TcpSocket};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::server::{CONTROL_PORT, Reader, Server, Shared, Writer};

mod bindings {
    #![allow(missing_docs, clippy::all)]
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "client",
        exports: { default: async },
        with: {
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
            "wasi:random": wasmtime_wasi::p2::bindings::random,
            "wasi:sockets": wasmtime_wasi::p2::bindings::sockets,
        },
    });
}

use bindings::Client;
use bindings::exports::ftp::client::types::{Listed, Representation, Security, Trust};

/// The interface of WASI whose sockets are replaced.
const TCP: &str = "wasi:sockets/tcp@0.2.12";

const LOCALHOST: (u8, u8, u8, u8) = (127, 0, 0, 1);

/// Call a function of a resource.
macro_rules! call {
    ($guest:expr, $resource:ident.$function:ident($($argument:expr),*)) => {{
        let Guest { store, client, .. } = &mut *$guest;
        client.ftp_client_ftp().$resource().$function(store $(, $argument)*).await.map_err(said)
    }};
}

/// An instance with a session.
pub struct Guest {
    store: Store<State>,
    client: Client,
    encrypted: bool,
    session: Option<ResourceAny>,
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    server: Shared,
    /// Which connection of the server a socket is.
    connections: HashMap<u32, usize>,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Compiled once for all trials.
fn compiled() -> Result<&'static (Engine, Component)> {
    static COMPILED: LazyLock<Result<(Engine, Component), String>> = LazyLock::new(|| {
        let mut config = Config::new();
        config.consume_fuel(true);
        let engine = Engine::new(&config).map_err(|error| format!("{error:#}"))?;
        let component = Component::new(&engine, COMPONENT).map_err(|error| format!("{error:#}"))?;
        Ok((engine, component))
    });
    COMPILED.as_ref().map_err(|error| anyhow!(error.clone()))
}

impl Guest {
    /// A component, and a server for it.
    pub async fn start(encrypted: bool) -> Result<Self> {
        let (engine, component) = compiled()?;
        let mut linker = Linker::new(engine);
        wasi(&mut linker).map_err(said)?;
        let wasi = WasiCtx::builder().allow_tcp(true).build();
        let server = Server::start(encrypted)?;
        let state = State { wasi, table: ResourceTable::new(), server, connections: HashMap::new() };
        let mut store = Store::new(engine, state);
        store.set_fuel(u64::MAX).map_err(said)?;
        let client = Client::instantiate_async(&mut store, component, &linker).await.map_err(said)?;
        Ok(Self { store, client, encrypted, session: None })
    }

    /// Instructions since the start.
    pub fn spent(&self) -> Result<u64> {
        Ok(u64::MAX - self.store.get_fuel().map_err(said)?)
    }

    /// Connect and log in.
    pub async fn login(&mut self) -> Result<()> {
        self.login_with(true).await
    }

    /// As [`Self::login`], to compare sizes or not.
    pub async fn login_with(&mut self, verify_size: bool) -> Result<()> {
        let connector = call!(self, connector.call_constructor())?;
        call!(self, connector.call_set_verify_size(connector, verify_size))?;
        if self.encrypted {
            let trust = Trust::Roots(certificates::authority()?.to_owned());
            call!(self, connector.call_set_trust(connector, &trust))?.map_err(refused)?;
            call!(self, connector.call_set_security(connector, Security::Explicit))?;
        }
        let session = call!(self, connector.call_connect(connector, "127.0.0.1", Some(CONTROL_PORT)))?;
        let session = session.map_err(refused)?;
        call!(self, session.call_login(session, "user", "12345", None))?.map_err(refused)?;
        self.session = Some(session);
        Ok(())
    }

    /// Read a file to its end; gives its size.
    pub async fn download(&mut self) -> Result<usize> {
        let session = self.session()?;
        let download = call!(self, session.call_retrieve(session, "large", Representation::Image, 0))?;
        let download = download.map_err(refused)?;
        let mut size = 0;
        loop {
            let piece = call!(self, download.call_read(download, CHUNK as u64))?.map_err(refused)?;
            if piece.is_empty() {
                break;
            }
            size += piece.len();
        }
        call!(self, download.call_finish(download))?.map_err(refused)?;
        Ok(size)
    }

    /// Write a file of this size.
    pub async fn upload(&mut self, size: usize) -> Result<()> {
        let session = self.session()?;
        let upload = call!(self, session.call_store(session, "large", Representation::Image, 0))?;
        let upload = upload.map_err(refused)?;
        let contents = vec![42; size];
        for piece in contents.chunks(CHUNK) {
            call!(self, upload.call_write(upload, piece))?.map_err(refused)?;
        }
        call!(self, upload.call_finish(upload))?.map_err(refused)?;
        let received = self.store.data().server.lock().received();
        ensure!(received == size, "{received} bytes arrived");
        Ok(())
    }

    /// List a directory; gives the number of its members.
    pub async fn list(&mut self, path: &str) -> Result<usize> {
        let session = self.session()?;
        let entries = call!(self, session.call_entries(session, Some(path)))?.map_err(refused)?;
        ensure!(entries.iter().all(|listed| matches!(listed, Listed::Entry(_))), "a line was not understood");
        Ok(entries.len())
    }

    /// How often the last data connection was written to.
    pub fn writes(&self) -> usize {
        self.store.data().server.lock().writes()
    }

    /// How often something was written to the control connection.
    pub fn flights(&self) -> usize {
        self.store.data().server.lock().flights()
    }

    fn session(&self) -> Result<ResourceAny> {
        match self.session {
            Some(session) => Ok(session),
            None => bail!("it is not logged in"),
        }
    }
}

fn said(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:?}")
}

fn refused(error: bindings::exports::ftp::client::types::Error) -> anyhow::Error {
    anyhow!("{error:?}")
}

/// WASI as it is, but for what makes connections, and ends them.
fn wasi(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    let mut tcp = linker.instance(TCP)?;
    tcp.func_wrap("[method]tcp-socket.start-connect", start_connect)?;
    tcp.func_wrap("[method]tcp-socket.finish-connect", finish_connect)?;
    for side in ["local", "remote"] {
        tcp.func_wrap(&format!("[method]tcp-socket.{side}-address"), address)?;
    }
    tcp.func_wrap("[method]tcp-socket.shutdown", shutdown)
}

type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

/// Nobody looks at the port.
fn address(_: StoreContextMut<'_, State>, _: (Resource<TcpSocket>,)) -> Answer<IpSocketAddress> {
    Ok((Ok(IpSocketAddress::Ipv4(Ipv4SocketAddress { port: CONTROL_PORT, address: LOCALHOST })),))
}

fn start_connect(
    mut store: StoreContextMut<'_, State>,
    (socket, _, _): (Resource<TcpSocket>, Resource<Network>, IpSocketAddress),
) -> Answer<()> {
    let State { server, connections, .. } = store.data_mut();
    connections.insert(socket.rep(), server.lock().accept());
    Ok((Ok(()),))
}

fn finish_connect(
    mut store: StoreContextMut<'_, State>,
    (socket,): (Resource<TcpSocket>,),
) -> Answer<(Resource<DynInputStream>, Resource<DynOutputStream>)> {
    let State { server, connections, table, .. } = store.data_mut();
    let number = connections[&socket.rep()];
    let input: DynInputStream = Box::new(Reader { server: server.clone(), number });
    let output: DynOutputStream = Box::new(Writer { server: server.clone(), number });
    Ok((Ok((table.push_child(input, &socket)?, table.push_child(output, &socket)?)),))
}

fn shutdown(mut store: StoreContextMut<'_, State>, (socket, _): (Resource<TcpSocket>, ShutdownType)) -> Answer<()> {
    let State { server, connections, .. } = store.data_mut();
    server.lock().end(connections[&socket.rep()]);
    Ok((Ok(()),))
}
