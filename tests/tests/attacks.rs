//! The attack matrix: every account of every instruction, replaced by what an attacker might pass instead.

use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kedge_interface::error::AccountError;
use kedge_tests::attacks::{Matrix, attack, idl, table};
use kedge_tests::scenes::{Scene, all};

#[test]
fn every_cell_of_the_matrix_is_refused_with_its_number_or_does_not_apply() {
    let instructions = idl::instructions();
    let scenes: BTreeMap<&str, fn() -> Scene> = all().into_iter().collect();
    let without: Vec<&str> =
        instructions.iter().map(|idl| idl.name.as_str()).filter(|name| !scenes.contains_key(name)).collect();
    assert!(without.is_empty(), "no scene for {without:?}: see tests/src/scenes/mod.rs");
    let gone: Vec<&&str> = scenes.keys().filter(|name| !instructions.iter().any(|idl| idl.name == **name)).collect();
    assert!(gone.is_empty(), "scenes of {gone:?}, which the IDL does not have: run `make idl`");

    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Matrix>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((at, idl)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    instructions.get(at).map(|idl| (at, idl))
                } {
                    let scene = scenes[idl.name.as_str()];
                    // A scene that panics is a finding; the other instructions are attacked all the same.
                    let part = catch_unwind(|| attack(idl, scene)).unwrap_or_else(|_| Matrix {
                        wrong: vec![format!("{}: the scene panics, see above", idl.name)],
                        ..Matrix::default()
                    });
                    done.lock().expect("no worker panics").insert(at, part);
                }
            });
        }
    });
    let mut matrix = Matrix::default();
    for part in done.into_inner().expect("no worker panics").into_values() {
        matrix.add(part);
    }

    println!("{}", table::size(&matrix));
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("attacks.md");
    std::fs::write(&path, table::markdown(&matrix)).expect("the table is written");
    println!("the table: {}", path.display());
    assert!(matrix.wrong.is_empty(), "{} findings:\n{}", matrix.wrong.len(), matrix.wrong.join("\n"));
    assert!(matrix.cells.len() > 3_000 && matrix.attacks() > 2_500, "the matrix shrank");
}

/// The text of every Rust file below a folder.
fn texts(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a listed file").path();
        if path.is_dir() {
            texts(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&std::fs::read_to_string(&path).expect("a source file"));
        }
    }
}

#[test]
fn every_account_error_is_named_by_a_test() {
    let mut text = String::new();
    for folder in ["src", "tests", "sources/tests", "bank/tests"] {
        texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut text);
    }
    for error in AccountError::ALL {
        let wanted = format!("::{}", error.name());
        let named = text.match_indices(&wanted).any(|(at, _)| {
            let rest = &text[at + wanted.len()..];
            !rest.starts_with(|next: char| next.is_alphanumeric())
        });
        assert!(named, "no test names {}", error.name());
    }
}
