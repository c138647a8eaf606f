//! What was said on the control connection, for the caller to read.

use crate::network::Network;
use crate::secrets::Secrets;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Bytes of a line that are kept.
const LINE: usize = 1024;

/// The last lines of a conversation, without secrets.
pub(crate) struct Transcript<N> {
    /// It gets each line as soon as it was said.
    network: N,
    lines: VecDeque<String>,
    capacity: usize,
    pub(crate) secrets: Secrets,
}

impl<N: Network> Transcript<N> {
    pub(crate) fn new(network: N, capacity: usize) -> Self {
        Self { network, lines: VecDeque::new(), capacity, secrets: Secrets::default() }
    }

    pub(crate) fn sent(&mut self, line: &str) {
        self.push("> ", line);
    }

    /// A line of a reply, with its code and what stands behind that.
    pub(crate) fn received(&mut self, code: u16, mark: char, line: &str) {
        self.push(&format!("< {code}{mark}"), line);
    }

    pub(crate) fn note(&mut self, text: &str) {
        self.push("* ", text);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.capacity > 0
    }

    /// Take what there is.
    pub(crate) fn take(&mut self) -> Vec<String> {
        core::mem::take(&mut self.lines).into()
    }

    fn push(&mut self, mark: &str, text: &str) {
        if self.capacity == 0 {
            return;
        }
        if self.lines.len() == self.capacity {
            self.lines.pop_front();
        }
        let text = self.secrets.mask(text.to_string());
        let kept = text.get(..text.floor_char_boundary(LINE)).unwrap_or(&text);
        let line = format!("{mark}{kept}");
        self.network.said(&line);
        self.lines.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nowhere::Nowhere;

    fn transcript(capacity: usize) -> Transcript<Nowhere> {
        Transcript::new(Nowhere, capacity)
    }

    #[test]
    fn the_oldest_line_goes_first() {
        let mut transcript = transcript(2);
        transcript.sent("NOOP");
        transcript.received(200, ' ', "ok");
        transcript.note("done");
        assert_eq!(transcript.take(), ["< 200 ok", "* done"]);
        assert!(transcript.take().is_empty());
    }

    #[test]
    fn a_long_line_is_cut() {
        let mut transcript = transcript(1);
        transcript.received(200, ' ', &"é".repeat(5000));
        assert_eq!(transcript.take(), ["< 200 ".to_string() + &"é".repeat(LINE / 2)]);
    }

    #[test]
    fn without_capacity_nothing_is_kept() {
        let mut transcript = transcript(0);
        transcript.sent("NOOP");
        assert!(!transcript.is_on() && transcript.take().is_empty());
    }
}
