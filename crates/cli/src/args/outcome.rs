//! Arguments of `kedge outcome`.

use clap::Args;
use solana_signature::Signature;

#[derive(Args)]
#[command(after_help = "\
What is in no block may still get into one until its blockhash has expired:
--last-valid is the block that the command named when it signed, --wait waits
for it (without --last-valid for 150 blocks from now, after which nothing that
was signed before can land).

Examples:
  kedge outcome SIGNATURE
  kedge outcome SIGNATURE --last-valid 351204
  kedge outcome SIGNATURE --wait --json")]
pub(crate) struct OutcomeOf {
    /// Signature of the transaction.
    pub signature: String,
    /// Last block height at which the transaction can land.
    #[arg(long, value_name = "BLOCK")]
    pub last_valid: Option<u64>,
    /// Wait until the outcome is certain, at most --patience seconds.
    #[arg(long)]
    pub wait: bool,
}

impl OutcomeOf {
    /// The parsed signature; `None` for another text.
    pub(crate) fn signature(&self) -> Option<Signature> {
        self.signature.parse().ok()
    }
}
