//! What a terminal shows: bars that move, and totals. Elsewhere there are plain lines.

use std::process::Command;

use anyhow::Result;
use ftp_tests::command::{Place, Program, by};
use ftp_tests::payload::Payload;
use ftp_tests::trial;

/// The runner looks at the window again and again; `wasmtime` has no way to.
#[trial(on = by(Program::Runner))]
fn bars_follow_the_window(place: &Place) -> Result<()> {
    place.write_there("large", &Payload::bytes(1_200_000))?;
    let command = place.command(&["get", "--limit-rate", "400k", &place.url("large")])?;
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
    let line = format!("stty rows 24 cols 100; {} & sleep 1.5; stty cols 70; wait $!", words.join(" "));
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_remove("COLUMNS");
    for (name, value) in command.get_envs() {
        script.env(name, value.unwrap_or_default());
    }
    let output = script.current_dir(place.here.path()).stdin(std::process::Stdio::null()).output()?;
    let screen = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{screen}");
    let bars = screen.split(['\n', '\r', '\u{1b}']).filter(|line| line.contains("B/s"));
    let widths: Vec<usize> =
        bars.map(|line| line.trim_start_matches("[2K").trim_start_matches("[1A").chars().count()).collect();
    assert!(widths.first().is_some_and(|width| (60..=100).contains(width)), "{widths:?} {screen:?}");
    assert!(widths.last().is_some_and(|width| *width <= 70), "{widths:?} {screen:?}");
    Ok(())
}

const FILES: u64 = 20;

fn plant(place: &Place) -> Result<()> {
    for index in 0..FILES {
        place.write_there(&format!("many/file-{index}"), &Payload::bytes(100_000))?;
    }
    Ok(())
}

#[trial]
fn bars_and_totals_are_drawn(place: &Place) -> Result<()> {
    plant(place)?;
    // The command `script` is a terminal to what it runs, and prints what is written there.
    let command =
        place.command(&["mirror", "-P", "2", "--limit-rate", "4M", "--columns", "100", &place.url("many/"), "copy"])?;
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<String> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line.join(" "), "/dev/null"]);
    for (name, value) in command.get_envs() {
        script.env(name, value.unwrap_or_default());
    }
    let output = script.current_dir(place.here.path()).stdin(std::process::Stdio::null()).output()?;
    let screen = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{screen}");
    assert!(
        screen.contains("\u{1b}[") && screen.contains("=>") && screen.contains(&format!("of {FILES} files ")),
        "{screen:?}"
    );
    assert!(screen.contains(&format!("{FILES} of {FILES} files: 2,000,000 bytes in ")), "{screen:?}");
    let widest =
        screen.split(['\n', '\r']).map(|line| line.split('\u{1b}').next().map_or(0, |line| line.chars().count()));
    assert!(widest.max().is_some_and(|widest| widest <= 100), "{screen:?}");
    Ok(())
}

#[trial]
fn elsewhere_there_are_plain_lines(place: &Place) -> Result<()> {
    plant(place)?;
    let output = place.run(&["mirror", &place.url("many/"), "copy"])?;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !told.contains('\u{1b}'), "{told}");
    assert_eq!(told.lines().count() as u64, FILES + 1, "{told}");
    assert!(
        told.contains("many/file-7: 100,000 bytes in ") && told.contains(&format!("{FILES} of {FILES} files: ")),
        "{told}"
    );
    Ok(())
}
