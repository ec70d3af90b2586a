//! Error numbers: the mirror against the program's source, and the reading of codes.

use kedge_interface::error::{ACCOUNTS_FROM, AccountError, ProgramError, RULES_FROM};

const SOURCE: &str = include_str!("../../../programs/kedge/src/error.rs");

#[test]
fn account_errors_mirror_the_program() {
    let base = |name: &str| -> u32 {
        let line = SOURCE.lines().find(|line| line.contains(&format!("const {name}: u32"))).expect(name);
        line.split('=').nth(1).unwrap().trim().trim_end_matches(';').parse().unwrap()
    };
    assert_eq!(base("RULES_FROM"), RULES_FROM);
    assert_eq!(base("ACCOUNTS_FROM"), ACCOUNTS_FROM);

    let (_, table) = SOURCE.split_once("account_errors! {\n").expect("the program's table of account errors");
    let (table, _) = table.split_once("\n}").unwrap();
    let program: Vec<(u32, &str, &str)> = table
        .lines()
        .map(|line| {
            let (number, rest) = line.trim().split_once(' ').unwrap();
            let (name, text) = rest.split_once(' ').unwrap();
            (number.parse().unwrap(), name, text.trim_matches('"'))
        })
        .collect();
    let mirrored: Vec<(u32, &str, &str)> =
        AccountError::ALL.iter().map(|error| (*error as u32, error.name(), error.message())).collect();
    assert_eq!(mirrored, program);
}

#[test]
fn codes_read_back_to_names_and_advice() {
    for error in kedge_model::Error::ALL {
        let code = RULES_FROM + *error as u32;
        assert_eq!(ProgramError::from_code(code), ProgramError::Rule(*error));
        assert_eq!(ProgramError::from_code(code).code(), code);
    }
    for error in AccountError::ALL {
        let code = ACCOUNTS_FROM + *error as u32;
        assert_eq!(ProgramError::from_code(code), ProgramError::Account(*error));
        assert_eq!(ProgramError::from_code(code).code(), code);
    }
    let stale = ProgramError::from_code(6009);
    assert_eq!(stale, ProgramError::Rule(kedge_model::Error::StaleRow));
    assert!(stale.to_string().starts_with("StaleRow (6009): A price row is older"), "{stale}");
    assert_eq!(ProgramError::from_code(2040).name(), "ConstraintDuplicateMutableAccount");
    assert_eq!(ProgramError::from_code(5_999), ProgramError::Unknown(5_999));
    assert_eq!(ProgramError::from_code(u32::MAX).code(), u32::MAX);
    assert_eq!(ProgramError::from_code(0), ProgramError::Unknown(0));
}
