//! The width of the window, which changes while a command runs: WASI 0.2 has no word for it but the variable `COLUMNS`.

use wasmtime::Result;
use wasmtime_wasi::cli::WasiCliView as _;
use wasmtime_wasi::p2::bindings::cli::environment;

use crate::instance::State;

const NAME: &str = "COLUMNS";

/// As the store was made, but for the width of the window.
impl environment::Host for State {
    fn get_environment(&mut self) -> Result<Vec<(String, String)>> {
        let mut variables = self.cli().get_environment()?;
        if let Some(columns) = self.columns.as_ref().and_then(|columns| columns()) {
            variables.retain(|(name, _)| name != NAME);
            variables.push((NAME.to_owned(), columns.to_string()));
        }
        Ok(variables)
    }

    fn get_arguments(&mut self) -> Result<Vec<String>> {
        self.cli().get_arguments()
    }

    fn initial_cwd(&mut self) -> Result<Option<String>> {
        self.cli().initial_cwd()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU16, Ordering};

    use wasmtime_wasi::WasiCtx;
    use wasmtime_wasi::p2::bindings::cli::environment::Host as _;

    use super::*;
    use crate::grants::Grants;
    use crate::policy::Policy;

    #[test]
    fn the_width_is_that_of_the_window_each_time() {
        let mut wasi = WasiCtx::builder();
        wasi.env(NAME, "70").env("OTHER", "x");
        let mut state = State::with(&mut wasi, Grants::new(Policy::default(), None), 0, 1);
        let columns = |state: &mut State| {
            let mut found = state.get_environment().unwrap();
            found.retain(|(name, _)| name == NAME);
            found.into_iter().map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(columns(&mut state), ["70"]);
        let window = Arc::new(AtomicU16::new(100));
        let seen = window.clone();
        state.columns = Some(Box::new(move || Some(seen.load(Ordering::Relaxed)).filter(|columns| *columns > 0)));
        assert_eq!(columns(&mut state), ["100"]);
        window.store(50, Ordering::Relaxed);
        assert_eq!(columns(&mut state), ["50"]);
        window.store(0, Ordering::Relaxed);
        assert_eq!(columns(&mut state), ["70"]);
    }
}
