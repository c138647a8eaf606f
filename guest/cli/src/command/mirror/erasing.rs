//! Deleting on the server.

use std::collections::BTreeSet;

use ftp_client::mirror::Step;
use ftp_client::{Error, RefusalKind};

use super::super::client::Client;
use super::super::failure::{Failure, ResultExt as _};
use super::{Side, Work};

impl Work<'_> {
    /// Delete, in the order of the steps. A directory is deleted as a file first: that is refused, and deletes a link, which
    /// some servers show as the directory that it leads to. What is behind one stays.
    pub(super) async fn erase(&self, client: &mut Client, steps: &[&Step]) -> Result<(), Failure> {
        let mut settled = BTreeSet::new();
        // The last ones are the highest.
        for step in steps.iter().rev().filter(|_| self.side_of_server == Side::Target) {
            let path = step.path();
            if !matches!(step, Step::RemoveDirectory(_)) || path.is_in(&settled) {
                continue;
            }
            let place = path.on_server(self.root).unwrap_or_default();
            match client.delete(&place).await {
                Err(Error::Refused { kind: RefusalKind::Permanent, .. }) => continue,
                result => {
                    let result = result.map(drop).context(format!("cannot delete {place}"));
                    match result {
                        Err(failure) if !client.is_open() => return Err(failure),
                        result => self.done(step, result),
                    }
                    settled.insert(path.clone());
                }
            }
        }
        for step in steps.iter().filter(|step| !step.path().is_in(&settled)) {
            self.simple_step(client, step).await?;
        }
        Ok(())
    }
}
