//! The command line as the program that runs it has it: its name in examples, and tips for words of other programs.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Stands for the program's name in texts for people.
const PLACE: &str = "{ftp}";

/// The command line with the name of the program in its examples and usages.
pub fn named(command: Command, program: &'static str) -> Command {
    let command = with_name(command, program).name(program).bin_name(program);
    command.mut_subcommands(|verb| {
        let usage = match verb.get_name() {
            // clap knows no argument behind several.
            "get" => Some("get [OPTIONS] <URL>... [TARGET]"),
            "put" => Some("put [OPTIONS] <FILE>... <URL>"),
            _ => None,
        };
        let verb = match verb.get_name() {
            // It refuses text, which it could not compare.
            "mirror" => with_name(verb, program).mut_arg("ascii", |argument| argument.hide(true)),
            _ => with_name(verb, program),
        };
        match usage {
            Some(usage) => verb.override_usage(format!("{program} {usage}")),
            None => verb,
        }
    })
}

fn with_name(command: Command, program: &str) -> Command {
    let named = |text: Option<&clap::builder::StyledStr>| text.map(|text| text.to_string().replace(PLACE, program));
    let (short, long) = (named(command.get_after_help()), named(command.get_after_long_help()));
    let command = match short {
        Some(text) => command.after_help(text),
        None => command,
    };
    match long {
        Some(text) => command.after_long_help(text),
        None => command,
    }
}

/// What to use here for a word of another program.
pub(super) fn tip(error: &clap::Error) -> Option<&'static str> {
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => match word(ContextKind::InvalidArg)? {
            "-r" | "-R" | "--recursive" => Some("for directories with all that is in them there is the verb `mirror`"),
            _ => None,
        },
        ErrorKind::InvalidSubcommand => match word(ContextKind::InvalidSubcommand)? {
            "dir" | "list" | "nlist" => Some("to list there is `ls`"),
            "del" | "delete" | "unlink" => Some("to delete there is `rm`"),
            "download" | "fetch" | "mget" => Some("to download there is `get`"),
            "upload" | "send" | "mput" => Some("to upload there is `put`"),
            "sync" | "rsync" => Some("for directories there is `mirror`"),
            "rename" | "move" => Some("to rename there is `mv`"),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::{Arguments, without_passwords};
    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::parse("ftp", line.split(' ').map(Into::into).collect())
    }

    #[test]
    fn examples_name_the_program() {
        let mut command = named(Arguments::command(), "ftp-host");
        let long = command.render_long_help().to_string();
        assert!(long.contains("  ftp-host get 'ftp://") && !long.contains(PLACE), "{long}");
        for verb in command.get_subcommands_mut() {
            let help = verb.render_long_help().to_string();
            assert!(!help.contains(PLACE) && !help.contains("  ftp "), "{help}");
        }
        let put = named(Arguments::command(), "x").find_subcommand_mut("put").unwrap().render_help().to_string();
        assert!(put.contains("Usage: x put [OPTIONS] <FILE>... <URL>\n"), "{put}");
    }

    #[test]
    fn words_of_other_programs_get_a_tip() {
        for (line, tip) in [
            ("ftp get -r ftp://h/a", "`mirror`"),
            ("ftp put -r a ftp://h/a", "`mirror`"),
            ("ftp cp --recursive ftp://h/a ftp://h/b", "`mirror`"),
            ("ftp dir ftp://h/", "`ls`"),
            ("ftp delete ftp://h/", "`rm`"),
        ] {
            let error = parse(line).err().unwrap();
            let text = without_passwords(&error, line.split(' ').map(str::to_owned));
            assert!(text.contains("tip: ") && text.contains(tip), "{text}");
        }
    }
}
