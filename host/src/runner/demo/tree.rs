//! A tree of files with the names and the sizes at which transfers go wrong.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::sample::Sample;

/// What a listing tells of a path: the size of a file, nothing of a directory.
pub type Listing = BTreeMap<String, Option<u64>>;

/// None, one, and those around the size of the pieces that everything moves in.
const SIZES: [u64; 6] = [0, 1, 65_535, 65_536, 65_537, 300_000];

const NAMES: [&str; 6] = ["plain", "two words", "-dash", "it's \"quoted\"", "ümlaut 日本 ☃", ".hidden; 100%"];

/// Files of a few megabytes, one in each of the first directories.
const LARGER: [u64; 3] = [2_000_000, 3_145_729, 5_000_001];

/// Directories and files. A directory comes before what is in it.
pub struct Tree {
    pub directories: Vec<String>,
    pub files: Vec<Sample>,
}

impl Tree {
    /// Make it below `root`.
    pub fn plant(root: &Path) -> io::Result<Self> {
        let directories = directories();
        let mut files = Vec::new();
        for (index, directory) in directories.iter().enumerate() {
            fs::create_dir(root.join(directory))?;
            let larger = LARGER.get(index).map(|&size| ("megabytes".to_owned(), size));
            // The last directory stays empty.
            let count = if index + 1 < directories.len() { 3 } else { 0 };
            let few = (0..count)
                .map(|file| (index * 3 + file, index + file))
                .map(|(size, name)| (format!("{} {size}.dat", NAMES[name % NAMES.len()]), SIZES[size % SIZES.len()]));
            for (name, size) in larger.into_iter().chain(few) {
                files.push(Sample::write(root, &format!("{directory}/{name}"), size, index as u64)?);
            }
        }
        Ok(Self { directories, files })
    }

    /// The size of all files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// What a listing of it has to tell.
    pub fn listing(&self) -> Listing {
        let directories = self.directories.iter().map(|path| (path.clone(), None));
        directories.chain(self.files.iter().map(|file| (file.path.clone(), Some(file.size)))).collect()
    }
}

/// Each name, with two others in it, and one path that is deep.
fn directories() -> Vec<String> {
    let mut directories = Vec::new();
    for (index, name) in NAMES.into_iter().enumerate() {
        directories.push(name.to_owned());
        for step in [1, 2] {
            directories.push(format!("{name}/{}", NAMES[(index + step) % NAMES.len()]));
        }
    }
    let mut deep = "deep".to_owned();
    for level in 1..=6 {
        directories.push(deep.clone());
        deep = format!("{deep}/{level}");
    }
    directories
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_and_every_name_is_there_once_at_least() {
        let root = tempfile::tempdir().unwrap();
        let tree = Tree::plant(root.path()).unwrap();
        assert!(SIZES.iter().chain(&LARGER).all(|&size| tree.files.iter().any(|file| file.size == size)));
        assert!(NAMES.iter().all(|name| tree.files.iter().any(|file| file.path.contains(&format!("/{name} ")))));
        assert_eq!(tree.listing().len(), tree.directories.len() + tree.files.len());
    }
}
