//! Handshakes that come to nothing, and what is agreed in those that do not.

use anyhow::{Result, ensure};
use ftp_host::{Error, FailureKind, FtpError, Phase, Settings, TlsCiphers, TlsSettings, TlsVersion};
use ftp_tests::certificates::possible;
use ftp_tests::client::{self, SHORT, get};
use ftp_tests::script::{Ending, Peer, Play as _, Script, Tls, script};
use ftp_tests::suite::variants;
use ftp_tests::trial;

use super::{VERSIONS, assert_timeout, assert_tls, explicit, implicit, login, only, tls};

#[trial(needs = possible())]
async fn silence_after_auth_is_a_timeout() -> Result<()> {
    let quick = Settings { connect_timeout: Some(SHORT), ..explicit(tls()?) };
    script!(
        "S: 220 ready
         C: AUTH TLS*   S: 234 go
         S! stall"
    )
    .play(async |peer| {
        assert_timeout(client::connect_with(peer.address(), quick).await, Phase::Handshake);
        assert_eq!(peer.commands(), ["AUTH TLS"]);
        Ok(())
    })
    .await
}

#[trial(needs = possible())]
async fn silence_on_an_implicit_port_is_a_timeout() -> Result<()> {
    let quick = Settings { connect_timeout: Some(SHORT), ..implicit(tls()?) };
    script!("S! stall")
        .play(async |peer| {
            assert_timeout(client::connect_with(peer.address(), quick).await, Phase::Handshake);
            Ok(())
        })
        .await
}

#[trial(needs = possible())]
async fn handshake_of_one_byte_at_a_time_is_a_timeout() -> Result<()> {
    let quick = Settings { connect_timeout: Some(SHORT), ..explicit(tls()?) };
    // The beginning of a record of 16 KiB, which is a message of the handshake.
    let record = [&[22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc][..], &[3; 1000]].concat();
    script!(
        "S: 220 ready
         C: AUTH TLS*   S: 234 go
         ! see_hello()
         ! drip(record, SHORT / 10)
         S! stall"
    )
    .play(async |peer| {
        assert_timeout(client::connect_with(peer.address(), quick).await, Phase::Handshake);
        Ok(())
    })
    .await
}

#[trial(needs = possible())]
async fn garbage_is_tls() -> Result<()> {
    for garbage in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], &[0; 1000], &[0x16, 3, 3, 0xff, 0xff, 2], &[0x17; 70_000]]
    {
        script!(
            "S: 220 ready
             C: AUTH TLS*   S: 234 go
             ! see_hello()
             S> {garbage}
             S! stall"
        )
        .play(async |peer| {
            assert_tls(client::connect_with(peer.address(), explicit(tls()?)).await, "");
            assert_eq!(peer.commands(), ["AUTH TLS"]);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn flood_of_records_that_mean_nothing_is_tls() -> Result<()> {
    // (RFC 8446, appendix D.4) A client ignores a record like this, one of them.
    const CHANGE_CIPHER_SPEC: [u8; 6] = [20, 3, 3, 0, 1, 1];
    flood_is_tls(CHANGE_CIPHER_SPEC.repeat(10_000)).await
}

#[trial(needs = possible())]
async fn flood_of_one_endless_message_is_tls() -> Result<()> {
    // The message says that it has 16 MB; each record goes on with it.
    let record = [&[22, 3, 3, 0x40, 0][..], &[2, 0xff, 0xff, 0xff].repeat(4096)].concat();
    flood_is_tls(record.repeat(4)).await
}

async fn flood_is_tls(bytes: Vec<u8>) -> Result<()> {
    for version in VERSIONS {
        script!(
            "S: 220 ready
             C: AUTH TLS*   S: 234 go
             ! see_hello()
             ! flood(bytes.clone())
             S! stall"
        )
        .play(async |peer| {
            assert_tls(client::connect_with(peer.address(), explicit(only(version)?)).await, "");
            assert_eq!(peer.commands(), ["AUTH TLS"]);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn server_hello_for_another_protocol_is_refused() -> Result<()> {
    Script::greeting()
        .on("AUTH TLS", "234 go")
        .see_hello()
        .say(server_hello("http/1.1"))
        .stall()
        .play(async |peer| {
            let settings = explicit(only(TlsVersion::Tls12)?);
            assert_tls(client::connect_with(peer.address(), settings).await, "ApplicationProtocol");
            assert_eq!(peer.commands(), ["AUTH TLS"]);
            Ok(())
        })
        .await
}

/// (RFC 5246, section 7.4.1.3; RFC 7301) The one of TLS 1.2 that chooses this protocol.
fn server_hello(protocol: &str) -> Vec<u8> {
    const ALPN: u16 = 16;
    const ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: u16 = 0xc02b;
    let list = [&[protocol.len() as u8], protocol.as_bytes()].concat();
    let list = [&(list.len() as u16).to_be_bytes()[..], &list].concat();
    let extension = [&ALPN.to_be_bytes()[..], &(list.len() as u16).to_be_bytes(), &list].concat();
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend(ECDHE_ECDSA_WITH_AES_128_GCM_SHA256.to_be_bytes());
    hello.push(0);
    hello.extend((extension.len() as u16).to_be_bytes());
    hello.extend(extension);
    let message = [&[2, 0][..], &(hello.len() as u16).to_be_bytes(), &hello].concat();
    [&[22, 3, 3][..], &(message.len() as u16).to_be_bytes(), &message].concat()
}

#[trial(needs = possible())]
async fn server_without_a_common_protocol_is_refused() -> Result<()> {
    for version in VERSIONS {
        script!(
            Script::greeting().with_tls(Tls { protocols: vec!["http/1.1"], ..Tls::default() });
            "C: AUTH TLS*   S: 234 go
             ! fail_tls()"
        )
        .play(async |peer| {
            let settings = explicit(only(version)?);
            assert_tls(client::connect_with(peer.address(), settings).await, "ApplicationProtocol");
            assert_eq!(peer.commands(), ["AUTH TLS"]);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn server_with_the_protocol_ftp_is_fine() -> Result<()> {
    for version in VERSIONS {
        script!(
            Script::protected().with_tls(Tls { protocols: vec!["http/1.1", "ftp"], ..Tls::default() });
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*   S: 150 here it comes
             ! secure_data()
             D> contents
             ! end_data()
             S: 226 done"
        )
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), explicit(only(version)?)).await?;
            assert_eq!(get(&mut session, "file").await?, b"contents");
            for handshake in peer.handshakes() {
                assert_eq!(handshake.protocol.as_deref(), Some("ftp"));
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn server_name_is_told_for_a_name() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! secure_data()
         D> contents
         ! end_data()
         S: 226 done"
    )
    .play(async |peer| {
        let connector = client::connector(explicit(tls()?)).await?;
        let mut session = connector.connect("localhost", Some(peer.address().port())).await?;
        session.login("user", "12345", None).await?;
        assert_eq!(get(&mut session, "file").await?, b"contents");
        assert_eq!(names(peer), [Some("localhost".to_owned()), Some("localhost".to_owned())]);
        Ok(())
    })
    .await
}

#[trial(needs = possible())]
async fn server_name_is_not_told_for_an_address() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! secure_data()
         D> contents
         ! end_data()
         S: 226 done"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        assert_eq!(get(&mut session, "file").await?, b"contents");
        assert_eq!(names(peer), [None, None]);
        Ok(())
    })
    .await
}

#[trial(needs = possible(), covers("set-server-name"))]
async fn server_name_of_the_settings_is_told_and_verified() -> Result<()> {
    let named = |name: &str| anyhow::Ok(TlsSettings { server_name: Some(name.to_owned()), ..tls()? });
    Script::secured_login()
        .play(async |peer| {
            client::login_with(peer.address(), explicit(named("localhost")?)).await?;
            assert_eq!(names(peer), [Some("localhost".to_owned())]);
            Ok(())
        })
        .await?;
    script!(
        "S: 220 ready
         C: AUTH TLS*   S: 234 go
         ! fail_tls()"
    )
    .play(async |peer| {
        let settings = explicit(named("other.example")?);
        assert_tls(client::connect_with(peer.address(), settings).await, "another name");
        Ok(())
    })
    .await
}

/// The names that were asked for, one for each handshake.
fn names(peer: &Peer) -> Vec<Option<String>> {
    peer.handshakes().into_iter().map(|handshake| handshake.server_name).collect()
}

#[trial(needs = possible())]
async fn version_that_is_too_old_is_refused() -> Result<()> {
    script!(
        Script::greeting().with_tls(Tls { version: Some(TlsVersion::Tls12), ..Tls::default() });
        "C: AUTH TLS*   S: 234 go
         ! fail_tls()"
    )
    .play(async |peer| {
        let settings = explicit(only(TlsVersion::Tls13)?);
        assert_tls(client::connect_with(peer.address(), settings).await, "ersion");
        assert_eq!(peer.commands(), ["AUTH TLS"]);
        Ok(())
    })
    .await
}

#[trial(needs = possible(), covers("encryption", "set-tls-versions"))]
async fn version_is_as_agreed() -> Result<()> {
    for version in VERSIONS {
        let tls = || Tls { version: Some(version), ..Tls::default() };
        let script = match version {
            // Whether it has TLS 1.3 is asked once more, with every suite of that.
            TlsVersion::Tls12 => Script::secured().with_tls(tls()).then(Ending::Close, Script::secured_login()),
            _ => Script::secured_login().with_tls(tls()),
        };
        let all = TlsSettings { ciphers: TlsCiphers::All, ..super::tls()? };
        for (script, settings) in [(script, super::tls()?), (Script::secured_login().with_tls(tls()), all)] {
            script
                .play(async |peer| {
                    let mut session = client::login_with(peer.address(), explicit(settings)).await?;
                    let encryption = session.encryption().await?;
                    assert!(encryption.as_ref().is_some_and(|agreed| agreed.version == version), "{encryption:?}");
                    Ok(())
                })
                .await?;
        }
    }
    Ok(())
}

/// Bytes between one cut and the next; no multiple of anything in a record.
const STRIDE: usize = 37;

const CUTS: [(&str, (TlsVersion, Ending)); 4] = [
    ("closed_in_tls12", (TlsVersion::Tls12, Ending::Close)),
    ("reset_in_tls12", (TlsVersion::Tls12, Ending::Reset)),
    ("closed_in_tls13", (TlsVersion::Tls13, Ending::Close)),
    ("reset_in_tls13", (TlsVersion::Tls13, Ending::Reset)),
];

/// A whole session, cut at many of its bytes, most of which belong to handshakes.
#[trial(on = variants(CUTS), needs = possible())]
async fn end_anywhere_is_a_typed_error(cut: (TlsVersion, Ending)) -> Result<()> {
    let (version, ending) = cut;
    let length = script()
        .play(async |peer| {
            session(peer, version).await?;
            Ok(peer.sent())
        })
        .await?;
    ensure!(length > 1000, "{length} bytes are no session");
    // Signatures and tickets do not always have the same length, and the end of the last reply is no loss.
    for bytes in (0..length - 32).step_by(STRIDE) {
        let result = script().cut_after(bytes, ending).play(async |peer| Ok(session(peer, version).await)).await?;
        match result.map_err(|error| error.downcast::<Error>()) {
            Err(Ok(Error::Ftp(FtpError::Failed {
                kind: FailureKind::Tls | FailureKind::ConnectionLost | FailureKind::ConnectionRefused,
                ..
            }))) => {}
            Err(other) => panic!("cut after {bytes} of {length} bytes: {other:?}"),
            Ok(()) => panic!("cut after {bytes} of {length} bytes, and nobody noticed"),
        }
    }
    Ok(())
}

fn script() -> Script {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: LIST*   S: 150 here it comes
         ! secure_data()
         D> -rw-r--r-- 1 user group 8 Jan  1 2020 file\r\n
         ! end_data()
         S: 226 done
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! secure_data()
         D> contents
         ! end_data()
         S: 226 done
         C: QUIT*   S: 221 goodbye"
    )
}

async fn session(peer: &Peer, version: TlsVersion) -> Result<()> {
    let mut session = client::login_with(peer.address(), explicit(only(version)?)).await?;
    assert_eq!(session.listing(None).await?.len(), 1);
    assert_eq!(get(&mut session, "file").await?, b"contents");
    session.quit().await?;
    Ok(())
}
