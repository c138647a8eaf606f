//! Which members of a tree are meant.

use super::tree::RelativePath;
use crate::error::Error;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Bytes that a pattern may have.
const PATTERN: usize = 4096;

/// One pattern.
///
/// `*` and `?` match within a name, `**` any number of directories, `[…]` one of several characters, `{a,b}` either. A
/// pattern with a `/` in it is for the whole path from the root, any other for names in any directory. A `/` at its end
/// makes it a pattern for directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule<'a> {
    /// What matches is meant.
    Include(&'a str),
    /// What matches is left alone, with everything below it.
    Exclude(&'a str),
}

/// Rules, of which the last one that matches decides. What none matches is meant.
///
/// Matching takes time that grows with the length of the path, not with the number of ways to match.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    set: GlobSet,
    verdicts: Vec<Verdict>,
}

#[derive(Debug, Clone, Copy)]
struct Verdict {
    includes: bool,
    directories_only: bool,
}

impl Patterns {
    /// Patterns, in the order of their rules. A malformed one is [`Error::invalid_argument`].
    pub fn new(rules: &[Rule<'_>], fold_case: bool) -> Result<Self, Error> {
        let mut set = GlobSetBuilder::new();
        let mut verdicts = Vec::new();
        for rule in rules {
            let (includes, pattern) = match *rule {
                Rule::Include(pattern) => (true, pattern),
                Rule::Exclude(pattern) => (false, pattern),
            };
            if pattern.len() > PATTERN {
                return Err(Error::invalid_argument("a pattern is too long"));
            }
            let (pattern, directories_only) = anchored(pattern);
            let mut glob = GlobBuilder::new(&pattern);
            glob.literal_separator(true).backslash_escape(true).case_insensitive(fold_case);
            set.add(glob.build().map_err(invalid)?);
            verdicts.push(Verdict { includes, directories_only });
        }
        Ok(Self { set: set.build().map_err(invalid)?, verdicts })
    }

    /// Whether this is meant, if all the directories that it is in are.
    pub fn include(&self, path: &RelativePath, is_directory: bool) -> bool {
        if self.verdicts.is_empty() {
            return true;
        }
        let matches = self.set.matches(path.to_string());
        let verdicts = matches.iter().rev().filter_map(|&index| self.verdicts.get(index));
        verdicts.into_iter().find(|rule| is_directory || !rule.directories_only).is_none_or(|rule| rule.includes)
    }
}

/// The pattern for the whole path, and whether it is for directories only.
fn anchored(pattern: &str) -> (String, bool) {
    let (pattern, directories_only) = match pattern.strip_suffix('/') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let pattern = match pattern.strip_prefix('/') {
        Some(pattern) => pattern.to_string(),
        None if pattern.contains('/') => pattern.to_string(),
        None => format!("**/{pattern}"),
    };
    (pattern, directories_only)
}

fn invalid(error: globset::Error) -> Error {
    Error::invalid_argument(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::Rule::{Exclude, Include};
    use super::*;
    use ftp_types::FailureKind;
    use std::time::{Duration, Instant};

    fn path(text: &str) -> RelativePath {
        text.split('/').collect()
    }

    /// Files that these rules mean, of those given.
    fn meant<'a>(rules: &[Rule<'_>], paths: &[&'a str]) -> Vec<&'a str> {
        let patterns = Patterns::new(rules, false).unwrap();
        let is_meant = |text: &&str| match text.strip_suffix('/') {
            Some(directory) => patterns.include(&path(directory), true),
            None => patterns.include(&path(text), false),
        };
        paths.iter().copied().filter(is_meant).collect()
    }

    #[test]
    fn without_rules_everything_is_meant() {
        assert_eq!(meant(&[], &["a", "b/c", "d/"]), ["a", "b/c", "d/"]);
    }

    #[test]
    fn name_is_matched_in_any_directory() {
        assert_eq!(meant(&[Exclude("*.o")], &["a.o", "b/c/a.o", "a.c", "o"]), ["a.c", "o"]);
    }

    #[test]
    fn path_is_matched_from_the_root() {
        assert_eq!(meant(&[Exclude("/a")], &["a", "b/a"]), ["b/a"]);
        assert_eq!(meant(&[Exclude("a/*")], &["a/b", "a/b/c", "c/a/b"]), ["a/b/c", "c/a/b"]);
        assert_eq!(meant(&[Exclude("a/**")], &["a/b", "a/b/c", "c/a/b"]), ["c/a/b"]);
    }

    #[test]
    fn slash_at_the_end_is_for_directories() {
        assert_eq!(meant(&[Exclude("build/")], &["build", "build/", "a/build/"]), ["build"]);
    }

    #[test]
    fn last_rule_that_matches_decides() {
        let rules = [Exclude("*"), Include("*/"), Include("*.txt"), Exclude("secret.txt")];
        assert_eq!(meant(&rules, &["a.txt", "a.bin", "d/", "d/b.txt", "secret.txt"]), ["a.txt", "d/", "d/b.txt"]);
    }

    #[test]
    fn special_characters_have_their_meaning_or_are_escaped() {
        assert_eq!(meant(&[Exclude("{a,b}?")], &["a1", "b2", "c3", "a"]), ["c3", "a"]);
        assert_eq!(meant(&[Exclude("[!a]")], &["a", "b"]), ["a"]);
        assert_eq!(meant(&[Exclude("\\*")], &["*", "a"]), ["a"]);
    }

    #[test]
    fn case_is_folded_where_asked() {
        let patterns = Patterns::new(&[Exclude("*.TXT")], true).unwrap();
        assert!(!patterns.include(&path("a.txt"), false));
        assert_eq!(meant(&[Exclude("*.TXT")], &["a.txt"]), ["a.txt"]);
    }

    #[test]
    fn malformed_patterns_are_refused() {
        let endless = "a".repeat(PATTERN + 1);
        for pattern in ["[", "{a", "a}", endless.as_str()] {
            let result = Patterns::new(&[Exclude(pattern)], false);
            assert!(matches!(result, Err(Error::Failed { kind: FailureKind::InvalidArgument, .. })), "{pattern:.20}");
        }
    }

    /// A matcher that tries every way would take longer than there is time.
    #[test]
    fn many_stars_against_long_names_take_linear_time() {
        let pattern = format!("{}b", "*a".repeat(50));
        let rules = [Exclude(pattern.as_str())];
        let patterns = Patterns::new(&rules, false).unwrap();
        let begin = Instant::now();
        let name = "a".repeat(16 * 1024);
        assert!(patterns.include(&path(&name), false));
        assert!(!patterns.include(&path(&format!("{name}b")), false));
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    }
}
