//! All rows: budgets (design figures for this program's release build) and the peer's figures.

use super::cost::{ACCOUNT_UNITS_A_SECOND, Spent};
use super::scenarios::{
    cancel_five, cancel_one, create, deposit, fill_amm, fill_four, fill_half, fill_lost, fill_one, fill_six, liquidate,
    liquidate_fill, make, make_join, modify, place_five, place_limit, place_market, place_signed, place_text,
    refresh_first, refresh_further, replace_five, settle, stake, stake_vault, take_amm, take_maker, take_over, trigger,
    update_amm, update_funding, verify_books, withdraw,
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
    pub run: Option<fn(&mut Stage) -> Spent>,
}

const fn row(name: &'static str, drift: (u64, u64), budget: (u64, u64), run: fn(&mut Stage) -> Spent) -> Row {
    Row { name, drift: pair(drift), budget: pair(budget), run: Some(run) }
}

const fn pair((one, eight): (u64, u64)) -> Pair {
    (if one == 0 { None } else { Some(one) }, if eight == 0 { None } else { Some(eight) })
}

/// The table.
pub const ROWS: &[Row] = &[
    row("create trader + sub-account", (41_800, 0), (6_500, 0), create),
    row("deposit USDC", (30_600, 41_800), (3_000, 3_000), deposit),
    row(WITHDRAW, (50_800, 130_700), (3_900, 7_000), withdraw),
    row("stake USDC", (0, 0), (3_500, 3_500), stake),
    row("buy shares of the backstop vault", (0, 0), (4_500, 4_500), stake_vault),
    row("place limit", (25_200, 105_500), (2_400, 5_500), place_limit),
    row("place market order with auction", (25_800, 106_400), (2_900, 6_000), place_market),
    row("place 5 limits, one instruction", (54_600, 134_900), (5_500, 8_600), place_five),
    row("place limit, signed message", (0, 0), (4_000, 7_500), place_signed),
    row("place limit, signed text in an envelope", (0, 0), (8_000, 11_500), place_text),
    row("cancel one", (12_200, 23_700), (850, 850), cancel_one),
    row("cancel 5", (26_500, 38_000), (1_700, 1_700), cancel_five),
    row("modify", (28_900, 109_200), (2_300, 5_400), modify),
    row("replace 5 limits by 5", (0, 0), (8_000, 8_000), replace_five),
    row("place and take, vAMM", (101_900, 235_100), (8_000, 11_000), take_amm),
    row("place and take, 1 maker", (104_800, 239_100), (7_400, 10_500), take_maker),
    row("place and make (JIT)", (103_000, 183_100), (5_800, 9_200), make),
    row("place and make, vAMM joins", (129_400, 209_800), (11_000, 15_000), make_join),
    row("fill, vAMM only", (86_700, 166_200), (7_600, 11_000), fill_amm),
    row(FILL_ONE, (89_900, 170_000), (7_200, 10_700), fill_one),
    row(FILL_FOUR, (189_700, 271_600), (16_200, 19_700), fill_four),
    row("fill, 6 makers", (258_800, 0), (22_000, 25_500), fill_six),
    row("fill, 1 maker half + vAMM", (118_600, 198_800), (10_300, 13_800), fill_half),
    row("fill that lost the race", (7_400, 9_900), (600, 600), fill_lost),
    row("trigger, risk-increasing", (23_100, 101_400), (2_900, 6_000), trigger),
    row("settle pnl, one market", (84_100, 165_000), (3_200, 6_200), settle),
    row("liquidate, take-over, partial", (84_300, 204_500), (6_000, 12_000), liquidate),
    row("take-over by the backstop vault", (0, 0), (7_500, 13_500), take_over),
    row("liquidate with fill, 1 maker", (0, 0), (12_500, 19_000), liquidate_fill),
    row("update_amm, one market", (34_700, 0), (2_700, 0), update_amm),
    row("update_funding", (48_300, 0), (3_000, 0), update_funding),
    row("verify, three markets", (0, 0), (2_000, 0), verify_books),
    row("refresh_prices, first row", (0, 0), (1_500, 0), refresh_first),
    row("refresh_prices, each further row", (0, 0), (1_000, 0), refresh_further),
    Row { name: FURTHER_POSITION, drift: (Some(11_400), None), budget: (Some(430), None), run: None },
    Row { name: FURTHER_MAKER, drift: (Some(33_500), None), budget: (Some(3_000), None), run: None },
];

/// The fill whose transaction cost has a budget.
pub const FILL_ONE: &str = "fill, 1 maker";
const FILL_FOUR: &str = "fill, 4 makers";
const WITHDRAW: &str = "withdraw USDC";
const FURTHER_POSITION: &str = "each further position in a margin check";
const FURTHER_MAKER: &str = "each further maker in a fill";

/// What a row came to.
#[derive(Clone, Copy)]
pub struct Measured {
    /// The row.
    pub row: Row,
    /// Compute units of the instructions alone.
    pub units: Pair,
    /// Transaction cost with both limits set, units.
    pub cost: Pair,
    /// Whether it writes a market.
    pub writes_market: bool,
}

impl Measured {
    /// How many such transactions a market takes in a second, where they write it: with one position.
    pub fn per_second(&self) -> Option<u64> {
        self.cost.0.filter(|_| self.writes_market).map(|cost| ACCOUNT_UNITS_A_SECOND / cost)
    }
}

/// The largest figures of all samples.
fn worst(run: fn(&mut Stage) -> Spent, positions: u16) -> Spent {
    let samples = (0..SAMPLES).map(|sample| run(&mut Stage::set(positions, sample)));
    samples
        .reduce(|one, other| Spent {
            units: one.units.max(other.units),
            cost: one.cost.max(other.cost),
            writes_market: other.writes_market,
        })
        .unwrap_or_default()
}

/// Measures every row.
pub fn measure() -> Vec<Measured> {
    let mut measured: Vec<Measured> = Vec::new();
    for row in ROWS {
        let spent = match row.run {
            Some(run) => (row.budget.0.map(|_| worst(run, 1)), row.budget.1.map(|_| worst(run, 8))),
            None => (Some(difference(&measured, row.name)), None),
        };
        measured.push(Measured {
            row: *row,
            units: (spent.0.map(|one| one.units), spent.1.map(|eight| eight.units)),
            cost: (spent.0.map(|one| one.cost), spent.1.map(|eight| eight.cost)),
            writes_market: spent.0.is_some_and(|one| one.writes_market),
        });
    }
    measured
}

fn difference(measured: &[Measured], name: &str) -> Spent {
    let find = |name: &str| measured.iter().find(|measured| measured.row.name == name).expect("the row stands above");
    // Of a user with one position and with eight; of one maker and four.
    let (less, more, parts) = match name {
        FURTHER_POSITION => {
            let withdraw = find(WITHDRAW);
            ((withdraw.units.0, withdraw.cost.0), (withdraw.units.1, withdraw.cost.1), 7)
        }
        FURTHER_MAKER => {
            let (one, four) = (find(FILL_ONE), find(FILL_FOUR));
            ((one.units.0, one.cost.0), (four.units.0, four.cost.0), 3)
        }
        other => panic!("`{other}` has no way to be measured"),
    };
    let part = |less: Option<u64>, more: Option<u64>| (more.unwrap_or(0) - less.unwrap_or(0)).div_ceil(parts);
    Spent { units: part(less.0, more.0), cost: part(less.1, more.1), writes_market: false }
}
