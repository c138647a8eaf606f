//! The functions of `ftp:crypto` in a linker. They take lists where these lie in the memory of the guest, which bindings that
//! are generated would copy before each call.

use wasmtime::component::{Linker, Resource, ResourceTable, ResourceType, WasmList};
use wasmtime::{Result, StoreContextMut};

use super::aead::{self, Key, MOST_MESSAGES, Message};
use super::agreement::PrivateKey;
use super::signatures;
use super::types::{Cipher, Error, Group, ListedMessage, Opened, Signature, Supported};
use crate::keys::Keys;

type Store<'a, T> = StoreContextMut<'a, T>;
/// What a function of the interface gives: a tuple of one.
type Answer<T> = Result<(Result<T, Error>,)>;

/// Define the package, whether a component imports it or not.
pub fn add_to_linker<T: Keys>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("ftp:crypto/types@0.1.0")?;
    let mut aead = linker.instance("ftp:crypto/aead@0.1.0")?;
    aead.resource("key", ResourceType::host::<Key>(), |mut store, rep| forget::<T, Key>(&mut store, rep))?;
    aead.func_wrap("supported-algorithms", |_: Store<'_, T>, ()| Ok((supported(),)))?;
    aead.func_wrap("[static]key.import-key", import_key)?;
    aead.func_wrap("[method]key.seal", seal)?;
    aead.func_wrap("[method]key.open", open)?;
    let mut agreement = linker.instance("ftp:crypto/key-agreement@0.1.0")?;
    agreement.resource("private-key", ResourceType::host::<PrivateKey>(), |mut store, rep| {
        forget::<T, PrivateKey>(&mut store, rep)
    })?;
    agreement.func_wrap("[static]private-key.generate", generate)?;
    agreement.func_wrap("[method]private-key.public-key", public_key)?;
    agreement.func_wrap("[static]private-key.agree", agree)?;
    linker.instance("ftp:crypto/signatures@0.1.0")?.func_wrap("verify", verify)
}

fn forget<T: Keys, K: 'static>(store: &mut Store<'_, T>, rep: u32) -> Result<()> {
    store.data_mut().keys_mut().delete(Resource::<K>::new_own(rep))?;
    Ok(())
}

/// Keep a key, unless there are as many as there may be.
fn keep<T: Send + 'static>(keys: &mut ResourceTable, key: T) -> Result<Resource<T>, Error> {
    keys.push(key).map_err(|_| Error::TooManyKeys)
}

fn supported() -> Vec<Supported> {
    aead::SUPPORTED.to_vec()
}

fn import_key<T: Keys>(mut store: Store<'_, T>, (cipher, key): (Cipher, WasmList<u8>)) -> Answer<Resource<Key>> {
    let imported = Key::import(cipher, key.as_le_slice(&store));
    Ok((imported.and_then(|key| keep(store.data_mut().keys_mut(), key)),))
}

fn seal<T: Keys>(
    mut store: Store<'_, T>,
    (key, messages): (Resource<Key>, WasmList<ListedMessage>),
) -> Answer<Vec<u8>> {
    let Some(messages) = listed(&mut store, &messages)? else {
        return Ok((Err(Error::TooLong),));
    };
    let key = store.data().keys().get(&key)?;
    Ok((key.seal(messages.iter().map(|message| message.lend(&store))),))
}

fn open<T: Keys>(
    mut store: Store<'_, T>,
    (key, messages, tail): (Resource<Key>, WasmList<ListedMessage>, u32),
) -> Answer<Opened> {
    let Some(messages) = listed(&mut store, &messages)? else {
        return Ok((Err(Error::TooLong),));
    };
    let key = store.data().keys().get(&key)?;
    Ok((key.open(messages.iter().map(|message| message.lend(&store)), tail),))
}

/// Where the parts of the messages lie, unless there are too many.
fn listed<T: Keys>(store: &mut Store<'_, T>, messages: &WasmList<ListedMessage>) -> Result<Option<Vec<ListedMessage>>> {
    if messages.len() > MOST_MESSAGES {
        return Ok(None);
    }
    messages.iter(store)?.collect::<Result<_>>().map(Some)
}

impl ListedMessage {
    fn lend<'a, T: Keys>(&self, store: &'a Store<'_, T>) -> Message<'a> {
        Message {
            nonce: self.nonce.as_le_slice(store),
            additional_data: self.additional_data.as_le_slice(store),
            prefix: self.prefix.as_le_slice(store),
            text: self.text.as_le_slice(store),
            suffix: self.suffix.as_le_slice(store),
        }
    }
}

fn generate<T: Keys>(mut store: Store<'_, T>, (group,): (Group,)) -> Answer<Resource<PrivateKey>> {
    let generated = PrivateKey::generate(group);
    Ok((generated.and_then(|key| keep(store.data_mut().keys_mut(), key)),))
}

fn public_key<T: Keys>(store: Store<'_, T>, (key,): (Resource<PrivateKey>,)) -> Result<(Vec<u8>,)> {
    Ok((store.data().keys().get(&key)?.public_key(),))
}

fn agree<T: Keys>(mut store: Store<'_, T>, (key, public_key): (Resource<PrivateKey>, WasmList<u8>)) -> Answer<Vec<u8>> {
    let key = store.data_mut().keys_mut().delete(key)?;
    Ok((key.agree(public_key.as_le_slice(&store)),))
}

type Signed = (Signature, WasmList<u8>, WasmList<u8>, WasmList<u8>);

fn verify<T: Keys>(store: Store<'_, T>, (algorithm, key, message, signature): Signed) -> Answer<()> {
    let [key, message, signature] = [&key, &message, &signature].map(|list| list.as_le_slice(&store));
    Ok((signatures::verify(algorithm, key, message, signature),))
}

#[cfg(test)]
mod tests {
    use wasmtime::component::{Component, ComponentNamedList, ComponentType, Instance, Lift, Lower};
    use wasmtime::{Engine, Store};

    use super::*;
    use crate::grants::Grants;
    use crate::instance::State;
    use crate::limits::MOST_KEYS;
    use crate::policy::Policy;

    /// Exports each function that it imports, by its name alone.
    const GUEST: &str = include_str!("linker/guest.wat");

    #[derive(ComponentType, Lower, Clone)]
    #[component(record)]
    struct Sent {
        nonce: Vec<u8>,
        #[component(name = "additional-data")]
        additional_data: Vec<u8>,
        prefix: Vec<u8>,
        text: Vec<u8>,
        suffix: Vec<u8>,
    }

    #[derive(ComponentType, Lift, Debug, PartialEq)]
    #[component(record)]
    struct Received {
        text: Vec<u8>,
        tails: Vec<u8>,
    }

    struct Guest {
        store: Store<State>,
        instance: Instance,
    }

    impl Guest {
        fn new() -> Self {
            let engine = Engine::new(&ftp_artifacts::config()).unwrap();
            let component = Component::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
            let mut linker = Linker::new(&engine);
            add_to_linker(&mut linker).unwrap();
            let mut store = Store::new(&engine, State::new(Grants::new(Policy::default(), None), 0));
            store.set_epoch_deadline(1);
            let instance = linker.instantiate(&mut store, &component).unwrap();
            Self { store, instance }
        }

        /// What the guest gets. A trap would be a panic of the test.
        fn call<P, R>(&mut self, name: &str, arguments: P) -> R
        where
            P: ComponentNamedList + Lower,
            (R,): ComponentNamedList + Lift,
        {
            let function = self.instance.get_typed_func::<P, (R,)>(&mut self.store, name).unwrap();
            function.call(&mut self.store, arguments).unwrap().0
        }

        fn import(&mut self, cipher: Cipher, key: &[u8]) -> Result<Resource<Key>, Error> {
            self.call("import-key", (cipher, key))
        }

        fn seal(&mut self, key: &Resource<Key>, messages: &[Sent]) -> Result<Vec<u8>, Error> {
            self.call("seal", (Resource::<Key>::new_borrow(key.rep()), messages))
        }

        fn open(&mut self, key: &Resource<Key>, messages: &[Sent], tail: u32) -> Result<Received, Error> {
            self.call("open", (Resource::<Key>::new_borrow(key.rep()), messages, tail))
        }
    }

    fn sent(text: &[u8]) -> Sent {
        let (prefix, suffix) = (b"head".to_vec(), b"\x17".to_vec());
        Sent { nonce: vec![7; 12], additional_data: vec![1; 5], prefix, text: text.to_vec(), suffix }
    }

    #[test]
    fn a_guest_seals_and_opens() {
        let mut guest = Guest::new();
        assert_eq!(guest.call::<_, Vec<Supported>>("supported-algorithms", ()), supported());
        for (cipher, length) in [(Cipher::Aes128Gcm, 16), (Cipher::Aes256Gcm, 32), (Cipher::ChaCha20Poly1305, 32)] {
            let key = guest.import(cipher, &vec![3; length]).unwrap();
            let records = guest.seal(&key, &[sent(b"one"), sent(&[5; 16384])]).unwrap();
            let (first, second) = records.split_at(4 + 3 + 1 + 16);
            let records = [first, second].map(|record| sent(record.strip_prefix(b"head").unwrap()));

            let opened = guest.open(&key, &records, 1);

            assert_eq!(opened, Ok(Received { text: [b"one", &[5; 16384][..]].concat(), tails: b"\x17\x17".to_vec() }));
        }
    }

    #[test]
    fn bad_arguments_are_errors_and_no_traps() {
        let mut guest = Guest::new();
        assert_eq!(guest.import(Cipher::Aes128Gcm, &[0; 32]).err(), Some(Error::InvalidKey));
        assert_eq!(guest.import(Cipher::Aes256Gcm, &[]).err(), Some(Error::InvalidKey));
        let key = guest.import(Cipher::Aes256Gcm, &[0; 32]).unwrap();
        let long_nonce = Sent { nonce: vec![0; 13], ..sent(b"") };
        assert_eq!(guest.seal(&key, &[sent(b""), long_nonce.clone()]), Err(Error::InvalidNonce));
        assert_eq!(guest.open(&key, &[long_nonce], 1), Err(Error::InvalidNonce));
        assert_eq!(guest.seal(&key, &[sent(&[0; 16385])]), Err(Error::TooLong));
        assert_eq!(guest.open(&key, &[sent(&[0; 16641])], 1), Err(Error::TooLong));
        assert_eq!(guest.open(&key, &[sent(&[0; 16640])], 1), Err(Error::NotAuthentic));
        assert_eq!(guest.open(&key, &[sent(&[0; 16640])], 33), Err(Error::TooLong));
        assert_eq!(guest.seal(&key, &vec![sent(b""); 65]), Err(Error::TooLong));
        assert_eq!(guest.open(&key, &vec![sent(b""); 65], 1), Err(Error::TooLong));
        assert_eq!(guest.open(&key, &[], 1), Ok(Received { text: Vec::new(), tails: Vec::new() }));

        let message = vec![0_u8; 1 << 21];
        for (message, error) in [(&message[..9], Error::InvalidSignature), (&message[..], Error::TooLong)] {
            let arguments = (Signature::RsaPssSha256, &[4_u8; 9][..], message, &[0_u8; 0][..]);
            assert_eq!(guest.call::<_, Result<(), Error>>("verify", arguments), Err(error));
        }
    }

    #[test]
    fn a_guest_agrees_on_a_secret_and_a_key_is_used_once() {
        let mut guest = Guest::new();
        for group in [Group::X25519, Group::Secp256r1, Group::Secp384r1] {
            let theirs = PrivateKey::generate(group).unwrap();
            let key: Result<Resource<PrivateKey>, Error> = guest.call("generate", (group,));
            let key = key.unwrap();
            let rep = key.rep();
            let public_key: Vec<u8> = guest.call("public-key", (Resource::<PrivateKey>::new_borrow(rep),));

            let secret: Result<Vec<u8>, Error> = guest.call("agree", (key, theirs.public_key()));

            assert_eq!(secret, theirs.agree(&public_key));
            assert!(guest.store.data().keys.is_empty());
            let key: Result<Resource<PrivateKey>, Error> = guest.call("generate", (group,));
            let secret: Result<Vec<u8>, Error> = guest.call("agree", (key.unwrap(), vec![0_u8; public_key.len()]));
            assert_eq!(secret, Err(Error::InvalidPoint));
        }
    }

    #[test]
    fn keys_are_limited_and_one_that_is_dropped_makes_room() {
        let mut guest = Guest::new();
        let mut keys: Vec<_> = (0..MOST_KEYS).map(|_| guest.import(Cipher::Aes128Gcm, &[1; 16]).unwrap()).collect();
        assert_eq!(guest.import(Cipher::Aes128Gcm, &[1; 16]).err(), Some(Error::TooManyKeys));
        let generated: Result<Resource<PrivateKey>, Error> = guest.call("generate", (Group::X25519,));
        assert_eq!(generated.err(), Some(Error::TooManyKeys));

        let function = guest.instance.get_typed_func::<(Resource<Key>,), ()>(&mut guest.store, "drop-key").unwrap();
        function.call(&mut guest.store, (keys.pop().unwrap(),)).unwrap();

        assert!(guest.import(Cipher::Aes128Gcm, &[1; 16]).is_ok());
        assert_eq!(guest.import(Cipher::Aes128Gcm, &[1; 16]).err(), Some(Error::TooManyKeys));
    }
}
