//! Measures OpenBook v2, an order book of others, from its own binary, as the bench measures this program:
//! `kedge-peer openbook_v2.so`. Layouts and accounts are those of the IDL in its crate.
//!
//! It trades tokens and has no margin, no oracle, no funding and no positions. A taker pays from its wallet; what makers
//! earn waits on a heap until another transaction books it.

use std::process::ExitCode;

use kedge_interface::address::{ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM, TOKEN_PROGRAM, token_account};
use kedge_tests::bench::cost::Loaded;
use kedge_tests::machine::{Machine, program};
use kedge_tests::token;
use litesvm::LiteSVM;
use solana_account::Account;
use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;

const OPENBOOK: Pubkey = Pubkey::from_str_const("opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb");
/// Anchor's discriminators of its instructions.
const CREATE_MARKET: [u8; 8] = [103, 226, 97, 235, 200, 188, 251, 254];
const CREATE_INDEXER: [u8; 8] = [64, 64, 153, 255, 217, 71, 249, 133];
const CREATE_ORDERS: [u8; 8] = [204, 181, 175, 222, 40, 125, 188, 71];
const PLACE_ORDER: [u8; 8] = [51, 194, 155, 175, 109, 130, 96, 106];
const PLACE_TAKE_ORDER: [u8; 8] = [3, 44, 71, 3, 26, 199, 203, 85];
const SAMPLES: u64 = 10;
/// Sizes of its accounts, with discriminator.
const BOOK_SIDE: usize = 90_952;
const EVENT_HEAP: usize = 91_288;
/// Lots: a thousandth of the base token with nine decimals, a ten-thousandth of the quote token with six.
const BASE_LOT: i64 = 1_000_000;
const QUOTE_LOT: i64 = 100;
/// 150 quote tokens for a base token, in lots.
const PRICE: i64 = 1_500;
const TAKER_FEE: i64 = 200;
const BID: u8 = 0;
const ASK: u8 = 1;
const IMMEDIATE_OR_CANCEL: u8 = 1;
const POST_ONLY: u8 = 2;
/// Most matches and book entries that an order looks at.
const LIMIT: u8 = 20;

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

fn derived(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &OPENBOOK).0
}

fn reads(address: Pubkey) -> AccountMeta {
    AccountMeta::new_readonly(address, false)
}

fn writes(address: Pubkey) -> AccountMeta {
    AccountMeta::new(address, false)
}

fn signs(address: Pubkey) -> AccountMeta {
    AccountMeta::new(address, true)
}

/// An instruction of an Anchor program; absent accounts are the program.
fn instruction(discriminator: [u8; 8], accounts: Vec<AccountMeta>, parts: &[&[u8]]) -> Instruction {
    Instruction { program_id: OPENBOOK, accounts, data: [&discriminator[..], &parts.concat()].concat() }
}

/// A market with makers and a taker.
struct Market {
    machine: Machine,
    address: Pubkey,
    authority: Pubkey,
    bids: Pubkey,
    asks: Pubkey,
    heap: Pubkey,
    mints: [Pubkey; 2],
    vaults: [Pubkey; 2],
}

impl Market {
    fn start(binary: &[u8]) -> Self {
        let mut svm = LiteSVM::new();
        svm.add_program(OPENBOOK, binary).expect("the loader accepts the binary");
        let mut machine = Machine::on(svm, &program());
        let (address, mints) = (key(1), [key(2), key(3)]);
        token::mint(&mut machine, mints[0], 9);
        token::mint(&mut machine, mints[1], 6);
        let authority = derived(&[b"Market", address.as_ref()]);
        let vaults = mints.map(|mint| token_account(&authority, &mint));
        let market = Self { machine, address, authority, bids: key(4), asks: key(5), heap: key(6), mints, vaults };
        market.create()
    }

    fn create(mut self) -> Self {
        for (address, size) in [(self.bids, BOOK_SIDE), (self.asks, BOOK_SIDE), (self.heap, EVENT_HEAP)] {
            let account = Account {
                lamports: self.machine.rent(size),
                data: vec![0; size],
                owner: OPENBOOK,
                ..Account::default()
            };
            self.machine.write(address, account);
        }
        let payer = key(7);
        self.machine.endow(payer);
        let accounts = vec![
            signs(self.address),
            reads(self.authority),
            writes(self.bids),
            writes(self.asks),
            writes(self.heap),
            signs(payer),
            writes(self.vaults[0]),
            writes(self.vaults[1]),
            reads(self.mints[0]),
            reads(self.mints[1]),
            reads(SYSTEM_PROGRAM),
            reads(TOKEN_PROGRAM),
            reads(ASSOCIATED_TOKEN_PROGRAM),
            reads(OPENBOOK),
            reads(OPENBOOK),
            reads(payer),
            reads(OPENBOOK),
            reads(OPENBOOK),
            reads(OPENBOOK),
            reads(derived(&[b"__event_authority"])),
            reads(OPENBOOK),
        ];
        let numbers = [QUOTE_LOT, BASE_LOT, 0, TAKER_FEE, 0].map(i64::to_le_bytes).concat();
        let data: [&[u8]; 5] = [&2u32.to_le_bytes(), b"SU", &0.1f32.to_le_bytes(), &[0], &numbers];
        self.send(instruction(CREATE_MARKET, accounts, &data));
        self
    }

    /// A user with tokens: its two wallets.
    fn user(&mut self, number: u8) -> (Pubkey, [Pubkey; 2]) {
        let owner = key(number);
        self.machine.endow(owner);
        let wallets = self.mints.map(|mint| token_account(&owner, &mint));
        for (wallet, mint) in wallets.iter().zip(self.mints) {
            token::wallet(&mut self.machine, *wallet, mint, owner, 1_000_000_000_000);
        }
        (owner, wallets)
    }

    /// A user with an account for orders.
    fn maker(&mut self, number: u8) -> Maker {
        let (owner, wallets) = self.user(number);
        let indexer = derived(&[b"OpenOrdersIndexer", owner.as_ref()]);
        let orders = derived(&[b"OpenOrders", owner.as_ref(), &1u32.to_le_bytes()]);
        let accounts = vec![signs(owner), signs(owner), writes(indexer), reads(SYSTEM_PROGRAM)];
        self.send(instruction(CREATE_INDEXER, accounts, &[]));
        let accounts = vec![
            signs(owner),
            signs(owner),
            reads(OPENBOOK),
            writes(indexer),
            writes(orders),
            reads(self.address),
            reads(SYSTEM_PROGRAM),
        ];
        self.send(instruction(CREATE_ORDERS, accounts, &[&1u32.to_le_bytes(), b"m"]));
        Maker { owner, wallets, orders }
    }

    /// Rests an ask, so many lots above the price.
    fn ask(&self, maker: &Maker, above: i64, lots: i64) -> Instruction {
        let accounts = vec![
            AccountMeta::new_readonly(maker.owner, true),
            writes(maker.orders),
            reads(OPENBOOK),
            writes(maker.wallets[0]),
            writes(self.address),
            writes(self.bids),
            writes(self.asks),
            writes(self.heap),
            writes(self.vaults[0]),
            reads(OPENBOOK),
            reads(OPENBOOK),
            reads(TOKEN_PROGRAM),
        ];
        let numbers = [PRICE + above, lots, i64::MAX / 1_000_000, 7].map(i64::to_le_bytes).concat();
        instruction(PLACE_ORDER, accounts, &[&[ASK], &numbers, &[POST_ONLY], &0u64.to_le_bytes(), &[0, LIMIT]])
    }

    /// Buys at once.
    fn buy(&self, owner: Pubkey, wallets: [Pubkey; 2], lots: i64) -> Instruction {
        let accounts = vec![
            signs(owner),
            signs(owner),
            writes(self.address),
            reads(self.authority),
            writes(self.bids),
            writes(self.asks),
            writes(self.vaults[0]),
            writes(self.vaults[1]),
            writes(self.heap),
            writes(wallets[0]),
            writes(wallets[1]),
            reads(OPENBOOK),
            reads(OPENBOOK),
            reads(OPENBOOK),
            reads(TOKEN_PROGRAM),
            reads(SYSTEM_PROGRAM),
            reads(OPENBOOK),
        ];
        let numbers = [PRICE + 100, lots, i64::MAX / 1_000_000].map(i64::to_le_bytes).concat();
        instruction(PLACE_TAKE_ORDER, accounts, &[&[BID], &numbers, &[IMMEDIATE_OR_CANCEL, LIMIT]])
    }

    /// Units and transaction cost of an instruction that goes through.
    fn send(&mut self, instruction: Instruction) -> (u64, u64) {
        let work = [instruction];
        let loaded = Loaded::on(&self.machine, &work);
        let done =
            self.machine.send_all(&work).unwrap_or_else(|refused| panic!("{refused:?}\n{}", refused.logs.join("\n")));
        (done.compute, loaded.bill(&self.machine, &work, done.compute).cost())
    }
}

struct Maker {
    owner: Pubkey,
    wallets: [Pubkey; 2],
    orders: Pubkey,
}

/// A fill of so many makers, the last of which keeps a part of its order; what the last of them paid for resting it.
fn measure(binary: &[u8], makers: u8, sample: u64) -> [(u64, u64); 2] {
    let mut market = Market::start(binary);
    let lots = i64::try_from(1_000 + 53 * sample).expect("a few lots");
    let mut placed = (0, 0);
    for number in 0..makers {
        let maker = market.maker(20 + number);
        let ask = market.ask(&maker, i64::from(number), lots);
        placed = market.send(ask);
    }
    let (taker, wallets) = market.user(10);
    let before = token::amount(&market.machine, &wallets[0]);
    let bought = lots * i64::from(makers) - lots / 3;
    let buy = market.buy(taker, wallets, bought);
    let filled = market.send(buy);
    let got = token::amount(&market.machine, &wallets[0]) - before;
    assert_eq!(i64::try_from(got).ok(), Some(bought * BASE_LOT), "all is bought");
    [placed, filled]
}

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("name the file of the program");
        return ExitCode::from(2);
    };
    let binary = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    println!("OpenBook v2, {} bytes; the largest of {SAMPLES} samples", binary.len());
    for makers in [1, 4, 6] {
        let samples: Vec<_> = (0..SAMPLES).map(|sample| measure(&binary, makers, sample)).collect();
        for (at, what) in [(0, "place a limit order"), (1, "place and take")] {
            let units = samples.iter().map(|sample| sample[at].0).max().unwrap_or(0);
            let cost = samples.iter().map(|sample| sample[at].1).max().unwrap_or(0);
            println!("{what}, {makers} makers: {units} units, cost {cost}");
        }
    }
    ExitCode::SUCCESS
}
