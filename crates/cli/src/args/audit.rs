//! Arguments of `kedge audit`.

use std::path::PathBuf;

use clap::Args;
use solana_pubkey::Pubkey;

use super::address;

/// In place of an address: the keypair's sub-account number 0.
const OWN: &str = "own";

/// Whose claim is proven.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Claimant {
    /// The keypair's sub-account number 0.
    Own,
    /// The sub-account at an address.
    At(Pubkey),
}

fn claimant(text: &str) -> Result<Claimant, String> {
    if text == OWN { Ok(Claimant::Own) } else { address(text).map(Claimant::At) }
}

#[derive(Args)]
#[command(after_help = "\
Exit code 3: something does not reconcile, or a statement or proof is not to be
believed. docs/solvency.md describes the files.

Examples:
  kedge audit
  kedge audit --statement books.txt --prove
  kedge audit --statement books.txt --prove <SUB_ACCOUNT> --prove <SUB_ACCOUNT>
  kedge audit --verify books.txt
  kedge audit --check SUB_ACCOUNT.proof.json --statement books.txt")]
pub(crate) struct Audit {
    /// Sign the statement with the keypair and append it to this file.
    #[arg(long, value_name = "FILE")]
    pub statement: Option<PathBuf>,
    /// Write the path of a sub-account's claims beside the statement, to SUB_ACCOUNT.proof.json [default: your
    /// sub-account number 0]. Can be given several times.
    #[arg(long, value_name = "SUB_ACCOUNT", requires = "statement", num_args = 0..=1, default_missing_value = OWN,
          value_parser = claimant)]
    pub prove: Vec<Claimant>,
    /// Check all statements of a file, without an endpoint.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["statement", "prove", "check"])]
    pub verify: Option<PathBuf>,
    /// Check a proof against the statements of --statement, without an endpoint.
    #[arg(long, value_name = "PROOF", requires = "statement", conflicts_with = "prove")]
    pub check: Option<PathBuf>,
}
