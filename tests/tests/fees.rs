//! Shares of a taker's fee for referrer and builder, and fee tiers by volume.

use kedge_interface::address;
use kedge_interface::event::Event;
use kedge_interface::instruction::{AssignFeeTier, SetBuilder, SetFees, UpdateFeeTier};
use kedge_model::Error;
use kedge_model::account::exchange::FeeSchedule;
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::quantity::{Amount, Ppm, Quote};
use kedge_tests::machine::Done;
use kedge_tests::market::{DOLLAR, ONE, SOL};
use kedge_tests::orders::{auction, ioc, limit};
use kedge_tests::world::{User, World};

fn fill(done: &Done) -> kedge_model::event::FillRecord {
    let fills: Vec<_> =
        done.events().into_iter().filter_map(|e| if let Event::Fill(fill) = e { Some(fill) } else { None }).collect();
    let [only] = fills[..] else { panic!("one fill, not {fills:?}") };
    only
}

/// A taker referred by the second user, with the third as builder, and a maker with ten SOL for sale at 150.
fn stage() -> (World, [User; 4]) {
    let mut world = World::start();
    let (referrer, builder, maker) = (world.rich(100), world.rich(100), world.rich(10_000));
    let taker = world.referred(referrer, 10_000);
    world.place(maker, limit(SOL, Side::Short, 10 * ONE, 150 * DOLLAR)).expect("the maker rests");
    (world, [taker, referrer, builder, maker])
}

fn claim(world: &World, user: User) -> Quote {
    world.position(user, SOL).quote
}

#[test]
fn a_referred_taker_pays_less_and_the_referrer_gets_a_share_when_it_is_there() {
    let (mut world, [taker, referrer, _, maker]) = stage();
    let buy = ioc(SOL, Side::Long, ONE, 150 * DOLLAR);
    let alone = fill(&world.take(taker, buy, &[maker]).expect("a fill"));
    // 150 dollars at 10 bps, less five percent.
    assert_eq!((alone.taker_fee, alone.referrer_share), (Amount(142_500), Amount(0)));
    let kept = world.market(SOL).fees.0;
    assert_eq!(kept, 142_500 - 30_000, "the share stays with the exchange");
    let mut taking = world.taking(taker, buy, ONE, &[maker]);
    taking.maker_accounts.push(referrer.sub);
    // A share of a few cents takes no position slot: a person who wants the share in a market has a slot there.
    let unasked = fill(&world.run(taking.clone()).expect("a fill"));
    assert_eq!((unasked.taker_fee, unasked.referrer_share), (Amount(142_500), Amount(0)));
    assert!(world.sub(&referrer.sub).head.positions.iter().all(|position| !position.is_used()));
    world.set_leverage(referrer, SOL, 100_000).expect("a leverage of its own");
    let kept_before = world.market(SOL).fees.0;
    let shared = fill(&world.run(taking).expect("a fill"));
    assert_eq!((shared.taker_fee, shared.referrer_share), (Amount(142_500), Amount(21_375)));
    assert_eq!(claim(&world, referrer), Quote(21_375));
    assert_eq!(world.market(SOL).fees.0, kept_before + kept - 21_375);
    assert_eq!(world.market(SOL).shared_fees, 21_375);
    // In an auction too, and when the referrer is the maker itself.
    let id = world.place(taker, auction(SOL, Side::Long, ONE, 150 * DOLLAR, 151 * DOLLAR)).expect("placed");
    let mut making = world.making(maker, taker, id, ONE / 2, DOLLAR);
    making.sharers.push(referrer.sub);
    assert_eq!(fill(&world.run(making).expect("half")).referrer_share, Amount(10_687));
    let own = world.making(referrer, taker, id, ONE / 2, DOLLAR);
    assert_eq!(fill(&world.run(own).expect("the other half")).referrer_share, Amount(10_687));
    // A person cannot be their own referrer.
    let person = kedge_tests::world::key(6, 9);
    world.machine.endow(person);
    let create = kedge_interface::instruction::CreateTrader::of(person, person).referred_by(&person);
    assert_eq!(world.run(create).expect_err("refused").refusal, Error::InvalidParameter.into());
}

#[test]
fn a_builder_gets_its_fee_from_orders_that_say_so_while_it_is_approved() {
    let (mut world, [taker, _, builder, maker]) = stage();
    let buy =
        OrderParams { flags: flags::IMMEDIATE_OR_CANCEL | flags::BUILDER, ..limit(SOL, Side::Long, ONE, 150 * DOLLAR) };
    let taking = |world: &World, order: OrderParams| {
        let mut taking = world.taking(taker, order, ONE, &[maker]);
        taking.maker_accounts.push(builder.sub);
        taking
    };
    let approve =
        |fee: u32, builder: [u8; 32]| SetBuilder { authority: taker.authority, sub_account: taker.sub, builder, fee };
    let before = fill(&world.run(taking(&world, buy)).expect("nobody is approved"));
    assert_eq!(before.builder_fee, Amount(0));
    let refused = world.run(approve(1_001, builder.authority.to_bytes())).expect_err("too much").refusal;
    assert_eq!(refused, Error::InvalidParameter.into());
    world.run(approve(200, builder.authority.to_bytes())).expect("approved");
    let unasked = fill(&world.run(taking(&world, buy)).expect("a fill"));
    assert_eq!(unasked.builder_fee, Amount(0), "a fee opens no slot");
    world.set_leverage(builder, SOL, 200_000).expect("a slot for its fees");
    let paid = fill(&world.run(taking(&world, buy)).expect("a fill"));
    assert_eq!((paid.taker_fee, paid.builder_fee), (Amount(142_500), Amount(30_000)));
    assert_eq!(claim(&world, builder), Quote(30_000));
    let plain = ioc(SOL, Side::Long, ONE, 150 * DOLLAR);
    assert_eq!(fill(&world.run(taking(&world, plain)).expect("a fill")).builder_fee, Amount(0));
    world.run(approve(0, [0; 32])).expect("taken back");
    assert_eq!(fill(&world.run(taking(&world, buy)).expect("a fill")).builder_fee, Amount(0));
}

#[test]
fn volume_betters_the_fee_tier_and_falls_out_after_thirty_days() {
    let (mut world, [taker, _, _, maker]) = stage();
    let mut schedule = FeeSchedule::initial();
    schedule.tier_volumes = [0, 100, 200, 1_000, 2_000, 3_000, 4_000, 5_000].map(|dollars| dollars * DOLLAR);
    let admin = world.admin;
    world.run(SetFees { signer: admin, schedule }).expect("other volumes");
    let update = UpdateFeeTier { trader: address::trader(&taker.authority), sub_account: taker.sub };
    let buy = ioc(SOL, Side::Long, ONE, 150 * DOLLAR);
    world.take(taker, buy, &[maker]).expect("150 dollars");
    let of = |world: &World| world.sub(&taker.sub).head.fee_tier;
    assert_eq!(of(&world), 0, "nobody has counted yet");
    world.run(update.clone()).expect("counted");
    assert_eq!(of(&world), 1);
    world.take(taker, buy, &[maker]).expect("150 dollars more");
    world.run(update.clone()).expect("counted");
    world.run(update.clone()).expect("counting twice counts once");
    assert_eq!(of(&world), 2);
    assert_eq!(schedule.fees[2].taker, Ppm(800));
    let cheaper = fill(&world.take(taker, buy, &[maker]).expect("a fill"));
    assert_eq!(cheaper.taker_fee, Amount(114_000));
    // Ten days later it is counted, on its day.
    world.machine.pass_ms(10 * 86_400_000);
    world.run(update.clone()).expect("counted");
    assert_eq!(of(&world), 2, "450 dollars");
    let head = world.sub(&taker.sub).head;
    let today = u32::try_from(world.time() / 86_400).expect("a day");
    assert_eq!(head.tier_day, today - 10 + 29, "the last day on which the trades still count");
    assert_eq!((head.tier_on(head.tier_day), head.tier_on(head.tier_day + 1)), (2, 0), "it ends by itself");
    world.machine.pass_ms(20 * 86_400_000);
    world.run(update.clone()).expect("counted");
    assert_eq!(of(&world), 0);
    let assign = AssignFeeTier { signer: admin, trader: address::trader(&taker.authority), tier: 5 };
    world.run(assign).expect("assigned");
    world.run(update).expect("counted");
    assert_eq!(of(&world), 5);
}
