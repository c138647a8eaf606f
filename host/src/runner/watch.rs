//! What ends a command from outside.

use std::io::{self, Write as _};
use std::process;
use std::thread;
use std::time::Duration;

use ftp_cli::exit::Exit;
use ftp_cli::task::Task;
use tokio::runtime::Builder;
use tokio::time::sleep;

use super::hidden;

/// End this process when it is interrupted or takes too long. On a thread of its own: that of the command may wait in
/// a pipe that nobody reads, where nothing else reaches it.
pub fn start(limit: Option<Duration>, task: &dyn Task) -> io::Result<()> {
    let left = left_by(task);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let interrupted = {
        let _guard = runtime.enter();
        interrupted()?
    };
    thread::Builder::new().name("ftp-host-watch".into()).spawn(move || {
        let (text, exit) = runtime.block_on(async {
            tokio::select! {
                () = interrupted => ("interrupted".to_owned(), Exit::Interrupted),
                text = too_long(limit) => (text, Exit::Timeout),
            }
        });
        hidden::end();
        let _ = writeln!(io::stderr(), "ftp-host: {text}{left}");
        process::exit(exit.code().into())
    })?;
    Ok(())
}

/// What an upload leaves on the server that does not come to its end.
fn left_by(task: &dyn Task) -> &'static str {
    match task.leaves_parts() {
        true => "; what arrived of a file is on the server under its name, unless --atomic is given",
        false => "",
    }
}

async fn too_long(limit: Option<Duration>) -> String {
    let Some(limit) = limit else { return std::future::pending().await };
    sleep(limit).await;
    format!("it took longer than {} seconds", limit.as_secs_f64())
}

/// The signals are caught from now on.
#[cfg(unix)]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}
