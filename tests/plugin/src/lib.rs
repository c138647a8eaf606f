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
                use wasi:io/streams@0.2.12.{input-stream, output-stream};
                import ftp:client/ftp@0.1.0;
                export fetch: func(host: string, port: u16, path: string) -> result<list<u8>, string>;
                export download: func(host: string, port: u16, path: string, sink: borrow<output-stream>) -> result<u64, string>;
                export upload: func(host: string, port: u16, path: string, source: borrow<input-stream>) -> result<u64, string>;
            }
        ",
        generate_all,
    });
}

use bindings::ftp::client::ftp::{Connector, Download, Error, Representation, Session, Upload};
use bindings::{InputStream, OutputStream};

/// Bytes that are asked for at a time.
const PIECE: u64 = 64 * 1024;

struct Plugin;

impl bindings::Guest for Plugin {
    /// The contents of a file that everyone may read.
    fn fetch(host: String, port: u16, path: String) -> Result<Vec<u8>, String> {
        fetch(&host, port, &path).map_err(text)
    }

    /// The same into a stream of the caller.
    fn download(host: String, port: u16, path: String, sink: &OutputStream) -> Result<u64, String> {
        download(&host, port, &path, sink).map_err(text)
    }

    /// A file out of a stream of the caller.
    fn upload(host: String, port: u16, path: String, source: &InputStream) -> Result<u64, String> {
        upload(&host, port, &path, source).map_err(text)
    }
}

fn text(error: Error) -> String {
    format!("{error:?}")
}

fn log_in(host: &str, port: u16) -> Result<Session, Error> {
    let session = Connector::new().connect(host, Some(port))?;
    session.login("anonymous", "", None)?;
    Ok(session)
}

fn fetch(host: &str, port: u16, path: &str) -> Result<Vec<u8>, Error> {
    let session = log_in(host, port)?;
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

fn download(host: &str, port: u16, path: &str, sink: &OutputStream) -> Result<u64, Error> {
    let session = log_in(host, port)?;
    let download = session.retrieve(path, Representation::Image, 0)?;
    let count = download.read_into(sink)?;
    Download::finish(download)?;
    Session::quit(session)?;
    Ok(count)
}

fn upload(host: &str, port: u16, path: &str, source: &InputStream) -> Result<u64, Error> {
    let session = log_in(host, port)?;
    let upload = session.store(path, Representation::Image, 0)?;
    let count = upload.write_from(source)?;
    Upload::finish(upload)?;
    Session::quit(session)?;
    Ok(count)
}

bindings::export!(Plugin with_types_in bindings);
