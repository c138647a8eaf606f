//! Which reply codes can answer which command (RFC 959, section 5.4, and the RFCs of the extensions), and what decisions are
//! made by them.
//!
//! A reply that comes late, or twice, stands where the reply to a later command is expected. Its code shows that in most
//! cases: a 230 says nothing about a `DELE`.
//!
//! Elsewhere no code is a number: one that decides alone has a name here, and several have a question.

/// The line that a server says first, in place of a verb.
pub const GREETING: &str = "";

/// Any command that opens a data connection, in place of its verb.
pub const TRANSFER: &str = "RETR";

/// RFC 4217, section 4; some servers say 200 or 334 and mean it. The handshake shows whether they do.
const TLS_BEGINS: [u16; 3] = [200, 234, 334];

/// Of the system, a directory or a file (RFC 959, section 4.2.2).
const STATUS: [u16; 3] = [211, 212, 213];

/// What a reply code is to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// A reply to this command.
    Answers,
    /// No reply that this command has, and none that only another one has: servers are known to send such codes.
    Odd,
    /// The reply to another command.
    Never,
}

/// What this code is to this verb, which is in upper case.
///
/// Refusals (4yz, 5yz) and preliminary replies (1yz) fit every command. A verb that is not in the table has all codes but
/// those that belong to other commands.
pub fn fit(verb: &str, code: u16) -> Fit {
    if !matches!(code, 200..=399) {
        return Fit::Answers;
    }
    let (own, others) = row(verb);
    match (verb, code) {
        _ if own.contains(&code) => Fit::Answers,
        ("EPSV", 227 | 228) | ("PASV", 229) | ("TYPE", 226) => Fit::Odd,
        (_, 220 | 221 | 225..=235 | 331 | 332 | 334..=336 | 350) => Fit::Never,
        _ => others,
    }
}

/// The codes of 2yz and 3yz that a command has, and what those are that no command has to itself.
fn row(verb: &str) -> (&'static [u16], Fit) {
    match verb {
        GREETING => (&[220, 230], Fit::Answers),
        "USER" => (&[230, 232, 331, 332, 336], Fit::Odd),
        "PASS" => (&[202, 230, 232, 332], Fit::Odd),
        "ACCT" => (&[202, 230, 232], Fit::Odd),
        // RFC 7151, section 3.2.
        "HOST" => (&[220], Fit::Answers),
        // pyftpdlib says 230.
        "REIN" => (&[220, 230], Fit::Answers),
        "QUIT" => (&[221], Fit::Answers),
        "AUTH" => (&TLS_BEGINS, Fit::Answers),
        // After any other code nobody knows what comes next, TLS or not.
        "CCC" => (&[200], Fit::Never),
        "ABOR" => (&[225, 226], Fit::Answers),
        "PASV" | "CPSV" => (&[227], Fit::Odd),
        // RFC 2428, section 3.
        "EPSV" => (&[229], Fit::Odd),
        // 200 comes before the 150 of some servers.
        TRANSFER | "STOR" | "STOU" | "APPE" | "LIST" | "NLST" | "MLSD" => (&[200, 226, 250], Fit::Odd),
        "REST" | "RNFR" => (&[350], Fit::Odd),
        // `SITE CPFR` is like `RNFR`, `RANG` like `REST`.
        "SITE" | "RANG" => (&[350], Fit::Answers),
        "CWD" | "DELE" | "MLST" | "RMD" | "RNTO" => (&[250], Fit::Odd),
        "CDUP" => (&[200, 250], Fit::Odd),
        "MKD" | "PWD" => (&[257], Fit::Odd),
        "SIZE" => (&[213], Fit::Odd),
        // Some servers set times with it, and say 253.
        "MDTM" => (&[213, 253], Fit::Odd),
        "STAT" => (&STATUS, Fit::Odd),
        "FEAT" => (&[211], Fit::Odd),
        "SYST" => (&[215], Fit::Odd),
        _ => (&[], Fit::Answers),
    }
}

// Single codes that decide

/// Done (RFC 959, section 4.2), and the reply to `CCC` after which TLS ends.
pub const OKAY: u16 = 200;
/// Done by doing nothing (RFC 959, section 4.2), as what was asked for is superfluous.
pub const SUPERFLUOUS: u16 = 202;
/// The state of the system, and the reply to `FEAT` (RFC 2389, section 3.2).
pub const SYSTEM_STATUS: u16 = 211;
/// The greeting of a server that waits for a login.
pub const READY: u16 = 220;
/// Data came or went, and its connection is closed.
pub const TRANSFER_DONE: u16 = 226;
/// The port of `PASV`.
pub const PASSIVE: u16 = 227;
/// The port of `EPSV` (RFC 2428, section 3).
pub const EXTENDED_PASSIVE: u16 = 229;
/// Logged in; also the greeting of a server that wants no login.
pub const LOGGED_IN: u16 = 230;
/// Done with a file, and the reply to `MLST` (RFC 3659, section 7.2).
pub const FILE_ACTION_DONE: u16 = 250;
/// The directory of `PWD` and `MKD`.
pub const PATH_NAME: u16 = 257;
/// The password is wanted.
pub const PASSWORD_WANTED: u16 = 331;
/// The account is wanted.
pub const ACCOUNT_WANTED: u16 = 332;
/// The next command completes this one, as after `REST`.
pub const PENDING: u16 = 350;
/// The server closes the control connection. It may stand in place of any reply (RFC 959, section 5.4).
pub const CLOSING: u16 = 421;
/// No data connection could be made.
pub const NO_DATA_CONNECTION: u16 = 425;
/// The data connection was lost, or the transfer was aborted.
pub const TRANSFER_ABORTED: u16 = 426;
/// The argument is wrong. To a command that not every server has, it may also be the command that is.
pub const BAD_ARGUMENT: u16 = 501;
/// The command is known, and now is not its time.
pub const BAD_SEQUENCE: u16 = 503;
/// The command is known, and this argument of it is not (RFC 4217, section 17, for `AUTH`).
pub const ARGUMENT_NOT_IMPLEMENTED: u16 = 504;
/// Nobody is logged in, or whoever is may not do it.
pub const NOT_LOGGED_IN: u16 = 530;

// Questions, with the codes that answer yes

/// 4yz and 5yz.
pub const fn is_refusal(code: u16) -> bool {
    code >= 400
}

/// The transfer is done: the replies of RFC 959, section 5.4, which some servers send in place of the preliminary one.
pub const fn ends_transfer(code: u16) -> bool {
    matches!(code, TRANSFER_DONE | FILE_ACTION_DONE)
}

/// The port of a command that makes the server listen: `PASV`, `LPSV`, `EPSV`.
pub const fn names_port(code: u16) -> bool {
    matches!(code, PASSIVE..=EXTENDED_PASSIVE)
}

/// The reply to a `NOOP` that was sent during a transfer: whatever servers say to a command that they do not know, do not like
/// now, or permit to nobody before login. No transfer ends with one of these.
pub const fn answers_noop(code: u16) -> bool {
    matches!(code, 200 | 202 | 500..=504 | 530)
}

/// The reply to a `PWD` that was sent to find it among others: the directory, or that there is none.
pub const fn answers_pwd(code: u16) -> bool {
    matches!(code, PATH_NAME | 550)
}

/// TLS begins, behind `AUTH`.
pub fn agrees_to_tls(code: u16) -> bool {
    TLS_BEGINS.contains(&code)
}

/// `STAT` reports something.
pub fn reports_status(code: u16) -> bool {
    STATUS.contains(&code)
}

/// The server does not know the command, whatever its argument. 501 and 504 are not among them, as they are about the argument.
pub const fn is_not_implemented(code: u16) -> bool {
    matches!(code, 500 | 502)
}

/// The server does not know the command, or not with arguments of this form, as `MDTM` with a time or `SITE UTIME`: wider than
/// [`is_not_implemented`] by what is said of arguments (501, 504), and by what servers say to a `SITE` without effect (202, 402).
pub const fn is_form_not_implemented(code: u16) -> bool {
    is_not_implemented(code) || matches!(code, 202 | 402 | 501 | 504)
}

/// There is no such file, as far as the server says: it has no other code for one that nobody may see.
pub const fn is_missing(code: u16) -> bool {
    code == 550
}

/// It is the name that the server does not take, of a command that every server has (`RETR`, `STOR`, `RNTO`): it is not there or
/// not permitted, or 501, its syntax is not that of a name, as on z/OS.
pub const fn is_about_name(code: u16) -> bool {
    is_missing(code) || matches!(code, BAD_ARGUMENT | 553)
}

/// It is the path that the server refuses, of a command that not every server has (`MLST`, `MLSD`). Unlike in [`is_about_name`],
/// 501 may be about the command; that the path is busy (450), or for others (530, 551), is about the path.
pub const fn is_about_path(code: u16) -> bool {
    is_missing(code) || matches!(code, 450 | NOT_LOGGED_IN | 551 | 553)
}

/// As [`is_about_path`], for the path of a directory that is listed: it cannot be read (451) is about it, too.
pub const fn is_about_directory(code: u16) -> bool {
    is_about_path(code) || code == 451
}

/// What servers say to a listing of no files, which their text has to confirm: RFC 959 has 450 for it, `ls` of many 550.
pub const fn may_mean_no_files(code: u16) -> bool {
    matches!(code, 450 | 550)
}

/// There is no room for the file: for now, or by a quota.
pub const fn is_about_space(code: u16) -> bool {
    matches!(code, 452 | 552)
}

/// The data connection failed, whatever was to be transferred.
pub const fn is_about_data_connection(code: u16) -> bool {
    matches!(code, NO_DATA_CONNECTION | TRANSFER_ABORTED)
}

/// There is no session, or no data connection. Unlike in [`is_about_data_connection`], a transfer that was aborted had one.
pub const fn is_unreachable(code: u16) -> bool {
    matches!(code, CLOSING | NO_DATA_CONNECTION)
}

/// The same may succeed after a pause: connections, and files that are busy or cannot be read now. A lack of space (452) is no
/// matter of a pause.
pub const fn may_pass(code: u16) -> bool {
    is_unreachable(code) || matches!(code, TRANSFER_ABORTED | 450 | 451)
}

/// Data connections are refused without TLS (RFC 4217, section 9): as `PROT` is, and before.
pub const fn wants_private_data(code: u16) -> bool {
    matches!(code, 521 | 522)
}

/// A login is refused without TLS: by the policy (RFC 2228, section 5.2: 533, 534), or as data connections are (522).
pub const fn wants_private_login(code: u16) -> bool {
    matches!(code, 522 | 533 | 534)
}

/// What servers say to a data connection that has not resumed the TLS session, once its handshake is over.
pub const fn wants_resumption(code: u16) -> bool {
    matches!(code, NO_DATA_CONNECTION | 522)
}

/// Another transfer would fail just so: for its connections, for TLS, or because of who is logged in (RFC 2228, section 5.2).
pub const fn is_about_any_transfer(code: u16) -> bool {
    code == CLOSING
        || is_about_data_connection(code)
        || wants_private_data(code)
        || matches!(code, NOT_LOGGED_IN | 532..=536)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERBS: [&str; 46] = [
        "ABOR", "ACCT", "ALLO", "APPE", "AUTH", "AVBL", "CCC", "CDUP", "CLNT", "CPSV", "CWD", "DELE", "EPRT", "EPSV",
        "FEAT", "HASH", "HELP", "HOST", "LIST", "MDTM", "MFMT", "MKD", "MLSD", "MLST", "MODE", "NLST", "NOOP", "OPTS",
        "PASS", "PASV", "PBSZ", "PORT", "PROT", "PWD", "QUIT", "REIN", "REST", "RETR", "RMD", "RNFR", "RNTO", "SITE",
        "SIZE", "STOR", "TYPE", "USER",
    ];

    /// The codes that are those of a few commands, with these.
    const OWNED: [(u16, &[&str]); 19] = [
        (220, &["HOST", "REIN"]),
        (221, &["QUIT"]),
        (225, &["ABOR"]),
        (226, &["ABOR", "APPE", "LIST", "MLSD", "NLST", "RETR", "STOR", "TYPE"]),
        (227, &["CPSV", "EPSV", "PASV"]),
        (228, &["EPSV"]),
        (229, &["EPSV", "PASV"]),
        (230, &["ACCT", "PASS", "REIN", "USER"]),
        (231, &[]),
        (232, &["ACCT", "PASS", "USER"]),
        (233, &[]),
        (234, &["AUTH"]),
        (235, &[]),
        (331, &["USER"]),
        (332, &["PASS", "USER"]),
        (334, &["AUTH"]),
        (335, &[]),
        (336, &["USER"]),
        (350, &["REST", "RNFR", "SITE"]),
    ];

    #[test]
    fn codes_of_a_few_commands_answer_no_other_one() {
        for (code, owners) in OWNED {
            let fitting: alloc::vec::Vec<_> = VERBS.into_iter().filter(|verb| fit(verb, code) != Fit::Never).collect();
            assert_eq!(fitting, owners, "{code}");
            assert_eq!(fit("XYZZY", code), Fit::Never, "{code}");
        }
    }

    #[test]
    fn replies_of_the_rfcs_answer_their_commands() {
        let table: [(&str, &[u16]); 28] = [
            (GREETING, &[120, 220, 230, 421, 554]),
            ("USER", &[230, 331, 332, 530]),
            ("PASS", &[202, 230, 332, 530]),
            ("ACCT", &[202, 230, 530]),
            ("CWD", &[250, 550]),
            ("CDUP", &[200, 250]),
            ("REIN", &[120, 220]),
            ("QUIT", &[221, 500]),
            ("PORT", &[200]),
            ("PASV", &[227]),
            ("MODE", &[200, 504]),
            ("TYPE", &[200]),
            ("STRU", &[200]),
            ("ALLO", &[200, 202]),
            ("REST", &[350]),
            ("STOR", &[125, 150, 226, 250, 426, 552]),
            ("RNFR", &[350, 450, 550]),
            ("RNTO", &[250, 553]),
            ("DELE", &[250, 550]),
            ("MKD", &[257]),
            ("PWD", &[257]),
            ("LIST", &[125, 150, 226, 250]),
            ("SYST", &[215]),
            ("STAT", &[211, 212, 213, 450]),
            ("NOOP", &[200]),
            ("EPSV", &[229, 522]),
            ("SITE", &[200, 202, 214, 250]),
            ("AUTH", &[234, 334, 504]),
        ];
        for (verb, codes) in table {
            for &code in codes {
                assert_eq!(fit(verb, code), Fit::Answers, "{code} to {verb}");
            }
        }
    }

    #[test]
    fn what_deletes_or_moves_has_one_code_for_yes() {
        for verb in ["DELE", "RMD", "RNTO", "CWD"] {
            for code in 200..400 {
                assert_eq!(fit(verb, code) == Fit::Answers, code == 250, "{code} to {verb}");
            }
        }
    }

    #[test]
    fn odd_codes_are_the_ones_of_servers() {
        for (verb, code) in [
            ("RNFR", 250),
            ("RNFR", 200),
            ("TYPE", 226),
            ("EPSV", 227),
            ("EPSV", 202),
            ("PASV", 229),
            ("FEAT", 202),
            ("SIZE", 202),
            ("MDTM", 200),
            ("MLSD", 202),
            ("DELE", 200),
            ("MKD", 250),
        ] {
            assert_eq!(fit(verb, code), Fit::Odd, "{code} to {verb}");
        }
    }

    #[test]
    fn every_command_may_be_refused() {
        for verb in VERBS {
            assert!((100..200).chain(400..600).all(|code| fit(verb, code) == Fit::Answers), "{verb}");
        }
    }

    #[test]
    fn each_question_has_its_codes() {
        type Row = (fn(u16) -> bool, &'static [u16]);
        let table: [Row; 19] = [
            (ends_transfer, &[226, 250]),
            (names_port, &[227, 228, 229]),
            (answers_noop, &[200, 202, 500, 501, 502, 503, 504, 530]),
            (answers_pwd, &[257, 550]),
            (agrees_to_tls, &[200, 234, 334]),
            (reports_status, &[211, 212, 213]),
            (is_not_implemented, &[500, 502]),
            (is_form_not_implemented, &[202, 402, 500, 501, 502, 504]),
            (is_missing, &[550]),
            (is_about_name, &[501, 550, 553]),
            (is_about_path, &[450, 530, 550, 551, 553]),
            (is_about_directory, &[450, 451, 530, 550, 551, 553]),
            (may_mean_no_files, &[450, 550]),
            (is_about_space, &[452, 552]),
            (is_about_data_connection, &[425, 426]),
            (is_unreachable, &[421, 425]),
            (may_pass, &[421, 425, 426, 450, 451]),
            (wants_resumption, &[425, 522]),
            (is_about_any_transfer, &[421, 425, 426, 521, 522, 530, 532, 533, 534, 535, 536]),
        ];
        for (row, (question, codes)) in table.into_iter().enumerate() {
            let yes: alloc::vec::Vec<_> = (100..600).filter(|&code| question(code)).collect();
            assert_eq!(yes, codes, "row {row}");
        }
    }

    #[test]
    fn reply_to_a_noop_ends_no_transfer() {
        assert!((100..600).all(|code| !(answers_noop(code) && ends_transfer(code))));
    }
}
