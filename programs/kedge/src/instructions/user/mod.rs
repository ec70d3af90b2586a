//! What a trader does.

pub mod cancel_all;
pub mod cancel_order;
pub mod cancel_orders;
pub mod close_sub_account;
pub mod close_trader;
pub mod create_sub_account;
pub mod create_trader;
pub mod deposit;
pub mod grow_orders;
pub mod isolate_position;
pub mod merge_position;
pub mod modify_order;
pub mod place_and_take;
pub mod place_orders;
pub mod place_signed_orders;
pub mod replace_orders;
pub mod revoke_signed_orders;
pub mod set_builder;
pub mod set_delegate;
pub mod set_leverage;
pub mod stake;
pub mod transfer;
pub mod transfer_isolated;
pub mod unstake;
pub mod withdraw;
