//! Command lines of the caller: which call may send them.

use crate::error::Error;
use alloc::format;
use alloc::string::String;
use ftp_protocol::command;

/// Commands that have a function of their own, because they transfer data, log in or out, or change how the two sides
/// talk.
const OWN_FUNCTION: [&str; 28] = [
    "ABOR", "ACCT", "ADAT", "APPE", "AUTH", "CCC", "CPSV", "EPRT", "EPSV", "LIST", "LPRT", "LPSV", "MLSD", "NLST",
    "PASS", "PASV", "PBSZ", "PORT", "PROT", "QUIT", "REIN", "REST", "RETR", "SPSV", "SSCN", "STOR", "STOU", "USER",
];

/// Commands of RFC 959 and RFC 3659 whose data comes from the server.
const GET: [&str; 4] = ["LIST", "MLSD", "NLST", "RETR"];

/// Commands of RFC 959 whose data goes to the server.
const PUT: [&str; 3] = ["APPE", "STOR", "STOU"];

/// A command whose data comes from the server: `RETR`, `LIST`, `NLST`, `MLSD`, or one that only the server knows.
///
/// ```
/// use ftp_client::GetCommand;
///
/// assert!(GetCommand::new("LIST -R").is_ok());
/// assert!(GetCommand::new("STOR file").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetCommand<'a> {
    pub(crate) verb: &'a str,
    pub(crate) argument: Option<&'a str>,
    /// The whole file of that name, if it is that.
    pub(crate) file: Option<&'a str>,
}

impl<'a> GetCommand<'a> {
    /// From a line as it is to be sent, without its end.
    ///
    /// # Errors
    ///
    /// [`Error::invalid_argument`] for a command whose data goes to the server, or that changes how the two sides talk, and for a
    /// line end in it.
    pub fn new(line: &'a str) -> Result<Self, Error> {
        let (verb, argument, known) = checked(line, &GET)?;
        Ok(Self { verb, argument, file: argument.filter(|_| known == "RETR") })
    }

    /// (RETR, RFC 959)
    pub const fn retrieve(path: &'a str) -> Self {
        Self { verb: "RETR", argument: Some(path), file: Some(path) }
    }

    /// (LIST, RFC 959)
    pub const fn list(argument: Option<&'a str>) -> Self {
        Self { verb: "LIST", argument, file: None }
    }

    /// (NLST, RFC 959)
    pub const fn name_list(argument: Option<&'a str>) -> Self {
        Self { verb: "NLST", argument, file: None }
    }

    /// (MLSD, RFC 3659, section 7)
    pub const fn machine_list(path: Option<&'a str>) -> Self {
        Self { verb: "MLSD", argument: path, file: None }
    }
}

/// A command whose data goes to the server: `STOR`, `APPE`, `STOU`, or one that only the server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutCommand<'a> {
    pub(crate) verb: &'a str,
    pub(crate) argument: Option<&'a str>,
    /// The whole file of that name, if it is that.
    pub(crate) file: Option<&'a str>,
    /// (STOU) The server chooses the name.
    pub(crate) is_unique: bool,
}

impl<'a> PutCommand<'a> {
    /// From a line as it is to be sent, without its end.
    ///
    /// # Errors
    ///
    /// [`Error::invalid_argument`] for a command whose data comes from the server, or that changes how the two sides talk, and for a
    /// line end in it.
    pub fn new(line: &'a str) -> Result<Self, Error> {
        let (verb, argument, known) = checked(line, &PUT)?;
        Ok(Self { verb, argument, file: argument.filter(|_| known == "STOR"), is_unique: known == "STOU" })
    }

    /// (STOR, RFC 959)
    pub const fn store(path: &'a str) -> Self {
        Self { verb: "STOR", argument: Some(path), file: Some(path), is_unique: false }
    }

    /// (APPE, RFC 959)
    pub const fn append(path: &'a str) -> Self {
        Self { verb: "APPE", argument: Some(path), file: None, is_unique: false }
    }

    /// (STOU, RFC 959)
    pub const fn store_unique() -> Self {
        Self { verb: "STOU", argument: None, file: None, is_unique: true }
    }
}

/// A command with nothing but a reply, which has no function of its own.
pub(crate) fn check_plain(line: &str) -> Result<(), Error> {
    checked(line, &[]).map(|_| ())
}

/// The verb as it was written, its argument, and the verb in upper case. Of the commands that have a function of their own
/// these are permitted.
fn checked<'a>(line: &'a str, permitted: &[&str]) -> Result<(&'a str, Option<&'a str>, String), Error> {
    command::check(line.as_bytes())?;
    let (written, argument) = line.split_once(' ').map_or((line, None), |(verb, argument)| (verb, Some(argument)));
    let verb = command::verb(written.as_bytes()).unwrap_or_default();
    let is_default_mode = matches!((&*verb, argument), ("MODE", Some("S" | "s")) | ("STRU", Some("F" | "f")));
    let changes_mode = matches!(&*verb, "MODE" | "STRU") && !is_default_mode;
    let has_function = OWN_FUNCTION.contains(&&*verb) && !permitted.contains(&&*verb);
    if has_function || changes_mode {
        return Err(Error::invalid_argument(format!("{verb} cannot be sent by this call")));
    }
    Ok((written, argument, verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_goes_the_way_of_its_data() {
        for line in ["RETR a", "retr a", "LIST", "NLST -a", "MLSD", "XYZZY a"] {
            assert!(GetCommand::new(line).is_ok(), "{line}");
        }
        for line in ["STOR a", "stou", "APPE a"] {
            assert!(GetCommand::new(line).is_err(), "{line}");
            assert!(PutCommand::new(line).is_ok(), "{line}");
        }
        for line in ["RETR a", "list", "PASV", "USER u", "REST 5", "MODE Z", "ABOR"] {
            assert!(PutCommand::new(line).is_err(), "{line}");
        }
        for line in ["RETR a", "STOR a", "QUIT", "MODE B", "stru r"] {
            assert!(check_plain(line).is_err(), "{line}");
        }
        for line in ["MODE S", "STRU f", "HELP", "SITE CHMOD 600 a"] {
            assert!(check_plain(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn command_by_name_is_that_of_its_line() {
        for (command, line) in [
            (GetCommand::retrieve("a b"), "RETR a b"),
            (GetCommand::list(None), "LIST"),
            (GetCommand::name_list(Some("-a")), "NLST -a"),
            (GetCommand::machine_list(Some("a")), "MLSD a"),
        ] {
            assert_eq!(Ok(command), GetCommand::new(line));
        }
        for (command, line) in [
            (PutCommand::store("a"), "STOR a"),
            (PutCommand::append("a"), "APPE a"),
            (PutCommand::store_unique(), "STOU"),
        ] {
            assert_eq!(Ok(command), PutCommand::new(line));
        }
    }

    #[test]
    fn verb_is_the_same_in_either_case() {
        assert_eq!(GetCommand::new("retr a b").unwrap().file, Some("a b"));
        assert_eq!(GetCommand::new("LIST a").unwrap().file, None);
        assert_eq!(PutCommand::new("stor a").unwrap().file, Some("a"));
        assert!(PutCommand::new("stou a").unwrap().is_unique);
    }
}
