//! What one person with several wallets can do, chosen at random.

use super::chance::Chance;
use super::common::{BOOK, BTC, DOLLAR, SOL, World, at_market, ioc, join, limit};
use super::scene::{BYSTANDER, MAKER, MARKETS, Scene, WALLETS};
use super::truth::Brought;
use kedge_model::account::order::{OrderParams, Side};
use kedge_model::action::CancelAll;
use kedge_model::event::{CancelReason, NoEvents};
use kedge_model::quantity::Price;
use kedge_model::rule::risk;

/// One thing that the person does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// One wallet rests an order, another takes it: any price that the exchange lets them agree on.
    Cross { market: usize, maker: usize, taker: usize, side: Side, size: u64, price: At },
    /// Takes from the vAMM and the honest maker.
    Take { market: usize, wallet: usize, side: Side, size: u64, makers: bool },
    /// Places a market order, to be filled when it suits.
    Place { market: usize, wallet: usize, side: Side, size: u64, auction: Option<At> },
    /// Fills an open order of a wallet.
    Fill { wallet: usize, order: u32, makers: bool, filler: usize },
    /// Joins a wallet's own auction from another.
    Join { market: usize, wallet: usize, maker: usize, size: u64 },
    /// Refreshes a row with chosen accounts.
    Refresh { market: usize, choice: [Brought; 2] },
    /// Moves the vAMM.
    UpdateAmm(usize),
    /// Charges funding.
    Fund(usize),
    /// Settles a wallet's profit.
    Settle { market: usize, wallet: usize },
    /// Takes over a position of anybody.
    Liquidate { market: usize, account: usize, wallet: usize, size: u64 },
    /// Gives somebody a unit of a token.
    Give { account: usize, bank: usize },
    /// Takes money out: a share of it, or with zero as much as margin lets go.
    Withdraw { wallet: usize, share: u64 },
    /// Rests an order for anybody.
    Rest { market: usize, wallet: usize, side: Side, size: u64, price: At },
    /// Cancels all orders of a wallet.
    Cancel(usize),
    /// Closes a position with the vAMM and the maker.
    Close { market: usize, wallet: usize },
}

/// A price, relative to what is known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    Truth,
    Row,
    LowEdge,
    HighEdge,
    /// Where nothing can be filled now.
    BeyondLow,
    BeyondHigh,
}

fn side(chance: &mut Chance) -> Side {
    if chance.percent(50) { Side::Long } else { Side::Short }
}

fn at(chance: &mut Chance) -> At {
    chance.pick(&[At::Truth, At::Row, At::LowEdge, At::HighEdge])
}

fn brought(chance: &mut Chance) -> Brought {
    match chance.below(4) {
        0 | 1 => Brought::Newest,
        2 => Brought::Older(usize::try_from(chance.below(12)).unwrap()),
        _ => Brought::Nothing,
    }
}

impl Act {
    /// Anything at all.
    pub(crate) fn any(scene: &Scene, chance: &mut Chance) -> Self {
        let market = chance.pick(&[BTC, BTC, SOL, BOOK]);
        let wallet = chance.pick(&WALLETS);
        let step = scene.world.markets[market].step.0;
        let smallest = scene.world.markets[market].min_order.0;
        // From the smallest order to what 400,000 dollars carry.
        let largest = 3_000_000 * DOLLAR / (scene.truth.price(market) / 1_000_000_000).max(1);
        let size = match chance.below(5) {
            0 => smallest,
            1 => smallest * (1 + chance.below(50)),
            2 => carried(scene, market, wallet, chance) / step * step,
            _ => (largest / (1 + chance.below(60))) / step * step,
        }
        .max(smallest);
        match chance.below(19) {
            0 | 1 => {
                let (maker, price) = (chance.pick(&WALLETS), at(chance));
                Self::Cross { market, maker, taker: wallet, side: side(chance), size, price }
            }
            2..=4 => Self::Take { market, wallet, side: side(chance), size, makers: chance.percent(60) },
            5 | 6 => {
                let auction = if chance.percent(50) { Some(at(chance)) } else { None };
                Self::Place { market, wallet, side: side(chance), size, auction }
            }
            7 | 8 => {
                let (wallet, order) = open_order(scene, chance).unwrap_or((wallet, 0));
                Self::Fill { wallet, order, makers: chance.percent(50), filler: chance.pick(&WALLETS) }
            }
            9 => Self::Join { market, wallet, maker: chance.pick(&WALLETS), size },
            10 => Self::Refresh { market, choice: [brought(chance), brought(chance)] },
            11 => match chance.below(3) {
                0 => Self::UpdateAmm(market),
                1 => Self::Fund(market),
                _ => Self::Settle { market, wallet },
            },
            12 => {
                let account = chance.pick(&[0, 1, 2, 4, 8, 10]);
                Self::Liquidate { market, account, wallet, size }
            }
            13 => Self::Give { account: chance.pick(&[0, 1, 2, 4, 8, 10]), bank: 1 + chance.below(2) as usize },
            14 => Self::Withdraw { wallet, share: chance.below(5) },
            15 | 16 => {
                let price =
                    chance.pick(&[At::Truth, At::Row, At::LowEdge, At::HighEdge, At::BeyondLow, At::BeyondHigh]);
                Self::Rest { market, wallet, side: side(chance), size, price }
            }
            17 => Self::Cancel(wallet),
            _ => Self::Close { market, wallet },
        }
    }

    /// Something that can be done again and again in front of everybody else.
    pub(crate) fn habit(scene: &Scene, chance: &mut Chance) -> Self {
        match Self::any(scene, chance) {
            found @ (Self::Refresh { .. } | Self::Liquidate { .. } | Self::Give { .. } | Self::Fund(_)) => found,
            _ => {
                let market = chance.pick(&MARKETS);
                Self::Refresh { market, choice: [brought(chance), brought(chance)] }
            }
        }
    }

    /// Tries it; what is refused changes nothing.
    pub(crate) fn run(self, scene: &mut Scene) -> bool {
        match self {
            Self::Cross { market, maker, taker, side, size, price } => {
                if maker == taker {
                    return false;
                }
                let price = priced(scene, market, price);
                let mut copy = scene.world.clone();
                let rests = copy.place(maker, limit(market, side.opposite(), size, price)).is_ok();
                let done = rests && copy.take(taker, ioc(market, side, size, price), &[maker]).is_ok();
                if done {
                    scene.world = copy;
                }
                done
            }
            Self::Take { market, wallet, side, size, makers } => take(scene, market, wallet, side, size, makers),
            Self::Place { market, wallet, side, size, auction } => {
                let mut order = at_market(market, side, size);
                if let Some(start) = auction {
                    let worst = if side == Side::Long { At::HighEdge } else { At::LowEdge };
                    order = OrderParams {
                        auction_start: Price(priced(scene, market, start)),
                        auction_end: Price(priced(scene, market, worst)),
                        auction_ms: 60_000,
                        ..order
                    };
                }
                scene.world.place(wallet, order).is_ok()
            }
            Self::Fill { wallet, order, makers, filler } => {
                let Some(order) = scene.world.accounts[wallet].find(order) else { return false };
                let filler = (filler != wallet).then_some(filler);
                let makers = counterparties(scene, wallet, filler, makers);
                scene.filling(order.activation_slot, |scene| {
                    scene.world.fill(usize::from(order.market), wallet, order.id, filler, &makers).is_ok()
                })
            }
            Self::Join { market, wallet, maker, size } => {
                let open =
                    scene.world.accounts[wallet].open().find(|order| usize::from(order.market) == market).copied();
                let Some(order) = open else { return false };
                let worst = if order.side() == Side::Long { 1 } else { u64::MAX };
                let join = join(order.id, size, worst);
                wallet != maker
                    && scene
                        .filling(order.activation_slot, |scene| scene.world.join(market, maker, wallet, join).is_ok())
            }
            Self::Refresh { market, choice } => scene.refresh(market, choice),
            Self::UpdateAmm(market) => scene.update_amm(market),
            Self::Fund(market) => scene.fund(market),
            Self::Settle { market, wallet } => scene.world.settle(market, wallet).is_ok(),
            Self::Liquidate { market, account, wallet, size } => {
                account != wallet && scene.liquidate(market, account, wallet, size).is_ok()
            }
            Self::Give { account, bank } if WALLETS.contains(&account) => scene.world.deposit(account, bank, 1).is_ok(),
            Self::Give { account, bank } => scene.world.give(account, bank, 1).is_ok(),
            Self::Withdraw { wallet, share } => {
                let balance = scene.world.accounts[wallet].head.balance(0).0;
                let amount = match share {
                    0 => {
                        let (head, clock) = (&scene.world.accounts[wallet].head, &scene.world.clock);
                        risk::max_withdrawal(head, &scene.world.board, 0, clock).map_or(0, |amount| amount.0)
                    }
                    share => balance / share,
                };
                let done = scene.world.withdraw(wallet, 0, amount).is_ok();
                if done {
                    scene.take_out(i128::from(amount));
                }
                done
            }
            Self::Rest { market, wallet, side, size, price } => {
                let price = priced(scene, market, price);
                scene.world.place(wallet, limit(market, side, size, price)).is_ok()
            }
            Self::Cancel(wallet) => {
                let all = CancelAll { market: None, reason: CancelReason::Requested };
                all.execute(&mut scene.world.accounts[wallet].borrow(), &mut NoEvents)
                    .is_ok_and(|report| report.cancelled > 0)
            }
            Self::Close { market, wallet } => {
                let base = scene.world.accounts[wallet].position(market).base;
                !base.is_zero() && take(scene, market, wallet, Side::closing(base), base.size().0, true)
            }
        }
    }
}

/// Any open order of the wallets.
fn open_order(scene: &Scene, chance: &mut Chance) -> Option<(usize, u32)> {
    let of = |wallet: usize| scene.world.accounts[wallet].open().map(move |order| (wallet, order.id));
    let open: Vec<(usize, u32)> = WALLETS.into_iter().flat_map(of).collect();
    (!open.is_empty()).then(|| chance.pick(&open))
}

/// About as much as a wallet can carry at ten times what it is worth.
fn carried(scene: &Scene, market: usize, wallet: usize, chance: &mut Chance) -> u64 {
    let tenths = i128::from(50 + chance.below(50));
    let size = scene.worth(wallet).max(0) * tenths / 10 * 1_000_000_000 / i128::from(scene.truth.price(market));
    u64::try_from(size).unwrap()
}

fn take(scene: &mut Scene, market: usize, wallet: usize, side: Side, size: u64, makers: bool) -> bool {
    let edge = if side == Side::Long { At::HighEdge } else { At::LowEdge };
    let order = ioc(market, side, size, priced(scene, market, edge));
    let makers = counterparties(scene, wallet, None, makers);
    scene.world.take(wallet, order, &makers).is_ok()
}

/// The accounts that are handed in: with the honest maker or without; always the one who referred the first wallet.
fn counterparties(scene: &Scene, wallet: usize, filler: Option<usize>, makers: bool) -> Vec<usize> {
    let mut named = if makers { vec![MAKER] } else { Vec::new() };
    if scene.world.accounts[wallet].head.referrer != [0; 32] {
        named.push(BYSTANDER);
    }
    named.retain(|account| *account != wallet && Some(*account) != filler);
    named
}

/// A price on the tick.
fn priced(scene: &Scene, market: usize, price: At) -> u64 {
    let world: &World = &scene.world;
    let (oracle, tick) = (world.oracle(market), world.markets[market].tick.0);
    let (low, high) = world.markets[market].band(oracle).unwrap();
    let raw = match price {
        At::Truth => scene.truth.price(market).clamp(low.0, high.0),
        At::Row => oracle.0,
        At::LowEdge => low.0 + tick - 1,
        At::HighEdge => high.0,
        At::BeyondLow => low.0 - low.0 / 200,
        At::BeyondHigh => high.0 + high.0 / 200,
    };
    (raw / tick * tick).max(tick)
}
