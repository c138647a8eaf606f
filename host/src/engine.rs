//! The engine, and the component in it.

use std::thread;

use ftp_artifacts::{COMPILED_COMPONENT, COMPILED_IMPORTED_COMPONENT};
use wasmtime::component::{Component, HasData, HasSelf, Linker, ResourceTable};
use wasmtime::{Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig, Result};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::p2::bindings::{clocks, random, sockets};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView as _};
use wasmtime_wasi_io::bindings::wasi::io;

#[cfg(feature = "command")]
use wasmtime_wasi::{
    cli::{WasiCli, WasiCliView as _},
    filesystem::{WasiFilesystem, WasiFilesystemView as _},
    p2::bindings::{CommandPre, cli, filesystem},
};

use crate::bindings::{ClientPre, wasi};
use crate::cryptography;
use crate::instance::State;
use crate::limits::TICK;
use crate::options::{Cryptography, Options};

/// What there may be of each kind in one instance of the component: its own module and those that connect it.
const PARTS: u32 = 8;

/// Bytes of memory, and of tables, that an instance leaves to the next one in its place, set back to what they were: to
/// fault them in again would take longer. A plain session writes some 36 KiB of the one and 12 of the other.
const KEPT: usize = 256 << 10;

/// The component, ready to be instantiated. The memory of `options.sessions` instances is reserved, where it can be.
pub fn prepare(options: &Options, cryptography: Cryptography) -> Result<ClientPre<State>> {
    let (config, bytes) = match cryptography {
        Cryptography::Host => (ftp_artifacts::config(), COMPILED_IMPORTED_COMPONENT),
        Cryptography::Auto | Cryptography::Portable => (ftp_artifacts::library(), COMPILED_COMPONENT),
    };
    let engine = pooling(options, config.clone()).or_else(|_| Engine::new(&config))?;
    link(&engine, cryptography, &compiled(&engine, bytes)?)
}

/// The same with another component, which is compiled now. Nothing is reserved for it, as it may consist of any number of
/// parts.
#[cfg(feature = "compile")]
pub fn prepare_other(cryptography: Cryptography, component: &[u8]) -> Result<ClientPre<State>> {
    let engine = Engine::new(&ftp_artifacts::config())?;
    link(&engine, cryptography, &Component::new(&engine, component)?)
}

fn link(engine: &Engine, cryptography: Cryptography, component: &Component) -> Result<ClientPre<State>> {
    let mut linker = Linker::new(engine);
    add_imports(&mut linker, cryptography)?;
    let pre = ClientPre::new(linker.instantiate_pre(component)?)?;
    tick(engine.weak())?;
    Ok(pre)
}

fn pooling(options: &Options, mut config: Config) -> Result<Engine> {
    let count = options.sessions.max(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(count)
        .total_memories(count)
        .total_stacks(count)
        .total_core_instances(count.saturating_mul(PARTS))
        .total_tables(count.saturating_mul(PARTS))
        .max_core_instances_per_component(PARTS)
        .max_tables_per_component(PARTS)
        .max_memories_per_component(1)
        .max_memory_size(options.memory)
        .linear_memory_keep_resident(KEPT)
        .table_keep_resident(KEPT)
        // Where the system has it: then only pages that were written are set back, wherever they are.
        .pagemap_scan(Enabled::Auto);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

#[allow(unsafe_code)]
fn compiled(engine: &Engine, bytes: &'static [u8]) -> Result<Component> {
    // SAFETY: these bytes are what `Engine::precompile_component` gave to the build script of `ftp-artifacts`, and nothing
    // can change them since. They need no alignment, as `deserialize` copies them; it also checks that the engine is of the
    // same version and has the same settings.
    unsafe { Component::deserialize(engine, bytes) }
}

/// The interfaces that the component imports, one by one, and nothing else.
fn add_imports(linker: &mut Linker<State>, cryptography: Cryptography) -> Result<()> {
    io::error::add_to_linker::<State, HasTable>(linker, |state| &mut state.table)?;
    io::poll::add_to_linker::<State, HasTable>(linker, |state| &mut state.table)?;
    io::streams::add_to_linker::<State, HasTable>(linker, |state| &mut state.table)?;
    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(linker, State::clocks)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(linker, State::clocks)?;
    random::random::add_to_linker::<State, WasiRandom>(linker, State::random)?;
    let stable = sockets::network::LinkOptions::default();
    sockets::network::add_to_linker::<State, WasiSockets>(linker, &stable, State::sockets)?;
    sockets::instance_network::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::tcp::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::tcp_create_socket::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    wasi::sockets::ip_name_lookup::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    match cryptography {
        Cryptography::Host => cryptography::add_to_linker(linker),
        Cryptography::Auto | Cryptography::Portable => Ok(()),
    }
}

/// The command, ready to be instantiated once: in an engine of its own, which reserves nothing.
#[cfg(feature = "command")]
pub fn prepare_command(cryptography: Cryptography) -> Result<CommandPre<State>> {
    let engine = Engine::new(&ftp_artifacts::config())?;
    let component = match cryptography {
        Cryptography::Host => compiled(&engine, ftp_artifacts::COMPILED_IMPORTED_COMMAND)?,
        Cryptography::Auto | Cryptography::Portable => compiled(&engine, ftp_artifacts::COMPILED_COMMAND)?,
    };
    let mut linker = Linker::new(&engine);
    add_imports(&mut linker, cryptography)?;
    add_imports_of_commands(&mut linker)?;
    let pre = CommandPre::new(linker.instantiate_pre(&component)?)?;
    tick(engine.weak())?;
    Ok(pre)
}

/// What a command has beyond a network. Its folders, its variables and its streams are those that the store was made with.
#[cfg(feature = "command")]
fn add_imports_of_commands(linker: &mut Linker<State>) -> Result<()> {
    cli::environment::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    cli::exit::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    filesystem::types::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    random::insecure_seed::add_to_linker::<State, WasiRandom>(linker, State::random)
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// Count the time of guests, for as long as there is the engine.
fn tick(engine: EngineWeak) -> Result<()> {
    thread::Builder::new().name("ftp-host-ticks".into()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    })?;
    Ok(())
}
