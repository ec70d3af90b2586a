//! Questions before likely slips.

use std::io::{IsTerminal, Write};

use kedge_client::PriorityFee;
use kedge_client::shown::printable_lines;
use kedge_units::decimal;
use solana_instruction::Instruction;

use crate::error::{CliError, Result};
use crate::output::wrap;
use crate::session::Session;

/// Fee of one signature in lamports.
pub(crate) const SIGNATURE_FEE: u64 = 5_000;
/// Margin of a transaction's compute limit over its simulated units, percent.
pub(crate) const UNITS_MARGIN: u32 = 15;

impl Session {
    /// Continues without doubts, with --yes, or when the person at the terminal agrees.
    ///
    /// # Errors
    /// [`CliError::Unconfirmed`] without a terminal; [`CliError::Usage`] when the answer is no.
    pub(crate) fn confirm(&self, doubts: Vec<String>) -> Result<()> {
        if doubts.is_empty() || self.guards.yes {
            return Ok(());
        }
        if self.guards.dry_run {
            self.doubts.borrow_mut().extend(doubts);
            return Ok(());
        }
        if !self.attended || !std::io::stdin().is_terminal() {
            return Err(CliError::Unconfirmed(doubts));
        }
        for doubt in &doubts {
            eprint!("{}", printable_lines(&wrap("careful: ", doubt)));
        }
        eprint!("Send it all the same? [y/N] ");
        let _ = std::io::stderr().flush();
        let mut answer = String::new();
        let _ = std::io::stdin().read_line(&mut answer);
        if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            return Ok(());
        }
        Err(CliError::Usage("stopped: nothing was sent".into()))
    }

    /// Asks before a priority fee above --max-fee. An automatic fee is capped below it.
    ///
    /// # Errors
    /// As [`Self::confirm`].
    pub(crate) async fn confirm_fee(&self, instructions: &[Instruction]) -> Result<()> {
        let PriorityFee::Fixed(price) = self.priority() else { return Ok(()) };
        let units = self.sender()?.units(instructions, &[], UNITS_MARGIN).await;
        let units = units.map_err(|error| self.advise(error.into()))?;
        self.confirm(fee_doubt(price, units, self.guards.max_fee).into_iter().collect())
    }
}

/// A priority fee in lamports, rounded up.
pub(crate) fn priority_fee(micro_lamports: u64, units: u32) -> u64 {
    let whole = (u128::from(micro_lamports) * u128::from(units)).div_ceil(1_000_000);
    u64::try_from(whole).unwrap_or(u64::MAX)
}

/// The question about a priority fee above `most` lamports; `None` for a lower one.
fn fee_doubt(micro_lamports: u64, units: u32, most: u64) -> Option<String> {
    let fee = priority_fee(micro_lamports, units);
    (fee > most).then(|| {
        format!(
            "--priority-fee {micro_lamports} pays {} SOL for {units} compute units, more than --max-fee {}",
            decimal::format(fee, 9, 0),
            decimal::format(most, 9, 0)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_of_two_sol_is_asked_about() {
        let said = fee_doubt(99_999_999_999, 21_400, 10_000_000).unwrap();
        assert_eq!(said, "--priority-fee 99999999999 pays 2.14 SOL for 21400 compute units, more than --max-fee 0.01");
        assert_eq!(fee_doubt(1_000_000, 1_400_000, 10_000_000), None);
        assert_eq!(priority_fee(u64::MAX, u32::MAX), u64::MAX);
    }
}
