//! The exchange on a validator's bank.

use std::collections::BTreeSet;

use kedge_interface::address::{TOKEN_PROGRAM, pyth};
use kedge_interface::event::from_logs;
use kedge_interface::{PROGRAM_ID, instruction::Instruction};
use kedge_tests::conservation::Conservation;
use kedge_tests::machine::program;
use kedge_tests::market::{bank_feed, market_feed};
use kedge_tests::{Done, Machine, Refusal, Refused, World, oracle};
use solana_account::Account;
use solana_clock::Clock;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_keypair::Keypair;
use solana_message::{AddressLookupTableAccount, VersionedMessage, v0};
use solana_program_test::{BanksClient, BanksClientError, ProgramTest, ProgramTestContext};
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;

use crate::person::key;
use crate::program::deployed;

/// First slot of the worlds of these tests.
const FIRST_SLOT: u64 = 1_000;
/// Largest compute limit of a transaction.
const MAX_COMPUTE: u32 = 1_400_000;

/// The exchange on a bank.
pub struct Chain {
    /// Program-test's handle of the bank.
    pub context: ProgramTestContext,
    /// A copy of the bank's state, for decoding and for instructions that depend on it.
    pub world: World,
    /// Upgrade authority of the program.
    pub upgrader: Keypair,
    conservation: Conservation,
    sent: u32,
}

/// The standard world with `markets` markets at [`FIRST_SLOT`]; its admin is [`admin`].
pub fn world(markets: u16) -> World {
    let mut machine = Machine::start();
    machine.slot = FIRST_SLOT;
    machine.pass_slots(0);
    let mut world = World::of(machine);
    world.admin = admin().pubkey();
    let admin = world.admin;
    world.endow(admin);
    world.set_up(markets)
}

/// Keypair of the admin of [`world`].
pub fn admin() -> Keypair {
    key(200)
}

/// The refusal behind an error of the bank.
fn refusal(error: BanksClientError) -> Refusal {
    match error {
        BanksClientError::TransactionError(error) | BanksClientError::SimulationError { err: error, .. } => {
            error.into()
        }
        other => panic!("the bank cannot be reached: {other}"),
    }
}

impl Chain {
    /// Puts a world on a bank.
    pub async fn start(world: World) -> Self {
        Self::start_with(world, Vec::new(), &[]).await
    }

    /// Puts a world on a bank. The accounts in `others` replace the bank's; all of the runtime's features are active
    /// except `without`.
    pub async fn start_with(world: World, others: Vec<(Pubkey, Account)>, without: &[Pubkey]) -> Self {
        let mut test = ProgramTest::default();
        without.iter().for_each(|feature| test.deactivate_feature(*feature));
        // The bank has turned the virtual machine's own log on.
        log::set_max_level(log::LevelFilter::Off);
        let upgrader = key(201);
        let signers = [admin().pubkey(), upgrader.pubkey()].into_iter().chain(world.users.iter().map(|u| u.authority));
        let wallets = signers.collect::<BTreeSet<_>>().into_iter().map(|address| {
            let wallet = Account { lamports: 1_000_000_000_000, ..Account::default() };
            (address, wallet)
        });
        let stored = [PROGRAM_ID, TOKEN_PROGRAM, pyth::RECEIVER].map(|owner| world.accounts_of(&owner));
        let code = deployed(PROGRAM_ID, &program(), upgrader.pubkey(), 0);
        for (address, account) in wallets.chain(stored.into_iter().flatten()).chain(code).chain(others) {
            test.add_account(address, account);
        }
        let context = test.start_with_context().await;
        let mut chain = Self { context, world, upgrader, conservation: Conservation::default(), sent: 0 };
        let slot = chain.world.slot;
        chain.warp(slot).await;
        chain.assert_same("at the start").await;
        chain
    }

    /// A client of the bank.
    pub fn client(&self) -> BanksClient {
        self.context.banks_client.clone()
    }

    /// An account on the bank.
    pub async fn account(&self, address: &Pubkey) -> Option<Account> {
        self.client().get_account(*address).await.expect("the bank answers")
    }

    /// Writes an account to the bank and the world.
    pub fn write(&mut self, address: Pubkey, account: Account) {
        self.context.set_account(&address, &account.clone().into());
        self.world.machine.write(address, account);
    }

    /// Advances the clock by slots of 400 ms.
    pub async fn pass_slots(&mut self, slots: u64) {
        self.world.pass_slots(slots);
        let slot = self.world.slot;
        self.warp(slot).await;
    }

    /// Advances the clock by milliseconds.
    pub async fn pass_ms(&mut self, millis: u64) {
        self.world.pass_ms(millis);
        let slot = self.world.slot;
        self.warp(slot).await;
    }

    async fn warp(&mut self, slot: u64) {
        self.context.warp_to_slot(slot).expect("a later slot");
        // A bank derives its time from votes, and this one has none.
        let clock: Clock = self.client().get_sysvar().await.expect("the clock");
        self.context.set_sysvar(&Clock { unix_timestamp: self.world.time(), ..clock });
    }

    /// A signed v0 transaction; the first signer pays the fee.
    pub async fn transaction(
        &mut self,
        instructions: &[Instruction],
        signers: &[&Keypair],
        tables: &[AddressLookupTableAccount],
    ) -> VersionedTransaction {
        let blockhash = self.client().get_latest_blockhash().await.expect("a blockhash");
        let message = v0::Message::try_compile(&signers[0].pubkey(), instructions, tables, blockhash);
        let message = VersionedMessage::V0(message.expect("the instructions fit a message"));
        VersionedTransaction::try_new(message, signers).expect("everybody signs")
    }

    /// A compute limit that no other transaction has, so that none counts as a repetition.
    pub fn unique(&mut self) -> Instruction {
        self.sent += 1;
        ComputeBudgetInstruction::set_compute_unit_limit(MAX_COMPUTE - self.sent)
    }

    /// Sends instructions in one transaction, with a separate fee payer.
    pub async fn send(&mut self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Done, Refused> {
        let mut all = vec![self.unique()];
        all.extend_from_slice(instructions);
        self.send_exactly(&all, signers).await
    }

    /// [`Chain::send`] without a compute limit of its own.
    pub async fn send_exactly(&mut self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Done, Refused> {
        let payer = self.context.payer.insecure_clone();
        let signers: Vec<&Keypair> = [&payer].into_iter().chain(signers.iter().copied()).collect();
        let transaction = self.transaction(instructions, &signers, &[]).await;
        self.submit(transaction, &[]).await
    }

    /// Runs a transaction. After success the world follows and conservation is checked; after a refusal nothing may
    /// have changed.
    pub async fn submit(
        &mut self,
        transaction: VersionedTransaction,
        tables: &[AddressLookupTableAccount],
    ) -> Result<Done, Refused> {
        let mut keys = transaction.message.static_account_keys().to_vec();
        keys.extend(tables.iter().flat_map(|table| table.addresses.iter()));
        let outcome = match self.client().process_transaction_with_metadata(transaction).await {
            Ok(outcome) => outcome,
            Err(error) => {
                self.assert_same("after a refusal").await;
                return Err(Refused { refusal: refusal(error), compute: 0, logs: Vec::new() });
            }
        };
        let (compute, logs) =
            outcome.metadata.map(|data| (data.compute_units_consumed, data.log_messages)).unwrap_or_default();
        if let Err(error) = outcome.result {
            self.assert_same("after a refusal").await;
            return Err(Refused { refusal: error.into(), compute, logs });
        }
        self.follow(&keys).await;
        let batches = from_logs(logs.iter().map(String::as_str)).into_iter().map(|logged| logged.batch).collect();
        Ok(Done { compute, logs, batches })
    }

    /// Copies accounts from the bank into the world.
    pub async fn follow(&mut self, keys: &[Pubkey]) {
        for key in keys {
            let account = self.account(key).await.unwrap_or_default();
            if !account.executable && !solana_sdk_ids::sysvar::check_id(&account.owner) {
                self.world.machine.write(*key, account);
            }
        }
        self.conservation.check(&self.world.machine, true);
        self.assert_same("after a transaction").await;
    }

    /// Asserts that every account of the exchange and of the token program is the same on the bank as in the world.
    pub async fn assert_same(&self, when: &str) {
        for owner in [PROGRAM_ID, TOKEN_PROGRAM] {
            for (address, account) in self.world.accounts_of(&owner) {
                let found = self.account(&address).await.unwrap_or_default();
                let same =
                    (found.lamports, found.owner, &found.data) == (account.lamports, account.owner, &account.data);
                assert!(same, "{address} differs {when}");
            }
        }
    }

    /// Publishes the price of every oracle as of now.
    pub fn publish(&mut self) {
        let (markets, banks) = (self.world.prices.clone(), self.world.bank_prices.clone());
        let number = |index: usize| u16::try_from(index).expect("few rows");
        let feeds = markets.iter().enumerate().map(|(index, price)| (market_feed(number(index)), *price));
        let feeds: Vec<_> =
            feeds.chain(banks.iter().enumerate().map(|(index, price)| (bank_feed(number(index)), *price))).collect();
        for (feed, price) in feeds {
            oracle::publish(&mut self.world.machine, feed, price);
            let address = oracle::address(&feed);
            let account = self.world.account(&address).expect("it was published");
            self.write(address, account);
        }
    }

    /// Publishes the price of every oracle as of now and refreshes all rows.
    pub async fn refresh(&mut self) {
        self.publish();
        let (markets, banks) = (self.world.prices.len(), self.world.bank_prices.len());
        let rows = |count: usize| (0..count).map(|row| u8::try_from(row).expect("few rows")).collect::<Vec<_>>();
        let refresh = self.world.refreshing(&rows(markets), &rows(banks));
        self.send(&[refresh.into()], &[]).await.expect("all rows are refreshed");
    }
}
