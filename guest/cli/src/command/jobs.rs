//! Many files, by one session or several at the same time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use ftp_cli::exit::Exit;
use ftp_client::engine::Observer;
use ftp_client::{Network as _, join_all};

use super::bars::Bar;
use super::client::Client;
use super::connect::Server;
use super::context::Context;
use super::failure::Failure;
use super::net::Net;

/// One of the sessions, which opens itself again where it was lost.
pub struct Worker<'a> {
    pub context: &'a Context,
    pub server: &'a Rc<Server>,
    client: Option<Client>,
}

impl<'a> Worker<'a> {
    pub fn new(context: &'a Context, server: &'a Rc<Server>, client: Option<Client>) -> Self {
        Self { context, server, client }
    }

    /// Its session, in the directory where paths begin.
    pub async fn client(&mut self) -> Result<&mut Client, Failure> {
        if let Some(client) = &mut self.client {
            // One that cannot return is closed by that.
            let _ = client.back().await;
        }
        if self.client.as_ref().is_none_or(|client| !client.is_open()) {
            self.client = None;
            self.client = Some(self.server.open().await?);
        }
        self.client.as_mut().ok_or_else(|| Failure::new(Exit::Other, "there is no session"))
    }

    /// Its session, for another URL of the server.
    pub fn into_client(self) -> Option<Client> {
        self.client
    }

    /// Say goodbye.
    pub async fn quit(self) {
        if let Some(client) = self.client {
            client.quit().await;
        }
    }
}

/// Do each of the jobs, with `parallel` sessions at the most, of which `first` is one that is there already. A job that fails
/// does not keep the others from being done; a server that takes no more sessions does not either.
pub async fn run<J>(
    context: &Context,
    server: &Rc<Server>,
    first: Option<Client>,
    jobs: Vec<J>,
    parallel: u16,
    work: impl AsyncFn(&mut Worker<'_>, &J) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut tally = Tally::of(jobs.len());
    tally.run(context, server, first, jobs, parallel, work).await;
    tally.verdict()
}

/// What became of jobs.
#[derive(Default)]
pub struct Tally {
    count: usize,
    done: usize,
    first: Option<Failure>,
    /// Why a session could not be opened, and there were jobs left.
    fatal: Option<Failure>,
}

impl Tally {
    /// So many are to be done.
    pub fn of(count: usize) -> Self {
        Self { count, ..Self::default() }
    }

    /// One of them turns out to be so many.
    pub fn divide(&mut self, count: usize) {
        self.count = self.count.saturating_sub(1).saturating_add(count);
    }

    /// Do some of them, as [`run`] does.
    pub async fn run<J>(
        &mut self,
        context: &Context,
        server: &Rc<Server>,
        first: Option<Client>,
        jobs: Vec<J>,
        parallel: u16,
        work: impl AsyncFn(&mut Worker<'_>, &J) -> Result<(), Failure>,
    ) {
        let workers = usize::from(parallel).min(jobs.len()).max(1);
        let tally = RefCell::new(self);
        let queue: RefCell<VecDeque<J>> = RefCell::new(jobs.into());
        let fatal = RefCell::new(None);
        let firsts = std::iter::once(first).chain(std::iter::repeat_with(|| None));
        join_all(firsts.take(workers).map(async |first| {
            let mut worker = Worker::new(context, server, first);
            // In a statement of its own, so that the queue is not borrowed for the whole loop.
            let next = || queue.borrow_mut().pop_front();
            while let Some(job) = next() {
                let result = match worker.client().await {
                    Ok(_) => work(&mut worker, &job).await,
                    Err(failure) => {
                        queue.borrow_mut().push_front(job);
                        fatal.borrow_mut().get_or_insert(failure);
                        return;
                    }
                };
                let is_fatal = tally.borrow_mut().add(context, result);
                if is_fatal {
                    queue.borrow_mut().clear();
                }
            }
            worker.quit().await;
        }))
        .await;
        let is_left = !queue.into_inner().is_empty();
        if let Some(failure) = fatal.into_inner().filter(|_| is_left) {
            tally.into_inner().fatal.get_or_insert(failure);
        }
    }

    /// One is done, or not. Gives back whether others of the same server need not be tried.
    pub fn add(&mut self, context: &Context, result: Result<(), Failure>) -> bool {
        let Err(failure) = result else {
            self.done += 1;
            return false;
        };
        let is_fatal = failure.is_fatal() && self.done == 0 && failure.exit != Exit::Usage;
        if self.count > 1 {
            context.out.failure(&failure);
        }
        self.first.get_or_insert(failure);
        is_fatal
    }

    pub fn verdict(self) -> Result<(), Failure> {
        let Self { count, done, .. } = self;
        match (self.first, self.fatal) {
            (None, Some(fatal)) if done == 0 => Err(fatal),
            (None, None) => Ok(()),
            (Some(failure), _) if count == 1 => Err(failure),
            (Some(failure), _) if done == 0 => {
                Err(Failure { text: format!("none of {count} was done"), error: None, ..failure })
            }
            (_, fatal) => {
                let why = fatal.map(|fatal| format!(": {}", fatal.text)).unwrap_or_default();
                Err(Failure::new(Exit::Partial, format!("{} of {count} were not done{why}", count - done)))
            }
        }
    }
}

/// `--limit-rate`, for all sessions together.
pub struct Limiter {
    /// Bytes a second.
    rate: Option<u64>,
    /// When the bytes so far would have gone through.
    free: Cell<Duration>,
    net: Net,
}

impl Limiter {
    pub fn new(context: &Context, rate: Option<u64>) -> Rc<Self> {
        Rc::new(Self { rate, free: Cell::default(), net: context.net.clone() })
    }

    /// So many bytes went through: wait until more may.
    pub async fn pass(&self, bytes: u64) {
        let Some(rate) = self.rate else { return };
        let now = self.net.now();
        let free = self.free.get().max(now) + Duration::from_secs_f64(bytes as f64 / rate as f64);
        self.free.set(free);
        self.net.sleep(free.saturating_sub(now)).await;
    }
}

/// A bar that moves, and bytes that are not too many in a second.
pub struct Paced<'a> {
    pub bar: Option<&'a Bar>,
    pub limiter: &'a Limiter,
}

impl Observer for Paced<'_> {
    fn begins(&self, offset: u64) {
        self.bar.iter().for_each(|bar| bar.skip(offset));
    }

    async fn advanced(&self, count: u64) {
        self.bar.iter().for_each(|bar| bar.advance(count));
        self.limiter.pass(count).await;
    }
}
