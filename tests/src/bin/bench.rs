//! Prints the compute table.
fn main() {
    for m in kedge_tests::bench::measure() {
        println!("{:<42} {:?} budget {:?}", m.row.name, m.cost, m.row.budget);
    }
}
