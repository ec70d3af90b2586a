//! Plans as instructions.

use kedge_interface::instruction::user::ALL_MARKETS;
use kedge_interface::instruction::{
    CancelAll, CancelOrder, Decoded, ExpireOrders, FillOrder, Instruction, Liquidate, PlaceAndMake, PlaceAndTake,
    PlaceOrders, RefreshPrices, SettleBankruptcy, SettleMarket, SettlePnl, SettlePosition, SliceOrder, SweepFees,
    TrailOrder, TriggerOrder, UpdateAmm, UpdateFeeTier, UpdateFunding,
};
use kedge_model::bank::Bank;
use kedge_state::Directory;
use solana_pubkey::Pubkey;

use crate::plan::{maker_accounts, maker_refs};
use crate::{Plan, Service, Work};

/// The instructions of a plan that `signer` signs; `None` when it names what is not listed.
#[must_use]
pub fn instructions(directory: &Directory, plan: &Plan, signer: &Pubkey) -> Option<Vec<Instruction>> {
    let mut instructions = Vec::with_capacity(plan.works.len() + 1);
    if !plan.refresh.is_empty() {
        instructions.push(refresh(directory, &plan.refresh, &[Bank::QUOTE])?.instruction());
    }
    for work in &plan.works {
        instructions.push(decoded(directory, work, *signer)?.instruction());
    }
    Some(instructions)
}

/// Refreshes rows.
fn refresh(directory: &Directory, markets: &[u16], banks: &[u16]) -> Option<Decoded> {
    let rows = |rows: &[u16]| rows.iter().map(|row| u8::try_from(*row).ok()).collect::<Option<Vec<_>>>();
    let oracles = directory.oracles_of(markets, banks)?;
    Some(Decoded::RefreshPrices(RefreshPrices { markets: rows(markets)?, banks: rows(banks)?, oracles }))
}

/// The instruction that a work is; `None` when it names what is not listed.
#[must_use]
pub fn decoded(directory: &Directory, work: &Work, signer: Pubkey) -> Option<Decoded> {
    let bank = *directory.banks.first()?;
    Some(match work {
        Work::RefreshPrices { markets, banks } => refresh(directory, markets, banks)?,
        Work::Fill { market, taker, order_id, slot, filler, makers, sharers } => {
            let accounts = [maker_accounts(makers), sharers.clone()].concat();
            let market = directory.market(*market)?;
            Decoded::FillOrder(FillOrder::of(
                signer,
                market,
                *taker,
                (*order_id, *slot),
                *filler,
                &accounts,
                maker_refs(makers),
            ))
        }
        Work::Serve { service, market, account, order_id, slot, crank } => {
            let (market, sub_account) = (directory.market(*market)?, *account);
            let (order_id, slot, crank) = (*order_id, *slot, crank.iter().copied().collect());
            match service {
                Service::Trigger => {
                    Decoded::TriggerOrder(TriggerOrder { signer, market, sub_account, order_id, slot, crank })
                }
                Service::Trail => {
                    Decoded::TrailOrder(TrailOrder { signer, market, sub_account, order_id, slot, crank })
                }
                Service::Slice => {
                    Decoded::SliceOrder(SliceOrder { signer, market, sub_account, order_id, slot, crank })
                }
            }
        }
        Work::Expire { market, account, ids, crank } => Decoded::ExpireOrders(ExpireOrders {
            signer,
            market: directory.market(*market)?,
            sub_account: *account,
            ids: ids.clone(),
            crank: crank.iter().copied().collect(),
        }),
        Work::UpdateAmm { market } => Decoded::UpdateAmm(UpdateAmm { market: directory.market(*market)? }),
        Work::UpdateFunding { market } => Decoded::UpdateFunding(UpdateFunding { market: directory.market(*market)? }),
        Work::UpdateFeeTier { trader, account } => {
            Decoded::UpdateFeeTier(UpdateFeeTier { trader: *trader, sub_account: *account })
        }
        Work::SettlePnl { market, account } => {
            Decoded::SettlePnl(SettlePnl { market: directory.market(*market)?, bank, sub_account: *account })
        }
        Work::SettleMarket { market } => Decoded::SettleMarket(SettleMarket { market: directory.market(*market)? }),
        Work::SettlePosition { market, account } => {
            Decoded::SettlePosition(SettlePosition { market: directory.market(*market)?, bank, sub_account: *account })
        }
        Work::SweepFees { market } => Decoded::SweepFees(SweepFees { market: directory.market(*market)?, bank }),
        Work::Liquidate { market, account, liquidator, max_size, limit_price } => Decoded::Liquidate(Liquidate {
            signer,
            market: directory.market(*market)?,
            sub_account: *account,
            liquidator: *liquidator,
            max_size: max_size.0,
            limit_price: limit_price.0,
        }),
        Work::SettleBankruptcy { market, account } => Decoded::SettleBankruptcy(SettleBankruptcy {
            market: directory.market(*market)?,
            bank,
            sub_account: *account,
        }),
        Work::Make { market, maker, taker, order_id, slot, size, worst_price, min_position, max_position, sharers } => {
            Decoded::PlaceAndMake(PlaceAndMake {
                signer,
                market: directory.market(*market)?,
                maker: *maker,
                taker: *taker,
                order_id: *order_id,
                slot: *slot,
                size: size.0,
                worst_price: worst_price.0,
                min_position: min_position.0,
                max_position: max_position.0,
                sharers: sharers.clone(),
            })
        }
        Work::Place { market, account, orders } => Decoded::PlaceOrders(PlaceOrders {
            signer,
            market: directory.market(*market)?,
            sub_account: *account,
            orders: orders.clone(),
        }),
        Work::Take { market, account, order, min_fill, makers } => Decoded::PlaceAndTake(PlaceAndTake {
            signer,
            market: directory.market(*market)?,
            sub_account: *account,
            order: *order,
            min_fill: min_fill.0,
            makers: maker_refs(makers),
            maker_accounts: maker_accounts(makers),
        }),
        Work::Cancel { account, order_id } => {
            Decoded::CancelOrder(CancelOrder { signer, sub_account: *account, id: *order_id })
        }
        Work::CancelAll { account, market } => {
            Decoded::CancelAll(CancelAll { signer, sub_account: *account, market: market.unwrap_or(ALL_MARKETS) })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MakerOrder;
    use kedge_interface::instruction::decode;
    use kedge_state::testing::TestExchange;

    #[test]
    fn a_fill_with_its_refresh_decodes_to_what_was_planned() {
        let directory = Directory::of(TestExchange::new().board(), 1, 1);
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
        let instructions = instructions(&directory, &Plan::of(work).after_refresh(vec![0]), &signer).unwrap();
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
