//! What the command line says is done here: a module for each verb, and what they share.
//!
//! A verb gets a [`Context`] and its arguments, and gives back nothing or a [`Failure`], whose kind is the exit code.

mod bare;
mod bars;
mod compared;
mod connect;
mod copy;
mod credentials;
mod disk;
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
mod output;
mod probe;
mod put;
mod quote;
mod renames;
mod segmented;
mod show;
mod sum;
mod targets;
mod upload;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env;
use std::io::Write as _;
use std::path::Path;
use std::pin::Pin;

use clap::{CommandFactory as _, FromArgMatches as _};
use ftp_cli::arguments::{Arguments, Verb, is_help, named, without_passwords};
use ftp_cli::exit::Exit;
use ftp_cli::needs::{RequiredGrants, has_several_hosts};
use ftp_client::{Error, Phase, timeout};
use ftp_wasi::block_on;

use connect::Net;
use failure::Failure;
use output::Output;

/// What every verb needs.
pub struct Context {
    pub out: Output,
    pub net: Net,
    /// The URLs name more than one host.
    pub has_several_hosts: bool,
    /// Sizes on both sides are compared: not so with `--no-verify-size`.
    pub verify_size: bool,
    /// Names on servers that have a part of a file now.
    pub parts: RefCell<BTreeSet<String>>,
}

/// Do what the command line says.
pub fn run() -> Exit {
    let verb = match parse() {
        Ok(verb) => verb,
        Err(exit) => return exit,
    };
    let connection = verb.connection().clone();
    let context = Context {
        out: Output::new(&verb),
        net: Net::new(connection.ipv4, connection.ipv6),
        has_several_hosts: has_several_hosts(&verb),
        verify_size: !connection.no_verify_size,
        parts: RefCell::default(),
    };
    let result = block_on(async {
        let mut result = Ok(());
        let work = async {
            result = perform(&context, verb).await;
            Ok(())
        };
        let ended = timeout(&context.net, connection.max_time, Phase::Total, work).await;
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
fn parse() -> Result<Verb, Exit> {
    let program = if local::has_runner() { "ftp-host" } else { "ftp-cli.wasm" };
    let matches = named(Arguments::command(), program).try_get_matches();
    let error = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => return Ok(arguments.into_verb()),
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
    if verb.connection().insecure {
        context
            .out
            .warn("--insecure: any certificate is believed, so that anybody on the way can read and change all of it");
    }
    credentials::check(context, &verb)?;
    for folder in RequiredGrants::of(&verb, Path::is_dir)?.folders {
        local::check_absolute(&folder.path, &folder.path)?;
    }
    work(context, verb).await
}

/// What a verb does. In one future, those of all verbs would be too much for the stack of a build without optimisation.
fn work(context: &Context, verb: Verb) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + '_>> {
    match verb {
        Verb::Get(verb) => Box::pin(get::run(context, verb)),
        Verb::Cat(verb) => Box::pin(get::cat(context, verb)),
        Verb::Put(verb) => Box::pin(put::run(context, verb)),
        Verb::Ls(verb) => Box::pin(list::ls(context, verb)),
        Verb::Stat(verb) => Box::pin(list::stat(context, verb)),
        Verb::Rm(verb) => Box::pin(files::rm(context, verb)),
        Verb::Mkdir(verb) => Box::pin(files::mkdir(context, verb)),
        Verb::Rmdir(verb) => Box::pin(files::rmdir(context, verb)),
        Verb::Mv(verb) => Box::pin(files::mv(context, verb)),
        Verb::Touch(verb) => Box::pin(files::touch(context, verb)),
        Verb::Chmod(verb) => Box::pin(files::chmod(context, verb)),
        Verb::Cp(verb) => Box::pin(copy::run(context, verb)),
        Verb::Mirror(verb) => Box::pin(mirror::run(context, verb)),
        Verb::Sum(verb) => Box::pin(sum::run(context, verb)),
        Verb::Quote(verb) => Box::pin(quote::run(context, verb)),
        Verb::Probe(verb) => Box::pin(probe::run(context, verb)),
    }
}
