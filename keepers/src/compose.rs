//! Plans as instructions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use kedge_interface::address;
use kedge_interface::instruction::user::ALL_MARKETS;
use kedge_interface::instruction::{
    CancelAll, CancelOrder, ExpireOrders, FillOrder, Instruction, Liquidate, PlaceAndMake, PlaceAndTake, PlaceOrders,
    RefreshPrices, SettleBankruptcy, SettleMarket, SettlePnl, SettlePosition, SliceOrder, SweepFees, TrailOrder,
    TriggerOrder, UpdateAmm, UpdateFeeTier, UpdateFunding,
};
use kedge_model::bank::Bank;
use kedge_model::board::{PriceBoard, PriceRow, PriceSource, SourceKind};
use solana_pubkey::Pubkey;

use crate::pyth::{Alternatives, source_address};
use crate::rehearsal::{maker_accounts, maker_refs};
use crate::{Plan, Service, Work};

/// The addresses behind the indices of markets, banks and oracle feeds. Deriving one takes a search, so each is
/// derived once.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Markets by index.
    pub markets: Vec<Pubkey>,
    /// Banks by index.
    pub banks: Vec<Pubkey>,
    /// Oracle accounts of each market row, in the order of its sources.
    pub market_oracles: Vec<Vec<Pubkey>>,
    /// Oracle accounts of each bank row, in the order of its sources.
    pub bank_oracles: Vec<Vec<Pubkey>>,
    /// Every oracle account once.
    pub oracles: BTreeSet<Pubkey>,
    /// Further accounts of Pyth feeds.
    alternatives: Alternatives,
    /// Where one of these has a newer price than the account in the lists above.
    newer: Arc<RwLock<BTreeMap<Place, Pubkey>>>,
}

/// Place of an oracle account in a [`Directory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Whether the row is a bank's.
    pub bank: bool,
    /// Index of the row.
    pub row: usize,
    /// Number of the account in the row.
    pub number: usize,
}

/// Whether a source has an account.
pub(crate) fn has_account(source: &PriceSource) -> bool {
    !matches!(SourceKind::from_number(source.kind), Ok(SourceKind::Fixed | SourceKind::Unused) | Err(_))
}

/// The account of a source that has one.
fn account(source: &PriceSource) -> Pubkey {
    if source.kind == SourceKind::PythPull as u8 { source_address(source) } else { Pubkey::new_from_array(source.key) }
}

impl Directory {
    /// The addresses of everything that is listed.
    #[must_use]
    pub fn of(board: &PriceBoard, markets: u16, banks: u16) -> Self {
        Self::with(board, markets, banks, &Alternatives::default())
    }

    /// The same, with further accounts of Pyth feeds: of several the one with the newest price is used.
    #[must_use]
    pub fn with(board: &PriceBoard, markets: u16, banks: u16, alternatives: &Alternatives) -> Self {
        let mut directory = Self {
            markets: (0..markets).map(address::market).collect(),
            banks: (0..banks).map(address::bank).collect(),
            ..Self::default()
        };
        let accounts = |row: &PriceRow| row.sources().iter().filter(|one| has_account(one)).map(account).collect();
        directory.market_oracles =
            board.markets.iter().take(usize::from(markets)).map(|row| accounts(&row.price)).collect();
        directory.bank_oracles = board.banks.iter().take(usize::from(banks)).map(|row| accounts(&row.price)).collect();
        let all = directory.market_oracles.iter().chain(&directory.bank_oracles);
        directory.oracles = all.flatten().copied().collect();
        let rows = board.markets.iter().take(usize::from(markets)).map(|row| &row.price);
        let rows = rows.chain(board.banks.iter().take(usize::from(banks)).map(|row| &row.price));
        let sources = rows.flat_map(|row| row.sources());
        directory.oracles.extend(sources.flat_map(|source| alternatives.of(source)));
        directory.alternatives = alternatives.clone();
        directory
    }

    /// The accounts of a source whose listed one is `listed`.
    pub(crate) fn candidates<'d>(
        &'d self,
        source: &PriceSource,
        listed: &'d Pubkey,
    ) -> impl Iterator<Item = &'d Pubkey> + use<'d> {
        std::iter::once(listed).chain(self.alternatives.of(source))
    }

    /// Remembers which of a source's accounts has the newest price.
    pub(crate) fn choose(&self, place: Place, listed: &Pubkey, newest: Pubkey) {
        if self.alternatives.is_empty() {
            return;
        }
        let mut newer = self.newer.write().unwrap_or_else(PoisonError::into_inner);
        if *listed == newest {
            newer.remove(&place)
        } else {
            newer.insert(place, newest)
        };
    }

    /// The instructions of a plan that `signer` signs; `None` when it names what is not listed.
    #[must_use]
    pub fn instructions(&self, plan: &Plan, signer: &Pubkey) -> Option<Vec<Instruction>> {
        let mut instructions = Vec::with_capacity(plan.works.len() + 1);
        if !plan.refresh.is_empty() {
            instructions.push(self.refresh(&plan.refresh, &[Bank::QUOTE])?);
        }
        for work in &plan.works {
            instructions.push(self.instruction(work, *signer)?);
        }
        Some(instructions)
    }

    /// Accounts that instructions write and that everybody's transactions write: board, markets and banks.
    #[must_use]
    pub fn contended(&self, instructions: &[Instruction]) -> Vec<Pubkey> {
        let written = instructions.iter().flat_map(|one| &one.accounts).filter(|account| account.is_writable);
        let shared = |account: &Pubkey| {
            *account == address::BOARD || self.markets.contains(account) || self.banks.contains(account)
        };
        written.map(|account| account.pubkey).filter(shared).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Refreshes rows.
    #[must_use]
    pub fn refresh(&self, markets: &[u16], banks: &[u16]) -> Option<Instruction> {
        let mut oracles = Vec::new();
        let newer = self.newer.read().unwrap_or_else(PoisonError::into_inner);
        let lists = [(false, markets, &self.market_oracles), (true, banks, &self.bank_oracles)];
        for (bank, rows, list) in lists {
            for row in rows.iter().map(|row| usize::from(*row)) {
                for (number, listed) in list.get(row)?.iter().enumerate() {
                    oracles.push(*newer.get(&Place { bank, row, number }).unwrap_or(listed));
                }
            }
        }
        let rows = |rows: &[u16]| rows.iter().map(|row| u8::try_from(*row).ok()).collect::<Option<Vec<_>>>();
        Some(RefreshPrices { markets: rows(markets)?, banks: rows(banks)?, oracles }.into())
    }

    fn instruction(&self, work: &Work, signer: Pubkey) -> Option<Instruction> {
        let bank = *self.banks.first()?;
        Some(match work {
            Work::RefreshPrices { markets, banks } => self.refresh(markets, banks)?,
            Work::Fill { market, taker, order_id, slot, filler, makers, sharers } => {
                let accounts = [maker_accounts(makers), sharers.clone()].concat();
                let market = self.market(*market)?;
                FillOrder::of(signer, market, *taker, (*order_id, *slot), *filler, &accounts, maker_refs(makers)).into()
            }
            Work::Serve { service, market, account, order_id, slot, crank } => {
                let (market, sub_account) = (self.market(*market)?, *account);
                let (order_id, slot, crank) = (*order_id, *slot, crank.iter().copied().collect());
                match service {
                    Service::Trigger => TriggerOrder { signer, market, sub_account, order_id, slot, crank }.into(),
                    Service::Trail => TrailOrder { signer, market, sub_account, order_id, slot, crank }.into(),
                    Service::Slice => SliceOrder { signer, market, sub_account, order_id, slot, crank }.into(),
                }
            }
            Work::Expire { market, account, ids, crank } => ExpireOrders {
                signer,
                market: self.market(*market)?,
                sub_account: *account,
                ids: ids.clone(),
                crank: crank.iter().copied().collect(),
            }
            .into(),
            Work::UpdateAmm { market } => UpdateAmm { market: self.market(*market)? }.into(),
            Work::UpdateFunding { market } => UpdateFunding { market: self.market(*market)? }.into(),
            Work::UpdateFeeTier { trader, account } => UpdateFeeTier { trader: *trader, sub_account: *account }.into(),
            Work::SettlePnl { market, account } => {
                SettlePnl { market: self.market(*market)?, bank, sub_account: *account }.into()
            }
            Work::SettleMarket { market } => SettleMarket { market: self.market(*market)? }.into(),
            Work::SettlePosition { market, account } => {
                SettlePosition { market: self.market(*market)?, bank, sub_account: *account }.into()
            }
            Work::SweepFees { market } => SweepFees { market: self.market(*market)?, bank }.into(),
            Work::Liquidate { market, account, liquidator, max_size, limit_price } => Liquidate {
                signer,
                market: self.market(*market)?,
                sub_account: *account,
                liquidator: *liquidator,
                max_size: max_size.0,
                limit_price: limit_price.0,
            }
            .into(),
            Work::SettleBankruptcy { market, account } => {
                SettleBankruptcy { market: self.market(*market)?, bank, sub_account: *account }.into()
            }
            Work::Make {
                market,
                maker,
                taker,
                order_id,
                slot,
                size,
                worst_price,
                min_position,
                max_position,
                sharers,
            } => PlaceAndMake {
                signer,
                market: self.market(*market)?,
                maker: *maker,
                taker: *taker,
                order_id: *order_id,
                slot: *slot,
                size: size.0,
                worst_price: worst_price.0,
                min_position: min_position.0,
                max_position: max_position.0,
                sharers: sharers.clone(),
            }
            .into(),
            Work::Place { market, account, orders } => {
                PlaceOrders { signer, market: self.market(*market)?, sub_account: *account, orders: orders.clone() }
                    .into()
            }
            Work::Take { market, account, order, min_fill, makers } => PlaceAndTake {
                signer,
                market: self.market(*market)?,
                sub_account: *account,
                order: *order,
                min_fill: min_fill.0,
                makers: maker_refs(makers),
                maker_accounts: maker_accounts(makers),
            }
            .into(),
            Work::Cancel { account, order_id } => CancelOrder { signer, sub_account: *account, id: *order_id }.into(),
            Work::CancelAll { account, market } => {
                CancelAll { signer, sub_account: *account, market: market.unwrap_or(ALL_MARKETS) }.into()
            }
        })
    }

    fn market(&self, index: u16) -> Option<Pubkey> {
        self.markets.get(usize::from(index)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MakerOrder;
    use crate::jobs::stage::Stage;
    use kedge_interface::instruction::{Decoded, decode};

    #[test]
    fn a_fill_with_its_refresh_decodes_to_what_was_planned() {
        let world = Stage::new().world();
        let directory = Directory::of(&world.board, 1, 1);
        let [signer, taker, filler, a, b, c] = [(); 6].map(|()| Pubkey::new_unique());
        let maker = |account, order_id| MakerOrder { account, order_id, slot: 2 };
        let work = Work::Fill {
            market: 0,
            taker,
            order_id: 9,
            slot: 1,
            filler: Some(filler),
            makers: vec![maker(a, 4), maker(b, 5), maker(a, 6)],
            sharers: vec![c],
        };
        let instructions = directory.instructions(&Plan::of(work).after_refresh(vec![0]), &signer).unwrap();
        let decoded: Vec<Decoded> = instructions
            .iter()
            .map(|one| decode(&one.accounts.iter().map(|meta| meta.pubkey).collect::<Vec<_>>(), &one.data).unwrap())
            .collect();
        let [Decoded::RefreshPrices(refresh), Decoded::FillOrder(fill)] = &decoded[..] else { panic!("{decoded:?}") };
        assert_eq!((&refresh.markets[..], &refresh.banks[..]), (&[0u8][..], &[0u8][..]));
        assert_eq!(refresh.oracles.len(), 1, "the quote bank's constant price has no account");
        assert_eq!(fill.split(), (Some(filler), &[a, b, c][..]));
        assert_eq!(fill.makers.iter().map(|m| (m.order_id, m.account)).collect::<Vec<_>>(), [(4, 0), (5, 1), (6, 0)]);
    }
}
