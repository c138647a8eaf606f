//! Bindings of the world `client`, over the published bindings of WASI.
#![allow(missing_docs, clippy::all, unexpected_cfgs)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "client",
    pub_export_macro: true,
    std_feature,
    with: {
        "wasi:io/error@0.2.12": wasi::io::error,
        "wasi:io/poll@0.2.12": wasi::io::poll,
        "wasi:io/streams@0.2.12": wasi::io::streams,
        "wasi:clocks/monotonic-clock@0.2.12": wasi::clocks::monotonic_clock,
        "wasi:clocks/wall-clock@0.2.12": wasi::clocks::wall_clock,
        "wasi:random/random@0.2.12": wasi::random::random,
        "wasi:sockets/network@0.2.12": wasi::sockets::network,
        "wasi:sockets/instance-network@0.2.12": wasi::sockets::instance_network,
        "wasi:sockets/ip-name-lookup@0.2.12": wasi::sockets::ip_name_lookup,
        "wasi:sockets/tcp@0.2.12": wasi::sockets::tcp,
        "wasi:sockets/tcp-create-socket@0.2.12": wasi::sockets::tcp_create_socket,
    },
    generate_all,
});
