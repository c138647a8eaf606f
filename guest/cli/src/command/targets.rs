//! Several URLs, one after the other, and the paths that they mean. What fails does not keep the others from being done.

use std::rc::Rc;

use ftp_cli::exit::Exit;

use super::client::Client;
use super::connect::Server;
use super::context::Context;
use super::failure::Failure;
use super::globs::{Meaning, Meant};
use super::jobs::{Tally, Worker};

/// The servers of URLs. Where one of them cannot be meant, nothing is done.
pub fn servers(context: &Context, urls: &[String]) -> Result<Vec<Rc<Server>>, Failure> {
    urls.iter().map(|url| Server::new(context, url)).collect()
}

/// Do something with each URL. Those of one server that follow each other share a session; where there is none to be had,
/// the others of that server are not tried. A failure of `work` is one of all.
pub async fn each_url(
    context: &Context,
    servers: &[Rc<Server>],
    work: impl AsyncFn(&mut Worker<'_>, &mut Tally) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut tally = Tally::of(servers.len());
    let mut last: Option<Worker<'_>> = None;
    let mut without_session: Option<&Rc<Server>> = None;
    for server in servers {
        if without_session.is_some_and(|other| other.serves(server)) {
            continue;
        }
        let client = match last.take() {
            Some(worker) if worker.server.serves(server) => worker.into_client(),
            Some(worker) => {
                worker.quit().await;
                None
            }
            None => None,
        };
        let mut worker = Worker::new(context, server, client);
        if let Err(failure) = worker.client().await {
            tally.add(context, Err(failure));
            without_session = Some(server);
            continue;
        }
        if let Err(failure) = work(&mut worker, &mut tally).await {
            worker.quit().await;
            return Err(failure);
        }
        last = Some(worker);
    }
    if let Some(worker) = last {
        worker.quit().await;
    }
    tally.verdict()
}

/// Do something with each path that a URL means.
pub async fn each_path(
    worker: &mut Worker<'_>,
    tally: &mut Tally,
    meaning: Result<Meaning, Failure>,
    work: impl AsyncFn(&mut Client, &Meant) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let context = worker.context;
    let Meaning { meant, doubt } = match meaning {
        Ok(meaning) => meaning,
        Err(failure) => {
            tally.add(context, Err(failure));
            return Ok(());
        }
    };
    tally.divide(meant.len() + usize::from(doubt.is_some()));
    doubt.into_iter().for_each(|doubt| _ = tally.add(context, Err(doubt)));
    for meant in meant {
        let client = match worker.client().await {
            Ok(client) => client,
            Err(failure) => {
                tally.add(context, Err(failure));
                return Ok(());
            }
        };
        match work(client, &meant).await {
            // The standard output, which is that of all.
            Err(failure) if failure.exit == Exit::Local => return Err(failure),
            result => _ = tally.add(context, result),
        }
    }
    Ok(())
}
