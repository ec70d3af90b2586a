//! The runs of a table: three kinds of crash, each parameter varied alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::Simulation;
use crate::coins::Parameters;
use crate::measure::Figures;

/// What a crash meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its name.
    pub name: &'static str,
    /// What it means, for the page.
    pub what: &'static str,
    /// Capital of the liquidators over the open interest, ppm.
    pub capital: u32,
    /// Part of the venue's impact that the oracle follows, ppm.
    pub lead: u32,
}

/// The conditions of a table.
pub const CONDITIONS: [Condition; 3] = [
    Condition {
        name: "ordinary",
        what: "liquidators hold 0.3 % of the open interest, other venues follow a quarter of the impact",
        capital: 3_000,
        lead: 250_000,
    },
    Condition { name: "thin", what: "as ordinary, with 0.1 %", capital: 1_000, lead: 250_000 },
    Condition {
        name: "alone",
        what: "0.1 %, and the oracle follows all of the impact: the venue makes the price",
        capital: 1_000,
        lead: 1_000_000,
    },
];

/// A value of a parameter that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The condition.
    pub condition: &'static str,
    /// The parameter that differs from the template's.
    pub parameter: &'static str,
    /// Its value, as the listing has it.
    pub value: &'static str,
    /// All parameters.
    pub tried: Parameters,
}

/// What is not a parameter but several at once.
const TOGETHER: &str = "together";
/// A value may lengthen the time below maintenance that one account in a hundred exceeds by this factor, in any condition.
const LONGER: f64 = 1.5;

/// The parameters, with the values that are tried of each; the template's value stands first.
const VARIED: [(&str, &[(&str, Parameters)]); 5] = {
    const T: Parameters = Parameters::TEMPLATE;
    [
        (
            "budget a minute",
            &[
                ("none", T),
                ("1 %", Parameters { budget: 10_000, ..T }),
                ("2 %", Parameters { budget: 20_000, ..T }),
                ("5 %", Parameters { budget: 50_000, ..T }),
                ("10 %", Parameters { budget: 100_000, ..T }),
            ],
        ),
        (
            "maintenance",
            &[
                ("x 1", T),
                ("x 0.8", Parameters { maintenance: 800_000, ..T }),
                ("x 1.2", Parameters { maintenance: 1_200_000, ..T }),
                ("x 1.5", Parameters { maintenance: 1_500_000, ..T }),
            ],
        ),
        (
            "liquidator's discount",
            &[
                ("0.5 %", T),
                ("0.25 %", Parameters { liquidator_fee: 2_500, ..T }),
                ("0.75 %", Parameters { liquidator_fee: 7_500, ..T }),
            ],
        ),
        (
            "insurance fee",
            &[
                ("0.5 %", T),
                ("0.25 %", Parameters { insurance_fee: 2_500, ..T }),
                ("0.75 %", Parameters { insurance_fee: 7_500, ..T }),
            ],
        ),
        (
            TOGETHER,
            &[
                ("template", T),
                (
                    "budget 5 %, maintenance x 1.2, insurance fee 0.25 %",
                    Parameters { budget: 50_000, maintenance: 1_200_000, insurance_fee: 2_500, ..T },
                ),
            ],
        ),
    ]
};

/// The cases of a table, conditions first. The template itself stands once a condition, as the first value of the first
/// parameter; a small table tries the budget in the last condition alone.
#[must_use]
pub fn cases(small: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    let conditions = if small { &CONDITIONS[2..] } else { &CONDITIONS[..] };
    for Condition { name: condition, capital, lead, .. } in conditions.iter().copied() {
        for (number, (parameter, values)) in VARIED.iter().take(if small { 1 } else { VARIED.len() }).enumerate() {
            for (value, tried) in values.iter().skip(usize::from(number > 0)) {
                let tried = Parameters { capital, lead, ..*tried };
                cases.push(Case { condition, parameter, value, tried });
            }
        }
    }
    cases
}

/// A case and what it measured.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The case.
    #[serde(flatten)]
    pub case: Case,
    /// Its figures.
    pub figures: Figures,
}

/// Runs all cases on the same population, as many at a time as there are threads. `done` hears each that is finished.
///
/// # Errors
/// The first run that fails.
pub fn run(
    simulation: &Simulation,
    cases: &[Case],
    threads: usize,
    done: &mut dyn FnMut(usize, &Row),
) -> Result<Vec<Row>> {
    let next = AtomicUsize::new(0);
    let rows: Mutex<Vec<Option<Row>>> = Mutex::new(vec![None; cases.len()]);
    let (sender, receiver) = mpsc::channel::<Result<usize>>();
    std::thread::scope(|scope| -> Result<()> {
        for _ in 0..threads.clamp(1, cases.len().max(1)) {
            let (sender, next, rows) = (sender.clone(), &next, &rows);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(at) else { break };
                    let outcome = simulation.run(case.tried).map(|figures| {
                        rows.lock().expect("no run panics with the rows in hand")[at] =
                            Some(Row { case: *case, figures });
                        at
                    });
                    let failed = outcome.is_err();
                    if sender.send(outcome).is_err() || failed {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (count, outcome) in receiver.into_iter().enumerate() {
            let at = outcome?;
            let rows = rows.lock().expect("no run panics with the rows in hand");
            if let Some(row) = &rows[at] {
                done(count + 1, row);
            }
        }
        Ok(())
    })?;
    let rows = rows.into_inner().expect("no run panics with the rows in hand");
    rows.into_iter().collect::<Option<Vec<Row>>>().context("a run did not come to its end")
}

/// The value of each parameter that cost least over all conditions, of those that leave accounts below maintenance not much
/// longer than the template does in each ([`LONGER`]): `(parameter, value, its cost, the template's)`, in basis points of the
/// open interest.
#[must_use]
pub fn choices(rows: &[Row]) -> Vec<(&'static str, &'static str, f64, f64)> {
    let of = |parameter: &str, value: &str| -> Vec<&Figures> {
        let fits = |row: &&Row| row.case.parameter == parameter && row.case.value == value;
        rows.iter().filter(fits).map(|row| &row.figures).collect()
    };
    let cost = |figures: &[&Figures]| figures.iter().map(|figures| figures.cost()).sum::<f64>();
    let template = of(VARIED[0].0, VARIED[0].1[0].0);
    let quick = |figures: &[&Figures]| {
        figures.len() == template.len()
            && figures.iter().zip(&template).all(|(one, other)| one.under_water.p99 <= LONGER * other.under_water.p99)
    };
    let choose = |(parameter, values): (&'static str, &[(&'static str, Parameters)])| {
        let tried = values.iter().skip(1).map(|(value, _)| (*value, of(parameter, value)));
        let tried = tried.filter(|(_, figures)| quick(figures)).map(|(value, figures)| (value, cost(&figures)));
        let own = (values[0].0, cost(&template));
        let (value, least) = tried.fold(own, |best, one| if one.1 < best.1 { one } else { best });
        (parameter, value, least, own.1)
    };
    VARIED.into_iter().filter(|(parameter, _)| *parameter != TOGETHER).map(choose).collect()
}

/// The chosen values at once beside the template, a pair for each condition.
#[must_use]
pub fn together(rows: &[Row]) -> Vec<(&Row, &Row)> {
    let template = rows.iter().filter(|row| row.case.parameter == VARIED[0].0 && row.case.value == VARIED[0].1[0].0);
    rows.iter().filter(|row| row.case.parameter == TOGETHER).zip(template).collect()
}
