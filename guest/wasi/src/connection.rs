//! A connection as WASI has it: several resources, that go in an order.

use alloc::rc::Rc;
use wasi::io::poll::Pollable;
use wasi::io::streams::{InputStream, OutputStream};
use wasi::sockets::tcp::TcpSocket;

/// A socket with its streams and pollables, in the order in which they have to go: children before parents.
pub(crate) struct Connection {
    pub(crate) readable: Option<Rc<Pollable>>,
    pub(crate) writable: Option<Rc<Pollable>>,
    pub(crate) input: InputStream,
    pub(crate) output: OutputStream,
    pub(crate) socket: TcpSocket,
}

impl Connection {
    /// Bytes that were written are still on their way to the system.
    pub(crate) fn is_writing(&mut self) -> bool {
        matches!(self.output.check_write(), Ok(0))
    }

    pub(crate) fn writable(&mut self) -> Rc<Pollable> {
        self.writable.get_or_insert_with(|| Rc::new(self.output.subscribe())).clone()
    }

    pub(crate) fn readable(&mut self) -> Rc<Pollable> {
        self.readable.get_or_insert_with(|| Rc::new(self.input.subscribe())).clone()
    }
}
