//! Every seed through its target, on any compiler and without the fuzzer.

use std::fs;
use std::path::Path;

/// Run a target with each of its seeds; tells how many there were.
fn replay(name: &str, target: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let files: Vec<_> = fs::read_dir(&folder).expect("the folder of seeds").map(|file| file.unwrap().path()).collect();
    for file in &files {
        println!("{}", file.display());
        target(&fs::read(file).unwrap());
    }
    // What the fuzzer begins with as well.
    target(b"");
    files.len()
}

macro_rules! replays {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            assert!(replay(stringify!($name), ftp_fuzz::$name) > 0, "no seeds");
        })*

        #[test]
        fn each_folder_of_seeds_has_its_target() {
            let mut targets = vec![$(stringify!($name)),*];
            targets.sort_unstable();
            let names = |folder: &str| {
                let folder = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
                let mut names: Vec<_> = folder
                    .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
                    .collect();
                names.sort_unstable();
                names
            };
            assert_eq!(names("seeds"), targets);
            assert_eq!(names("targets"), targets);
        }
    };
}

replays!(
    addresses, charsets, facts, handshakes, inflate, listings, names, netrc, records, replies, sealed, sessions, times,
    urls
);
