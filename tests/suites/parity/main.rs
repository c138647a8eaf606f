//! Everything that the reference clients can do, against real servers: each row of the list runs against pyftpdlib and
//! against the embedded server, as far as that speaks it.

mod directories;
mod faults;
mod files;
mod gibibyte;
mod listings;
mod names;
mod options;
mod row;
mod session;
mod transfers;

use std::process::ExitCode;

use ftp_tests::pyftpd;
use ftp_tests::suite::Suite;

use row::{Row, Site};

/// Rows that the embedded server cannot answer, and the command that it does not know or does in another way.
const NOT_SPOKEN_BY_EMBEDDED: [(&str, &str); 14] = [
    ("help_on_a_command_is_given", "HELP with an argument"),
    ("store_unique_tells_the_name", "STOU, whose reply is the name without FILE"),
    ("directory_with_quotes", "MKD, whose reply has no quotation marks of its own"),
    ("site_help_is_given", "SITE HELP"),
    ("reinitialize_ends_the_login_only", "REIN"),
    ("make_a_directory_inside_another_names_its_path", "MKD, whose reply has no quotation marks"),
    ("modification_time_is_set", "MFMT"),
    ("mode_is_set", "SITE CHMOD"),
    ("entries_tell_time_and_permissions", "OPTS MLST"),
    ("facts_are_selected", "OPTS MLST"),
    ("ascii_download_has_lf", "TYPE A"),
    ("ascii_download_of_many_lines", "TYPE A"),
    ("ascii_upload_arrives_with_the_lines_of_the_server", "TYPE A"),
    ("ascii_upload_of_many_lines", "TYPE A"),
];

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments();
    let rows = rows();
    for (name, _) in NOT_SPOKEN_BY_EMBEDDED {
        assert!(rows.iter().any(|row| row.name == name), "{name} is no row");
    }
    for row in rows {
        suite.trial_with(format!("pyftpdlib::{}", row.name), pyftpd::installed(), move || async move {
            (row.run)(Site::pyftpd()?).await
        });
        match not_spoken(&row) {
            Some(reason) => suite.note(&format!("not spoken by the embedded server: {} ({reason})", row.name)),
            None => suite
                .trial(format!("embedded::{}", row.name), move || async move { (row.run)(Site::embedded()?).await }),
        }
    }
    gibibyte::add(&mut suite);
    options::add(&mut suite);
    faults::add(&mut suite);
    suite.run()
}

fn rows() -> Vec<Row> {
    [session::rows(), directories::rows(), listings::rows(), files::rows(), transfers::rows(), names::rows()].concat()
}

fn not_spoken(row: &Row) -> Option<&'static str> {
    NOT_SPOKEN_BY_EMBEDDED.iter().find(|(name, _)| *name == row.name).map(|(_, reason)| *reason)
}
