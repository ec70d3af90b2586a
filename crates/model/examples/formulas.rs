//! The model's formulas behind a pipe: for each batch its number of lines, then lines of a formula and its inputs; answers
//! one line each. `tests/reference/run.py` asks.

#[path = "../tests/formulas/mod.rs"]
mod formulas;

use std::fmt::Write as _;
use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    // A panic is an answer.
    std::panic::set_hook(Box::new(|_| {}));
    let (stdin, stdout) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut lines = stdin.lines();
    let mut stdout = std::io::BufWriter::with_capacity(1 << 20, stdout);
    while let Some(count) = lines.next() {
        let count: usize = count?.parse().map_err(std::io::Error::other)?;
        let batch: Vec<String> = lines.by_ref().take(count).collect::<Result<_, _>>()?;
        for line in batch {
            writeln!(stdout, "{}", answer(&line))?;
        }
        stdout.flush()?;
    }
    Ok(())
}

/// The outputs, or the error's name after an exclamation mark.
fn answer(line: &str) -> String {
    let mut words = line.split(' ');
    let name = words.next().unwrap_or_default();
    let inputs: Result<Vec<i128>, _> = words.map(str::parse).collect();
    let Ok(inputs) = inputs else { return "!malformed".to_owned() };
    match std::panic::catch_unwind(|| formulas::answer(name, &inputs)) {
        Err(_) => "!panic".to_owned(),
        Ok(Err(error)) => format!("!{error:?}"),
        Ok(Ok(outputs)) => {
            let mut text = String::with_capacity(outputs.len() * 12);
            for (at, output) in outputs.iter().enumerate() {
                let _ = write!(text, "{}{output}", if at == 0 { "" } else { " " });
            }
            text
        }
    }
}
