//! What is typed and not shown. The terminal would stay so after the end of this process.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;

/// Somebody types what is not shown.
static IS_UNDER_WAY: AtomicBool = AtomicBool::new(false);

/// A line that is typed and not shown.
pub fn line(terminal: &Term) -> io::Result<String> {
    IS_UNDER_WAY.store(true, Ordering::SeqCst);
    let line = terminal.read_secure_line();
    IS_UNDER_WAY.store(false, Ordering::SeqCst);
    line
}

/// Before this process ends from outside: what is typed is shown again. The standard library does not know the settings of
/// terminals; where the command `stty` is missing they stay as they are.
pub fn end() {
    if !IS_UNDER_WAY.load(Ordering::SeqCst) {
        return;
    }
    let _ = writeln!(io::stderr());
    let terminal = match io::stdin().is_terminal() {
        true => Ok(Stdio::inherit()),
        false => File::open("/dev/tty").map(Stdio::from),
    };
    if let Ok(terminal) = terminal {
        let _ = Command::new("stty").arg("echo").stdin(terminal).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
