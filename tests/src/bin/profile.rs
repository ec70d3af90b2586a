//! Compute units of one row of the table by function: `kedge-profile "fill, 4 makers" 1`.

use kedge_tests::bench::stage::Stage;
use kedge_tests::bench::table::ROWS;
use kedge_tests::profile::Tape;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let positions = arguments.next().map_or(1, |text| text.parse().expect("a number of positions"));
    let Some(run) = ROWS.iter().find(|row| row.name == name).and_then(|row| row.run) else {
        let names: Vec<&str> = ROWS.iter().filter(|row| row.run.is_some()).map(|row| row.name).collect();
        eprintln!("name a row, and the number of positions:\n{}", names.join("\n"));
        std::process::exit(2);
    };
    let tape = Tape::default();
    let mut stage = Stage::set_on(tape.machine(), positions, 0);
    stage.tape = Some(tape.clone());
    let compute = run(&mut stage).units;
    let profile = tape.profile();
    println!("{name}, {positions} position(s): {compute} CU, of them {} instructions", profile.instructions);
    println!("{:>6} {:>8} {:>8}  function", "calls", "own", "with all");
    let mut functions: Vec<_> = profile.functions.into_iter().collect();
    functions.sort_by_key(|(_, (_, own, _))| std::cmp::Reverse(*own));
    for (name, (calls, own, all)) in functions {
        println!("{calls:>6} {own:>8} {all:>8}  {name}");
    }
}
