//! Trying a plan before it is sent: the engine applies its instructions to a copy of what they touch.

use std::cell::RefCell;

use kedge_engine::{Accounts, Changes, Moment, Overlay, Refusal, Report, State, apply};
use kedge_interface::account::{Account as Stored, SubAccountData};
use kedge_interface::error::ProgramError;
use kedge_interface::instruction::{Decoded, Liquidate};
use kedge_interface::{BOARD, EXCHANGE};
use kedge_model::Error;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::order::Order;
use kedge_model::action::{Context, LiquidationReport, unbacked_order};
use kedge_model::clock::Clock;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Quote, Size};
use kedge_sender::build::decoded;
use kedge_sender::{Call, Plan};
use kedge_state::{Account, World};
use solana_pubkey::Pubkey;

/// Result of a trial: why the exchange would refuse.
pub type Result<T> = std::result::Result<T, ProgramError>;

/// What a take-over leaves.
#[derive(Clone, Debug)]
pub struct TakeOver {
    /// What the liquidation step did.
    pub report: LiquidationReport,
    /// The liquidator's account afterwards.
    pub own: Account,
    /// Change of the liquidator's claim in the market: with as much base as before, its profit, fees paid.
    pub profit: Quote,
}

/// The exchange as a world shows it, to try calls on. What is tried leaves nothing behind; what is assumed does.
#[derive(Debug)]
pub struct Trial<'w> {
    world: &'w World,
    board: &'w PriceBoard,
    /// The world's moment. A transaction lands then or later: an auction's price can only have become better for
    /// makers, and a plan that passes here does not fail for coming too soon.
    pub clock: Clock,
    /// What was looked at so far, as the engine keeps it.
    seen: RefCell<State>,
}

impl<'w> Trial<'w> {
    /// On the board as it stands.
    #[must_use]
    pub fn standing(world: &'w World) -> Self {
        Self { world, board: &world.board, clock: world.clock, seen: RefCell::default() }
    }

    /// On the board after a refresh in the same transaction.
    #[must_use]
    pub fn refreshed(world: &'w World) -> Self {
        Self { world, board: &world.fresh, clock: world.clock, seen: RefCell::default() }
    }

    /// What a call does.
    ///
    /// # Errors
    /// The exchange's refusal; of accounts that are not in the world, that they do not exist.
    pub fn run(&self, call: &Call) -> Result<Report> {
        let (reports, _) = self.after(std::slice::from_ref(call))?;
        reports.into_iter().next_back().ok_or(Error::InvalidParameter).map_err(ProgramError::Rule)
    }

    /// Has a plan's calls done: what is tried afterwards finds what they leave. Whether the exchange takes them; when it
    /// refuses one, nothing changes.
    pub fn assume(&self, plan: &Plan) -> bool {
        let Ok((_, changes)) = self.after(&plan.calls) else { return false };
        self.seen.borrow_mut().keep(changes);
        true
    }

    /// What calls of one transaction do, one after the other, and what they change.
    fn after(&self, calls: &[Call]) -> Result<(Vec<Report>, Changes)> {
        let instructions: Option<Vec<_>> =
            calls.iter().map(|call| decoded(&self.world.directory, call, self.signer(call))).collect();
        let instructions = instructions.ok_or(ProgramError::Rule(Error::RowNotListed))?;
        for instruction in &instructions {
            instruction.accounts().iter().for_each(|account| self.see(&account.pubkey));
        }
        let seen = self.seen.borrow();
        let mut overlay = Overlay::over(&*seen);
        let moment = Moment::from(self.clock);
        let run = |instruction| apply(&mut overlay, instruction, &moment, &mut NoEvents).map_err(read);
        let reports = instructions.iter().map(run).collect::<Result<Vec<_>>>()?;
        Ok((reports, overlay.changes))
    }

    /// Who may sign for a call: the owner of the sub-account that acts.
    fn signer(&self, call: &Call) -> Pubkey {
        let acting = call.actor().and_then(|account| self.world.accounts.get(&account));
        acting.map_or_else(Pubkey::default, |account| account.head.authority.into())
    }

    /// Has an account ready that the world knows.
    fn see(&self, at: &Pubkey) {
        let mut seen = self.seen.borrow_mut();
        if seen.accounts.contains_key(at) {
            return;
        }
        let (world, directory) = (self.world, &self.world.directory);
        let place = |listed: &[Pubkey]| listed.iter().position(|listed| listed == at);
        let found = if let Some(account) = world.accounts.get(at) {
            let data = SubAccountData { head: *account.head, orders: account.orders.clone() };
            Some(Stored::SubAccount(Box::new(data)))
        } else if *at == BOARD {
            Some(Stored::PriceBoard(Box::new(*self.board)))
        } else if *at == EXCHANGE {
            Some(Stored::Exchange(world.exchange.clone()))
        } else if let Some(market) = place(&directory.markets).and_then(|place| world.markets.get(place)) {
            Some(Stored::Market(Box::new(*market)))
        } else {
            let bank = place(&directory.banks).and_then(|place| world.banks.get(place));
            bank.map(|bank| Stored::Bank(Box::new(*bank)))
        };
        if let Some(found) = found {
            seen.accounts.insert(*at, found);
        }
    }

    /// Whether an order shows what its owner cannot back: a fill passes it over, and who names it may end it.
    #[must_use]
    pub fn is_unbacked(&self, market: u16, owner: &Pubkey, order: &Order) -> bool {
        let world = self.world;
        let (Some(market), Some(owner)) = (world.markets.get(usize::from(market)), world.accounts.get(owner)) else {
            return false;
        };
        let (mut market, mut owner, mut sink) = (*market, owner.clone(), NoEvents);
        let (exchange, board, clock) = (&world.exchange, self.board, self.clock);
        let context = Context { exchange, board, market: &mut market, clock, sink: &mut sink };
        unbacked_order(&context, &mut owner.borrow(), order, Size(u64::MAX))
    }

    /// What a take-over does, and the sale behind it where there is one.
    ///
    /// # Errors
    /// As [`Self::run`]; [`Error::InvalidParameter`] when the first call is no take-over.
    pub fn take_over(&self, calls: &[Call]) -> Result<TakeOver> {
        let Some(Call { market: Some(market), instruction: Decoded::Liquidate(Liquidate { liquidator, .. }) }) =
            calls.first()
        else {
            return Err(ProgramError::Rule(Error::InvalidParameter));
        };
        let (reports, changes) = self.after(calls)?;
        let Some(Report::Liquidation(report)) = reports.first() else {
            return Err(ProgramError::Rule(Error::InvalidParameter));
        };
        let claim = |own: &Account| own.head.position(*market).map_or(Quote::ZERO, |position| position.quote);
        let before = self.world.accounts.get(liquidator).map_or(Quote::ZERO, claim);
        let seen = self.seen.borrow();
        let mut overlay = Overlay::over(&*seen);
        overlay.changes = changes;
        let own = Account::from(overlay.read::<SubAccountData>(liquidator).map_err(read)?.clone());
        let profit = Quote(claim(&own).0.saturating_sub(before.0));
        Ok(TakeOver { report: *report, own, profit })
    }
}

fn read(refusal: Refusal) -> ProgramError {
    ProgramError::from_code(u32::try_from(refusal.code()).unwrap_or(u32::MAX))
}

/// Tries a plan on the standing board, then on the refreshed one; the plan for the first on which nothing is refused, with
/// the rows to refresh in the second case.
///
/// # Errors
/// The refusal on the refreshed board.
pub fn try_plan(world: &World, plan: Plan, rows: impl IntoIterator<Item = u16>) -> Result<Plan> {
    if Trial::standing(world).after(&plan.calls).is_ok() {
        return Ok(plan);
    }
    Trial::refreshed(world).after(&plan.calls)?;
    Ok(plan.after_refresh(world.outdated(rows)))
}
