//! A gibibyte each way: every byte arrives, and the memory of the component stays as it was.

use anyhow::{Result, ensure};
use ftp_host::{Representation, Session};
use ftp_tests::embedded::Embedded;
use ftp_tests::payload::{Payload, sha256_of_file};
use ftp_tests::pyftpd;
use ftp_tests::root;
use ftp_tests::servers::{Kind, Options, Server, Way};
use ftp_tests::suite::Case;
use ftp_tests::trial;
use sha2::{Digest as _, Sha256};

use crate::row::{EMBEDDED, PYFTPD, Site};

const GIBIBYTE: u64 = 1 << 30;

/// What the memory of the component may grow by.
const GROWTH: usize = 4 << 20;

/// Servers with so much room.
fn roomy() -> Vec<Case<Site>> {
    vec![
        Case::new(PYFTPD, pyftpd::installed(), || {
            let server = Server::start_in(root::with_room_for(GIBIBYTE)?, Kind::PyFtpd, Options::default())?;
            Ok(Site::Real(server, Way::plain(Kind::PyFtpd)))
        }),
        Case::new(EMBEDDED, Ok(()), || Ok(Site::Embedded(Embedded::start_in(root::with_room_for(GIBIBYTE)?)?))),
    ]
}

#[trial(on = roomy())]
async fn download_of_a_gibibyte(site: Site) -> Result<()> {
    let mut file = std::fs::File::create(site.root().join("big"))?;
    let mut expected = Sha256::new();
    for chunk in Payload::new(GIBIBYTE) {
        std::io::Write::write_all(&mut file, &chunk)?;
        expected.update(&chunk);
    }
    let mut session = site.login().await?;
    let before = session.memory();
    let mut download = session.retrieve("big", Representation::Image, 0).await?;
    let mut received = Sha256::new();
    while let Some(chunk) = download.read().await? {
        received.update(&chunk);
    }
    assert_eq!(download.finish().await?.bytes, GIBIBYTE);
    assert_eq!(received.finalize(), expected.finalize());
    memory_is_flat("download", before, &session)
}

#[trial(on = roomy())]
async fn upload_of_a_gibibyte(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let before = session.memory();
    let mut upload = session.store("big", Representation::Image, 0).await?;
    let mut sent = Sha256::new();
    for chunk in Payload::new(GIBIBYTE) {
        upload.write(&chunk).await?;
        sent.update(&chunk);
    }
    assert_eq!(upload.finish().await?.bytes, GIBIBYTE);
    assert_eq!(sha256_of_file(&site.root().join("big"))?, <[u8; 32]>::from(sent.finalize()));
    memory_is_flat("upload", before, &session)
}

fn memory_is_flat(direction: &str, before: usize, session: &Session) -> Result<()> {
    let after = session.memory();
    println!("memory of the component, {direction} of a gibibyte: {before} bytes before, {after} after");
    ensure!(after <= before + GROWTH, "the memory grew from {before} to {after} bytes");
    Ok(())
}
