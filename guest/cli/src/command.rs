//! What the command line says is done here: a module for each verb, and what they share.
//!
//! A verb gets a [`Context`] and its arguments, and gives back nothing or a [`Failure`], whose kind is the exit code.

mod bare;
mod bars;
mod client;
mod compared;
mod connect;
mod contents;
mod context;
mod copy;
mod credentials;
mod directories;
mod disk;
mod doubts;
mod download;
mod failure;
mod files;
mod get;
mod globs;
mod hints;
mod jobs;
mod list;
mod local;
mod mirror;
mod net;
mod output;
mod probe;
mod put;
mod quote;
mod renames;
mod sandbox;
mod show;
mod sum;
mod targets;
mod upload;

use std::cell::RefCell;
use std::env;
use std::io::Write as _;
use std::path::Path;
use std::pin::Pin;

use ftp_cli::arguments::{Arguments, Verb, is_help, without_passwords};
use ftp_cli::exit::Exit;
use ftp_cli::needs::{RequiredGrants, has_several_hosts};
use ftp_cli::with_task;
use ftp_client::{Error, LearnedCiphers, Phase, timeout};
use ftp_wasi::block_on;

use context::{Context, Run as _};
use failure::Failure;
use net::Net;
use output::Output;

/// Do what the command line says.
pub fn run() -> Exit {
    let Arguments { connection, verb } = match parse() {
        Ok(arguments) => arguments,
        Err(exit) => return exit,
    };
    let context = Context {
        out: Output::new(&connection.output, verb.task().has_several_sessions()),
        net: Net::new(connection.network.families()),
        has_several_hosts: has_several_hosts(verb.task(), &connection),
        verify_size: !connection.network.no_verify_size,
        parts: RefCell::default(),
        learned_ciphers: LearnedCiphers::default(),
        connection,
    };
    let result = block_on(async {
        let mut result = Ok(());
        let work = async {
            result = perform(&context, verb).await;
            Ok(())
        };
        let ended = timeout(&context.net, context.connection.network.max_time, Phase::Total, work).await;
        match ended {
            Err(error @ Error::Timeout(_)) => {
                let failure = Failure::of("stopped", error);
                let parts = context.parts.take();
                Err(parts.iter().fold(failure, |failure, part| upload::with_part(failure, part)))
            }
            _ => result,
        }
    });
    context.out.end();
    match result.and_then(|()| context.out.verdict()) {
        Ok(()) => Exit::Success,
        Err(failure) => {
            context.out.failure(&failure);
            failure.exit
        }
    }
}

/// The arguments, or what comes of it that there is nothing to do.
fn parse() -> Result<Arguments, Exit> {
    let program = if sandbox::has_runner() { "ftp-host" } else { "ftp-cli.wasm" };
    let error = match Arguments::parse(program, env::args_os().collect()) {
        Ok(arguments) => return Ok(arguments),
        Err(error) => error,
    };
    let text = without_passwords(&error, env::args());
    if !is_help(&error) {
        output::error(&text);
        return Err(Exit::Usage);
    }
    match output::stdout().write_all(text.as_bytes()) {
        Ok(()) => Err(Exit::Success),
        Err(error) => {
            let failure = Failure::output(&error);
            if !failure.text.is_empty() {
                output::error(&format!("ftp: {}\n", failure.text));
            }
            Err(failure.exit)
        }
    }
}

async fn perform(context: &Context, verb: Verb) -> Result<(), Failure> {
    if context.connection.tls.insecure {
        context
            .out
            .warn("--insecure: any certificate is accepted, so anybody on the path can read and change everything");
    }
    credentials::check(context, verb.task())?;
    for folder in RequiredGrants::of(verb.task(), &context.connection, Path::is_dir)?.folders {
        local::check_absolute(&folder.path, &folder.path)?;
    }
    // In one future, those of all verbs would be too much for the stack of a build without optimisation.
    let work: Pin<Box<dyn Future<Output = Result<(), Failure>> + '_>> =
        with_task!(verb, task => Box::pin(task.run(context)));
    work.await
}
