//! The resource of `wasi:sockets/ip-name-lookup`: addresses that a look-up finds, or has found.

use std::net::IpAddr;
use std::vec;

use wasmtime::Result;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::Pollable;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;
use wasmtime_wasi::runtime::AbortOnDropJoinHandle;

use crate::grants::Answer;

/// The guest's resource `resolve-address-stream`. Dropping it gives the look-up up.
pub enum Answers {
    Pending(AbortOnDropJoinHandle<Answer>),
    Ready(Result<vec::IntoIter<IpAddr>, ErrorCode>),
}

#[async_trait]
impl Pollable for Answers {
    async fn ready(&mut self) {
        if let Self::Pending(task) = self {
            *self = Self::from(task.await);
        }
    }
}

impl From<Answer> for Answers {
    fn from(answer: Answer) -> Self {
        Self::Ready(match answer {
            Answer::Addresses(addresses) => Ok(addresses.into_iter()),
            Answer::Refused => Err(ErrorCode::AccessDenied),
            Answer::Unknown => Err(ErrorCode::NameUnresolvable),
        })
    }
}
