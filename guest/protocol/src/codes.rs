//! Which reply codes can answer which command (RFC 959, section 5.4, and the RFCs of the extensions).
//!
//! A reply that comes late, or twice, stands where the reply to a later command is expected. Its code shows that in most
//! cases: a 230 says nothing about a `DELE`.

/// The line that a server says first, in place of a verb.
pub const GREETING: &str = "";

/// Any command that opens a data connection, in place of its verb.
pub const TRANSFER: &str = "RETR";

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
        // RFC 4217, section 4; some servers say 200 or 334 and mean it. The handshake shows whether they do.
        "AUTH" => (&[200, 234, 334], Fit::Answers),
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
        "STAT" => (&[211, 212, 213], Fit::Odd),
        "FEAT" => (&[211], Fit::Odd),
        "SYST" => (&[215], Fit::Odd),
        _ => (&[], Fit::Answers),
    }
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
}
