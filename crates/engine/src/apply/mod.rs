//! One instruction: which accounts it reads, who must have signed, what the model makes of it, which accounts it writes.

mod admin;
mod backstop;
mod collateral;
mod matching;
mod order;
mod people;
mod prices;
mod risk;
mod stake;

use kedge_interface::account::SubAccountData;
use kedge_interface::instruction::Decoded;
use kedge_interface::{BOARD, EXCHANGE};
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::market::Market;
use kedge_model::account::sub_account::SubAccountMut;
use kedge_model::action::Context;
use kedge_model::clock::Clock;
use kedge_model::error::Result as Ruled;
use kedge_model::event::{EventKind, EventSink};
use solana_pubkey::Pubkey;

use crate::store::Accounts;
use crate::{Report, Result};

/// When and behind what an instruction runs.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Time and slot.
    pub clock: Clock,
    /// Data of the ed25519 program's instruction right in front, which the runtime has verified.
    pub signature: Option<&'a [u8]>,
}

impl From<Clock> for Moment<'_> {
    fn from(clock: Clock) -> Self {
        Self { clock, signature: None }
    }
}

/// Carries out one instruction; its records go to `sink`.
///
/// # Errors
/// The program's refusal. Nothing is changed then, but records of an action that was begun may have gone to the sink.
pub fn apply<A: Accounts, S: EventSink>(
    accounts: &mut A,
    instruction: &Decoded,
    moment: &Moment<'_>,
    sink: &mut S,
) -> Result<Report> {
    use Decoded as I;
    let clock = moment.clock;
    let mut on = Applying { accounts, clock, sink };
    match instruction {
        I::Initialize(i) => on.initialize(i),
        I::SetFees(i) => on.set_fees(i),
        I::SetPaused(i) => on.set_paused(i),
        I::ProposeAdmin(i) => on.propose_admin(i),
        I::AcceptAdmin(i) => on.accept_admin(i),
        I::AssignFeeTier(i) => on.assign_fee_tier(i),
        I::HaltRow(i) => on.halt_row(i),
        I::ListBank(i) => on.list_bank(i),
        I::ListMarket(i) => on.list_market(i),
        I::SetMarketStatus(i) => on.set_market_status(i),
        I::SetExpiry(i) => on.set_expiry(i),
        I::DelistMarket(i) => on.delist_market(i),
        I::PayTreasury(i) => on.pay_treasury(i),

        I::CreateTrader(i) => on.create_trader(i),
        I::CreateSubAccount(i) => on.create_sub_account(i),
        I::CloseSubAccount(i) => on.close_sub_account(i),
        I::CloseTrader(i) => on.close_trader(i),
        I::GrowOrders(i) => on.grow_orders(i),
        I::SetDelegate(i) => on.set_delegate(i),
        I::SetBuilder(i) => on.set_builder(i),
        I::RevokeSignedOrders(i) => on.revoke_signed_orders(i),
        I::UpdateFeeTier(i) => on.update_fee_tier(i),

        I::Deposit(i) => on.deposit(i),
        I::Withdraw(i) => on.withdraw(i),
        I::Transfer(i) => on.transfer(i),
        I::Stake(i) => on.stake(i),
        I::RequestUnstake(i) => on.request_unstake(i),
        I::CancelUnstake(i) => on.cancel_unstake(i),
        I::Unstake(i) => on.unstake(i),
        I::StakeVault(i) => on.stake_vault(i),
        I::UnstakeVault(i) => on.unstake_vault(i),
        I::CreateBackstop(i) => on.create_backstop(i),
        I::TakeOver(i) => on.take_over(i),
        I::UnwindBackstop(i) => on.unwind_backstop(i),
        I::FundPool(i) => on.fund_pool(i),
        I::IsolatePosition(i) => on.isolate_position(i),
        I::TransferIsolated(i) => on.transfer_isolated(i),
        I::MergePosition(i) => on.merge_position(i),
        I::SetLeverage(i) => on.set_leverage(i),

        I::PlaceOrders(i) => on.place_orders(i),
        I::PlaceSignedOrders(i) => on.place_signed_orders(i, moment.signature),
        I::ModifyOrder(i) => on.modify_order(i),
        I::ReplaceOrders(i) => on.replace_orders(i),
        I::CancelOrder(i) => on.cancel_order(i),
        I::CancelAll(i) => on.cancel_all(i),
        I::CancelOrders(i) => on.cancel_orders(i),

        I::PlaceAndTake(i) => on.place_and_take(i),
        I::PlaceAndMake(i) => on.place_and_make(i),
        I::FillOrder(i) => on.fill_order(i),
        I::TriggerOrder(i) => on.trigger_order(i),
        I::TrailOrder(i) => on.trail_order(i),
        I::SliceOrder(i) => on.slice_order(i),
        I::ExpireOrders(i) => on.expire_orders(i),
        I::Uncross(i) => on.uncross(i),

        I::RefreshPrices(i) => on.refresh_prices(i),
        I::UpdateAmm(i) => on.update_amm(i),
        I::UpdateFunding(i) => on.update_funding(i),
        I::SettlePnl(i) => on.settle_pnl(i),
        I::SweepFees(i) => on.sweep_fees(i),
        I::Verify(i) => on.verify(i),
        I::SettleMarket(i) => on.settle_market(i),
        I::SettlePosition(i) => on.settle_position(i),
        I::Liquidate(i) => on.liquidate(i),
        I::LiquidateWithFill(i) => on.liquidate_with_fill(i),
        I::SettleBankruptcy(i) => on.settle_bankruptcy(i),
    }
}

/// The accounts at a moment, and where records go.
struct Applying<'a, A, S> {
    accounts: &'a mut A,
    clock: Clock,
    sink: &'a mut S,
}

/// Passes records on and counts them: an instruction with any takes a sequence number of its market.
struct Counted<'a, S> {
    sink: &'a mut S,
    records: u64,
}

impl<S: EventSink> EventSink for Counted<'_, S> {
    fn record(&mut self, kind: EventKind, bytes: &[u8]) {
        self.records += 1;
        self.sink.record(kind, bytes);
    }
}

impl<'a, S> Counted<'a, S> {
    fn to(sink: &'a mut S) -> Self {
        Self { sink, records: 0 }
    }

    /// Numbers the records of this instruction.
    fn number(&self, market: &mut Market) {
        market.next_event_seq += u64::from(self.records != 0);
    }
}

impl<A: Accounts, S: EventSink> Applying<'_, A, S> {
    /// A copy of an account, to be changed.
    fn copy<T: crate::Kind>(&self, at: &Pubkey) -> Result<T> {
        self.accounts.read::<T>(at).cloned()
    }

    /// Refuses a sub-account that `signer` may not trade for.
    fn require_trader(&self, at: &Pubkey, signer: &Pubkey) -> Result<()> {
        let account: &SubAccountData = self.accounts.read(at)?;
        Ok(account.head.require_trader(&signer.to_bytes())?)
    }

    /// A copy of a sub-account, that may trade for `signer`.
    fn traded_by(&self, at: &Pubkey, signer: &Pubkey) -> Result<SubAccountData> {
        self.require_trader(at, signer)?;
        self.copy(at)
    }

    /// A copy of a sub-account that `signer` owns.
    fn owned_by(&self, at: &Pubkey, signer: &Pubkey) -> Result<SubAccountData> {
        let account: SubAccountData = self.copy(at)?;
        account.head.require_owner(&signer.to_bytes())?;
        Ok(account)
    }

    /// A copy of the bank in which profit and loss is settled.
    fn quote_bank(&self, at: &Pubkey) -> Result<Bank> {
        let bank: Bank = self.copy(at)?;
        bank.require_quote()?;
        Ok(bank)
    }

    /// Runs an action on a market with these sub-accounts, which are written, as the market is, when it succeeds.
    fn on_market<T>(
        &mut self,
        market_at: &Pubkey,
        subs: &[Pubkey],
        run: impl FnOnce(&mut Context<'_, Counted<'_, S>>, &mut [SubAccountMut<'_>]) -> Ruled<T>,
    ) -> Result<T> {
        let mut market: Market = self.copy(market_at)?;
        let mut taken = subs.iter().map(|at| self.copy(at)).collect::<Result<Vec<SubAccountData>>>()?;
        let mut sink = Counted::to(self.sink);
        let mut context = Context {
            exchange: self.accounts.read(&EXCHANGE)?,
            board: self.accounts.read::<PriceBoard>(&BOARD)?,
            market: &mut market,
            clock: self.clock,
            sink: &mut sink,
        };
        let mut borrowed: Vec<SubAccountMut<'_>> = taken.iter_mut().map(SubAccountData::as_mut).collect();
        let report = run(&mut context, &mut borrowed)?;
        sink.number(&mut market);
        self.accounts.write(*market_at, market);
        for (at, account) in subs.iter().zip(taken) {
            self.accounts.write(*at, account);
        }
        Ok(report)
    }

    /// [`Applying::on_market`] with the bank in which profit and loss is settled.
    fn on_market_and_bank<T>(
        &mut self,
        (market_at, bank_at): (&Pubkey, &Pubkey),
        subs: &[Pubkey],
        run: impl FnOnce(&mut Context<'_, Counted<'_, S>>, &mut Bank, &mut [SubAccountMut<'_>]) -> Ruled<T>,
    ) -> Result<T> {
        let mut bank = self.quote_bank(bank_at)?;
        let report = self.on_market(market_at, subs, |context, subs| run(context, &mut bank, subs))?;
        self.accounts.write(*bank_at, bank);
        Ok(report)
    }

    /// Changes the head of a sub-account.
    fn on_head(
        &mut self,
        at: &Pubkey,
        mut account: SubAccountData,
        run: impl FnOnce(&mut kedge_model::account::sub_account::SubAccount) -> Ruled<()>,
    ) -> Result<Report> {
        run(&mut account.head)?;
        self.accounts.write(*at, account);
        Ok(Report::Done)
    }
}
