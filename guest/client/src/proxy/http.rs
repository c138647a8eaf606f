//! HTTP `CONNECT` (RFC 9110, section 9.3.6): one request; after the blank line of a 2xx answer the connection is the
//! target's.

use super::{Credentials, Target, broken, receive, send};
use crate::error::Error;
use crate::limits::PROXY_ANSWER;
use crate::network::Stream;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) async fn open<S: Stream>(
    stream: &mut S,
    credentials: Option<&Credentials>,
    target: &Target,
) -> Result<(), Error> {
    send(stream, request(credentials, target).as_bytes()).await?;
    let mut room = PROXY_ANSWER;
    loop {
        let head = head(stream, &mut room).await?;
        match status(&head) {
            None => return Err(broken("it does not speak HTTP/1")),
            // The answer that counts is still to come (RFC 9110, section 15.2).
            Some(100 | 102..=199) => {}
            // A length that is announced means nothing here (RFC 9110, section 9.3.6).
            Some(200..=299) => return Ok(()),
            Some(status) => return Err(refusal(status, target)),
        }
    }
}

fn request(credentials: Option<&Credentials>, target: &Target) -> String {
    let login = credentials.map_or_else(String::new, |Credentials { user, password }| {
        let login = format!("{user}:{}", password.reveal());
        format!("Proxy-Authorization: Basic {}\r\n", base64(login.as_bytes()))
    });
    format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{login}\r\n")
}

/// Everything up to the blank line, byte by byte: the one after it may be the target's.
async fn head<S: Stream>(stream: &mut S, room: &mut usize) -> Result<Vec<u8>, Error> {
    let mut head = Vec::new();
    while !head.ends_with(b"\n\r\n") && !head.ends_with(b"\n\n") {
        *room = room.checked_sub(1).ok_or_else(|| broken("its answer has no end"))?;
        head.extend(receive(stream, 1).await?);
        // Whoever waits for a blank line from something else would wait in vain.
        if !head.starts_with(b"HTTP/1.".get(..head.len()).unwrap_or(b"HTTP/1.")) {
            return Err(broken("it does not speak HTTP/1"));
        }
    }
    Ok(head)
}

/// The code in a line such as `HTTP/1.1 200 OK`.
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|&byte| byte == b'\n').next()?.trim_ascii_end();
    let (version, rest) = line.split_at_checked(b"HTTP/1.1 ".len())?;
    let (code, reason) = rest.split_at_checked(3)?;
    if !version.ends_with(b" ") || !code.iter().all(u8::is_ascii_digit) || !matches!(reason.first(), None | Some(b' '))
    {
        return None;
    }
    str::from_utf8(code).ok()?.parse().ok().filter(|code| (100..600).contains(code))
}

/// Without the proxy's own words, which may repeat the password.
fn refusal(status: u16, target: &Target) -> Error {
    match status {
        401 | 407 => {
            Error::access_denied(format!("the proxy wants a login, or refuses this one (HTTP status {status})"))
        }
        403 => Error::access_denied(format!("the proxy forbids to connect to {target} (HTTP status 403)")),
        405 | 501 => Error::unsupported(format!("the proxy does not connect to servers (HTTP status {status})")),
        _ => Error::connection_refused(format!("the proxy does not connect to {target} (HTTP status {status})")),
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(group.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let digit = DIGITS.get(bits >> (18 - 6 * at) & 63).filter(|_| at <= group.len());
            text.push(char::from(digit.copied().unwrap_or(b'=')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Proxy;
    use super::super::tests::{ask, check_every_cut, server};
    use super::*;
    use ftp_types::FailureKind;

    const FTP: &str = "ftp.example.com";

    fn plain() -> Proxy {
        Proxy::HttpConnect(server(None))
    }

    #[test]
    fn request_names_the_target_twice() {
        let (result, heard, _) = ask(&plain(), FTP, b"HTTP/1.1 200 OK\r\n\r\n", 5);
        let expected = "CONNECT ftp.example.com:21 HTTP/1.1\r\nHost: ftp.example.com:21\r\n\r\n";
        assert_eq!((result, heard.as_slice()), (Ok(()), expected.as_bytes()));
        let (_, heard, _) = ask(&plain(), "::1", b"HTTP/1.1 200 OK\r\n\r\n", 99);
        assert!(heard.starts_with(b"CONNECT [::1]:21 HTTP/1.1\r\nHost: [::1]:21\r\n"), "{}", heard.escape_ascii());
    }

    /// The example of RFC 7617, section 2.
    #[test]
    fn credentials_go_along() {
        let proxy = Proxy::HttpConnect(server(Some(("Aladdin", "open sesame"))));
        let (_, heard, _) = ask(&proxy, FTP, b"HTTP/1.1 200 OK\r\n\r\n", 99);
        let header = b"\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n";
        assert!(heard.ends_with(header), "{}", heard.escape_ascii());
    }

    /// RFC 4648, section 10.
    #[test]
    fn base64_of_every_length() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfd]), "//79");
    }

    #[test]
    fn consent_ends_at_the_blank_line() {
        check_every_cut(&plain(), b"HTTP/1.1 200 OK\r\n\r\n");
        check_every_cut(&plain(), b"HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n");
        check_every_cut(&plain(), b"HTTP/1.1 204\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n");
        check_every_cut(&plain(), b"HTTP/1.1 200 OK\n\n");
        check_every_cut(
            &plain(),
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200 \r\n\r\n",
        );
    }

    #[test]
    fn what_is_not_http_is_said_to_be_no_proxy() {
        for says in [
            "220 ready\r\n",
            "\r\n\r\n",
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 20\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 +20 OK\r\n\r\n",
            "HTTP/1.1 099 low\r\n\r\n",
            "HTTP/1.1 600 high\r\n\r\n",
            "HTTP/1.1200 OK\r\n\r\n",
            "HTTP/1.11200 OK\r\n\r\n",
        ] {
            let (result, _, _) = ask(&plain(), FTP, says.as_bytes(), 99);
            assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Other, .. })), "{says:?}: {result:?}");
        }
    }

    #[test]
    fn answer_without_an_end_is_given_up() {
        let endless = [
            format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(PROXY_ANSWER)),
            format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(PROXY_ANSWER)),
            "HTTP/1.1 100 Continue\r\n\r\n".repeat(PROXY_ANSWER),
        ];
        for says in endless {
            let (result, _, left) = ask(&plain(), FTP, says.as_bytes(), usize::MAX);
            assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Other, .. })), "{result:?}");
            assert_eq!(left.len(), says.len() - PROXY_ANSWER, "no more is read than there is room for");
        }
    }

    #[test]
    fn each_status_has_its_error_without_the_words_of_the_proxy() {
        let refused = |status: u16| {
            let says = format!("HTTP/1.1 {status} hunter2\r\nProxy-Authenticate: Basic realm=hunter2\r\n\r\nhunter2");
            let proxy = Proxy::HttpConnect(server(Some(("user", "hunter2"))));
            let error = ask(&proxy, FTP, says.as_bytes(), 99).0.unwrap_err();
            let text = format!("{error:?}");
            assert!(
                text.contains("proxy") && text.contains(&format!("{status}")) && !text.contains("hunter2"),
                "{text}"
            );
            error
        };
        for status in [401, 403, 407] {
            let error = refused(status);
            assert!(matches!(error, Error::Failed { kind: FailureKind::AccessDenied, .. }), "{status}");
            // It is the proxy that denies, and nobody else can mend it.
            assert_eq!(error.cause(), None);
        }
        for status in [101, 302, 400, 404, 429, 500, 502, 503, 504] {
            assert!(matches!(refused(status), Error::Failed { kind: FailureKind::ConnectionRefused, .. }), "{status}");
        }
        for status in [405, 501] {
            assert!(matches!(refused(status), Error::Failed { kind: FailureKind::Unsupported, .. }), "{status}");
        }
    }
}
