//! What is typed and not shown. The terminal would stay so after the end of this process.

use std::io::{self, Write as _};

use console::Term;

/// A line that is typed and not shown.
pub fn line(terminal: &Term) -> io::Result<String> {
    settings::keep();
    let line = terminal.read_secure_line();
    settings::forget();
    line
}

/// Before this process ends from outside: what is typed is shown again.
pub fn end() {
    if settings::restore() {
        let _ = writeln!(io::stderr());
    }
}

/// Those of the terminal, as they were before.
#[cfg(unix)]
mod settings {
    use std::fs::File;
    use std::io::{self, IsTerminal as _};
    use std::os::fd::{AsFd as _, OwnedFd};
    use std::sync::{Mutex, PoisonError};

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

    static KEPT: Mutex<Option<Termios>> = Mutex::new(None);

    pub fn keep() {
        set(terminal().and_then(|terminal| Ok(tcgetattr(terminal)?)).ok());
    }

    pub fn forget() {
        set(None);
    }

    /// Whether there was anything to restore.
    pub fn restore() -> bool {
        let Some(kept) = set(None) else { return false };
        if let Ok(terminal) = terminal() {
            let _ = tcsetattr(terminal, OptionalActions::Now, &kept);
        }
        true
    }

    fn set(settings: Option<Termios>) -> Option<Termios> {
        std::mem::replace(&mut *KEPT.lock().unwrap_or_else(PoisonError::into_inner), settings)
    }

    fn terminal() -> io::Result<OwnedFd> {
        match io::stdin().is_terminal() {
            true => io::stdin().as_fd().try_clone_to_owned(),
            false => File::open("/dev/tty").map(OwnedFd::from),
        }
    }
}

/// Elsewhere a console shows again what is typed when the process is at its end.
#[cfg(not(unix))]
mod settings {
    pub fn keep() {}

    pub fn forget() {}

    pub fn restore() -> bool {
        false
    }
}
