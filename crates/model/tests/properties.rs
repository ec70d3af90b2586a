//! Properties of single rules: exact arithmetic, rounding against the user, prices, fees, liquidation steps.

use kedge_model::account::board::size_premium_ratio;
use kedge_model::account::board::{MarketRow, OraclePrice, PriceRow, RowState, combine, weighted_average};
use kedge_model::account::exchange::{Exchange, FeeSchedule};
use kedge_model::account::order::Side;
use kedge_model::account::position::Position;
use kedge_model::clock::Clock;
use kedge_model::instrument::Instrument;
use kedge_model::num::{Rounding, div_wide, isqrt_wide, mul_div, mul_div_signed, mul_wide};
use kedge_model::quantity::{Amount, Base, FundingIndex, Ppm, Price, Quote, Size};
use kedge_model::rule::auction;
use kedge_model::rule::fees::{self, Referral, Shares};
use kedge_model::rule::funding;
use kedge_model::rule::liquidation;
use kedge_model::rule::margin::Margin;
use kedge_model::rule::weights;
use kedge_model::time::{Seconds, SlotTime, Slots};
use proptest::prelude::*;

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Long), Just(Side::Short)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn multiplication_and_division_are_those_of_128_bits(a: u64, b: u64, c: u64, shift in 0u32..64) {
        let (a, c) = (a >> shift, c >> (shift / 2));
        let exact = u128::from(a) * u128::from(b);
        prop_assert_eq!(mul_wide(a, b), (u64::try_from(exact >> 64).unwrap(), exact as u64));
        let down = mul_div(a, b, c, Rounding::Down);
        let up = mul_div(a, b, c, Rounding::Up);
        match exact.checked_div(u128::from(c)) {
            None => prop_assert_eq!(down, Err(kedge_model::Error::DivisionByZero)),
            Some(q) => {
                prop_assert_eq!(down.ok(), u64::try_from(q).ok());
                prop_assert_eq!(up.ok(), u64::try_from(exact.div_ceil(u128::from(c))).ok());
            }
        }
        let (high, low) = mul_wide(a, b);
        if high < c {
            let divisor = u128::from(c);
            let expected = (u64::try_from(exact / divisor).unwrap(), u64::try_from(exact % divisor).unwrap());
            prop_assert_eq!(div_wide(high, low, c).unwrap(), expected);
        } else {
            prop_assert!(div_wide(high, low, c).is_err());
        }
    }

    #[test]
    fn signed_rounding_goes_where_it_says(a: i64, b in 0u64..1 << 40, c in 1u64..1 << 40) {
        let exact = i128::from(a) * i128::from(b);
        let floor = exact.div_euclid(i128::from(c));
        let down = mul_div_signed(a, b, c, Rounding::Down);
        prop_assert_eq!(down.ok().map(i128::from), i64::try_from(floor).ok().filter(|f| *f != i64::MIN).map(i128::from));
        if let (Ok(down), Ok(up)) = (down, mul_div_signed(a, b, c, Rounding::Up)) {
            let inexact = exact.rem_euclid(i128::from(c)) != 0;
            prop_assert_eq!(i128::from(up) - i128::from(down), i128::from(inexact));
        }
    }

    #[test]
    fn roots_are_the_largest_whose_square_fits(small: u64, wide: u128, low: bool) {
        let wide = if low { u128::from(small) } else { wide };
        let root = u128::from(isqrt_wide(wide));
        prop_assert!(root * root <= wide);
        prop_assert!((root + 1).checked_mul(root + 1).is_none_or(|square| square > wide));
    }

    #[test]
    fn a_share_is_exact_around_every_width(amount: u64, width in 0..64u32, ratio: u32, narrow in 0..32u32, up: bool) {
        let (amount, ratio) = (amount >> width, ratio >> narrow);
        let rounding = if up { Rounding::Up } else { Rounding::Down };
        let product = u128::from(amount) * u128::from(ratio);
        let exact = if up { product.div_ceil(1_000_000) } else { product / 1_000_000 };
        let share = Amount(amount).share(Ppm(ratio), rounding).ok().map(|share| share.0);
        prop_assert_eq!(share, u64::try_from(exact).ok());
    }

    #[test]
    fn roots_around_squares_of_every_width_are_exact(root: u64, width in 0..64u32, offset in -2..=2i8) {
        let root = root >> width;
        let wide = (u128::from(root) * u128::from(root)).saturating_add_signed(offset.into());
        prop_assert_eq!(u128::from(isqrt_wide(wide)), wide.isqrt());
    }

    #[test]
    fn funding_is_rounded_against_the_user(base: i32, from in -1i64 << 40..1 << 40, to in -1i64 << 40..1 << 40) {
        let base = i64::from(base) * 1_000;
        let paid = Position::funding_payment(Base(base), FundingIndex(from), FundingIndex(to)).unwrap();
        let exact = -i128::from(base) * (i128::from(to) - i128::from(from));
        let scale = 1_000_000_000_000i128;
        prop_assert_eq!(i128::from(paid.0), exact.div_euclid(scale));
    }

    #[test]
    fn funding_gives_no_more_than_it_takes(
        delta in -1i64 << 38..1 << 38, long in 0u64..1 << 45, short in 0u64..1 << 45, budget in 0u64..1 << 40,
    ) {
        prop_assume!(long + short > 0);
        let amm = Base(i64::try_from(short).unwrap() - i64::try_from(long).unwrap());
        let d = funding::split(FundingIndex(delta), Size(long), Size(short), amm, Amount(budget)).unwrap();
        let of = |base: i64, index: FundingIndex| -i128::from(base) * i128::from(index.0);
        let users = of(i64::try_from(long).unwrap(), d.long) + of(-i64::try_from(short).unwrap(), d.short);
        let scale = 1_000_000_000_000i128;
        // What users get plus what the vAMM gets is never positive, and at most the rounding remains.
        prop_assert!(users + i128::from(d.amm.0) * scale <= 0);
        prop_assert!(users + i128::from(d.amm.0) * scale > -2 * scale - i128::from(long + short));
        prop_assert!(d.amm.0 >= -i64::try_from(budget).unwrap());
        prop_assert!(d.long.0.abs() <= delta.abs() && d.short.0.abs() <= delta.abs());
    }

    #[test]
    fn the_hourly_rate_follows_the_premium_and_stays_in_its_cap(a in -1i64 << 30..1 << 30, b in -1i64 << 30..1 << 30, cap in 0u32..40_000) {
        let (low, high) = (a.min(b), a.max(b));
        let rate = |premium| funding::hourly_rate(premium, Ppm(cap)).unwrap();
        prop_assert!(rate(low) <= rate(high));
        prop_assert!(rate(a).abs() <= i64::from(cap) * 1_000);
        // Within the clamp only the interest counts: 0.01 % / 8.
        prop_assert_eq!(funding::hourly_rate(a.clamp(-400_000, 600_000), Ppm(40_000)).unwrap(), 12_500);
    }

    #[test]
    fn fees_add_up_and_are_rounded_against_the_taker(
        quote in 0u64..1 << 50, taker_tier in 0u8..9, maker_tier in proptest::option::of(0u8..9), filler: bool,
        referral in 0usize..3, builder in 0u32..1_000,
    ) {
        let exchange = Exchange::new(1, [1; 32], [2; 32]).unwrap();
        let referral = [Referral::None, Referral::Absent, Referral::Present][referral];
        let shares = Shares { filler, referral, builder: Ppm(builder) };
        let fees = fees::of_fill(&exchange, Amount(quote), taker_tier, maker_tier, shares).unwrap();
        prop_assert_eq!(fees.taker.0, fees.maker_rebate.0 + fees.filler.0 + fees.referrer.0 + fees.exchange.0);
        prop_assert_eq!(fees.charged().unwrap().0, fees.taker.0 + fees.builder.0);
        prop_assert!(u128::from(fees.builder.0) * 1_000_000 >= u128::from(quote) * u128::from(builder));
        prop_assert_eq!(fees.referrer.0 > 0 && referral != Referral::Present, false);
        let rate = u128::from(exchange.fee_tier(taker_tier).taker.0);
        let paid = if referral == Referral::None { 1_000_000 } else { 950_000 };
        prop_assert!(u128::from(fees.taker.0) * 1_000_000_000_000 >= u128::from(quote) * rate * paid);
        prop_assert!(quote == 0 || fees.taker.0 > 0, "no trade is free");
    }

    #[test]
    fn no_accepted_fee_schedule_pays_more_than_it_takes(
        taker in 0u32..4_000, rebate in 0u32..400, share in 0u32..300_000, quote in 0u64..1 << 50,
        referrer in 0u32..400_000, discount in 0u32..400_000,
    ) {
        let mut schedule = FeeSchedule { filler_share: Ppm(share), max_filler_reward: u64::MAX, ..FeeSchedule::initial() };
        (schedule.referrer_share, schedule.referee_discount) = (Ppm(referrer), Ppm(discount));
        for tier in &mut schedule.fees {
            (tier.taker, tier.maker_rebate) = (Ppm(taker), Ppm(rebate));
        }
        let mut exchange = Exchange::new(1, [1; 32], [2; 32]).unwrap();
        if exchange.set_fees(&schedule).is_ok() {
            let shares = Shares { filler: true, referral: Referral::Present, builder: Ppm(0) };
            let fees = fees::of_fill(&exchange, Amount(quote), 0, Some(0), shares).unwrap();
            let out = fees.maker_rebate.0 + fees.filler.0 + fees.referrer.0;
            prop_assert!(out <= fees.taker.0);
            // Nobody's part was cut to make that true.
            prop_assert_eq!(u128::from(fees.referrer.0), u128::from(fees.taker.0) * u128::from(referrer) / 1_000_000);
        }
    }

    #[test]
    fn a_liquidation_step_takes_what_it_needs_and_no_more(
        cover in 0u64..1 << 50, position in 1u64..1 << 30, step in 1u64..1 << 10, lots in 1u64..50, wanted: u64, small: bool,
    ) {
        let position = position * step;
        let (step, min_order) = (Size(step), Size(step * lots));
        let taken = liquidation::step_size(Size(cover), Size(position), small, step, min_order, Size(wanted)).unwrap();
        prop_assert!(taken.0 <= position && taken.0 <= wanted);
        prop_assert!(taken.0 == position || taken.0.is_multiple_of(step.0));
        if !small {
            prop_assert!(taken.0 < cover + step.0 + min_order.0, "{taken:?} of {cover}");
            prop_assert!(taken.0 <= position.div_ceil(4) + step.0 + min_order.0);
            let enough = cover.min(position / 4).min(wanted / step.0 * step.0);
            prop_assert!(taken.0 >= enough);
        }
    }

    #[test]
    fn what_covers_the_shortage_frees_it(
        shortage in 1u64..1 << 45, ratio in 5_000u32..500_000, fee in 0u32..20_000, insurance in 0u32..20_000,
        price in 1_000u64..1 << 40,
    ) {
        let cover = |rounding| {
            liquidation::base_to_cover(Amount(shortage), Ppm(ratio), Ppm(fee), Ppm(insurance), Price(price), rounding).unwrap().0
        };
        let (down, up) = (cover(Rounding::Down), cover(Rounding::Up));
        prop_assert!(up == down || up == down + 1);
        if up != u64::MAX {
            // Exactly, in units of 1e-15.
            let freed = u128::from(up) * u128::from(price) * u128::from(ratio - fee - insurance);
            prop_assert!(freed >= u128::from(shortage) * 1_000_000_000_000_000);
        }
        let margin = Margin { collateral: Quote(0), requirement: Amount(shortage), liability: Amount(shortage) };
        prop_assert!(liquidation::shortage(&margin, Ppm(0)).unwrap() == Amount(shortage));
    }

    #[test]
    fn takeovers_are_rounded_against_the_liquidator(base in 1i64..1 << 45, price in 1_000u64..1 << 37, fee in 0u32..50_000) {
        for base in [base, -base] {
            let taken = liquidation::takeover_price(Base(base), Price(price), Ppm(fee)).unwrap();
            let quote = liquidation::takeover_quote(Instrument::Linear, Base(base), taken).unwrap();
            let exact = i128::from(base) * i128::from(price) * (1_000_000 - i128::from(base.signum()) * i128::from(fee));
            prop_assert!(i128::from(quote.0) * 1_000_000_000_000_000 >= exact);
        }
    }

    #[test]
    fn size_makes_margin_heavier_and_collateral_lighter(
        ratio in 1u32..=1_000_000, small in 0u64..1 << 58, more in 0u64..1 << 58, factor in 0u32..1_000,
    ) {
        let large = small + more;
        let of = |size| size_premium_ratio(Ppm(ratio), Size(size), factor).unwrap();
        prop_assert!(of(small) <= of(large) && of(small).0 >= ratio && of(large).0 <= 1_000_000);
        let asset = |size| weights::asset_weight(Ppm(ratio), Size(size), factor).unwrap();
        prop_assert!(asset(small) >= asset(large) && asset(small).0 <= ratio);
        let liability = |size| weights::liability_weight(Ppm(ratio), Size(size), factor).unwrap();
        prop_assert!(liability(small) <= liability(large) && liability(small).0 >= ratio);
    }

    #[test]
    fn an_average_lies_between_the_old_one_and_the_sample(
        average in 0u64..1 << 50, sample in 0u64..1 << 50, elapsed in 0u64..8_000, period in 1u64..4_000,
    ) {
        let new = weighted_average(Price(average), Price(sample), Seconds(elapsed), Seconds(period)).unwrap();
        prop_assert!((average.min(sample)..=average.max(sample)).contains(&new.0));
        if elapsed >= period {
            prop_assert_eq!(new, Price(sample));
        } else {
            // The nearest unit of the exact value.
            let exact = i128::from(average) * i128::from(period) + (i128::from(sample) - i128::from(average)) * i128::from(elapsed);
            prop_assert!((2 * (i128::from(new.0) * i128::from(period) - exact)).abs() <= i128::from(period));
        }
    }

    #[test]
    fn sources_combine_to_a_price_between_them(prices in prop::collection::vec((990_000u64..1_010_000, 0u64..2_000, 0i64..20), 1..5)) {
        let clock = Clock { slot: 1_000, unix_time: 1_000 };
        let seen: Vec<OraclePrice> = prices.iter().map(|(price, confidence, age)| OraclePrice {
            price: Price(*price), confidence: Price(*confidence), publish_time: 1_000 - age, publish_slot: 900,
        }).collect();
        let usable: Vec<&OraclePrice> = seen.iter().filter(|s| s.is_usable(&clock, Seconds(10), Ppm(1_500))).collect();
        match combine(&seen, &clock, Seconds(10), Ppm(1_500), 4) {
            Ok((price, count)) => {
                prop_assert_eq!(usize::from(count), usable.len());
                let (low, high) = (usable.iter().map(|s| s.price).min().unwrap(), usable.iter().map(|s| s.price).max().unwrap());
                prop_assert!(low <= price.price && price.price <= high);
                // Half lie on either side: no single source decides among three.
                let below = usable.iter().filter(|s| s.price <= price.price).count();
                prop_assert!(2 * below >= usable.len());
                prop_assert!(price.confidence >= high.minus(low).unwrap());
                let covered = usable.iter().all(|s| s.confidence <= price.confidence && s.publish_time >= price.publish_time);
                prop_assert!(covered);
            }
            Err(error) => {
                prop_assert_eq!(error, kedge_model::Error::NoUsablePrice);
                let spread = usable.iter().map(|s| s.price.0).max().unwrap_or(0) - usable.iter().map(|s| s.price.0).min().unwrap_or(0);
                prop_assert!(usable.is_empty() || spread > 1_000, "a refusal without contradiction");
            }
        }
    }

    #[test]
    fn an_auction_only_moves_toward_the_makers(
        side in side(), oracle in 1_000u64..1 << 40, limit in 0u64..1 << 40, tick in 1u64..1_000, slots in 1u64..1_800,
        width in 0u32..200_000,
    ) {
        let width = Ppm(width);
        let limit = Price(if limit < 1_000 { 0 } else { limit });
        let (start, end) = auction::derive(side, Price(oracle), limit, width).unwrap();
        prop_assert!(limit.is_zero() || side.accepts(limit, end), "past the limit");
        auction::validate(side, start, end, limit).unwrap();
        let mut last = None;
        for slot in 0..=slots + 1 {
            let price = auction::interpolate(side, start, end, Slots(slot), Slots(slots), Price(tick)).unwrap();
            if let Some(last) = last {
                prop_assert!(!side.better(price, last), "went back");
            }
            // On the tick, the fraction in the taker's favour (but for prices below a tick).
            prop_assert!(price.0.is_multiple_of(tick) && (price.0 == tick || !side.better(end, price)));
            last = Some(price);
        }
    }

    #[test]
    fn a_row_never_trades_a_jump_and_a_halt_stays(prices in prop::collection::vec((900_000u64..1_100_000, 1i64..15, 0usize..3), 1..40), halt in 0usize..40) {
        let mut row = PriceRow { quorum: 2, source_count: 2, max_age: 10, max_confidence: Ppm(5_000), jump_limit: Ppm(50_000), state: 3, ..PriceRow::default() };
        let mut clock = Clock { slot: 1_000, unix_time: 1_000 };
        for (index, (price, seconds, sources)) in prices.iter().enumerate() {
            clock.unix_time += seconds;
            clock.slot += 3;
            let seen = [OraclePrice { price: Price(*price), confidence: Price(10), publish_time: clock.unix_time, publish_slot: clock.slot }; 2];
            let before = row;
            let report = row.refresh(&seen[..*sources], &clock, SlotTime::DEFAULT).unwrap();
            row.invariant().unwrap();
            prop_assert!(row.publish_time >= before.publish_time);
            let state = RowState::from_number(row.state);
            prop_assert_eq!(report.state, state);
            // One of two counts alone once nobody has brought both for the age limit, twice.
            let alone = before.price.is_zero() || before.publish_time > before.quorum_time;
            prop_assert!(!report.updated || *sources == 2 || alone || clock.unix_time - before.quorum_time > 10);
            prop_assert!(report.updated || *sources < 2);
            if index > halt {
                prop_assert_eq!(state, RowState::Halted, "only an admin resumes");
            } else if report.updated {
                let jumped = !before.twap_5m.is_zero() && before.twap_5m.distance(Price(*price)).unwrap() > 50_000;
                let was = RowState::from_number(before.state);
                match state {
                    RowState::Jump => prop_assert!(jumped),
                    RowState::Normal => prop_assert!(*sources == 2 && (!jumped || (was == RowState::Jump && before.confirmations == 2))),
                    RowState::Degraded => prop_assert!(*sources == 1 && !jumped),
                    other => prop_assert!(false, "{other:?}"),
                }
                let bounded = row.liquidation_price().unwrap();
                prop_assert!(state != RowState::Jump || row.twap_5m.distance(bounded).unwrap() <= 50_000);
            }
            if index == halt {
                row.state = RowState::Halted as u8;
            }
        }
    }

    #[test]
    fn positions_keep_entry_and_realised_in_step_with_quote(trades in prop::collection::vec((-1_000i64..1_000, 1i64..1_000), 1..30)) {
        let mut position = Position { status: 1, ..Position::default() };
        let (mut cash, mut realised) = (0i64, 0i64);
        for (base, price) in trades.into_iter().filter(|(base, _)| *base != 0) {
            let before = position;
            let effect = position.trade(Base(base), Quote(-base * price)).unwrap();
            cash -= base * price;
            realised += effect.realised.0;
            prop_assert_eq!(position.quote, Quote(cash));
            // Everything that came in is either realised or the entry of what is open.
            prop_assert_eq!(position.quote.0, realised + position.entry.0);
            prop_assert!(position.base.0 != 0 || position.entry.0 == 0);
            prop_assert!(position.base.0 == 0 || position.entry.0 == 0 || (position.entry.0 > 0) == (position.base.0 < 0));
            let grew = position.base.0.abs() > before.base.0.abs() || before.base.0.signum() * position.base.0.signum() < 0;
            prop_assert_eq!(effect.increased, grew);
        }
    }
}

#[test]
fn a_margin_row_is_what_the_ratio_functions_say() {
    let row = MarketRow {
        initial_margin: Ppm(100_000),
        maintenance_margin: Ppm(50_000),
        size_premium: 50,
        ..MarketRow::default()
    };
    assert_eq!(row.initial_ratio(Size(1_000_000_000_000_000)).unwrap(), Ppm(130_000));
    assert_eq!(row.maintenance_ratio(Size(1_000_000_000)).unwrap(), Ppm(50_000));
}
