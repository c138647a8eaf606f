//! curl, which the others are compared with.

use anyhow::{Result, bail};

use super::{Peer, first_line, limited, program, timed};
use crate::figures::Figures;
use crate::site::{PASSWORD, Task, closed_port};
use crate::works::Work;

/// The longest that a command may take, in seconds.
const LIMIT: &str = "300";

/// The command.
pub struct Curl;

impl Peer for Curl {
    fn name(&self) -> &'static str {
        "curl"
    }

    fn title(&self) -> &'static str {
        "the command `curl`"
    }

    fn prepare(&mut self) -> Result<String> {
        first_line(program("curl").arg("--version"))
    }

    fn does(&self, work: Work) -> bool {
        use Work::{Cold, Connect, List, ManyRetr, ManyStor, Retr, SmallRetr, SmallStor, Stor};
        matches!(work, Retr | Stor | SmallRetr | SmallStor | List | Connect | ManyRetr | ManyStor | Cold)
    }

    fn run(&mut self, task: &Task<'_>) -> Result<Figures> {
        let mut command = limited(program("curl"), task);
        command.args(["--silent", "--show-error", "--max-time", LIMIT]);
        if task.work == Work::Cold {
            return timed(command.arg(format!("ftp://127.0.0.1:{}/", closed_port()?)), task);
        }
        let site = task.site()?;
        command.arg("--user").arg(format!("user:{PASSWORD}"));
        if site.way.is_encrypted() {
            command.args(["--ssl-reqd", "--cacert", "ca.pem"]);
        }
        let small = format!("small/f[0000-{:04}]", task.sizes.files - 1);
        let each = format!("each/f[0000-{:04}]", task.sizes.clients - 1);
        let clients = task.sizes.clients.to_string();
        if matches!(task.work, Work::ManyRetr | Work::ManyStor) {
            command.args(["--parallel", "--parallel-immediate", "--parallel-max", &clients]);
        }
        match task.work {
            Work::Retr => command.args(["--output", "down/large"]).arg(site.url("large")),
            Work::Stor => command.args(["--upload-file", "large"]).arg(site.url("up/large")),
            Work::SmallRetr => command.args(["--output", "down/f#1"]).arg(site.url(&small)),
            Work::SmallStor => command.args(["--upload-file", &small]).arg(site.url("up/")),
            Work::ManyRetr => command.args(["--output", "down/f#1"]).arg(site.url(&each)),
            Work::ManyStor => command.args(["--upload-file", &each]).arg(site.url("up/")),
            Work::List => command.arg(site.url("many/")),
            Work::Connect => command.args(["--head"]).arg(site.url("")),
            _ => bail!("not its work"),
        };
        timed(&mut command, task)
    }
}
