//! Fee tiers by the volume of 30 days.

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::exchange::{Exchange, FEE_TIERS};
use crate::num::{Checked, Rounding, quotient};
use crate::quantity::Amount;
use crate::sub_account::SubAccount;
use crate::trader::Trader;

/// Quote units of a dollar.
const DOLLAR: u64 = 1_000_000;
/// Seconds of a day.
const DAY: u64 = 86_400;
/// Days that count.
const DAYS: u32 = 30;

/// Counts what a sub-account has traded in its owner's volume, and gives both the fee tier of it. Anybody may ask for
/// it: volume only ever adds up.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct UpdateFeeTier;

impl UpdateFeeTier {
    /// Moves the whole dollars of the sub-account's volume to the owner's record and returns the tier: the last one
    /// whose volume the last 30 days reach, today included, or the assigned one when that is better.
    ///
    /// Errors: [`Error::WrongOwner`] for a sub-account of another person.
    pub fn execute(
        self,
        exchange: &Exchange,
        trader: &mut Trader,
        account: &mut SubAccount,
        clock: &Clock,
    ) -> Result<u8> {
        if trader.authority != account.authority {
            return Err(Error::WrongOwner);
        }
        let dollars = quotient(account.volume, DOLLAR, Rounding::Down)?;
        account.volume = account.volume.minus(dollars.times(DOLLAR)?)?;
        let now = quotient(clock.seconds_since(0), DAY, Rounding::Down)?;
        trader.count(u32::try_from(now).map_err(|_| Error::Overflow)?, dollars)?;
        let tier = exchange.tier_of(trader.volume_30d()?).max(trader.assigned_tier);
        trader.fee_tier = tier;
        account.fee_tier = tier;
        Ok(tier)
    }
}

/// Assigns a fee tier to a person, which volume can only better.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct AssignFeeTier {
    /// Tier.
    pub tier: u8,
}

impl AssignFeeTier {
    /// Assigns it; sub-accounts follow with their next [`UpdateFeeTier`]. Errors: [`Error::InvalidParameter`].
    pub fn execute(self, exchange: &Exchange, trader: &mut Trader) -> Result<()> {
        if usize::from(self.tier) >= FEE_TIERS {
            return Err(Error::InvalidParameter);
        }
        trader.assigned_tier = self.tier;
        trader.fee_tier = exchange.tier_of(trader.volume_30d()?).max(self.tier);
        Ok(())
    }
}

impl Exchange {
    /// The fee tier of a 30-day volume.
    pub fn tier_of(&self, volume: Amount) -> u8 {
        let reached = self.tier_volumes.iter().filter(|from| volume.0 >= **from).count();
        u8::try_from(reached.saturating_sub(1)).unwrap_or(0)
    }
}

impl Trader {
    /// Quote traded in the 30 days up to the newest that was counted, in whole dollars.
    pub fn volume_30d(&self) -> Result<Amount> {
        let dollars: u64 = self.volumes.iter().map(|dollars| u64::from(*dollars)).sum();
        dollars.times(DOLLAR).map(Amount)
    }

    /// Adds dollars to a day and forgets the days that are 30 or more before it.
    fn count(&mut self, day: u32, dollars: u64) -> Result<()> {
        let ahead = day.saturating_sub(self.volume_day).min(DAYS);
        for offset in 0..ahead {
            *self.of_day(day.saturating_sub(offset))? = 0;
        }
        self.volume_day = self.volume_day.max(day);
        let volume = self.of_day(day)?;
        *volume = u32::try_from(u64::from(*volume).plus(dollars)?).unwrap_or(u32::MAX);
        Ok(())
    }

    fn of_day(&mut self, day: u32) -> Result<&mut u32> {
        let at = day.checked_rem(DAYS).and_then(|at| usize::try_from(at).ok()).ok_or(Error::DivisionByZero)?;
        self.volumes.get_mut(at).ok_or(Error::Overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_days_count_and_no_more() {
        let exchange = Exchange::new(0, [1; 32], [0; 32]).expect("an exchange");
        let (mut trader, mut account) = (Trader::default(), SubAccount::default());
        let mut history = std::vec::Vec::new();
        for step in 0..400u64 {
            // One to three days on, sometimes twice in a day, once after months.
            let day = 20_000 + step * 3 / 2 + if step > 200 { 77 } else { 0 };
            let cents = 123 + step * 1_000_003;
            account.volume += cents * 10_000;
            history.push((day, account.volume / DOLLAR));
            let clock = Clock { slot: 0, unix_time: i64::try_from(day * DAY + step % DAY).expect("a time") };
            let rest = account.volume % DOLLAR;
            let tier = UpdateFeeTier.execute(&exchange, &mut trader, &mut account, &clock).expect("counted");
            assert_eq!(account.volume, rest, "cents stay");
            let sum: u64 = history.iter().filter(|(then, _)| day - then < 30).map(|(_, dollars)| dollars).sum();
            assert_eq!(trader.volume_30d(), Ok(Amount(sum * DOLLAR)), "step {step}");
            let expected = exchange.tier_volumes.iter().rposition(|from| sum * DOLLAR >= *from).expect("the first");
            assert_eq!((usize::from(tier), trader.fee_tier, account.fee_tier), (expected, tier, tier));
        }
        AssignFeeTier { tier: 7 }.execute(&exchange, &mut trader).expect("assigned");
        assert_eq!(trader.fee_tier, 7);
        assert_eq!(AssignFeeTier { tier: 8 }.execute(&exchange, &mut trader), Err(Error::InvalidParameter));
        let mut other = SubAccount { authority: [9; 32], ..SubAccount::default() };
        let refused = UpdateFeeTier.execute(&exchange, &mut trader, &mut other, &Clock::default());
        assert_eq!(refused, Err(Error::WrongOwner));
    }
}
