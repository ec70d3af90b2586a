//! Numbered errors. Numbers are append-only: never reorder, never reuse. 12, 58 and 61 were never given and stay free.

/// Result of every rule of the model.
pub type Result<T> = core::result::Result<T, Error>;

macro_rules! errors {
    ($( $number:literal $name:ident $text:literal )*) => {
        /// Why an action was refused. The text says what to do about it.
        // As wide as a register: of a narrower one the caller extends what it was given, on chain two instructions a call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u64)]
        pub enum Error {
            $( #[doc = $text] $name = $number, )*
        }

        impl Error {
            /// All errors in the order of their numbers.
            pub const ALL: &'static [Error] = &[$(Error::$name),*];

            /// Name as in the IDL.
            pub const fn name(self) -> &'static str {
                match self { $(Error::$name => stringify!($name),)* }
            }

            /// What happened and what to do.
            pub const fn message(self) -> &'static str {
                match self { $(Error::$name => $text,)* }
            }

            /// The error with this number, if there is one.
            pub fn from_number(number: u32) -> Option<Error> {
                match number { $($number => Some(Error::$name),)* _ => None }
            }
        }

        impl core::fmt::Display for Error {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.message())
            }
        }

        impl core::error::Error for Error {}
    };
}

errors! {
    0 Overflow "A number left its range; use a smaller amount."
    1 DivisionByZero "A divisor was zero; a parameter or price is not set."
    2 NegativeAmount "An amount that must not be negative was; check its sign."
    3 InvariantBroken "An internal invariant does not hold; nothing was changed. Report this."
    4 OperationPaused "This operation is paused; read the exchange's switches and wait for the announcement."
    5 MarketNotActive "The market does not accept this action in its status; cancelling and closing stay possible longest."
    6 MarketReduceOnly "The market accepts only orders that reduce a position."
    7 WrongMarket "The market account is not the one that the order or position names."
    8 WrongRow "The price row does not belong to this market or bank."
    9 StaleRow "A price row is older than this action allows; put refresh_prices for the named row in front."
    10 RowStateForbids "The row's price state (Degraded, Jump, Stale, Halted) forbids this action for now; try again after the next refreshes."
    11 NoUsablePrice "No source gave a usable price: all are stale, too uncertain, or missing."
    13 SourceMismatch "The oracle account is not one of the row's sources; pass the accounts in the row's order."
    14 InvalidPrice "The price is zero or outside the representable range."
    15 InvalidParameter "A parameter is outside the bounds compiled into the program."
    16 InvalidOrder "The order is malformed; check side, kind, flags and which fields the kind needs."
    17 OrderTooSmall "The order is smaller than the market's minimum size."
    18 NotStepMultiple "The size is not a multiple of the market's step size."
    19 NotTickMultiple "The price is not a multiple of the market's tick size."
    20 PriceOutsideBand "The price is too far from the oracle; move it inside the market's protection band."
    21 PostOnlyWouldCross "The post-only order would trade at once; move its price or drop the flag."
    22 ReduceOnlyWouldIncrease "A reduce-only order must be opposite to the position and not larger than it."
    23 OrderExpired "The order's expiry has passed."
    24 OrderNotFound "No open order has this id; it was filled, cancelled or never placed."
    25 NoOrderSlot "All order slots are taken; cancel an order or grow the tail."
    26 DuplicateClientId "An order with this client id is open, or was placed before and has ended; look for it (`kedge orders`, `kedge history`), or take a new id."
    27 NoPositionSlot "All 16 position slots are taken; close a position and settle its pnl first."
    28 PositionNotFound "The sub-account has no position in this market."
    29 NoBalanceSlot "All 8 balance slots are taken; withdraw another collateral first."
    30 InsufficientBalance "The balance is smaller than the amount."
    31 InsufficientMargin "The account would be below the margin that this action needs; reduce size or deposit."
    32 MakerInsufficientMargin "A maker would be below the margin that the fill needs; leave this maker out."
    33 InsufficientVault "The vault holds less than the claims on it would be; nothing may leave."
    34 DepositCapReached "The bank's deposit cap is reached."
    35 OpenInterestCap "The market's open-interest cap is reached; only reducing trades pass."
    36 AccountBeingLiquidated "The sub-account is being liquidated; deposit, or wait until it is healthy."
    37 AccountBankrupt "The sub-account is bankrupt; its bankruptcy must be settled first."
    38 NotLiquidatable "The sub-account meets its maintenance margin; it cannot be liquidated."
    39 NothingToLiquidate "There is no position in this market to liquidate."
    40 LiquidationPriceWorse "The liquidation price is worse than the limit that the liquidator gave."
    41 NotBankrupt "The sub-account still has collateral, a position or a claim; it is not bankrupt."
    42 SelfTrade "An account cannot trade with itself."
    43 NothingToFill "Nothing crosses the order now: no maker, and the vAMM is not available at its price."
    44 AuctionNotRunning "The order has no running auction that a maker could join."
    45 WorstPriceExceeded "The auction price is worse than the maker's worst price."
    46 PositionLimit "The fill would take the maker outside the position limits of the instruction."
    47 FundingNotDue "Funding was updated within this hour; wait for the next."
    48 NothingToSettle "There is no settled profit or loss to move now; the pnl pool may be empty."
    49 AmmNoCapacity "The vAMM has no capacity on this side: inventory, reserve bound or capital is used up."
    50 AmmPriceTooOld "The vAMM fills only against an oracle price published at or after the order; refresh first."
    51 AmmUpdateNotNeeded "The vAMM is already at the oracle, or its budget does not pay for the move."
    52 AccountNotEmpty "The account still has balances, positions, orders or sub-accounts."
    53 WrongAuthority "The signer is neither the authority nor the delegate that this action needs."
    54 WrongOwner "The account belongs to somebody else."
    55 SameAccount "Source and destination are the same account."
    56 TooManyMakers "More makers were passed than one fill may use."
    57 RowNotListed "This market or bank index is not listed."
    59 ListingFull "All rows of this kind are taken."
    60 VersionUnsupported "The account was written by another release; use the client of the release that the program has."
    62 FillTooSmall "Less than the required minimum would be filled."
    63 AmountZero "The amount must be greater than zero."
    64 PositionTooLarge "The position would exceed the market's largest position."
    65 SignedOrderInvalid "The instruction right in front is not one of the ed25519 program with exactly one signature whose key and message lie in it."
    66 SignedOrderExpired "The last slot in which the signed message could be placed has passed; sign a new one."
    67 SignedOrderReused "A message with this number was placed or revoked before, or it lies too far behind; sign one with a higher number."
    68 PositionIsolated "The position is isolated already; change its collateral with transfer_isolated."
    69 PositionNotIsolated "The position is margined with the rest of the sub-account; isolate it first."
    70 GroupFull "An order can have four legs, and four orders can cancel one another; cancel one first."
    71 OrderWaiting "The order waits for its trigger; trigger it first."
    72 TriggerNotReached "No price published since the order was placed has reached its trigger."
    73 LastFillTooOld "The trigger looks at the last fill, and that is too old; wait for a fill, or place with another trigger source."
    74 TrailTooSmall "The trailing stop would move by less than a tenth of its distance, or the wrong way."
    75 SliceNotDue "The next slice is not due yet, or everything is released and its auction still runs."
    76 NothingExpired "None of the orders has expired or has nothing left to reduce."
    77 MarketExpired "The market's expiry has come; only cancelling and settling are possible."
    78 MarketNotExpired "The market's expiry has not come, or none is set, and its row had a price within the last 23 hours."
    79 ExpiryTooSoon "An expiry must lie at least two hours ahead; take a later time, or zero to withdraw it."
    80 MarketNotSettling "The market is not in settlement; settle_market begins it after the expiry."
    81 SettlementPending "Open positions or unpaid debts of this market come first; settle those accounts, or wait."
    82 LiquidationThrottled "The market's budget for this window of liquidations is used up; wait for the next, or take an account nearer to bankruptcy."
    83 SizeBelowFilled "The new size is not above what is filled already; cancel the order instead."
    84 AuctionRunning "The order's auction runs: until it ends only the expiry can change and the size shrink."
    85 MarketExpiring "The market is in the hour before its expiry: it only reduces, and its expiry and funding stand."
    86 SettlementUnsampled "The average for the settlement covers less than half an hour; refresh the market's row once a minute until it does."
    88 PriceNotLive "The price is too old to be traded at: put refresh_prices for the market's row in front, once its sources have a newer one."
    91 TickOutOfRange "The tick must be at most a thousandth of the price, and ten ticks must fit into the price band; take a finer one, or list 1,000 or 1,000,000 units of the token (multiple of its sources)."
    92 PriceOutOfRange "At a price below 0.008, or with a step worth less than 0.0001, funding and fills would round away; take a larger step, or list 1,000 or 1,000,000 units of the token (multiple of its sources)."
    93 OpenInterestOutOfRange "The largest position must be at least the smallest order, and the largest open interest worth at most 2,305,843,009,213 at the price; change the caps or the unit of base."
    94 UnaskedToken "The sub-account holds none of this token, and only its owner may bring a new kind; deposit the quote token, or let the owner deposit."
    95 RecordKept "The record of a person who has had a sub-account stays: its numbers and its referrer must not begin anew."
    96 SignedNumberTooFar "The number lies more than 4,294,967,296 ahead of the highest so far; take a smaller one."
    97 ClientIdExpired "The time until which this client id is good has passed, so nothing can be placed with it; look whether it was before, or take a new id."
    98 ClientIdTooFar "A timed client id may be good for at most 300 seconds from now; take an earlier time."
    99 ClientIdsHeld "Every free order slot remembers a client id that is still good; wait until the first has passed, or grow the room for orders (grow_orders)."
    100 SignedFormUnknown "What was signed begins neither as a message (kedge orders v1), nor as its text, nor as an off-chain envelope of that text; hexadecimal digits are none of them."
    101 SignedLengthWrong "A signed message is 104 bytes and 72 more for each of one to three orders."
    102 SignedOtherProgram "The message was signed for another program."
    103 SignedOtherAccount "The message was signed for another sub-account than the one passed."
    104 SignedTooEarly "The message begins to be good in a slot that has not come; wait for it, or check the cluster."
    105 SignedTooLong "The message would be good for more than 600 seconds of slots; sign one with an earlier last slot."
    106 SignedTextInvalid "The signed text does not follow the form of signed orders to its last letter; let the client write it."
    107 LiquidationOrder "A pocket's position with the largest maintenance requirement is reduced first, of equal ones that of the lower market; liquidate that market."
    108 TrancheWornOut "Two generations of the staked insurance have ended and the first is not redeemed yet; wait until its holders have unstaked."
    109 SharesTooFew "The tokens would give fewer shares than the least that was asked for; the price has moved, look and ask again."
    110 SharesTooMany "Fewer shares than this are staked and not waiting yet; zero is none either."
    111 UnstakeTooEarly "The shares have not waited since they were last requested: 13 days of the insurance, three of the vault; wait."
    112 UnstakeLapsed "The request was not paid in time: within two days after the insurance's 13, twelve hours after the vault's three; request anew."
    113 NothingRequested "No shares wait to be unstaked; request them first."
    114 StakeEnded "The shares are of a generation of the staked insurance that has ended; unstake them before staking anew."
    115 PauseTooLong "A pause or halt of what leaving needs lasts at most 24 hours, any other pause and a reduce-only market 7 days; name a shorter time."
    116 PauseTooSoon "A switch stays off for as long as it was on, and 24 hours in which leaving may be stopped are followed by 48 in which it may not; wait."
    117 RowNotSilent "A market ends without an expiry only when its row, or the quote bank's, had no price for 24 hours, in seconds and in slots, and that was announced an hour before by the same instruction; refresh the row, or wait."
    118 MarketsRemain "The protocol's tokens leave only when every market is delisted: until then they stand before users' money in a default."
    120 ProfitHeld "A default in this market comes first: profit becomes tokens ten minutes after it was seen, and while nobody has paid its loss an hour after it was settled, once those who have lost are settled; settle them, and wait."
    121 ProfitOwnersAlone "While the market lacks the money of a loss, only the owner turns the position's profit into tokens, at the haircut; let the owner sign."
    126 MarketReserved "The market's price moved too fast, and nothing is filled for half a minute; cancelling, post-only orders, deposits and withdrawals go on. It opens by itself."
    127 PriceBeforeCall "The market's price is from before its halt ended; put refresh_prices for the market's row in front."
    132 BackstopMissing "The account is not the backstop vault's, or the vault has not been created; create_backstop does it."
    133 BackstopDeposit "The vault's money comes by shares alone: deposit with stake_vault."
    134 BackstopNotFlat "The vault's shares are worn out and it still holds positions; wait until they are unwound."
    135 BackstopLimit "The vault holds all that this market's limit allows, or the market has none."
    136 BackstopSpent "The vault has lost what it may lose in a day; it takes over nothing until the day is over."
    137 TakeOverTooEarly "The vault takes over what nobody took in 30 seconds; wait, or take it."
    138 UnwindNotDue "The vault's last order in this market is not a minute old; wait."
    139 BooksUnbalanced "What the markets' pools and insurance funds hold is not the bank's total, or a default's lines are not its loss; nothing can change that. Report this."
}
