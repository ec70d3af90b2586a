//! Auctions, offsets, triggers, slices.

use super::stage::{NOW, PLENTY, SLOT, Stage};
use super::{Inputs, Outputs};
use crate::out;
use kedge_model::account::board::PriceRow;
use kedge_model::account::market::Market;
use kedge_model::account::offer::{at_offset, offset_to};
use kedge_model::account::order::{Order, OrderKind, RawLevel, RawLimit, STATUS_OPEN, STATUS_WAITING, flags};
use kedge_model::account::position::{Position, status};
use kedge_model::action::{SliceOrder, TrailOrder};
use kedge_model::quantity::{Amount, Price, Quote, Size};
use kedge_model::rule::auction::{derive, interpolate, judge, width};
use kedge_model::rule::trigger::{is_left_behind, is_reached};
use kedge_model::time::{Slot, SlotTime, Slots};

pub(super) fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "auction_price" => interpolate(x.side(), x.price(), x.price(), Slots(x.int()), Slots(x.int()), x.price())
            .map(|price| vec![price.0.into()]),
        "auction_width" => {
            let row = PriceRow { deviation: x.price(), price: x.price(), ..PriceRow::default() };
            width(&row, x.ppm()).map(|width| vec![width.0.into()])
        }
        "auction_derive" => derived(x),
        "offset" => offset(x),
        "shown" => shown(x),
        "reached" => reached(x),
        "trail" => trail(x),
        "last_price" => last_price(x),
        "slice" => slice(x),
        _ => return None,
    })
}

fn derived(x: &mut Inputs<'_>) -> Outputs {
    let (side, oracle, limit, width) = (x.side(), x.price(), x.price(), x.ppm());
    let named = (x.price(), x.price());
    let (start, end) = derive(side, oracle, limit, width)?;
    out![start.0, end.0, judge(side, named, start, width)?.0]
}

fn offset(x: &mut Inputs<'_>) -> Outputs {
    let (side, oracle, offset, tick, price) = (x.side(), x.price(), x.int(), x.price(), x.price());
    out![at_offset(side, oracle, offset, tick)?.0, offset_to(side, oracle, price, tick)?]
}

fn shown(x: &mut Inputs<'_>) -> Outputs {
    let extent = x.int();
    let kind = if x.flag() { OrderKind::Limit } else { OrderKind::Market };
    let (step, size, filled) = (x.size(), x.size(), x.size());
    let order = Order { extent, kind: kind as u8, size, filled, status: STATUS_OPEN, ..Order::default() };
    out![order.shown(step)?.0]
}

fn reached(x: &mut Inputs<'_>) -> Outputs {
    let (kind, side, status, trigger_price, price) = (x.int(), x.side(), x.int(), x.price(), x.price());
    let order = Order {
        kind,
        side: side as u8,
        status,
        trigger_price: RawLevel::trigger(trigger_price),
        price: RawLimit::price(trigger_price),
        flags: if x.flag() { flags::NO_LIMIT } else { 0 },
        auction_slots: x.int(),
        activation_slot: SLOT,
        ..Order::default()
    };
    let slot = SLOT + x.int::<u64>();
    out![is_reached(&order, price), is_left_behind(&order, price, slot)]
}

/// A stage on which one order waits or comes in slices, whose owner can pay for everything.
fn with_order(price: Price, order: Order) -> Stage {
    let mut stage = Stage::new(price);
    stage.orders[0] = Order { id: 1, size: order.size.max(Size(1)), ..order };
    stage.account.positions[0] =
        Position { quote: Quote(1 << 60), open_orders: 1, status: status::USED, ..Position::default() };
    stage.account.open_orders = 1;
    stage
}

fn trail(x: &mut Inputs<'_>) -> Outputs {
    let (side, price, extent, tick, trigger_price) = (x.side(), x.price(), x.int(), x.price(), x.price());
    let order = Order {
        side: side as u8,
        extent,
        trigger_price: RawLevel::trigger(trigger_price),
        kind: OrderKind::TrailingStop as u8,
        status: STATUS_WAITING,
        ..Order::default()
    };
    let mut stage = with_order(price, order);
    stage.market.tick = tick;
    let report = stage.run(|context, _, owner, _| TrailOrder { order_id: 1, slot: 0 }.execute(context, owner, None))?;
    assert_eq!(stage.orders[0].level(), report.trigger_price);
    out![report.trigger_price.0]
}

fn last_price(x: &mut Inputs<'_>) -> Outputs {
    let (last_price, price, value, oracle) = (x.price(), x.price(), x.amount(), x.price());
    let mut stage = Stage::new(oracle);
    stage.board.slot_micros = SlotTime(x.int());
    stage.clock.slot = 1 << 50;
    let mut market =
        Market { last_price, last_fill_slot: Slot(stage.clock.slot - x.int::<u64>()), ..Market::default() };
    market.note_fill(price, value, oracle, &stage.board, &stage.clock);
    assert_eq!((market.last_fill_price, market.last_fill_slot), (price, stage.clock.at()));
    out![market.last_price.0]
}

fn slice(x: &mut Inputs<'_>) -> Outputs {
    let (step, extent, size, released, filled) = (x.size(), x.int(), x.size(), x.int(), x.size());
    let (link, micros, elapsed): (u32, u64, u64) = (x.int(), x.int(), x.int());
    let order = Order {
        extent,
        size,
        filled,
        link,
        trigger_price: RawLevel::released(Size(released)),
        kind: OrderKind::Twap as u8,
        status: STATUS_OPEN,
        activation_slot: SLOT.saturating_sub(elapsed),
        ..Order::default()
    };
    let mut stage = with_order(Price(1_000_000), order);
    (stage.market.step, stage.board.slot_micros) = (step, SlotTime(micros));
    stage.other.balances[0].amount = Amount(PLENTY);
    let fee = if released == size.0 { 0 } else { kedge_model::action::CRANK_FEE.0 };
    let report = stage
        .run(|context, _, owner, crank| SliceOrder { order_id: 1, slot: 0 }.execute(context, owner, Some(crank)))?;
    assert_eq!((report.reward, stage.clock.unix_time), (Amount(fee), NOW));
    assert_eq!((stage.orders[0].released(), stage.orders[0].activation_slot), (report.released, SLOT));
    out![report.released.0]
}
