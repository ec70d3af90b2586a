//! Numbers that accounts, messages and clients carry: they stay what they are.

use kedge_model::account::exchange::operation;
use kedge_model::account::order::flags;
use kedge_model::action::{MAX_NUMBER_STEP, change};
use kedge_model::{
    account::client_id, account::offer, account::position, account::sub_account, rule::lifecycle, rule::margin,
    rule::trigger,
};

#[test]
fn switches_flags_and_states_keep_their_bits() {
    use operation::{DEPOSIT, FILL, FILL_AMM, FUNDING, LIQUIDATE, PLACE, SETTLE, TRANSFER, UPDATE_AMM, WITHDRAW};
    let switches = [DEPOSIT, WITHDRAW, PLACE, FILL, FILL_AMM, LIQUIDATE, FUNDING, SETTLE, UPDATE_AMM, TRANSFER];
    assert_eq!((switches, operation::ALL), ([1, 2, 4, 8, 16, 32, 64, 128, 256, 512], 1_023));
    use flags::{
        BUILDER, FILL_OR_KILL, HAS_LEGS, IMMEDIATE_OR_CANCEL, LEG, NO_LIMIT, OFFSET, POST_ONLY, REDUCE_ONLY,
        SELF_CANCEL_TAKER, SELF_DECREMENT, SLIDE, TRIGGER_LAST, TRIGGER_MARK,
    };
    let single = [
        POST_ONLY,
        REDUCE_ONLY,
        IMMEDIATE_OR_CANCEL,
        FILL_OR_KILL,
        SLIDE,
        OFFSET,
        LEG,
        HAS_LEGS,
        BUILDER,
        TRIGGER_MARK,
        TRIGGER_LAST,
        SELF_CANCEL_TAKER,
        SELF_DECREMENT,
        NO_LIMIT,
    ];
    assert!(single.iter().zip(0..).all(|(flag, place)| *flag == 1 << place));
    let several = [flags::SELF_TRADE, flags::AT_ONCE, flags::RARE, flags::TRIGGER, flags::GROUPED];
    assert_eq!(several, [0x1800, 0x0c, 0x1838, 0x600, 0xc0]);
    assert_eq!((flags::CONDITIONAL, flags::ALL), (0x26c0, 0x3fff));
    assert_eq!((position::status::ALL, sub_account::status::ALL, change::ALL), (31, 7, 31));
}

#[test]
fn bounds_that_traders_rely_on_keep_their_values() {
    assert_eq!((client_id::TIMED, offer::MAX_OFFSET, MAX_NUMBER_STEP), (0xffff_0000_0000_0000, 1 << 62, 1 << 32));
    assert_eq!((lifecycle::EXPIRY_NOTICE.0, lifecycle::DEBT_PERIOD.0), (7_200, 43_200));
    assert_eq!(trigger::LAST_PRICE_VALUE, 17_179_869_184);
    for decimals in 0..20 {
        assert_eq!(margin::token_unit(decimals), Ok(10u64.pow(u32::from(decimals))));
    }
    assert!(margin::token_unit(20).is_err());
}
