//! The exchange with its mints, oracles, markets and users.

use kedge_interface::account::{Account as Decoded, SubAccountData, decode, decode_any, decode_sub_account};
use kedge_interface::instruction::{CreateTrader, Initialize, Instruction, ListBank, ListMarket};
use kedge_interface::{BOARD, EXCHANGE, address};
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::position::Position;
use kedge_model::action::{BankParams, MarketParams};
use solana_pubkey::Pubkey;

use crate::conservation::Conservation;
use crate::machine::{Done, Machine, Refused};
use crate::market::{self, DOLLAR, ONE, USDC, WSOL, bank_feed, bank_params, first_price, market_feed, market_params};
use crate::{oracle, token};

/// A user with one sub-account and a wallet for each bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// Authority of the user, which signs.
    pub authority: Pubkey,
    /// Address of sub-account 0.
    pub sub: Pubkey,
    /// USDC token account of the user.
    pub wallet: Pubkey,
}

/// The exchange on a machine.
#[derive(Clone)]
pub struct World {
    /// The virtual machine.
    pub machine: Machine,
    /// Authority of the admin.
    pub admin: Pubkey,
    /// Authority of the pauser.
    pub pauser: Pubkey,
    /// Mint of each bank.
    pub mints: Vec<Pubkey>,
    /// Oracle price of each market.
    pub prices: Vec<u64>,
    /// Oracle price of each bank.
    pub bank_prices: Vec<u64>,
    /// All users so far.
    pub users: Vec<User>,
    conservation: Conservation,
}

impl std::ops::Deref for World {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}

impl std::ops::DerefMut for World {
    fn deref_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }
}

/// The address with a purpose and a number, the same in every run, so that bumps and compute units stay the same.
pub fn key(purpose: u8, number: u8) -> Pubkey {
    let mut bytes = [purpose; 32];
    bytes[31] = number;
    Pubkey::new_from_array(bytes)
}

impl World {
    /// Program, mints and wallets; nothing is initialised.
    #[cfg(feature = "svm")]
    pub fn bare() -> Self {
        Self::of(Machine::start())
    }

    /// [`World::bare`] on a given machine.
    pub fn of(mut machine: Machine) -> Self {
        let (admin, pauser) = (key(1, 0), key(2, 0));
        for address in [admin, pauser] {
            machine.endow(address);
        }
        let mints = vec![key(3, 0), key(3, 1)];
        token::mint(&mut machine, mints[usize::from(USDC)], 6);
        token::mint(&mut machine, mints[usize::from(WSOL)], 9);
        Self {
            machine,
            admin,
            pauser,
            mints,
            prices: Vec::new(),
            bank_prices: Vec::new(),
            users: Vec::new(),
            conservation: Conservation::default(),
        }
    }

    /// USDC and SOL as collateral, SOL, BTC and ETH markets whose vAMMs have 500,000 dollars each and whose insurance
    /// funds 50,000; all prices fresh.
    #[cfg(feature = "svm")]
    pub fn start() -> Self {
        Self::with_markets(3)
    }

    /// [`World::with_markets`] on the engine alone.
    pub fn on_engine(markets: u16) -> Self {
        Self::of(Machine::on_engine()).set_up(markets)
    }

    /// [`World::start`] with another number of markets.
    #[cfg(feature = "svm")]
    pub fn with_markets(markets: u16) -> Self {
        Self::bare().set_up(markets)
    }

    /// Initialises the exchange, lists banks and markets, and funds their pools.
    pub fn set_up(mut self, markets: u16) -> Self {
        self.initialize();
        for index in [USDC, WSOL] {
            self.list_bank(&bank_params(index), if index == USDC { DOLLAR } else { market::PRICES[0] });
        }
        for index in 0..markets {
            self.list_market(&market_params(index), first_price(index));
        }
        self.refresh_everything();
        for index in 0..markets {
            self.open_market(index);
        }
        let patron = self.token_owner(key(4, 0), USDC, 1_000_000_000 * DOLLAR);
        for index in 0..markets {
            self.fund(patron, index, 0, 500_000 * DOLLAR).expect("the vAMM is funded");
            self.fund(patron, index, 1, 50_000 * DOLLAR).expect("the insurance fund is funded");
        }
        self
    }

    /// Runs an instruction and checks conservation.
    pub fn run(&mut self, instruction: impl Into<Instruction>) -> Result<Done, Refused> {
        self.run_all(&[instruction.into()])
    }

    /// Runs instructions in one transaction and checks conservation.
    pub fn run_all(&mut self, instructions: &[Instruction]) -> Result<Done, Refused> {
        let result = self.machine.send_all(instructions);
        self.conservation.check(&self.machine, result.is_ok());
        result
    }

    /// Owner of the token account that the protocol's tokens leave to.
    pub fn treasury(&self) -> Pubkey {
        key(6, 90)
    }

    /// Creates exchange and board.
    pub fn initialize(&mut self) {
        let initialize =
            Initialize { admin: self.admin, pauser: self.pauser.to_bytes(), treasury: self.treasury().to_bytes() };
        self.run(initialize).expect("the exchange is initialised");
    }

    /// The instruction that lists the next bank.
    pub fn listing_of_bank(&self, params: &BankParams) -> ListBank {
        let index = u16::try_from(self.bank_prices.len()).expect("few banks");
        let (bank, vault) = (address::bank(index), address::vault(index));
        ListBank { admin: self.admin, bank, mint: self.mints[usize::from(index)], vault, params: *params }
    }

    /// Lists the next bank at a price.
    pub fn list_bank(&mut self, params: &BankParams, price: u64) {
        self.run(self.listing_of_bank(params)).expect("the bank is listed");
        self.bank_prices.push(price);
    }

    /// The instruction that lists the next market.
    pub fn listing_of_market(&self, params: &MarketParams) -> ListMarket {
        let index = u16::try_from(self.prices.len()).expect("few markets");
        ListMarket { admin: self.admin, market: address::market(index), params: *params }
    }

    /// Lists the next market at a price.
    pub fn list_market(&mut self, params: &MarketParams, price: u64) {
        self.run(self.listing_of_market(params)).expect("the market is listed");
        self.prices.push(price);
    }

    /// Publishes the price of every oracle as of now and refreshes all rows.
    pub fn refresh_everything(&mut self) {
        for index in 0..self.bank_prices.len() {
            let feed = bank_feed(u16::try_from(index).expect("few banks"));
            oracle::publish(&mut self.machine, feed, self.bank_prices[index]);
        }
        for index in 0..self.prices.len() {
            let feed = market_feed(u16::try_from(index).expect("few markets"));
            oracle::publish(&mut self.machine, feed, self.prices[index]);
        }
        let rows = |count: usize| (0..count).map(|index| u8::try_from(index).expect("few rows")).collect::<Vec<_>>();
        let (markets, banks) = (rows(self.prices.len()), rows(self.bank_prices.len()));
        self.refresh(&markets, &banks).expect("all rows are refreshed");
    }

    /// Advances the clock by a second, with fresh prices.
    pub fn tick(&mut self) {
        self.pass_ms(1_000);
        self.refresh_everything();
    }

    /// Moves a market's price and advances the clock by a second, with fresh prices everywhere.
    pub fn move_price(&mut self, market: u16, price: u64) {
        self.prices[usize::from(market)] = price;
        self.tick();
    }

    /// Creates a wallet of a bank's tokens; returns owner and wallet.
    pub fn token_owner(&mut self, owner: Pubkey, bank: u16, amount: u64) -> (Pubkey, Pubkey) {
        let mint = self.mints[usize::from(bank)];
        let wallet = address::token_account(&owner, &mint);
        token::wallet(&mut self.machine, wallet, mint, owner, amount);
        (owner, wallet)
    }

    /// Creates a user with 16 order slots and wallets full of every bank's tokens.
    pub fn user(&mut self) -> User {
        self.user_with_orders(16)
    }

    /// Creates a user with a number of order slots.
    pub fn user_with_orders(&mut self, orders: u16) -> User {
        self.newcomer(orders, None)
    }

    fn newcomer(&mut self, orders: u16, referrer: Option<User>) -> User {
        let authority = key(5, u8::try_from(self.users.len()).expect("few users"));
        self.machine.endow(authority);
        let create = CreateTrader::of(authority, authority);
        let create = referrer.map_or(create.clone(), |referrer| create.referred_by(&referrer.authority));
        self.run(create).expect("the trader is created");
        let sub = self.create_sub_account(authority, 0, orders).expect("the sub-account is created");
        self.token_owner(authority, WSOL, 1_000_000 * ONE);
        let (_, wallet) = self.token_owner(authority, USDC, 100_000_000 * DOLLAR);
        let user = User { authority, sub, wallet };
        self.users.push(user);
        user
    }

    /// Creates a user with a deposit of `dollars`.
    pub fn rich(&mut self, dollars: u64) -> User {
        let user = self.user();
        self.deposit(user, USDC, dollars * DOLLAR).expect("the deposit arrives");
        user
    }

    /// Creates a user with a deposit of `dollars` and a referrer.
    pub fn referred(&mut self, referrer: User, dollars: u64) -> User {
        let user = self.newcomer(16, Some(referrer));
        self.deposit(user, USDC, dollars * DOLLAR).expect("the deposit arrives");
        user
    }

    /// The exchange account.
    pub fn exchange(&self) -> Exchange {
        decode(&self.data(&EXCHANGE)).expect("the exchange account")
    }

    /// Decoded price board.
    pub fn board(&self) -> Box<PriceBoard> {
        match decode_any(&self.data(&BOARD)) {
            Ok(Some(Decoded::PriceBoard(board))) => board,
            other => panic!("the price board, not {other:?}"),
        }
    }

    /// Decoded market.
    pub fn market(&self, index: u16) -> Market {
        decode(&self.data(&address::market(index))).expect("a market")
    }

    /// Decoded bank.
    pub fn bank(&self, index: u16) -> Bank {
        decode(&self.data(&address::bank(index))).expect("a bank")
    }

    /// A sub-account with its orders.
    pub fn sub(&self, address: &Pubkey) -> SubAccountData {
        decode_sub_account(&self.data(address)).expect("a sub-account")
    }

    /// A user's position in a market; empty when there is none.
    pub fn position(&self, user: User, market: u16) -> Position {
        self.sub(&user.sub).head.position(market).copied().unwrap_or_default()
    }

    /// A user's balance of a bank.
    pub fn balance(&self, user: User, bank: u16) -> u64 {
        self.sub(&user.sub).head.balance(bank).0
    }

    /// Tokens in a bank's vault.
    pub fn vault(&self, bank: u16) -> u64 {
        token::amount(&self.machine, &address::vault(bank))
    }

    /// Slot and Unix time as the model sees them.
    pub fn now(&self) -> kedge_model::clock::Clock {
        kedge_model::clock::Clock { slot: self.slot, unix_time: self.time() }
    }
}
