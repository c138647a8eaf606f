//! `quote`.

use ftp_cli::arguments::Quote;
use ftp_cli::exit::Exit;
use ftp_client::codes;
use serde_json::json;

use super::connect::Server;
use super::context::{Context, Run};
use super::failure::{Failure, ResultExt as _};

impl Run for Quote {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let server = Server::new(context, &self.url)?;
        let mut client = server.open().await?;
        let mut refused = None;
        if let Some(path) = server.remote.path() {
            client.change_directory(&path).await.context_named(format!("cannot enter {path}"))?;
        }
        for command in &self.commands {
            let shown = client.masked(&shown(command));
            let reply = client.command(command).await.context(format!("cannot send {shown}"))?;
            // A server may repeat the password.
            let lines: Vec<String> = reply.lines.iter().map(|line| client.masked(line)).collect();
            match context.out.is_json() {
                true => context.out.event(&json!({ "command": shown, "code": reply.code, "lines": lines })),
                false => lines.iter().for_each(|line| context.out.line(&format!("{} {line}", reply.code))),
            }
            if codes::is_refusal(reply.code) {
                refused.get_or_insert(reply.code);
            }
        }
        client.quit().await;
        match refused {
            Some(code) => Err(Failure::new(Exit::Refused, format!("a command was answered with {code}"))),
            None => Ok(()),
        }
    }
}

/// Without what is secret in it.
fn shown(command: &str) -> String {
    match command.trim_start().split_once(' ') {
        Some((verb, _)) if ["PASS", "ACCT", "ADAT"].iter().any(|secret| verb.eq_ignore_ascii_case(secret)) => {
            format!("{verb} ****")
        }
        _ => command.to_owned(),
    }
}
