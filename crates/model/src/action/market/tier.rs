//! Fee tiers by the volume of 30 days.

use crate::account::exchange::{Exchange, FEE_TIERS};
use crate::account::sub_account::SubAccount;
use crate::account::trader::Trader;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::num::{Checked, Rounding, quotient};
use crate::quantity::Amount;

/// Quote units of a dollar.
const DOLLAR: u64 = 1_000_000;
/// Days that count.
const DAYS: u32 = 30;

/// Counts what a sub-account has traded in its owner's volume, each day's on its day, and gives both the fee tier of it.
/// Anybody may ask for it.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct UpdateFeeTier;

impl UpdateFeeTier {
    /// Moves the whole dollars of the sub-account's volume to the owner's record and returns the tier: the last one
    /// whose volume the last 30 days reach, today included, or the assigned one when that is better. A tier by volume
    /// holds for as long as the days that are counted now reach it, and falls to the assigned one then by itself.
    ///
    /// # Errors
    /// [`Error::WrongOwner`] for a sub-account of another person.
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
        trader.begin(clock.day())?;
        let (earlier, rest) = dollars(account.earlier_volume)?;
        trader.count(account.earlier_day, earlier)?;
        // What is less than a dollar goes on to the next day.
        let (last, cents) = dollars(account.volume.plus(rest)?)?;
        trader.count(account.volume_day, last)?;
        (account.earlier_volume, account.volume) = (0, cents);
        trader.judge(exchange)?;
        account.take_tier(trader);
        Ok(trader.fee_tier)
    }
}

/// Whole dollars of an amount of quote, and what is left of it.
fn dollars(quote: u64) -> Result<(u64, u64)> {
    let dollars = quotient(quote, DOLLAR, Rounding::Down)?;
    Ok((dollars, quote.minus(dollars.times(DOLLAR)?)?))
}

/// Assigns a fee tier to a person, which volume can only better.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct AssignFeeTier {
    /// Tier.
    pub tier: u8,
}

impl AssignFeeTier {
    /// Refuses anybody but the admin.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`].
    #[inline]
    pub fn authorise(&self, exchange: &Exchange, signer: &[u8; 32]) -> Result<()> {
        exchange.require_admin(signer)
    }

    /// Assigns it; sub-accounts follow with their next [`UpdateFeeTier`].
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub fn execute(self, exchange: &Exchange, trader: &mut Trader, clock: &Clock) -> Result<()> {
        if usize::from(self.tier) >= FEE_TIERS {
            return Err(Error::InvalidParameter);
        }
        trader.assigned_tier = self.tier;
        trader.begin(clock.day())?;
        trader.judge(exchange)
    }
}

impl Exchange {
    /// The fee tier of a 30-day volume.
    pub fn tier_of(&self, volume: Amount) -> u8 {
        let reached = self.tier_volumes.iter().filter(|from| volume.0 >= **from).count();
        u8::try_from(reached.saturating_sub(1)).unwrap_or(0)
    }
}

impl SubAccount {
    /// Takes over the tiers of the owner's record.
    pub fn take_tier(&mut self, trader: &Trader) {
        (self.fee_tier, self.tier_day, self.base_tier) = (trader.fee_tier, trader.tier_day, trader.assigned_tier);
    }
}

impl Trader {
    /// Quote traded in the 30 days up to the newest that was counted, in whole dollars.
    pub fn volume_30d(&self) -> Result<Amount> {
        let dollars: u64 = self.volumes.iter().map(|dollars| u64::from(*dollars)).sum();
        dollars.times(DOLLAR).map(Amount)
    }

    /// Gives the tier of the volume as it stands, and the last day on which it still reaches it when nothing comes to it.
    fn judge(&mut self, exchange: &Exchange) -> Result<()> {
        let mut volume = self.volume_30d()?;
        let by_volume = exchange.tier_of(volume);
        (self.fee_tier, self.tier_day) = (by_volume.max(self.assigned_tier), u32::MAX);
        if by_volume <= self.assigned_tier {
            return Ok(());
        }
        for ahead in 1..=DAYS {
            // The oldest day of the window is the one that comes again.
            let day = self.volume_day.saturating_add(ahead);
            let oldest = u64::from(*self.of_day(day)?);
            volume = volume.minus(Amount(oldest.times(DOLLAR)?))?;
            if exchange.tier_of(volume) < by_volume {
                self.tier_day = day.saturating_sub(1);
                break;
            }
        }
        Ok(())
    }

    /// Goes on to a day and forgets the days that are 30 or more before it.
    fn begin(&mut self, day: u32) -> Result<()> {
        let ahead = day.saturating_sub(self.volume_day).min(DAYS);
        for offset in 0..ahead {
            *self.of_day(day.saturating_sub(offset))? = 0;
        }
        self.volume_day = self.volume_day.max(day);
        Ok(())
    }

    /// Adds dollars to a day, if it still counts.
    fn count(&mut self, day: u32, dollars: u64) -> Result<()> {
        let day = day.min(self.volume_day);
        if self.volume_day.saturating_sub(day) >= DAYS {
            return Ok(());
        }
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

    /// Seconds of a day.
    const DAY: u64 = 86_400;

    fn at(day: u64) -> Clock {
        Clock { slot: 0, unix_time: i64::try_from(day.wrapping_mul(DAY)).expect("a time") }
    }

    #[test]
    fn thirty_days_count_and_no_more() {
        let exchange = Exchange::new(0, [1; 32], [0; 32]).expect("an exchange");
        let (mut trader, mut account) = (Trader::default(), SubAccount::default());
        let mut history = std::vec::Vec::new();
        for step in 0..400u64 {
            // One to three days on, sometimes twice in a day, once after months.
            let day = 20_000 + step * 3 / 2 + if step > 200 { 77 } else { 0 };
            let cents = 123 + step * 1_000_003;
            account.note_volume(u32::try_from(day).expect("a day"), Amount(cents * 10_000));
            history.push((day, (account.volume + account.earlier_volume) / DOLLAR));
            let rest = (account.volume + account.earlier_volume) % DOLLAR;
            let tier = UpdateFeeTier.execute(&exchange, &mut trader, &mut account, &at(day)).expect("counted");
            assert_eq!((account.volume, account.earlier_volume), (rest, 0), "cents stay");
            let sum: u64 = history.iter().filter(|(then, _)| day - then < 30).map(|(_, dollars)| dollars).sum();
            assert_eq!(trader.volume_30d(), Ok(Amount(sum * DOLLAR)), "step {step}");
            let expected = exchange.tier_volumes.iter().rposition(|from| sum * DOLLAR >= *from).expect("the first");
            assert_eq!((usize::from(tier), trader.fee_tier, account.fee_tier), (expected, tier, tier));
        }
        AssignFeeTier { tier: 7 }.execute(&exchange, &mut trader, &at(21_000)).expect("assigned");
        assert_eq!((trader.fee_tier, trader.tier_day), (7, u32::MAX));
        let refused = AssignFeeTier { tier: 8 }.execute(&exchange, &mut trader, &at(21_000));
        assert_eq!(refused, Err(Error::InvalidParameter));
        let mut other = SubAccount { authority: [9; 32], ..SubAccount::default() };
        let refused = UpdateFeeTier.execute(&exchange, &mut trader, &mut other, &Clock::default());
        assert_eq!(refused, Err(Error::WrongOwner));
    }

    #[test]
    fn a_tier_ends_on_the_day_on_which_its_volume_falls_out() {
        let exchange = Exchange::new(0, [1; 32], [0; 32]).expect("an exchange");
        let (mut trader, mut account) = (Trader { assigned_tier: 1, ..Trader::default() }, SubAccount::default());
        // Twelve million on one day and nine on a later one: tier 3 with both, tier 1 with the later alone.
        account.note_volume(20_000, Amount(12_000_000 * DOLLAR));
        account.note_volume(20_010, Amount(9_000_000 * DOLLAR));
        let tier = UpdateFeeTier.execute(&exchange, &mut trader, &mut account, &at(20_020)).expect("counted");
        assert_eq!((tier, account.tier_day, account.base_tier), (3, 20_029, 1));
        assert_eq!((account.tier_on(20_029), account.tier_on(20_030)), (3, 1));
        // Counted again on any later day it says the same as had it been counted at once.
        let tier = UpdateFeeTier.execute(&exchange, &mut trader, &mut account, &at(20_030)).expect("counted");
        assert_eq!((tier, account.tier_day, trader.volume_30d()), (1, u32::MAX, Ok(Amount(9_000_000 * DOLLAR))));
        let tier = UpdateFeeTier.execute(&exchange, &mut trader, &mut account, &at(20_040)).expect("counted");
        assert_eq!((tier, trader.volume_30d()), (1, Ok(Amount(0))));
    }

    #[test]
    fn what_is_counted_late_counts_on_its_day_or_before() {
        let (mut trader, mut account) = (Trader::default(), SubAccount::default());
        let exchange = Exchange::new(0, [1; 32], [0; 32]).expect("an exchange");
        for day in [20_000, 20_003, 20_007, 20_007] {
            account.note_volume(day, Amount(1_000_000 * DOLLAR));
        }
        assert_eq!((account.earlier_day, account.earlier_volume), (20_000, 2_000_000 * DOLLAR));
        UpdateFeeTier.execute(&exchange, &mut trader, &mut account, &at(20_029)).expect("counted");
        assert_eq!(trader.volume_30d(), Ok(Amount(4_000_000 * DOLLAR)));
        UpdateFeeTier.execute(&exchange, &mut trader, &mut account, &at(20_030)).expect("counted");
        assert_eq!(
            trader.volume_30d(),
            Ok(Amount(2_000_000 * DOLLAR)),
            "what was before the last day counts on its first"
        );
        // What is counted when its thirty days are over counts nothing.
        account.note_volume(20_031, Amount(5_000_000 * DOLLAR));
        UpdateFeeTier.execute(&exchange, &mut trader, &mut account, &at(20_061)).expect("counted");
        assert_eq!(trader.volume_30d(), Ok(Amount(0)));
    }
}
