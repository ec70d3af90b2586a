//! Random moves of collateral between pockets, and what no action may do to a pocket that it is not about.

use super::World;
use super::ops::{Tally, account, market, pick};
use kedge_model::account::board::Purpose;
use kedge_model::account::order::Order;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::{Position, status as alone};
use kedge_model::account::sub_account::{Balance, SubAccount, status};
use kedge_model::quantity::Quote;
use kedge_model::rule::margin::{MarginKind, margin_of};
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Isolate { account: usize, market: usize, share: u64 },
    TransferIsolated { account: usize, market: usize, amount: i64 },
    Merge { account: usize, market: usize },
    Leverage { account: usize, market: usize, ratio: u32 },
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let amount = prop_oneof![-50_000_000_000i64..50_000_000_000, -2_000i64..2_000];
    let ratio = prop_oneof![2 => Just(0u32), 3 => 50_000u32..1_100_000];
    prop_oneof![
        4 => (account(), market(), 1u64..1_000)
            .prop_map(|(account, market, share)| Op::Isolate { account, market, share }),
        3 => (account(), market(), amount)
            .prop_map(|(account, market, amount)| Op::TransferIsolated { account, market, amount }),
        2 => (account(), market()).prop_map(|(account, market)| Op::Merge { account, market }),
        1 => (account(), market(), ratio)
            .prop_map(|(account, market, ratio)| Op::Leverage { account, market, ratio }),
    ]
}

/// The pocket that an account's position in a market is in.
pub(crate) fn pocket(world: &World, market: usize, account: usize) -> Pocket {
    Pocket::of(&world.accounts[account].head, World::index(market))
}

/// What an account has outside of a pocket.
pub(crate) type Others = (Option<[Balance; 8]>, u8, Vec<Position>, Vec<Order>);

pub(crate) fn others(world: &World, pocket: Pocket, account: usize) -> Others {
    let account = &world.accounts[account];
    // The slot of an isolated pocket that has ended stays for the margin that its owner has set, and is nobody else's.
    let ended = |p: &Position| pocket == Pocket::Isolated(p.market);
    let outside = |p: &&Position| p.is_used() && !pocket.holds(p) && !ended(p);
    let positions: Vec<Position> = account.head.positions.iter().filter(outside).copied().collect();
    let orders = account.open().filter(|order| positions.iter().any(|p| p.market == order.market)).copied().collect();
    let status = account.head.status & (status::BEING_LIQUIDATED | status::BANKRUPT);
    match pocket {
        Pocket::Cross => (None, 0, positions, orders),
        Pocket::Isolated(_) => (Some(account.head.balances), status, positions, orders),
    }
}

/// Quote tokens of an account in all pockets, and its claims.
fn tokens(world: &World, account: usize) -> (u64, Vec<Quote>) {
    let head = &world.accounts[account].head;
    let isolated: u64 = head.positions.iter().map(|position| position.isolated.0).sum();
    let claims = head.positions.iter().filter(|p| !p.quote.is_zero()).map(|position| position.quote).collect();
    (head.balance(0).0 + isolated, claims)
}

/// Runs one and checks what it promises.
pub(crate) fn step(world: &mut World, op: &Op, tally: &mut Tally) {
    let met = |world: &World, account: usize, market: usize| {
        let head = &world.accounts[account].head;
        let pocket = Pocket::of(head, World::index(market));
        head.positions.iter().filter(|p| pocket.holds(p)).all(|p| p.is_idle())
            || world.margin_in(account, market, MarginKind::Initial, Purpose::Withdraw).unwrap().is_met()
    };
    match *op {
        Op::Isolate { account, market, share } => {
            let held = |w: &World, m: usize, a: usize| {
                let position = w.accounts[a].position(m);
                !position.base.is_zero() && !position.is_isolated()
            };
            // Of two calls one gives just what an open position needs, the other any part of the balance.
            let (market, account) = if share % 2 == 0 { pick(world, market, account, held) } else { (market, account) };
            let balance = u128::from(world.accounts[account].head.balance(0).0);
            let part = u64::try_from(balance * u128::from(share) / 1_000).unwrap();
            let position = world.accounts[account].position(market);
            // As if it were isolated already.
            let mut head = SubAccount { status: status::HAS_ISOLATED, ..SubAccount::default() };
            head.positions[0] = Position { status: alone::USED | alone::ISOLATED, ..position };
            let pocket = Pocket::Isolated(position.market);
            let (kind, purpose) = (MarginKind::Initial, Purpose::Withdraw);
            let margin = margin_of(&head, pocket, &world.board, kind, purpose, &world.clock);
            let amount = match margin {
                Ok(margin) if share % 2 == 0 => u64::try_from(1 - margin.free().unwrap().0).unwrap_or(1),
                _ => part,
            };
            let tokens = tokens(world, account);
            let result = world.isolate(account, market, amount);
            assert_eq!(self::tokens(world, account), tokens, "moving between pockets costs nothing");
            if result.is_ok() {
                assert!(met(world, account, market), "isolated below initial margin");
                let left = world.accounts[account].head.positions.iter().find(|p| p.is_cross()).map(|p| p.market);
                assert!(left.is_none_or(|other| met(world, account, usize::from(other))), "left below initial margin");
            }
            tally.note("isolate", result);
        }
        Op::TransferIsolated { account, market, amount } => {
            let tokens = tokens(world, account);
            let result = world.transfer_isolated(account, market, amount);
            assert_eq!(self::tokens(world, account), tokens, "moving between pockets costs nothing");
            if result.is_ok() && amount < 0 {
                assert!(met(world, account, market), "taken out below initial margin");
            }
            tally.note("transfer isolated", result);
        }
        Op::Merge { account, market } => {
            let tokens = tokens(world, account);
            let result = world.merge(account, market);
            assert_eq!(self::tokens(world, account), tokens, "moving between pockets costs nothing");
            if result.is_ok() {
                assert!(!world.accounts[account].position(market).is_isolated());
                assert!(met(world, account, market), "merged below initial margin");
            }
            tally.note("merge", result);
        }
        Op::Leverage { account, market, ratio } => {
            tally.note("leverage", world.leverage(account, market, ratio));
        }
    }
}
