//! The backstop vault and its holders.

use super::check::check;
use super::{Account, World};
use kedge_model::account::position::{Position, status};
use kedge_model::account::trader::Trader;
use kedge_model::action::{
    BankruptcyReport, CancelUnstake, CreateBackstop, LiquidationReport, RequestUnstake, StakeVault, TakeOver,
    UnstakeVault, Unwind,
};
use kedge_model::error::Result;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Quote, Size};
use kedge_model::rule::tranche::Pot;

/// Authority of the vault's sub-account.
pub(crate) const VAULT: [u8; 32] = [0xBA; 32];

/// A world with a vault, and people who may hold its shares.
#[derive(Clone)]
pub(crate) struct Vaulted {
    pub world: World,
    pub people: Vec<Trader>,
}

impl Vaulted {
    /// The vault of a world, without money.
    pub(crate) fn of(mut world: World, people: u8) -> Self {
        let mut vault = Account::new(0, 0);
        let create = CreateBackstop { authority: VAULT };
        create.execute(&mut world.exchange, &mut world.banks[0], &mut vault.head, 255).unwrap();
        world.vault = Some(world.accounts.len());
        world.accounts.push(vault);
        let people = (1..=people).map(|id| Trader::new(255, [id; 32], [0; 32]).unwrap()).collect();
        Self { world, people }
    }

    pub(crate) fn vault(&self) -> usize {
        self.world.vault.unwrap()
    }

    pub(crate) fn account(&self) -> &Account {
        &self.world.accounts[self.vault()]
    }

    pub(crate) fn stake(&mut self, who: usize, amount: u64, least: u64) -> Result<u64> {
        let (mut world, mut trader, at) = (self.world.clone(), self.people[who], self.vault());
        let signer = trader.authority;
        let stake = StakeVault { amount: Amount(amount), least_shares: least };
        let (bank, vault, clock) = (&mut world.banks[0], &mut world.accounts[at].head, world.clock);
        let (exchange, board) = (&world.exchange, &world.board);
        let shares = stake.execute(exchange, board, bank, vault, &mut trader, &signer, clock, &mut NoEvents)?;
        world.vaults[0] += amount;
        (self.world, self.people[who]) = (world, trader);
        self.check();
        Ok(shares)
    }

    pub(crate) fn request(&mut self, who: usize, shares: u64) -> Result<()> {
        let signer = self.people[who].authority;
        let request = RequestUnstake { pot: Pot::Vault, shares };
        request.execute(&mut self.people[who], &signer, self.world.clock)
    }

    pub(crate) fn cancel(&mut self, who: usize) -> Result<()> {
        let signer = self.people[who].authority;
        CancelUnstake { pot: Pot::Vault }.execute(&mut self.people[who], &signer)
    }

    pub(crate) fn unstake(&mut self, who: usize) -> Result<u64> {
        let (mut world, mut trader, at) = (self.world.clone(), self.people[who], self.vault());
        let signer = trader.authority;
        let (bank, vault, clock) = (&mut world.banks[0], &mut world.accounts[at].head, world.clock);
        let (exchange, board) = (&world.exchange, &world.board);
        let paid = UnstakeVault.execute(exchange, board, bank, vault, &mut trader, &signer, clock, &mut NoEvents)?;
        world.vaults[0] -= paid.0;
        (self.world, self.people[who]) = (world, trader);
        self.check();
        Ok(paid.0)
    }

    pub(crate) fn take_over(&mut self, market: usize, account: usize) -> Result<LiquidationReport> {
        let vault = self.vault();
        let report = self.world.on_market(market, &[account, vault], |context, banks, accounts| {
            let [account, vault] = accounts else { panic!("two accounts were borrowed") };
            TakeOver.execute(context, &mut banks[0], account, vault)
        });
        self.check();
        report
    }

    /// Waits until the liquidation is old enough, and takes over.
    pub(crate) fn take_over_late(&mut self, market: usize, account: usize) -> Result<LiquidationReport> {
        let _ = self.take_over(market, account);
        self.world.wait(30);
        self.world.tick();
        self.take_over(market, account)
    }

    pub(crate) fn unwind(&mut self, market: usize) -> Result<(Size, i64)> {
        let vault = self.vault();
        let placed = self.world.on_market(market, &[vault], |context, banks, accounts| {
            Unwind.execute(context, &banks[0], &mut accounts[0])
        });
        self.check();
        placed
    }

    /// Account 0 defaults on so much beyond what the market's own funds pay; account 2 has won it.
    pub(crate) fn default_of(&mut self, market: usize, debt: u64) -> BankruptcyReport {
        let world = &mut self.world;
        let at = World::index(market);
        let own = world.markets[market].fees.0 + world.markets[market].insurance_fees.0;
        let debt = i64::try_from(debt + own).unwrap();
        assert!(world.accounts[0].head.positions.iter().all(|position| !position.is_used()));
        world.accounts[0].head.positions[0] =
            Position { status: status::USED, market: at, quote: Quote(-debt), ..Position::default() };
        world.accounts[2].head.open_position(at).unwrap().quote.0 += debt;
        let report = world.bankrupt(market, 0).unwrap();
        self.check();
        report
    }

    pub(crate) fn check(&mut self) {
        check(&mut self.world);
        let tranche = self.world.banks[0].backstop.tranche;
        let held = |generation: u64| -> u64 {
            let of = self.people.iter().filter(|person| person.vault.generation == generation);
            of.map(|person| person.vault.shares).sum()
        };
        assert_eq!(held(tranche.generation), tranche.shares, "people's shares");
        for back in 1..=tranche.generation.min(2) {
            let generation = tranche.generation - back;
            assert_eq!(held(generation), tranche.ended[usize::from(generation & 1 == 1)].shares, "{generation}");
        }
        for person in &self.people {
            person.invariant().unwrap();
        }
    }
}
