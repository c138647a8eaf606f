//! Imports among the files of a crate go one way, and a module with files of its own stands beside their folder:
//!
//! - `imports_go_one_way`
//! - `imports_of_the_client_go_down`
//! - `session_and_its_state_share_no_name`: each command of the client stands once
//! - `circle_is_found`: what the first looks for
//! - `no_module_is_called_mod`

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// The modules of a crate, and which each imports.
type Graph = BTreeMap<String, BTreeSet<String>>;

const CRATES: [&str; 8] = [
    "guest/protocol/src",
    "guest/types/src",
    "guest/crypto/src",
    "guest/client/src",
    "guest/wasi/src",
    "guest/component/src",
    "guest/cli/src",
    "host/src",
];

/// The order of the client's modules. Each imports what stands in its own layer or above it in this list. The longest name that
/// a module begins with counts.
const CLIENT: [(&str, &[&str]); 6] = [
    ("types and limits", &["ascii", "checksum", "error", "extensions", "known", "limits", "network", "timeout"]),
    (
        "input and output",
        &["dial", "keepalive", "native", "nowhere", "proxy", "secrets", "settings", "tls", "transcript"],
    ),
    ("control and data", &["commands", "control", "data", "deflate", "features", "handover"]),
    ("session", &["data::verdict", "fxp", "lines", "listing", "session", "transfer", "verify"]),
    ("transfer engine", &["engine"]),
    ("mirror", &["mirror"]),
];

fn layer_of(module: &str) -> Option<usize> {
    let begins =
        |name: &&&str| module.strip_prefix(**name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let names = CLIENT.iter().enumerate().flat_map(|(layer, (_, names))| names.iter().map(move |name| (layer, name)));
    names.filter(|(_, name)| begins(name)).max_by_key(|(_, name)| name.len()).map(|(layer, _)| layer)
}

#[test]
fn imports_of_the_client_go_down() -> Result<()> {
    for (module, imports) in graph(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/client/src"))? {
        let layer = layer_of(&module).with_context(|| format!("{module} is in no layer"))?;
        for import in imports {
            let below = layer_of(&import).with_context(|| format!("{import} is in no layer"))?;
            let (upper, lower) = (CLIENT[below].0, CLIENT[layer].0);
            assert!(below <= layer, "{module} ({lower}) imports {import} ({upper})");
        }
    }
    Ok(())
}

#[test]
fn imports_go_one_way() -> Result<()> {
    for sources in CRATES {
        let circles = circles(&graph(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(sources))?);
        assert!(circles.is_empty(), "{sources}: {circles:?} import each other");
    }
    Ok(())
}

#[test]
fn session_and_its_state_share_no_name() -> Result<()> {
    let mut files = BTreeMap::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/client/src"), &mut Vec::new(), &mut files)?;
    let [session, live] = ["Session", "Live"].map(|name| methods(files.values(), name));
    assert!(session.contains("login") && live.contains("refusal"), "methods are found");
    let both: Vec<_> = session.intersection(&live).collect();
    assert!(both.is_empty(), "both a Session and its Live have {both:?}");
    Ok(())
}

/// The methods of a type of the client.
fn methods<'a>(texts: impl Iterator<Item = &'a String>, name: &str) -> BTreeSet<&'a str> {
    let begin = format!("impl<N: Network> {name}<N> {{\n");
    let blocks = texts.flat_map(|text| text.split(&*begin).skip(1).filter_map(|rest| rest.split("\n}\n").next()));
    let items = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("    "));
    let signatures = items.filter(|item| !item.starts_with([' ', '/'])).filter_map(|item| item.split_once("fn "));
    signatures.filter_map(|(_, rest)| rest.split(['(', '<']).next()).collect()
}

#[test]
fn no_module_is_called_mod() -> Result<()> {
    for sources in CRATES {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(sources)];
        while let Some(folder) = folders.pop() {
            for member in fs::read_dir(folder)? {
                let path = member?.path();
                assert!(!path.ends_with("mod.rs"), "{} stands beside its folder instead", path.display());
                folders.extend(path.is_dir().then_some(path));
            }
        }
    }
    Ok(())
}

#[test]
fn circle_is_found() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (name, text) in [
        ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
        ("a.rs", "use crate::b::{self, B};\n"),
        ("b.rs", "// crate::c is no import\nmod deep;\nuse super::{c::C};\n"),
        ("b/deep.rs", "use crate::a::A;\n"),
        ("c.rs", "fn f() { crate::b::deep::g() }\n#[cfg(test)]\nmod tests { use crate::a; }\n"),
    ] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        fs::write(path, text)?;
    }
    let expected = ["a", "b", "b::deep", "c"].map(str::to_owned).into();
    assert_eq!(circles(&graph(folder.path())?), [expected], "a, b, c, b::deep, and a again");
    Ok(())
}

fn graph(sources: &Path) -> Result<Graph> {
    let mut files = BTreeMap::new();
    read(sources, &mut Vec::new(), &mut files)?;
    let names: BTreeSet<String> = files.keys().cloned().collect();
    let imports = |(name, text): (&String, &String)| {
        let imported = paths(text).into_iter().filter_map(|path| module(name, &path, &names));
        (name.clone(), imported.filter(|other| other != name).collect())
    };
    Ok(files.iter().map(imports).collect())
}

/// The texts of modules by their names. The root of a crate imports all that it has, and is left out.
fn read(folder: &Path, above: &mut Vec<String>, files: &mut BTreeMap<String, String>) -> Result<()> {
    for member in fs::read_dir(folder)? {
        let path = member?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).context("a name in UTF-8")?.to_owned();
        if path.is_dir() {
            above.push(name);
            read(&path, above, files)?;
            above.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") && !["lib", "main"].contains(&&*name) {
            let own = Some(name).filter(|name| name != "mod");
            let name: Vec<&str> = above.iter().map(String::as_str).chain(own.as_deref()).collect();
            files.insert(name.join("::"), fs::read_to_string(path)?);
        }
    }
    Ok(())
}

/// The paths in a text that begin with `crate` or `super`: of imports, each one that they name.
fn paths(text: &str) -> Vec<String> {
    let product = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let code: String = product.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        let is_begun = code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:$".contains(before));
        if !is_begun {
            flatten("", tree(&code[at..]), &mut paths);
        }
    }
    paths
}

/// The beginning of a text that is a path, or several in braces.
fn tree(text: &str) -> &str {
    let mut depth = 0;
    let end = text.char_indices().find(|(_, character)| {
        depth += i32::from(*character == '{') - i32::from(*character == '}');
        let is_part = character.is_alphanumeric() || "_:{}".contains(*character);
        depth < 0 || !(is_part || depth > 0)
    });
    end.map_or(text, |(end, _)| &text[..end])
}

fn flatten(before: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((start, inner)) = tree.split_once('{') else {
        return paths.push(format!("{before}{}", tree.trim()));
    };
    let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
    let before = format!("{before}{}", start.trim());
    let (mut depth, mut from) = (0, 0);
    for (at, character) in inner.char_indices().chain([(inner.len(), ',')]) {
        depth += i32::from(character == '{') - i32::from(character == '}');
        if character == ',' && depth == 0 {
            flatten(&before, &inner[from..at], paths);
            from = at + 1;
        }
    }
}

/// The module that a path in a module leads to, or whose item it is.
fn module(name: &str, path: &str, names: &BTreeSet<String>) -> Option<String> {
    let mut at: Vec<&str> = name.split("::").collect();
    let mut steps = path.split("::").peekable();
    match steps.next()? {
        "crate" => at.clear(),
        _ => _ = at.pop(),
    }
    while steps.next_if_eq(&"super").is_some() {
        at.pop();
    }
    at.extend(steps);
    (1..=at.len()).rev().map(|length| at[..length].join("::")).find(|module| names.contains(module))
}

/// Sets of modules each of which leads to all others of its set.
fn circles(graph: &Graph) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = graph.keys().map(|from| (from, reach(graph, from))).collect();
    let circle = |from: &&String| -> BTreeSet<String> {
        let back = |to: &&&String| reached[**to].contains(*from);
        reached[*from].iter().filter(back).map(|module| (**module).clone()).collect()
    };
    let all: BTreeSet<BTreeSet<String>> = reached.keys().map(circle).collect();
    all.into_iter().filter(|circle| circle.len() > 1).collect()
}

fn reach<'a>(graph: &'a Graph, from: &'a String) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        open.extend(graph[next].iter().filter(|module| reached.insert(*module)));
    }
    reached
}
