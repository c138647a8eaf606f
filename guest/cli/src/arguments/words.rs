//! The words of a command line and what clap makes of them, both ways.

use std::ffi::{OsStr, OsString};

use clap::builder::Resettable::Reset;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args as _, Command};

use super::Files;

/// Parse a command line. Global options stand before the verb as well as after it: those before it are moved behind it, because
/// clap sees only there which of them exclude or need each other.
///
/// # Errors
///
/// What clap reports: wrong words, and help that is asked for.
pub fn matches(command: &mut Command, words: Vec<OsString>) -> Result<ArgMatches, clap::Error> {
    let words = behind_the_verb(command, &words).unwrap_or(words);
    command.try_get_matches_from_mut(words)
}

/// None where no global option stands before a verb, or clap has to report what is wrong there.
fn behind_the_verb(command: &Command, words: &[OsString]) -> Option<Vec<OsString>> {
    let free = |argument: &Arg| argument.clone().global(false).conflicts_with(Reset).requires(Reset);
    let arguments: Vec<Arg> = command.get_arguments().map(free).collect();
    let before = Command::new("before").args(arguments).allow_external_subcommands(true);
    let matches = before.try_get_matches_from(words).ok()?;
    let (verb, rest) = matches.subcommand()?;
    command.find_subcommand(verb)?;
    let (global, own) = command.get_arguments().partition::<Vec<&Arg>, _>(|argument| argument.is_global_set());
    let mut moved: Vec<OsString> = words.first().cloned().into_iter().collect();
    moved.extend(given(own, &matches));
    moved.push(verb.into());
    moved.extend(given(global, &matches));
    moved.extend(rest.get_raw("").into_iter().flatten().map(OsStr::to_owned));
    Some(moved)
}

/// The words that parse to the same again, without the global options before the verb and without the options that name files
/// (see [`Files`]). The first is `ftp`. `command` is the one that found the matches.
pub fn without_files(command: &Command, matches: &ArgMatches) -> Vec<OsString> {
    let mut words = vec!["ftp".into()];
    let Some((name, matches)) = matches.subcommand() else { return words };
    let files = Files::augment_args(Command::new("files"));
    let is_file = |argument: &&Arg| files.get_arguments().any(|file| file.get_id() == argument.get_id());
    let arguments = command.find_subcommand(name).into_iter().flat_map(Command::get_arguments);
    words.push(name.into());
    words.extend(given(arguments.filter(|argument| !is_file(argument)), matches));
    words
}

/// The words for those of these arguments that were given: options in their order, and then what has no name.
fn given<'a>(arguments: impl IntoIterator<Item = &'a Arg>, matches: &ArgMatches) -> Vec<OsString> {
    let is_given = |argument: &&Arg| matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine);
    let arguments = arguments.into_iter().filter(is_given);
    let (places, options) = arguments.partition::<Vec<&Arg>, _>(|argument| argument.is_positional());
    let mut words = in_order(options, matches);
    if !places.is_empty() {
        words.push("--".into());
        words.extend(in_order(places, matches));
    }
    words
}

fn in_order(arguments: Vec<&Arg>, matches: &ArgMatches) -> Vec<OsString> {
    let mut words: Vec<(usize, OsString)> = Vec::new();
    for argument in arguments {
        let id = argument.get_id().as_str();
        let indices = matches.indices_of(id).into_iter().flatten();
        let values = matches.get_raw(id).into_iter().flatten();
        words.extend(indices.zip(values).map(|(index, value)| (index, word(argument, value))));
    }
    words.sort_by_key(|(index, _)| *index);
    words.into_iter().map(|(_, word)| word).collect()
}

fn word(argument: &Arg, value: &OsStr) -> OsString {
    let Some(name) = argument.get_long() else { return value.to_owned() };
    let mut word = OsString::from(format!("--{name}"));
    if argument.get_action().takes_values() {
        word.push("=");
        word.push(value);
    }
    word
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::{CommandFactory as _, FromArgMatches as _};

    use super::super::{Arguments, named};
    use super::*;

    fn parse(line: &str) -> Result<(Command, ArgMatches), clap::Error> {
        let mut command = named(Arguments::command(), "ftp");
        let matches = matches(&mut command, line.split(' ').map(Into::into).collect())?;
        Ok((command, matches))
    }

    fn serialised(line: &str) -> String {
        let (command, matches) = parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        without_files(&command, &matches).join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn words_are_what_was_parsed_without_files() {
        for (line, words) in [
            ("ftp ls ftp://h", "ftp ls -- ftp://h"),
            ("ftp get -cP4 ftp://h/a b", "ftp get --resume --parallel=4 -- ftp://h/a b"),
            ("ftp put --ca a --cert c --key=d x ftp://h/", "ftp put -- x ftp://h/"),
            ("ftp cat --password-file p --netrc --netrc-file=n ftp://h/", "ftp cat -- ftp://h/"),
            ("ftp --ca a --user put put -- --ca ftp://h/", "ftp put --user=put -- --ca ftp://h/"),
            ("ftp -v --json ls ftp://h/", "ftp ls --verbose --json -- ftp://h/"),
            (
                "ftp --timeout 5 chmod 644 -4 ftp://h/a ftp://h/b",
                "ftp chmod --timeout=5 --ipv4 -- 644 ftp://h/a ftp://h/b",
            ),
            (
                "ftp mirror --exclude * ftp://h --include=-a --exclude b x",
                "ftp mirror --exclude=* --include=-a --exclude=b -- ftp://h x",
            ),
            ("ftp quote ftp://h -- PWD -x", "ftp quote -- ftp://h PWD -x"),
        ] {
            assert_eq!(serialised(line), words);
            assert_eq!(serialised(words), words);
        }
    }

    /// An option of each verb with a value that it takes.
    fn examples(verb: &Command) -> Vec<(&Arg, String)> {
        let values = [
            "1",
            "explicit",
            "1.2",
            "fast-only",
            "strict",
            "md5",
            "1-2",
            "80",
            "127.0.0.1",
            "socks5://h",
            "latin1",
            &"0".repeat(64),
            "x",
        ];
        let options = verb.get_arguments().filter(|argument| argument.get_long().is_some_and(|name| name != "help"));
        let example = |argument: &Arg| -> String {
            let name = argument.get_long().unwrap();
            if !argument.get_action().takes_values() {
                return format!("--{name}");
            }
            let alone = |value: &&&str| {
                let argument = argument.clone().conflicts_with(Reset).requires(Reset).overrides_with(Reset);
                Command::new("x").arg(argument).try_get_matches_from(["x", &format!("--{name}={value}")]).is_ok()
            };
            format!("--{name}={}", values.iter().find(alone).unwrap_or_else(|| panic!("no value for --{name}")))
        };
        options.map(|argument| (argument, example(argument))).collect()
    }

    #[test]
    fn every_option_reaches_the_words_or_names_a_file() {
        let mut command = named(Arguments::command(), "ftp");
        command.build();
        let files = Files::augment_args(Command::new("files"));
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            for (argument, option) in examples(verb) {
                // What it needs or excludes is not the question here.
                let alone = argument.clone().conflicts_with(Reset).requires(Reset).overrides_with(Reset);
                let command = Command::new("ftp").subcommand(Command::new("verb").arg(alone));
                let mut command = command;
                let matches = matches(&mut command, vec!["ftp".into(), "verb".into(), option.clone().into()]).unwrap();
                let words = without_files(&command, &matches);
                let is_file = files.get_arguments().any(|file| file.get_id() == argument.get_id());
                assert_eq!(words.contains(&option.clone().into()), !is_file, "{option}");
                let is_path = argument.get_value_parser().type_id() == clap::value_parser!(PathBuf).type_id();
                assert!(!is_path || is_file, "{option} of {} names a file and is not among `Files`", verb.get_name());
            }
        }
    }

    #[test]
    fn every_verb_has_every_global_option() {
        let mut command = named(Arguments::command(), "ftp");
        command.build();
        let global: Vec<&Arg> = command.get_arguments().filter(|argument| argument.is_global_set()).collect();
        assert!(global.len() > 30);
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            for option in &global {
                let has = |argument: &Arg| argument.get_long() == option.get_long();
                assert!(verb.get_arguments().any(has), "{} has no {option}", verb.get_name());
            }
        }
    }

    #[test]
    fn global_options_stand_on_either_side_of_the_verb() {
        let options = |line: &str| {
            let (_, matches) = parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            let Arguments { connection, .. } = Arguments::from_arg_matches(&matches).unwrap();
            format!("{connection:?}")
        };
        for (one, other) in [
            ("ftp --timeout 5 ls ftp://h", "ftp ls --timeout 5 ftp://h"),
            ("ftp --active ls --active-ports 50-60 ftp://h", "ftp ls --active --active-ports=50-60 ftp://h"),
            ("ftp --cert c ls --key k ftp://h", "ftp ls --cert c --key k ftp://h"),
            ("ftp -v ls -q ftp://h", "ftp ls -q ftp://h"),
            ("ftp -q ls -v ftp://h", "ftp ls -v ftp://h"),
            ("ftp -v --json ls -v --json ftp://h", "ftp ls -v --json ftp://h"),
        ] {
            assert_eq!(options(one), options(other), "{one}");
        }
    }

    #[test]
    fn options_that_exclude_each_other_do_so_across_the_verb() {
        for (line, text) in [
            ("ftp --ca a ls --insecure ftp://h", "cannot be used with"),
            ("ftp --insecure ls --ca a ftp://h", "cannot be used with"),
            ("ftp -4 ls -6 ftp://h", "cannot be used with"),
            ("ftp --timeout 5 ls --timeout 6 ftp://h", "cannot be used multiple times"),
            ("ftp --active-ports 50-60 ls ftp://h", "--active"),
            ("ftp --cert c ls ftp://h", "--key"),
        ] {
            let error = parse(line).err().unwrap_or_else(|| panic!("{line}")).to_string();
            assert!(error.contains(text), "{line}: {error}");
        }
    }
}
