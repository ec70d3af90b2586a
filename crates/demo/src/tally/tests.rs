use super::*;
use kedge_client::history::Step;
use kedge_interface::PROGRAM_ID;
use kedge_model::event::Party;
use kedge_model::quantity::{Amount, Price, Size};

fn fill(source: FillSource, side: Side, quote: u64) -> Event {
    let worst_price = Price(if side == Side::Long { 201_000_000 } else { 199_000_000 });
    Event::Fill(FillRecord {
        size: Size(1_000_000_000),
        quote: Amount(quote),
        oracle: Price(200_000_000),
        worst_price,
        side: side as u8,
        source: source as u8,
        slots: 4,
        ..FillRecord::default()
    })
}

#[test]
fn improvement_counts_for_both_sides() {
    let mut tally = Tally::default();
    tally.event(&fill(FillSource::Jit, Side::Long, 200_100_000), 9);
    tally.event(&fill(FillSource::Jit, Side::Short, 199_900_000), 9);
    let fills = tally.fills[2];
    assert_eq!((fills.count, fills.quote, fills.improved, fills.over_oracle), (2, 400_000_000, 1_800_000, 200_000));
    assert!((fills.improvement_bps() - 45.0).abs() < 1e-9 && (fills.cost_bps() - 5.0).abs() < 1e-9);
    assert!((fills.mean_slots() - 4.0).abs() < 1e-9);
}

#[test]
fn says_what_is_missing() {
    let mut tally = Tally::default();
    for (_, source) in SOURCES {
        tally.event(&fill(source, Side::Long, 200_000_000), 9);
    }
    assert_eq!(tally.missing(), ["no funding update", "no liquidation"]);
    tally.fills[1].count = 0;
    assert_eq!(tally.missing()[0], "no fill from vAMM");
}

#[test]
fn says_when_keepers_were_blind_and_when_too_much_failed() {
    let mut tally = Tally { landed: 1_000, failed: 100, looks: 100, ..Tally::default() };
    tally.blind.insert("down".into(), 5);
    assert_eq!(tally.wrong(), [] as [&str; 0]);
    (tally.failed, tally.looks) = (101, 99);
    let wrong = tally.wrong();
    assert_eq!(wrong[0], "the keepers were blind in 5 of 99 looks: down (5)");
    tally.spied = 100;
    tally.unseen = 5;
    assert_eq!(tally.wrong(), wrong, "what is new is heard of a little later");
    tally.unseen = 6;
    assert_eq!(tally.wrong()[1], "the keepers had not heard of 6 of 100 orders that were on chain");
    assert_eq!(wrong[1], "10.1 failed transactions for 100 that landed, over 10");
}

#[test]
fn orders_are_told_apart_by_who_placed_them() {
    let mut tally = Tally { takers: [[7; 32]].into(), ..Tally::default() };
    for authority in [[7; 32], [8; 32], [7; 32]] {
        let account = Party { authority, ..Party::default() };
        tally.event(&Event::OrderPlaced(kedge_model::event::OrderRecord { account, ..Default::default() }), 9);
    }
    assert_eq!((tally.orders, tally.other_orders), (2, 1));
}

#[test]
fn compute_is_that_of_the_transactions_own_instructions() {
    let step = |name, inner, program| Step {
        instruction: 0,
        inner,
        program,
        accounts: Vec::new(),
        data: Vec::new(),
        name,
        decoded: None,
        events: Vec::new(),
    };
    let other = solana_pubkey::Pubkey::new_from_array([9; 32]);
    let lines = format!(
        "Program {other} invoke [1]|Program {other} consumed 150 of 1000 compute units|Program {other} success|\
         Program {id} invoke [1]|Program {id} consumed 1850 of 900 compute units|Program {id} success|\
         Program {id} invoke [1]|Program {id} invoke [2]|Program {id} consumed 99 of 800 compute units|\
         Program {id} success|Program log: consumed 3 of it|Program {id} consumed 5000 of 800 compute units|\
         Program {id} success",
        id = PROGRAM_ID
    );
    let past = Past {
        slot: 1,
        block_time: None,
        payer: other,
        fee: 5_000,
        compute_units: Some(7_000),
        steps: vec![
            step(None, false, other),
            step(Some("refresh_prices"), false, PROGRAM_ID),
            step(Some("fill_order"), false, PROGRAM_ID),
        ],
        failure: None,
        logs: lines.split('|').map(str::to_owned).collect(),
    };
    assert_eq!(compute(&past), [("refresh_prices", 1_850), ("fill_order", 5_000)]);
}
