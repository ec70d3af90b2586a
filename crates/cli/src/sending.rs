//! Sends the transactions of a command.

use kedge_client::{Landed, Signed};
use serde_json::json;
use solana_instruction::Instruction;

use crate::dry;
use crate::error::{CliError, Result};
use crate::output::long;
use crate::session::Session;

impl Session {
    /// Sends instructions signed by the keypair and waits for a certain outcome. The signature is written to standard
    /// error before anything is sent, so that it can be looked up whatever happens. The command's JSON names the landed
    /// transaction.
    ///
    /// # Errors
    /// The refusal or outcome; with --dry-run always, [`CliError::Dry`] when the instructions would succeed.
    pub(crate) async fn send(&self, instructions: &[Instruction]) -> Result<Landed> {
        let sender = self.sender()?;
        if self.guards.dry_run {
            return Err(CliError::Dry(Box::new(dry::run(self, instructions).await?)));
        }
        self.confirm_fee(instructions).await?;
        let signed = sender.prepare(instructions, &[]).await.map_err(|error| self.advise(error.into()))?;
        self.announce(&signed);
        let landed = sender.deliver(&signed).await.and_then(|outcome| outcome.success());
        let landed = landed.map_err(|error| self.advise(error.into()))?;
        self.has_landed(landed.signature);
        Ok(landed)
    }

    /// Writes signature and life of a transaction to standard error, with the notes of its making.
    fn announce(&self, signed: &Signed) {
        for note in signed.notes() {
            self.note(note);
        }
        let life = signed.life();
        if self.json {
            let signed = json!({ "signature": life.signature.to_string(), "last_valid_height": long(life.last_valid) });
            eprintln!("{}", json!({ "signed": signed }));
        } else {
            eprintln!("signed, can land up to block {}\n{}", life.last_valid, life.signature);
        }
    }
}
