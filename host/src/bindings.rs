//! The world `client`, seen from outside: what the component imports and exports.
#![allow(missing_docs, clippy::all)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "client",
    imports: { default: trappable },
    exports: { default: async },
    additional_derives: [PartialEq, Eq],
    with: {
        "wasi:io": wasmtime_wasi::p2::bindings::io,
        "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        "wasi:random": wasmtime_wasi::p2::bindings::random,
        "wasi:sockets/network": wasmtime_wasi::p2::bindings::sockets::network,
        "wasi:sockets/instance-network": wasmtime_wasi::p2::bindings::sockets::instance_network,
        "wasi:sockets/tcp": wasmtime_wasi::p2::bindings::sockets::tcp,
        "wasi:sockets/tcp-create-socket": wasmtime_wasi::p2::bindings::sockets::tcp_create_socket,
        "wasi:sockets/ip-name-lookup.resolve-address-stream": crate::answers::Answers,
    },
});
