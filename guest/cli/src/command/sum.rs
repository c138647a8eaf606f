//! `sum`.

use ftp_cli::arguments::{Sum, SumAlgorithm};
use ftp_cli::text::plain;
use ftp_client::{Algorithm, CHUNK, Checksum, Hasher, Representation, breathe};
use serde_json::json;

use super::Context;
use super::connect::{Client, Server};
use super::failure::{Doing as _, Failure};
use super::globs::{Meaning, expand, may_be_file};

pub async fn run(context: &Context, sum: Sum) -> Result<(), Failure> {
    let algorithm = sum.algorithm.map(algorithm);
    for url in &sum.urls {
        let server = Server::new(context, url, &sum.connection)?;
        let mut client = server.open().await?;
        let Meaning { meant, doubt } = expand(&mut client, &server.remote, false).await?;
        for meant in meant {
            if !may_be_file(&meant.entry) {
                continue;
            }
            let checksum = match sum.read {
                true => read(&mut client, &meant.path, algorithm.unwrap_or(Algorithm::Sha256)).await?,
                false => {
                    let checksum = client.checksum(&meant.path, algorithm).await;
                    checksum.doing_named(format!("no checksum of {} (with --read it is computed here)", meant.path))?
                }
            };
            let (name, value) = (checksum.algorithm.name(), &checksum.value);
            match context.out.is_json() {
                true => context.out.event(&json!({ "path": meant.path, "algorithm": name, "value": value })),
                false => context.out.raw(&format!("{name} {value}  {}\n", plain(&meant.path))),
            }
        }
        client.quit().await;
        Meaning::end(doubt)?;
    }
    Ok(())
}

async fn read(client: &mut Client, path: &str, algorithm: Algorithm) -> Result<Checksum, Failure> {
    let what = format!("cannot get {path}");
    let mut download = client.retrieve(path, Representation::Image, 0).await.doing_named(&what)?;
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = Vec::new();
    while download.read(&mut buffer, CHUNK).await.doing(&what)? > 0 {
        hasher.update(&buffer);
        buffer.clear();
        breathe().await;
    }
    download.finish(client).await.doing(&what)?;
    Ok(hasher.finish())
}

fn algorithm(name: SumAlgorithm) -> Algorithm {
    match name {
        SumAlgorithm::Sha256 => Algorithm::Sha256,
        SumAlgorithm::Sha512 => Algorithm::Sha512,
        SumAlgorithm::Sha1 => Algorithm::Sha1,
        SumAlgorithm::Md5 => Algorithm::Md5,
        SumAlgorithm::Crc32 => Algorithm::Crc32,
    }
}
