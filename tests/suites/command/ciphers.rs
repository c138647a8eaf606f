//! A server that takes none of the cipher suites that are offered first: what each command then costs. By both programs, with
//! the cryptography of the command.

use anyhow::{Result, ensure};
use ftp_host::TlsVersion;
use ftp_tests::command::{Place, Program};
use ftp_tests::payload::Payload;
use ftp_tests::servers::{Kind, Security, Way};
use ftp_tests::trial;

/// ProFTPD without ChaCha20.
fn place(program: Program) -> Result<Place> {
    let way = Way { kind: Kind::ProFtpd, security: Security::Explicit, version: TlsVersion::Tls13 };
    let without = ["TLSCipherSuite HIGH:!CHACHA20", "TLSCipherSuite TLSv1.3 TLS_AES_256_GCM_SHA384"];
    Place::start_with(program, way, &without)
}

/// These arguments, with what is said to the server.
fn portable<'a>(place: &Place, arguments: &[&'a str]) -> Vec<&'a str> {
    let before: &[&str] = match place.program() {
        Program::Wasmtime => &[],
        Program::Runner => &["--portable-crypto"],
    };
    [before, &arguments[..1], &["--verbose"], &arguments[1..]].concat()
}

/// How many sessions are opened, and how many of them in a second attempt.
fn sessions(place: &Place, arguments: &[&str]) -> Result<(usize, usize)> {
    let output = place.run(&portable(place, arguments))?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {told}");
    let count = |text: &str| told.lines().filter(|line| line.contains(text)).count();
    Ok((count("> PASS ****"), count("connecting once more")))
}

#[trial(needs = Kind::ProFtpd.installed_with_tls())]
fn one_session_finds_out_which_suites_are_taken(program: Program) -> Result<()> {
    let place = place(program)?;
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    for name in names {
        place.write_here(name, &Payload::bytes(200_000))?;
    }
    let (several, once) = sessions(&place, &[&["put", "--parallel", "4"], &names[..], &[&place.url("")]].concat())?;
    ensure!(several == 4 && once == 1, "put: {several} sessions, {once} of them in two attempts");
    let (several, once) = sessions(&place, &["get", "--parallel", "4", &place.url("*"), "got"])?;
    ensure!(several == 4 && once == 1, "get: {several} sessions, {once} of them in two attempts");
    place.write_there("large", &Payload::bytes(20_000_000))?;
    let (several, once) = sessions(&place, &["get", "--segments", "3", &place.url("large")])?;
    ensure!(several == 4 && once == 1, "--segments: {several} sessions, {once} of them in two attempts");
    let (_, once) = sessions(&place, &["cp", &place.url("a"), &place.url("copy")])?;
    ensure!(once == 1, "cp: {once} sessions in two attempts");
    Ok(())
}

#[trial(needs = Kind::ProFtpd.installed_with_tls())]
fn offer_that_is_forced_has_one_attempt(program: Program) -> Result<()> {
    let place = place(program)?;
    assert_eq!(sessions(&place, &["ls", "--tls-ciphers", "all", &place.url("")])?, (1, 0));
    assert_eq!(sessions(&place, &["ls", "--tls-ciphers", "fast-first", &place.url("")])?, (1, 1));
    let output = place.run(&portable(&place, &["ls", "--tls-ciphers", "fast-only", &place.url("")]))?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(5) && !told.contains("connecting once more"), "{told}");
    Ok(())
}
