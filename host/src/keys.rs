//! Where the keys of a guest are.

use wasmtime::component::ResourceTable;

/// What a store has in which a component runs that imports `ftp:crypto`: a table for its keys alone, so that no other guest
/// reaches them and their number has a limit of its own.
///
/// Limit it by `ResourceTable::set_max_capacity`: a component holds two keys for each of its connections inside TLS, and one
/// more in a handshake.
pub trait Keys: 'static {
    /// The table.
    fn keys(&self) -> &ResourceTable;

    /// The table, to be changed.
    fn keys_mut(&mut self) -> &mut ResourceTable;
}
