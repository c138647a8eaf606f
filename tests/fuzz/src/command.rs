//! What the command is told.

use ftp_cli::names::{self, Naming};
use ftp_cli::netrc;
use ftp_cli::remote::{Remote, without_password};
use ftp_client::Encoding;

use crate::choice;

/// An argument that may be a URL: nothing that is shown of it has the password.
pub fn urls(data: &[u8]) {
    let (turn, bytes) = choice(data);
    let text = String::from_utf8_lossy(bytes);
    let encoding = if turn.is_multiple_of(2) { Encoding::Utf8 } else { Encoding::Latin1 };
    let _ = Remote::is_url(&text);
    let shown = without_password(&text);
    let Ok(remote) = Remote::parse(&text, &encoding) else { return };
    let _ = (remote.path(), remote.within("member"), remote.server(), remote.security());
    assert!(!remote.host.is_empty() && !remote.host.contains(['@', '/']), "{}", remote.host);
    let Some(password) = remote.password.filter(|password| password.len() >= 8) else { return };
    if text.matches(&*password).count() == 1 && text.contains(&format!(":{password}@")) {
        assert!(!shown.contains(&*password), "{shown:?}");
    }
}

/// The text of a `.netrc` for the host in its first line.
pub fn netrc(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (host, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let first = netrc::login(rest, host, None);
    let Some(found) = first else { return };
    let again = netrc::login(rest, host, found.user.as_deref());
    assert!(again.is_some(), "found for anyone and not for {:?}", found.user);
    let shown = format!("{found:?}");
    let Some(password) = found.password.filter(|password| password.len() >= 8) else { return };
    if !found.user.is_some_and(|user| user.contains(&password)) && password.chars().all(char::is_alphanumeric) {
        assert!(!shown.contains(&password), "{shown}");
    }
}

/// Two names on a server, each in a line: they come back from here, are two here as well, and a name of here goes to the
/// server as it is. The first byte chooses the encoding.
pub fn names(data: &[u8]) {
    let (turn, bytes) = choice(data);
    let encoding = if turn.is_multiple_of(2) { Encoding::Utf8 } else { Encoding::Latin1 };
    let naming = Naming::new(encoding);
    // No file system has longer ones, and of such the way back is not promised.
    let bytes = bytes.get(..1000).unwrap_or(bytes);
    let mut names = bytes.splitn(2, |byte| *byte == b'\n').map(|name| encoding.decode(name));
    let (one, other) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    let [here, there] = [&one, &other].map(|name| {
        let local = naming.local(name).ok()?;
        assert!(!local.contains(['/', '\0']) && !matches!(local.as_str(), "" | "." | ".."), "{local:?}");
        assert_eq!(naming.unescaped(&local).as_ref(), Ok(name), "it was {local:?} here");
        Some(local)
    });
    assert!(here != there || here.is_none() || one == other, "{one:?} and {other:?} are {here:?}");
    let as_it_is = naming.remote(&String::from_utf8_lossy(bytes)).map(|name| encoding.encode(&name));
    if encoding == Encoding::Utf8 {
        assert_eq!(as_it_is, Ok(Ok(String::from_utf8_lossy(bytes).into_owned().into_bytes())));
    }
    let temporary = names::temporary(&one, "1f-2a");
    assert!(names::is_temporary(&temporary) && temporary.len() <= 255 || one.contains('/'), "{temporary:?}");
    assert_eq!(names::stem_of(&temporary), Some(&*names::stem(&one)));
}
