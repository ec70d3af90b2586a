//! All rows: budgets (design figures for this program's release build) and the peer's figures.

use super::scenarios::{
    cancel_five, cancel_one, create, deposit, fill_amm, fill_four, fill_half, fill_lost, fill_one, fill_six, liquidate,
    make, make_join, modify, place_five, place_limit, place_market, place_signed, place_text, refresh_first,
    refresh_further, replace_five, settle, take_amm, take_maker, trigger, update_amm, update_funding, withdraw,
};
use super::stage::Stage;

/// Samples of each cell; the largest counts.
pub const SAMPLES: u64 = 10;

/// A cell for a user with one position, and one for a user with eight, where the row depends on it.
pub type Pair = (Option<u64>, Option<u64>);

/// One scenario.
#[derive(Clone, Copy)]
pub struct Row {
    /// Name, also the key in the baseline.
    pub name: &'static str,
    /// Drift v2.84 on the same virtual machine.
    pub drift: Pair,
    /// What this program may cost.
    pub budget: Pair,
    /// How it is measured; rows without are differences of others.
    pub run: Option<fn(&mut Stage) -> u64>,
}

const fn row(name: &'static str, drift: (u64, u64), budget: (u64, u64), run: fn(&mut Stage) -> u64) -> Row {
    Row { name, drift: pair(drift), budget: pair(budget), run: Some(run) }
}

const fn pair((one, eight): (u64, u64)) -> Pair {
    (if one == 0 { None } else { Some(one) }, if eight == 0 { None } else { Some(eight) })
}

/// The table.
pub const ROWS: &[Row] = &[
    row("create trader + sub-account", (41_800, 0), (6_000, 0), create),
    row("deposit USDC", (30_600, 41_800), (4_000, 4_500), deposit),
    row("withdraw USDC", (50_800, 130_700), (5_500, 8_500), withdraw),
    row("place limit", (25_200, 105_500), (2_800, 6_000), place_limit),
    row("place market order with auction", (25_800, 106_400), (3_200, 6_500), place_market),
    row("place 5 limits, one instruction", (54_600, 134_900), (6_500, 10_000), place_five),
    row("place limit, signed message", (0, 0), (4_000, 7_500), place_signed),
    row("place limit, signed text in an envelope", (0, 0), (8_000, 11_500), place_text),
    row("cancel one", (12_200, 23_700), (1_000, 1_000), cancel_one),
    row("cancel 5", (26_500, 38_000), (1_800, 1_800), cancel_five),
    row("modify", (28_900, 109_200), (3_000, 6_500), modify),
    row("replace 5 limits by 5", (0, 0), (8_000, 8_000), replace_five),
    row("place and take, vAMM", (101_900, 235_100), (9_000, 13_000), take_amm),
    row("place and take, 1 maker", (104_800, 239_100), (9_500, 13_500), take_maker),
    row("place and make (JIT)", (103_000, 183_100), (9_000, 13_000), make),
    row("place and make, vAMM joins", (129_400, 209_800), (11_000, 15_000), make_join),
    row("fill, vAMM only", (86_700, 166_200), (8_000, 12_000), fill_amm),
    row("fill, 1 maker", (89_900, 170_000), (8_000, 12_000), fill_one),
    row("fill, 4 makers", (189_700, 271_600), (17_000, 21_000), fill_four),
    row("fill, 6 makers", (258_800, 0), (23_000, 27_000), fill_six),
    row("fill, 1 maker half + vAMM", (118_600, 198_800), (11_000, 15_000), fill_half),
    row("fill that lost the race", (7_400, 9_900), (700, 700), fill_lost),
    row("trigger, risk-increasing", (23_100, 101_400), (3_000, 6_500), trigger),
    row("settle pnl, one market", (84_100, 165_000), (4_000, 7_000), settle),
    row("liquidate, take-over, partial", (84_300, 204_500), (10_000, 15_000), liquidate),
    row("update_amm, one market", (34_700, 0), (3_500, 0), update_amm),
    row("update_funding", (48_300, 0), (4_500, 0), update_funding),
    row("refresh_prices, first row", (0, 0), (2_500, 0), refresh_first),
    row("refresh_prices, each further row", (0, 0), (1_300, 0), refresh_further),
    Row { name: FURTHER_POSITION, drift: (Some(11_400), None), budget: (Some(450), None), run: None },
    Row { name: FURTHER_MAKER, drift: (Some(33_500), None), budget: (Some(3_000), None), run: None },
];

const FURTHER_POSITION: &str = "each further position in a margin check";
const FURTHER_MAKER: &str = "each further maker in a fill";

/// What a row came to.
#[derive(Clone, Copy)]
pub struct Measured {
    /// The row.
    pub row: Row,
    /// Compute units.
    pub cost: Pair,
}

fn worst(run: fn(&mut Stage) -> u64, positions: u16) -> u64 {
    (0..SAMPLES).map(|sample| run(&mut Stage::set(positions, sample))).max().unwrap_or(0)
}

/// Measures every row.
pub fn measure() -> Vec<Measured> {
    let mut measured: Vec<Measured> = Vec::new();
    for row in ROWS {
        let cost = match row.run {
            Some(run) => (row.budget.0.map(|_| worst(run, 1)), row.budget.1.map(|_| worst(run, 8))),
            None => (Some(difference(&measured, row.name)), None),
        };
        measured.push(Measured { row: *row, cost });
    }
    measured
}

fn difference(measured: &[Measured], name: &str) -> u64 {
    let cell = |name: &str| {
        let found = measured.iter().find(|measured| measured.row.name == name).expect("the row stands above");
        (found.cost.0.unwrap_or(0), found.cost.1.unwrap_or(0))
    };
    match name {
        FURTHER_POSITION => {
            let (one, eight) = cell("withdraw USDC");
            (eight - one).div_ceil(7)
        }
        FURTHER_MAKER => (cell("fill, 4 makers").0 - cell("fill, 1 maker").0).div_ceil(3),
        other => panic!("`{other}` has no way to be measured"),
    }
}
