//! docs/math/evidence.md names tests; every one of them is where the page says.

use std::path::Path;

/// What a file's short name on the page stands for.
const FOLDERS: [(&str, &str); 4] = [
    ("model/", "crates/model/tests/"),
    ("tests/", "tests/tests/"),
    ("bank/", "tests/bank/tests/bank/"),
    ("vendors/", "tests/sources/tests/vendors/"),
];

/// What a cell has between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Whether a text has a function of this name with an attribute, as tests are.
fn has_test(text: &str, name: &str) -> bool {
    let wanted = format!("fn {name}(");
    text.match_indices(&wanted).any(|(at, _)| {
        let before = text[..at].trim_end();
        let before = before.strip_suffix("async").unwrap_or(before).trim_end();
        before.lines().next_back().is_some_and(|line| line.contains("test") && line.ends_with(']'))
    })
}

#[test]
fn every_test_of_the_page_is_in_its_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/math/evidence.md")).expect("the page");
    let mut found = 0;
    for row in page.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---")).skip(1) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [_, tests, file] = cells[..] else { panic!("three columns: {row}") };
        let Some(file) = quoted(file).next() else { continue };
        let (short, folder) = FOLDERS.iter().find(|(short, _)| file.starts_with(short)).expect(file);
        let path = root.join(folder).join(&file[short.len()..]);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(quoted(tests).next().is_some(), "no test: {row}");
        for name in quoted(tests) {
            assert!(has_test(&text, name), "{file} has no test {name}");
            found += 1;
        }
    }
    assert!(found > 100, "{found} tests are left on the page");
}
