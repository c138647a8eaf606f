//! Servers that take their time: every wait ends, and the error names what was waited for.

use anyhow::Result;
use ftp_host::{Active, DataMode, Error, FailureKind, FtpError, Phase, Representation, Settings};
use ftp_tests::client::{self, SHORT};
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::trial;

#[trial]
async fn control_port_that_never_accepts() -> Result<()> {
    let settings = Settings { connect_timeout: Some(SHORT), ..client::settings() };
    Script::deaf()
        .play(async |peer| {
            assert_timeout(client::connect_with(peer.address(), settings).await, Phase::Connect);
            Ok(())
        })
        .await
}

#[trial(covers("connect", "set-connect-timeout"))]
async fn greeting_that_never_comes() -> Result<()> {
    script!("S! stall")
        .play(async |peer| {
            assert_timeout(client::connect_with(peer.address(), quick_replies()).await, Phase::Reply);
            Ok(())
        })
        .await
}

#[trial]
async fn greeting_of_one_byte_at_a_time() -> Result<()> {
    script!(
        "! drip(slow_line(220), SHORT / 10)
         S! stall"
    )
    .play(async |peer| {
        assert_timeout(client::connect_with(peer.address(), quick_replies()).await, Phase::Reply);
        Ok(())
    })
    .await
}

#[trial]
async fn greeting_that_is_promised_again_and_again() -> Result<()> {
    promising(Script::silent(), 120)
        .play(async |peer| {
            assert_timeout(client::connect_with(peer.address(), quick_replies()).await, Phase::Reply);
            Ok(())
        })
        .await
}

#[trial]
async fn reply_that_is_promised_again_and_again() -> Result<()> {
    promising(Script::logged_in().expect("NOOP"), 150)
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), quick_replies()).await?;
            assert_timeout(session.noop().await, Phase::Reply);
            Ok(())
        })
        .await
}

/// Replies that others follow, each in time for itself.
fn promising(script: Script, code: u16) -> Script {
    let line = format!("{code} soon\r\n");
    let pause = SHORT / 2 / line.len() as u32;
    script!(
        script;
        "! drip(line.repeat(10), pause)
         S! stall"
    )
}

#[trial(covers("set-reply-timeout"))]
async fn reply_that_never_comes() -> Result<()> {
    script!(Script::logged_in(); "C: NOOP*   S! stall")
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), quick_replies()).await?;
            assert_timeout(session.noop().await, Phase::Reply);
            let after = session.noop().await;
            assert!(matches!(after, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))), "{after:?}");
            Ok(())
        })
        .await
}

#[trial]
async fn reply_of_one_byte_at_a_time() -> Result<()> {
    script!(
        Script::logged_in();
        "C: NOOP*
         ! drip(slow_line(200), SHORT / 10)
         S! stall"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), quick_replies()).await?;
        assert_timeout(session.noop().await, Phase::Reply);
        Ok(())
    })
    .await
}

/// A line that takes a minute.
fn slow_line(code: u16) -> String {
    format!("{code} {}\r\n", "slow".repeat(500))
}

#[trial]
async fn data_port_that_never_accepts() -> Result<()> {
    let settings = Settings { connect_timeout: Some(SHORT), ..client::settings() };
    Script::logged_in()
        .expect("EPSV")
        .announce_deaf("229 listening (|||{port}|)")
        .expect("PASV")
        .announce_deaf("227 listening (127,0,0,1,{high},{low})")
        .stall()
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), settings).await?;
            let opened = session.retrieve("file", Representation::Image, 0).await;
            assert_timeout(opened, Phase::DataConnection);
            Ok(())
        })
        .await
}

#[trial]
async fn server_that_never_connects_in_active_mode() -> Result<()> {
    let settings = Settings {
        data_mode: DataMode::Active(Active { ports: None, announced: None }),
        connect_timeout: Some(SHORT),
        ..client::settings()
    };
    script!(
        Script::logged_in();
        "C: PORT*   S: 200 noted
         C: RETR*   S: 150 here it comes
         S! stall"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), settings).await?;
        let opened = session.retrieve("file", Representation::Image, 0).await;
        assert_timeout(opened, Phase::DataConnection);
        Ok(())
    })
    .await
}

#[trial(covers("set-idle-timeout"))]
async fn download_that_is_silent() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D>
         S! stall"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), quick_data()).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        assert_timeout(download.read().await, Phase::Data);
        Ok(())
    })
    .await
}

#[trial]
async fn download_that_stops_in_the_middle() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> the beginning
         S! stall"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), quick_data()).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        assert_eq!(download.read().await?.as_deref(), Some(&b"the beginning"[..]));
        assert_timeout(download.read().await, Phase::Data);
        Ok(())
    })
    .await
}

#[trial]
async fn upload_that_is_not_read() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: STOR*   S: 150 here it comes
         D>
         S! stall"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), quick_data()).await?;
        let mut upload = session.store("file", Representation::Image, 0).await?;
        let error = loop {
            if let Err(error) = upload.write(&[0; 65_536]).await {
                break error;
            }
        };
        assert_timeout::<()>(Err(error), Phase::Data);
        Ok(())
    })
    .await
}

#[trial]
async fn verdict_that_never_comes() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> contents   D! close
         S! stall"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), quick_replies()).await?;
        assert_timeout(client::get(&mut session, "file").await, Phase::Reply);
        let after = session.noop().await;
        assert!(matches!(after, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))), "{after:?}");
        Ok(())
    })
    .await
}

#[trial]
async fn abort_that_is_not_answered() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> the beginning
         C: ABOR*   S! stall"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), quick_replies()).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        download.read().await?;
        assert_timeout(download.abort().await, Phase::Reply);
        Ok(())
    })
    .await
}

#[trial(covers("set-total-timeout"))]
async fn total_time_of_a_call() -> Result<()> {
    let settings = Settings { total_timeout: Some(SHORT), ..client::settings() };
    script!(Script::logged_in(); "C: NOOP*   S! stall")
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), settings).await?;
            assert_timeout(session.noop().await, Phase::Total);
            let after = session.noop().await;
            assert!(matches!(after, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))), "{after:?}");
            Ok(())
        })
        .await
}

#[trial]
async fn total_time_of_a_read_leaves_the_transcript() -> Result<()> {
    let settings = Settings { total_timeout: Some(SHORT), ..client::settings() };
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D>
         S! stall"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), settings).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        assert_timeout(download.read().await, Phase::Total);
        let after = session.noop().await;
        assert!(matches!(after, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))), "{after:?}");
        let transcript = session.transcript().await?;
        assert_eq!(transcript.last().map(String::as_str), Some("< 150 here it comes"), "{transcript:?}");
        Ok(())
    })
    .await
}

#[trial]
async fn slow_download_is_not_idle() -> Result<()> {
    let mut script = script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes"
    );
    for _ in 0..20 {
        script = script!(
            script;
            "D> x
             ! pause(SHORT / 10)"
        );
    }
    script!(
        script;
        "D! close
         S: 226 done"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), quick_data()).await?;
        assert_eq!(client::get(&mut session, "file").await?, b"x".repeat(20));
        Ok(())
    })
    .await
}

fn quick_replies() -> Settings {
    Settings { reply_timeout: Some(SHORT), ..client::settings() }
}

fn quick_data() -> Settings {
    Settings { idle_timeout: Some(SHORT), ..client::settings() }
}

#[track_caller]
fn assert_timeout<T>(result: Result<T, Error>, expected: Phase) {
    match result {
        Err(Error::Ftp(FtpError::Timeout(phase))) => assert_eq!(phase, expected),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("in time"),
    }
}
