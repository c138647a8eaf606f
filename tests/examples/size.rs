//! What the parts of the component take: its functions by the crates whose they are, and its constants. A table in Markdown.
//!
//! `cargo run --release -p ftp-tests --example size`

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::Result;
use ftp_host::COMPONENT;
use ftp_tests::guest;
use rustc_demangle::demangle;
use wasmparser::{KnownCustom, Name, NameSectionReader, Parser, Payload, TypeRef};

/// What crates are for. A generic function counts for the crate that it is written in.
const PARTS: [(&str, &[&str]); 5] = [
    ("FTP: sessions, transfers, replies, listings", &["ftp_client", "ftp_protocol"]),
    ("the contract, sockets and streams", &["ftp", "ftp_component", "ftp_wasi", "wasi", "wit_bindgen"]),
    ("TLS and certificates", &["rustls", "rustls_pki_types", "untrusted", "webpki"]),
    ("character sets, compression", &["adler2", "encoding_rs", "miniz_oxide"]),
    ("Rust's library", &["alloc", "compiler_builtins", "core", "dlmalloc", "hashbrown", "std"]),
];

/// Which the others are for.
const CRYPTOGRAPHY: &str = "cryptography";

fn main() -> Result<()> {
    // The same code, with the names of functions.
    let built = guest::build(&["--package", "ftp-component", "--config", "profile.wasm.strip=false"])?;
    let sizes = Sizes::of(&std::fs::read(built.join("ftp.wasm"))?)?;
    let mut parts = BTreeMap::new();
    for (name, size) in &sizes.crates {
        let part = PARTS.iter().find(|(_, crates)| crates.contains(&name.as_str()));
        *parts.entry(part.map_or(CRYPTOGRAPHY, |(part, _)| part)).or_default() += size;
        eprintln!("{size:>9} {name}");
    }
    parts.insert("constants: roots, character sets, curves, texts", sizes.data);
    let total = COMPONENT.len() as u64;
    parts.insert("types, tables and names", total.saturating_sub(parts.values().sum()));
    let mut parts: Vec<(&str, u64)> = parts.into_iter().collect();
    parts.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    println!("| part | bytes | |\n|---|--:|--:|");
    for (part, size) in parts {
        println!("| {part} | {size} | {} % |", (size * 100 + total / 2) / total);
    }
    println!("| all of `ftp.wasm` | {total} | 100 % |");
    Ok(())
}

/// Bytes.
#[derive(Default)]
struct Sizes {
    crates: BTreeMap<String, u64>,
    data: u64,
}

/// A module inside the component.
#[derive(Default)]
struct Module {
    imported: usize,
    functions: Vec<u64>,
}

impl Sizes {
    fn of(component: &[u8]) -> Result<Self> {
        let mut sizes = Self::default();
        let mut module = Module::default();
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::Version { .. } => module = Module::default(),
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        module.imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => module.functions.push(length(&body.range())),
                Payload::DataSection(data) => sizes.data += length(&data.range()),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        sizes.add(&module, names)?;
                    }
                }
                _ => {}
            }
        }
        Ok(sizes)
    }

    fn add(&mut self, module: &Module, names: NameSectionReader<'_>) -> Result<()> {
        for name in names {
            let Name::Function(functions) = name? else { continue };
            for function in functions {
                let function = function?;
                let index = (function.index as usize).checked_sub(module.imported);
                if let Some(size) = index.and_then(|index| module.functions.get(index)) {
                    *self.crates.entry(owner(function.name)).or_default() += size;
                }
            }
        }
        Ok(())
    }
}

/// The crate of a function: the first name of the first path in its own.
fn owner(name: &str) -> String {
    let name = format!("{:#}", demangle(name));
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    match name.split_once("::") {
        Some((first, _)) => first.rsplit(|character| !is_of_name(character)).next().unwrap_or_default().to_owned(),
        None => name.split(|character| !is_of_name(character)).next().unwrap_or_default().to_owned(),
    }
}

fn length(range: &Range<u64>) -> u64 {
    range.end - range.start
}
