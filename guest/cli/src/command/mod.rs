//! What the command line says is done here: a module for each verb, and what they share.
//!
//! A verb gets a [`Context`] and its arguments, and gives back nothing or a [`Failure`], whose kind is the exit code.

mod bars;
mod connect;
mod copy;
mod credentials;
mod download;
mod failure;
mod files;
mod get;
mod globs;
mod jobs;
mod list;
mod local;
mod mirror;
mod output;
mod probe;
mod put;
mod quote;
mod segmented;
mod show;
mod sum;
mod upload;

use std::env;

use clap::Parser as _;
use ftp_cli::arguments::{Arguments, Verb, is_help, without_passwords};
use ftp_cli::exit::Exit;
use ftp_client::{Error, Phase, within};
use ftp_wasi::block_on;

use connect::Net;
use failure::Failure;
use output::Output;

/// What every verb needs.
pub struct Context {
    pub out: Output,
    pub net: Net,
}

/// Do what the command line says.
pub fn run() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let text = without_passwords(&error, env::args());
            if is_help(&error) {
                output::write_all(&mut std::io::stdout(), &text);
                return Exit::Success;
            }
            output::write_all(&mut std::io::stderr(), &text);
            return Exit::Usage;
        }
    };
    let connection = arguments.verb.connection().clone();
    let context = Context { out: Output::new(&connection), net: Net::new(connection.ipv4, connection.ipv6) };
    let result = block_on(async {
        let mut result = Ok(());
        let work = async {
            result = perform(&context, arguments.verb).await;
            Ok(())
        };
        let ended = within(&context.net, connection.max_time, Phase::Total, work).await;
        match ended {
            Err(error @ Error::Timeout(_)) => Err(Failure::of("stopped", error)),
            _ => result,
        }
    });
    context.out.end();
    match result {
        Ok(()) => Exit::Success,
        Err(failure) => {
            context.out.failure(&failure);
            failure.exit
        }
    }
}

async fn perform(context: &Context, verb: Verb) -> Result<(), Failure> {
    if verb.connection().insecure {
        context
            .out
            .warn("--insecure: any certificate is believed, so that anybody on the way can read and change all of it");
    }
    match verb {
        Verb::Get(verb) => get::run(context, verb).await,
        Verb::Cat(verb) => get::cat(context, verb).await,
        Verb::Put(verb) => put::run(context, verb).await,
        Verb::Ls(verb) => list::ls(context, verb).await,
        Verb::Stat(verb) => list::stat(context, verb).await,
        Verb::Rm(verb) => files::rm(context, verb).await,
        Verb::Mkdir(verb) => files::mkdir(context, verb).await,
        Verb::Rmdir(verb) => files::rmdir(context, verb).await,
        Verb::Mv(verb) => files::mv(context, verb).await,
        Verb::Touch(verb) => files::touch(context, verb).await,
        Verb::Chmod(verb) => files::chmod(context, verb).await,
        Verb::Cp(verb) => copy::run(context, verb).await,
        Verb::Mirror(verb) => mirror::run(context, verb).await,
        Verb::Sum(verb) => sum::run(context, verb).await,
        Verb::Quote(verb) => quote::run(context, verb).await,
        Verb::Probe(verb) => probe::run(context, verb).await,
    }
}
