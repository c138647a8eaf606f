//! The functions of `ftp:crypto` in a linker. They take lists where these lie in the memory of the guest, which bindings that
//! are generated would copy before each call.

use wasmtime::component::{Linker, Resource, ResourceTable, ResourceType, WasmList};
use wasmtime::{Result, StoreContextMut};

use super::aead::{self, Key, MOST_MESSAGES, Message};
use super::agreement::PrivateKey;
use super::signatures;
use super::types::{Cipher, Error, Group, ListedMessage, Opened, Signature, Supported};
use crate::instance::State;

type Store<'a> = StoreContextMut<'a, State>;
/// What a function of the interface gives: a tuple of one.
type Answer<T> = Result<(Result<T, Error>,)>;

/// Define the package, whether a component imports it or not.
pub fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    linker.instance("ftp:crypto/types@0.1.0")?;
    let mut aead = linker.instance("ftp:crypto/aead@0.1.0")?;
    aead.resource("key", ResourceType::host::<Key>(), |mut store, rep| forget::<Key>(&mut store, rep))?;
    aead.func_wrap("supported-algorithms", |_: Store<'_>, ()| Ok((supported(),)))?;
    aead.func_wrap("[static]key.import-key", import_key)?;
    aead.func_wrap("[method]key.seal", seal)?;
    aead.func_wrap("[method]key.open", open)?;
    let mut agreement = linker.instance("ftp:crypto/key-agreement@0.1.0")?;
    agreement.resource("private-key", ResourceType::host::<PrivateKey>(), |mut store, rep| {
        forget::<PrivateKey>(&mut store, rep)
    })?;
    agreement.func_wrap("[static]private-key.generate", generate)?;
    agreement.func_wrap("[method]private-key.public-key", public_key)?;
    agreement.func_wrap("[static]private-key.agree", agree)?;
    linker.instance("ftp:crypto/signatures@0.1.0")?.func_wrap("verify", verify)
}

fn forget<T: 'static>(store: &mut Store<'_>, rep: u32) -> Result<()> {
    store.data_mut().keys.delete(Resource::<T>::new_own(rep))?;
    Ok(())
}

/// Keep a key, unless there are as many as there may be.
fn keep<T: Send + 'static>(keys: &mut ResourceTable, key: T) -> Result<Resource<T>, Error> {
    keys.push(key).map_err(|_| Error::TooManyKeys)
}

fn supported() -> Vec<Supported> {
    aead::SUPPORTED.to_vec()
}

fn import_key(mut store: Store<'_>, (cipher, key): (Cipher, WasmList<u8>)) -> Answer<Resource<Key>> {
    let imported = Key::import(cipher, key.as_le_slice(&store));
    Ok((imported.and_then(|key| keep(&mut store.data_mut().keys, key)),))
}

fn seal(mut store: Store<'_>, (key, messages): (Resource<Key>, WasmList<ListedMessage>)) -> Answer<Vec<u8>> {
    let Some(messages) = listed(&mut store, &messages)? else {
        return Ok((Err(Error::TooLong),));
    };
    let key = store.data().keys.get(&key)?;
    Ok((key.seal(messages.iter().map(|message| message.lend(&store))),))
}

fn open(mut store: Store<'_>, (key, messages, tail): (Resource<Key>, WasmList<ListedMessage>, u32)) -> Answer<Opened> {
    let Some(messages) = listed(&mut store, &messages)? else {
        return Ok((Err(Error::TooLong),));
    };
    let key = store.data().keys.get(&key)?;
    Ok((key.open(messages.iter().map(|message| message.lend(&store)), tail),))
}

/// Where the parts of the messages lie, unless there are too many.
fn listed(store: &mut Store<'_>, messages: &WasmList<ListedMessage>) -> Result<Option<Vec<ListedMessage>>> {
    if messages.len() > MOST_MESSAGES {
        return Ok(None);
    }
    messages.iter(store)?.collect::<Result<_>>().map(Some)
}

impl ListedMessage {
    fn lend<'a>(&self, store: &'a Store<'_>) -> Message<'a> {
        Message {
            nonce: self.nonce.as_le_slice(store),
            additional_data: self.additional_data.as_le_slice(store),
            prefix: self.prefix.as_le_slice(store),
            text: self.text.as_le_slice(store),
            suffix: self.suffix.as_le_slice(store),
        }
    }
}

fn generate(mut store: Store<'_>, (group,): (Group,)) -> Answer<Resource<PrivateKey>> {
    let generated = PrivateKey::generate(group);
    Ok((generated.and_then(|key| keep(&mut store.data_mut().keys, key)),))
}

fn public_key(store: Store<'_>, (key,): (Resource<PrivateKey>,)) -> Result<(Vec<u8>,)> {
    Ok((store.data().keys.get(&key)?.public_key(),))
}

fn agree(mut store: Store<'_>, (key, public_key): (Resource<PrivateKey>, WasmList<u8>)) -> Answer<Vec<u8>> {
    let key = store.data_mut().keys.delete(key)?;
    Ok((key.agree(public_key.as_le_slice(&store)),))
}

type Signed = (Signature, WasmList<u8>, WasmList<u8>, WasmList<u8>);

fn verify(store: Store<'_>, (algorithm, key, message, signature): Signed) -> Answer<()> {
    let [key, message, signature] = [&key, &message, &signature].map(|list| list.as_le_slice(&store));
    Ok((signatures::verify(algorithm, key, message, signature),))
}
