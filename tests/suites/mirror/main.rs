//! Trees and segmented downloads with the client over the system's own sockets: against pyftpdlib, vsftpd, ProFTPD and
//! Pure-FTPd, and against servers that lie about names.

mod hostile;
mod local;
mod segments;
mod site;
mod trees;
mod walks;

use std::process::ExitCode;

use ftp_client::native::Native;
use ftp_host::TlsVersion;
use ftp_tests::servers::{Kind, Security, Way};
use ftp_tests::suite::Suite;

use site::Site;

/// The client under test.
type Session = ftp_client::Session<Native>;

/// Add one trial for each of these functions, named after it, on a server of its own.
macro_rules! rows {
    ($suite:expr, $way:expr, [$($module:ident::$name:ident),* $(,)?]) => {
        $($suite.trial_with(
            format!("{}::{}", $way.name(), stringify!($name)),
            $way.installed(),
            move || async move { $module::$name(Site::start($way)?).await },
        );)*
    };
}

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments();
    for kind in Kind::ALL {
        let plain = Way::plain(kind);
        rows!(
            suite,
            plain,
            [
                walks::walk_finds_what_is_there,
                walks::walk_ends_where_a_link_leads_back,
                walks::walk_that_follows_links_ends_where_one_leads_back,
                walks::walk_stops_at_its_depth,
                walks::root_that_is_not_there_is_told,
                trees::download_of_a_tree_makes_it_the_same_and_then_there_is_nothing_to_do,
                trees::upload_of_a_tree_makes_it_the_same_and_then_there_is_nothing_to_do,
                segments::gone_on_with_after_a_failure,
            ]
        );
        for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
            let secure = Way { kind, security: Security::Explicit, version };
            rows!(suite, secure, [segments::four_sessions_bring_the_same_file]);
        }
        rows!(suite, plain, [segments::four_sessions_bring_the_same_file]);
    }
    let limited = Way::plain(Kind::PyFtpd);
    suite.trial_with(
        "pyftpdlib::fewer_sessions_do_where_more_are_not_let_in",
        limited.installed(),
        move || async move {
            segments::fewer_sessions_do_where_more_are_not_let_in(Site::start_with(
                limited,
                &["--max-connections", "2"],
            )?)
            .await
        },
    );
    suite.trial_with("pyftpdlib::one_session_does_where_rest_is_unknown", limited.installed(), move || async move {
        segments::one_session_does_where_rest_is_unknown(Site::start_with(limited, &["--without", "REST"])?).await
    });
    hostile::add(&mut suite);
    suite.run()
}
