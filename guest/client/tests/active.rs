//! Active mode, against a server that plays a script.

mod support;

use ftp_client::{Active, DataMode, Error, FailureKind, Network, Phase, RefusalKind, Representation::*, Settings};
use ftp_testkit::{CLIENT, script};
use std::time::Duration;
use support::*;

fn active(active: Active) -> Settings {
    Settings { data_mode: DataMode::Active(active), ..settings() }
}

#[test]
fn active_mode_listens_before_it_asks_and_refuses_strangers() {
    let script = script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok
         C: PORT 192,0,2,99,195,80   S: 200 ok"
    );
    let script = script!(script; "C: RETR a   S: 150 go\r\n226 done");
    let script = script!(script;
        "D> evil
         ! connect_from(CLIENT)
         D! close
         D> good   D! close"
    );
    play_with(active(Active::default()), script, async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(read_all(&mut download).await.unwrap(), b"good");
        download.finish(session).await.unwrap();
        assert!(session.transcript().contains(&"* refused a data connection from 192.0.2.99".into()));
    });
}

#[test]
fn active_mode_announces_what_it_is_told() {
    let announced = Some("2001:db8::7".parse().unwrap());
    let script = script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok
         C: EPRT |2|2001:db8::7|6000|   S: 500 no"
    );
    play_with(active(Active { ports: Some((6000, 6010)), announced }), script, async |session| {
        assert!(matches!(
            session.retrieve("a", Image, 0).await,
            Err(Error::Refused { kind: RefusalKind::Permanent, .. })
        ));
    });
}

#[test]
fn server_that_cannot_connect_says_so_before_the_limit() {
    let script = script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok
         C: PORT 192,0,2,99,195,80   S: 200 ok"
    );
    let script = script!(script;
        "C: RETR a   S: 150 go
         S: 425 cannot connect"
    );
    play_with(active(Active::default()), script!(script; "C: NOOP   S: 200 ok"), async |session| {
        let error = session.retrieve("a", Image, 0).await.err();
        assert!(matches!(error, Some(Error::Refused { kind: RefusalKind::Transient, reply }) if reply.code == 425));
        assert_eq!(session.network().now(), Duration::ZERO);
        session.noop().await.unwrap();
    });
}

#[test]
fn server_that_never_connects_is_a_timeout_of_the_data_connection() {
    for reply_timeout in [10, 20, 60] {
        let script = script!(
            "S: 220 ready
             C: TYPE I   S: 200 ok
             C: PORT 192,0,2,99,195,80   S: 200 ok"
        );
        let script = script!(script;
            "C: RETR a   S: 150 go
             C: ABOR   S: 425 cannot connect\r\n226 ok"
        );
        let script = script!(script;
            "C: NOOP   S: 200 ok
             C: NOOP   S: 200 ok"
        );
        let [connect_timeout, reply_timeout] = [20, reply_timeout].map(Duration::from_secs);
        let limited = Settings { connect_timeout, reply_timeout, ..active(Active::default()) };
        play_with(limited, script, async |session| {
            assert!(matches!(session.retrieve("a", Image, 0).await, Err(Error::Timeout(Phase::DataConnection))));
            assert_eq!(session.network().now(), connect_timeout);
            assert_eq!(session.network().open_sockets(), 1, "the listening socket is left open");
            session.noop().await.unwrap();
        });
    }
}

#[test]
fn ports_that_cannot_be_listened_on_are_refused() {
    play(hello(), async |session| {
        for ports in [(0, 5), (6, 5)] {
            let mode = DataMode::Active(Active { ports: Some(ports), announced: None });
            assert!(matches!(
                session.set_data_mode(mode),
                Err(Error::Failed { kind: FailureKind::InvalidArgument, .. })
            ));
        }
    });
}
