//! A statement as text.

use std::fmt::{Display, Formatter, Result};

use super::statement::Unit;
use super::{Break, Statement};

/// Pockets below maintenance that the text names.
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
            let (left, right) = (line.unit.show(line.left), line.unit.show(line.right));
            writeln!(out, "  {}: {left} {sign} {right} {}", line.what, line.unit.name)?;
        }
        for dust in &self.dust {
            let short = if dust.amount < 0 { " SHORT" } else { "" };
            writeln!(out, "  {}: {} between funding pot and positions{short}", dust.of, dust.show())?;
        }
        for donated in &self.donated {
            writeln!(out, "  {}: {} in the vault over all claims, donated", donated.of, donated.show())?;
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
            let lacks = Unit::USDC.show(below.lacks.into());
            writeln!(out, "    {} lacks {lacks} USDC{pocket}", below.account)?;
        }
        write!(out, "{}", if self.holds() { "EVERYTHING RECONCILES" } else { "BROKEN: SOMETHING DOES NOT RECONCILE" })
    }
}
