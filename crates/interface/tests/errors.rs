//! Error numbers: the reading of codes.

use kedge_interface::error::{ACCOUNTS_FROM, AccountError, ProgramError, RULES_FROM};

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
    assert_eq!(ProgramError::from_code(1).name(), "InsufficientFunds");
    assert_eq!(ProgramError::from_code(5_999), ProgramError::Unknown(5_999));
    assert_eq!(ProgramError::from_code(u32::MAX).code(), u32::MAX);
    assert_eq!(ProgramError::from_code(0), ProgramError::Unknown(0));
}
