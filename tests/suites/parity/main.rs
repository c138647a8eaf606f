//! Everything that the reference clients can do, against real servers: each row of the list runs against pyftpdlib,
//! vsftpd, ProFTPD and Pure-FTPd, plain and over TLS 1.2 and 1.3, and against the embedded server, as far as they speak it.

mod directories;
mod extensions;
mod faults;
mod files;
mod fxp;
mod gibibyte;
mod keepalive;
mod listings;
mod modes;
mod names;
mod options;
mod pipelining;
mod row;
mod security;
mod session;
mod transfers;

use std::process::ExitCode;

use anyhow::Result;
use ftp_tests::servers::{Kind, Security, Way};
use ftp_tests::suite::{Requirement, Suite};

use row::{Row, Site};

/// Rows that a server cannot answer, and the command that it does not know or does in another way.
const NOT_SPOKEN: &[(&str, &str, &str)] = &[
    (PYFTPD, "name_that_is_not_utf8", "names that are not UTF-8"),
    (PYFTPD, "names_in_windows_1251", "names that are not UTF-8"),
    (PYFTPD, "names_in_shift_jis", "names that are not UTF-8"),
    (PYFTPD, "names_in_gbk", "names that are not UTF-8"),
    (PYFTPD, "names_of_bytes_that_are_telnet", "names that are not UTF-8"),
    (PYFTPD, "directories_in_windows_1251", "names that are not UTF-8"),
    (PYFTPD_TLS12, "names_in_an_empty_directory", "NLST of nothing, which it may end without close_notify"),
    (PYFTPD_TLS13, "names_in_an_empty_directory", "NLST of nothing, which it may end without close_notify"),
    (VSFTPD, "reinitialize_ends_the_login_only", "REIN"),
    (VSFTPD, "entries_of_a_missing_directory_are_refused", "LIST of what is missing, which is an empty list"),
    (
        VSFTPD,
        "entries_in_portions_of_a_missing_directory_are_refused",
        "LIST of what is missing, which is an empty list",
    ),
    (VSFTPD, "names_in_a_missing_directory_are_refused", "NLST of what is missing, which is an empty list"),
    (VSFTPD, "facts_are_selected", "OPTS MLST"),
    (PROFTPD, "reinitialize_ends_the_login_only", "REIN"),
    (PURE_FTPD, "help_on_a_command_is_given", "HELP, whose argument it ignores"),
    (PURE_FTPD, "utf8_option_is_accepted", "OPTS UTF8"),
    (PURE_FTPD, "reinitialize_ends_the_login_only", "REIN"),
    (PURE_FTPD, "make_a_directory_inside_another_names_its_path", "MKD, whose reply is the name as it was sent"),
    (PURE_FTPD, "facts_are_selected", "OPTS MLST, which it accepts and ignores"),
    (PURE_FTPD, "ascii_upload_arrives_with_the_lines_of_the_server", "TYPE A, in which it drops each CR"),
    (PURE_FTPD, "name_that_begins_and_ends_with_a_space", "STOR, which turns a space at either end into `_`"),
    (PURE_FTPD, "names_in_shift_jis", "names with a backslash in them"),
    (PURE_FTPD, "directory_with_quotes", "MKD, whose reply does not double quotation marks"),
    (EMBEDDED, "name_that_is_not_utf8", "names that are not UTF-8"),
    (EMBEDDED, "names_in_windows_1251", "names that are not UTF-8"),
    (EMBEDDED, "names_in_shift_jis", "names that are not UTF-8"),
    (EMBEDDED, "names_in_gbk", "names that are not UTF-8"),
    (EMBEDDED, "names_of_bytes_that_are_telnet", "names that are not UTF-8"),
    (EMBEDDED, "directories_in_windows_1251", "names that are not UTF-8"),
    (EMBEDDED, "help_on_a_command_is_given", "HELP with an argument"),
    (EMBEDDED, "store_unique_tells_the_name", "STOU, whose reply is the name without FILE"),
    (EMBEDDED, "directory_with_quotes", "MKD, whose reply has no quotation marks of its own"),
    (EMBEDDED, "site_help_is_given", "SITE HELP"),
    (EMBEDDED, "reinitialize_ends_the_login_only", "REIN"),
    (EMBEDDED, "make_a_directory_inside_another_names_its_path", "MKD, whose reply has no quotation marks"),
    (EMBEDDED, "modification_time_is_set", "MFMT"),
    (EMBEDDED, "mode_is_set", "SITE CHMOD"),
    (EMBEDDED, "entries_tell_time_and_permissions", "OPTS MLST"),
    (EMBEDDED, "facts_are_selected", "OPTS MLST"),
    (EMBEDDED, "entries_by_status", "STAT of a path, whose reply is 200"),
    (EMBEDDED, "ascii_download_has_lf", "TYPE A"),
    (EMBEDDED, "ascii_download_of_many_lines", "TYPE A"),
    (EMBEDDED, "ascii_upload_arrives_with_the_lines_of_the_server", "TYPE A"),
    (EMBEDDED, "ascii_upload_of_many_lines", "TYPE A"),
];

const PYFTPD: &str = Kind::PyFtpd.name();
const PYFTPD_TLS12: &str = "pyftpdlib-tls12";
const PYFTPD_TLS13: &str = "pyftpdlib-tls13";
const VSFTPD: &str = Kind::Vsftpd.name();
const PROFTPD: &str = Kind::ProFtpd.name();
const PURE_FTPD: &str = Kind::PureFtpd.name();
const EMBEDDED: &str = "embedded";

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments();
    let rows = rows();
    let ways: Vec<Way> = Kind::ALL.into_iter().flat_map(Way::all).collect();
    for (server, name, _) in NOT_SPOKEN {
        let known = *server == EMBEDDED || ways.iter().any(|way| way.name() == *server);
        assert!(known && rows.iter().any(|row| row.name == *name), "{server}::{name} is no row");
    }
    for row in rows {
        for &way in ways.iter().filter(|way| way.security != Security::Implicit) {
            add(&mut suite, way.kind.name(), &way.name(), way.installed(), row, move || Site::real(way));
        }
        add(&mut suite, EMBEDDED, EMBEDDED, Ok(()), row, Site::embedded);
    }
    extensions::add(&mut suite);
    fxp::add(&mut suite);
    gibibyte::add(&mut suite);
    options::add(&mut suite);
    modes::add(&mut suite);
    keepalive::add(&mut suite);
    pipelining::add(&mut suite);
    faults::add(&mut suite);
    security::add(&mut suite);
    suite.run()
}

fn rows() -> Vec<Row> {
    [session::rows(), directories::rows(), listings::rows(), files::rows(), transfers::rows(), names::rows()].concat()
}

/// Add the trial of a row on a server, or say why there is none.
fn add(
    suite: &mut Suite,
    server: &str,
    way: &str,
    requirement: Requirement,
    row: Row,
    site: impl FnOnce() -> Result<Site> + Send + 'static,
) {
    match NOT_SPOKEN.iter().find(|(of, name, _)| [server, way].contains(of) && *name == row.name) {
        Some((_, _, reason)) => suite.note(&format!("not spoken by {way}: {} ({reason})", row.name)),
        None => suite
            .trial_with(format!("{way}::{}", row.name), requirement, move || async move { (row.run)(site()?).await }),
    }
}
