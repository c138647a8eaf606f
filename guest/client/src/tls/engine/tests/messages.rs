//! Ends, alerts and messages of a connection that is made.

use super::*;
use crate::error::FailureKind;

#[test]
fn close_notify_is_the_end_and_nothing_behind_it_is_read() {
    for suite in suites() {
        let mut pair = Pair::new(suite);
        let close = pair.seal(ContentType::Alert, &[WARNING, AlertDescription::CloseNotify.into()]);
        let data = pair.seal(ContentType::ApplicationData, b"more");
        let taken = pair.take([close, data].concat());
        assert_eq!((taken.result, taken.plain), (Ok(Progress::Ended), Vec::new()));
        assert_eq!(taken.answers, []);
    }
}

#[test]
fn our_end_is_said() {
    for suite in suites() {
        let (mut pair, mut outgoing) = (Pair::new(suite), Vec::new());
        pair.client.close(&mut outgoing).unwrap();
        let close_notify = vec![WARNING, AlertDescription::CloseNotify.into()];
        assert_eq!(pair.open(&outgoing), [(ContentType::Alert, close_notify)]);
    }
}

#[test]
fn alerts_are_told_and_not_answered() {
    for suite in suites() {
        let alert = [FATAL, AlertDescription::InternalError.into()];
        let taken = Pair::new(suite).take_sealed(ContentType::Alert, &alert);
        assert_eq!(taken.result, Err(Error::tls("the server sent the alert InternalError")));
        assert_eq!(taken.answers, []);
    }
}

#[test]
fn alerts_of_another_length_are_refused() {
    for suite in suites() {
        for alert in [&[][..], &[FATAL], &[WARNING, 0, 0]] {
            Pair::new(suite).take_sealed(ContentType::Alert, alert).fails_with(AlertDescription::DecodeError);
        }
    }
}

#[test]
fn warnings_end_nothing_in_tls_1_2_unless_they_are_many() {
    for suite in suites_of(Version::Tls12) {
        let mut pair = Pair::new(suite);
        let warning = [WARNING, AlertDescription::UnrecognisedName.into()];
        for _ in 0..32 {
            pair.take_sealed(ContentType::Alert, &warning).goes_on();
        }
        pair.goes_on();
        pair.take_sealed(ContentType::Alert, &warning).fails_with(AlertDescription::UnexpectedMessage);
    }
}

#[test]
fn warnings_are_errors_in_tls_1_3() {
    for suite in suites_of(Version::Tls13) {
        let warning = [WARNING, AlertDescription::UnrecognisedName.into()];
        let taken = Pair::new(suite).take_sealed(ContentType::Alert, &warning);
        assert!(matches!(taken.result, Err(Error::Failed { kind: FailureKind::Tls, .. })), "{:?}", taken.result);
    }
}

#[test]
fn another_handshake_is_refused_in_tls_1_2_and_the_connection_goes_on() {
    for suite in suites_of(Version::Tls12) {
        let mut pair = Pair::new(suite);
        let refusal = (ContentType::Alert, vec![WARNING, AlertDescription::NoRenegotiation.into()]);
        for _ in 0..32 {
            let taken = pair.take_sealed(ContentType::Handshake, &HELLO_REQUEST);
            assert_eq!((taken.result, taken.answers), (Ok(Progress::Open), vec![refusal.clone()]));
        }
        pair.goes_on();
        pair.take_sealed(ContentType::Handshake, &HELLO_REQUEST).fails_with(AlertDescription::UnexpectedMessage);
    }
}

#[test]
fn another_handshake_is_an_error_in_tls_1_3() {
    for suite in suites_of(Version::Tls13) {
        let taken = Pair::new(suite).take_sealed(ContentType::Handshake, &HELLO_REQUEST);
        taken.fails_with(AlertDescription::UnexpectedMessage);
    }
}

#[test]
fn messages_that_belong_elsewhere_are_refused() {
    let length_1 = |kind: HandshakeType| vec![kind.into(), 0, 0, 1, 0];
    for suite in suites_of(Version::Tls12) {
        for kind in [HandshakeType::HelloRequest, HandshakeType::NewSessionTicket, HandshakeType::KeyUpdate] {
            let taken = Pair::new(suite).take_sealed(ContentType::Handshake, &length_1(kind));
            taken.fails_with(AlertDescription::UnexpectedMessage);
        }
    }
    for suite in suites() {
        for kind in [HandshakeType::ServerHello, HandshakeType::Finished, HandshakeType::CertificateRequest] {
            let taken = Pair::new(suite).take_sealed(ContentType::Handshake, &length_1(kind));
            taken.fails_with(AlertDescription::UnexpectedMessage);
        }
    }
}

#[test]
fn a_message_in_two_records_is_one_message_and_the_client_may_speak_between_them() {
    for suite in suites_of(Version::Tls12) {
        let mut pair = Pair::new(suite);
        pair.take_sealed(ContentType::Handshake, &HELLO_REQUEST[..3]).goes_on();
        let mut outgoing = Vec::new();
        pair.client.encrypt(b"NOOP", &mut outgoing).unwrap();
        pair.client.close(&mut outgoing).unwrap();
        assert_eq!(pair.open(&outgoing).len(), 2);
        assert_eq!(pair.take_sealed(ContentType::Handshake, &HELLO_REQUEST[3..]).answers.len(), 1);
        pair.goes_on();
    }
}

#[test]
fn data_in_the_middle_of_a_message_is_refused() {
    for suite in suites() {
        let mut pair = Pair::new(suite);
        pair.take_sealed(ContentType::Handshake, &[0]).goes_on();
        pair.take_sealed(ContentType::ApplicationData, b"x").fails_with(AlertDescription::UnexpectedMessage);
    }
}

#[test]
fn messages_without_an_end_are_refused() {
    for suite in suites() {
        let mut pair = Pair::new(suite);
        let piece = [&[11, 0xff, 0xff, 0xff][..], &[0; 16_000]].concat();
        let taken =
            (0..100).map(|_| pair.take_sealed(ContentType::Handshake, &piece)).find(|taken| taken.result.is_err());
        taken.unwrap().fails_with(AlertDescription::UnexpectedMessage);
    }
}

#[test]
fn what_one_key_is_good_for_is_not_exceeded() {
    for suite in suites() {
        let mut pair = limited(suite);
        let mut outgoing = Vec::new();
        let sent: Vec<bool> = (0..6).map(|_| pair.client.encrypt(b"1", &mut outgoing).is_ok()).collect();
        match suite.tls13() {
            // The first record was the end of the handshake.
            None => assert_eq!(sent, [true, true, false, false, false, false]),
            Some(_) => {
                assert_eq!(sent, [true; 6]);
                // The fourth is the change of the key, and what follows is sealed with another one.
                let fourth = outgoing.chunks(record_size(&outgoing).unwrap()).take(3).collect::<Vec<_>>().concat();
                assert_eq!(pair.open(&fourth).len(), 3);
            }
        }
    }
}

#[test]
fn data_under_the_key_before_is_refused_behind_a_change_of_the_key() {
    const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 0];
    for suite in suites_of(Version::Tls13) {
        for is_at_once in [true, false] {
            let mut pair = Pair::new(suite);
            let change = pair.seal(ContentType::Handshake, &KEY_UPDATE);
            let data = pair.seal(ContentType::ApplicationData, b"x");
            let taken = match is_at_once {
                true => pair.take([change, data].concat()),
                false => {
                    pair.take(change).goes_on();
                    pair.take(data)
                }
            };
            taken.fails_with(AlertDescription::BadRecordMac);
        }
    }
}
