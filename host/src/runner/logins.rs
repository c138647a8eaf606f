//! Who to be on which host, as a `.netrc` with just what the command line is about.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use console::Term;
use ftp_cli::arguments::ConnectionOptions;
use ftp_cli::exit::Exit;
use ftp_cli::netrc::{self, Login};
use ftp_cli::remote::Remote;
use ftp_cli::task::Task;
use ftp_cli::text::plain;

use super::{Failure, hidden, inputs};

/// The entries of a netrc for the hosts that the task names, and passwords that are asked for: once for each user
/// that has none, unless there is one for all. `file` is the netrc that the command line permits to look at.
pub fn of(
    task: &dyn Task,
    options: &ConnectionOptions,
    file: Option<&Path>,
    user: Option<&str>,
    has_password: bool,
) -> Result<Option<String>, Failure> {
    let known = known(file)?;
    let accounts = accounts(task, options, user)?;
    let mut text = String::new();
    for Account { host, user } in &accounts {
        let login = netrc::login(&known, host, user.as_deref());
        let has_password = has_password || login.as_ref().is_some_and(|login| login.password.is_some());
        let login = match user {
            Some(user) if !has_password => ask(host, user)?.or(login),
            // Without an entry of its own, this would be the one who is asked for.
            None if !has_password && accounts.iter().any(|other| other.host == *host && other.user.is_some()) => {
                login.or_else(|| Some(Login { user: Some("anonymous".to_owned()), ..Login::default() }))
            }
            _ => login,
        };
        text.extend(login.map(|login| entry(host, &login)));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A user of a host whose password is not in the URL.
#[derive(Debug, PartialEq, Eq)]
struct Account {
    host: String,
    user: Option<String>,
}

/// Those without a user come first: to the guest the first entry that fits is the one, and theirs is the first of the file.
fn accounts(task: &dyn Task, options: &ConnectionOptions, user: Option<&str>) -> Result<Vec<Account>, Failure> {
    let user = options.login.user.as_deref().or(user);
    let mut accounts = Vec::new();
    for url in task.urls() {
        let remote = Remote::parse(url, &options.encoding());
        let remote = remote.map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        let account = Account { host: remote.host, user: remote.user.or_else(|| user.map(str::to_owned)) };
        if remote.password.is_none() && !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    accounts.sort_by_key(|account| account.user.is_some());
    Ok(accounts)
}

/// All that may be looked at.
fn known(file: Option<&Path>) -> Result<String, Failure> {
    let mut known = match file {
        Some(path) => {
            warn_of_readers(path);
            inputs::read(path)?
        }
        None => String::new(),
    };
    if let Some(given) = inputs::own("FTP_NETRC") {
        known.push('\n');
        known.push_str(&given);
    }
    Ok(known)
}

/// A file of passwords is for its owner alone.
#[cfg(unix)]
fn warn_of_readers(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = fs::metadata(path).map_or(0, |file| file.permissions().mode() & 0o777);
    if mode & 0o044 != 0 {
        let path = plain(&path.display().to_string());
        // Whether anybody looks on changes nothing.
        let _ =
            writeln!(io::stderr(), "ftp-host: warning: {path} can be read by others ({mode:03o}): chmod 600 {path}");
    }
}

/// Elsewhere permissions have no bits.
#[cfg(not(unix))]
fn warn_of_readers(_: &Path) {}

/// The netrc of `--netrc-file`, else of `--netrc`.
pub fn file(named: Option<&Path>, is_usual: bool) -> Result<Option<PathBuf>, Failure> {
    if named.is_some() || !is_usual {
        return Ok(named.map(Path::to_owned));
    }
    let home = env::var_os("HOME").ok_or_else(|| Failure::new(Exit::Local, "--netrc needs the variable HOME"))?;
    Ok(Some(PathBuf::from(home).join(".netrc")))
}

/// Nothing where nobody can be asked, or nobody has to be.
fn ask(host: &str, user: &str) -> Result<Option<Login>, Failure> {
    let terminal = Term::stderr();
    let needs_none = ["anonymous", "ftp"].iter().any(|name| user.eq_ignore_ascii_case(name));
    if !terminal.is_term() || needs_none {
        return Ok(None);
    }
    let answer = terminal
        .write_str(&plain(&format!("Password of {user} on {host}: ")))
        .and_then(|()| hidden::line(&terminal))
        .map_err(|error| Failure::new(Exit::Local, format!("cannot ask for a password: {error}")))?;
    Ok(Some(Login { user: Some(user.to_owned()), password: Some(answer), account: None }))
}

fn entry(host: &str, login: &Login) -> String {
    let mut entry = format!("machine {}", quoted(host));
    for (name, word) in [("login", &login.user), ("password", &login.password), ("account", &login.account)] {
        if let Some(word) = word {
            entry.push_str(&format!(" {name} {}", quoted(word)));
        }
    }
    entry.push('\n');
    entry
}

fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use ftp_cli::arguments::Arguments;

    use super::*;

    fn of_line(line: &str, user: Option<&str>) -> Vec<Account> {
        let words = ["ftp"].into_iter().chain(line.split(' ')).map(Into::into).collect();
        let Arguments { connection, verb } = Arguments::parse("ftp", words).ok().unwrap();
        accounts(verb.task(), &connection, user).ok().unwrap()
    }

    fn users(line: &str) -> Vec<(String, Option<String>)> {
        let accounts = of_line(line, Some("env"));
        accounts.into_iter().map(|Account { host, user }| (host, user)).collect()
    }

    #[test]
    fn accounts_are_those_that_need_a_password_each_once() {
        let is = |host: &str, user: &str| (host.to_owned(), Some(user.to_owned()));
        assert_eq!(users("ls ftp://a/x ftp://me@a/ ftp://me@a/y ftp://me:pw@b/"), [is("a", "env"), is("a", "me")]);
        assert_eq!(users("ls --user you ftp://a/"), [is("a", "you")]);
        let first = of_line("ls ftp://me@a/ ftp://a/", None);
        assert_eq!(first.iter().map(|account| account.user.as_deref()).collect::<Vec<_>>(), [None, Some("me")]);
    }

    #[test]
    fn entries_come_back_as_they_were() {
        for password in ["plain", "a b", "\"", "\\", "", "# machine b", "ü"] {
            let login = Login { user: Some("me".into()), password: Some(password.into()), account: Some("x y".into()) };
            let text = format!("{}{}", entry("other", &Login::default()), entry("host", &login));
            assert_eq!(netrc::login(&text, "host", None), Some(login));
        }
    }
}
