//! lftp.

use anyhow::{Result, bail};

use super::{Peer, first_line, limited, program, timed};
use crate::figures::Figures;
use crate::site::{PASSWORD, Task, closed_port, small};
use crate::works::Work;

/// Everything at once or not at all. Its own look at the names of certificates knows no IP addresses.
const SETTINGS: &str = "set cmd:fail-exit yes; set net:max-retries 1; set net:timeout 60; set xfer:clobber yes; \
    set ftp:use-mdtm no; set ssl:check-hostname no; set ssl:ca-file ca.pem; ";

/// The command.
pub struct Lftp;

impl Peer for Lftp {
    fn name(&self) -> &'static str {
        "lftp"
    }

    fn title(&self) -> &'static str {
        "the command `lftp`"
    }

    fn prepare(&mut self) -> Result<String> {
        first_line(program("lftp").arg("--version"))
    }

    fn does(&self, work: Work) -> bool {
        use Work::{Cold, Connect, List, Retr, SmallRetr, SmallStor, Stor};
        matches!(work, Retr | Stor | SmallRetr | SmallStor | List | Connect | Cold)
    }

    fn run(&mut self, task: &Task<'_>) -> Result<Figures> {
        let mut command = limited(program("lftp"), task);
        command.env("HOME", task.here.path());
        let script = if task.work == Work::Cold {
            format!("{SETTINGS} open ftp://127.0.0.1:{}/; cls", closed_port()?)
        } else {
            script(task)?
        };
        timed(command.args(["--norc", "-c", &script]), task)
    }
}

fn script(task: &Task<'_>) -> Result<String> {
    let (site, files) = (task.site()?, task.sizes.files);
    let names = || (0..files).map(small).collect::<Vec<_>>().join(" ");
    let tls = if site.way.is_encrypted() { "yes" } else { "no" };
    let (host, port) = (site.address().ip(), site.address().port());
    let work = match task.work {
        Work::Retr => "get -O down large".to_owned(),
        Work::Stor => "put -O up large".to_owned(),
        Work::SmallRetr => format!("get -O down {}", names()),
        Work::SmallStor => format!("put -O up {}", names()),
        Work::List => "ls many".to_owned(),
        Work::Connect => "quote NOOP".to_owned(),
        _ => bail!("not its work"),
    };
    Ok(format!(
        "{SETTINGS} set ftp:ssl-allow {tls}; set ftp:ssl-force {tls}; set ftp:ssl-protect-data {tls}; \
         open -u user,{PASSWORD} -p {port} {host}; {work}"
    ))
}
