//! Anchor's own Rust client, which knows nothing but the IDL, against what the Rust crates make: the vectors in the file
//! that the first argument names.

#[path = "../../vectors.rs"]
mod vectors;

use std::rc::Rc;

use anchor_client::{Client, Cluster};
use anchor_lang::prelude::*;
use anchor_lang::{AccountDeserialize, InstructionData};
use serde_json::Value;
use solana_keypair::Keypair;
use vectors::{bytes, entry, is_built, items, number, order_params};

declare_program!(kedge);
// The macro does not tell cargo what it read.
const _: &[u8] = include_bytes!("../idls/kedge.json");

use kedge::accounts::{Bank, Exchange, Market, PriceBoard, SubAccount, Trader};
use kedge::client::{accounts, args};
use kedge::error::KedgeError;
use kedge::parsers::Event;
use kedge::types::{EventHeader, KedgeEvent, MarketStatus, Order, OrderKind, OrderParams, OrderStatus, RecordHeader, Side};

/// Where a sub-account's slots begin, and how far apart they are.
const TAIL: (usize, usize) = (1_552, 96);

fn main() {
    let vectors = vectors::read();
    every_instruction_is_read_and_written(&vectors["instructions"]);
    orders_are_built(entry(&vectors["instructions"], "place_orders"));
    accounts_are_read(&vectors["accounts"]);
    records_are_read(&vectors["events"]);
    constants_are_bytes_and_numbers();
    errors_have_numbers_and_texts(&vectors["errors"]);
    println!("anchor-client: instructions, accounts, records, events, constants and errors are those of the Rust crates");
}

macro_rules! instructions {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// What the arguments in these bytes are written as.
        fn written(name: &str, data: &[u8]) -> Vec<u8> {
            match name {
                $( stringify!($name) => args::$name::try_from_slice(&data[8..]).unwrap().data(), )*
                _ => panic!("add {name} to the judge"),
            }
        }
    };
}
instructions! {
    Initialize SetFees ListBank ListMarket SetMarketStatus SetExpiry DelistMarket SetPaused HaltRow
    ProposeAdmin AcceptAdmin FundPool AssignFeeTier CreateTrader CreateSubAccount CloseSubAccount CloseTrader
    GrowOrders SetDelegate SetBuilder Deposit Withdraw Transfer Stake RequestUnstake CancelUnstake Unstake PlaceOrders PlaceSignedOrders
    RevokeSignedOrders CancelOrder CancelAll CancelOrders ModifyOrder ReplaceOrders PlaceAndTake PlaceAndMake
    RefreshPrices FillOrder TriggerOrder TrailOrder SliceOrder ExpireOrders UpdateAmm UpdateFunding
    UpdateFeeTier SettlePnl SettleMarket SettlePosition SweepFees Liquidate LiquidateWithFill SettleBankruptcy IsolatePosition
    TransferIsolated MergePosition SetLeverage CreateBackstop StakeVault UnstakeVault TakeOver UnwindBackstop
    Uncross Verify PayTreasury
}

fn every_instruction_is_read_and_written(vectors: &Value) {
    for vector in items(vectors) {
        let snake = vector["name"].as_str().unwrap();
        let name: String = snake.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let data = bytes(&vector["built"]["data"]);
        assert_eq!(written(&name, &data), data, "{name}");
    }
    assert_eq!(items(vectors).len(), NAMES.len());
}

/// An instruction as somebody writes it who has only the IDL.
fn orders_are_built(vector: &Value) {
    let orders = items(&vector["arguments"]["orders"]).iter().map(|order| order_params!(order));
    let key = |name: &str| vector["accounts"][name]["address"].as_str().unwrap().parse::<Pubkey>().unwrap();
    let expected = items(&vector["built"]["accounts"]);
    let address = |index: usize| expected[index]["address"].as_str().unwrap().parse::<Pubkey>().unwrap();
    let client = Client::new(Cluster::Localnet, Rc::new(Keypair::new()));
    let program = client.program(kedge::ID).unwrap();
    let accounts = accounts::PlaceOrders {
        signer: key("signer"),
        exchange: address(1),
        board: address(2),
        market: key("market"),
        sub_account: key("sub_account"),
    };
    let request = program.request().accounts(accounts).args(args::PlaceOrders { orders: orders.collect() });
    let built = request.instructions().pop().unwrap();
    let metas = built.accounts.iter().map(|m| (m.pubkey.to_string(), m.is_signer, m.is_writable)).collect();
    is_built(vector, built.program_id.to_string(), &built.data, metas);
}

/// Reads an account, and writes it again.
fn account<T: AccountDeserialize + AnchorSerialize>(vectors: &Value, name: &str) -> T {
    let data = bytes(&entry(vectors, name)["data"]);
    let account = T::try_deserialize(&mut &data[..]).unwrap();
    let fields = borsh(&account);
    assert_eq!(fields, data[8..8 + fields.len()], "{name}");
    assert!(T::try_deserialize(&mut &[&[0; 8], &data[8..]].concat()[..]).is_err(), "{name} of another kind");
    account
}

fn borsh(value: &impl AnchorSerialize) -> Vec<u8> {
    let mut written = Vec::new();
    value.serialize(&mut written).unwrap();
    written
}

fn accounts_are_read(vectors: &Value) {
    let value = |name: &str| &entry(vectors, name)["value"];
    let _: (Exchange, Bank, Trader) =
        (account(vectors, "Exchange"), account(vectors, "Bank"), account(vectors, "Trader"));
    let market: Market = account(vectors, "Market");
    assert_eq!(market.status as u64, number(&value("Market")["status"]));
    assert_eq!(MarketStatus::Active as u8, 1);
    let board: PriceBoard = account(vectors, "PriceBoard");
    let row = &value("PriceBoard")["markets"][3]["price"];
    assert_eq!((board.markets[3].price.state as u64, board.markets[3].price.price), (number(&row["state"]), number(&row["price"])));

    let sub_account: SubAccount = account(vectors, "SubAccount");
    let expected = value("SubAccount");
    assert_eq!(sub_account.authority.to_bytes()[..], bytes(&expected["authority"]));
    assert_eq!(sub_account.balances[1].used, expected["balances"][1]["used"].as_bool().unwrap());
    let data = bytes(&entry(vectors, "SubAccount")["data"]);
    let slots: Vec<Order> =
        data[TAIL.0..].chunks_exact(TAIL.1).map(|slot| Order::try_from_slice(slot).unwrap()).collect();
    let orders = items(&expected["orders"]);
    assert_eq!(slots.len(), orders.len());
    for (slot, order) in slots.iter().zip(orders) {
        assert_eq!((slot.size, slot.id as u64), (number(&order["size"]), number(&order["id"])));
        assert_eq!((slot.side as u64, slot.kind as u64), (number(&order["side"]), number(&order["kind"])));
        assert_eq!(slot.status as u64, number(&order["status"]));
    }
    assert_eq!((OrderStatus::Open as u8, OrderStatus::Waiting as u8), (1, 2));
}

fn records_are_read(vectors: &Value) {
    for vector in items(vectors) {
        let message = bytes(&vector["message"]);
        let rest = &mut &message[..];
        let header = EventHeader::deserialize(rest).unwrap();
        assert_eq!(header.signer.to_bytes()[..], bytes(&vector["header"]["signer"]));
        events_are_known(vector, rest);
        let record = RecordHeader::deserialize(rest).unwrap();
        assert_eq!(rest.len(), usize::from(record.length));
        // The enum has the number in front of the record, and nothing else.
        let tagged = [&[record.kind], *rest].concat();
        let event = KedgeEvent::try_from_slice(&tagged).unwrap();
        assert_eq!(borsh(&event), tagged);
        if let KedgeEvent::Fill { record } = event {
            let expected = &vector["record"];
            assert_eq!((record.size, record.quote), (number(&expected["size"]), number(&expected["quote"])));
            assert_eq!((record.side as u64, record.source as u64), (number(&expected["side"]), number(&expected["source"])));
        }
    }
}

macro_rules! events {
    ($($name:ident)*) => {
        /// An event's name, and the bytes that it is written as. One that is not listed does not compile.
        fn known(event: Event) -> (&'static str, Vec<u8>) {
            match event {
                $( Event::$name(event) => (stringify!($name), anchor_lang::Event::data(&event)), )*
            }
        }
    };
}
events! {
    Deposit Withdraw Transfer OrderPlaced OrderCancelled Fill Funding SettlePnl Liquidation Bankruptcy AmmUpdate FeeSweep
    PoolFunded IsolatedCollateral Crank MarketChanged PositionSettled OrderModified Stake
}

/// A record with its header in front is an event of the IDL.
fn events_are_known(vector: &Value, framed: &[u8]) {
    let event = Event::parse(framed).unwrap();
    if let Event::Fill(fill) = &event {
        let expected = &vector["record"];
        assert_eq!((fill.size, fill.quote), (number(&expected["size"]), number(&expected["quote"])));
        assert_eq!(fill.taker.authority.to_bytes()[..], bytes(&expected["taker"]["authority"]));
    }
    assert_eq!(known(event), (vector["kind"].as_str().unwrap(), framed.to_vec()));
}

fn constants_are_bytes_and_numbers() {
    use kedge::constants::{EVENT_CALL_TAG, MAX_ORDERS, PRICE_SCALE, SIGNED_DOMAIN};
    assert_eq!(EVENT_CALL_TAG, anchor_lang::event::EVENT_IX_TAG_LE, "Anchor's own tag of events by a call");
    assert_eq!(SIGNED_DOMAIN, b"kedge orders v1\n");
    assert_eq!((MAX_ORDERS, PRICE_SCALE), (128, 1_000_000));
}

fn errors_have_numbers_and_texts(vectors: &Value) {
    let vector = entry(vectors, "InsufficientMargin");
    assert_eq!(u64::from(u32::from(KedgeError::InsufficientMargin)), vector["code"].as_u64().unwrap());
    assert_eq!(KedgeError::InsufficientMargin.to_string(), vector["message"].as_str().unwrap());
}
