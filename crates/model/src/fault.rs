//! Faults that were found in the rules and mended, each behind a switch that only tests can turn.
//!
//! A test that proves a repair, and a generator that claims to find a fault without being told, are worth what they do
//! to the old rule: with the feature `faults` a test puts it back for its own thread. Without the feature every switch is
//! a constant `false` and the old rule is not compiled in; a program for the chain cannot be built with it.

#[cfg(all(feature = "faults", target_arch = "bpf"))]
compile_error!("the feature `faults` puts mended faults back: it is for tests on the host");

macro_rules! faults {
    ($( $(#[doc = $text:literal])+ $name:ident )*) => {
        /// A mended fault, named after the rule as it was.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $( $(#[doc = $text])+ $name, )*
        }

        impl Fault {
            /// All of them.
            pub const ALL: &'static [Fault] = &[$(Fault::$name),*];
        }
    };
}

faults! {
    /// A market with an expiry trades, margins and liquidates at spot to its last second, though it settles at an average.
    ExpiryAtSpot
    /// A vAMM that is nearly flat trades past zero against a price that is older than the order.
    FlatTakesStalePrice
    /// Whoever refreshes a row chooses which of its sources speak.
    CallerChoosesSources
    /// The age of a row at the fill is not asked, only whether it is newer than the order.
    OldRowAtFill
    /// The last fill alone moves the mark, and with it the funding rate.
    LastFillSetsMark
    /// An oracle-offset order is filled on both sides of a refresh within one slot.
    OffsetMakerTakenTwice
    /// An ordinary refresh thaws the frozen row of a settled market.
    FrozenRowThaws
    /// A pause of the vAMM's updates leaves it selling at prices of before.
    PausedUpdateStillTrades
    /// A debt in a settled market makes a solvent debtor's pocket not liquidatable, and is written off for its creditors.
    SolventDebtorWrittenOff
    /// Liquidations among one owner's accounts use up the market's liquidation budget.
    DecoysUseBudget
    /// A credit that its receiver never asked for opens a position slot.
    UnaskedCreditOpensSlot
    /// Seconds of premium are charged as a whole hour after an hour without samples.
    GapChargedAsHour
    /// A maker that cannot trade refuses the whole fill.
    PoisonMakerRefusesFill
    /// A leg outside of the price band refuses the whole fill.
    BandRefusesFill
    /// A balance that counts nothing demands a fresh price.
    WeightlessBalanceNeedsPrice
    /// The vAMM trades at the price before a refresh and at the one after it within one slot, each as it comes.
    BothPricesOfOneSlot
    /// The depth takes a step at every call, however often in a slot.
    DepthStepsAtEveryCall
    /// A fill of any size is the last price that triggers look at.
    SmallestFillTriggers
    /// The insurance fee is a share of the take-over's quote, though its size was reckoned with one of the oracle's value.
    InsuranceFeeOfQuote
    /// A reserved row's market goes on filling.
    ReservedRowTrades
    /// One price, of however few sources, halts a row.
    AnyTickHalts
    /// A row is halted as often as its price moves.
    HaltsWithoutEnd
    /// Orders are called after a halt at a price of before it ended.
    CallAtOldPrice
    /// Crossed orders trade far from the oracle.
    UncrossBeyondBand
    /// A market whose row has fallen silent for good waits for an admin to end it.
    SilentRowHoldsMarket
    /// A claim waits for a debt that nobody pays for as long as it is not paid, though the pool holds the tokens.
    ClaimWaitsForever
    /// Collateral whose price no source brings pays no debt.
    DeadCollateralIsKept
}

/// Whether a test of this thread has put the fault back.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn planted(_: Fault) -> bool {
    false
}

#[cfg(feature = "faults")]
mod switches {
    use super::Fault;
    use core::cell::Cell;

    std::thread_local! {
        static PLANTED: Cell<u64> = const { Cell::new(0) };
    }

    /// Whether a test of this thread has put the fault back.
    pub fn planted(fault: Fault) -> bool {
        PLANTED.get() & (1 << fault as u64) != 0
    }

    /// Runs `test` with the fault put back for this thread.
    pub fn with<R>(fault: Fault, test: impl FnOnce() -> R) -> R {
        /// Takes the fault out again, also when the test panics.
        struct Uproot(u64);
        impl Drop for Uproot {
            fn drop(&mut self) {
                PLANTED.set(self.0);
            }
        }
        let before = Uproot(PLANTED.get());
        PLANTED.set(before.0 | 1 << fault as u64);
        test()
    }
}

#[cfg(feature = "faults")]
pub use switches::{planted, with};
