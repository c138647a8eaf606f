//! `.netrc`: which user and password for which host. The crates that read it need what WASI does not have, such as
//! home folders, so this is our own.

use std::fmt;

/// Who to be on a host.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Login {
    /// The user to log in as (`login`).
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The account, which few servers ask for.
    pub account: Option<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The entry for this host, and for this user where one is given; else the default one. Macros are left out.
pub fn login(text: &str, host: &str, user: Option<&str>) -> Option<Login> {
    entries(text)
        .into_iter()
        .find(|(machine, login)| {
            let is_for_host = machine.as_deref().is_none_or(|machine| machine.eq_ignore_ascii_case(host));
            is_for_host && user.is_none_or(|user| login.user.as_deref().is_none_or(|login| login == user))
        })
        .map(|(_, login)| login)
}

fn entries(text: &str) -> Vec<(Option<String>, Login)> {
    let mut entries: Vec<(Option<String>, Login)> = Vec::new();
    let text = without_macros(text);
    let mut words = Words(&text);
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" => entries.push((Some(words.next().unwrap_or_default()), Login::default())),
            "default" => entries.push((None, Login::default())),
            _ => {
                let Some((_, login)) = entries.last_mut() else { continue };
                match word.as_str() {
                    "login" => login.user = words.next(),
                    "password" => login.password = words.next(),
                    "account" => login.account = words.next(),
                    _ => {}
                }
            }
        }
    }
    entries
}

/// A macro goes from `macdef` to an empty line; a comment to the end of its line.
fn without_macros(text: &str) -> String {
    let mut kept = String::new();
    let mut in_macro = false;
    for line in text.lines() {
        let start = line.trim_start();
        in_macro = (in_macro && !start.is_empty()) || start.starts_with("macdef");
        if !in_macro && !start.starts_with('#') {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Words between blanks; in quotes they may have blanks, and `\` takes the next character as it is.
struct Words<'a>(&'a str);

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let text = self.0.trim_start();
        let mut word = String::new();
        let mut characters = text.char_indices().peekable();
        let quoted = characters.next_if(|(_, character)| *character == '"').is_some();
        self.0 = "";
        if text.is_empty() {
            return None;
        }
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => word.extend(characters.next().map(|(_, character)| character)),
                '"' if quoted => {
                    self.0 = text.split_at(at + 1).1;
                    break;
                }
                blank if !quoted && blank.is_whitespace() => {
                    self.0 = text.split_at(at).1;
                    break;
                }
                character => word.push(character),
            }
        }
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# mine\nmachine a.example login me password s3cret\nmachine B.example\n  login you\n  \
        password \"a b\\\"c\" account x\nmacdef init\ncd /\nmachine c.example login evil\n\nmachine a.example login other password o\n\
        default login anonymous password p\\ q";

    fn found(host: &str, user: Option<&str>) -> (String, String) {
        let login = login(TEXT, host, user).unwrap();
        (login.user.unwrap_or_default(), login.password.unwrap_or_default())
    }

    #[test]
    fn the_first_entry_that_fits() {
        for (host, user, login, password) in [
            ("a.example", None, "me", "s3cret"),
            ("A.EXAMPLE", Some("other"), "other", "o"),
            ("b.example", None, "you", "a b\"c"),
            ("c.example", None, "anonymous", "p q"),
        ] {
            assert_eq!(found(host, user), (login.to_owned(), password.to_owned()));
        }
        assert_eq!(login(TEXT, "a.example", Some("nobody")), None);
        assert_eq!(login("machine", "", None).map(|login| login.user), Some(None));
        assert_eq!(login("", "a", None), None);
    }

    #[test]
    fn it_is_never_shown() {
        let shown = format!("{:?}", login(TEXT, "a.example", None));
        assert!(shown.contains("me") && !shown.contains("s3cret"), "{shown}");
    }
}
