//! Data connections that lead elsewhere, or nowhere.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result};
use ftp_host::{Active, DataMode, Error, FailureKind, FtpError, RefusalKind, Representation, Settings};
use ftp_tests::client::{self, get, read_all, refusal};
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::suite::variants;
use ftp_tests::trial;

/// What a server may not say to EPSV.
const BROKEN_229: [(&str, &str); 9] = [
    ("port_0", "229 here (|||0|)"),
    ("port_65536", "229 here (|||65536|)"),
    ("negative_port", "229 here (|||-1|)"),
    ("port_in_letters", "229 here (|||port|)"),
    ("lone_parenthesis", "229 here ("),
    ("no_end", "229 here (|||4096"),
    ("wrong_delimiter", "229 here (|||4096!)"),
    ("two_delimiters", "229 here (||4096|)"),
    ("nothing", "229"),
];

/// What a server may not say to PASV.
const BROKEN_227: [(&str, &str); 9] = [
    ("port_0", "227 here (127,0,0,1,0,0)"),
    ("octet_over_255_in_the_port", "227 here (127,0,0,1,256,1)"),
    ("octet_over_255_in_the_address", "227 here (127,0,0,256,16,1)"),
    ("negative_octet", "227 here (127,0,0,1,-1,5)"),
    ("lone_parenthesis", "227 here ("),
    ("five_numbers", "227 here (127,0,0,1,16)"),
    ("seven_numbers", "227 here (127,0,0,1,16,1,1)"),
    ("wrong_delimiters", "227 here (127.0.0.1.16.1)"),
    ("nothing", "227"),
];

/// Nothing is connected to because of it: `PASV` is asked, and has to do better.
#[trial(on = variants(BROKEN_229))]
async fn broken_229(reply: &'static str) -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: EPSV*   S: {reply}
         C: PASV*   S: 227 here ("
    );
    script.play(async |peer| assert_breaks_protocol(peer.address()).await).await?;
    script!(
        Script::logged_in();
        "C: EPSV*   S: {reply}
         C: PASV*   S: 227 here (127,0,0,1,<high>,<low>)
         C: RETR file*   S: 150 here it comes
         D> contents   D! close
         S: 226 done"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert_eq!(get(&mut session, "file").await?, b"contents");
        Ok(())
    })
    .await
}

#[trial(on = variants(BROKEN_227))]
async fn broken_227(reply: &'static str) -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: EPSV*   S: 500 what?
         C: PASV*   S: {reply}"
    );
    script.play(async |peer| assert_breaks_protocol(peer.address()).await).await
}

async fn assert_breaks_protocol(server: SocketAddr) -> Result<()> {
    let mut session = client::login(server).await?;
    match session.retrieve("file", Representation::Image, 0).await {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol, .. })) => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("a download"),
    }
    let after = session.noop().await;
    assert!(matches!(after, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))), "{after:?}");
    Ok(())
}

#[trial(covers("set-data-mode"))]
async fn pasv_that_names_another_host_is_not_trusted() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: EPSV*   S: 500 what?
         C: PASV*   S: 227 over there (10,255,255,1,<high>,<low>)
         C: RETR file*   S: 150 here it comes
         D> contents   D! close
         S: 226 done"
    );
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            assert_eq!(get(&mut session, "file").await?, b"contents");
            let transcript = session.transcript().await?;
            assert!(
                transcript.iter().any(|line| line.starts_with("< 227") && line.contains("10,255,255,1,")),
                "{transcript:?}"
            );
            assert!(
                transcript.iter().any(|line| line.starts_with("* ") && line.contains("10.255.255.1")),
                "{transcript:?}"
            );
            Ok(())
        })
        .await
}

#[trial(covers("set-data-mode"))]
async fn closed_port_of_epsv_is_followed_by_pasv_from_then_on() -> Result<()> {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut script = script!(Script::logged_in(); "C: EPSV*   S: 229 here (|||{closed}|)");
    for _ in 0..2 {
        script = script!(
            script;
            "C: PASV*   S: 227 here (10,0,0,1,<high>,<low>)
             C: RETR*   S: 150 here it comes
             D> contents   D! close
             S: 226 done"
        );
    }
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            assert_eq!(get(&mut session, "file").await?, b"contents");
            assert_eq!(get(&mut session, "file").await?, b"contents");
            Ok(())
        })
        .await
}

#[trial]
async fn closed_ports_are_connection_refused() -> Result<()> {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let script = script!(
        Script::logged_in();
        "C: EPSV*   S: 229 here (|||{closed}|)
         C: PASV*   S: 227 here (127,0,0,1,{closed / 256},{closed % 256})
         C: NOOP*   S: 200 still here"
    );
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            match session.retrieve("file", Representation::Image, 0).await {
                Err(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionRefused, .. })) => {}
                Err(other) => panic!("{other:?}"),
                Ok(_) => panic!("a download"),
            }
            assert_eq!(session.noop().await?.code, 200);
            Ok(())
        })
        .await
}

#[trial(covers("set-data-mode"))]
async fn active_mode_refuses_another_host() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: PORT*   S: 200 noted
         C: RETR file*   S: 150 here it comes
         ! connect_back(Ipv4Addr::new(127, 0, 0, 2))
         ! connect_back(Ipv4Addr::LOCALHOST)
         D> the real contents   D! close
         S: 226 done"
    );
    script
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), active()).await?;
            let download = session.retrieve("file", Representation::Image, 0).await?;
            assert_eq!(read_all(download).await?, b"the real contents");
            Ok(())
        })
        .await
}

#[trial]
async fn active_mode_closes_its_port_when_port_is_refused() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: PORT*   S: 500 not here
         C: NOOP*   S: 200 still here"
    );
    script
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), active()).await?;
            assert_eq!(refusal(session.retrieve("file", Representation::Image, 0).await), 500);
            assert_not_listening(&peer.commands());
            assert_eq!(session.noop().await?.code, 200);
            Ok(())
        })
        .await
}

#[trial]
async fn active_mode_closes_its_port_when_the_transfer_is_refused() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: PORT*   S: 200 noted
         C: RETR*   S: 550 no such file
         C: NOOP*   S: 200 still here"
    );
    script
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), active()).await?;
            assert_eq!(refusal(session.retrieve("file", Representation::Image, 0).await), 550);
            assert_not_listening(&peer.commands());
            assert_eq!(session.noop().await?.code, 200);
            Ok(())
        })
        .await
}

/// One port for all transfers: each can listen only if the one before has let go.
#[trial(covers("set-data-mode"))]
async fn active_mode_leaves_no_socket_behind() -> Result<()> {
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut script = Script::logged_in();
    for _ in 0..100 {
        script = script!(
            script;
            "C: PORT*   S: 200 noted
             C: RETR*   S: 550 no such file"
        );
    }
    let settings = Settings {
        data_mode: DataMode::Active(Active { ports: Some((free, free)), announced: None }),
        ..client::settings()
    };
    script
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), settings).await?;
            for attempt in 0..100 {
                let refused = session.retrieve("file", Representation::Image, 0).await;
                let Err(Error::Ftp(FtpError::Refused { kind: RefusalKind::Permanent, .. })) = refused else {
                    panic!("attempt {attempt}: {:?}", refused.err());
                };
            }
            Ok(())
        })
        .await
}

fn active() -> Settings {
    Settings { data_mode: DataMode::Active(Active { ports: None, announced: None }), ..client::settings() }
}

fn assert_not_listening(commands: &[String]) {
    let port = announced_port(commands).expect("a port was announced");
    let connected = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    assert!(connected.is_err(), "port {port} is still open");
}

fn announced_port(commands: &[String]) -> Result<u16> {
    let port = commands.iter().find_map(|line| line.strip_prefix("PORT 127,0,0,1,")).context("no PORT")?;
    let (high, low) = port.split_once(',').context("two numbers")?;
    Ok(u16::from_be_bytes([high.parse()?, low.parse()?]))
}
