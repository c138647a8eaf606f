//! The lines of the READMEs do what they say, with a server here in place of the one there.

use anyhow::{Context as _, Result, ensure};
use ftp_tests::command::{Place, Program, at};
use ftp_tests::servers::{Kind, Security, Way};
use ftp_tests::trial;

/// The documents, and the lines for either program that each has at least.
const DOCUMENTS: [(&str, &str, usize); 2] = [
    ("README.md", include_str!("../../../README.md"), 2),
    ("guest/cli/README.md", include_str!("../../../guest/cli/README.md"), 3),
];

#[trial(on = at([Way { security: Security::Explicit, ..Way::plain(Kind::Vsftpd) }]))]
fn lines_of_the_readme_work(place: &Place) -> Result<()> {
    let start = match place.program() {
        Program::Wasmtime => "wasmtime run -S inherit-network -S allow-ip-name-lookup --dir . ",
        Program::Runner => "cargo run --release -- ",
    };
    for folder in ["pub", "incoming", "www"] {
        std::fs::create_dir(place.server.root().join(folder))?;
    }
    std::fs::create_dir(place.server.anonymous_root().join("pub"))?;
    std::fs::write(place.server.anonymous_root().join("pub/file.bin"), b"contents")?;
    for (document, text, least) in DOCUMENTS {
        let mut count = 0;
        for line in text.lines().filter_map(|line| line.strip_prefix(start)) {
            let line = line.strip_prefix("--env FTP_PASSWORD ").unwrap_or(line);
            let line = line
                .strip_prefix("ftp-cli.wasm ")
                .unwrap_or(line)
                .replace("ftp.example.com", &place.server.address().to_string());
            let words: Vec<&str> = line.split(' ').map(|word| word.trim_matches('\'')).collect();
            if words.first().is_some_and(|verb| ["demo", "--explain"].contains(verb)) {
                continue;
            }
            place.succeed(&words).with_context(|| format!("{document}: {line}"))?;
            count += 1;
        }
        ensure!(count >= least, "{document} has {count} such lines");
    }
    let names = [place.here.path().join("file.bin"), place.here.path().join("downloads/file.bin")];
    ensure!(names.iter().any(|name| name.exists()), "nothing was downloaded");
    ensure!(place.there("incoming/file.bin")? == b"contents");
    Ok(())
}
