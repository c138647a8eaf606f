//! The extensions that a server announces (RFC 2389, section 3).

use crate::encoding::Encoding;
use crate::reply::Reply;
use alloc::string::String;
use alloc::vec::Vec;

/// The features in a 211 reply to `FEAT`: the lines between its first and its last, without the spaces around them,
/// as in `MLST type*;size*;` (RFC 2389, section 3.2). A reply of one line announces none.
pub fn parse_feat(reply: &Reply, encoding: Encoding) -> Vec<String> {
    let inner = match reply.lines.as_slice() {
        [_, inner @ .., _] => inner,
        _ => &[],
    };
    inner
        .iter()
        .map(|line| line.trim_ascii())
        .filter(|line| !line.is_empty())
        .map(|line| encoding.decode(line))
        .collect()
}

/// Whether `verb` is the first word of a feature (RFC 2389, section 3.2), in upper or lower case.
pub fn has(features: &[String], verb: &str) -> bool {
    features
        .iter()
        .filter_map(|feature| feature.split_ascii_whitespace().next())
        .any(|word| word.eq_ignore_ascii_case(verb))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::{Limits, Reader};

    fn features(reply: &str) -> Vec<String> {
        let mut reader = Reader::new(Limits::default());
        reader.feed(reply.as_bytes());
        let reply = reader.next_reply().unwrap().unwrap();
        parse_feat(&reply, Encoding::Utf8)
    }

    #[test]
    fn features_of_the_rfc_and_of_servers() {
        let table: &[(&str, &[&str])] = &[
            // RFC 2389, section 3.2.
            (
                "211-Extensions supported:\r\n MLST size*;create;modify*;perm;media-type\r\n SIZE\r\n COMPRESSION\r\n MDTM\r\n211 END\r\n",
                &["MLST size*;create;modify*;perm;media-type", "SIZE", "COMPRESSION", "MDTM"],
            ),
            ("211 no features\r\n", &[]),
            ("211-Features:\r\n211 End\r\n", &[]),
            // vsftpd
            ("211-Features:\r\n UTF8\r\n EPRT\r\n REST STREAM\r\n211 End\r\n", &["UTF8", "EPRT", "REST STREAM"]),
            // The code on every line, a tab, an empty line.
            ("211-Features:\r\n211-EPSV\r\n211- SIZE \r\n\tMDTM\r\n\r\n211 End\r\n", &["EPSV", "SIZE", "MDTM"]),
        ];
        for &(reply, expected) in table {
            assert_eq!(features(reply), expected, "{reply}");
        }
    }

    #[test]
    fn reply_without_lines_has_no_features() {
        let reply = Reply { code: 211, lines: Vec::new() };
        assert!(parse_feat(&reply, Encoding::Utf8).is_empty());
    }

    #[test]
    fn feature_is_known_by_its_whole_first_word() {
        let features = ["EPSV", "mlst type*;size*;", "REST STREAM", "AUTH TLS"].map(String::from);
        for verb in ["EPSV", "epsv", "MLST", "Rest", "AUTH"] {
            assert!(has(&features, verb), "{verb}");
        }
        for verb in ["", "EPS", "EPSVX", "STREAM", "MLSD", "REST STREAM"] {
            assert!(!has(&features, verb), "{verb}");
        }
        assert!(!has(&[], "EPSV"));
    }
}
