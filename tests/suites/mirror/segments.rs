//! One file by several sessions.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use ftp_client::engine::{Fetched, Segments, WriteAt, download_once};
use ftp_client::{Error, RefusalKind};
use ftp_tests::payload::{Payload, sha256_of_file};
use ftp_tests::root;
use ftp_tests::servers::{Kind, Security, Way, cases, plain};
use ftp_tests::suite::Case;
use ftp_tests::trial;
use tempfile::TempDir;

use crate::site::Site;

const SIZE: u64 = 64 << 20;

/// A file that takes so many bytes, and then fails.
struct Target {
    file: File,
    room: AtomicU64,
}

impl Target {
    fn create(path: &Path, room: u64) -> Result<Self> {
        Ok(Self { file: File::create(path)?, room: AtomicU64::new(room) })
    }
}

impl WriteAt for Target {
    type Error = Error;

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let failed = |error: &str| Error::other(error);
        let take = |room: u64| room.checked_sub(bytes.len() as u64);
        let taken = self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.map_err(|_| failed("no room"))?;
        self.file.write_all_at(bytes, offset).map_err(|error| failed(&error.to_string()))
    }
}

/// Make the file on the server, and a place for it here.
fn prepare(site: &Site) -> Result<TempDir> {
    fs::write(site.root().join("large"), Payload::bytes(SIZE))?;
    root::with_room_for(SIZE)
}

async fn fetch(site: &Site) -> Result<Fetched> {
    let directory = prepare(site)?;
    let path = directory.path().join("large");
    let target = Target::create(&path, u64::MAX)?;
    let mut session = site.login().await?;
    let fetched =
        download_once(&mut session, async || site.login().await, "large", &target, &Segments::default()).await;
    let fetched = fetched.map_err(|failed| failed.error)?;
    assert_eq!(sha256_of_file(&path)?, Payload::hash(SIZE));
    assert_eq!(fetched.version.size, Some(SIZE));
    // In step.
    assert_eq!(session.size("large").await?, SIZE);
    session.quit().await?;
    Ok(fetched)
}

fn in_all_but_implicit_tls() -> Vec<Case<Site>> {
    let ways = Kind::ALL.into_iter().flat_map(Way::all).filter(|way| way.security != Security::Implicit);
    cases(ways).into_iter().map(|case| case.map(Site::start)).collect()
}

fn limited(extra: &'static [&'static str]) -> Vec<Case<Site>> {
    cases(plain([Kind::PyFtpd])).into_iter().map(|case| case.map(|way| Site::start_with(way, extra))).collect()
}

#[trial(on = in_all_but_implicit_tls())]
async fn four_sessions_bring_the_same_file(site: Site) -> Result<()> {
    let fetched = fetch(&site).await?;
    assert_eq!((fetched.bytes, fetched.sessions, fetched.refused), (SIZE, 4, vec![]));
    Ok(())
}

#[trial(on = limited(&["--max-connections", "2"]))]
async fn fewer_sessions_do_where_more_are_not_let_in(site: Site) -> Result<()> {
    let fetched = fetch(&site).await?;
    assert_eq!((fetched.sessions, fetched.refused.len()), (2, 2), "{:?}", fetched.refused);
    assert!(
        fetched
            .refused
            .iter()
            .all(|error| matches!(error, Error::Refused { kind: RefusalKind::Transient, reply } if reply.code == 421))
    );
    Ok(())
}

#[trial(on = limited(&["--without", "REST"]))]
async fn one_session_does_where_rest_is_unknown(site: Site) -> Result<()> {
    let fetched = fetch(&site).await?;
    assert_eq!((fetched.sessions, fetched.refused.len()), (1, 3), "{:?}", fetched.refused);
    assert!(
        fetched.refused.iter().all(|error| matches!(error, Error::Refused { kind: RefusalKind::Permanent, .. })),
        "{:?}",
        fetched.refused
    );
    Ok(())
}

#[trial]
async fn gone_on_with_after_a_failure(site: Site) -> Result<()> {
    let directory = prepare(&site)?;
    let path = directory.path().join("large");
    let open = async || site.login().await;
    let mut target = Target::create(&path, SIZE / 2)?;
    let failed = download_once(&mut site.login().await?, open, "large", &target, &Segments::default()).await;
    let Err(failed) = failed else { panic!("there was no room") };
    assert_eq!(failed.error, Error::other("no room"));
    let done: u64 = failed.resume.done.iter().map(|range| range.end - range.start).sum();
    assert!(done > 0 && done <= SIZE / 2, "{:?}", failed.resume.done);

    target.room = u64::MAX.into();
    let options = Segments { resume: Some(failed.resume), ..Segments::default() };
    let fetched = download_once(&mut site.login().await?, open, "large", &target, &options).await;
    let fetched = fetched.map_err(|failed| failed.error)?;
    assert_eq!(fetched.bytes, SIZE - done);
    assert_eq!(sha256_of_file(&path)?, Payload::hash(SIZE));
    Ok(())
}
