//! Arguments of commands on orders that are signed off the chain.

use std::path::PathBuf;

use clap::Args;
use solana_pubkey::Pubkey;
use solana_signature::Signature;

use super::{Place, Which};

#[derive(Args)]
#[command(
    after_help = "\
Nothing is sent and nothing costs a fee. Anyone with the message can place it,
once, until it expires or is revoked: keep it safe.

Examples:
  kedge sign SOL-PERP buy 5 --out order.json      # anybody: kedge submit
  kedge sign SOL-PERP sell 5 --limit 190 --valid-for 300
  kedge sign SOL-PERP buy 1 --number 12           # a number of your own
  kedge sign SOL-PERP buy 5 --for <address> --out order.json
                                                  # a text for a hardware wallet",
    mut_arg("take", |arg| arg.hide(true)),
    mut_arg("ioc", |arg| arg.hide(true)),
    mut_arg("fok", |arg| arg.hide(true)),
    mut_arg("min_fill", |arg| arg.hide(true)),
    mut_arg("wait", |arg| arg.hide(true))
)]
pub(crate) struct Sign {
    #[command(flatten)]
    pub order: Place,
    /// Seconds for which the order can be placed.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, help_heading = "Message",
          value_parser = clap::value_parser!(u64).range(1..=kedge_client::signed::LONGEST_MS / 1_000))]
    pub valid_for: u64,
    /// Number of the message; each number is placed once [default: the next above all that were placed, or signed here
    /// and are still valid].
    #[arg(long, value_name = "NUMBER", help_heading = "Message")]
    pub number: Option<u64>,
    /// Sign nothing: write the text that this address (owner or delegate) is to sign in its wallet. `kedge submit FILE
    /// --signature SIGNATURE` then places it.
    #[arg(long = "for", value_name = "ADDRESS", help_heading = "Message")]
    pub wallet: Option<Pubkey>,
    /// Write the message to this file instead of standard output.
    #[arg(long, value_name = "FILE", help_heading = "Message")]
    pub out: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "\
The keypair pays the network fee. It need not be the one that signed.

Examples:
  kedge submit order.json --dry-run
  kedge submit order.json
  kedge submit order.json --signature <signature>   # of a text, from a wallet")]
pub(crate) struct Submit {
    /// File that `kedge sign` wrote; - reads standard input.
    pub file: PathBuf,
    /// Signature of the text in base58, from the wallet.
    #[arg(long)]
    pub signature: Option<Signature>,
}

#[derive(Args)]
#[command(after_help = "\
Orders that were placed already stay: `kedge cancel` is for them. The owner and
the delegate may revoke, by at most 4,294,967,296 numbers at once: no
revocation takes all numbers away.

Examples:
  kedge revoke        # every message that kedge sign wrote
  kedge revoke 12     # those with a number up to 12")]
pub(crate) struct Revoke {
    /// Highest number to revoke [default: all that `kedge sign` wrote].
    pub up_to: Option<u64>,
    #[command(flatten)]
    pub which: Which,
}
