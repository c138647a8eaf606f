//! A plugin as others write one: it imports the client, and exports what its host calls. Composed with `ftp.wasm` it needs
//! nothing but WASI; the suite `composition` does that.
#![cfg(target_arch = "wasm32")]

mod bindings {
    #![allow(missing_docs, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package example:plugin;

            world plugin {
                import ftp:client/ftp@0.1.0;
                export fetch: func(host: string, port: u16, path: string) -> result<list<u8>, string>;
            }
        ",
        generate_all,
    });
}

use bindings::ftp::client::ftp::{Connector, Download, Error, Representation, Session};

/// Bytes that are asked for at a time.
const PIECE: u64 = 64 * 1024;

struct Plugin;

impl bindings::Guest for Plugin {
    /// The contents of a file that everyone may read.
    fn fetch(host: String, port: u16, path: String) -> Result<Vec<u8>, String> {
        fetch(&host, port, &path).map_err(|error| format!("{error:?}"))
    }
}

fn fetch(host: &str, port: u16, path: &str) -> Result<Vec<u8>, Error> {
    let session = Connector::new().connect(host, Some(port))?;
    session.login("anonymous", "", None)?;
    let download = session.retrieve(path, Representation::Image, 0)?;
    let mut contents = Vec::new();
    loop {
        let bytes = download.read(PIECE)?;
        if bytes.is_empty() {
            break;
        }
        contents.extend(bytes);
    }
    Download::finish(download)?;
    Session::quit(session)?;
    Ok(contents)
}

bindings::export!(Plugin with_types_in bindings);
