//! Every function of the contract has a trial, of those in the suites that are told from each other by their attributes.

use anyhow::Result;
use ftp_tests::coverage;

#[test]
fn each_function_of_the_contract_has_a_trial() -> Result<()> {
    for (function, trials) in coverage::collect()? {
        assert!(!trials.is_empty(), "{function} has no trial: none says covers(\"{function}\")");
    }
    Ok(())
}

#[test]
fn functions_are_those_of_the_contract() {
    let functions = coverage::functions();
    for known in ["connect", "set-verify-size", "read-into", "finish", "fetch"] {
        assert!(functions.contains(known), "{functions:?}");
    }
}
