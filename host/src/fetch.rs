//! One file in one call, over connections that fail.

use std::fmt::{self, Debug, Formatter};
use std::pin::pin;

use ftp_types::{Phase, Retry};
use futures_util::future::{Either, select};
use tokio::io::{AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::pipe::AsyncWriteStream;
use wasmtime_wasi_io::streams::DynOutputStream;

use crate::connector::Connector;
use crate::error::Error;
use crate::instance::{Handle, Instance};
use crate::transfer::{PIECE, local};
use crate::types::Arrived;

/// A file on a server, and who may read it.
#[derive(Clone, Copy)]
pub struct Remote<'a> {
    /// A name or an IP address.
    pub host: &'a str,
    /// The port. None: 21, or 990 with implicit TLS.
    pub port: Option<u16>,
    /// The user to log in as.
    pub user: &'a str,
    /// The password.
    pub password: &'a str,
    /// The account, for servers that ask for one.
    pub account: Option<&'a str>,
    /// The path, from where the login leads to.
    pub path: &'a str,
}

impl Debug for Remote<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { host, port, user, path, .. } = self;
        let mut text = f.debug_struct("Remote");
        text.field("host", host).field("port", port).field("user", user).field("path", path).finish_non_exhaustive()
    }
}

impl Connector {
    /// Connect, log in, and copy a file as an image, from the byte `offset` on, into a writer, which is flushed. When a
    /// connection fails, or the server is busy, all of that is done again, from the first byte that is missing, as often
    /// as `retry` has it. [`Settings::total_timeout`](crate::Settings::total_timeout) is one for all attempts and waits, those
    /// for the writer included.
    ///
    /// Size and time of the file, as far as the server reports them, have to stay as they were, and in the end the bytes
    /// have to be as many as the size. Where it tells neither, nothing is tried again once a byte came. After an error the
    /// bytes that the writer took are those of the file from `offset` on. With
    /// [`Settings::verify_checksums`](crate::Settings::verify_checksums) a file that comes in one attempt is compared.
    ///
    /// Errors: those of the last attempt, as of [`connect`](Self::connect), [`login`](crate::Session::login) and
    /// [`retrieve`](crate::Session::retrieve); `Integrity` when the file has changed, or ends elsewhere than at its
    /// size; [`Error::Local`] when the writer fails.
    pub async fn fetch(
        &self,
        remote: Remote<'_>,
        offset: u64,
        writer: &mut (impl AsyncWrite + Unpin),
        retry: Retry,
    ) -> Result<Arrived, Error> {
        self.grant(remote.host, remote.port);
        let (inside, outside) = duplex(PIECE);
        let fetching = pin!(fetch(&self.handle, remote, offset, inside, retry));
        match select(fetching, pin!(pour(outside, writer))).await {
            // There is no time left for the writer.
            Either::Left((Err(error @ Error::Ftp(ftp_types::Error::Timeout(Phase::Total))), _)) => Err(error),
            Either::Left((fetched, pouring)) => pouring.await.and(fetched),
            Either::Right((poured, fetching)) => {
                let fetched = fetching.await;
                poured.and(fetched)
            }
        }
    }
}

async fn fetch(
    handle: &Handle,
    remote: Remote<'_>,
    offset: u64,
    inside: DuplexStream,
    retry: Retry,
) -> Result<Arrived, Error> {
    let mut visit = handle.shared.enter().await?;
    let Instance { store, guest, busy, .. } = &mut *visit.instance;
    let stream: DynOutputStream = Box::new(AsyncWriteStream::new(PIECE, inside));
    let stream = store.data_mut().table.push(stream).map_err(|error| Error::Host(error.to_string()))?;
    let lent = Resource::new_borrow(stream.rep());
    let Remote { host, port, user, password, account, path } = remote;
    let connector = guest.ftp_client_ftp().connector();
    let call = connector.call_fetch(
        &mut *store,
        handle.lend(),
        host,
        port,
        user,
        password,
        account,
        path,
        offset,
        lent,
        retry.into(),
    );
    let answer = busy.watch(call).await;
    // The reader at the other end waits for this.
    let _ = store.data_mut().table.delete(stream);
    Ok(visit.leave(answer)??)
}

/// All that comes out at this end.
async fn pour(mut outside: DuplexStream, writer: &mut (impl AsyncWrite + Unpin)) -> Result<(), Error> {
    tokio::io::copy(&mut outside, writer).await.map_err(local)?;
    writer.flush().await.map_err(local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_has_no_password() {
        let remote = Remote {
            host: "ftp.example.com",
            port: None,
            user: "user",
            password: "hunter2",
            account: Some("hunter2"),
            path: "file",
        };
        let text = format!("{remote:?}");
        assert!(text.contains("ftp.example.com") && !text.contains("hunter2"), "{text}");
    }
}
