//! A market whose row has several sources, one of each kind.

use kedge_interface::address::pyth;
use kedge_interface::instruction::keeper::RefreshPrices;
use kedge_model::account::board::{PriceRow, PriceSource, RowState, SourceKind};
use kedge_model::action::MarketParams;
use kedge_tests::World;
use kedge_tests::market::{DOLLAR, USDC, market_feed, market_params};
use kedge_tests::oracle::{self, Quote, Update};
use solana_pubkey::Pubkey;

pub(crate) const PUSH: Pubkey = Pubkey::new_from_array([0x77; 32]);
pub(crate) const ON_DEMAND: Pubkey = Pubkey::new_from_array([0x78; 32]);
pub(crate) const V2: Pubkey = Pubkey::new_from_array([0x79; 32]);
pub(crate) const COIN: u16 = 3;
/// Ten dollars.
pub(crate) const TEN: u64 = 10_000_000;

/// The sources in order; a row of `n` sources has the first `n`.
pub(crate) const KINDS: [SourceKind; 4] =
    [SourceKind::PythPull, SourceKind::SwitchboardOnDemand, SourceKind::PythPush, SourceKind::SwitchboardV2];

pub(crate) fn key(kind: SourceKind) -> [u8; 32] {
    match kind {
        SourceKind::PythPush => PUSH.to_bytes(),
        SourceKind::SwitchboardOnDemand => ON_DEMAND.to_bytes(),
        SourceKind::SwitchboardV2 => V2.to_bytes(),
        _ => market_feed(COIN),
    }
}

pub(crate) fn account(kind: SourceKind) -> Pubkey {
    if kind.names_account() { Pubkey::new_from_array(key(kind)) } else { oracle::address(&key(kind)) }
}

/// Contents of a source's account now, at a price, with 2 bps of uncertainty.
pub(crate) fn quote(world: &World, price: u64) -> Quote {
    Quote { price, confidence: 2_000, publish_time: world.time(), slot: world.slot }
}

/// Writes a source's account, good in every way.
pub(crate) fn write(world: &mut World, kind: SourceKind, quote: Quote) {
    let (owner, data) = match kind {
        SourceKind::PythPush => (oracle::PYTH_PUSH, quote.pyth_push(1)),
        SourceKind::SwitchboardOnDemand => (oracle::SWITCHBOARD_ON_DEMAND, quote.switchboard_on_demand(3)),
        SourceKind::SwitchboardV2 => (oracle::SWITCHBOARD_V2, quote.switchboard_v2(3)),
        _ => (pyth::RECEIVER, update(&quote).bytes()),
    };
    oracle::put(&mut world.machine, account(kind), owner, data);
}

pub(crate) fn update(quote: &Quote) -> Update {
    Update {
        feed: market_feed(COIN),
        price: quote.price,
        confidence: quote.confidence,
        publish_time: quote.publish_time,
        posted_slot: quote.slot,
        signatures: None,
    }
}

/// Writes present prices into the first sources.
pub(crate) fn publish(world: &mut World, prices: &[u64]) {
    for (kind, price) in KINDS.into_iter().zip(prices) {
        let quote = quote(world, *price);
        write(world, kind, quote);
    }
}

/// The refresh of a row of `count` sources.
pub(crate) fn refreshing(count: usize) -> RefreshPrices {
    with_accounts(KINDS[..count].iter().map(|kind| account(*kind)).collect())
}

pub(crate) fn with_accounts(oracles: Vec<Pubkey>) -> RefreshPrices {
    RefreshPrices { markets: vec![3], banks: Vec::new(), oracles }
}

pub(crate) fn row(world: &World) -> PriceRow {
    world.board().markets[usize::from(COIN)].price
}

pub(crate) fn state(world: &World) -> RowState {
    RowState::from_number(row(world).state)
}

pub(crate) fn params(count: usize, quorum: u8) -> MarketParams {
    let mut params = market_params(COIN);
    for (slot, kind) in params.row.sources.iter_mut().zip(&KINDS[..count]) {
        *slot = PriceSource { key: key(*kind), kind: *kind as u8, ..PriceSource::default() };
    }
    params.row.quorum = quorum;
    params
}

/// The standard world and one more market at ten dollars whose row has these sources.
pub(crate) fn world_of(params: &MarketParams) -> World {
    let mut world = World::start();
    let listing = world.listing_of_market(params);
    world.run(listing).expect("listed");
    world
}

pub(crate) fn world(count: usize, quorum: u8) -> World {
    world_of(&params(count, quorum))
}

/// The same with the market open and its vAMM funded, a second ago.
pub(crate) fn open_world(count: usize, quorum: u8) -> World {
    let mut world = world(count, quorum);
    publish(&mut world, &[TEN; 4][..count]);
    world.run(refreshing(count)).expect("refreshed");
    world.open_market(COIN);
    let patron = world.token_owner(Pubkey::new_from_array([0x44; 32]), USDC, 500_000 * DOLLAR);
    world.fund(patron, COIN, 0, 500_000 * DOLLAR).expect("the vAMM is funded");
    world.pass_ms(1_000);
    world
}
