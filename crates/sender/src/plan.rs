//! What a job wants done.

use kedge_model::action::MakerRef;
use kedge_model::order::OrderParams;
use kedge_model::quantity::{Base, Price, Size};
use solana_pubkey::Pubkey;

/// Somebody's resting order that a fill may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MakerOrder {
    /// The maker's sub-account.
    pub account: Pubkey,
    /// Id of the order.
    pub order_id: u32,
    /// Slot where it was seen.
    pub slot: u8,
}

/// The maker accounts of a fill, each once, in order of first use.
#[must_use]
pub fn maker_accounts(makers: &[MakerOrder]) -> Vec<Pubkey> {
    let mut accounts = Vec::new();
    for maker in makers {
        if !accounts.contains(&maker.account) {
            accounts.push(maker.account);
        }
    }
    accounts
}

/// The same orders as the instruction names them: by place of their account in [`maker_accounts`].
#[must_use]
pub fn maker_refs(makers: &[MakerOrder]) -> Vec<MakerRef> {
    let accounts = maker_accounts(makers);
    makers
        .iter()
        .filter_map(|maker| {
            let place = accounts.iter().position(|account| *account == maker.account)?;
            Some(MakerRef {
                order_id: maker.order_id,
                account: u8::try_from(place).ok()?,
                slot: maker.slot,
                padding: [0; 2],
            })
        })
        .collect()
}

/// A service to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Triggers an order that waits, or starts another auction of one that the price has left behind.
    Trigger,
    /// Moves the trigger of a trailing stop.
    Trail,
    /// Releases the next slice of a TWAP.
    Slice,
}

impl Service {
    /// Name of the instruction, as in the IDL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trigger => "trigger_order",
            Self::Trail => "trail_order",
            Self::Slice => "slice_order",
        }
    }
}

/// One instruction, in the exchange's terms. Sub-accounts are given by address, markets and banks by index.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Writes the rows of markets and banks from their oracle accounts.
    RefreshPrices {
        /// Market rows.
        markets: Vec<u16>,
        /// Bank rows.
        banks: Vec<u16>,
    },
    /// Fills an order against makers and the vAMM.
    Fill {
        /// Market.
        market: u16,
        /// The taker's sub-account.
        taker: Pubkey,
        /// Id of the taker's order.
        order_id: u32,
        /// Slot where it was seen.
        slot: u8,
        /// Receives the filler's reward; `None` for no reward.
        filler: Option<Pubkey>,
        /// Maker orders that may be used.
        makers: Vec<MakerOrder>,
        /// Sub-accounts of the taker's referrer and builder, which get their shares.
        sharers: Vec<Pubkey>,
    },
    /// Serves somebody's order: triggers it, moves its trigger, releases its next slice.
    Serve {
        /// What is done.
        service: Service,
        /// Market.
        market: u16,
        /// The owner's sub-account.
        account: Pubkey,
        /// Id of the order.
        order_id: u32,
        /// Slot where it was seen.
        slot: u8,
        /// Receives the fee; `None` for no fee.
        crank: Option<Pubkey>,
    },
    /// Returns dead orders of an account in a market.
    Expire {
        /// Market.
        market: u16,
        /// The owner's sub-account.
        account: Pubkey,
        /// Their ids.
        ids: Vec<u32>,
        /// Receives the fee; `None` for no fee.
        crank: Option<Pubkey>,
    },
    /// Moves the vAMM to the oracle.
    UpdateAmm {
        /// Market.
        market: u16,
    },
    /// Charges the hour's funding.
    UpdateFunding {
        /// Market.
        market: u16,
    },
    /// Counts what a sub-account has traded in its owner's volume, and gives both the tier of it.
    UpdateFeeTier {
        /// The owner's record.
        trader: Pubkey,
        /// Sub-account.
        account: Pubkey,
    },
    /// Moves a position's profit or loss to the balance.
    SettlePnl {
        /// Market.
        market: u16,
        /// Sub-account.
        account: Pubkey,
    },
    /// Moves collected fees to insurance, vAMM and protocol.
    SweepFees {
        /// Market.
        market: u16,
    },
    /// Takes over part of a position.
    Liquidate {
        /// Market.
        market: u16,
        /// The sub-account in liquidation.
        account: Pubkey,
        /// The liquidator's sub-account.
        liquidator: Pubkey,
        /// Most base to take.
        max_size: Size,
        /// Worst price for the liquidator, zero for any.
        limit_price: Price,
    },
    /// Settles what a bankrupt account owes in a market.
    SettleBankruptcy {
        /// Market.
        market: u16,
        /// Sub-account.
        account: Pubkey,
    },
    /// Begins the settlement of an expired market.
    SettleMarket {
        /// Market.
        market: u16,
    },
    /// Closes a position of a market in settlement, or pays what came of it.
    SettlePosition {
        /// Market.
        market: u16,
        /// Sub-account.
        account: Pubkey,
    },
    /// Joins an auction.
    Make {
        /// Market.
        market: u16,
        /// The maker's sub-account.
        maker: Pubkey,
        /// The taker's sub-account.
        taker: Pubkey,
        /// Id of the taker's order.
        order_id: u32,
        /// Slot where it was seen.
        slot: u8,
        /// Largest base.
        size: Size,
        /// Worst price for the maker.
        worst_price: Price,
        /// The maker's base must not be below this afterwards.
        min_position: Base,
        /// The maker's base must not be above this afterwards.
        max_position: Base,
        /// Sub-accounts of the taker's referrer and builder, which get their shares.
        sharers: Vec<Pubkey>,
    },
    /// Places orders in one market.
    Place {
        /// Market.
        market: u16,
        /// Sub-account.
        account: Pubkey,
        /// The orders.
        orders: Vec<OrderParams>,
    },
    /// Places an order and takes at once.
    Take {
        /// Market.
        market: u16,
        /// Sub-account.
        account: Pubkey,
        /// The order.
        order: OrderParams,
        /// Fewest base that must be filled.
        min_fill: Size,
        /// Maker orders that may be used.
        makers: Vec<MakerOrder>,
    },
    /// Cancels one order.
    Cancel {
        /// Sub-account.
        account: Pubkey,
        /// Id of the order.
        order_id: u32,
    },
    /// Cancels all orders, or all of one market.
    CancelAll {
        /// Sub-account.
        account: Pubkey,
        /// Only this market.
        market: Option<u16>,
    },
}

impl Work {
    /// Name of the instruction, as in the IDL.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RefreshPrices { .. } => "refresh_prices",
            Self::Fill { .. } => "fill_order",
            Self::Serve { service, .. } => service.name(),
            Self::Expire { .. } => "expire_orders",
            Self::UpdateAmm { .. } => "update_amm",
            Self::UpdateFunding { .. } => "update_funding",
            Self::UpdateFeeTier { .. } => "update_fee_tier",
            Self::SettlePnl { .. } => "settle_pnl",
            Self::SweepFees { .. } => "sweep_fees",
            Self::Liquidate { .. } => "liquidate",
            Self::SettleBankruptcy { .. } => "settle_bankruptcy",
            Self::SettleMarket { .. } => "settle_market",
            Self::SettlePosition { .. } => "settle_position",
            Self::Make { .. } => "place_and_make",
            Self::Place { .. } => "place_orders",
            Self::Take { .. } => "place_and_take",
            Self::Cancel { .. } => "cancel_order",
            Self::CancelAll { .. } => "cancel_all",
        }
    }

    /// Compute units that this work takes at most.
    fn compute_limit(&self) -> u32 {
        match self {
            Self::RefreshPrices { markets, banks } => {
                u32::try_from(markets.len() + banks.len()).unwrap_or(u32::MAX).saturating_mul(REFRESH_ROW)
            }
            Self::Fill { makers, .. } | Self::Take { makers, .. } => {
                let makers = u32::try_from(makers.len()).unwrap_or(u32::MAX);
                makers.saturating_mul(40_000).saturating_add(200_000)
            }
            Self::Place { orders, .. } => {
                u32::try_from(orders.len()).unwrap_or(u32::MAX).saturating_mul(10_000).saturating_add(100_000)
            }
            _ => 200_000,
        }
    }

    /// The sub-account whose trader signs, where it is not anybody's to do.
    #[must_use]
    pub const fn actor(&self) -> Option<&Pubkey> {
        match self {
            Self::Fill { filler: account, .. }
            | Self::Serve { crank: account, .. }
            | Self::Expire { crank: account, .. } => account.as_ref(),
            Self::Liquidate { liquidator: account, .. }
            | Self::Make { maker: account, .. }
            | Self::Place { account, .. }
            | Self::Take { account, .. }
            | Self::Cancel { account, .. }
            | Self::CancelAll { account, .. } => Some(account),
            _ => None,
        }
    }

    /// What this work is about: a second work on the same subject waits until the first has landed.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::RefreshPrices { .. } => Subject::Board,
            Self::Fill { taker, order_id, .. } | Self::Make { taker, order_id, .. } => {
                Subject::Order(self.name(), *taker, *order_id)
            }
            Self::UpdateAmm { market }
            | Self::UpdateFunding { market }
            | Self::SweepFees { market }
            | Self::SettleMarket { market } => Subject::Market(self.name(), *market),
            Self::SettlePnl { market, account }
            | Self::SettlePosition { market, account }
            | Self::Liquidate { market, account, .. }
            | Self::SettleBankruptcy { market, account } => Subject::Position(*account, *market),
            Self::Place { market, account, .. } | Self::Take { market, account, .. } => {
                Subject::Orders(*account, *market)
            }
            Self::Cancel { account, order_id } => Subject::Order("cancel", *account, *order_id),
            Self::Serve { account, order_id, .. } => Subject::Order(self.name(), *account, *order_id),
            Self::Expire { market, account, .. } => Subject::Orders(*account, *market),
            Self::UpdateFeeTier { account, .. } => Subject::Order(self.name(), *account, 0),
            Self::CancelAll { account, market } => Subject::Orders(*account, market.unwrap_or(u16::MAX)),
        }
    }
}

/// Most compute units of a transaction.
pub(crate) const MAX_COMPUTE: u32 = 1_400_000;
/// Compute units of the two budget instructions and the refresh's own.
const BUDGET_INSTRUCTIONS: u32 = 20_000;
/// Compute units of one refreshed row.
const REFRESH_ROW: u32 = 20_000;

/// What a work is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The price board.
    Board,
    /// One order, by kind of work.
    Order(&'static str, Pubkey, u32),
    /// One market, by kind of work.
    Market(&'static str, u16),
    /// One position.
    Position(Pubkey, u16),
    /// An account's orders in one market.
    Orders(Pubkey, u16),
}

/// Works that go into one transaction, in order: all happen, or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Market rows to refresh in front, with the quote bank's row; empty for none.
    pub refresh: Vec<u16>,
    /// The works.
    pub works: Vec<Work>,
}

impl Plan {
    /// A plan of one work that needs no refresh.
    #[must_use]
    pub fn of(work: Work) -> Self {
        Self { refresh: Vec::new(), works: vec![work] }
    }

    /// The same with rows refreshed in front.
    #[must_use]
    pub fn after_refresh(self, refresh: Vec<u16>) -> Self {
        Self { refresh, ..self }
    }

    /// The work that the plan is for: the last, or the liquidation that it unwinds.
    #[must_use]
    pub fn purpose(&self) -> Option<&Work> {
        let liquidation = self.works.iter().find(|work| matches!(work, Work::Liquidate { .. }));
        liquidation.or(self.works.last())
    }

    /// Subject of the work that the plan is for.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.purpose().map_or(Subject::Board, Work::subject)
    }

    /// Whether it is several fills that have nothing to do with each other but the transaction.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        self.works.len() > 1 && self.works.iter().all(|work| matches!(work, Work::Fill { .. }))
    }

    /// Subjects of all that it does for its own sake.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        if self.is_packed() { self.works.iter().map(Work::subject).collect() } else { vec![self.subject()] }
    }

    /// Name of the work that the plan is for.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.purpose().map_or("refresh_prices", Work::name)
    }

    /// Compute limit that covers the works, with room for accounts that grew since the trial.
    #[must_use]
    pub fn compute_limit(&self) -> u32 {
        let rows = u32::try_from(self.refresh.len()).unwrap_or(u32::MAX).saturating_mul(REFRESH_ROW);
        let works = self.works.iter().map(Work::compute_limit).fold(BUDGET_INSTRUCTIONS, u32::saturating_add);
        works.saturating_add(rows).min(MAX_COMPUTE)
    }
}
