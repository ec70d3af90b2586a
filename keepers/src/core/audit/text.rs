//! A statement for people.

use std::fmt::{Display, Formatter, Result};

use super::{Break, Statement};

/// Pockets below maintenance that are named.
const NAMED: usize = 10;

impl Display for Break {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        write!(out, "{}: {}", self.what, self.amount)
    }
}

impl Display for Statement {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let [markets, banks, traders, accounts] = self.counts;
        writeln!(
            out,
            "slot {}: {markets} markets, {banks} banks, {traders} traders, {accounts} sub-accounts",
            self.slot
        )?;
        for line in &self.lines {
            let sign = if line.holds() { "=" } else { "DIFFERS FROM" };
            writeln!(out, "  {}: {} {sign} {} {}", line.what, line.left, line.right, line.unit)?;
        }
        for (market, dust) in &self.dust {
            let short = if *dust < 0 { " SHORT" } else { "" };
            writeln!(out, "  {market}: {dust} between funding pot and positions (USDC 1e-6){short}")?;
        }
        for (bank, donated) in &self.donated {
            writeln!(out, "  {bank}: {donated} in the vault over all claims, donated")?;
        }
        for broken in &self.broken {
            writeln!(out, "  BROKEN {broken}")?;
        }
        for backwards in &self.backwards {
            writeln!(out, "  BROKEN {backwards}: ran backwards")?;
        }
        writeln!(out, "  {} accounts checked against their invariants", self.checked)?;
        let margins = &self.margins;
        writeln!(
            out,
            "  {} pockets with positions: {} below maintenance, {} in default, {} without prices",
            margins.pockets,
            margins.below.len(),
            margins.in_default,
            margins.unpriced
        )?;
        for below in margins.below.iter().take(NAMED) {
            let pocket = below.isolated.map_or_else(String::new, |market| format!(", isolated in market {market}"));
            writeln!(out, "    {} lacks {} quote units{pocket}", below.account, below.lacks)?;
        }
        write!(out, "{}", if self.holds() { "EVERYTHING RECONCILES" } else { "BROKEN: SOMETHING DOES NOT RECONCILE" })
    }
}
